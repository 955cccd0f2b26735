"""The leads of the file, with their touches."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from byline.crm.base import Change, person_key
from byline.crm.local.file import CrmFile
from byline.crm.local.rows import TOUCH, lead_of, normal, since_text, time_text
from byline.model import Lead

REPEAT_WITHIN = timedelta(
    minutes=10
)  # the same form again within this time is a double click, not a second lead


class Leads(CrmFile):
    """Leads: new ones from a form, and those that another system knows by an id of its own."""

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        """Keep a new lead (an empty id gets a fresh one) and return its id; see `LeadSink`."""
        with self._unit():
            if fingerprint:
                repeat = self._db.execute(
                    "SELECT id FROM leads WHERE fingerprint = ? AND at >= ? ORDER BY at LIMIT 1",
                    (fingerprint, time_text(lead.at - REPEAT_WITHIN)),
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
            if lead_of(row) == normal(lead):
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
                time_text(lead.at),
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
                (key, n, time_text(touch.at), *(getattr(touch, name) for name in TOUCH))
                for n, touch in enumerate(ordered)
            ],
        )

    def leads(self, since: datetime | None = None, *, aside: bool = False) -> Iterator[Lead]:
        """Every lead, oldest first; with `aside`, those that were set apart as spam instead."""
        rows = self._all(
            "SELECT * FROM leads_with_touches WHERE at >= ? AND (aside != '') = ? ORDER BY at, id",
            (since_text(since), int(aside)),
        )
        return (lead_of(row) for row in rows)

    def lead(self, key: str) -> Lead | None:
        """One lead by its id, set aside or not."""
        rows = self._all("SELECT * FROM leads_with_touches WHERE id = ?", (key,))
        return lead_of(rows[0]) if rows else None

    def set_aside(self) -> Mapping[str, int]:
        """How many leads were set apart, by reason."""
        return dict(self._all("SELECT aside, count(*) FROM leads WHERE aside != '' GROUP BY aside", ()))
