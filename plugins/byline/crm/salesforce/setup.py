"""What Salesforce lacks for Byline, and making it: fields through the Tooling interface, rights, member statuses.

Facts: Tooling API, CustomField (create with FullName and Metadata); Object Reference, PermissionSet, FieldPermissions,
PermissionSetAssignment, CampaignMemberStatus (read July 2026). The mapping of fields when a lead is converted has no
such interface for every edition: a person clicks it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from byline.crm.base import Row, SetupStep
from byline.crm.salesforce import influence, shapes
from byline.crm.salesforce.api import Api
from byline.crm.salesforce.journeys import RESPONDED
from byline.crm.salesforce.soql import literal, long_id
from byline.errors import Rejected

PERMISSIONS = "Byline"


def missing(api: Api, names: Mapping[str, str]) -> tuple[SetupStep, ...]:
    """Every field that is not there or that our user may not see, each campaign of ours without a response, and more."""
    api.forget()
    steps: list[SetupStep] = []
    absent: set[str] = set()
    for kind, used in shapes.WHERE.items():
        known = api.describe(kind)
        for word in used:
            column = names.get(word)
            if column is None or known is None or column in known:
                continue
            steps.append(_field(kind, word, column))
            absent.add(f"{kind}.{column}")
    key = names.get("key", "")
    if key and f"Campaign.{key}" not in absent:
        steps += _statuses(api, key)
    if _mapping_doubtful(api, names, absent):
        steps.append(
            SetupStep(
                key="Lead field mapping",
                by_hand=True,
                text="A converted lead must hand our fields on: Setup > Object Manager > Lead > Fields & Relationships"
                " > Map Lead Fields, and map each of them to the field of the same name at the contact.",
            )
        )
    if influence.models(api) == {}:
        steps.append(
            SetupStep(
                key="Campaign influence model",
                by_hand=True,
                text="If opportunities shall show which posts led to them: Setup > Feature Settings > Marketing > Campaign"
                f" Influence > Model Settings > New, with the name {influence.MODEL} and Record Lock ticked."
                " Without it nothing else is missed.",
            )
        )
    return tuple(steps)


def _field(kind: str, word: str, column: str) -> SetupStep:
    if not column.endswith("__c") or column.count("__") > 1:
        return SetupStep(
            key=f"{kind}.{column}",
            by_hand=True,
            text=f"{kind}: the field {column} (for {word}) is not there, or Byline's user may not see it; it belongs"
            " to Salesforce or to a package, so Byline cannot make it",
        )
    about = shapes.metadata(word)
    size = f", {about['length']} characters" if "length" in about else ""
    unique = ", unique, external id" if about.get("unique") else ""
    return SetupStep(
        key=f"{kind}.{column}",
        text=f"{kind}: make the field {column} “{about['label']}” ({about['type']}{size}{unique}), visible to Byline's"
        " user",
        payload={"kind": kind, "column": column, "metadata": about},
    )


def _statuses(api: Api, key: str) -> list[SetupStep]:
    ours = {
        long_id(str(row["Id"])): str(row[key])
        for row in api.all("Campaign", ("Id", key), f"{key} LIKE 'byline:%'")
    }
    rows = api.having("CampaignMemberStatus", ("CampaignId", "HasResponded", "SortOrder"), "CampaignId", ours)
    good = {long_id(str(row["CampaignId"])) for row in rows if row.get("HasResponded")}
    highest: dict[str, int] = {}
    for row in rows:
        campaign = long_id(str(row["CampaignId"]))
        highest[campaign] = max(highest.get(campaign, 0), int(row.get("SortOrder") or 0))
    return [
        SetupStep(
            key=f"{name} status",
            text=f"{name}: add the member status “{RESPONDED}”, which counts as a response",
            payload={"campaign": campaign, "order": highest.get(campaign, 0) + 1},
        )
        for campaign, name in sorted(ours.items(), key=lambda pair: pair[1])
        if campaign not in good
    ]


def _mapping_doubtful(api: Api, names: Mapping[str, str], absent: set[str]) -> bool:
    """Is there no converted lead that proves that our fields go on to the contact?"""
    column = names.get("utm_content", "")
    if not column or f"Lead.{column}" in absent or f"Contact.{column}" in absent:
        return bool(column)
    return survives(api, column) is not True


def survives(api: Api, column: str) -> bool | None:
    """Did the latest converted lead that had our tag hand it on to its contact? None: there is no such lead yet."""
    sample = api.all(
        "Lead",
        ("Id", "ConvertedContactId", column),
        f"IsConverted = true AND {column} != null",
        tail="ORDER BY ConvertedDate DESC LIMIT 1",
    )
    contact = str(sample[0].get("ConvertedContactId") or "") if sample else ""
    if not contact:
        return None
    rows = api.having("Contact", ("Id", column), "Id", [contact])
    return bool(rows and rows[0].get(column)) if rows else None


def apply(api: Api, steps: Sequence[SetupStep]) -> tuple[Row, ...]:
    """One row for each step that is not by hand."""
    rows: list[Row] = []
    rights: str | None = None
    for step in steps:
        if step.by_hand:
            continue
        try:
            if "campaign" in step.payload:
                fresh = _status(api, step.payload)
            else:
                rights = rights or _permission_set(api)
                fresh = _make(api, step.payload, rights)
        except Rejected as error:
            rows.append(Row(key=step.key, change="failed", message=error.message, fix=error.hint))
            continue
        rows.append(Row(key=step.key, change="added" if fresh else "same"))
    api.forget()
    return tuple(rows)


def _make(api: Api, payload: Mapping[str, Any], rights: str) -> bool:
    """The field, then the right to see it: a field made through an interface is hidden from everybody at first."""
    name = f"{payload['kind']}.{payload['column']}"
    _, fresh = api.make(
        "tooling/sobjects/CustomField",
        {"FullName": name, "Metadata": payload["metadata"]},
        f"the field {name}",
    )
    _, seen = api.make(
        "sobjects/FieldPermissions",
        {
            "ParentId": rights,
            "SobjectType": payload["kind"],
            "Field": name,
            "PermissionsRead": True,
            "PermissionsEdit": True,
        },
        f"the right to see {name}",
    )
    return fresh or seen


def _permission_set(api: Api) -> str:
    """The permission set of ours, given to the user that signs in."""
    user = api.token.user
    found = api.all("PermissionSet", ("Id",), f"Name = {literal(PERMISSIONS)}")
    rights = str(found[0]["Id"]) if found else ""
    if not rights:
        rights, _ = api.make(
            "sobjects/PermissionSet",
            {"Name": PERMISSIONS, "Label": PERMISSIONS, "Description": "Fields that Byline reads and writes"},
            "a permission set",
        )
    if user and not api.all(
        "PermissionSetAssignment",
        ("Id",),
        f"PermissionSetId = {literal(rights)} AND AssigneeId = {literal(user)}",
    ):
        api.make(
            "sobjects/PermissionSetAssignment",
            {"AssigneeId": user, "PermissionSetId": rights},
            "giving the permission set to Byline's user",
        )
    return rights


def _status(api: Api, payload: Mapping[str, Any]) -> bool:
    _, fresh = api.make(
        "sobjects/CampaignMemberStatus",
        {
            "CampaignId": payload["campaign"],
            "Label": RESPONDED,
            "HasResponded": True,
            "SortOrder": payload["order"],
        },
        "a member status",
    )
    return fresh
