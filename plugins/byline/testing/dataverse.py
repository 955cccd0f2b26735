"""Dataverse, the store behind Dynamics 365 Sales, as its documentation describes the Web API.

The sign-in of Microsoft Entra stands on the same address. What no document says is marked.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from byline.crm.dynamics import DynamicsCrm
from byline.testing import odata
from byline.testing.crm_contract import CrmCase, CrmFake, Kept, KeptCampaign
from byline.testing.server import Answer, Call, answer
from byline.times import Clock

TENANT = "5e1a0000-0000-4000-8000-00000000cafe"
CLIENT_ID = "0b1e0000-0000-4000-8000-00000000beef"
CLIENT_SECRET = "dataverse-made-up-secret~Q1"
API = "/api/data/v9.2"
_FORMATTED = "OData.Community.Display.V1.FormattedValue"
_TIMES = ("createdon", "modifiedon")
_TABLES: Mapping[str, tuple[str, str, str]] = {  # set -> logical name, texts and numbers, lookups
    "campaigns": (
        "campaign",
        "name codename typecode proposedstart proposedend actualstart actualend budgetedcost totalactualcost othercost"
        " totalcampaignactivityactualcost expectedrevenue promotioncodename message objective description istemplate",
        "transactioncurrencyid ownerid",
    ),
    "campaignresponses": (
        "campaignresponse",
        "subject receivedon responsecode channeltypecode promotioncodename category subcategory description"
        " emailaddress firstname lastname companyname telephone",
        "regardingobjectid ownerid",
    ),
    "leads": (
        "lead",
        "subject firstname lastname fullname companyname emailaddress1 telephone1 websiteurl description leadsourcecode"
        " estimatedamount",
        "campaignid relatedobjectid qualifyingopportunityid parentcontactid parentaccountid transactioncurrencyid ownerid",
    ),
    "contacts": (
        "contact",
        "firstname lastname fullname emailaddress1 telephone1 leadsourcecode",
        "originatingleadid parentcustomerid ownerid",
    ),
    "accounts": ("account", "name accountnumber websiteurl telephone1", "primarycontactid ownerid"),
    "opportunities": (
        "opportunity",
        "name estimatedvalue estimatedvalue_base actualvalue actualvalue_base estimatedclosedate actualclosedate"
        " salesstagecode stepname description",
        "originatingleadid campaignid parentcontactid parentaccountid customerid transactioncurrencyid ownerid",
    ),
    "connections": ("connection", "name ismaster", "record1id record2id record1roleid record2roleid ownerid"),
    "transactioncurrencies": ("transactioncurrency", "isocurrencycode currencyname exchangerate", ""),
    "organizations": ("organization", "name", "basecurrencyid"),
}
_STATES: Mapping[str, Mapping[int, str]] = {
    "leads": {0: "Open", 1: "Qualified", 2: "Disqualified"},
    "opportunities": {0: "Open", 1: "Won", 2: "Lost"},
    "campaignresponses": {0: "Open", 1: "Closed", 2: "Canceled"},
}
_REASONS: Mapping[str, Mapping[int, str]] = {
    "opportunities": {1: "In Progress", 2: "On Hold", 3: "Won", 4: "Canceled", 5: "Out-Sold"},
    "leads": {1: "New", 2: "Contacted", 3: "Qualified", 4: "Lost", 5: "Cannot Contact"},
}
_LEAD_SOURCES = {
    1: "Advertisement",
    2: "Employee Referral",
    3: "External Referral",
    4: "Partner",
    5: "Public Relations",
    6: "Seminar",
    7: "Trade Show",
    8: "Web",
    9: "Word of Mouth",
    10: "Other",
}
_NUMBERS = re.compile(
    r"\w*(cost|value|value_base|amount|expectedrevenue|exchangerate|code|statecode|statuscode)$"
)
_LENGTHS = {
    "subject": 300,
    "firstname": 50,
    "lastname": 50,
    "companyname": 100,
    "emailaddress1": 100,
    "name": 300,
}
_LENGTHS |= {
    "description": 2000,
    "websiteurl": 200,
    "telephone1": 50,
    "promotioncodename": 128,
    "category": 250,
}


@dataclass(slots=True, kw_only=True)
class Table:
    """One table: its rows by id, its columns and what may be upserted by."""

    set: str
    logical: str
    columns: dict[str, str]  # name -> text, number, time, lookup, memo, flag
    lengths: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)  # a key's name -> its columns
    pending: dict[str, int] = field(default_factory=dict)  # a key's name -> looks until its index is active
    metadata_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def id(self) -> str:
        """The column with the row's id."""
        return "activityid" if self.logical == "campaignresponse" else f"{self.logical}id"


class Dataverse(CrmFake):
    """One environment with one application user. `key_delay` is how many looks a new key stays `Pending`."""

    label: ClassVar[str] = "Dataverse"

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
        self.tables = {name: _table(name) for name in _TABLES}
        self.prefixes = ("new", "acme")
        self._markers: list[str] = []
        self.currencies = {
            code: self.put("transactioncurrencies", isocurrencycode=code, currencyname=code)
            for code in ("EUR", "USD")
        }
        self.put("organizations", name="Firm", _basecurrencyid_value=self.currencies["EUR"])
        self.writes.clear()

    # What tests put in.

    def put(self, table: str, **values: Any) -> str:
        """A row that somebody else made; its id. Lookups are written as `_campaignid_value`."""
        return str(self._insert(self.tables[table], values)[self.tables[table].id])

    def win(self, deal: str, *, at: datetime) -> None:
        """Sales close an opportunity as won; from then on it is read-only."""
        row = self.tables["opportunities"].rows[deal]
        row |= {"statecode": 1, "statuscode": 3, "actualvalue": row.get("estimatedvalue")}
        row["actualclosedate"] = at.date().isoformat()
        self._touch(row)

    def seed_lead(
        self,
        email: str,
        *,
        made: datetime,
        fields: Mapping[str, str] = MappingProxyType({}),
        company: str = "Firm Ltd",
        source: str = "",
        description: str = "",
    ) -> str:
        own = {_ours(word): value for word, value in fields.items()}
        code = next((number for number, label in _LEAD_SOURCES.items() if label == source), None)
        values = {"emailaddress1": email, "companyname": company, "description": description or None}
        key = self.put("leads", subject="A fair", leadsourcecode=code, **values, **own)
        self.tables["leads"].rows[key] |= {"createdon": _iso(made), "modifiedon": _iso(made)}
        return key

    def seed_deal(
        self,
        leads: Sequence[str],
        *,
        amount: str,
        made: datetime,
        closed: datetime | None = None,
        won: bool = False,
        currency: str = "EUR",
    ) -> str:
        rows = self.tables["leads"].rows
        contacts = [
            self.put("contacts", emailaddress1=rows[one]["emailaddress1"], _originatingleadid_value=one)
            for one in leads[1:]
        ]
        key = self.put(
            "opportunities",
            name="A press",
            estimatedvalue=float(amount),
            estimatedclosedate=(made + timedelta(days=30)).date().isoformat(),
            _originatingleadid_value=leads[0] if leads else None,
            _parentcontactid_value=contacts[0] if contacts else None,
            _transactioncurrencyid_value=self.currencies[currency],
        )
        self.tables["opportunities"].rows[key] |= {"createdon": _iso(made), "modifiedon": _iso(made)}
        for contact in contacts[1:]:
            self.connect(key, contact)
        if won:
            self.win(key, at=closed or made)
        return key

    def connect(self, deal: str, other: str) -> None:
        """Sales name a stakeholder (or a user, a rival) of an opportunity; Dataverse keeps the same from the other side."""
        self.put("connections", _record1id_value=deal, _record2id_value=other, ismaster=True)
        self.put("connections", _record1id_value=other, _record2id_value=deal, ismaster=False)

    def edit_lead(self, record: str, *, company: str) -> None:
        row = self.tables["leads"].rows[record]
        row["companyname"] = company
        self._touch(row)

    def remove_lead(self, record: str) -> None:
        del self.tables["leads"].rows[record]

    def kept(self) -> tuple[Kept, ...]:
        return tuple(
            Kept(
                record=key,
                email=row.get("emailaddress1") or "",
                fields={word: row[_ours(word)] for word in DynamicsCrm.caps.fields if row.get(_ours(word))},
                description=row.get("description") or "",
                source=_LEAD_SOURCES.get(row.get("leadsourcecode") or 0, ""),
                company=row.get("companyname") or "",
            )
            for key, row in self.tables["leads"].rows.items()
        )

    def campaigns(self) -> tuple[KeptCampaign, ...]:
        return tuple(
            KeptCampaign(
                record=key,
                key=row.get(_ours("key")) or "",
                name=row["name"],
                cost=Decimal(str(row.get("othercost") or 0)),
                text=row.get("description") or "",
            )
            for key, row in self.tables["campaigns"].rows.items()
        )

    def end_sessions(self) -> None:
        self.tokens.clear()

    def refuse(self, marker: str) -> None:
        self._markers.append(marker)

    def mend(self) -> None:
        super().mend()
        self._markers.clear()

    def column(self, table: str, name: str, kind: str = "text", length: int = 255) -> None:
        """A column that somebody else made."""
        self.tables[table].columns[name] = kind
        self.tables[table].lengths[name] = length

    # The way of a call.

    def kind_of(self, call: Call) -> str:
        if call.path.endswith("/oauth2/v2.0/token"):
            return "token"
        return "read" if call.method == "GET" else "write"

    def handle(self, call: Call) -> Answer:
        if found := re.fullmatch(r"/([\w.-]+)/oauth2/v2\.0/token", call.path):
            return self._grant(call, found[1])
        if not self._signed_in(call):
            return self.unauthorized()
        if self.too_many("calls", self.burst, timedelta(minutes=5)):
            return self.limited(bare=False)
        if not self.app_user:
            return _error(403, "0x80072560", "The user is not a member of the organization.")
        if "odata-version" not in call.headers:
            self.without_version.append(call.path)
        if not call.path.startswith(f"{API}/"):
            return answer(404, {"Message": "No HTTP resource was found that matches the request URI"})
        if call.path == f"{API}/$batch":
            return odata.run_batch(call, self._data, self._snapshot)
        return self._data(call)

    def unauthorized(self) -> Answer:
        challenge = f"Bearer authorization_uri=https://login.microsoftonline.com/{TENANT}/oauth2/authorize"
        return Answer(status=401, headers={"WWW-Authenticate": challenge})

    def limited(self, *, bare: bool) -> Answer:
        words = "Number of requests exceeded the limit of 6000 over time window of 300 seconds."
        headers = {} if bare else {"Retry-After": "7"}
        return _error(429, "0x80072322", words, headers)

    def without_id(self, given: Answer) -> Answer:
        return Answer(status=given.status)

    def _grant(self, call: Call, tenant: str) -> Answer:
        form = call.form
        if tenant != TENANT:
            return _entra(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            return _entra(
                400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type."
            )
        if form.get("client_id") not in self.clients:
            return _entra(400, "unauthorized_client", 700016, "Application was not found in the directory.")
        if form.get("client_secret") != self.clients[form["client_id"]]:
            return _entra(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if form.get("scope") != f"{self.url}/.default":
            return _entra(
                400, "invalid_resource", 500011, "The resource principal was not found in the tenant."
            )
        token = f"eyJ.dataverse.{len(self.tokens) + 1}"
        self.tokens[token] = (self.clock.now() + self.lifetime, self.calls_per_token or -1)
        seconds = int(self.lifetime.total_seconds())
        value = {
            "token_type": "Bearer",
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": token,
        }
        return answer(200, value)

    def _signed_in(self, call: Call) -> bool:
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        until, left = self.tokens.get(token, (None, 0))
        if until is None or until <= self.clock.now() or left == 0:
            return False
        self.tokens[token] = (until, left - 1)
        return True

    def _data(self, call: Call) -> Answer:
        segments = call.path.removeprefix(f"{API}/").split("/")
        try:
            given = self._routed(call, segments)
        except odata.Malformed as error:
            return _error(400, "0x80060888", str(error))
        return Answer(
            status=given.status,
            body=given.body,
            headers={
                "OData-Version": "4.0",
                "x-ms-service-request-id": str(uuid.uuid4()),
                "x-ms-ratelimit-burst-remaining-xrm-requests": "5999",
                **given.headers,
            },
        )

    def _routed(self, call: Call, segments: list[str]) -> Answer:
        first = unquote(segments[0])
        if first == "WhoAmI":
            ids = ("BusinessUnitId", "UserId", "OrganizationId")
            return answer(200, {name: str(uuid.uuid5(uuid.NAMESPACE_OID, name)) for name in ids})
        if first.startswith("EntityDefinitions"):
            return self._definitions(call, [unquote(one) for one in segments])
        if first == "PublishAllXml" and call.method == "POST":
            return Answer(status=204)
        name, key = odata.key_of(segments[0])
        table = self.tables.get(name)
        if table is None:
            return _error(404, "0x80060888", f"Resource not found for the segment '{name}'.")
        if table.set == "connections" and not self.may_connect:
            said = "Principal user is missing prvReadConnection privilege on entity 'connection'."
            return _error(403, "0x80040220", said)
        if len(segments) == 2 and segments[1].startswith("Microsoft.Dynamics.CRM."):
            return self._many(call, table, segments[1].removeprefix("Microsoft.Dynamics.CRM."))
        if key is None:
            return self._list(call, table) if call.method == "GET" else self._create(call, table)
        return self._one(call, table, key)

    # Rows.

    def _list(self, call: Call, table: Table) -> Answer:
        prefer = call.headers.get("prefer", "")
        skip = 0
        params = call.params
        if found := re.search(r'cookie="(\d+)"', params.get("$skiptoken", "")):
            skip = int(found[1])
        unknown = [one for one in _split(params.get("$select", "")) if not self._readable(table, one)]
        if unknown:
            said = f"Could not find a property named '{unknown[0]}' on type 'Microsoft.Dynamics.CRM.{table.logical}'."
            return _error(400, "0x80060888", said)
        rows = list(table.rows.values())
        if params.get("$filter"):
            holds = odata.test(params["$filter"])
            rows = [row for row in rows if holds(row)]
        for part in reversed(_split(params.get("$orderby", ""))):
            column, _, way = part.partition(" ")
            rows.sort(key=lambda row: _sortable(row.get(column)), reverse=way.strip() == "desc")
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
            return _error(405, "0x80060888", "The requested resource does not support this method.")
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
        missing = _error(
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
            return _error(405, "0x80060888", "The requested resource does not support this method.")
        match, none_match = call.headers.get("if-match"), call.headers.get("if-none-match")
        if row is not None and none_match == "*":
            return _error(412, "0x80040237", "A record with matching key values already exists.")
        if match and match != "*" and (row is None or row["@odata.etag"] != match):
            return _error(
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
            return _error(
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
                return _error(400, "0x80048d19", "Each target needs its @odata.type.")
            values = {k: v for k, v in target.items() if k not in ("@odata.type", "@odata.id")}
            key: str | dict[str, str] = str(values.get(table.id, ""))
            if action == "UpsertMultiple":
                name, found = odata.key_of(quote(str(target.get("@odata.id", "")), safe="()=,'"))
                if name != table.set or found is None:
                    restore()
                    return _error(400, "0x80048d19", "Each target needs its @odata.id.")
                key = found
            own = key if isinstance(key, dict) else {table.id: key}
            row, wrong = self._look(table, key) if action != "CreateMultiple" else (None, None)
            checked, bad = self._values(table, values, own if action == "UpsertMultiple" else {})
            if wrong or bad or (action == "UpdateMultiple" and row is None):
                restore()
                return wrong or bad or _error(404, "0x80040217", "One of the records does not exist")
            if row is None:
                more = own if action == "UpsertMultiple" else {}
                row = self._insert(table, {**checked, **more})
            else:
                row.update(checked)
                self._touch(row)
            ids.append(row[table.id])
        return answer(200, {"Ids": ids}) if action == "CreateMultiple" else Answer(status=204)

    def _look(self, table: Table, key: str | dict[str, str]) -> tuple[dict[str, Any] | None, Answer | None]:
        if isinstance(key, str):
            return table.rows.get(key), None
        names = tuple(sorted(key))
        usable = [name for name, columns in table.keys.items() if tuple(sorted(columns)) == names]
        if not usable or table.pending.get(usable[0], 0) > 0:
            said = f"The specified key properties of {table.logical} do not define an active alternate key."
            return None, _error(400, "0x80060892", said)
        return next(
            (row for row in table.rows.values() if all(row.get(k) == v for k, v in key.items())), None
        ), None

    def _values(
        self, table: Table, body: Any, own: Mapping[str, str]
    ) -> tuple[dict[str, Any], Answer | None]:
        """The body as columns; an Answer when it cannot be taken."""
        found: dict[str, Any] = {}
        if not isinstance(body, dict):
            return {}, _error(400, "0x80048d19", "The body is not a JSON object.")
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
                    wrong = _undeclared(name, table)
                if row is None:
                    return {}, wrong or _error(404, "0x80040217", f"{other} With Id = {key} Does Not Exist")
                found[f"_{lookup}_value"] = row[self.tables[other].id]
                continue
            kind = table.columns.get(name)
            if kind is None or kind == "lookup" or name == f"{table.logical}id_":
                return {}, _undeclared(name, table)
            if name in own and str(value) != own[name]:
                return {}, _error(400, "0x80040203", f"Key attribute '{name}' may not change.")
            if any(marker in str(value) for marker in self._markers):
                return {}, _error(400, "0x80040265", f"A business rule refuses the value {value}")
            wrong = _unfit(name, kind, value, table)
            if wrong is not None:
                return {}, wrong
            found[name] = value
        for columns in table.keys.values():
            if all(found.get(one) for one in columns) and not own:
                taken = any(all(row.get(one) == found[one] for one in columns) for row in table.rows.values())
                if taken:
                    return {}, _error(412, "0x80040237", "A record with matching key values already exists.")
        return found, None

    def _insert(self, table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
        now = self.clock.now()
        row: dict[str, Any] = dict.fromkeys(table.columns)
        row |= {table.id: str(uuid.uuid4()), "createdon": _iso(now), "statecode": 0, "statuscode": 1}
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
        row["modifiedon"] = _iso(self.clock.now())
        version = int(str(row.get("@odata.etag", 'W/"100"'))[3:-1]) + 1
        row["@odata.etag"] = f'W/"{version}"'

    def _shown(self, call: Call, table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
        wanted = _split(call.params.get("$select", ""))
        names = [f"_{one}_value" if f"_{one}_value" in table.columns else one for one in wanted]
        chosen = {"@odata.etag", table.id, *names} if wanted else {*row}
        shown = {name: value for name, value in row.items() if name in chosen}
        for part in _split(call.params.get("$expand", "")):
            found = re.fullmatch(r"(\w+)(?:\(\$select=([\w,]+)\))?", part)
            if found is None:
                raise odata.Malformed(f"Syntax error in $expand: {part}")
            shown[found[1]] = self._expanded(table, row, found[1], found[2])
        if "include-annotations" in call.headers.get("prefer", ""):
            for name, value in list(shown.items()):
                label = self._label(table, name, value)
                if label:
                    shown[f"{name}@{_FORMATTED}"] = label
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
            return _STATES.get(table.set, {0: "Active", 1: "Inactive"}).get(value, "")
        if name == "statuscode":
            return _REASONS.get(table.set, {1: "Active"}).get(value, "")
        if name == "leadsourcecode" and table.set == "leads":
            return _LEAD_SOURCES.get(value, "")
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

    # Definitions of tables, columns and keys.

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
                return _error(404, "0x80060888", "Could not find an entity with the specified name.")
        if call.method != "GET" and not self.may_customise:
            said = "Principal user is missing prvWriteEntity privilege on entity 'Entity'."
            return _error(403, "0x80040220", said)
        if table is None:
            wanted = re.search(r"LogicalName eq '(\w+)'", call.params.get("$filter", ""))
            rows = [one for one in self.tables.values() if wanted is None or one.logical == wanted[1]]
            return answer(200, {"value": [_definition(one) for one in rows]})
        if len(segments) == 1:
            return answer(200, _definition(table))
        if segments[1] == "Keys":
            return self._keys(call, table)
        if segments[1].startswith("Attributes"):
            return self._attributes(call, table, segments)
        return _error(404, "0x80060888", "Resource not found.")

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
            return _error(400, "0x80048403", "A key needs columns that exist.")
        if body.get("SchemaName") in table.keys:
            return _error(400, "0x80060895", f"A key named {body['SchemaName']} already exists.")
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
                for value, label in _LEAD_SOURCES.items()
            ]
            values = [{"LogicalName": "leadsourcecode", "OptionSet": {"Options": options}}]
            return answer(200, {"value": values if table.set == "leads" else []})
        if call.method == "POST":
            return self._add_column(call.json() or {}, table)
        named = re.search(r"LogicalName(?:=| eq )'(\w+)'", segments[1] + call.params.get("$filter", ""))
        rows = [_attribute(table, name) for name in table.columns if named is None or name == named[1]]
        if segments[1].startswith("Attributes("):
            return (
                answer(200, rows[0]) if rows else _error(404, "0x80060888", "Could not find the attribute.")
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
            return _error(400, "0x80048d19", "The attribute's definition is not complete.")
        if name.partition("_")[0] not in self.prefixes or not re.fullmatch(r"[a-z]\w+_\w+", name):
            return _error(400, "0x8004701e", f"The prefix of {name} does not belong to a publisher.")
        if name in table.columns:
            return _error(400, "0x80044363", f"Attribute with the schema name {name} already exists.")
        self.writes.append("column")
        self.column(table.set, name, kind, int(body.get("MaxLength") or 0))
        for row in table.rows.values():
            row[name] = None
        made = f"{self.url}{API}/EntityDefinitions({table.metadata_id})/Attributes({_attribute(table, name)['MetadataId']})"
        return Answer(status=204, headers={"OData-EntityId": made})


def _table(name: str) -> Table:
    logical, plain, lookups = _TABLES[name]
    columns = {
        one: "number" if _NUMBERS.fullmatch(one) and one != "isocurrencycode" else "text"
        for one in plain.split()
    }
    columns |= {one: "time" for one in plain.split() if re.search(r"start$|end$|date$|receivedon$", one)}
    columns |= {f"_{one}_value": "lookup" for one in lookups.split()}
    columns |= dict.fromkeys(_TIMES, "time") | {"statecode": "number", "statuscode": "number"}
    found = Table(set=name, logical=logical, columns=columns)
    found.columns[found.id] = "id"
    found.lengths = {one: _LENGTHS[one] for one in columns if one in _LENGTHS}
    return found


def _definition(table: Table) -> dict[str, Any]:
    return {
        "MetadataId": table.metadata_id,
        "LogicalName": table.logical,
        "SchemaName": table.logical.title(),
        "EntitySetName": table.set,
        "PrimaryIdAttribute": table.id,
        "PrimaryNameAttribute": "name",
    }


def _attribute(table: Table, name: str) -> dict[str, Any]:
    kinds = {"text": "String", "memo": "Memo", "time": "DateTime", "flag": "Boolean", "lookup": "Lookup"}
    of = kinds.get(table.columns[name], "Decimal")
    found: dict[str, Any] = {
        "@odata.type": f"#Microsoft.Dynamics.CRM.{of}AttributeMetadata",
        "MetadataId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{table.logical}.{name}")),
        "LogicalName": name,
        "SchemaName": name,
        "AttributeType": of,
    }
    return {**found, "MaxLength": table.lengths[name]} if name in table.lengths else found


def _unfit(name: str, kind: str, value: Any, table: Table) -> Answer | None:
    """Why the column does not take the value."""
    if value is None:
        return None
    if kind in ("text", "memo") and not isinstance(value, str):
        return _error(
            400, "0x80048d19", f"Cannot convert the value of '{name}' to the expected type 'Edm.String'."
        )
    if kind == "number" and (isinstance(value, bool) or not isinstance(value, int | float)):
        return _error(
            400, "0x80048d19", f"Cannot convert the value of '{name}' to the expected type 'Edm.Decimal'."
        )
    if kind == "time":
        odata.moment(str(value))
    longest = table.lengths.get(name, 0)
    if isinstance(value, str) and longest and len(value) > longest:
        said = f"A validation error occurred. The length of the '{name}' attribute of the '{table.logical}' entity"
        return _error(400, "0x80044331", f"{said} exceeded the maximum allowed length of '{longest}'.")
    return None


def _undeclared(name: str, table: Table) -> Answer:
    said = (
        "Error identified in Payload provided by the user for Entity :'', "
        f"An undeclared property '{name}' which only has property annotations in the payload but no property value"
        if name.endswith("@odata.bind")
        else f"Invalid property '{name}' was found in entity 'Microsoft.Dynamics.CRM.{table.logical}'."
    )
    return _error(400, "0x80048d19", said)


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Answer:
    more = {"x-ms-service-request-id": str(uuid.uuid4()), **(headers or {})}
    return answer(status, {"error": {"code": code, "message": message}}, more)


def _entra(status: int, error: str, code: int, said: str) -> Answer:
    trace = str(uuid.uuid4())
    value = {
        "error": error,
        "error_description": f"AADSTS{code}: {said} Trace ID: {trace}",
        "error_codes": [code],
        "timestamp": "2026-01-01 00:00:00Z",
        "trace_id": trace,
        "correlation_id": str(uuid.uuid4()),
    }
    return answer(status, value)


def _split(text: str) -> list[str]:
    """A list with commas, those in brackets left alone."""
    return [one.strip() for one in re.split(r",(?![^()]*\))", text) if one.strip()]


def _sortable(value: Any) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    return (1, float(value), "") if isinstance(value, int | float) else (2, 0.0, str(value).lower())


def _ours(word: str) -> str:
    """The column of one of our words, with the prefix of the suite."""
    return DynamicsCrm.caps.fields[word].replace("{prefix}", "acme")


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def dumped(fake: Dataverse) -> str:
    """Everything that is stored, as one text: to look for what must not be there."""
    return json.dumps({name: list(table.rows.values()) for name, table in fake.tables.items()})


def _environment(clock: Clock) -> Dataverse:
    fake = Dataverse(clock)
    fake.page = 3
    return fake


CASES = (
    CrmCase(
        name="application user",
        fake=_environment,
        environment={"DYNAMICS_CLIENT_ID": CLIENT_ID, "DYNAMICS_CLIENT_SECRET": CLIENT_SECRET},
        block=f"type: dynamics\napi: '{{api}}'\ntenant: {TENANT}\nprefix: acme",
        public=frozenset({"DYNAMICS_CLIENT_ID"}),
    ),
)
