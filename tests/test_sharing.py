"""What a post tells where: precedence, placeholders, accounts, repeats, and each mistake with its line and fix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline import content, sharing
from byline.settings import load
from byline.sharing import Telling, Tellings, fill
from support import POST, SETTINGS, make_site

Tell = Callable[..., Tellings]


@pytest.fixture
def tell(tmp_path: Path) -> Tell:
    def told(share: str = "", *, settings: str = SETTINGS, head: str = "") -> Tellings:
        text = POST.replace("categories: [Pricing]", f"categories: [Pricing]\n{head}{share}".rstrip())
        loaded = load(make_site(tmp_path, posts={"a.md": text}, settings=settings), {})
        found = content.read(loaded)
        (post,) = found.posts
        return sharing.tellings(post, loaded, found.authors)

    return told


def by_id(told: Tellings) -> dict[str, Telling]:
    assert told.problems == ()
    return {item.id: item for item in told.items}


def codes(told: Tellings) -> list[str]:
    return [problem.code for problem in told.problems]


def test_without_share_the_defaults_get_the_description(tell: Tell) -> None:
    told = by_id(tell())
    assert list(told) == ["hp7.linkedin.company", "hp7.twitter.acme"]
    item = told["hp7.linkedin.company"]
    assert item.texts == ("What 40 renewals taught us about raising prices.",)
    assert (item.written, item.explicit, item.number) == (False, False, 1)
    assert item.due is not None
    assert item.due.isoformat() == "2026-11-24T00:00:00+01:00"
    assert "utm_content=hp7.linkedin.company" in item.link
    assert dict(item.origin) == {
        "at": "default",
        "as": "site",
        "text": "default",
        "link": "post",
        "image": "post",
    }


def test_share_false_is_the_site_alone(tell: Tell) -> None:
    assert tell("share: false").items == ()


def test_naming_one_network_leaves_the_other_defaults(tell: Tell) -> None:
    told = by_id(tell("share:\n  twitter: Our own words"))
    assert told["hp7.twitter.acme"].texts == ("Our own words",)
    assert told["hp7.twitter.acme"].written
    assert not told["hp7.linkedin.company"].written


def test_a_network_can_be_switched_off(tell: Tell) -> None:
    assert list(by_id(tell("share:\n  twitter: false\n  mastodon: false"))) == ["hp7.linkedin.company"]


def test_a_network_outside_the_defaults_is_told_when_it_is_named(tell: Tell) -> None:
    settings = SETTINGS.replace("share_by_default: [linkedin, twitter]", "share_by_default: []")
    assert list(by_id(tell("share:\n  twitter: Words", settings=settings))) == ["hp7.twitter.acme"]


def test_the_narrowest_level_wins(tell: Tell) -> None:
    share = """\
share:
  at: 2026-11-24 09:00
  linkedin:
    as: [company, dana]
    at: "10:00"
    text: For the network
    accounts:
      dana: {at: "11:00", text: For Dana}
"""
    told = by_id(tell(share))
    company, dana, twitter = told["hp7.linkedin.company"], told["hp7.linkedin.dana"], told["hp7.twitter.acme"]
    assert [item.due.hour for item in (company, dana, twitter) if item.due] == [10, 11, 9]
    assert (company.texts, dana.texts) == (("For the network",), ("For Dana",))
    assert [item.origin["at"] for item in (company, dana, twitter)] == ["network", "account", "post"]
    assert [item.origin["text"] for item in (company, dana, twitter)] == ["network", "account", "default"]
    assert all(item.explicit for item in (company, dana, twitter))


def test_the_sites_words_stand_between_default_and_post(tell: Tell) -> None:
    settings = SETTINGS.replace(
        'company: {urn: "urn:li:organization:2414183"}',
        'company: {urn: "urn:li:organization:2414183", text: "New: {title}"}',
    )
    item = by_id(tell(settings=settings))["hp7.linkedin.company"]
    assert item.texts == ("New: Pricing, the honest version",)
    assert (item.origin["text"], item.written) == ("site", False)


def test_placeholders(tell: Tell) -> None:
    item = by_id(tell('share:\n  twitter: "{title} by {author}: {{as it is}} {link}"'))["hp7.twitter.acme"]
    assert item.texts == (f"Pricing, the honest version by Dana Reyes: {{as it is}} {item.link}",)


@pytest.mark.parametrize(
    ("share", "code", "words", "fix"),
    [
        ("share:\n  twitter: 'See {titel}'", "unknown-placeholder", "{titel}", "{title}"),
        ("share:\n  twitter: 'A lone { here'", "lone-brace", "lone `{`", "{{"),
        ("share:\n  mastodon: Hello", "network-not-set-up", "no account on mastodon", "channels"),
        ("share:\n  linkedin:\n    as: [compny]", "unknown-account", "`compny`", "company"),
        ("share:\n  linkedin:\n    accounts:\n      dana: Hi", "account-not-used", "only company", "as: [company, dana]"),
        ("share:\n  again:\n    - after: 60d\n      linkedin: {as: [dana], text: Hi}", "repeat-without-first", "dana", "share"),
        ("share:\n  linkedin: Words\n  again:\n    - after: 60d\n      linkedin: ' words '", "same-words", "same words twice", "other words"),
    ],
)  # fmt: skip
def test_mistakes(tell: Tell, share: str, code: str, words: str, fix: str) -> None:
    told = tell(share)
    (problem,) = (item for item in told.problems if item.code == code)
    assert words in problem.message
    assert fix in problem.fix
    assert problem.file == "content/posts/a.md"
    assert problem.line >= 9
    assert problem.key.startswith("share.")


def test_a_mistake_costs_its_own_telling_alone(tell: Tell) -> None:
    told = tell("share:\n  twitter: {as: [nobody]}")
    assert [item.channel for item in told.items] == ["linkedin"]


def test_wrong_words_are_kept_as_they_were_written(tell: Tell) -> None:
    told = tell("share:\n  twitter: 'See {titel} by {author} { '")
    (twitter,) = (item for item in told.items if item.channel == "twitter")
    assert twitter.texts[0].startswith("See {titel} by ")
    assert {problem.code for problem in told.problems} == {"unknown-placeholder", "lone-brace"}


def test_repeats_are_numbered_and_come_after(tell: Tell) -> None:
    share = """\
share:
  again:
    - after: 60d
      linkedin: Second words
    - after: 120d
      linkedin: Third words
      twitter: More words
"""
    told = by_id(tell(share))
    assert list(told)[2:] == ["hp7.linkedin.company.2", "hp7.linkedin.company.3", "hp7.twitter.acme.3"]
    again = told["hp7.linkedin.company.2"]
    assert (again.due, again.after.days if again.after else 0, again.number) == (None, 60, 2)
    assert "utm_content=hp7.linkedin.company.2" in again.link


def test_a_link_of_ones_own_is_tagged_like_ours(tell: Tell) -> None:
    item = by_id(tell("share:\n  linkedin: {text: Hi, link: 'https://shop.example/x?a=1#top'}"))[
        "hp7.linkedin.company"
    ]
    assert item.link.startswith("https://shop.example/x?a=1&utm_source=linkedin")
    assert item.link.endswith("#top")
    assert item.origin["link"] == "network"


@given(st.text(alphabet="ab{} \n", max_size=30))
def test_filling_never_loses_text(text: str) -> None:
    """Without a known placeholder, filling either finds something wrong or only undoes doubled braces."""
    filled, wrong = fill(text, {})
    if not wrong:
        assert filled.replace("{", "{{").replace("}", "}}") == text


@given(st.text(max_size=40))
def test_what_is_put_in_is_not_read_again(title: str) -> None:
    assert fill("{title}", {"title": title}) == (title, ())
