"""The manual's pages, which come with the program: no internet is needed to read how it is used.

In a wheel they lie below this folder, in `pages/`; in a clone of the repository they are `docs/`. `shipped()` of both is
the same, so that a site's engine holds the manual of its own version. Only the standard library is imported here: the wheel's
build reads this file too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_CLONE = _HERE.parents[2]
FOLDER = "byline/manual/pages"
# From outside docs/, with the words of the menu.
BESIDE: Mapping[str, str] = {
    "SECURITY.md": "Security",
    "CONTRIBUTING.md": "Taking part",
    "CHANGELOG.md": "What changed",
}
PROJECT = "Project"  # the part of the menu they stand in
_ITEM = re.compile(r"\[(?P<title>[^\]]+)\]\((?P<page>[^)#]+\.md)\)")
_HEADING = re.compile(r"^# +(?P<title>.+?)\s*#*$", re.M)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Page:
    """`name` is what `publish manual NAME` takes, such as `how-to/tokens`; `part` the heading of the menu it stands under."""

    name: str
    title: str
    part: str
    file: Path

    @property
    def place(self) -> str:
        """Its address below the site of the manual."""
        return "" if self.name == "index" else f"{self.name.lower()}/"

    def text(self) -> str:
        """Its Markdown."""
        return self.file.read_text(encoding="utf-8")

    def as_json(self) -> dict[str, str]:
        """For `publish manual --json`."""
        return {"name": self.name, "title": self.title, "part": self.part, "file": str(self.file)}


def in_clone() -> bool:
    """Are the pages those of a clone, where what they name lies beside them?"""
    return not (_HERE / "pages").is_dir()


def sources() -> dict[str, Path]:
    """Every file of the manual by its name below `docs/`; the three from beside it under their own names."""
    if not in_clone():
        root = _HERE / "pages"
        return {path.relative_to(root).as_posix(): path for path in _all(root)}
    docs = _CLONE / "docs"
    found = {path.relative_to(docs).as_posix(): path for path in _all(docs)}
    return found | {name: _CLONE / name for name in BESIDE if (_CLONE / name).is_file()}


def shipped() -> dict[str, Path]:
    """What a wheel holds of `sources()`: all but the pictures of every page of the demo site, which weigh more than the rest."""
    return {
        name: path
        for name, path in sources().items()
        if not name.startswith("screenshots/") or name == "screenshots/cards.webp"
    }


def pages() -> list[Page]:
    """In the menu's order, each once: the index, what it lists under its headings, what lies beside it."""
    files = sources()
    found = {"index.md": Page("index", "The manual", "", files["index.md"])}
    for heading, rows in headings(files["index.md"].read_text(encoding="utf-8")):
        for title, page in listed(rows):
            if page in files and page not in found:
                found[page] = Page(page.removesuffix(".md"), title, heading, files[page])
    for name, title in BESIDE.items():
        if name in files:
            found[name] = Page(name.removesuffix(".md").lower(), title, PROJECT, files[name])
    return list(found.values())


def headings(index: str) -> Iterator[tuple[str, str]]:
    """Each second heading of the index with the text below it."""
    for part in re.split(r"^## ", index, flags=re.M)[1:]:
        heading, _, rows = part.partition("\n")
        yield heading, rows


def listed(rows: str) -> Iterator[tuple[str, str]]:
    """The pages of a list: title as the menu shows it, and file."""
    for row in rows.splitlines():
        for item in _ITEM.finditer(row) if row.startswith("- ") else ():
            plain = item["title"].replace("`", "")
            yield plain[:1].upper() + plain[1:], item["page"]


def find(words: str, among: Sequence[Page] | None = None) -> list[Page]:
    """The pages that are meant, the likeliest first: one by its name (`how-to/tokens`, `tokens`), else all whose title or own
    heading has every word, else all whose text has; none where nothing does.
    """
    every = pages() if among is None else among
    wanted = words.strip().lower().removesuffix(".md").removeprefix("docs/").strip("/")
    for exact in ([page for page in every if page.name == wanted], _by_stem(every, wanted)):
        if exact:
            return exact
    asked = [word.lower() for word in _WORD.findall(words)]
    if not asked:
        return []
    heads = [page for page in every if _has(f"{page.name} {page.title} {_heading(page)}", asked)]
    # What changed, and how to take part, are asked for by name; words are looked for in what explains.
    texts = [
        (page, " ".join(page.text().lower().split())) for page in every if page.part not in ("", PROJECT)
    ]
    phrase = " ".join(words.lower().split())
    whole = [page for page, text in texts if phrase in text]  # before words that are far apart
    return heads or whole or [page for page, text in texts if _has(text, asked)]


def _by_stem(every: Sequence[Page], wanted: str) -> list[Page]:
    """`linkedin` for `channels/linkedin`; words of people have blanks where a file's name has a hyphen."""
    stem = "-".join(wanted.split())
    return [page for page in every if page.name.rpartition("/")[2] == stem]


def _has(text: str, words: Sequence[str]) -> bool:
    plain = text.lower()
    return all(re.search(rf"\b{re.escape(word)}", plain) for word in words)


def _heading(page: Page) -> str:
    found = _HEADING.search(page.text())
    return found["title"] if found else ""


def _all(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
