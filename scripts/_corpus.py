"""A made-up blog of any size for measuring: post number k is the same whatever the size and the generator.

About 740 words a post: headings, lists, code in a third, tables in a quarter, a picture in half of them; eight
categories, thirty tags, six authors, four posts a week back from 30 June 2026.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

NEWEST = date(2026, 6, 30)
CATEGORIES = ("Prices", "People", "Parts", "Visits", "Letters", "Figures", "Repairs", "Orders")
AUTHORS = ("dana", "lee", "kim", "sam", "noor", "ivo")
_TAGS = tuple(f"{one}-{two}" for one in ("first", "second", "third", "late", "early") for two in
              ("offer", "visit", "order", "letter", "answer", "doubt"))  # fmt: skip
_WORDS = """spindle bearing order customer repair price letter offer visit machine question answer month report enquiry budget
contract figure workshop delivery season doubt promise cost share note link morning drawing tool plan table voice
reason trade margin crew shift weight sample record promise field bench stock supplier warranty invoice reminder
we they nobody everyone often never always sold bought asked wrote counted measured found lost kept sent called
with without before after under over about against for from into of on to the a an this that each every which""".split()  # noqa: SIM905


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A post as plain values; `body` is Markdown, the separator in it, pictures as `pictures/<n>.png` below assets."""

    number: int
    title: str
    description: str
    slug: str
    day: date
    author: str
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    body: str


def made(number: int) -> Made:
    """Post number so and so; 0 is the newest."""
    dice = Random(number * 7919 + 11)
    week, turn = divmod(number, 4)
    return Made(
        number=number,
        title=f"{_words(dice, 4).capitalize()}, part {number}",
        description=f"{_words(dice, 14).capitalize()}.",
        slug=f"lesson-{number}",
        day=NEWEST - timedelta(days=7 * week + turn),
        author=dice.choice(AUTHORS),
        categories=tuple(dice.sample(CATEGORIES, dice.choice((1, 1, 1, 2)))),
        tags=tuple(dice.sample(_TAGS, dice.randrange(1, 4))),
        body=_body(dice, number),
    )


def _words(dice: Random, count: int) -> str:
    return " ".join(dice.choice(_WORDS) for _ in range(count))


def _sentence(dice: Random) -> str:
    text = _words(dice, dice.randrange(8, 19)).capitalize()
    roll = dice.random()
    if roll < 0.12:
        first, _, rest = text.partition(" ")
        text = f"{first} **{rest}**"
    elif roll < 0.2:
        text = f"{text} `{_words(dice, 1)}`"
    return f"{text}."


def _paragraph(dice: Random) -> str:
    return " ".join(_sentence(dice) for _ in range(dice.randrange(3, 6)))


def _body(dice: Random, number: int) -> str:
    parts = [_paragraph(dice), "<!-- more -->"]
    for _ in range(dice.randrange(3, 5)):
        parts.append(f"## {_words(dice, dice.randrange(2, 6)).capitalize()}")
        parts += [_paragraph(dice) for _ in range(dice.randrange(2, 4))]
        if dice.random() < 0.5:
            parts.append("\n".join(f"- {_sentence(dice)}" for _ in range(dice.randrange(3, 6))))
    if dice.random() < 0.35:
        parts.append(
            "```python\n"
            + "\n".join(f"{_words(dice, 1)} = {dice.randrange(999)}" for _ in range(6))
            + "\n```"
        )
    if dice.random() < 0.25:
        rows = "\n".join(f"| {_words(dice, 2)} | {dice.randrange(999)} |" for _ in range(5))
        parts.append(f"| what | how many |\n| --- | ---: |\n{rows}")
    if dice.random() < 0.5:
        parts.append(f"![{_words(dice, 3)}](../assets/pictures/{dice.randrange(20)}.png)")
    if number and dice.random() < 0.4:
        parts.append(f"More in [an older post]({number - dice.randrange(1, min(number, 9) + 1):05}.md).")
    parts.append(_paragraph(dice))
    return "\n\n".join(parts) + "\n"


_MKDOCS = """site_name: Bench
site_url: https://bench.example/
site_description: Lessons of a workshop
docs_dir: content
theme: {{name: material, font: false}}
plugins:
  - search
  - blog: {{blog_dir: ., post_dir: posts, post_url_format: "posts/{{slug}}", archive: true, categories: true{more}}}
{byline}markdown_extensions: [admonition, attr_list, footnotes, md_in_html, tables, {{toc: {{permalink: true}}}}, pymdownx.highlight, pymdownx.superfences]
"""
_BYLINE = """  - byline:
      timezone: Europe/Berlin
      ledger: sqlite
      brand: {name: Bench, claim: "Lessons of a workshop", primary: "#13758f", accent: "#b4510f"}
      share_by_default: [linkedin, twitter]
      channels:
        linkedin: {accounts: {company: {urn: "urn:li:organization:1"}}}
        twitter: {accounts: {acme: {}}}
"""


def site(folder: Path, posts: int, *, byline: bool = True) -> Path:
    """The blog for `publish build`, or for MkDocs and Material with nothing of ours; the folder of mkdocs.yml."""
    content = folder / "content"
    (content / "posts").mkdir(parents=True)
    shared(content)
    block = _BYLINE if byline else ""
    more = "" if byline else ", post_date_format: full"
    (folder / "mkdocs.yml").write_text(_MKDOCS.format(byline=block, more=more), encoding="utf-8")
    for one in posts_of(posts):
        (content / "posts" / f"{one.number:05}.md").write_text(markdown(one, byline=byline), encoding="utf-8")
    return folder


def shared(content: Path) -> None:
    """The home page, the authors, twenty pictures."""
    (content / "assets" / "pictures").mkdir(parents=True, exist_ok=True)
    (content / "index.md").write_text("# Bench\n\nLessons of a workshop.\n", encoding="utf-8")
    (content / "assets" / "face.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"/>\n', encoding="utf-8"
    )
    rows = (
        f"  {name}: {{name: {name.title()} Reyes, description: Writes, avatar: assets/face.svg}}\n"
        for name in AUTHORS
    )
    (content / ".authors.yml").write_text("authors:\n" + "".join(rows), encoding="utf-8")
    for number in range(20):
        (content / "assets" / "pictures" / f"{number}.png").write_bytes(png(number * 12))


def posts_of(count: int) -> Iterator[Made]:
    """So many posts, the newest first."""
    return (made(number) for number in range(count))


def markdown(one: Made, *, byline: bool = True) -> str:
    """The file of the post for MkDocs."""
    ours = f"id: post{one.number}\n" if byline else ""
    return (
        f"---\ntitle: {one.title!r}\ndescription: {one.description}\ndate: {one.day}\n{ours}slug: {one.slug}\n"
        f"authors: [{one.author}]\ncategories: [{', '.join(one.categories)}]\ntags: [{', '.join(one.tags)}]\n---\n{one.body}"
    )


def png(shade: int, side: int = 64) -> bytes:
    """A small grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((shade + x) % 256 for x in range(side)) for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )
