"""Pictures and feeds from addresses that stand in somebody else's file.

Such an address may lead anywhere, so: https alone; every address that the name stands for must be a public one, and the
connection goes to the very address that was looked at (a name that changes its mind in between gains nothing); each
redirect is looked at in the same way; the answer has a limit in bytes and in seconds; no cookie, no proxy, no password.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from byline import __version__

MAX_HOPS = 4
_SAFE = "/%:@!$&'()*+,;=~-._?"


class Refused(Exception):
    """The address was not asked, or gave nothing that can be used; the text says why."""


def is_public(address: str) -> bool:
    """Is this a public address on the internet: not this machine, not a private network, not a cloud's own service?"""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if inner is not None:
        found = inner
    return found.is_global and not found.is_multicast and not found.is_reserved


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """`allowed` says which addresses may be asked, `seconds` is for one whole answer; `plain` lets plain http be, for tests."""

    seconds: float = 20
    allowed: Callable[[str], bool] = is_public
    plain: bool = False
    resolve: Callable[[str, int], Sequence[str]] = lambda host, port: [
        str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    ]

    def get(self, url: str, *, max_bytes: int) -> bytes:
        """The body. Raises Refused."""
        until = time.monotonic() + self.seconds
        for _ in range(MAX_HOPS + 1):
            answer = self._once(url, max_bytes, until)
            if isinstance(answer, bytes):
                return answer
            url = urljoin(url, answer)
        raise Refused("it is redirected again and again")

    def _once(self, url: str, max_bytes: int, until: float) -> bytes | str:
        """The body, or the address that it redirects to."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise Refused("the address cannot be read") from None
        if parts.scheme == "http" and not self.plain:
            parts = parts._replace(scheme="https")
            port = None
        if parts.scheme not in ("http", "https") or not host:
            raise Refused("only addresses with https are asked")
        if parts.username is not None:
            raise Refused("the address holds a password")
        connection = self._open(
            parts.scheme == "https", host, port or (443 if parts.scheme == "https" else 80), until
        )
        try:
            path = quote(parts.path or "/", safe=_SAFE) + (
                f"?{quote(parts.query, safe=_SAFE)}" if parts.query else ""
            )
            connection.request(
                "GET",
                path,
                headers={
                    "User-Agent": f"byline/{__version__}",
                    "Accept": "*/*",
                    "Accept-Encoding": "identity",
                },
            )
            answer = connection.getresponse()
            if answer.status in (301, 302, 303, 307, 308):
                return answer.headers.get("Location", "") or url
            if answer.status != 200:
                raise Refused(f"the server answers {answer.status}")
            if answer.headers.get("Content-Encoding", "identity") not in ("identity", ""):
                raise Refused("the server packs the answer although it was asked not to")
            return _body(answer, connection, max_bytes, until)
        except (OSError, http.client.HTTPException, ValueError, UnicodeError) as error:
            raise Refused(f"the server does not answer as it should ({type(error).__name__})") from None
        finally:
            connection.close()

    def _open(self, secure: bool, host: str, port: int, until: float) -> http.client.HTTPConnection:
        try:
            addresses = [host] if _is_address(host) else list(dict.fromkeys(self.resolve(host, port)))
        except (OSError, UnicodeError):
            raise Refused(f"there is no server {host}") from None
        if not addresses or not all(self.allowed(address) for address in addresses):
            raise Refused(f"{host} is no public address")
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(host, port, timeout=_left(until))
        try:
            plain = socket.create_connection((addresses[0], port), timeout=_left(until))
            connection.sock = (
                ssl.create_default_context().wrap_socket(plain, server_hostname=host) if secure else plain
            )
        except (OSError, UnicodeError, ValueError) as error:
            raise Refused(f"no connection to {host} ({type(error).__name__})") from None
        return connection


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise Refused("it takes too long")
    return left


def _body(
    answer: http.client.HTTPResponse, connection: http.client.HTTPConnection, max_bytes: int, until: float
) -> bytes:
    body = bytearray()
    while True:
        if connection.sock is not None:
            connection.sock.settimeout(_left(until))
        _left(until)
        chunk = answer.read1(65_536)
        if not chunk:
            return bytes(body)
        body += chunk
        if len(body) > max_bytes:
            raise Refused(f"it is larger than {max_bytes // 1_000_000} MB")
