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
from byline.reading.recall import Asked, Known, Recall
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
    posts = _posts(reading, recall)
    across(reading, posts)
    return Content(
        posts=tuple(posts),
        authors=authors,
        problems=tuple(sorted(problems, key=lambda item: (item.file, item.line, item.key, item.code))),
        count=len(tree.posts),
        targets=MappingProxyType({path: tuple(found) for path, found in reading.targets.items()}),
    )


def _posts(reading: Reading, recall: Recall | None) -> list[Post]:
    """The posts that could be read, in order of path; what is wrong with any is in the reading's problems."""
    paths, files = reading.tree.posts, reading.tree.files
    if recall is None:
        return [post for path in paths if (post := _one(reading, path)) is not None]
    reading.tree.files = asked = Asked(files)
    known = {path: recall.find(path, files) for path in paths}
    new = [path for path in paths if known[path] is None]
    beside = recall.begin(new, lambda path: _noted(reading, path, asked, recall), lambda: recall.fresh)
    posts: list[Post | None] = []
    try:
        for path in paths:
            found = known[path]
            if found is None and beside is not None and not beside.mine(path):
                recall.fresh.update(beside.take() or {})
                beside = None
            if found is None and path in recall.fresh:
                found = recall.find(path, files)
            if found is None:
                posts.append(_noted(reading, path, asked, recall))
                continue
            posts.append(found.post)
            if found.targets:
                reading.targets[path] = found.targets
            reading.addresses.extend(found.addresses)
            reading.problems.extend(found.warnings)
    finally:
        if beside is not None:
            beside.leave()
    return [post for post in posts if post is not None]


def _one(reading: Reading, path: str) -> Post | None:
    before = len(reading.problems)
    source = source_of(reading, path)
    post = read_post(source, reading) if source is not None else None
    _once_a_line(reading.problems, before)
    return post


def _noted(reading: Reading, path: str, files: Asked, recall: Recall) -> Post | None:
    """The post, and in `recall` what reading it has looked at, unless something is wrong with it."""
    before, links, tree = len(reading.problems), len(reading.addresses), reading.tree
    files.answers, tree.looked, tree.guessed = {}, set(), False
    post = _one(reading, path)
    warnings = reading.problems[before:]
    # What was most likely meant depends on all names there are.
    if post is not None and not tree.guessed and all(one.severity == "warning" for one in warnings):
        known = Known(post, reading.targets.get(path, []), reading.addresses[links:], warnings)
        recall.keep(path, files.answers, tree.looked, known)
    return post


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
