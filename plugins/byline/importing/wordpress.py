"""WordPress: the file of Tools, Export (WXR 1.0 to 1.2).

Format as read in WordPress' own exporter and importer (wp-admin/includes/export.php, wordpress-importer, 2026-11-22).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from byline.errors import UsageError
from byline.importing.model import Blog, Entry, Note, Person, clean, line, moment
from byline.importing.wptext import to_html

MAX_BYTES = 2_000_000_000
_BAD_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BAD_REFERENCE = re.compile(rb"&#(?:x0*(?:[0-8bcef]|1[0-9a-f])|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));", re.I)
_LEFT = {
    "trash": "it lies in the bin",
    "auto-draft": "it was never saved",
    "inherit": "it is an older version",
}
_DESCRIPTIONS = (
    "_yoast_wpseo_metadesc",
    "rank_math_description",
    "_aioseo_description",
    "_aioseop_description",
)
# What WordPress keeps beside posts and pages that no blog shows as a text.
_QUIET = frozenset(["attachment", "revision", "nav_menu_item", "custom_css", "customize_changeset", "oembed_cache", "user_request", "wp_block", "wp_template", "wp_template_part", "wp_global_styles", "wp_navigation", "wp_font_family", "wp_font_face"])  # fmt: skip


@dataclass
class _Item:
    """One `<item>` as written."""

    fields: dict[str, str] = field(default_factory=dict)
    terms: list[tuple[str, str]] = field(default_factory=list)
    meta: dict[str, list[str]] = field(default_factory=dict)
    comments: int = 0
    line: int = 0


def read(path: Path, zone: ZoneInfo) -> Blog:
    """Posts, pages, people, the words of pictures; comments are counted, not carried. Raises UsageError."""
    top, people, items, broken = _parse(path)
    notes = [Note(where=path.name, reason=reason) for reason in broken]
    base = top.get("base_blog_url") or top.get("link") or ""
    media = {
        item.fields.get("post_id", ""): item for item in items if item.fields.get("post_type") == "attachment"
    }
    urls = {
        key: line(item.fields.get("attachment_url") or item.fields.get("guid")) for key, item in media.items()
    }
    alts = {
        urls[key]: line((item.meta.get("_wp_attachment_image_alt") or [""])[0]) for key, item in media.items()
    }
    below: dict[str, list[str]] = {}
    for key, item in media.items():
        below.setdefault(item.fields.get("post_parent", ""), []).append(urls[key])
    entries, others = [], Counter[str]()
    for item in items:
        kind = item.fields.get("post_type", "post")
        if kind in ("post", "page"):
            entry = _entry(item, urls, below, path.name, base, zone, notes)
            if entry is not None:
                entries.append(entry)
        elif kind not in _QUIET:
            others[kind] += 1
    comments = sum(item.comments for item in items)
    if comments:
        notes.append(
            Note(
                where=path.name,
                reason=f"{comments} comments were not carried: they are their writers' personal data",
            )
        )
    for kind, number in others.items():
        notes.append(
            Note(
                where=path.name,
                reason=f"{number} entries of the kind `{line(kind)[:40]}` were not carried: they are neither posts nor pages",
            )
        )
    return Blog(
        title=line(top.get("title")),
        url=line(base),
        entries=tuple(entries),
        people=MappingProxyType(people),
        notes=tuple(notes),
        alts=MappingProxyType({url: alt for url, alt in alts.items() if url and alt}),
    )


def _parse(path: Path) -> tuple[dict[str, str], dict[str, Person], list[_Item], list[str]]:
    """The channel's own fields, the people, the items, and what was wrong with the bytes. No entity is ever followed."""
    from lxml import etree

    if path.stat().st_size > MAX_BYTES:
        raise UsageError(
            f"{path.name} is larger than {MAX_BYTES // 1_000_000_000} GB",
            hint="export it in parts: Tools, Export, by year",
        )
    parser = etree.XMLPullParser(
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_pis=True,
    )
    top, people, items, broken = dict[str, str](), dict[str, Person](), list[_Item](), Counter[str]()
    begun = False
    try:
        for chunk in _chunks(path, broken):
            parser.feed(chunk)
            for event, element in parser.read_events():
                if not begun and event == "start":
                    begun = True
                    if element.getroottree().docinfo.internalDTD is not None:
                        raise _foreign(
                            path, "it declares entities of its own, which no export of WordPress does"
                        )
                    if _name(element) != "rss":
                        raise _foreign(path, f"it begins with <{_name(element)[:40]}>, not with <rss>")
                if event == "end":
                    _take(element, top, people, items)
        parser.close()
    except etree.XMLSyntaxError as error:
        raise UsageError(
            f"{path.name} is no whole export of WordPress: {line(error.msg)[:160]}",
            hint="export it again (Tools, Export, All content); a file that was cut off while downloading cannot be read",
        ) from None
    if not items and not top:
        raise _foreign(path, "it holds no channel")
    reasons = {
        "byte": "{} characters that no XML file may hold were taken out",
        "text": "{} places are not UTF-8; a mark stands there instead of the letter",
    }
    return top, people, items, [reasons[key].format(number) for key, number in broken.items()]


def _foreign(path: Path, why: str) -> UsageError:
    return UsageError(
        f"{path.name} is no export of WordPress: {why}",
        hint="take the XML file of Tools, Export, All content",
    )


def _chunks(path: Path, broken: Counter[str]) -> Iterator[bytes]:
    """The file as UTF-8 that an XML parser accepts, piece by piece."""
    import codecs

    with path.open("rb") as file:
        head = file.read(4096)
        declared = re.search(rb"encoding=[\"']([A-Za-z0-9._-]+)", head[:200])
        try:
            encoding = codecs.lookup(declared[1].decode() if declared else "utf-8").name
        except LookupError:
            encoding = "utf-8"
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            encoding = "utf-16"
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        data, first = head, True
        while data:
            text = decoder.decode(data)
            broken["text"] += text.count("\ufffd")
            if first:
                text = re.sub(
                    r"(<\?xml[^>]*?)\s+encoding=[\"'][^\"']*[\"']",
                    r"\1",
                    text.lstrip("\ufeff \r\n\t"),
                    count=1,
                )
                first = False
            piece = text.encode("utf-8", "replace")
            piece, bad = _BAD_BYTES.subn(b"", piece)
            piece, worse = _BAD_REFERENCE.subn(b"", piece)
            broken["byte"] += bad + worse
            yield piece
            data = file.read(262_144)
        tail = decoder.decode(b"", final=True)
        if tail:
            broken["text"] += tail.count("\ufffd")
            yield tail.encode()
    for key in [key for key, number in broken.items() if not number]:
        del broken[key]


def _name(element: Any) -> str:
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


def _space(element: Any) -> str:
    """`wp`, `content`, `excerpt`, `dc` or nothing, whatever the version of the format."""
    space = str(element.tag).partition("}")[0]
    for word, mark in (
        ("excerpt", "/excerpt/"),
        ("content", "modules/content"),
        ("dc", "purl.org/dc"),
        ("wp", "wordpress.org/export"),
    ):
        if mark in space:
            return word
    return ""


def _text(element: Any) -> str:
    return clean("".join(element.itertext()))


def _take(element: Any, top: dict[str, str], people: dict[str, Person], items: list[_Item]) -> None:
    """What an element that just ended tells; it is emptied afterwards, so that the file never stands in memory whole."""
    name, parent = _name(element), element.getparent()
    above = _name(parent) if parent is not None else ""
    if name == "author" and _space(element) == "wp":
        found = {_name(child): _text(child) for child in element}
        whole = line(f"{found.get('author_first_name', '')} {found.get('author_last_name', '')}")
        login = line(found.get("author_login"))
        people[login] = Person(name=line(found.get("author_display_name")) or whole or login)
        element.clear()
    elif name == "item":
        items.append(_item(element))
        element.clear()
        while element.getprevious() is not None:
            del parent[0]
    elif above == "channel" and name in ("title", "link", "base_blog_url", "language"):
        top.setdefault(name, line(_text(element)))


def _item(element: Any) -> _Item:
    found = _Item(line=element.sourceline or 0)
    for child in element:
        name, space = _name(child), _space(child)
        if name == "category":
            found.terms.append((str(child.get("domain") or "category"), line(_text(child))))
        elif name == "postmeta":
            pair = {_name(part): _text(part) for part in child}
            found.meta.setdefault(pair.get("meta_key", ""), []).append(pair.get("meta_value", ""))
        elif name == "comment":
            found.comments += 1
        elif name:
            found.fields[f"{space}:{name}" if space in ("content", "excerpt") else name] = _text(child)
    return found


def _entry(
    item: _Item,
    media: Mapping[str, str],
    below: Mapping[str, list[str]],
    file: str,
    base: str,
    zone: ZoneInfo,
    notes: list[Note],
) -> Entry | None:
    fields = item.fields
    status, page = line(fields.get("status")) or "publish", fields.get("post_type") == "page"
    title = line(fields.get("title"))
    where = f"{file}:{item.line} “{title[:60]}”" if title else f"{file}:{item.line}"
    if status in _LEFT:
        notes.append(Note(where=where, reason=f"not carried: {_LEFT[status]}"))
        return None
    draft = status not in ("publish", "future")
    if status == "private" or line(fields.get("post_password")):
        draft = True
        notes.append(
            Note(
                where=where,
                reason="it was private or had a password; it is a draft now, so that nobody sees it by mistake",
            )
        )
    local, universal = (
        moment(fields.get("post_date"), zone),
        moment(fields.get("post_date_gmt"), ZoneInfo("UTC")),
    )
    link = line(fields.get("link"))
    old = [line(slug) for slug in item.meta.get("_wp_old_slug", ()) if line(slug)]
    urls = [link] if link and not draft else []
    urls += [
        link.rstrip("/").rpartition("/")[0] + f"/{slug}/"
        for slug in old
        if link.count("/") > 3 and "?" not in link
    ]
    cover = media.get(line((item.meta.get("_thumbnail_id") or [""])[0]), "")
    described = next(
        (text for key in _DESCRIPTIONS for text in item.meta.get(key, ()) if line(text) and "%%" not in text),
        "",
    )
    body = to_html(
        fields.get("content:encoded", ""),
        media,
        below.get(fields.get("post_id", ""), ()),
        lambda reason: notes.append(Note(where=where, reason=reason)),
    )
    published = _zoned(local, universal)
    return Entry(
        source=where,
        title=title,
        slug=line(fields.get("post_name")),
        published=published,
        updated=_zoned(
            moment(fields.get("post_modified"), zone),
            moment(fields.get("post_modified_gmt"), ZoneInfo("UTC")),
        ),
        draft=draft,
        page=page,
        authors=(line(fields.get("creator")),) if line(fields.get("creator")) else (),
        categories=tuple(
            name for domain, name in item.terms if domain == "category" and name and name != "Uncategorized"
        ),
        tags=tuple(name for domain, name in item.terms if domain in ("post_tag", "tag") and name),
        description=described or fields.get("excerpt:encoded", ""),
        picture=cover,
        body=body,
        urls=tuple(dict.fromkeys(urls)),
    )


def _zoned(local: datetime | date | None, universal: datetime | date | None) -> datetime | date | None:
    """The moment with the offset of the old site's clock: the difference of the two clocks that the export has."""
    if not isinstance(local, datetime) or not isinstance(universal, datetime):
        return universal or local
    offset = local.replace(tzinfo=UTC) - universal
    minutes = round(offset / timedelta(minutes=1))
    return (
        universal.astimezone(timezone(timedelta(minutes=minutes))) if abs(minutes) <= 14 * 60 else universal
    )
