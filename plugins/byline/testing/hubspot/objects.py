"""Contacts, companies and deals: lists, one, searches that see late, batches with an answer for each row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from byline.testing.hubspot.records import Records
from byline.testing.hubspot.shapes import (
    LINK_TYPES,
    TYPES,
    batch,
    comparable,
    holds,
    listed,
    refusal,
    row_refusal,
)
from byline.testing.server import Answer, Call, answer


class Objects(Records):
    """Contacts, companies and deals: lists, one, searches that see late, batches with an answer for each row."""

    def _objects(self, call: Call, scopes: frozenset[str], kind: str, rest: str) -> Answer:
        if kind not in self.records:
            return refusal(400, f"Unable to infer object type from: {kind}", "VALIDATION_ERROR")
        reads = call.method == "GET" or rest in ("search", "batch/read")
        refused = self._needs(scopes, f"crm.objects.{kind}.{'read' if reads else 'write'}")
        if refused:
            return refused
        body = call.json() if isinstance(call.json(), dict) else {}
        if call.method == "GET" and not rest:
            return self._list(call, kind)
        if call.method == "POST" and not rest:
            return self._create(kind, body)
        if rest == "search":
            return self._search(kind, body)
        if rest == "gdpr-delete":
            return self._forget(kind, body)
        if rest.startswith("batch/"):
            return self._batch(kind, rest.removeprefix("batch/"), body)
        return self._one(call, kind, rest, body)

    def _list(self, call: Call, kind: str) -> Answer:
        limit = int(call.params.get("limit") or 10)
        if limit > 100:
            return refusal(400, f"Invalid value for limit: {limit}. The maximum is 100.", "VALIDATION_ERROR")
        limit = min(limit, self.page)
        wanted = listed(call, "properties")
        after = int(call.params.get("after") or 0)
        linked = [TYPES.get(one, one) for one in listed(call, "associations")]
        archived = call.params.get("archived") == "true"
        rows = [one for one in self._sorted(kind) if int(one.id) > after and bool(one.archived) == archived]
        value: dict[str, Any] = {"results": [self._shown(kind, one, wanted, linked) for one in rows[:limit]]}
        if len(rows) > limit:
            last = rows[limit - 1].id
            query = f"limit={limit}&after={last}"
            link = f"{self.url}/crm/v3/objects/{kind}?{query}"
            value["paging"] = {"next": {"after": last, "link": link}}
        return answer(200, value)

    def _create(self, kind: str, body: dict[str, Any]) -> Answer:
        values = body.get("properties") or {}
        wrong = self._wrong(kind, values)
        if wrong:
            return refusal(400, f"Property values were not valid: {wrong}", "VALIDATION_ERROR")
        taken = self._taken(kind, values)
        if taken:
            return refusal(409, f"{kind[:-1].title()} already exists. Existing ID: {taken}", "CONFLICT")
        record = self._make(kind, values)
        for link in body.get("associations") or ():
            for of in link.get("types") or ():
                other = next(
                    (b for (a, b), n in LINK_TYPES.items() if a == kind and n == of.get("associationTypeId")),
                    "",
                )
                if other:
                    self._link(kind, record.id, other, str(link["to"]["id"]))
        return answer(201, self._shown(kind, record, list(values)))

    def _one(self, call: Call, kind: str, key: str, body: dict[str, Any]) -> Answer:
        record = self._find(kind, key, call.params.get("idProperty", ""))
        if record is None:
            return refusal(404, "resource not found", "OBJECT_NOT_FOUND")
        if call.method == "DELETE":
            record.archived = self.clock.now()
            return Answer(status=204)
        if call.method == "PATCH":
            values = body.get("properties") or {}
            wrong = self._wrong(kind, values)
            if wrong:
                return refusal(400, f"Property values were not valid: {wrong}", "VALIDATION_ERROR")
            self._change(kind, record, values)
            return answer(200, self._shown(kind, record, list(values)))
        wanted = listed(call, "properties")
        linked = [TYPES.get(one, one) for one in listed(call, "associations")]
        return answer(200, self._shown(kind, record, wanted, linked))

    def _search(self, kind: str, body: dict[str, Any]) -> Answer:
        if self.too_many("search", self.searches_a_second, timedelta(seconds=1)):
            return self.limited(bare=True)
        groups = body.get("filterGroups") or []
        limit, after = min(int(body.get("limit") or 10), 200), int(body.get("after") or 0)
        count = sum(len(group.get("filters") or ()) for group in groups)
        if len(groups) > 5 or count > 18 or any(len(group.get("filters") or ()) > 6 for group in groups):
            return refusal(400, "There was a problem with the request: too many filters.", "VALIDATION_ERROR")
        if after + limit > self.search_cap:
            return refusal(
                400,
                f"The requested offset exceeds the limit of {self.search_cap} results.",
                "VALIDATION_ERROR",
            )
        found = []
        for record in self._alive(kind):
            if record.unseen > 0:
                record.unseen -= 1
                continue
            values = {**record.properties, "hs_object_id": record.id}
            if not groups or any(all(holds(values, one) for one in group["filters"]) for group in groups):
                found.append(record)
        for sort in reversed(body.get("sorts") or []):
            name = sort["propertyName"]
            found.sort(
                key=lambda one: comparable({**one.properties, "hs_object_id": one.id}.get(name, "")),
                reverse=sort.get("direction") == "DESCENDING",
            )
        limit = min(limit, self.page)
        shown = found[after : after + limit]
        wanted = list(body.get("properties") or ())
        value: dict[str, Any] = {
            "total": len(found),
            "results": [self._shown(kind, one, wanted) for one in shown],
        }
        if after + limit < len(found):
            value["paging"] = {"next": {"after": str(after + limit)}}
        return answer(200, value)

    def _batch(self, kind: str, what: str, body: dict[str, Any]) -> Answer:
        inputs = body.get("inputs") or []
        if len(inputs) > 100:
            return refusal(400, "The maximum batch size is 100.", "VALIDATION_ERROR")
        keys = [(one.get("idProperty") or body.get("idProperty"), one.get("id")) for one in inputs]
        if what in ("upsert", "update") and len(set(keys)) != len(keys):
            return refusal(400, "Duplicate IDs found in batch input", "VALIDATION_ERROR")
        results: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for one in inputs:
            given = self._row(kind, what, one, body)
            (errors if given.get("status") == "error" else results).append(given)
        if what == "archive":
            return Answer(status=204)
        return batch(201 if what == "create" else 200, results, errors, self.clock.now())

    def _row(self, kind: str, what: str, one: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        by = one.get("idProperty") or body.get("idProperty") or ""
        trace = one.get("objectWriteTraceId")
        context = {"objectWriteTraceId": [trace]} if trace else {"ids": [str(one.get("id", ""))]}
        values = dict(one.get("properties") or {})
        record = self._find(kind, str(one.get("id", "")), by) if what != "create" else None
        if by and not self.properties[kind].get(by, {}).get("hasUniqueValue"):
            return row_refusal("VALIDATION_ERROR", f'Property "{by}" is not a unique property', context)
        if what in ("read", "archive", "update") and record is None:
            return row_refusal("OBJECT_NOT_FOUND", "Could not get some objects, they may not exist.", context)
        if what == "read":
            assert record is not None
            return self._shown(kind, record, list(body.get("properties") or ()))
        if what == "archive":
            assert record is not None
            record.archived = self.clock.now()
            return {}
        if what == "upsert" and by:
            values.setdefault(by, str(one.get("id", "")))
        wrong = self._wrong(kind, values)
        if wrong:
            return row_refusal("VALIDATION_ERROR", f"Property values were not valid: {wrong}", context)
        new = record is None
        taken = self._taken(kind, values)
        if taken and (record is None or record.id != taken):
            return row_refusal(
                "CONFLICT", f"{kind[:-1].title()} already exists. Existing ID: {taken}", context
            )
        if record is None:
            record = self._make(kind, values)
        else:
            self._change(kind, record, values)
        shown = self._shown(kind, record, list(values))
        return {**shown, "new": new, **({"objectWriteTraceId": trace} if trace else {})}
