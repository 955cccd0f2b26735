"""A mail server that takes newsletters: aiosmtpd, a real one, whose inboxes can be looked into.

It breaks off, refuses and answers nonsense on demand. As a mail server does, it keeps each mail that it said yes to,
also the same one again: sending twice shows as two mails.
"""

from __future__ import annotations

import asyncio
import html
import logging
import mimetypes
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import MappingProxyType
from typing import Any, ClassVar

from byline.mail.letter import RULE
from byline.testing.server import Call, Case, Fake, Fault, Posted, PostedCard, PostedImage
from byline.times import Clock

USER, PASSWORD = "news", "a-mail-password"
MOST = 150_000  # bytes of one mail
_PICTURE = re.compile(r'class="picture"><img src="([^"]*)" alt="([^"]*)"')
_PERSON = re.compile(r"\.r[0-9a-f]{16}@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inboxed:
    """One mail in one inbox."""

    recipient: str
    mail: EmailMessage
    raw: bytes

    def body(self, kind: str) -> str:
        """Its `plain` or `html` part; empty when it has none."""
        part = self.mail.get_body((kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


class Newsletter(Fake):
    """One mail server. `inbox` holds every mail it took, oldest first."""

    label: ClassVar[str] = "Newsletter"

    def __init__(self, clock: Clock | None = None, *, tls: Any = None) -> None:
        super().__init__(clock)
        self.inbox: list[Inboxed] = []
        self.refused: dict[str, str] = {}  # address -> what is answered to RCPT
        self.tired_after: int | None = None  # so many mails, then 421 until `mend`
        self.mail_tls = tls  # an SSLContext: STARTTLS is offered
        self._loop: asyncio.AbstractEventLoop | None = None
        self._smtp_port = 0
        self._smtp_thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """`smtp://127.0.0.1:port`."""
        assert self._smtp_port, "start the fake first"
        return f"smtp://127.0.0.1:{self._smtp_port}"

    def start(self) -> None:
        """Answer on 127.0.0.1; started again, at the same port."""
        from aiosmtpd.smtp import SMTP

        logging.getLogger("mail.log").setLevel(
            logging.CRITICAL
        )  # connections that break are part of the plan
        self._over.clear()
        ready = threading.Event()
        fake = self

        talks: list[Any] = []

        def make() -> Any:
            talk = SMTP(
                _Handler(fake),
                data_size_limit=MOST,
                hostname="mail.acme.example",
                authenticator=fake.sign_in,
                auth_require_tls=False,
                tls_context=fake.mail_tls,
                require_starttls=fake.mail_tls is not None,
            )
            talks.append(talk)
            return talk

        def run() -> None:
            loop = asyncio.new_event_loop()
            self._loop = loop
            server = loop.run_until_complete(loop.create_server(make, "127.0.0.1", self._smtp_port))
            self._smtp_port = int(server.sockets[0].getsockname()[1])
            ready.set()
            try:
                loop.run_forever()
            finally:
                server.close()
                for talk in tuple(talks):
                    if talk.transport is not None:
                        talk.transport.abort()
                for task in asyncio.all_tasks(loop):
                    task.cancel()
                loop.run_until_complete(asyncio.sleep(0.01))
                loop.run_until_complete(server.wait_closed())
                loop.close()

        self._smtp_thread = threading.Thread(target=run, name=self.label, daemon=True)
        self._smtp_thread.start()
        ready.wait(10)

    def stop(self) -> None:
        """Stop answering; what came stays readable."""
        self._over.set()
        if self._loop is not None and self._smtp_thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._smtp_thread.join(10)
        self._loop = self._smtp_thread = None

    def kind_of(self, call: Call) -> str:
        return "create"

    def mend(self) -> None:
        """Nothing more goes wrong."""
        super().mend()
        self.tired_after = None
        self.refused.clear()

    def got(self, recipient: str) -> list[Inboxed]:
        """The mails in one inbox."""
        return [item for item in self.inbox if item.recipient == recipient]

    # What the server asks.

    def sign_in(self, _server: Any, session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
        """Is it the right name and password? Who is refused once is refused in every way of that talk."""
        from aiosmtpd.smtp import AuthResult

        with self._lock:
            for planned in self._planned:
                if (
                    planned.fault == "unauthorized"
                    and planned.left
                    and not planned.skip
                    and planned.on in ("create", "any")
                ):
                    planned.left -= 1
                    session.turned_away = True
        if getattr(session, "turned_away", False):
            return AuthResult(success=False, handled=False)
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    def begins(self, sender: str) -> Fault | None:
        """A mail begins: what goes wrong with it."""
        call = Call(
            method="MAIL", path=sender, query="", headers=MappingProxyType({}), body=b"", at=self.clock.now(),
            kind="create",
        )  # fmt: skip
        with self._lock:
            self.calls.append(call)
            return self._next_fault(call)

    def takes(self, recipient: str, raw: bytes) -> None:
        """A mail is in an inbox."""
        mail = message_from_bytes(raw, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        item = Inboxed(recipient=recipient, mail=mail, raw=raw)
        with self._lock:
            self.inbox.append(item)
            if mail["List-Id"]:  # a mail to one of sales is no post
                self.add(self._posted(item))

    def _posted(self, item: Inboxed) -> Posted:
        mail = item.mail
        identity = _PERSON.sub("@", str(mail["Message-ID"]).strip("<>"))
        words, *blocks = item.body("plain").split(f"\n\n{RULE}\n")
        title, *about, link = (blocks[0] if blocks else "\n").rstrip("\n").split("\n")
        link = link.partition(": ")[2]
        picture = _PICTURE.search(item.body("html"))
        image = None
        if picture:
            address, alt = html.unescape(picture[1]), html.unescape(picture[2])
            image = PostedImage(data=b"", mime=mimetypes.guess_type(address)[0] or "", alt=alt)
        return Posted(
            id=identity,
            author=str(mail["From"]),
            name=str(mail["From"]),
            at=self.clock.now(),
            text=words,
            link=link,
            url=f"mid:{identity}",
            card=PostedCard(link=link, title=title, description="\n".join(about), image=image),
            raw={"subject": str(mail["Subject"])},
        )


class _Handler:
    """aiosmtpd's questions, answered by the fake."""

    def __init__(self, fake: Newsletter) -> None:
        self.fake = fake
        self.fault: Fault | None = None

    async def handle_MAIL(self, _server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        fake = self.fake
        if not session.authenticated:
            return "530 5.7.0 sign in first"
        self.fault = fake.begins(address)
        if fake.tired_after is not None and len(fake.inbox) >= fake.tired_after:
            return "421 4.7.0 too many mails, come back later"
        if self.fault in ("limited", "limited_bare"):
            return "421 4.7.0 too many mails" if self.fault == "limited_bare" else "451 4.7.1 please wait"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, _server: Any, _session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.fake.refused:
            return self.fake.refused[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        fake, fault = self.fake, self.fault
        if fault not in ("drop", "error_before"):
            for recipient in envelope.rcpt_tos:
                fake.takes(recipient, bytes(envelope.content))
        if fault in ("drop", "lose"):
            server.transport.abort()
        elif fault in ("torn", "no_id"):
            server.transport.write(b"25" if fault == "torn" else b"250-queued, and\r\n")
            server.transport.close()
        elif fault == "stall":
            for _ in range(int(fake.stall_for / 0.02)):
                if fake._over.is_set():
                    break
                await asyncio.sleep(0.02)
        elif fault in ("cut", "empty"):
            return "25" if fault == "cut" else ""
        elif fault in ("error_before", "error_after"):
            return "<html><h1>500</h1> a machine between us answered</html>"
        return "250 2.0.0 queued"


_ACCOUNT = '{from_name: Acme Insights, from_email: news@acme.example, address: "Acme Ltd, 1 Works Road, Leeds LS1 1AA, UK"}'


def environment(recipients: str = "email\nann@customer.example\n") -> Mapping[str, str]:
    """The secrets that the fake accepts, and a list."""
    return {"SMTP_USERNAME": USER, "SMTP_PASSWORD": PASSWORD, "NEWSLETTER_RECIPIENTS": recipients}


CASES = (
    Case(
        name="list",
        fake=Newsletter,
        environment=environment(),
        account=_ACCOUNT,
        block='{api: "{api}"}',
        public=frozenset({"SMTP_USERNAME", "NEWSLETTER_RECIPIENTS"}),
    ),
)
