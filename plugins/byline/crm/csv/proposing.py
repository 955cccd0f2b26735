"""Proposing a mapping from a sample of an export: what is recognised, what is not, and what must be asked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from byline.crm import _sheets as sheets
from byline.crm._exports import EXPORTS, NOT_NEEDED, Export, Kind, of_lead
from byline.crm._mapping import HELPERS, Saved
from byline.errors import ContentError

LOOKED_AT = 500  # rows
_DATES = ("created_at", "closed_at", "converted_at", "issued_at", "paid_at")
_AMOUNTS = ("amount", "expected", "balance")
_DAY = re.compile(
    r"(?P<a>\d{1,4})(?P<sign>[./-])(?P<b>\d{1,2})(?P=sign)(?P<c>\d{1,4})(?P<rest>.*)", re.DOTALL
)
_TIME = re.compile(r"(?P<gap>,? |T)\d{1,2}:\d\d(?P<seconds>:\d\d)?(?P<half> ?[AaPp][Mm])?")
_SIGN = re.compile(r"[A-Z]{3}|[A-Z]{0,2}[$€£¥₹]|kr|CHF|zł", re.UNICODE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A mapping to be looked at. `questions` are what the sample cannot tell; with one, it is of no use yet.

    `line` is where the header stands, `system` whose form it is (empty: recognised by common names).
    """

    saved: Saved
    system: str
    line: int
    rows: int
    left_out: tuple[str, ...]
    unmatched: tuple[str, ...]
    questions: tuple[str, ...]


def propose(
    rows: Sequence[tuple[int, list[str]]],
    file: str,
    *,
    needed: Mapping[Kind, tuple[tuple[str, ...], ...]],
    known: Mapping[Kind, Sequence[str]],
    kind: Kind | None = None,
    dates: str = "",
    decimal: str = "",
    currency: str = "",
    name: str = "",
) -> Proposal:
    """What the sample's header and first rows say. Raises ContentError when nothing in it is recognised."""
    at, export = _recognised(rows, file, kind)
    line, header = rows[at]
    columns, left_out, unmatched = _columns(header, export, known[export.kind])
    body = [cells for _, cells in rows[at + 1 : at + 1 + LOOKED_AT]]
    questions: list[str] = []
    written = _samples(header, body, columns, _DATES)
    found_dates = dates or _how_dates(written, questions)
    amounts = _samples(header, body, columns, _AMOUNTS)
    point, thousands, signs = _how_amounts(amounts, decimal, questions)
    values: dict[str, str] = {}
    ours = set(columns.values())
    if export.kind != "leads" and "currency" not in ours:
        code = _currency(signs) or currency
        if code:
            values["currency"] = code
    for choices in needed[export.kind]:
        if not ours & {*choices} and not _comes_otherwise(export, choices, values):
            what = " or ".join(f"`{one}`" for one in choices)
            questions.append(f"no column is recognised as {what}, which {export.kind} need")
    saved = Saved(
        name=name or _slug(export),
        kind=export.kind,
        columns=MappingProxyType(columns),
        values=MappingProxyType(values),
        dates=found_dates,
        decimal=point,
        thousands=thousands,
        signs=signs,
        words=export.words,
        ids=export.ids,
    )
    return Proposal(
        saved=saved,
        system=export.system,
        line=line,
        rows=len(body),
        left_out=left_out,
        unmatched=unmatched,
        questions=tuple(questions),
    )


def every_name() -> set[str]:
    """Every name of a column that any system has: for telling the separator."""
    return {name for export in EXPORTS for name in export.columns} | {
        name for export in EXPORTS for name in export.signs
    }


def _comes_otherwise(export: Export, choices: Collection[str], values: Mapping[str, str]) -> bool:
    if export.ids == "email" and "lead_id" in choices:
        return True
    if export.kind == "deals" and {*choices} == {"lead_id", "email"}:
        return True  # a lead may name its deal (`opportunity_id`); the import tells how many nobody names
    if "amount" in choices and export.kind == "deals" and "expected" in export.columns.values():
        return True
    return bool({*choices} & {*values})


def _recognised(rows: Sequence[tuple[int, list[str]]], file: str, kind: Kind | None) -> tuple[int, Export]:
    """The header among the first lines, and whose form it is: the one with most of its own names there."""
    best: tuple[tuple[int, int, int], int, Export] | None = None
    for n, (_, cells) in enumerate(rows[:15]):
        names = {sheets.name(cell) for cell in cells if cell.strip()}
        for export in EXPORTS:
            if kind is not None and export.kind != kind:
                continue
            own = names & export.signs
            if export.signs and (len(own) < 2 or not names & _keys(export)):
                continue
            hits = len({ours for name, ours in export.columns.items() if name in names and ours})
            tags = sum(bool(of_lead(name)) for name in names) if export.kind == "leads" else 0
            score = (hits + len(own) + tags, len(own), -n)
            if hits >= 2 and (best is None or score > best[0]):
                best = (score, n, export)
    if best is None:
        names_seen = ", ".join(f"`{cell.strip()[:30]}`" for cell in rows[0][1][:6])
        raise ContentError(
            [
                sheets.problem(
                    file,
                    rows[0][0],
                    "",
                    f"none of its columns is recognised ({names_seen} …)",
                    "say what it holds with --kind leads, deals or invoices, or name the columns as `publish manual any-crm` lists them",
                )
            ]
        )
    return best[1], best[2]


def _keys(export: Export) -> set[str]:
    """The names under which this form has the record's own number."""
    own = f"{export.kind[:-1]}_id"
    wanted = {"email"} if export.ids == "email" else {own}
    return {name for name, ours in export.columns.items() if ours in wanted}


def _columns(
    header: Sequence[str], export: Export, known: Sequence[str]
) -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]:
    found: dict[str, str] = {}
    left_out: list[str] = []
    unmatched: list[str] = []
    taken: set[str] = set()
    usual = next((one for one in EXPORTS if not one.system and one.kind == export.kind), export)
    ours = {*known, *HELPERS[export.kind]}
    named = {sheets.name(cell) for cell in header}
    for cell in header:
        name = sheets.name(cell)
        if not name:
            continue
        column = export.columns.get(name, "")
        if not column and export.kind == "leads":
            column = of_lead(name)
        if not column and name in ours:
            column = name
        if not column and name not in export.columns:
            fallback = usual.columns.get(name, "")
            # A common word counts only where the form has no name of its own for the same thing.
            own = {other for other, what in export.columns.items() if what == fallback}
            column = fallback if fallback and not own & named else ""
        if column and column not in taken:
            found[cell.strip()] = column
            taken.add(column)
        elif name in export.columns or NOT_NEEDED.fullmatch(name) or column:
            left_out.append(cell.strip())
        else:
            unmatched.append(cell.strip())
    return found, tuple(left_out), tuple(unmatched)


def _samples(
    header: Sequence[str], body: Sequence[Sequence[str]], columns: Mapping[str, str], wanted: Collection[str]
) -> list[str]:
    places = [n for n, cell in enumerate(header) if columns.get(cell.strip()) in wanted]
    return [
        value
        for cells in body
        for n in places
        if n < len(cells) and (value := sheets.clean(cells[n]).strip())
    ]


def _how_dates(samples: Sequence[str], questions: list[str]) -> str:
    """How the dates are written, as `--dates` says it; empty for ISO 8601 and where there is none."""
    forms: set[str] = set()
    times = {"": ""}
    first, second = 0, 0
    sign = ""
    for raw in samples:
        found = _DAY.fullmatch(raw)
        if found is None:
            continue
        time = _TIME.match(found["rest"])
        if time is not None:
            gap, seconds = time["gap"], ":ss" if time["seconds"] else ""
            half = " AM" if (time["half"] or "").startswith(" ") else "AM" if time["half"] else ""
            times[f"{gap}hh:mm{seconds}{half}"] = raw
        if len(found["a"]) == 4:
            forms.add("" if found["sign"] == "-" else f"YYYY{found['sign']}MM{found['sign']}DD")
            continue
        sign = found["sign"]
        first, second = max(first, int(found["a"])), max(second, int(found["b"]))
        year = "YYYY" if len(found["c"]) == 4 else "YY"
        forms.add(year)
    if not forms:
        if samples:
            questions.append(
                f"how dates are written cannot be told from `{samples[0][:30]}`: say it, such as --dates DD.MM.YYYY"
            )
        return ""
    if len(forms) > 1:
        questions.append(
            "its dates are written in more than one way: say one with --dates, or export it again"
        )
        return ""
    (form,) = forms
    longest = max(times, key=len)
    if form == "":
        return ""  # ISO 8601, which also has offsets
    if form.startswith("YYYY" + (form[4:5] or "?")) and len(form) > 4:
        return form + longest
    if sign == "." or (first > 12 >= second):
        return f"DD{sign}MM{sign}{form}{longest}"
    if second > 12 >= first:
        return f"MM{sign}DD{sign}{form}{longest}"
    questions.append(
        f"`{next(one for one in samples if _DAY.fullmatch(one))[:20]}` can be read in two ways:"
        f" say --dates DD{sign}MM{sign}{form}{longest} or --dates MM{sign}DD{sign}{form}{longest}"
    )
    return ""


def _how_amounts(
    samples: Sequence[str], decimal: str, questions: list[str]
) -> tuple[str, str, tuple[str, ...]]:
    """The decimal mark, the mark between thousands, and signs beside amounts."""
    signs = sorted({sign for raw in samples for sign in _SIGN.findall(raw)}, key=len, reverse=True)
    points: set[str] = set()
    groups: set[str] = set()
    unclear = ""
    for raw in samples:
        value = re.sub(r"[\u00a0\u2009\u202f]", " ", raw)
        for sign in signs:
            value = value.replace(sign, "")
        value = value.strip(" ()-\u2212")
        marks = re.findall(r"[^\d]", value)
        if not marks:
            continue
        last = marks[-1]
        tail = len(value) - value.rindex(last) - 1
        if len(set(marks)) > 1:
            points.add(last)
            groups |= {*marks[:-1]}
        elif len(marks) > 1:
            groups.add(last)
        elif tail != 3 and last in ",.":
            points.add(last)
        elif last in " '":
            groups.add(last)
        else:
            unclear = raw
    if decimal:
        points = {"," if decimal == "comma" else "."}
    mark = "," if points == {","} else "."
    if len(points) > 1:
        questions.append("its amounts are written in more than one way: say --decimal point or comma")
    if unclear and not points and not groups:
        questions.append(f"`{unclear[:20]}` can be read in two ways: say --decimal point or --decimal comma")
    if unclear and not groups:
        between = "." if mark == "," else ","
        groups = {between} if between in unclear else groups
    thousands = next(iter(sorted(groups - {mark})), "")
    return (
        ("comma" if mark == "," else "point"),
        thousands if thousands in (",", ".", "'", " ") else "",
        tuple(signs),
    )


def _currency(signs: Sequence[str]) -> str:
    codes = {"€": "EUR", "£": "GBP", "CHF": "CHF", "zł": "PLN", "₹": "INR", "US$": "USD"}
    found = {codes.get(sign, sign if re.fullmatch(r"[A-Z]{3}", sign) else "") for sign in signs} - {""}
    return found.pop() if len(found) == 1 else ""


def _slug(export: Export) -> str:
    system = re.sub(r"[^a-z0-9]+", "-", export.system.lower()).strip("-")
    return f"{system}-{export.kind}" if system else export.kind
