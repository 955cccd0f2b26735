"""The deals and invoices of the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from byline.crm.base import Change
from byline.crm.local.file import CrmFile
from byline.crm.local.rows import instant, since_text, time_text
from byline.model import Deal, Invoice


class Money(CrmFile):
    """Deals with the stages that they went through, and invoices."""

    def put_deal(self, deal: Deal) -> Change:
        """Store a deal under its own id. A new stage is noted with the present time beside the earlier ones."""
        values = (
            deal.lead_id,
            deal.person,
            time_text(deal.created),
            time_text(deal.closed) if deal.closed else None,
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
            (deal_id, time_text(at), stage, deal_id),
        )

    def stages(self, deal_id: str) -> tuple[tuple[datetime, str], ...]:
        """The stages that a deal went through, oldest first."""
        rows = self._all("SELECT at, stage FROM stages WHERE deal_id = ? ORDER BY n", (deal_id,))
        return tuple((instant(at), stage) for at, stage in rows)

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
            (since_text(since),),
        )
        return (
            Deal(
                id=key,
                lead_id=lead_id,
                person=person,
                created=instant(created),
                closed=instant(closed) if closed else None,
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
            time_text(invoice.issued),
            time_text(invoice.paid) if invoice.paid else None,
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
        rows = self._all("SELECT * FROM invoices WHERE issued >= ? ORDER BY issued, id", (since_text(since),))
        return (
            Invoice(
                id=key,
                person=person,
                company=company,
                issued=instant(issued),
                paid=instant(paid) if paid else None,
                amount=Decimal(amount),
                currency=currency,
            )
            for key, person, company, issued, paid, amount, currency in rows
        )
