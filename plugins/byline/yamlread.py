"""YAML with line numbers, for mkdocs.yml, .authors.yml and front matter.

Safe (no object is ever built from a tag), duplicate keys refused, aliases bounded (an alias bomb cannot grow),
scalars kept with the words the person typed, so that `at: 11:00` can be read as meant. PyYAML, YAML 1.1.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

import yaml

MAX_BYTES = 5_000_000
MAX_NODES = 50_000
MAX_DEPTH = 40


class YamlProblem(ValueError):
    """The text is not usable YAML. `line` counts from 1 in the text given (plus the reader's offset)."""

    def __init__(self, line: int, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.line = line
        self.code = code
        self.message = message
        self.fix = fix


@dataclass(frozen=True, slots=True)
class Scalar:
    """One plain value: `value` as YAML 1.1 reads it, `raw` as typed, `quoted` when it stood in quotes or a block."""

    value: str | int | float | bool | date | datetime | None
    raw: str
    quoted: bool
    line: int


@dataclass(frozen=True, slots=True)
class Sequence_:
    """A list, with the line where it starts."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping_:
    """A map in the order written; `key_lines` tells where each key stands."""

    items: dict[str, Node]
    key_lines: dict[str, int]
    line: int


Node = Scalar | Sequence_ | Mapping_

_STR = "tag:yaml.org,2002:str"
_USUAL = frozenset(
    f"tag:yaml.org,2002:{word}" for word in ("str", "map", "seq", "int", "float", "bool", "null", "timestamp")
)
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]
    """PyYAML's safe loader with the one question it asks most, what a plain value is, answered sooner."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and implicit[0]:
            for tag, pattern in self.yaml_implicit_resolvers.get(value[:1], ()):
                if pattern.match(value):
                    return tag
            return _STR
        return super().resolve(kind, value, implicit)

    # Nothing is resolved by its path. Both are called for every node: built-ins, as cheap as a call can be.
    descend_resolver = staticmethod(operator.is_)
    ascend_resolver = staticmethod(bool)


_LOADER: Any = _Loader
_CONSTRUCTOR: Any = yaml.constructor.SafeConstructor()
_CONSTRUCTORS: Any = _CONSTRUCTOR.yaml_constructors


def decode(data: bytes) -> str:
    """The bytes of a file as text with plain line ends, without a byte order mark. Raises YamlProblem.

    Never guesses: a file in another encoding is refused with the line of its first foreign letter.
    """
    if len(data) > MAX_BYTES:
        raise YamlProblem(
            0,
            "file-too-large",
            f"the file is {len(data) / 1_000_000:.1f} MB; at most {MAX_BYTES // 1_000_000} MB of text are expected",
            "move pictures and tables out of the text into files of their own",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(data[: error.start].splitlines()) or 1
        if data[: error.start].endswith((b"\n", b"\r")):
            line += 1
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            guess = "It looks like UTF-16, as some Windows programs save it"
        else:
            guess = "It looks like Windows-1252, as older Windows programs save it"
        raise YamlProblem(
            line,
            "not-utf8",
            f"the file is not saved as UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}. {guess}",
            "save the file again as UTF-8 (most editors: Save with encoding, UTF-8)",
        ) from None
    if "\x00" in text:
        raise YamlProblem(
            text.count("\n", 0, text.index("\x00")) + 1,
            "not-text",
            "the file holds a zero byte, so it is no text file",
            "save the text again from your editor, or remove the file",
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read(
    text: str,
    *,
    offset: int = 0,
    opaque_tags: bool = False,
    environment: Mapping[str, str] | None = None,
    problems: list[YamlProblem] | None = None,
) -> Node | None:
    """Parse one document; None for an empty one. Lines are counted from 1 plus `offset`.

    `opaque_tags` keeps a value with a foreign tag (mkdocs.yml's `!!python/name:`) as its plain text instead of
    refusing it; with an `environment`, `!ENV NAME` and `!ENV [NAME, default]` are looked up as MkDocs does.
    Raises YamlProblem; with a list of `problems`, what spoils one value alone (a key that stands twice, a day
    that no calendar has) goes there and reading goes on.
    """
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        return _Converter(loader, offset, opaque_tags, environment, problems).convert(node, 0)
    except yaml.MarkedYAMLError as error:
        opened = (error.context or "").startswith(("while scanning a quoted", "while parsing a flow"))
        mark = (error.context_mark if opened else error.problem_mark) or error.context_mark
        line = (mark.line if mark else 0) + 1 + offset
        raise _explain(error, line, text, offset) from None
    except yaml.YAMLError as error:  # a character YAML does not allow
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position) + 1 + offset
        raise YamlProblem(
            line,
            "yaml-character",
            "this line holds a character that YAML does not allow",
            "delete the invisible character",
        ) from None
    except RecursionError:
        raise YamlProblem(
            1 + offset, "yaml-too-deep", "the settings are nested too deeply", "flatten them"
        ) from None
    finally:
        loader.dispose()


class _Converter:
    def __init__(
        self,
        loader: Any,
        offset: int,
        opaque_tags: bool,
        environment: Mapping[str, str] | None,
        problems: list[YamlProblem] | None,
    ) -> None:
        self.problems = problems
        self.loader = loader
        self.offset = offset
        self.opaque_tags = opaque_tags
        self.environment = environment
        self.count = 0

    def convert(self, node: Any, depth: int) -> Node:
        line = node.start_mark.line + 1 + self.offset
        self.count += 1
        if self.count > MAX_NODES or depth > MAX_DEPTH:
            raise YamlProblem(
                line,
                "yaml-too-large",
                "this part repeats or nests so much that it cannot be meant",
                "remove the aliases (*name) and write the values out",
            )
        if self.environment is not None and node.tag == "!ENV":
            return self._from_environment(node, line)
        if node.tag not in _USUAL and not self.opaque_tags and _foreign(node.tag):
            raise YamlProblem(
                line,
                "yaml-tag",
                f"the tag {node.tag.rpartition(':')[2]} is not allowed here",
                "write the plain value",
            )
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, line, depth)
        return Sequence_(tuple([self.convert(item, depth + 1) for item in node.value]), line)

    def _note(self, problem: YamlProblem) -> None:
        if self.problems is None:
            raise problem
        self.problems.append(problem)

    def _from_environment(self, node: Any, line: int) -> Node:
        """What `!ENV` stands for: the first variable that is set, else the default that was written last."""
        names = node.value if isinstance(node, yaml.SequenceNode) else [node]
        default = names.pop() if len(names) > 1 else None
        for name in names:
            value = (self.environment or {}).get(str(name.value))
            if value is not None:
                tag = self.loader.resolve(yaml.ScalarNode, value, (True, False))
                return self._scalar(yaml.ScalarNode(tag, value, node.start_mark), line)
        return Scalar(None, "", False, line) if default is None else self.convert(default, 1)

    def _mapping(self, node: Any, line: int, depth: int) -> Mapping_:
        items: dict[str, Node] = {}
        key_lines: dict[str, int] = {}
        written: set[str] = set()
        for key_node, value_node in node.value:
            key_line = key_node.start_mark.line + 1 + self.offset
            if not isinstance(key_node, yaml.ScalarNode):
                raise YamlProblem(
                    key_line, "yaml-key", "a name before a colon is expected here", "write `name: value`"
                )
            key = str(key_node.value)
            if key == "<<":
                merged = self.convert(value_node, depth + 1)
                for source in merged.items if isinstance(merged, Sequence_) else (merged,):
                    if isinstance(source, Mapping_):
                        for name, value in source.items.items():
                            items.setdefault(name, value)
                            key_lines.setdefault(name, source.key_lines[name])
                continue
            if key in written:
                first = f"`{key}` stands twice, first on line {key_lines[key]}"
                self._note(
                    YamlProblem(
                        key_line,
                        "duplicate-key",
                        f"{first}; only one of the two could count",
                        f"keep one `{key}:` line and delete the other",
                    )
                )
                continue
            written.add(key)
            items[key] = self.convert(value_node, depth + 1)
            key_lines[key] = key_line
        return Mapping_(items, key_lines, line)

    def _scalar(self, node: Any, line: int) -> Scalar:
        raw = str(node.value)
        quoted = bool(node.style)  # the C loader marks a plain scalar with an empty string
        if node.tag == _STR:
            return Scalar(raw, raw, quoted, line)
        if node.tag not in _USUAL and _foreign(node.tag):
            return Scalar(raw, raw, True, line)
        try:
            value = _value(node.tag, raw)
        except (ValueError, LookupError, AttributeError, TypeError, yaml.YAMLError) as error:
            why = f": {error}" if isinstance(error, ValueError) else ""
            self._note(
                YamlProblem(
                    line,
                    "yaml-value",
                    f"`{raw[:60]}` looks like a date or a number but is none{why}",
                    f'correct it, or write it as text: "{raw[:60]}"',
                )
            )
            value = raw
        if isinstance(value, bytes) or not isinstance(value, str | int | float | bool | date | type(None)):
            value = raw
        return Scalar(value, raw, quoted, line)


@lru_cache(maxsize=1024)
def _value(tag: str, raw: str) -> Any:
    """What the safe loader makes of the one value."""
    construct = _CONSTRUCTORS.get(tag) or _CONSTRUCTORS[None]
    return construct(_CONSTRUCTOR, yaml.ScalarNode(tag, raw))


def _foreign(tag: str) -> bool:
    return not tag.startswith("tag:yaml.org,2002:") or tag.startswith("tag:yaml.org,2002:python/")


def _explain(error: yaml.MarkedYAMLError, line: int, text: str, offset: int) -> YamlProblem:
    """The parser's words turned into the ones a manager can act on."""
    rows = text.split("\n")
    row = rows[min(line - 1 - offset, len(rows) - 1)] if rows else ""
    problem = (error.problem or "").lower()
    if "\t" in row and ("token" in problem or "tab" in problem):
        return YamlProblem(
            line, "yaml-tab", "a tab stands at the start of this line", "use two spaces instead of the tab"
        )
    if "mapping values are not allowed" in problem:
        key, _, value = row.partition(":")
        shown = value.strip().replace('"', "'")
        return YamlProblem(
            line,
            "yaml-colon",
            "a second colon in this line is read as another setting",
            f'put the text in quotes: {key.strip()}: "{shown}"',
        )
    if "could not find expected ':'" in problem:
        return YamlProblem(
            line, "yaml-colon", "a colon after the name is missing here", "write `name: value`"
        )
    if "undefined alias" in problem:
        return YamlProblem(
            line, "yaml-alias", "a value that starts with * is read as a reference", "put the text in quotes"
        )
    if (error.context or "").startswith(("while scanning a quoted", "while parsing a flow")):
        return YamlProblem(
            line,
            "yaml-structure",
            "a quote or a bracket that is opened in this line is not closed as it should be",
            "close it; a text that has quotes or brackets of its own goes in quotes as a whole",
        )
    if (
        "unexpected end" in problem
        or "expected <block end>" in problem
        or "while parsing" in (error.context or "")
    ):
        return YamlProblem(
            line,
            "yaml-structure",
            "this line does not fit the lines around it (a quote, a bracket or the indentation is off)",
            'close every quote and bracket; indent with two spaces; put text with : # [ ] { } " in quotes',
        )
    return YamlProblem(
        line,
        "yaml",
        f"this is not readable as settings: {error.problem}",
        "compare with the examples of `publish manual front-matter` and `publish manual settings`",
    )


def plain(node: Node | None) -> Any:
    """The node as plain Python values, as YAML 1.1 reads them."""
    if isinstance(node, Mapping_):
        return {key: plain(value) for key, value in node.items.items()}
    if isinstance(node, Sequence_):
        return [plain(item) for item in node.items]
    return None if node is None else node.value


class Lines(Mapping[str, int]):
    """Every dotted key of a tree with its line, worked out when it is first asked for."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @cached_property
    def _lines(self) -> dict[str, int]:
        return dict(walk(self._node))

    def __getitem__(self, key: str) -> int:
        return self._lines[key]

    def __contains__(self, key: object) -> bool:
        return key in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def walk(node: Node, prefix: str = "") -> Iterator[tuple[str, int]]:
    """Every dotted key with its line, outer before inner; list items are counted from 0."""
    if isinstance(node, Mapping_):
        for key, value in node.items.items():
            path = f"{prefix}{key}"
            yield path, node.key_lines[key]
            yield from walk(value, f"{path}.")
    elif isinstance(node, Sequence_):
        for index, value in enumerate(node.items):
            yield f"{prefix}{index}", value.line
            yield from walk(value, f"{prefix}{index}.")
