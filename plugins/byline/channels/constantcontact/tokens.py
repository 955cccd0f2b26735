"""Access tokens by a refresh token, which may change at each use: the newest is kept in the private store."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from byline.channels import _oauth
from byline.channels.constantcontact.network import REFRESH, SERVICE
from byline.channels.constantcontact.refusals import failure
from byline.errors import NotSent
from byline.http import Http
from byline.private import URL, PrivateStore, open_store
from byline.settings import Account, Secrets
from byline.times import Clock

_SOON = timedelta(minutes=10)
_TABLE = "CREATE TABLE IF NOT EXISTS service_tokens (line TEXT PRIMARY KEY, refresh TEXT NOT NULL, access TEXT NOT NULL, dies TEXT NOT NULL)"  # fmt: skip


class Tokens:
    """The tokens of one account, which all runners of a site share."""

    def __init__(self, account: Account, login: str, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._login = login
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._access = ""
        self._kept: PrivateStore | None = None

    def _store(self) -> PrivateStore:
        if self._kept is None:
            self._kept = open_store(
                self._account.home / ".byline", self._secrets.get(URL), site=self._account.site
            )
            weakref.finalize(self, self._kept.close)
            self._kept.tables(_TABLE)
        return self._kept

    def access(self) -> str:
        """An access token that lives for a while yet. One runner at a time asks for a new one."""
        if self._access:
            return self._access
        line = self._line()
        store = self._store()
        with store.unit():
            if store.postgresql:
                store.run("SELECT pg_advisory_xact_lock(hashtext(?))", line)
            rows = store.run("SELECT refresh, access, dies FROM service_tokens WHERE line = ?", line)
            refresh, access, dies = rows[0] if rows else (self._given(), "", "")
            self._http.protect(REFRESH, refresh)
            if access and datetime.fromisoformat(dies) - self._clock.now() > _SOON:
                self._http.protect("ACCESS_TOKEN", access)
                self._access = str(access)
                return self._access
            found = self._refreshed(refresh)
            self._access = str(found["access_token"])
            life = found.get("expires_in")
            dies = self._clock.now() + timedelta(seconds=life if isinstance(life, int) else 3600)
            newest = str(found.get("refresh_token") or refresh)
            self._http.protect(REFRESH, newest)
            store.run(
                "INSERT INTO service_tokens VALUES (?, ?, ?, ?) ON CONFLICT (line) DO UPDATE SET"
                " refresh = excluded.refresh, access = excluded.access, dies = excluded.dies",
                line, newest, self._access, dies.isoformat(),
            )  # fmt: skip
        return self._access

    def forget(self) -> None:
        """The access token died: the next one is asked for anew, by every runner."""
        self._access = ""
        self._store().run("UPDATE service_tokens SET access = '' WHERE line = ?", self._line())

    def _given(self) -> str:
        return self._http.secret(self._secrets, self._account.name, REFRESH, service=SERVICE)

    def _client(self) -> str:
        return self._http.secret(
            self._secrets, self._account.name, "CONSTANTCONTACT_CLIENT_ID", service=SERVICE, shown=True
        )

    def _line(self) -> str:
        """What the tokens that began with the one in the environment are kept under."""
        return hashlib.sha256(f"{self._login} {self._client()} {self._given()}".encode()).hexdigest()

    def _refreshed(self, refresh: str) -> Mapping[str, Any]:
        form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": self._client()}
        secret = self._secrets.get("CONSTANTCONTACT_CLIENT_SECRET", self._account.name)
        if secret:
            self._http.protect("CONSTANTCONTACT_CLIENT_SECRET", secret)
            form["client_secret"] = secret
        answer = self._http.request("POST", f"{self._login}/token", service=SERVICE, data=form)
        if answer.status == 429 or answer.status >= 500:
            raise failure(answer, account=self._account, http=self._http, clock=self._clock, create=False)
        try:
            return _oauth.token_of(answer, self._http, SERVICE)
        except NotSent as error:
            raise NotSent(
                f"{error.message}: the refresh token is revoked, or was used by another machine",
                service=SERVICE,
                cause="auth",
                status=error.status,
                hint=f"sign in again with `publish connect {self._account.channel}` and set {REFRESH}; where several machines "
                f"send, let them share {URL}, or choose long-lived refresh tokens in the app",
            ) from None
