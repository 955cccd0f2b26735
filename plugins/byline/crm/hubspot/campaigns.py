"""Campaigns in HubSpot: found by our key, written only when something differs."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from byline.crm import _fields as words
from byline.crm.base import Promotion, Row
from byline.crm.hubspot.calls import HubSpotCalls
from byline.errors import NotSent, RemoteError

_KEY = re.compile(r"\bByline: (byline:(?:campaign|post):[\w-]+)")
_READ = "hs_name,hs_start_date,hs_end_date,hs_notes,byline_key"
NAME, NOTES = 255, 60_000


class Campaigns:
    """All campaigns of the account, read once, then written one by one: a create has no key of ours to be sure of."""

    def __init__(self, calls: HubSpotCalls) -> None:
        self._calls = calls
        self._found: dict[str, dict[str, Any]] = {}
        self._own_property = True

    def read(self) -> bool:
        """Read them all; False when the account or the token has no right to campaigns."""
        after = ""
        while True:
            params = {"limit": "100", "properties": _READ, **({"after": after} if after else {})}
            answer = self._calls.get(self._calls.campaigns(), params)
            if answer.status == 403:
                return False
            body = self._calls.whole(answer, "the campaigns")
            for one in body["results"]:
                key = _key_of(one.get("properties") or {})
                if key:
                    self._found.setdefault(key, one)
            after = str(((body.get("paging") or {}).get("next") or {}).get("after") or "")
            if not after:
                return True

    def put(self, item: Promotion) -> Row:
        """Make or change one. Raises OutcomeUnknown when its answer got lost: the next run finds it by its key."""
        have = self._found.get(item.key)
        wanted = _wanted(item, str(((have or {}).get("properties") or {}).get("hs_notes") or ""))
        try:
            if have is None:
                made = self._create(item, wanted)
                self._found[item.key] = {"id": made, "properties": wanted}
                if item.cost:
                    self._spend(made, item)
                return Row(key=item.key, change="added", record=made, kind="campaign")
            record = str(have["id"])
            old = {name: value or "" for name, value in (have.get("properties") or {}).items()}
            changes = {
                name: value for name, value in wanted.items() if _plain(old.get(name, "")) != _plain(value)
            }
            if not changes:
                return Row(key=item.key, change="same", record=record, kind="campaign")
            if _cost_line(old.get("hs_notes", "")) != _cost_line(wanted["hs_notes"]):
                self._spend(record, item)
            answer = self._calls.call("PATCH", self._calls.campaigns(record), json={"properties": changes})
            if not answer.ok:
                raise self._calls.refused(answer, "the campaign")
            return Row(key=item.key, change="changed", record=record, kind="campaign")
        except RemoteError as error:
            if isinstance(error, NotSent) or error.status is None:
                raise
            return Row(key=item.key, change="failed", message=error.message, fix=error.hint, kind="campaign")

    def _create(self, item: Promotion, wanted: Mapping[str, str]) -> str:
        for own in (True, False) if self._own_property else (False,):
            values = {**wanted, **({"byline_key": item.key} if own else {})}
            answer = self._calls.call(
                "POST", self._calls.campaigns(), json={"properties": values}, repeatable=False
            )
            if answer.status == 400 and own and "byline_key" in answer.text:
                self._own_property = False  # campaigns of this account have no property of ours
                continue
            break
        made = str(answer.object().get("id") or "")
        if answer.status != 201 or not made:
            raise self._calls.refused(answer, "the campaign")
        return made

    def _spend(self, record: str, item: Promotion) -> None:
        """The cost as one item of what was spent, under our key."""
        answer = self._calls.get(self._calls.campaigns(record, "budget", "totals"))
        items = answer.object().get("spendItems") if answer.ok else None
        if not isinstance(items, list):
            raise self._calls.refused(answer, "the campaign's costs")
        value = {"name": item.key, "amount": float(item.cost), "order": 0, "description": "Written by Byline"}
        ours = next((one for one in items if one.get("name") == item.key), None)
        if ours is not None and Decimal(str(ours.get("amount"))) == item.cost:
            return
        if ours is None:
            answer = self._calls.call(
                "POST", self._calls.campaigns(record, "spend"), json=value, repeatable=False
            )
        else:
            answer = self._calls.call(
                "PUT", self._calls.campaigns(record, "spend", str(ours["id"])), json=value
            )
        if not answer.ok:
            raise self._calls.refused(answer, "the campaign's costs")


def _wanted(item: Promotion, notes: str) -> dict[str, str]:
    figures = ", ".join(f"{number} {name}" for name, number in item.figures.items())
    lines = [
        item.text,
        item.url if item.url not in item.text else "",
        figures if figures not in item.text else "",
    ]
    lines.append(f"Cost: {item.cost:.2f} {item.currency}" if item.cost else "")
    lines.append(f"Belongs to {item.parent}" if item.parent else "")
    lines.append(f"Byline: {item.key}")
    ours = "\n".join(filter(None, lines))
    found = {"hs_name": item.name[:NAME], "hs_notes": words.behind_mark(notes, ours, NOTES)}
    if item.start:
        found["hs_start_date"] = item.start.isoformat()
    if item.end:
        found["hs_end_date"] = item.end.isoformat()
    return found


def _key_of(properties: Mapping[str, Any]) -> str:
    own = str(properties.get("byline_key") or "")
    found = _KEY.findall(str(properties.get("hs_notes") or ""))
    return own or (found[-1] if found else "")


def _cost_line(notes: str) -> str:
    found = re.findall(r"\bCost: (-?[\d.]+ [A-Z]{3})", notes)
    return found[-1] if found else ""


def _plain(value: str) -> str:
    """A value however HubSpot gives it back: a day with an hour, notes with markup and other white space."""
    day = re.fullmatch(r"(\d{4}-\d\d-\d\d)(T00:00:00(\.000)?Z?)?", value)
    return day[1] if day else " ".join(html.unescape(re.sub(r"</?\w[^>]*>", " ", value)).split())
