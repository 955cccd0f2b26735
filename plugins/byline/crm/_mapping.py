"""A saved mapping: how one export of another system is read as our leads, deals or invoices.

A mapping holds names of columns and words, never a value of a person, and so may stand in git.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from byline.crm import _sheets as sheets
from byline.crm._exports import Kind
from byline.crm.base import person_key
from byline.errors import ContentError, Problem
from byline.fields import Fields
from byline.settings import Settings
from byline.yamlread import Mapping_, Scalar, Sequence_, YamlProblem
from byline.yamlread import read as read_yaml

FOLDER = "crm-mappings"
KINDS: tuple[Kind, ...] = ("leads", "deals", "invoices")
IDS = ("", "salesforce", "first", "email")
WORDS = ("paid", "left_out", "credit", "won", "lost")
# What a mapping may fill beside our own columns: it decides with them, and they are not kept.
HELPERS: Mapping[Kind, tuple[str, ...]] = {
    "leads": (),
    "deals": ("expected",),
    "invoices": ("state", "type", "balance"),
}
_HEADER_WITHIN = 15  # lines: reports begin with a title, a company, a span of time
_SPACES = re.compile(r"[\u00a0\u2009\u202f]")


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


def _no_words() -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """One mapping. `columns`: their header -> our column; `values`: our column -> what it is where theirs is empty.

    `dates` as in `csv.Form`; `decimal` is `point` or `comma`, `thousands` the mark between groups of three, `signs`
    what stands beside an amount. `words` tell what the values of a status mean, `ids` how record numbers are written
    (`salesforce`: 15 or 18 letters, `first`: several in a cell, `email`: none, the address stands for one).
    """

    name: str
    kind: Kind
    columns: Mapping[str, str]
    values: Mapping[str, str] = field(default_factory=_nothing)
    dates: str = ""
    decimal: str = "point"
    thousands: str = ""
    signs: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=_no_words)
    ids: str = ""

    def fits(self, header: Sequence[str]) -> bool:
        """Does a table with this header have every column that the mapping names?"""
        there = {sheets.name(cell) for cell in header}
        return all(sheets.name(name) in there for name in self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """A foreign table in our columns: the line and the values of each row. `notes` tell what was decided."""

    rows: tuple[tuple[int, Mapping[str, str]], ...]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...] = ()


def dump(saved: Saved, *, about: str) -> str:
    """The mapping as the file that a person may change."""
    lines = [f"# {about}", f"kind: {saved.kind}", "", "# their column: ours", "columns:"]
    lines += [f"  {json.dumps(name, ensure_ascii=False)}: {ours}" for name, ours in saved.columns.items()]
    lines += ["", "# how dates and amounts are written", f"dates: {json.dumps(saved.dates)}"]
    lines.append(f"decimal: {saved.decimal}")
    lines.append(f"thousands: {json.dumps(saved.thousands, ensure_ascii=False)}")
    lines.append(f"signs: {json.dumps(list(saved.signs), ensure_ascii=False)}")
    if saved.values:
        lines += ["", "# what every row has where no column says it", "values:"]
        lines += [
            f"  {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in saved.values.items()
        ]
    if saved.words:
        lines += ["", "# what the words of a status mean, in small letters", "words:"]
        lines += [
            f"  {name}: {json.dumps(list(words), ensure_ascii=False)}" for name, words in saved.words.items()
        ]
    if saved.ids:
        lines += ["", f"ids: {saved.ids}"]
    return "\n".join(lines) + "\n"


def load(path: Path, *, shown: str, known: Mapping[Kind, Sequence[str]]) -> Saved:
    """The mapping in a file. `known` are our columns. Raises ContentError with every mistake in it."""
    try:
        node = read_yaml(path.read_text(encoding="utf-8"))
    except YamlProblem as error:
        raise ContentError([sheets.problem(shown, error.line, "", error.message, error.fix)]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ContentError(
            [
                sheets.problem(
                    shown, 0, "", f"it cannot be read: {error}", "write it anew with `publish crm map`"
                )
            ]
        ) from None
    problems: list[Problem] = []
    fields = Fields(
        node if isinstance(node, Mapping_) else Mapping_({}, {}, 1), file=shown, problems=problems
    )
    kind: Kind = fields.choice("kind", KINDS, "leads")  # type: ignore[assignment]
    ours = (*known[kind], *HELPERS[kind])
    columns = _pairs(fields, "columns")
    for name, column in columns.items():
        if column not in ours:
            fields.problem(
                "columns",
                "unknown-column",
                f"`{name}` is to be `{column}`, which is no column of {kind}",
                f"known are {', '.join(ours)}",
                line=_line(fields, "columns", name),
            )
    if not columns:
        fields.problem(
            "columns", "missing", "no column is named", "write it anew with `publish crm map --sample FILE`"
        )
    saved = Saved(
        name=path.stem,
        kind=kind,
        columns=MappingProxyType(columns),
        values=MappingProxyType(_pairs(fields, "values")),
        dates=fields.text("dates"),
        decimal=fields.choice("decimal", ("point", "comma"), "point"),
        thousands=fields.text("thousands", pattern=r"[,.' ]?", expected="one of , . ' or a space"),
        signs=fields.texts("signs"),
        words=MappingProxyType(_lists(fields)),
        ids=fields.choice("ids", IDS, ""),
    )
    fields.done()
    if problems:
        raise ContentError(problems)
    return saved


def _pairs(fields: Fields, key: str) -> dict[str, str]:
    section = fields.section(key)
    if section is None:
        return {}
    return {name: section.text(name).strip() for name in section if section.text(name).strip()}


def _lists(fields: Fields) -> dict[str, tuple[str, ...]]:
    section = fields.section("words")
    if section is None:
        return {}
    found = {
        name: tuple(one.strip().lower() for one in section.texts(name)) for name in WORDS if name in section
    }
    section.done(also=WORDS)
    return found


def _line(fields: Fields, key: str, name: str) -> int:
    node = fields.node.items.get(key)
    return node.key_lines.get(name, 0) if isinstance(node, Mapping_) else 0


def files(settings: Settings) -> tuple[Path, ...]:
    """The mappings that `crm.mappings` names, else all in `crm-mappings/` beside mkdocs.yml."""
    node = settings.crm.node.items.get("mappings")
    if isinstance(node, Sequence_):
        return tuple(settings.root / one.raw for one in node.items if isinstance(one, Scalar))
    if isinstance(node, Scalar) and node.value is not None:
        return (settings.root / node.raw,)
    return tuple(sorted((settings.root / FOLDER).glob("*.yml")))


def header_of(rows: Sequence[tuple[int, list[str]]], saved: Saved) -> int | None:
    """Where in the table the header stands that has every column of the mapping; None for nowhere."""
    return next((n for n, (_, cells) in enumerate(rows[:_HEADER_WITHIN]) if saved.fits(cells)), None)


def translate(rows: Sequence[tuple[int, list[str]]], file: str, saved: Saved) -> Translated:
    """The rows below the header in our columns. Raises ContentError when the header is not there."""
    at = header_of(rows, saved)
    if at is None:
        raise ContentError([_no_header(rows, file, saved)])
    header = [sheets.name(cell) for cell in rows[at][1]]
    wanted = {sheets.name(name): ours for name, ours in saved.columns.items()}
    told = _Told()
    found: list[tuple[int, Mapping[str, str]]] = []
    for line, cells in rows[at + 1 :]:
        if not any(cell.strip() for cell in cells):
            continue
        values = {
            wanted[name]: sheets.clean(cell)
            for name, cell in zip(header, cells, strict=False)
            if name in wanted and cell.strip()
        }
        row = _row(values, saved, told)
        if row is not None:
            found.append((line, row))
    return Translated(rows=tuple(found), notes=told.notes())


def _no_header(rows: Sequence[tuple[int, list[str]]], file: str, saved: Saved) -> Problem:
    there = {sheets.name(cell) for _, cells in rows[:_HEADER_WITHIN] for cell in cells}
    lacking = [name for name in saved.columns if sheets.name(name) not in there]
    return sheets.problem(
        file,
        rows[0][0],
        "",
        f"the header has no column {', '.join(f'`{name}`' for name in lacking[:5])}, which the mapping {saved.name} names",
        "export it with that column, or make a new mapping with `publish crm map --sample FILE`",
    )


@dataclass(slots=True)
class _Told:
    """What was decided for how many rows."""

    without_id: int = 0
    left_out: int = 0
    undated: set[str] = field(default_factory=set)

    def notes(self) -> tuple[str, ...]:
        out = []
        if self.without_id:
            out.append(f"left out, having no number of their own (totals, headings): {self.without_id}")
        if self.left_out:
            out.append(f"left out by their status (drafts, voided, payments): {self.left_out}")
        if self.undated:
            out.append(
                "paid, but the file does not say when; the day of the invoice stands for it:"
                f" {len(self.undated)}"
            )
        return tuple(out)


def _row(values: dict[str, str], saved: Saved, told: _Told) -> Mapping[str, str] | None:
    """One row in our columns; None when it is left out."""
    own = f"{saved.kind[:-1]}_id"
    if saved.ids == "email" and values.get("email"):
        values[own] = person_key(values["email"])[:20]
    if not values.get(own):
        told.without_id += 1
        return None
    for name in ("amount", "expected", "balance"):
        if values.get(name):
            values[name] = plain_amount(values[name], saved)
    if saved.kind == "invoices" and not _invoice(values, saved, told):
        return None
    if saved.kind == "deals":
        _deal(values, saved)
    for name in (own, "lead_id", "deal_id", "opportunity_id"):
        if values.get(name):
            values[name] = _number(values[name], saved.ids)
    for name, value in saved.values.items():
        values.setdefault(name, value)
    return values


def _invoice(values: dict[str, str], saved: Saved, told: _Told) -> bool:
    state, kind = values.pop("state", "").lower(), values.pop("type", "").lower()
    balance = values.pop("balance", "")
    if _one_of(state, saved, "left_out") or _one_of(kind, saved, "left_out"):
        told.left_out += 1
        return False
    if _one_of(kind, saved, "credit") and values.get("amount", "-")[0] != "-":
        values["amount"] = f"-{values['amount']}"
    open_ = bool(balance) and not re.fullmatch(r"-?0+(\.0+)?", balance)
    if open_:
        values.pop("paid_at", None)
    elif not values.get("paid_at") and (balance or _one_of(state, saved, "paid")) and values.get("issued_at"):
        values["paid_at"] = values["issued_at"]
        told.undated.add(values["invoice_id"])
    return True


def _deal(values: dict[str, str], saved: Saved) -> None:
    stage = values.get("stage", "").lower()
    if "is_won" not in values and stage:
        values["is_won"] = "true" if _one_of(stage, saved, "won") else "false"
    won = values.get("is_won", "").lower() in ("true", "yes", "1", "x")
    over = (
        won
        or _one_of(stage, saved, "lost")
        or values.get("is_closed", "").lower() in ("true", "yes", "1", "x")
    )
    if not over:
        values.pop("closed_at", None)  # of an open deal that is the day for which people hope
    hoped = values.pop("expected", "")
    if hoped and not (won and values.get("amount")):
        values["amount"] = hoped
    values.setdefault("amount", "0")


def _one_of(value: str, saved: Saved, what: str) -> bool:
    return bool(value) and any(
        value == word or value.startswith((f"{word} ", f"{word}(")) for word in saved.words.get(what, ())
    )


def _number(value: str, ids: str) -> str:
    if ids == "first":
        return re.split(r"[;,\s]", value.strip(), maxsplit=1)[0]
    if ids == "salesforce" and re.fullmatch(r"[A-Za-z0-9]{18}", value):
        return value[:15]  # the last three only say which of the others are capitals
    return value


def plain_amount(raw: str, saved: Saved) -> str:
    """`1234.50` for an amount as the mapping says it is written; as it stands when it is not so."""
    value = _SPACES.sub(" ", raw).strip()
    for sign in saved.signs:
        value = value.replace(sign, "")
    value = value.strip()
    negative = (
        bool(re.fullmatch(r"\(.*\)", value)) or value.startswith(("-", "\u2212")) or value.endswith("-")
    )
    value = value.strip("()-\u2212 ")
    point = "," if saved.decimal == "comma" else "."
    group = re.escape(saved.thousands)
    whole = rf"\d{{1,3}}({group}\d{{3}})+|\d+" if saved.thousands else r"\d+"
    if not re.fullmatch(rf"({whole})({re.escape(point)}\d{{1,4}})?", value):
        return raw
    plain = value.replace(saved.thousands, "") if saved.thousands else value
    return ("-" if negative else "") + plain.replace(point, ".")
