"""Every post and author under `docs_dir`, or one post again."""

from __future__ import annotations

import gc
from types import MappingProxyType

from byline import registry
from byline.content.across import across
from byline.content.shape import Content
from byline.content.source import source_of
from byline.errors import Problem
from byline.model import Author, Post
from byline.reading.authors import read_authors
from byline.reading.files import Reading
from byline.reading.post import read_post
from byline.reading.recall import Asked, Recall
from byline.reading.share import FIXED
from byline.reading.tree import Tree, scan
from byline.settings import Settings


def read(settings: Settings, recall: Recall | None = None) -> Content:
    """Every post and author of the site, with every mistake in them. `recall` spares the reading of known posts."""
    # Thousands of small values are made here and all of them are kept: looking for rubbish among them is a third of
    # the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _read(settings, recall)
    finally:
        if collecting:
            gc.enable()


def _read(settings: Settings, recall: Recall | None) -> Content:
    tree = scan(settings.docs, settings.root)
    problems = list(tree.problems)
    authors = read_authors(settings, tree, problems)
    reading = _reading(settings, tree, authors, problems)
    posts: list[Post] = []
    files = Asked(tree.files)
    for path in tree.posts:
        known = recall.find(path, tree.files) if recall else None
        if known is not None:
            posts.append(known[0])
            if known[1]:
                reading.targets[path] = known[1]
            reading.addresses.extend(known[2])
            continue
        before, links = len(problems), len(reading.addresses)
        if recall:
            files.answers, tree.looked = {}, set()
            tree.files = files
        source = source_of(reading, path)
        post = read_post(source, reading) if source is not None else None
        _once_a_line(problems, before)
        if post is not None:
            posts.append(post)
            if recall and len(problems) == before:
                own = reading.addresses[links:]
                recall.keep(path, post, files.answers, tree.looked, reading.targets.get(path, []), own)
    across(reading, posts)
    return Content(
        posts=tuple(posts),
        authors=authors,
        problems=tuple(sorted(problems, key=lambda item: (item.file, item.line, item.key, item.code))),
        count=len(tree.posts),
        targets=MappingProxyType({path: tuple(found) for path, found in reading.targets.items()}),
    )


def read_again(settings: Settings, content: Content, src_uri: str) -> Post | None:
    """One post that has just been saved, read as `read` does; None where it has a mistake or is not among the posts.

    What only shows among all posts (two with one address) is left to `read`.
    """
    tree, problems = scan(settings.docs, settings.root), list[Problem]()
    if src_uri not in tree.files:
        return None
    reading = _reading(settings, tree, dict(content.authors), problems)
    source = source_of(reading, src_uri)
    post = read_post(source, reading) if source is not None else None
    return None if any(problem.severity == "error" for problem in problems) else post


def _reading(settings: Settings, tree: Tree, authors: dict[str, Author], problems: list[Problem]) -> Reading:
    """What every post is read against; a `share` may name every network that there is."""
    networks = tuple(dict.fromkeys((*registry.channels(), *settings.channels, *FIXED)))
    return Reading(settings=settings, tree=tree, authors=authors, networks=networks, problems=problems)


def _once_a_line(problems: list[Problem], before: int) -> None:
    """A value that is spoilt as YAML is told once, not again by every rule that looks at it."""
    spoilt = {item.line for item in problems[before:] if item.code == "yaml-value"}
    if spoilt:
        problems[before:] = [
            item for item in problems[before:] if item.code == "yaml-value" or item.line not in spoilt
        ]
