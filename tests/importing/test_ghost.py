"""Ghost: an export as Ghost 5 writes it, with each of its three formats of text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from importing.conftest import Brought, png, run


def words(text: str, kind: int = 0) -> dict[str, Any]:
    return {
        "type": "extended-text",
        "text": text,
        "format": kind,
        "mode": "normal",
        "detail": 0,
        "style": "",
        "version": 1,
    }


LEXICAL = {
    "root": {
        "type": "root",
        "children": [
            {"type": "paragraph", "children": [words("Said "), words("loudly", 3), words(" and "), {"type": "link", "url": "__GHOST_URL__/second/", "children": [words("linked")]}]},
            {"type": "extended-heading", "tag": "h1", "children": [words("Part")]},
            {"type": "list", "listType": "number", "start": 3, "children": [{"type": "listitem", "children": [words("three")]}]},
            {"type": "image", "src": "__GHOST_URL__/content/images/2024/a.png", "alt": "", "caption": "<span>What it shows</span>"},
            {"type": "codeblock", "code": "x < 1", "language": "python"},
            {"type": "markdown", "markdown": "| a | b |\n|---|---|\n| 1 | 2 |"},
            {"type": "html", "html": "<p onclick='x()'>raw</p><script>evil()</script>"},
            {"type": "bookmark", "url": "https://example.org/", "metadata": {"title": "A page"}},
            {"type": "callout", "calloutEmoji": "!", "calloutText": "<p>Mind</p>"},
            {"type": "toggle", "heading": "More", "content": "<p>inside</p>"},
            {"type": "signup", "header": "x"},
        ],
    }
}  # fmt: skip
MOBILEDOC = {
    "version": "0.3.1",
    "markups": [["strong"], ["a", ["href", "https://example.org/"]]],
    "atoms": [["soft-return", "", {}]],
    "cards": [
        ["image", {"src": "__GHOST_URL__/content/images/2024/a.png", "alt": "A chart"}],
        ["hr", {}],
        ["code", {"code": "y = 2"}],
    ],
    "sections": [
        [
            1,
            "p",
            [
                [0, [0], 1, "Bold"],
                [0, [], 0, " then "],
                [0, [1], 1, "away"],
                [1, [], 0, 0],
                [0, [], 0, "below"],
            ],
        ],
        [10, 0],
        [3, "ul", [[[0, [], 0, "one"]], [[0, [], 0, "two"]]]],
        [10, 1],
        [10, 2],
    ],
}


def post(number: int, slug: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"p{number}", "title": slug.title(), "slug": slug, "mobiledoc": None, "lexical": None, "html": None, "type": "post", "status": "published",
        "visibility": "public", "published_at": "2024-03-31T00:30:00.000Z", "updated_at": "2024-05-01T10:00:00.000Z", "feature_image": None,
        "custom_excerpt": None,
    } | more  # fmt: skip


@pytest.fixture
def export(tmp_path: Path) -> Path:
    data = {
        "posts": [
            post(1, "first", lexical=json.dumps(LEXICAL), feature_image="__GHOST_URL__/content/images/2024/a.png", custom_excerpt="In short."),
            post(2, "second", mobiledoc=json.dumps(MOBILEDOC)),
            post(3, "third", html='<p>From <a href="__GHOST_URL__/first/#x">html</a></p><div class="kg-card"><iframe src="https://player.vimeo.com/video/7"></iframe></div>'),
            post(4, "members", html="<p>Paid.</p>", visibility="paid"),
            post(5, "mailed", html="<p>Mail.</p>", status="sent"),
            post(6, "idea", html="<p>Idea.</p>", status="draft", published_at=None),
            post(7, "later", html="<p>Later.</p>", status="scheduled", published_at="2027-01-01T08:00:00.000Z"),
            post(8, "about", html="<p>We.</p>", type="page"),
            post(9, "broken", lexical="{not json", plaintext="Plain words."),
        ],
        "tags": [{"id": "t1", "name": "Pricing", "slug": "pricing"}, {"id": "t2", "name": "#internal"}, {"id": "t3", "name": "renewals"}],
        "posts_tags": [{"post_id": "p1", "tag_id": tag, "sort_order": at} for at, tag in enumerate(("t1", "t2", "t3"))],
        "users": [{"id": "u1", "name": "Dana Reyes", "slug": "dana", "email": "dana@acme.com", "password": "$2a$10$hash", "bio": "Founder.", "website": "https://acme.com", "twitter": "@dana"}],
        "posts_authors": [{"post_id": f"p{number}", "author_id": "u1", "sort_order": 0} for number in range(1, 10)],
        "posts_meta": [{"post_id": "p1", "feature_image_alt": "The chart"}],
        "settings": [{"key": "title", "value": "Acme"}],
        "members": [{"email": "eve@x.com"}],
        "api_keys": [{"secret": "0123456789abcdef"}],
    }  # fmt: skip
    file = tmp_path / "acme.ghost.2024.json"
    file.write_text(
        json.dumps({"db": [{"meta": {"exported_on": 1, "version": "5.80.0"}, "data": data}]}),
        encoding="utf-8",
    )
    return file


def test_an_export_becomes_a_site_that_passes_and_builds(
    export: Path, tmp_path: Path, bring: Callable[..., Brought]
) -> None:
    images = tmp_path / "images"
    (images / "2024").mkdir(parents=True)
    (images / "2024" / "a.png").write_bytes(png())
    site = bring("ghost", export, "--pictures", str(images))
    assert site.problems == []
    first = site.posts["first"]
    assert (first.description, first.categories, first.tags) == ("In short.", ("Pricing",), ("renewals",))
    assert (first.image, first.image_alt) == ("assets/imported/a.png", "The chart")
    assert first.published.isoformat() == "2024-03-31T01:30:00+01:00"
    assert first.aliases == ("/first/",)
    author = site.content.authors["dana-reyes"]
    assert (author.bio, author.url, author.twitter) == ("Founder.", "https://acme.com", "dana")
    text = site.text("posts/2024/first.md")
    for row in ("***loudly***", "[linked](second.md)", "## Part", "3. three", "![What it shows](../../assets/imported/a.png)", "```python\nx < 1\n```",
                "| 1 | 2 |", "raw", "[A page](https://example.org/)", "Mind", "**More**"):  # fmt: skip
        assert row in text, row
    assert "evil" not in text
    assert "onclick" not in text
    second = site.text("posts/2024/second.md")
    for row in (
        "**Bold** then [away](https://example.org/)",
        "![A chart]",
        "- one\n- two",
        "---",
        "```\ny = 2\n```",
    ):
        assert row in second, row
    assert "[html](first.md#x)" in site.text("posts/2024/third.md")
    assert "https://vimeo.com/7" in site.text("posts/2024/third.md")
    assert {slug for slug, found in site.posts.items() if found.draft} == {"members", "mailed", "idea"}
    assert site.posts["later"].share is None
    assert site.posts["broken"].body.startswith("Plain words.")
    assert "content/about.md" in site.told["files"]
    site.build()


def test_nothing_of_the_database_leaks(export: Path, bring: Callable[..., Brought]) -> None:
    site = bring("ghost", export)
    written = "".join(
        path.read_text(errors="replace")
        for path in site.folder.rglob("*")
        if path.is_file() and path.suffix != ".whl"
    )
    for secret in ("dana@acme.com", "$2a$10$hash", "eve@x.com", "0123456789abcdef"):
        assert secret not in written
    for words_ in (
        "1 members were not carried",
        "only mailed",
        "only members could read it",
        "`signup` was not carried",
        "(lexical) is broken",
    ):
        assert words_ in site.notes, words_


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"db": [{"data": {}}]}', "[" * 100_000, '{"db": 7}', '{"data": {"posts": 1}}']
)
def test_what_is_no_export_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(text)
    done = run(str(tmp_path / "new"), "--yes", "--from", "ghost", str(file), "--no-fetch")
    assert type(done.exception).__name__ == "UsageError"
    assert not (tmp_path / "new").exists()


def test_fields_of_any_kind_do_no_harm(tmp_path: Path, bring: Callable[..., Brought]) -> None:
    odd: list[Any] = [None, 7, [], {}, "x\ud800\u0000", True]
    rows = []
    for number, value in enumerate(odd):
        rows.append(
            post(number, f"s{number}")
            | dict.fromkeys(("title", "slug", "html", "lexical", "published_at", "status"), value)
        )
    file = tmp_path / "x.json"
    file.write_text(
        json.dumps(
            {
                "data": {
                    "posts": [*rows, None, 5],
                    "tags": None,
                    "users": 3,
                    "posts_tags": [{}],
                    "posts_authors": "x",
                }
            }
        )
    )
    site = bring("ghost", file)
    assert site.problems == []
    assert len(site.content.posts) == len(odd)
