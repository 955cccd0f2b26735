"""The account as the tests take it, and the way of a call."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar
from urllib.parse import unquote

from byline.testing.crm_contract import CrmCase
from byline.testing.hubspot.hands import Hands
from byline.testing.hubspot.shapes import (
    TOKEN,
    TYPES,
    all_pipelines,
    plain_path,
    refusal,
)
from byline.testing.server import Answer, Call, answer
from byline.times import Clock


class HubSpot(Hands):
    """One account. `search_delay` is how many searches do not find a fresh row; `pro` allows campaigns."""

    label: ClassVar[str] = "HubSpot"

    def kind_of(self, call: Call) -> str:
        path = plain_path(call.path)
        reads = call.method == "GET" or path.endswith(("/search", "/batch/read"))
        return "read" if reads else "write"

    def handle(self, call: Call) -> Answer:
        path = plain_path(unquote(call.path)).rstrip("/")
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
            return self._needs(scopes, "crm.objects.deals.read") or answer(200, all_pipelines())
        if found := re.fullmatch(r"/crm/v3/properties/([\w-]+)(/.*)?", path):
            return self._properties(call, scopes, found[1], (found[2] or "").strip("/"))
        if found := re.fullmatch(r"/crm/v4/associations/([\w-]+)/([\w-]+)/batch/read", path):
            return self._linked(call, *(TYPES.get(one, one) for one in found.groups()))
        if found := re.fullmatch(
            r"/crm/v[34]/objects/([\w-]+)/(\d+)/associations/default/([\w-]+)/(\d+)", path
        ):
            return self._associate(call, *found.groups())
        if found := re.fullmatch(r"(?s)/crm/v3/objects/([\w-]+)(/.*)?", path):
            return self._objects(call, scopes, TYPES.get(found[1], found[1]), (found[2] or "").strip("/"))
        if path.startswith("/marketing/v3/campaigns"):
            return self._campaigns(call, scopes, path.removeprefix("/marketing/v3/campaigns").strip("/"))
        return refusal(404, "The requested resource could not be found.", "OBJECT_NOT_FOUND")


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
