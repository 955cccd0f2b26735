"""The records of the organisation: ids, rights to columns, rules, unique values."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from byline.testing.crm_contract import CrmFake
from byline.testing.salesforce.shapes import (
    INFLUENCE,
    LENGTHS,
    PREFIXES,
    READ_ONLY,
    REQUIRED,
    STANDARD,
    SYSTEM,
    USER18,
    USERNAME,
    Refused,
    stamp,
)
from byline.times import Clock


class Records(CrmFake):
    """The records of the organisation: ids, rights to columns, rules, unique values."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        client: tuple[str, str] = ("", ""),
        public_key: str = "",
        approved: bool = True,
        currencies: bool = False,
    ) -> None:
        """`client` is the id and secret of the app; `public_key` its certificate's key for the JWT flow."""
        super().__init__(clock)
        self.client, self.public_key, self.approved = client, public_key, approved
        self.page = 2_000
        self.newer = True  # an update by external id answers 200 and a body; older versions 204 and none
        self.daily = (15_000, 0)
        self.token_lasts = 10_000  # calls
        self.marketing_user = True
        self.mapped = True  # Lead field mapping is set up
        self.describes = True
        self.influence = False  # Customizable Campaign Influence is switched on
        self.records: dict[str, list[dict[str, Any]]] = {kind: [] for kind in STANDARD}
        self.custom: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in STANDARD}
        self.currencies = currencies
        self.locked: set[str] = set()  # texts: a row with one in it cannot be locked, once
        self._refused: list[str] = []
        self._tokens: dict[str, int] = {}
        self._cursors: dict[str, list[dict[str, Any]]] = {}
        self._numbers = itertools.count(1)
        self._store("User", {"Id": USER18, "Username": USERNAME, "Name": "Byline"})

    # The state.

    def _columns(self, kind: str) -> set[str]:
        more = (
            {"CurrencyIsoCode"} if self.currencies and kind in ("Campaign", "Opportunity", "Lead") else set()
        )
        return {*SYSTEM.split(), *STANDARD[kind].split(), *more}

    def visible(self, kind: str) -> set[str]:
        """The columns that Byline's user may see."""
        assigned = {row["PermissionSetId"] for row in self.records["PermissionSetAssignment"]}
        shown = {
            str(row["Field"]).partition(".")[2]
            for row in self.records["FieldPermissions"]
            if row["SobjectType"] == kind and row.get("PermissionsRead") and row["ParentId"] in assigned
        }
        return self._columns(kind) | (set(self.custom[kind]) & shown)

    def _there(self, kind: str) -> bool:
        """Does this organisation have such objects?"""
        return kind in STANDARD and (self.influence or kind not in INFLUENCE)

    def switch_influence_on(self, *, model: str = "Byline") -> str:
        """A person switches Customizable Campaign Influence on, and makes a model of that name; its id."""
        self.influence = True
        primary = {"DeveloperName": "PrimaryCampaignSource", "MasterLabel": "Primary Campaign Source"}
        self._store("CampaignInfluenceModel", primary | {"IsDefaultModel": True, "IsModelLocked": True})
        if not model:
            return ""
        ours = {"DeveloperName": model, "MasterLabel": model, "IsDefaultModel": False, "IsModelLocked": True}
        return self._store("CampaignInfluenceModel", ours)

    def new_id(self, kind: str) -> str:
        """A fresh id of 18 letters."""
        short = f"{PREFIXES[kind]}5eAb{next(self._numbers):08d}"
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
        return short + "".join(
            letters[sum(1 << n for n, letter in enumerate(short[at : at + 5]) if letter.isupper())]
            for at in (0, 5, 10)
        )

    def _store(self, kind: str, record: dict[str, Any], *, made: datetime | None = None) -> str:
        at = stamp(made or self.clock.now())
        record.setdefault("Id", self.new_id(kind))
        record |= {"CreatedDate": at, "LastModifiedDate": at, "SystemModstamp": at, "IsDeleted": False}
        self.records[kind].append(record)
        return str(record["Id"])

    def find(self, kind: str, record: str) -> dict[str, Any]:
        """A record that stands, by its id of 15 or 18 letters."""
        for row in self.records[kind]:
            if row["Id"][:15] == record[:15] and not row["IsDeleted"]:
                return row
        raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)

    def standing(self, kind: str) -> list[dict[str, Any]]:
        """The records that were not deleted."""
        return [row for row in self.records[kind] if not row["IsDeleted"]]

    def _touch(self, row: dict[str, Any]) -> None:
        row["LastModifiedDate"] = row["SystemModstamp"] = stamp(self.clock.now())

    def insert(self, kind: str, given: Mapping[str, Any]) -> str:
        """A new record through the interface."""
        record = self._checked(kind, given, new=True)
        for name in REQUIRED.get(kind, ()):
            if not record.get(name):
                raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{name}]", (name,))
        if kind == "CampaignMember":
            self._member(record)
        if kind == "CampaignInfluence":
            self._influencing(record)
        if kind in ("FieldPermissions", "PermissionSetAssignment", "PermissionSet"):
            self._unique_right(kind, record)
        if kind == "Lead":
            record.setdefault("Status", "Open - Not Contacted")
            record["IsConverted"] = False
        if kind == "Opportunity":
            self._staged(record)
        key = self._store(kind, record)
        if kind == "Campaign":
            record.setdefault("IsActive", False)
            for order, (label, responded) in enumerate((("Sent", False), ("Responded", True)), 1):
                status = {"CampaignId": key, "Label": label, "HasResponded": responded, "SortOrder": order}
                self._store("CampaignMemberStatus", status | {"IsDefault": not responded})
        self.writes.append(kind)
        return key

    def update(self, kind: str, record: str, given: Mapping[str, Any]) -> None:
        """A record changes through the interface."""
        row = self.find(kind, record)
        if row.get("IsConverted"):
            raise Refused("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        changed = self._checked(kind, given, new=False, row=row)
        row |= changed
        if kind == "Opportunity":
            self._staged(row)
        self._touch(row)
        self.writes.append(kind)

    def _checked(
        self, kind: str, given: Mapping[str, Any], *, new: bool, row: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        record = {name: value for name, value in given.items() if name not in ("attributes", "Id")}
        allowed = self.visible(kind)
        for name, value in record.items():
            if name not in allowed:
                raise Refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind}")
            if name in READ_ONLY and not (name == "Name" and kind not in ("Lead", "Contact")):
                raise Refused(
                    "INVALID_FIELD_FOR_INSERT_UPDATE", f"Unable to create/update fields: {name}", (name,)
                )
            most = self._length(kind, name)
            if isinstance(value, str) and most and len(value) > most:
                raise Refused(
                    "STRING_TOO_LONG", f"{name}: data value too large: {value} (max length={most})", (name,)
                )
        if kind == "Campaign" and len(str(record.get("Name") or "")) > 80:
            raise Refused(
                "STRING_TOO_LONG", f"Name: data value too large: {record['Name']} (max length=80)", ("Name",)
            )
        email = record.get("Email")
        if email and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(email)):
            raise Refused("INVALID_EMAIL_ADDRESS", f"Email: invalid email address: {email}", ("Email",))
        shown = json.dumps(record, ensure_ascii=False)
        for marker in self._refused:
            if marker in shown:
                raise Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", f"Our rule does not allow {record}")
        for marker in sorted(self.locked):
            if marker in shown:
                self.locked.discard(marker)
                raise Refused("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")
        for name, about in self.custom[kind].items():
            if about.get("unique") and record.get(name):
                for other in self.standing(kind):
                    if other is not row and str(other.get(name) or "").lower() == str(record[name]).lower():
                        raise Refused(
                            "DUPLICATE_VALUE",
                            f"duplicate value found: {name} duplicates value on record with id: {other['Id'][:15]}",
                        )
        return {name: (value if value != "" else None) for name, value in record.items()}

    def _length(self, kind: str, name: str) -> int:
        if name in self.custom[kind]:
            return int(self.custom[kind][name].get("length") or 0)
        return LENGTHS.get(name, 0)

    def _member(self, record: dict[str, Any]) -> None:
        if bool(record.get("LeadId")) == bool(record.get("ContactId")):
            raise Refused("FIELD_INTEGRITY_EXCEPTION", "exactly one of LeadId and ContactId is needed")
        self.find("Campaign", record["CampaignId"])
        for other in self.standing("CampaignMember"):
            if all(
                str(other.get(name) or "")[:15] == str(record.get(name) or "")[:15]
                for name in ("CampaignId", "LeadId", "ContactId")
            ):
                raise Refused("DUPLICATE_VALUE", "Already a campaign member.")
        labels = {
            row["Label"]: row["HasResponded"]
            for row in self.records["CampaignMemberStatus"]
            if row["CampaignId"][:15] == record["CampaignId"][:15]
        }
        record.setdefault("Status", "Sent")
        record["HasResponded"] = labels.get(record["Status"], False)

    def _influencing(self, record: dict[str, Any]) -> None:
        """A new row: of an open opportunity, in a model that is not Salesforce's own. Nothing keeps it from coming twice."""
        deal = self.find("Opportunity", record["OpportunityId"])
        self.find("Campaign", record["CampaignId"])
        if self.find("CampaignInfluenceModel", record["ModelId"])["IsDefaultModel"]:
            raise Refused("FIELD_INTEGRITY_EXCEPTION", "records of the primary model are Salesforce's own")
        if deal["IsClosed"]:
            raise Refused("FIELD_INTEGRITY_EXCEPTION", "the opportunity is closed")

    def _unique_right(self, kind: str, record: Mapping[str, Any]) -> None:
        names = {
            "FieldPermissions": ("ParentId", "Field"),
            "PermissionSetAssignment": ("AssigneeId", "PermissionSetId"),
            "PermissionSet": ("Name",),
        }[kind]
        for other in self.records[kind]:
            if all(other.get(name) == record.get(name) for name in names):
                raise Refused(
                    "DUPLICATE_VALUE", "duplicate value found: <unknown> duplicates value on record"
                )

    def _staged(self, record: dict[str, Any]) -> None:
        stage = str(record.get("StageName") or "")
        record["IsWon"] = stage == "Closed Won"
        record["IsClosed"] = stage.startswith("Closed")
