"""Tables and columns of Dataverse as the stand-in has them, its forms of error, and values in their order."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from byline.crm.dynamics import DynamicsCrm
from byline.testing import odata
from byline.testing.server import Answer, answer

TENANT = "5e1a0000-0000-4000-8000-00000000cafe"
CLIENT_ID = "0b1e0000-0000-4000-8000-00000000beef"
CLIENT_SECRET = "dataverse-made-up-secret~Q1"
API = "/api/data/v9.2"
FORMATTED = "OData.Community.Display.V1.FormattedValue"
TIMES = ("createdon", "modifiedon")
TABLES: Mapping[str, tuple[str, str, str]] = {  # set -> logical name, texts and numbers, lookups
    "campaigns": (
        "campaign",
        "name codename typecode proposedstart proposedend actualstart actualend budgetedcost totalactualcost othercost"
        " totalcampaignactivityactualcost expectedrevenue promotioncodename message objective description istemplate",
        "transactioncurrencyid ownerid",
    ),
    "campaignresponses": (
        "campaignresponse",
        "subject receivedon responsecode channeltypecode promotioncodename category subcategory description"
        " emailaddress firstname lastname companyname telephone",
        "regardingobjectid ownerid",
    ),
    "leads": (
        "lead",
        "subject firstname lastname fullname companyname emailaddress1 telephone1 websiteurl description leadsourcecode"
        " estimatedamount",
        "campaignid relatedobjectid qualifyingopportunityid parentcontactid parentaccountid transactioncurrencyid ownerid",
    ),
    "contacts": (
        "contact",
        "firstname lastname fullname emailaddress1 telephone1 leadsourcecode",
        "originatingleadid parentcustomerid ownerid",
    ),
    "accounts": ("account", "name accountnumber websiteurl telephone1", "primarycontactid ownerid"),
    "opportunities": (
        "opportunity",
        "name estimatedvalue estimatedvalue_base actualvalue actualvalue_base estimatedclosedate actualclosedate"
        " salesstagecode stepname description",
        "originatingleadid campaignid parentcontactid parentaccountid customerid transactioncurrencyid ownerid",
    ),
    "connections": ("connection", "name ismaster", "record1id record2id record1roleid record2roleid ownerid"),
    "transactioncurrencies": ("transactioncurrency", "isocurrencycode currencyname exchangerate", ""),
    "organizations": ("organization", "name", "basecurrencyid"),
}
STATES: Mapping[str, Mapping[int, str]] = {
    "leads": {0: "Open", 1: "Qualified", 2: "Disqualified"},
    "opportunities": {0: "Open", 1: "Won", 2: "Lost"},
    "campaignresponses": {0: "Open", 1: "Closed", 2: "Canceled"},
}
REASONS: Mapping[str, Mapping[int, str]] = {
    "opportunities": {1: "In Progress", 2: "On Hold", 3: "Won", 4: "Canceled", 5: "Out-Sold"},
    "leads": {1: "New", 2: "Contacted", 3: "Qualified", 4: "Lost", 5: "Cannot Contact"},
}
LEAD_SOURCES = {
    1: "Advertisement",
    2: "Employee Referral",
    3: "External Referral",
    4: "Partner",
    5: "Public Relations",
    6: "Seminar",
    7: "Trade Show",
    8: "Web",
    9: "Word of Mouth",
    10: "Other",
}
NUMBERS = re.compile(
    r"\w*(cost|value|value_base|amount|expectedrevenue|exchangerate|code|statecode|statuscode)$"
)
LENGTHS = {
    "subject": 300,
    "firstname": 50,
    "lastname": 50,
    "companyname": 100,
    "emailaddress1": 100,
    "name": 300,
}
LENGTHS |= {
    "description": 2000,
    "websiteurl": 200,
    "telephone1": 50,
    "promotioncodename": 128,
    "category": 250,
}


@dataclass(slots=True, kw_only=True)
class Table:
    """One table: its rows by id, its columns and what may be upserted by."""

    set: str
    logical: str
    columns: dict[str, str]  # name -> text, number, time, lookup, memo, flag
    lengths: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)  # a key's name -> its columns
    pending: dict[str, int] = field(default_factory=dict)  # a key's name -> looks until its index is active
    metadata_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def id(self) -> str:
        """The column with the row's id."""
        return "activityid" if self.logical == "campaignresponse" else f"{self.logical}id"


def made_table(name: str) -> Table:
    logical, plain, lookups = TABLES[name]
    columns = {
        one: "number" if NUMBERS.fullmatch(one) and one != "isocurrencycode" else "text"
        for one in plain.split()
    }
    columns |= {one: "time" for one in plain.split() if re.search(r"start$|end$|date$|receivedon$", one)}
    columns |= {f"_{one}_value": "lookup" for one in lookups.split()}
    columns |= dict.fromkeys(TIMES, "time") | {"statecode": "number", "statuscode": "number"}
    found = Table(set=name, logical=logical, columns=columns)
    found.columns[found.id] = "id"
    found.lengths = {one: LENGTHS[one] for one in columns if one in LENGTHS}
    return found


def definition_of(table: Table) -> dict[str, Any]:
    return {
        "MetadataId": table.metadata_id,
        "LogicalName": table.logical,
        "SchemaName": table.logical.title(),
        "EntitySetName": table.set,
        "PrimaryIdAttribute": table.id,
        "PrimaryNameAttribute": "name",
    }


def attribute_of(table: Table, name: str) -> dict[str, Any]:
    kinds = {"text": "String", "memo": "Memo", "time": "DateTime", "flag": "Boolean", "lookup": "Lookup"}
    of = kinds.get(table.columns[name], "Decimal")
    found: dict[str, Any] = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{of}AttributeMetadata",
        "MetadataId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{table.logical}.{name}")),
        "LogicalName": name,
        "SchemaName": name,
        "AttributeType": of,
    }
    return {**found, "MaxLength": table.lengths[name]} if name in table.lengths else found


def unfit(name: str, kind: str, value: Any, table: Table) -> Answer | None:
    """Why the column does not take the value."""
    if value is None:
        return None
    if kind in ("text", "memo") and not isinstance(value, str):
        return refusal(
            400, "0x80048d19", f"Cannot convert the value of '{name}' to the expected type 'Edm.String'."
        )
    if kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        return refusal(
            400, "0x80048d19", f"Cannot convert the value of '{name}' to the expected type 'Edm.Decimal'."
        )
    if kind == "time":
        odata.moment(str(value))
    longest = table.lengths.get(name, 0)
    if isinstance(value, str) and longest and len(value) > longest:
        said = f"A validation error occurred. The length of the '{name}' attribute of the '{table.logical}' entity"
        return refusal(400, "0x80044331", f"{said} exceeded the maximum allowed length of '{longest}'.")
    return None


def undeclared(name: str, table: Table) -> Answer:
    said = (
        "Error identified in Payload provided by the user for Entity :'', "
        f"An undeclared property '{name}' which only has property annotations in the payload but no property value"
        if name.endswith("@odata.bind")
        else f"Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.{table.logical}'."
    )
    return refusal(400, "0x80048d19", said)


def refusal(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    more = {"x-ms-service-request-id": str(uuid.uuid4()), **(headers or {})}
    return answer(status, {"error": {"code": code, "message": message}}, more)


def entra_refusal(status: int, error: str, code: int, said: str) -> Answer:
    trace = str(uuid.uuid4())
    value = {
        "error": error,
        "error_description": f"AADSTS{code}: {said} Trace ID: {trace}",
        "error_codes": [code],
        "timestamp": "2026-01-01 00:00:00Z",
        "trace_id": trace,
        "correlation_id": str(uuid.uuid4()),
    }
    return answer(status, value)


def parts_of(text: str) -> list[str]:
    """A list with commas, those in brackets left alone."""
    return [one.strip() for one in re.split(r",(?![^()]*\))", text) if one.strip()]


def sortable(value: Any) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    return (1, float(value), "") if isinstance(value, int | float) else (2, 0.0, str(value).lower())


def column_of(word: str) -> str:
    """The column of one of our words, with the prefix of the suite."""
    return DynamicsCrm.caps.fields[word].replace("{prefix}", "acme")


def iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
