"""The report as it may be shown to others: no person in it, and no number of so few that one could be known by it.

A row of fewer than five enquiries shows none of them, revenue of fewer than five orders is not shown, and where a single
row would be left to be worked out from the total, the next smallest goes with it. What is said in people's own words, tags
from outside, and ways that fewer than five went are left out. Everything that is not known to be harmless is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from byline.report.model import Month, Report, Row, Standing, Table
from byline.report.words import SMALL, UNDER

_NONE = Fraction(0)


def shared(report: Report) -> Report:
    """The report without persons and small numbers. Doing it twice changes nothing more."""
    if report.shared:
        return report
    tables = {by: _table(table) for by, table in report.tables.items()}
    total = tables[report.by].total
    return replace(
        report,
        tables=tables,
        sentences=_sentences(report),
        journeys=tuple(
            replace(way, leads=("",) * len(way.leads), orders=way.orders if way.orders >= SMALL else 0)
            for way in report.journeys
            if len(way.leads) >= SMALL
        ),
        unknown=tuple(
            replace(item, leads=("",) * len(item.leads))
            for item in report.unknown
            if len(item.leads) >= SMALL and "utm_" not in item.what
        ),
        heard=(),
        strange=(),
        goals=tuple(
            replace(goal, reached=None, counted=UNDER)
            if goal.reached is not None and 0 < goal.reached < SMALL
            else goal
            for goal in report.goals
        ),
        compared=tuple(row for row in report.compared if min(row.first, row.last, row.linear) >= SMALL),
        months=_months(report.months),
        trend=report.trend if total.leads >= 4 * SMALL else "",
        cohorts=tuple(
            replace(cohort, leads=_NONE, orders=_NONE)
            if 0 < cohort.leads < SMALL
            else replace(cohort, orders=cohort.orders if cohort.orders >= SMALL else _NONE)
            for cohort in report.cohorts
        ),
        standing=tuple(_standing(one) for one in report.standing if one.leads >= SMALL),
        largest=(),
        reconciled=(),
        records={},
        warnings=tuple(warning for warning in report.warnings if "could not be joined" not in warning),
        shared=True,
    )


def _table(table: Table) -> Table:
    everyone = [*table.rows, table.unattributed]
    small_leads = _few(everyone, lambda row: row.leads)
    small_orders = _few(everyone, lambda row: row.orders)
    rows = [
        _row(row, n in small_leads, n in small_orders or (n in small_leads and bool(row.orders)))
        for n, row in enumerate(everyone)
    ]
    total = table.total
    if 0 < total.orders < SMALL:
        total = replace(total, revenue={}, revenue_low=None, revenue_high=None)
    return Table(by=table.by, rows=tuple(rows[:-1]), unattributed=rows[-1], total=total)


def _few(rows: Sequence[Row], value: Callable[[Row], Fraction]) -> set[int]:
    """The places of rows with a number that is too small to show, and of one more where there is only one such."""
    small = {n for n, row in enumerate(rows) if 0 < value(row) < SMALL}
    if len(small) == 1:
        others = [n for n, row in enumerate(rows) if value(row) >= SMALL]
        if others:
            small.add(min(others, key=lambda n: (value(rows[n]), n)))
    return small


def _row(row: Row, few: bool, no_money: bool) -> Row:
    if no_money or few:
        row = replace(row, orders=_NONE, revenue={}, revenue_low=None, revenue_high=None, few=True)
    if few:
        row = replace(row, leads=_NONE, low=0.0, high=0.0, opportunities=_NONE)
    if 0 < row.opportunities < SMALL:
        row = replace(row, opportunities=_NONE, few=True)
    return row


def _months(months: Sequence[Month]) -> tuple[Month, ...]:
    """Only when every month has enough; a gap could be filled in from the total."""
    enough = all(
        month.leads >= SMALL and not 0 < month.unknown < SMALL and not 0 < month.leads - month.unknown < SMALL
        for month in months
    )
    return tuple(months) if enough else ()


def _standing(one: Standing) -> Standing:
    return replace(one, orders=one.orders if one.orders >= SMALL else _NONE)


def _sentences(report: Report) -> tuple[str, ...]:
    """What was spent and what came in, without naming what few people did."""
    from byline.report.words import counted, listed, money

    total = report.table.total
    spent, *_ = report.sentences
    if total.leads < SMALL:
        return (spent, f"In that time came {UNDER} enquiries.")
    said = f"In that time came {counted(total.leads, 'enquiry', 'enquiries')}"
    if total.orders >= SMALL:
        said += f" and {counted(total.orders, 'order')}"
        sums = money(total.revenue)
        said += f" worth {listed(sums)}" if sums else ""
    none = report.table.unattributed.leads
    sentences = [spent, f"{said}."]
    if none >= SMALL and total.leads - none >= SMALL:
        sentences.append(f"Of {counted(none, 'enquiry', 'enquiries')} the source is unknown.")
    return tuple(sentences)
