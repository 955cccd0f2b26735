"""Calls to a CRM's interface: the same rules of patience, paging and signing in for every vendor.

Every call that goes through here may be repeated (it reads, or writes by our own key), unless it says otherwise.
Busy answers (429, 502, 503, 504) and lost connections are tried again after Retry-After, else after a wait that
grows and varies, at most five times; any other 4xx never. A dead token is renewed once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from byline.errors import NotSent, OutcomeUnknown, Rejected, RemoteError
from byline.http import Http, Response, retry_after
from byline.times import Clock

BUSY = (429, 502, 503, 504)
TRIES, LONGEST = 5, 60.0  # calls in all; seconds of one wait
PATIENCE = 600.0  # seconds: a service that asks for more is left alone for now


@dataclass(slots=True, kw_only=True)
class Calls:
    """The way to one vendor. `authorize` gives the headers of a signed-in call; True asks for a fresh token.

    `base` is the origin (and path) that relative addresses belong to: the token never goes anywhere else.
    `refused` may turn an answer into the vendor's own error; None leaves it to the caller. `dead` tells an answer
    to a dead token, `wait` how long a busy answer asks for where there is no Retry-After.
    """

    http: Http
    clock: Clock
    service: str
    base: str
    authorize: Callable[[bool], Mapping[str, str]]
    dead: Callable[[Response], bool] = lambda answer: answer.status == 401
    busy: Callable[[Response], bool] = lambda answer: answer.status in BUSY
    wait: Callable[[Response, int], float | None] = lambda _answer, _attempt: None
    tries: int = TRIES

    def get(self, path: str, params: Mapping[str, str] | None = None, **more: Any) -> Response:
        """A reading call."""
        return self.call("GET", path, params=params, **more)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Response:
        """The answer, whatever its status, once the service was not busy. Raises NotSent or OutcomeUnknown."""
        url = self.address(path)
        fresh = False
        attempt = 0
        while True:
            attempt += 1
            error: RemoteError | None = None
            answer: Response | None = None
            try:
                answer = self.http.request(
                    method,
                    url,
                    service=self.service,
                    headers={"Accept": "application/json", **(headers or {}), **self.authorize(fresh)},
                    params=params,
                    json=json,
                    data=data,
                    create=not repeatable,
                )
            except NotSent as found:
                if found.cause != "unreachable":
                    raise
                error = found
            if answer is not None:
                if self.dead(answer) and not fresh:
                    fresh, attempt = True, attempt - 1
                    continue
                fresh = False
                # A gateway's answer to a call that may not be repeated says nothing of what became of it.
                if not self.busy(answer) or (not repeatable and answer.status not in (429, 503)):
                    return answer
            pause = self._pause(answer, attempt)
            if attempt >= self.tries or pause is None:
                if answer is not None:
                    raise self.limited(answer)
                assert error is not None
                raise NotSent(
                    error.message.replace("; nothing was sent", ""),
                    service=self.service,
                    cause="unreachable",
                    retry_at=self.clock.now() + timedelta(minutes=5),
                    hint="check the connection and the service's status page, then run it again: it goes on where it was",
                )
            self.clock.sleep(pause)

    def limited(self, answer: Response) -> NotSent:
        """The error for a service that stays busy."""
        found = self.http.limited(
            answer,
            service=self.service,
            message=f"{self.service} is busy or takes no more calls at present ({answer.status})",
            hint="run it again later: it goes on where it was",
        )
        return found

    def _pause(self, answer: Response | None, attempt: int) -> float | None:
        """Seconds until the next try; None when the service asks for more than we wait."""
        if answer is not None:
            now = self.clock.now()
            told = retry_after(answer.headers.get("retry-after", ""), now)
            if told is not None:
                seconds = max(0.0, (told - now).total_seconds())
                return seconds if seconds <= PATIENCE else None
            asked = self.wait(answer, attempt)
            if asked is not None:
                return asked if asked <= PATIENCE else None
        # Full jitter: many runners that were sent away together do not come back together.
        return random.uniform(0, min(LONGEST, 2.0**attempt))  # noqa: S311 - not for secrets

    def address(self, path: str) -> str:
        """The address under `base`; a whole one (a next link) must have the same origin, for it gets our token."""
        url = urljoin(self.base.rstrip("/") + "/", path) if "://" not in path[:12] else path
        if origin(url) != origin(self.base):
            raise Rejected(
                f"{self.service} named a next page at another address ({urlsplit(url).hostname or 'none'}): not followed,"
                " since the call carries the token",
                service=self.service,
                hint="check `api` in mkdocs.yml; if it is right, report this to the service",
            )
        return url

    def unclear(self, answer: Response, what: str) -> RemoteError:
        """The error for an answer that is none of this service's: a page of HTML, a torn body, a redirect."""
        page = answer.text.lstrip().startswith("<")
        if page and answer.status < 500:
            return Rejected(
                f"{self.service}: the answer to {what} is a web page: this is not its interface's address",
                service=self.service,
                status=answer.status,
                hint="correct `api` under `crm` in mkdocs.yml",
            )
        return NotSent(
            f"{self.service} answered {answer.status} to {what}: {self.http.words(answer) or 'without a word'}",
            service=self.service,
            cause="unreachable",
            status=answer.status,
            request_id=self.http.redact(answer.request_id),
            hint="try again later; everything so far is kept",
        )


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port, as browsers compare them."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port


__all__ = ["BUSY", "LONGEST", "PATIENCE", "TRIES", "Calls", "OutcomeUnknown", "origin"]
