"""What a network charges beside posts, for reading and deleting: counted, kept, and held under the month's budget.

Each charge is a line beside the sending history, as soon as the command that caused it ends. A look at an outcome that
is not clear is counted and never refused: a post that goes out twice costs more than the look.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from byline import planning, registry
from byline.errors import NotSent
from byline.ledger.base import Note, Snapshot
from byline.settings import Account, Settings

if TYPE_CHECKING:
    from byline.channels.base import Channel, Fee, Paid
    from byline.times import Clock

KIND = "fees"


def taken(account: Account, driver: Channel, at: datetime) -> Note | None:
    """The line about what this driver was charged since it was asked last; None where that is nothing."""
    fees: tuple[Fee, ...] = getattr(driver, "fees", tuple)()
    if not fees:
        return None
    line = {
        "at": at.astimezone(UTC).isoformat(),
        "channel": account.channel,
        "account": account.name,
        "currency": fees[0].currency,
        "charged": {fee.what: str(fee.amount) for fee in fees},
    }
    return Note(kind=KIND, day=at.astimezone(UTC).date(), line=json.dumps(line, separators=(",", ":")))


Charges = dict[tuple[str, str, str, str], Decimal]  # network, account, what, day of UTC


def this_month(notes: Iterable[Note], now: datetime) -> Mapping[str, Decimal]:
    """What each network charged since the first of the month of `now`, in its zone. A line that is none is passed over.

    The same thing on one day of UTC is charged once ("Pricing", docs.x.com, read 2026-11).
    """
    totals: dict[str, Decimal] = {}
    for (channel, *_), amount in _charges(notes, now).items():
        totals[channel] = totals.get(channel, Decimal(0)) + amount
    return totals


def _charges(notes: Iterable[Note], now: datetime) -> Charges:
    found: Charges = {}
    for note in notes:
        if note.kind != KIND:
            continue
        try:
            data = json.loads(note.line)
            at = datetime.fromisoformat(data["at"])
            local = at.astimezone(now.tzinfo)
            if (local.year, local.month) != (now.year, now.month):
                continue
            day = f"{at.astimezone(UTC):%Y-%m-%d}"
            for what, amount in data["charged"].items():
                found[str(data["channel"]), str(data["account"]), what, day] = Decimal(amount)
        except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation):
            continue
    return found


@dataclass(slots=True)
class Purse:
    """This month's money. Ask `short` before a call that is paid for, tell `paid` after it; `notes` are to be kept."""

    settings: Settings
    history: Snapshot
    known: tuple[Note, ...]
    clock: Clock
    notes: list[Note] = field(default_factory=list)
    _posts: dict[str, Decimal] = field(default_factory=dict)
    _charged: Charges = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._charged = _charges(self.known, self._now)

    @property
    def _now(self) -> datetime:
        return self.clock.now().astimezone(self.settings.zone)

    def used(self, channel: str) -> Decimal:
        """What posts, reading and deleting on this network have cost this month."""
        if channel not in self._posts:
            self._posts[channel] = planning.spent(self.history, channel, self._now)
        fees = (amount for (name, *_), amount in self._charged.items() if name == channel)
        return self._posts[channel] + sum(fees, Decimal(0))

    def short(self, account: Account, driver: Channel, call: Paid) -> NotSent | None:
        """Why this call would break the month's budget; None when it fits, or costs nothing, or no budget is set."""
        price, budget = self.price(driver, call), self.settings.channels[account.channel].budget
        if not price or budget is None:
            return None
        used = self.used(account.channel)
        if used + price <= budget:
            return None
        label = registry.label(account.channel)
        money = planning.money
        return NotSent(
            f"{label} was not asked: it costs up to {money(price, 'USD')}, and {money(used, 'USD')} of the "
            f"{money(budget, 'USD')} for this month are used",
            service=label,
            cause="billing",
            hint=f"raise `budget` under `channels.{account.channel}`, or wait for the first of the month",
        )

    @staticmethod
    def price(driver: Channel, call: Paid) -> Decimal:
        """The most that such a call costs; zero where the network takes no money for it."""
        asked = getattr(driver, "price", None)
        return asked(call) if asked is not None else Decimal(0)

    def paid(self, account: Account, driver: Channel) -> Decimal:
        """Note what was charged, whether the call worked or not, and return it."""
        note = taken(account, driver, self.clock.now())
        if note is None:
            return Decimal(0)
        before = self.used(account.channel)
        self.notes.append(note)
        self._charged |= _charges((note,), self._now)
        return self.used(account.channel) - before
