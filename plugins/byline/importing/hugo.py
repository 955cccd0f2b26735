"""Hugo: the folder of a site (`hugo.toml` or `config.*`, `content/`, `static/`).

Front matter in YAML, TOML and JSON, permalinks and bundles as in Hugo's own documentation (gohugo.io, read 2026-11-22).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from byline import links
from byline.errors import UsageError
from byline.importing import shortcodes
from byline.importing.files import group, settings, split, text_of, walk
from byline.importing.model import Blog, Entry, Note, Person, line, moment, names

_NAMES = (
    "hugo.toml",
    "hugo.yaml",
    "hugo.yml",
    "hugo.json",
    "config.toml",
    "config.yaml",
    "config.yml",
    "config.json",
)
CONFIG = (*_NAMES, *(f"config/_default/{name}" for name in _NAMES))
_SUFFIXES = (".md", ".markdown", ".mmark", ".html", ".htm", ".org", ".adoc", ".asciidoc", ".rst")
_READ = (".md", ".markdown", ".html", ".htm")


def read(path: Path, zone: ZoneInfo) -> Blog:
    """Every regular page with a day is a post, the others are pages. Raises UsageError."""
    notes: list[Note] = []
    config = settings(path, CONFIG, notes)
    content = path / (line(config.get("contentdir")) or "content")
    if not content.is_dir() or not content.resolve().is_relative_to(path.resolve()):
        raise UsageError(
            f"{path} is no site of Hugo: it has no folder `content`",
            hint="name the folder that holds hugo.toml and content/",
        )
    try:
        zone = ZoneInfo(line(config.get("timezone"))) if config.get("timezone") else zone
    except (ValueError, OSError, KeyError):
        notes.append(
            Note(where="settings", reason=f"there is no time zone {line(config.get('timezone'))[:40]}")
        )
    site = _Site(config, zone, notes)
    for file in walk(content, _SUFFIXES, notes, skip="."):
        site.take(file, file.relative_to(content).as_posix())
    return Blog(
        title=line(config.get("title")),
        url=line(config.get("baseurl")),
        entries=tuple(site.entries),
        people=MappingProxyType(site.people),
        notes=tuple(notes),
        roots=tuple(folder for folder in (content, path / "static", path / "assets") if folder.is_dir()),
    )


class _Site:
    def __init__(self, config: Mapping[str, Any], zone: ZoneInfo, notes: list[Note]) -> None:
        self.config, self.zone, self.notes = config, zone, notes
        self.language = line(config.get("defaultcontentlanguage")) or "en"
        self.languages = {str(key).lower() for key in group(config.get("languages"))}
        self.entries: list[Entry] = []
        self.people: dict[str, Person] = {}
        author = config.get("author") or group(config.get("params")).get("author")
        self.author = names(group(author).get("name") or (author if isinstance(author, str | list) else ""))

    def take(self, file: Path, path: str) -> None:
        """One file of `content/`."""
        shown = f"content/{path}"
        if file.suffix.lower() not in _READ:
            self.notes.append(Note(where=shown, reason=f"not carried: {file.suffix} is not Markdown"))
            return
        stem, language = _language(posixpath.splitext(path)[0], self.languages)
        if language and language != self.language:
            self.notes.append(
                Note(
                    where=shown,
                    reason=f"not carried: it is in another language ({language}); this site has one",
                )
            )
            return
        if posixpath.basename(stem) == "_index":
            self.notes.append(
                Note(where=shown, reason="not carried: it is the page of a list; Byline makes lists itself")
            )
            return
        text = text_of(file, shown, self.notes)
        found = split(text, shown, self.notes) if text is not None else None
        if found is None:
            if text is not None:
                self.notes.append(Note(where=shown, reason="not carried: it has no front matter"))
            return
        matter = {str(key).lower(): value for key, value in found[0].items()}
        if matter:
            self.entries.append(
                self._entry(matter, found[1], path, stem, shown, file.suffix.lower() in (".html", ".htm"))
            )

    def _entry(
        self, matter: Mapping[str, Any], text: str, path: str, stem: str, shown: str, is_html: bool
    ) -> Entry:
        def note(reason: str) -> None:
            self.notes.append(Note(where=shown, reason=reason))

        params = group(matter.get("params"))
        day = moment(matter.get("publishdate") or matter.get("date"), self.zone)
        if matter.get("date") and day is None:
            note(f"its day cannot be read: {line(str(matter['date']))[:40]}")
        expires = moment(matter.get("expirydate"), self.zone)
        draft = matter.get("draft") is True or str(matter.get("draft")).lower() == "true"
        if expires is not None:
            draft = True
            note("it has a day on which it ends, which Byline does not know; it is a draft now")
        bundle = posixpath.basename(stem) == "index"
        name = posixpath.basename(posixpath.dirname(stem)) if bundle else posixpath.basename(stem)
        section = path.partition("/")[0] if "/" in path else ""
        page = not section or (day is None and not draft) or matter.get("type") == "page"
        slug = line(str(matter.get("slug") or "")) or name
        cover, alt = _cover(matter, params)
        urls = [self._url(matter, stem, name, section, slug, day)] if not draft else []
        urls += [
            alias
            if alias.startswith("/")
            else posixpath.normpath(posixpath.join("/", posixpath.dirname(stem), alias))
            for alias in names(matter.get("aliases"))
        ]
        series = names(matter.get("series"))
        return Entry(
            source=shown,
            title=line(str(matter.get("title") or "")),
            slug=slug,
            published=day,
            updated=moment(matter.get("lastmod"), self.zone),
            draft=draft,
            page=page,
            authors=self._authors(matter, params),
            categories=names(matter.get("categories")),
            tags=names(matter.get("tags") or matter.get("keywords")),
            description=line(matter.get("description") or matter.get("summary")),
            picture=cover,
            picture_alt=alt,
            series=series[0] if series else "",
            body=text if is_html else shortcodes.hugo(text, note),
            form="html" if is_html else "markdown",
            urls=tuple(dict.fromkeys(urls)),
            path=path,
        )

    def _authors(self, matter: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[str, ...]:
        for source in (matter, params):
            given = source.get("authors") or source.get("author")
            items = given if isinstance(given, list) else [given]
            found = names([group(item).get("name") or item for item in items if item])
            if found:
                return found
        return self.author

    def _url(
        self, matter: Mapping[str, Any], stem: str, name: str, section: str, slug: str, day: date | None
    ) -> str:
        """The address that Hugo gave it."""
        own = line(str(matter.get("url") or ""))
        if own:
            return own if own.startswith(("/", "http")) else f"/{own}"
        folder = posixpath.dirname(posixpath.dirname(stem) if posixpath.basename(stem) == "index" else stem)
        permalinks = group(self.config.get("permalinks"))
        pattern = line(
            group(permalinks.get("page")).get(section)
            or permalinks.get(section)
            or permalinks.get(section.lower())
        )
        if pattern and day is not None:
            found = _filled(
                pattern,
                day,
                section=section,
                sections=folder,
                slug=slug,
                name=name,
                title=line(str(matter.get("title") or "")),
            )
        else:
            found = posixpath.join(
                "/", folder.lower(), slug if matter.get("slug") else name.lower().replace(" ", "-")
            )
        found = "/" + found.strip("/")
        return f"{found}.html" if self.config.get("uglyurls") is True else f"{found}/"


def _language(stem: str, languages: set[str]) -> tuple[str, str]:
    """`about.de` -> (`about`, `de`)."""
    base, _, last = posixpath.basename(stem).rpartition(".")
    if base and (last.lower() in languages or re.fullmatch(r"[a-z]{2}(?:-[a-z]{2})?", last)):
        return posixpath.join(posixpath.dirname(stem), base), last.lower()
    return stem, ""


def _cover(matter: Mapping[str, Any], params: Mapping[str, Any]) -> tuple[str, str]:
    for source in (matter, params):
        cover = source.get("cover")
        if isinstance(cover, dict):
            return line(cover.get("image")), line(cover.get("alt"))
        for key in ("image", "featured_image", "featuredimage", "thumbnail", "cover", "images", "banner"):
            found = names(source.get(key))
            if found:
                return found[0], line(source.get("image_alt") or source.get("imagealt"))
    return "", ""


def _filled(pattern: str, day: date, **words: str) -> str:
    """The permalink. A moment counts by its own clock."""
    at = day if isinstance(day, datetime) else datetime.combine(day, time())
    values = {
        "year": f"{at.year:04}", "month": f"{at.month:02}", "day": f"{at.day:02}", "monthname": f"{at:%B}".lower(),
        "weekday": str((at.weekday() + 1) % 7), "weekdayname": f"{at:%A}".lower(), "yearday": str(at.timetuple().tm_yday),
        "section": words["section"], "sections": words["sections"], "title": links.slug(words["title"]) if words["title"] else words["name"],
        "slug": words["slug"], "filename": words["name"], "contentbasename": words["name"], "slugorfilename": words["slug"],
        "slugorcontentbasename": words["slug"],
    }  # fmt: skip
    return re.sub(r":([a-z]+)(?:\[[^\]]*\])?", lambda match: values.get(match[1], match[0]), pattern)
