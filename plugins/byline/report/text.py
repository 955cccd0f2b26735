"""The report for a terminal: 80 columns, no colours, nothing that a value from outside could do to the screen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import zip_longest
from textwrap import wrap

from byline.report.model import Report, Row, Table
from byline.report.parts import ROWS, covered
from byline.report.summary import minded
from byline.report.words import (
    COST_OF_NONE,
    NOUNS,
    SMALL,
    Cents,
    between,
    counted,
    money,
    number,
    reached,
    with_cents,
)

WIDTH = 80
_COLUMNS = (("Enquiries", 9), ("between", 9), ("Orders", 6), ("Revenue", 14), ("Cost", 12))
_LABEL = WIDTH - sum(width + 1 for _, width in _COLUMNS)
_JOURNEYS = 7


def show(report: Report, wide: int = WIDTH) -> str:
    """The whole report as text that ends in a line break. In fewer columns than 80 each row of a table is a sentence."""
    return "\n".join(_lines(report, min(wide, WIDTH))) + "\n"


def _lines(report: Report, wide: int) -> Iterator[str]:
    yield report.site
    yield f"{report.begin:%-d %B %Y} to {report.made:%-d %B %Y}"
    yield ""
    yield from wrap(" ".join(report.sentences), wide)
    for line in minded(report):
        yield ""
        yield from wrap(f"Note: {line}", wide, subsequent_indent="  ")
    yield ""
    yield from _heading("What people read before they asked", wide)
    yield from _journeys(report, wide)
    yield from _table(report.table, wide)
    for by, table in report.tables.items():
        if by != report.by and (table.rows or by == "channel"):
            yield from _table(table, wide)
    if report.goals:
        yield ""
        yield from _heading("Goals", wide)
        for goal in report.goals:
            until = f", until {goal.end:%-d %B %Y}" if goal.end else ""
            aim = f"the goal is {goal.target} {goal.goal}{until}"
            yield from wrap(f"{goal.campaign}: {reached(goal)}; {aim}", wide, subsequent_indent="  ")
    if len(report.standing) > 1:
        yield ""
        yield from _heading("How far an author's posts carry", wide)
        for one in report.standing:
            line = f"{one.low:.1f} to {one.high:.1f} enquiries a post; {one.verdict}"
            yield from wrap(f"{one.label}: {line}", wide, subsequent_indent="  ")
    if report.unknown:
        yield ""
        yield from _heading("Where the source is unknown", wide)
        if not report.shared:
            yield from wrap(f"{covered(report)} {report.trend}".strip(), wide)
        for item in report.unknown[:_JOURNEYS]:
            yield from wrap(
                f"{len(item.leads):>4}  {item.what}: {item.why}", wide, subsequent_indent="      "
            )
    if report.strange:
        yield ""
        yield from _heading("Tags that are not yours", wide)
        for tag in report.strange[:_JOURNEYS]:
            meant = f"; meant is perhaps {tag.meant}" if tag.meant else ""
            visits = f", {counted(tag.visits, 'visit')}" if tag.visits else ""
            line = f"{tag.tag}{visits}{meant}"
            yield from wrap(f"{len(tag.leads):>4}  {line}", wide, subsequent_indent="      ")
    if report.heard:
        yield ""
        yield from _heading("What people say brought them, beside what was tracked", wide)
        for said in report.heard[:_JOURNEYS]:
            yield from wrap(
                f"{said.leads:>4}  “{said.said}”: {said.tracked}", wide, subsequent_indent="      "
            )
    yield ""
    yield from wrap(
        f"Counted by {report.model.title}: {report.model.meaning} Visits count for {report.window_days} days;"
        f" revenue is from {report.revenue_from}. “Between” says how far chance alone may move a number this small."
        " That a visit came before an enquiry does not prove that it caused it.",
        wide,
    )


def _heading(words: str, wide: int) -> Iterator[str]:
    rows = wrap(words, wide)
    yield from rows
    yield "-" * max(map(len, rows))


def _journeys(report: Report, wide: int) -> Iterator[str]:
    if not report.journeys:
        yield from wrap(
            f"No way was gone by {SMALL} or more."
            if report.shared
            else "No enquiry came through one of our links yet.",
            wide,
        )
        return
    for way in report.journeys[:_JOURNEYS]:
        orders = f"  [{counted(way.orders, 'order')}]" if way.orders else ""
        words = " → ".join(way.steps) + " → asked" + orders
        yield from wrap(f"{len(way.leads):>4}  {words}", wide, subsequent_indent="      ")
    rest = report.journeys[_JOURNEYS:]
    if rest:
        words = f"      and {counted(len(rest), 'other way', 'other ways')}, each once or seldom"
        yield from wrap(words, wide, subsequent_indent="      ")


def _table(table: Table, wide: int) -> Iterator[str]:
    yield ""
    head = f"By {NOUNS[table.by].lower()}"
    if wide < WIDTH:
        yield from _heading(head, wide)
    else:
        yield f"{head:<{_LABEL}}" + "".join(f" {name:>{width}}" for name, width in _COLUMNS)
        yield "-" * wide
    busy = [row for row in table.rows if not row.idle or row.few or (row.cost and table.by != "post")]
    everyone = (*table.rows, table.unattributed)
    cents = with_cents(row.revenue for row in everyone), with_cents(row.cost for row in everyone)
    rest = busy[ROWS:] if len(busy) > ROWS + 3 else []
    for row in busy[: len(busy) - len(rest)]:
        yield from _row(row, cents, wide)
    if rest:
        left = (
            "others"
            if any(row.few for row in rest)
            else counted(sum(row.leads for row in rest), "enquiry", "enquiries")
        )
        yield from wrap(
            f"and {counted(len(rest), NOUNS[table.by].lower())} more ({left}): see --csv or --html", wide
        )
    idle = [row for row in table.rows if row not in busy]
    if idle:
        yield from _row(_together(idle, NOUNS[table.by].lower()), cents, wide)
    yield from _row(table.unattributed, cents, wide)
    yield from _row(table.total, cents, wide, exact=True)
    if table.unattributed.cost:
        yield from wrap(COST_OF_NONE, wide)


def _together(rows: Sequence[Row], noun: str) -> Row:
    """The rows of which nothing came as one, with what they cost."""
    cost: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        for currency, value in row.cost.items():
            cost[currency] += value
    label = f"{counted(len(rows), noun)} with no enquiry yet"
    return replace(rows[0], label=label, cost=dict(cost))


def _sentence(row: Row, cents: Cents, wide: int, *, exact: bool) -> Iterator[str]:
    """A row where there is no room for columns: its label, and what is not nothing."""
    count = (
        f"under {SMALL} enquiries"
        if row.few and not row.leads
        else counted(row.leads, "enquiry", "enquiries")
    )
    span = "" if exact or not row.leads else f" ({between(row.low, row.high)})"
    orders = counted(row.orders, "order") if row.orders else ""
    paid, cost = (  # an amount stays on one line with its currency
        " and ".join(value.replace(" ", "\xa0") for value in money(values, cents=shown))
        for values, shown in ((row.revenue, cents[0]), (row.cost, cents[1]))
    )
    facts = [count + span, orders, f"revenue {paid}" if paid else "", f"cost {cost}" if cost else ""]
    yield from wrap(row.label, wide) or [""]
    for line in wrap(", ".join(filter(None, facts)), wide, initial_indent="    ", subsequent_indent="    "):
        yield line.replace("\xa0", " ")


def _row(row: Row, cents: Cents, wide: int, *, exact: bool = False) -> Iterator[str]:
    if wide < WIDTH:
        yield from _sentence(row, cents, wide, exact=exact)
        return
    span = "" if exact or not row.leads else between(row.low, row.high).replace("between ", "")
    cells: Sequence[Sequence[str]] = (
        wrap(row.label, _LABEL) or [""],
        [f"under {SMALL}" if row.few and not row.leads else number(row.leads)],
        [span],
        [number(row.orders) if row.orders else ""],
        money(row.revenue, cents=cents[0]) or [""],
        money(row.cost, cents=cents[1]) or [""],
    )
    for label, *values in zip_longest(*cells, fillvalue=""):
        yield (
            f"{label:<{_LABEL}}"
            + "".join(f" {value:>{width}}" for value, (_, width) in zip(values, _COLUMNS, strict=True))
        ).rstrip()
