"""The records of the account and who belongs to what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from byline.testing.hubspot.access import Access
from byline.testing.hubspot.shapes import (
    LINK_TYPES,
    READ_ONLY,
    TYPES,
    Record,
    batch,
    iso,
    moment_of,
    refusal,
    row_refusal,
)
from byline.testing.server import Answer, Call, answer


class Records(Access):
    """The records of the account and who belongs to what."""

    def _forget(self, kind: str, body: dict[str, Any]) -> Answer:
        record = self._find(kind, str(body.get("objectId", "")), body.get("idProperty") or "")
        if record is None:
            if body.get("idProperty") == "email":
                self.blocked.add(str(body.get("objectId")).lower())
                return Answer(status=204)
            return refusal(404, "resource not found", "OBJECT_NOT_FOUND")
        self.blocked.add(record.properties.get("email", ""))
        del self.records[kind][record.id]
        self.links = {one for one in self.links if record.id not in (one[1], one[3])}
        return Answer(status=204)

    def _sorted(self, kind: str) -> list[Record]:
        return sorted(self.records[kind].values(), key=lambda one: int(one.id))

    def _alive(self, kind: str) -> list[Record]:
        return sorted(
            (one for one in self.records[kind].values() if not one.archived), key=lambda one: int(one.id)
        )

    def _find(self, kind: str, key: str, by: str) -> Record | None:
        if not by:
            found = self.records[kind].get(key)
            return found if found and not found.archived else None
        low = key.lower() if by == "email" else key
        return next((one for one in self._alive(kind) if one.properties.get(by) == low), None)

    def _taken(self, kind: str, values: Mapping[str, Any]) -> str:
        for name, value in values.items():
            if value and self.properties[kind].get(name, {}).get("hasUniqueValue"):
                found = self._find(kind, str(value), name)
                if found:
                    return found.id
        return ""

    def _wrong(self, kind: str, values: Mapping[str, Any]) -> str:
        known = self.properties[kind]
        for name, value in values.items():
            if any(marker in str(value) for marker in self._markers):
                return (
                    f'[{{"isValid":false,"message":"{value} breaks a rule","error":"RULE","name":"{name}"}}]'
                )
            if name not in known:
                said = f'[{{"isValid":false,"message":"Property \\"{name}\\" does not exist",'
                return said + f'"error":"PROPERTY_DOESNT_EXIST","name":"{name}"}}]'
            if READ_ONLY.fullmatch(name):
                return f'[{{"isValid":false,"error":"READ_ONLY_VALUE","name":"{name}"}}]'
            if value in (None, ""):
                continue
            if name == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(value)):
                return f'[{{"isValid":false,"message":"Email address {value} is invalid","error":"INVALID_EMAIL","name":"email"}}]'
            of = known[name]["type"]
            if of == "number" and not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
                return f'[{{"isValid":false,"message":"{value} was not a valid number.","error":"INVALID_INTEGER","name":"{name}"}}]'
            if of in ("date", "datetime") and moment_of(str(value)) is None:
                return f'[{{"isValid":false,"message":"{value} was not a valid date.","error":"INVALID_DATE","name":"{name}"}}]'
            if of == "string" and len(str(value)) > 65_536:
                return f'[{{"isValid":false,"error":"PROPERTY_VALUE_TOO_LONG","name":"{name}"}}]'
        return ""

    def _make(self, kind: str, values: Mapping[str, Any]) -> Record:
        self._next += 1
        now = self.clock.now()
        record = Record(id=str(self._next), properties={}, created=now, updated=now, unseen=self.search_delay)
        if kind == "contacts":
            record.properties = {"lifecyclestage": "lead", "hs_analytics_source": "OFFLINE"}
        if kind == "deals":
            record.properties = {"pipeline": "default", "deal_currency_code": self.currency}
        record.properties["createdate"] = iso(now)
        self.records[kind][record.id] = record
        self._change(kind, record, values)
        return record

    def _change(self, kind: str, record: Record, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if value in (None, ""):
                record.properties.pop(name, None)
                continue
            shown = str(value)
            of = self.properties[kind].get(name, {}).get("type")
            moment = moment_of(shown) if of in ("date", "datetime") else None
            if moment is not None:
                shown = iso(moment)
            record.properties[name] = shown.lower() if name == "email" else shown
        record.updated = self.clock.now()
        self.writes.append(kind)
        modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        record.properties[modified] = iso(record.updated)
        if kind == "deals":
            stage = record.properties.get("dealstage", "")
            record.properties["hs_is_closed_won"] = str(stage == "closedwon").lower()
            record.properties["hs_is_closed"] = str(stage in ("closedwon", "closedlost")).lower()

    def _shown(
        self, kind: str, record: Record, wanted: list[str], linked: list[str] | None = None
    ) -> dict[str, Any]:
        modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        names = {*wanted, "createdate", modified, "hs_object_id"} & {*self.properties[kind], "hs_object_id"}
        values = {**record.properties, "hs_object_id": record.id}
        shown: dict[str, Any] = {
            "id": record.id,
            "properties": {name: values.get(name) for name in sorted(names)},
            "createdAt": iso(record.created),
            "updatedAt": iso(record.updated),
            "archived": bool(record.archived),
            **({"archivedAt": iso(record.archived)} if record.archived else {}),
        }
        found = {}
        for other in linked or ():
            of = LINK_TYPES.get((kind, other), 0)
            ids = self._others(kind, record.id, other)
            if ids:
                word = f"{kind[:-1]}_to_{other[:-1]}"
                found[other] = {"results": [{"id": one, "type": word} for one in ids if of]}
        return {**shown, "associations": found} if found else shown

    # Who belongs to what.

    def _link(self, kind: str, key: str, other: str, other_key: str) -> None:
        self.links |= {(kind, key, other, other_key), (other, other_key, kind, key)}

    def _others(self, kind: str, key: str, other: str) -> list[str]:
        return sorted(b for a, one, of, b in self.links if (a, one, of) == (kind, key, other))

    def _linked(self, call: Call, kind: str, other: str) -> Answer:
        inputs = (call.json() or {}).get("inputs") or []
        results = []
        errors = []
        for one in inputs:
            ids = self._others(kind, str(one["id"]), other)
            types = [
                {"category": "HUBSPOT_DEFINED", "typeId": LINK_TYPES.get((kind, other), 0), "label": None}
            ]
            if ids:
                to = [{"toObjectId": int(key), "associationTypes": types} for key in ids]
                results.append({"from": {"id": str(one["id"])}, "to": to})
            else:
                message = f"No {other[:-1]} is associated with {kind[:-1]} {one['id']}."
                errors.append(row_refusal("OBJECT_NOT_FOUND", message, {"fromObjectId": [str(one["id"])]}))
        return batch(200, results, errors, self.clock.now())

    def _associate(self, call: Call, kind: str, key: str, other: str, other_key: str) -> Answer:
        kind, other = TYPES.get(kind, kind), TYPES.get(other, other)
        if call.method != "PUT":
            return refusal(405, "Method not allowed", "VALIDATION_ERROR")
        if self._find(kind, key, "") is None or self._find(other, other_key, "") is None:
            return refusal(404, "resource not found", "OBJECT_NOT_FOUND")
        self._link(kind, key, other, other_key)
        return answer(200, {"status": "COMPLETE", "results": []})
