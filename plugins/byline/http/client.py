"""The calls themselves: one session, each call made once, over https or to this machine alone."""

from __future__ import annotations

import json as _json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from byline import __version__
from byline.errors import Rejected, RemoteError
from byline.http import session as sessions
from byline.http.fates import Fates
from byline.http.places import allowed, is_loopback, same_host, short
from byline.http.response import Headers, Response

if TYPE_CHECKING:
    from requests import PreparedRequest, Session

    from byline.settings import Timeouts
    from byline.times import Clock

MAX_ANSWER = 8_000_000
MAX_HOPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """One call as it goes out, after what the caller may leave out was filled in."""

    method: str
    url: str
    service: str
    headers: Mapping[str, str]
    params: Mapping[str, str] | None
    data: bytes | Mapping[str, str] | None
    files: Mapping[str, tuple[str, bytes, str]] | None
    auth: Callable[[PreparedRequest], PreparedRequest] | None
    create: bool
    max_bytes: int

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or self.url


class Http(Fates):
    """One session. `request` gives back any answer, whatever its status, and raises only for a call without one."""

    def __init__(
        self, timeouts: Timeouts, clock: Clock, *, user_agent: str = f"byline/{__version__}"
    ) -> None:
        super().__init__(clock)
        self._timeouts = timeouts
        self._user_agent = user_agent
        self._session: Session | None = None
        self._skews: list[timedelta] = []

    def __repr__(self) -> str:
        return "Http()"

    @property
    def timeouts(self) -> Timeouts:
        """How long to wait, for a driver that speaks another protocol."""
        return self._timeouts

    @property
    def skew(self) -> timedelta | None:
        """How far this machine's clock is ahead of the services', by the answer that agrees best; None without one.

        A shared error of several services is unlikely, a stale answer of one is not: hence the best.
        """
        return min(self._skews, key=abs, default=None)

    def request(
        self,
        method: str,
        url: str,
        *,
        service: str,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        data: bytes | Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        auth: Callable[[PreparedRequest], PreparedRequest] | None = None,
        create: bool = False,
        max_bytes: int = MAX_ANSWER,
    ) -> Response:
        """One call, made once.

        `json` is sent as compact UTF-8, so the same value gives the same bytes. `create` says that the call makes
        something readers see: a lost answer is then OutcomeUnknown, else NotSent. A GET follows redirects within
        its host (never to another, never to plain http); any other method follows none: the 3xx is the answer.
        Raises Rejected for an address that must not be used.
        """
        sent = dict(headers or {})
        if json is not None:
            data = _json.dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
            sent.setdefault("Content-Type", "application/json")
        call = _Call(
            method=method.upper(),
            url=url,
            service=service,
            headers=sent,
            params=params,
            data=data,
            files=files,
            auth=auth,
            create=create,
            max_bytes=max_bytes,
        )
        for hop in range(MAX_HOPS + 1):
            self._check(call)
            answer = self._once(call)
            if answer.status not in (301, 302, 303, 307, 308) or call.method not in ("GET", "HEAD"):
                return answer
            target = urljoin(answer.url, answer.headers.get("location", ""))
            if hop == MAX_HOPS or not same_host(answer.url, target):
                return answer
            call = replace(call, url=target, params=None)
        raise AssertionError("the loop returns")

    def close(self) -> None:
        """Let go of every connection. The next call makes new ones."""
        if self._session is not None:
            self._session.close()

    def _check(self, call: _Call) -> None:
        if not allowed(call.url):
            raise Rejected(
                f"{call.service}: the address {self.redact(short(call.url))} is not used: only https is (http on this machine alone)",
                service=call.service,
                hint="change the address in mkdocs.yml to https://",
            )

    def _once(self, call: _Call) -> Response:
        import requests
        import urllib3

        session = self._opened()
        if call.create:
            session.close()  # a connection kept from before may be dead: its reset would look like a lost answer
        sessions.begin()
        try:
            with self._answer(session, call) as raw:
                headers = Headers(raw.headers)
                self._compare_clocks(headers)
                body = self._read(raw, call.max_bytes)
                return Response(status=raw.status_code, headers=headers, body=body, url=raw.url or call.url)
        except requests.exceptions.SSLError:
            raise self._lost(call, "the secure connection failed (certificate or protocol)") from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError):
            raise self._lost(call, "no connection could be made in time") from None
        except requests.exceptions.Timeout:
            raise self._lost(call, "no answer came in time") from None
        except _TooLarge:
            raise self._lost(call, f"the answer is larger than {call.max_bytes:,} bytes") from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, UnicodeError):
            raise Rejected(
                f"{call.service}: the address or a header of the call is not valid ({call.host})",
                service=call.service,
            ) from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError):
            what = (
                "the connection broke before the whole answer was there"
                if sessions.left()
                else "no connection could be made"
            )
            raise self._lost(call, what) from None

    def _lost(self, call: _Call, what: str) -> RemoteError:
        return self.lost(what, call.host, service=call.service, left=call.create and sessions.left())

    @contextmanager
    def _answer(self, session: Session, call: _Call) -> Iterator[Any]:
        import requests

        answer = session.request(
            call.method,
            call.url,
            headers={"User-Agent": self._user_agent, **call.headers},
            params=call.params,
            data=call.data,
            files=call.files,
            auth=call.auth,
            timeout=(self._timeouts.connect, self._timeouts.read),
            allow_redirects=False,
            stream=True,
            proxies={} if is_loopback(call.host) else requests.utils.get_environ_proxies(call.url),
            verify=os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True,
        )
        try:
            yield answer
        finally:
            answer.close()

    def _compare_clocks(self, headers: Headers) -> None:
        """Note the difference to the answer's own time; an answer from a cache tells how old it is."""
        try:
            at = parsedate_to_datetime(headers.get("date", ""))
            age = timedelta(seconds=int(headers.get("age", "0")))
            self._skews.append(self._clock.now() - (at if at.tzinfo else at.replace(tzinfo=UTC)) - age)
        except (ValueError, TypeError, IndexError, OverflowError):
            return

    def _read(self, raw: Any, max_bytes: int) -> bytes:
        """The whole body; a server that dribbles is given up on after four read time-outs."""
        import requests

        body = bytearray()
        until = self._clock.now() + timedelta(seconds=4 * self._timeouts.read)
        for chunk in raw.iter_content(65_536):
            body += chunk
            if len(body) > max_bytes:
                raise _TooLarge
            if self._clock.now() > until:
                raise requests.exceptions.ReadTimeout
        return bytes(body)

    def _opened(self) -> Session:
        if self._session is None:
            self._session = sessions.new()
        return self._session


class _TooLarge(Exception):
    pass
