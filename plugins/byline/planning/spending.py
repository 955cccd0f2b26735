"""The month's budget of a network: what is used, and what it no longer covers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from byline.ledger.base import Snapshot
from byline.planning.shape import Delivery
from byline.settings import Settings


def within_budget(
    deliveries: Sequence[Delivery], settings: Settings, now: datetime, spent_on: Callable[[str], Decimal]
) -> Iterable[Delivery]:
    """What a network's budget for the month no longer covers stays due, and says so.

    `spent_on` tells what a network cost this month, whatever for.
    """
    used: dict[str, Decimal] = {}
    short: dict[str, Decimal] = {}
    for item in sorted(
        (item for item in deliveries if item.ready), key=lambda item: (item.due or now, item.id)
    ):
        block = settings.channels[item.channel]
        if block.budget is None or not item.cost:
            continue
        before = used.setdefault(item.channel, spent_on(item.channel))
        if before + item.cost > block.budget:
            short[item.id] = before
        else:
            used[item.channel] = before + item.cost
    for item in deliveries:
        if item.id in short and item.ready:
            yield over_budget(item, short[item.id], settings)
        else:
            yield item


def over_budget(item: Delivery, spent: Decimal, settings: Settings) -> Delivery:
    """The delivery kept back because this month's budget, of which so much is used, does not cover it."""
    budget = settings.channels[item.channel].budget
    assert budget is not None
    return replace(
        item,
        ready=False,
        over_budget=True,
        reason=f"over the budget: it costs about {money(item.cost, item.currency)}, and {money(spent, item.currency)} "
        f"of the {money(budget, item.currency)} for this month are used; it waits for next month, or for a higher "
        f"`budget` under `channels.{item.channel}`",
    )


def money(amount: Decimal, currency: str) -> str:
    """`0.20 USD`; thousandths only where there are any."""
    shown = f"{amount:.2f}" if amount == amount.quantize(Decimal("0.01")) else f"{amount.normalize():f}"
    return f"{shown} {currency}"


def spent(history: Snapshot, channel: str, now: datetime) -> Decimal:
    """What sending to the network cost since the first of the month of `now`, open outcomes included."""
    total = Decimal(0)
    for record in history.records.values():
        at = record.claimed_at
        if (
            record.intent.channel == channel
            and record.state in ("sent", "sending", "unknown", "retracted")
            and not record.by_hand
            and at is not None
        ):
            local = at.astimezone(now.tzinfo)
            if (local.year, local.month) == (now.year, now.month):
                total += record.intent.cost
    return total
