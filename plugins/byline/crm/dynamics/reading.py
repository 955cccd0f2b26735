"""Leads and opportunities out of Dataverse, page by page, so that a run may stop anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, TypeVar

from byline.crm import _fields as words
from byline.crm.base import Page, Row, Totals, own_id, person_key
from byline.crm.dynamics.calls import DataverseCalls, chunks
from byline.crm.dynamics.stakeholders import Contact, Stakeholders
from byline.model import Deal, Lead
from byline.times import Clock

SIZE = 500  # rows a page
OVERLAP = timedelta(minutes=2)  # a row's time is taken before it can be seen
COUNTED = 5000  # where `$count` stops counting
_LABELS = 'odata.include-annotations="OData.Community.Display.V1.FormattedValue"'
_SHOWN = "@OData.Community.Display.V1.FormattedValue"
_LEAD = (
    *("leadid", "createdon", "modifiedon", "companyname", "emailaddress1", "statecode", "statuscode"),
    *("_qualifyingopportunityid_value", "_parentaccountid_value", "_campaignid_value"),
)
_DEAL = (
    *("opportunityid", "createdon", "modifiedon", "statecode", "statuscode", "estimatedvalue", "actualvalue"),
    *("actualclosedate", "_originatingleadid_value", "_parentaccountid_value", "_customerid_value"),
)
OPEN, WON = 0, 1
Thing = TypeVar("Thing")


class Reading:
    """Reads one environment. `fields` are our words with the columns' names."""

    def __init__(
        self, calls: DataverseCalls, clock: Clock, fields: Mapping[str, str], key: str, currency: str
    ) -> None:
        self._calls = calls
        self._clock = clock
        self._fields = fields
        self._key = key
        self._currency = currency
        self._stakeholders = Stakeholders(calls)

    def lead_columns(self) -> list[str]:
        """What is asked for of a lead."""
        return [*_LEAD, *dict.fromkeys((self._key, *self._fields.values()))]

    # Leads.

    def changed_leads(self, after: str) -> Iterator[Page[Lead]]:
        """Pages of leads that changed since the mark."""
        return self._changed("leads", {"$select": ",".join(self.lead_columns())}, after, self._leads_of)

    def _changed(
        self,
        table: str,
        asked: Mapping[str, str],
        after: str,
        read: Callable[[Sequence[Mapping[str, Any]]], tuple[list[Thing], list[Row]]],
    ) -> Iterator[Page[Thing]]:
        """What changed since, in the order in which it was made: that order stands still while we write.

        The next run begins at the last change that was there when this one began, by the service's own clock.
        """
        mark = _mark(after)
        since, begun = mark.get("since", ""), mark.get("from", "")
        until = mark.get("until") or self._last_change(table) or since
        parts = [_at_least("modifiedon", since, OVERLAP), _at_least("createdon", begun)]
        wanted = {**asked, "$orderby": "createdon asc"}
        if any(parts):
            wanted["$filter"] = " and ".join(filter(None, parts))
        before: tuple[Page[Thing], str] | None = None
        for rows in self._calls.rows(table, wanted, size=SIZE, prefer=_LABELS):
            if before is not None:
                onward = {"since": since, "until": until, "from": before[1]}
                yield replace(before[0], mark=json.dumps(onward))
            items, failed = read(rows)
            begun = max([begun, *(str(row.get("createdon") or "") for row in rows)])
            before = (Page(items=tuple(items), mark="", failed=tuple(failed)), begun)
        assert before is not None
        yield replace(before[0], mark=json.dumps({"since": until}))

    def _last_change(self, table: str) -> str:
        answer = self._calls.get(table, {"$select": "modifiedon", "$orderby": "modifiedon desc", "$top": "1"})
        rows = answer.object().get("value")
        if not answer.ok or not isinstance(rows, list):
            raise self._calls.refused(answer, f"the last change of {table}")
        return str(rows[0].get("modifiedon") or "") if rows else ""

    def _leads_of(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Lead], list[Row]]:
        found: list[Lead] = []
        failed: list[Row] = []
        for row in rows:
            record = str(row.get("leadid") or "")
            at = words.instant(str(row.get("createdon") or ""))
            if at is None or not record:
                failed.append(Row(key=record, change="failed", record=record, message="no time of creation"))
            else:
                found.append(self._lead(record, at, row))
        return found, failed

    def _lead(self, record: str, at: datetime, row: Mapping[str, Any]) -> Lead:
        key = own_id(str(row.get(self._key) or ""), record)
        told = {
            "record": record,
            "status": str(row.get(f"statuscode{_SHOWN}") or row.get(f"statecode{_SHOWN}") or ""),
            "opportunity_id": str(row.get("_qualifyingopportunityid_value") or ""),
            "account": str(row.get("_parentaccountid_value") or ""),
        }
        ours = {word: _text(row.get(name)) for word, name in self._fields.items()}
        return Lead(
            id=key,
            at=at,
            person=person_key(str(row.get("emailaddress1") or "")) or key,
            company=str(row.get("companyname") or ""),
            heard_from=ours.get("self_reported_source", ""),
            touches=words.touches(ours, made=at),
            fields=MappingProxyType({name: value for name, value in told.items() if value}),
        )

    def leads_by_id(self, records: Sequence[str], columns: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
        """Leads by the vendor's ids; those that are gone are left out."""
        out: dict[str, dict[str, Any]] = {}
        for part in chunks([one for one in records if one], 25):
            asked = {
                "$select": ",".join(columns or self.lead_columns()),
                "$filter": " or ".join(f"leadid eq {one}" for one in part),
            }
            for rows in self._calls.rows("leads", asked, size=SIZE):
                out |= {str(row["leadid"]): row for row in rows}
        return out

    # Opportunities.

    def changed_deals(self, after: str) -> Iterator[Page[Deal]]:
        """Pages of opportunities that changed since the mark, or that somebody was connected to since."""
        asked = {
            "$select": ",".join(_DEAL),
            "$expand": "parentcontactid($select=emailaddress1,_originatingleadid_value),"
            "transactioncurrencyid($select=isocurrencycode)",
        }
        seen: set[str] = set()
        last: Page[Deal] | None = None
        for page in self._changed("opportunities", asked, after, self._deals_of):
            if last is not None:
                yield last
            last = page
            seen |= {deal.id for deal in page.items}
        assert last is not None
        joined = self._stakeholders.changed(_mark(after).get("since", ""), OVERLAP) - seen
        rows: list[dict[str, Any]] = []
        for part in chunks(sorted(joined), 25):
            among = " or ".join(f"opportunityid eq {one}" for one in part)
            wanted = {**asked, "$filter": among}
            rows += [
                row
                for found in self._calls.rows("opportunities", wanted, size=SIZE, prefer=_LABELS)
                for row in found
            ]
        items, failed = self._deals_of(rows)
        yield replace(last, items=(*last.items, *items), failed=(*last.failed, *failed))

    def _deals_of(self, rows: Sequence[Mapping[str, Any]]) -> tuple[list[Deal], list[Row]]:
        people = self._stakeholders.of([str(row.get("opportunityid") or "") for row in rows])
        starts = {
            key: _start(row, people.get(key, ()))
            for key, row in ((str(row.get("opportunityid")), row) for row in rows)
        }
        wanted = ["leadid", "emailaddress1", self._key]
        leads = self.leads_by_id(sorted({one for one in starts.values() if one}), wanted)
        items: list[Deal] = []
        failed: list[Row] = []
        for row in rows:
            key = str(row.get("opportunityid"))
            given = self._deal(row, leads.get(starts[key], {}), people.get(key, ()))
            (items if isinstance(given, Deal) else failed).append(given)  # type: ignore[arg-type]
        return items, failed

    def _deal(self, row: Mapping[str, Any], lead: Mapping[str, Any], others: Sequence[Contact]) -> Deal | Row:
        record = str(row.get("opportunityid") or "")
        created = words.instant(str(row.get("createdon") or ""))
        won, over = row.get("statecode") == WON, row.get("statecode") != OPEN
        raw = (
            row.get("actualvalue")
            if won and row.get("actualvalue") is not None
            else row.get("estimatedvalue")
        )
        try:
            amount = Decimal(str(raw if raw is not None else 0))
        except InvalidOperation:
            amount = Decimal("NaN")
        if created is None or not amount.is_finite():
            return Row(
                key=record,
                change="failed",
                record=record,
                kind="deal",
                message="its value or its time of creation cannot be read",
                fix="correct the opportunity in Dynamics",
            )
        contact = row.get("parentcontactid") or {}
        emails = [str(one.get("emailaddress1") or "") for one in (lead, contact)]
        emails += [one.email for one in others]
        people = tuple(dict.fromkeys(filter(None, map(person_key, emails))))
        currency = (row.get("transactioncurrencyid") or {}).get("isocurrencycode")
        return Deal(
            id=record,
            lead_id=own_id(str(lead.get(self._key) or ""), str(lead["leadid"])) if lead else "",
            person=people[0] if people else "",
            people=people,
            account=str(row.get("_parentaccountid_value") or row.get("_customerid_value") or ""),
            created=created,
            closed=words.instant(str(row.get("actualclosedate") or "")) if over else None,
            won=won,
            stage=str(row.get(f"statuscode{_SHOWN}") or row.get(f"statecode{_SHOWN}") or ""),
            amount=amount,
            currency=str(currency or self._currency),
        )

    # The environment's own numbers.

    def totals(self, since: datetime | None = None) -> Totals:
        """Counted there, by pages where `$count` no longer counts; won money is added up over all won rows."""
        made = f"createdon ge {words.stamp(since.replace(microsecond=0))}" if since else ""
        content = self._fields.get("utm_content", "")
        won: dict[str, Decimal] = {}
        number = 0
        asked = {
            "$select": "actualvalue",
            "$expand": "transactioncurrencyid($select=isocurrencycode)",
            "$filter": " and ".join(filter(None, (f"statecode eq {WON}", made))),
        }
        for rows in self._calls.rows("opportunities", asked, size=COUNTED):
            for row in rows:
                currency = (row.get("transactioncurrencyid") or {}).get("isocurrencycode") or self._currency
                won[currency] = won.get(currency, Decimal(0)) + Decimal(str(row.get("actualvalue") or 0))
                number += 1
        tracked = " and ".join(filter(None, (f"{content} ne null" if content else "", made)))
        return Totals(
            leads=self._count("leads", "leadid", made),
            tracked=self._count("leads", "leadid", tracked) if content else None,
            deals=self._count("opportunities", "opportunityid", made),
            won_deals=number,
            won=MappingProxyType(won),
        )

    def _count(self, table: str, column: str, condition: str) -> int:
        asked = {"$select": column, **({"$filter": condition} if condition else {})}
        answer = self._calls.get(table, {**asked, "$count": "true"}, prefer="odata.maxpagesize=1")
        found = answer.object().get("@odata.count")
        if not answer.ok or not isinstance(found, int):
            raise self._calls.refused(answer, f"the number of {table}")
        if found < COUNTED:
            return found
        return sum(len(rows) for rows in self._calls.rows(table, asked, size=COUNTED))


def _start(row: Mapping[str, Any], others: Sequence[Contact]) -> str:
    """The lead that the opportunity began with: its own, else its contact's, else that of the first stakeholder."""
    contact = row.get("parentcontactid") or {}
    own = row.get("_originatingleadid_value") or contact.get("_originatingleadid_value")
    return str(own or next((one.lead for one in others if one.lead), ""))


def _at_least(column: str, stamp: str, less: timedelta = timedelta(0)) -> str:
    moment = words.instant(stamp) if stamp else None
    return f"{column} ge {words.stamp((moment - less).replace(microsecond=0))}" if moment else ""


def _mark(after: str) -> dict[str, str]:
    try:
        found = json.loads(after) if after else {}
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
