"""What every fake of a service shares: a server on loopback, a memory of calls and posts, and faults on demand.

A fake keeps state as its service does, so that sending twice shows as two posts. It answers on 127.0.0.1 at a port
of its own, for tests, for the demo and for authors of further drivers alike.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

from byline.times import Clock, SystemClock

Fault = Literal[
    "drop",  # the call arrives, nothing is done, the connection breaks
    "lose",  # it is done, the connection breaks before the answer
    "stall",  # it is done, the answer comes after the client gave up
    "torn",  # it is done, half of the answer comes
    "cut",  # it is done, half of the answer comes and says that it is whole
    "empty",  # it is done; the answer says so and holds nothing
    "error_before",  # nothing is done; 502 with a page of HTML
    "error_after",  # it is done; 502 with a page of HTML
    "no_id",  # it is done; the answer names no id
    "limited",  # nothing is done; 429 that says when to come back
    "limited_bare",  # nothing is done; 429 that says nothing
    "unauthorized",  # nothing is done; the token is expired or revoked
]
PROCESSED: frozenset[Fault] = frozenset({"lose", "stall", "torn", "cut", "empty", "error_after", "no_id"})
UNDONE: frozenset[Fault] = frozenset({"drop", "error_before", "limited", "limited_bare", "unauthorized"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it came. `kind` is the fake's own word for it: create, upload, list, delete, read."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    at: datetime
    kind: str = ""

    @property
    def params(self) -> dict[str, str]:
        """The query's values; of a doubled name the first."""
        return {name: values[0] for name, values in parse_qs(self.query, keep_blank_values=True).items()}

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form-encoded body."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> Any:
        """The body as JSON; None when it is not."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def parts(self) -> dict[str, Part]:
        """The parts of a multipart body, by name."""
        from email.parser import BytesParser

        head = f"Content-Type: {self.headers.get('content-type', '')}\r\n\r\n".encode()
        found: dict[str, Part] = {}
        for item in BytesParser().parsebytes(head + self.body).walk():
            name = item.get_param("name", header="content-disposition")
            data = item.get_payload(decode=True)
            if isinstance(name, str) and isinstance(data, bytes):
                found[name] = Part(data=data, mime=item.get_content_type())
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a multipart body."""

    data: bytes
    mime: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the fake says."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def answer(status: int, value: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body; without one for None."""
    if value is None:
        return Answer(status=status, headers=headers or {})
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(status=status, body=body, headers={"Content-Type": "application/json", **(headers or {})})


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedImage:
    """A picture as it was uploaded."""

    data: bytes
    mime: str
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedCard:
    """The link card under a post, as readers see it."""

    link: str
    title: str
    description: str
    image: PostedImage | None = None
    image_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A post as readers see it. `link` is where a click leads; `author` the service's own id of the account.

    `mentions` are the accounts that the post calls; `text` holds no markup.
    """

    id: str
    author: str
    name: str
    at: datetime
    text: str
    link: str
    url: str
    card: PostedCard | None = None
    images: tuple[PostedImage, ...] = ()
    reply_to: str = ""
    mentions: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(slots=True, kw_only=True)
class _Planned:
    fault: Fault
    on: str
    left: int
    skip: int = 0


class Fake:
    """One service. A subclass answers calls in `handle` and names their kind in `kind_of`.

    Use it in a `with` statement, or `start` and `stop` it. `posts` are those that stand, oldest first; `made` all
    that were ever made, deleted ones too.
    """

    label: ClassVar[str] = ""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock: Clock = clock or SystemClock()
        self.calls: list[Call] = []
        self.made: list[Posted] = []
        self.deleted: set[str] = set()
        self.lag = timedelta(0)  # how long a fresh post is missing from lists
        self.stall_for = 2.0  # seconds a stalled answer is held back at most
        self.tls: ssl.SSLContext | None = None  # with one, set before `start`, the fake speaks https
        self._planned: list[_Planned] = []
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self._thread: threading.Thread | None = None
        self._asked: dict[str, int] = {}

    # Use.

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Answer on a free port of 127.0.0.1."""
        self._over.clear()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        if self.tls is not None:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
        self._port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name=self.label, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop answering; state stays readable."""
        self._over.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = self._thread = None

    @property
    def url(self) -> str:
        """The base URL, without a trailing slash."""
        assert self._port, "start the fake first"
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self._port}"

    @property
    def posts(self) -> tuple[Posted, ...]:
        """The posts that stand, oldest first."""
        with self._lock:
            return tuple(post for post in self.made if post.id not in self.deleted)

    def inject(self, fault: Fault, *, on: str = "create", times: int = 1, after: int = 0) -> None:
        """The next `times` calls of this kind (`any` for every kind) go wrong in this way; `after` so many good ones."""
        with self._lock:
            self._planned.append(_Planned(fault=fault, on=on, left=times, skip=after))

    def mend(self) -> None:
        """Nothing more goes wrong."""
        with self._lock:
            self._planned.clear()

    def attempts(self, kind: str = "create") -> int:
        """How many calls of this kind arrived."""
        with self._lock:
            return sum(1 for call in self.calls if call.kind == kind)

    def listed(self) -> tuple[Posted, ...]:
        """The posts that a list shows now, newest first: fresh ones are missing for `lag`."""
        now = self.clock.now()
        shown = sorted((post for post in self.posts if post.at + self.lag <= now), key=lambda post: post.at)
        return tuple(reversed(shown))

    def add(self, post: Posted) -> Posted:
        """A post comes to stand in the network."""
        with self._lock:
            self.made.append(post)
        return post

    def change(self, post: Posted, **changes: Any) -> Posted:
        """A post's words change."""
        with self._lock:
            changed = replace(post, **changes)
            self.made[self.made.index(post)] = changed
        return changed

    def by_id(self, remote_id: str) -> Posted | None:
        """A post that stands, by its id."""
        return next((post for post in self.posts if post.id == remote_id), None)

    def too_many(self, what: str, limit: int, window: timedelta) -> datetime | None:
        """Count one call; when there were more than `limit` in the window, the time when the window ends."""
        seconds = int(window.total_seconds())
        slot = int(self.clock.now().timestamp()) // seconds
        key = f"{what}@{slot}"
        self._asked[key] = self._asked.get(key, 0) + 1
        if self._asked[key] <= limit:
            return None
        return self.clock.now() + timedelta(seconds=(slot + 1) * seconds - self.clock.now().timestamp())

    # What a subclass says.

    def kind_of(self, call: Call) -> str:
        """The kind of the call: create, upload, list, delete, read."""
        raise NotImplementedError

    def handle(self, call: Call) -> Answer:
        """Do what the call asks and answer."""
        raise NotImplementedError

    def allowance(self, call: Call) -> Mapping[str, str]:
        """The headers in which every answer tells how many calls are left; none unless the service has them."""
        return {}

    def counted(self, what: str, limit: int, window: timedelta) -> tuple[int, datetime]:
        """How many calls `too_many` still takes in this window, and when it ends."""
        seconds = int(window.total_seconds())
        slot = int(self.clock.now().timestamp()) // seconds
        ends = datetime.fromtimestamp((slot + 1) * seconds, UTC)
        return max(0, limit - self._asked.get(f"{what}@{slot}", 0)), ends

    def unauthorized(self) -> Answer:
        """The answer to a dead token."""
        return answer(401, {"error": "unauthorized"})

    def limited(self, *, bare: bool) -> Answer:
        """The answer to too many calls; a bare one says nothing about when to come back."""
        return answer(429, {"error": "too many requests"}, {} if bare else {"Retry-After": "120"})

    def without_id(self, given: Answer) -> Answer:
        """The same success without the id it must name."""
        return answer(given.status, {})

    # The way of one call.

    def respond(self, call: Call) -> tuple[Answer | None, Fault | None]:
        """Take one call; no answer means that the connection breaks."""
        with self._lock:
            call = replace(call, kind=self.kind_of(call))
            self.calls.append(call)
            fault = self._next_fault(call)
            if fault == "drop":
                return None, fault
            if fault == "unauthorized":
                return self.unauthorized(), fault
            if fault in ("limited", "limited_bare"):
                return self.limited(bare=fault == "limited_bare"), fault
            if fault == "error_before":
                return _page(call), fault
            given = self.handle(call)
            given = replace(given, headers={**self.allowance(call), **given.headers})
        if fault == "lose":
            return None, fault
        if fault == "error_after":
            return _page(call), fault
        if fault == "no_id" and given.status < 300:
            return self.without_id(given), fault
        if fault == "empty" and given.status < 300:
            return Answer(status=given.status), fault
        if fault == "cut" and given.status < 300:
            half = given.body[: len(given.body) // 2]
            return replace(given, body=half) if half else self.without_id(given), fault
        if fault == "stall":
            self._over.wait(self.stall_for)
        return given, fault

    def _next_fault(self, call: Call) -> Fault | None:
        for planned in self._planned:
            if planned.left > 0 and planned.on in (call.kind, "any"):
                if planned.skip:
                    planned.skip -= 1
                    continue
                planned.left -= 1
                return planned.fault
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of account. In the two texts of YAML `{api}` stands for the fake's address.

    `fake` makes the service, not yet started, with the account signed in by the secrets of `environment`.
    """

    name: str
    fake: Callable[[Clock], Fake]
    environment: Mapping[str, str]
    account: str = "{}"
    block: str = "{}"
    public: frozenset[str] = frozenset()  # variables of the environment that are no secrets
    threads: str = ""  # more YAML for the block that allows threads, where they are off at first

    def __str__(self) -> str:
        return self.name


def _page(call: Call) -> Answer:
    """A proxy's error page, which repeats what it was sent, as some do: nobody may print it as it is."""
    shown = call.headers.get("authorization", "")
    body = (
        f"<html><body><h1>502 Bad Gateway</h1><p>upstream failed for {call.path}: {shown}</p></body></html>"
    )
    return Answer(status=502, body=body.encode(), headers={"Content-Type": "text/html"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is part of the plan."""


def _handler(fake: Fake) -> Callable[..., BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if length else b""
            parts = urlsplit(self.path)
            call = Call(
                method=self.command,
                path=parts.path,
                query=parts.query,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=body,
                at=fake.clock.now(),
            )
            given, fault = fake.respond(call)
            if given is None:
                self._break()
                return
            shown = given.body
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            if fault == "torn":
                shown = shown or b" " * 40
                self.send_header("Content-Length", str(len(shown) + 20))
                shown = shown[: len(shown) // 2]
            else:
                self.send_header("Content-Length", str(len(shown)))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(shown)

        def _break(self) -> None:
            """Reset the connection, as a network that fails does."""
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _serve

        def date_time_string(self, timestamp: float | None = None) -> str:
            """The service lives at the same time as its client, also when that clock stands still."""
            return format_datetime(fake.clock.now().astimezone(UTC), usegmt=True)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler
