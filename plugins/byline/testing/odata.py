"""What the fake Dataverse reads of OData: filters, keys of records and batches of requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from byline.testing.server import Answer, Call

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<time>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?(?![\w-]))"
    r"|(?P<guid>[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12})"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<mark>[(),])"
    r"|(?P<word>[A-Za-z_][\w./]*))"
)
_KEY = re.compile(r"\s*(?P<name>\w+)\s*=\s*(?P<value>'(?:[^']|'')*'|[^,']+)\s*(?:,|$)")

Row = Mapping[str, Any]


class Malformed(Exception):
    """A filter or key that no server would take."""


def test(source: str) -> Callable[[Row], bool]:
    """The filter as a test of one row. Raises Malformed."""
    reader = _Reader(source)
    found = reader.either()
    if reader.tokens:
        raise Malformed(f"Syntax error near '{reader.tokens[0][1]}'")
    return found


class _Reader:
    def __init__(self, source: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while source[at:].strip():
            found = _TOKEN.match(source, at)
            if found is None:
                raise Malformed(f"Syntax error at position {at} in '{source[:80]}'")
            kind = str(found.lastgroup)
            self.tokens.append((kind, found[kind]))
            at = found.end()

    def take(self, *words: str) -> str:
        """The next token's words; Malformed when others were expected."""
        if not self.tokens or (words and self.tokens[0][1] not in words):
            raise Malformed(f"'{' or '.join(words) or 'more'}' expected")
        return self.tokens.pop(0)[1]

    def next_is(self, word: str) -> bool:
        return bool(self.tokens) and self.tokens[0] == ("word", word)

    def either(self) -> Callable[[Row], bool]:
        parts = [self.both()]
        while self.next_is("or"):
            self.take()
            parts.append(self.both())
        return lambda row: any(part(row) for part in parts)

    def both(self) -> Callable[[Row], bool]:
        parts = [self.one()]
        while self.next_is("and"):
            self.take()
            parts.append(self.one())
        return lambda row: all(part(row) for part in parts)

    def one(self) -> Callable[[Row], bool]:
        if self.next_is("not"):
            self.take()
            inner = self.one()
            return lambda row: not inner(row)
        if self.tokens and self.tokens[0][1] == "(":
            self.take("(")
            inner = self.either()
            self.take(")")
            return inner
        name = self.take()
        if name in ("contains", "startswith", "endswith") and self.tokens and self.tokens[0][1] == "(":
            self.take("(")
            column = self.take()
            self.take(",")
            want = str(self.value()).lower()
            self.take(")")
            how = {"contains": str.__contains__, "startswith": str.startswith, "endswith": str.endswith}[name]
            return lambda row: bool(how(str(row.get(column) or "").lower(), want))
        operator = self.take("eq", "ne", "gt", "ge", "lt", "le")
        wanted = self.value()
        return lambda row: _compare(row.get(name), operator, wanted)

    def value(self) -> Any:
        if not self.tokens:
            raise Malformed("a value expected")
        kind, text = self.tokens.pop(0)
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return float(text)
        if kind == "time":
            return moment(text)
        if kind == "guid":
            return text.lower()
        if text in ("null", "true", "false"):
            return {"null": None, "true": True, "false": False}[text]
        raise Malformed(f"'{text}' is no value")


def _compare(have: Any, operator: str, want: Any) -> bool:
    if isinstance(want, datetime) and isinstance(have, str):
        have = moment(have)
    if isinstance(have, str) and isinstance(want, str):
        have, want = have.lower(), want.lower()  # the database's collation
    if have is None or want is None:
        return {"eq": have is want, "ne": have is not want}.get(operator, False)
    if isinstance(have, str) != isinstance(want, str):
        raise Malformed("A binary operator with incompatible types was detected")
    found: Mapping[str, bool] = {
        "eq": have == want,
        "ne": have != want,
        "gt": have > want,
        "ge": have >= want,
        "lt": have < want,
        "le": have <= want,
    }
    return found[operator]


def moment(text: str) -> datetime:
    """A date or time as OData writes it."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise Malformed(f"'{text}' is no date") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def key_of(segment: str) -> tuple[str, str | dict[str, str] | None]:
    """`leads(guid)` or `leads(a='x',b=5)`, still percent-encoded, as the set's name and its key."""
    name, mark, rest = unquote(segment).partition("(")
    if not mark:
        return name, None
    inside = rest.rpartition(")")[0]
    if re.fullmatch(r"[0-9a-fA-F-]{36}", inside):
        return name, inside.lower()
    found: dict[str, str] = {}
    at = 0
    while at < len(inside):
        part = _KEY.match(inside, at)
        if part is None:
            raise Malformed(f"Bad Request - Error in query syntax: {inside[:80]}")
        value = part["value"].strip()
        found[part["name"]] = value[1:-1].replace("''", "'") if value.startswith("'") else value
        at = part.end()
    return name, found


def run_batch(
    call: Call, handle: Callable[[Call], Answer], snapshot: Callable[[], Callable[[], None]]
) -> Answer:
    """Every request of a `$batch`, one after another; the first failure ends it unless it says to go on.

    The requests of a change set happen together or not at all: `snapshot` gives what brings back the state of now.
    """
    given = re.search(r'boundary="?([^";]+)', call.headers.get("content-type", ""))
    if given is None:
        return Answer(status=400, body=b"no boundary")
    onward = "odata.continue-on-error" in call.headers.get("prefer", "")
    boundary = "batchresponse_" + given[1]
    out: list[bytes] = []
    for head, body in _parts(call.body.decode(), given[1]):
        inner = re.search(r'boundary="?([^";\r\n]+)', head)
        if inner is not None:
            changes = [request for _, request in _parts(body, inner[1])]
            restore = snapshot()
            answers = _together(call, changes, handle)
            if answers and answers[-1].status >= 400:
                restore()
            out.append(_changeset(answers, inner[1]))
        else:
            answers = [handle(_inner(call, body))]
            out.append(_part(answers[0]))
        if answers[-1].status >= 400 and not onward:
            break
    whole = b"".join(b"--" + boundary.encode() + b"\r\n" + one for one in out)
    whole += f"--{boundary}--\r\n".encode()
    return Answer(status=200, body=whole, headers={"Content-Type": f"multipart/mixed; boundary={boundary}"})


def _together(call: Call, changes: Iterable[str], handle: Callable[[Call], Answer]) -> list[Answer]:
    answers: list[Answer] = []
    for change in changes:
        answers.append(handle(_inner(call, change)))
        if answers[-1].status >= 400:
            return answers[-1:]
    return answers


def _parts(text: str, boundary: str) -> list[tuple[str, str]]:
    pieces = re.split(rf"^--{re.escape(boundary)}(?=--|\n|$)", text.replace("\r\n", "\n"), flags=re.MULTILINE)
    found = []
    for piece in pieces[1:]:
        if piece.startswith("--"):
            break
        head, _, body = piece.strip("\n").partition("\n\n")
        found.append((head, body))
    return found


def _inner(call: Call, text: str) -> Call:
    head, _, body = text.partition("\n\n")
    first, *lines = head.strip().split("\n")
    method, target, *_ = first.split(" ")
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
    }
    parts = urlsplit(target)
    path = parts.path if parts.path.startswith("/") else f"/api/data/v9.2/{parts.path}"
    same = {"authorization": call.headers.get("authorization", ""), "odata-version": "4.0"}
    return replace(
        call,
        method=method,
        path=path,
        query=parts.query,
        headers={**same, **headers},
        body=body.strip().encode(),
    )


_WORDS = {200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 404: "Not Found"}


def _part(one: Answer) -> bytes:
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    return head.encode() + _http(one)


def _http(one: Answer) -> bytes:
    lines = [f"HTTP/1.1 {one.status} {_WORDS.get(one.status, 'Error')}"]
    lines += [f"{name}: {value}" for name, value in one.headers.items()]
    return ("\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode() + one.body + b"\r\n"


def _changeset(answers: list[Answer], name: str) -> bytes:
    boundary = f"changesetresponse_{name}"
    if answers and answers[-1].status >= 400:
        return _part(answers[-1])
    inside = b"".join(
        f"--{boundary}\r\nContent-Type: application/http\r\nContent-ID: {n}\r\n".encode() + _http(one)
        for n, one in enumerate(answers, 1)
    )
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return head + inside + f"--{boundary}--\r\n".encode()
