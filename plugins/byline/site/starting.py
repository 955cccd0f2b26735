"""Where many posts are new: another process reads some of them while this one imports what a build is made with."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from byline.site import halves

MANY = 60  # posts for which a second process pays
_MODULES = (
    "mkdocs.commands.build",
    "material.plugins.blog.plugin",
    "material.plugins.search.plugin",
    "byline.site.mkdocs.plugin",
)


def beside(
    posts: Sequence[str], read: Callable[[str], Any], done: Callable[[], Mapping[str, Any]]
) -> halves.Half | None:
    """As `Begin` of `reading.recall`."""
    if len(posts) < MANY:
        return None
    half = halves.begin(posts, lambda: None, read, done)
    if half is not None:
        no_banner()
        for name in _MODULES:
            import_module(name)
    return half


def no_banner() -> None:
    """Without it Material prints a page about MkDocs 2 when it is imported."""
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
