"""Queries by page, and what is said of an object."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from byline.testing import soql
from byline.testing.salesforce.records import Records
from byline.testing.salesforce.shapes import (
    READ_ONLY,
    SYSTEM,
    VERSIONS,
    Refused,
)
from byline.testing.server import Answer, answer


class Reading(Records):
    """Queries by page, and what is said of an object."""

    def _known(self, kind: str, names: Iterable[str]) -> None:
        visible = {name.lower() for name in self.visible(kind)}
        for name in names:
            if name.lower() not in visible:
                raise Refused(
                    "INVALID_FIELD",
                    f"\nSELECT {name} FROM {kind}\n       ^\nERROR at Row:1:Column:8\nNo such column '{name}' on entity"
                    f" '{kind}'. If you are attempting to use a custom field, be sure to append the '__c'.",
                )

    def _query(self, text: str, *, deleted: bool) -> Answer:
        query = soql.parse(text)
        if not self._there(query.kind):
            raise Refused("INVALID_TYPE", f"sObject type '{query.kind}' is not supported.")
        self._known(query.kind, query.used)
        rows = self.records[query.kind] if deleted else self.standing(query.kind)
        if query.counting:
            number = sum(query.where(row) for row in rows)
            return answer(200, {"totalSize": number, "done": True, "records": []})
        found = soql.run(query, rows)
        kind = "AggregateResult" if query.sums else query.kind
        records = [{"attributes": {"type": kind}, **row} for row in found]
        cursor = f"01g5e0000{next(self._numbers):06d}"
        self._cursors[cursor] = records
        return self._page(f"{cursor}-0", total=len(records))

    def _page(self, locator: str, total: int | None = None) -> Answer:
        cursor, _, start = locator.rpartition("-")
        records = self._cursors.get(cursor)
        if records is None or not start.isdigit():
            raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        end = int(start) + self.page
        body: dict[str, Any] = {
            "totalSize": len(records) if total is None else total,
            "done": end >= len(records),
            "records": records[int(start) : end],
        }
        if end < len(records):
            body["nextRecordsUrl"] = f"/services/data/v{VERSIONS[-1]}/query/{cursor}-{end}"
        return answer(200, body)

    def _shown(self, kind: str, row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
        url = f"/services/data/v{VERSIONS[-1]}/sobjects/{kind}/{row['Id']}"
        return {"attributes": {"type": kind, "url": url}, **{name: row.get(name) for name in names}}

    def _described(self, kind: str) -> dict[str, Any]:
        may = self.marketing_user or kind != "Campaign"
        fields = [
            {
                "name": name,
                "label": name,
                "custom": name.endswith("__c"),
                "createable": may
                and name not in SYSTEM.split()
                and (name not in READ_ONLY or name == "Name"),
                "updateable": may
                and name not in SYSTEM.split()
                and (name not in READ_ONLY or name == "Name"),
                "externalId": bool(self.custom[kind].get(name, {}).get("externalId")),
                "unique": bool(self.custom[kind].get(name, {}).get("unique")),
                "type": {"DateTime": "datetime"}.get(
                    self.custom[kind].get(name, {}).get("type", ""), "string"
                ),
            }
            for name in sorted(self.visible(kind))
        ]
        return {"name": kind, "createable": may, "fields": fields}
