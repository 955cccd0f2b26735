"""Ghost: the JSON file of Settings, Export (versions 1 to 6).

Such a file holds the whole database, with members, keys and hashed passwords: of the people only names, biographies and
handles of authors are read, and nothing else of it is kept. Format as read in Ghost's own exporter and test exports,
2026-11-22.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from byline.errors import UsageError
from byline.importing import lexical, mobiledoc
from byline.importing.model import Blog, Entry, Note, Person, clean, line, moment

MAX_BYTES = 1_000_000_000
HERE = "__GHOST_URL__"
_UTC = ZoneInfo("UTC")


def read(path: Path, zone: ZoneInfo) -> Blog:
    """Posts, pages and authors. Raises UsageError."""
    tables = _tables(path)
    settings = {line(row.get("key")): row.get("value") for row in _rows(tables, "settings")}
    people = {line(row.get("id")): _person(row) for row in _rows(tables, "users")}
    tags = {line(str(row.get("id"))): row for row in _rows(tables, "tags")}
    meta = {line(str(row.get("post_id"))): row for row in _rows(tables, "posts_meta")}
    tagged = _related(_rows(tables, "posts_tags"), "tag_id")
    written = _related(_rows(tables, "posts_authors"), "author_id")
    notes: list[Note] = []
    entries = []
    for row in _rows(tables, "posts"):
        key = line(str(row.get("id")))
        entry = _entry(
            row,
            meta.get(key, {}),
            [tags[tag] for tag in tagged.get(key, ()) if tag in tags],
            written.get(key, ()),
            path.name,
            notes,
        )
        if entry is not None:
            entries.append(entry)
    members = len(_rows(tables, "members"))
    if members:
        notes.append(
            Note(
                where=path.name,
                reason=f"{members} members were not carried: they are personal data, and belong into a newsletter service or the CRM",
            )
        )
    if not entries:
        notes.append(Note(where=path.name, reason="it holds no posts"))
    return Blog(
        title=line(settings.get("title")),
        url=line(settings.get("url")) or "",
        entries=tuple(entries),
        people=MappingProxyType(people),
        notes=tuple(notes),
    )


def _tables(path: Path) -> Mapping[str, Any]:
    if path.stat().st_size > MAX_BYTES:
        raise UsageError(
            f"{path.name} is larger than {MAX_BYTES // 1_000_000_000} GB", hint="is it the export of Ghost?"
        )
    try:
        found = json.loads(path.read_bytes().decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        raise UsageError(
            f"{path.name} is no JSON file", hint="take the file of Ghost's Settings, Export your content"
        ) from None
    top = found.get("db") if isinstance(found, dict) else None
    inner = top[0] if isinstance(top, list) and top and isinstance(top[0], dict) else found
    data = inner.get("data") if isinstance(inner, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("posts"), list):
        raise UsageError(
            f"{path.name} is no export of Ghost: it has no posts",
            hint="take the file of Ghost's Settings, Export your content",
        )
    return data


def _rows(tables: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    rows = tables.get(name)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _related(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in sorted(
        rows, key=lambda row: row["sort_order"] if isinstance(row.get("sort_order"), int) else 0
    ):
        found.setdefault(line(str(row.get("post_id"))), []).append(line(str(row.get(key))))
    return found


def _person(row: Mapping[str, Any]) -> Person:
    return Person(
        name=line(row.get("name")),
        bio=line(row.get("bio")),
        url=line(row.get("website")),
        twitter=line(row.get("twitter")).rpartition("/")[2],
        picture=_here(line(row.get("profile_image") or row.get("image"))),
    )


def _here(text: str) -> str:
    """`__GHOST_URL__` stands for the site's own address: without it, a path."""
    return text.replace(HERE, "")


def _entry(
    row: Mapping[str, Any],
    meta: Mapping[str, Any],
    tags: Sequence[Mapping[str, Any]],
    authors: Sequence[str],
    file: str,
    notes: list[Note],
) -> Entry | None:
    title = line(row.get("title"))
    where = f"{file} “{title[:60]}”" if title else f"{file} post {line(str(row.get('id')))}"
    status, visibility = line(row.get("status")) or "draft", line(row.get("visibility")) or "public"
    draft = status not in ("published", "scheduled")
    if status == "sent":
        notes.append(Note(where=where, reason="it was only mailed, never public; it is a draft now"))
    if visibility != "public" and not draft:
        draft = True
        notes.append(
            Note(
                where=where,
                reason=f"only members could read it ({visibility[:40]}); it is a draft now, so that nobody sees it by mistake",
            )
        )
    for key in ("codeinjection_head", "codeinjection_foot"):
        if line(row.get(key)):
            notes.append(Note(where=where, reason="code that was injected into its page was left out"))
    page = row.get("type") == "page" or row.get("page") in (1, True)
    slug = line(row.get("slug"))
    shown = [
        line(tag.get("name"))
        for tag in tags
        if not line(tag.get("name")).startswith("#") and tag.get("visibility") != "internal"
    ]
    body, form = _body(row, where, notes)
    return Entry(
        source=where,
        title=title if title != "(Untitled)" else "",
        slug=slug,
        published=moment(_stamp(row.get("published_at")), _UTC),
        updated=moment(_stamp(row.get("updated_at")), _UTC),
        draft=draft,
        page=page,
        authors=tuple(authors) or tuple(line(str(row[key])) for key in ("author_id",) if row.get(key)),
        categories=tuple(shown[:1]),
        tags=tuple(shown[1:]),
        description=line(
            row.get("custom_excerpt") or meta.get("meta_description") or row.get("meta_description")
        ),
        picture=_here(line(row.get("feature_image") or row.get("image"))),
        picture_alt=line(meta.get("feature_image_alt")),
        body=_here(body),
        form="markdown" if form == "markdown" else "html",
        urls=(f"/{slug}/",) if slug and status == "published" else (),
    )


def _stamp(value: object) -> object:
    """Old exports have milliseconds since 1970."""
    from datetime import UTC, datetime

    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value / 1000, UTC)
        except (OverflowError, OSError, ValueError):
            return None
    return value


def _body(row: Mapping[str, Any], where: str, notes: list[Note]) -> tuple[str, str]:
    """The text as Ghost showed it; where it was never shown, out of the editor's own format."""
    html = clean(row.get("html"))
    if html.strip():
        return html, "html"

    def note(reason: str) -> None:
        notes.append(Note(where=where, reason=reason))

    for key, render in (("lexical", lexical.to_html), ("mobiledoc", mobiledoc.to_html)):
        written = row.get(key)
        if isinstance(written, str) and written.strip():
            try:
                return render(json.loads(written), note), "html"
            except (ValueError, RecursionError):
                note(f"its text ({key}) is broken")
    return (
        (clean(row.get("markdown")), "markdown")
        if row.get("markdown")
        else (clean(row.get("plaintext")), "markdown")
    )
