"""The files besides the pages, written into the finished site."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from byline import cards
from byline.model import Picture
from byline.settings import Settings
from byline.site import (
    aliases,
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
from byline.site.mkdocs import theme
from byline.site.renditions import Rendition

if TYPE_CHECKING:
    from byline.site.mkdocs.shown import Shown


class Outputs:
    """Collects what a build must write; `pictures` maps an address on the site to how the picture is made."""

    def __init__(self, settings: Settings, now: datetime) -> None:
        self.settings = settings
        self.now = now
        self.pictures: dict[str, images.Maker] = {}
        self.own_pictures: dict[
            str, Path
        ] = {}  # the company's own picture files: address on the site -> source
        self.diagrams = False

    def need(self, rendition: Rendition) -> None:
        """A smaller size of a picture that stands in a text."""
        self.pictures[rendition.url] = rendition.make

    def add_site_card(self, picture: Picture) -> None:
        """The picture of the pages that are no posts."""
        self.pictures[picture.url.removeprefix(self.settings.site_url)] = lambda: cards.render(picture)

    def write(self, folder: Path, shown: Shown, bodies: Mapping[str, str], pages: Sequence[str]) -> int:
        """Write everything into the folder of the site; the number of files."""
        made = self._pictures() | self._feeds(shown, bodies) | self._bare()
        site = shown.site
        made |= self._for_machines(folder, shown)
        made[places.MANIFEST] = manifest.write(
            site.posts, {key: entry.picture for key, entry in site.entries.items()}, self.settings
        )
        taken = {aliases.file_of(url) for url in pages}
        for file, page in aliases.write(site.posts, self.settings).items():
            if file not in taken:
                made[file] = page
        made["sitemap.xml"] = self._sitemap(shown, pages)
        made["sitemap.xml.gz"] = gzip.compress(made["sitemap.xml"], mtime=0)
        for name, data in made.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return len(made)

    def _for_machines(self, folder: Path, shown: Shown) -> dict[str, bytes]:
        """What crawlers, feed readers and servers look for; a file of the company's own stays as it is."""
        site = shown.site
        made = hosting.files(self.settings)
        made["llms.txt"] = llms.write(site.posts, site.topics, self.settings)
        made[opml.FILE] = opml.write(site.listings(), self.settings)
        made = {name: data for name, data in made.items() if not (self.settings.docs / name).exists()}
        made[places.FEED_STYLE] = feedstyle.write(self.settings)
        if self.diagrams:
            made[f"{places.ASSETS}mermaid.min.js"] = theme.MERMAID.read_bytes()
        return made

    def _bare(self) -> dict[str, bytes]:
        """The company's own pictures without what cameras write into them; those that hold nothing are copied already."""
        found = ((url, path, renditions.bare(path)) for url, path in self.own_pictures.items())
        return {url: data for url, path, data in found if data != path.read_bytes()}

    def _pictures(self) -> dict[str, bytes]:
        kept = images.Kept(self.settings.state / "cache" / "pictures")
        return {url: kept.get(url, make) for url, make in self.pictures.items()}

    def _feeds(self, shown: Shown, bodies: Mapping[str, str]) -> dict[str, bytes]:
        site = shown.site
        items = {
            post.id: feeds.Item(
                post=post,
                content=fragments.for_feed(bodies.get(post.id, ""), places.absolute(self.settings, post.url)),
                card=site.entries[post.id].picture.url,
            )
            for post in site.posts
        }
        made: dict[str, bytes] = {}
        for listing in site.listings():
            made |= feeds.write(listing, items, self.settings, site.authors, self.now)
        return made

    def _sitemap(self, shown: Shown, pages: Sequence[str]) -> bytes:
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
