"""Former addresses: which become aliases, and where a link to one of them leads now."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from byline.importing.model import Entry
    from byline.importing.pictures import Pictures
    from byline.importing.writing import Placed

# What the site's builder and the starter make themselves.
_MADE = ("posts", "assets", "category", "author", "archive", "tags", "page", "pages", "thanks", "search", "site", "index", "404", "feed_rss_created.xml", "sitemap.xml", "byline.json")  # fmt: skip
_UTM = re.compile(r"utm_|fbclid|gclid", re.I)


def path_of(url: str, base: str) -> str:
    """The path of a former address, decoded; empty where it is another site's, or no path of its own."""
    try:
        parts = urlsplit(url.strip())
        own = not parts.netloc or _host(url) == _host(base)
    except ValueError:
        return ""
    path = unquote(parts.path)
    if not own or parts.scheme not in ("", "http", "https") or parts.query or "//" in path or "\\" in path:
        return ""
    path = f"/{path.lstrip('/')}"
    if any(part in (".", "..") for part in path.split("/")) or re.search(r"[\s<>\"?#\x00-\x1f]", path):
        return ""
    return path if path.strip("/") else ""


def reserved(path: str) -> bool:
    """Does this site make something of its own there?"""
    return path.strip("/").lower().partition("/")[0] in _MADE


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower().removeprefix("www.")


def _key(path: str) -> str:
    return path.strip("/").removesuffix("/index.html").lower()


class Addresses:
    """Every former address and every file of the old blog -> what it is now."""

    def __init__(
        self, base: str, site_url: str, placed: Sequence[Placed], now: datetime, zone: ZoneInfo
    ) -> None:
        from byline.importing.writing import instant

        self.base = base
        self.hosts = {_host(base), _host(site_url)} - {""}
        self.by_path: dict[str, Placed] = {}
        self.by_file: dict[str, Placed] = {}
        self.by_name: dict[str, list[Placed]] = {}
        self.taken: dict[str, str] = {}
        self._hidden = {
            item.file
            for item in placed
            if item.entry.draft or (not item.entry.page and instant(item.entry.published, zone) > now)
        }
        for item in placed:
            for url in item.entry.urls:
                path = path_of(url, base)
                if path:
                    self.by_path.setdefault(_key(path), item)
            if item.entry.path:
                self.by_file.setdefault(item.entry.path, item)
                self.by_name.setdefault(
                    posixpath.splitext(posixpath.basename(item.entry.path))[0], []
                ).append(item)
            own = f"posts/{item.entry.slug}" if not item.entry.page else _key(item.file.removesuffix(".md"))
            self.taken[own] = item.file

    def link(self, address: str, item: Placed, pictures: Pictures, note: Callable[[str], None]) -> str:
        """Where the link leads now: a file of this site, or the address; empty when it cannot stay a link."""
        address = address.strip()
        try:
            parts = urlsplit(address)
            host = (parts.hostname or "").lower().removeprefix("www.")
        except ValueError:
            note(f"the link {address[:120]} cannot be read; its words stayed")
            return ""
        scheme = re.sub(r"[\s\x00-\x1f]", "", parts.scheme).lower()
        if scheme not in ("", "http", "https", "mailto", "tel"):
            note(f"the link {address[:60]} was taken out; its words stayed")
            return ""
        if scheme in ("mailto", "tel") or (host and host not in self.hosts):
            return address.replace(" ", "%20")
        found = self._found(address, parts.path, item, host)
        fragment = f"#{parts.fragment}" if parts.fragment and not _UTM.search(parts.fragment) else ""
        if found is not None:
            if found.file in self._hidden and item.file not in self._hidden:
                note(f"the link {address[:120]} leads to a draft; its words stayed")
                return ""
            if found.file == item.file:
                return fragment or posixpath.basename(item.file)
            return posixpath.relpath(found.file, posixpath.dirname(item.file) or ".") + fragment
        kept = pictures.file(address, posixpath.dirname(item.entry.path))
        if not kept and re.search(r"\.(?:png|jpe?g|gif|webp|svg)$", parts.path, re.I):
            kept = pictures.picture(address, posixpath.dirname(item.entry.path))[0]
        if kept:
            return posixpath.relpath(kept, posixpath.dirname(item.file) or ".")
        if not parts.path and not host:
            return fragment
        whole = urljoin(self._of(item), address) if self.base else address
        if not whole.startswith(("http://", "https://")):
            note(f"the link {address[:120]} leads to something that was not carried; its words stayed")
            return ""
        note(
            f"the link {address[:120]} leads to something of the old site that was not carried; it is as it was"
        )
        return _untagged(whole).replace(" ", "%20")

    def _of(self, item: Placed) -> str:
        return urljoin(self.base, item.entry.urls[0]) if item.entry.urls else self.base

    def _found(self, address: str, path: str, item: Placed, host: str) -> Placed | None:
        path = unquote(path)
        if not host and path.strip("/") in self.by_file:
            return self.by_file[path.strip("/")]
        if not host and not path.startswith("/") and path:
            file = posixpath.normpath(posixpath.join(posixpath.dirname(item.entry.path), path))
            for name in (file, f"{file}.md", f"{file}/index.md"):
                if item.entry.path and name in self.by_file:
                    return self.by_file[name]
            alone = self.by_name.get(posixpath.splitext(posixpath.basename(path))[0], [])
            if path.endswith((".md", ".markdown")) and len(alone) == 1:  # Hugo finds a page by its name alone
                return alone[0]
            try:
                path = urlsplit(urljoin(self._of(item) or "https://x/", address)).path
            except ValueError:
                return None
        return self.by_path.get(_key(unquote(path))) if path.strip("/") else None


def _untagged(url: str) -> str:
    bare, _, fragment = url.partition("#")
    path, _, query = bare.partition("?")
    kept = "&".join(pair for pair in query.split("&") if pair and not _UTM.match(pair))
    return (
        path
        + (f"?{kept}" if kept else "")
        + (f"#{fragment}" if fragment and not _UTM.search(fragment) else "")
    )


def aliases(entry: Entry, base: str, where: Addresses, note: Callable[[str], None]) -> list[str]:
    """The former addresses that this site can answer to."""
    found: list[str] = []
    for url in entry.urls:
        path = path_of(url, base)
        if not path:
            if "?" in url:
                note(f"the former address {url[:120]} has a ? in it: a static site cannot lead from there")
            continue
        key = _key(path)
        if key in where.taken or reserved(path):
            if where.taken.get(key) != f"{entry.slug}" and key != f"posts/{entry.slug}":
                note(f"the former address {path[:120]} belongs to something else here")
            continue
        where.taken[key] = entry.slug
        found.append(path)
    return found
