"""The company's own pages and files, as they lie under docs_dir: no posts, no lists."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from byline.site.pages import Values

_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\{[^}\n]*\})?[ \t]*$", re.MULTILINE)
_PRIVACY = ("privacy", "datenschutz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A page: `uri` below docs_dir, `url` on the site, `meta` its front matter, `title` by what it says of itself."""

    uri: str
    url: str
    meta: Mapping[str, Any]
    title: str
    text: str


def files(docs: Path) -> tuple[str, ...]:
    """Every file below docs_dir that a site may show, as MkDocs takes them: none whose name begins with a dot."""
    found = (path.relative_to(docs).as_posix() for path in docs.rglob("*") if path.is_file())
    return tuple(
        sorted(
            uri
            for uri in found
            if not any(part.startswith(".") for part in uri.split("/")) and not uri.startswith("templates/")
        )
    )


def url(uri: str) -> str:
    """The address of a Markdown file's page, as links have it."""
    folder, name = posixpath.split(uri)
    stem = name.rsplit(".", 1)[0]
    parts = [folder] if folder else []
    if stem not in ("index", "README"):
        parts.append(stem)
    return quote("/".join(parts)) + "/" if parts else ""


def read(uri: str, text: str) -> Paper:
    """The page in that file."""
    match = _FRONT.match(text)
    meta: Any = None
    if match:
        try:
            meta = yaml.safe_load(match[1])
        except yaml.YAMLError:
            meta = None
    meta = meta if isinstance(meta, dict) else {}
    body = text[match.end() :] if match else text
    title = _TITLE.search(body)
    name = posixpath.basename(uri).rsplit(".", 1)[0].replace("-", " ").replace("_", " ")
    shown = str(meta.get("title") or (title[1] if title else name.capitalize()))
    return Paper(uri=uri, url=url(uri), meta=meta, title=shown, text=text)


def menu(nav: Any, papers: Mapping[str, Paper]) -> tuple[list[Values], Mapping[str, str]]:
    """What stands in the menu, and the titles that the navigation gives to pages, by file; `papers` by file."""
    items = list(_listed(nav)) if isinstance(nav, list) else list(_found(papers))
    titles: dict[str, str] = {}
    rows: list[Values] = []
    for title, target in items:
        if not isinstance(target, list):
            row = _entry(title, target, papers, titles)
            if row is not None and target not in ("index.md", "README.md"):
                rows.append(row)
            continue
        inner = [(name, uri) for name, uri in _flat(target) if _entry(name, uri, papers, titles)]
        direct = [uri for _, uri in _listed(target) if isinstance(uri, str) and uri in papers]
        if inner and direct:
            rows.append({"title": str(title), "url": papers[direct[0]].url})
    return rows, titles


def privacy(nav: Any, papers: Mapping[str, Paper]) -> str:
    """The address of the privacy notice, where the navigation lists one."""
    listed = [uri for _, uri in _flat(nav)] if isinstance(nav, list) else list(papers)
    for uri in listed:
        if uri in papers and any(word in uri.lower() for word in _PRIVACY):
            return papers[uri].url
    return ""


def _entry(title: str, target: Any, papers: Mapping[str, Paper], titles: dict[str, str]) -> Values | None:
    if not isinstance(target, str):
        return None
    if target in papers:
        if title:
            titles[target] = title
        return {"title": title or papers[target].title, "url": papers[target].url}
    if "://" in target or target.startswith(("/", "mailto:")):
        return {"title": title or target, "url": target}
    return None


def _listed(nav: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for item in nav:
        if isinstance(item, str):
            yield "", item
        elif isinstance(item, dict):
            yield from ((str(title), target) for title, target in item.items())


def _flat(nav: Sequence[Any]) -> Iterator[tuple[str, str]]:
    for title, target in _listed(nav):
        if isinstance(target, list):
            yield from _flat(target)
        elif isinstance(target, str):
            yield title, target


def _found(papers: Mapping[str, Paper]) -> Iterator[tuple[str, Any]]:
    """Without a navigation: the pages at the top, then the folders."""
    folders: dict[str, list[Any]] = {}
    for uri in papers:
        folder, slash, _ = uri.partition("/")
        if slash:
            folders.setdefault(folder, []).append(uri)
        else:
            yield "", uri
    for folder, uris in folders.items():
        yield folder.replace("-", " ").replace("_", " ").capitalize(), uris
