"""Definitions of tables, columns and keys, which an administrator may change."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from byline.testing.dataverse.lists import Lists
from byline.testing.dataverse.shapes import (
    API,
    LEAD_SOURCES,
    Table,
    attribute_of,
    definition_of,
    refusal,
)
from byline.testing.server import Answer, Call, answer


class Definitions(Lists):
    """Definitions of tables, columns and keys, which an administrator may change."""

    def _definitions(self, call: Call, segments: list[str]) -> Answer:
        table = None
        if found := re.fullmatch(
            r"EntityDefinitions\((?:LogicalName='(\w+)'|([0-9a-f-]{36}))\)", segments[0]
        ):
            table = next(
                (
                    one
                    for one in self.tables.values()
                    if one.logical == found[1] or one.metadata_id == found[2]
                ),
                None,
            )
            if table is None:
                return refusal(404, "0x80060888", "Could not find an entity with the specified name.")
        if call.method != "GET" and not self.may_customise:
            said = "Principal user is missing prvWriteEntity privilege on entity 'Entity'."
            return refusal(403, "0x80040220", said)
        if table is None:
            wanted = re.search(r"LogicalName eq '(\w+)'", call.params.get("$filter", ""))
            rows = [one for one in self.tables.values() if wanted is None or one.logical == wanted[1]]
            return answer(200, {"value": [definition_of(one) for one in rows]})
        if len(segments) == 1:
            return answer(200, definition_of(table))
        if segments[1] == "Keys":
            return self._keys(call, table)
        if segments[1].startswith("Attributes"):
            return self._attributes(call, table, segments)
        return refusal(404, "0x80060888", "Resource not found.")

    def _keys(self, call: Call, table: Table) -> Answer:
        if call.method == "GET":
            shown = []
            for name, columns in table.keys.items():
                left = table.pending.get(name, 0)
                table.pending[name] = max(0, left - 1)
                state = "Pending" if left > 0 else "Active"
                key_id = str(uuid.uuid5(uuid.NAMESPACE_OID, table.logical + name))
                shown.append(
                    {
                        "SchemaName": name,
                        "LogicalName": name.lower(),
                        "KeyAttributes": list(columns),
                        "EntityKeyIndexStatus": state,
                        "MetadataId": key_id,
                    }
                )
            return answer(200, {"value": shown})
        body = call.json() or {}
        columns = tuple(body.get("KeyAttributes") or ())
        if not columns or any(one not in table.columns for one in columns):
            return refusal(400, "0x80048403", "A key needs columns that exist.")
        if body.get("SchemaName") in table.keys:
            return refusal(400, "0x80060895", f"A key named {body['SchemaName']} already exists.")
        self.writes.append("key")
        table.keys[body["SchemaName"]] = columns
        table.pending[body["SchemaName"]] = self.key_delay
        key_id = str(uuid.uuid5(uuid.NAMESPACE_OID, table.logical + body["SchemaName"]))
        return Answer(
            status=204,
            headers={
                "OData-EntityId": f"{self.url}{API}/EntityDefinitions({table.metadata_id})/Keys({key_id})"
            },
        )

    def _attributes(self, call: Call, table: Table, segments: list[str]) -> Answer:
        if len(segments) == 3 and segments[2].endswith("PicklistAttributeMetadata"):
            options = [
                {"Value": value, "Label": {"LocalizedLabels": [{"Label": label, "LanguageCode": 1033}]}}
                for value, label in LEAD_SOURCES.items()
            ]
            values = [{"LogicalName": "leadsourcecode", "OptionSet": {"Options": options}}]
            return answer(200, {"value": values if table.set == "leads" else []})
        if call.method == "POST":
            return self._add_column(call.json() or {}, table)
        named = re.search(r"LogicalName(?:=| eq )'(\w+)'", segments[1] + call.params.get("$filter", ""))
        rows = [attribute_of(table, name) for name in table.columns if named is None or name == named[1]]
        if segments[1].startswith("Attributes("):
            return (
                answer(200, rows[0]) if rows else refusal(404, "0x80060888", "Could not find the attribute.")
            )
        return answer(200, {"value": rows})

    def _add_column(self, body: Mapping[str, Any], table: Table) -> Answer:
        kinds = {"String": "text", "Memo": "memo", "DateTime": "time", "Boolean": "flag", "Integer": "number"}
        kinds |= {"Decimal": "number", "Money": "number"}
        of = str(body.get("@odata.type", "")).removeprefix("Microsoft.Dynamics.CRM.")
        kind = kinds.get(of.removesuffix("AttributeMetadata"), "")
        name = str(body.get("SchemaName", "")).lower()
        if (
            not kind
            or not body.get("DisplayName")
            or (kind in ("text", "memo") and not body.get("MaxLength"))
        ):
            return refusal(400, "0x80048d19", "The attribute's definition is not complete.")
        if name.partition("_")[0] not in self.prefixes or not re.fullmatch(r"[a-z]\w+_\w+", name):
            return refusal(400, "0x8004701e", f"The prefix of {name} does not belong to a publisher.")
        if name in table.columns:
            return refusal(400, "0x80044363", f"Attribute with the schema name {name} already exists.")
        self.writes.append("column")
        self.column(table.set, name, kind, int(body.get("MaxLength") or 0))
        for row in table.rows.values():
            row[name] = None
        made = f"{self.url}{API}/EntityDefinitions({table.metadata_id})/Attributes({attribute_of(table, name)['MetadataId']})"
        return Answer(status=204, headers={"OData-EntityId": made})
