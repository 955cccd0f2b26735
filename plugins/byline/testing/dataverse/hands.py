"""What people do in the environment, for the tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from byline.crm.dynamics import DynamicsCrm
from byline.testing.crm_contract import GivenDeal, GivenLead, Kept, KeptCampaign
from byline.testing.dataverse.definitions import Definitions
from byline.testing.dataverse.shapes import (
    LEAD_SOURCES,
    column_of,
    iso,
)


class Hands(Definitions):
    """What people do in the environment, for the tests."""

    def win(self, deal: str, *, at: datetime) -> None:
        """Sales close an opportunity as won; from then on it is read-only."""
        row = self.tables["opportunities"].rows[deal]
        row |= {"statecode": 1, "statuscode": 3, "actualvalue": row.get("estimatedvalue")}
        row["actualclosedate"] = at.date().isoformat()
        self._touch(row)

    def enter_lead(self, lead: GivenLead) -> str:
        own = {column_of(word): value for word, value in lead.fields.items()}
        code = next((number for number, label in LEAD_SOURCES.items() if label == lead.source), None)
        values = {
            "emailaddress1": lead.email,
            "companyname": lead.company,
            "description": lead.description or None,
        }
        key = self.put("leads", subject="A fair", leadsourcecode=code, **values, **own)
        self.tables["leads"].rows[key] |= {"createdon": iso(lead.made), "modifiedon": iso(lead.made)}
        return key

    def enter_deal(self, given: GivenDeal) -> str:
        rows = self.tables["leads"].rows
        contacts = [
            self.put("contacts", emailaddress1=rows[one]["emailaddress1"], _originatingleadid_value=one)
            for one in given.leads[1:]
        ]
        key = self.put(
            "opportunities",
            name="A press",
            estimatedvalue=float(given.amount),
            estimatedclosedate=(given.made + timedelta(days=30)).date().isoformat(),
            _originatingleadid_value=given.leads[0] if given.leads else None,
            _parentcontactid_value=contacts[0] if contacts else None,
            _transactioncurrencyid_value=self.currencies[given.currency],
        )
        self.tables["opportunities"].rows[key] |= {
            "createdon": iso(given.made),
            "modifiedon": iso(given.made),
        }
        for contact in contacts[1:]:
            self.connect(key, contact)
        if given.won:
            self.win(key, at=given.closed or given.made)
        return key

    def connect(self, deal: str, other: str) -> None:
        """Sales name a stakeholder (or a user, a rival) of an opportunity; Dataverse keeps the same from the other side."""
        self.put("connections", _record1id_value=deal, _record2id_value=other, ismaster=True)
        self.put("connections", _record1id_value=other, _record2id_value=deal, ismaster=False)

    def edit_lead(self, record: str, *, company: str) -> None:
        row = self.tables["leads"].rows[record]
        row["companyname"] = company
        self._touch(row)

    def remove_lead(self, record: str) -> None:
        del self.tables["leads"].rows[record]

    def kept(self) -> tuple[Kept, ...]:
        return tuple(
            Kept(
                record=key,
                email=row.get("emailaddress1") or "",
                fields={
                    word: row[column_of(word)] for word in DynamicsCrm.caps.fields if row.get(column_of(word))
                },
                description=row.get("description") or "",
                source=LEAD_SOURCES.get(row.get("leadsourcecode") or 0, ""),
                company=row.get("companyname") or "",
            )
            for key, row in self.tables["leads"].rows.items()
        )

    def campaigns(self) -> tuple[KeptCampaign, ...]:
        return tuple(
            KeptCampaign(
                record=key,
                key=row.get(column_of("key")) or "",
                name=row["name"],
                cost=Decimal(str(row.get("othercost") or 0)),
                text=row.get("description") or "",
            )
            for key, row in self.tables["campaigns"].rows.items()
        )

    def end_sessions(self) -> None:
        self.tokens.clear()

    def refuse(self, marker: str) -> None:
        self._markers.append(marker)

    def mend(self) -> None:
        super().mend()
        self._markers.clear()
