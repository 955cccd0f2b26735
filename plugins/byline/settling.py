"""Unclear outcomes: found on the network, surely absent, made again under the network's own protection, or a person.

In this order, always: `find` first, since it only reads; then the same stored request again inside the window in
which the network refuses or merges a second one; else the delivery stays `unknown` and says what to do. What
another runner may still be sending is looked for and otherwise left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from byline.delivering import Carried, Carrier
from byline.errors import BylineError, ClaimHeld, UsageError
from byline.ledger.base import Event, Intent, Ledger, Record
from byline.ledger.runs import may_be_at_work
from byline.model import Receipt
from byline.settings import Account, Settings

if TYPE_CHECKING:
    from byline.channels.base import Channel

LONGEST_PAUSE = timedelta(minutes=2)  # so long a run waits for a replay window to open
BY_PERSON = "a person looked: it is not out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """Settles on behalf of one run. Raises LedgerError alone."""

    settings: Settings
    carrier: Carrier
    drivers: Callable[[Account], Channel]
    progress: Callable[[str], None] = lambda _text: None
    results: dict[str, Carried] = field(default_factory=dict)

    def settle(self, records: Iterable[Record], *, patient: bool = True) -> tuple[Carried, ...]:
        """Settle each record that may be out. A fresh one is looked for again after each of `settle_waits`.

        Without patience each is looked for once.
        """
        self.results.clear()
        waits = self.settings.settle_waits if patient else ()
        fresh: dict[str, Record] = {}
        for record in records:
            if waits and self._age(record) < timedelta(seconds=sum(waits)):
                fresh[record.id] = record
            else:
                self._finish(record, *self._look(record))
        told: dict[str, tuple[Record, str, bool]] = {}
        for wait in waits:
            if not fresh:
                break
            if wait:
                self.progress(f"looking again in {wait:g} s for {', '.join(fresh)}")
                self.carrier.clock.sleep(wait)
            for record in tuple(fresh.values()):
                current = self._current(record)
                told[record.id] = (current, *self._look(current))
                if record.id in self.results:
                    del fresh[record.id]
        for name in fresh:
            self._finish(
                *told[name]
            )  # of the record that was looked at: whatever came after it refuses the change
        return tuple(self.results.values())

    def _age(self, record: Record) -> timedelta:
        return self.carrier.clock.now() - (record.first_attempt or record.updated)

    def _current(self, record: Record) -> Record:
        return self.carrier.ledger.get(record.id) or record

    def _look(self, record: Record) -> tuple[str, bool]:
        """Look once. Notes the result when that settles it; else tells what was seen, and whether it is a proof."""
        if not record.uncertain:
            self._done(record)  # another run settled it meanwhile
            return "", False
        busy = may_be_at_work(record, self.carrier.clock.now(), self.settings.timeouts, self.carrier.run)
        part = record.open_part
        try:
            if not record.parts:  # claimed, and stopped before a request was even stored
                if not busy:
                    self._done(self.carrier.absent(record, "a run stopped before anything was sent"))
                return "", False
            if part is None:
                self._done(self.carrier.sent(record))
                return "", False
            driver = self._driver(record)
            if driver is None:
                return f"the settings no longer have the account {record.intent.account}", False
            try:
                found = driver.find(
                    part.request, record.intent.link, record.first_attempt or record.updated, record.receipts
                )
            except BylineError as error:
                return f"could not look: {error.message}", False
            if found.receipt is None:
                return found.reason, found.certain and not busy
            self.progress(f"{record.id}: found on {driver.caps.label}")
            self._go_on(self.carrier.found(record, found.receipt), driver)
        except ClaimHeld as held:
            self._held(record, held)
        return "", False

    def _finish(self, record: Record, seen: str, certain: bool) -> None:
        """Looking told nothing: the network's own protection, a proof of absence, or a person."""
        if record.id in self.results:
            return
        now = self.carrier.clock.now()
        driver = self._driver(record)
        if may_be_at_work(record, now, self.settings.timeouts, self.carrier.run):
            self.results[record.id] = Carried(record=record, held=True)
            return
        try:
            if driver is not None and record.open_part is not None and self._window(record, driver):
                self.progress(f"{record.id}: asking {driver.caps.label} again under its own protection")
                self._again(self.carrier.resume(record), driver)
            elif certain:
                self._absent(record, driver, seen or "it is not there")
            else:
                self._done(self.carrier.unknown(record, _ask(record, seen)))
        except ClaimHeld as held:
            self._held(record, held)

    def _window(self, record: Record, driver: Channel) -> bool:
        """Is the network's own protection in force? Waits a little for it to begin."""
        replay = driver.caps.replay
        if replay is None or record.first_attempt is None:
            return False
        now = self.carrier.clock.now()
        opens, closes = record.first_attempt + replay.after, record.first_attempt + replay.until
        if now < record.first_attempt - timedelta(minutes=1):
            return False  # the clock went back: the window cannot be told
        if now < opens <= now + LONGEST_PAUSE:
            self.carrier.clock.sleep((opens - now).total_seconds())
            now = self.carrier.clock.now()
        return opens <= now <= closes

    def _again(self, record: Record, driver: Channel) -> None:
        carried = self.carrier.carry(record, driver, again=True)
        if carried.record is not None and carried.record.state == "unknown":
            reason = _ask(carried.record, carried.error.message if carried.error else "")
            carried = replace(carried, record=self.carrier.unknown(carried.record, reason))
        self.results[record.id] = carried

    def _absent(self, record: Record, driver: Channel | None, why: str) -> None:
        """The open part is surely not out: a first part is due again, a later one goes out now."""
        if record.receipts and driver is not None:
            self.results[record.id] = self.carrier.carry(self.carrier.resume(record), driver)
        else:
            self._done(self.carrier.absent(record, why))

    def _go_on(self, record: Record, driver: Channel) -> None:
        """The part that was unclear is out; send the parts after it, or settle."""
        if record.open_part is None:
            self._done(self.carrier.sent(record))
        else:
            self.results[record.id] = self.carrier.carry(self.carrier.resume(record), driver)

    def _done(self, record: Record) -> None:
        self.results[record.id] = Carried(record=record)

    def _held(self, record: Record, error: BylineError) -> None:
        self.results[record.id] = Carried(record=self._current(record), error=error, held=True)

    def _driver(self, record: Record) -> Channel | None:
        account = self.settings.account(record.intent.channel, record.intent.account)
        return self.drivers(account) if account else None


def _ask(record: Record, seen: str) -> str:
    """What a person reads when nobody but a person can tell."""
    part = f"part {len(record.receipts) + 1} " if len(record.parts) > 1 else ""
    told = f" ({seen})" if seen else ""
    return f"{part}may be out: please look{told}"


def tell_not_sent(ledger: Ledger, delivery: str, settings: Settings, run: str, now: datetime) -> Record:
    """A person's word that an unclear delivery is not out: it is due again.

    Of a thread whose first parts are out, the rest stays away: it is `sent` with the missing part in the reason.
    """
    record = _uncertain(ledger, delivery)
    if may_be_at_work(record, now, settings.timeouts, run):
        raise UsageError(
            f"{delivery} may still be being sent by another run",
            hint="wait until that run has ended, then look again",
        )
    if record.receipts:
        first = len(record.receipts) + 1
        reason = f"part {first} of {len(record.parts)} is missing: {BY_PERSON}"
        event = Event(id=delivery, kind="sent", at=now, expected=record.version, run=run, reason=reason)
    else:
        event = Event(
            id=delivery, kind="released", at=now, expected=record.version, run=run, reason=BY_PERSON
        )
    return ledger.write(event)[0]


def record_by_hand(ledger: Ledger, intent: Intent, receipt: Receipt, run: str, now: datetime) -> Record:
    """Note a post that a person made, or found."""
    known = ledger.get(intent.id)
    if known is not None and known.state in ("sent", "retracted"):
        head = known.head
        where = f" at {head.url}" if head and head.url else ""
        raise UsageError(
            f"{intent.id} is noted already{where}"
            if known.state == "sent"
            else f"{intent.id} was taken back",
            hint="see `publish status`",
        )
    event = Event(
        id=intent.id,
        kind="recorded",
        at=now,
        expected=known.version if known else 0,
        run=run,
        reason="by hand",
        intent=intent,
        receipt=receipt,
    )
    return ledger.write(event)[0]


def _uncertain(ledger: Ledger, delivery: str) -> Record:
    record = ledger.get(delivery)
    if record is None:
        raise UsageError(
            f"the sending history has no {delivery}", hint="`publish status` lists every delivery"
        )
    if not record.uncertain:
        raise UsageError(
            f"{delivery} is not unclear: it is {record.state}", hint="there is nothing to settle"
        )
    return record


def uncertain(records: Sequence[Record]) -> tuple[Record, ...]:
    """Those that may be out, the oldest first."""
    return tuple(
        sorted((item for item in records if item.uncertain), key=lambda item: (item.updated, item.id))
    )
