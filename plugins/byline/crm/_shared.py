"""Leads, deals and invoices in the private database that several machines share: the same store as `.byline/crm.db`.

For a company whose intake, CI and office each run somewhere else. Records are kept whole, as JSON, beside the few
columns that are asked for; every write is a transaction that is on disk when the call returns.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from byline.crm.base import Change, Kind, campaign_key, person_key
from byline.model import Campaign, Deal, Invoice, Lead, Touch
from byline.private import PrivateStore
from byline.times import Clock

REPEAT_WITHIN = timedelta(minutes=10)  # the same form again within this time is a double click
TABLES = ("crm_leads", "crm_deals", "crm_stages", "crm_invoices", "crm_campaigns", "crm_marks")
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS crm_leads (id TEXT PRIMARY KEY, at TEXT NOT NULL, person TEXT NOT NULL,"
    " aside TEXT NOT NULL, fingerprint TEXT NOT NULL, record TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS crm_leads_at ON crm_leads (at, id)",
    "CREATE INDEX IF NOT EXISTS crm_leads_person ON crm_leads (person)",
    "CREATE INDEX IF NOT EXISTS crm_leads_fingerprint ON crm_leads (fingerprint, at)",
    "CREATE TABLE IF NOT EXISTS crm_deals (id TEXT PRIMARY KEY, created TEXT NOT NULL, record TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS crm_stages (deal TEXT NOT NULL, n INTEGER NOT NULL, at TEXT NOT NULL,"
    " stage TEXT NOT NULL, PRIMARY KEY (deal, n))",
    "CREATE TABLE IF NOT EXISTS crm_invoices (id TEXT PRIMARY KEY, issued TEXT NOT NULL, record TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS crm_campaigns (id TEXT PRIMARY KEY, record TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS crm_marks (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)
Item = TypeVar("Item", Deal, Invoice, Campaign)


class SharedCrm:
    """One `byline.crm.base.Store`. Closing it closes the private store that it was given."""

    name: ClassVar[str] = "local"

    def __init__(self, store: PrivateStore, *, clock: Clock) -> None:
        self._store, self._clock = store, clock
        store.tables(*_SCHEMA)

    def close(self) -> None:
        """Let go of it. Closing twice is no error."""
        self._store.close()

    def __enter__(self) -> SharedCrm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def batch(self) -> Iterator[None]:
        """All or nothing: what is put inside is kept together, or not at all when the block raises."""
        with self._store.unit():
            yield

    # Leads.

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        """Keep a new lead (an empty id gets a fresh one) and return its id; see `LeadSink`."""
        with self._store.unit():
            if fingerprint:
                self._alone(f"crm {fingerprint}")
                repeat = self._store.run(
                    "SELECT id FROM crm_leads WHERE fingerprint = ? AND at >= ? ORDER BY at LIMIT 1",
                    fingerprint,
                    _time(lead.at - REPEAT_WITHIN),
                )
                if repeat:
                    return str(repeat[0][0])
            key = lead.id or f"lead-{secrets.token_hex(5)}"
            self._write(replace(lead, id=key), aside=aside, fingerprint=fingerprint)
            return key

    def put_lead(self, lead: Lead) -> Change:
        """Store a lead under its own id. What a form brought for that id (fingerprint, set aside) is kept."""
        with self._store.unit():
            self._alone(f"crm {lead.id}")
            rows = self._store.run("SELECT record, aside, fingerprint FROM crm_leads WHERE id = ?", lead.id)
            if not rows:
                self._write(lead)
                return "added"
            old, aside, fingerprint = rows[0]
            if old == _lead_text(_normal(lead)):
                return "same"
            self._write(lead, aside=aside, fingerprint=fingerprint)
            return "changed"

    def _write(self, lead: Lead, *, aside: str = "", fingerprint: str = "") -> None:
        kept = _normal(lead)
        self._store.run(
            "INSERT INTO crm_leads VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at,"
            " person = excluded.person, record = excluded.record",
            kept.id,
            _time(kept.at),
            kept.person,
            aside,
            fingerprint,
            _lead_text(kept),
        )

    def leads(self, since: datetime | None = None, *, aside: bool = False) -> Iterator[Lead]:
        """Every lead, oldest first; with `aside`, those that were set apart as spam instead."""
        rows = self._store.run(
            "SELECT record FROM crm_leads WHERE at >= ? AND (aside = '') = ? ORDER BY at, id",
            _since(since),
            not aside,
        )
        return (_read_lead(str(row[0])) for row in rows)

    def lead(self, key: str) -> Lead | None:
        """One lead by its id, set aside or not."""
        rows = self._store.run("SELECT record FROM crm_leads WHERE id = ?", key)
        return _read_lead(str(rows[0][0])) if rows else None

    def set_aside(self) -> Mapping[str, int]:
        """How many leads were set apart, by reason."""
        rows = self._store.run("SELECT aside, count(*) FROM crm_leads WHERE aside != '' GROUP BY aside")
        return {str(aside): int(number) for aside, number in rows}

    # Deals and money.

    def put_deal(self, deal: Deal) -> Change:
        """Store a deal under its own id. A new stage is noted with the present time beside the earlier ones."""
        with self._store.unit():
            self._alone(f"crm deal {deal.id}")
            old = self._one(Deal, "crm_deals", deal.id)
            kept = replace(
                deal,
                created=deal.created.astimezone(UTC),
                closed=deal.closed.astimezone(UTC) if deal.closed else None,
            )
            if old == kept:
                return "same"
            self._store.run(
                "INSERT INTO crm_deals VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET created = excluded.created,"
                " record = excluded.record",
                kept.id,
                _time(kept.created),
                _text(kept),
            )
            if old is None or old.stage != kept.stage:
                at = kept.closed or (kept.created if old is None else self._clock.now())
                self._store.run(
                    "INSERT INTO crm_stages SELECT CAST(? AS TEXT), count(*), CAST(? AS TEXT), CAST(? AS TEXT)"
                    " FROM crm_stages WHERE deal = ?",
                    kept.id,
                    _time(at),
                    kept.stage,
                    kept.id,
                )
            return "added" if old is None else "changed"

    add_deal = put_deal

    def stages(self, deal_id: str) -> tuple[tuple[datetime, str], ...]:
        """The stages that a deal went through, oldest first."""
        rows = self._store.run("SELECT at, stage FROM crm_stages WHERE deal = ? ORDER BY n", deal_id)
        return tuple((datetime.fromisoformat(str(at)), str(stage)) for at, stage in rows)

    def deals(self, since: datetime | None = None) -> Iterator[Deal]:
        """Every deal, oldest first.

        A deal that names only a person belongs to that person's latest lead when it was opened; a lead of the
        same day counts too, for many systems give a deal a date without an hour.
        """
        rows = self._store.run(
            "SELECT record FROM crm_deals WHERE created >= ? ORDER BY created, id", _since(since)
        )
        found = [_read(Deal, str(row[0])) for row in rows]
        if any(deal.person and not deal.lead_id for deal in found):
            by_person: dict[str, list[tuple[str, str]]] = {}
            for person, at, key in self._store.run(
                "SELECT person, at, id FROM crm_leads WHERE aside = '' ORDER BY at, id"
            ):
                by_person.setdefault(str(person), []).append((str(at), str(key)))
            found = [
                replace(deal, lead_id=deal.lead_id or _lead_of(deal, by_person.get(deal.person, [])))
                for deal in found
            ]
        return iter(found)

    def put_invoice(self, invoice: Invoice) -> Change:
        """Store an invoice under its own id."""
        with self._store.unit():
            self._alone(f"crm invoice {invoice.id}")
            old = self._one(Invoice, "crm_invoices", invoice.id)
            kept = replace(
                invoice,
                issued=invoice.issued.astimezone(UTC),
                paid=invoice.paid.astimezone(UTC) if invoice.paid else None,
            )
            if old == kept:
                return "same"
            self._store.run(
                "INSERT INTO crm_invoices VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET issued = excluded.issued,"
                " record = excluded.record",
                kept.id,
                _time(kept.issued),
                _text(kept),
            )
            return "added" if old is None else "changed"

    def invoices(self, since: datetime | None = None) -> Iterator[Invoice]:
        """Every invoice, oldest first."""
        rows = self._store.run(
            "SELECT record FROM crm_invoices WHERE issued >= ? ORDER BY issued, id", _since(since)
        )
        return (_read(Invoice, str(row[0])) for row in rows)

    # Campaigns.

    def put_campaign(self, campaign: Campaign) -> Change:
        """Store a campaign under our key."""
        key = campaign_key(campaign.slug)
        with self._store.unit():
            self._alone(key)
            old = self._one(Campaign, "crm_campaigns", key)
            kept = replace(campaign, line=0)
            if old == kept:
                return "same"
            self._store.run(
                "INSERT INTO crm_campaigns VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
                key,
                _text(kept),
            )
            return "added" if old is None else "changed"

    def campaigns(self) -> tuple[Campaign, ...]:
        """Every campaign, by slug."""
        rows = self._store.run("SELECT record FROM crm_campaigns ORDER BY id")
        return tuple(_read(Campaign, str(row[0])) for row in rows)

    # A copy of what another CRM holds.

    def drop(self, kind: Kind, key: str) -> bool:
        """Take a lead or a deal out that is gone at its source; False when there was none."""
        table = {"lead": "crm_leads", "deal": "crm_deals", "campaign": "crm_campaigns"}[kind]
        with self._store.unit():
            if kind == "lead":
                self._loosen({key}, "")
            if kind == "deal":
                self._store.run("DELETE FROM crm_stages WHERE deal = ?", key)
            return bool(self._store.run(f"DELETE FROM {table} WHERE id = ? RETURNING id", key))  # noqa: S608

    def mark(self, name: str) -> str:
        """How far something has come, as `set_mark` noted it; empty at first."""
        rows = self._store.run("SELECT value FROM crm_marks WHERE name = ?", name)
        return str(rows[0][0]) if rows else ""

    def set_mark(self, name: str, value: str) -> None:
        """Note how far something has come."""
        self._store.run(
            "INSERT INTO crm_marks VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value,
        )

    # A person's right.

    def erase(self, email: str) -> int:
        """Delete all leads of the address with their touches; deals and invoices stay as bare amounts."""
        person = person_key(email)
        if not person:
            return 0
        with self._store.unit():
            rows = self._store.run("DELETE FROM crm_leads WHERE person = ? RETURNING id", person)
            gone = {str(row[0]) for row in rows}
            self._loosen(gone, person)
            for key, text in self._store.run("SELECT id, record FROM crm_invoices"):
                invoice = _read(Invoice, str(text))
                if invoice.person == person:
                    bare = _text(replace(invoice, person="", company=""))
                    self._store.run("UPDATE crm_invoices SET record = ? WHERE id = ?", bare, key)
        self._store.scrub(*TABLES)
        return len(gone)

    def _loosen(self, leads: set[str], person: str) -> None:
        """No deal names these leads or this person any more."""
        for key, text in self._store.run("SELECT id, record FROM crm_deals"):
            deal = _read(Deal, str(text))
            bare = replace(
                deal,
                lead_id="" if deal.lead_id in leads else deal.lead_id,
                person="" if person and deal.person == person else deal.person,
                people=tuple(one for one in deal.people if one != person),
            )
            if bare != deal:
                self._store.run("UPDATE crm_deals SET record = ? WHERE id = ?", _text(bare), key)

    def _one(self, kind: type[Item], table: str, key: str) -> Item | None:
        rows = self._store.run(f"SELECT record FROM {table} WHERE id = ?", key)  # noqa: S608 - one of ours
        return _read(kind, str(rows[0][0])) if rows else None

    def _alone(self, what: str) -> None:
        """Nobody else writes the same thing until this transaction ends; a file lets one writer in at a time anyway."""
        if self._store.postgresql:
            self._store.run("SELECT pg_advisory_xact_lock(hashtext(?))", what)


def _lead_of(deal: Deal, leads: list[tuple[str, str]]) -> str:
    """The person's latest lead when the deal was opened, else the first one within a day after."""
    created, later = _time(deal.created), _time(deal.created + timedelta(days=1))
    before = [(at, key) for at, key in leads if at <= created]
    if before:
        latest = max(at for at, _ in before)
        return max(key for at, key in before if at == latest)
    return next((key for at, key in leads if at <= later), "")


def _normal(lead: Lead) -> Lead:
    """The lead as it comes back."""
    return replace(
        lead,
        at=lead.at.astimezone(UTC),
        person=lead.person or person_key(lead.email) or lead.id,
        touches=tuple(sorted(lead.touches, key=lambda touch: touch.at)),
    )


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _since(moment: datetime | None) -> str:
    return _time(moment) if moment else ""


# What an earlier version wrote has fewer parts: new ones stand last in `Touch`.
_TOUCH = tuple(one.name for one in fields(Touch) if one.name != "at")


def _lead_text(lead: Lead) -> str:
    found: dict[str, Any] = {
        name: getattr(lead, name)
        for name in ("id", "person", "email", "name", "company", "message", "heard_from", "consent")
    }
    found |= {"at": _time(lead.at), "fields": dict(lead.fields)}
    found["touches"] = [
        [_time(touch.at), *(getattr(touch, name) for name in _TOUCH)] for touch in lead.touches
    ]
    return json.dumps(found, ensure_ascii=False, sort_keys=True)


def _read_lead(text: str) -> Lead:
    found = json.loads(text)
    touches = tuple(
        Touch(at=datetime.fromisoformat(at), **dict(zip(_TOUCH, values, strict=False)))
        for at, *values in found.pop("touches")
    )
    return Lead(
        **{
            **found,
            "at": datetime.fromisoformat(found["at"]),
            "fields": MappingProxyType(found["fields"]),
            "touches": touches,
        }
    )


def _text(item: Deal | Invoice | Campaign) -> str:
    found: dict[str, Any] = {}
    for one in fields(item):
        value = getattr(item, one.name)
        if isinstance(value, datetime):
            value = ["time", _time(value)]
        elif isinstance(value, date):
            value = ["day", value.isoformat()]
        elif isinstance(value, Decimal):
            value = ["number", str(value)]
        elif isinstance(value, tuple):
            value = ["list", list(value)]
        found[one.name] = value
    return json.dumps(found, ensure_ascii=False, sort_keys=True)


_BACK = {"time": datetime.fromisoformat, "day": date.fromisoformat, "number": Decimal, "list": tuple}


def _read(kind: type[Item], text: str) -> Item:
    found = json.loads(text)
    names = {one.name for one in fields(kind)}  # one that a newer version added is left out
    values = {
        name: _BACK[value[0]](value[1]) if isinstance(value, list) else value  # type: ignore[operator]
        for name, value in found.items()
        if name in names
    }
    return kind(**values)
