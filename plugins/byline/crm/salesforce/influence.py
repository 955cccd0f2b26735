"""Which posts led to an opportunity, as rows of Customizable Campaign Influence.

Facts: Object Reference, CampaignInfluence and CampaignInfluenceModel; help, “How Customizable Campaign Influence Works”
(read July 2026). The objects are there only where the feature is switched on. Rows of the primary model are Salesforce's
own and deleted when it counts anew, so ours stand in a model that a person makes and names after us; all rows of that
model are ours. An opportunity that is closed takes no new ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from byline.crm.base import Change, Influence, Row, person_key
from byline.crm.salesforce import shapes
from byline.crm.salesforce.answers import Done, step_for
from byline.crm.salesforce.api import Api
from byline.crm.salesforce.soql import long_id
from byline.errors import RemoteError

MODEL = "Byline"
Place = tuple[str, str, str]  # opportunity, campaign, contact


def models(api: Api) -> Mapping[str, str] | None:
    """The models by name, with their ids; None where the feature is off, or hidden from our user."""
    try:
        rows = api.all("CampaignInfluenceModel", ("Id", "DeveloperName", "MasterLabel"))
    except RemoteError as error:
        if error.status in (400, 404):
            return None
        raise
    found: dict[str, str] = {}
    for row in rows:
        for column in ("MasterLabel", "DeveloperName"):  # the second is hidden from some users
            if str(row.get(column) or "") == MODEL:
                found[MODEL] = str(row["Id"])
    return found


def put(
    api: Api, names: Mapping[str, str], deals: Sequence[str], parts: Sequence[Influence]
) -> tuple[Row, ...]:
    """Make, change and take away until these stand there; a person without a role in the opportunity is left out."""
    model = (models(api) or {}).get(MODEL, "")
    column = names.get("key", "")
    if not model or not column:
        return ()
    open_deals = {
        long_id(str(row["Id"])): row
        for row in api.having("Opportunity", ("Id", "IsClosed"), "Id", (long_id(deal) for deal in deals))
        if not row.get("IsClosed")
    }
    wanted = _wanted(api, column, open_deals, parts)
    there = {
        _place(row): row
        for row in api.having(
            "CampaignInfluence",
            ("Id", "OpportunityId", "CampaignId", "ContactId", "Influence", "ModelId"),
            "OpportunityId",
            open_deals,
        )
        if long_id(str(row.get("ModelId"))) == long_id(model)
    }
    rows = [
        Row(key=_name(place), change="same") for place in wanted if _equal(wanted[place], there.get(place))
    ]
    gone = [str(there[place]["Id"]) for place in there if place not in wanted]
    rows += _rows(gone, api.delete(gone), "changed")
    changed = [place for place in wanted if place in there and not _equal(wanted[place], there[place])]
    records = [{"Id": there[place]["Id"], "Influence": float(wanted[place])} for place in changed]
    rows += _rows(map(_name, changed), api.put("CampaignInfluence", records, by="Id"), "changed")
    fresh = [place for place in wanted if place not in there]
    made = [
        {
            "OpportunityId": place[0],
            "CampaignId": place[1],
            "ContactId": place[2],
            "ModelId": model,
            "Influence": float(wanted[place]),
        }
        for place in fresh
    ]
    rows += _rows(map(_name, fresh), api.put("CampaignInfluence", made, repeatable=False), "added")
    return tuple(rows)


def _wanted(api: Api, column: str, deals: Iterable[str], parts: Sequence[Influence]) -> dict[Place, Decimal]:
    ours = {long_id(deal) for deal in deals}
    named = [part for part in parts if long_id(part.deal) in ours]
    campaigns = {
        str(row[column]): long_id(str(row["Id"]))
        for row in api.having("Campaign", ("Id", column), column, {part.campaign for part in named})
    }
    roles = [
        (long_id(str(row["OpportunityId"])), long_id(str(row["ContactId"])))
        for row in api.having(
            "OpportunityContactRole",
            ("OpportunityId", "ContactId"),
            "OpportunityId",
            {long_id(part.deal) for part in named},
        )
        if row.get("ContactId")
    ]
    people = {
        long_id(str(row["Id"])): person_key(str(row.get("Email") or ""))
        for row in api.having("Contact", ("Id", "Email"), "Id", {contact for _, contact in roles})
    }
    contacts: dict[tuple[str, str], str] = {}
    for deal, holder in sorted(roles):
        contacts.setdefault((deal, people.get(holder, "")), holder)
    found: dict[Place, Decimal] = {}
    for part in named:
        deal = long_id(part.deal)
        contact = contacts.get((deal, part.person), "") if part.person else ""
        campaign = campaigns.get(part.campaign)
        if contact and campaign and part.percent > 0:
            place = (deal, campaign, contact)
            found[place] = found.get(place, Decimal(0)) + part.percent
    return found


def _place(row: Mapping[str, object]) -> Place:
    deal, campaign, contact = (
        long_id(str(row.get(name) or "")) for name in ("OpportunityId", "CampaignId", "ContactId")
    )
    return deal, campaign, contact


def _equal(wanted: Decimal, row: Mapping[str, object] | None) -> bool:
    return row is not None and shapes.money(row.get("Influence")) == wanted


def _name(place: Place) -> str:
    return f"{place[0]} of {place[1]}"


def _rows(keys: Iterable[str], done: Sequence[Done], change: Change) -> list[Row]:
    found = []
    for key, item in zip(keys, done, strict=True):
        if item.ok or item.has("ENTITY_IS_DELETED"):  # somebody took it away meanwhile, as we were about to
            found.append(Row(key=key, change=change, record=item.id, kind="deal"))
        else:
            found.append(Row(key=key, change="failed", message=item.message, fix=step_for(item), kind="deal"))
    return found
