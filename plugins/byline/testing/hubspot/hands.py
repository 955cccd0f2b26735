"""What people do in the account, for the tests."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal

from byline.crm.hubspot import HubSpotCrm
from byline.testing.crm_contract import GivenDeal, GivenLead, Kept, KeptCampaign
from byline.testing.hubspot.marketing import Marketing
from byline.testing.hubspot.shapes import (
    iso,
)


class Hands(Marketing):
    """What people do in the account, for the tests."""

    def add_contact(self, **values: str) -> str:
        """A contact that somebody else made; its id."""
        return self._make("contacts", values).id

    def add_deal(self, *contacts: str, **values: str) -> str:
        """A deal of these contacts; its id."""
        record = self._make("deals", values)
        for contact in contacts:
            self._link("deals", record.id, "contacts", contact)
        return record.id

    def enter_lead(self, lead: GivenLead) -> str:
        own = {HubSpotCrm.caps.fields[word]: value for word, value in lead.fields.items()}
        values = {
            "email": lead.email,
            "company": lead.company,
            "message": lead.description,
            "hs_lead_status": lead.source,
        }
        record = self._make("contacts", {**values, **own, "createdate": iso(lead.made)})
        record.created = record.updated = lead.made
        record.properties["lastmodifieddate"] = iso(lead.made)
        return record.id

    def enter_deal(self, given: GivenDeal) -> str:
        values = {"dealname": "A press", "amount": given.amount, "deal_currency_code": given.currency}
        values |= {"dealstage": "closedwon" if given.won else "contractsent", "createdate": iso(given.made)}
        values["closedate"] = iso(
            given.closed or given.made + timedelta(days=30)
        )  # for an open one, when it is hoped for
        return self.add_deal(*given.leads, **values)

    def win(self, deal: str, *, at: datetime) -> None:
        values = {"dealstage": "closedwon", "closedate": iso(at)}
        self._change("deals", self.records["deals"][deal], values)

    def edit_lead(self, record: str, *, company: str) -> None:
        self._change("contacts", self.records["contacts"][record], {"company": company})

    def remove_lead(self, record: str) -> None:
        self.records["contacts"][record].archived = self.clock.now()

    def kept(self) -> tuple[Kept, ...]:
        return tuple(
            Kept(
                record=one.id,
                email=one.properties.get("email", ""),
                fields={
                    word: one.properties[name]
                    for word, name in HubSpotCrm.caps.fields.items()
                    if one.properties.get(name)
                },
                description=one.properties.get("message", ""),
                source=one.properties.get("hs_lead_status", ""),
                company=one.properties.get("company", ""),
            )
            for one in self._alive("contacts")
        )

    def campaigns(self) -> tuple[KeptCampaign, ...]:
        out = []
        for key, one in self.promoted.items():
            values, notes = one["properties"], one["properties"].get("hs_notes", "")
            parent = re.search(r"^Belongs to (\S+)$", notes, re.MULTILINE)
            ours = re.search(r"^Byline: (\S+)$", notes, re.MULTILINE)
            out.append(
                KeptCampaign(
                    record=key,
                    key=values.get("byline_key") or (ours[1] if ours else ""),
                    name=values["hs_name"],
                    parent=parent[1] if parent else "",
                    cost=sum((Decimal(str(item["amount"])) for item in self.spend.get(key, ())), Decimal(0)),
                    text=notes,
                )
            )
        return tuple(out)

    def end_sessions(self) -> None:
        """HubSpot's tokens do not end by themselves; one that is being exchanged is refused for a moment."""
        self._dead_once = True

    def refuse(self, marker: str) -> None:
        self._markers.append(marker)

    def mend(self) -> None:
        super().mend()
        self._markers.clear()
