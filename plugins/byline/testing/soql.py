"""As much of SOQL as the fake of Salesforce needs: one object, conditions, order, limit, counts and sums.

Written from the published grammar ("SOQL SELECT Syntax", "Quoted String Escape Sequences"; read July 2026), apart
from the driver, so that a query which only the driver understands fails here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

Record = Mapping[str, Any]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<time>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))|(?P<day>\d{4}-\d\d-\d\d)"
    r"|(?P<number>-?\d+(?:\.\d+)?)|(?P<mark>!=|<>|<=|>=|[=<>(),])|(?P<word>[A-Za-z_][\w.]*))"
)
_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "_": "\\_",
    "%": "\\%",
}


class SoqlError(Exception):
    """`code` and words as Salesforce gives them."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class Query:
    """A query that was read. `sums` are (function, column, alias); `counting` is a bare `COUNT()`."""

    kind: str
    columns: list[str] = field(default_factory=list)
    sums: list[tuple[str, str, str]] = field(default_factory=list)
    counting: bool = False
    where: Callable[[Record], bool] = lambda _record: True
    group: list[str] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    limit: int | None = None
    used: list[str] = field(default_factory=list)


def parse(text: str) -> Query:
    """The query. Raises SoqlError (MALFORMED_QUERY)."""
    return _Reader(text).query()


class _Reader:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{text[at : at + 20]}'")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.at = 0
        self.used: list[str] = []

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def is_word(self, *words: str) -> bool:
        return (
            self.at < len(self.tokens) and self.peek().upper() in words and self.tokens[self.at][0] != "text"
        )

    def take(self, *words: str) -> str:
        kind, value = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if not kind or (words and (kind == "text" or value.upper() not in words)):
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{value or '<EOF>'}'")
        self.at += 1
        return value

    def name(self) -> str:
        kind, value = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if kind != "word":
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{value or '<EOF>'}'")
        self.at += 1
        return value

    def query(self) -> Query:
        self.take("SELECT")
        found = Query(kind="")
        while True:
            self.item(found)
            if not self.is_word(","):
                break
            self.take(",")
        self.take("FROM")
        found.kind = self.name()
        if self.is_word("WHERE"):
            self.take()
            found.where = self.either()
        if self.is_word("GROUP"):
            self.take()
            self.take("BY")
            found.group = self.names()
        if self.is_word("ORDER"):
            self.take()
            self.take("BY")
            while True:
                name = self.name()
                down = self.is_word("DESC")
                if self.is_word("ASC", "DESC"):
                    self.take()
                found.order.append((name, down))
                if not self.is_word(","):
                    break
                self.take(",")
        if self.is_word("LIMIT"):
            self.take()
            found.limit = int(self.take())
        if self.at != len(self.tokens):
            raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{self.peek()}'")
        found.used = [*self.used, *found.columns, *found.group, *(name for name, _ in found.order)]
        found.used += [column for _, column, _ in found.sums]
        return found

    def item(self, found: Query) -> None:
        name = self.name()
        if not self.is_word("("):
            alias = "" if self.is_word(",", "FROM") else self.name()
            if alias:
                found.sums.append(("", name, alias))
            else:
                found.columns.append(name)
            return
        self.take("(")
        if self.is_word(")"):
            self.take(")")
            found.counting = True
            return
        column = self.name()
        self.take(")")
        alias = f"expr{len(found.sums)}" if self.is_word(",", "FROM") else self.name()
        found.sums.append((name.upper(), column, alias))

    def names(self) -> list[str]:
        found = [self.name()]
        while self.is_word(","):
            self.take(",")
            found.append(self.name())
        return found

    def either(self) -> Callable[[Record], bool]:
        parts = [self.both()]
        while self.is_word("OR"):
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda record: any(part(record) for part in parts)

    def both(self) -> Callable[[Record], bool]:
        parts = [self.one()]
        while self.is_word("AND"):
            self.take()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else lambda record: all(part(record) for part in parts)

    def one(self) -> Callable[[Record], bool]:
        if self.is_word("NOT"):
            self.take()
            inner = self.one()
            return lambda record: not inner(record)
        if self.is_word("("):
            self.take()
            inner = self.either()
            self.take(")")
            return inner
        column = self.name()
        self.used.append(column)
        if self.is_word("NOT"):
            self.take()
            self.take("IN")
            listed = self.values()
            return lambda record: comparable(record.get(column)) not in listed
        if self.is_word("IN"):
            self.take()
            listed = self.values()
            return lambda record: comparable(record.get(column)) in listed
        if self.is_word("LIKE"):
            self.take()
            pattern = _like(str(self.value()))
            return lambda record: bool(pattern.fullmatch(str(record.get(column) or "")))
        mark = self.take("=", "!=", "<>", "<", ">", "<=", ">=")
        value = comparable(self.value())
        return lambda record: _compare(comparable(record.get(column)), mark, value)

    def values(self) -> list[Any]:
        self.take("(")
        found = [comparable(self.value())]
        while self.is_word(","):
            self.take()
            found.append(comparable(self.value()))
        self.take(")")
        return found

    def value(self) -> Any:
        kind, raw = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        self.at += 1
        if kind == "text":
            return _unquoted(raw)
        if kind == "time":
            return datetime.fromisoformat(raw)
        if kind == "day":
            return raw
        if kind == "number":
            return Decimal(raw)
        if kind == "word" and raw.upper() in ("TRUE", "FALSE"):
            return raw.upper() == "TRUE"
        if kind == "word" and raw.upper() == "NULL":
            return None
        raise SoqlError("MALFORMED_QUERY", f"unexpected token: '{raw or '<EOF>'}'")


def _unquoted(raw: str) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[1] not in _ESCAPES:
            raise SoqlError("MALFORMED_QUERY", f"Illegal string literal: invalid escape '\\{match[1]}'")
        return _ESCAPES[match[1]]

    return re.sub(r"\\(.)", replace, raw[1:-1], flags=re.DOTALL)


def _like(pattern: str) -> re.Pattern[str]:
    found = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.compile(found, re.IGNORECASE | re.DOTALL)


def comparable(value: Any) -> Any:
    """A value as it is compared: texts without case, instants as instants, ids by their first 15 letters."""
    if isinstance(value, str):
        if re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+0000", value):
            return datetime.fromisoformat(value[:-2] + ":00")
        if re.fullmatch(r"[a-zA-Z0-9]{18}", value) and value[:3] in (
            "00Q",
            "003",
            "001",
            "006",
            "701",
            "005",
            "0PS",
        ):
            return value[:15]
        return value.lower() if not re.fullmatch(r"[a-zA-Z0-9]{15}", value) else value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    return value


def _compare(one: Any, mark: str, other: Any) -> bool:
    if mark == "=":
        return bool(one == other)
    if mark in ("!=", "<>"):
        return bool(one != other)
    if one is None or other is None or type(one) is not type(other):
        return False
    return bool({"<": one < other, ">": one > other, "<=": one <= other, ">=": one >= other}[mark])


def run(query: Query, records: Sequence[Record]) -> list[dict[str, Any]]:
    """The rows of the answer, without paging."""
    found = [record for record in records if query.where(record)]
    if query.sums:
        return [_summed(query, part) for part in _groups(query, found)]
    for name, down in reversed(query.order):
        found.sort(key=lambda record: _rank(record.get(name)), reverse=down)
    return [
        dict.fromkeys(query.columns) | {name: row.get(name) for name in query.columns}
        for row in found[: query.limit]
    ]


def _rank(value: Any) -> tuple[int, Any]:
    value = comparable(value)
    return (0, "") if value is None else (1, value)


def _groups(query: Query, found: Sequence[Record]) -> Collection[Sequence[Record]]:
    if not query.group:
        return [found]
    parts: dict[tuple[Any, ...], list[Record]] = {}
    for record in found:
        parts.setdefault(tuple(record.get(name) for name in query.group), []).append(record)
    return parts.values()


def _summed(query: Query, part: Sequence[Record]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for function, column, alias in query.sums:
        values = [record.get(column) for record in part if record.get(column) is not None]
        if function == "":
            row[alias] = part[0].get(column) if part else None
        elif function == "COUNT":
            row[alias] = len(values)
        elif function == "SUM":
            row[alias] = float(sum(Decimal(str(value)) for value in values)) if values else None
        else:
            raise SoqlError("MALFORMED_QUERY", f"unknown function {function}")
    return row
