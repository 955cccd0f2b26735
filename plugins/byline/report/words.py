"""Numbers as people read them. Shared by the text and the page, so that both say the same."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from byline.attribution.credit import NONE, By

if TYPE_CHECKING:
    from byline.report.model import Goal, Row

NOUNS: Mapping[By, str] = {
    "post": "Post",
    "channel": "Network",
    "author": "Author",
    "campaign": "Campaign",
    "audience": "Audience",
}
NO_NAME: Mapping[By, str] = {
    "post": "no post",
    "channel": "no network",
    "author": "no author",
    "campaign": "outside campaigns",
    "audience": "no audience named",
}
UNKNOWN = "source unknown"
COST_OF_NONE = f"The cost beside “{UNKNOWN}” is of posts and campaigns that belong to none of these rows."
SMALL = 5  # in a page for others, numbers of fewer people than this are not shown
UNDER = f"fewer than {SMALL}"
FEW = 10  # below so many enquiries no percentage and no advice

Cents = tuple[Collection[str], Collection[str]]  # the currencies that show cents, in revenue and in cost

_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff]")


def plain(value: str, limit: int = 120) -> str:
    """A value from outside as it may be shown: no control characters, so no colours, no moves of the cursor."""
    shown = _HIDDEN.sub("", value)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def label(key: str, by: By, labels: Mapping[str, str]) -> str:
    """The name of a key for people."""
    return NO_NAME[by] if key == NONE else plain(labels.get(key, key))


def number(value: Fraction | float) -> str:
    """`4`, `2.5`, `0.33`: a count that may be shared."""
    if value == int(value):
        return f"{int(value):,}"
    shown = f"{float(value):,.2f}".rstrip("0").rstrip(".")
    return shown if shown not in ("0", "-0") else "0.01"


def amount(value: Decimal, currency: str, *, cents: bool = False) -> str:
    """`EUR 1,234.50`; cents are left out when there are none, unless they are asked for."""
    shown = f"{value:,.2f}"
    return f"{currency} {shown if cents else shown.removesuffix('.00')}"


def money(values: Mapping[str, Decimal], *, cents: Collection[str] = ()) -> tuple[str, ...]:
    """Each currency on its own, with cents for those in `cents`; empty when there is no money."""
    return tuple(
        amount(value, currency, cents=currency in cents)
        for currency, value in sorted(values.items())
        if value
    )


def with_cents(column: Iterable[Mapping[str, Decimal]]) -> frozenset[str]:
    """The currencies in which an amount of this column has cents: all show them, to stand under one another."""
    return frozenset(name for values in column for name, value in values.items() if value != int(value))


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def between(low: float, high: float) -> str:
    """`between 2 and 6`, in whole numbers and never narrower than it is."""
    least, most = max(floor(low + 1e-9), 0), ceil(high - 1e-9)
    return f"between {least} and {most}" if least != most else f"{least}"


def counted(value: Fraction | int, one: str, many: str = "") -> str:
    """`1 enquiry`, `2.5 enquiries`."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def reached(goal: Goal) -> str:
    """How much of the goal is there, or that no report of ours can know it."""
    if goal.reached is None:
        return goal.counted or "not counted here"
    return f"{number(goal.reached)} {goal.counted}"


def share_of(part: Fraction | float, whole: Fraction | float) -> str:
    """`12 of 40 (30 %)`; without the percentage where there are too few for one."""
    percent = f" ({float(part) / float(whole) * 100:.0f} %)" if whole >= FEW else ""
    return f"{number(part)} of {number(whole)}{percent}"


def each(row: Row) -> tuple[str, ...]:
    """What one enquiry of this row cost, between what and what: `EUR 40 to 180 an enquiry`."""
    if not row.leads:
        return ()
    found = []
    for currency, value in sorted(row.cost.items()):
        least = float(value) / row.high if row.high else 0.0
        if row.low < 1 and row.low < row.high:
            found.append(f"{currency} {least:,.0f} or more an enquiry")
        else:
            most = float(value) / row.low
            span = f"{least:,.0f} to {most:,.0f}" if round(least) != round(most) else f"{most:,.0f}"
            found.append(f"{currency} {span} an enquiry")
    return tuple(found)
