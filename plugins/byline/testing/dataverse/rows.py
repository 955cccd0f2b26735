"""The rows of one environment: values that are checked, lookups, alternate keys."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from byline.testing import odata
from byline.testing.crm_contract import CrmFake
from byline.testing.dataverse.shapes import (
    API,
    CLIENT_ID,
    CLIENT_SECRET,
    FORMATTED,
    LEAD_SOURCES,
    REASONS,
    STATES,
    TABLES,
    Table,
    iso,
    made_table,
    parts_of,
    refusal,
    undeclared,
    unfit,
)
from byline.testing.server import Answer, Call
from byline.times import Clock


class Rows(CrmFake):
    """The rows of one environment: values that are checked, lookups, alternate keys."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.clients = {CLIENT_ID: CLIENT_SECRET}
        self.app_user = True  # False: signed in, but nobody in this environment
        self.may_connect = True  # False: no right to read connections
        self.may_customise = True  # False: no right to change tables
        self.lifetime = timedelta(seconds=3599)
        self.calls_per_token = 0  # 0: tokens live by time alone
        self.burst = 6000  # calls in five minutes
        self.page = 5000  # rows in one answer at most
        self.key_delay = 0
        self.currency = "EUR"
        self.without_version: list[str] = []  # calls that did not name the OData version
        self.tokens: dict[str, tuple[datetime, int]] = {}
        self.tables = {name: made_table(name) for name in TABLES}
        self.prefixes = ("new", "acme")
        self._markers: list[str] = []
        self.currencies = {
            code: self.put("transactioncurrencies", isocurrencycode=code, currencyname=code)
            for code in ("EUR", "USD")
        }
        self.put("organizations", name="Firm", _basecurrencyid_value=self.currencies["EUR"])
        self.writes.clear()

    def put(self, table: str, **values: Any) -> str:
        """A row that somebody else made; its id. Lookups are written as `_campaignid_value`."""
        return str(self._insert(self.tables[table], values)[self.tables[table].id])

    def column(self, table: str, name: str, kind: str = "text", length: int = 255) -> None:
        """A column that somebody else made."""
        self.tables[table].columns[name] = kind
        self.tables[table].lengths[name] = length

    def _look(self, table: Table, key: str | dict[str, str]) -> tuple[dict[str, Any] | None, Answer | None]:
        if isinstance(key, str):
            return table.rows.get(key), None
        names = tuple(sorted(key))
        usable = [name for name, columns in table.keys.items() if tuple(sorted(columns)) == names]
        if not usable or table.pending.get(usable[0], 0) > 0:
            said = f"The specified key properties of {table.logical} do not define an active alternate key."
            return None, refusal(400, "0x80060892", said)
        return next(
            (row for row in table.rows.values() if all(row.get(k) == v for k, v in key.items())), None
        ), None

    def _values(
        self, table: Table, body: Any, own: Mapping[str, str]
    ) -> tuple[dict[str, Any], Answer | None]:
        """The body as columns; an Answer when it cannot be taken."""
        found: dict[str, Any] = {}
        if not isinstance(body, dict):
            return {}, refusal(400, "0x80048d19", "The body is not a JSON object.")
        for name, value in body.items():
            if name.startswith("@odata."):
                continue
            if name.endswith("@odata.bind"):
                lookup = name.removesuffix("@odata.bind").partition("_")[0]
                target = str(value).removeprefix(f"{self.url}{API}").lstrip("/")
                other, key = odata.key_of(quote(target, safe="()=,'"))
                row, wrong = (None, None)
                if (
                    table.columns.get(f"_{lookup}_value") == "lookup"
                    and other in self.tables
                    and key is not None
                ):
                    row, wrong = self._look(self.tables[other], key)
                else:
                    wrong = undeclared(name, table)
                if row is None:
                    return {}, wrong or refusal(404, "0x80040217", f"{other} With Id = {key} Does Not Exist")
                found[f"_{lookup}_value"] = row[self.tables[other].id]
                continue
            kind = table.columns.get(name)
            if kind is None or kind == "lookup" or name == f"{table.logical}id_":
                return {}, undeclared(name, table)
            if name in own and str(value) != own[name]:
                return {}, refusal(400, "0x80040203", f"Key attribute '{name}' may not change.")
            if any(marker in str(value) for marker in self._markers):
                return {}, refusal(400, "0x80040265", f"A business rule refuses the value {value}")
            wrong = unfit(name, kind, value, table)
            if wrong is not None:
                return {}, wrong
            found[name] = value
        for columns in table.keys.values():
            if all(found.get(one) for one in columns) and not own:
                taken = any(all(row.get(one) == found[one] for one in columns) for row in table.rows.values())
                if taken:
                    return {}, refusal(412, "0x80040237", "A record with matching key values already exists.")
        return found, None

    def _insert(self, table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
        now = self.clock.now()
        row: dict[str, Any] = dict.fromkeys(table.columns)
        row |= {table.id: str(uuid.uuid4()), "createdon": iso(now), "statecode": 0, "statuscode": 1}
        if table.set == "campaigns":
            row["codename"] = f"CMP-{len(table.rows) + 1:05d}"
        if "_transactioncurrencyid_value" in table.columns:
            row["_transactioncurrencyid_value"] = getattr(self, "currencies", {}).get(self.currency)
        row |= {name: value for name, value in values.items() if value is not None}
        if "fullname" in table.columns:
            row["fullname"] = " ".join(filter(None, (row.get("firstname"), row.get("lastname")))) or None
        self._touch(row)
        table.rows[row[table.id]] = row
        return row

    def _touch(self, row: dict[str, Any]) -> None:
        self.writes.append("row")
        row["modifiedon"] = iso(self.clock.now())
        version = int(str(row.get("@odata.etag", 'W/"100"'))[3:-1]) + 1
        row["@odata.etag"] = f'W/"{version}"'

    def _shown(self, call: Call, table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
        wanted = parts_of(call.params.get("$select", ""))
        names = [f"_{one}_value" if f"_{one}_value" in table.columns else one for one in wanted]
        chosen = {"@odata.etag", table.id, *names} if wanted else {*row}
        shown = {name: value for name, value in row.items() if name in chosen}
        for part in parts_of(call.params.get("$expand", "")):
            found = re.fullmatch(r"(\w+)(?:\(\$select=([\w,]+)\))?", part)
            if found is None:
                raise odata.Malformed(f"Syntax error in $expand: {part}")
            shown[found[1]] = self._expanded(table, row, found[1], found[2])
        if "include-annotations" in call.headers.get("prefer", ""):
            for name, value in list(shown.items()):
                label = self._label(table, name, value)
                if label:
                    shown[f"{name}@{FORMATTED}"] = label
        return shown

    def _expanded(self, table: Table, row: Mapping[str, Any], name: str, wanted: str | None) -> Any:
        key = row.get(f"_{name.partition('_')[0]}_value")
        for other in self.tables.values():
            found = other.rows.get(str(key))
            if found is not None:
                return {one: found.get(one) for one in (wanted.split(",") if wanted else found)}
        if f"_{name.partition('_')[0]}_value" not in table.columns:
            raise odata.Malformed(f"Could not find a property named '{name}' on type '{table.logical}'.")
        return None

    def _label(self, table: Table, name: str, value: Any) -> str:
        if name == "statecode":
            return STATES.get(table.set, {0: "Active", 1: "Inactive"}).get(value, "")
        if name == "statuscode":
            return REASONS.get(table.set, {1: "Active"}).get(value, "")
        if name == "leadsourcecode" and table.set == "leads":
            return LEAD_SOURCES.get(value, "")
        return ""

    def _readable(self, table: Table, name: str) -> bool:
        return name in table.columns or f"_{name}_value" in table.columns or name == table.id

    def _location(self, table: Table, row: Mapping[str, Any]) -> dict[str, str]:
        where = f"{self.url}{API}/{table.set}({row[table.id]})"
        return {"OData-EntityId": where, "Location": where}

    def _snapshot(self) -> Callable[[], None]:
        kept = {name: copy.deepcopy(table.rows) for name, table in self.tables.items()}

        def restore() -> None:
            for name, rows in kept.items():
                self.tables[name].rows = rows

        return restore
