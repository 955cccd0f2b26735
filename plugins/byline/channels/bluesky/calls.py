"""Calls to the server that holds the account, with one session a run, and what refusals mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from byline import times
from byline.channels import _quotas
from byline.channels._refusals import Refusal
from byline.channels.base import JsonValue, Quota
from byline.channels.bluesky.network import SERVICE
from byline.errors import NotSent, RemoteError
from byline.http import Http, Response
from byline.settings import Account, Secrets
from byline.times import Clock

_ABOUT_THE_PASSWORD = ("ExpiredToken", "InvalidToken", "AccountTakedown", "AuthMissing")


class BlueskyCalls:
    """The way to one account."""

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._server = (account.option("server") or account.api).rstrip("/")
        self._session: dict[str, str] = {}
        self._quotas: dict[str, Quota] = {}

    def quotas(self) -> tuple[Quota, ...]:
        """What the account's server still takes, by its answers; `health` only signs in, of which few are allowed."""
        return tuple(self._quotas.values())

    def _signed_in(self) -> dict[str, str]:
        """One session a run. Its tokens are protected like the password."""
        if self._session:
            return self._session
        name = self._account.name
        identifier = self._http.secret(self._secrets, name, "BLUESKY_IDENTIFIER", service=SERVICE, shown=True)
        password = self._http.secret(
            self._secrets, name, "BLUESKY_APP_PASSWORD", service=SERVICE, aliases=("BLUESKY_PASSWORD",)
        )
        answer = self._http.request(
            "POST",
            f"{self._server}/xrpc/com.atproto.server.createSession",
            service=SERVICE,
            json={"identifier": identifier.lstrip("@"), "password": password},
        )
        self._note_quota(answer)
        if not answer.ok:
            raise self._failure(answer, create=False)
        session = answer.object()
        token, did = session.get("accessJwt"), session.get("did")
        if not isinstance(token, str) or not isinstance(did, str):
            raise self._http.broken(answer, service=SERVICE, create=False)
        self._http.protect("BLUESKY_SESSION", token)
        self._http.protect("BLUESKY_SESSION", str(session.get("refreshJwt") or ""))
        self._session = {
            "token": token,
            "did": did,
            "handle": str(session.get("handle") or did),
            "server": _own_server(session) or self._server,
        }
        return self._session

    def _call(
        self,
        method: str,
        path: str,
        *,
        json: JsonValue = None,
        params: Mapping[str, str] | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        create: bool = False,
        fresh: bool = True,
    ) -> Response:
        """One call; when the session ran out, nothing was done, and all but a create is asked again with a new one."""
        session = self._signed_in()
        answer = self._http.request(
            method,
            session["server"] + path,
            service=SERVICE,
            headers={"Authorization": f"Bearer {session['token']}", **(headers or {})},
            params=params,
            json=json,
            data=data,
            create=create,
        )
        self._note_quota(answer)
        if answer.ok:
            return answer
        if fresh and answer.status in (400, 401) and answer.object().get("error") == "ExpiredToken":
            self._session = {}
            if not create:
                return self._call(
                    method, path, json=json, params=params, data=data, headers=headers, fresh=False
                )
            raise NotSent(
                "Bluesky's session ran out; nothing was sent",
                service=SERVICE,
                cause="waiting",
                retry_at=self._clock.now(),
                status=answer.status,
            )
        raise self._failure(answer, create)

    def _note_quota(self, answer: Response) -> None:
        """Each kind of call has an allowance of its own, told by its window in seconds: `ratelimit-policy: 5000;w=3600`."""
        window = re.search(r";\s*w=(\d{1,7})", answer.headers.get("ratelimit-policy", ""))
        span = times.words(timedelta(seconds=int(window[1]))) if window else ""
        calls = "sign-ins" if answer.url.endswith("createSession") else "calls"
        what = f"{calls} in {span}" if span else calls
        for quota in _quotas.told(answer.headers, "ratelimit-", what=what):
            self._quotas[what] = quota

    def _failure(self, answer: Response, create: bool) -> RemoteError:
        error = str(answer.object().get("error") or "")
        message = answer.object().get("message")
        told = self._http.redact(f"{error}: {message}")[:300]
        refusal = Refusal(
            service=SERVICE,
            account=self._account.name,
            answer=answer,
            said=told if isinstance(message, str) else self._http.words(answer),
            http=self._http,
        )
        if answer.status in (401, 403) or error in _ABOUT_THE_PASSWORD:
            own = self._account.name.upper()
            return refusal.of_secret(
                f"make a new app password and set BLUESKY_IDENTIFIER and BLUESKY_APP_PASSWORD (or with __{own}); "
                "steps: `publish manual bluesky`",
                what="app password",
            )
        if answer.status == 429:
            return refusal.limited(_quotas.moment(answer.headers.get("ratelimit-reset", "")))
        return refusal.other(create)


def _own_server(session: Mapping[str, Any]) -> str:
    """The address of the server that holds the account, from its identity document; empty when it names none."""
    document = session.get("didDoc")
    services = document.get("service") if isinstance(document, dict) else None
    for service in services if isinstance(services, list) else ():
        endpoint = service.get("serviceEndpoint") if isinstance(service, dict) else None
        if (
            isinstance(endpoint, str)
            and str(service.get("id", "")).endswith("#atproto_pds")
            and urlsplit(endpoint).scheme == "https"
        ):
            return endpoint.rstrip("/")
    return ""
