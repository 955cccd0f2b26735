"""Counting as the networks count, fitting without breaking anything, words out of Markdown."""

from __future__ import annotations

import sys
import time

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from byline import text

# Weighted lengths measured with the official library (configuration 3).
WEIGHTS = {
    "Hello, world! 👋": 16,
    "日本語": 6,
    "e\u0301": 1,
    "👨‍👩‍👧‍👦": 2,
    "1️⃣": 2,
    "“quoted” — dash…": 17,
    "€100": 5,
    "→": 2,
    "•": 2,
    "‑non": 4,
    "https://example.com.": 24,
    "(https://example.com/a_(b))": 25,
    "http://localhost:8000/x": 23,
    "foo@example.com": 15,
    "v1.2.3": 6,
    "mkdocs.yml": 10,
    "Node.js": 7,
    "setup.py": 23,
    "see README.md": 27,
    "ASP.NET": 23,
    "Amazon.com": 23,
    "a_b.com": 7,
    "$TSLA": 5,
    "½ ™ ®": 6,
    "©️ ®": 4,
    "a" * 280: 280,
    "a" * 281: 281,
    "": 0,
    "a\r\nb": 3,
}


@pytest.mark.parametrize(("said", "weight"), WEIGHTS.items())
def test_twitter_counts_as_twitter_does(said: str, weight: int) -> None:
    assert text.weighted(said) == weight


LINK = "https://insights.acme.example/posts/a/?utm_source=twitter&utm_content=hp7.twitter.acme"


def test_our_link_counts_23_whatever_its_host() -> None:
    assert text.weighted(f"Read this: {LINK}", LINK) == 11 + 23
    assert text.weighted(f"日本 {LINK}", LINK) == 5 + 23
    assert text.weighted(f"Amazon.com and {LINK}", LINK) == 28 + 23


@given(st.text(st.characters(max_codepoint=0x2F00, exclude_categories=("Cs", "Cc")), max_size=40))
@settings(max_examples=150, deadline=None)
def test_the_quick_count_agrees_with_the_whole_one(said: str) -> None:
    whole = text._twitter().parse_tweet(said).weightedLength - len(regex.findall("[©®](?!\ufe0f)", said))
    assert text.weighted(said) == whole


def test_what_twitter_makes_a_link_of() -> None:
    def found(said: str) -> list[str]:
        return [said[start:end] for start, end in text.twitter_links(said)]

    assert found("see setup.py and https://example.com/a, not v1.2 or a@b.com") == [
        "setup.py",
        "https://example.com/a",
    ]
    assert found("plain words. And more") == []


def test_a_stand_in_does_not_stay_behind() -> None:
    text.weighted("→ setup.py")
    assert getattr(sys.modules.get("pkg_resources"), "__file__", "real") is not None


@pytest.mark.parametrize(
    ("said", "units", "shown"),
    [
        ("abc", 3, 3),
        ("👍🏽", 4, 1),
        ("👨‍👩‍👧‍👦", 11, 1),
        ("e\u0301", 2, 1),
        ("🇩🇪🇫🇷", 8, 2),
        ("a\r\nb", 4, 3),
        ("", 0, 0),
    ],
)
def test_units_and_graphemes(said: str, units: int, shown: int) -> None:
    assert text.utf16(said) == units == len(said.encode("utf-16-le")) // 2
    assert text.graphemes(said) == shown


def test_whole_sentences_come_before_whole_words() -> None:
    said = "We raised prices. Three customers left. Thirty-seven stayed with us for more."
    assert text.fit(said, limit=45, count=len).text == "We raised prices. Three customers left."
    assert text.fit(said, limit=34, count=len).text == "We raised prices. Three customers…"
    assert text.fit(said, limit=100, count=len) == text.Fitted(text=said, used=len(said))


def test_the_suffix_is_never_cut_and_the_rest_is_told() -> None:
    found = text.fit("One two three four five six", limit=25, count=len, suffix=" https://a.example")
    assert found.text == "One… https://a.example"
    assert found.cut == "two three four five six"
    assert found.used == len(found.text)


def test_one_long_word_is_cut_between_graphemes() -> None:
    found = text.fit("👨‍👩‍👧‍👦" * 10, limit=5, count=text.graphemes)
    assert found.text == "👨‍👩‍👧‍👦" * 4 + "…"


def test_a_link_that_does_not_fit_goes_as_a_whole() -> None:
    found = text.fit("https://example.com/a/very/long/address more", limit=20, count=len, suffix=" end")
    assert found.text == "end"


words = st.lists(
    st.sampled_from(
        ["one", "two.", "Three!", "https://example.com/a/b?c=d", "@name@server.example", "@[Some Name](urn:li:person:1)",
         "#hash", "👨‍👩‍👧‍👦", "e\u0301te\u0301", "日本語。", "dana@example.com", "setup.py", "x" * 50]
    ),
    min_size=1,
    max_size=30,
).map(" ".join)  # fmt: skip
COUNTS = {"characters": len, "utf16": text.utf16, "graphemes": text.graphemes, "weighted": text.weighted}


@given(words, st.integers(10, 200), st.sampled_from(sorted(COUNTS)))
@settings(deadline=None)
def test_fitted_text_fits_and_breaks_nothing(said: str, limit: int, name: str) -> None:
    count = COUNTS[name]
    found = text.fit(said, limit=limit, count=count)
    assert found.used == count(found.text)
    assert found.used <= limit
    kept = found.text.removesuffix("…") if found.cut else found.text
    assert said.startswith(kept)
    assert not any(start < len(kept) < end for start, end in text.units(said))
    edges = {0, *(match.end() for match in regex.finditer(r"\X", said))}
    assert len(kept) in edges
    if found.cut:
        assert said.endswith(found.cut)


@given(st.text(max_size=300), st.integers(1, 100), st.text(max_size=20))
@settings(deadline=None)
def test_any_text_at_all_can_be_fitted(said: str, limit: int, suffix: str) -> None:
    found = text.fit(said, limit=limit, count=len, suffix=suffix)
    assert found.used == len(found.text)
    assert found.used <= max(limit, len(suffix))


def test_nobody_is_called_by_derived_words() -> None:
    assert (
        text.unmentioned("@all a@b.example @[x](y) @ home") == "@\u2060all a@b.example @\u2060[x](y) @ home"
    )


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**Bold** and *light* and ***both*** ~~gone~~", "Bold and light and both gone"),
        ("snake_case and __strong__ _light_", "snake_case and strong light"),
        ("[a link](https://a.example/x_(y)) and <https://b.example>", "a link and https://b.example"),
        ("[ref][1] ends\n\n[1]: https://a.example", "ref ends"),
        ('before ![alt](a.png "t") after', "before after"),
        ("`code_with_*stars*` stays", "code_with_*stars* stays"),
        (r"\*no stars\* and \# no heading", "*no stars* and # no heading"),
        ("# Heading\n\nText", "Heading\n\nText"),
        ("- one\n- two\n\n1. three", "one two\n\nthree"),
        ("- [x] done\n- [ ] open", "done open"),
        ("> quoted\n> words", "quoted words"),
        ("```py\nx = 1\n```\nafter", "after"),
        ("~~~\nnever closed", ""),
        ("a<br>b <b>bold</b> &amp; &lt;tag&gt;", "ab bold & <tag>"),
        ("text <!-- hidden --> more", "text more"),
        ("<script>alert(1)</script>shown", "shown"),
        ("fact[^1]\n\n[^1]: the source\n    of it", "fact"),
        ('!!! note "Mind"\n    the gap', "Mind the gap"),
        ("| a | b |\n| --- | --- |\n| 1 | 2 |", "a b 1 2"),
        ("icon :material-star: here{ .class }", "icon here"),
        ("one\r\ntwo", "one two"),
        ("3 * 4 * 5 = 60 and 2_000", "3 * 4 * 5 = 60 and 2_000"),
        ("---\n\nText\n***", "Text"),
    ],
)
def test_words_out_of_markdown(markdown: str, expected: str) -> None:
    assert text.plain(markdown) == expected


@given(st.text(st.sampled_from("ab *_`[]()<>!#\\&;|~=\n-:{}^\"'1."), max_size=80))
@settings(deadline=500)
def test_any_markdown_gives_words(markdown: str) -> None:
    found = text.plain(markdown)
    assert "\n\n\n" not in found
    assert found == found.strip()


def test_a_hostile_text_does_not_stall() -> None:
    for piece in ("[", "**a", "`", "<", "![", "(", "> ", "| ", "_", "[a](", "~~", "{.", "&"):
        began = time.process_time()
        text.plain(piece * 3000)
        assert time.process_time() - began < 5, piece


def test_the_excerpt_is_the_opening() -> None:
    assert text.excerpt("# Title\n\nOpening *words*.\n<!-- more -->\nThe rest.") == "Opening words."
    assert text.excerpt("## Only a heading") == "Only a heading"
    assert text.excerpt("One sentence. Another sentence here.", 20) == "One sentence."
    assert text.excerpt("") == ""
