"""What people do in the organisation, for the tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from byline.testing.crm_contract import GivenDeal, GivenLead, Kept, KeptCampaign
from byline.testing.salesforce.shapes import (
    USER18,
    WANTED,
    column,
    metadata_of,
)
from byline.testing.salesforce.writing import Writing


class Hands(Writing):
    """What people do in the organisation, for the tests."""

    def made_ready(self) -> bool:
        """The fields of the manual's page, with a permission set that shows them."""
        rights = self._store("PermissionSet", {"Name": "Byline", "Label": "Byline"})
        self._store("PermissionSetAssignment", {"AssigneeId": USER18, "PermissionSetId": rights})
        for kind, used in WANTED.items():
            for word in used:
                self._custom_field({"FullName": f"{kind}.{column(word)}", "Metadata": metadata_of(word)})
                right = {"ParentId": rights, "SobjectType": kind, "Field": f"{kind}.{column(word)}"}
                self._store("FieldPermissions", {**right, "PermissionsRead": True, "PermissionsEdit": True})
        return True

    def enter_lead(self, lead: GivenLead) -> str:
        record = {
            "LastName": "Example",
            "Company": lead.company,
            "Email": lead.email,
            "IsConverted": False,
            "Status": "Open",
        }
        record |= {"LeadSource": lead.source or None, "Description": lead.description or None}
        return self._store(
            "Lead", {**record, **{column(word): value for word, value in lead.fields.items()}}, made=lead.made
        )

    def convert(self, lead: str, opportunity: str = "", *, at: datetime | None = None) -> str:
        """A person converts the lead, into this opportunity; the contact's id. Fields go on only where they are mapped."""
        row = self.find("Lead", lead)
        account = self._store("Account", {"Name": row["Company"]})
        kept = {name: row.get(name) for name in self.custom["Contact"]} if self.mapped else {}
        contact = {"LastName": row["LastName"], "Email": row["Email"], "AccountId": account, **kept}
        contact["LeadSource"] = row.get("LeadSource")
        contact_id = self._store("Contact", contact)
        row |= {
            "IsConverted": True,
            "ConvertedDate": (at or self.clock.now()).date().isoformat(),
            "ConvertedContactId": contact_id,
            "ConvertedAccountId": account,
            "ConvertedOpportunityId": opportunity or None,
        }
        for member in self.records["CampaignMember"]:
            if member.get("LeadId") == row["Id"]:
                member["ContactId"] = contact_id
        self._touch(row)
        return contact_id

    def enter_deal(self, given: GivenDeal) -> str:
        stage = "Closed Won" if given.won else "Closed Lost" if given.closed else "Proposal"
        record = {
            "Name": "Machine", "StageName": stage, "Amount": float(Decimal(given.amount)),
            "CloseDate": (given.closed or given.made + timedelta(days=60)).date().isoformat(),
        }  # fmt: skip
        if self.currencies:
            record["CurrencyIsoCode"] = given.currency
        self._staged(record)
        deal = self._store("Opportunity", record, made=given.made)
        for n, lead in enumerate(given.leads):
            row = self.find("Lead", lead)
            contact = row.get("ConvertedContactId") or self.convert(lead, deal if not n else "")
            role = {"OpportunityId": deal, "ContactId": contact, "IsPrimary": not n, "Role": "Decision Maker"}
            self._store("OpportunityContactRole", role)
            record.setdefault("AccountId", self.find("Contact", contact)["AccountId"])
        return deal

    def win(self, deal: str, *, at: datetime) -> None:
        row = self.find("Opportunity", deal)
        row |= {"StageName": "Closed Won", "CloseDate": at.date().isoformat()}
        self._staged(row)
        self._touch(row)

    def edit_lead(self, record: str, *, company: str) -> None:
        row = self.find("Lead", record)
        row["Company"] = company
        self._touch(row)

    def remove_lead(self, record: str) -> None:
        row = self.find("Lead", record)
        row["IsDeleted"] = True
        self._touch(row)

    def kept(self) -> tuple[Kept, ...]:
        from byline.crm.base import FIELDS

        keys = {row["Id"]: row.get("Byline_Key__c") for row in self.records["Campaign"]}
        return tuple(
            Kept(
                record=row["Id"],
                email=row.get("Email") or "",
                fields={word: str(row[column(word)]) for word in FIELDS if row.get(column(word))},
                description=row.get("Description") or "",
                source=row.get("LeadSource") or "",
                company=row.get("Company") or "",
                campaigns=frozenset(
                    str(keys.get(member["CampaignId"]))
                    for member in self.standing("CampaignMember")
                    if row["Id"][:15] in (str(member.get("LeadId"))[:15],)
                ),
            )
            for row in self.standing("Lead")
        )

    def campaigns(self) -> tuple[KeptCampaign, ...]:
        rows = self.standing("Campaign")
        keys = {row["Id"]: str(row.get("Byline_Key__c") or "") for row in rows}
        return tuple(
            KeptCampaign(
                record=row["Id"],
                key=keys[row["Id"]],
                name=row["Name"],
                parent=keys.get(str(row.get("ParentId")), ""),
                cost=Decimal(str(row.get("ActualCost") or 0)),
                text=row.get("Description") or "",
            )
            for row in rows
        )

    def end_sessions(self) -> None:
        self._tokens.clear()

    def refuse(self, marker: str) -> None:
        self._refused.append(marker)
