"""The small parts the site is made of."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from byline import content, settings
from byline.model import Author
from byline.settings import Brand
from byline.site import aliases, covers, fragments, metadata, places, styles
from byline.site.mkdocs.private import only_private, refers
from byline.site.pages import day
from site_sample import NOW


@tries(max_examples=200)
@given(st.text())
def test_no_word_breaks_out_of_json_ld(word: str) -> None:
    text = metadata.ld({"name": word})
    inner = re.fullmatch(r'<script type="application/ld\+json">(.*)</script>', text, re.DOTALL)
    assert inner is not None
    assert not re.search(r"[<>&\u2028\u2029]", inner[1])
    assert json.loads(inner[1]) == {"name": word}


@pytest.mark.parametrize("word", ['"><script>x</script>', "a\nb\tc", "</title>", "'\"&amp;&", "{{ 7 * 7 }}"])
def test_no_word_breaks_out_of_a_tag(sample_file: Path, word: str) -> None:
    loaded = settings.load(sample_file, {})
    post = replace(content.read(loaded).posts[0], title=word, description=word, tags=(word,))
    from byline import cards

    head = metadata.post_head(post, loaded, {}, cards.picture(post, loaded, {}), [])
    found: list[tuple[str, list[tuple[str, str | None]]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, attrs))

    Reader(convert_charrefs=True).feed(head)
    assert {tag for tag, _ in found} == {"meta", "script"}
    titles = [dict(attrs)["content"] for _, attrs in found if ("property", "og:title") in attrs]
    assert titles == [" ".join(word.split())]


def test_the_headline_of_the_text_is_taken_out_with_its_anchor() -> None:
    assert fragments.without_title('<h1 id="a&amp;b">T <b>x</b></h1>\n<p>y</p>') == ("<p>y</p>", "a&b")
    assert fragments.without_title("<p>y</p><h1>later</h1>") == ("<p>y</p><h1>later</h1>", "")


@pytest.mark.parametrize(
    ("content", "minutes"),
    [("", 1), ("<p>" + "word " * 690 + "</p>", 3), ("<p>" + "語" * 1350 + "</p>", 3), ("<p>&lt;&gt;</p>", 1)],
)
def test_reading_takes_so_many_minutes(content: str, minutes: int) -> None:
    assert fragments.minutes(content) == minutes


def test_feeds_hold_no_relative_address_and_nothing_that_runs() -> None:
    dirty = (
        '<p><a href="../b/#x">b</a><a href="javascript:alert(1)">j</a><img src="i.png" onerror="x()">'
        '<a href="mailto:a@b.example">m</a><a href="//cdn.example/x">c</a></p><iframe src="x"></iframe>'
        '<style>p{}</style><a class="headerlink" href="#x">¶</a>'
    )
    clean = fragments.for_feed(dirty, "https://acme.example/posts/a/")
    assert 'href="https://acme.example/posts/b/#x"' in clean
    assert 'src="https://acme.example/posts/a/i.png"' in clean
    assert 'href="https://cdn.example/x"' in clean
    assert 'href="mailto:a@b.example"' in clean
    for gone in ("javascript", "onerror", "iframe", "style", "¶", "../"):
        assert gone not in clean


def test_feeds_keep_what_a_text_needs_to_be_read() -> None:
    given = (
        '<p dir="rtl" lang="ar" class="x">نص</p><table><tbody><tr><td class="a by-right">1</td></tr></tbody></table>'
        '<p><video src="a%20b.mp4?x" poster="p.png" controls>no</video>'
        '<audio controls><source src="c&amp;d.mp3" type="audio/mpeg"></audio><video></video></p>'
    )
    shown = fragments.for_feed(given, "https://acme.example/posts/a/")
    assert '<p dir="rtl" lang="ar">' in shown
    assert '<td align="right">1</td>' in shown
    assert '<p><a href="https://acme.example/posts/a/a%20b.mp4?x">a b.mp4</a>' in shown
    assert '<a href="https://acme.example/posts/a/c&amp;d.mp3">c&amp;d.mp3</a></p>' in shown


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("/old/pricing/", "old/pricing/index.html"),
        ("old/pricing", "old/pricing/index.html"),
        ("/old/page.html", "old/page.html"),
        ("/2019/05/a%20b/?x=1#y", "2019/05/a b/index.html"),
        ("/blog/old/", "old/index.html"),
        ("/", ""),
        ("/../x/", ""),
        ("/a/%2e%2e/%2e%2e/x/", ""),
        ("a\\..\\..\\x", ""),
        ("/a//b/", ""),
    ],
)
def test_the_file_of_a_former_address(address: str, file: str) -> None:
    assert aliases.file_of(address, "/blog/") == file


def test_what_a_page_refers_to() -> None:
    text = """---
image: cover.png
---
![a](a.png "t") ![b](<b c.png>) [d](../x/d%20e.pdf#p) <img src='f.svg'> [ref]: sub/g.jpg
[h]: ../h.png
[out](https://x.example/i.png) ![p](p_(1).png) ![root](/assets/r.png)
"""
    assert {
        "posts/n/cover.png",
        "posts/n/a.png",
        "posts/n/b c.png",
        "posts/x/d e.pdf",
        "posts/n/f.svg",
        "posts/h.png",
        "posts/n/p_(1).png",
        "assets/r.png",
    } <= refers("posts/n/p.md", text)
    assert not any("x.example" in found for found in refers("posts/n/p.md", text))


def test_pictures_of_private_posts_go_and_those_of_others_stay() -> None:
    media = [
        "posts/a.png",
        "posts/b.png",
        "posts/n/c.png",
        "posts/n/deep/d.png",
        "posts/m/e.png",
        "assets/f.png",
        "assets/g.png",
    ]
    hidden = {"posts/a.md": "![](a.png) ![](b.png) ![](../assets/f.png)", "posts/n/x.md": "text"}
    shown = {"posts/b.md": "![](b.png)", "posts/m/y.md": "text", "index.md": "text"}
    assert only_private(media, hidden, shown, "posts") == {
        "posts/a.png",
        "posts/n/c.png",
        "posts/n/deep/d.png",
        "assets/f.png",
    }


def test_an_equal_name_elsewhere_saves_no_private_picture() -> None:
    hidden = {"posts/a/x.md": "![](chart.png)"}
    shown = {"posts/b/y.md": "![](chart.png)"}
    assert only_private(["posts/a/chart.png", "posts/b/chart.png"], hidden, shown, "posts") == {
        "posts/a/chart.png"
    }


def test_profiles_are_whole_addresses() -> None:
    author = Author(
        id="d",
        name="D",
        linkedin="dana-reyes",
        twitter="https://x.com/dana",
        mastodon="@dana@social.example",
        bluesky="dana.example",
        url="javascript:alert(1)",
    )
    assert metadata.profiles(author) == [
        ("LinkedIn", "https://www.linkedin.com/in/dana-reyes"),
        ("Twitter", "https://x.com/dana"),
        ("Mastodon", "https://social.example/@dana"),
        ("Bluesky", "https://bsky.app/profile/dana.example"),
    ]


@pytest.mark.parametrize(
    ("language", "words"), [("en", "3 March 2026"), ("de", "3. März 2026"), ("xx-nonsense", "3 March 2026")]
)
def test_days_are_written_in_the_language_of_the_site(language: str, words: str) -> None:
    assert day(datetime.combine(date(2026, 3, 3), NOW.timetz()), language) == words


def test_a_pattern_is_the_post_s_own_and_stays(sample_file: Path) -> None:
    first, second = content.read(settings.load(sample_file, {})).posts[:2]
    assert covers.pattern(first, Brand()) == covers.pattern(replace(first, title="x"), Brand())
    assert covers.pattern(first, Brand()) != covers.pattern(second, Brand())


@tries(max_examples=60, deadline=None)
@given(st.integers(0, 0xFFFFFF), st.integers(0, 0xFFFFFF))
def test_any_two_colours_give_a_readable_page(primary: int, accent: int) -> None:
    from byline.drawing import contrast, rgb

    css = styles.sheet(Brand(primary=f"#{primary:06x}", accent=f"#{accent:06x}"))
    schemes = re.findall(r'scheme="(?:default|slate)"\]\{(--by-ground[^}]*)\}', css)
    assert len(schemes) == 3  # light, dark, and dark on paper
    for scheme in schemes:
        found = dict(re.findall(r"--by-([\w-]+):(#\w{6})", scheme))
        for name in ("ink", "quiet", "link", "mark"):
            assert contrast(rgb(found[name]), rgb(found["ground"])) >= 4.5, name
        for name in ("quiet", "link"):
            assert contrast(rgb(found[name]), rgb(found["raised"])) >= 4.4, name
        assert contrast(rgb(found["on-solid"]), rgb(found["solid"])) >= 4.5


def test_a_font_s_name_cannot_end_the_sheet() -> None:
    css = styles.sheet(Brand(text_font='x"}body{background:url(//evil.example)'))
    assert "evil.example)" not in css


def test_ids_of_feeds_name_the_host_and_the_path_of_the_site(sample_file: Path) -> None:
    loaded = settings.load(sample_file, {})
    post = next(one for one in content.read(loaded).posts if one.id == "hp7")
    assert places.stable_id(loaded, post) == "tag:insights.acme.example,2026:/blog/hp7"
