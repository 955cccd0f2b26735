"""Two people changed one text: what both did, where they did not touch the same lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """`text` holds every change of theirs and those of ours that do not meet one of theirs; `left` are the others: (line in theirs, ours)."""

    text: str
    left: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Change:
    """Lines `begin` to `end` of the base become `lines`."""

    begin: int
    end: int
    lines: tuple[str, ...]


def merge(base: str, theirs: str, ours: str) -> Merged:
    """`theirs` always wins: nothing that a person changed is ever overwritten."""
    rows = base.splitlines(keepends=True)
    own, new = _changes(rows, theirs), _changes(rows, ours)
    kept, left = list[_Change](), list[tuple[int, str]]()
    for change in new:
        meeting = [other for other in own if _meet(change, other)]
        if not meeting:
            kept.append(change)
        elif any(other != change for other in meeting):
            shift = sum(
                len(other.lines) - (other.end - other.begin) for other in own if other.end <= change.begin
            )
            left.append((change.begin + shift + 1, "".join(change.lines)))
    found, at = list[str](), 0
    for change in sorted({*kept, *own}, key=lambda item: (item.begin, item.end)):
        found += rows[at : change.begin]
        found += change.lines
        at = max(at, change.end)
    found += rows[at:]
    return Merged(text="".join(found), left=tuple(left))


def _changes(rows: Sequence[str], text: str) -> list[_Change]:
    other = text.splitlines(keepends=True)
    matcher = SequenceMatcher(None, rows, other, autojunk=False)
    return [_Change(a, b, tuple(other[c:d])) for kind, a, b, c, d in matcher.get_opcodes() if kind != "equal"]


def _meet(one: _Change, other: _Change) -> bool:
    """Do the two touch the same lines, or the same gap between two lines?"""
    if one.begin == one.end and other.begin == other.end:
        return one.begin == other.begin
    if one.begin == one.end:
        return other.begin < one.begin < other.end
    if other.begin == other.end:
        return one.begin < other.begin < one.end
    return one.begin < other.end and other.begin < one.end
