"""What was found in an old blog -> posts, pages, people and pictures below `content/`."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

from byline import links
from byline.importing import html, markdown
from byline.importing.addresses import Addresses, aliases
from byline.importing.fetching import Fetcher
from byline.importing.model import Blog, Entry, Note, Person, clean, line
from byline.importing.pictures import Pictures
from byline.reading.ids import fresh_id
from byline.reading.when import FIRST_YEAR, LAST_YEAR

AVATARS = "assets/authors"
SHARED = "# it was public before this site: it is never sent. Delete the line to share it after all"
_PLAIN = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ0-9 ’-]*[A-Za-zÀ-ɏ0-9]")
_OTHERWISE = frozenset(["yes", "no", "on", "off", "true", "false", "null", "y", "n", "none"])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """`files` are paths below the site's folder; `categories` stand in posts, `pages` are the titles and files of pages."""

    posts: int
    drafts: int
    pages: tuple[tuple[str, str], ...]
    people: tuple[str, ...]
    pictures: int
    categories: tuple[str, ...]
    files: tuple[str, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry with its file below docs."""

    entry: Entry
    file: str
    id: str


def write(
    blog: Blog,
    folder: Path,
    *,
    site_url: str,
    zone: ZoneInfo,
    now: datetime,
    company: str,
    fetcher: Fetcher | None = None,
    progress: Callable[[str], None] = lambda _text: None,
    step: Callable[[], None] = lambda: None,
) -> Written:
    """Write everything below `folder/content`. A public post says `share: false`, so that it is never sent."""
    docs = folder / "content"
    notes = list(blog.notes)
    people = _People(blog, company)
    categories = _Spelling()
    placed = _places(blog, notes, zone, now)
    pictures = Pictures(docs, blog.roots, fetcher, blog.url, progress)
    where = Addresses(blog.url, site_url, placed, now, zone)
    written: list[str] = []
    for item in placed:
        step()
        text = _file(item, blog, people, categories, pictures, where, notes, zone, now)
        target = docs / item.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
        written.append(f"content/{item.file}")
    written += people.write(docs, pictures, notes)
    posts = [item.entry for item in placed if not item.entry.page]
    return Written(
        posts=len(posts),
        drafts=sum(entry.draft for entry in posts),
        pages=tuple(
            (item.entry.title, item.file) for item in placed if item.entry.page and not item.entry.draft
        ),
        people=tuple(people.used),
        pictures=pictures.count,
        categories=tuple(categories.used),
        files=tuple(written),
        notes=tuple(dict.fromkeys(notes)),
    )


def _places(blog: Blog, notes: list[Note], zone: ZoneInfo, now: datetime) -> list[Placed]:
    """Where each entry goes: a name, an address and an id that no other has."""
    slugs, ids, files = set[str](), set[str](), set[str]()
    found = []
    today = now.astimezone(zone).date()
    mended = [_mended(entry, notes, today) for entry in blog.entries]
    for entry in sorted(
        mended, key=lambda entry: instant(entry.published, zone)
    ):  # the oldest keeps its address
        usual = links.slug(posixpath.basename(entry.slug) or entry.title)[:80].strip("-") or "post"
        if entry.page:
            file = _page_file(entry, usual, blog.url)
            while file in files:
                file = f"{file.removesuffix('.md')}-2.md"
        else:
            slug, number = usual, 1
            while slug in slugs:
                number += 1
                slug = f"{usual}-{number}"
            if slug != usual:
                notes.append(
                    Note(
                        where=entry.source,
                        reason=f"another post has the address {usual} too; this one is {slug} now",
                    )
                )
            slugs.add(slug)
            entry = replace(entry, slug=slug)
            file = f"posts/{instant(entry.published, zone).year}/{slug}.md"
        files.add(file)
        post_id = fresh_id(entry.title, ids)
        ids.add(post_id)
        found.append(Placed(entry, file, post_id))
    return found


def _page_file(entry: Entry, usual: str, base: str) -> str:
    """A page keeps its address where that is free for pages; else it goes to `pages/`."""
    from byline.importing.addresses import path_of, reserved

    path = path_of(entry.urls[0], base) if entry.urls else ""
    parts = [part for part in path.removesuffix(".html").split("/") if part]
    keeps = (
        parts
        and not reserved(path)
        and all(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,60}", part) for part in parts)
        and len(parts) < 5
    )
    return (
        f"{'/'.join(parts)}.md"
        if keeps and parts[-1] not in ("index", "404")
        else f"pages/{usual}-old.md"
        if usual in ("about", "contact", "privacy")
        else f"pages/{usual}.md"
    )


def _mended(entry: Entry, notes: list[Note], today: date) -> Entry:
    """The entry with a title, a day and words; what lacked is noted."""
    title = line(entry.title)
    if not title:
        words = re.sub(r"<[^>]*>|[#*_`\[\]]", " ", clean(entry.body))
        title = " ".join(words.split()[:8])[:70] or "Without a title"
        notes.append(
            Note(where=entry.source, reason=f"it has no title; its first words are taken: “{title}”")
        )
    published, draft = entry.published, entry.draft
    if published is None or not FIRST_YEAR < published.year < LAST_YEAR:
        if not draft and not entry.page:
            notes.append(
                Note(where=entry.source, reason="it has no day on which it was published; it is a draft now")
            )
        draft = draft or not entry.page
        usable = entry.updated is not None and FIRST_YEAR < entry.updated.year < LAST_YEAR
        published = entry.updated if usable else today
    if not clean(entry.body).strip() and not draft:
        notes.append(Note(where=entry.source, reason="it has no text; it is a draft now"))
        draft = True
    return replace(entry, title=title[:300], published=published, draft=draft)


class _Spelling:
    """Categories, each in the first spelling that was met: two spellings would be one page."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}

    @property
    def used(self) -> list[str]:
        return sorted(self._first.values(), key=str.lower)

    def of(self, names: Sequence[str]) -> list[str]:
        return list(
            dict.fromkeys(
                self._first.setdefault(links.slug(name), line(name)) for name in names if line(name)
            )
        )


class _People:
    """Authors: short names for those who wrote something that was carried."""

    def __init__(self, blog: Blog, company: str) -> None:
        self.blog, self.company = blog, company
        self.used: dict[str, Person] = {}
        self._ids: dict[str, str] = {}

    def of(self, keys: Sequence[str]) -> list[str]:
        found = [self._id(key, self.blog.people.get(key) or Person(name=key)) for key in keys if line(key)]
        return list(dict.fromkeys(found)) or [self._id("\0", Person(name=self.company))]

    def _id(self, key: str, person: Person) -> str:
        if key not in self._ids:
            usual = links.slug(person.name or key)[:30].strip("-") or "author"
            short, number = usual, 1
            while short in self.used:
                number += 1
                short = f"{usual}-{number}"
            self._ids[key] = short
            self.used[short] = person
        return self._ids[key]

    def write(self, docs: Path, pictures: Pictures, notes: list[Note]) -> list[str]:
        rows, files = (
            ["# Who writes. A post names its authors by these short names.", "authors:"],
            [".authors.yml"],
        )
        for short, person in self.used.items():
            name = line(person.name) or short
            avatar, why = pictures.picture(person.picture) if person.picture else ("", "")
            if why:
                notes.append(
                    Note(
                        where=f"author {name}",
                        reason=f"the portrait {person.picture[:120]} was not carried: {why}",
                    )
                )
            if not avatar:
                avatar = f"{AVATARS}/{short}.svg"
                (docs / AVATARS).mkdir(parents=True, exist_ok=True)
                (docs / avatar).write_text(_initials(name), encoding="utf-8")
                files.append(avatar)
            rows += [
                f"  {scalar(short)}:",
                f"    name: {scalar(name)}",
                "    description: Author",
                f"    avatar: {avatar}",
            ]
            rows += [f"    {key}: {scalar(value)}" for key, value in _more(person).items()]
        (docs / ".authors.yml").write_text("\n".join(rows) + "\n", encoding="utf-8")
        return [f"content/{file}" for file in files]


def _more(person: Person) -> dict[str, str]:
    found = {"bio": line(re.sub(r"<[^>]*>", " ", person.bio))}
    if re.fullmatch(r"https://[^\s\"'<>@]+", line(person.url)):
        found["url"] = line(person.url)
    if re.fullmatch(r"@?\w{1,15}", line(person.twitter)):
        found["twitter"] = line(person.twitter).lstrip("@")
    return {key: value for key, value in found.items() if value}


def _initials(name: str) -> str:
    letters = "".join(word[0] for word in name.split()[:2] if word[:1].isalnum()).upper() or "?"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" role="img"><rect width="96" height="96" fill="#1f4e79"/>'
        f'<text x="48" y="60" font-family="sans-serif" font-size="36" fill="#fff" text-anchor="middle">{escape(letters)}</text></svg>\n'
    )


def _file(
    item: Placed,
    blog: Blog,
    people: _People,
    categories: _Spelling,
    pictures: Pictures,
    where: Addresses,
    notes: list[Note],
    zone: ZoneInfo,
    now: datetime,
) -> str:
    entry = item.entry
    told = set[str]()

    def note(reason: str) -> None:
        if reason not in told:
            told.add(reason)
            notes.append(Note(where=entry.source, reason=reason))

    folder = posixpath.dirname(entry.path)
    job = html.Job(
        link=lambda address: where.link(address, item, pictures, note),
        picture=lambda source: _shown(source, folder, item, pictures, note),
        note=note,
        alt=lambda source: _alt(source, blog, entry, note),
    )
    convert = (
        html.to_markdown
        if entry.form == "html"
        else lambda text, job: markdown.convert(text, job, entry.title)
    )
    body = markdown.lists(convert(clean(entry.body), job))
    if markdown.dangers(body):  # cannot be, and must not
        note("its text could not be made safe; only its words were carried")
        body = html.to_markdown(f"<p>{escape(re.sub(r'<[^>]*>', ' ', clean(entry.body)))}</p>", job)
    if entry.page:
        rows = [f"title: {scalar(entry.title)}"]
        if line(entry.description):
            rows.append(f"description: {scalar(line(entry.description))}")
        if entry.draft:
            rows.append("draft: true")
        heading = f"# {entry.title}\n\n" if not re.search(r"^# ", body, re.M) else ""
        return "---\n" + "\n".join(rows) + f"\n---\n\n{heading}{body.replace(html.MORE, '')}\n"
    body = html.with_more(body) if body.strip() else f"{scalar(entry.title)}\n\n{html.MORE}"
    cover = ""
    if entry.picture:
        cover = _cover(entry, folder, pictures, note)
    rows = [f"title: {scalar(entry.title)}"]
    if line(entry.description):
        rows.append(f"description: {scalar(line(re.sub(r'<[^>]*>', ' ', entry.description))[:500])}")
    rows += _dates(entry, zone)
    rows += [f"id: {item.id}", f"slug: {scalar(entry.slug)}", f"authors: {flow(people.of(entry.authors))}"]
    named = categories.of(entry.categories)
    rows += [f"categories: {flow(named)}"] if named else []
    rows += (
        [f"tags: {flow(list(dict.fromkeys(line(tag) for tag in entry.tags if line(tag))))}"]
        if entry.tags
        else []
    )
    if cover:
        rows += [
            f"image: /{cover}",
            f"image_alt: {scalar(line(entry.picture_alt) or line(blog.alts.get(entry.picture, '')) or entry.title)}",
        ]
    rows += [f"series: {scalar(line(entry.series))}"] if line(entry.series) else []
    former = aliases(entry, blog.url, where, note)
    rows += [f"aliases: {flow(former)}"] if former else []
    if entry.draft:
        rows.append("draft: true")
    elif instant(entry.published, zone) <= now:
        rows.append(f"share: false                      {SHARED}")
    return "---\n" + "\n".join(rows) + f"\n---\n{body}\n"


def _shown(source: str, folder: str, item: Placed, pictures: Pictures, note: Callable[[str], None]) -> str:
    """The picture's path from the entry's file; empty when it could not be carried."""
    path, why = pictures.picture(source, folder)
    if path:
        return posixpath.relpath(path, posixpath.dirname(item.file) or ".")
    note(f"the picture {source[:120]} was not carried: {why}")
    return ""


def _cover(entry: Entry, folder: str, pictures: Pictures, note: Callable[[str], None]) -> str:
    path, why = pictures.picture(entry.picture, folder)
    if path.endswith((".svg", ".gif")):
        path, why = "", "networks show no SVG or GIF; a card is drawn instead"
    if not path:
        note(f"the cover {entry.picture[:120]} was not carried: {why}")
    return path


def _alt(source: str, blog: Blog, entry: Entry, note: Callable[[str], None]) -> str:
    known = line(blog.alts.get(source, ""))
    if known:
        return known
    note(
        "pictures had no words for people who cannot see them; the title stands there now: please describe them"
    )
    return f"Picture to “{entry.title}”"


def instant(value: datetime | date | None, zone: ZoneInfo) -> datetime:
    """The moment at which a day begins, or the moment itself."""
    assert value is not None
    return value if isinstance(value, datetime) else datetime.combine(value, time(), zone)


def _dates(entry: Entry, zone: ZoneInfo) -> list[str]:
    published, updated = entry.published, entry.updated
    assert published is not None
    if updated is None or entry.draft or instant(updated, zone).date() <= instant(published, zone).date():
        return [f"date: {_day(published, zone)}"]
    return ["date:", f"  created: {_day(published, zone)}", f"  updated: {_day(updated, zone)}"]


def _day(value: datetime | date, zone: ZoneInfo) -> str:
    """With the offset, so that no change of clocks makes it doubtful."""
    return (
        value.astimezone(zone).replace(microsecond=0).isoformat(" ")
        if isinstance(value, datetime)
        else value.isoformat()
    )


def scalar(text: str) -> str:
    """The text as a YAML value: bare where that is surely read as text, else in quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _OTHERWISE:
        return text
    return (
        json.dumps(text, ensure_ascii=False)
        .replace("\x7f", "")
        .replace("\x85", " ")
        .replace("\u2028", " ")
        .replace("\u2029", " ")
    )


def flow(items: Sequence[str]) -> str:
    """A YAML list on one line."""
    return f"[{', '.join(scalar(item) for item in items)}]"
