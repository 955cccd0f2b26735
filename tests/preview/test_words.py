"""What becomes a link, where the fold is, what the tags of a link say."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline import registry
from byline.channels.base import Look
from byline.model import Campaign
from byline.preview.markup import esc, initials, money, web
from byline.preview.words import explain, fold, marks, rich, shown_link

LINK = "https://insights.acme.example/posts/honest-pricing/?utm_source=twitter&utm_medium=social&utm_campaign=q4-renewals&utm_content=hp7.twitter.acme"
FOLDED = Look(fold=(3, 70), fold_word="…more")


def _kinds(text: str, look: Look, link: str = "") -> list[tuple[str, str]]:
    return [(text[mark.start : mark.end], mark.kind) for mark in marks(text, link, look)]


def test_addresses_and_tags_are_found_and_the_full_stop_is_not_part_of_them() -> None:
    text = "See https://a.example/b_(c). And (https://d.example/e), #spindles, #42 and a#b."
    assert _kinds(text, Look()) == [
        ("https://a.example/b_(c)", "link"),
        ("https://d.example/e", "link"),
        ("#spindles", "tag"),
    ]


def test_our_own_link_is_one_mark_and_told_apart() -> None:
    text = f"Read it: {LINK}. Or https://other.example/"
    found = marks(text, LINK, Look())
    assert [(text[mark.start : mark.end], mark.own) for mark in found] == [
        (LINK, True),
        ("https://other.example/", False),
    ]


def test_a_network_says_itself_what_it_makes_a_link_of() -> None:
    text = "@dana read README.md about #linkedin_for_engineers and #machining"
    twitter, linkedin = (registry.channel(name).caps.look for name in ("twitter", "linkedin"))
    assert _kinds(text, twitter) == [
        ("@dana", "tag"),
        ("README.md", "link"),
        ("#linkedin_for_engineers", "tag"),
        ("#machining", "tag"),
    ]
    assert _kinds(text, linkedin) == [("#machining", "tag")]


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("Short.", "Short."),
        ("one\ntwo\nthree", "one\ntwo\nthree"),
        ("one\n\nthree\nfour", "one\n\nthree"),
        ("word " * 60, ("word " * 42).strip()),
        ("a\nb\nc\n" + "d" * 300, "a\nb\nc"),
        ("x" * 300, "x" * 210),
    ],
)
def test_the_fold_stands_after_three_lines_between_words(text: str, before: str) -> None:
    assert text[: fold(text, FOLDED)].rstrip() == before


@given(st.text(alphabet="ab #@\n./:h", max_size=600))
def test_the_fold_never_loses_a_character_and_shows_at_most_its_lines(text: str) -> None:
    end = fold(text, FOLDED)
    assert 0 <= end <= len(text)
    assert sum(max(1, -(-len(line) // 70)) for line in text[:end].rstrip("\n").split("\n")) <= 3


def test_the_fold_does_not_cut_a_link_in_two() -> None:
    text = "word " * 38 + LINK
    html = rich(text, LINK, FOLDED)
    assert html.count(esc(LINK)) >= 1
    assert html.index('class="fold"') < html.index('class="a own"')


@given(st.text(max_size=300))
def test_whatever_stands_in_a_text_stays_text(text: str) -> None:
    html = rich(f"{text}<script>alert(1)</script>", "", FOLDED)
    assert "<script" not in html


def test_marks_that_turn_the_direction_do_not_reach_the_page() -> None:
    assert esc('a\u202eb\u2066c\x00d"<') == "abcd&quot;&lt;"


def test_only_web_addresses_become_links() -> None:
    assert web("https://www.linkedin.com/feed/update/urn:li:share:1")
    assert web("javascript:alert(1)") == ""
    assert web("https:///nowhere") == ""


def test_a_network_shortens_a_link_as_it_does() -> None:
    assert shown_link(LINK, Look()) == LINK
    assert shown_link(LINK, Look(short_links=20)) == "insights.acme.exampl…"
    assert shown_link("https://www.acme.example/", Look(short_links=40)) == "acme.example/"


def test_a_tagged_link_is_told_in_plain_words() -> None:
    told = explain(
        LINK.replace("?", "?ref=card&") + "#prices",
        labels={"twitter": "Twitter"},
        campaigns={"q4-renewals": Campaign(slug="q4-renewals", name="Q4 renewals")},
        titles={"hp7": "Pricing, the honest version"},
    )
    assert told.leads_to == "insights.acme.example/posts/honest-pricing/"
    assert told.own == ("ref=card", "#prices")
    assert [value for _, value, _ in told.tags] == [
        "Twitter",
        "a post on a network",
        "Q4 renewals",
        "“Pricing, the honest version”, on Twitter, by acme",
    ]
    assert told.tags[3][2] == "utm_content=hp7.twitter.acme"


def test_a_campaign_that_is_none_and_a_repeat_are_told_as_such() -> None:
    told = explain(
        "https://a.example/?utm_campaign=honest-pricing&utm_content=hp7.x.acme.3",
        labels={},
        campaigns={},
        titles={},
    )
    assert [value for _, value, _ in told.tags] == [
        "honest-pricing (this post alone)",
        "post hp7, on x, by acme, time 3",
    ]


def test_money_and_initials() -> None:
    assert [money(Decimal(value), "USD") for value in ("0", "0.200", "0.015", "12")] == [
        "nothing",
        "0.20 USD",
        "0.015 USD",
        "12.00 USD",
    ]
    assert [initials(name) for name in ("Dana Reyes", "acme", "", "María del Mar López")] == [
        "DR",
        "A",
        "?",
        "ML",
    ]
