"""The feeds of every listing, each made again only when one of the posts in it has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from byline import cards
from byline.model import Picture, Post
from byline.settings import Settings
from byline.site import enclosures, feeds, fragments, places
from byline.site.kept import Kept, address, digest
from byline.site.places import Listing

if TYPE_CHECKING:
    from byline.site.shown import Showing


class Texts(Protocol):
    """Where the HTML of posts comes from; `name` names all that is known of a post, its HTML too."""

    def body(self, post: Post) -> str: ...
    def name(self, post: Post) -> str: ...
    def fact(self, post: Post) -> str: ...


class Feeding:
    """`listings` maps the address of each page with feeds to the names of those feeds: address -> what it is kept as."""

    def __init__(
        self, settings: Settings, now: datetime, kept: Kept, base: str, shown: Showing, texts: Texts
    ) -> None:
        self._settings, self._now, self._kept = settings, now, kept
        self._site, self._texts = shown.site, texts
        self._names: dict[str, str] = {}
        self._cut: dict[str, Listing] = {}
        self._made: tuple[str | None, Mapping[str, bytes]] = None, {}
        self.listings: dict[str, dict[str, str]] = {}
        people = [asdict(author) for author in self._site.authors.values()]
        for listing in self._site.listings():
            newest = listing.posts[: settings.feeds.newest]
            names = [self._name(post) for post in newest]
            hour = "" if newest else now.isoformat()
            whole = digest(base, listing.title, listing.url, names, people, hour)
            self._cut[listing.url] = Listing(listing.title, listing.url, newest)
            self.listings[listing.url] = {
                url: digest(url, whole) for url in (listing.feed(file) for file in places.FEEDS)
            }

    def makers(self, listing: str) -> Iterator[tuple[str, str, partial[bytes]]]:
        """Each feed of the listing at that address: its own address, what it is kept as, how it is made."""
        for url, holds in self.listings[listing].items():
            yield url, holds, partial(self._one, listing, url)

    def _one(self, listing: str, url: str) -> bytes:
        if self._made[0] != listing:
            cut = self._cut[listing]
            found = {post.id: self._item(post) for post in cut.posts}
            self._made = listing, feeds.write(cut, found, self._settings, self._site.authors, self._now)
        return self._made[1][url]

    def _name(self, post: Post) -> str:
        """The name of everything about the post that a feed carries."""
        if post.id not in self._names:
            name = digest(self._texts.name(post), self._site.entries[post.id].picture.url)
            if enclosures.likely(post.body):
                name = digest(name, repr(self._played(post)))
            self._names[post.id] = name
        return self._names[post.id]

    def _item(self, post: Post) -> feeds.Item:
        picture = self._site.entries[post.id].picture
        return feeds.Item(
            post=post,
            content=self._content(post),
            card=enclosures.picture(picture.url, self._size(picture)),
            played=self._played(post) if enclosures.likely(post.body) else (),
        )

    def _content(self, post: Post) -> str:
        at = places.absolute(self._settings, post.url)
        data = self._kept.made(
            "feedtext",
            [self._name(post), at],
            lambda: fragments.for_feed(self._texts.body(post), at).encode(),
        )
        return data.decode()

    def _played(self, post: Post) -> tuple[enclosures.Enclosure, ...]:
        at = places.absolute(self._settings, post.url)
        return enclosures.played(self._texts.body(post), at, self._settings.site_url, self._settings.docs)

    def _size(self, picture: Picture) -> int:
        """How many bytes the picture has; nearly always it was made before."""
        data = self._kept.get("output", address(picture.url.removeprefix(self._settings.site_url)))
        return len(cards.render(picture) if data is None else data)
