"""From leads, deals and touches to the credit of each post, network, author, campaign, audience.

An enquiry is credited at the time it came, an opportunity when it was opened, an order when it was won, each to
the touches up to then. Credit is exact (fractions) until money is rounded to cents, once, at the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from math import floor
from statistics import median
from typing import Literal

from byline.attribution.models import Flow, Model, Walk, markov_shares
from byline.attribution.touches import Directory, Origin, Step, steps
from byline.model import Deal, Lead, Touch

Kind = Literal["lead", "opportunity", "order"]
People = Literal["deal", "company"]
By = Literal["post", "channel", "author", "campaign", "audience"]
BY: tuple[By, ...] = ("post", "channel", "author", "campaign", "audience")
WHOLE = Fraction(1)
NONE = "(none)"  # the key of a post without a campaign, an author, an audience

Key = str | None  # None: source unknown
State = tuple[tuple[Key, Fraction], ...]  # one touch as a model sees it: its keys with the part of each


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """One enquiry, opportunity or order with the touches that count for it. A refund has a negative amount.

    `people` are all whose touches count: one for an enquiry, perhaps several for a deal.
    """

    kind: Kind
    id: str
    lead: str
    person: str
    at: datetime
    steps: tuple[Step, ...]
    amount: Decimal = Decimal(0)
    currency: str = ""
    lead_at: datetime | None = None
    opportunity_at: datetime | None = None
    people: tuple[str, ...] = ()

    @property
    def counts(self) -> int:
        """1, or 0 for a refund, which takes money back but is no order."""
        return 0 if self.amount < 0 else 1


@dataclass(slots=True, kw_only=True)
class Cell:
    """What one key is credited with. `revenue` by currency, not yet rounded."""

    leads: Fraction = Fraction(0)
    opportunities: Fraction = Fraction(0)
    orders: Fraction = Fraction(0)
    revenue: dict[str, Fraction] = field(default_factory=dict)

    def add(self, conversion: Conversion, share: Fraction) -> None:
        """Credit a share of a conversion."""
        if conversion.kind == "lead":
            self.leads += share
        elif conversion.kind == "opportunity":
            self.opportunities += share
        else:
            self.orders += share * conversion.counts
            money = self.revenue.get(conversion.currency, Fraction(0))
            self.revenue[conversion.currency] = money + share * Fraction(conversion.amount)


def conversions(
    leads: Sequence[Lead],
    deals: Sequence[Deal],
    directory: Directory,
    window: timedelta,
    since: datetime | None = None,
    people: People = "deal",
) -> tuple[Conversion, ...]:
    """Every conversion at or after `since`, with the touches of all the person's leads up to its time.

    For a deal the touches of everybody on it count together, in order of time: the person who asked and those whom
    the CRM names; with `people="company"` also all others who asked from the same firm. A deal without a lead
    belongs to the latest lead of these people when it was opened.

    An opportunity or an order is never earlier than the enquiry it came from: dates without an hour would
    otherwise lie before it.
    """
    crowd = _Crowd(leads, deals, people)
    found: list[Conversion] = []

    def add(kind: Kind, key: str, at: datetime, lead: Lead | None, deal: Deal | None) -> None:
        if since and at < since:
            return
        until = max(at, lead.at) if lead else at
        who = crowd.of_deal(deal, lead) if deal else crowd.of_lead(lead)
        found.append(
            Conversion(
                kind=kind,
                id=key,
                lead=lead.id if lead else "",
                person=who[0] if who else key,
                at=at,
                steps=steps(crowd.touches(who), until, window, directory),
                amount=deal.amount if deal and kind == "order" else Decimal(0),
                currency=deal.currency if deal and kind == "order" else "",
                lead_at=lead.at if lead else None,
                opportunity_at=max(deal.created, until if lead is None else lead.at) if deal else None,
                people=who,
            )
        )

    for lead in leads:
        add("lead", lead.id, lead.at, lead, None)
    for deal in deals:
        lead_of = crowd.lead_of(deal)
        if deal.amount >= 0:
            add("opportunity", deal.id, deal.created, lead_of, deal)
        if deal.won:
            add("order", deal.id, deal.closed or deal.created, lead_of, deal)
    return tuple(found)


def touches_of(
    leads: Sequence[Lead], deals: Sequence[Deal], people: People = "deal"
) -> Callable[[Sequence[str]], tuple[Touch, ...]]:
    """What gives the touches of some people together, in the order in which equal times count."""
    return _Crowd(leads, deals, people).touches


class _Crowd:
    """Who is who: the leads and touches of each person, the people of each firm.

    People are of one firm when they gave its name, or when the CRM has their deals under one account.
    """

    def __init__(self, leads: Sequence[Lead], deals: Sequence[Deal], people: People) -> None:
        self._touches: dict[str, dict[Touch, None]] = defaultdict(dict)
        self._leads: dict[str, list[Lead]] = defaultdict(list)
        self._by_id = {lead.id: lead for lead in leads}
        self._firms: dict[str, list[str]] = defaultdict(list)
        self._by_company = people == "company"
        for lead in sorted(leads, key=lambda item: (item.at, item.id)):  # so that equal times have one order
            person = _person(lead)
            self._touches[person].update(dict.fromkeys(lead.touches))
            self._leads[person].append(lead)
            self._join(_firm(lead), person)
        for deal in sorted(deals, key=lambda item: item.id) if self._by_company else ():
            asked = self._by_id.get(deal.lead_id)
            for person in (*self.of_lead(asked), deal.person, *deal.people):
                self._join(f"account {deal.account}" if deal.account else "", person)

    def _join(self, firm: str, person: str) -> None:
        if firm and person and person not in self._firms[firm]:
            self._firms[firm].append(person)

    def of_lead(self, lead: Lead | None) -> tuple[str, ...]:
        return (_person(lead),) if lead else ()

    def of_deal(self, deal: Deal, lead: Lead | None) -> tuple[str, ...]:
        """The one who asked first, then the others."""
        named = [*self.of_lead(lead), deal.person, *deal.people]
        if self._by_company:
            firms = [f"account {deal.account}" if deal.account else ""]
            firms += [_firm(item) for name in named for item in self._leads.get(name, ())]
            named += [person for firm in firms for person in self._firms.get(firm, ())]
        return tuple(dict.fromkeys(filter(None, named)))

    def lead_of(self, deal: Deal) -> Lead | None:
        if deal.lead_id in self._by_id:
            return self._by_id[deal.lead_id]
        named = dict.fromkeys(filter(None, (deal.person, *deal.people)))
        before = [lead for name in named for lead in self._leads.get(name, ()) if lead.at <= deal.created]
        return max(before, key=lambda lead: (lead.at, lead.id), default=None)

    def touches(self, people: Sequence[str]) -> tuple[Touch, ...]:
        return tuple(dict.fromkeys(touch for person in people for touch in self._touches.get(person, ())))


def _person(lead: Lead) -> str:
    return lead.person or lead.id


def _firm(lead: Lead) -> str:
    name = " ".join(lead.company.casefold().split())
    return f"firm {name}" if name else ""


@lru_cache(maxsize=8192)  # a report asks for the few origins that there are hundreds of thousands of times
def keys(origin: Origin | None, by: By) -> State:
    """The keys that one touch counts for, with the part of each: two authors get half each."""
    if origin is None:
        return ((None, WHOLE),)
    if by == "post":
        names: tuple[str, ...] = (origin.post,)
    elif by == "channel":
        names = (origin.channel,)
    elif by == "author":
        names = tuple(dict.fromkeys(origin.authors))
    elif by == "campaign":
        names = (origin.campaign,) if origin.campaign else ()
    else:
        names = tuple(dict.fromkeys(origin.audience))
    part = Fraction(1, len(names)) if len(names) > 1 else WHOLE
    return tuple((name, part) for name in names) or ((NONE, WHOLE),)


def table(found: Iterable[Conversion], model: Model, by: By) -> dict[Key, Cell]:
    """The credit of each key; under None stands what no id of ours explains."""
    everything = tuple(found)
    cells: dict[Key, Cell] = defaultdict(Cell)
    chained = _chain(everything, by) if model.share is None else {}
    for conversion in everything:
        for key, share in shares(conversion, model, by, chained).items():
            cells[key].add(conversion, share)
    return dict(cells)


def shares(
    conversion: Conversion, model: Model, by: By, chained: Mapping[Kind, Mapping[State, Fraction]]
) -> dict[Key, Fraction]:
    """How one conversion is shared over the keys; sums to exactly 1. Without touches it is all of None.

    `chained` holds the shares of a model that looks at all conversions together, for each kind.
    """
    found: dict[Key, Fraction] = defaultdict(Fraction)
    if not conversion.steps:
        return {None: Fraction(1)}
    if model.share is None:
        for state, share in chained.get(conversion.kind, {}).items():
            for key, part in state:
                found[key] += share * part
        if not found:  # a refund with no order in the period: nothing tells whose it is
            return {None: Fraction(1)}
    else:
        states = tuple(keys(step.origin, by) for step in conversion.steps)
        for state, share in zip(states, model.share(_walk(conversion, states)), strict=True):
            for key, part in state if share else ():
                found[key] += share if part is WHOLE else share * part
    return {key: share for key, share in found.items() if share}


def _walk(conversion: Conversion, states: tuple[State, ...]) -> Walk:
    times = [step.touch.at for step in conversion.steps]
    end = max(conversion.at, times[-1])

    def led_to(moment: datetime | None) -> int | None:
        before = [n for n, at in enumerate(times) if moment is not None and at <= moment]
        return before[-1] if before else None

    return Walk(
        keys=states,
        ages=tuple((end - at).total_seconds() / 86_400 for at in times),
        lead=led_to(conversion.lead_at),
        opportunity=led_to(conversion.opportunity_at) if conversion.kind != "lead" else None,
        close=led_to(end) if conversion.kind == "order" else None,
    )


def _chain(found: Sequence[Conversion], by: By) -> dict[Kind, dict[State, Fraction]]:
    """The Markov shares for each kind; people who asked and went no further are the paths without conversion."""
    by_kind: dict[Kind, list[Conversion]] = {"lead": [], "opportunity": [], "order": []}
    for conversion in found:
        if conversion.counts:
            by_kind[conversion.kind].append(conversion)
    result: dict[Kind, dict[State, Fraction]] = {}
    for kind, of_kind in by_kind.items():
        reached = {conversion.lead for conversion in of_kind}
        others = [lead for lead in by_kind["lead"] if lead.lead not in reached] if kind != "lead" else []
        result[kind] = markov_shares(
            [
                Flow(
                    keys=tuple(keys(step.origin, by) for step in conversion.steps),
                    conversions=Fraction(conversion.kind == kind),
                    others=Fraction(conversion.kind != kind),
                )
                for conversion in chain(of_kind, others)
            ]
        )
    return result


def cents(parts: Mapping[Key, Fraction]) -> dict[Key, Decimal]:
    """Money rounded to cents so that the parts still sum to the rounded total: the largest remainders go up."""
    total = round(sum(parts.values(), Fraction(0)) * 100)
    down = {key: floor(value * 100) for key, value in parts.items()}
    missing = total - sum(down.values())
    order = sorted(parts, key=lambda key: (down[key] - parts[key] * 100, key is None, key or ""))
    for key in order[:missing]:
        down[key] += 1
    return {key: Decimal(value).scaleb(-2) for key, value in down.items()}


def days_to_order(found: Iterable[Conversion], leads: Sequence[Lead]) -> float | None:
    """The median of days from a customer's first touch (or the enquiry) to the order; None without orders."""
    first: dict[str, datetime] = {}
    for lead in leads:
        begin = min((touch.at for touch in lead.touches), default=lead.at)
        person = lead.person or lead.id
        first[person] = min(first.get(person, begin), begin, lead.at)
    spans = [
        (conversion.at - min(first[who] for who in conversion.people if who in first)).total_seconds()
        / 86_400
        for conversion in found
        if conversion.kind == "order" and conversion.counts and any(who in first for who in conversion.people)
    ]
    return median(spans) if spans else None
