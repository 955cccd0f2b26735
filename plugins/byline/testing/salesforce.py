"""A fake Salesforce organisation: objects, external ids, queries by page, rights to fields, leads that are converted.

Shapes and codes: REST API Developer Guide and Object Reference, Tooling API (CustomField), OAuth flows, the package
simple-salesforce 1.12 (read July 2026). What only memory tells is kept out of the tests of the driver.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import unquote

from byline.testing import soql
from byline.testing.crm_contract import CrmFake, Kept, KeptCampaign
from byline.testing.server import Answer, Call, answer
from byline.times import Clock

ORG, USER, USERNAME = "00D5e000000Bylin", "0055e000000BylUs", "byline@acme.example"
ORG18, USER18 = ORG[:15] + "EAA", USER[:15] + "EAA"
VERSIONS = tuple(f"{number}.0" for number in range(55, 69))
PREFIXES = {
    "Lead": "00Q", "Contact": "003", "Account": "001", "Opportunity": "006", "Campaign": "701",
    "CampaignMember": "00v", "CampaignMemberStatus": "01Y", "OpportunityContactRole": "00K", "User": "005",
    "CampaignInfluence": "7ft", "CampaignInfluenceModel": "4fi",
    "PermissionSet": "0PS", "FieldPermissions": "01k", "PermissionSetAssignment": "0Pa", "CustomField": "00N",
}  # fmt: skip
_SYSTEM = "Id CreatedDate LastModifiedDate SystemModstamp IsDeleted"
STANDARD: Mapping[str, str] = MappingProxyType(
    {
        "Lead": "LastName FirstName Name Company Email Phone Title Website LeadSource Status Rating Description"
        " IsConverted ConvertedDate ConvertedContactId ConvertedAccountId ConvertedOpportunityId OwnerId",
        "Contact": "LastName FirstName Name Email Phone LeadSource AccountId Description OwnerId",
        "Account": "Name OwnerId",
        "Opportunity": "Name StageName CloseDate Amount Probability IsWon IsClosed LeadSource CampaignId AccountId OwnerId",
        "Campaign": "Name IsActive Type Status StartDate EndDate ParentId ActualCost BudgetedCost ExpectedRevenue"
        " Description NumberOfLeads NumberOfContacts NumberOfResponses OwnerId",
        "CampaignMember": "CampaignId LeadId ContactId Status HasResponded FirstRespondedDate LeadSource",
        "CampaignMemberStatus": "CampaignId Label HasResponded IsDefault SortOrder",
        "OpportunityContactRole": "OpportunityId ContactId Role IsPrimary",
        "CampaignInfluence": "CampaignId ContactId OpportunityId ModelId Influence RevenueShare",
        "CampaignInfluenceModel": "DeveloperName MasterLabel IsDefaultModel IsModelLocked IsActive ModelType",
        "User": "Username Name Email UserPermissionsMarketingUser",
        "PermissionSet": "Name Label Description",
        "FieldPermissions": "ParentId SobjectType Field PermissionsRead PermissionsEdit",
        "PermissionSetAssignment": "AssigneeId PermissionSetId",
    }
)
REQUIRED = {
    "Lead": ("LastName", "Company"), "Contact": ("LastName",), "Campaign": ("Name",), "Account": ("Name",),
    "Opportunity": ("Name", "StageName", "CloseDate"), "CampaignMember": ("CampaignId",),
    "OpportunityContactRole": ("OpportunityId", "ContactId"),
    "CampaignInfluence": ("CampaignId", "OpportunityId", "ModelId"),
}  # fmt: skip
READ_ONLY = frozenset(
    [
        "Name",
        "IsConverted",
        "ConvertedDate",
        "ConvertedContactId",
        "ConvertedAccountId",
        "ConvertedOpportunityId",
        "HasResponded",
        "FirstRespondedDate",
        "IsWon",
        "IsClosed",
        "NumberOfLeads",
        "NumberOfContacts",
        "NumberOfResponses",
        "RevenueShare",
    ]
)
INFLUENCE = ("CampaignInfluence", "CampaignInfluenceModel")
LENGTHS = {"LastName": 80, "FirstName": 40, "Company": 255, "Email": 80, "Description": 32_000, "Label": 765}
_BY_WORDS = {"key": "Byline_Key__c", "journey": "Byline_Journey__c"}


_TAGS = tuple(
    f"{first}utm_{name}"
    for first in ("", "first_")
    for name in ["source", "medium", "campaign", "content", "term", "id"]
)
_FOLLOW = (
    *_TAGS,
    *("first_touch_at", "last_touch_at", "first_landing_page", "landing_page", "first_referrer", "referrer"),
    *("gclid", "fbclid", "li_fat_id", "twclid", "msclkid", "self_reported_source"),
)
WANTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Lead": (*_FOLLOW, "key", "journey"),
        "Contact": _FOLLOW,
        "Opportunity": _FOLLOW,
        "Campaign": ("key",),
        "CampaignMember": ("utm_source", "utm_medium", "utm_campaign", "utm_content", "last_touch_at"),
    }
)


def _metadata(word: str) -> dict[str, Any]:
    if word == "key":
        return {"label": "Key", "type": "Text", "length": 255, "externalId": True, "unique": True}
    if word == "journey":
        return {"label": "Journey", "type": "LongTextArea", "length": 32768, "visibleLines": 5}
    return (
        {"label": word, "type": "DateTime"}
        if word.endswith("_at")
        else {"label": word, "type": "Text", "length": 255}
    )


def column(word: str) -> str:
    """Our word -> the suggested name of the field."""
    if word in _BY_WORDS:
        return _BY_WORDS[word]
    if word in ("gclid", "fbclid", "li_fat_id", "twclid", "msclkid"):
        return f"{word.upper()}__c"
    return "_".join("UTM" if part == "utm" else part.title() for part in word.split("_")) + "__c"


@dataclass(slots=True)
class Refused(Exception):
    """One row that is not taken."""

    code: str
    message: str
    fields: tuple[str, ...] = ()
    status: int = 400

    def as_row(self) -> dict[str, Any]:
        error = {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}
        return {"success": False, "errors": [error]}

    def as_answer(self) -> Answer:
        body = {"message": self.message, "errorCode": self.code}
        return answer(self.status, [body | ({"fields": list(self.fields)} if self.fields else {})])


class FakeSalesforce(CrmFake):
    """One organisation, with one user for Byline. Custom fields are hidden until a permission set shows them."""

    label: ClassVar[str] = "Salesforce"

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
        return {*_SYSTEM.split(), *STANDARD[kind].split(), *more}

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

    # The suite's hands.

    def made_ready(self) -> bool:
        """The fields of the manual's page, with a permission set that shows them."""
        rights = self._store("PermissionSet", {"Name": "Byline", "Label": "Byline"})
        self._store("PermissionSetAssignment", {"AssigneeId": USER18, "PermissionSetId": rights})
        for kind, used in WANTED.items():
            for word in used:
                self._custom_field({"FullName": f"{kind}.{column(word)}", "Metadata": _metadata(word)})
                right = {"ParentId": rights, "SobjectType": kind, "Field": f"{kind}.{column(word)}"}
                self._store("FieldPermissions", {**right, "PermissionsRead": True, "PermissionsEdit": True})
        return True

    def seed_lead(
        self,
        email: str,
        *,
        made: datetime,
        fields: Mapping[str, str] = MappingProxyType({}),
        company: str = "Firm Ltd",
        source: str = "",
        description: str = "",
    ) -> str:
        record = {
            "LastName": "Example",
            "Company": company,
            "Email": email,
            "IsConverted": False,
            "Status": "Open",
        }
        record |= {"LeadSource": source or None, "Description": description or None}
        return self._store(
            "Lead", {**record, **{column(word): value for word, value in fields.items()}}, made=made
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

    def seed_deal(
        self,
        leads: Sequence[str],
        *,
        amount: str,
        made: datetime,
        closed: datetime | None = None,
        won: bool = False,
        currency: str = "EUR",
    ) -> str:
        stage = "Closed Won" if won else "Closed Lost" if closed else "Proposal"
        record = {
            "Name": "Machine", "StageName": stage, "Amount": float(Decimal(amount)),
            "CloseDate": (closed or made + timedelta(days=60)).date().isoformat(),
        }  # fmt: skip
        if self.currencies:
            record["CurrencyIsoCode"] = currency
        self._staged(record)
        deal = self._store("Opportunity", record, made=made)
        for n, lead in enumerate(leads):
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

    # Calls.

    def kind_of(self, call: Call) -> str:
        if call.path.endswith("/services/oauth2/token"):
            return "token"
        return "read" if call.method == "GET" else "write"

    def unauthorized(self) -> Answer:
        if self.calls[-1].kind == "token":
            return answer(400, {"error": "invalid_grant", "error_description": "authentication failure"})
        return answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])

    def limited(self, *, bare: bool) -> Answer:
        body = [{"message": "Too many requests are waiting", "errorCode": "SERVER_UNAVAILABLE"}]
        return answer(503, body, {} if bare else {"Retry-After": "120"})

    def handle(self, call: Call) -> Answer:
        path = call.path
        if path == "/services/oauth2/token" and call.method == "POST":
            return self._token(call)
        if path == "/servlet/servlet.WebToLead" and call.method == "POST":
            return self._web_to_lead(call)
        if path == "/services/data/":
            return answer(200, [{"label": "", "url": f"/services/data/v{v}", "version": v} for v in VERSIONS])
        match = re.fullmatch(r"/services/data/v(\d+\.\d)/(.*)", path)
        if match is None or match[1] not in VERSIONS:
            page = b"<html><body>URL No Longer Exists</body></html>"
            return Answer(status=404, body=page, headers={"Content-Type": "text/html"})
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._tokens or self._tokens[token] >= self.token_lasts:
            return answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
        self._tokens[token] += 1
        most, used = self.daily
        if used >= most:
            return answer(
                403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
            )
        self.daily = (most, used + 1)
        try:
            given = self._route(call, match[2])
        except Refused as refused:
            given = refused.as_answer()
        except soql.SoqlError as error:
            given = answer(400, [{"message": str(error), "errorCode": error.code}])
        used_now = f"api-usage={self.daily[1]}/{most}"
        return Answer(
            status=given.status, body=given.body, headers={**given.headers, "Sforce-Limit-Info": used_now}
        )

    def _token(self, call: Call) -> Answer:
        form = call.form
        if form.get("grant_type") == "client_credentials":
            given = (form.get("client_id", ""), form.get("client_secret", ""))
            basic = call.headers.get("authorization", "")
            if basic.startswith("Basic "):
                pair = base64.b64decode(basic[6:]).decode().partition(":")
                given = (unquote(pair[0]), unquote(pair[2]))
            if given != self.client or not self.client[1]:
                return answer(
                    400, {"error": "invalid_client", "error_description": "invalid client credentials"}
                )
        elif form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            wrong = self._wrong_assertion(form.get("assertion", ""))
            if wrong:
                return answer(400, {"error": "invalid_grant", "error_description": wrong})
        else:
            return answer(
                400, {"error": "unsupported_grant_type", "error_description": "grant type not supported"}
            )
        token = f"{ORG}!AQ{len(self._tokens)}.{next(self._numbers)}.secret-session"
        self._tokens[token] = 0
        return answer(
            200,
            {
                "access_token": token,
                "instance_url": self.url,
                "id": f"{self.url}/id/{ORG18}/{USER18}",
                "token_type": "Bearer",
                "scope": "api",
            },
        )

    def _wrong_assertion(self, assertion: str) -> str:
        import jwt

        try:
            claims = jwt.decode(
                assertion,
                self.public_key,
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_aud": False},
            )
        except jwt.PyJWTError:
            return "invalid assertion"
        now = self.clock.now().timestamp()
        if claims.get("iss") != self.client[0]:
            return "invalid client identifier"
        if claims.get("aud") not in (self.url, "https://login.salesforce.com"):
            return "audience is invalid"
        if claims.get("sub") != USERNAME or not self.approved:
            return "user hasn't approved this consumer"
        if not now < float(claims.get("exp", 0)) <= now + 210:
            return "expired authorization code"
        return ""

    def _route(self, call: Call, path: str) -> Answer:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match call.method, parts:
            case "GET", ["limits"]:
                most, used = self.daily
                return answer(200, {"DailyApiRequests": {"Max": most, "Remaining": most - used}})
            case "GET", ["query" | "queryAll"]:
                return self._query(call.params.get("q", ""), deleted=parts[0] == "queryAll")
            case "GET", ["query" | "queryAll", cursor]:
                return self._page(cursor)
            case "GET", ["sobjects", kind, "describe"] if self._there(kind) and self.describes:
                return answer(200, self._described(kind))
            case "GET", ["sobjects", kind, record] if self._there(kind):
                row = self.find(kind, record)
                names = [name for name in call.params.get("fields", "").split(",") if name]
                self._known(kind, names)
                return answer(200, self._shown(kind, row, names or sorted(self.visible(kind))))
            case "POST", ["sobjects", kind] if self._there(kind):
                return answer(201, {"id": self.insert(kind, call.json()), "success": True, "errors": []})
            case "PATCH", ["sobjects", kind, record] if self._there(kind):
                self.update(kind, record, call.json())
                return answer(204)
            case "DELETE", ["sobjects", kind, record] if self._there(kind):
                self._delete(record)
                return answer(204)
            case "PATCH", ["sobjects", kind, name, value] if self._there(kind):
                return self._upsert(kind, name, value, call)
            case "POST", ["tooling", "sobjects", "CustomField"]:
                return self._custom_field(call.json())
            case "POST", ["composite", "sobjects"]:
                return self._many(call, lambda kind, row: {"id": self.insert(kind, row), "success": True})
            case "PATCH", ["composite", "sobjects"]:
                return self._many(call, self._changed)
            case "PATCH", ["composite", "sobjects", kind, name]:
                return self._many(call, lambda _kind, row: self._upserted(kind, name, row))
            case "DELETE", ["composite", "sobjects"]:
                return answer(200, [self._deleted(key) for key in call.params.get("ids", "").split(",")])
        raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)

    # Reading.

    def _known(self, kind: str, names: Iterable[str]) -> None:
        visible = {name.lower() for name in self.visible(kind)}
        for name in names:
            if name.lower() not in visible:
                raise Refused(
                    "INVALID_FIELD",
                    f"\nSELECT {name} FROM {kind}\n       ^\nERROR at Row:1:Column:8\nNo such column '{name}' on entity"
                    f" '{kind}'. If you are attempting to use a custom field, be sure to append the '__c'.",
                )

    def _query(self, text: str, *, deleted: bool) -> Answer:
        query = soql.parse(text)
        if not self._there(query.kind):
            raise Refused("INVALID_TYPE", f"sObject type '{query.kind}' is not supported.")
        self._known(query.kind, query.used)
        rows = self.records[query.kind] if deleted else self.standing(query.kind)
        if query.counting:
            number = sum(query.where(row) for row in rows)
            return answer(200, {"totalSize": number, "done": True, "records": []})
        found = soql.run(query, rows)
        kind = "AggregateResult" if query.sums else query.kind
        records = [{"attributes": {"type": kind}, **row} for row in found]
        cursor = f"01g5e0000{next(self._numbers):06d}"
        self._cursors[cursor] = records
        return self._page(f"{cursor}-0", total=len(records))

    def _page(self, locator: str, total: int | None = None) -> Answer:
        cursor, _, start = locator.rpartition("-")
        records = self._cursors.get(cursor)
        if records is None or not start.isdigit():
            raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        end = int(start) + self.page
        body: dict[str, Any] = {
            "totalSize": len(records) if total is None else total,
            "done": end >= len(records),
            "records": records[int(start) : end],
        }
        if end < len(records):
            body["nextRecordsUrl"] = f"/services/data/v{VERSIONS[-1]}/query/{cursor}-{end}"
        return answer(200, body)

    def _shown(self, kind: str, row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
        url = f"/services/data/v{VERSIONS[-1]}/sobjects/{kind}/{row['Id']}"
        return {"attributes": {"type": kind, "url": url}, **{name: row.get(name) for name in names}}

    def _described(self, kind: str) -> dict[str, Any]:
        may = self.marketing_user or kind != "Campaign"
        fields = [
            {
                "name": name,
                "label": name,
                "custom": name.endswith("__c"),
                "createable": may
                and name not in _SYSTEM.split()
                and (name not in READ_ONLY or name == "Name"),
                "updateable": may
                and name not in _SYSTEM.split()
                and (name not in READ_ONLY or name == "Name"),
                "externalId": bool(self.custom[kind].get(name, {}).get("externalId")),
                "unique": bool(self.custom[kind].get(name, {}).get("unique")),
                "type": {"DateTime": "datetime"}.get(
                    self.custom[kind].get(name, {}).get("type", ""), "string"
                ),
            }
            for name in sorted(self.visible(kind))
        ]
        return {"name": kind, "createable": may, "fields": fields}

    # Writing.

    def _upsert(self, kind: str, name: str, value: str, call: Call) -> Answer:
        found = self._by(kind, name, value)
        if len(found) > 1:
            urls = [f"/services/data/v{VERSIONS[-1]}/sobjects/{kind}/{row['Id']}" for row in found]
            return answer(300, urls)
        given = dict(call.json())
        if name in given:
            raise Refused("INVALID_FIELD", f"The {name} field should not be specified in the sobject data.")
        if found:
            self.update(kind, found[0]["Id"], given)
            if not self.newer:
                return answer(204)
            return answer(200, {"id": found[0]["Id"], "success": True, "errors": [], "created": False})
        if call.params.get("updateOnly") == "true":
            raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)
        key = self.insert(kind, given | {name: value})
        return answer(201, {"id": key, "success": True, "errors": [], "created": True})

    def _by(self, kind: str, name: str, value: str) -> list[dict[str, Any]]:
        if name == "Id":
            return [self.find(kind, value)]
        if name not in self.visible(kind) or not self.custom[kind].get(name, {}).get("externalId"):
            raise Refused(
                "NOT_FOUND",
                f"Provided external ID field does not exist or is not accessible: {name}",
                status=404,
            )
        return [row for row in self.standing(kind) if str(row.get(name) or "").lower() == value.lower()]

    def _many(self, call: Call, one: Callable[[str, dict[str, Any]], dict[str, Any]]) -> Answer:
        given = call.json()
        records = given.get("records") if isinstance(given, dict) else None
        if not isinstance(records, list) or len(records) > 200:
            raise Refused(
                "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 200 records in this call"
            )
        rows: list[dict[str, Any]] = []
        for record in records:
            kind = str((record.get("attributes") or {}).get("type", ""))
            if not self._there(kind):
                raise Refused("INVALID_TYPE", f"sObject type '{kind}' is not supported.")
            try:
                rows.append({"errors": [], **one(kind, dict(record))})
            except Refused as refused:
                rows.append(refused.as_row())
        return answer(200, rows)

    def _changed(self, kind: str, row: dict[str, Any]) -> dict[str, Any]:
        self.update(kind, str(row.get("Id")), row)
        return {"id": self.find(kind, str(row["Id"]))["Id"], "success": True}

    def _upserted(self, kind: str, name: str, row: dict[str, Any]) -> dict[str, Any]:
        value = str(row.pop(name, ""))
        if not value:
            raise Refused("MISSING_ARGUMENT", f"{name} not specified")
        found = self._by(kind, name, value)
        if len(found) > 1:
            raise Refused(
                "DUPLICATE_EXTERNAL_ID", f"more than one record found for external id field: {name}"
            )
        if found:
            self.update(kind, found[0]["Id"], row)
            return {"id": found[0]["Id"], "success": True, "created": False}
        return {"id": self.insert(kind, row | {name: value}), "success": True, "created": True}

    def _delete(self, record: str) -> None:
        kind = next((kind for kind, prefix in PREFIXES.items() if record.startswith(prefix)), "")
        row = self.find(kind or "Lead", record)
        row["IsDeleted"] = True
        self._touch(row)
        self.writes.append(kind)

    def _deleted(self, record: str) -> dict[str, Any]:
        try:
            self._delete(record)
        except Refused:
            return Refused("ENTITY_IS_DELETED", "entity is deleted").as_row()
        return {"id": record, "success": True, "errors": []}

    def _custom_field(self, given: Any) -> Answer:
        kind, _, name = str(given.get("FullName", "")).partition(".")
        about = given.get("Metadata")
        if (
            kind not in STANDARD
            or not name.endswith("__c")
            or not isinstance(about, dict)
            or not about.get("label")
        ):
            raise Refused("FIELD_INTEGRITY_EXCEPTION", "FullName or Metadata is not usable")
        if name in self.custom[kind]:
            raise Refused(
                "DUPLICATE_DEVELOPER_NAME", f"There is already a field named {name} on {kind}.", (name,)
            )
        if about.get("type") == "Text" and not 1 <= int(about.get("length") or 0) <= 255:
            raise Refused("FIELD_INTEGRITY_EXCEPTION", "length must be between 1 and 255")
        if about.get("type") == "LongTextArea" and not about.get("visibleLines"):
            raise Refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [visibleLines]")
        self.custom[kind][name] = dict(about, id=self.new_id("CustomField"))
        self.writes.append("CustomField")
        return answer(201, {"id": self.custom[kind][name]["id"], "success": True, "errors": []})

    # Web-to-Lead.

    def _web_to_lead(self, call: Call) -> Answer:
        """Always 200 with a page that goes on to `retURL`; whether a lead was made is not told."""
        form = call.form
        names = {
            "first_name": "FirstName", "last_name": "LastName", "email": "Email", "company": "Company",
            "phone": "Phone", "title": "Title", "description": "Description", "lead_source": "LeadSource",
        }  # fmt: skip
        by_id = {str(about["id"])[:15]: name for name, about in self.custom["Lead"].items()}
        record = {names[key]: value for key, value in form.items() if key in names and value}
        record |= {by_id[key[:15]]: value for key, value in form.items() if key[:15] in by_id and value}
        processed = "Exception: missing"
        if form.get("oid", "")[:15] == ORG[:15]:
            try:
                self.insert("Lead", record)
                processed = "true"
            except Refused:
                processed = "Exception: refused"
        target = form.get("retURL", "")
        page = (
            "<html><head><title>Salesforce</title>"
            f"<meta http-equiv='Refresh' content='0;URL={_attribute(target)}'></head><body></body></html>"
        )
        return Answer(
            status=200,
            body=page.encode(),
            headers={"Content-Type": "text/html;charset=UTF-8", "Is-Processed": processed},
        )


def _attribute(text: str) -> str:
    from html import escape

    return escape(text, quote=True)


def stamp(moment: datetime) -> str:
    """An instant as Salesforce writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"
