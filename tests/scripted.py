"""A network that answers as it is told, and a history in memory: every turn of sending in a millisecond."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from byline import registry
from byline.channels.base import Capabilities, Found, Replay
from byline.errors import LedgerError
from byline.ledger.base import Event, Intent, Note, Record, Snapshot, replay, step
from byline.model import Draft, Message, Receipt, Request
from support import NOW

INTENT = Intent(
    id="hp7.twitter.acme",
    post="hp7",
    channel="twitter",
    account="acme",
    title="Pricing",
    path="content/posts/hp7.md",
    due=NOW - timedelta(hours=1),
    text=("One", "Two", "Three"),
    link="https://acme.example/posts/hp7/?utm_content=hp7.twitter.acme",
)
MESSAGE = Message(channel="twitter", account="acme", parts=("One",), link=INTENT.link, used=(3,), limit=280)
NOWHERE = Found(receipt=None, certain=False, reason="not in the list")
ABSENT = Found(receipt=None, certain=True, reason="the account has no such post")


def receipt(number: int, *, url: str | None = None) -> Receipt:
    where = f"https://net.example/{number}" if url is None else url
    return Receipt(remote_id=f"r{number}", url=where, at=NOW + timedelta(seconds=number))


def requests(count: int) -> tuple[Request, ...]:
    return tuple(
        Request(part=n, path="/create", body={"text": f"part {n}"}, key=f"k{n}") for n in range(count)
    )


class Net:
    """A driver. `answers` are what each create gives or raises, `looks` what each find does; both in turn."""

    def __init__(
        self,
        *answers: Receipt | Exception,
        looks: Sequence[Found | Exception] = (),
        parts: int = 1,
        prepare: Exception | None = None,
        replay: Replay | None = None,
        find: str = "sometimes",
    ) -> None:
        self.caps: Capabilities = replace(
            registry.channel("twitter").caps,
            label="Net",
            replay=replay,
            find=find,
            mailing=False,  # type: ignore[arg-type]
        )
        self.answers, self.looks, self.parts, self.fault = list(answers), list(looks), parts, prepare
        self.cost = Decimal(0)
        self.prepared: list[tuple[Message, str]] = []
        self.created: list[tuple[Request, tuple[Receipt, ...]]] = []
        self.found: list[tuple[Any, ...]] = []
        self.on_find: Callable[[], None] = lambda: None

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        parts = tuple(f"{text} {draft.link}" for text in draft.texts)
        message = replace(MESSAGE, parts=parts, link=draft.link, card=draft.card, cost=self.cost)
        return message, ()

    def prepare(self, message: Message, delivery: str) -> tuple[Request, ...]:
        self.prepared.append((message, delivery))
        if self.fault is not None:
            raise self.fault
        return requests(self.parts)

    def create(self, request: Request, before: tuple[Receipt, ...]) -> Receipt:
        self.created.append((request, before))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def find(self, *words: Any) -> Found:
        self.found.append(words)
        self.on_find()
        answer = self.looks.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class History:
    """A ledger in memory. `fails` is asked before each write and may raise; `lazy` notes which writes may wait."""

    events: list[Event] = field(default_factory=list)
    lazy: list[bool] = field(default_factory=list)
    accounts: dict[str, datetime] = field(default_factory=dict)
    kept: tuple[Note, ...] = ()
    flushed: int = 0
    fails: Callable[[Event], None] = lambda _event: None

    @property
    def records(self) -> Mapping[str, Record]:
        return replay(self.events)

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def snapshot(self) -> Snapshot:
        return Snapshot(records=self.records, accounts=dict(self.accounts))

    def baseline(self, accounts: Mapping[str, datetime], events: Sequence[Event] = ()) -> None:
        made = self.records
        for event in events:
            self.fails(event)
            step(made.get(event.id), event)  # all or nothing
        self.accounts = {**accounts, **self.accounts}
        self.write(*events)

    def notes(self, _kind: str = "") -> tuple[Note, ...]:
        return self.kept

    def get(self, delivery: str) -> Record | None:
        return self.records.get(delivery)

    def write(self, *events: Event, lazy: bool = False) -> tuple[Record, ...]:
        made = []
        for event in events:
            self.fails(event)
            made.append(step(self.get(event.id), event))
            self.events.append(event)
            self.lazy.append(lazy)
        return tuple(made)

    def flush(self) -> None:
        self.flushed += 1

    def went(
        self, *steps: tuple[str, Mapping[str, Any]], run: str = "gone", delivery: str = INTENT.id
    ) -> Record:
        """Write these events about the delivery, an hour ago, by a run of elsewhere."""
        for kind, more in steps:
            record = self.get(delivery)
            values: dict[str, Any] = {
                "id": delivery, "kind": kind, "at": NOW - timedelta(hours=1), "run": run,
                "expected": record.version if record else 0,
                "intent": replace(INTENT, id=delivery) if kind in ("claimed", "postponed") else None,
            }  # fmt: skip
            self.write(Event(**(values | dict(more))))
        record = self.get(delivery)
        assert record is not None
        return record


def broken(_event: Event) -> None:
    raise LedgerError("the disk is full")
