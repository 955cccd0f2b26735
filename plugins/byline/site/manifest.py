"""`byline.json`: every published post, for other tools and for the check that no address ever vanishes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any

from byline.model import Picture, Post
from byline.settings import Settings
from byline.site import places
from byline.times import iso


def write(posts: Sequence[Post], pictures: Mapping[str, Picture], settings: Settings) -> bytes:
    """The manifest of the posts in the order given. Addresses are whole; `hash` is the sha256 of the source."""
    rows = [
        {
            "id": post.id,
            "source": post.path,
            "url": places.absolute(settings, post.url),
            "title": post.title,
            "description": post.description,
            "hash": post.hash,
            "date": iso(post.published),
            "updated": iso(post.updated) if post.updated else None,
            "authors": list(post.authors),
            "categories": list(post.categories),
            "excerpt": post.excerpt,
            "card": pictures[post.id].url,
        }
        for post in posts
    ]
    return (indented({"posts": rows}) + "\n").encode("utf-8")


def indented(value: Any, depth: int = 0) -> str:
    """As `json.dumps(value, ensure_ascii=False, indent=1)` for maps with text as keys, lists and plain values.

    That has a version in C only for JSON without line breaks; with a thousand posts its other one is what takes longest
    in a build after a comma.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if not value or not isinstance(value, dict | list):
        return json.dumps(value)
    inside, end = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(value, list):
        return f"[{inside}{f',{inside}'.join([_inside(one, depth) for one in value])}{end}]"
    rows = [f"{encode_basestring(key)}: {_inside(one, depth)}" for key, one in value.items()]
    return f"{{{inside}{f',{inside}'.join(rows)}{end}}}"


def _inside(value: Any, depth: int) -> str:
    return encode_basestring(value) if type(value) is str else indented(value, depth + 1)
