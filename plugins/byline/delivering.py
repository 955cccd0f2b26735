"""Bring one claimed delivery out, part by part, and write down every step before and after it.

This is the only module that calls a driver's `prepare` and `create`. It never waits and never tries a create a
second time; what is unclear is written as `unknown` and left to `settling`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from byline.errors import (
    BylineError,
    ClaimHeld,
    Duplicate,
    LedgerError,
    NotSent,
    OutcomeUnknown,
    Rejected,
    RemoteError,
)
from byline.ledger.base import Event, Intent, Kind, Ledger, Record
from byline.model import Message, Receipt, Request
from byline.times import Clock

if TYPE_CHECKING:
    from byline.channels.base import Channel

# Where a run can break off; tests and the torture trial stop the process at each of them.
CrashPoint = Literal["claimed", "prepared", "stored", "creating", "created", "received", "settled"]
CRASH_POINTS: tuple[CrashPoint, ...] = (
    "claimed",  # written that it is about to be sent
    "prepared",  # pictures uploaded, requests built, not stored
    "stored",  # requests stored
    "creating",  # before each create
    "created",  # after each create, its receipt not stored
    "received",  # receipt stored
    "settled",  # everything written
)
Crash = Callable[[CrashPoint, str], None]


# So old the run's last word in the history may be when a create leaves. A run that was suspended, or whose push took
# long, may have been taken for dead meanwhile: it asks for its place again, and learns whether another run has it.
FRESH = timedelta(seconds=5)


def no_crash(_point: CrashPoint, _delivery: str) -> None:
    """Nothing breaks off."""


class ReceiptLost(LedgerError):
    """A post is out, or may be, and that could not be written down: nothing more may be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of a delivery. `error` is what stood in the way, if anything; `held` tells that another run has it."""

    record: Record | None
    error: BylineError | None = None
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """Brings deliveries out on behalf of one run."""

    ledger: Ledger
    clock: Clock
    run: str
    crash: Crash = no_crash

    def deliver(
        self,
        intent: Intent,
        message: Message,
        driver: Channel,
        *,
        expected: int,
        look_first: bool = False,
        refuse: Callable[[], BylineError | None] = lambda: None,
    ) -> Carried:
        """Claim, prepare, store, create each part, settle. Raises LedgerError alone.

        `refuse` is asked once the claim is written, when every other run sees it: what it answers lets go of the claim.
        `look_first` asks the network before the first create whether the post is out already, where it can tell.
        """
        try:
            return self._deliver(intent, message, driver, expected, look_first, refuse)
        except ClaimHeld as error:  # or we were taken for dead while an upload lasted: someone else sends it
            return Carried(record=self.ledger.get(intent.id), error=error, held=True)

    def postpone(self, intent: Intent, error: NotSent, *, expected: int) -> Carried:
        """Leave a delivery due for the reason that kept its account's last one back, without trying. Raises LedgerError alone."""
        try:
            record = self._write(
                "postponed",
                intent.id,
                expected,
                intent=intent,
                reason=said(error),
                not_before=_stated(error),
                lazy=True,
            )
        except ClaimHeld:
            return Carried(record=self.ledger.get(intent.id), error=error, held=True)
        return Carried(record=record, error=error)

    def carry(self, record: Record, driver: Channel, *, again: bool = False) -> Carried:
        """Create every part that has no receipt yet, then settle.

        `again` tells that the first open part may be out already and that its request is made again under the
        network's own protection: then only a receipt is an answer, and everything else leaves it unknown.
        """
        try:
            return self._tried(record, driver, again)
        except ClaimHeld as error:  # another run found it and settled it
            return Carried(record=self.ledger.get(record.id), error=error, held=True)

    def _deliver(
        self,
        intent: Intent,
        message: Message,
        driver: Channel,
        expected: int,
        look_first: bool,
        refuse: Callable[[], BylineError | None],
    ) -> Carried:
        record = self._write("claimed", intent.id, expected, intent=intent)
        self.crash("claimed", intent.id)
        if (refused := refuse()) is not None:
            return Carried(record=self._settle(record, "released", ""), error=refused)
        try:
            requests = driver.prepare(message, intent.id)
        except Rejected as error:
            return Carried(record=self._settle(record, "failed", said(error)), error=error)
        except NotSent as error:
            return Carried(record=self._release(record, error), error=error)
        except RemoteError as error:  # an upload whose answer was lost made nothing that readers see
            return Carried(record=self._settle(record, "released", said(error)), error=error)
        except BylineError as error:  # a picture that cannot be used
            return Carried(record=self._settle(record, "failed", said(error)), error=error)
        except Exception as error:  # noqa: BLE001 - a fault in one driver must not stop the other networks
            wrong = internal(error, driver)
            return Carried(record=self._settle(record, "released", wrong.message), error=wrong)
        self.crash("prepared", intent.id)
        record = self._write("prepared", record.id, record.version, requests=requests)
        self.crash("stored", intent.id)
        if look_first:
            record = self._look_first(record, driver)
        return self._tried(record, driver, again=False)

    def _tried(self, record: Record, driver: Channel, again: bool) -> Carried:
        """From here on it may be out: a history that fails now must not read as if nothing had happened."""
        try:
            return self._carry(record, driver, again)
        except (ClaimHeld, ReceiptLost):
            raise
        except LedgerError as error:
            raise ReceiptLost(
                f"{record.id} may be out, and what became of it could not be written: {error.message}",
                hint="mend that first, then run `publish reconcile`; nothing more was sent",
            ) from error

    def _carry(self, record: Record, driver: Channel, again: bool) -> Carried:
        while (part := record.open_part) is not None:
            self.crash("creating", record.id)
            if self.clock.now() - record.updated > FRESH:
                record = self.resume(record)
            error: BylineError | None = None
            receipt: Receipt | None = None
            try:
                receipt = driver.create(part.request, record.receipts)
            except Duplicate as duplicate:
                receipt, error = self._adopted(duplicate), duplicate
            except BylineError as other:
                error = other
            except Exception as fault:  # noqa: BLE001 - whatever broke, the post may be out
                error = OutcomeUnknown(internal(fault, driver).message, service=driver.caps.label)
            self.crash("created", record.id)
            if receipt is None:
                assert error is not None
                return Carried(record=self._ended(record, error, again=again), error=error)
            record = self._received(record, receipt)
            self.crash("received", record.id)
            again = False
        return Carried(record=self.sent(record))

    def sent(self, record: Record, reason: str = "") -> Record:
        """Everything that will go out is out."""
        settled = self._settle(record, "sent", reason)
        self.crash("settled", record.id)
        return settled

    def found(self, record: Record, receipt: Receipt) -> Record:
        """The network shows the first open part: note its receipt."""
        return self._write("part", record.id, record.version, part=len(record.receipts), receipt=receipt)

    def resume(self, record: Record) -> Record:
        """Take up a delivery whose outcome is open. Raises ClaimHeld when another run was first."""
        return self._write("resumed", record.id, record.version)

    def absent(self, record: Record, reason: str) -> Record:
        """The open part is surely not out: due again, or a thread whose tail stays away."""
        if record.receipts:
            return self.sent(record, f"{missing(record)} missing: {reason}")
        return self._settle(record, "released", reason)

    def unknown(self, record: Record, reason: str) -> Record:
        """It may be out and nobody can tell."""
        if record.state == "unknown" and record.reason == reason:
            return record
        return self._settle(record, "unknown", reason)

    def _look_first(self, record: Record, driver: Channel) -> Record:
        """On the first run of all, the history may have been lost: the network itself may know the post."""
        part = record.open_part
        if part is None or driver.caps.find == "never":
            return record
        try:
            found = driver.find(part.request, record.intent.link, record.intent.due or record.updated, ())
        except BylineError:
            return record  # it was only a precaution; what is wrong shows at the create
        return record if found.receipt is None else self.found(record, found.receipt)

    def _adopted(self, duplicate: Duplicate) -> Receipt | None:
        """The receipt that a network's "you have posted this already" carries, when it names the post."""
        if not duplicate.remote_id:
            return None
        return Receipt(remote_id=duplicate.remote_id, url=duplicate.url, at=self.clock.now(), already=True)

    def _ended(self, record: Record, error: BylineError, *, again: bool) -> Record:
        """A create without a receipt: what it means for the delivery."""
        unclear = isinstance(error, OutcomeUnknown | Duplicate) or not isinstance(error, NotSent | Rejected)
        if again or unclear:
            return self._settle(record, "unknown", said(error))
        if record.receipts:
            return self.sent(record, f"{missing(record)} missing: {said(error)}")
        if isinstance(error, NotSent):
            return self._release(record, error)
        return self._settle(record, "failed", said(error))

    def _received(self, record: Record, receipt: Receipt) -> Record:
        try:
            return self.found(record, receipt)
        except ClaimHeld:
            raise
        except LedgerError as error:
            raise ReceiptLost(
                f"{record.id} is out ({receipt.url or receipt.remote_id}), but its receipt could not be written: "
                f"{error.message}",
                hint="mend that first, then run `publish reconcile`; nothing more was sent",
            ) from error

    def _release(self, record: Record, error: NotSent) -> Record:
        """Due again; at the time that the network stated, where it stated one."""
        return self._settle(record, "released", said(error), not_before=_stated(error))

    def _settle(
        self, record: Record, kind: Kind, reason: str, *, not_before: datetime | None = None
    ) -> Record:
        return self._write(kind, record.id, record.version, reason=reason, not_before=not_before, lazy=True)

    def _write(
        self,
        kind: Kind,
        delivery: str,
        expected: int,
        *,
        lazy: bool = False,
        reason: str = "",
        intent: Intent | None = None,
        requests: tuple[Request, ...] = (),
        part: int = 0,
        receipt: Receipt | None = None,
        not_before: datetime | None = None,
    ) -> Record:
        event = Event(
            id=delivery,
            kind=kind,
            at=self.clock.now(),
            expected=expected,
            run=self.run,
            reason=reason,
            intent=intent,
            requests=requests,
            part=part,
            receipt=receipt,
            not_before=not_before,
        )
        return self.ledger.write(event, lazy=lazy)[0]


def said(error: BylineError) -> str:
    """What happened and what to do, on one line, for the sending history."""
    hint = error.hint.strip()
    return f"{error.message} ({hint})" if hint else error.message


def _stated(error: NotSent) -> datetime | None:
    """The time before which the network takes nothing."""
    return error.retry_at if error.cause in ("limited", "waiting") else None


def missing(record: Record) -> str:
    """`part 2 of 3 is`, `parts 2 to 3 of 3 are`."""
    first, count = len(record.receipts) + 1, len(record.parts)
    return f"part {first} of {count} is" if first == count else f"parts {first} to {count} of {count} are"


def internal(error: Exception, driver: Channel) -> BylineError:
    """A fault of our own, in words that name it without a traceback."""
    return BylineError(
        f"a fault in the driver of {driver.caps.label}: {type(error).__name__}: {error}",
        hint="please report it; `publish --debug send` shows where it arose",
    )
