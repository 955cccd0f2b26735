"""llms.txt: the site in one page of Markdown, for programs that answer questions (llmstxt.org, read 2026-11)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from byline.model import Post
from byline.settings import Settings
from byline.site import places
from byline.site.places import Listing


def write(posts: Sequence[Post], topics: Sequence[Listing], settings: Settings) -> bytes:
    """Title, what the site is, and every post with its description, by topic; posts without one come last."""
    about = settings.site_description or settings.brand.claim
    rows = [f"# {_line(settings.site_name)}", ""]
    if about:
        rows += [f"> {_line(about)}", ""]
    sections = [(topic.title, topic.posts) for topic in topics]
    sections.append(("More", tuple(post for post in posts if not post.categories)))
    seen: set[str] = set()
    for title, found in sections:
        fresh = [post for post in found if post.id not in seen]
        seen |= {post.id for post in fresh}
        if fresh:
            rows += [f"## {_line(title)}", ""]
            rows += [_row(post, settings) for post in fresh]
            rows.append("")
    return "\n".join(rows).encode()


def _row(post: Post, settings: Settings) -> str:
    title = re.sub(r"([\[\]])", r"\\\1", _line(post.title))
    about = _line(post.description or post.excerpt)
    address = places.absolute(settings, post.url).replace("(", "%28").replace(")", "%29")
    return f"- [{title}]({address})" + (f": {about}" if about else "")


def _line(text: str) -> str:
    return " ".join(text.split())
