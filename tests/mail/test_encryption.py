"""Handing mail in over a connection that is encrypted, against a real SMTP server with a certificate."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

import certificates
from byline.errors import NotSent
from byline.http import Http
from byline.mail import smtp
from byline.mail.smtp import Server
from byline.settings import Timeouts
from byline.times import FixedClock
from support import NOW

MAIL = b"From: a@firm.example\r\nTo: b@there.example\r\nSubject: x\r\n\r\nWords.\r\n"


class Box:
    """Keeps what comes in, and whether it came encrypted."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.encrypted: list[bool] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.mails.append(bytes(envelope.content or b""))
        self.encrypted.append(session.ssl is not None)
        return "250 taken"


class Listening(Controller):
    """On a port that the system chooses; the first visit, which starts the server, goes there."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        socket.create_connection(("127.0.0.1", self.port), 5).close()


def _signed(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
    good = isinstance(given, LoginPassword) and (given.login, given.password) == (b"me", b"secret")
    return AuthResult(success=good, handled=good)


@contextmanager
def running(**options: Any) -> Iterator[tuple[Box, int]]:
    box = Box()
    controller = Listening(box, hostname="127.0.0.1", port=0, authenticator=_signed, **options)
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


@pytest.fixture
def http() -> Iterator[Http]:
    found = Http(Timeouts(), FixedClock(NOW))
    yield found
    found.close()


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.bundle()))


def hand_over(where: Server, http: Http) -> smtp.Fate:
    with smtp.Session(where, http, NOW) as session:
        return session.hand_over("a@firm.example", "b@there.example", MAIL)


@pytest.mark.usefixtures("trusted")
def test_starttls_before_the_password_is_said(http: Http) -> None:
    with running(tls_context=certificates.server_side(), require_starttls=True, auth_required=True) as (
        box,
        port,
    ):
        fate = hand_over(Server(url=f"smtp://localhost:{port}", username="me", password="secret"), http)
    assert fate.kind == "accepted"
    assert box.encrypted == [True]
    assert box.mails == [MAIL]


@pytest.mark.usefixtures("trusted")
def test_a_port_that_is_encrypted_from_the_first_byte(http: Http) -> None:
    with running(ssl_context=certificates.server_side(), auth_require_tls=False) as (box, port):
        fate = hand_over(Server(url=f"smtps://localhost:{port}", username="me", password="secret"), http)
    assert fate.kind == "accepted"
    assert box.mails == [MAIL]


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_certificate_that_nobody_vouches_for_gets_neither_password_nor_mail(
    http: Http, scheme: str
) -> None:
    key = "tls_context" if scheme == "smtp" else "ssl_context"
    with (
        running(**{key: certificates.server_side()}) as (box, port),
        pytest.raises(NotSent, match="secure connection") as found,
    ):
        hand_over(Server(url=f"{scheme}://localhost:{port}", username="me", password="secret"), http)
    assert "secret" not in str(found.value)
    assert box.mails == []
