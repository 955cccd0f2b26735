"""The errands of a lead: keep it, bring it to the CRM, mail it to sales, drop it as a file. Each may be run again."""

from __future__ import annotations

import csv
import hashlib
import io
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from byline.crm import _fields as words
from byline.errors import BylineError, NotSent
from byline.intake.outbox import Errand, Outbox
from byline.mail import smtp
from byline.mail.headers import Letterhead, address, build
from byline.model import Lead

if TYPE_CHECKING:
    from byline.crm.base import Catalogue, CrmDriver, LeadSink, Store
    from byline.http import Http
    from byline.settings import MailSettings
    from byline.times import Clock

KEEP, CRM, MAIL, FILE = "keep", "crm", "mail", "file"
Do = Callable[[Lead, str, str], None]  # lead, fingerprint, why it was set aside
_COLUMNS = (
    "lead_id", "created_at", "email", "name", "company", "message", "self_reported_source",
    *(f"utm_{name}" for name in ("source", "medium", "campaign", "content", "term", "id")),
    *(f"first_utm_{name}" for name in ("source", "medium", "campaign", "content", "term", "id")),
    "landing_page", "referrer", "read_before", "marketing_consent_at",
)  # fmt: skip


@dataclass(slots=True)
class Courier:
    """Runs what is due, in a thread of its own or when asked. Nothing that fails stops another lead."""

    outbox: Outbox
    errands: Mapping[str, Do]
    clock: Clock
    tell: Callable[[str], None] = lambda _text: None
    _wake: threading.Event = field(default_factory=threading.Event)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def run_due(self) -> int:
        """Do everything that is due; returns how many errands worked."""
        worked = 0
        while (errand := self.outbox.take()) is not None:
            worked += self._one(errand)
        return worked

    def _one(self, errand: Errand) -> bool:
        do = self.errands.get(errand.what)
        found = self.outbox.lead(errand.lead)
        if found is None:  # it was erased meanwhile
            self.outbox.done(errand)
            return False
        try:
            if do is None:
                raise BylineError(f"`{errand.what}` is not set up here any more")
            do(*found)
        except Exception as error:  # noqa: BLE001 - one lead's trouble is not another's
            said = error.message if isinstance(error, BylineError) else type(error).__name__
            retry_at = error.retry_at if isinstance(error, NotSent) else None
            again = self.outbox.failed(errand, said, retry_at=retry_at)
            self.tell(
                f"{errand.lead}: {_ERRANDS[errand.what.partition('.')[0]]} failed ({said}); again at {again:%H:%M}"
            )
            return False
        self.outbox.done(errand)
        return True

    def nudge(self) -> None:
        """Something is due now."""
        self._wake.set()

    def start(self, *, every: float = 20) -> None:
        """Run in a thread until `stop`; looks every so many seconds, and at once when nudged."""

        def loop() -> None:
            while not self._over.is_set():
                try:
                    self.run_due()
                except BylineError as error:  # the store is away: what was accepted is safe in it
                    self.tell(f"nothing can be handed on at present: {error.message}")
                self._wake.wait(every)
                self._wake.clear()

        self._thread = threading.Thread(target=loop, name="intake-courier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the errand that is under way. What is left is done after the next start."""
        self._over.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(30)


_ERRANDS = {
    KEEP: "keeping it",
    CRM: "handing it to the CRM",
    MAIL: "the mail to sales",
    FILE: "dropping it as a file",
}


def keep(open_store: Callable[[], Store]) -> Do:
    """Keep the lead in our own store, where the report reads it."""

    def do(lead: Lead, fingerprint: str, aside: str) -> None:
        with closing(open_store()) as store:
            if store.lead(lead.id) is None:
                sink: LeadSink = store
                sink.add_lead(lead, fingerprint="", aside=aside)

    return do


def to_crm(open_store: Callable[[], Store], open_driver: Callable[[], CrmDriver]) -> Do:
    """Bring the lead to the CRM, and note in our own store under which id it is there."""

    def do(lead: Lead, fingerprint: str, aside: str) -> None:
        from byline.syncing import hand_on

        with closing(open_store()) as store:
            if store.lead(lead.id) is None:
                store.add_lead(lead)
            hand_on(open_driver(), store, lead)

    return do


def to_sales(
    mail: MailSettings,
    to: str,
    where: Callable[[], smtp.Server],
    http: Http,
    clock: Clock,
    catalogue: Callable[[], Catalogue],
    site: str,
) -> Do:
    """Mail the lead to one of sales, with what the person read. The Message-ID is the same at every try."""

    def do(lead: Lead, fingerprint: str, aside: str) -> None:
        made = letter(lead, told(lead, catalogue()), mail, to, site, clock.now())
        with smtp.Session(where(), http, clock.now()) as session:
            fate = session.hand_over(mail.sender, to, made)
        if fate.kind != "accepted":
            raise NotSent(
                f"the mail server did not take the mail to sales ({fate.words or fate.kind})",
                service="The mail server",
                cause="limited" if fate.kind in ("later", "closed") else "unreachable",
            )

    return do


def letter(lead: Lead, text: str, mail: MailSettings, to: str, site: str, now: datetime) -> bytes:
    """The mail to sales; an answer goes to the person who asked, where the address can be written to."""
    who = lead.company or lead.name or "somebody"
    head = Letterhead(
        sender=address(mail.sender),
        sender_name=mail.sender_name or site,
        to=to,
        subject=f"Enquiry from {who}",
        message_id=f"{lead.id}.{hashlib.sha256(to.encode()).hexdigest()[:8]}@{mail.sender.rpartition('@')[2]}",
        at=now,
        reply_to=address(lead.email),
        more={"Auto-Submitted": "auto-generated"},
    )
    return build(head, text=text)


def told(lead: Lead, catalogue: Catalogue) -> str:
    """All that came with the lead, in words that sales reads."""
    rows = [
        ("Name", lead.name),
        ("Company", lead.company),
        ("Address", lead.email),
        ("Heard of us", lead.heard_from),
        ("Came", f"{lead.at:%Y-%m-%d %H:%M} UTC"),
        ("From page", lead.fields.get("page", "")),
        ("Doubts", lead.fields.get("flags", "")),
        ("News by mail", f"agreed, {lead.fields['consent_at']}" if lead.fields.get("marketing") else "did not ask for it"),
    ]  # fmt: skip
    lines = [f"{name + ':':<14}{' '.join(value.split())}" for name, value in rows if value]
    message = f"\n\n{lead.message}" if lead.message else ""
    read = words.reading(lead, catalogue) or "What this person read before is not known."
    return "\n".join(lines) + message + f"\n\n{read}\n\nId: {lead.id}\n"


def to_file(folder: Path, catalogue: Callable[[], Catalogue]) -> Do:
    """Drop the lead as a CSV file of its own, whole or not at all, for a CRM that takes files."""

    def do(lead: Lead, fingerprint: str, aside: str) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = folder / f".{lead.id}.new"
            fresh.write_bytes(sheet(lead, catalogue()))
            fresh.chmod(0o600)
            fresh.replace(folder / f"{lead.at:%Y-%m-%d}-{lead.id}.csv")
        except OSError as error:
            raise BylineError(f"the folder for files cannot be written ({error.strerror})") from None

    return do


def sheet(lead: Lead, catalogue: Catalogue) -> bytes:
    """The lead as a sheet of two lines: UTF-8 with a mark, what looks like a formula made text."""
    found = {word: value for word, value in words.values(lead).items() if word in _COLUMNS}
    row = {
        "lead_id": lead.id,
        "created_at": lead.at.isoformat(),
        "email": lead.email,
        "name": lead.name,
        "company": lead.company,
        "message": lead.message,
        "self_reported_source": lead.heard_from,
        "read_before": words.reading(lead, catalogue).partition("\n")[2],
        "marketing_consent_at": lead.fields.get("consent_at", "") if lead.fields.get("marketing") else "",
        **found,
    }
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerow([_plain(row.get(name, "")) for name in _COLUMNS])
    return out.getvalue().encode("utf-8-sig", "replace")


def _plain(value: str) -> str:
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


__all__ = ["CRM", "FILE", "KEEP", "MAIL", "Courier", "Do", "keep", "to_crm", "to_file", "to_sales"]
