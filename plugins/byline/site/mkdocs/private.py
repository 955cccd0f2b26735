"""Which files of the site belong only to posts that nobody may see yet, and must not be built either."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

_TARGETS = (
    re.compile(r"\]\(\s*<([^>\n]+)>"),
    re.compile(r"\]\(\s*([^\s()<>]+(?:\([^\s()]*\)[^\s()<>]*)*)"),
    re.compile(r"^ {0,3}\[[^\]\n]+\]:\s*<?([^\s>]+)", re.MULTILINE),
    re.compile(r"""\b(?:src|href|poster|data|srcset)\s*=\s*["']?([^"'>\s]+)""", re.IGNORECASE),
    re.compile(r"""^\s*(?:image|cover|-?\s*image)\s*:\s*["']?([^"'\n#]+?)["']?\s*(?:#.*)?$""", re.MULTILINE),
)


def only_private(
    media: Iterable[str], hidden: Mapping[str, str], shown: Mapping[str, str], posts: str
) -> frozenset[str]:
    """The media files (relative to docs_dir) to take out.

    `hidden` and `shown` map a page's path to its text; `posts` is the folder of the posts. A file goes when a
    hidden post refers to it and no shown page does, and when all posts of its folder are hidden.
    """
    refused = {target for path, text in hidden.items() for target in refers(path, text)}
    seen = {folder for path in shown for folder in _folders(path, posts)}
    unseen = {folder for path in hidden for folder in _folders(path, posts)} - seen
    doubtful = {
        file for file in media if file in refused or posixpath.dirname(file) in unseen or _below(file, unseen)
    }
    names = {posixpath.basename(file) for file in doubtful}
    wanted = {
        target
        for path, text in shown.items()
        if doubtful and _may_name(text, names)
        for target in refers(path, text)
    }
    return frozenset(doubtful - wanted)


def _may_name(text: str, names: set[str]) -> bool:
    """A cheap question before the dear one: an address that leads to a file ends in its name, plain or escaped."""
    return any(name in text for name in names) or (
        "%" in text and any(name in unquote(text) for name in names)
    )


def refers(path: str, text: str) -> set[str]:
    """The files of the site that the page's text names, relative to docs_dir."""
    folder = posixpath.dirname(path)
    found = set()
    for pattern in _TARGETS:
        for match in pattern.finditer(text):
            try:
                parts = urlsplit(match[1].strip())
            except ValueError:
                continue
            if parts.scheme or parts.netloc or not parts.path:
                continue
            target = unquote(parts.path)
            found.add(posixpath.normpath(posixpath.join(folder, target)))
            found.add(posixpath.normpath(target.lstrip("/")))
    return found


def _folders(path: str, posts: str) -> list[str]:
    """The folders between a post and the folder of all posts, which is everybody's."""
    found, folder = [], posixpath.dirname(path)
    while folder.startswith(posts + "/"):
        found.append(folder)
        folder = posixpath.dirname(folder)
    return found


def _below(file: str, folders: set[str]) -> bool:
    return any(file.startswith(folder + "/") for folder in folders)
