"""The sending history: what is known of each delivery, and the only ways in which that may change.

A store keeps, for each delivery, the current `Record` and the `Event`s that led to it, oldest first and never
changed. `step` is the whole state machine: a store reads the current record, calls `step`, and writes the result
together with the event, all or nothing. It refuses an event whose `expected` version is not the current one, so
two runners that saw the same record cannot both act on it: the second gets ClaimHeld.

    (nothing) due failed skipped --claimed--> sending --sent--> sent --retracted--> retracted   (sent --edited--> sent)
                                               |  ^ resumed      ^
                                    released   |  |              | sent, recorded
                                    to due <---+--+-- unknown ---+
                                               +----> failed

What `prepare` returned is written (`prepared`) before the first create, a receipt (`part`) after each one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, Protocol, get_args

from byline.errors import ClaimHeld, LedgerError
from byline.model import Receipt, Request

State = Literal["due", "sending", "sent", "failed", "unknown", "skipped", "retracted"]
Kind = Literal[
    "claimed",  # a runner is about to send; from here on nobody else may
    "prepared",  # the exact requests, stored before the first create
    "part",  # one part is out: its receipt
    "resumed",  # a runner takes up a delivery whose outcome is open, to make the same request again or go on
    "sent",  # settled: out (with the missing part of a thread in the reason)
    "failed",  # settled: the network will never take it as it is
    "unknown",  # may be out
    "released",  # surely not out: due again, not before a stated time where there is one
    "postponed",  # not tried, since its account could not send just before: due, with the same reason and time
    "skipped",  # never to be sent unless a person asks for it
    "recorded",  # a person made the post, or found it
    "edited",  # the words of a post that is out were changed on the network
    "retracted",  # a person took the post away
]
KINDS = frozenset(get_args(Kind))
STATES = frozenset(get_args(State))
BASELINE = "baseline"  # the reason of what was old when sending began

# The states in which each event is allowed (None: nothing is known yet), and the state after it.
_FROM: Mapping[Kind, frozenset[State | None]] = {
    "claimed": frozenset({None, "due", "failed", "skipped"}),
    "prepared": frozenset({"sending"}),
    "part": frozenset({"sending", "unknown"}),
    "resumed": frozenset({"sending", "unknown"}),
    "sent": frozenset({"sending", "unknown"}),
    "failed": frozenset({"sending"}),
    "unknown": frozenset({"sending", "unknown"}),
    "released": frozenset({"sending", "unknown"}),
    "postponed": frozenset({None, "due"}),
    "skipped": frozenset({None, "due"}),
    "recorded": frozenset({None, "due", "failed", "unknown", "sending", "skipped"}),
    "edited": frozenset({"sent"}),
    "retracted": frozenset({"sent"}),
}
_TO: Mapping[Kind, State] = {
    "claimed": "sending",
    "resumed": "sending",
    "sent": "sent",
    "failed": "failed",
    "unknown": "unknown",
    "released": "due",
    "postponed": "due",
    "skipped": "skipped",
    "recorded": "sent",
    "retracted": "retracted",
}
_HELD = {
    "sending": "another run is sending it, or stopped while it did",
    "unknown": "it may be out: please look",
    "sent": "it is out already",
    "retracted": "a person took it back",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is about to be sent, by whom, in which words: everything `status` shows when the post is long gone.

    `fingerprint` covers words, link, image and card. `due` is aware. `text` has one entry a part.
    """

    id: str
    post: str
    channel: str
    account: str
    number: int = 1
    title: str = ""
    path: str = ""
    due: datetime | None = None
    text: tuple[str, ...] = ()
    link: str = ""
    card: str = ""
    fingerprint: str = ""
    cost: Decimal = Decimal(0)
    currency: str = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a delivery: the exact request, and the receipt once it is out."""

    request: Request
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one delivery. `version` counts its events; times are aware.

    `first_attempt` is when this attempt's requests were stored, which is before anything left; `run` names the
    runner that holds it while `sending`.
    """

    intent: Intent
    state: State
    version: int
    updated: datetime
    reason: str = ""
    parts: tuple[Part, ...] = ()
    run: str = ""
    attempts: int = 0
    claimed_at: datetime | None = None
    first_attempt: datetime | None = None
    not_before: datetime | None = None
    sent_at: datetime | None = None
    by_hand: bool = False

    @property
    def id(self) -> str:
        """The delivery's id."""
        return self.intent.id

    @property
    def receipts(self) -> tuple[Receipt, ...]:
        """The receipts of the parts that are out, in order."""
        return tuple(part.receipt for part in self.parts if part.receipt is not None)

    @property
    def open_part(self) -> Part | None:
        """The first part without a receipt."""
        return next((part for part in self.parts if part.receipt is None), None)

    @property
    def head(self) -> Receipt | None:
        """The receipt of the first part: the post's own id and address."""
        receipts = self.receipts
        return receipts[0] if receipts else None

    @property
    def uncertain(self) -> bool:
        """May it be out without our knowing?"""
        return self.state in ("unknown", "sending")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change of one delivery. `expected` is the version it was decided on: 0 when nothing was known."""

    id: str
    kind: Kind
    at: datetime
    expected: int
    run: str = ""
    reason: str = ""
    intent: Intent | None = None
    requests: tuple[Request, ...] = ()
    part: int = 0
    receipt: Receipt | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """Which store this is. `read` is when what we see was fetched, `written` the last change in it."""

    store: str
    place: str
    created: datetime | None = None
    written: datetime | None = None
    read: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The whole history at one moment. `accounts` (`linkedin.company`) have had their baseline, and when."""

    records: Mapping[str, Record] = field(default_factory=lambda: MappingProxyType({}))
    accounts: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    info: Info = field(default_factory=lambda: Info(store="none", place=""))

    @property
    def empty(self) -> bool:
        """Has nothing ever been sent, skipped or marked?"""
        return not self.records and not self.accounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A line that is no delivery's and that other parts keep beside the history: figures, the day a token dies.

    `kind` is one lower-case word; `line` has no line end.
    """

    kind: str
    day: date
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A store as it stands, not judged: `events` as (where, delivery, text), oldest first; `records` as text by
    delivery, None where the store keeps none; `faults` that the store itself sees.
    """

    events: Sequence[tuple[str, str, str]] = ()
    records: Mapping[str, str] | None = None
    faults: Sequence[str] = ()


class Ledger(Protocol):
    """One site's sending history in one store. Not shared between threads.

    Every method raises LedgerError when the store cannot be read or written, and LedgerUntrusted when it
    vanished or went back in time.
    """

    @property
    def info(self) -> Info:
        """Which store, where, how old."""
        ...

    def snapshot(self) -> Snapshot:
        """Everything, as of now (of a remote store: as of the last fetch)."""
        ...

    def get(self, delivery: str) -> Record | None:
        """The newest record of one delivery, or None."""
        ...

    def write(self, *events: Event, lazy: bool = False) -> tuple[Record, ...]:
        """Apply the events, all or none, and return the records after them.

        On return they survive a power cut; `lazy` allows a remote store to let settlements wait for the next
        write or for `flush`. Raises ClaimHeld when a version or a state is not the expected one.
        """
        ...

    def baseline(
        self, accounts: Mapping[str, datetime], events: Sequence[Event] = (), notes: Sequence[Note] = ()
    ) -> None:
        """Mark the accounts as begun and write the events of what was old then (and notes), all or none."""
        ...

    def history(self, delivery: str = "") -> tuple[Event, ...]:
        """Every event of one delivery, or of all, oldest first."""
        ...

    def note(self, *notes: Note) -> None:
        """Keep these lines; a remote store may let them wait for the next write or for `flush`."""
        ...

    def notes(self, kind: str = "") -> tuple[Note, ...]:
        """Every line of that kind, or of all, by kind and day, then as they were written."""
        ...

    def raw(self) -> Raw:
        """Everything as it stands in the store, for `verify`."""
        ...

    def flush(self) -> None:
        """Make everything written survive."""
        ...

    def close(self) -> None:
        """Flush and let go of the store."""
        ...


def step(record: Record | None, event: Event) -> Record:
    """The record after the event. Raises ClaimHeld when it is not the record the event was decided on."""
    state = record.state if record else None
    version = record.version if record else 0
    if event.expected != version or state not in _FROM[event.kind]:
        what = _HELD.get(state or "", "another run changed it meanwhile")
        raise ClaimHeld(
            f"{event.id} was left alone: {what}",
            hint="nothing to do; see `publish status`"
            if state != "unknown"
            else f"publish reconcile {event.id}",
        )
    if record is None:
        if event.intent is None or event.intent.id != event.id:
            raise LedgerError(f"{event.id}: a first event must say what is to be sent")
        record = Record(intent=event.intent, state="due", version=0, updated=event.at)
    changed = _apply(record, event)
    return replace(changed, state=_TO.get(event.kind, record.state), version=version + 1, updated=event.at)


def replay(events: Iterable[Event]) -> Mapping[str, Record]:
    """The records that the events lead to, from nothing: what an intact store holds."""
    records: dict[str, Record] = {}
    for event in events:
        records[event.id] = step(records.get(event.id), event)
    return records


def _apply(record: Record, event: Event) -> Record:
    """What the event changes beside state, version and time. Invariants that a caller broke are LedgerErrors."""
    match event.kind:
        case "claimed":
            return replace(
                record,
                intent=event.intent or record.intent,
                parts=(),
                run=event.run,
                reason=event.reason,
                attempts=record.attempts + 1,
                claimed_at=event.at,
                first_attempt=None,
                not_before=None,
            )
        case "prepared":
            _must(not record.parts and bool(event.requests), event, "its requests are stored already")
            parts = tuple(Part(request=request) for request in event.requests)
            return replace(record, parts=parts, first_attempt=event.at)
        case "part":
            _must(event.receipt is not None, event, "a part is out only with a receipt")
            _must(len(record.receipts) == event.part < len(record.parts), event, "parts go out in order")
            part = replace(record.parts[event.part], receipt=event.receipt)
            return replace(record, parts=(*record.parts[: event.part], part, *record.parts[event.part + 1 :]))
        case "resumed":
            _must(bool(record.parts), event, "there is no stored request to make again")
            return replace(record, run=event.run)
        case "sent":
            _must(bool(record.receipts), event, "nothing is sent without a receipt")
            head = record.receipts[0]
            return replace(record, reason=event.reason, run="", sent_at=head.at)
        case "released":
            _must(not record.receipts, event, "part of it is out")
            return replace(
                record, reason=event.reason, run="", parts=(), first_attempt=None, not_before=event.not_before
            )
        case "postponed":
            return replace(
                record,
                intent=event.intent or record.intent,
                reason=event.reason,
                not_before=event.not_before,
            )
        case "failed":
            _must(not record.receipts, event, "part of it is out")
            return replace(record, reason=event.reason, run="")
        case "recorded":
            _must(event.receipt is not None, event, "a hand-made post needs its address")
            assert event.receipt is not None
            part = Part(request=Request(part=0, path="", body={}), receipt=event.receipt)
            return replace(
                record,
                intent=event.intent or record.intent,
                parts=(part,),
                reason=event.reason,
                run="",
                not_before=None,
                sent_at=event.receipt.at,
                by_hand=True,
            )
        case "edited":
            _must(event.intent is not None, event, "an edit must say the new words")
            return replace(record, intent=event.intent or record.intent)
        case "unknown" | "skipped" | "retracted":
            return replace(record, reason=event.reason, run="")


def _must(holds: bool, event: Event, why: str) -> None:
    if not holds:
        raise LedgerError(f"{event.id}: `{event.kind}` is not possible: {why}")
