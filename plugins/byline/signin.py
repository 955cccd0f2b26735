"""Signing in to a network: a person, a browser, and one answer that comes back to this machine.

The answer is taken on 127.0.0.1 alone, at one path, and only with the proof that was sent along (a state, or the
request's own token); anything else is refused and waited over. What a driver learns is checked with the network
before anybody is told that it works.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, urlsplit

from byline import registry
from byline.channels.base import Health, SignedIn
from byline.errors import BylineError, UsageError
from byline.settings import Account, Secrets
from byline.yamlread import Mapping_, read

if TYPE_CHECKING:
    from byline.channels.base import Desk
    from byline.http import Http
    from byline.times import Clock

PATH = "/callback"
PORT = 8793
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Byline</title>
<body style="font:18px/1.5 system-ui,sans-serif;margin:4rem auto;max-width:30rem"><p>%s</p></body></html>"""
_TAKEN = "The answer is here. You can close this window and go back to the terminal."
_REFUSED = "This is not the answer to the sign-in that is under way, so it was not used. Sign in again from the terminal."


class Callback:
    """A small server on this machine that waits for the browser to come back. Use it in a `with` statement."""

    def __init__(self, port: int = 0, *, wait: float = 300) -> None:
        self.wait = wait
        self._accept: Callable[[Mapping[str, str]], bool] = lambda _found: False
        self._answer: Mapping[str, str] | None = None
        self._came = threading.Event()
        self._lock = threading.Lock()
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        except OSError as error:
            raise UsageError(
                f"the port {port} of this machine cannot be used ({error.strerror})",
                hint="stop what uses it, or take another one with --port, registered with the app as callback address",
            ) from None
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def redirect(self, host: str = "127.0.0.1") -> str:
        """The address that the network sends the browser back to."""
        return f"http://{host}:{self.port}{PATH}"

    def expect(self, accept: Callable[[Mapping[str, str]], bool]) -> None:
        """From now on an answer that this takes is the one."""
        with self._lock:
            self._accept, self._answer = accept, None
            self._came.clear()

    def take(self) -> Mapping[str, str]:
        """The answer, once it is there. Raises BylineError when nobody came back in time."""
        if not self._came.wait(self.wait):
            raise BylineError(
                f"nobody came back from the browser within {self.wait:g} seconds: nothing was changed",
                hint=f"sign in again; the app must be registered with the callback address {self.redirect()}",
            )
        assert self._answer is not None
        return self._answer

    def offer(self, found: Mapping[str, str]) -> bool:
        """An answer came: is it the one that is waited for?"""
        with self._lock:
            if self._answer is not None or not self._accept(found):
                return False
            self._answer = found
            self._came.set()
            return True


def _handler(callback: Callback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            own = {f"127.0.0.1:{callback.port}", f"localhost:{callback.port}"}
            if parts.path != PATH or self.headers.get("Host", "") not in own:
                self._say(404, "There is nothing here.")
            elif callback.offer(dict(parse_qsl(parts.query, keep_blank_values=True))):
                self._say(200, _TAKEN)
            else:
                self._say(400, _REFUSED)

        def _say(self, status: int, words: str) -> None:
            body = (_PAGE % words).encode()
            self.send_response(status)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
                ("Connection", "close"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """The address holds the code: nothing is logged."""

    return Handler


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """Somebody signed in. `account` has the settings that the sign-in told, `health` is the network's own word."""

    account: Account
    signed: SignedIn
    health: Health


def connect(account: Account, desk: Desk, *, http: Http, secrets: Secrets, clock: Clock) -> Connected:
    """Sign in for the account and look at what it gave. Keeps nothing.

    Raises UsageError for a network without sign-in, NotSent (auth) when the person or the network said no.
    """
    driver = registry.channel(account.channel)
    sign_in = getattr(driver(account, http=http, secrets=secrets, clock=clock), "sign_in", None)
    if sign_in is None:
        label = driver.caps.label
        raise UsageError(
            f"{label} has no sign-in here",
            hint=f"`publish manual channels/{account.channel}` says how to get its secrets",
        )
    signed: SignedIn = sign_in(desk)
    for name, value in signed.secrets.items():
        http.protect(name, value)
    node = with_options(account.node, signed.options)
    account = replace(account, node=node)
    own = Secrets({f"{name}__{account.name.upper()}": value for name, value in signed.secrets.items()})
    health = driver(account, http=http, secrets=own, clock=clock).health()
    return Connected(account=account, signed=signed, health=health)


def with_options(node: Mapping_, options: Mapping[str, str]) -> Mapping_:
    """The block as if these lines stood in it too."""
    more = read(json.dumps(dict(options)))
    assert isinstance(more, Mapping_)
    return Mapping_(
        {**node.items, **more.items}, {**node.key_lines, **dict.fromkeys(more.items, node.line)}, node.line
    )
