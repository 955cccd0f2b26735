"""Leads on their way: on disk before the visitor gets an answer, then handed on until everybody has them.

A lead and its errands (keep it here, bring it to the CRM, mail it to sales, drop it as a file) are written in one
transaction. An errand is leased while it runs, so that several workers never run it at once, is put off when it
fails, and is never given up. When all of a lead's errands are done, what it says of the person is deleted here.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from byline.model import TOUCH_WORDS, Lead, Touch
from byline.private import PrivateStore
from byline.times import Clock

REPEAT_WITHIN = timedelta(minutes=10)  # the same form again within this time is a double click
COPY_WITHIN = timedelta(days=30)  # the very same bytes later than that are a copy that somebody sends
LEASE = timedelta(minutes=5)
LONGEST = timedelta(hours=6)
TABLES = ("intake_leads", "intake_errands", "intake_forms")
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS intake_leads (id TEXT PRIMARY KEY, at TEXT NOT NULL, fingerprint TEXT NOT NULL,"
    " person TEXT NOT NULL, aside TEXT NOT NULL, lead TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS intake_leads_fingerprint ON intake_leads (fingerprint, at)",
    "CREATE TABLE IF NOT EXISTS intake_errands (lead TEXT NOT NULL, what TEXT NOT NULL, tries INTEGER NOT NULL,"
    " due TEXT NOT NULL, done TEXT NOT NULL, words TEXT NOT NULL, PRIMARY KEY (lead, what))",
    "CREATE TABLE IF NOT EXISTS intake_forms (form TEXT PRIMARY KEY, at TEXT NOT NULL)",
)
_NEXT = "SELECT lead, what, tries FROM intake_errands WHERE done = '' AND due <= ? ORDER BY due, lead, what LIMIT 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One thing to do with one lead. `tries` counts this one too."""

    lead: str
    what: str
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One kind of errand that is not done for some leads: how many, since when, what the last try said."""

    what: str
    leads: int
    since: datetime
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """How an outbox stands. `leads` are those with an errand that is not done, `oldest` when the first of them came.

    `failing` are errands whose last try failed, with its words; `aside` counts what waits for a person as spam.
    """

    leads: int
    oldest: datetime | None
    failing: tuple[Waiting, ...]
    aside: int


def queue(store: PrivateStore) -> Queue | None:
    """How the outbox in this store stands; None when there never was one. Changes nothing."""
    if not all(map(store.has, TABLES)):
        return None
    ((leads, oldest),) = store.run(
        "SELECT count(DISTINCT l.id), min(l.at) FROM intake_leads l JOIN intake_errands e ON e.lead = l.id"
        " WHERE e.done = ''"
    )
    rows = store.run(
        "SELECT e.what, count(*), min(l.at), max(e.words) FROM intake_errands e JOIN intake_leads l ON l.id = e.lead"
        " WHERE e.done = '' AND e.words != '' GROUP BY e.what ORDER BY e.what"
    )
    ((aside,),) = store.run("SELECT count(*) FROM intake_leads WHERE aside != '' AND lead != ''")
    return Queue(
        leads=int(leads),
        oldest=datetime.fromisoformat(oldest) if oldest else None,
        failing=tuple(
            Waiting(what=what, leads=int(count), since=datetime.fromisoformat(at), words=words)
            for what, count, at, words in rows
        ),
        aside=int(aside),
    )


class Outbox:
    """A `LeadSink`: what it took is safe. `what` are the errands of each lead, `spam` those of one that is set aside."""

    name: ClassVar[str] = "outbox"

    def __init__(
        self, store: PrivateStore, *, clock: Clock, what: Sequence[str], spam: Sequence[str] = ()
    ) -> None:
        self._store, self._clock = store, clock
        self._what, self._spam = tuple(what), tuple(spam)
        store.tables(*_SCHEMA)

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        """Keep the lead with its errands and return its id; on disk when this returns. See `LeadSink`."""
        with self._store.unit():
            if self._store.postgresql:  # two at once with one fingerprint
                self._store.run("SELECT pg_advisory_xact_lock(hashtext(?))", f"intake {fingerprint}")
            if fingerprint:
                since = (lead.at - REPEAT_WITHIN).isoformat()
                repeat = self._store.run(
                    "SELECT id FROM intake_leads WHERE fingerprint = ? AND at >= ? AND (aside = '') = ? ORDER BY at LIMIT 1",
                    fingerprint,
                    since,
                    not aside,  # what a person sends again is never lost in what was set aside
                )
                if repeat:
                    return str(repeat[0][0])
            key = lead.id or f"lead-{secrets.token_hex(5)}"
            self._store.run(
                "INSERT INTO intake_leads VALUES (?, ?, ?, ?, ?, ?)",
                key, lead.at.isoformat(), fingerprint, lead.person, aside, write(lead),
            )  # fmt: skip
            self._order(key, self._spam if aside else self._what)
            return key

    def copies(self, form: str, now: datetime) -> bool:
        """Did the very same form come before, longer ago than a double click?"""
        rows = self._store.run("SELECT at FROM intake_forms WHERE form = ?", form)
        return bool(rows) and datetime.fromisoformat(rows[0][0]) < now - REPEAT_WITHIN

    def remember(self, form: str, now: datetime) -> None:
        """This form came now; forms are remembered for 30 days, as hashes."""
        with self._store.unit():
            self._store.run("DELETE FROM intake_forms WHERE at < ?", (now - COPY_WITHIN).isoformat())
            self._store.run(
                "INSERT INTO intake_forms VALUES (?, ?) ON CONFLICT DO NOTHING", form, now.isoformat()
            )

    def release(self, key: str) -> bool:
        """A person says that this one is no spam: it is handed on like any other. False when it is not here."""
        with self._store.unit():
            rows = self._store.run("SELECT aside, lead FROM intake_leads WHERE id = ?", key)
            if not rows or not rows[0][0] or not rows[0][1]:
                return False
            self._store.run("UPDATE intake_leads SET aside = '' WHERE id = ?", key)
            self._store.run("DELETE FROM intake_errands WHERE lead = ?", key)
            self._order(key, self._what)
            return True

    def spam(self) -> tuple[tuple[Lead, str], ...]:
        """What was set aside and is still here, with the reasons, the oldest first."""
        rows = self._store.run(
            "SELECT id, aside, lead FROM intake_leads WHERE aside != '' AND lead != '' ORDER BY at"
        )
        return tuple((read(key, text), aside) for key, aside, text in rows)

    def lead(self, key: str) -> tuple[Lead, str, str] | None:
        """The lead, its fingerprint, and why it was set aside; None when it is not here any more."""
        rows = self._store.run("SELECT lead, fingerprint, aside FROM intake_leads WHERE id = ?", key)
        if not rows or not rows[0][0]:
            return None
        return read(key, rows[0][0]), rows[0][1], rows[0][2]

    # Errands.

    def take(self) -> Errand | None:
        """The errand that is due longest; nobody else gets it for five minutes. None when nothing is due."""
        now = self._clock.now()
        with self._store.unit():
            rows = self._store.run(
                _NEXT + (" FOR UPDATE SKIP LOCKED" if self._store.postgresql else ""), now.isoformat()
            )
            if not rows:
                return None
            lead, what, tries = rows[0]
            self._store.run(
                "UPDATE intake_errands SET tries = ?, due = ? WHERE lead = ? AND what = ?",
                tries + 1, (now + LEASE).isoformat(), lead, what,
            )  # fmt: skip
        return Errand(lead=lead, what=what, tries=int(tries) + 1)

    def done(self, errand: Errand) -> None:
        """It is done; with the last one of a lead what the lead says of the person goes away, and what it waited on."""
        now = self._clock.now()
        with self._store.unit():
            self._store.run(
                "UPDATE intake_errands SET done = ?, words = '' WHERE lead = ? AND what = ?",
                now.isoformat(), errand.lead, errand.what,
            )  # fmt: skip
            left = self._store.run(
                "SELECT 1 FROM intake_errands WHERE lead = ? AND done = '' LIMIT 1", errand.lead
            )
            if not left:
                self._store.run("UPDATE intake_leads SET lead = '' WHERE id = ? AND aside = ''", errand.lead)
            old = (now - COPY_WITHIN).isoformat()
            self._store.run(
                "DELETE FROM intake_errands WHERE lead IN (SELECT id FROM intake_leads WHERE lead = '' AND at < ?)",
                old,
            )
            self._store.run("DELETE FROM intake_leads WHERE lead = '' AND at < ?", old)

    def failed(self, errand: Errand, words: str, *, retry_at: datetime | None = None) -> datetime:
        """It did not work; tried again later and later, at least every six hours. Returns when."""
        now = self._clock.now()
        again: datetime = now + min(LONGEST, timedelta(minutes=2 ** min(errand.tries - 1, 12)))
        if retry_at is not None:
            again = min(max(again, retry_at), now + timedelta(days=1))
        self._store.run(
            "UPDATE intake_errands SET due = ?, words = ? WHERE lead = ? AND what = ?",
            again.isoformat(), words[:300], errand.lead, errand.what,
        )  # fmt: skip
        return again

    def waiting(self) -> tuple[Waiting, ...]:
        """What is not done yet and was tried at least once, by kind."""
        rows = self._store.run(
            "SELECT e.what, count(*), min(l.at), max(e.words) FROM intake_errands e JOIN intake_leads l ON l.id = e.lead"
            " WHERE e.done = '' AND e.tries > 0 GROUP BY e.what ORDER BY e.what"
        )
        return tuple(
            Waiting(what=what, leads=int(count), since=datetime.fromisoformat(at), words=words)
            for what, count, at, words in rows
        )

    def hurry(self) -> int:
        """Everything that waits is due now; returns how many errands."""
        now = self._clock.now().isoformat()
        with self._store.unit():
            count = self._store.run("SELECT count(*) FROM intake_errands WHERE done = '' AND due > ?", now)
            self._store.run("UPDATE intake_errands SET due = ? WHERE done = '' AND due > ?", now, now)
        return int(count[0][0])

    def forget(self, person: str) -> int:
        """Leave nothing of the person (`person_key`); returns how many leads there were. What waited is not handed on."""
        with self._store.unit():
            keys = [row[0] for row in self._store.run("SELECT id FROM intake_leads WHERE person = ?", person)]
            for key in keys:
                self._store.run("DELETE FROM intake_errands WHERE lead = ?", key)
                self._store.run("DELETE FROM intake_leads WHERE id = ?", key)
        self._store.scrub(*TABLES)
        return len(keys)

    def _order(self, key: str, what: Sequence[str]) -> None:
        now = self._clock.now().isoformat()
        for one in what:
            self._store.run("INSERT INTO intake_errands VALUES (?, ?, 0, ?, '', '')", key, one, now)


def write(lead: Lead) -> str:
    """The lead as text."""
    return json.dumps(
        {
            "at": lead.at.isoformat(), "person": lead.person, "email": lead.email, "name": lead.name,
            "company": lead.company, "message": lead.message, "heard_from": lead.heard_from, "consent": lead.consent,
            "fields": dict(lead.fields),
            "touches": [[touch.at.isoformat(), *(getattr(touch, name) for name in TOUCH_WORDS)] for touch in lead.touches],
        },
        ensure_ascii=False,
    )  # fmt: skip


def read(key: str, text: str) -> Lead:
    """The lead from its text."""
    found: Mapping[str, object] = json.loads(text)

    def word(name: str) -> str:
        return str(found.get(name) or "")

    touches = found.get("touches")
    fields = found.get("fields")
    return Lead(
        id=key,
        at=datetime.fromisoformat(word("at")),
        person=word("person"),
        email=word("email"),
        name=word("name"),
        company=word("company"),
        message=word("message"),
        heard_from=word("heard_from"),
        consent=word("consent"),
        fields={str(name): str(value) for name, value in fields.items()} if isinstance(fields, dict) else {},
        touches=tuple(
            Touch(at=datetime.fromisoformat(row[0]), **dict(zip(TOUCH_WORDS, row[1:], strict=False)))
            for row in (touches if isinstance(touches, list) else ())
        ),
    )
