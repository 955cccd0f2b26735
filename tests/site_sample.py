"""One sample site with all that is awkward in it, and how the command builds it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

from byline import content, settings
from byline.site.build import BuildResult, build
from support import make_site

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
NASTY = '"Quotes" & <b>tags</b> </script><script>alert(1)</script> ’tis “fine”'

SETTINGS = """\
site_name: Acme & Sons <Insights>
site_url: https://insights.acme.example/blog/
site_description: What "we" learn & share
docs_dir: content
theme:
  name: material
nav:
  - Home: index.md
  - Contact: contact.md
  - Privacy: privacy.md
plugins:
  - search
  - blog:
      blog_dir: .
      post_dir: posts
      post_url_format: "posts/{slug}"
      pagination_per_page: 4
  - byline:
      timezone: Europe/Berlin
      lead_form: {to: {url: "http://127.0.0.1:9/lead"}}
      signup: {url: "https://lists.acme.example/post?u=1&id=2", field: EMAIL, hidden: {tags: '7 & "8"', b_1: ""}}
markdown_extensions: [footnotes, attr_list, {toc: {permalink: true}}]
"""

AUTHORS = """\
authors:
  dana:
    name: Dana "D" Reyes & Co
    description: Founder
    role: Founder
    bio: Writes about <prices> & letters.
    avatar: assets/dana.svg
    linkedin: https://www.linkedin.com/in/dana-reyes
    twitter: "@dana"
    mastodon: "@dana@example.social"
  lee:
    name: Lee Park
    description: Head of sales
    avatar: assets/dana.svg
"""


def post(front: str, body: str = "Words.\n") -> str:
    return f"---\n{dedent(front)}---\n{body}"


RICH_SETTINGS = SETTINGS.replace(
    "markdown_extensions: [footnotes, attr_list, {toc: {permalink: true}}]",
    "markdown_extensions: [admonition, footnotes, attr_list, md_in_html, tables, {toc: {permalink: true}}, pymdownx.details,"
    " pymdownx.superfences, pymdownx.highlight, {pymdownx.tabbed: {alternate_style: true}},"
    " {pymdownx.tasklist: {custom_checkbox: true}}]",
)
RICH = """\
Opening.
<!-- more -->

## A part

| left | right |
| :--- | ----: |
| a    | 1     |

=== "One"

    first words

=== "Two"

    second words

- [x] done
- [ ] open

??? note "More of it"

    Hidden at first.

```python
print("a < b")
```

```mermaid
graph LR
  A[Post] --> B[Lead]
```

A note[^1]. ![A chart](wide.png) <a href="second.md">by raw HTML</a> <img src="wide.png" alt="raw">

[^1]: The foot.
"""
FRONT_RICH = """\
    title: Everything that Markdown makes
    description: All of it.
    date: 2026-11-21
    id: rich
    slug: rich
    authors: [dana]
    categories: [Pricing]
    """


POSTS = {
    "nasty.md": post(
        f"""\
        title: {NASTY!r}
        description: 'A "description" & <more>'
        date: 2026-11-20
        id: nasty
        slug: nasty
        authors: [dana, lee]
        categories: ["R&D <lab>"]
        tags: ["a & b"]
        aliases: [/old/nasty/, /blog/2019/nasty.html]
        """,
        '# A headline of its own\n\nIntro with [a link](honest.md), ![alt "x"](shot.png) and [a page](../contact.md).\n'
        '<!-- more -->\n\n## Part\n\n<script>alert(2)</script>\n\n<p onclick="x()">raw &amp; html</p>\n\n'
        "Note[^1] ]]> end, `<!-- byline:lead-form -->` as code.\n\n[^1]: Foot.\n",
    ),
    "honest.md": post(
        """\
        title: Pricing, the honest version
        description: What 40 renewals taught us.
        date: {created: 2026-11-18, updated: 2026-11-22}
        id: hp7
        slug: honest-pricing
        authors: [dana]
        categories: [Pricing]
        tags: [renewals]
        series: Honest numbers
        image: cover.png
        image_alt: A price tag
        """,
        "We raised prices.\n<!-- more -->\nThree left.\n",
    ),
    "second.md": post(
        """\
        title: Größe, Übermut & Straße
        date: 2026-11-10
        id: umlaut
        authors: [lee]
        categories: [Pricing]
        tags: [renewals]
        series: Honest numbers
        """,
        "A post without a description.\n",
    ),
    "emoji.md": post(
        """\
        title: "🚀🔥"
        date: 2026-11-09
        id: rocket
        slug: rocket
        authors: [lee]
        categories: [Pricing]
        """
    ),
    "old.md": post(
        """\
        title: An older one
        date: 2026-01-02
        id: older
        authors: [lee]
        categories: [Pricing]
        """
    ),
    "older.md": post(
        """\
        title: The oldest one
        date: 2025-12-31
        id: oldest
        authors: [lee]
        categories: [Pricing]
        """
    ),
    "secret/draft.md": post(
        """\
        title: Zephyrdraft merger
        date: 2026-11-01
        id: draftx
        draft: true
        authors: [dana]
        categories: [Zephyrcategory]
        image: zephyr-cover.png
        image_alt: Nothing yet
        """,
        "Zephyrbody ![chart](zephyr-chart.png)\n",
    ),
    "future.md": post(
        """\
        title: Quasarfuture launch
        date: 2026-11-24 12:00:00
        id: futurex
        draft: false
        authors: [dana]
        categories: [Quasarcategory]
        """,
        "Quasarbody ![chart](../assets/quasar-chart.png) and ![shared](../assets/shared.png)\n",
    ),
}


def picture(colour: str, size: tuple[int, int] = (1300, 700)) -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def sample(folder: Path) -> Path:
    """The sample site's mkdocs.yml."""
    return make_site(
        folder,
        posts=POSTS,
        settings=SETTINGS,
        authors=AUTHORS,
        files={
            "content/index.md": "# What we learn\n\nAnd share ![shared](assets/shared.png).\n",
            "content/contact.md": '---\ntitle: Contact & "more"\n---\n# Contact\n\n<!-- byline:lead-form -->\n',
            "content/privacy.md": "# Privacy\n\nNothing.\n",
            "content/posts/cover.png": picture("#884422"),
            "content/posts/shot.png": picture("#224488", (40, 30)),
            "content/posts/secret/zephyr-cover.png": picture("#111111"),
            "content/posts/secret/zephyr-chart.png": picture("#222222"),
            "content/posts/secret/zephyr-unused.png": picture("#333333"),
            "content/assets/quasar-chart.png": picture("#444444"),
            "content/assets/shared.png": picture("#555555", (50, 50)),
        },
    )


def run(file: Path, **options: object) -> BuildResult:
    """Read and build as the command does."""
    loaded = settings.load(file, {})
    return build(loaded, content.read(loaded), now=NOW, **options)  # type: ignore[arg-type]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file of a site."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
