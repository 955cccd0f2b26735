"""`byline.json`: every published post, for other tools and for the check that no address ever vanishes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

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
    return (json.dumps({"posts": rows}, ensure_ascii=False, indent=1) + "\n").encode()
