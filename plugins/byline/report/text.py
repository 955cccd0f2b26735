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


def show(report: Report) -> str:
    """The whole report as text that ends in a line break."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield report.site
    yield f"{report.begin:%-d %B %Y} to {report.made:%-d %B %Y}"
    yield ""
    yield from wrap(" ".join(report.sentences), WIDTH)
    for line in minded(report):
        yield ""
        yield from wrap(f"Note: {line}", WIDTH, subsequent_indent="  ")
    yield ""
    yield from _heading("What people read before they asked")
    yield from _journeys(report)
    yield from _table(report.table)
    for by, table in report.tables.items():
        if by != report.by and (table.rows or by == "channel"):
            yield from _table(table)
    if report.goals:
        yield ""
        yield from _heading("Goals")
        for goal in report.goals:
            until = f", until {goal.end:%-d %B %Y}" if goal.end else ""
            aim = f"the goal is {goal.target} {goal.goal}{until}"
            yield from wrap(f"{goal.campaign}: {reached(goal)}; {aim}", WIDTH, subsequent_indent="  ")
    if len(report.standing) > 1:
        yield ""
        yield from _heading("How far an author's posts carry")
        for one in report.standing:
            line = f"{one.low:.1f} to {one.high:.1f} enquiries a post; {one.verdict}"
            yield from wrap(f"{one.label}: {line}", WIDTH, subsequent_indent="  ")
    if report.unknown:
        yield ""
        yield from _heading("Where the source is unknown")
        if not report.shared:
            yield from wrap(f"{covered(report)} {report.trend}".strip(), WIDTH)
        for item in report.unknown[:_JOURNEYS]:
            yield from wrap(
                f"{len(item.leads):>4}  {item.what}: {item.why}", WIDTH, subsequent_indent="      "
            )
    if report.strange:
        yield ""
        yield from _heading("Tags that are not yours")
        for tag in report.strange[:_JOURNEYS]:
            meant = f"; meant is perhaps {tag.meant}" if tag.meant else ""
            visits = f", {counted(tag.visits, 'visit')}" if tag.visits else ""
            line = f"{tag.tag}{visits}{meant}"
            yield from wrap(f"{len(tag.leads):>4}  {line}", WIDTH, subsequent_indent="      ")
    if report.heard:
        yield ""
        yield from _heading("What people say brought them, beside what was tracked")
        for said in report.heard[:_JOURNEYS]:
            yield from wrap(
                f"{said.leads:>4}  “{said.said}”: {said.tracked}", WIDTH, subsequent_indent="      "
            )
    yield ""
    yield from wrap(
        f"Counted by {report.model.title}: {report.model.meaning} Visits count for {report.window_days} days;"
        f" revenue is from {report.revenue_from}. “Between” says how far chance alone may move a number this small."
        " That a visit came before an enquiry does not prove that it caused it.",
        WIDTH,
    )


def _heading(words: str) -> Iterator[str]:
    yield words
    yield "-" * len(words)


def _journeys(report: Report) -> Iterator[str]:
    if not report.journeys:
        yield (
            f"No way was gone by {SMALL} or more."
            if report.shared
            else "No enquiry came through one of our links yet."
        )
        return
    for way in report.journeys[:_JOURNEYS]:
        orders = f"  [{counted(way.orders, 'order')}]" if way.orders else ""
        words = " → ".join(way.steps) + " → asked" + orders
        yield from wrap(f"{len(way.leads):>4}  {words}", WIDTH, subsequent_indent="      ")
    rest = report.journeys[_JOURNEYS:]
    if rest:
        yield f"      and {counted(len(rest), 'other way', 'other ways')}, each once or seldom"


def _table(table: Table) -> Iterator[str]:
    yield ""
    head = f"{'By ' + NOUNS[table.by].lower():<{_LABEL}}"
    yield head + "".join(f" {name:>{width}}" for name, width in _COLUMNS)
    yield "-" * WIDTH
    busy = [row for row in table.rows if not row.idle or row.few or (row.cost and table.by != "post")]
    everyone = (*table.rows, table.unattributed)
    cents = with_cents(row.revenue for row in everyone), with_cents(row.cost for row in everyone)
    rest = busy[ROWS:] if len(busy) > ROWS + 3 else []
    for row in busy[: len(busy) - len(rest)]:
        yield from _row(row, cents)
    if rest:
        left = (
            "others"
            if any(row.few for row in rest)
            else counted(sum(row.leads for row in rest), "enquiry", "enquiries")
        )
        yield f"and {counted(len(rest), NOUNS[table.by].lower())} more ({left}): see --csv or --html"
    idle = [row for row in table.rows if row not in busy]
    if idle:
        yield from _row(_together(idle, NOUNS[table.by].lower()), cents)
    yield from _row(table.unattributed, cents)
    yield from _row(table.total, cents, exact=True)
    if table.unattributed.cost:
        yield from wrap(COST_OF_NONE, WIDTH)


def _together(rows: Sequence[Row], noun: str) -> Row:
    """The rows of which nothing came as one, with what they cost."""
    cost: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        for currency, value in row.cost.items():
            cost[currency] += value
    label = f"{counted(len(rows), noun)} with no enquiry yet"
    return replace(rows[0], label=label, cost=dict(cost))


def _row(row: Row, cents: Cents, *, exact: bool = False) -> Iterator[str]:
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
