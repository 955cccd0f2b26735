"""Ids of posts: fresh ones made of words, and writing one into a file while touching nothing else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path

from byline import links
from byline.model import POST_ID
from byline.yamlread import Mapping_, Scalar, YamlProblem

_LONGEST = 12
_SMALL_WORDS = frozenset(
    ["a", "an", "and", "are", "as", "at", "be", "by", "does", "for", "from", "how", "in", "is", "it", "its", "of", "on", "or", "our", "that", "the", "this", "to", "was", "we", "what", "when", "why", "with", "you", "your", "der", "die", "das", "und", "ein", "eine", "ist"]
)  # fmt: skip

# What YAML would take for a boolean or nothing.
_READ_OTHERWISE = frozenset(("yes", "off", "true", "false", "null", "none"))

# (front matter, …) of a text, as `byline.content.split` gives it
Split = Callable[[str], Mapping_]


def fresh_id(words: str, taken: Collection[str]) -> str:
    """A short readable id that is not taken: the words that carry the meaning, as many as fit."""
    parts = [part for part in links.slug(words).split("-") if part]
    telling = [part for part in parts if part not in _SMALL_WORDS] or parts
    base = ""
    for part in telling:
        if base and len(base) + len(part) > _LONGEST:
            break
        base += part
    base = base.lstrip("0123456789")[:_LONGEST]
    if len(base) < 3:
        base = f"post{base}"
    found, number = base, 1
    while found in taken or found in _READ_OTHERWISE:
        number += 1
        found = f"{base}{'x' if base[-1].isdigit() else ''}{number}"
    assert re.fullmatch(POST_ID, found)
    return found


def with_id(text: str, post_id: str, split: Split) -> str | None:
    """The text with the line `id: …` after its date; None where it cannot be added safely. Line ends stay."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    node = split(plain)
    lines = text.splitlines(keepends=True) if "\r" not in text.replace("\r\n", "") else None
    if lines is None or "".join(lines).count("\n") != len(lines) - (not text.endswith("\n")):
        return None
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    written = node.items.get("id")
    if written is not None:
        if not isinstance(written, Scalar) or written.value is not None:
            return None
        at = node.key_lines["id"] - 1
        lines[at] = f"id: {post_id}{end}"
    else:
        lines.insert(_place(node, lines), f"id: {post_id}{end}")
    changed = "".join(lines)
    try:
        after = split(changed.replace("\r\n", "\n"))
    except YamlProblem:  # the front matter is written in a form that takes no further line
        return None
    same = {key: value for key, value in _bare(after).items() if key != "id"}
    if same != {key: value for key, value in _bare(node).items() if key != "id"}:
        return None
    found = after.items.get("id")
    return changed if isinstance(found, Scalar) and found.value == post_id else None


def _place(node: Mapping_, lines: list[str]) -> int:
    """The index of the line before which the id goes: the key after the date, else the closing mark."""
    order = list(node.items)
    after = order.index("date") + 1 if "date" in order else len(order)
    if after < len(order):
        return node.key_lines[order[after]] - 1
    return next(index for index in range(1, len(lines)) if lines[index].rstrip() == "---")


def _bare(node: Mapping_) -> dict[str, object]:
    """The values without their lines."""
    from byline.yamlread import plain

    return {key: plain(value) for key, value in node.items.items()}


def write(path: Path, text: str, *, mark: bool) -> None:
    """Put the text in the file's place in one step; `mark`: it began with a byte order mark."""
    data = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    target = Path(os.path.realpath(path))
    other = target.with_name(f".{target.name}.new")
    other.write_bytes(data)
    other.chmod(target.stat().st_mode)
    other.replace(target)
