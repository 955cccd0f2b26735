"""Records and properties of HubSpot as the stand-in has them, its forms of error, and values in their order."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from byline.testing.server import Answer, Call, answer

TOKEN = "pat-eu1-byline-made-up-token"
PORTAL = 4_142_831
SCOPES = frozenset(
    {
        "oauth",
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.deals.read",
        "crm.schemas.contacts.read",
        "crm.schemas.contacts.write",
        "crm.schemas.deals.read",
        "crm.schemas.deals.write",
        "marketing.campaigns.read",
        "marketing.campaigns.write",
        "forms",
    }
)
STANDARD: Mapping[str, Mapping[str, str]] = {  # name -> type
    "contacts": {
        **dict.fromkeys(
            ("email", "firstname", "lastname", "company", "phone", "jobtitle", "website"), "string"
        ),
        **dict.fromkeys(("message", "hs_analytics_source_data_1", "hs_analytics_source_data_2"), "string"),
        **dict.fromkeys(("lifecyclestage", "hs_lead_status", "hs_analytics_source"), "enumeration"),
        **dict.fromkeys(("createdate", "lastmodifieddate"), "datetime"),
        **dict.fromkeys(("hs_object_id", "associatedcompanyid"), "number"),
    },
    "deals": {
        **dict.fromkeys(("dealname", "deal_currency_code"), "string"),
        **dict.fromkeys(("dealstage", "pipeline", "hs_analytics_source"), "enumeration"),
        **dict.fromkeys(("amount", "hs_object_id", "hs_closed_amount"), "number"),
        **dict.fromkeys(("closedate", "createdate", "hs_lastmodifieddate"), "datetime"),
        **dict.fromkeys(("hs_is_closed_won", "hs_is_closed"), "bool"),
    },
    "companies": {
        **dict.fromkeys(("name", "domain"), "string"),
        **dict.fromkeys(("createdate", "hs_lastmodifieddate"), "datetime"),
        "hs_object_id": "number",
    },
}
READ_ONLY = re.compile(
    r"hs_(analytics_|is_closed|object_id|closed_amount|latest_)\w*|lastmodifieddate|hs_lastmodifieddate"
)
CAMPAIGN = frozenset(
    {
        *("hs_name", "hs_start_date", "hs_end_date", "hs_notes", "hs_audience", "hs_currency_code"),
        *("hs_campaign_status", "hs_owner", "hs_utm", "hs_object_id", "hs_color_hex"),
    }
)
STAGES = (
    ("appointmentscheduled", "Appointment scheduled", "0.2", "false"),
    ("contractsent", "Contract sent", "0.9", "false"),
    ("closedwon", "Closed won", "1.0", "true"),
    ("closedlost", "Closed lost", "0.0", "true"),
)
TYPES = {"0-1": "contacts", "0-2": "companies", "0-3": "deals", "contact": "contacts", "deal": "deals"}
LINK_TYPES = {("deals", "contacts"): 3, ("contacts", "deals"): 4, ("contacts", "companies"): 1}
DATED = re.compile(
    r"/(?P<area>crm|marketing|account-info)(?P<middle>/[a-z]+)?/20\d\d-\d\d(?P<rest>/.*)?", re.DOTALL
)


@dataclass(slots=True, kw_only=True)
class Record:
    """One contact, deal or company; values are texts, as HubSpot keeps them."""

    id: str
    properties: dict[str, str]
    created: datetime
    updated: datetime
    archived: datetime | None = None
    unseen: int = 0  # searches that do not find it yet


@dataclass(slots=True, kw_only=True)
class Submission:
    """What a form was sent."""

    form: str
    fields: dict[str, str]
    context: dict[str, Any]
    consent: dict[str, Any] = field(default_factory=dict)
    secure: bool = False


def listed(call: Call, name: str) -> list[str]:
    """A parameter that is a list: repeated, or with commas."""
    return [one for value in parse_qs(call.query).get(name, ()) for one in value.split(",") if one]


def plain_path(path: str) -> str:
    """The path in its v3 spelling, whichever was used."""
    found = DATED.fullmatch(path)
    if not found:
        return path
    area, middle, rest = found["area"], found["middle"] or "", found["rest"] or ""
    if area == "crm":
        return f"/crm/{'v4' if middle == '/associations' else 'v3'}{middle}{rest}"
    return f"/{area}/v3{middle}{rest}"


def property_of(name: str, of: str) -> dict[str, Any]:
    kinds = {"string": "text", "enumeration": "select", "bool": "booleancheckbox", "number": "number"}
    return {
        "name": name,
        "label": name,
        "type": of,
        "fieldType": kinds.get(of, "date"),
        "groupName": "contactinformation",
        "hasUniqueValue": name == "email",
        "description": "",
        "options": [],
        "hidden": False,
        "formField": True,
        "displayOrder": -1,
        "hubspotDefined": True,
        "modificationMetadata": {
            "archivable": False,
            "readOnlyDefinition": True,
            "readOnlyValue": bool(READ_ONLY.fullmatch(name)),
        },
    }


def all_pipelines() -> dict[str, Any]:
    at = "2026-01-01T00:00:00.000Z"
    stages = [
        {
            "id": key,
            "label": label,
            "displayOrder": n,
            "metadata": {"isClosed": closed, "probability": probability},
            "createdAt": at,
            "updatedAt": at,
            "archived": False,
        }
        for n, (key, label, probability, closed) in enumerate(STAGES)
    ]
    line = {
        "id": "default",
        "label": "Sales pipeline",
        "displayOrder": 0,
        "stages": stages,
        "archived": False,
    }
    return {"results": [{**line, "createdAt": at, "updatedAt": at}]}


def refusal(
    status: int, message: str, category: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Answer:
    value = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), "category": category}
    return answer(status, {**value, **more}, headers)


def row_refusal(category: str, message: str, context: dict[str, Any]) -> dict[str, Any]:
    """One row's failure inside a batch."""
    return {
        "status": "error",
        "category": category,
        "message": message,
        "context": context,
        "links": {},
        "errors": [],
        "id": str(uuid.uuid4()),
    }


def batch(status: int, results: list[Any], errors: list[dict[str, Any]], now: datetime) -> Answer:
    """The answer to a call for many records: 207 with the refused ones beside the others, else `status`."""
    value = {"status": "COMPLETE", "results": results, "startedAt": iso(now), "completedAt": iso(now)}
    if errors:
        return answer(207, {**value, "numErrors": len(errors), "errors": errors})
    return answer(status, value)


def moment_of(text: str) -> datetime | None:
    """A date or time as HubSpot takes it: ISO 8601 or milliseconds since 1970."""
    if re.fullmatch(r"-?\d+", text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def comparable(value: str) -> tuple[int, float, str]:
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return (0, float(value), "")
    moment = moment_of(value)
    return (0, moment.timestamp() * 1000, "") if moment else (1, 0.0, value)


def holds(values: Mapping[str, str], one: Mapping[str, Any]) -> bool:
    """Does the record meet one filter of a search?"""
    value = values.get(str(one["propertyName"]))
    how = one["operator"]
    if how in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return bool((value is not None) == (how == "HAS_PROPERTY"))
    if value is None:
        return how in ("NEQ", "NOT_IN")
    if how in ("IN", "NOT_IN"):
        return bool((value.lower() in one["values"]) == (how == "IN"))
    have, want = comparable(value), comparable(str(one.get("value", "")))
    if how == "BETWEEN":
        return want <= have <= comparable(str(one["highValue"]))
    if how == "CONTAINS_TOKEN":  # words in any order
        return str(one.get("value", "")).strip("*").lower() in value.lower()
    compared: Mapping[str, bool] = {
        "EQ": have == want,
        "NEQ": have != want,
        "LT": have < want,
        "LTE": have <= want,
        "GT": have > want,
        "GTE": have >= want,
    }
    return compared.get(str(how), False)


def iso(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
