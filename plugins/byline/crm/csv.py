"""Leads, deals and invoices as CSV files, from any CRM and any accounting system; and tables out again.

A file is read whole before anything is kept: every line that cannot be used is told at once. Nothing is guessed
where a guess could be wrong: dates are ISO 8601 unless a format is given, amounts have a point unless a comma is
asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from byline.crm import _mapping
from byline.crm import _sheets as sheets
from byline.crm._drop import CsvCrm
from byline.crm._exports import Kind
from byline.crm._sheets import clean, decode, neutral, write
from byline.crm.base import Change, person_key
from byline.errors import ContentError, Problem, UsageError
from byline.fields import did_you_mean
from byline.model import Deal, Invoice, Lead, Touch
from byline.times import WallClockError, at_wall_clock

if TYPE_CHECKING:
    from byline.crm._proposing import Proposal
    from byline.settings import Settings

TAGS = ("source", "medium", "campaign", "content", "term", "id")
CLICKS = ("gclid", "fbclid", "li_fat_id", "twclid", "msclkid")
COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    "leads": (
        *(
            "lead_id",
            "created_at",
            "email_hash",
            "email",
            "company",
            "status",
            "converted_at",
            "opportunity_id",
        ),
        *(f"utm_{name}" for name in TAGS),
        *(f"first_utm_{name}" for name in TAGS),
        *("landing_page", "referrer", *CLICKS, "self_reported_source"),
    ),
    "deals": (
        *("deal_id", "lead_id", "email", "created_at", "closed_at", "stage", "is_won", "is_closed"),
        *("amount", "currency", "contact_emails"),
    ),
    "invoices": ("invoice_id", "customer_email", "company", "issued_at", "paid_at", "amount", "currency"),
}
_NEEDED: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    "leads": (("lead_id",), ("created_at",)),
    "deals": (("deal_id",), ("lead_id", "email"), ("created_at",), ("amount",), ("currency",)),
    "invoices": (
        ("invoice_id",),
        ("customer_email", "company"),
        ("issued_at",),
        ("amount",),
        ("currency",),
    ),
}
_YES = frozenset({"true", "yes", "y", "1", "won", "x", "ja", "wahr"})
_NO = frozenset({"", "false", "no", "n", "0", "lost", "open", "nein", "falsch"})
_TOKENS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "hh": "%H", "mm": "%M", "ss": "%S", "AM": "%p"}


class Store(Protocol):
    """What an import writes to."""

    def put_lead(self, lead: Lead) -> Change: ...
    def put_deal(self, deal: Deal) -> Change: ...
    def put_invoice(self, invoice: Invoice) -> Change: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How dates and numbers are written. `dates` such as `DD.MM.YYYY hh:mm`, empty for ISO 8601."""

    zone: ZoneInfo
    dates: str = ""
    comma: bool = False  # 1.234,50 instead of 1,234.50


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One file, read. `notes` are about columns that were left out."""

    file: str
    kind: Kind
    items: tuple[Lead | Deal | Invoice, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
    rows: int = 0


def read(data: bytes, *, file: str, form: Form, mappings: Sequence[_mapping.Saved] = ()) -> Table:
    """The file's rows as leads, deals or invoices (told by its header), with every problem in it.

    UTF-8 with or without a mark, UTF-16 with one, Windows-1252; comma, semicolon or tab; quoted line breaks. A
    header that is not ours is read by the mapping that fits it best; dates and amounts then are as that says.
    Raises ContentError when the file as a whole cannot be used, UsageError when the form of dates cannot be.
    """
    text = sheets.decode(data, file)
    own = {name for names in COLUMNS.values() for name in names}
    theirs = {sheets.name(name) for one in mappings for name in one.columns}
    table = sheets.rows(text, file, own | theirs)
    chosen = _chosen(table, mappings)
    if chosen is not None:
        found = _mapping.translate(table, file, chosen)
        form = replace(form, dates=chosen.dates, comma=False)
        return _read(found.rows, chosen.kind, file=file, form=form, notes=found.notes, loose=True)
    header_line, header = table[0]
    kind, names, notes = _header(header, file, header_line)
    rows: list[tuple[int, Mapping[str, str] | str]] = []
    for line, cells in table[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            rows.append((line, f"this line has {len(cells)} values, the header has {len(names)}"))
            continue
        values = {
            name: sheets.clean(cell)
            for name, cell in zip(names, cells, strict=False)
            if name and cell.strip()
        }
        rows.append((line, values))
    return _read(rows, kind, file=file, form=form, notes=notes)


def _chosen(
    table: Sequence[tuple[int, list[str]]], mappings: Sequence[_mapping.Saved]
) -> _mapping.Saved | None:
    """The mapping that fits with most columns; None when the header is our own or none fits."""
    names = {sheets.name(cell) for cell in table[0][1]}
    kinds: tuple[Kind, ...] = ("leads", "deals", "invoices")
    if any(all({*choices} & names for choices in _NEEDED[kind]) for kind in kinds):
        return None
    fitting = [one for one in mappings if _mapping.header_of(table, one) is not None]
    return max(fitting, key=lambda one: len(one.columns), default=None)


def _read(
    rows: Sequence[tuple[int, Mapping[str, str] | str]],
    kind: Kind,
    *,
    file: str,
    form: Form,
    notes: tuple[str, ...],
    loose: bool = False,
) -> Table:
    """The rows as what they are; a text instead of values is what is wrong with the line as a whole."""
    pattern = date_pattern(form.dates)
    found: dict[str, Lead | Deal | Invoice] = {}
    problems: list[Problem] = []
    for line, values in rows:
        row = _Row(file, line, form, pattern, problems, loose=loose)
        if isinstance(values, str):
            row.problem("", values, "put a value that holds the separator in double quotes")
            continue
        row.values = dict(values)
        item = _READ[kind](row)
        if item is None:
            continue
        before = found.get(item.id)
        if before is not None and before != item:
            row.problem(
                COLUMNS[kind][0],
                f"`{item.id[:40]}` stands in this file twice, with different values",
                "keep the right one of the two lines",
            )
        found.setdefault(item.id, item)
    return Table(
        file=file,
        kind=kind,
        items=tuple(found.values()),
        problems=tuple(problems),
        notes=notes,
        rows=len(rows),
    )


def store(table: Table, into: Store) -> Mapping[Change, int]:
    """Put every item and count what that changed. The same table again changes nothing."""
    counts: dict[Change, int] = {"added": 0, "changed": 0, "same": 0}
    for item in table.items:
        if isinstance(item, Lead):
            counts[into.put_lead(item)] += 1
        elif isinstance(item, Deal):
            counts[into.put_deal(item)] += 1
        else:
            counts[into.put_invoice(item)] += 1
    return counts


def _header(cells: Sequence[str], file: str, line: int) -> tuple[Kind, tuple[str, ...], tuple[str, ...]]:
    names = [sheets.name(cell) for cell in cells]
    own: Mapping[str, Kind] = {"invoice_id": "invoices", "deal_id": "deals", "lead_id": "leads"}
    found = next((kind for key, kind in own.items() if key in names), None)
    if found is None:
        raise ContentError(
            [
                sheets.problem(
                    file,
                    line,
                    "",
                    "the header has none of `lead_id`, `deal_id` and `invoice_id`",
                    "an export of another system? `publish crm map --sample FILE` tells how it is read; else name the"
                    " columns as the manual lists them",
                )
            ]
        )
    problems = []
    for choices in _NEEDED[found]:
        if not any(name in names for name in choices):
            wanted = " or ".join(f"`{name}`" for name in choices)
            meant = did_you_mean(choices[0], [name for name in names if name not in COLUMNS[found]])
            problems.append(
                sheets.problem(
                    file,
                    line,
                    choices[0],
                    f"the header has no column {wanted}, which {found} need",
                    f"is it `{meant}`? Name it {wanted}" if meant else f"add a column {wanted}",
                )
            )
    doubled = sorted({name for name in names if name in COLUMNS[found] and names.count(name) > 1})
    problems += [
        sheets.problem(
            file, line, name, f"the column `{name}` stands there twice", "delete or rename one of the two"
        )
        for name in doubled
    ]
    if problems:
        raise ContentError(problems)
    unknown = [
        sheets.clean(cell)[:60]
        for cell, name in zip(cells, names, strict=True)
        if name and name not in COLUMNS[found]
    ]
    notes = (f"columns left out, for nothing is known about them: {', '.join(unknown)}",) if unknown else ()
    return found, tuple(name if name in COLUMNS[found] else "" for name in names), notes


class _Row:
    """One row being read: each value once, every mistake noted."""

    def __init__(
        self, file: str, line: int, form: Form, pattern: str, problems: list[Problem], *, loose: bool = False
    ) -> None:
        self.file, self.line, self.form, self.pattern, self.problems = file, line, form, pattern, problems
        self.loose = loose  # of a mapped file: a deal may name nobody
        self.values: dict[str, str] = {}
        self.good = True

    def problem(self, key: str, message: str, fix: str) -> None:
        self.good = False
        self.problems.append(sheets.problem(self.file, self.line, key, message, fix))

    def text(self, key: str, *, required: bool = False) -> str:
        value = self.values.get(key, "")
        if required and not value:
            self.problem(key, f"`{key}` is empty", f"fill in `{key}`, or delete the line")
        return value

    def when(self, key: str, *, required: bool = False) -> datetime | None:
        raw = self.text(key, required=required)
        if not raw:
            return None
        try:
            found = _moment(raw, self.pattern) if self.pattern else datetime.fromisoformat(raw)
            if found.tzinfo is None:
                found = at_wall_clock(found.date(), found.time(), self.form.zone)
            if not 1990 <= found.year <= 2200:
                raise ValueError(raw)
            return found.astimezone(UTC)
        except WallClockError as error:
            self.problem(
                key, f"`{key}` is `{raw[:40]}`: {error}", "give the time with its offset, such as +01:00"
            )
        except (ValueError, OverflowError):
            wanted = self.form.dates or "YYYY-MM-DD, with or without a time such as T09:30:00+01:00,"
            self.problem(
                key,
                f"`{key}` is `{raw[:40]}`; {wanted} is expected",
                "say how the file writes its dates, for example --dates DD.MM.YYYY"
                if not self.form.dates
                else "write every date of this file in the same way",
            )
        return None

    def money(self, key: str = "amount") -> Decimal:
        raw = self.text(key, required=True)
        if not raw:
            return Decimal(0)
        pattern = (
            r"-?(\d{1,3}(\.\d{3})+|\d{1,15})(,\d{1,4})?" if self.form.comma else r"-?\d{1,15}(\.\d{1,4})?"
        )
        if re.fullmatch(pattern, raw):
            plain = raw.replace(".", "").replace(",", ".") if self.form.comma else raw
            return Decimal(plain)
        self.problem(
            key,
            f"`{key}` is `{raw[:40]}`; a number such as {'1234,50' if self.form.comma else '1234.50'} is expected",
            "take out currency signs; if the file writes 1.234,50, say --decimal comma",
        )
        return Decimal(0)

    def currency(self) -> str:
        raw = self.text("currency", required=True).upper()
        if raw and not re.fullmatch(r"[A-Z]{3}", raw):
            self.problem(
                "currency", f"`currency` is `{raw[:20]}`; three letters are expected", "write EUR, USD, GBP …"
            )
        return raw

    def yes(self, key: str) -> bool | None:
        raw = self.text(key).lower()
        if raw in _YES or raw in _NO:
            return raw in _YES if raw else None
        self.problem(key, f"`{key}` is `{raw[:20]}`; true or false is expected", "write true or false")
        return None


def _lead(row: _Row) -> Lead | None:
    key, at = row.text("lead_id", required=True), row.when("created_at", required=True)
    converted = row.when("converted_at")
    email, hashed = row.text("email"), row.text("email_hash").lower()
    fields = {
        "page": row.text("landing_page"),
        "status": row.text("status"),
        "converted_at": converted.isoformat() if converted else "",
        "opportunity_id": row.text("opportunity_id"),
    }
    if not row.good or at is None:
        return None
    first, last = _tags(row, "first_utm_"), _tags(row, "utm_")
    click = next((f"{name}={row.text(name)}" for name in CLICKS if row.text(name)), "")
    page, referrer = row.text("landing_page"), row.text("referrer")
    touches = [Touch(at=at, **first)] if first and first != last else []
    if last or click or referrer:
        touches.append(Touch(at=at, **last, page=page, referrer=referrer, click=click))
    return Lead(
        id=key,
        at=at,
        person=hashed or person_key(email),
        company=row.text("company"),
        heard_from=row.text("self_reported_source"),
        touches=tuple(touches),
        fields={name: value for name, value in fields.items() if value},
    )


def _tags(row: _Row, prefix: str) -> dict[str, str]:
    found = {("utm_id" if name == "id" else name): row.text(prefix + name).lower()[:255] for name in TAGS}
    return {name: value for name, value in found.items() if value}


def _deal(row: _Row) -> Deal | None:
    key, created = row.text("deal_id", required=True), row.when("created_at", required=True)
    closed, amount, currency = row.when("closed_at"), row.money(), row.currency()
    won, stage = row.yes("is_won"), row.text("stage")
    row.yes("is_closed")
    lead_id, email = row.text("lead_id"), row.text("email")
    if not lead_id and not email and not row.loose:
        row.problem(
            "lead_id", "neither `lead_id` nor `email` says whose deal it is", "fill in one of the two"
        )
    if closed and created and closed < created and closed.date() != created.date():
        row.problem("closed_at", "`closed_at` lies before `created_at`", "correct one of the two dates")
    if not row.good or created is None:
        return None
    if won is None:
        won = sheets.name(stage) in ("won", "closed_won", "closedwon")
    return Deal(
        id=key,
        lead_id=lead_id,
        person=person_key(email),
        created=created,
        closed=closed,
        won=won,
        stage=stage,
        amount=amount,
        currency=currency,
        people=_persons(row.text("contact_emails")),
    )


def _persons(cell: str) -> tuple[str, ...]:
    """Everybody in a cell of addresses with a comma, a semicolon or a space between, each once."""
    return tuple(dict.fromkeys(filter(None, map(person_key, re.split(r"[;,\s]+", cell)))))


def _invoice(row: _Row) -> Invoice | None:
    key, issued = row.text("invoice_id", required=True), row.when("issued_at", required=True)
    paid, amount, currency = row.when("paid_at"), row.money(), row.currency()
    email, company = row.text("customer_email"), row.text("company")
    if not email and not company:
        row.problem(
            "customer_email", "neither `customer_email` nor `company` is filled in", "fill in one of the two"
        )
    if not row.good or issued is None:
        return None
    return Invoice(
        id=key,
        person=person_key(email),
        company=company,
        issued=issued,
        paid=paid,
        amount=amount,
        currency=currency,
    )


_READ: Mapping[Kind, Callable[[_Row], Lead | Deal | Invoice | None]] = {
    "leads": _lead,
    "deals": _deal,
    "invoices": _invoice,
}


def date_pattern(dates: str) -> str:
    """`DD.MM.YYYY hh:mm` for strptime; empty for ISO 8601. Raises UsageError for anything else."""
    if not dates:
        return ""
    pieces = re.split(r"(YYYY|YY|MM|DD|hh|mm|ss|AM)", dates)
    found = pieces[1::2]
    between = "".join(pieces[::2])
    if (
        "DD" not in found
        or "MM" not in found
        or not {"YYYY", "YY"} & set(found)
        or len(set(found)) != len(found)
    ):
        between = "?"
    if re.search(r"[^ ./:T,-]", between):
        raise UsageError(
            f"`{dates}` does not say how dates are written",
            hint="use YYYY MM DD hh mm ss, for example --dates DD.MM.YYYY or --dates 'MM/DD/YYYY hh:mm'",
        )
    pattern = "".join(_TOKENS.get(piece, piece) for piece in pieces)
    return pattern.replace("%H", "%I") if "%p" in pattern else pattern


def _moment(raw: str, pattern: str) -> datetime:
    """The time as written; a day without an hour is good in a file whose other times have one."""
    day = re.split(r"[ ,T]+%[HI]", pattern)[0]
    try:
        return datetime.strptime(raw, pattern)  # noqa: DTZ007 - the site's zone is set by the caller
    except ValueError:
        return datetime.strptime(raw, day)  # noqa: DTZ007 - likewise


def propose(
    data: bytes,
    *,
    file: str,
    kind: Kind | None = None,
    dates: str = "",
    decimal: str = "",
    currency: str = "",
    name: str = "",
) -> Proposal:
    """A mapping for an export of another system, from a sample of it. Raises ContentError, UsageError."""
    from byline.crm import _proposing

    date_pattern(dates)
    rows = sheets.rows(sheets.decode(data, file), file, _proposing.every_name())
    return _proposing.propose(
        rows,
        file,
        needed=_NEEDED,
        known=COLUMNS,
        kind=kind,
        dates=dates,
        decimal=decimal,
        currency=currency,
        name=name,
    )


def saved_mappings(settings: Settings) -> tuple[_mapping.Saved, ...]:
    """The mappings that the settings name, else those in `crm-mappings/`. Raises ContentError."""
    return tuple(
        _mapping.load(path, shown=_below(path, settings.root), known=COLUMNS)
        for path in _mapping.files(settings)
    )


def mapping(path: Path, settings: Settings) -> _mapping.Saved:
    """One mapping by its file. Raises ContentError."""
    return _mapping.load(path, shown=_below(path, settings.root), known=COLUMNS)


def _below(path: Path, root: Path) -> str:
    return (
        path.resolve().relative_to(root.resolve()).as_posix()
        if path.resolve().is_relative_to(root.resolve())
        else path.name
    )


def unmatched(invoices: Sequence[Invoice], leads: Sequence[Lead]) -> tuple[tuple[Invoice, str], ...]:
    """Paid invoices that no lead has, by address or company; each with the company that was perhaps meant."""
    people = {lead.person for lead in leads if lead.person}
    companies = {lead.company.casefold(): lead.company for lead in leads if lead.company}
    out = []
    for invoice in invoices:
        if invoice.paid is None or (invoice.person and invoice.person in people):
            continue
        if invoice.company.casefold() in companies and invoice.company:
            continue
        meant = did_you_mean(invoice.company.casefold(), companies) if invoice.company else ""
        out.append((invoice, companies.get(meant, "")))
    return tuple(out)


CRM = CsvCrm

__all__ = [
    "COLUMNS",
    "CRM",
    "CsvCrm",
    "Form",
    "Kind",
    "Store",
    "Table",
    "clean",
    "date_pattern",
    "decode",
    "mapping",
    "neutral",
    "propose",
    "read",
    "saved_mappings",
    "store",
    "unmatched",
    "write",
]
