"""The folder that Zensical builds from: what is public, our templates, and what each page shows as values beside them."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from byline import links
from byline.model import Post
from byline.settings import Settings
from byline.site import places, styles
from byline.site.mkdocs import theme
from byline.site.mkdocs.private import only_private
from byline.site.pages import Values
from byline.site.zensical import papers
from byline.yamlread import YamlProblem, decode

HERE = Path(__file__).parent / "theme"
ABSENT = "404"  # the page that has no address
AUTHOR = "---\ntemplate: byline-author.html\nsearch:\n  exclude: true\n---\n# {}\n"
_CONTENT = re.compile(r"\{\{-?\s*(?:page|here)\.content\s*(?:\|\s*safe\s*)?-?\}\}")
_EXTENDS = '{% extends "base.html" %}'
# Zensical's templates know no values of ours; each page takes its own from a file named after its address.
_VALUES = (
    _EXTENDS
    + """
{% set key = (page.url | trim("/") | replace("/", "~")) if page and page.url is defined else "404" %}
{% from "byline-values/common.html" import byline %}
{% from "byline-values/" ~ key ~ ".html" import here %}"""
)
_KEPT = ("tags", "search", "hide", "template", "pin")  # of a post's front matter; all else is ours to show


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """What may be seen: the company's own pages by file, all files, which posts are pinned."""

    papers: Mapping[str, papers.Paper]
    files: tuple[str, ...]
    texts: Mapping[str, str]  # of posts
    pinned: frozenset[str]


def public(settings: Settings, posts: Mapping[str, Post], folder: str = "posts") -> Public:
    """`posts` are the public ones by file; drafts, posts of the future and what only they use are left out."""
    there = papers.files(settings.docs)
    texts = {uri: _text(settings.docs / uri) for uri in there if uri.endswith(".md")}
    hidden = {uri: text for uri, text in texts.items() if uri.startswith(f"{folder}/") and uri not in posts}
    shown = {uri: text for uri, text in texts.items() if uri not in hidden}
    media = [uri for uri in there if uri not in texts]
    private = only_private(media, hidden, shown, folder) if hidden else frozenset()
    return Public(
        papers={uri: papers.read(uri, text) for uri, text in shown.items() if uri not in posts},
        files=tuple(uri for uri in media if uri not in private),
        texts={uri: shown[uri] for uri in posts},
        pinned=frozenset(
            post.id for uri, post in posts.items() if papers.read(uri, shown[uri]).meta.get("pin") is True
        ),
    )


def write(
    stage: Path,
    settings: Settings,
    posts: Mapping[str, Post],
    there: Public,
    *,
    added: Mapping[str, str],
    own: Path | None,
    sheet: str,
    mark: str,
) -> None:
    """Documents and templates into `stage`. `added` are pages of ours, path -> text; `mark` begins and ends a page's
    text in what Zensical makes, and nobody can guess it."""
    shutil.rmtree(stage, ignore_errors=True)
    docs, templates = stage / "content", stage / "templates"
    for uri in there.files:
        _copy(settings.docs / uri, docs / uri)
    for uri, paper in there.papers.items():
        _put(docs / uri, paper.text)
    for uri, post in posts.items():
        _put(docs / uri, _front(post, papers.read(uri, there.texts[uri]).meta) + post.body)
    for uri, text in added.items():
        _put(docs / uri, text)
    _put(docs / styles.name(sheet), sheet)
    for name in styles.fonts(settings.brand):
        _copy(theme.FONTS / name, docs / places.ASSETS / "fonts" / name)
    _templates(theme.FOLDER, templates, mark)
    _templates(HERE, templates, mark)
    if own is not None and own.is_dir():
        _templates(own, templates, mark)


def values(stage: Path, common: Values, pages: Mapping[str, Values]) -> None:
    """What every page shows, and each by its address (`ABSENT` for the one without)."""
    folder = stage / "templates" / "byline-values"
    _put(folder / "common.html", _literal("byline", common))
    for url, here in pages.items():
        _put(folder / f"{url.strip('/').replace('/', '~')}.html", _literal("here", here))


def bounds(mark: str) -> tuple[str, str]:
    """What stands before and after the text of a page."""
    return f"<!--{mark}:text-->", f"<!--{mark}:end-->"


def _templates(source: Path, target: Path, mark: str) -> None:
    before, after = bounds(mark)
    for path in sorted(source.rglob("*")):
        if not path.is_file():
            continue
        to = target / path.relative_to(source)
        if path.suffix != ".html":
            _copy(path, to)
            continue
        text = path.read_text(encoding="utf-8")
        text = _CONTENT.sub(lambda _: f"{before}{{{{ page.content }}}}{after}", text)
        _put(to, text.replace(_EXTENDS, _VALUES, 1) if source == theme.FOLDER else text)


def _front(post: Post, meta: Mapping[str, Any]) -> str:
    """What Zensical must know of a post: where it goes and in which lists it stands."""
    kept = {key: meta[key] for key in _KEPT if key in meta}
    rows = {
        "title": post.title,
        "date": post.published.date(),
        "slug": post.url.strip("/").rpartition("/")[2],
        "categories": [links.slug(name) for name in post.categories],
        "draft": False,
    }
    shown = yaml.safe_dump(kept | rows, sort_keys=False, allow_unicode=True)
    return f"---\n{shown}---\n"


def _literal(name: str, value: Any) -> str:
    """A template that sets the value: JSON is nearly the language's own way of writing one."""
    return f"{{% set {name} = {json.dumps(_filled(value), ensure_ascii=False)} %}}"


def _filled(value: Any) -> Any:
    """MiniJinja has no `null`."""
    if isinstance(value, Mapping):
        return {str(key): _filled(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(one) for one in value]
    return "" if value is None else value


def _text(path: Path) -> str:
    data = path.read_bytes()
    try:
        return decode(data)
    except YamlProblem:
        return data.decode("utf-8", "replace")


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
