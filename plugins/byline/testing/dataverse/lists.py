"""Lists by page, one row, upserts, and many at once."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from byline.testing import odata
from byline.testing.dataverse.rows import Rows
from byline.testing.dataverse.shapes import (
    API,
    Table,
    parts_of,
    refusal,
    sortable,
)
from byline.testing.server import Answer, Call, answer


class Lists(Rows):
    """Lists by page, one row, upserts, and many at once."""

    def _list(self, call: Call, table: Table) -> Answer:
        prefer = call.headers.get("prefer", "")
        skip = 0
        params = call.params
        if found := re.search(r'cookie="(\d+)"', params.get("$skiptoken", "")):
            skip = int(found[1])
        unknown = [one for one in parts_of(params.get("$select", "")) if not self._readable(table, one)]
        if unknown:
            said = f"Could not find a property named '{unknown[0]}' on type 'Microsoft.Dynamics.CRM.{table.logical}'."
            return refusal(400, "0x80060888", said)
        rows = list(table.rows.values())
        if params.get("$filter"):
            holds = odata.test(params["$filter"])
            rows = [row for row in rows if holds(row)]
        for part in reversed(parts_of(params.get("$orderby", ""))):
            column, _, way = part.partition(" ")
            rows.sort(key=lambda row: sortable(row.get(column)), reverse=way.strip() == "desc")
        total = len(rows)
        size = self.page
        if found := re.search(r"odata\.maxpagesize=(\d+)", prefer):
            size = min(size, int(found[1]))
        if params.get("$top"):
            rows = rows[: int(params["$top"])]
        shown = rows[skip : skip + size]
        value: dict[str, Any] = {"@odata.context": f"{self.url}{API}/$metadata#{table.set}"}
        if params.get("$count") == "true":
            value["@odata.count"] = min(total, 5000)
        value["value"] = [self._shown(call, table, row) for row in shown]
        if skip + size < len(rows):
            kept = "&".join(
                f"{name}={quote(one, safe='$,')}" for name, one in params.items() if name != "$skiptoken"
            )
            token = quote(f'<cookie pagenumber="2" cookie="{skip + size}" istracking="False" />')
            value["@odata.nextLink"] = f"{self.url}{API}/{table.set}?{kept}&$skiptoken={token}"
        return answer(200, value, {"Content-Type": "application/json; odata.metadata=minimal"})

    def _create(self, call: Call, table: Table) -> Answer:
        if call.method != "POST":
            return refusal(405, "0x80060888", "The requested resource does not support this method.")
        values, wrong = self._values(table, call.json(), {})
        if wrong is not None:
            return wrong
        row = self._insert(table, values)
        if "return=representation" in call.headers.get("prefer", ""):
            return answer(201, self._shown(call, table, row), self._location(table, row))
        return Answer(status=204, headers=self._location(table, row))

    def _one(self, call: Call, table: Table, key: str | dict[str, str]) -> Answer:
        row, wrong = self._look(table, key)
        if wrong is not None:
            return wrong
        missing = refusal(
            404,
            "0x80040217",
            f"{table.logical} With Id = {key if isinstance(key, str) else ''} Does Not Exist",
        )
        if call.method == "GET":
            return missing if row is None else answer(200, self._shown(call, table, row))
        if call.method == "DELETE":
            if row is None:
                return missing
            del table.rows[row[table.id]]
            return Answer(status=204)
        if call.method != "PATCH":
            return refusal(405, "0x80060888", "The requested resource does not support this method.")
        match, none_match = call.headers.get("if-match"), call.headers.get("if-none-match")
        if row is not None and none_match == "*":
            return refusal(412, "0x80040237", "A record with matching key values already exists.")
        if match and match != "*" and (row is None or row["@odata.etag"] != match):
            return refusal(
                412, "0x80060882", "The version of the existing record doesn't match the RowVersion."
            )
        if row is None and match:
            return missing
        return self._upserted(call, table, key, row)

    def _upserted(
        self, call: Call, table: Table, key: str | dict[str, str], row: dict[str, Any] | None
    ) -> Answer:
        own = key if isinstance(key, dict) else {table.id: key}
        values, wrong = self._values(table, call.json(), own)
        if wrong is not None:
            return wrong
        made = row is None
        if row is None:
            row = self._insert(table, {**values, **own})
        elif table.set == "opportunities" and row.get("statecode"):
            # The code is not documented; that closed opportunities cannot be changed is.
            return refusal(
                400, "0x80048408", "This opportunity has already been closed and cannot be changed."
            )
        else:
            row.update(values)
            self._touch(row)
        if "return=representation" in call.headers.get("prefer", ""):
            return answer(201 if made else 200, self._shown(call, table, row), self._location(table, row))
        return Answer(status=204, headers=self._location(table, row))

    def _many(self, call: Call, table: Table, action: str) -> Answer:
        """CreateMultiple, UpdateMultiple and UpsertMultiple: all of it happens, or nothing."""
        restore = self._snapshot()
        ids = []
        for target in (call.json() or {}).get("Targets", ()):
            if target.get("@odata.type") != f"Microsoft.Dynamics.CRM.{table.logical}":
                return refusal(400, "0x80048d19", "Each target needs its @odata.type.")
            values = {k: v for k, v in target.items() if k not in ("@odata.type", "@odata.id")}
            key: str | dict[str, str] = str(values.get(table.id, ""))
            if action == "UpsertMultiple":
                name, found = odata.key_of(quote(str(target.get("@odata.id", "")), safe="()=,'"))
                if name != table.set or found is None:
                    restore()
                    return refusal(400, "0x80048d19", "Each target needs its @odata.id.")
                key = found
            own = key if isinstance(key, dict) else {table.id: key}
            row, wrong = self._look(table, key) if action != "CreateMultiple" else (None, None)
            checked, bad = self._values(table, values, own if action == "UpsertMultiple" else {})
            if wrong or bad or (action == "UpdateMultiple" and row is None):
                restore()
                return wrong or bad or refusal(404, "0x80040217", "One of the records does not exist")
            if row is None:
                more = own if action == "UpsertMultiple" else {}
                row = self._insert(table, {**checked, **more})
            else:
                row.update(checked)
                self._touch(row)
            ids.append(row[table.id])
        return answer(200, {"Ids": ids}) if action == "CreateMultiple" else Answer(status=204)
