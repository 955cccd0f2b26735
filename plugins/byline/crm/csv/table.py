"""A file -> leads, deals or invoices, told by its header, with every problem in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from byline.crm import _mapping
from byline.crm import _sheets as sheets
from byline.crm._exports import Kind
from byline.crm.csv.cells import Cells, Form, date_pattern
from byline.crm.csv.columns import COLUMNS, NEEDED
from byline.crm.csv.items import READ
from byline.errors import ContentError, Problem
from byline.fields import did_you_mean
from byline.model import Deal, Invoice, Lead


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
    if any(all({*choices} & names for choices in NEEDED[kind]) for kind in kinds):
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
        row = Cells(file, line, form, pattern, problems, loose=loose)
        if isinstance(values, str):
            row.problem("", values, "put a value that holds the separator in double quotes")
            continue
        row.values = dict(values)
        item = READ[kind](row)
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
                    " columns as `publish manual any-crm` lists them",
                )
            ]
        )
    problems = []
    for choices in NEEDED[found]:
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
