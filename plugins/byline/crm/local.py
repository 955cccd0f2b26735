"""The embedded CRM: one SQLite file, `.byline/crm.db`, readable by its owner alone.

Every write is a transaction that is on disk when the call returns. Values are bound, never pasted into SQL. One
object may be used by several threads, and several processes may open the same file.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from byline.crm.base import Change, Kind, campaign_key, person_key
from byline.errors import BylineError
from byline.model import Campaign, Deal, Invoice, Lead, Touch
from byline.times import Clock, SystemClock

FILE = "crm.db"
VERSION = 3
REPEAT_WITHIN = timedelta(
    minutes=10
)  # the same form again within this time is a double click, not a second lead

_SCHEMA = """
CREATE TABLE leads (
  id TEXT PRIMARY KEY, at TEXT NOT NULL, person TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL,
  company TEXT NOT NULL, message TEXT NOT NULL, heard_from TEXT NOT NULL, consent TEXT NOT NULL,
  fields TEXT NOT NULL, aside TEXT NOT NULL, fingerprint TEXT NOT NULL
) STRICT;
CREATE INDEX leads_at ON leads (at, id);
CREATE INDEX leads_person ON leads (person);
CREATE INDEX leads_fingerprint ON leads (fingerprint, at);
CREATE TABLE touches (
  lead_id TEXT NOT NULL REFERENCES leads (id) ON DELETE CASCADE, n INTEGER NOT NULL, at TEXT NOT NULL,
  source TEXT NOT NULL, medium TEXT NOT NULL, campaign TEXT NOT NULL, content TEXT NOT NULL, term TEXT NOT NULL,
  page TEXT NOT NULL, referrer TEXT NOT NULL, click TEXT NOT NULL, PRIMARY KEY (lead_id, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE deals (
  id TEXT PRIMARY KEY, lead_id TEXT NOT NULL, person TEXT NOT NULL, created TEXT NOT NULL, closed TEXT,
  won INTEGER NOT NULL, stage TEXT NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL
) STRICT;
CREATE INDEX deals_created ON deals (created, id);
CREATE TABLE stages (
  deal_id TEXT NOT NULL REFERENCES deals (id) ON DELETE CASCADE, n INTEGER NOT NULL, at TEXT NOT NULL,
  stage TEXT NOT NULL, PRIMARY KEY (deal_id, n)
) STRICT, WITHOUT ROWID;
CREATE TABLE invoices (
  id TEXT PRIMARY KEY, person TEXT NOT NULL, company TEXT NOT NULL, issued TEXT NOT NULL, paid TEXT,
  amount TEXT NOT NULL, currency TEXT NOT NULL
) STRICT;
CREATE TABLE campaigns (
  key TEXT PRIMARY KEY, slug TEXT NOT NULL, name TEXT NOT NULL, starts TEXT, ends TEXT, cost TEXT NOT NULL,
  goal TEXT NOT NULL, target INTEGER
) STRICT;
CREATE VIEW leads_with_touches AS SELECT leads.*, (
  SELECT json_group_array(json_array(at, source, medium, campaign, content, term, page, referrer, click))
  FROM (SELECT * FROM touches WHERE lead_id = leads.id ORDER BY n)
) AS touches FROM leads;
"""

# Numbered steps from each form of the file to the next; never changed once they were released.
_STEPS: dict[int, str] = {
    1: """
ALTER TABLE deals ADD COLUMN people TEXT NOT NULL DEFAULT '[]';
ALTER TABLE deals ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE deals ADD COLUMN crm TEXT NOT NULL DEFAULT '';
CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID
""",
    2: """
ALTER TABLE touches ADD COLUMN utm_id TEXT NOT NULL DEFAULT '';
DROP VIEW leads_with_touches;
CREATE VIEW leads_with_touches AS SELECT leads.*, (
  SELECT json_group_array(json_array(at, source, medium, campaign, content, term, page, referrer, click, utm_id))
  FROM (SELECT * FROM touches WHERE lead_id = leads.id ORDER BY n)
) AS touches FROM leads
""",
}

_TOUCH = ("source", "medium", "campaign", "content", "term", "page", "referrer", "click", "utm_id")


class LocalCrm:
    """Leads, deals, invoices and campaigns in one file. Close it, or use it in a `with`."""

    name: ClassVar[str] = "local"

    def __init__(self, path: Path, *, clock: Clock | None = None) -> None:
        """Open the file, or make it with its folder. Raises BylineError when it cannot be used."""
        self.path = path
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._inside = False  # in a batch; read and set only while the lock is held
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise _unusable(path, error) from None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise _unusable(path, error) from None
        except BylineError:
            self._db.close()
            raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # an accepted lead survives a power cut
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute("PRAGMA secure_delete = ON")
        with self._write():
            found = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            if found > VERSION:
                raise BylineError(
                    f"{self.path} was written by a newer Byline (form {found}, this one knows {VERSION})",
                    hint="update Byline, or move the file away to start a new one",
                )
            for form in range(found, VERSION):
                for statement in (_STEPS[form] if form else _SCHEMA).split(";"):
                    if statement.strip():
                        self._db.execute(statement)
            if found != VERSION:
                self._db.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Let go of the file. Closing twice is no error."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> LocalCrm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _write(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def batch(self) -> Iterator[None]:
        """All or nothing: what is put inside is kept together, or not at all when the block raises."""
        with self._write():
            self._inside = True
            try:
                yield
            finally:
                self._inside = False

    @contextmanager
    def _unit(self) -> Iterator[None]:
        """A transaction of its own, or part of the batch that this thread is in."""
        with self._lock:
            if self._inside:
                yield
            else:
                with self._write():
                    yield

    # -- leads ---------------------------------------------------------------------------------------------

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        """Keep a new lead (an empty id gets a fresh one) and return its id; see `LeadSink`."""
        with self._unit():
            if fingerprint:
                repeat = self._db.execute(
                    "SELECT id FROM leads WHERE fingerprint = ? AND at >= ? ORDER BY at LIMIT 1",
                    (fingerprint, _time(lead.at - REPEAT_WITHIN)),
                ).fetchone()
                if repeat:
                    return str(repeat[0])
            key = lead.id or f"lead-{secrets.token_hex(5)}"
            self._store(lead, key, fingerprint=fingerprint, aside=aside)
            return key

    def put_lead(self, lead: Lead) -> Change:
        """Store a lead under its own id. What a form brought for that id (fingerprint, set aside) is kept."""
        with self._unit():
            row = self._db.execute(
                "SELECT * FROM leads_with_touches WHERE id = ?",
                (lead.id,),
            ).fetchone()
            if row is None:
                self._store(lead, lead.id)
                return "added"
            if _lead(row) == _normal(lead):
                return "same"
            fingerprint, aside = row[11], row[10]
            self._db.execute("DELETE FROM touches WHERE lead_id = ?", (lead.id,))
            self._db.execute("DELETE FROM leads WHERE id = ?", (lead.id,))
            self._store(lead, lead.id, fingerprint=fingerprint, aside=aside)
            return "changed"

    def _store(self, lead: Lead, key: str, *, fingerprint: str = "", aside: str = "") -> None:
        person = lead.person or person_key(lead.email)
        self._db.execute(
            "INSERT INTO leads VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                _time(lead.at),
                person,
                lead.email,
                lead.name,
                lead.company,
                lead.message,
                lead.heard_from,
                lead.consent,
                json.dumps(dict(lead.fields), ensure_ascii=False, sort_keys=True),
                aside,
                fingerprint,
            ),
        )
        ordered = sorted(lead.touches, key=lambda touch: touch.at)
        self._db.executemany(
            "INSERT INTO touches VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (key, n, _time(touch.at), *(getattr(touch, name) for name in _TOUCH))
                for n, touch in enumerate(ordered)
            ],
        )

    def leads(self, since: datetime | None = None, *, aside: bool = False) -> Iterator[Lead]:
        """Every lead, oldest first; with `aside`, those that were set apart as spam instead."""
        rows = self._all(
            "SELECT * FROM leads_with_touches WHERE at >= ? AND (aside != '') = ? ORDER BY at, id",
            (_since(since), int(aside)),
        )
        return (_lead(row) for row in rows)

    def lead(self, key: str) -> Lead | None:
        """One lead by its id, set aside or not."""
        rows = self._all("SELECT * FROM leads_with_touches WHERE id = ?", (key,))
        return _lead(rows[0]) if rows else None

    def set_aside(self) -> Mapping[str, int]:
        """How many leads were set apart, by reason."""
        return dict(self._all("SELECT aside, count(*) FROM leads WHERE aside != '' GROUP BY aside", ()))

    # -- deals and money -----------------------------------------------------------------------------------

    def put_deal(self, deal: Deal) -> Change:
        """Store a deal under its own id. A new stage is noted with the present time beside the earlier ones."""
        values = (
            deal.lead_id,
            deal.person,
            _time(deal.created),
            _time(deal.closed) if deal.closed else None,
            int(deal.won),
            deal.stage,
            str(deal.amount),
            deal.currency,
            json.dumps(deal.people, separators=(",", ":")),
            deal.account,
            deal.crm,
        )
        with self._unit():
            row = self._db.execute(
                "SELECT lead_id, person, created, closed, won, stage, amount, currency, people, account, crm"
                " FROM deals WHERE id = ?",
                (deal.id,),
            ).fetchone()
            if row is None:
                self._db.execute(
                    "INSERT INTO deals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (deal.id, *values)
                )
                self._note_stage(deal.id, deal.closed or deal.created, deal.stage)
                return "added"
            if tuple(row) == values:
                return "same"
            self._db.execute(
                "UPDATE deals SET lead_id = ?, person = ?, created = ?, closed = ?, won = ?, stage = ?, amount = ?,"
                " currency = ?, people = ?, account = ?, crm = ? WHERE id = ?",
                (*values, deal.id),
            )
            if row[5] != deal.stage:
                self._note_stage(deal.id, deal.closed or self._clock.now(), deal.stage)
            return "changed"

    add_deal = put_deal

    def _note_stage(self, deal_id: str, at: datetime, stage: str) -> None:
        self._db.execute(
            "INSERT INTO stages SELECT ?, count(*), ?, ? FROM stages WHERE deal_id = ?",
            (deal_id, _time(at), stage, deal_id),
        )

    def stages(self, deal_id: str) -> tuple[tuple[datetime, str], ...]:
        """The stages that a deal went through, oldest first."""
        rows = self._all("SELECT at, stage FROM stages WHERE deal_id = ? ORDER BY n", (deal_id,))
        return tuple((_instant(at), stage) for at, stage in rows)

    def deals(self, since: datetime | None = None) -> Iterator[Deal]:
        """Every deal, oldest first.

        A deal that names only a person belongs to that person's latest lead when it was opened; a lead of the
        same day counts too, for many systems give a deal a date without an hour. One that names nobody belongs to
        the lead that names it (`opportunity_id`).
        """
        rows = self._all(
            "WITH named AS (SELECT json_extract(fields, '$.opportunity_id') AS deal, id AS lead, min(at) FROM leads"
            " WHERE aside = '' AND fields LIKE '%\"opportunity_id\"%' GROUP BY 1)"
            " SELECT id, CASE WHEN lead_id != '' THEN lead_id WHEN named.lead IS NOT NULL THEN named.lead"
            " WHEN person = '' THEN '' ELSE coalesce("
            " (SELECT l.id FROM leads l WHERE l.person = deals.person AND l.at <= deals.created AND l.aside = ''"
            "  ORDER BY l.at DESC, l.id DESC LIMIT 1),"
            " (SELECT l.id FROM leads l WHERE l.person = deals.person AND l.aside = ''"
            "  AND julianday(l.at) <= julianday(deals.created) + 1 ORDER BY l.at, l.id LIMIT 1),"
            " '') END, person, created, closed, won, stage, amount, currency, people, account, crm"
            " FROM deals LEFT JOIN named ON named.deal = deals.id WHERE created >= ? ORDER BY created, id",
            (_since(since),),
        )
        return (
            Deal(
                id=key,
                lead_id=lead_id,
                person=person,
                created=_instant(created),
                closed=_instant(closed) if closed else None,
                won=bool(won),
                stage=stage,
                amount=Decimal(amount),
                currency=currency,
                people=tuple(json.loads(people)),
                account=account,
                crm=crm,
            )
            for key, lead_id, person, created, closed, won, stage, amount, currency, people, account, crm in rows
        )

    def put_invoice(self, invoice: Invoice) -> Change:
        """Store an invoice under its own id."""
        values = (
            invoice.person,
            invoice.company,
            _time(invoice.issued),
            _time(invoice.paid) if invoice.paid else None,
            str(invoice.amount),
            invoice.currency,
        )
        with self._unit():
            row = self._db.execute(
                "SELECT person, company, issued, paid, amount, currency FROM invoices WHERE id = ?",
                (invoice.id,),
            ).fetchone()
            if row is not None and tuple(row) == values:
                return "same"
            self._db.execute(
                "INSERT OR REPLACE INTO invoices VALUES (?, ?, ?, ?, ?, ?, ?)", (invoice.id, *values)
            )
            return "added" if row is None else "changed"

    def invoices(self, since: datetime | None = None) -> Iterator[Invoice]:
        """Every invoice, oldest first."""
        rows = self._all("SELECT * FROM invoices WHERE issued >= ? ORDER BY issued, id", (_since(since),))
        return (
            Invoice(
                id=key,
                person=person,
                company=company,
                issued=_instant(issued),
                paid=_instant(paid) if paid else None,
                amount=Decimal(amount),
                currency=currency,
            )
            for key, person, company, issued, paid, amount, currency in rows
        )

    # -- campaigns -----------------------------------------------------------------------------------------

    def put_campaign(self, campaign: Campaign) -> Change:
        """Store a campaign under our key."""
        values = (
            campaign_key(campaign.slug),
            campaign.slug,
            campaign.name,
            campaign.start.isoformat() if campaign.start else None,
            campaign.end.isoformat() if campaign.end else None,
            str(campaign.cost),
            campaign.goal,
            campaign.target,
        )
        with self._unit():
            row = self._db.execute("SELECT * FROM campaigns WHERE key = ?", (values[0],)).fetchone()
            if row is not None and tuple(row) == values:
                return "same"
            self._db.execute("INSERT OR REPLACE INTO campaigns VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
            return "added" if row is None else "changed"

    def campaigns(self) -> tuple[Campaign, ...]:
        """Every campaign, by slug."""
        return tuple(
            Campaign(
                slug=slug,
                name=name,
                start=date.fromisoformat(starts) if starts else None,
                end=date.fromisoformat(ends) if ends else None,
                cost=Decimal(cost),
                goal=goal,
                target=target,
            )
            for _, slug, name, starts, ends, cost, goal, target in self._all(
                "SELECT * FROM campaigns ORDER BY slug", ()
            )
        )

    # -- a copy of what another CRM holds ---------------------------------------------------------------------

    def drop(self, kind: Kind, key: str) -> bool:
        """Take a lead or a deal out that is gone at its source; False when there was none."""
        with self._unit():
            if kind == "lead":
                self._db.execute("UPDATE deals SET lead_id = '' WHERE lead_id = ?", (key,))
                found = self._db.execute("DELETE FROM leads WHERE id = ?", (key,))
            elif kind == "deal":
                found = self._db.execute("DELETE FROM deals WHERE id = ?", (key,))
            else:
                found = self._db.execute("DELETE FROM campaigns WHERE key = ?", (key,))
            return found.rowcount > 0

    def mark(self, name: str) -> str:
        """How far something has come, as `set_mark` noted it; empty at first."""
        rows = self._all("SELECT value FROM marks WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else ""

    def set_mark(self, name: str, value: str) -> None:
        """Note how far something has come."""
        with self._unit():
            self._db.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", (name, value))

    # -- a person's right ----------------------------------------------------------------------------------

    def erase(self, email: str) -> int:
        """Delete all leads of the address with their touches; deals and invoices stay as bare amounts.

        The file is rewritten, so that nothing can be read from its free space either.
        """
        person = person_key(email)
        if not person:
            return 0
        with self._unit():
            keys = [row[0] for row in self._db.execute("SELECT id FROM leads WHERE person = ?", (person,))]
            self._db.executemany("UPDATE deals SET lead_id = '' WHERE lead_id = ?", [(key,) for key in keys])
            self._db.execute("UPDATE deals SET person = '' WHERE person = ?", (person,))
            self._db.execute(  # a key of a person has no quotes, so this is one whole item of the list
                "UPDATE deals SET people = (SELECT json_group_array(value) FROM json_each(people) WHERE value != ?)"
                " WHERE people LIKE ?",
                (person, f'%"{person}"%'),
            )
            self._db.execute("UPDATE invoices SET person = '', company = '' WHERE person = ?", (person,))
            self._db.execute("DELETE FROM leads WHERE person = ?", (person,))
        with self._lock:
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return len(keys)

    def _all(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        with self._lock:
            return self._db.execute(query, values).fetchall()


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _since(moment: datetime | None) -> str:
    return _time(moment) if moment else ""


def _lead(row: tuple[Any, ...]) -> Lead:
    key, at, person, email, name, company, message, heard, consent, fields, _aside, _print, touches = row
    return Lead(
        id=key,
        at=_instant(at),
        person=person or key,
        email=email,
        name=name,
        company=company,
        message=message,
        heard_from=heard,
        consent=consent,
        fields=json.loads(fields),
        touches=tuple(
            Touch(at=_instant(when), **dict(zip(_TOUCH, values, strict=True)))
            for when, *values in json.loads(touches)
        ),
    )


def _normal(lead: Lead) -> Lead:
    """The lead as it comes back from the file."""
    return Lead(
        id=lead.id,
        at=lead.at.astimezone(UTC),
        person=lead.person or person_key(lead.email) or lead.id,
        email=lead.email,
        name=lead.name,
        company=lead.company,
        message=lead.message,
        heard_from=lead.heard_from,
        consent=lead.consent,
        fields=dict(lead.fields),
        touches=tuple(sorted(lead.touches, key=lambda touch: touch.at)),
    )


def _unusable(path: Path, error: Exception) -> BylineError:
    return BylineError(
        f"the leads in {path} cannot be opened: {error}",
        hint="look whether the disk is full, the folder may be written, or the file was damaged; a copy helps",
    )


CRM = LocalCrm
