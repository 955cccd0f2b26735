"""What a plan is: deliveries with their state, and what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from byline import times
from byline.errors import Problem
from byline.ledger.base import Record
from byline.model import Message
from byline.settings import Account
from byline.sharing import Telling

if TYPE_CHECKING:
    from byline.channels.base import Channel

State = Literal[
    "later", "due", "held", "manual", "sending", "sent", "failed", "unknown", "skipped", "retracted"
]
Drivers = Callable[[Account], "Channel"]
NOT_YET = "its time has not come"
OPEN: frozenset[State] = frozenset({"later", "due", "held", "manual", "sending", "failed", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which part of the plan is asked for. Empty means everything.

    `posts` are paths as `Post.path` has them, `to` pairs of network and account (an empty account: all of them).
    """

    posts: frozenset[str] = frozenset()
    to: frozenset[tuple[str, str]] = frozenset()

    def has_post(self, path: str) -> bool:
        """Is the post asked for?"""
        return not self.posts or path in self.posts

    def has_account(self, channel: str, account: str) -> bool:
        """Is the account asked for, by its name or with its whole network?"""
        return not self.to or (channel, "") in self.to or (channel, account) in self.to


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asked for beyond the rules: old posts, rejected ones again, late ones by id."""

    backfill: bool = False
    retry: bool = False
    late: frozenset[str] = frozenset()


EVERYTHING = Scope()
NOTHING = Asked()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One post, one account, one time: what the plan says of it.

    `ready` tells that `send` would take it now; `blocked` that a mistake in the post keeps it back, `over_budget`
    that the month's money does; `old` that it was old when this account began. `expected` is when a repeat would go
    out if the first one goes out on time, as long as that one is not out. `message` is there when the texts were composed.
    """

    id: str
    post: str
    channel: str
    account: str
    number: int
    state: State
    due: datetime | None
    link: str
    title: str = ""
    path: str = ""
    text: tuple[str, ...] = ()
    card: str = ""
    reason: str = ""
    cost: Decimal = Decimal(0)
    currency: str = "USD"
    url: str = ""
    parts: tuple[str, ...] = ()
    ready: bool = False
    blocked: bool = False
    over_budget: bool = False
    old: bool = False
    fingerprint: str = ""
    message: Message | None = None
    telling: Telling | None = None
    record: Record | None = None
    expected: datetime | None = None

    @property
    def remote_id(self) -> str:
        """The network's own id; a thread has its head's."""
        return self.parts[0] if self.parts else ""

    def as_json(self) -> dict[str, Any]:
        """The fields that the design promises, and a few more."""
        return {
            "id": self.id,
            "post": self.post,
            "channel": self.channel,
            "account": self.account,
            "state": self.state,
            "due": times.iso(when) if (when := self.due or self.expected) else None,
            "text": "\n\n".join(self.text),
            "link": self.link,
            "card": self.card,
            "reason": self.reason,
            "cost": float(self.cost),
            "currency": self.currency,
            "url": self.url,
            "remote_id": self.remote_id,
            "parts": list(self.parts),
            "texts": list(self.text),
            "declared": self.telling.declared if self.telling else "",
            "title": self.title,
            "file": self.path,
            "mentions": list(self.message.mentions) if self.message else [],
            "warnings": list(self.message.warnings) if self.message else [],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything the scope asks for, by post, then network. `digests` has one digest for each delivery hashed.

    `problems` are mistakes that keep something from going out. `old` is what was old when its account began and
    is not written down yet, without texts; `unplanned` the files of public posts of which a telling is so wrong that
    it could not be planned. `budgets` has, for each network with one, what this month has cost and may cost;
    `fees` is the part of that which was no post. `first_run` tells that sending never began here.
    """

    deliveries: tuple[Delivery, ...]
    old: tuple[Delivery, ...]
    unplanned: tuple[str, ...]
    hash: str
    digests: Mapping[str, str]
    problems: tuple[Problem, ...]
    budgets: Mapping[str, tuple[Decimal, Decimal]]
    fees: Mapping[str, Decimal]
    now: datetime
    first_run: bool

    def ready(self) -> tuple[Delivery, ...]:
        """What `send` would take now, the oldest first."""
        found = (item for item in self.deliveries if item.ready)
        return tuple(sorted(found, key=lambda item: (item.due or self.now, item.id)))

    def as_json(self) -> dict[str, Any]:
        """For `--json`: every delivery that is listed, and the hash of the whole scope."""
        return {"deliveries": [item.as_json() for item in self.deliveries], "hash": self.hash}


def updated(delivery: Delivery, record: Record, zone: tzinfo) -> Delivery:
    """The delivery after something was written about it."""
    if record.state != "due":
        return replace(known(delivery, record), ready=False, blocked=False)
    due = record.not_before.astimezone(zone) if record.not_before else delivery.due
    return replace(delivery, state="due", due=due, reason=record.reason, ready=False, record=record)


def known(delivery: Delivery, record: Record) -> Delivery:
    """The delivery as the history has it: what was sent is shown as it was sent."""
    intent, head = record.intent, record.head
    shown = record.state not in ("skipped", "due")
    return replace(
        delivery,
        state=record.state,
        due=delivery.due or intent.due,
        text=intent.text if shown else delivery.text,
        link=intent.link if shown and intent.link else delivery.link,
        card=intent.card if shown else delivery.card,
        cost=Decimal(0) if record.by_hand else intent.cost,
        currency=intent.currency,
        reason=record.reason,
        url=head.url if head else "",
        parts=tuple(receipt.remote_id for receipt in record.receipts),
        record=record,
    )
