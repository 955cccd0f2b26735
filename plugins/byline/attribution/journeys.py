"""A published data set of paths, so that anyone can check the arithmetic: `path,conversions,value,non_conversions`."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import StringIO

from byline.attribution.models import Flow, Model, Walk, markov_shares
from byline.errors import ContentError, Problem

COLUMNS = ("path", "conversions", "value", "non_conversions")
# What published sets call the same columns.
_ALSO = {
    "total_conversions": "conversions",
    "total_conversion_value": "value",
    "conversion_value": "value",
    "total_null": "non_conversions",
    "null": "non_conversions",
}
Key = str | None

_JOINT = re.compile(r"\s+>\s+")
_NUMBER = re.compile(r"-?\d{1,30}(\.\d{0,30})?([eE][+-]?\d{1,2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One line of the file. No steps: the source of its conversions is unknown."""

    steps: tuple[str, ...]
    conversions: Fraction
    value: Fraction
    others: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Plain, unrounded numbers of one key (None: no path)."""

    leads: Fraction = Fraction(0)
    revenue: Fraction = Fraction(0)


def read(text: str, file: str) -> tuple[Path, ...]:
    """The paths of the file. Raises ContentError with every line that cannot be used."""
    text = text.removeprefix("\ufeff")
    rows = csv.reader(StringIO(text, newline=""), delimiter=_separator(text))
    problems: list[Problem] = []
    found: list[Path] = []

    def problem(line: int, key: str, message: str, fix: str) -> None:
        problems.append(
            Problem(
                file=file, line=line, key=key, code="journeys", message=message, fix=fix, severity="error"
            )
        )

    try:
        header = [_ALSO.get(name, name) for name in (cell.strip().lower() for cell in next(rows, []))]
        missing = [name for name in ("path", "conversions") if name not in header]
        if missing:
            problem(
                1,
                "",
                f"the first line has no column {' and no column '.join(missing)}",
                f"begin the file with {','.join(COLUMNS)}",
            )
        start = rows.line_num + 1
        for row in rows if not missing else ():
            line, start = start, rows.line_num + 1
            if not any(cell.strip() for cell in row):
                continue
            values = dict(zip(header, row, strict=False))
            numbers = {}
            for name in COLUMNS[1:]:
                raw = (values.get(name) or "").strip() or "0"
                try:
                    numbers[name] = _number(raw, negative=name == "value")
                except ValueError:
                    problem(
                        line, name, f"`{name}` is `{raw[:40]}`; a number is expected", "write 12 or 1234.50"
                    )
            if len(numbers) == 3:
                found.append(
                    Path(
                        steps=tuple(step for step in _JOINT.split(values.get("path", "").strip()) if step),
                        conversions=numbers["conversions"],
                        value=numbers["value"],
                        others=numbers["non_conversions"],
                    )
                )
    except csv.Error as error:
        problem(rows.line_num, "", f"this line is not readable as CSV: {error}", "save it as CSV again")
    if problems:
        raise ContentError(problems)
    return tuple(found)


def _separator(text: str) -> str:
    """What stands between the columns: what the first line has most of (spreadsheets choose by country)."""
    head = text.partition("\n")[0]
    return max(",;\t", key=head.count)


def _number(raw: str, *, negative: bool) -> Fraction:
    if not _NUMBER.fullmatch(raw):
        raise ValueError(raw)
    value = Fraction(raw)
    if abs(value) > 10**18 or (value < 0 and not negative):
        raise ValueError(raw)
    return value


def credit(paths: Sequence[Path], model: Model) -> dict[Key, Credit]:
    """The credit of each step name. `decay` goes by rank; every milestone after the first is the last step."""
    leads: dict[Key, Fraction] = defaultdict(Fraction)
    money: dict[Key, Fraction] = defaultdict(Fraction)
    for path in paths:
        if not path.steps:
            leads[None] += path.conversions
            money[None] += path.value
    walked = [path for path in paths if path.steps]
    if model.share is None:
        flows: list[Flow[Key]] = [
            Flow(keys=path.steps, conversions=path.conversions, others=path.others) for path in walked
        ]
        parts = markov_shares(flows)
        whole, value = (
            sum(path.conversions for path in walked),
            sum((path.value for path in walked), Fraction(0)),
        )
        for key, part in (parts or {None: Fraction(1)}).items():  # nobody converted: nothing to share by
            leads[key] += part * whole
            money[key] += part * value
    else:
        for path in walked:
            end = len(path.steps) - 1
            walk = Walk(keys=path.steps, lead=end, opportunity=end, close=end)
            for step, share in zip(path.steps, model.share(walk), strict=True):
                leads[step] += share * path.conversions
                money[step] += share * path.value
    for path in walked:  # a step that never converted has a row of zeros
        for step in path.steps:
            leads[step] += 0
    return {key: Credit(leads=leads[key], revenue=money[key]) for key in leads}
