"""A mail's head and body as bytes. No value from outside can add a line to the head."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from types import MappingProxyType

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"({_LOCAL})@({_DOMAIN})")
_ANY_ADDRESS = re.compile(r"[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+")
POLICY = SMTP


def one_line(value: str) -> str:
    """The value as one line: breaks and control characters become spaces."""
    return " ".join(_BREAKS.sub(" ", value).split())


def address(raw: str) -> str:
    """The mail address, its domain in lower case and ASCII; empty when it is none that can be written to."""
    local, at, domain = raw.strip().rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError:
            return ""
    found = f"{local}{at}{domain.lower()}"
    return found if len(found) <= 254 and len(local) <= 64 and _ADDRESS.fullmatch(found) else ""


def nameless(words: str) -> str:
    """A server's words without anybody's address in them, on one line."""
    return _ANY_ADDRESS.sub("(address)", one_line(words))[:200]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Who writes to whom. Addresses were checked with `address`; `more` are further headers."""

    sender: str
    sender_name: str
    to: str
    subject: str
    message_id: str  # without the angle brackets
    at: datetime
    reply_to: str = ""
    more: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file that goes with a mail. `kind` is its media type, `name` plain ASCII."""

    name: str
    kind: str
    data: bytes


def build(head: Letterhead, *, text: str, html: str = "", files: Sequence[Attached] = ()) -> bytes:
    """The whole mail, ready for SMTP: text, HTML as its alternative, files. The same values give the same bytes.

    Raises ValueError when an address is none.
    """
    made = EmailMessage(policy=POLICY)
    made["From"] = _mailbox(head.sender, head.sender_name)
    made["To"] = _mailbox(head.to)
    if head.reply_to:
        made["Reply-To"] = _mailbox(head.reply_to)
    made["Subject"] = one_line(head.subject)
    made["Date"] = head.at
    made["Message-ID"] = f"<{one_line(head.message_id)}>"
    boundary = "=_byline_" + re.sub(r"[^A-Za-z0-9]", "_", head.message_id)[-40:]
    made.set_content(text, subtype="plain", charset="utf-8", cte="base64")
    if html:
        made.add_alternative(html, subtype="html", charset="utf-8", cte="base64")
        made.set_boundary(boundary)
    for file in files:
        main, _, sub = file.kind.partition("/")
        made.add_attachment(file.data, maintype=main, subtype=sub, filename=file.name)
    if files:
        made.set_boundary(f"{boundary}_whole")
    # Folded or encoded, an address in a header would be none to the programs that read it.
    more = "".join(f"{name}: {_ascii(value)}\r\n" for name, value in head.more.items())
    return more.encode("ascii") + made.as_bytes()


def _ascii(value: str) -> str:
    return one_line(value).encode("ascii", "replace").decode()[:900]


def _mailbox(addr: str, name: str = "") -> Address:
    found = _ADDRESS.fullmatch(addr)
    if found is None:
        raise ValueError("not a mail address")
    return Address(display_name=one_line(name), username=found[1], domain=found[2])
