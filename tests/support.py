"""What many tests need: a small valid site, a minimal post, one fixed instant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)

# Public since this morning in Berlin, by an author that make_site knows.
POST = """\
---
title: Pricing, the honest version
description: What 40 renewals taught us about raising prices.
date: 2026-11-24
id: hp7
slug: honest-pricing
authors: [dana]
categories: [Pricing]
---
We raised prices on 40 renewals.
<!-- more -->
Three customers left.
"""

AUTHORS = """\
authors:
  dana:
    name: Dana Reyes
    description: Founder
    role: Founder
    bio: Writes about prices and the letters that announce them.
    avatar: assets/dana.svg
    linkedin: https://www.linkedin.com/in/dana-reyes
  lee:
    name: Lee Park
    description: Head of sales
    avatar: assets/dana.svg
"""

SETTINGS = """\
site_name: Acme Insights
site_url: https://insights.acme.example/
docs_dir: content
theme:
  name: material
plugins:
  - blog:
      blog_dir: .
      post_dir: posts
      post_url_format: "posts/{slug}"
  - byline:
      timezone: Europe/Berlin
      ledger: sqlite
      share_by_default: [linkedin, twitter]
      settle_waits: [0]
      channels:
        linkedin:
          accounts:
            company: {urn: "urn:li:organization:2414183"}
            dana: {urn: "urn:li:person:Kx1"}
        twitter:
          accounts:
            acme: {}
      campaigns:
        q4-renewals: {name: Q4 renewals, start: 2026-10-01, end: 2026-12-31}
"""

AVATAR = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>\n'


def make_site(
    folder: Path,
    *,
    posts: Mapping[str, str] | None = None,
    settings: str | None = None,
    authors: str | None = None,
    files: Mapping[str, bytes | str] | None = None,
) -> Path:
    """Write a small valid site into the folder and return its mkdocs.yml.

    `posts` maps a name under `content/posts/` to the whole text of a post; `files` maps any path relative to the
    folder to its content and is written last, so that it can replace what stands there already.
    """
    everything: dict[str, bytes | str] = {
        "mkdocs.yml": SETTINGS if settings is None else dedent(settings),
        "content/.authors.yml": AUTHORS if authors is None else dedent(authors),
        "content/index.md": "# Acme Insights\n",
        "content/assets/dana.svg": AVATAR,
    }
    everything |= {f"content/posts/{name}": text for name, text in (posts or {}).items()}
    everything |= files or {}
    for name, content in everything.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    (folder / "content" / "posts").mkdir(exist_ok=True)
    return folder / "mkdocs.yml"
