"""From posts, leads, deals and the sending history to one Report. Pure: everything comes in as plain values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from byline import registry
from byline.attribution import intervals
from byline.attribution.credit import (
    BY,
    By,
    Cell,
    Conversion,
    Key,
    cents,
    conversions,
    days_to_order,
    shares,
    table,
)
from byline.attribution.models import MODELS, Model
from byline.attribution.touches import Directory, Step, tagged
from byline.links import PLACES, named_id
from byline.model import Author, Deal, Invoice, Lead, Post
from byline.report import summary
from byline.report.costs import Costing, Sent, by_key, costing
from byline.report.model import Compared, Goal, Heard, Journey, Report, Row, Table, Unknown
from byline.report.words import UNKNOWN, label, plain
from byline.settings import Settings

ENOUGH, ENOUGH_EACH = 300, 30  # conversions that the models which learn from the data need
ENOUGH_ORDERS = 10  # below, an interval of revenue would pretend to know something
DEFAULT_WINDOW = 365
_ALSO = {"rss": "Feeds (RSS, Atom)", "newsletter": "Newsletter"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a report is made of. `posts` are all that can be read, drafts too; `aside` counts spam that was kept apart."""

    settings: Settings
    posts: Sequence[Post]
    authors: Mapping[str, Author]
    leads: Sequence[Lead]
    deals: Sequence[Deal]
    invoices: Sequence[Invoice] = ()
    sent: Sequence[Sent] = ()
    clicks: Mapping[str, int] | None = None  # by delivery id
    aside: int = 0


def build(
    material: Material,
    *,
    now: datetime,
    model: Model = MODELS["last"],
    by: By = "post",
    window_days: int = DEFAULT_WINDOW,
    since: datetime | None = None,
    revenue_from: str = "",
) -> Report:
    """The report. `revenue_from` is `deals` or `invoices`; empty: invoices only when there is no deal at all."""
    settings = material.settings
    source = revenue_from or ("invoices" if material.invoices and not material.deals else "deals")
    lost = 0
    deals: Sequence[Deal] = material.deals
    if source == "invoices":
        paid, lost = _paid(material.invoices, material.leads)
        deals = [*(_unwon(deal) for deal in material.deals), *paid]
    accounts = {name: tuple(channel.accounts) for name, channel in settings.channels.items()}
    directory = Directory(
        material.posts, accounts, (delivery.id for delivery in material.sent), settings.links.values()
    )
    found = conversions(material.leads, deals, directory, timedelta(days=window_days), since)
    if source == "invoices":  # an invoice is money received, not one more opportunity
        found = tuple(
            item for item in found if item.kind != "opportunity" or not item.id.startswith("invoice:")
        )
    public = [post for post in material.posts if not post.draft and post.published <= now]
    counted = [post for post in public if since is None or post.published >= since]
    costs = costing(
        counted,
        settings.campaigns,
        settings.costs,
        material.sent if since is None else [item for item in material.sent if item.post in _ids(counted)],
        today=now.astimezone(settings.zone).date(),
        since=since,
    )
    labels = _labels(material)
    tables = {
        kind: _table(material, found, model, kind, costs, labels[kind])
        for kind in BY
        if kind != "audience" or settings.audiences or by == "audience"
    }
    leads_in = [item for item in found if item.kind == "lead"]
    journeys = _journeys(found, labels)
    unknown = _unknown(leads_in, {lead.id: lead for lead in material.leads})
    begin = since or min(
        (*(post.published for post in counted), *(item.at for item in leads_in)), default=now
    )
    compared = _compared(found, labels["post"])
    warnings = (
        *_too_few(model, found, tables[by]),
        *_too_short(found, material.leads, window_days),
        *_loose(found, material, lost, source),
    )
    return Report(
        site=settings.site_name,
        made=now.astimezone(settings.zone),
        begin=begin.astimezone(settings.zone),
        since=since.astimezone(settings.zone).date() if since else None,
        model=model,
        window_days=window_days,
        by=by,
        sentences=summary.sentences(tables, costs, material.sent, labels),
        tables=tables,
        journeys=journeys,
        unknown=unknown,
        heard=_heard(leads_in, {lead.id: lead for lead in material.leads}, labels["channel"]),
        goals=_goals(material, tables["campaign"]),
        compared=compared,
        warnings=warnings,
        tracked=sum(any(step.origin for step in item.steps) for item in leads_in),
        hours=costs.hours,
        revenue_from="paid invoices" if source == "invoices" else "won deals",
    )


def _ids(posts: Iterable[Post]) -> frozenset[str]:
    return frozenset(post.id for post in posts)


def _labels(material: Material) -> dict[By, dict[str, str]]:
    settings = material.settings
    titles = {item.post: item.title for item in material.sent if item.title}
    channels = {*settings.channels, *(item.channel for item in material.sent)}
    return {
        "post": titles
        | {post.id: post.title for post in material.posts}
        | {named_id(link.slug): link.name for link in settings.links.values()},
        "channel": _ALSO
        | {word: label for word, (label, _) in PLACES.items()}
        | {name: registry.label(name) for name in sorted(channels)},
        "author": {key: author.name for key, author in material.authors.items()},
        "campaign": {slug: campaign.name or slug for slug, campaign in settings.campaigns.items()},
        "audience": dict(settings.audiences),
    }


def _table(
    material: Material,
    found: Sequence[Conversion],
    model: Model,
    by: By,
    costs: Costing,
    labels: Mapping[str, str],
) -> Table:
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
    clicks = _clicks(material, by, posts)

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
            clicks=None if clicks is None else clicks.get(key, 0),
            revenue_low={name: _to_cents(pair[0]) for name, pair in sums.items() if pair} if known else None,
            revenue_high={name: _to_cents(pair[1]) for name, pair in sums.items() if pair} if known else None,
        )

    rows = sorted(
        (row(key) for key in keys if key is not None),
        key=lambda item: (-item.leads, -item.orders, -sum(item.revenue.values()), item.label, item.key),
    )
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


def _clicks(material: Material, by: By, posts: Mapping[str, Post]) -> dict[Key, int] | None:
    """Clicks by post and by network; for anything else they would be counted twice, so nothing is said."""
    if material.clicks is None or by not in ("post", "channel"):
        return None
    found: Counter[Key] = Counter()
    for item in material.sent:
        found[item.post if by == "post" else item.channel] += material.clicks.get(item.id, 0)
    return dict(found)


def _paid(invoices: Sequence[Invoice], leads: Sequence[Lead]) -> tuple[list[Deal], int]:
    """Paid invoices as won deals of the lead with the same person, else the same company; and how many are nobody's."""
    people: dict[str, str] = {}
    companies: dict[str, str] = {}
    for lead in leads:
        people.setdefault(lead.person, lead.id)
        if lead.company:
            companies.setdefault(lead.company.casefold(), lead.id)
    found, lost = [], 0
    for invoice in invoices:
        if invoice.paid is None:
            continue
        lead_id = people.get(invoice.person) or companies.get(invoice.company.casefold(), "")
        lost += not lead_id
        found.append(
            Deal(
                id=f"invoice:{invoice.id}",
                lead_id=lead_id,
                created=min(invoice.issued, invoice.paid),
                closed=invoice.paid,
                won=True,
                amount=invoice.amount,
                currency=invoice.currency,
            )
        )
    return found, lost


def _unwon(deal: Deal) -> Deal:
    return Deal(
        id=deal.id,
        lead_id=deal.lead_id,
        person=deal.person,
        created=deal.created,
        amount=deal.amount,
        currency=deal.currency,
        stage=deal.stage,
    )


def _step(step: Step, labels: Mapping[By, Mapping[str, str]]) -> str:
    if step.origin is None:
        return f"{plain(step.touch.source, 40) or 'a link'} (not one of our links)"
    title = label(step.origin.post, "post", labels["post"])
    where = label(step.origin.channel, "channel", labels["channel"])
    return f"{title} · {where}{f' ({step.origin.account})' if step.origin.account else ''}"


def _journeys(found: Sequence[Conversion], labels: Mapping[By, Mapping[str, str]]) -> tuple[Journey, ...]:
    """The ways that people came, the most common first; those who came with no tag at all are not among them."""
    ordered = {item.lead for item in found if item.kind == "order" and item.counts}
    ways: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for item in found:
        if item.kind == "lead" and item.steps:
            ways[tuple(_step(step, labels) for step in item.steps)].append(item.lead)
    journeys = [
        Journey(steps=steps, leads=tuple(ids), orders=sum(key in ordered for key in ids))
        for steps, ids in ways.items()
    ]
    return tuple(sorted(journeys, key=lambda way: (-len(way.leads), -way.orders, len(way.steps), way.steps)))


def _unknown(leads: Sequence[Conversion], by_id: Mapping[str, Lead]) -> tuple[Unknown, ...]:
    """Enquiries without an id of ours on their way, by what they came with; and tags that are not ours, everywhere."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in leads:
        strange = {step.touch for step in item.steps if step.origin is None}
        for touch in sorted(strange, key=lambda touch: (touch.at, touch.content, touch.source)):
            words = [
                f"{name}={value}"
                for name, value in (("utm_source", touch.source), ("utm_content", touch.content))
                if value
            ]
            why = "the id in this tag is not one of ours" if touch.content else "this tag holds no id of ours"
            found[plain(" ".join(words) or f"utm_campaign={touch.campaign}"), why].append(item.lead)
        if not item.steps:
            found[_came(by_id[item.lead])].append(item.lead)
    listed = [
        Unknown(what=what, why=why, leads=tuple(dict.fromkeys(ids))) for (what, why), ids in found.items()
    ]
    return tuple(sorted(listed, key=lambda item: (-len(item.leads), item.what)))


def _came(lead: Lead) -> tuple[str, str]:
    if any(tagged(touch) for touch in lead.touches):
        return "a link of ours, long before", "the visit lies outside the time that counts"
    for touch in reversed(lead.touches):
        if touch.referrer:
            host = touch.referrer.partition("://")[2].partition("/")[0]
            return plain(host or touch.referrer, 60), "came from there without one of our links"
        if touch.click:
            return plain(
                touch.click.partition("=")[0], 40
            ), "a network's own click number, without one of our links"
    return (
        "no trace",
        "came directly, by word of mouth, from a private message, or did not agree to be counted",
    )


def _heard(
    leads: Sequence[Conversion], by_id: Mapping[str, Lead], labels: Mapping[str, str]
) -> tuple[Heard, ...]:
    found: Counter[tuple[str, str]] = Counter()
    for item in leads:
        said = plain(by_id[item.lead].heard_from, 60).strip()
        if said:
            place = next((step.origin for step in reversed(item.steps) if step.origin), None)
            found[said.casefold(), label(place.channel, "channel", labels) if place else UNKNOWN] += 1
    return tuple(
        Heard(said=said, tracked=tracked, leads=number)
        for (said, tracked), number in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    )


def _goals(material: Material, campaigns: Table) -> tuple[Goal, ...]:
    reached = {row.key: row for row in campaigns.rows}
    found = []
    for slug, campaign in material.settings.campaigns.items():
        if campaign.target:
            row = reached.get(slug)
            orders = campaign.goal.strip().lower() in ("orders", "sales", "deals")
            value = (row.orders if orders else row.leads) if row else Fraction(0)
            found.append(
                Goal(
                    campaign=campaign.name or slug,
                    goal=campaign.goal or "enquiries",
                    target=campaign.target,
                    reached=value,
                    end=campaign.end,
                )
            )
    return tuple(found)


def _compared(found: Sequence[Conversion], labels: Mapping[str, str]) -> tuple[Compared, ...]:
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


def _too_few(model: Model, found: Sequence[Conversion], shown: Table) -> tuple[str, ...]:
    if not model.hungry:
        return ()
    count = sum(item.kind == "lead" for item in found)
    thin = sum(0 < row.leads < ENOUGH_EACH for row in shown.rows)
    if count >= ENOUGH and not thin:
        return ()
    return (
        f"The model “{model.title}” learns from the data and needs {ENOUGH} enquiries with {ENOUGH_EACH} for each"
        f" row; there are {count}"
        + (f", and {thin} of the rows have fewer than {ENOUGH_EACH}" if thin else "")
        + ". Read its numbers as an exercise, not as a finding; `--model last` needs no such amount.",
    )


def _too_short(found: Sequence[Conversion], leads: Sequence[Lead], window_days: int) -> tuple[str, ...]:
    days = days_to_order(found, leads)
    if days is None or days <= window_days:
        return ()
    return (
        f"Half of your orders take {days:.0f} days or more from the first visit, longer than the {window_days} days"
        f" that are looked at: revenue is missing from the rows. Use --window {int(days * 2 // 5 + 1) * 5}.",
    )


def _loose(found: Sequence[Conversion], material: Material, lost: int, source: str) -> tuple[str, ...]:
    warnings = []
    alone = sum(item.kind == "order" and not item.lead for item in found) if source == "deals" else lost
    if alone:
        what = "won deal" if source == "deals" else "paid invoice"
        warnings.append(
            f"{alone} {what}{'s' if alone > 1 else ''} could not be joined to an enquiry: the money is under"
            f" “{UNKNOWN}”."
        )
    if material.aside:
        warnings.append(
            f"{material.aside} form{'s' if material.aside > 1 else ''} that look like spam were kept apart and are"
            " not counted."
        )
    return tuple(warnings)
