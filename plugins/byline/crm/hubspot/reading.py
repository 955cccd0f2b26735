"""Contacts and deals out of HubSpot, page by page, so that a run may stop anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, TypeVar

from byline.crm import _fields as words
from byline.crm.base import Page, Row, Totals, own_id, person_key
from byline.crm.hubspot.calls import HubSpotCalls, chunks
from byline.model import Deal, Lead, Touch
from byline.times import Clock

LIST, SEARCH = 100, 200  # records a page
OVERLAP = timedelta(minutes=10)  # a search may not know yet what changed a moment ago
_MODIFIED = {"contacts": "lastmodifieddate", "deals": "hs_lastmodifieddate"}
_DEAL = (
    "dealname,amount,dealstage,pipeline,closedate,createdate,hs_is_closed,hs_is_closed_won,deal_currency_code"
)
Thing = TypeVar("Thing")


class Reading:
    """Reads one account. `fields` are our words with HubSpot's names, `currency` that of amounts without one."""

    def __init__(self, calls: HubSpotCalls, clock: Clock, fields: Mapping[str, str], currency: str) -> None:
        self._calls = calls
        self._clock = clock
        self._fields = fields
        self._currency = currency
        self._stages: Mapping[str, str] | None = None
        self._usual = ""

    def lead_properties(self) -> list[str]:
        """What is asked for of a contact."""
        own = (
            "email",
            "company",
            "message",
            "createdate",
            "lifecyclestage",
            "hs_lead_status",
            "associatedcompanyid",
        )
        return [*own, "firstname", "lastname", *self._fields.values()]

    # What changed.

    def changed(
        self,
        kind: str,
        after: str,
        read: Callable[[Sequence[Mapping[str, Any]]], tuple[list[Thing], list[Row]]],
    ) -> Iterator[Page[Thing]]:
        """At first every record by the list, which has no end at ten thousand and lags behind nothing; then by a
        search over what changed, in windows of record numbers, which meets neither limit either."""
        mark = _mark(after)
        wanted = self.lead_properties() if kind == "contacts" else _DEAL.split(",")
        if "since" not in mark:
            yield from self._listed(kind, mark, wanted, read)
        else:
            yield from self._searched(kind, mark, wanted, read)

    def _listed(
        self,
        kind: str,
        mark: Mapping[str, str],
        wanted: Sequence[str],
        read: Callable[[Sequence[Mapping[str, Any]]], tuple[list[Thing], list[Row]]],
    ) -> Iterator[Page[Thing]]:
        asked = self._clock.now()
        started = mark.get("started", "")
        cursor = mark.get("after", "")
        while True:
            params = {"limit": str(LIST), "properties": ",".join(wanted)}
            answer = self._calls.get(
                self._calls.objects(kind), params | ({"after": cursor} if cursor else {})
            )
            body = self._calls.whole(answer, f"the {kind}")
            started = started or self._begun(asked)
            items, failed = read(body["results"])
            cursor = _next(body)
            onward = {"started": started, "after": cursor} if cursor else {"since": self._back(started)}
            yield Page(items=tuple(items), mark=json.dumps(onward), failed=tuple(failed))
            if not cursor:
                return

    def _searched(
        self,
        kind: str,
        mark: Mapping[str, str],
        wanted: Sequence[str],
        read: Callable[[Sequence[Mapping[str, Any]]], tuple[list[Thing], list[Row]]],
    ) -> Iterator[Page[Thing]]:
        asked = self._clock.now()
        since, until = mark["since"], mark.get("until", "")
        last = mark.get("last", "0")
        while True:
            filters = [
                _filter(_MODIFIED[kind], "GTE", _milliseconds(since)),
                _filter("hs_object_id", "GT", last),
            ]
            body = self._calls.search(
                kind,
                {
                    "filterGroups": [{"filters": filters}],
                    "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                    "properties": list(wanted),
                    "limit": SEARCH,
                },
            )
            rows = body["results"]
            until = until or self._begun(asked)
            items, failed = read(rows)
            over = not rows or not _next(body)
            last = str(rows[-1]["id"]) if rows else last
            gone = self._gone(kind, since) if over else ()
            onward = {"since": self._back(until)} if over else {"since": since, "until": until, "last": last}
            yield Page(items=tuple(items), mark=json.dumps(onward), gone=gone, failed=tuple(failed))
            if over:
                return

    def _gone(self, kind: str, since: str) -> tuple[str, ...]:
        """What was deleted since, by the ids under which we know it."""
        out: list[str] = []
        cursor = ""
        key = self._fields.get("key", "")
        begin = words.instant(since) or datetime.min.replace(tzinfo=UTC)
        while True:
            params = {"limit": str(LIST), "archived": "true", "properties": key}
            answer = self._calls.get(
                self._calls.objects(kind), params | ({"after": cursor} if cursor else {})
            )
            body = self._calls.whole(answer, f"deleted {kind}")
            for one in body["results"]:
                at = words.instant(str(one.get("archivedAt") or "")) or begin
                if at >= begin:
                    ours = str((one.get("properties") or {}).get(key) or "")
                    out.append(own_id(ours, str(one["id"])))
            cursor = _next(body)
            if not cursor:
                return tuple(out)

    def _begun(self, asked: datetime) -> str:
        """When a run began, by the slower of two clocks: nothing that changes from now on is missed."""
        told = self._calls.answered
        return words.stamp(min(asked, told) if told else asked)

    def _back(self, moment: str) -> str:
        found = words.instant(moment) or self._clock.now()
        return words.stamp(found - OVERLAP)

    # Leads.

    def leads_of(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Lead], list[Row]]:
        """Contacts as leads, without the person."""
        found: list[Lead] = []
        failed: list[Row] = []
        for row in rows:
            values = {name: value or "" for name, value in (row.get("properties") or {}).items()}
            record = str(row.get("id") or "")
            at = words.instant(values.get("createdate", "")) or words.instant(str(row.get("createdAt") or ""))
            if at is None or not record:
                failed.append(Row(key=record, change="failed", record=record, message="no time of creation"))
                continue
            found.append(self._lead(record, at, values))
        return found, failed

    def _lead(self, record: str, at: datetime, values: Mapping[str, str]) -> Lead:
        key = own_id(self._own(values, "key"), record)
        told = {
            "record": record,
            "status": values.get("hs_lead_status") or values.get("lifecyclestage", ""),
            "account": values.get("associatedcompanyid", ""),
        }
        return Lead(
            id=key,
            at=at,
            person=person_key(values.get("email", "")) or key,
            company=values.get("company", ""),
            heard_from=self._own(values, "self_reported_source"),
            touches=self.touches(values, at),
            fields=MappingProxyType({name: value for name, value in told.items() if value}),
        )

    def touches(self, values: Mapping[str, str], made: datetime) -> tuple[Touch, ...]:
        """The journey that a contact's properties tell."""
        return words.touches({word: values.get(name) for word, name in self._fields.items()}, made=made)

    def _own(self, values: Mapping[str, str], word: str) -> str:
        return values.get(self._fields.get(word, ""), "")

    def contacts(self, records: Sequence[str], properties: Sequence[str] = ()) -> dict[str, dict[str, str]]:
        """Contacts by their numbers; those that are gone are left out."""
        out: dict[str, dict[str, str]] = {}
        for part in chunks(list(records), 100):
            body = {
                "inputs": [{"id": one} for one in part],
                "properties": list(properties) or self.lead_properties(),
            }
            path = self._calls.objects("contacts", "batch", "read")
            for one in self._calls.read_batch(path, body, "contacts"):
                out[str(one["id"])] = {name: value or "" for name, value in one["properties"].items()}
        return out

    # Deals.

    def deals_of(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Deal], list[Row]]:
        """Deals with everybody who has a part in them."""
        people: dict[str, list[str]] = {}
        for part in chunks([str(row["id"]) for row in rows], 100):
            body = {"inputs": [{"id": one} for one in part]}
            for one in self._calls.read_batch(
                self._calls.links("deals", "contacts"), body, "who belongs to deals"
            ):
                ids = [str(to["toObjectId"]) for to in one.get("to") or ()]
                people[str(one["from"]["id"])] = ids
        key, content = self._fields.get("key", ""), self._fields.get("utm_content", "")
        records = sorted({one for ids in people.values() for one in ids})
        asked = ["email", "createdate", "associatedcompanyid", *filter(None, (key, content))]
        contacts = self.contacts(records, asked) if records else {}
        found: list[Deal] = []
        failed: list[Row] = []
        for row in rows:
            given = self._deal(
                row, [(one, contacts[one]) for one in people.get(str(row["id"]), ()) if one in contacts]
            )
            (found if isinstance(given, Deal) else failed).append(given)  # type: ignore[arg-type]
        return found, failed

    def _deal(self, row: Mapping[str, Any], contacts: Sequence[tuple[str, Mapping[str, str]]]) -> Deal | Row:
        record = str(row["id"])
        values = {name: value or "" for name, value in (row.get("properties") or {}).items()}
        created = words.instant(values.get("createdate", "")) or words.instant(
            str(row.get("createdAt") or "")
        )
        try:
            amount = Decimal(values.get("amount") or "0")
        except InvalidOperation:
            amount = Decimal("NaN")
        if created is None or not amount.is_finite():
            return Row(
                key=record,
                change="failed",
                record=record,
                kind="deal",
                message="its amount or its time of creation cannot be read",
                fix="correct the deal in HubSpot",
            )
        # Who was first, and of those first at the same moment the one whose posts we know.
        ranked = sorted(
            contacts,
            key=lambda one: (not self._tracked(one[1]), one[1].get("createdate", ""), int(one[0])),
        )
        closed = words.instant(values.get("closedate", "")) if values.get("hs_is_closed") == "true" else None
        return Deal(
            id=record,
            lead_id=own_id(self._own(ranked[0][1], "key"), ranked[0][0]) if ranked else "",
            person=person_key(ranked[0][1].get("email", "")) if ranked else "",
            people=tuple(filter(None, (person_key(one.get("email", "")) for _, one in ranked))),
            account=next(filter(None, (one.get("associatedcompanyid", "") for _, one in ranked)), ""),
            created=created,
            closed=closed,
            won=values.get("hs_is_closed_won") == "true",
            stage=self._stage(values),
            amount=amount,
            currency=values.get("deal_currency_code") or self._usual_currency(),
        )

    def _tracked(self, values: Mapping[str, str]) -> bool:
        return bool(self._own(values, "key") or self._own(values, "utm_content"))

    def _stage(self, values: Mapping[str, str]) -> str:
        if self._stages is None:
            answer = self._calls.get(self._calls.pipelines())
            lines = answer.object().get("results") if answer.ok else []
            self._stages = {
                f"{line['id']}/{stage['id']}": str(stage["label"])
                for line in lines or ()
                for stage in line.get("stages") or ()
            }
        stage = values.get("dealstage", "")
        return self._stages.get(f"{values.get('pipeline', '')}/{stage}", stage)

    def _usual_currency(self) -> str:
        self._usual = self._usual or self._calls.currency() or self._currency
        return self._usual

    # HubSpot's own numbers.

    def totals(self, since: datetime | None = None) -> Totals:
        """Counted by searches; won money is added up over all won deals."""
        made = [_filter("createdate", "GTE", _milliseconds(words.stamp(since)))] if since else []
        content = self._fields.get("utm_content", "")
        won: dict[str, Decimal] = {}
        count, last = 0, "0"
        while True:
            wanted = [*made, _filter("hs_is_closed_won", "EQ", "true"), _filter("hs_object_id", "GT", last)]
            body = self._calls.search(
                "deals",
                {
                    "filterGroups": [{"filters": wanted}],
                    "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
                    "properties": ["amount", "deal_currency_code"],
                    "limit": SEARCH,
                },
            )
            for row in body["results"]:
                values = row["properties"]
                currency = values.get("deal_currency_code") or self._usual_currency()
                won[currency] = won.get(currency, Decimal(0)) + Decimal(values.get("amount") or "0")
                count, last = count + 1, str(row["id"])
            if not body["results"] or not _next(body):
                break
        tracked = [*made, {"propertyName": content, "operator": "HAS_PROPERTY"}] if content else None
        return Totals(
            leads=self._count("contacts", made),
            tracked=self._count("contacts", tracked) if tracked else None,
            deals=self._count("deals", made),
            won_deals=count,
            won=MappingProxyType(won),
        )

    def _count(self, kind: str, filters: Sequence[Mapping[str, Any]]) -> int | None:
        groups = [{"filters": list(filters)}] if filters else []
        found = self._calls.search(kind, {"filterGroups": groups, "limit": 1}).get("total")
        return found if isinstance(found, int) else None


def _filter(name: str, operator: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


def _milliseconds(stamp: str) -> str:
    moment = words.instant(stamp)
    return str(int(moment.timestamp() * 1000)) if moment else "0"


def _next(body: Mapping[str, Any]) -> str:
    return str(((body.get("paging") or {}).get("next") or {}).get("after") or "")


def _mark(after: str) -> dict[str, str]:
    try:
        found = json.loads(after) if after else {}
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
