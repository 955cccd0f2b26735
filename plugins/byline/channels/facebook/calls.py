"""Calls to Facebook, and what its refusals mean."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from byline.channels._refusals import Refusal
from byline.channels.base import JsonValue, Quota
from byline.channels.facebook.network import BLOCKED, LIMITED, SERVICE, SHORTAGE, VERSION
from byline.channels.facebook.reading import regain, usage, whole
from byline.errors import Duplicate, RemoteError
from byline.http import Http, Response
from byline.settings import Account, Secrets
from byline.times import Clock


class FacebookCalls:
    """The way to one page."""

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._page = account.option("page_id")
        self._version = account.option("version", VERSION)
        self._quotas: dict[str, Quota] = {}

    def quotas(self) -> tuple[Quota, ...]:
        """What the app and the page have used of this hour's allowance, in percent, by the last answers."""
        return tuple(self._quotas.values())

    def _secret(self) -> str:
        return self._http.secret(
            self._secrets,
            self._account.name,
            "FACEBOOK_PAGE_TOKEN",
            service=SERVICE,
            aliases=("FACEBOOK_ACCESS_TOKEN",),
        )

    def _call(
        self,
        method: str,
        path: str,
        *,
        json: JsonValue = None,
        params: dict[str, str] | None = None,
        data: dict[str, str] | None = None,
        files: dict[str, tuple[str, bytes, str]] | None = None,
        create: bool = False,
    ) -> Response:
        """One call, the token in a header so that it stays out of addresses; a failure is raised as what it means."""
        answer = self._http.request(
            method,
            self._account.api + path,
            service=SERVICE,
            headers={"Authorization": f"Bearer {self._secret()}"},
            params=params,
            json=json,
            data=data,
            files=files,
            create=create,
        )
        self._quotas |= {quota.what: quota for quota in usage(answer, self._clock.now())}
        if not answer.ok or isinstance(answer.object().get("error"), dict):
            raise self._failure(answer, create)
        return answer

    def _failure(self, answer: Response, create: bool) -> RemoteError:
        found = answer.object().get("error")
        error: dict[str, Any] = found if isinstance(found, dict) else {}
        code = whole(error.get("code")) or -1
        said = self._http.redact(str(error.get("error_user_msg") or error.get("message") or ""))[:300]
        refusal = Refusal(
            service=SERVICE,
            account=self._account.name,
            answer=answer,
            said=f"{said or self._http.words(answer)}" + (f", code {code}" if code != -1 else ""),
            http=self._http,
            request_id=str(error.get("fbtrace_id") or ""),
        )
        if code in LIMITED or answer.status == 429 or code == BLOCKED:
            wait = regain(answer) or (timedelta(days=1) if code == BLOCKED else SHORTAGE)
            return refusal.limited(
                self._clock.now() + wait,
                what="posts",
                when="at present",
                hint="look at the page's support inbox on Facebook, which says what it objects to"
                if code == BLOCKED
                else "",
            )
        if code in (3, 10, 102, 190) or 200 <= code <= 299 or answer.status == 401:
            return refusal.of_secret(
                f"make a new page token and set FACEBOOK_PAGE_TOKEN__{self._account.name.upper()} (or "
                "FACEBOOK_PAGE_TOKEN); steps: `publish manual facebook`"
            )
        if code in (1, 2) or answer.status >= 500:
            return self._http.broken(answer, service=SERVICE, create=create)
        if code == 506:
            return Duplicate(
                "Facebook says that this is the page's latest post again",
                service=SERVICE,
                status=answer.status,
            )
        if code == 1_609_005:
            return refusal.other(
                create,
                hint="Facebook could not read the linked page: see that it is live and open to Facebook's reader, then `publish send --retry`",
            )
        return refusal.other(create)
