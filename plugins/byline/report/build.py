"""From posts, leads, deals and the sending history to one Report. Pure: everything comes in as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from byline.attribution.credit import BY, By, Conversion, People, conversions, days_to_order
from byline.attribution.models import MODELS, Model
from byline.attribution.touches import Directory
from byline.model import Deal, Invoice, Lead, Post
from byline.report import stories, summary, tables, trust
from byline.report.costs import costing
from byline.report.material import Material, labels
from byline.report.model import Report, Table
from byline.report.words import UNKNOWN, counted

ENOUGH, ENOUGH_EACH = 300, 30  # conversions that the models which learn from the data need
DEFAULT_WINDOW = 365


def build(
    material: Material,
    *,
    now: datetime,
    model: Model = MODELS["last"],
    by: By = "post",
    window_days: int = DEFAULT_WINDOW,
    since: datetime | None = None,
    revenue_from: str = "",
    people: People = "deal",
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
    found = conversions(material.leads, deals, directory, timedelta(days=window_days), since, people)
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
    names = labels(material)
    found_tables = {
        kind: tables.credited(material, found, model, kind, costs, names[kind], directory)
        for kind in BY
        if kind != "audience" or settings.audiences or by == "audience"
    }
    leads_in = [item for item in found if item.kind == "lead"]
    ways = stories.journeys(found, names)
    by_id = {lead.id: lead for lead in material.leads}
    begin = since or min(
        (*(post.published for post in counted), *(item.at for item in leads_in)), default=now
    )
    usual = days_to_order(found, material.leads)
    rows_by_month, trend = trust.months(leads_in, model, settings.zone)
    total = found_tables["post"].total
    warnings = (
        *_too_few(model, found, found_tables[by]),
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
        sentences=summary.sentences(found_tables, costs, material.sent, names),
        tables=found_tables,
        journeys=ways,
        unknown=stories.unknown(leads_in, by_id, model),
        heard=stories.heard(leads_in, by_id, names["channel"], settings.heard_from),
        goals=tables.goals(material, found_tables["campaign"]),
        compared=tables.compared(found, names["post"]),
        warnings=warnings,
        tracked=sum(any(step.origin for step in item.steps) for item in leads_in),
        hours=costs.hours,
        revenue_from="paid invoices" if source == "invoices" else "won deals",
        people=people,
        coverage=trust.coverage(leads_in),
        strange=trust.strange(leads_in, material.visits, directory, _known_ids(material)),
        months=rows_by_month,
        trend=trend,
        cohorts=trust.cohorts(counted, found_tables["post"], usual, now, settings.zone),
        usual_days=round(usual or 0),
        standing=trust.standing(counted, found_tables["author"], names["author"]),
        largest=trust.largest(found, model, names["post"]),
        reconciled=trust.reconciled(
            material.crm,
            material.totals if since is None else None,
            len(leads_in),
            sum(any(step.origin for step in item.steps) for item in leads_in),
            int(total.orders),
            total.revenue,
        ),
        records=material.records,
    )


def _known_ids(material: Material) -> frozenset[str]:
    """Ids that someone may have mistyped: all that went out, and every post's."""
    return frozenset(item.id for item in material.sent) | _ids(material.posts)


def _ids(posts: Iterable[Post]) -> frozenset[str]:
    return frozenset(post.id for post in posts)


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
        f"Half of your orders take {days:.0f} days or more from the first visit, longer than visits count here"
        f" ({counted(window_days, 'day')}): revenue is missing from the rows. Use --window {int(days * 2 // 5 + 1) * 5}.",
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
