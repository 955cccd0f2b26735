"""Salesforce's objects as we use them: which columns, which of them are ours, and values in their form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

from byline.crm import _fields as words
from byline.crm.base import CLICKS, TAGS, Caps
from byline.model import Lead

NOT_GIVEN = "[not given]"  # Salesforce requires a last name and a company
NAME, DESCRIPTION, LAST, FIRST, COMPANY = 80, 32_000, 80, 40, 255
MARK = "— from Byline —"  # what stands behind it in a campaign's description is ours

_TAGS = {
    **{f"utm_{name}": f"UTM_{name.title()}__c" for name in TAGS},
    **{f"first_utm_{name}": f"First_UTM_{name.title()}__c" for name in TAGS},
}
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "key": "Byline_Key__c",
        **_TAGS,
        "first_touch_at": "First_Touch_At__c",
        "last_touch_at": "Last_Touch_At__c",
        "first_landing_page": "First_Landing_Page__c",
        "landing_page": "Landing_Page__c",
        "first_referrer": "First_Referrer__c",
        "referrer": "Referrer__c",
        **{name: f"{name.upper()}__c" for name in CLICKS},
        "self_reported_source": "Self_Reported_Source__c",
        "journey": "Byline_Journey__c",
    }
)
CAPS = Caps(
    label="Salesforce",
    needs=("api",),
    secrets=(
        ("SALESFORCE_CLIENT_ID", "SALESFORCE_CLIENT_SECRET"),
        ("SALESFORCE_CLIENT_ID", "SALESFORCE_USERNAME", "SALESFORCE_PRIVATE_KEY"),
    ),
    fields=FIELDS,
    members=True,
)
# What stands where besides the lead. The key makes a campaign ours; a member shows the tags of the visit that led to it.
CAMPAIGN = ("key",)
MEMBER = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "last_touch_at")
FOLLOWS = tuple(word for word in FIELDS if word not in ("key", "journey"))  # contact and opportunity
WHERE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Lead": tuple(FIELDS),
        "Contact": FOLLOWS,
        "Opportunity": FOLLOWS,
        "Campaign": CAMPAIGN,
        "CampaignMember": MEMBER,
    }
)
MOMENTS = ("first_touch_at", "last_touch_at")


def title(word: str) -> str:
    """The label of a field, as people see it."""
    if word in CLICKS:
        return word.upper()
    shown = {"key": "Byline key", "journey": "Byline journey"}.get(word, word.replace("_", " "))
    return (shown[:1].upper() + shown[1:]).replace("Utm", "UTM").replace(" utm", " UTM")


def metadata(word: str) -> dict[str, Any]:
    """What Salesforce's Tooling interface wants to know of the field."""
    about: dict[str, Any] = {"label": title(word), "description": "Kept by Byline", "required": False}
    if word == "key":
        return about | {
            "type": "Text",
            "length": 255,
            "externalId": True,
            "unique": True,
            "caseSensitive": False,
        }
    if word == "journey":
        return about | {"type": "LongTextArea", "length": 32768, "visibleLines": 5}
    if word in MOMENTS:
        return about | {"type": "DateTime"}
    return about | {"type": "Text", "length": 255}


def moment(value: datetime) -> str:
    """An instant as SOQL and JSON write it, to the millisecond that Salesforce keeps."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_moment(raw: object) -> datetime | None:
    """An instant (`2026-03-01T00:00:00.000+0000`); None for nothing."""
    return words.instant(str(raw)) if raw else None


def read_day(raw: object) -> datetime | None:
    """A day that has no zone, as noon in UTC: the same day on every clock of this earth."""
    try:
        return datetime.combine(date.fromisoformat(str(raw)), time(12), UTC) if raw else None
    except ValueError:
        return None


def money(raw: object) -> Decimal:
    """An amount; nothing is 0. JSON's numbers are read by their shortest form, so cents stay what they are."""
    try:
        found = Decimal(str(raw)) if raw is not None else Decimal(0)
    except InvalidOperation:
        return Decimal(0)
    return found if found.is_finite() else Decimal(0)


def touch_columns(lead: Lead, names: Mapping[str, str]) -> dict[str, str]:
    """Our fields of a lead in Salesforce's names, cut to what a text field holds."""
    found: dict[str, str] = {}
    for word, value in words.values(lead).items():
        if word in names:
            found[names[word]] = value if word in ("journey", *MOMENTS) else value[:255]
    return found


def person(lead: Lead) -> dict[str, str]:
    """Name, company and address, as Salesforce wants them."""
    first, _, last = lead.name.strip().rpartition(" ")
    found = {
        "LastName": last[:LAST] or NOT_GIVEN,
        "FirstName": first.strip()[:FIRST],
        "Company": lead.company[:COMPANY] or NOT_GIVEN,
        "Email": lead.email,
    }
    return {name: value for name, value in found.items() if value}
