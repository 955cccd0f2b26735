"""Leads as members of the campaigns of the posts they read, and our fields where they are empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from byline.crm import _fields as words
from byline.crm.base import Catalogue, Row
from byline.crm.salesforce import shapes
from byline.crm.salesforce.answers import Done, step_for
from byline.crm.salesforce.api import Api
from byline.crm.salesforce.soql import long_id
from byline.model import Lead, Touch

RESPONDED = "Responded"


def put(api: Api, names: Mapping[str, str], catalogue: Catalogue, leads: Sequence[Lead]) -> tuple[Row, ...]:
    """One row a lead: `changed` when it became a member or a field was filled, `failed` when any of that failed."""
    columns = ["Id", "IsConverted", "ConvertedContactId", "Description", *names.values()]
    records = {
        long_id(str(row["Id"])): row
        for row in api.having("Lead", columns, "Id", (lead.fields.get("record", "") for lead in leads))
    }
    there = [lead for lead in leads if long_id(lead.fields.get("record", "")) in records]
    changed: set[str] = set()
    failed: dict[str, Done] = {}
    _members(api, names, catalogue, there, records, changed, failed)
    _fill(api, names, catalogue, there, records, changed, failed)
    rows = []
    for lead in leads:
        record = lead.fields.get("record", "")
        bad = failed.get(lead.id)
        if long_id(record) not in records:
            rows.append(Row(key=lead.id, change="same", record=record))  # gone meanwhile: the next run tells
        elif bad is not None:
            rows.append(
                Row(key=lead.id, change="failed", record=record, message=bad.message, fix=step_for(bad))
            )
        else:
            rows.append(Row(key=lead.id, change="changed" if lead.id in changed else "same", record=record))
    return tuple(rows)


def _members(
    api: Api,
    names: Mapping[str, str],
    catalogue: Catalogue,
    leads: Sequence[Lead],
    records: Mapping[str, Mapping[str, Any]],
    changed: set[str],
    failed: dict[str, Done],
) -> None:
    read = {lead.id: words.posts_read(lead, catalogue) for lead in leads}
    column = names.get("key", "")
    keys = {key for posts in read.values() for key in posts}
    if not column or not keys:
        return
    campaigns = {
        str(row[column]): long_id(str(row["Id"]))
        for row in api.having("Campaign", ("Id", column), column, keys)
    }
    if not campaigns:
        return
    there = _present(api, records)
    status = _statuses(api, campaigns.values())
    wanted: list[tuple[Lead, dict[str, Any]]] = []
    for lead in leads:
        record = records[long_id(lead.fields["record"])]
        contact = str(record.get("ConvertedContactId") or "")
        who = {"ContactId": contact} if record.get("IsConverted") and contact else {"LeadId": record["Id"]}
        person = long_id(str(next(iter(who.values()))))
        for key, touch in read[lead.id].items():
            campaign = campaigns.get(key)
            if campaign is None or (campaign, person) in there:
                continue
            there.add((campaign, person))
            member: dict[str, Any] = {"CampaignId": campaign, **who, **_touch(touch, names)}
            if campaign in status:
                member["Status"] = status[campaign]
            usable = api.usable("CampaignMember", member, right="createable")
            wanted.append((lead, {name: member[name] for name in usable}))
    for (lead, _), done in zip(wanted, api.put("CampaignMember", [item for _, item in wanted]), strict=True):
        if done.ok:
            changed.add(lead.id)
        elif not done.has(
            "DUPLICATE_VALUE"
        ):  # made a moment ago, by another run or before an answer was lost
            failed[lead.id] = done


def _present(api: Api, records: Mapping[str, Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Who is a member of what already, by campaign and lead or contact."""
    found: set[tuple[str, str]] = set()
    contacts = [str(row.get("ConvertedContactId") or "") for row in records.values()]
    for column, ids in (("LeadId", list(records)), ("ContactId", contacts)):
        for row in api.having("CampaignMember", ("CampaignId", "LeadId", "ContactId"), column, ids):
            found |= {
                (long_id(str(row["CampaignId"])), long_id(str(row[name])))
                for name in ("LeadId", "ContactId")
                if row.get(name)
            }
    return found


def _statuses(api: Api, campaigns: Any) -> dict[str, str]:
    """The word of each campaign that counts as a response; a campaign without one keeps its own default."""
    found: dict[str, str] = {}
    rows = api.having(
        "CampaignMemberStatus", ("CampaignId", "Label", "HasResponded"), "CampaignId", set(campaigns)
    )
    for row in sorted(rows, key=lambda row: (row.get("Label") != RESPONDED, str(row.get("Label")))):
        if row.get("HasResponded"):
            found.setdefault(long_id(str(row["CampaignId"])), str(row["Label"]))
    return found


def _touch(touch: Touch, names: Mapping[str, str]) -> dict[str, str]:
    values = {
        "utm_source": touch.source,
        "utm_medium": touch.medium,
        "utm_campaign": touch.campaign,
        "utm_content": touch.content,
        "last_touch_at": words.stamp(touch.at),
    }
    return {names[word]: value[:255] for word, value in values.items() if value and word in names}


def _fill(
    api: Api,
    names: Mapping[str, str],
    catalogue: Catalogue,
    leads: Sequence[Lead],
    records: Mapping[str, Mapping[str, Any]],
    changed: set[str],
    failed: dict[str, Done],
) -> None:
    """Our fields where they are empty, and what the lead read. A converted lead takes no more changes."""
    wanted: list[tuple[Lead, dict[str, Any]]] = []
    for lead in leads:
        record = records[long_id(lead.fields["record"])]
        if record.get("IsConverted"):
            continue
        values: dict[str, Any] = {
            name: value
            for name, value in shapes.touch_columns(lead, names).items()
            if record.get(name) in (None, "")
        }
        text = str(record.get("Description") or "")
        reading = words.reading(lead, catalogue)
        seen = bool(record.get(names.get("journey", "")))  # then people may have taken our words out again
        if reading and not seen and "Read before asking:" not in text:
            values["Description"] = f"{text}\n\n{reading}".strip()[: shapes.DESCRIPTION]
        usable = api.usable("Lead", values, right="updateable")
        if usable:
            wanted.append((lead, {"Id": record["Id"], **{name: values[name] for name in usable}}))
    for (lead, _), done in zip(wanted, api.put("Lead", [item for _, item in wanted], by="Id"), strict=True):
        if done.ok:
            changed.add(lead.id)
        else:
            failed[lead.id] = done
