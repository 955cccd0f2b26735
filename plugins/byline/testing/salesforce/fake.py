"""Signing in, and the way of a call to the records."""

from __future__ import annotations

import base64
import re
from typing import ClassVar
from urllib.parse import unquote

from byline.testing import soql
from byline.testing.salesforce.hands import Hands
from byline.testing.salesforce.shapes import (
    ORG,
    ORG18,
    USER18,
    USERNAME,
    VERSIONS,
    Refused,
)
from byline.testing.server import Answer, Call, answer


class FakeSalesforce(Hands):
    """One organisation, with one user for Byline. Custom fields are hidden until a permission set shows them."""

    label: ClassVar[str] = "Salesforce"

    def kind_of(self, call: Call) -> str:
        if call.path.endswith("/services/oauth2/token"):
            return "token"
        return "read" if call.method == "GET" else "write"

    def unauthorized(self) -> Answer:
        if self.calls[-1].kind == "token":
            return answer(400, {"error": "invalid_grant", "error_description": "authentication failure"})
        return answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])

    def limited(self, *, bare: bool) -> Answer:
        body = [{"message": "Too many requests are waiting", "errorCode": "SERVER_UNAVAILABLE"}]
        return answer(503, body, {} if bare else {"Retry-After": "120"})

    def handle(self, call: Call) -> Answer:
        path = call.path
        if path == "/services/oauth2/token" and call.method == "POST":
            return self._token(call)
        if path == "/servlet/servlet.WebToLead" and call.method == "POST":
            return self._web_to_lead(call)
        if path == "/services/data/":
            return answer(200, [{"label": "", "url": f"/services/data/v{v}", "version": v} for v in VERSIONS])
        match = re.fullmatch(r"/services/data/v(\d+\.\d)/(.*)", path)
        if match is None or match[1] not in VERSIONS:
            page = b"<html><body>URL No Longer Exists</body></html>"
            return Answer(status=404, body=page, headers={"Content-Type": "text/html"})
        token = call.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self._tokens or self._tokens[token] >= self.token_lasts:
            return answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
        self._tokens[token] += 1
        most, used = self.daily
        if used >= most:
            return answer(
                403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
            )
        self.daily = (most, used + 1)
        try:
            given = self._route(call, match[2])
        except Refused as refused:
            given = refused.as_answer()
        except soql.SoqlError as error:
            given = answer(400, [{"message": str(error), "errorCode": error.code}])
        used_now = f"api-usage={self.daily[1]}/{most}"
        return Answer(
            status=given.status, body=given.body, headers={**given.headers, "Sforce-Limit-Info": used_now}
        )

    def _token(self, call: Call) -> Answer:
        form = call.form
        if form.get("grant_type") == "client_credentials":
            given = (form.get("client_id", ""), form.get("client_secret", ""))
            basic = call.headers.get("authorization", "")
            if basic.startswith("Basic "):
                pair = base64.b64decode(basic[6:]).decode().partition(":")
                given = (unquote(pair[0]), unquote(pair[2]))
            if given != self.client or not self.client[1]:
                return answer(
                    400, {"error": "invalid_client", "error_description": "invalid client credentials"}
                )
        elif form.get("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            wrong = self._wrong_assertion(form.get("assertion", ""))
            if wrong:
                return answer(400, {"error": "invalid_grant", "error_description": wrong})
        else:
            return answer(
                400, {"error": "unsupported_grant_type", "error_description": "grant type not supported"}
            )
        token = f"{ORG}!AQ{len(self._tokens)}.{next(self._numbers)}.secret-session"
        self._tokens[token] = 0
        return answer(
            200,
            {
                "access_token": token,
                "instance_url": self.url,
                "id": f"{self.url}/id/{ORG18}/{USER18}",
                "token_type": "Bearer",
                "scope": "api",
            },
        )

    def _wrong_assertion(self, assertion: str) -> str:
        import jwt

        try:
            claims = jwt.decode(
                assertion,
                self.public_key,
                algorithms=["RS256"],
                options={"verify_exp": False, "verify_aud": False},
            )
        except jwt.PyJWTError:
            return "invalid assertion"
        now = self.clock.now().timestamp()
        if claims.get("iss") != self.client[0]:
            return "invalid client identifier"
        if claims.get("aud") not in (self.url, "https://login.salesforce.com"):
            return "audience is invalid"
        if claims.get("sub") != USERNAME or not self.approved:
            return "user hasn't approved this consumer"
        if not now < float(claims.get("exp", 0)) <= now + 210:
            return "expired authorization code"
        return ""

    def _route(self, call: Call, path: str) -> Answer:
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match call.method, parts:
            case "GET", ["limits"]:
                most, used = self.daily
                return answer(200, {"DailyApiRequests": {"Max": most, "Remaining": most - used}})
            case "GET", ["query" | "queryAll"]:
                return self._query(call.params.get("q", ""), deleted=parts[0] == "queryAll")
            case "GET", ["query" | "queryAll", cursor]:
                return self._page(cursor)
            case "GET", ["sobjects", kind, "describe"] if self._there(kind) and self.describes:
                return answer(200, self._described(kind))
            case "GET", ["sobjects", kind, record] if self._there(kind):
                row = self.find(kind, record)
                names = [name for name in call.params.get("fields", "").split(",") if name]
                self._known(kind, names)
                return answer(200, self._shown(kind, row, names or sorted(self.visible(kind))))
            case "POST", ["sobjects", kind] if self._there(kind):
                return answer(201, {"id": self.insert(kind, call.json()), "success": True, "errors": []})
            case "PATCH", ["sobjects", kind, record] if self._there(kind):
                self.update(kind, record, call.json())
                return answer(204)
            case "DELETE", ["sobjects", kind, record] if self._there(kind):
                self._delete(record)
                return answer(204)
            case "PATCH", ["sobjects", kind, name, value] if self._there(kind):
                return self._upsert(kind, name, value, call)
            case "POST", ["tooling", "sobjects", "CustomField"]:
                return self._custom_field(call.json())
            case "POST", ["composite", "sobjects"]:
                return self._many(call, lambda kind, row: {"id": self.insert(kind, row), "success": True})
            case "PATCH", ["composite", "sobjects"]:
                return self._many(call, self._changed)
            case "PATCH", ["composite", "sobjects", kind, name]:
                return self._many(call, lambda _kind, row: self._upserted(kind, name, row))
            case "DELETE", ["composite", "sobjects"]:
                return answer(200, [self._deleted(key) for key in call.params.get("ids", "").split(",")])
        raise Refused("NOT_FOUND", "The requested resource does not exist", status=404)
