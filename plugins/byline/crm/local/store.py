"""All that the embedded CRM keeps in its file."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from byline.crm.base import Change, Kind, campaign_key, person_key
from byline.crm.local.leads import Leads
from byline.crm.local.money import Money
from byline.model import Campaign


class LocalCrm(Leads, Money):
    """Leads, deals, invoices and campaigns in one file. Close it, or use it in a `with`."""

    name: ClassVar[str] = "local"

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
