"""The small service that takes leads from the form on the pages, behind any WSGI server or on its own.

A lead is kept (on disk or at the CRM) before the visitor gets an answer. What looks like spam is kept apart, what
looks odd is kept with a note: nothing that was accepted is lost. No log line holds anything of a person.
"""

from __future__ import annotations

import html
import ipaddress
import re
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from byline.crm.base import LeadSink
from byline.errors import BylineError, UsageError
from byline.intake import form as forms
from byline.times import Clock

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from byline.model import Touch

PORT = 8765  # where `publish intake` listens when nothing else is said
FORM = "application/x-www-form-urlencoded"

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }}
body {{ max-width: 34rem; margin: 15vh auto; padding: 0 1.25rem }}
</style>
<h1>{title}</h1>
<p>{text}</p>
<p><a href="{back}">Back to the site</a></p>
</html>
"""


_ASK = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>Leave the newsletter</title>
<style>
:root {{ color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }}
body {{ max-width: 34rem; margin: 15vh auto; padding: 0 1.25rem }}
</style>
<h1>Leave the newsletter?</h1>
<form method="post" action="?p={person}&amp;s={signature}"><p><button>Yes, no more of it</button></p></form>
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may bring, and how many may come. `per_address` and `everyone` count within `span`."""

    bytes: int = 65_536
    fields: int = 60
    per_address: int = 20
    everyone: int = 600
    span: timedelta = timedelta(minutes=1)


class _Refused(Exception):
    """An answer for the visitor: status, heading, words."""

    def __init__(self, status: HTTPStatus, title: str, text: str) -> None:
        super().__init__(title)
        self.status, self.title, self.text = status, title, text


class Gate:
    """Counts requests by address within a span; safe for threads; holds addresses in memory alone."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self._lock = threading.Lock()
        self._all: deque[tuple[datetime, str]] = deque()
        self._by: dict[str, int] = {}

    def admits(self, address: str) -> bool:
        """True when one more request of this address is within the limits; it then counts."""
        now = self._clock.now()
        with self._lock:
            while self._all and not now - self._limits.span < self._all[0][0] <= now:
                _, old = self._all.popleft()
                self._by[old] -= 1
                if not self._by[old]:
                    del self._by[old]
            if (
                len(self._all) >= self._limits.everyone
                or self._by.get(address, 0) >= self._limits.per_address
            ):
                return False
            self._all.append((now, address))
            self._by[address] = self._by.get(address, 0) + 1
            return True


def application(
    crm: LeadSink,
    *,
    site_url: str,
    clock: Clock,
    limits: Limits | None = None,
    origins: Sequence[str] = (),
    on_lead: Callable[[str], None] = lambda _lead_id: None,
    copies: Callable[[str, datetime], bool] = lambda _form, _now: False,
    remember: Callable[[str, datetime], None] = lambda _form, _now: None,
    ours: Callable[[Touch], bool] = lambda _touch: True,
    spam: int = forms.SPAM,
    leave: Callable[[str, str], bool] | None = None,
) -> WSGIApplication:
    """The service as a WSGI application; takes the form by POST at any path.

    Forms may come from the site, from this machine and from `origins` (`https://old.example`). `on_lead` is told the
    id of each lead that is no spam after it was kept; a repeat within minutes has the id of the first. `copies`, `ours`
    and `spam` are as in `form.read`; `remember` is told each form that was kept. `leave` takes a person off the newsletter's list (their key and its signature) and
    tells whether it believed them; without it there is no such page.
    """
    limits = limits or Limits()
    gate = Gate(limits, clock)
    allowed = forms.known_hosts(site_url, origins)
    site = urlsplit(site_url)

    def take(environ: WSGIEnvironment) -> str:
        sender = _sender(environ, allowed)
        if not gate.admits(_address(environ)):
            raise _Refused(
                HTTPStatus.TOO_MANY_REQUESTS,
                "Too many messages at once",
                "Please wait a minute, then send the form again. Nothing was lost but this one try.",
            )
        form = _form(environ, limits)
        found = forms.read(
            form,
            now=clock.now(),
            site_host=site.hostname or "",
            referer=str(environ.get("HTTP_REFERER", "")),
            spam=spam,
            copies=copies,
            ours=ours,
        )
        if not found.lead.email:
            raise _Refused(
                HTTPStatus.BAD_REQUEST,
                "Your e-mail address is missing",
                "Please go back and give one, so that we can answer you.",
            )
        lead_id = crm.add_lead(found.lead, fingerprint=found.fingerprint, aside=found.aside)
        if found.form:
            remember(found.form, clock.now())
        if not found.aside:
            on_lead(lead_id)
        base = sender or forms.origin(site_url)
        return base + (_safe_path(form.get("bl_next", "")) or f"{site.path.rstrip('/')}/thanks/")

    def leaving(environ: WSGIEnvironment, method: str, leave: Callable[[str, str], bool]) -> bytes:
        """RFC 8058: the inbox's own button sends a POST; a person who opens the link is asked first."""
        asked = dict(parse_qsl(str(environ.get("QUERY_STRING", "")), max_num_fields=10))
        person, signature = asked.get("p", ""), asked.get("s", "")
        if not gate.admits(_address(environ)):
            raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, "Too many at once", "Please try again in a minute.")
        if not re.fullmatch("[0-9a-f]{64}", person) or not re.fullmatch("[0-9a-f]{32}", signature):
            raise _Refused(
                HTTPStatus.BAD_REQUEST, "This link is not whole", "Please open it from the mail again."
            )
        if method in ("GET", "HEAD"):
            return _ASK.format(person=person, signature=signature).encode()
        if not leave(person, signature):
            raise _Refused(HTTPStatus.FORBIDDEN, "This link is not ours", "Please answer the mail instead.")
        return _page("You are off the list", "You will get no more of our newsletter.", site_url)

    def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        try:
            if leave is not None and environ.get("PATH_INFO", "").rstrip("/").endswith("/unsubscribe"):
                return _answer(start, HTTPStatus.OK, leaving(environ, method, leave))
            if method == "POST":
                target = take(environ)
                page = _page("Thank you", "Your message has arrived.", target)
                return _answer(start, HTTPStatus.SEE_OTHER, page, ("Location", target))
            if method not in ("GET", "HEAD"):
                raise _Refused(
                    HTTPStatus.METHOD_NOT_ALLOWED, "Not possible", "This address takes the form only."
                )
            if environ.get("PATH_INFO", "").rstrip("/").endswith("/thanks"):
                page = _page("Thank you", "Your message has arrived. We will answer soon.", site_url)
            else:
                page = _page("The form's other end", "This address takes the form of the site.", site_url)
            return _answer(start, HTTPStatus.OK, page if method == "GET" else b"")
        except _Refused as refused:
            page = _page(refused.title, refused.text, site_url)
            return _answer(start, refused.status, page, *_hints(refused.status, limits))
        except Exception as error:  # noqa: BLE001 - the visitor must learn that the message did not arrive
            print_error(environ, error)
            page = _page(
                "Your message could not be kept",
                "This is our fault, not yours. Please send it again in a few minutes, or write or call us.",
                site_url,
            )
            return _answer(start, HTTPStatus.SERVICE_UNAVAILABLE, page, ("Retry-After", "120"))

    return app


def print_error(environ: WSGIEnvironment, error: Exception) -> None:
    """One line for the operator: the kind of error and, for our own, its words; never what the visitor sent."""
    words = f": {error.message}" if isinstance(error, BylineError) else ""
    environ["wsgi.errors"].write(f"intake: a lead could not be kept ({type(error).__name__}){words}\n")


def _sender(environ: WSGIEnvironment, allowed: frozenset[str]) -> str:
    """The origin that sent the form, when the browser tells; refuses a foreign one."""
    told = str(environ.get("HTTP_ORIGIN", ""))
    if told in ("", "null"):
        told = str(environ.get("HTTP_REFERER", ""))
    if not told:
        return ""
    sender = forms.origin(told)
    if sender in allowed or (urlsplit(sender).hostname or "") in ("localhost", "127.0.0.1", "::1"):
        return sender
    raise _Refused(
        HTTPStatus.FORBIDDEN,
        "This form does not belong here",
        "The page that sent it is not one of ours. Please use the form on our site.",
    )


def _address(environ: WSGIEnvironment) -> str:
    """Whose request it is: the visitor's address as the proxy on this machine tells it, else the caller's own."""
    raw = str(environ.get("REMOTE_ADDR", ""))
    try:
        told = str(environ.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
        found = ipaddress.ip_address(raw)
        if told and found.is_loopback:
            found = ipaddress.ip_address(told)
    except ValueError:
        return raw
    if found.version == 6:  # one household has a whole /64
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _form(environ: WSGIEnvironment, limits: Limits) -> dict[str, str]:
    kind = str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
    if kind != FORM:
        raise _Refused(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Not a form", "This address takes the form of the site alone."
        )
    length = str(environ.get("CONTENT_LENGTH") or "")
    if not (length.isascii() and length.isdigit()):
        raise _Refused(HTTPStatus.LENGTH_REQUIRED, "Not complete", "The browser did not say how long it is.")
    if len(length) > 12 or int(length) > limits.bytes:
        raise _Refused(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too long", "Please go back and shorten your message."
        )
    body: bytes = environ["wsgi.input"].read(int(length))
    if len(body) != int(length):
        raise _Refused(HTTPStatus.BAD_REQUEST, "Not complete", "The message broke off. Please send it again.")
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=limits.fields
        )
    except ValueError:
        raise _Refused(HTTPStatus.BAD_REQUEST, "Not a form", "It has too many fields.") from None
    form: dict[str, str] = {}
    for key, value in pairs:
        if not form.get(key):
            form[key] = value
    return form


def _safe_path(raw: str) -> str:
    """A path on our own site, or empty: nothing that a browser could read as another host."""
    good = raw.startswith("/") and not raw.startswith(("//", "/\\")) and len(raw) <= 500
    return raw if good and raw.isascii() and raw.isprintable() and " " not in raw and "\\" not in raw else ""


def _page(title: str, text: str, back: str) -> bytes:
    return _PAGE.format(title=html.escape(title), text=html.escape(text), back=html.escape(back)).encode()


def _hints(status: HTTPStatus, limits: Limits) -> list[tuple[str, str]]:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return [("Retry-After", str(int(limits.span.total_seconds())))]
    return [("Allow", "POST, GET, HEAD")] if status == HTTPStatus.METHOD_NOT_ALLOWED else []


def _answer(
    start: StartResponse, status: HTTPStatus, page: bytes, *headers: tuple[str, str]
) -> Iterable[bytes]:
    start(
        f"{status.value} {status.phrase}",
        [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(page))),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            *headers,
        ],
    )
    return [page]


class _Handler(WSGIRequestHandler):
    timeout = 15  # a caller that sends nothing does not hold a thread for long

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: an address and a query are personal data."""


class Server(ThreadingMixIn, WSGIServer):
    """The service on its own, a thread a request. `url` is where it listens. Waits for open requests on close."""

    daemon_threads = False
    block_on_close = True
    request_queue_size = 64

    def server_bind(self) -> None:
        """Bind without asking the network for this machine's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is no news, and its address is nobody's business."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | TimeoutError):
            sys.stderr.write(f"intake: a request failed ({type(error).__name__})\n")

    @property
    def url(self) -> str:
        """`http://host:port/`."""
        return f"http://{self.server_name}:{self.server_port}/"


def serve(app: WSGIApplication, *, host: str = "127.0.0.1", port: int = 0) -> Server:
    """A bound server; call `serve_forever()`, and from another thread `shutdown()`, then `server_close()`."""
    try:
        server = Server((host, port), _Handler)
    except OSError as error:
        raise UsageError(
            f"the intake cannot listen on {host}:{port}: {error.strerror or error}",
            hint="stop what listens there, or choose another port with --port",
        ) from None
    server.set_app(app)
    return server
