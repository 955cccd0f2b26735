"""Words that YAML takes for a comment: what follows ` #` in an unquoted text is lost without a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from byline.yamlread import Mapping_, Node, Sequence_

_TEXTS = ("title", "description", "share")
_NO_TEXTS = frozenset({"at", "after", "as", "image", "link"})
_LOST = re.compile(r"[ \t]+(#\w.*?)\s*")


def lost_words(front: Mapping_, rows: Sequence[str]) -> Iterator[tuple[str, int, str, str]]:
    """Key, line, text and what was lost, for each text meant for readers. `rows` are the lines of the file.

    A comment that has a blank after its `#` is meant as one.
    """
    for key in _TEXTS:
        if key in front.items:
            yield from _lost(front.items[key], key, rows)


def _lost(node: Node, key: str, rows: Sequence[str]) -> Iterator[tuple[str, int, str, str]]:
    if isinstance(node, Mapping_):
        for name, value in node.items.items():
            if name not in _NO_TEXTS:
                yield from _lost(value, f"{key}.{name}", rows)
    elif isinstance(node, Sequence_):
        for index, value in enumerate(node.items):
            yield from _lost(value, f"{key}.{index}", rows)
    elif isinstance(node.value, str) and node.raw and not node.quoted:
        row = rows[node.line - 1] if 0 < node.line <= len(rows) else ""
        _, found, rest = row.partition(node.raw)
        if found and (lost := _LOST.fullmatch(rest)):
            yield key, node.line, node.raw, lost[1]
