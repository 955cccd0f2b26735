"""HubSpot as its documentation describes it: records with texts for values, batches that fail in part, a search that lags.

Both spellings of every path are understood, `/crm/v3/objects/contacts` and `/crm/objects/2026-03/contacts`. Shapes
are those of the public API descriptions and of the client that HubSpot publishes; what no document says is marked.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote

from byline.crm.hubspot import HubSpotCrm
from byline.testing.crm_contract import CrmCase, CrmFake, Kept, KeptCampaign
from byline.testing.server import Answer, Call, answer
from byline.times import Clock

TOKEN = "pat-eu1-byline-made-up-token"
PORTAL = 4_142_831
SCOPES = frozenset(
    {
        "oauth",
        "crm.objects.contacts.read",
        "crm.objects.contacts.write",
        "crm.objects.deals.read",
        "crm.schemas.contacts.read",
        "crm.schemas.contacts.write",
        "crm.schemas.deals.read",
        "crm.schemas.deals.write",
        "marketing.campaigns.read",
        "marketing.campaigns.write",
        "forms",
    }
)
_STANDARD: Mapping[str, Mapping[str, str]] = {  # name -> type
    "contacts": {
        **dict.fromkeys(
            ("email", "firstname", "lastname", "company", "phone", "jobtitle", "website"), "string"
        ),
        **dict.fromkeys(("message", "hs_analytics_source_data_1", "hs_analytics_source_data_2"), "string"),
        **dict.fromkeys(("lifecyclestage", "hs_lead_status", "hs_analytics_source"), "enumeration"),
        **dict.fromkeys(("createdate", "lastmodifieddate"), "datetime"),
        **dict.fromkeys(("hs_object_id", "associatedcompanyid"), "number"),
    },
    "deals": {
        **dict.fromkeys(("dealname", "deal_currency_code"), "string"),
        **dict.fromkeys(("dealstage", "pipeline", "hs_analytics_source"), "enumeration"),
        **dict.fromkeys(("amount", "hs_object_id", "hs_closed_amount"), "number"),
        **dict.fromkeys(("closedate", "createdate", "hs_lastmodifieddate"), "datetime"),
        **dict.fromkeys(("hs_is_closed_won", "hs_is_closed"), "bool"),
    },
    "companies": {
        **dict.fromkeys(("name", "domain"), "string"),
        **dict.fromkeys(("createdate", "hs_lastmodifieddate"), "datetime"),
        "hs_object_id": "number",
    },
}
_READ_ONLY = re.compile(
    r"hs_(analytics_|is_closed|object_id|closed_amount|latest_)\w*|lastmodifieddate|hs_lastmodifieddate"
)
_CAMPAIGN = frozenset(
    {
        *("hs_name", "hs_start_date", "hs_end_date", "hs_notes", "hs_audience", "hs_currency_code"),
        *("hs_campaign_status", "hs_owner", "hs_utm", "hs_object_id", "hs_color_hex"),
    }
)
_STAGES = (
    ("appointmentscheduled", "Appointment scheduled", "0.2", "false"),
    ("contractsent", "Contract sent", "0.9", "false"),
    ("closedwon", "Closed won", "1.0", "true"),
    ("closedlost", "Closed lost", "0.0", "true"),
)
_TYPES = {"0-1": "contacts", "0-2": "companies", "0-3": "deals", "contact": "contacts", "deal": "deals"}
_LINK_TYPES = {("deals", "contacts"): 3, ("contacts", "deals"): 4, ("contacts", "companies"): 1}
_DATED = re.compile(
    r"/(?P<area>crm|marketing|account-info)(?P<middle>/[a-z]+)?/20\d\d-\d\d(?P<rest>/.*)?", re.DOTALL
)


@dataclass(slots=True, kw_only=True)
class Record:
    """One contact, deal or company; values are texts, as HubSpot keeps them."""

    id: str
    properties: dict[str, str]
    created: datetime
    updated: datetime
    archived: datetime | None = None
    unseen: int = 0  # searches that do not find it yet


@dataclass(slots=True, kw_only=True)
class Submission:
    """What a form was sent."""

    form: str
    fields: dict[str, str]
    context: dict[str, Any]
    consent: dict[str, Any] = field(default_factory=dict)
    secure: bool = False


class HubSpot(CrmFake):
    """One account. `search_delay` is how many searches do not find a fresh row; `pro` allows campaigns."""

    label: ClassVar[str] = "HubSpot"

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.tokens: dict[str, frozenset[str]] = {TOKEN: SCOPES}
        self.calls_left: dict[str, int] = {}  # a token that dies after so many calls
        self.pro = True
        self.currency = "EUR"
        self.search_delay = 0
        self.search_cap = 10_000
        self.page = 100  # records in one answer at most
        self.burst = 190  # calls in ten seconds
        self.searches_a_second = 5
        self.day_is_over = False  # the day's calls are used up: no waiting helps
        self.campaign_keys = True  # campaigns may have properties of one's own: not documented either way
        self.records: dict[str, dict[str, Record]] = {"contacts": {}, "deals": {}, "companies": {}}
        self.properties: dict[str, dict[str, dict[str, Any]]] = {
            kind: {name: _spec(name, of) for name, of in names.items()} for kind, names in _STANDARD.items()
        }
        self.groups: dict[str, set[str]] = {"contacts": {"contactinformation"}, "deals": {"dealinformation"}}
        self.links: set[tuple[str, str, str, str]] = set()  # from type, from id, to type, to id
        self.promoted: dict[str, dict[str, Any]] = {}
        self.spend: dict[str, list[dict[str, Any]]] = {}
        self.forms: dict[str, frozenset[str]] = {}  # form -> its fields
        self.captcha: set[str] = set()  # forms that cannot be sent by a program
        self.submissions: list[Submission] = []
        self.blocked: set[str] = set()  # addresses of people who were erased
        self._next = 1000
        self._markers: list[str] = []
        self._dead_once = False

    # What tests put in.

    def add_contact(self, **values: str) -> str:
        """A contact that somebody else made; its id."""
        return self._make("contacts", values).id

    def add_deal(self, *contacts: str, **values: str) -> str:
        """A deal of these contacts; its id."""
        record = self._make("deals", values)
        for contact in contacts:
            self._link("deals", record.id, "contacts", contact)
        return record.id

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
        own = {HubSpotCrm.caps.fields[word]: value for word, value in fields.items()}
        values = {"email": email, "company": company, "message": description, "hs_lead_status": source}
        record = self._make("contacts", {**values, **own, "createdate": _iso(made)})
        record.created = record.updated = made
        record.properties["lastmodifieddate"] = _iso(made)
        return record.id

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
        values = {"dealname": "A press", "amount": amount, "deal_currency_code": currency}
        values |= {"dealstage": "closedwon" if won else "contractsent", "createdate": _iso(made)}
        values["closedate"] = _iso(
            closed or made + timedelta(days=30)
        )  # for an open one, when it is hoped for
        return self.add_deal(*leads, **values)

    def win(self, deal: str, *, at: datetime) -> None:
        values = {"dealstage": "closedwon", "closedate": _iso(at)}
        self._change("deals", self.records["deals"][deal], values)

    def edit_lead(self, record: str, *, company: str) -> None:
        self._change("contacts", self.records["contacts"][record], {"company": company})

    def remove_lead(self, record: str) -> None:
        self.records["contacts"][record].archived = self.clock.now()

    def kept(self) -> tuple[Kept, ...]:
        return tuple(
            Kept(
                record=one.id,
                email=one.properties.get("email", ""),
                fields={
                    word: one.properties[name]
                    for word, name in HubSpotCrm.caps.fields.items()
                    if one.properties.get(name)
                },
                description=one.properties.get("message", ""),
                source=one.properties.get("hs_lead_status", ""),
                company=one.properties.get("company", ""),
            )
            for one in self._alive("contacts")
        )

    def campaigns(self) -> tuple[KeptCampaign, ...]:
        out = []
        for key, one in self.promoted.items():
            values, notes = one["properties"], one["properties"].get("hs_notes", "")
            parent = re.search(r"^Belongs to (\S+)$", notes, re.MULTILINE)
            ours = re.search(r"^Byline: (\S+)$", notes, re.MULTILINE)
            out.append(
                KeptCampaign(
                    record=key,
                    key=values.get("byline_key") or (ours[1] if ours else ""),
                    name=values["hs_name"],
                    parent=parent[1] if parent else "",
                    cost=sum((Decimal(str(item["amount"])) for item in self.spend.get(key, ())), Decimal(0)),
                    text=notes,
                )
            )
        return tuple(out)

    def end_sessions(self) -> None:
        """HubSpot's tokens do not end by themselves; one that is being exchanged is refused for a moment."""
        self._dead_once = True

    def refuse(self, marker: str) -> None:
        self._markers.append(marker)

    def mend(self) -> None:
        super().mend()
        self._markers.clear()

    # The way of a call.

    def kind_of(self, call: Call) -> str:
        path = _plain(call.path)
        reads = call.method == "GET" or path.endswith(("/search", "/batch/read"))
        return "read" if reads else "write"

    def handle(self, call: Call) -> Answer:
        path = _plain(unquote(call.path)).rstrip("/")
        if path.startswith("/submissions/v3/integration/submit/") and call.method == "OPTIONS":
            allowed = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "Content-Type"}
            return answer(204, None, {"Access-Control-Allow-Origin": "*", **allowed})
        if path.startswith("/uploads/form/v2/"):
            return self._submit_form(call, path)
        if path.startswith("/submissions/v3/integration/submit/"):
            given = self._submit(call, path)  # pages of other servers may send it, and read what it says
            return replace(given, headers={**given.headers, "Access-Control-Allow-Origin": "*"})
        if path.startswith("/submissions/v3/integration/"):
            return self._submit(call, path)
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        scopes = self._scopes(token)
        if scopes is None:
            return self.unauthorized()
        if self.day_is_over:
            return self._over_limit("DAILY", "You have reached your daily limit.")
        if self.too_many("burst", self.burst, timedelta(seconds=10)):
            return self.limited(bare=False)
        if path == "/account-info/v3/details":
            return answer(200, self._details())
        if path == "/crm/v3/pipelines/deals":
            return self._needs(scopes, "crm.objects.deals.read") or answer(200, _pipelines())
        if found := re.fullmatch(r"/crm/v3/properties/([\w-]+)(/.*)?", path):
            return self._properties(call, scopes, found[1], (found[2] or "").strip("/"))
        if found := re.fullmatch(r"/crm/v4/associations/([\w-]+)/([\w-]+)/batch/read", path):
            return self._linked(call, *(_TYPES.get(one, one) for one in found.groups()))
        if found := re.fullmatch(
            r"/crm/v[34]/objects/([\w-]+)/(\d+)/associations/default/([\w-]+)/(\d+)", path
        ):
            return self._associate(call, *found.groups())
        if found := re.fullmatch(r"(?s)/crm/v3/objects/([\w-]+)(/.*)?", path):
            return self._objects(call, scopes, _TYPES.get(found[1], found[1]), (found[2] or "").strip("/"))
        if path.startswith("/marketing/v3/campaigns"):
            return self._campaigns(call, scopes, path.removeprefix("/marketing/v3/campaigns").strip("/"))
        return _error(404, "The requested resource could not be found.", "OBJECT_NOT_FOUND")

    def unauthorized(self) -> Answer:
        return _error(
            401,
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find"
            " more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
            "INVALID_AUTHENTICATION",
        )

    def limited(self, *, bare: bool) -> Answer:
        """Too many calls in ten seconds, or (bare) in one second. HubSpot promises no Retry-After for either."""
        if bare:
            return _error(429, "You have reached your secondly limit.", "RATE_LIMITS", errorType="RATE_LIMIT")
        return self._over_limit("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit.")

    def _over_limit(self, policy: str, words: str) -> Answer:
        headers = {"X-HubSpot-RateLimit-Max": str(self.burst), "X-HubSpot-RateLimit-Remaining": "0"}
        return _error(429, words, "RATE_LIMITS", headers=headers, errorType="RATE_LIMIT", policyName=policy)

    def without_id(self, given: Answer) -> Answer:
        return answer(given.status, {"status": "COMPLETE", "results": []})

    def _scopes(self, token: str) -> frozenset[str] | None:
        if self._dead_once:
            self._dead_once = False
            return None
        if token in self.calls_left:
            if self.calls_left[token] <= 0:
                return None
            self.calls_left[token] -= 1
        return self.tokens.get(token)

    def _needs(self, scopes: frozenset[str], *wanted: str) -> Answer | None:
        missing = [scope for scope in wanted if scope not in scopes]
        if not missing:
            return None
        return _error(
            403,
            "This app hasn't been granted all required scopes to make this call. Read more about required scopes"
            " here: https://developers.hubspot.com/scopes.",
            "MISSING_SCOPES",
            errors=[
                {
                    "message": "One or more of the following scopes are required.",
                    "context": {"requiredGranularScopes": missing},
                }
            ],
        )

    # Records.

    def _objects(self, call: Call, scopes: frozenset[str], kind: str, rest: str) -> Answer:
        if kind not in self.records:
            return _error(400, f"Unable to infer object type from: {kind}", "VALIDATION_ERROR")
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
            return _error(400, f"Invalid value for limit: {limit}. The maximum is 100.", "VALIDATION_ERROR")
        limit = min(limit, self.page)
        wanted = _listed(call, "properties")
        after = int(call.params.get("after") or 0)
        linked = [_TYPES.get(one, one) for one in _listed(call, "associations")]
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
            return _error(400, f"Property values were not valid: {wrong}", "VALIDATION_ERROR")
        taken = self._taken(kind, values)
        if taken:
            return _error(409, f"{kind[:-1].title()} already exists. Existing ID: {taken}", "CONFLICT")
        record = self._make(kind, values)
        for link in body.get("associations") or ():
            for of in link.get("types") or ():
                other = next(
                    (
                        b
                        for (a, b), n in _LINK_TYPES.items()
                        if a == kind and n == of.get("associationTypeId")
                    ),
                    "",
                )
                if other:
                    self._link(kind, record.id, other, str(link["to"]["id"]))
        return answer(201, self._shown(kind, record, list(values)))

    def _one(self, call: Call, kind: str, key: str, body: dict[str, Any]) -> Answer:
        record = self._find(kind, key, call.params.get("idProperty", ""))
        if record is None:
            return _error(404, "resource not found", "OBJECT_NOT_FOUND")
        if call.method == "DELETE":
            record.archived = self.clock.now()
            return Answer(status=204)
        if call.method == "PATCH":
            values = body.get("properties") or {}
            wrong = self._wrong(kind, values)
            if wrong:
                return _error(400, f"Property values were not valid: {wrong}", "VALIDATION_ERROR")
            self._change(kind, record, values)
            return answer(200, self._shown(kind, record, list(values)))
        wanted = _listed(call, "properties")
        linked = [_TYPES.get(one, one) for one in _listed(call, "associations")]
        return answer(200, self._shown(kind, record, wanted, linked))

    def _search(self, kind: str, body: dict[str, Any]) -> Answer:
        if self.too_many("search", self.searches_a_second, timedelta(seconds=1)):
            return self.limited(bare=True)
        groups = body.get("filterGroups") or []
        limit, after = min(int(body.get("limit") or 10), 200), int(body.get("after") or 0)
        count = sum(len(group.get("filters") or ()) for group in groups)
        if len(groups) > 5 or count > 18 or any(len(group.get("filters") or ()) > 6 for group in groups):
            return _error(400, "There was a problem with the request: too many filters.", "VALIDATION_ERROR")
        if after + limit > self.search_cap:
            return _error(
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
            if not groups or any(all(_holds(values, one) for one in group["filters"]) for group in groups):
                found.append(record)
        for sort in reversed(body.get("sorts") or []):
            name = sort["propertyName"]
            found.sort(
                key=lambda one: _comparable({**one.properties, "hs_object_id": one.id}.get(name, "")),
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
            return _error(400, "The maximum batch size is 100.", "VALIDATION_ERROR")
        keys = [(one.get("idProperty") or body.get("idProperty"), one.get("id")) for one in inputs]
        if what in ("upsert", "update") and len(set(keys)) != len(keys):
            return _error(400, "Duplicate IDs found in batch input", "VALIDATION_ERROR")
        results: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for one in inputs:
            given = self._row(kind, what, one, body)
            (errors if given.get("status") == "error" else results).append(given)
        now = _iso(self.clock.now())
        value: dict[str, Any] = {
            "status": "COMPLETE",
            "results": results,
            "startedAt": now,
            "completedAt": now,
        }
        if what == "archive":
            return Answer(status=204)
        if errors:
            return answer(207, {**value, "numErrors": len(errors), "errors": errors})
        return answer(201 if what == "create" else 200, value)

    def _row(self, kind: str, what: str, one: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        by = one.get("idProperty") or body.get("idProperty") or ""
        trace = one.get("objectWriteTraceId")
        context = {"objectWriteTraceId": [trace]} if trace else {"ids": [str(one.get("id", ""))]}
        values = dict(one.get("properties") or {})
        record = self._find(kind, str(one.get("id", "")), by) if what != "create" else None
        if by and not self.properties[kind].get(by, {}).get("hasUniqueValue"):
            return _row_error("VALIDATION_ERROR", f'Property "{by}" is not a unique property', context)
        if what in ("read", "archive", "update") and record is None:
            return _row_error("OBJECT_NOT_FOUND", "Could not get some objects, they may not exist.", context)
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
            return _row_error("VALIDATION_ERROR", f"Property values were not valid: {wrong}", context)
        new = record is None
        taken = self._taken(kind, values)
        if taken and (record is None or record.id != taken):
            return _row_error(
                "CONFLICT", f"{kind[:-1].title()} already exists. Existing ID: {taken}", context
            )
        if record is None:
            record = self._make(kind, values)
        else:
            self._change(kind, record, values)
        shown = self._shown(kind, record, list(values))
        return {**shown, "new": new, **({"objectWriteTraceId": trace} if trace else {})}

    def _forget(self, kind: str, body: dict[str, Any]) -> Answer:
        record = self._find(kind, str(body.get("objectId", "")), body.get("idProperty") or "")
        if record is None:
            if body.get("idProperty") == "email":
                self.blocked.add(str(body.get("objectId")).lower())
                return Answer(status=204)
            return _error(404, "resource not found", "OBJECT_NOT_FOUND")
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
            if _READ_ONLY.fullmatch(name):
                return f'[{{"isValid":false,"error":"READ_ONLY_VALUE","name":"{name}"}}]'
            if value in (None, ""):
                continue
            if name == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", str(value)):
                return f'[{{"isValid":false,"message":"Email address {value} is invalid","error":"INVALID_EMAIL","name":"email"}}]'
            of = known[name]["type"]
            if of == "number" and not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
                return f'[{{"isValid":false,"message":"{value} was not a valid number.","error":"INVALID_INTEGER","name":"{name}"}}]'
            if of in ("date", "datetime") and _moment(str(value)) is None:
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
        record.properties["createdate"] = _iso(now)
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
            moment = _moment(shown) if of in ("date", "datetime") else None
            if moment is not None:
                shown = _iso(moment)
            record.properties[name] = shown.lower() if name == "email" else shown
        record.updated = self.clock.now()
        self.writes.append(kind)
        modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        record.properties[modified] = _iso(record.updated)
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
            "createdAt": _iso(record.created),
            "updatedAt": _iso(record.updated),
            "archived": bool(record.archived),
            **({"archivedAt": _iso(record.archived)} if record.archived else {}),
        }
        found = {}
        for other in linked or ():
            of = _LINK_TYPES.get((kind, other), 0)
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
                {"category": "HUBSPOT_DEFINED", "typeId": _LINK_TYPES.get((kind, other), 0), "label": None}
            ]
            if ids:
                to = [{"toObjectId": int(key), "associationTypes": types} for key in ids]
                results.append({"from": {"id": str(one["id"])}, "to": to})
            else:
                message = f"No {other[:-1]} is associated with {kind[:-1]} {one['id']}."
                errors.append(_row_error("OBJECT_NOT_FOUND", message, {"fromObjectId": [str(one["id"])]}))
        now = _iso(self.clock.now())
        value: dict[str, Any] = {
            "status": "COMPLETE",
            "results": results,
            "startedAt": now,
            "completedAt": now,
        }
        if errors:
            return answer(207, {**value, "numErrors": len(errors), "errors": errors})
        return answer(200, value)

    def _associate(self, call: Call, kind: str, key: str, other: str, other_key: str) -> Answer:
        kind, other = _TYPES.get(kind, kind), _TYPES.get(other, other)
        if call.method != "PUT":
            return _error(405, "Method not allowed", "VALIDATION_ERROR")
        if self._find(kind, key, "") is None or self._find(other, other_key, "") is None:
            return _error(404, "resource not found", "OBJECT_NOT_FOUND")
        self._link(kind, key, other, other_key)
        return answer(200, {"status": "COMPLETE", "results": []})

    # Properties.

    def _properties(self, call: Call, scopes: frozenset[str], kind: str, rest: str) -> Answer:
        kind = _TYPES.get(kind, kind)
        if kind == "0-35" and self.campaign_keys:
            self.properties.setdefault("0-35", {})
            self.groups.setdefault("0-35", {"campaigninformation"})
        if kind not in self.properties:
            return _error(400, f"Unable to infer object type from: {kind}", "VALIDATION_ERROR")
        known = self.properties[kind]
        area = "read" if call.method == "GET" else "write"
        if kind in ("contacts", "deals"):
            refused = self._needs(scopes, f"crm.schemas.{kind}.{area}")
            if refused:
                return refused
        body = call.json() or {}
        if rest == "groups" and call.method == "POST":
            if body.get("name") in self.groups[kind]:
                return _error(409, f"A property group named '{body['name']}' already exists.", "CONFLICT")
            self.groups[kind].add(body["name"])
            return answer(201, {"name": body["name"], "label": body.get("label"), "archived": False})
        if rest == "groups":
            return answer(
                200, {"results": [{"name": name, "archived": False} for name in sorted(self.groups[kind])]}
            )
        if call.method == "GET" and not rest:
            return answer(200, {"results": list(known.values())})
        if call.method == "GET":
            found = known.get(rest)
            return (
                answer(200, found)
                if found
                else _error(404, f"Property {rest} does not exist", "OBJECT_NOT_FOUND")
            )
        if call.method != "POST":
            return _error(405, "Method not allowed", "VALIDATION_ERROR")
        specs = body.get("inputs") if rest == "batch/create" else [body]
        made = []
        for spec in specs or ():
            missing = [
                name for name in ("name", "label", "type", "fieldType", "groupName") if not spec.get(name)
            ]
            if missing or not re.fullmatch(r"[a-z][a-z0-9_]*", str(spec.get("name", ""))):
                return _error(400, f"Invalid input JSON: missing {missing}", "VALIDATION_ERROR")
            if spec["name"] in known:
                return _error(409, f"A property named '{spec['name']}' already exists.", "CONFLICT")
            if spec["groupName"] not in self.groups[kind]:
                return _error(
                    400, f"Property group '{spec['groupName']}' does not exist.", "VALIDATION_ERROR"
                )
            self.writes.append("properties")
            known[spec["name"]] = {**_spec(spec["name"], spec["type"]), **spec, "hubspotDefined": False}
            made.append(known[spec["name"]])
        return answer(201, {"status": "COMPLETE", "results": made} if rest else made[0])

    # Campaigns.

    def _campaigns(self, call: Call, scopes: frozenset[str], rest: str) -> Answer:
        refused = self._needs(
            scopes, "marketing.campaigns.read" if call.method == "GET" else "marketing.campaigns.write"
        )
        if refused:
            return refused
        if not self.pro:  # the documents name the product that is needed, not the answer without it
            return _error(403, "This portal does not have access to campaigns.", "MISSING_SCOPES")
        body = call.json() or {}
        if not rest:
            return self._make_campaign(body) if call.method == "POST" else self._list_campaigns(call)
        key, _, more = rest.partition("/")
        found = self.promoted.get(key)
        if found is None:
            return _error(404, f"Campaign {key} not found", "OBJECT_NOT_FOUND")
        if more == "spend" and call.method == "POST":
            item = {"id": str(len(self.spend.get(key, ())) + 1), **body}
            self.spend.setdefault(key, []).append(item)
            return answer(201, item)
        if more.startswith("spend/") and call.method == "PUT":
            spent = [one for one in self.spend.get(key, ()) if one["id"] == more[6:]]
            if not spent:
                return _error(404, "Spend item not found", "OBJECT_NOT_FOUND")
            spent[0].update(body)
            return answer(200, spent[0])
        if more == "budget/totals":
            items = self.spend.get(key, [])
            value = {
                "spendItems": items,
                "spendTotal": sum(item["amount"] for item in items),
                "budgetItems": [],
            }
            return answer(200, {**value, "currencyCode": self.currency})
        if more:
            return _error(404, "The requested resource could not be found.", "OBJECT_NOT_FOUND")
        if call.method == "PATCH":
            wrong = self._campaign_wrong(body.get("properties") or {})
            if wrong:
                return wrong
            self.writes.append("campaigns")
            found["properties"].update({k: str(v) for k, v in body["properties"].items()})
            found["updatedAt"] = _iso(self.clock.now())
        if call.method == "DELETE":
            del self.promoted[key]
            return Answer(status=204)
        return answer(200, found)

    def _campaign_wrong(self, values: Mapping[str, Any]) -> Answer | None:
        if any(marker in str(value) for value in values.values() for marker in self._markers):
            return _error(400, "The value breaks a rule", "VALIDATION_ERROR")
        known = _CAMPAIGN | set(self.properties.get("0-35", {}))
        unknown = sorted(set(values) - known)
        if unknown:
            return _error(400, f"Property {unknown[0]} does not exist", "VALIDATION_ERROR")
        return None

    def _make_campaign(self, body: dict[str, Any]) -> Answer:
        values = body.get("properties") or {}
        if not values.get("hs_name"):
            return _error(400, "hs_name is required", "VALIDATION_ERROR")
        wrong = self._campaign_wrong(values)
        if wrong:
            return wrong
        key = str(uuid.uuid4())
        now = _iso(self.clock.now())
        made = {
            "id": key,
            "properties": {k: str(v) for k, v in values.items()},
            "createdAt": now,
            "updatedAt": now,
        }
        self.promoted[key] = made
        self.writes.append("campaigns")
        return answer(201, {**made, "businessUnits": []})

    def _list_campaigns(self, call: Call) -> Answer:
        limit, after = int(call.params.get("limit") or 50), int(call.params.get("after") or 0)
        if limit > 100:
            return _error(400, "limit must be at most 100", "VALIDATION_ERROR")
        limit = min(limit, self.page)
        found = list(self.promoted.values())
        wanted = {*_listed(call, "properties"), "hs_name"}
        results = [
            {**one, "properties": {k: v for k, v in one["properties"].items() if k in wanted}}
            for one in found[after : after + limit]
        ]
        value: dict[str, Any] = {"total": len(found), "results": results}
        if after + limit < len(found):
            value["paging"] = {"next": {"after": str(after + limit), "link": ""}}
        return answer(200, value)

    # Forms.

    def _submit(self, call: Call, path: str) -> Answer:
        parts = path.split("/")
        secure = parts[4] == "secure"
        if secure and self._scopes(call.headers.get("authorization", "").removeprefix("Bearer ")) is None:
            return self.unauthorized()
        portal, form = parts[-2], parts[-1]
        if portal != str(PORTAL) or form not in self.forms:
            return _error(404, "No form was found with the given GUID", "OBJECT_NOT_FOUND")
        body = call.json() or {}
        fields = {str(one.get("name")): str(one.get("value", "")) for one in body.get("fields") or ()}
        wrong: list[dict[str, str]] = []
        if form in self.captcha:
            wrong.append({"message": "Captcha is enabled", "errorType": "FORM_HAS_RECAPTCHA_ENABLED"})
        wrong += [
            {
                "message": f"Error in 'fields.{name}'. Field not in form",
                "errorType": "FIELD_NOT_IN_FORM_DEFINITION",
            }
            for name in fields
            if name not in self.forms[form]
        ]
        if "@" not in fields.get("email", ""):
            wrong.append(
                {"message": "Error in 'fields.email'. Invalid email address", "errorType": "INVALID_EMAIL"}
            )
        elif fields["email"].lower() in self.blocked:
            wrong.append({"message": "Error in 'fields.email'. Blocked email", "errorType": "BLOCKED_EMAIL"})
        context = body.get("context") or {}
        if "hutk" in context and not re.fullmatch(r"[0-9a-f]{32}", str(context["hutk"])):
            wrong.append({"message": "Invalid hutk", "errorType": "INVALID_HUTK"})
        sent = body.get("submittedAt")
        if sent and _moment(str(sent)) and self.clock.now() - _moment(str(sent)) > timedelta(days=31):  # type: ignore[operator]
            wrong.append({"message": "submittedAt is too old", "errorType": "INVALID_SUBMITTED_AT"})
        if wrong:
            return answer(
                400,
                {
                    "status": "error",
                    "message": "The request is not valid",
                    "correlationId": str(uuid.uuid4()),
                    "errors": wrong,
                },
            )
        consent = body.get("legalConsentOptions") or {}
        self.submissions.append(
            Submission(form=form, fields=fields, context=context, consent=consent, secure=secure)
        )
        values = {name: value for name, value in fields.items() if name in self.properties["contacts"]}
        record = self._find("contacts", values.get("email", ""), "email")
        if record is None:
            self._make("contacts", values)
        else:
            self._change("contacts", record, values)  # an empty field blanks what stood there
        return answer(200, {"inlineMessage": "Thanks for submitting the form."})

    def _submit_form(self, call: Call, path: str) -> Answer:
        """The older way, for a browser's own form: it goes on to the address in `hs_context`."""
        form = dict(call.form)
        context = json.loads(form.pop("hs_context", "{}"))
        fields = [{"name": name, "value": value} for name, value in form.items() if value]
        about = {"pageUri": context.get("pageUrl", "")}
        body = json.dumps({"fields": fields, "context": about}).encode()
        inner = self._submit(replace(call, body=body), "/submissions/v3/integration/submit/" + path[17:])
        target = context.get("redirectUrl", "")
        if inner.status != 200 or not target:
            return inner if inner.status != 200 else answer(204)
        return Answer(status=302, headers={"Location": target})

    def _details(self) -> dict[str, Any]:
        return {
            "portalId": PORTAL,
            "accountType": "STANDARD",
            "timeZone": "Europe/Berlin",
            "companyCurrency": self.currency,
            "additionalCurrencies": ["USD"],
            "utcOffset": "+01:00",
            "utcOffsetMilliseconds": 3_600_000,
            "uiDomain": "app-eu1.hubspot.com",
            "dataHostingLocation": "eu1",
        }


def _listed(call: Call, name: str) -> list[str]:
    """A parameter that is a list: repeated, or with commas."""
    return [one for value in parse_qs(call.query).get(name, ()) for one in value.split(",") if one]


def _plain(path: str) -> str:
    """The path in its v3 spelling, whichever was used."""
    found = _DATED.fullmatch(path)
    if not found:
        return path
    area, middle, rest = found["area"], found["middle"] or "", found["rest"] or ""
    if area == "crm":
        return f"/crm/{'v4' if middle == '/associations' else 'v3'}{middle}{rest}"
    return f"/{area}/v3{middle}{rest}"


def _spec(name: str, of: str) -> dict[str, Any]:
    kinds = {"string": "text", "enumeration": "select", "bool": "booleancheckbox", "number": "number"}
    return {
        "name": name,
        "label": name,
        "type": of,
        "fieldType": kinds.get(of, "date"),
        "groupName": "contactinformation",
        "hasUniqueValue": name == "email",
        "description": "",
        "options": [],
        "hidden": False,
        "formField": True,
        "displayOrder": -1,
        "hubspotDefined": True,
        "modificationMetadata": {
            "archivable": False,
            "readOnlyDefinition": True,
            "readOnlyValue": bool(_READ_ONLY.fullmatch(name)),
        },
    }


def _pipelines() -> dict[str, Any]:
    at = "2026-01-01T00:00:00.000Z"
    stages = [
        {
            "id": key,
            "label": label,
            "displayOrder": n,
            "metadata": {"isClosed": closed, "probability": probability},
            "createdAt": at,
            "updatedAt": at,
            "archived": False,
        }
        for n, (key, label, probability, closed) in enumerate(_STAGES)
    ]
    line = {
        "id": "default",
        "label": "Sales pipeline",
        "displayOrder": 0,
        "stages": stages,
        "archived": False,
    }
    return {"results": [{**line, "createdAt": at, "updatedAt": at}]}


def _error(
    status: int, message: str, category: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Answer:
    value = {"status": "error", "message": message, "correlationId": str(uuid.uuid4()), "category": category}
    return answer(status, {**value, **more}, headers)


def _row_error(category: str, message: str, context: dict[str, Any]) -> dict[str, Any]:
    """One row's failure inside a batch."""
    return {
        "status": "error",
        "category": category,
        "message": message,
        "context": context,
        "links": {},
        "errors": [],
        "id": str(uuid.uuid4()),
    }


def _moment(text: str) -> datetime | None:
    """A date or time as HubSpot takes it: ISO 8601 or milliseconds since 1970."""
    if re.fullmatch(r"-?\d+", text):
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _comparable(value: str) -> tuple[int, float, str]:
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return (0, float(value), "")
    moment = _moment(value)
    return (0, moment.timestamp() * 1000, "") if moment else (1, 0.0, value)


def _holds(values: Mapping[str, str], one: Mapping[str, Any]) -> bool:
    """Does the record meet one filter of a search?"""
    value = values.get(str(one["propertyName"]))
    how = one["operator"]
    if how in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return bool((value is not None) == (how == "HAS_PROPERTY"))
    if value is None:
        return how in ("NEQ", "NOT_IN")
    if how in ("IN", "NOT_IN"):
        return bool((value.lower() in one["values"]) == (how == "IN"))
    have, want = _comparable(value), _comparable(str(one.get("value", "")))
    if how == "BETWEEN":
        return want <= have <= _comparable(str(one["highValue"]))
    if how == "CONTAINS_TOKEN":  # words in any order
        return str(one.get("value", "")).strip("*").lower() in value.lower()
    compared: Mapping[str, bool] = {
        "EQ": have == want,
        "NEQ": have != want,
        "LT": have < want,
        "LTE": have <= want,
        "GT": have > want,
        "GTE": have >= want,
    }
    return compared.get(str(how), False)


def _iso(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _account(clock: Clock) -> HubSpot:
    fake = HubSpot(clock)
    fake.page = 3
    fake.burst = fake.searches_a_second = 100_000  # the clock of the suite stands still
    return fake


CASES = (
    CrmCase(
        name="service key",
        fake=_account,
        environment={"HUBSPOT_ACCESS_TOKEN": TOKEN},
        block="type: hubspot\napi: '{api}'",
    ),
    CrmCase(
        name="dated paths",
        fake=_account,
        environment={"HUBSPOT_ACCESS_TOKEN": TOKEN},
        block="type: hubspot\napi: '{api}'\nversion: '2026-03'",
    ),
)
