"""Leads and opportunities as they come from Salesforce, page by page, without the persons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from byline.crm import _fields as words
from byline.crm.base import Page, own_id, person_key
from byline.crm.salesforce import shapes
from byline.crm.salesforce.api import Api
from byline.crm.salesforce.soql import long_id
from byline.errors import RemoteError
from byline.model import Deal, Lead, Touch

# A record counts as changed when its transaction began, and is seen when that ends.
OVERLAP = timedelta(minutes=5)
_LEAD = (
    *("Id", "CreatedDate", "SystemModstamp", "Email", "Company", "Status", "IsConverted", "ConvertedDate"),
    *("ConvertedContactId", "ConvertedAccountId", "ConvertedOpportunityId"),
)
_DEAL = (
    *("Id", "CreatedDate", "SystemModstamp", "Amount", "CurrencyIsoCode", "StageName", "CloseDate"),
    *("IsWon", "IsClosed", "AccountId"),
)


def changed_leads(api: Api, names: Mapping[str, str], after: str) -> Iterator[Page[Lead]]:
    """Leads that changed at or after the mark (an instant)."""
    gone = _gone(api, "Lead", names.get("key", ""), after)
    if gone:
        yield Page(items=(), mark=after, gone=gone)
    where = f"SystemModstamp >= {after}" if after else ""
    for rows in api.select("Lead", (*_LEAD, *names.values()), where, tail="ORDER BY SystemModstamp, Id"):
        items = tuple(_lead(row, names) for row in rows)
        yield Page(items=_with_members(api, names, items), mark=_mark(rows, after))


def leads(api: Api, names: Mapping[str, str], since: datetime | None) -> Iterator[Lead]:
    """Every lead, oldest first."""
    where = f"CreatedDate >= {shapes.moment(since)}" if since else ""
    for rows in api.select("Lead", (*_LEAD, *names.values()), where, tail="ORDER BY CreatedDate, Id"):
        yield from _with_members(api, names, tuple(_lead(row, names) for row in rows))


def _lead(row: Mapping[str, Any], names: Mapping[str, str]) -> Lead:
    record = str(row["Id"])
    told = {word: str(row.get(name) or "") for word, name in names.items()}
    made = shapes.read_moment(row.get("CreatedDate"))
    assert made is not None, "Salesforce gives every record the time when it was made"
    touches = words.touches(told, made=made)
    converted = shapes.read_day(row.get("ConvertedDate")) if row.get("IsConverted") else None
    fields = {
        "record": record,
        "status": str(row.get("Status") or ""),
        "converted_at": converted.isoformat() if converted else "",
        "opportunity_id": str(row.get("ConvertedOpportunityId") or ""),
        "account": str(row.get("ConvertedAccountId") or ""),
    }
    company = str(row.get("Company") or "")
    return Lead(
        id=own_id(told.get("key", ""), record),
        at=made,
        person=person_key(str(row.get("Email") or "")) or record,
        company="" if company == shapes.NOT_GIVEN else company,
        heard_from=told.get("self_reported_source", ""),
        touches=touches,
        fields={name: value for name, value in fields.items() if value},
    )


def _with_members(api: Api, names: Mapping[str, str], items: tuple[Lead, ...]) -> tuple[Lead, ...]:
    """The same leads; one that shows no more than a first and a last visit gets those of its memberships too."""
    content = names.get("utm_content", "")
    bare = {long_id(lead.fields["record"]): lead for lead in items if len(lead.touches) <= 2}
    if not bare or not content or not api.usable("CampaignMember", [content]):
        return items
    columns = ["LeadId", "CreatedDate", *(names[word] for word in shapes.MEMBER if word in names)]
    found: dict[str, list[Touch]] = {}
    for row in api.having("CampaignMember", columns, "LeadId", bare):
        told = {word: str(row.get(names.get(word, "")) or "") for word in shapes.MEMBER}
        made = shapes.read_moment(row.get("CreatedDate"))
        if told["utm_content"] and made is not None:
            found.setdefault(long_id(str(row["LeadId"])), []).extend(words.touches(told, made=made))
    return tuple(
        replace(lead, touches=_joined(lead.touches, found.get(long_id(lead.fields["record"]), ())))
        for lead in items
    )


def _joined(own: tuple[Touch, ...], more: Iterable[Touch]) -> tuple[Touch, ...]:
    """All touches, a visit that both tell once."""
    known = {(touch.content, touch.at.replace(microsecond=0)) for touch in own}
    extra = [touch for touch in more if (touch.content, touch.at.replace(microsecond=0)) not in known]
    return tuple(sorted((*own, *extra), key=lambda touch: touch.at)) if extra else own


def changed_deals(api: Api, names: Mapping[str, str], after: str, currency: str) -> Iterator[Page[Deal]]:
    """Opportunities that changed at or after the mark, and those whose contact roles did."""
    gone = _gone(api, "Opportunity", "", after)
    if gone:
        yield Page(items=(), mark=after, gone=gone)
    where = f"SystemModstamp >= {after}" if after else ""
    seen: set[str] = set()
    mark = after
    for rows in api.select("Opportunity", _DEAL, where, tail="ORDER BY SystemModstamp, Id"):
        seen |= {str(row["Id"]) for row in rows}
        mark = _mark(rows, after)
        yield Page(items=_deals(api, names, rows, currency), mark=mark)
    if after:
        roles = api.all("OpportunityContactRole", ["OpportunityId"], where)
        more = {str(row["OpportunityId"]) for row in roles} - seen
        rows = api.having("Opportunity", _DEAL, "Id", more)
        if rows:
            yield Page(items=_deals(api, names, rows, currency), mark=mark)


def deals(api: Api, names: Mapping[str, str], since: datetime | None, currency: str) -> Iterator[Deal]:
    """Every opportunity, oldest first."""
    where = f"CreatedDate >= {shapes.moment(since)}" if since else ""
    for rows in api.select("Opportunity", _DEAL, where, tail="ORDER BY CreatedDate, Id"):
        yield from _deals(api, names, rows, currency)


def _deals(api: Api, names: Mapping[str, str], rows: list[dict[str, Any]], currency: str) -> tuple[Deal, ...]:
    ids = [long_id(str(row["Id"])) for row in rows]
    roles: dict[str, list[tuple[bool, str]]] = {}
    for row in api.having(
        "OpportunityContactRole", ("OpportunityId", "ContactId", "IsPrimary"), "OpportunityId", ids
    ):
        contact = long_id(str(row.get("ContactId") or ""))
        if contact:
            roles.setdefault(long_id(str(row["OpportunityId"])), []).append(
                (not row.get("IsPrimary"), contact)
            )
    contacts = {contact for part in roles.values() for _, contact in part}
    people = {
        long_id(str(row["Id"])): person_key(str(row.get("Email") or ""))
        for row in api.having("Contact", ("Id", "Email"), "Id", contacts)
    }
    key = names.get("key", "")
    columns = [
        *("Id", "CreatedDate", "Email", "ConvertedContactId", "ConvertedOpportunityId"),
        *([key] if key else []),
    ]
    by_deal: dict[str, list[Mapping[str, Any]]] = {}
    by_contact: dict[str, list[Mapping[str, Any]]] = {}
    for column, values, found in (
        ("ConvertedOpportunityId", ids, by_deal),
        ("ConvertedContactId", list(contacts), by_contact),
    ):
        for lead in sorted(
            api.having("Lead", columns, column, values), key=lambda row: (str(row["CreatedDate"]), row["Id"])
        ):
            found.setdefault(long_id(str(lead[column])), []).append(lead)
    return tuple(
        _deal(row, sorted(roles.get(long_id(str(row["Id"])), ())), people, by_deal, by_contact, key, currency)
        for row in rows
    )


def _deal(
    row: Mapping[str, Any],
    roles: list[tuple[bool, str]],
    people: Mapping[str, str],
    by_deal: Mapping[str, list[Mapping[str, Any]]],
    by_contact: Mapping[str, list[Mapping[str, Any]]],
    key: str,
    currency: str,
) -> Deal:
    """The lead it was converted from, else that of the primary contact, else of any contact."""
    record = str(row["Id"])
    converted = by_deal.get(long_id(record), [])
    others = [lead for _, contact in roles for lead in by_contact.get(contact, ())]
    lead = next(iter((*converted, *others)), None)
    everyone = [
        *(person_key(str(item.get("Email") or "")) for item in converted),
        *(people.get(contact, "") for _, contact in roles),
    ]
    known = tuple(dict.fromkeys(person for person in everyone if person))
    made = shapes.read_moment(row.get("CreatedDate"))
    assert made is not None, "Salesforce gives every record the time when it was made"
    return Deal(
        id=record,
        lead_id=own_id(str(lead.get(key) or "") if key else "", str(lead["Id"])) if lead else "",
        person=known[0] if known else "",
        people=known,
        account=str(row.get("AccountId") or ""),
        created=made,
        closed=shapes.read_day(row.get("CloseDate")) if row.get("IsClosed") else None,
        won=bool(row.get("IsWon")),
        stage=str(row.get("StageName") or ""),
        amount=shapes.money(row.get("Amount")),
        currency=str(row.get("CurrencyIsoCode") or currency),
    )


def _gone(api: Api, kind: str, key: str, after: str) -> tuple[str, ...]:
    """What was deleted, or merged into another record, since the mark. Salesforce tells for 15 days."""
    if not after:
        return ()
    columns = ["Id", *([key] if key else [])]
    try:
        pages = list(
            api.select(kind, columns, f"IsDeleted = true AND SystemModstamp >= {after}", deleted=True)
        )
    except RemoteError as error:
        if error.status in (400, 404):
            return ()  # our user may not look into the bin; `crm sync --full` finds them
        raise
    return tuple(own_id(str(row.get(key) or ""), str(row["Id"])) for page in pages for row in page)


def _mark(rows: list[dict[str, Any]], before: str) -> str:
    """How far these records bring us: a little less than the last change, and never backwards."""
    stamps = [stamp for row in rows if (stamp := shapes.read_moment(row.get("SystemModstamp")))]
    if not stamps:
        return before
    found = shapes.moment(max(stamps) - OVERLAP)
    return max(found, before)
