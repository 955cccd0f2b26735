"""A missing id as a suggestion on the line of a merge request, which one click takes. Pure.

What the check wrote is believed in nothing: the line must stand in the file as the newest commit has it, the one line that
is added must be an id and nothing else, and the file must be one that the merge request changes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from byline.codehost.gitlab import Change, MergeRequest

MARK = "<!-- byline: missing id -->"
MOST = 20
_WHY = "This post has no id yet. *Apply suggestion* writes this one; it stays with the post for good."
_BLOCK = re.compile(r"\n(?P<marks>`{3,})suggestion\n(?P<rows>.*)\n(?P=marks)$", re.DOTALL)
_ID = re.compile(r"id: [a-z][a-z0-9]{2,15}")
_ROW = re.compile(r"---|[A-Za-z][\w-]*:(?: .*)?", re.ASCII)
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """The line `line` of the file `path` becomes `rows`, of which the last one is the id."""

    path: str
    line: int
    rows: tuple[str, ...]


def read(data: bytes | None) -> Iterator[Offer]:
    """What `publish check --suggest` wrote, as far as it has that form; the first MOST."""
    try:
        value = json.loads(data or b"[]")
    except (ValueError, RecursionError):
        return
    for item in value[:MOST] if isinstance(value, list) else ():
        offer = _offer(item)
        if offer is not None:
            yield offer


def _offer(item: Any) -> Offer | None:
    if not isinstance(item, dict):
        return None
    path, line, body = item.get("path"), item.get("line"), item.get("body")
    if not isinstance(path, str) or not isinstance(body, str) or isinstance(line, bool):
        return None
    if not isinstance(line, int) or not 0 < line < 10_000 or not path.endswith(".md") or len(path) > 500:
        return None
    found = _BLOCK.search(body)
    rows = tuple(found["rows"].split("\n")) if found else ()
    if len(rows) not in (1, 2) or not _ID.fullmatch(rows[-1]) or not all(map(_ROW.fullmatch, rows)):
        return None
    return Offer(path=path, line=line, rows=rows)


def fits(offer: Offer, text: str) -> bool:
    """Does the file have that line, in its front matter, and no id?"""
    rows = text.removeprefix("\ufeff").split("\n")
    if not rows or rows[0].rstrip() != "---" or offer.line > len(rows):
        return False
    end = next((number for number, row in enumerate(rows[1:], 2) if row.rstrip() == "---"), 0)
    if not 0 < offer.line < end or any(re.match(r"id:\s*\S", row) for row in rows[1 : end - 1]):
        return False
    kept = rows[offer.line - 1].rstrip()
    return kept == offer.rows[0].rstrip() if len(offer.rows) == 2 else bool(re.fullmatch(r"id:\s*", kept))


def position(change: Change, request: MergeRequest, line: int) -> dict[str, str | int]:
    """Where a thread on that line of the changed file stands: a line that was there before needs its old number too."""
    place: dict[str, str | int] = {
        "position_type": "text",
        "base_sha": request.base,
        "start_sha": request.start,
        "head_sha": request.sha,
        "old_path": change.old_path,
        "new_path": change.new_path,
        "new_line": line,
    }
    old = None if change.new else _old(change.diff, line)
    return place if old is None else place | {"old_line": old}


def _old(diff: str, line: int) -> int | None:
    """The number that the line had before; None when it was added."""
    old = new = 1  # the next line of each side
    for row in diff.split("\n"):
        if head := _HUNK.match(row):
            begin = int(head[3]) + (head[4] == "0")
            if line < begin:
                break
            old, new = int(head[1]) + (head[2] == "0"), begin
        elif row.startswith("+"):
            if new == line:
                return None
            new += 1
        elif row.startswith("-"):
            old += 1
        elif row.startswith(" "):
            if new == line:
                return old
            old, new = old + 1, new + 1
    return old + line - new


def body(offer: Offer) -> str:
    """The thread's words, with the block that GitLab makes a button of."""
    text = "\n".join(offer.rows)
    marks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{MARK}\n{_WHY}\n\n{marks}suggestion:-0+0\n{text}\n{marks}"
