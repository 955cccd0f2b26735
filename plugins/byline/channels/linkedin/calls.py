"""Calls to LinkedIn, what its refusals mean, and whose token it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from byline.channels._refusals import Refusal
from byline.channels.base import Capabilities, JsonValue, Replay
from byline.channels.linkedin.network import CAPABILITIES, LOGIN, POST_URN, SERVICE, SUNSET, VERSION, address
from byline.channels.linkedin.reading import elements
from byline.errors import Duplicate, NotSent, Rejected, RemoteError
from byline.fields import parse_span
from byline.http import Http, Response
from byline.settings import Account, Secrets
from byline.times import Clock


class LinkedInCalls:
    """The way to one organization or one member."""

    caps: Capabilities = CAPABILITIES

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._urn = account.option("urn")
        self._version = account.option("version", VERSION)
        member = self._urn.startswith("urn:li:person:")
        after = parse_span(account.option("probe_after", "20")) or timedelta(0)
        self.caps = replace(
            CAPABILITIES,
            find="never" if member else "always",
            clicks=not member,
            views=not member,
            replay=Replay(after=after, until=timedelta(minutes=8)),
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: JsonValue = None,
        create: bool = False,
        versioned: bool = True,
    ) -> Response:
        """One call; an answer other than 2xx is raised as what it means."""
        token = self._token()
        sent = {"Authorization": f"Bearer {token}"}
        if versioned:
            sent |= {"LinkedIn-Version": self._version, "X-Restli-Protocol-Version": "2.0.0"}
        answer = self._http.request(
            method,
            self._account.api + path,
            service=SERVICE,
            headers={**sent, **(headers or {})},
            json=json,
            create=create,
        )
        if not answer.ok:
            raise self._failure(answer, create)
        return answer

    def _token(self) -> str:
        return self._http.secret(self._secrets, self._account.name, "LINKEDIN_ACCESS_TOKEN", service=SERVICE)

    def _failure(self, answer: Response, create: bool) -> RemoteError:
        status, said = answer.status, self._said(answer)
        refusal = Refusal(
            service=SERVICE, account=self._account.name, answer=answer, said=said, http=self._http
        )
        secret = f"LINKEDIN_ACCESS_TOKEN__{self._account.name.upper()} (or LINKEDIN_ACCESS_TOKEN)"
        if status in (401, 403):
            expired = status == 401
            return refusal.of_secret(
                (f"make a new token and set {secret}" if expired else self._rights_hint(secret))
                + "; steps: `publish manual linkedin`",
                why="it is expired or revoked" if expired else "it lacks a right",
            )
        if status == 426:
            return Rejected(
                f"{SUNSET} {self._version} ({said})",
                service=SERVICE,
                status=status,
                request_id=self._http.redact(answer.request_id),
                hint='write a newer month, such as `version: "YYYYMM"`, under `channels.linkedin` in mkdocs.yml; '
                "what was rejected for it goes out with the next run",
            )
        if status == 429:
            midnight = self._clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            return refusal.limited(midnight + timedelta(days=1), when="today")
        if status == 422 and "duplicate" in answer.text.lower():
            named = POST_URN.search(answer.text)
            return Duplicate(
                "LinkedIn has this very post already" + (f": {named[0]}" if named else ""),
                service=SERVICE,
                remote_id=named[0] if named else "",
                url=address(named[0]) if named else "",
                status=status,
            )
        return refusal.other(create)

    def _rights_hint(self, secret: str) -> str:
        if self._urn.startswith("urn:li:person:"):
            return f"sign in again with the right w_member_social and set {secret}"
        return f"sign in as an administrator of {self._urn} with the right w_organization_social and set {secret}"

    def _said(self, answer: Response) -> str:
        message = answer.object().get("message")
        return self._http.redact(message)[:300] if isinstance(message, str) else self._http.words(answer)

    def _person(self) -> dict[str, Any]:
        """Whose token it is. An app for pages alone has no right to ask: then nothing is known."""
        try:
            return self._call("GET", "/v2/userinfo", versioned=False).object()
        except NotSent as error:
            if error.status != 403 or self._urn.startswith("urn:li:person:"):
                raise
            return {}

    def _may_post(self) -> bool:
        return self._urn in self._pages()

    def _pages(self) -> tuple[str, ...]:
        """The pages for which the token's member may post."""
        found: dict[str, None] = {}
        for role in ("ADMINISTRATOR", "CONTENT_ADMINISTRATOR"):
            answer = self._call(
                "GET", f"/rest/organizationAcls?q=roleAssignee&role={role}&state=APPROVED&count=100"
            )
            for acl in elements(answer):
                urn = acl.get("organization") or acl.get("organizationTarget")
                if isinstance(urn, str):
                    found[urn] = None
        return tuple(found)

    def _expiry(self) -> datetime | None:
        """When the token dies; None without the app's own id and secret, which asking needs."""
        name = self._account.name
        client_id = self._secrets.get("LINKEDIN_CLIENT_ID", name)
        client_secret = self._secrets.get("LINKEDIN_CLIENT_SECRET", name)
        if not client_id or not client_secret:
            return None
        self._http.protect("LINKEDIN_CLIENT_SECRET", client_secret)
        answer = self._http.request(
            "POST",
            self._account.option("login", LOGIN).rstrip("/") + "/oauth/v2/introspectToken",
            service=SERVICE,
            data={"client_id": client_id, "client_secret": client_secret, "token": self._token()},
        )
        at = answer.object().get("expires_at")
        return datetime.fromtimestamp(at, UTC) if answer.ok and isinstance(at, int) else None
