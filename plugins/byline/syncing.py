"""Campaigns, costs and the networks' numbers out to the CRM; leads and what became of them in. Any vendor's.

A run may be cut off anywhere: it goes on from the last page that was kept, and a second run changes nothing. One
record's failure stops nothing else; it is told, and tried again with the next run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from byline import links, measuring, registry
from byline.attribution import influence as influencing
from byline.attribution.touches import Directory
from byline.crm import _fields as words
from byline.crm.base import (
    Catalogue,
    CrmDriver,
    InfluenceSink,
    PostRef,
    Promotion,
    Row,
    Store,
    Totals,
    campaign_key,
    post_key,
)
from byline.errors import OutcomeUnknown, Rejected
from byline.ledger.base import Record
from byline.model import Author, Deal, Lead, Post
from byline.settings import Settings
from byline.times import Clock

KEPT = ("record", "crm", "status", "converted_at", "opportunity_id", "account")


@dataclass(slots=True, kw_only=True)
class Stream:
    """What became of one kind of record. `failed` are rows with their reasons."""

    counts: Counter[str] = field(default_factory=Counter)
    failed: list[Row] = field(default_factory=list)

    def note(self, rows: Iterable[Row]) -> None:
        """Count what became of each."""
        for row in rows:
            if row.change == "failed":
                self.failed.append(row)
            else:
                self.counts[row.change] += 1

    @property
    def done(self) -> int:
        """How many came through."""
        return sum(self.counts.values())

    def as_json(self) -> dict[str, Any]:
        """For `publish crm sync --json`."""
        return {
            **{change: self.counts[change] for change in ("added", "changed", "same", "gone")},
            "failed": [
                {"key": row.key, "record": row.record, "message": row.message, "fix": row.fix}
                for row in self.failed
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a run did. `totals` are the CRM's own numbers, `ours` the same ones counted from the copy."""

    campaigns: Stream
    handed: Stream
    leads: Stream
    journeys: Stream
    deals: Stream
    influence: Stream
    totals: Totals
    ours: Totals

    @property
    def streams(self) -> Mapping[str, Stream]:
        """Each kind of record by its name."""
        return {
            "campaigns": self.campaigns,
            "handed": self.handed,
            "leads": self.leads,
            "journeys": self.journeys,
            "deals": self.deals,
            "influence": self.influence,
        }

    @property
    def failed(self) -> int:
        """How many records failed."""
        return sum(len(stream.failed) for stream in self.streams.values())


def catalogue(settings: Settings, posts: Iterable[Post], authors: Mapping[str, Author]) -> Catalogue:
    """What our ids stand for, in words."""
    found = {
        post.id: PostRef(
            id=post.id,
            title=post.title,
            url=settings.site_url + post.url,
            authors=tuple(authors[name].name if name in authors else name for name in post.authors),
            campaign=post.campaign,
        )
        for post in posts
        if post.id
    }
    known = dict.fromkeys((*registry.channels(), *settings.channels))
    networks = {name: registry.label(name) for name in known} | {
        "rss": "a feed",
        "newsletter": "the newsletter",
    }
    networks |= {word: label for word, (label, _) in links.PLACES.items()}
    return Catalogue(posts=MappingProxyType(found), networks=MappingProxyType(networks))


def promotions(
    settings: Settings,
    posts: Iterable[Post],
    records: Iterable[Record],
    known: Mapping[str, measuring.Known],
) -> tuple[Promotion, ...]:
    """The campaigns of the settings, then each post that belongs to one or went out somewhere, as its child.

    A post costs its hours and its paid calls; the networks' numbers stand with it, summed and one by one.
    """
    out: dict[str, list[Record]] = {}
    for record in records:
        if record.state in ("sent", "unknown", "retracted"):
            out.setdefault(record.intent.post, []).append(record)
    found = [
        Promotion(
            key=campaign_key(slug),
            name=campaign.name or slug,
            start=campaign.start,
            end=campaign.end,
            cost=campaign.cost,
            currency=settings.costs.currency,
            text=f"Goal: {campaign.target or ''} {campaign.goal}".replace(":  ", ": ").strip()
            if campaign.goal
            else "",
        )
        for slug, campaign in settings.campaigns.items()
    ]
    found += [
        promotion(settings, post, out.get(post.id, ()), known)
        for post in posts
        if post.id in out or post.campaign in settings.campaigns
    ]
    return tuple(found)


def promotion(
    settings: Settings, post: Post, records: Sequence[Record], known: Mapping[str, measuring.Known]
) -> Promotion:
    """One post as a campaign."""
    figures: Counter[str] = Counter()
    lines = [settings.site_url + post.url]
    rates, cost = settings.costs, Decimal(0)
    if post.effort:
        cost += Decimal(int(post.effort.total_seconds())) / 3600 * rates.hour
    for record in sorted(records, key=lambda item: item.id):
        intent = record.intent
        if intent.currency == rates.currency and record.state != "unknown":
            cost += intent.cost
        if record.state != "sent" or record.head is None:
            continue
        numbers = known.get(record.id)
        told = measuring.words(numbers) if numbers else ""
        for name in measuring.NUMBERS if numbers else ():
            assert numbers is not None
            figures[name] += getattr(numbers.figures, name) or 0
        where = f"{registry.label(intent.channel)} ({intent.account})"
        lines.append(f"{where}: {told or 'sent'} {record.head.url}".rstrip())
    return Promotion(
        key=post_key(post.id),
        name=post.title,
        parent=campaign_key(post.campaign) if post.campaign in settings.campaigns else "",
        start=post.published.astimezone(settings.zone).date(),
        cost=cost.quantize(Decimal("0.01")),
        currency=rates.currency,
        url=settings.site_url + post.url,
        figures=MappingProxyType({name: number for name, number in figures.items() if number}),
        text="\n".join(lines),
    )


@dataclass(slots=True, kw_only=True)
class Sync:
    """One run. `later` makes the campaign of a post that nobody sent but somebody read; None: it is not ours."""

    driver: CrmDriver
    store: Store
    clock: Clock
    name: str  # of this CRM and this instance: where it stands is kept under it
    catalogue: Catalogue
    later: Callable[[str], Promotion | None] = lambda _post_id: None
    directory: Directory | None = None  # what our ids stand for; without it nobody is told who brought a deal
    progress: Callable[[str], None] = lambda _line: None
    _made: set[str] = field(default_factory=set)

    def run(self, promotions: Sequence[Promotion], *, full: bool = False) -> Synced:
        """Everything, out and in. `full` reads all records anew and takes out those that are gone there."""
        if full:
            for stream in ("leads", "deals"):
                self.store.set_mark(self._mark(stream), "")
        campaigns, handed, leads, journeys, deals = Stream(), Stream(), Stream(), Stream(), Stream()
        influence = Stream()
        self._put(promotions, campaigns)
        self._hand_on(handed)
        self._leads(leads, journeys, campaigns, full=full)
        self._deals(deals, full=full)
        self._influence(influence)
        totals, ours = self.driver.totals(), self._ours()
        self.store.set_mark(self._mark("totals"), totals_json(totals, self.clock.now().isoformat()))
        return Synced(
            campaigns=campaigns,
            handed=handed,
            leads=leads,
            journeys=journeys,
            deals=deals,
            influence=influence,
            totals=totals,
            ours=ours,
        )

    def _mark(self, stream: str) -> str:
        return f"{self.name}:{stream}"

    def _put(self, promotions: Sequence[Promotion], stream: Stream) -> None:
        if not self.driver.caps.campaigns or not promotions:
            return
        rows = self.driver.put_campaigns(promotions)
        stream.note(rows)
        self._made |= {row.key for row in rows if row.change != "failed"}

    def _hand_on(self, handed: Stream) -> None:
        """Leads that came by our form or by hand and are not in the CRM yet; spam never."""
        for lead in tuple(self.store.leads()):
            if lead.fields.get("record") or not (lead.email or lead.name):
                continue
            try:
                record = hand_on(self.driver, self.store, lead)
            except (Rejected, OutcomeUnknown) as error:  # what concerns every lead (NotSent) ends the run
                row = Row(key=lead.id, change="failed", message=error.message, fix=error.hint)
            else:
                row = Row(key=lead.id, change="added", record=record)
            handed.note((row,))

    def _leads(self, leads: Stream, journeys: Stream, campaigns: Stream, *, full: bool) -> None:
        waiting = self._waiting()
        seen: set[str] = set()
        for page in self.driver.changed_leads(self.store.mark(self._mark("leads"))):
            found: list[Lead] = []
            with self.store.batch():
                for lead in page.items:
                    kept = self._merged(lead)
                    leads.counts[self.store.put_lead(kept)] += 1
                    found.append(kept)
                    seen.add(kept.id)
                for key in page.gone:
                    leads.counts["gone"] += self.store.drop("lead", key)
            leads.note(page.failed)
            waiting |= self._follow(found, journeys, campaigns)
            self._wait_for(waiting)
            self.store.set_mark(self._mark("leads"), page.mark)
            self.progress(f"{leads.done} leads read")
        again = [one for key in sorted(waiting - seen) if (one := self.store.lead(key)) is not None]
        if again:
            self._wait_for(waiting & seen | self._follow(again, journeys, campaigns))
        if full:
            with self.store.batch():
                for lead in tuple(self.store.leads()):
                    if lead.fields.get("crm") == self.driver.name and lead.id not in seen:
                        leads.counts["gone"] += self.store.drop("lead", lead.id)

    def _merged(self, lead: Lead) -> Lead:
        """The lead as it is kept: what the form brought stays; from the CRM comes what became of it."""
        told = {name: value for name, value in lead.fields.items() if value} | {"crm": self.driver.name}
        ours = self.store.lead(lead.id)
        if ours is None or not (ours.email or ours.name or ours.message):
            return replace(lead, email="", name="", message="", fields=MappingProxyType(told))
        kept = {name: value for name, value in ours.fields.items() if name not in KEPT}
        return replace(
            ours,
            touches=ours.touches or lead.touches,
            heard_from=ours.heard_from or lead.heard_from,
            fields=MappingProxyType(kept | {name: told[name] for name in KEPT if name in told}),
        )

    def _follow(self, leads: Sequence[Lead], journeys: Stream, campaigns: Stream) -> set[str]:
        """Members and fields of leads that came by our posts; the ids of those that failed come back."""
        ours = [
            lead for lead in leads if words.posts_read(lead, self.catalogue) and lead.fields.get("record")
        ]
        if not ours:
            return set()
        keys = {key for lead in ours for key in words.posts_read(lead, self.catalogue)}
        fresh = [self.later(key.rpartition(":")[2]) for key in sorted(keys - self._made)]
        self._put([item for item in fresh if item is not None], campaigns)
        rows = self.driver.put_journeys(ours)
        journeys.note(rows)
        return {row.key for row in rows if row.change == "failed"}

    def _waiting(self) -> set[str]:
        raw = self.store.mark(self._mark("again"))
        return set(json.loads(raw)) if raw else set()

    def _wait_for(self, keys: set[str]) -> None:
        self.store.set_mark(self._mark("again"), json.dumps(sorted(keys)[:10_000]))

    def _deals(self, deals: Stream, *, full: bool) -> None:
        if not self.driver.caps.deals:
            return
        seen: set[str] = set()
        for page in self.driver.changed_deals(self.store.mark(self._mark("deals"))):
            with self.store.batch():
                for deal in page.items:
                    deals.counts[self.store.put_deal(replace(deal, crm=self.driver.name))] += 1
                    seen.add(deal.id)
                for key in page.gone:
                    deals.counts["gone"] += self.store.drop("deal", key)
            deals.note(page.failed)
            self.store.set_mark(self._mark("deals"), page.mark)
            self.progress(f"{deals.done} opportunities read")
        if full:
            with self.store.batch():
                for deal in tuple(self.store.deals()):
                    if deal.crm == self.driver.name and deal.id not in seen:
                        deals.counts["gone"] += self.store.drop("deal", deal.id)

    def _influence(self, stream: Stream) -> None:
        """Which campaigns led to each opportunity that is open, where the CRM shows that."""
        if self.directory is None or not isinstance(self.driver, InfluenceSink):
            return
        leads, deals = tuple(self.store.leads()), tuple(self.store.deals())
        mine = [deal for deal in deals if deal.crm == self.driver.name and deal.closed is None]
        if mine:
            parts = influencing.parts(leads, deals, self.directory)
            ids = {deal.id for deal in mine}
            told = [part for part in parts if part.deal in ids]
            try:
                stream.note(self.driver.put_influence(sorted(ids), told))
            except OutcomeUnknown as error:  # they may be there: the next run looks before it makes any
                fix = "run `publish crm sync` again: it looks first"
                stream.note((Row(key="opportunities", change="failed", message=error.message, fix=fix),))

    def _ours(self) -> Totals:
        mine = [lead for lead in self.store.leads() if lead.fields.get("crm") == self.driver.name]
        return count(mine, [deal for deal in self.store.deals() if deal.crm == self.driver.name])


def hand_on(driver: CrmDriver, store: Store, lead: Lead) -> str:
    """Bring a lead that the store has to the CRM, and note there under which id; again it is the same one."""
    record = driver.add_lead(lead)
    kept = store.lead(lead.id) or lead
    told = dict(kept.fields) | {"record": record, "crm": driver.name}
    store.put_lead(replace(kept, fields=MappingProxyType(told)))
    return record


def count(leads: Sequence[Lead], deals: Sequence[Deal]) -> Totals:
    """The numbers of these records, as a CRM would count its own."""
    won: dict[str, Decimal] = {}
    for deal in deals:
        if deal.won:
            won[deal.currency] = won.get(deal.currency, Decimal(0)) + deal.amount
    return Totals(
        leads=len(leads),
        tracked=sum(any(touch.content for touch in lead.touches) for lead in leads),
        deals=len(deals),
        won_deals=sum(deal.won for deal in deals),
        won=MappingProxyType(won),
    )


def totals_json(totals: Totals, at: str) -> str:
    """The CRM's own numbers as they are kept for the report, with the time when they were asked for."""
    return json.dumps(
        {
            "at": at,
            "leads": totals.leads,
            "tracked": totals.tracked,
            "deals": totals.deals,
            "won_deals": totals.won_deals,
            "won": None if totals.won is None else {name: str(value) for name, value in totals.won.items()},
        }
    )


def read_totals(raw: str) -> tuple[str, Totals] | None:
    """What `totals_json` wrote, with its time; None for anything else."""
    try:
        found = json.loads(raw)
        won = found["won"]
        return found["at"], Totals(
            leads=found["leads"],
            tracked=found["tracked"],
            deals=found["deals"],
            won_deals=found["won_deals"],
            won=None if won is None else {name: Decimal(value) for name, value in won.items()},
        )
    except (ValueError, KeyError, TypeError, ArithmeticError):
        return None


def name_of(settings: Settings) -> str:
    """Under which name a run notes how far it came: another CRM, or another instance of it, begins anew."""
    return f"{settings.crm.type}@{settings.crm.api}"
