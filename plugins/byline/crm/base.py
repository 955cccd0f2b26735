"""What a CRM can be to Byline. Small roles, because not every CRM has all of them.

Every write is idempotent by our own key: the same call twice leaves the same records. No method logs or puts
into an error a name, an address or a message of a person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from byline.model import Campaign, Deal, Invoice, Lead

Change = Literal["added", "changed", "same"]


class LeadSource(Protocol):
    """Leads and what became of them, oldest first. `since` limits to records made at or after that instant."""

    name: ClassVar[str]

    def leads(self, since: datetime | None = None) -> Iterator[Lead]:
        """Every lead with its touches, in order of time."""
        ...

    def deals(self, since: datetime | None = None) -> Iterator[Deal]:
        """Every opportunity, open ones too; `lead_id` is resolved where that is possible."""
        ...

    def invoices(self, since: datetime | None = None) -> Iterator[Invoice]:
        """Every invoice, unpaid ones too; empty for a CRM that holds none."""
        ...


class LeadSink(Protocol):
    """Takes a lead as it comes."""

    name: ClassVar[str]

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        """Keep the lead and return its id; it is on disk (or at the CRM) when this returns.

        A lead with the fingerprint of one that came a few minutes ago is that one: its id is returned and nothing
        is added. `aside` says why the lead is kept apart (spam) and not handed on.
        """
        ...


class CampaignSink(Protocol):
    """Knows our campaigns."""

    name: ClassVar[str]

    def put_campaign(self, campaign: Campaign) -> Change:
        """Store the campaign under our key `byline:campaign:<slug>`."""
        ...


class Forgets(Protocol):
    """Can delete a person."""

    name: ClassVar[str]

    def erase(self, email: str) -> int:
        """Leave nothing of the person behind and return how many leads there were; amounts of deals stay."""
        ...


def campaign_key(slug: str) -> str:
    """Our external key of a campaign, the same in every CRM."""
    return f"byline:campaign:{slug}"


def post_key(post_id: str) -> str:
    """Our external key of a post's child campaign, the same in every CRM."""
    return f"byline:post:{post_id}"


def person_key(email: str) -> str:
    """The person behind an address as a key that is no address: SHA-256 of it, trimmed and in lower case."""
    address = email.strip().lower()
    return hashlib.sha256(address.encode()).hexdigest() if address else ""
