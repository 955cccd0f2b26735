"""Handing mails to an SMTP server, one recipient a mail, and what became of each.

RFC 5321: once the server has said 250 after the final dot, the mail is its own; when the connection breaks between the
dot and that answer, nobody knows (section 4.5.3.2.6). RFC 3207 for STARTTLS; without encryption only to this machine.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self
from urllib.parse import urlsplit

from byline.errors import NotSent
from byline.fields import is_loopback
from byline.http import Http
from byline.mail.headers import nameless
from byline.settings import Secrets

SCHEMES = ("smtp", "smtps")
Kind = Literal["accepted", "later", "refused", "closed", "unclear"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of one mail.

    `accepted`: the server has it. `later`: not now (4xx), try again. `refused`: never for this address (5xx).
    `closed`: the server ended the talk before it took anything. `unclear`: the answer after the mail was lost.
    `all` tells that what was refused was the mail or the sender, not this one recipient.
    """

    kind: Kind
    code: int = 0
    words: str = ""
    all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Server:
    """Where mail is handed in. `url` is `smtps://host[:465]` or `smtp://host[:587]` (STARTTLS)."""

    url: str
    username: str = ""
    password: str = ""
    service: str = "The mail server"

    @property
    def host(self) -> str:
        """The server's name alone."""
        return urlsplit(self.url).hostname or ""


def server(
    url: str, secrets: Secrets, http: Http, *, account: str = "", service: str = "The mail server"
) -> Server:
    """The server with its name and password from SMTP_USERNAME and SMTP_PASSWORD (neither: it asks for none)."""
    password = secrets.get("SMTP_PASSWORD", account)
    if password:
        http.protect("SMTP_PASSWORD", password)
    return Server(url=url, username=secrets.get("SMTP_USERNAME", account), password=password, service=service)


class Session:
    """One talk with the server. Use it in a `with` statement; entering connects and signs in, or raises NotSent."""

    def __init__(self, where: Server, http: Http, now: datetime) -> None:
        self._where, self._http, self._now = where, http, now
        self._smtp: smtplib.SMTP | None = None
        self.alive = False

    def __enter__(self) -> Self:
        parts = urlsplit(self._where.url)
        host, local = parts.hostname or "", is_loopback(parts.hostname or "")
        implicit = parts.scheme == "smtps"
        port = parts.port or (465 if implicit else 587)
        try:
            self._open(host, port, implicit=implicit)
            assert self._smtp is not None
            self._smtp.ehlo_or_helo_if_needed()
            if not implicit and self._smtp.has_extn("starttls"):
                self._smtp.starttls(context=ssl.create_default_context())
                self._smtp.ehlo()
            elif not implicit and not local:
                raise self._failure(
                    f"{host} offers no encryption (STARTTLS), so nothing is handed to it",
                    "auth",
                    hint="use another server or port, such as smtps://… on 465",
                )
            if self._where.username:
                self._sign_in()
        except NotSent:
            self._drop()
            raise
        except ssl.SSLError:
            self._drop()
            raise self._failure(
                f"the secure connection to {host} failed (certificate or protocol)", "unreachable"
            ) from None
        except smtplib.SMTPResponseException as error:
            self._drop()
            busy = 400 <= error.smtp_code < 500
            raise self._failure(
                f"{host} turned us away ({self._said(error.smtp_code, error.smtp_error)})",
                "limited" if busy else "unreachable",
                retry=timedelta(minutes=5),
            ) from None
        except (OSError, smtplib.SMTPException):
            self._drop()
            raise self._failure(f"no connection to {host}:{port} could be made", "unreachable") from None
        self.alive = True
        return self

    def __exit__(self, *_: object) -> None:
        if self.alive and self._smtp is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
        self._drop()

    def hand_over(self, sender: str, recipient: str, mail: bytes) -> Fate:
        """One mail to one person; made once, never repeated. Raises nothing."""
        smtp = self._smtp
        if smtp is None or not self.alive:
            return Fate(kind="closed")
        sized = f"size={len(mail)}"
        try:
            code, words = smtp.mail(sender, [sized] if smtp.has_extn("size") else [])
            if code != 250:
                return self._not_taken(code, words, everybody=True)
            code, words = smtp.rcpt(recipient)
            if code not in (250, 251):
                return self._not_taken(code, words, everybody=False)
            code, words = smtp.docmd("DATA")
            if code != 354:
                return self._not_taken(code, words, everybody=True)
        except (OSError, smtplib.SMTPException):
            self._drop()
            return Fate(kind="closed", words="the connection broke before the mail was handed over")
        try:
            smtp.send(_dotted(mail))
            code, words = smtp.getreply()
        except (OSError, smtplib.SMTPException):
            self._drop()
            return Fate(kind="unclear", words="the connection broke before the server's answer")
        if 200 <= code < 300:
            return Fate(kind="accepted", code=code)
        if 400 <= code < 600:
            return self._not_taken(code, words, everybody=True)
        self._drop()
        return Fate(kind="unclear", code=max(code, 0), words="the server's answer cannot be understood")

    def _open(self, host: str, port: int, *, implicit: bool) -> None:
        timeouts = self._http.timeouts
        if implicit:
            self._smtp = smtplib.SMTP_SSL(
                host, port, timeout=timeouts.connect, context=ssl.create_default_context()
            )
        else:
            self._smtp = smtplib.SMTP(host, port, timeout=timeouts.connect)
        if self._smtp.sock is not None:
            self._smtp.sock.settimeout(timeouts.read)

    def _sign_in(self) -> None:
        assert self._smtp is not None
        try:
            self._smtp.login(self._where.username, self._where.password)
        except smtplib.SMTPAuthenticationError as error:
            raise self._failure(
                f"{self._where.host} refused user name and password ({self._said(error.smtp_code, error.smtp_error)})",
                "auth",
                hint="set SMTP_USERNAME and SMTP_PASSWORD anew; many providers want a password made for programs",
            ) from None
        except smtplib.SMTPNotSupportedError:
            raise self._failure(
                f"{self._where.host} offers no sign-in on this port",
                "auth",
                hint="use its port for sending (587 or 465), or leave SMTP_USERNAME unset",
            ) from None

    def _not_taken(self, code: int, words: bytes, *, everybody: bool) -> Fate:
        said = self._said(code, words)
        if code == 421 or not 400 <= code < 600:
            self._drop()
            return Fate(kind="closed", code=max(code, 0), words=said)
        try:
            if self._smtp is not None:
                self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            self._drop()
        kind: Kind = "later" if code < 500 else "refused"
        return Fate(kind=kind, code=code, words=said, all=everybody)

    def _said(self, code: int, words: bytes | str) -> str:
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
        return self._http.redact(f"{code} {nameless(text)}".strip())

    def _failure(
        self,
        what: str,
        cause: Literal["unreachable", "limited", "auth"],
        *,
        hint: str = "",
        retry: timedelta = timedelta(minutes=1),
    ) -> NotSent:
        return NotSent(
            f"{self._where.service}: {what}; nothing was sent",
            service=self._where.service,
            cause=cause,
            retry_at=None if cause == "auth" else self._now + retry,
            hint=hint or "check the address of the mail server and the connection; the mail stays due",
        )

    def _drop(self) -> None:
        self.alive = False
        if self._smtp is not None:
            self._smtp.close()
        self._smtp = None


def _dotted(mail: bytes) -> bytes:
    """The mail as it travels: lines end in CRLF, a leading dot is doubled, a lone dot ends it."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", mail)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n"
