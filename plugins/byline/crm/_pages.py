"""Leads and deals made since a moment, out of the pages that a CRM gives of what changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime

from byline.crm.base import Page
from byline.model import Deal, Lead


class ByPages(ABC):
    """What every driver that reads changes page by page does alike."""

    @abstractmethod
    def changed_leads(self, after: str = "") -> Iterator[Page[Lead]]:
        """See `CrmDriver`."""

    @abstractmethod
    def changed_deals(self, after: str = "") -> Iterator[Page[Deal]]:
        """See `CrmDriver`."""

    def leads(self, since: datetime | None = None) -> Iterator[Lead]:
        """Every lead made since then, oldest first; see `LeadSource`."""
        found = (lead for page in self.changed_leads() for lead in page.items)
        yield from sorted((one for one in found if since is None or one.at >= since), key=lambda one: one.at)

    def deals(self, since: datetime | None = None) -> Iterator[Deal]:
        """Every deal made since then, oldest first; see `LeadSource`."""
        found = (deal for page in self.changed_deals() for deal in page.items)
        yield from sorted(
            (one for one in found if since is None or one.created >= since), key=lambda one: one.created
        )
