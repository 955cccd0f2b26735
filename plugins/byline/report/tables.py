"""The tables of a report: credit, cost and how sure it is, to the cent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from byline.attribution import intervals
from byline.attribution.credit import By, Cell, Conversion, Key, cents, shares, table
from byline.attribution.models import MODELS, Model
from byline.attribution.touches import Directory
from byline.report import trust
from byline.report.costs import Costing, by_key
from byline.report.material import Material
from byline.report.model import Compared, Goal, Row, Table
from byline.report.words import UNKNOWN, label

# The goals of a campaign that can be counted here, as people write them.
_GOALS = dict.fromkeys(("", "enquiry", "enquiries", "inquiry", "inquiries", "lead", "leads"), "enquiries")
_GOALS |= dict.fromkeys(("order", "orders", "sale", "sales", "deal", "deals", "won deals"), "orders")
_GOALS |= dict.fromkeys(
    ("opportunity", "opportunities", "offer", "offers", "quote", "quotes", "quotation", "quotations"),
    "opportunities",
)
_CELLS = {"orders": "orders", "opportunities": "opportunities", "enquiries": "leads"}
ENOUGH_ORDERS = 10  # below, an interval of revenue would pretend to know something


def credited(
    material: Material,
    found: Sequence[Conversion],
    model: Model,
    by: By,
    costs: Costing,
    labels: Mapping[str, str],
    directory: Directory,
) -> Table:
    """One table: a row for each key that earned, cost or went out; rows = total - unattributed."""
    cells: dict[Key, Cell] = table(found, model, by)
    posts = {post.id: post for post in material.posts}
    channels: dict[str, list[str]] = defaultdict(list)
    for item in material.sent:
        if item.out and item.channel not in channels[item.post]:
            channels[item.post].append(item.channel)
    cost = by_key(costs, by, posts, channels)
    names = {*cells, *cost} - {None}
    if by == "post":
        names |= {item.post for item in material.sent if item.out}
    if by == "channel":
        names |= {item.channel for item in material.sent if item.out}
    clicks = _clicks(material, by, directory)
    names |= (clicks or {}).keys() - {None}
    keys: list[Key] = [*sorted(name for name in names if name is not None), None]
    revenue: dict[Key, dict[str, Decimal]] = {key: {} for key in keys}
    for currency in sorted({currency for cell in cells.values() for currency in cell.revenue}):
        parts = {
            key: cells[key].revenue.get(currency, Fraction(0)) if key in cells else Fraction(0)
            for key in keys
        }
        for key, value in cents(parts).items():
            if value or (key in cells and currency in cells[key].revenue):
                revenue[key][currency] = value
    whole = sum((cell.leads for cell in cells.values()), Fraction(0))
    spread = _revenue_intervals(found, model, by)

    def row(key: Key) -> Row:
        cell = cells.get(key) or Cell()
        low, high = intervals.of_all(float(cell.leads), float(whole))
        sums = {currency: spread.get((key, currency)) for currency in revenue[key]}
        known = bool(sums) and all(sums.values())
        return Row(
            key=key or "",
            label=UNKNOWN if key is None else label(key, by, labels),
            leads=cell.leads,
            low=low,
            high=high,
            opportunities=cell.opportunities,
            orders=cell.orders,
            revenue=revenue[key],
            cost=cost.get(key, {}),
            clicks=None if clicks is None else clicks.get(key),
            revenue_low={name: _to_cents(pair[0]) for name, pair in sums.items() if pair} if known else None,
            revenue_high={name: _to_cents(pair[1]) for name, pair in sums.items() if pair} if known else None,
        )

    rows = sorted(
        (row(key) for key in keys if key is not None),
        key=lambda item: (-item.leads, -item.orders, -sum(item.revenue.values()), item.label, item.key),
    )
    rows = [replace(item, tier=tier) for item, tier in zip(rows, trust.tiers(rows), strict=True)]
    unattributed = row(None)
    return Table(
        by=by, rows=tuple(rows), unattributed=unattributed, total=_total([*rows, unattributed], whole)
    )


def _total(rows: Sequence[Row], whole: Fraction) -> Row:
    def money(values: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
        found: dict[str, Decimal] = defaultdict(Decimal)
        for value in values:
            for currency, amount in value.items():
                found[currency] += amount
        return dict(found)

    clicks = [row.clicks for row in rows if row.clicks is not None]
    return Row(
        key="",
        label="all",
        leads=whole,
        low=float(whole),
        high=float(whole),
        opportunities=sum((row.opportunities for row in rows), Fraction(0)),
        orders=sum((row.orders for row in rows), Fraction(0)),
        revenue=money(row.revenue for row in rows),
        cost=money(row.cost for row in rows),
        clicks=sum(clicks) if clicks else None,
    )


def _to_cents(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.01"))


def _revenue_intervals(
    found: Sequence[Conversion], model: Model, by: By
) -> dict[tuple[Key, str], tuple[float, float]]:
    """Intervals of credited revenue, drawn over customers; none with few orders or a model over all paths."""
    orders = [item for item in found if item.kind == "order"]
    if model.share is None or sum(item.counts for item in orders) < ENOUGH_ORDERS:
        return {}
    people: dict[str, dict[tuple[Key, str], float]] = defaultdict(lambda: defaultdict(float))
    for item in orders:
        for key, share in shares(item, model, by, {}).items():
            people[item.person][key, item.currency] += float(share * Fraction(item.amount))
    return intervals.bootstrap(list(people.values()))


def _clicks(material: Material, by: By, directory: Directory) -> dict[Key, int] | None:
    """Clicks by post and by network; for anything else they would be counted twice, so nothing is said.

    Where the network gives none, visits through that link in the site's own log stand in.
    """
    if by not in ("post", "channel") or (material.clicks is None and not material.visits):
        return None
    told = material.clicks or {}
    found: Counter[Key] = Counter()
    for item in material.sent:
        if item.id in told:
            found[item.post if by == "post" else item.channel] += told[item.id]
    for tag in material.visits:
        origin = directory.find(tag.content, tag.source) if tag.content not in told else None
        if origin is not None:
            found[origin.post if by == "post" else origin.channel] += tag.visits
    return dict(found)


def compared(found: Sequence[Conversion], labels: Mapping[str, str]) -> tuple[Compared, ...]:
    """Each post's enquiries by first, last and every visit."""
    leads = [item for item in found if item.kind == "lead"]
    views = {name: table(leads, MODELS[name], "post") for name in ("first", "last", "linear")}
    keys = {key for view in views.values() for key in view if key is not None}
    empty = Cell()
    rows = [
        Compared(
            label=label(key, "post", labels),
            first=views["first"].get(key, empty).leads,
            last=views["last"].get(key, empty).leads,
            linear=views["linear"].get(key, empty).leads,
        )
        for key in sorted(keys)
    ]
    return tuple(sorted(rows, key=lambda row: (-row.linear, row.label)))


def goals(material: Material, campaigns: Table) -> tuple[Goal, ...]:
    """Campaigns with a target, beside what they reached."""
    reached = {row.key: row for row in campaigns.rows}
    found = []
    for slug, campaign in material.settings.campaigns.items():
        if campaign.target:
            row = reached.get(slug)
            counted = _GOALS.get(campaign.goal.strip().lower(), "")
            reached_so_far = getattr(row, _CELLS[counted]) if row and counted else Fraction(0)
            found.append(
                Goal(
                    campaign=campaign.name or slug,
                    goal=campaign.goal or "enquiries",
                    target=campaign.target,
                    reached=reached_so_far if counted else None,
                    counted=counted,
                    end=campaign.end,
                )
            )
    return tuple(found)
