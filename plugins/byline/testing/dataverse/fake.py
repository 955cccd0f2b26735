"""Signing in, and the way of a call to the records."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from typing import ClassVar
from urllib.parse import unquote

from byline.testing import odata
from byline.testing.crm_contract import CrmCase
from byline.testing.dataverse.hands import Hands
from byline.testing.dataverse.shapes import (
    API,
    CLIENT_ID,
    CLIENT_SECRET,
    TENANT,
    entra_refusal,
    refusal,
)
from byline.testing.server import Answer, Call, answer
from byline.times import Clock


class Dataverse(Hands):
    """One environment with one application user. `key_delay` is how many looks a new key stays `Pending`."""

    label: ClassVar[str] = "Dataverse"

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
            return refusal(403, "0x80072560", "The user is not a member of the organization.")
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
        return refusal(429, "0x80072322", words, headers)

    def without_id(self, given: Answer) -> Answer:
        return Answer(status=given.status)

    def _grant(self, call: Call, tenant: str) -> Answer:
        form = call.form
        if tenant != TENANT:
            return entra_refusal(400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
        if form.get("grant_type") != "client_credentials":
            return entra_refusal(
                400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type."
            )
        if form.get("client_id") not in self.clients:
            return entra_refusal(
                400, "unauthorized_client", 700016, "Application was not found in the directory."
            )
        if form.get("client_secret") != self.clients[form["client_id"]]:
            return entra_refusal(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if form.get("scope") != f"{self.url}/.default":
            return entra_refusal(
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
            return refusal(400, "0x80060888", str(error))
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
            return refusal(404, "0x80060888", f"Resource not found for the segment '{name}'.")
        if table.set == "connections" and not self.may_connect:
            said = "Principal user is missing prvReadConnection privilege on entity 'connection'."
            return refusal(403, "0x80040220", said)
        if len(segments) == 2 and segments[1].startswith("Microsoft.Dynamics.CRM."):
            return self._many(call, table, segments[1].removeprefix("Microsoft.Dynamics.CRM."))
        if key is None:
            return self._list(call, table) if call.method == "GET" else self._create(call, table)
        return self._one(call, table, key)


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
