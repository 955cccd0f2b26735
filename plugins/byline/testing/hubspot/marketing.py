"""Campaigns, and forms that a page sends by itself."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from byline.testing.hubspot.schemas import Schemas
from byline.testing.hubspot.shapes import (
    CAMPAIGN,
    PORTAL,
    Submission,
    iso,
    listed,
    moment_of,
    refusal,
)
from byline.testing.server import Answer, Call, answer


class Marketing(Schemas):
    """Campaigns, and forms that a page sends by itself."""

    def _campaigns(self, call: Call, scopes: frozenset[str], rest: str) -> Answer:
        refused = self._needs(
            scopes, "marketing.campaigns.read" if call.method == "GET" else "marketing.campaigns.write"
        )
        if refused:
            return refused
        if not self.pro:  # the documents name the product that is needed, not the answer without it
            return refusal(403, "This portal does not have access to campaigns.", "MISSING_SCOPES")
        body = call.json() or {}
        if not rest:
            return self._make_campaign(body) if call.method == "POST" else self._list_campaigns(call)
        key, _, more = rest.partition("/")
        found = self.promoted.get(key)
        if found is None:
            return refusal(404, f"Campaign {key} not found", "OBJECT_NOT_FOUND")
        if more == "spend" and call.method == "POST":
            item = {"id": str(len(self.spend.get(key, ())) + 1), **body}
            self.spend.setdefault(key, []).append(item)
            return answer(201, item)
        if more.startswith("spend/") and call.method == "PUT":
            spent = [one for one in self.spend.get(key, ()) if one["id"] == more[6:]]
            if not spent:
                return refusal(404, "Spend item not found", "OBJECT_NOT_FOUND")
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
            return refusal(404, "The requested resource could not be found.", "OBJECT_NOT_FOUND")
        if call.method == "PATCH":
            wrong = self._campaign_wrong(body.get("properties") or {})
            if wrong:
                return wrong
            self.writes.append("campaigns")
            found["properties"].update({k: str(v) for k, v in body["properties"].items()})
            found["updatedAt"] = iso(self.clock.now())
        if call.method == "DELETE":
            del self.promoted[key]
            return Answer(status=204)
        return answer(200, found)

    def _campaign_wrong(self, values: Mapping[str, Any]) -> Answer | None:
        if any(marker in str(value) for value in values.values() for marker in self._markers):
            return refusal(400, "The value breaks a rule", "VALIDATION_ERROR")
        known = CAMPAIGN | set(self.properties.get("0-35", {}))
        unknown = sorted(set(values) - known)
        if unknown:
            return refusal(400, f"Property {unknown[0]} does not exist", "VALIDATION_ERROR")
        return None

    def _make_campaign(self, body: dict[str, Any]) -> Answer:
        values = body.get("properties") or {}
        if not values.get("hs_name"):
            return refusal(400, "hs_name is required", "VALIDATION_ERROR")
        wrong = self._campaign_wrong(values)
        if wrong:
            return wrong
        key = str(uuid.uuid4())
        now = iso(self.clock.now())
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
            return refusal(400, "limit must be at most 100", "VALIDATION_ERROR")
        limit = min(limit, self.page)
        found = list(self.promoted.values())
        wanted = {*listed(call, "properties"), "hs_name"}
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
            return refusal(404, "No form was found with the given GUID", "OBJECT_NOT_FOUND")
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
        if sent and moment_of(str(sent)) and self.clock.now() - moment_of(str(sent)) > timedelta(days=31):  # type: ignore[operator]
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
