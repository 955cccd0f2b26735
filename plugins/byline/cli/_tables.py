"""Text that fits the terminal it is shown in."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Sequence

WIDEST, NARROWEST = 110, 30


def width() -> int:
    """How many columns there are; 100 where the output is no terminal, so that files and CI logs do not change with a window."""
    if not sys.stdout.isatty():
        return 100
    return max(NARROWEST, min(shutil.get_terminal_size().columns, WIDEST))


def wrapped(text: str, *, first: str = "", other: str = "") -> str:
    """The text in lines that fit; addresses and commands are never cut."""
    return textwrap.fill(
        text,
        width(),
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    )


def columns_of(text: str) -> int:
    """How many columns the text takes: colours none, wide letters two."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in plain
    )


def table(rows: Sequence[Sequence[str]], *, indent: str = "  ", wide: int = 0) -> list[str]:
    """Rows in columns, the last one wrapped; on a narrow screen each row becomes a block, its cells below one another."""
    if not rows:
        return []
    space = wide or (width() if sys.stdout.isatty() else 10_000)  # a file or a pipe keeps one row a line
    count = max(len(row) for row in rows)
    sizes = [max(columns_of(row[at]) for row in rows if len(row) > at) for at in range(count - 1)]
    lead = len(indent) + sum(size + 2 for size in sizes)
    if space - lead < 24:
        return [line for row in rows for line in _block(row, indent, space)]
    found = []
    for row in rows:
        cells = [*row, *[""] * (count - len(row))]
        head = indent + "".join(
            cell + " " * (size - columns_of(cell) + 2) for cell, size in zip(cells, sizes, strict=False)
        )
        lines = textwrap.wrap(cells[-1], space - lead, break_long_words=False, break_on_hyphens=False) or [""]
        found.append((head + lines[0]).rstrip())
        found += [" " * lead + line for line in lines[1:]]
    return found


def _block(row: Sequence[str], indent: str, space: int) -> list[str]:
    cells = [cell for cell in row if cell.strip()]
    found: list[str] = []
    for number, cell in enumerate(cells):
        lead = indent if number == 0 else indent + "  "
        found += textwrap.wrap(
            cell,
            max(20, space),
            initial_indent=lead,
            subsequent_indent=indent + "    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return found


def fitted(head: str, facts: Sequence[str], *, wide: int = 0) -> list[str]:
    """One row: its head and facts on a line where they fit; else the facts below it, each on lines of its own."""
    whole = head + "   ".join(facts)
    space = wide or (width() if sys.stdout.isatty() else 10_000)
    if columns_of(whole) <= space:
        return [whole]
    found = textwrap.wrap(
        " ".join(head.split()),
        space,
        initial_indent="  ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    for fact in facts:
        found += textwrap.wrap(
            fact,
            space,
            initial_indent="      ",
            subsequent_indent="        ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return found


_BELOW = {"│": "│ ", "├": "│   ", "└": "    "}  # what stands before the rest of a row with this frame


def folded(text: str, *, wide: int = 0) -> str:
    """Each row in rows that fit, the rest below its beginning and within its frame; a word is never cut.

    For a terminal alone: a file or a pipe gets the text as it is.
    """
    if not wide and not sys.stdout.isatty():
        return text
    return "\n".join(line for row in text.split("\n") for line in _folded(row, wide or width()))


def _folded(row: str, space: int) -> list[str]:
    bare = row.lstrip(" ")
    if columns_of(row) <= space or not bare:
        return [row]
    indent = " " * (len(row) - len(bare))
    below = indent + (_BELOW.get(bare[0]) or "    ")
    if bare[0] in _BELOW:
        indent, bare = f"{indent}{bare[0]} ", bare[2:]
    lines = [indent]
    for word in re.findall(r"\S+\s*", bare):
        begun = lines[-1] not in (indent, below)
        if begun and columns_of(lines[-1] + word.rstrip()) > space:
            lines.append(below)
        lines[-1] += word
    return [line.rstrip() for line in lines]


def flowing(text: str, *, wide: int = 0) -> str:
    """Words in lines that fit, colours counted as nothing; a word is never cut, so that it can be copied."""
    space = wide or min(shutil.get_terminal_size().columns, WIDEST)
    lead = len(text) - len(text.lstrip(" "))
    found, at = [" " * lead], lead
    for word in text.split():
        size = columns_of(word)
        if at > lead + 4 and at + 1 + size > space:
            found.append("\n" + " " * (lead + 4))
            at = lead + 4
        elif at > lead and not found[-1].startswith("\n"):
            found.append(" ")
            at += 1
        found.append(word)
        at += size
    return "".join(found)
