"""A small site and all that people do to one: edits that can be drawn at random, undone, and built after."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from shutil import copytree, ignore_patterns, rmtree

from byline import content, settings
from byline.errors import BylineError
from byline.site.build import BuildResult, build
from byline.site.cache import Cache, instant
from site_sample import AUTHORS, NOW, picture, post, tree
from support import make_site

SETTINGS = """\
site_name: Acme Insights
site_url: https://insights.acme.example/blog/
site_description: What we learn
docs_dir: content
theme:
  name: material
  custom_dir: own
nav:
  - Home: index.md
  - Contact: contact.md
  - Privacy: privacy.md
plugins:
  - search
  - blog:
      blog_dir: .
      post_dir: posts
      post_url_format: "posts/{slug}"
      pagination_per_page: 3
  - tags
  - byline:
      timezone: Europe/Berlin
      lead_form: {to: {url: "http://127.0.0.1:9/lead"}}
markdown_extensions: [footnotes, attr_list, abbr, {toc: {permalink: true}}]
"""
_CATEGORIES = ("Pricing", "R&D", "Letters")
_TAGS = ("renewals", "a-b", "visits")


def _post(number: int) -> str:
    dice = Random(number)
    return post(
        f"""\
        title: "What number {number} taught & us"
        date: 2026-{10 + number % 2}-{10 + number}
        id: post{number}
        slug: lesson-{number}
        authors: [{dice.choice(("dana", "lee"))}]
        categories: ["{dice.choice(_CATEGORIES)}"]
        tags: [{dice.choice(_TAGS)}]
        """,
        f"Opening of number {number}, after [the one before]({(number + 8) % 9:02}.md).\n<!-- more -->\n\n## Part {number}\n\nWords[^1] about HTML.\n\n[^1]: Foot {number}.\n\n"
        "*[HTML]: Language\n",
    )


def made(folder: Path) -> Path:
    """The site's mkdocs.yml; nine posts, three pages, a template of the company's own."""
    posts = {f"{number:02}.md": _post(number) for number in range(9)}
    posts["sub/with-image.md"] = post(
        """\
        title: With an image
        date: 2026-11-12
        id: imaged
        slug: with-image
        authors: [dana, lee]
        categories: [Pricing]
        image: cover.png
        image_alt: A price tag
        series: Honest numbers
        """,
        "See ![shot](shot.png) and [another](../01.md).\n",
    )
    return make_site(
        folder,
        posts=posts,
        settings=SETTINGS,
        authors=AUTHORS,
        files={
            "content/index.md": "# What we learn\n\nAnd share ![shot](posts/sub/shot.png).\n",
            "content/contact.md": "---\ntitle: Contact\n---\n# Contact\n\n<!-- byline:lead-form -->\n",
            "content/privacy.md": "# Privacy\n\nNothing.\n",
            "content/tags.md": "# Tags\n\n<!-- material/tags -->\n",
            "content/posts/sub/cover.png": picture("#884422"),
            "content/posts/sub/shot.png": picture("#224488", (40, 30)),
            "own/partials/byline-meta.html": "<p class=by-meta>{{ item.day | e }}, {{ item.minutes }} min</p>\n",
        },
    )


@dataclass
class Site:
    """A site that is edited and built again and again in its place."""

    file: Path
    now: datetime = NOW
    code: str = "code"
    undo: list[tuple[Path, bytes | None]] = field(default_factory=list)
    said: tuple[str, ...] = ()

    @property
    def root(self) -> Path:
        return self.file.parent

    def posts(self) -> list[Path]:
        return sorted((self.root / "content/posts").rglob("*.md"))

    def write(self, path: Path, data: str | bytes) -> None:
        self.undo.append((path, path.read_bytes() if path.exists() else None))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    def remove(self, path: Path) -> None:
        self.undo.append((path, path.read_bytes()))
        path.unlink()

    def front(self, path: Path, key: str, value: str) -> None:
        """Set a line of the front matter, or take it away with an empty value."""
        text = path.read_text()
        head, mark, body = text[4:].partition("\n---\n")
        rows = [row for row in head.split("\n") if not row.startswith(f"{key}:")]
        if value:
            rows.append(f"{key}: {value}")
        self.write(path, "---\n" + "\n".join(rows) + mark + body)

    def build(self) -> BuildResult | str:
        """As the command does; what it says when it refuses."""
        return built(self.file, self.now, self.code)

    def cold(self, folder: Path) -> tuple[BuildResult | str, dict[str, bytes]]:
        """The same site built from nothing, somewhere else."""
        rmtree(folder, ignore_errors=True)
        copytree(self.root, folder, ignore=ignore_patterns(".byline", "site"))
        result = built(folder / "mkdocs.yml", self.now, self.code)
        return result, tree(folder / "site")


def built(file: Path, now: datetime, code: str = "code") -> BuildResult | str:
    """Build as `publish build` does, in this process; `code` stands for the program's version."""
    from unittest.mock import patch

    with patch("byline.site.inputs.code", lambda: code):
        try:
            loaded = settings.load(file, {})
            cache = Cache(loaded, {})
            try:
                known = cache.unchanged(instant({}, now), strict=False, skip_bad=False)
                if known is not None:
                    return known
                return build(loaded, content.read(loaded, cache.recall), now=now, cache=cache)
            finally:
                cache.close()
        except BylineError as error:
            return str(error)


def _some(site: Site, dice: Random) -> Path:
    return dice.choice(site.posts())


def _body(site: Site, dice: Random) -> None:
    path = _some(site, dice)
    site.write(path, path.read_text() + f"\nOne more sentence, {dice.randrange(9)}.\n")


def _long_body(site: Site, dice: Random) -> None:
    path = _some(site, dice)
    site.write(path, path.read_text() + "\n" + "word " * dice.choice((300, 900)) + "\n")


def _opening(site: Site, dice: Random) -> None:
    path = _some(site, dice)
    site.write(
        path,
        path.read_text().replace("Opening of", dice.choice(("Opening of", "The opening of", "Opening & of"))),
    )


def _headline(site: Site, dice: Random) -> None:
    """A headline in the text itself."""
    path = _some(site, dice)
    head, mark, body = path.read_text()[4:].partition("\n---\n")
    site.write(path, f"---\n{head}{mark}# Headline {dice.randrange(9)}\n\n{body}")


def _title(site: Site, dice: Random) -> None:
    site.front(
        _some(site, dice), "title", dice.choice(('"A new <title>"', "Another one", '"Größe & Maß"', "Third"))
    )


def _description(site: Site, dice: Random) -> None:
    site.front(_some(site, dice), "description", dice.choice(('"Short & clear"', "", "Other words")))


def _date(site: Site, dice: Random) -> None:
    day = dice.choice(
        (
            "2026-10-02",
            "2026-11-13",
            "2025-12-31",
            "2026-11-24",
            "2026-11-26",
            "{created: 2026-11-01, updated: 2026-11-20}",
        )
    )
    site.front(_some(site, dice), "date", day)


def _slug(site: Site, dice: Random) -> None:
    path = _some(site, dice)
    site.front(path, "slug", f"{path.stem}-{dice.choice('abc')}")


def _draft(site: Site, dice: Random) -> None:
    site.front(_some(site, dice), "draft", dice.choice(("true", "true", "")))


def _author(site: Site, dice: Random) -> None:
    site.front(_some(site, dice), "authors", dice.choice(("[dana]", "[lee]", "[lee, dana]")))


def _category(site: Site, dice: Random) -> None:
    site.front(
        _some(site, dice),
        "categories",
        dice.choice(("[Pricing]", '["R&D"]', "[Letters, Pricing]", "[New one]")),
    )


def _tags(site: Site, dice: Random) -> None:
    site.front(_some(site, dice), "tags", dice.choice(("[renewals]", "[a-b, visits]", "", "[fresh]")))


def _series(site: Site, dice: Random) -> None:
    site.front(_some(site, dice), "series", dice.choice(("Honest numbers", "", "Another")))


def _aliases(site: Site, dice: Random) -> None:
    path = _some(site, dice)
    site.front(path, "aliases", dice.choice((f"[/old/{path.stem}/]", "", f"[/was/{path.stem}.html]")))


def _rename(site: Site, dice: Random) -> None:
    path = _some(site, dice)
    site.write(path.with_name(f"{path.stem}-r{dice.randrange(3)}.md"), path.read_bytes())
    site.remove(path)


def _delete(site: Site, dice: Random) -> None:
    if len(site.posts()) > 3:
        site.remove(_some(site, dice))


def _add(site: Site, dice: Random) -> None:
    number = dice.randrange(10, 19)
    site.write(site.root / f"content/posts/{number}.md", _post(number))


def _link(site: Site, dice: Random) -> None:
    path, target = _some(site, dice), _some(site, dice)
    way = os.path.relpath(target, path.parent)
    place = dice.choice(("", "#part-1", "#nowhere"))
    site.write(path, path.read_text() + f"\nMore in [that one]({way}{place}).\n")


def _link_to_page(site: Site, dice: Random) -> None:
    path = _some(site, dice)
    site.write(
        path,
        path.read_text() + f"\n[Ask]({os.path.relpath(site.root / 'content/contact.md', path.parent)}).\n",
    )


def _form(site: Site, dice: Random) -> None:
    path = _some(site, dice)
    site.write(path, path.read_text() + "\n<!-- byline:lead-form -->\n")


def _cover(site: Site, dice: Random) -> None:
    site.front(_some(site, dice), "image", dice.choice(("/posts/sub/cover.png", "")))


def _image(site: Site, dice: Random) -> None:
    colour = dice.choice(("#884422", "#118844", "#991188"))
    if dice.random() < 0.5:
        site.write(site.root / "content/posts/sub/cover.png", picture(colour))
    else:
        site.write(site.root / "content/posts/sub/shot.png", picture(colour, (40, dice.choice((30, 31)))))


def _authors_file(site: Site, dice: Random) -> None:
    path = site.root / "content/.authors.yml"
    site.write(
        path,
        path.read_text()
        .replace("Lee Park", dice.choice(("Lee Park", "Lee P. Park")))
        .replace("Founder", dice.choice(("Founder", "Owner"))),
    )


def _template(site: Site, dice: Random) -> None:
    site.write(
        site.root / "own/partials/byline-meta.html", f"<p>{dice.randrange(4)} {{{{ item.day | e }}}}</p>\n"
    )


def _footer(site: Site, dice: Random) -> None:
    """A template that only now appears in the company's folder, or goes."""
    path = site.root / "own/partials/byline-footer.html"
    if path.exists():
        site.remove(path)
    else:
        site.write(
            path, "<footer>{{ byline.name | e }} {{ page.meta.title | e if page and page.meta }}</footer>\n"
        )


def _reader(site: Site, dice: Random) -> None:
    """A template that shows something of other pages, or goes."""
    path = site.root / "own/partials/byline-header.html"
    if path.exists():
        site.remove(path)
        return
    row = dice.choice(
        (
            "{% for file in pages %}{{ file.page.content | length }} {{ file.page.meta.description }} {% endfor %}",
            "{{ page.previous_page.meta.title if page and page.previous_page }}",
            "{{ pages | map(attribute='page.title') | join(' ') }}",
            "{% set all = nav %}{{ all.pages | length }}{{ (all.pages | last).content | length }}",
        )
    )
    site.write(path, f"<header>{row}</header>\n")


def _setting(site: Site, dice: Random) -> None:
    text = site.file.read_text()
    old, new = dice.choice((
        (r"site_description: .*", f"site_description: What we learn {dice.randrange(3)}"),
        (r"pagination_per_page: \d", f"pagination_per_page: {dice.choice((2, 3, 4))}"),
        (r"permalink: \w+", f"permalink: {dice.choice(('true', 'false'))}"),
        (r"site_name: .*", f"site_name: {dice.choice(('Acme Insights', 'Acme & Sons'))}"),
    ))  # fmt: skip
    site.write(site.file, re.sub(old, new, text))


def _page(site: Site, dice: Random) -> None:
    path = site.root / f"content/{dice.choice(('contact', 'privacy', 'index'))}.md"
    site.write(path, path.read_text() + f"\nAn added line {dice.randrange(5)}.\n")


def _page_title(site: Site, dice: Random) -> None:
    path = site.root / "content/privacy.md"
    site.write(path, f"# {dice.choice(('Privacy', 'What we keep'))}\n\nNothing.\n")


def _later(site: Site, dice: Random) -> None:
    site.now += timedelta(hours=dice.choice((1, 26, 60, -30)))


def _version(site: Site, dice: Random) -> None:
    site.code = f"code {dice.randrange(3)}"


def _undone(site: Site, _dice: Random) -> None:
    if site.undo:
        path, data = site.undo.pop()
        if data is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def _meddled(site: Site, dice: Random) -> None:
    """Somebody changes the finished site by hand."""
    found = sorted(path for path in (site.root / "site").rglob("*") if path.is_file())
    if not found:
        return
    path = dice.choice(found)
    roll = dice.randrange(4)
    if roll == 0:
        path.unlink()
    elif roll == 1:
        path.write_bytes(b"x" * path.stat().st_size)
    elif roll == 2:
        (path.parent / "foreign.txt").write_text("not ours")
    else:
        rmtree(site.root / "site")


def _broken_cache(site: Site, dice: Random) -> None:
    path = site.root / ".byline/cache/build.db"
    if path.exists():
        data = bytearray(path.read_bytes())
        at = dice.randrange(len(data))
        data[at : at + 200] = bytes(dice.randrange(256) for _ in range(200))
        path.write_bytes(bytes(data) if dice.random() < 0.7 else bytes(data[:at]))


def _same_times(site: Site, dice: Random) -> None:
    """A file changes but keeps its size and its date."""
    path = _some(site, dice)
    seen = path.stat()
    site.write(path, path.read_text().replace("Words", "Swords"[:5]))
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))


EDITS: tuple[Callable[[Site, Random], None], ...] = (
    _body, _long_body, _opening, _headline, _title, _description, _date, _slug, _draft, _author, _category, _tags, _series,
    _aliases, _rename, _delete, _add, _link, _link_to_page, _form, _cover, _image, _authors_file, _template, _footer, _reader,
    _setting, _page, _page_title, _later, _version, _undone, _meddled, _broken_cache, _same_times,
)  # fmt: skip
