"""What a report holds: numbers, words and ids, never a name or an address of a lead. Shown by text, page, JSON, CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from byline.attribution.credit import By, People
from byline.attribution.models import Model

Money = Mapping[str, Decimal]  # by currency, to the cent; never summed across currencies


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One key of a table. `low` and `high` are between how many enquiries the true number may well lie.

    `revenue_low` and `revenue_high` are there when there were enough orders to tell. `tier` is 1 for the rows that no
    other is clearly ahead of, 2 for those behind them, and so on: within a tier the order of rows says nothing.
    `few` tells that the numbers were taken out, because they are of so few people that one could be known by them.
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
    tier: int = 1
    few: bool = False

    @property
    def cost_per_lead(self) -> Money | None:
        """What one enquiry cost, by currency, to the cent; None without an enquiry."""
        if not self.leads:
            return None
        return {
            currency: Decimal(round(Fraction(value) / self.leads * 100)).scaleb(-2)
            for currency, value in self.cost.items()
        }

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
    """Enquiries whose source is unknown, by what they came with; each enquiry stands in one of them."""

    what: str
    why: str
    leads: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strange:
    """A tag that is not ours: the enquiries that came with it, the visits in the site's log, what may be meant."""

    tag: str
    leads: tuple[str, ...]
    visits: int
    meant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What enquiries came with: a tag of ours somewhere on the way, only tags that are not ours, no tag at all."""

    ours: int
    strange: int
    none: int

    @property
    def all(self) -> int:
        """Every enquiry."""
        return self.ours + self.strange + self.none


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """Enquiries of one month, and of how many of them the source is unknown."""

    label: str
    leads: int
    unknown: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Posts that came out in one month, what they brought so far, and how old they are beside the usual time.

    `age` is in days; `usual` the days from a first visit to an order, 0 while that is not known.
    """

    label: str
    posts: int
    leads: Fraction
    orders: Fraction
    age: int
    usual: int

    @property
    def young(self) -> bool:
        """Is it too early to tell what they brought?"""
        return self.age < self.usual


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An author measured by results. `low` and `high` are between how many enquiries a post of theirs truly brings.

    `likely` is drawn towards all authors' mean, the more the fewer posts there are. `verdict` is in words.
    """

    label: str
    posts: Fraction
    leads: Fraction
    orders: Fraction
    likely: float
    low: float
    high: float
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Largest:
    """The largest order of a currency, and what the revenue would be without it."""

    currency: str
    amount: Decimal
    total: Decimal
    median: Decimal
    orders: int
    after: str  # the post that most of it is credited to

    @property
    def without(self) -> Decimal:
        """The revenue of all other orders."""
        return self.total - self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One number as we have it and as the CRM counts it, and why they may differ."""

    what: str
    ours: str
    theirs: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What people say brought them, in one word of ours where a rule knows it, beside what was tracked.

    `agrees` is None where the words name no source or nothing was tracked.
    """

    said: str
    tracked: str
    leads: int
    means: str = ""
    agrees: bool | None = None


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
    people: People = "deal"
    coverage: Coverage = Coverage(ours=0, strange=0, none=0)
    strange: tuple[Strange, ...] = ()
    months: tuple[Month, ...] = ()
    trend: str = ""
    cohorts: tuple[Cohort, ...] = ()
    usual_days: int = 0
    standing: tuple[Standing, ...] = ()
    largest: tuple[Largest, ...] = ()
    reconciled: tuple[Reconciled, ...] = ()
    records: Mapping[str, str] = field(default_factory=dict)  # where the CRM shows an enquiry, by its id
    shared: bool = False  # made to be shown to others: no person, no number of very few

    @property
    def table(self) -> Table:
        """The table that was asked for."""
        return self.tables[self.by]
