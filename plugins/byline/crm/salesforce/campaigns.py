"""Our campaigns and posts as Salesforce campaigns, by our key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from byline.crm.base import Promotion, Row
from byline.crm.salesforce import shapes
from byline.crm.salesforce.answers import step_for
from byline.crm.salesforce.api import Api
from byline.errors import Rejected

_COLUMNS = ("Id", "Name", "ParentId", "StartDate", "EndDate", "ActualCost", "Description", "CurrencyIsoCode")


def put(api: Api, names: Mapping[str, str], promotions: Sequence[Promotion]) -> tuple[Row, ...]:
    """Make or change each; parents go first, since a child names the parent's id."""
    column = names.get("key", "")
    if not api.usable("Campaign", [column] if column else []):
        raise Rejected(
            "Salesforce has no field for our key at campaigns, so a campaign could come twice",
            service="Salesforce",
            hint="run `publish crm setup`, which shows what is missing and makes it",
        )
    wanted = {key for item in promotions for key in (item.key, item.parent) if key}
    there = {str(row.get(column)): row for row in api.having("Campaign", (*_COLUMNS, column), column, wanted)}
    ids = {key: str(row["Id"]) for key, row in there.items()}
    rows: dict[str, Row] = {}
    for children in (False, True):
        part = [item for item in promotions if bool(item.parent) is children]
        for row in _put(api, column, part, there, ids):
            rows[row.key] = row
            if row.record:
                ids[row.key] = row.record
    return tuple(rows[item.key] for item in promotions)


def _put(
    api: Api,
    column: str,
    promotions: Sequence[Promotion],
    there: Mapping[str, Mapping[str, Any]],
    ids: Mapping[str, str],
) -> list[Row]:
    found: dict[str, Row] = {}
    sending: list[tuple[Promotion, dict[str, Any]]] = []
    for item in promotions:
        old = there.get(item.key)
        record = _record(item, old, ids.get(item.parent, ""))
        right = "createable" if old is None else "updateable"
        usable = api.usable("Campaign", record, right=right)
        changed = {
            name: record[name] for name in usable if old is None or not _equal(record[name], old.get(name))
        }
        if old is not None and not changed:
            found[item.key] = Row(key=item.key, change="same", record=str(old["Id"]), kind="campaign")
        else:
            sending.append((item, changed))
    answers = api.put("Campaign", [{column: item.key, **record} for item, record in sending], by=column)
    for (item, _), done in zip(sending, answers, strict=True):
        found[item.key] = Row(
            key=item.key,
            change="failed" if not done.ok else "changed" if item.key in there else "added",
            record=done.id or ids.get(item.key, ""),
            message=done.message,
            fix="" if done.ok else step_for(done),
            kind="campaign",
        )
    return [found[item.key] for item in promotions]


def _record(item: Promotion, old: Mapping[str, Any] | None, parent: str) -> dict[str, Any]:
    """What shall stand there. A new one is active, for only active ones take part in Salesforce's own influence;
    whether it stays so is for people to say."""
    record: dict[str, Any] = {
        "Name": item.name[: shapes.NAME].strip() or item.key,
        "Description": _description(item, str((old or {}).get("Description") or "")),
    }
    if old is None:
        record["IsActive"] = True
        if item.currency:
            record["CurrencyIsoCode"] = item.currency
    if parent:
        record["ParentId"] = parent
    if item.start:
        record["StartDate"] = item.start.isoformat()
    if item.end:
        record["EndDate"] = item.end.isoformat()
    same_currency = old is None or old.get("CurrencyIsoCode") in (None, "", item.currency)
    if item.cost and same_currency:
        record["ActualCost"] = float(item.cost)
    return record


def _description(item: Promotion, old: str) -> str:
    """Ours stands behind a mark; what people wrote before it stays."""
    ours = item.text or item.url
    theirs = old.partition(shapes.MARK)[0].strip()
    text = "\n".join(part for part in (theirs, f"{shapes.MARK}\n{ours}" if ours else "") if part)
    return text[: shapes.DESCRIPTION]


def _equal(new: Any, old: Any) -> bool:
    if isinstance(new, float):
        return old is not None and shapes.money(new) == shapes.money(old)
    if isinstance(new, str):
        # Salesforce gives back line breaks as CRLF, and ids with 15 or 18 letters.
        return new.replace("\r\n", "\n").strip() == str(old or "").replace("\r\n", "\n").strip()
    return bool(new == old)
