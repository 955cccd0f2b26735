"""Jekyll: the folder of a site (`_config.yml`, `_posts/`, `_drafts/`).

Names of files, permalinks and Liquid as in Jekyll's own documentation (jekyllrb.com, read 2026-11-22).
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

_POST = re.compile(r"(?P<day>\d{4}-\d{1,2}-\d{1,2})-(?P<slug>.+)")
_STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}
_SUFFIXES = (".md", ".markdown", ".mkd", ".mkdn", ".mkdown", ".html", ".htm", ".textile")
_NOT_PAGES = frozenset(["index", "404", "feed", "search", "sitemap", "robots", "archive", "archives", "tags", "categories", "readme", "contributing", "license", "changelog", "gemfile"])  # fmt: skip


def read(path: Path, zone: ZoneInfo) -> Blog:
    """Posts, drafts, pages. Raises UsageError."""
    notes: list[Note] = []
    config = settings(path, ("_config.yml", "_config.yaml", "_config.toml"), notes)
    root = path / (line(config.get("source")) or ".")
    if not root.resolve().is_relative_to(path.resolve()) or (
        not any((root / name).is_dir() for name in ("_posts", "_drafts")) and not list(root.glob("*/_posts"))
    ):
        raise UsageError(
            f"{path} is no site of Jekyll: it has no folder `_posts`",
            hint="name the folder that holds _config.yml and _posts/",
        )
    try:
        zone = ZoneInfo(line(config.get("timezone"))) if config.get("timezone") else zone
    except (ValueError, OSError, KeyError):
        notes.append(
            Note(where="_config.yml", reason=f"there is no time zone {line(config.get('timezone'))[:40]}")
        )
    site = _Site(root, config, zone, notes)
    site.run()
    return Blog(
        title=line(config.get("title")),
        url=line(config.get("url")) + ("/" if line(config.get("url")) else ""),
        entries=tuple(site.entries),
        people=MappingProxyType(site.people),
        notes=tuple(notes),
        roots=(root,),
    )


class _Site:
    def __init__(self, root: Path, config: Mapping[str, Any], zone: ZoneInfo, notes: list[Note]) -> None:
        self.root, self.config, self.zone, self.notes = root, config, zone, notes
        self.entries: list[Entry] = []
        base = line(config.get("baseurl")).strip("/")
        self.base = f"/{base}" if base else ""
        self.people = _people(
            group(settings(root, ("_data/authors.yml", "_data/authors.yaml", "_data/authors.json"), notes))
        )
        author = config.get("author")
        self.author = names(group(author).get("name") or (author if isinstance(author, str) else ""))
        self.posts: dict[str, str] = {}

    def run(self) -> None:
        """Everything; the names of posts first, since texts name them."""
        folders = sorted(
            {
                *self.root.glob("_posts"),
                *self.root.glob("[!._]*/_posts"),
                *self.root.glob("[!._]*/[!._]*/_posts"),
            }
        )
        drafts = sorted({*self.root.glob("_drafts"), *self.root.glob("[!._]*/_drafts")})
        files = [
            (file, folder, folder.name == "_drafts")
            for folder in (*folders, *drafts)
            if not folder.is_symlink()
            for file in walk(folder, _SUFFIXES, self.notes, skip=".")
        ]
        for file, folder, _ in files:
            name = posixpath.splitext(file.relative_to(folder).as_posix())[0]
            self.posts[name] = self.posts[posixpath.basename(name)] = file.relative_to(self.root).as_posix()
        for file, folder, draft in files:
            above = folder.parent.relative_to(self.root).as_posix()
            self.take(file, draft=draft, folders=() if above == "." else tuple(above.split("/")))
        for file in walk(self.root, (".md", ".markdown", ".html"), self.notes):
            if posixpath.splitext(file.name)[0].lower() not in _NOT_PAGES:
                self.take(file, page=True)

    def take(
        self, file: Path, *, draft: bool = False, page: bool = False, folders: tuple[str, ...] = ()
    ) -> None:
        """One file."""
        path = file.relative_to(self.root).as_posix()
        if file.suffix == ".textile":
            self.notes.append(Note(where=path, reason="not carried: Textile is not Markdown"))
            return
        text = text_of(file, path, self.notes)
        found = split(text, path, self.notes) if text is not None else None
        if found is None:
            if text is not None and not page:
                self.notes.append(Note(where=path, reason="not carried: it has no front matter"))
            return
        name = _POST.fullmatch(posixpath.splitext(file.name)[0])
        if name is None and not draft and not page:
            self.notes.append(
                Note(
                    where=path,
                    reason="not carried: the name of a post begins with its day, 2020-01-31-like-this.md",
                )
            )
            return
        matter = self._defaults(path, "pages" if page else "posts") | {
            str(key).lower(): value for key, value in found[0].items()
        }
        if not page or matter.get("title"):
            self.entries.append(self._entry(matter, found[1], path, name, draft, page, folders))

    def _defaults(self, path: str, kind: str) -> dict[str, Any]:
        """The values of `defaults` in the settings whose scope holds the file."""
        found: dict[str, Any] = {}
        rules = self.config.get("defaults")
        for rule in rules if isinstance(rules, list) else []:
            scope = group(group(rule).get("scope"))
            folder = line(scope.get("path")).strip("/")
            if (not folder or path.startswith(folder)) and scope.get("type") in (None, "", kind):
                found |= {str(key).lower(): value for key, value in group(group(rule).get("values")).items()}
        return found

    def _entry(
        self,
        matter: Mapping[str, Any],
        text: str,
        path: str,
        name: re.Match[str] | None,
        draft: bool,
        page: bool,
        folders: tuple[str, ...],
    ) -> Entry:
        def note(reason: str) -> None:
            self.notes.append(Note(where=path, reason=reason))

        usual = name["slug"] if name else posixpath.splitext(posixpath.basename(path))[0]
        slug = line(str(matter.get("slug") or "")) or usual
        day = moment(matter.get("date"), self.zone) or (
            moment(_padded(name["day"]), self.zone) if name else None
        )
        draft = draft or matter.get("published") is False or matter.get("draft") is True
        categories = (*folders, *names(matter.get("categories") or matter.get("category"), split=r"[\s,]+"))
        title = line(str(matter.get("title") or "")) or usual.replace("-", " ").capitalize()
        known = {
            "site.baseurl": self.base,
            "site.url": line(self.config.get("url")),
            "page.title": title,
            "site.title": line(self.config.get("title")),
            "site.email": "",
            "page.date": "",
        }
        body = shortcodes.jekyll(text, note, post=self._post, site=known)
        mark = line(matter.get("excerpt_separator") or self.config.get("excerpt_separator"))
        if mark and mark in body:
            body = body.replace(mark, "\n\n<!-- more -->\n\n", 1)
        image = (
            matter.get("image")
            or matter.get("cover")
            or matter.get("thumbnail")
            or group(matter.get("header")).get("image")
        )
        picture = group(image).get("path") or group(image).get("src") or image
        urls = [self._url(matter, path, slug, day, categories, page)] if not draft else []
        urls += [f"/{alias.lstrip('/')}" for alias in names(matter.get("redirect_from"))]
        return Entry(
            source=path,
            title=title,
            slug=slug,
            published=day,
            updated=moment(matter.get("last_modified_at") or matter.get("updated"), self.zone),
            draft=draft,
            page=page,
            authors=self._authors(matter),
            categories=tuple(dict.fromkeys(categories)),
            tags=names(matter.get("tags") or matter.get("tag"), split=r"[\s,]+"),
            description=line(matter.get("description") or matter.get("excerpt")),
            picture=line(picture),
            picture_alt=line(group(image).get("alt") or matter.get("image_alt")),
            series=line(matter.get("series")),
            body=body,
            form="html" if path.endswith((".html", ".htm")) else "markdown",
            urls=tuple(dict.fromkeys(url for url in urls if url)),
            path=path,
        )

    def _post(self, name: str) -> str:
        """The file of a post that a text names, from the top of the site."""
        found = self.posts.get(name) or self.posts.get(posixpath.basename(name))
        return f"/{found}" if found else ""

    def _authors(self, matter: Mapping[str, Any]) -> tuple[str, ...]:
        given = matter.get("authors") or matter.get("author")
        items = given if isinstance(given, list) else [given]
        return names([group(item).get("name") or item for item in items if item]) or self.author

    def _url(
        self,
        matter: Mapping[str, Any],
        path: str,
        slug: str,
        day: date | None,
        categories: tuple[str, ...],
        page: bool,
    ) -> str:
        """The address that Jekyll gave it."""
        own = line(str(matter.get("permalink") or ""))
        style = own or ("" if page else line(self.config.get("permalink")) or "date")
        if page and not own:
            pretty = line(self.config.get("permalink")) in ("pretty",) or line(
                self.config.get("permalink")
            ).endswith("/")
            return f"{self.base}/{posixpath.splitext(path)[0]}" + ("/" if pretty else ".html")
        pattern = _STYLES.get(style, style)
        at = day if isinstance(day, datetime) else datetime.combine(day or date(2000, 1, 1), time())
        values = {
            "categories": "/".join(links.slug(name) for name in categories), "year": f"{at.year:04}", "short_year": f"{at:%y}", "month": f"{at.month:02}",
            "i_month": str(at.month), "day": f"{at.day:02}", "i_day": str(at.day), "y_day": f"{at.timetuple().tm_yday:03}", "hour": f"{at:%H}",
            "minute": f"{at:%M}", "second": f"{at:%S}", "title": slug, "slug": links.slug(slug), "output_ext": ".html", "short_month": f"{at:%b}",
            "long_month": f"{at:%B}", "week": f"{at.isocalendar().week:02}", "short_day": f"{at:%a}", "long_day": f"{at:%A}", "path": posixpath.dirname(path),
            "basename": slug, "collection": "posts", "name": slug,
        }  # fmt: skip
        found = re.sub(r":([a-z_]+)", lambda match: values.get(match[1], match[0]), pattern)
        found = re.sub(r"/{2,}", "/", f"{self.base}/{found}")
        return found if found.endswith(("/", ".html", ".htm")) else f"{found}.html" if not own else found


def _people(data: Mapping[str, Any]) -> dict[str, Person]:
    found = {}
    for key, value in data.items():
        person = group(value)
        found[key] = Person(
            name=line(person.get("name") or person.get("display_name")) or key,
            bio=line(person.get("bio") or person.get("description")),
            url=line(person.get("web") or person.get("url") or person.get("website")),
            twitter=line(person.get("twitter")),
            picture=line(person.get("avatar") or person.get("image") or person.get("picture")),
        )
    return found


def _padded(day: str) -> str:
    return "-".join(part.zfill(2) for part in day.split("-"))
