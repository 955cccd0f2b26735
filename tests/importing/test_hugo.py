"""Hugo: TOML, YAML and JSON front matter, shortcodes, bundles, permalinks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from importing.conftest import Brought, png, run

CONFIG = """baseURL = "https://old.acme.com/"
title = "Acme"
defaultContentLanguage = "en"
[permalinks]
posts = "/:year/:month/:slug/"
[languages.de]
"""
TOML = """+++
title = "First: it's here"
date = 2024-03-30T10:00:00+01:00
lastmod = 2024-05-01
draft = false
slug = "first"
tags = ["renewals"]
categories = ["Pricing"]
authors = ["Dana Reyes"]
aliases = ["/old/first/"]
description = "In short."
series = ["Honest numbers"]
[cover]
image = "img/cover.png"
alt = "The cover"
+++
# First: it's here

An opening with [a ref]({{< ref "second.md" >}}) and [a path](/2024/04/second/).
- one
  - below
- two

<!--more-->

{{< figure src="/img/cover.png" caption="What it cost" >}}

{{< highlight python "linenos=table" >}}
x = "{{< not a shortcode >}}"
{{< /highlight >}}

{{< youtube dQw4w9WgXcQ >}} {{% notice tip %}}Inner words{{% /notice %}}

`{{</* ref "x" */>}}` and `code <b>` stay. <https://example.org/>

![](chart.png "t") [file](/files/a.pdf) <kbd>x</kbd>
"""


def site(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    return site(
        tmp_path / "hugo",
        {
            "hugo.toml": CONFIG,
            "content/posts/first/index.md": TOML,
            "content/posts/first/chart.png": png(),
            "content/posts/second.md": '---\ntitle: Second\ndate: 2024-04-02\nauthor: Dana Reyes\n---\nWords <span style="x" onclick="a()">in a span</span>.\n\n<script>evil()</script>\n',
            "content/posts/third.md": '{"title": "Third", "date": "2024-04-03T00:00:00Z", "draft": true}\n\nDraft.\n',
            "content/posts/second.de.md": "---\ntitle: Zweite\ndate: 2024-04-02\n---\nWorte.\n",
            "content/posts/_index.md": "---\ntitle: Posts\n---\n",
            "content/about.md": "---\ntitle: About\n---\nWho we are. [First](posts/first/)\n",
            "content/posts/x.org": "* Org",
            "content/posts/bad.md": "+++\ntitle = \n+++\nx\n",
            "content/posts/latin.md": "---\ntitle: Latin\ndate: 2024-04-04\n---\ncaf\xe9\n".encode("latin-1"),
            "content/posts/dup.md": "---\ntitle: Dup\ntitle: Dup two\ndate: 2024-04-05\nslug: first\n---\nSame address.\n",
            "static/img/cover.png": png(1200, 630),
            "static/files/a.pdf": b"%PDF-1.4",
        },
    )


def test_a_site_becomes_a_site_that_passes_and_builds(blog: Path, bring: Callable[..., Brought]) -> None:
    found = bring("hugo", blog)
    assert found.problems == []
    first = found.posts["first"]
    assert (first.title, first.description, first.series) == (
        "First: it's here",
        "In short.",
        "Honest numbers",
    )
    assert (first.categories, first.tags, first.authors) == (("Pricing",), ("renewals",), ("dana-reyes",))
    assert first.aliases == ("/2024/03/first/", "/old/first/")
    assert (first.image, first.image_alt) == ("assets/imported/cover.png", "The cover")
    assert first.published.isoformat() == "2024-03-30T10:00:00+01:00"
    text = found.text("posts/2024/first.md")
    for row in ("[a ref](second.md)", "[a path](second.md)", "\n\n- one\n    - below\n- two\n", "![What it cost](../../assets/imported/cover.png)",
                '```python\nx = "{{< not a shortcode >}}"\n```', "<https://www.youtube.com/watch?v=dQw4w9WgXcQ>", "Inner words", '`{{< ref "x" >}}`',
                "`code <b>`", "<https://example.org/>", "(../../assets/imported/chart.png)", "[file](../../assets/imported/a.pdf)", "<kbd>x</kbd>"):  # fmt: skip
        assert row in text, row
    assert "# First" not in text
    second = found.text("posts/2024/second.md")
    assert "in a span" in second
    assert "onclick" not in second
    assert "evil" not in second
    assert found.posts["third"].draft
    assert "[First](posts/2024/first.md)" in found.text("about.md")
    assert "café" in found.text("posts/2024/latin.md")
    assert "first-2" in found.posts
    found.build()


def test_what_cannot_be_carried_is_told(blog: Path, bring: Callable[..., Brought]) -> None:
    notes = bring("hugo", blog).notes
    for words in ("another language (de)", "`notice` was taken out", "the page of a list", ".org is not Markdown", "front matter cannot be read", "latin.md:5: it is not UTF-8",
                  "`title` stands twice", "address first too", "script taken out"):  # fmt: skip
        assert words in notes, words


def test_nothing_outside_the_folder_is_read(tmp_path: Path, bring: Callable[..., Brought]) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    (tmp_path / "secret.md").write_text("---\ntitle: Secret\ndate: 2024-01-01\n---\nSecret.\n")
    blog = site(
        tmp_path / "hugo",
        {
            "config.yaml": "baseURL: https://old.acme.com/\n",
            "content/posts/a.md": '---\ntitle: A\ndate: 2024-01-01\nimage: ../../../../secret.png\n---\n![x](../../../secret.png) ![y](/../secret.png) ![z](%2e%2e/%2e%2e/%2e%2e/secret.png) ![w](link.png) [p](../../../secret.md) [j](java\tscript:alert(1)) [k](data:text/html,x)\n\n[m]: javascript:alert(1)\n[m]\n{: onclick="alert(1)" }\n',
        },
    )
    (blog / "content/posts/link.md").symlink_to(tmp_path / "secret.md")
    (blog / "content/posts/link.png").symlink_to(tmp_path / "secret.png")
    (blog / "content/posts/all").symlink_to(tmp_path)
    found = bring("hugo", blog)
    assert set(found.posts) == {"a"}
    assert not list((found.folder / "content/assets").rglob("secret*"))
    assert not list((found.folder / "content/assets").rglob("link*"))
    assert "javascript" not in found.text("posts/2024/a.md").lower()
    assert "onclick" not in found.text("posts/2024/a.md")
    assert found.problems == []
    assert "it was not followed" in found.notes
    found.build()


def test_a_folder_that_is_no_site_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    for kind in ("hugo", "jekyll"):
        done = run(str(tmp_path / "new"), "--yes", "--from", kind, str(tmp_path / "x"))
        assert type(done.exception).__name__ == "UsageError"
        done = run(str(tmp_path / "new"), "--yes", "--from", kind, str(tmp_path / "nothing"))
        assert "there is no folder" in str(done.exception)
    assert not (tmp_path / "new").exists()


def test_a_misspelt_kind_gets_a_suggestion(tmp_path: Path) -> None:
    done = run(str(tmp_path / "new"), "--yes", "--from", "wordpres", "x.xml")
    assert "did you mean `wordpress`?" in getattr(done.exception, "hint", "")
