"""The search plugin's reading of a page, with the same calls in a quarter of the time where the page is plain HTML.

Stock reads each page with Python's own parser, which is made for any HTML. What comes out of Markdown and of cleaning
is of few shapes: tags with quoted attributes, and text. Anything else is left to stock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

_NAME = r"[a-z][a-z0-9]*"
_GIVEN = r'(?: [a-zA-Z][a-zA-Z0-9:_-]*(?:="[^"]*")?)*'
_TOKEN = re.compile(rf"([^<]+)|<({_NAME})({_GIVEN}) ?(/?)>|</({_NAME})>")
_ATTRIBUTE = re.compile(r' ([a-zA-Z][a-zA-Z0-9:_-]*)(?:="([^"]*)")?')
# What these hold is no HTML, or not in every version of Python.
_OTHERWISE = re.compile(
    r"<(?:script|style|textarea|title|iframe|noembed|noframes|noscript|plaintext|xmp)\b|<[!?]", re.IGNORECASE
)

_Token = tuple[str, str, str, str, str]


def parser(stock: Any) -> Any:
    """The search plugin's `Parser`, with another way to go through the text."""

    class Parser(stock):  # type: ignore[misc]
        def feed(self, data: str) -> None:
            """All of a page at once, as the search plugin gives it."""
            tokens = plain(data)
            if tokens is None:
                super().feed(data)
                return
            for text, tag, given, ended, closed in tokens:
                if text:
                    self.handle_data(unescape(text) if "&" in text else text)
                elif closed:
                    self.handle_endtag(closed)
                else:
                    attributes = [
                        (name.lower(), (unescape(value) if value else value) if "=" in whole else None)
                        for name, value, whole in _attributes(given)
                    ]
                    if ended:
                        self.handle_startendtag(tag, attributes)
                    else:
                        self.handle_starttag(tag, attributes)

    return Parser


class Element(str):
    """As the search plugin's, which is asked for its hash and whether it is another half a million times: as a text."""

    __slots__ = ("attrs", "tag")

    tag: str
    attrs: Mapping[str, str | None]

    def __new__(cls, tag: str, attrs: Mapping[str, str | None] | None = None) -> Element:
        made = super().__new__(cls, tag)
        made.tag, made.attrs = tag, attrs or {}
        return made

    def is_excluded(self) -> bool:
        """Does it say that the search is to leave it out?"""
        return "data-search-exclude" in self.attrs


def plain(data: str) -> list[_Token] | None:
    """The page in its parts, or None where some of it is of another shape."""
    if _OTHERWISE.search(data):
        return None
    found: list[_Token] = []
    at = 0
    for match in _TOKEN.finditer(data):
        if match.start() != at:
            return None
        at = match.end()
        found.append(match.groups(""))  # type: ignore[arg-type]
    return found if at == len(data) else None


def _attributes(given: str) -> list[tuple[str, str, str]]:
    return [(match[1], match[2] or "", match[0]) for match in _ATTRIBUTE.finditer(given)] if given else []
