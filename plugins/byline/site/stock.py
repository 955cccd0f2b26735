"""Material's style sheets without the rules of what stands on no page of ours: its navigation, tabs, footer, versions.

Read from the installed package in each build, never copied: what an upgrade brings comes along. Rules for whatever a
text may contain stay, as does every part that a setting of Material's can bring back. A rule goes only where each of
its selectors needs one of the parts below.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

# Parts of Material's pages that our templates have something else for, or nothing.
ABSENT = (
    "author",
    "feedback",
    "footer",
    "footer-meta",
    "meta",
    "nav",
    "path",
    "pin",
    "post",
    "profile",
    "select",
    "sidebar",
    "social",
    "source",
    "status",
    "tabs",
    "version",
)
_STOP = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([{}])""", re.DOTALL)
_COMMENT = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|/\*.*?\*/""", re.DOTALL)
_NEEDS = re.compile(rf"\.md-(?:{'|'.join(ABSENT)})(?![a-z0-9]|-[a-z0-9])")
_CHOICES = re.compile(r":(?:not|is|where|has)\(")
_COLOUR = re.compile(r'\[data-md-color-(?:primary|accent)="?([a-z-]+)"?\]')
_PICTURE = re.compile(r"(--[\w-]+):url\(")
_RULES = ("@media", "@supports", "@layer", "@container")  # at-rules that hold rules


@lru_cache(maxsize=4)
def reduced(sheet: str, colours: frozenset[str]) -> str:
    """The sheet without those rules, and without the colour schemes of palettes that are not in `colours`.

    What it cannot read (braces that do not match) it returns as it is.
    """
    text = _COMMENT.sub(lambda found: found[1] or "", sheet)
    try:
        kept = "".join(_kept(text, colours))
    except ValueError:
        return sheet
    return '@charset "UTF-8";' + _without_unused_pictures(kept)


def _kept(text: str, colours: Collection[str]) -> Iterator[str]:
    for head, body in _blocks(text):
        if body is None:
            if not head.startswith("@charset"):  # it counts at the head of a file alone
                yield head
        elif head.startswith(_RULES):
            inner = "".join(_kept(body, colours))
            if inner:
                yield f"{head}{{{inner}}}"
        elif head.startswith("@"):
            yield f"{head}{{{body}}}"
        else:
            selectors = [one for one in _parts(head) if _possible(one, colours)]
            if selectors:
                yield f"{','.join(selectors)}{{{body}}}"


def _possible(selector: str, colours: Collection[str]) -> bool:
    """Can it match on a page of ours? What stands in `:not(…)` and its kind is not needed for that."""
    bare = _without_choices(selector)
    if _NEEDS.search(bare):
        return False
    return all(colour in colours for colour in _COLOUR.findall(bare))


def _without_choices(selector: str) -> str:
    while found := _CHOICES.search(selector):
        depth, end = 1, found.end()
        while depth and end < len(selector):
            depth += {"(": 1, ")": -1}.get(selector[end], 0)
            end += 1
        selector = selector[: found.start()] + selector[end:]
    return selector


def _parts(head: str) -> list[str]:
    """The selectors of a rule; a comma within brackets divides none."""
    found, depth, begin = [], 0, 0
    for at, sign in enumerate(head):
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif sign == "," and not depth:
            found.append(head[begin:at])
            begin = at + 1
    return [*found, head[begin:]]


def _blocks(text: str) -> Iterator[tuple[str, str | None]]:
    """What stands side by side: (head, body) of each block; body is None for `@charset "utf-8";` and its kind."""
    depth = begin = opened = 0
    for stop in _STOP.finditer(text):
        if stop[2] == "{":
            if not depth:
                opened = stop.start()
            depth += 1
        elif stop[2] == "}":
            depth -= 1
            if depth < 0:
                raise ValueError(text[begin : begin + 80])
            if not depth:
                before = text[begin:opened]
                *statements, head = before.split(";") if "@" in before else [before]
                yield from ((f"{one.strip()};", None) for one in statements if one.strip())
                yield head.strip(), text[opened + 1 : stop.start()]
                begin = stop.end()
    if depth:
        raise ValueError(text[begin : begin + 80])
    if text[begin:].strip():
        yield text[begin:].strip(), None


def _without_unused_pictures(text: str) -> str:
    """Icons are kept as values; those that only rules used which are gone now, go too."""
    for name in set(_PICTURE.findall(text)):
        if f"var({name})" not in text and f"var({name}," not in text:
            text = re.sub(rf"""{name}:url\((?:"[^"]*"|'[^']*'|[^"')]*)\);?""", "", text)
    return re.sub(r"(?:(?<=[{};])|^)[^{};@]*\{\s*\}", "", text)
