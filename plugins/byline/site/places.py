"""Where things are on the site: one rule for each address, the same whatever generator builds the pages.

Addresses are relative to the site, without a leading slash; those of pages end in one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from byline import links
from byline.model import Author, Post
from byline.settings import Settings

FEEDS = ("feed.xml", "atom.xml", "feed.json")
TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
NAMES = ("RSS", "Atom", "JSON Feed")
THANKS = "thanks/"
MANIFEST = "byline.json"
ASSETS = "assets/byline/"
FEED_STYLE = f"{ASSETS}feed.xsl"


@dataclass(frozen=True, slots=True)
class Listing:
    """A page that lists posts and has feeds of its own: the whole site, a category, an author."""

    title: str
    url: str
    posts: tuple[Post, ...]

    def feed(self, file: str) -> str:
        """The address of one of its feeds."""
        return f"{self.url}{file}"


def category_url(name: str) -> str:
    """The page of a category."""
    return links.category_path(name)


def author_url(author: Author) -> str:
    """The page of an author."""
    return links.author_path(author.slug or author.id)


def absolute(settings: Settings, url: str) -> str:
    """The full address."""
    return links.canonical(settings.site_url, url)


def stable_id(settings: Settings, post: Post) -> str:
    """What feeds know a post by: it stays when title, slug and date change (RFC 4151)."""
    parts = urlsplit(settings.site_url)
    return f"tag:{parts.hostname},2026:{parts.path}{post.id}"


def categories(posts: Sequence[Post]) -> tuple[Listing, ...]:
    """Every category that has a post, by name."""
    found: dict[str, list[Post]] = {}
    for post in posts:
        for name in post.categories:
            found.setdefault(name, []).append(post)
    return tuple(Listing(name, category_url(name), tuple(found[name])) for name in sorted(found))


def writers(posts: Sequence[Post], authors: Mapping[str, Author]) -> tuple[tuple[Author, Listing], ...]:
    """Every known author who has a post, by name."""
    found: dict[str, list[Post]] = {}
    for post in posts:
        for name in post.authors:
            if name in authors:
                found.setdefault(name, []).append(post)
    ordered = sorted((authors[name] for name in found), key=lambda author: (author.name, author.id))
    return tuple(
        (author, Listing(author.name, author_url(author), tuple(found[author.id]))) for author in ordered
    )
