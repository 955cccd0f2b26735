"""Calls to Constant Contact, page after page where it cuts its lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from byline.channels.base import JsonValue
from byline.channels.constantcontact.network import LOGIN, SERVICE
from byline.channels.constantcontact.refusals import failure
from byline.channels.constantcontact.tokens import Tokens
from byline.http import Http, Response
from byline.settings import Account, Secrets
from byline.times import Clock

_PAGES = 40  # of 50 mails, looked through for our name


class ConstantContactCalls:
    """The way to one account."""

    api: ClassVar[str] = "https://api.cc.email/v3"

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._clock = clock
        self._tokens = Tokens(account, self._login, http=http, secrets=secrets, clock=clock)

    @property
    def _login(self) -> str:
        own = LOGIN if self._account.api == self.api else f"{self._account.api}/oauth2"
        return self._account.option("login", own).rstrip("/")

    def _call(self, method: str, path: str, *, json: JsonValue = None, create: bool = False) -> Response:
        """One call. A token that died is changed for a new one and the call made again, unless it makes something."""
        for last in (False, True):
            answer = self._http.request(
                method,
                self._account.api + path,
                service=SERVICE,
                headers={"Authorization": f"Bearer {self._tokens.access()}", "Accept": "application/json"},
                json=json,
                create=create,
            )
            if answer.status == 401 and not last:
                self._tokens.forget()
                if not create:
                    continue
            break
        if not answer.ok and answer.status != 409:
            raise failure(answer, account=self._account, http=self._http, clock=self._clock, create=create)
        return answer

    def _rows(self, path: str, key: str) -> Iterator[Mapping[str, Any]]:
        """The maps in the list under `key`, of every page."""
        for _ in range(_PAGES):
            found = self._call("GET", path).object()
            yield from (row for row in found.get(key) or () if isinstance(row, dict))
            path = self._next(found)
            if not path:
                return

    def _next(self, found: Mapping[str, Any]) -> str:
        """The next page, as the service names it; none when it leads to another host, which would get our token."""
        step: Any = found.get("_links")
        for key in ("next", "href"):
            step = step.get(key) if isinstance(step, dict) else None
        if not isinstance(step, str) or not step:
            return ""
        base = urlsplit(self._account.api)
        whole = urlsplit(urljoin(f"{base.scheme}://{base.netloc}/", step))
        if (whole.scheme, whole.netloc) != (base.scheme, base.netloc):
            return ""
        return f"{whole.path.removeprefix(base.path)}?{whole.query}"
