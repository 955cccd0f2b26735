"""Spreadsheet files as bytes: read whatever program saved them, written so that none of it runs. For `csv`."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from io import StringIO

from byline.errors import ContentError, Problem

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def decode(data: bytes, file: str) -> str:
    """The text, whatever program saved it. Raises ContentError with what to do when it is no text."""
    order: tuple[str, ...]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        order = ("utf-16",)
    elif b"\x00" in data[:4096]:
        order = ()
    else:
        order = ("utf-8-sig", "cp1252")
    for name in order:
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    raise ContentError(
        [problem(file, 1, "", "this is not a text file that can be read", "save it as CSV in UTF-8")]
    )


def rows(text: str, file: str, known: Collection[str]) -> list[tuple[int, list[str]]]:
    """Every row with the line on which it begins; never empty. The separator that gives most `known` names wins."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(",;\t", key=lambda mark: sum(name(cell) in known for cell in _cells(first, mark)))
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
    found: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for row in reader:
            if row or found:
                found.append((start, row))
            start = reader.line_num + 1
    except csv.Error as error:
        fix = "open it in a spreadsheet and save it as CSV again"
        raise ContentError(
            [problem(file, start, "", f"this line cannot be read as CSV: {error}", fix)]
        ) from None
    if not found:
        raise ContentError(
            [problem(file, 0, "", "the file is empty", "export it again, with its header line")]
        )
    return found


def _cells(line: str, separator: str) -> list[str]:
    """The cells of what may be half of a row: a header with a break in it."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return line.split(separator)


def name(cell: str) -> str:
    """A column's name whatever its case and punctuation."""
    return re.sub(r"[^a-z0-9]+", "_", cell.strip().lower()).strip("_")


def clean(cell: str) -> str:
    """The value without what nobody typed: control characters, and the mark we put before a formula."""
    value = _UNPRINTABLE.sub("", cell).strip()
    return value[1:] if value.startswith("'") and value[1:].startswith(_FORMULA) else value


def problem(file: str, line: int, key: str, message: str, fix: str) -> Problem:
    """One mistake in a file that is imported."""
    return Problem(file=file, line=line, key=key, code="import", message=message, fix=fix)


def neutral(value: object) -> str:
    """A value for a file that people open in a spreadsheet: what could run as a formula gets a `'` in front."""
    if isinstance(value, int | float | Decimal):
        return str(value)
    shown = "" if value is None else str(value)
    risky = shown.startswith(_FORMULA) and not re.fullmatch(r"-?\d+(\.\d+)?", shown)
    return f"'{shown}" if risky else shown


def write(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A table as spreadsheets like it: UTF-8 with a mark, CRLF, quoted where needed, no formulas."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([neutral(name) for name in header])
    writer.writerows([neutral(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")
