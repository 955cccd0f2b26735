"""Objects and columns of a Salesforce organisation as the stand-in has them, and how it refuses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from byline.testing.server import Answer, answer

ORG, USER, USERNAME = "00D5e000000Bylin", "0055e000000BylUs", "byline@acme.example"
ORG18, USER18 = ORG[:15] + "EAA", USER[:15] + "EAA"
VERSIONS = tuple(f"{number}.0" for number in range(55, 69))
PREFIXES = {
    "Lead": "00Q", "Contact": "003", "Account": "001", "Opportunity": "006", "Campaign": "701",
    "CampaignMember": "00v", "CampaignMemberStatus": "01Y", "OpportunityContactRole": "00K", "User": "005",
    "CampaignInfluence": "7ft", "CampaignInfluenceModel": "4fi",
    "PermissionSet": "0PS", "FieldPermissions": "01k", "PermissionSetAssignment": "0Pa", "CustomField": "00N",
}  # fmt: skip
SYSTEM = "Id CreatedDate LastModifiedDate SystemModstamp IsDeleted"
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
BY_WORDS = {"key": "Byline_Key__c", "journey": "Byline_Journey__c"}


TAGS = tuple(
    f"{first}utm_{name}"
    for first in ("", "first_")
    for name in ["source", "medium", "campaign", "content", "term", "id"]
)
FOLLOW = (
    *TAGS,
    *("first_touch_at", "last_touch_at", "first_landing_page", "landing_page", "first_referrer", "referrer"),
    *("gclid", "fbclid", "li_fat_id", "twclid", "msclkid", "self_reported_source"),
)
WANTED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Lead": (*FOLLOW, "key", "journey"),
        "Contact": FOLLOW,
        "Opportunity": FOLLOW,
        "Campaign": ("key",),
        "CampaignMember": ("utm_source", "utm_medium", "utm_campaign", "utm_content", "last_touch_at"),
    }
)


def metadata_of(word: str) -> dict[str, Any]:
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
    if word in BY_WORDS:
        return BY_WORDS[word]
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


def attribute_of(text: str) -> str:
    from html import escape

    return escape(text, quote=True)


def stamp(moment: datetime) -> str:
    """An instant as Salesforce writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}+0000"
