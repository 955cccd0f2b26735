"""The letter: what mail clients show of a post, whatever stands in it; nothing fetched but the site's own pictures."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.mail import clean
from byline.mail.letter import RULE, UNSUBSCRIBE, Content, Foot, Letter, letter, tag_ours, tagged
from byline.model import Card, Message, Picture, Story

SITE = "https://insights.acme.example/"
LINK = (
    f"{SITE}posts/a/?utm_source=newsletter&utm_medium=email&utm_campaign=q4&utm_content=hp7.newsletter.acme"
)
STORY = Story(
    body="# The title\n\nOpening **words** with [a page](../b/).\n\n![Graph](graph.png)\n<!-- more -->\n## Rest\n\n- one\n- two\n",
    url=f"{SITE}posts/a/",
    folder="posts",
    site="Acme Insights",
    site_url=SITE,
    primary="#ffe08a",
    logo=f"{SITE}assets/logo.png",
)
CARD = Card(
    url=LINK,
    title="Prices & letters",
    description="What 40 renewals taught us.",
    picture=Picture(digest="0", alt="A price tag", url=f"{SITE}assets/cards/a.png"),
)


def message(
    words: str = "Dear reader.\n\nHere is one more.", story: Story = STORY, card: Card = CARD
) -> Message:
    return Message(
        channel="newsletter", account="acme", parts=(words,), link=LINK, used=(1,), limit=9, card=card,
        language="en", story=story,
    )  # fmt: skip


def made(
    words: str = "Dear reader.\n\nHere is one more.",
    content: Content = "opening",
    story: Story = STORY,
    card: Card = CARD,
) -> Letter:
    return letter(message(words, story, card), subject="S", content=content, foot=Foot(address="Acme, Leeds"))


class _Seen(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_it_is_valid_html_and_laid_out_by_tables() -> None:
    parser = html5lib.HTMLParser(strict=True)
    parser.parse(made(content="whole").html)
    layout = [attrs for tag, attrs in _Seen(made().html).tags if tag == "table"]
    assert len(layout) >= 3
    assert [attrs for attrs in layout if attrs.get("role") != "presentation"] == []
    assert not re.search(r"display:\s*(flex|grid)|position:|<script|<link|@import|url\(", made().html)


def test_nothing_is_fetched_but_the_sites_own_pictures() -> None:
    story = replace(
        STORY, body="![x](https://tracker.example/p.gif) ![y](//cdn.example/z.png) ![ours](graph.png) text"
    )
    page = made(story=story).html
    sources = [attrs["src"] for tag, attrs in _Seen(page).tags if "src" in attrs]
    assert sources
    assert [src for src in sources if not str(src).startswith(SITE)] == []
    assert f"{SITE}posts/graph.png" in sources
    assert "tracker.example" not in page


def test_every_link_to_us_is_tagged_and_none_else() -> None:
    story = replace(STORY, body=f"[a]({SITE}x/?q=1) [b](https://else.example/?utm_source=theirs) [c](mailto:a@b.example) <{SITE}y/>")  # fmt: skip
    hrefs = [
        str(attrs["href"])
        for tag, attrs in _Seen(made(story=story, content="whole").html).tags
        if "href" in attrs
    ]
    ours = [href for href in hrefs if href.startswith(SITE)]
    assert len(ours) >= 6
    assert [href for href in ours if "utm_content=hp7.newsletter.acme" not in href] == []
    assert "https://else.example/?utm_source=theirs" in hrefs
    assert "mailto:a@b.example" in hrefs
    assert UNSUBSCRIBE in hrefs


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", '<img src=x onerror="alert(1)">', "[x](javascript:alert(1))", "<style>*{color:red}</style>",
     '<a href="data:text/html,x">x</a>', '<iframe src="https://evil.example"></iframe>', '<p style="position:fixed" onclick="x()">y</p>',
     "<svg/onload=alert(1)>", "![x](data:image/svg+xml,x)", '<form action="https://evil.example"><input></form>', "</td></table><b>"],
)  # fmt: skip
def test_a_post_can_bring_nothing_that_runs(hostile: str) -> None:
    story = replace(STORY, body=f"Before.\n\n{hostile}\n\nAfter.")
    card = replace(CARD, title=hostile, description=hostile)
    page = made(hostile, "whole", story, card).html
    seen = _Seen(page)
    assert {tag for tag, _ in seen.tags} & {"script", "iframe", "form", "input", "svg", "object"} == set()
    assert [tag for tag, _ in seen.tags].count("style") == 1
    for _, attrs in seen.tags:
        assert [name for name in attrs if name.startswith("on")] == []
        for name in ("href", "src"):
            assert not str(attrs.get(name, "")).lower().startswith(("javascript:", "data:"))
    assert page.count("</table>") == page.count("<table")


@settings(max_examples=60, deadline=None)
@given(words=st.text(max_size=300), body=st.text(max_size=300))
def test_whatever_is_written_the_letter_stands(words: str, body: str) -> None:
    found = made(words, "whole", replace(STORY, body=body))
    assert found.html.rstrip().endswith("</html>")
    assert "Acme, Leeds" in found.html
    assert found.text.rstrip().endswith(UNSUBSCRIBE)


def test_the_text_part_says_the_same() -> None:
    found = made()
    blocks = found.text.split(f"\n\n{RULE}\n")
    assert blocks[0] == "Dear reader.\n\nHere is one more."
    assert blocks[1] == f"Prices & letters\nWhat 40 renewals taught us.\nRead on: {LINK}"
    assert "Opening words with a page." in blocks[2]
    assert blocks[-1].startswith(
        "You get this mail because you asked for news from Acme Insights.\nAcme, Leeds\nUnsubscribe: "
    )


def test_nothing_is_said_twice() -> None:
    found = made("What 40 renewals taught us.")
    assert found.text.count("What 40 renewals taught us.") == 1
    assert (
        re.sub(r"<div style=\"display:none.*?</div>", "", found.html).count("What 40 renewals taught us.")
        == 1
    )


@pytest.mark.parametrize(("content", "there", "absent"), [
    ("card", "", "Opening"), ("opening", "Opening", ">Rest<"), ("whole", ">Rest<", "")])  # fmt: skip
def test_how_much_of_the_post_it_carries(content: Content, there: str, absent: str) -> None:
    page = made(content=content).html
    assert there in page
    assert not absent or absent not in page
    assert ">The title<" not in page


@pytest.mark.parametrize("primary", ["#ffe08a", "#1f4e79", "#ffffff", "#000000", "#7f7f7f"])
def test_button_and_links_can_be_read_in_any_brand_colour(primary: str) -> None:
    from byline.drawing import contrast, rgb

    page = made(story=replace(STORY, primary=primary)).html
    button = re.search(r'class="button" style="[^"]*;color:(#\w{6})', page)
    ground = re.search(r'<td bgcolor="(#\w{6})" style="border-radius', page)
    link = re.search(r'class="story">.*?<a [^>]*color:(#\w{6})', page, re.S)
    assert button and ground and link  # noqa: PT018
    assert contrast(rgb(button[1]), rgb(ground[1])) >= 4.5
    assert contrast(rgb(link[1]), (255, 255, 255)) >= 4.5


def test_the_inbox_line_is_the_description() -> None:
    assert made().preheader == "What 40 renewals taught us."
    first = re.search(r"<body[^>]*>\s*<div[^>]*>([^&<]*)", made().html)
    assert first
    assert first[1] == "What 40 renewals taught us."
    assert len(made(card=replace(CARD, description="word " * 200)).preheader) <= 140


def test_the_footer_speaks_the_sites_language() -> None:
    found = letter(replace(message(), language="de"), subject="S", content="card", foot=Foot(address="Acme"))
    assert "Abbestellen" in found.html
    assert "Weiterlesen" in found.text
    assert 'lang="de"' in found.html


def test_a_digest_has_a_card_for_each_post() -> None:
    cards = tuple(
        replace(CARD, title=f"Post {n}", url=f"{SITE}posts/{n}/?utm_content=p{n}.newsletter.acme")
        for n in range(3)
    )
    found = made(story=replace(STORY, body="", cards=cards))
    for card in cards:
        assert card.title in found.html
        assert found.html.count(card.url) >= 3  # picture, title, button
        assert card.url in found.text
    assert "Prices &amp; letters" not in found.html


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (f"{SITE}x/", True), ("https://insights.acme.example", True), ("https://acme.example/", False),
        ("https://insights.acme.example.evil.example/", False), ("http://[bad", False), ("mailto:a@b.example", False),
    ],
)  # fmt: skip
def test_which_links_are_ours(address: str, expected: bool) -> None:
    assert ("utm_content=hp7.newsletter.acme" in tagged(address, LINK, SITE)) is expected
    assert tagged(tagged(address, LINK, SITE), LINK, SITE) == tagged(address, LINK, SITE)


def test_words_keep_everything_but_our_links() -> None:
    assert (
        tag_ours("See (https://else.example/x), or nothing.", LINK, SITE)
        == "See (https://else.example/x), or nothing."
    )
    assert tag_ours(f"See {SITE}x/.", LINK, SITE).endswith("utm_content=hp7.newsletter.acme.")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("One.\n<!-- more -->\nTwo.", "One."), ("# T\n\nOne.\n\nTwo.", "One."), ("## H\n\nOne.", "One."),
        ("", ""), ("```\ncode\n```\n\nWords.", "Words."),
    ],
)  # fmt: skip
def test_the_opening(body: str, expected: str) -> None:
    assert clean.opening(body) == expected


def test_links_to_other_files_keep_their_words() -> None:
    made_html = clean.to_html(
        "See [that](other.md#x).", base=SITE, site_url=SITE, link=lambda url: url, colour="#000000"
    )
    assert "that" in made_html
    assert "other.md" not in made_html
    ET.fromstring(f"<div>{made_html}</div>")
