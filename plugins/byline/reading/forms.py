"""The forms of the settings: what an older one said, in the words of the newest. The text itself is changed, so that comments stay.

A new form is one more step at the end of STEPS. Its edit works on the file as people wrote it; what it cannot find is
not there, which is fine. A setting that got another meaning must get another name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from byline.yamlread import Mapping_, Node, Scalar, Sequence_, read


@dataclass(frozen=True, slots=True)
class Step:
    """To the next form: `why` in a person's words, `edit` what it does to the text."""

    why: str
    edit: Callable[[Text], None]


STEPS: tuple[Step, ...] = ()  # the first leads from form 1 to form 2


def newest() -> int:
    """The form that this version reads."""
    return 1 + len(STEPS)


class Text:
    """The text of a mkdocs.yml. Paths are dotted keys below `byline`, without it."""

    def __init__(self, text: str) -> None:
        self.rows = text.splitlines(keepends=True)

    def __str__(self) -> str:
        return "".join(self.rows)

    def rename(self, path: str, name: str) -> None:
        """Another name for the setting at the path; its value, place and comment stay."""
        if (found := self._find(path)) is not None:
            key = path.rpartition(".")[2]
            self._put(found[0], rf"(?<![\w-])(['\"]?){re.escape(key)}\1(?=\s*:)", name)

    def value(self, path: str, change: Callable[[str], str]) -> None:
        """Another value for a setting that stands on one line; `change` gets the words as typed."""
        found = self._find(path)
        if found is not None and isinstance(found[1], Scalar) and found[1].raw:
            key = re.escape(path.rpartition(".")[2])
            old = re.escape(found[1].raw)
            self._put(found[1].line, rf"(?<=[\s{{,]){key}\s*:\s*(['\"]?){old}\1", lambda match: (
                match[0][: match[0].index(":") + 1] + " " + change(found[1].raw)  # type: ignore[union-attr]
            ))  # fmt: skip

    def remove(self, path: str) -> None:
        """Take out a setting that stands on lines of its own, with all below it."""
        found = self._find(path)
        if found is None:
            return
        first = found[0] - 1
        row = self.rows[first]
        if not re.match(r"\s*['\"]?[\w-]+['\"]?\s*:", row):
            return  # within braces: the reader names it, with the line
        depth = len(row) - len(row.lstrip())
        last = first + 1
        while last < len(self.rows) and _deeper(self.rows[last], depth):
            last += 1
        while not self.rows[last - 1].strip():
            last -= 1
        del self.rows[first:last]

    def form(self, number: int) -> None:
        """Write which form it is in, as the first line of the block where it had none."""
        found = self._find("schema")
        if found is not None:
            self.value("schema", lambda _old: str(number))
            return
        block = _block(read(str(self), opaque_tags=True))
        if block is None or not block.items:
            return
        first = min(block.key_lines.values())
        row = self.rows[first - 1]
        if re.match(r"\s*['\"]?[\w-]+['\"]?\s*:", row):
            self.rows.insert(first - 1, f"{row[: len(row) - len(row.lstrip())]}schema: {number}\n")

    def _find(self, path: str) -> tuple[int, Node] | None:
        node: Node | None = _block(read(str(self), opaque_tags=True))
        line = 0
        for key in path.split("."):
            if not isinstance(node, Mapping_) or key not in node.items:
                return None
            line, node = node.key_lines[key], node.items[key]
        return None if node is None else (line, node)

    def _put(self, line: int, pattern: str, new: str | Callable[[re.Match[str]], str]) -> None:
        """In that line, where the pattern stands in it once: what stands in it twice is left to a person."""
        row = self.rows[line - 1]
        if len(re.findall(pattern, row)) == 1:
            self.rows[line - 1] = re.sub(pattern, new if callable(new) else (lambda _match: new), row)


def form_of(text: str) -> int:
    """The form that a text says it is in; 1 where it says none. YamlProblem when it cannot be read."""
    found = Text(text)._find("schema")
    value = found[1].value if found is not None and isinstance(found[1], Scalar) else 1
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 1


def brought_up(text: str) -> tuple[str, Sequence[str]]:
    """The text in the newest form, and why each step was taken. Raises YamlProblem when it cannot be read."""
    begin = form_of(text)
    whole, told = Text(text), []
    for number, step in enumerate(STEPS[begin - 1 :], begin + 1):
        step.edit(whole)
        whole.form(number)
        told.append(step.why)
    return str(whole), tuple(told)


def _block(tree: Node | None) -> Mapping_ | None:
    """The settings below `- byline:`."""
    plugins = tree.items.get("plugins") if isinstance(tree, Mapping_) else None
    entries = plugins.items if isinstance(plugins, Sequence_) else (plugins,)
    for entry in entries:
        if isinstance(entry, Mapping_) and isinstance(found := entry.items.get("byline"), Mapping_):
            return found
    return None


def _deeper(row: str, depth: int) -> bool:
    """Does the row belong to the setting above it that begins at this depth?"""
    bare = row.lstrip()
    indent = len(row) - len(bare)
    return not bare or indent > depth or (indent == depth and bare.startswith("- "))
