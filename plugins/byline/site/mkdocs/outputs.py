"""The files besides the pages, each made from inputs that it names, and made again only when one of them changed.

A new output goes through `Outputs.keep` with all that it is made of, or through `Outputs.put`, which makes it in each
build. Nothing else need be known of the cache: a file that no build asks for is removed from the site.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from byline import cards
from byline.model import Picture, Post
from byline.settings import Settings
from byline.site import (
    ahead,
    aliases,
    editor,
    enclosures,
    feeds,
    feedstyle,
    fragments,
    hosting,
    images,
    llms,
    manifest,
    opml,
    places,
    renditions,
    sitemap,
)
from byline.site.ahead import Plan
from byline.site.halves import Half
from byline.site.kept import Kept, address, digest
from byline.site.mkdocs import theme
from byline.site.places import Listing
from byline.site.renditions import Rendition
from byline.site.written import Written

if TYPE_CHECKING:
    from byline.site.shown import Showing


class Texts(Protocol):
    """Where the HTML of posts comes from; `name` names all that is known of a post, its HTML too."""

    def body(self, post: Post) -> str: ...
    def name(self, post: Post) -> str: ...
    def fact(self, post: Post) -> str: ...


class Outputs:
    """Collects what a build must write; `pictures` maps an address on the site to how the picture is made."""

    def __init__(
        self, settings: Settings, now: datetime, kept: Kept, written: Written | None = None, base: str = ""
    ) -> None:
        """`written` is the site's folder where only changes are written to it; `base` names settings and environment."""
        self.settings = settings
        self.now = now
        self.kept = kept
        self.written = written
        self.base = base
        self.pictures: dict[str, images.Maker] = {}
        # The company's own picture files: address on the site -> source and its hash.
        self.own_pictures: dict[str, tuple[Path, str]] = {}
        self.needed: list[Rendition] = []  # by the page that is being filled
        self.diagrams = False
        self.plans: dict[str, Plan] = {}  # the pictures of each post, by its id
        self.begun: Half | None = None  # the process that makes some of them

        self.folder = Path()
        self.count = 0
        self.look_up: Callable[[], None] = lambda: (
            None
        )  # asked before each picture and feed; may end the build

    def need(self, rendition: Rendition) -> None:
        """A smaller size of a picture that stands in a text."""
        self.pictures[rendition.url] = rendition.make
        self.needed.append(rendition)

    def put(self, name: str, data: bytes) -> None:
        """A file of the site that is made in each build."""
        self.count += 1
        if self.written is not None:
            self.written.put(name, data)
            return
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def keep(
        self, name: str, parts: Sequence[Any], make: Callable[[], bytes], *, packed: bool = True
    ) -> None:
        """A file of the site that is made of `parts` alone (plain values) and of the program's code.

        `packed` is off for what is compressed already. What `make` reads must be in `parts`, by value or by hash.
        """
        self.look_up()
        holds = digest(name, *parts) if parts else address(name)
        if self.written is not None and self.written.claim(name, f"o:{holds}"):
            self.kept.still("output", [holds])
            self.count += 1
            return
        data = self.kept.get("output", holds)
        if data is None:
            data = make()
            self.kept.put("output", holds, data, packed=packed)
        if self.written is None:
            self.put(name, data)
        else:
            self.written.put(name, data, f"o:{holds}")
            self.count += 1

    def add_site_card(self, picture: Picture) -> None:
        """The picture of the pages that are no posts."""
        self.pictures[picture.url.removeprefix(self.settings.site_url)] = lambda: cards.render(picture)

    def write(self, folder: Path, shown: Showing, texts: Texts, pages: Sequence[str]) -> int:
        """Write everything into the folder of the site; the number of files."""
        self.folder = folder
        self._pictures()
        self._feeds(shown, texts)
        self._bare()
        site = shown.site
        for name, data in self._for_machines(shown).items():
            self.put(name, data)
        pictures = {key: entry.picture for key, entry in site.entries.items()}
        rows = [self.base, [[texts.fact(post), post.hash, pictures[post.id].url] for post in site.posts]]
        self.keep(places.MANIFEST, rows, lambda: manifest.write(site.posts, pictures, self.settings))
        taken = {aliases.file_of(url) for url in pages}
        for file, page in aliases.write(site.posts, self.settings).items():
            if file not in taken:
                self.put(file, page)
        chart = self._sitemap(shown, pages)
        self.put("sitemap.xml", chart)
        self.keep("sitemap.xml.gz", [chart], lambda: gzip.compress(chart, mtime=0), packed=False)
        return self.count

    def _pictures(self) -> None:
        """Their addresses are made of what went into them. Another process has begun with those of the posts."""
        halves_of = [
            half for half in (self.begun, ahead.begin(self._not_begun(), self.kept, self.written)) if half
        ]
        for url, make in self.pictures.items():
            for half in halves_of:
                if not half.mine(url):
                    self.kept.take(half.take() or {}, half.beside)
                    halves_of.remove(half)
                    break
            self.keep(url, [], make, packed=url.endswith(".svg"))
        for half in halves_of:
            half.leave()
        self.begun = None

    def drawn(self) -> bool:
        """Is no other process drawing pictures any more? What it has drawn is taken as soon as it is ready."""
        if self.begun is None:
            return True
        if not self.begun.ready():
            return False
        self.kept.take(self.begun.take() or {}, self.begun.beside)
        self.begun = None
        return True

    def _not_begun(self) -> dict[str, images.Maker]:
        """The smaller sizes of pictures in texts, which were not known when the cards were begun."""
        return {
            url: make for url, make in self.pictures.items() if self.begun is None or url not in self.begun
        }

    def _for_machines(self, shown: Showing) -> dict[str, bytes]:
        """What crawlers, feed readers and servers look for; a file of the company's own stays as it is."""
        site = shown.site
        made = hosting.files(self.settings)
        made["llms.txt"] = llms.write(site.posts, site.topics, self.settings)
        made[opml.FILE] = opml.write(site.listings(), self.settings)
        made = {name: data for name, data in made.items() if not (self.settings.docs / name).exists()}
        made |= editor.files(self.settings, site.authors, [topic.title for topic in site.topics])
        made[places.FEED_STYLE] = feedstyle.write(self.settings)
        if self.diagrams:
            made[f"{places.ASSETS}mermaid.min.js"] = theme.MERMAID.read_bytes()
        return made

    def _bare(self) -> None:
        """The company's own pictures without what cameras write into them; those that hold nothing are copied already."""
        for name, (path, sha) in self.own_pictures.items():
            if self.written is None:
                data = renditions.bare(path)
                if data != path.read_bytes():
                    self.put(name, data)
            elif not self.written.claim(name, f"b:{sha}"):
                self.written.put(name, renditions.bare(path), f"b:{sha}")

    def _feeds(self, shown: Showing, texts: Texts) -> None:
        """The feeds of every listing, from the newest posts of it."""
        site, settings = shown.site, self.settings
        items: dict[str, feeds.Item] = {}
        names: dict[str, str] = {}
        people = [asdict(author) for author in site.authors.values()]

        def item(post: Post) -> feeds.Item:
            if post.id not in items:
                address = places.absolute(settings, post.url)
                picture = site.entries[post.id].picture
                items[post.id] = feeds.Item(
                    post=post,
                    content=self._for_feed(texts, post, names[post.id], address),
                    card=enclosures.picture(picture.url, self._size(picture)),
                    played=self._played(texts, post) if enclosures.likely(post.body) else (),
                )
            return items[post.id]

        for listing in site.listings():
            newest = listing.posts[: settings.feeds.newest]
            for post in newest:
                if post.id not in names:
                    names[post.id] = digest(texts.name(post), site.entries[post.id].picture.url)
                    if enclosures.likely(post.body):
                        names[post.id] = digest(names[post.id], repr(self._played(texts, post)))
            cut = Listing(listing.title, listing.url, newest)
            parts = [
                self.base,
                listing.title,
                listing.url,
                [names[post.id] for post in newest],
                people,
                "" if newest else self.now.isoformat(),
            ]
            made: dict[str, bytes] = {}

            def one(url: str, cut: Listing = cut, made: dict[str, bytes] = made) -> bytes:
                if not made:
                    found = {post.id: item(post) for post in cut.posts}
                    made |= feeds.write(cut, found, settings, site.authors, self.now)
                return made[url]

            for file in places.FEEDS:
                url = listing.feed(file)
                self.keep(url, parts, lambda url=url, one=one: one(url))  # type: ignore[misc]

    def _played(self, texts: Texts, post: Post) -> tuple[enclosures.Enclosure, ...]:
        address = places.absolute(self.settings, post.url)
        return enclosures.played(texts.body(post), address, self.settings.site_url, self.settings.docs)

    def _size(self, picture: Picture) -> int:
        """How many bytes the picture has: `_pictures` has made it."""
        data = self.kept.get("output", address(picture.url.removeprefix(self.settings.site_url)))
        return len(cards.render(picture) if data is None else data)

    def _for_feed(self, texts: Texts, post: Post, name: str, address: str) -> str:
        data = self.kept.made(
            "feedtext", [name, address], lambda: fragments.for_feed(texts.body(post), address).encode()
        )
        return data.decode()

    def _sitemap(self, shown: Showing, pages: Sequence[str]) -> bytes:
        """A post's own date; a list's newest post's; nothing where nobody knows."""
        site = shown.site
        changed: dict[str, datetime | None] = {
            post.url: (post.updated or post.published) for post in site.posts
        }
        for listing in site.listings():
            changed[listing.url] = max(
                (post.updated or post.published for post in listing.posts), default=None
            )
        elsewhere = {post.url for post in site.posts if post.canonical_url}
        rows = [(url, changed.get(url)) for url in pages if url != places.THANKS and url not in elsewhere]
        return sitemap.write(rows, self.settings)
