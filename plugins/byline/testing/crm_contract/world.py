"""One driver with its fake, and what the suite needs to try it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Self

from byline.crm.base import (
    Catalogue,
    CrmDriver,
    PostRef,
    Promotion,
    campaign_key,
    person_key,
    post_key,
)
from byline.crm.local import LocalCrm
from byline.errors import Problem
from byline.fields import Fields
from byline.http import Http
from byline.model import Deal, Lead, Touch
from byline.reading.crm import read_crm
from byline.settings import CrmSettings, Secrets, Timeouts
from byline.syncing import Sync
from byline.testing.server import Answer, Call, Fake, Fault, answer
from byline.times import Clock, FixedClock
from byline.yamlread import Mapping_, read

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HOSTILE = "O'Brien \\' OR Name != '' -- \" } ]]> <script>alert(1)</script> =cmd|'/C calc'!A0 \u202eé 👩‍👩‍👧"
CATALOGUE = Catalogue(
    posts=MappingProxyType(
        {
            "hp7": PostRef(
                id="hp7",
                title="Pricing, the honest version",
                url="https://insights.acme.example/posts/honest-pricing/",
                authors=("Dana Reyes",),
                campaign="q4-renewals",
            ),
            "lt3": PostRef(
                id="lt3",
                title="Three letters",
                url="https://insights.acme.example/posts/three-letters/",
                authors=("Lee Park",),
            ),
        }
    ),
    networks=MappingProxyType({"linkedin": "LinkedIn", "twitter": "Twitter"}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A lead as the CRM holds it. `fields` by our words (`byline.crm.base.FIELDS`), empty ones left out.

    `campaigns` are the keys of those it is a member of; `source` what people see as where it came from.
    """

    record: str
    email: str
    fields: Mapping[str, str]
    description: str = ""
    source: str = ""
    company: str = ""
    campaigns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCampaign:
    """A campaign as the CRM holds it. `parent` is our key; `cost` None where the CRM has no such field."""

    record: str
    key: str
    name: str
    parent: str = ""
    cost: Decimal | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLead:
    """What a person types when they enter a lead; `fields` by our words."""

    email: str
    made: datetime
    fields: Mapping[str, str]
    company: str
    source: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenDeal:
    """What a person types when they enter a deal of these leads. An open one has no `closed`."""

    leads: tuple[str, ...]
    amount: str
    made: datetime
    closed: datetime | None
    won: bool
    currency: str


class CrmFake(Fake):
    """A CRM that keeps state. Kinds of its calls: `token`, `read`, `write` (anything that could change it).

    `page` is how many records a page holds. `writes` counts records that were made or changed, by their type.
    """

    page: int = 3

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.writes: list[str] = []
        self._left: int | None = None

    def made_ready(self) -> bool:
        """Everything is there that a set-up makes, without a call (a set-up of many calls is slow); False: it is not."""
        return False

    def seed_lead(
        self,
        email: str,
        *,
        made: datetime,
        fields: Mapping[str, str] = MappingProxyType({}),
        company: str = "Firm Ltd",
        source: str = "",
        description: str = "",
    ) -> str:
        """A lead comes to stand in the CRM, by a person's hand; `fields` by our words. Its id."""
        return self.enter_lead(
            GivenLead(
                email=email, made=made, fields=fields, company=company, source=source, description=description
            )
        )

    @abstractmethod
    def enter_lead(self, lead: GivenLead) -> str:
        """Make the lead stand as if a person had typed it; its id."""

    def seed_deal(
        self,
        leads: Sequence[str],
        *,
        amount: str,
        made: datetime,
        closed: datetime | None = None,
        won: bool = False,
        currency: str = "EUR",
    ) -> str:
        """An opportunity of these leads (the first came first), each with a part in it. Its id."""
        return self.enter_deal(
            GivenDeal(leads=tuple(leads), amount=amount, made=made, closed=closed, won=won, currency=currency)
        )

    @abstractmethod
    def enter_deal(self, given: GivenDeal) -> str:
        """Make the deal stand as if a person had typed it; its id."""

    @abstractmethod
    def win(self, deal: str, *, at: datetime) -> None:
        """The opportunity is won at that time."""

    @abstractmethod
    def edit_lead(self, record: str, *, company: str) -> None:
        """A person changes the lead."""

    @abstractmethod
    def remove_lead(self, record: str) -> None:
        """A person deletes the lead."""

    @abstractmethod
    def kept(self) -> tuple[Kept, ...]:
        """Every lead that stands, oldest first."""

    @abstractmethod
    def campaigns(self) -> tuple[KeptCampaign, ...]:
        """Every campaign that stands, oldest first."""

    @abstractmethod
    def end_sessions(self) -> None:
        """Every token given so far is dead."""

    @abstractmethod
    def refuse(self, marker: str) -> None:
        """A rule of this CRM refuses each record in which this text stands, from now on."""

    def break_after(self, calls: int) -> None:
        """Every call after so many breaks off, half of them after it was done, until `mend`."""
        self._left = calls

    def mend(self) -> None:
        """Nothing more goes wrong."""
        super().mend()
        self._left = None

    def _next_fault(self, call: Call) -> Fault | None:
        if self._left is None:
            return super()._next_fault(call)
        self._left -= 1
        if self._left >= 0:
            return None
        return "lose" if self._left % 2 else "drop"

    def without_id(self, given: Answer) -> Answer:
        """A success that names nothing."""
        return answer(given.status)

    def by_email(self, email: str) -> Kept:
        """The one lead with this address."""
        (found,) = [lead for lead in self.kept() if lead.email == email]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmCase:
    """One way to sign in. `{api}` in the block stands for the fake's address; `fake` makes it, not yet started."""

    name: str
    fake: Callable[[Clock], CrmFake]
    environment: Mapping[str, str]
    block: str
    public: frozenset[str] = frozenset()  # variables of the environment that are no secrets

    def __str__(self) -> str:
        return self.name


class CrmWorld:
    """One driver and the fake it talks to. `set_up` makes the fields first, as `publish crm setup --apply` does."""

    def __init__(self, driver: type[CrmDriver], case: CrmCase, *, set_up: bool = True) -> None:
        self.driver = driver
        self.case = case
        self.clock = FixedClock(NOW)
        self.fake = case.fake(self.clock)
        self.http = Http(Timeouts(connect=5, read=20), self.clock)
        self._set_up = set_up

    def __enter__(self) -> Self:
        self.fake.start()
        if self._set_up:
            if not self.fake.made_ready():
                crm = self.crm()
                crm.set_up(crm.missing())
            self.fake.writes.clear()
            self.fake.calls.clear()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.fake.stop()

    def options(self, block: str = "") -> tuple[CrmSettings, list[Problem]]:
        """The settings as mkdocs.yml would give them, and what is wrong with them."""
        text = (block or self.case.block).replace("{api}", self.fake.url)
        node = read("crm:\n" + "\n".join(f"  {line}" for line in text.strip().splitlines()))
        assert isinstance(node, Mapping_)
        problems: list[Problem] = []
        found = read_crm(Fields(node, file="mkdocs.yml", problems=problems), "EUR")
        return found, problems

    def crm(self, *, block: str = "", environment: Mapping[str, str] | None = None) -> CrmDriver:
        """A fresh driver, as another process would have it."""
        options, problems = self.options(block)
        assert not problems
        return self.driver(
            options,
            http=self.http,
            secrets=Secrets(self.case.environment if environment is None else environment),
            clock=self.clock,
            catalogue=CATALOGUE,
        )


def touches(*contents: str, at: datetime = NOW, click: str = "") -> tuple[Touch, ...]:
    """Visits a day apart, the last one a day before `at`."""
    first = at - timedelta(days=len(contents))
    return tuple(
        Touch(
            at=first + timedelta(days=n),
            source=content.split(".")[1],
            medium="social",
            campaign="q4-renewals",
            content=content,
            page=f"/posts/{n}/",
            click=click if n == len(contents) - 1 else "",
            utm_id=f"ga-{n}",
        )
        for n, content in enumerate(contents)
    )


def lead(email: str = "ann@firm.example", *, key: str = "lead-1", **more: Any) -> Lead:
    """A lead as the intake gives it."""
    given: dict[str, Any] = {
        "at": NOW,
        "name": "Ann Example",
        "company": "Firm Ltd",
        "message": "What does it cost?",
        "heard_from": "a colleague",
        "touches": touches("hp7.linkedin.dana", "lt3.twitter.acme", click="twclid=abc"),
    }
    return Lead(id=key, person=person_key(email), email=email, **{**given, **more})


CAMPAIGNS = (
    Promotion(
        key=campaign_key("q4-renewals"),
        name="Q4 renewals",
        start=date(2026, 10, 1),
        end=date(2026, 12, 31),
        cost=Decimal("400.00"),
        currency="EUR",
    ),
    Promotion(
        key=post_key("hp7"),
        name="Pricing, the honest version",
        parent=campaign_key("q4-renewals"),
        start=date(2026, 11, 24),
        cost=Decimal("300.00"),
        currency="EUR",
        url="https://insights.acme.example/posts/honest-pricing/",
        figures=MappingProxyType({"views": 120, "clicks": 7}),
        text="LinkedIn (dana): 120 views, 7 clicks",
    ),
    Promotion(key=post_key("lt3"), name="Three letters", cost=Decimal(0), currency="EUR"),
)


def every_lead(crm: CrmDriver, after: str = "") -> tuple[list[Lead], list[str], str]:
    """All pages at once: leads, ids that are gone, the last mark."""
    found: list[Lead] = []
    gone: list[str] = []
    mark = after
    for page in crm.changed_leads(after):
        found += page.items
        gone += page.gone
        mark = page.mark
    return found, gone, mark


def every_deal(crm: CrmDriver, after: str = "") -> tuple[list[Deal], str]:
    """All pages of opportunities at once, and the last mark."""
    found: list[Deal] = []
    mark = after
    for page in crm.changed_deals(after):
        found += page.items
        mark = page.mark
    return found, mark


def _sync(world: CrmWorld, crm: CrmDriver, store: LocalCrm) -> Sync:
    return Sync(driver=crm, store=store, clock=world.clock, name="contract", catalogue=CATALOGUE)


def elsewhere(block: str) -> str:
    return block.replace("{api}", "{api}/nothing-here")
