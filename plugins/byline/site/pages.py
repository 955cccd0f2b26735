"""What the templates show, as plain values: maps, lists and text, with addresses relative to the site.

Nothing here is HTML but `content` (rendered Markdown) and `head`; templates escape all the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as date_type
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from byline import cards
from byline.model import Author, Picture, Post
from byline.settings import Settings
from byline.site import metadata, places
from byline.site.images import Cover
from byline.site.places import Listing
from byline.wording import words

Values = dict[str, Any]
RELATED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A public post with what only the builder knows: its reading time, its pictures, whether it is shown early."""

    post: Post
    minutes: int
    cover: Cover
    picture: Picture
    early: str = ""  # `draft` or `from 3 January 2027`, where the site is only being looked at


class Site:
    """All entries, newest first, and the pages around them."""

    def __init__(
        self,
        settings: Settings,
        authors: Mapping[str, Author],
        entries: Sequence[Entry],
        avatars: Mapping[str, str],
    ) -> None:
        """`avatars` maps an author's id to the address of the picture on the site."""
        self.settings = settings
        self.words = words(settings.language, settings.pages.words)
        self.authors = authors
        self.entries = {entry.post.id: entry for entry in entries}
        self.posts = tuple(entry.post for entry in entries)
        self._place = {post.id: index for index, post in enumerate(self.posts)}
        self._sharing: dict[
            tuple[str, str], int
        ] = {}  # tag, category or series -> the posts that have it, as bits
        for index, post in enumerate(self.posts):
            for key in (*_terms(post), ("series", post.series)):
                self._sharing[key] = self._sharing.get(key, 0) | 1 << index
        self.everything = Listing(settings.site_name, "", self.posts)
        self.topics = places.categories(self.posts)
        self.writers = places.writers(self.posts, authors)
        self.avatars = avatars
        self._cards: dict[str, Values] = {}
        self._authors: dict[str, Values] = {}
        self.picture = cards.site_picture(settings)

    def listings(self) -> tuple[Listing, ...]:
        """Everything that has feeds."""
        return (self.everything, *self.topics, *(listing for _, listing in self.writers))

    def card(self, post: Post) -> Values:
        """The post as lists show it; the same map each time, not to be changed."""
        found = self._cards.get(post.id)
        if found is None:
            found = self._cards[post.id] = self._card(post)
        return found

    def _card(self, post: Post) -> Values:
        entry = self.entries[post.id]
        return {
            "title": post.title,
            "url": post.url,
            "text": post.description or post.excerpt,
            "date": post.published.date().isoformat(),
            "day": day(post.published, self.settings.language),
            "minutes": entry.minutes,
            "topics": [{"name": name, "url": places.category_url(name)} for name in post.categories],
            "authors": [self.author(name) for name in post.authors if name in self.authors],
            "cover": _cover(entry.cover, post),
            "early": entry.early,
        }

    def page(self, post: Post) -> Values:
        """The post as its own page shows it."""
        entry = self.entries[post.id]
        series = self.series(post)
        return self.card(post) | {
            "id": post.id,
            "lede": post.description,
            "updated": post.updated.date().isoformat() if post.updated else "",
            "updated_day": day(post.updated, self.settings.language) if post.updated else "",
            "tags": list(post.tags),
            "hero": _cover(entry.cover, post) if post.image else None,
            "series": {
                "name": post.series,
                "number": [one.id for one in series].index(post.id) + 1,
                "parts": [
                    {"title": one.title, "url": one.url, "current": one.id == post.id} for one in series
                ],
            }
            if len(series) > 1
            else None,
            "related": [self.card(one) for one in self.related(post)],
            "share": self.share(post),
        }

    def series(self, post: Post) -> list[Post]:
        """All parts of the post's series in their order; empty where it belongs to none."""
        found = [one for one in self.posts if one.series == post.series] if post.series else []
        return sorted(found, key=lambda one: (one.published, one.id))

    def related(self, post: Post) -> list[Post]:
        """What fits best by tags and categories, then the newest; never the parts of its own series."""
        at = self._place[post.id]
        others = ~(1 << at) & ((1 << len(self.posts)) - 1)
        if post.series:
            others &= ~self._sharing["series", post.series]
        # How many tags and categories each post shares with this one, as binary numbers: one bit of each in a mask.
        counts: list[int] = []
        for mask in (self._sharing[key] for key in _terms(post)):
            for index, bits in enumerate(counts):
                counts[index], mask = bits ^ mask, bits & mask
            if mask:
                counts.append(mask)
        found: list[Post] = []
        groups = [others]
        for bits in reversed(counts):  # the most shared first
            groups = [part for group in groups for part in (group & bits, group & ~bits)]
        for group in groups:
            while group and len(found) < RELATED:
                lowest = group & -group
                found.append(self.posts[lowest.bit_length() - 1])
                group ^= lowest
        return found

    def author(self, name: str) -> Values:
        """One author; the same map each time, not to be changed."""
        found = self._authors.get(name)
        if found is None:
            found = self._authors[name] = self._author(self.authors[name])
        return found

    def _author(self, author: Author) -> Values:
        return {
            "id": author.id,
            "name": author.name,
            "role": author.role or author.description,
            "bio": author.bio,
            "avatar": self.avatars.get(author.id, ""),
            "initials": "".join(part[0] for part in author.name.split()[:2]).upper(),
            "url": places.author_url(author),
            "links": [
                {"name": self.words["website"] if label == "Website" else label, "url": address}
                for label, address in metadata.profiles(author)
            ],
        }

    def share(self, post: Post) -> list[Values]:
        """Plain links that open a network's own window; nothing is loaded from there before."""
        address = quote(places.absolute(self.settings, post.url), safe="")
        title = quote(post.title, safe="")
        return [
            {"name": "LinkedIn", "url": f"https://www.linkedin.com/sharing/share-offsite/?url={address}"},
            {"name": "X", "url": f"https://x.com/intent/post?text={title}&url={address}"},
            {"name": "Bluesky", "url": f"https://bsky.app/intent/compose?text={title}%20{address}"},
            {"name": self.words["email"], "url": f"mailto:?subject={title}&body={address}"},
        ]

    def common(self, menu: Sequence[Values], archive: Sequence[Values], privacy: str) -> Values:
        """What every page shows: header, footer, menus."""
        brand = self.settings.brand
        return {
            "name": brand.name or self.settings.site_name,
            "site_name": self.settings.site_name,
            "claim": brand.claim or self.settings.site_description,
            "language": self.settings.language,
            "menu": list(menu),
            "archive": list(archive),
            "privacy": privacy,
            "topics": [self.listing(one) for one in self.topics],
            "writers": [
                self.author(author.id) | {"count": len(listing.posts)} for author, listing in self.writers
            ],
            "signup": bool(self.settings.signup.url),
            "feeds": [
                {"name": name, "url": file} for name, file in zip(places.NAMES, places.FEEDS, strict=True)
            ],
            "latest": [self.card(post) for post in self.posts[:3]],
        }

    def listing(self, listing: Listing) -> Values:
        """A category or an author's list."""
        return {
            "name": listing.title,
            "url": listing.url,
            "count": len(listing.posts),
            "feed": listing.feed(places.FEEDS[0]),
        }

    def post_head(self, post: Post) -> str:
        """The head of a post's page."""
        return metadata.post_head(
            post, self.settings, self.authors, self.entries[post.id].picture, [self.everything]
        )

    def home_head(self, url: str) -> str:
        """The head of the home page and of the pages that continue it."""
        settings = self.settings
        site = {"@type": "WebSite", "name": settings.site_name, "url": settings.site_url}
        data = [metadata.organization(settings), site]
        return self._head(settings.site_name, settings.site_description, url, (), data)

    def topic_head(self, listing: Listing, url: str) -> str:
        """The head of a category's page."""
        steps = [
            (self.words["home"], self.settings.site_url),
            (listing.title, places.absolute(self.settings, url)),
        ]
        text = f"{listing.title} – {self.settings.brand.name or self.settings.site_name}"
        return self._head(listing.title, text, url, (listing,), [metadata.trail(steps)])

    def author_head(self, author: Author, listing: Listing) -> str:
        """The head of an author's page."""
        person = metadata.person(author, self.settings)
        data = [{"@type": "ProfilePage", "mainEntity": person}]
        text = author.bio or f"{author.name}, {author.role or author.description}".rstrip(", ")
        return self._head(author.name, text, listing.url, (listing,), data)

    def page_head(self, title: str, description: str, url: str | None, *, index: bool = True) -> str:
        """The head of any other page."""
        return self._head(title, description or self.settings.site_description, url, (), (), index=index)

    def _head(
        self,
        title: str,
        description: str,
        url: str | None,
        more: Sequence[Listing],
        data: Sequence[Mapping[str, Any]],
        *,
        index: bool = True,
    ) -> str:
        return metadata.page_head(
            title,
            description,
            url,
            self.settings,
            self.picture,
            (*more, self.everything),
            data,
            index=index,
        )


def _terms(post: Post) -> set[tuple[str, str]]:
    return {("tag", name) for name in post.tags} | {("category", name) for name in post.categories}


def day(moment: datetime, language: str) -> str:
    """The day in words, in the site's language."""
    return _day(moment.date(), language)


@lru_cache(maxsize=50_000)
def _day(date: date_type, language: str) -> str:
    from babel import Locale, UnknownLocaleError
    from babel.dates import format_date

    try:
        locale = Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        locale = Locale("en")
    return format_date(date, format="d MMMM yyyy" if locale.language == "en" else "long", locale=locale)


def _cover(cover: Cover, post: Post) -> Values:
    return {
        "url": cover.url,
        "sizes": [{"url": url, "width": width} for url, width in cover.sizes],
        "width": cover.width,
        "height": cover.height,
        "alt": post.image_alt if post.image else "",
    }
