"""The few sentences that an owner reads first: spent, came back, unknown, keep, stop. Careful with small numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from byline.attribution.credit import By
from byline.report.costs import Costing, Sent
from byline.report.model import Report, Row, Table
from byline.report.trust import apart
from byline.report.words import FEW, amount, between, counted, label, listed, money, number

TRIED = 10  # posts on a network before its silence means anything


def sentences(
    tables: Mapping[By, Table],
    costs: Costing,
    sent: Sequence[Sent],
    labels: Mapping[By, Mapping[str, str]],
) -> tuple[str, ...]:
    """What it cost, what it brought and after which posts, what is not known, what to keep and what to stop."""
    posts = tables["post"]
    return (
        _spent(costs),
        _brought(posts),
        *_not_known(posts),
        _advice(tables, sent, labels),
    )


def _spent(costs: Costing) -> str:
    work, campaigns, calls = (money(costs.total(kind)) for kind in ("work", "campaign", "call"))
    parts = []
    if costs.hours:
        hours = counted(costs.hours, "hour")
        parts.append(f"{hours} of work (worth {listed(work)})" if work else f"{hours} of work")
    if campaigns:
        parts.append(f"{listed(campaigns)} on campaigns")
    if calls:
        parts.append(f"{listed(calls)} on network fees")
    if not parts:
        return "What it cost is not known yet: no post says its `effort`, no campaign its cost."
    return f"You spent {listed(parts)}."


def _brought(posts: Table) -> str:
    total = posts.total
    if not total.leads:
        return "No enquiry has come in yet."
    brought = counted(total.leads, "enquiry", "enquiries")
    sums = money(total.revenue)
    if total.orders:
        brought += f" and {counted(total.orders, 'order')}"
        brought += f" worth {listed(sums)}" if sums else ""
    else:
        brought += ", and no order so far"
    after = [row for row in posts.rows if row.orders > 0]
    after.sort(key=lambda row: (-row.orders, -sum(row.revenue.values()), row.label))
    said = ""
    if len(after) == 1 and after[0].orders == total.orders:
        said = f": after “{after[0].label}”" if total.orders == 1 else f": all after “{after[0].label}”"
    elif after:
        named = [f"“{row.label}” ({number(row.orders)})" for row in after[:3]]
        more = len(after) - 3
        said = f": orders came after {listed([*named, f'{more} more'] if more > 0 else named)}"
    return f"In that time came {brought}{said}."


def _not_known(posts: Table) -> tuple[str, ...]:
    whole, none = posts.total.leads, posts.unattributed.leads
    if not whole:
        return ()
    if not none:
        return ("For every enquiry we know by which post it came.",)
    if none == whole:
        return ("Of none of them do we know by which post it came.",)
    return (f"Of {counted(none, 'enquiry', 'enquiries')} the source is unknown.",)


def _advice(tables: Mapping[By, Table], sent: Sequence[Sent], labels: Mapping[By, Mapping[str, str]]) -> str:
    total = tables["post"].total
    if total.leads < FEW:
        return (
            f"With fewer than {FEW} enquiries it is too early to tell what to keep and what to stop:"
            " go on, and look again."
        )
    parts = []
    best = _clearly_best(tables["post"].rows)
    if best is not None:
        what = counted(best.leads, "enquiry", "enquiries")
        parts.append(
            f"Keep writing posts like “{best.label}”: it brought {what} ({between(best.low, best.high)})."
        )
    else:
        parts.append("No post stands out from the others yet: keep the mix.")
    tries = Counter(item.channel for item in sent if item.out)
    rows = {row.key: row for row in tables["channel"].rows}
    silent = [
        f"{label(name, 'channel', labels['channel'])} ({times} posts)"
        for name, times in sorted(tries.items())
        if times >= TRIED and (name not in rows or rows[name].idle)
    ]
    if silent:
        parts.append(f"Think of stopping {listed(silent)}: no enquiry came from there.")
    else:
        parts.append("Nothing stands out as worth stopping.")
    return " ".join(parts)


def _clearly_best(rows: Sequence[Row]) -> Row | None:
    """The first row, when chance alone would hardly put it before the second."""
    ranked = sorted(rows, key=lambda row: -row.leads)
    if not ranked or ranked[0].leads < 3:
        return None
    if len(ranked) == 1 or apart(ranked[0], ranked[1]):
        return ranked[0]
    return None


def minded(report: Report) -> tuple[str, ...]:
    """What to keep in mind while reading: warnings, one large order, young posts, what cannot be tracked."""
    lines = list(report.warnings)
    for top in report.largest:
        if top.total > 0 and top.amount * 4 >= top.total:
            lines.append(
                f"One order decides much: without the largest ({amount(top.amount, top.currency)}, after “{top.after}”)"
                f" the revenue in {top.currency} would be {amount(top.without, top.currency)} instead of"
                f" {amount(top.total, top.currency)}. The median order is {amount(top.median, top.currency)}."
            )
    young = [cohort for cohort in report.cohorts if cohort.young]
    if young and report.usual_days:
        posts = sum(cohort.posts for cohort in young)
        lines.append(
            f"{counted(posts, 'post')} {'is' if posts == 1 else 'are'} younger than the {counted(report.usual_days, 'day')}"
            " that it usually takes to an order: too early to tell what they brought."
        )
    if report.trend and "grown" in report.trend:
        lines.append(report.trend)
    agree = [row for row in report.reconciled if row.why]
    if agree:
        lines.append(
            f"The CRM counts {listed([row.what.lower() for row in agree])} otherwise than this page; the reasons are below."
        )
    return tuple(lines)
