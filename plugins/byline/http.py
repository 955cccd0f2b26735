"""One way out to the network: time-outs, redaction, and the fate of every call.

Nothing is ever retried here. A call that fails tells whether it can have happened: `NotSent` when nothing left this
machine (or the call only reads), `OutcomeUnknown` when a create left and no whole answer came back. Every secret
that was named with `protect` is replaced by its variable's name in whatever this module says.
"""

from __future__ import annotations

import base64
import ipaddress
import json as _json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, urljoin, urlsplit

from byline import __version__
from byline.errors import NotSent, OutcomeUnknown, Rejected, RemoteError

if TYPE_CHECKING:
    from requests import PreparedRequest, Session

    from byline.settings import Secrets, Timeouts
    from byline.times import Clock

MAX_ANSWER = 8_000_000
MAX_HOPS = 5
_REQUEST_IDS = ("x-request-id", "x-li-uuid", "x-fb-request-id", "x-fb-trace-id", "x-transaction-id", "cf-ray")
_LEFT = threading.local()


class Headers(Mapping[str, str]):
    """Header fields; names are found whatever their case."""

    def __init__(self, items: Mapping[str, str] | None = None) -> None:
        self._items = {name.lower(): value for name, value in (items or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._items[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Response:
    """A whole answer, whatever its status. `url` is the address that gave it, after redirects."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    url: str = ""

    @property
    def ok(self) -> bool:
        """A status of 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as UTF-8; what is not becomes a replacement character."""
        return self.body.decode("utf-8", "replace")

    @property
    def request_id(self) -> str:
        """The service's own id of the call, for its support; empty when it gave none."""
        return next((self.headers[name] for name in _REQUEST_IDS if name in self.headers), "")

    def json(self) -> Any:
        """The body as JSON; None when it is not (a proxy's HTML page, a torn answer)."""
        try:
            return _json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def object(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one when it is anything else."""
        found = self.json()
        return found if isinstance(found, dict) else {}

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.body)} bytes)"


class Http:
    """One session. `request` gives back any answer, whatever its status, and raises only for a call without one."""

    def __init__(
        self, timeouts: Timeouts, clock: Clock, *, user_agent: str = f"byline/{__version__}"
    ) -> None:
        self._timeouts = timeouts
        self._clock = clock
        self._user_agent = user_agent
        self._session: Session | None = None
        self._names: dict[str, str] = {}
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

    def protect(self, name: str, value: str) -> None:
        """From now on this value, in every usual spelling, is written as `name`."""
        if len(value) >= 4:
            for form in _forms(value):
                self._names[form] = name

    def redact(self, text: str) -> str:
        """The text without secrets."""
        for form in sorted(self._names, key=len, reverse=True):
            text = text.replace(form, f"[{self._names[form]}]")
        return text

    def secret(
        self,
        secrets: Secrets,
        account: str,
        name: str,
        *,
        service: str,
        aliases: tuple[str, ...] = (),
        shown: bool = False,
    ) -> str:
        """The secret, protected from being shown; NotSent (auth) that names the variable when it is not set.

        `shown` is for a value that stands with the secrets but is public, such as an account's name.
        """
        value = secrets.get(name, account, aliases=aliases)
        if not value:
            own = f"{name}__{account.upper()}" if account else name
            raise NotSent(
                f"{service}: the secret {name} is not set, so nothing can be sent from the account {account or service}",
                service=service,
                cause="auth",
                hint=f"set the environment variable {own} (this account alone) or {name} (every account)",
            )
        if not shown:
            self.protect(name, value)
        return value

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
        method = method.upper()
        sent = dict(headers or {})
        if json is not None:
            data = _json.dumps(json, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
            sent.setdefault("Content-Type", "application/json")
        for hop in range(MAX_HOPS + 1):
            self._allowed(url, service)
            answer = self._once(method, url, service, sent, params, data, files, auth, create, max_bytes)
            if answer.status not in (301, 302, 303, 307, 308) or method not in ("GET", "HEAD"):
                return answer
            target = urljoin(answer.url, answer.headers.get("location", ""))
            if hop == MAX_HOPS or not _same_host(answer.url, target):
                return answer
            url, params = target, None
        raise AssertionError("the loop returns")

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._session.close()

    def _allowed(self, url: str, service: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname:
            return
        if parts.scheme == "http" and is_loopback(parts.hostname or ""):
            return
        raise Rejected(
            f"{service}: the address {self.redact(_short(url))} is not used: only https is (http on this machine alone)",
            service=service,
            hint="change the address in mkdocs.yml to https://",
        )

    def _once(
        self,
        method: str,
        url: str,
        service: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        data: bytes | Mapping[str, str] | None,
        files: Mapping[str, tuple[str, bytes, str]] | None,
        auth: Callable[[PreparedRequest], PreparedRequest] | None,
        create: bool,
        max_bytes: int,
    ) -> Response:
        import requests
        import urllib3

        session = self._opened()
        if create:
            session.close()  # a connection kept from before may be dead: its reset would look like a lost answer
        _LEFT.yes = False
        host = urlsplit(url).hostname or url
        try:
            with self._answer(session, method, url, headers, params, data, files, auth) as raw:
                self._compare_clocks(Headers(raw.headers))
                body = self._read(raw, max_bytes)
                return Response(
                    status=raw.status_code, headers=Headers(raw.headers), body=body, url=raw.url or url
                )
        except requests.exceptions.SSLError:
            raise self._lost(
                service, host, "the secure connection failed (certificate or protocol)", create
            ) from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError):
            raise self._lost(service, host, "no connection could be made in time", create) from None
        except requests.exceptions.Timeout:
            raise self._lost(service, host, "no answer came in time", create) from None
        except _TooLarge:
            raise self._lost(
                service, host, f"the answer is larger than {max_bytes:,} bytes", create
            ) from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, UnicodeError):
            raise Rejected(
                f"{service}: the address or a header of the call is not valid ({host})", service=service
            ) from None
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError):
            what = (
                "the connection broke before the whole answer was there"
                if _LEFT.yes
                else "no connection could be made"
            )
            raise self._lost(service, host, what, create) from None

    @contextmanager
    def _answer(
        self,
        session: Session,
        method: str,
        url: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        data: bytes | Mapping[str, str] | None,
        files: Mapping[str, tuple[str, bytes, str]] | None,
        auth: Callable[[PreparedRequest], PreparedRequest] | None,
    ) -> Iterator[Any]:
        import requests

        local = is_loopback(urlsplit(url).hostname or "")
        answer = session.request(
            method,
            url,
            headers={"User-Agent": self._user_agent, **headers},
            params=params,
            data=data,
            files=files,
            auth=auth,
            timeout=(self._timeouts.connect, self._timeouts.read),
            allow_redirects=False,
            stream=True,
            proxies={} if local else requests.utils.get_environ_proxies(url),
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
            self._session = _session()
        return self._session

    def _lost(self, service: str, host: str, what: str, create: bool) -> RemoteError:
        left = bool(getattr(_LEFT, "yes", False))
        _LEFT.yes = False
        if create and left:
            error: RemoteError = OutcomeUnknown(
                f"{service}: {what}, after the post had left for {host}: it may be out",
                service=service,
                hint="run `publish reconcile`, which looks for the post before anything is sent again",
            )
        else:
            error = NotSent(
                f"{service}: {what} ({host}); nothing was sent",
                service=service,
                cause="unreachable",
                retry_at=self._clock.now() + timedelta(minutes=1),
                hint="check the connection and the service's status page; the post stays due",
            )
        return error

    # What an answer means, where all services agree.

    def words(self, response: Response, limit: int = 300) -> str:
        """The start of the answer's own words, without secrets, on one line; no page of HTML."""
        text = response.text.strip()
        if text.startswith("<"):
            return "(an HTML page)"
        return self.redact(" ".join(text.split()))[:limit]

    def limited(
        self,
        response: Response,
        *,
        service: str,
        until: datetime | None = None,
        message: str = "",
        hint: str = "",
    ) -> NotSent:
        """The error for 429: not before Retry-After, else `until` (the service's own reset), else a quarter of an hour."""
        now = self._clock.now()
        at = retry_after(response.headers.get("retry-after", ""), now) or until
        if at is None or at <= now:
            at = now + timedelta(minutes=15 if at is None else 1)
        return NotSent(
            message or f"{service} takes no more calls at present (429)",
            service=service,
            cause="limited",
            retry_at=at,
            status=response.status,
            request_id=self.redact(response.request_id),
            hint=hint or "nothing to do: the post stays due and goes out with a later run",
        )

    def broken(self, response: Response, *, service: str, create: bool) -> RemoteError:
        """The error for a 5xx, a redirect or an answer without the id it must have."""
        what = f"{service} answered {response.status}"
        if response.ok:
            what += " without saying what it made"
        if create and response.status not in (307, 308):
            return OutcomeUnknown(
                f"{what}: the post may be out",
                service=service,
                status=response.status,
                request_id=self.redact(response.request_id),
                hint="run `publish reconcile`, which looks for the post before anything is sent again",
            )
        if 300 <= response.status < 400:
            return Rejected(
                f"{service} has moved: it answered {response.status}, a redirect that is not followed with a token",
                service=service,
                status=response.status,
                hint="correct the `api` or `server` address in mkdocs.yml",
            )
        return NotSent(
            f"{what}: it has trouble of its own",
            service=service,
            cause="unreachable",
            retry_at=self._clock.now() + timedelta(minutes=5),
            status=response.status,
            request_id=self.redact(response.request_id),
            hint="nothing to do: try again later",
        )


class _TooLarge(Exception):
    pass


def _session() -> Session:
    """A session that keeps no cookies, reads no .netrc, never retries, and notes when bytes may have left."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class Plain(HTTPConnection):
        def connect(self) -> None:
            try:
                super().connect()
            finally:
                _LEFT.yes = False  # talk with a proxy is not the call

        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            _LEFT.yes = True
            super().send(data)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            try:
                super().connect()
            finally:
                _LEFT.yes = False

        def send(self, data: Any) -> None:
            if self.sock is None:
                self.connect()
            _LEFT.yes = True
            super().send(data)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    pools = {"http": PlainPool, "https": SecurePool}

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            manager = super().proxy_manager_for(*args, **kwargs)
            manager.pool_classes_by_scheme = pools
            return manager

    from http.cookiejar import DefaultCookiePolicy

    session = requests.Session()
    session.trust_env = False  # .netrc would replace our Authorization header; proxies are read for each call
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter(max_retries=0))
    return session


def retry_after(value: str, now: datetime) -> datetime | None:
    """When a `Retry-After` header (seconds or an HTTP date) allows the next call; None when it says nothing usable."""
    value = value.strip()
    try:
        if value.isascii() and value.isdigit():
            return now + timedelta(seconds=min(int(value), 30 * 86_400))
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def is_loopback(host: str) -> bool:
    """Is the host this very machine?"""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _same_host(one: str, other: str) -> bool:
    a, b = urlsplit(one), urlsplit(other)
    if (a.hostname or "").lower() != (b.hostname or "").lower() or not a.hostname:
        return False
    if a.scheme == "http" and b.scheme == "https":
        return a.port in (None, 80) and b.port in (None, 443)
    return a.scheme == b.scheme and a.port == b.port


def _short(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _forms(value: str) -> tuple[str, ...]:
    """The spellings in which a secret could be met: as it is, percent-encoded, in JSON, in HTML, in hexadecimal, in base64 at any offset."""
    forms = {value, quote(value, safe=""), quote_plus(value), quote(value), _json.dumps(value)[1:-1]}
    forms |= {escape(value), value.encode().hex()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            encoded = encode(b"\0" * shift + value.encode()).decode().rstrip("=")
            whole = encoded[(0, 2, 3)[shift] :]
            spare = (shift + len(value.encode())) % 3  # the last letter mixes with whatever comes after
            core = whole[:-1] if spare else whole
            if len(core) >= 6:
                forms.add(core)
    return tuple(forms)
