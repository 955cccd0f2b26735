"""The files besides the pages, each made from inputs that it names, and made again only when one of them changed.

A new output goes through `Outputs.keep` with all that it is made of, or through `Outputs.put`, which makes it in each
build. Nothing else need be known of the cache: a file that no build asks for is removed from the site.
"""

from __future__ import annotations

import gc
import gzip
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byline import cards
from byline.model import Picture
from byline.settings import Settings
from byline.site import (
    ahead,
    aliases,
    editor,
    feedstyle,
    hosting,
    images,
    llms,
    manifest,
    opml,
    places,
    renditions,
    second,
    sitemap,
)
from byline.site.ahead import Plan
from byline.site.kept import Kept, address, digest
from byline.site.mkdocs import theme
from byline.site.mkdocs.feeding import Feeding, Texts
from byline.site.renditions import Rendition
from byline.site.second import Second
from byline.site.written import Written

if TYPE_CHECKING:
    from byline.site.shown import Showing

_MANY = 3  # pages whose feeds are missing, for which a second process pays


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
        self._fed: Feeding | None = None
        self.begun: Second | None = None  # the process that makes some of them

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
        self._keep(name, digest(name, *parts) if parts else address(name), make, packed=packed)

    def _keep(self, name: str, holds: str, make: Callable[[], bytes], *, packed: bool = True) -> None:
        self.look_up()
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
        feeding = self._feeding(shown, texts)
        makers = self._makers(feeding)
        self._finish(makers)
        helper = self._helper(makers, feeding)
        try:
            for name, make in makers.items():
                if helper is not None:
                    helper.before(name)
                make()
        finally:
            if helper is not None:
                helper.leave()
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

    def begin(self, shown: Showing, texts: Texts) -> bool:
        """Another process begins with what is missing, when every text is known and nobody draws. False: none does.

        It ends while pages are still being rendered, and its memory is free for one that renders.
        """
        self.begun = None
        if self._fed is None:
            feeding = self._feeding(shown, texts)
            self.begun = self._helper(self._makers(feeding), feeding)
        return self.begun is not None

    def drawn(self) -> bool:
        """Is no other process at work? What it has made is taken as soon as it is ready."""
        return self.begun is None or self.begun.ended()

    def _feeding(self, shown: Showing, texts: Texts) -> Feeding:
        if self._fed is None:
            self._fed = Feeding(self.settings, self.now, self.kept, self.base, shown, texts)
        return self._fed

    def _makers(self, feeding: Feeding) -> dict[str, partial[None]]:
        """What brings each picture, and the feeds of each page, into the site's folder."""
        pictures = {url: partial(self._picture, url) for url in self.pictures}
        return pictures | {url: partial(self._feeds, feeding, url) for url in feeding.listings}

    def _picture(self, url: str) -> None:
        """Its address is made of what went into it."""
        self.keep(url, [], self.pictures[url], packed=url.endswith(".svg"))

    def _feeds(self, feeding: Feeding, listing: str) -> None:
        for url, holds, make in feeding.makers(listing):
            self._keep(url, holds, make)

    def _finish(self, makers: dict[str, partial[None]]) -> None:
        """Where a process that has begun with some of these is still at it, it gets help from the other end."""
        begun = self.begun
        if begun is None or begun.ended():
            return
        for name in [name for name in makers if name in begun]:
            if begun.before(name):
                return
            makers.pop(name)()
        begun.leave()

    def _helper(self, makers: Mapping[str, partial[None]], feeding: Feeding) -> Second | None:
        """Another process for those that neither the site's folder nor the cache has, where they are many."""
        pictures = ahead.missing(self.pictures, self.kept, self.written)
        listings = [url for url, names in feeding.listings.items() if not self._there(names)]
        new = [name for name in (*pictures, *listings) if name in makers]
        if len(new) < ahead.MANY and len(listings) < _MANY:
            return None

        def prepare(apart: Written | None) -> None:
            self.written = apart

        def make(name: str) -> None:
            makers[name]()
            gc.collect(0)  # what feeds are made of holds itself

        return second.begin(new, make, self.kept, self.written, prepare)

    def _there(self, names: Mapping[str, str]) -> bool:
        """Are all of these (address -> what it is kept as) in the site's folder or in the cache?"""
        in_folder = self.written.holds if self.written is not None else lambda _name, _holds: False
        return all(
            in_folder(url, f"o:{holds}") or self.kept.has("output", holds) for url, holds in names.items()
        )

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
