"""What a report holds: numbers, words and ids, never a name or an address of a lead. Shown by text, page, JSON, CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from byline.attribution.credit import By
from byline.attribution.models import Model

Money = Mapping[str, Decimal]  # by currency, to the cent; never summed across currencies


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One key of a table. `low` and `high` are between how many enquiries the true number may well lie.

    `revenue_low` and `revenue_high` are there when there were enough orders to tell.
    """

    key: str
    label: str
    leads: Fraction
    low: float
    high: float
    opportunities: Fraction
    orders: Fraction
    revenue: Money
    cost: Money
    clicks: int | None = None
    revenue_low: Money | None = None
    revenue_high: Money | None = None

    @property
    def idle(self) -> bool:
        """Nothing came of it."""
        return not (self.leads or self.opportunities or self.orders or any(self.revenue.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One way of looking: rows = total - unattributed, to the cent."""

    by: By
    rows: tuple[Row, ...]
    unattributed: Row
    total: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """What people read before they asked: the same way, so many times. `leads` are the ids of those who went it."""

    steps: tuple[str, ...]
    leads: tuple[str, ...]
    orders: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Enquiries whose source is unknown, by what they came with."""

    what: str
    why: str
    leads: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What people say brought them, beside what was tracked."""

    said: str
    tracked: str
    leads: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A campaign's own target beside what came of it.

    `counted` is what `reached` counts: enquiries, opportunities or orders. Both are empty (None) where the goal is
    something that no report can count: it must not look reached by something else.
    """

    campaign: str
    goal: str
    target: int
    reached: Fraction | None
    counted: str
    end: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One post's enquiries as three ways of counting see them."""

    label: str
    first: Fraction
    last: Fraction
    linear: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it. `sentences` is what an owner should read first; `by` is the table that was asked for."""

    site: str
    made: datetime
    begin: datetime
    since: date | None
    model: Model
    window_days: int
    by: By
    sentences: tuple[str, ...]
    tables: Mapping[By, Table]
    journeys: tuple[Journey, ...]
    unknown: tuple[Unknown, ...]
    heard: tuple[Heard, ...]
    goals: tuple[Goal, ...]
    compared: tuple[Compared, ...]
    warnings: tuple[str, ...]
    tracked: int  # enquiries that came with a tag of ours
    hours: Fraction
    revenue_from: str = "won deals"

    @property
    def table(self) -> Table:
        """The table that was asked for."""
        return self.tables[self.by]
