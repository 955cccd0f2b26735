"""The report as the JSON object that others rely on, and as tables in CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from byline.attribution.intervals import of_all
from byline.attribution.journeys import Credit
from byline.attribution.models import Model
from byline.crm.csv import write
from byline.report.model import Money, Report, Row, Table
from byline.report.summary import minded
from byline.report.words import NOUNS, UNDER


def as_json(report: Report) -> dict[str, Any]:
    """The fixed fields (`model by window_days rows unattributed total`), then what else a reader may want."""
    return {
        "model": report.model.name,
        "by": report.by,
        "window_days": report.window_days,
        "rows": [{"key": row.key, "label": row.label, **_fields(row)} for row in report.table.rows],
        "unattributed": _fields(report.table.unattributed),
        "total": _fields(report.table.total),
        "since": report.since.isoformat() if report.since else None,
        "made": report.made.isoformat(timespec="seconds"),
        "revenue_from": report.revenue_from,
        "hours": _number(report.hours),
        "summary": list(report.sentences),
        "warnings": list(report.warnings),
        "journeys": [
            {"steps": list(way.steps), "leads": len(way.leads), "orders": way.orders, "ids": _ids(way.leads)}
            for way in report.journeys
        ],
        "unknown": [
            {"tag": item.what, "why": item.why, "leads": len(item.leads), "ids": _ids(item.leads)}
            for item in report.unknown
        ],
        "self_reported": [
            {
                "said": item.said,
                "means": item.means,
                "tracked": item.tracked,
                "agrees": item.agrees,
                "leads": item.leads,
            }
            for item in report.heard
        ],
        "goals": [
            {
                "campaign": goal.campaign,
                "goal": goal.goal,
                "target": goal.target,
                "reached": None if goal.reached is None else _number(goal.reached),
                "counted": goal.counted,
            }
            for goal in report.goals
        ],
        "people": report.people,
        "shared": report.shared,
        "keep_in_mind": list(minded(report)),
        "coverage": None
        if report.shared
        else {
            "ours": report.coverage.ours,
            "not_ours": report.coverage.strange,
            "none": report.coverage.none,
        },
        "tags_not_ours": [
            {
                "tag": item.tag,
                "leads": len(item.leads),
                "visits": item.visits,
                "meant": item.meant,
                "ids": _ids(item.leads),
            }
            for item in report.strange
        ],
        "months": [
            {"month": row.label, "leads": row.leads, "unknown": _number(row.unknown)} for row in report.months
        ],
        "trend": report.trend,
        "usual_days": report.usual_days,
        "cohorts": [
            {
                "month": row.label,
                "posts": row.posts,
                "leads": _number(row.leads),
                "orders": _number(row.orders),
                "age_days": row.age,
                "too_early": row.young,
            }
            for row in report.cohorts
        ],
        "standing": [
            {
                "author": row.label,
                "posts": _number(row.posts),
                "leads": _number(row.leads),
                "per_post": round(row.likely, 4),
                "per_post_low": round(row.low, 4),
                "per_post_high": round(row.high, 4),
                "verdict": row.verdict,
            }
            for row in report.standing
        ],
        "largest_order": {
            row.currency: {
                "amount": float(row.amount),
                "revenue": float(row.total),
                "revenue_without": float(row.without),
                "median": float(row.median),
                "after": row.after,
            }
            for row in report.largest
        },
        "crm": [
            {"what": row.what, "ours": row.ours, "theirs": row.theirs, "why": row.why}
            for row in report.reconciled
        ],
        "records": dict(report.records),
    }


def _ids(leads: Sequence[str]) -> list[str]:
    return [key for key in leads if key]


def _fields(row: Row) -> dict[str, Any]:
    if row.few:  # taken out: null, not nought
        hidden: dict[str, Any] = {"opportunities": None, "orders": None, "revenue": None}
        leads = _number(row.leads) if row.leads else None
        hidden |= {"leads": leads, "leads_low": None, "leads_high": None}
        hidden |= {"revenue_low": None, "revenue_high": None, "cost": _money(row.cost)}
        return hidden | {"cost_per_lead": None, "clicks": row.clicks, "tier": row.tier}
    return {
        "leads": _number(row.leads),
        "leads_low": round(row.low, 4),
        "leads_high": round(row.high, 4),
        "opportunities": _number(row.opportunities),
        "orders": _number(row.orders),
        "revenue": _money(row.revenue),
        "revenue_low": None if row.revenue_low is None else _money(row.revenue_low),
        "revenue_high": None if row.revenue_high is None else _money(row.revenue_high),
        "cost": _money(row.cost),
        "cost_per_lead": None if row.cost_per_lead is None else _money(row.cost_per_lead),
        "clicks": row.clicks,
        "tier": row.tier,
    }


def _number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)


def _money(values: Money) -> dict[str, float]:
    return {currency: float(value) for currency, value in sorted(values.items())}


def journeys_json(credit: Mapping[str | None, Credit], model: Model, by: str) -> dict[str, Any]:
    """The rows for a published data set: `leads` and `revenue` are plain numbers, not rounded."""
    whole = sum((item.leads for item in credit.values()), Fraction(0))
    value = sum((item.revenue for item in credit.values()), Fraction(0))

    def fields(item: Credit, *, exact: bool = False) -> dict[str, Any]:
        part = float(item.leads)
        low, high = (part, part) if exact else of_all(part, float(whole))
        return {
            "leads": _number(item.leads),
            "leads_low": low,
            "leads_high": high,
            "opportunities": None,
            "revenue": _number(item.revenue),
            "cost": None,
            "clicks": None,
        }

    keys = sorted(key for key in credit if key is not None)
    return {
        "model": model.name,
        "by": by,
        "window_days": None,
        "rows": [{"key": key, **fields(credit[key])} for key in keys],
        "unattributed": fields(credit.get(None, Credit())),
        "total": fields(Credit(leads=whole, revenue=value), exact=True),
    }


def tables_csv(report: Report) -> dict[str, bytes]:
    """Every table as a file of its own, by name; safe to open in a spreadsheet."""
    found = {f"{by}.csv": table_csv(table) for by, table in report.tables.items()}
    found["journeys.csv"] = write(
        ("what people read before they asked", "enquiries", "orders"),
        ((" > ".join(way.steps), len(way.leads), way.orders) for way in report.journeys),
    )
    found["months.csv"] = write(
        ("month", "enquiries", "source unknown"),
        ((row.label, row.leads, _shown(row.unknown)) for row in report.months),
    )
    found["age.csv"] = write(
        ("came out in", "posts", "enquiries", "orders", "age in days", "usual days to an order"),
        (
            (
                row.label,
                row.posts,
                *(
                    (_hidden(row.leads), _hidden(row.orders))
                    if report.shared
                    else (_shown(row.leads), _shown(row.orders))
                ),
                row.age,
                row.usual or "",
            )
            for row in report.cohorts
        ),
    )
    found["authors.csv"] = write(
        ("author", "posts", "enquiries", "likely a post", "between", "and", "so far"),
        (
            (
                row.label,
                _shown(row.posts),
                _shown(row.leads),
                round(row.likely, 2),
                round(row.low, 2),
                round(row.high, 2),
                row.verdict,
            )
            for row in report.standing
        ),
    )
    if report.strange:
        found["tags.csv"] = write(
            ("tag that is not ours", "enquiries", "visits", "what may be meant"),
            ((row.tag, len(row.leads), row.visits, row.meant) for row in report.strange),
        )
    found["unknown.csv"] = write(
        ("came with", "why the source is unknown", "enquiries"),
        ((item.what, item.why, len(item.leads)) for item in report.unknown),
    )
    return found


def table_csv(table: Table) -> bytes:
    """One table; money in one column for each currency."""
    everyone = [*table.rows, table.unattributed, table.total]
    earned = sorted({currency for row in everyone for currency in row.revenue})
    spent = sorted({currency for row in everyone for currency in row.cost})
    clicks = any(row.clicks is not None for row in everyone)
    header = [
        *("key", NOUNS[table.by].lower(), "enquiries", "between", "and", "opportunities", "orders"),
        *(f"revenue {currency}" for currency in earned),
        *(f"cost {currency}" for currency in spent),
        *(["clicks"] if clicks else []),
    ]
    zero = Decimal(0)
    rows = [
        [
            *(row.key, row.label),
            *(
                (_hidden(row.leads) or UNDER, "", "", "", "")
                if row.few
                else (
                    *(_shown(row.leads), round(row.low, 2), round(row.high, 2)),
                    *(_shown(row.opportunities), _shown(row.orders)),
                )
            ),
            *("" if row.few else row.revenue.get(currency, zero) for currency in earned),
            *(row.cost.get(currency, zero) for currency in spent),
            *([row.clicks] if clicks else []),
        ]
        for row in everyone
    ]
    return write(header, rows)


def _hidden(value: Fraction) -> int | float | str:
    return _shown(value) if value else ""


def _shown(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else round(float(value), 6)
