"""The text of a new post: front matter filled in, ready to be written on."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from byline import links
from byline.reading.naming import PLACEHOLDER
from byline.starter import quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPost:
    """What is known about a post before it is written. `network` is the first one set up, for the hint; or empty."""

    title: str
    day: date
    id: str
    slug: str
    authors: Sequence[str] = ()
    category: str = ""
    campaign: str = ""
    campaigns: Sequence[str] = ()
    network: str = ""
    draft: bool = True
    description: str = ""
    text: str = ""


def text_of(post: NewPost) -> str:
    """The file: five fields first, then what is filled in, then what may be. It passes `publish check`."""
    describe = quoted(post.description) if post.description else PLACEHOLDER if post.draft else "…"
    category = (
        json.dumps(post.category, ensure_ascii=False) if "," in post.category else quoted(post.category)
    )
    lines = [
        "---",
        f"title: {quoted(post.title)}",
        f"{'' if post.draft or post.description else '# '}description: {describe}",
        f"date: {post.day}",
        f"authors: [{', '.join(post.authors)}]" if post.authors else "# authors: []",
        f"categories: [{category}]" if post.category else "# categories: []",
    ]
    if post.draft:
        lines.append("draft: true".ljust(34) + "# delete this line when the post is ready")
    lines += [
        "",
        "# Filled in for you. The id never changes: it ties the post to what was sent and to its enquiries.",
        f"id: {post.id}",
        f"slug: {quoted(post.slug)}",
        "",
        "# Only if you like: take the # away.",
    ]
    if post.campaign:
        lines.append(f"campaign: {post.campaign}")
    elif post.campaigns:
        lines.append(f"# campaign: {post.campaigns[0]}".ljust(34) + "# what it belongs to, if it does")
    network = post.network or "linkedin"
    lines += [
        "# image: cover.png".ljust(34) + "# beside this file; without one, a card is drawn",
        "# image_alt: What the picture shows",
        "# effort: 2h".ljust(34) + "# how long it took; the cost side of the report",
        "# share:".ljust(34) + "# without it the description and the link go to the usual networks",
        f"#   at: {post.day} 09:00",
        f"#   {network}: |",
        "#     Your own words for this network.",
        "---",
    ]
    if post.text:
        return "\n".join([*lines, post.text, ""])
    lines += [
        "The opening: what it is about, and why it matters to the reader. Lists show this part alone.",
        "",
        "<!-- more -->",
        "",
        "The rest.",
        "",
    ]
    return "\n".join(lines)


def free_slug(title: str, day: date, taken: Collection[str]) -> str:
    """The title as the last part of an address, with the year or a number where another post has it."""
    slug = links.slug(title)[:80].strip("-")
    if not any(letter.isascii() and letter.isalnum() for letter in title) and slug.startswith("x"):
        slug = f"post-{day}"
    for candidate in (slug, f"{slug}-{day.year}"):
        if candidate not in taken:
            return candidate
    number = 2
    while f"{slug}-{number}" in taken:
        number += 1
    return f"{slug}-{number}"
