"""What was read, put into a store; and paid invoices that belong to no lead there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from byline.crm.base import Change
from byline.crm.csv.table import Table
from byline.fields import did_you_mean
from byline.model import Deal, Invoice, Lead


class Store(Protocol):
    """What an import writes to."""

    def put_lead(self, lead: Lead) -> Change: ...
    def put_deal(self, deal: Deal) -> Change: ...
    def put_invoice(self, invoice: Invoice) -> Change: ...


def store(table: Table, into: Store) -> Mapping[Change, int]:
    """Put every item and count what that changed. The same table again changes nothing."""
    counts: dict[Change, int] = {"added": 0, "changed": 0, "same": 0}
    for item in table.items:
        if isinstance(item, Lead):
            counts[into.put_lead(item)] += 1
        elif isinstance(item, Deal):
            counts[into.put_deal(item)] += 1
        else:
            counts[into.put_invoice(item)] += 1
    return counts


def unmatched(invoices: Sequence[Invoice], leads: Sequence[Lead]) -> tuple[tuple[Invoice, str], ...]:
    """Paid invoices that no lead has, by address or company; each with the company that was perhaps meant."""
    people = {lead.person for lead in leads if lead.person}
    companies = {lead.company.casefold(): lead.company for lead in leads if lead.company}
    out = []
    for invoice in invoices:
        if invoice.paid is None or (invoice.person and invoice.person in people):
            continue
        if invoice.company.casefold() in companies and invoice.company:
            continue
        meant = did_you_mean(invoice.company.casefold(), companies) if invoice.company else ""
        out.append((invoice, companies.get(meant, "")))
    return tuple(out)
