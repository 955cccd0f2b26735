"""A feed: RSS, Atom or JSON Feed, from a file or an address. What a feed does not hold cannot be carried: older posts, drafts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from byline.errors import UsageError
from byline.importing.files import group
from byline.importing.model import Blog, Entry, Note, clean, line, moment, names

MAX_BYTES = 50_000_000
_ENTITIES = re.compile(rb"<!ENTITY", re.I)


def read(source: str, zone: ZoneInfo, fetch: Callable[[str], bytes] | None) -> Blog:
    """The entries of the feed. Raises UsageError."""
    shown, data = _data(source, fetch)
    if data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{":
        return _json(shown, data, zone)
    if _ENTITIES.search(data) or _ENTITIES.search(data.replace(b"\0", b"")):
        raise UsageError(
            f"{shown} declares entities of its own, which no feed needs; it was not read",
            hint="take the feed as the site itself gives it",
        )
    import feedparser

    found = feedparser.parse(data, sanitize_html=False, resolve_relative_uris=False)
    if not found.get("version") and not found.entries:
        raise UsageError(
            f"{shown} is no feed",
            hint="take the address that the site's pages name as RSS or Atom, often /feed/ or /feed.xml",
        )
    notes = [
        Note(
            where=shown,
            reason="a feed holds the newest posts alone; for all of them take the export of the program",
        )
    ]
    top = found.feed
    base = line(top.get("link"))
    entries = [_entry(item, number, shown, base, zone, notes) for number, item in enumerate(found.entries, 1)]
    return Blog(
        title=line(top.get("title")), url=_site(base, source), entries=tuple(entries), notes=tuple(notes)
    )


def _data(source: str, fetch: Callable[[str], bytes] | None) -> tuple[str, bytes]:
    if re.match(r"https?://", source, re.I):
        if fetch is None:
            raise UsageError(
                "the feed lies on another server, which was not to be asked",
                hint="leave --no-fetch out, or save the feed as a file",
            )
        return source, fetch(source)
    path = Path(source)
    if not path.is_file():
        raise UsageError(
            f"there is no file {source} to bring posts from",
            hint="write `--from feed` with an address or a file",
        )
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB", hint="is it a feed?")
        return path.name, path.read_bytes()
    except OSError as error:
        raise UsageError(f"{source} cannot be read: {error.strerror}", hint="mend its rights") from None


def _site(base: str, source: str) -> str:
    return base or (source if source.startswith("http") else "")


def _entry(
    item: Mapping[str, Any], number: int, shown: str, base: str, zone: ZoneInfo, notes: list[Note]
) -> Entry:
    title = line(re.sub(r"<[^>]*>", "", str(item.get("title") or "")))
    where = f"{shown} “{title[:60]}”" if title else f"{shown} entry {number}"
    contents = [part for part in item.get("content") or [] if isinstance(part, Mapping)]
    whole = max((clean(part.get("value")) for part in contents), key=len, default="")
    summary = clean(item.get("summary"))
    if not whole:
        notes.append(
            Note(
                where=where,
                reason="the feed has no more than this of the text; what follows on the old site is missing",
            )
        )
    for enclosure in item.get("enclosures") or []:
        if not str(enclosure.get("type", "")).startswith("image/"):
            notes.append(
                Note(
                    where=where,
                    reason=f"the attached file {line(enclosure.get('href'))[:120]} was not carried",
                )
            )
    link = line(item.get("link"))
    tags = names([group(tag).get("term") or getattr(tag, "term", "") for tag in item.get("tags") or []])
    people = [line(person.get("name")) for person in item.get("authors") or [] if isinstance(person, Mapping)]
    pictures = [
        line(part.get("url"))
        for part in (item.get("media_content") or [])
        if isinstance(part, Mapping) and "image" in str(part.get("medium") or part.get("type"))
    ]
    pictures += [
        line(part.get("href"))
        for part in item.get("enclosures") or []
        if str(part.get("type", "")).startswith("image/")
    ]
    return Entry(
        source=where,
        title=title,
        slug=_slug(link),
        published=_moment(item, "published", zone) or _moment(item, "updated", zone),
        updated=_moment(item, "updated", zone),
        authors=tuple(dict.fromkeys(name for name in people if name and "@" not in name)),
        categories=tags[:1],
        tags=tags[1:],
        description=line(re.sub(r"<[^>]*>", " ", summary))[:300] if whole and summary != whole else "",
        picture=next(iter(pictures), ""),
        body=whole or summary,
        urls=(link,) if link else (),
    )


def _slug(link: str) -> str:
    try:
        parts = [part for part in urlsplit(link).path.split("/") if part]
    except ValueError:
        return ""
    return re.sub(r"\.(?:html?|php|aspx?)$", "", parts[-1]) if parts else ""


def _moment(item: Mapping[str, Any], key: str, zone: ZoneInfo) -> Any:
    item = (
        dict(item.items()) if isinstance(item, dict) else item
    )  # feedparser's own `get` would answer for another key
    found = moment(item.get(key), zone)
    if found is None and item.get(f"{key}_parsed"):
        try:
            year, month, day, hour, minute, second = item[f"{key}_parsed"][:6]
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except (ValueError, TypeError):
            return None
    return found


def _json(shown: str, data: bytes, zone: ZoneInfo) -> Blog:
    try:
        top = json.loads(data.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        top = None
    items = group(top).get("items")
    if not isinstance(items, list) or "jsonfeed.org" not in str(group(top).get("version")):
        raise UsageError(f"{shown} is no feed", hint="take the address that the site's pages name as a feed")
    entries = []
    for item in items:
        item = group(item)
        link = line(item.get("url"))
        people = item.get("authors") or group(top).get("authors") or [item.get("author")]
        tags = names(item.get("tags"))
        entries.append(
            Entry(
                source=f"{shown} “{line(item.get('title'))[:60]}”",
                title=line(item.get("title")),
                slug=_slug(link),
                published=moment(item.get("date_published"), zone),
                updated=moment(item.get("date_modified"), zone),
                authors=names([group(person).get("name") for person in people if isinstance(people, list)]),
                categories=tags[:1],
                tags=tags[1:],
                description=line(item.get("summary")),
                picture=line(item.get("image") or item.get("banner_image")),
                body=clean(item.get("content_html")) or clean(item.get("content_text")),
                form="html" if item.get("content_html") else "markdown",
                urls=(link,) if link else (),
            )
        )
    notes = (
        Note(
            where=shown,
            reason="a feed holds the newest posts alone; for all of them take the export of the program",
        ),
    )
    return Blog(
        title=line(group(top).get("title")),
        url=line(group(top).get("home_page_url")),
        entries=tuple(entries),
        notes=notes,
    )
