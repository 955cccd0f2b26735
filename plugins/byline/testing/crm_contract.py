"""The contract that every driver of a CRM keeps, as a suite to inherit.

    from byline.testing.crm_contract import CrmCase, CrmContract, CrmWorld

    @pytest.fixture(params=CASES, ids=str)
    def world(request):
        with CrmWorld(MyCrm, request.param) as world:
            yield world

    class TestMyCrm(CrmContract):
        pass

A `CrmCase` is one way of signing in, with the stateful fake that stands for the CRM (a `CrmFake`). All of it runs on
loopback, on a clock that stands still.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import pytest

from byline.crm.base import (
    Catalogue,
    CrmDriver,
    PostRef,
    Promotion,
    campaign_key,
    lead_key,
    person_key,
    post_key,
)
from byline.crm.local import LocalCrm
from byline.errors import NotSent, Problem, RemoteError
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

    @abstractmethod
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

    @abstractmethod
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


class CrmContract:
    """Inherit, with a fixture `world`."""

    # The lead, as it comes.

    def test_a_lead_arrives_with_its_tags_and_what_it_read(self, world: CrmWorld) -> None:
        record = world.crm().add_lead(lead())
        kept = world.fake.by_email("ann@firm.example")
        assert kept.record == record
        assert kept.fields["utm_content"] == "lt3.twitter.acme"
        assert kept.fields["first_utm_content"] == "hp7.linkedin.dana"
        assert (kept.fields["utm_source"], kept.fields["first_utm_source"]) == ("twitter", "linkedin")
        assert kept.fields["twclid"] == "abc"
        assert kept.fields["self_reported_source"] == "a colleague"
        for words in ("What does it cost?", "Pricing, the honest version", "Dana Reyes", "LinkedIn"):
            assert words in kept.description
        assert kept.description.index("Pricing, the honest") < kept.description.index("Three letters")

    def test_the_same_lead_again_is_one_lead(self, world: CrmWorld) -> None:
        first = world.crm().add_lead(lead())
        assert world.crm().add_lead(lead()) == first
        assert len(world.fake.kept()) == 1
        without_id = lead(key="")
        again = world.crm().add_lead(without_id, fingerprint="f")
        assert world.crm().add_lead(without_id, fingerprint="f") == again

    def test_spam_is_not_handed_on(self, world: CrmWorld) -> None:
        assert world.crm().add_lead(lead(), aside="a link stands in the name") == ""
        assert world.fake.kept() == ()

    def test_a_lead_without_name_company_or_journey_arrives(self, world: CrmWorld) -> None:
        world.crm().add_lead(lead(name="", company="", message="", heard_from="", touches=()))
        assert world.fake.by_email("ann@firm.example").record

    def test_hostile_values_arrive_as_text(self, world: CrmWorld) -> None:
        crm = world.crm()
        touch = replace(touches("hp7.linkedin.dana")[0], campaign=HOSTILE)
        crm.add_lead(lead(company=HOSTILE, message=HOSTILE, touches=(touch,), key=HOSTILE[:40]))
        crm.add_lead(lead(company=HOSTILE, message=HOSTILE, touches=(touch,), key=HOSTILE[:40]))
        (kept,) = world.fake.kept()
        assert kept.company == HOSTILE
        assert kept.fields["utm_campaign"] == HOSTILE
        (found,), _, _ = every_lead(crm)
        assert found.touches == (touch,)

    @pytest.mark.parametrize("fault", ["lose", "torn", "error_after"])
    def test_a_lost_answer_makes_no_second_lead(self, world: CrmWorld, fault: Any) -> None:
        world.fake.inject(fault, on="write")
        crm = world.crm()
        try:
            crm.add_lead(lead())
        except RemoteError:
            world.crm().add_lead(lead())
        assert len(world.fake.kept()) == 1

    @pytest.mark.parametrize("fault", ["drop", "limited", "limited_bare"])
    def test_a_busy_service_is_asked_again(self, world: CrmWorld, fault: Any) -> None:
        world.fake.inject(fault, on="write", times=2)
        world.crm().add_lead(lead())
        assert len(world.fake.kept()) == 1
        assert world.clock.slept

    def test_a_service_that_stays_busy_is_left_alone(self, world: CrmWorld) -> None:
        world.fake.inject("limited_bare", on="write", times=99)
        with pytest.raises(NotSent) as info:
            world.crm().add_lead(lead())
        assert info.value.cause == "limited"
        assert info.value.retry_at is not None
        assert world.fake.attempts("write") <= 5

    def test_a_dead_token_is_renewed_once(self, world: CrmWorld) -> None:
        crm = world.crm()
        crm.add_lead(lead())
        world.fake.end_sessions()
        crm.add_lead(lead("bob@firm.example", key="lead-2"))
        assert len(world.fake.kept()) == 2
        world.fake.inject("unauthorized", on="write", times=99)
        before = world.fake.attempts("write")
        with pytest.raises(NotSent) as info:
            crm.add_lead(lead("cid@firm.example", key="lead-3"))
        assert info.value.cause == "auth"
        assert world.fake.attempts("write") - before <= 2

    def test_a_missing_secret_names_its_variable(self, world: CrmWorld) -> None:
        with pytest.raises(NotSent) as info:
            world.crm(environment={}).add_lead(lead())
        assert info.value.cause == "auth"
        names = {name for group in world.driver.caps.secrets for name in group}
        assert any(name in info.value.message + info.value.hint for name in names)
        assert world.fake.kept() == ()

    # Campaigns.

    def test_campaigns_and_posts_as_their_children(self, world: CrmWorld) -> None:
        if not world.driver.caps.campaigns:
            pytest.skip("this CRM has no campaigns")
        rows = world.crm().put_campaigns(CAMPAIGNS)
        assert [(row.key, row.change) for row in rows] == [(item.key, "added") for item in CAMPAIGNS]
        found = {item.key: item for item in world.fake.campaigns()}
        assert set(found) == {item.key for item in CAMPAIGNS}
        assert found[post_key("hp7")].name == "Pricing, the honest version"
        assert found[post_key("hp7")].parent in (campaign_key("q4-renewals"), "")
        if found[post_key("hp7")].cost is not None:
            assert found[post_key("hp7")].cost == Decimal(300)
            assert found[campaign_key("q4-renewals")].cost == Decimal(400)
        assert "120 views" in found[post_key("hp7")].text

    def test_the_same_campaigns_again_change_nothing(self, world: CrmWorld) -> None:
        if not world.driver.caps.campaigns:
            pytest.skip("this CRM has no campaigns")
        world.crm().put_campaigns(CAMPAIGNS)
        world.fake.writes.clear()
        rows = world.crm().put_campaigns(CAMPAIGNS)
        assert [row.change for row in rows] == ["same"] * len(CAMPAIGNS)
        assert world.fake.writes == []
        changed = replace(CAMPAIGNS[1], name=HOSTILE, cost=Decimal("350.25"))
        rows = world.crm().put_campaigns((*CAMPAIGNS[:1], changed, CAMPAIGNS[2]))
        assert [row.change for row in rows] == ["same", "changed", "same"]
        assert len(world.fake.campaigns()) == 3
        assert {item.key: item for item in world.fake.campaigns()}[changed.key].name.startswith("O'Brien")

    def test_many_campaigns_and_one_that_is_refused(self, world: CrmWorld) -> None:
        if not world.driver.caps.campaigns:
            pytest.skip("this CRM has no campaigns")
        many = tuple(
            Promotion(key=post_key(f"post{n}"), name=f"Post number {n}", currency="EUR") for n in range(230)
        )
        world.fake.refuse("number 117")
        rows = world.crm().put_campaigns(many)
        assert len(rows) == 230
        (bad,) = [row for row in rows if row.change == "failed"]
        assert (bad.key, bool(bad.message)) == (post_key("post117"), True)
        assert len(world.fake.campaigns()) == 229

    # What became of them.

    def test_leads_come_back_without_the_person(self, world: CrmWorld) -> None:
        sent = lead()
        crm = world.crm()
        record = crm.add_lead(sent)
        (found,), _, _ = every_lead(crm)
        assert (found.id, found.fields["record"]) == (sent.id, record)
        assert found.person == person_key("ann@firm.example")
        assert found.touches == sent.touches
        assert found.heard_from == "a colleague"
        shown = f"{found.email}{found.name}{found.message}{dict(found.fields)}"
        assert "ann@" not in shown
        assert "Ann Example" not in shown

    def test_a_lead_that_others_made_comes_with_the_tags_it_has(self, world: CrmWorld) -> None:
        tags = {"utm_source": "LinkedIn", "utm_medium": "social", "utm_content": "hp7.linkedin.dana"}
        record = world.fake.seed_lead("eve@firm.example", made=NOW - timedelta(days=3), fields=tags)
        (found,), _, _ = every_lead(world.crm())
        assert found.id == found.fields["record"] == record
        assert found.at == NOW - timedelta(days=3)
        (touch,) = found.touches
        assert (touch.source, touch.content) == ("linkedin", "hp7.linkedin.dana")

    def test_pages_lose_nothing_and_a_mark_goes_on(self, world: CrmWorld) -> None:
        made = [
            world.fake.seed_lead(f"p{n}@firm.example", made=NOW - timedelta(hours=20 - n)) for n in range(8)
        ]
        crm = world.crm()
        pages = crm.changed_leads()
        first = next(pages)
        kept = [item.id for item in first.items]
        world.clock.move(timedelta(hours=1))
        late = world.fake.seed_lead("late@firm.example", made=world.clock.now())
        world.clock.move(timedelta(hours=1))
        rest, _, mark = every_lead(world.crm(), first.mark)
        assert set(kept) | {item.id for item in rest} == {*made, late}
        again, _, _ = every_lead(world.crm(), mark)
        assert len(again) <= len(made)  # a record may come twice, all of them need not

    def test_a_change_and_a_deletion_are_told(self, world: CrmWorld) -> None:
        one = world.fake.seed_lead("one@firm.example", made=NOW - timedelta(days=2))
        two = world.fake.seed_lead("two@firm.example", made=NOW - timedelta(days=2))
        crm = world.crm()
        _, _, mark = every_lead(crm)
        world.clock.move(timedelta(hours=2))
        world.fake.edit_lead(one, company="Other Ltd")
        world.fake.remove_lead(two)
        world.clock.move(timedelta(hours=2))
        found, gone, _ = every_lead(crm, mark)
        assert {item.id: item.company for item in found}[one] == "Other Ltd"
        assert two in gone or two not in {item.id for item in every_lead(crm)[0]}

    def test_deals_find_their_lead_and_everybody_in_them(self, world: CrmWorld) -> None:
        crm = world.crm()
        record = crm.add_lead(lead())
        other = world.fake.seed_lead("boss@firm.example", made=NOW)
        world.clock.move(timedelta(days=1))
        deal = world.fake.seed_deal([record, other], amount="12000.50", made=world.clock.now())
        (found,), mark = every_deal(crm)
        assert (found.id, found.lead_id, found.amount, found.currency) == (
            deal,
            "lead-1",
            Decimal("12000.50"),
            "EUR",
        )
        assert (found.won, found.closed) == (False, None)
        assert set(found.people) == {person_key("ann@firm.example"), person_key("boss@firm.example")}
        world.clock.move(timedelta(days=10))
        world.fake.win(deal, at=world.clock.now())
        world.clock.move(timedelta(hours=1))
        (won,), _ = every_deal(crm, mark)
        assert won.won
        assert won.closed is not None
        assert won.closed.date() == (NOW + timedelta(days=11)).date()

    def test_totals_are_the_crms_own(self, world: CrmWorld) -> None:
        crm = world.crm()
        record = crm.add_lead(lead())
        world.fake.seed_lead("other@firm.example", made=NOW)
        deal = world.fake.seed_deal([record], amount="100.25", made=NOW)
        world.fake.win(deal, at=NOW)
        world.fake.seed_deal([record], amount="50", made=NOW)
        totals = crm.totals()
        assert (totals.leads, totals.deals, totals.won_deals) == (2, 2, 1)
        assert totals.won == {"EUR": Decimal("100.25")}

    # Journeys.

    def test_a_lead_becomes_a_member_of_the_posts_it_read(self, world: CrmWorld) -> None:
        crm = world.crm()
        if crm.caps.campaigns:
            crm.put_campaigns(CAMPAIGNS)
        tags = {"utm_source": "linkedin", "utm_medium": "social", "utm_content": "hp7.linkedin.dana"}
        record = world.fake.seed_lead("eve@firm.example", made=NOW, fields=tags, source="Trade Show")
        (found,), _, _ = every_lead(crm)
        (row,) = crm.put_journeys([found])
        assert (row.key, row.change) == (found.id, "changed")
        kept = world.fake.by_email("eve@firm.example")
        assert kept.source == "Trade Show"
        assert kept.fields["utm_content"] == "hp7.linkedin.dana"
        if crm.caps.members:
            assert kept.campaigns == {post_key("hp7")}
        world.fake.writes.clear()
        (found,), _, _ = every_lead(world.crm())
        (row,) = world.crm().put_journeys([found])
        assert row.change == "same"
        assert world.fake.writes == []
        assert record == kept.record

    # A person's right, and what is told.

    def test_a_person_is_erased(self, world: CrmWorld) -> None:
        if not world.driver.caps.erases:
            pytest.skip("this CRM cannot be asked to")
        crm = world.crm()
        crm.add_lead(lead())
        crm.add_lead(lead("o'brien@firm.example", key="lead-2"))
        assert crm.erase("O'Brien@firm.example ") == 1
        assert [kept.email for kept in world.fake.kept()] == ["ann@firm.example"]
        assert crm.erase("nobody@firm.example") == 0

    def test_nothing_secret_or_personal_is_in_errors(self, world: CrmWorld) -> None:
        world.fake.refuse("What does it cost?")
        with pytest.raises(RemoteError) as info:
            world.crm().add_lead(lead())
        shown = f"{info.value.message} {info.value.hint}"
        secrets = [value for name, value in world.case.environment.items() if name not in world.case.public]
        for text in ("ann@firm.example", "Ann Example", "What does it cost", *secrets):
            assert text not in shown
        world.fake.mend()
        world.fake.inject("error_before", on="any", times=99)
        with pytest.raises(RemoteError) as info:
            world.crm().add_lead(lead("bob@firm.example", key="lead-2", message="x"))
        assert not any(text in f"{info.value.message} {info.value.hint}" for text in secrets)

    def test_a_wrong_address_is_told_as_one(self, world: CrmWorld) -> None:
        with pytest.raises(RemoteError) as info:
            list(world.crm(block=_elsewhere(world.case.block)).changed_leads())
        assert info.value.hint

    # Setting it up.

    def test_setup_shows_first_then_makes_then_has_nothing_to_do(self, world: CrmWorld) -> None:
        with CrmWorld(world.driver, world.case, set_up=False) as bare:
            crm = bare.crm()
            steps = crm.missing()
            assert bare.fake.writes == []
            assert any(not step.by_hand for step in steps)
            assert len({step.key for step in steps}) == len(steps)
            rows = crm.set_up(steps)
            assert {row.change for row in rows} <= {"added", "same"}
            assert [step for step in bare.crm().missing() if not step.by_hand] == []
            assert {row.change for row in bare.crm().set_up(steps)} <= {"same"}
            bare.crm().add_lead(lead())
            assert bare.fake.by_email("ann@firm.example").fields["utm_content"] == "lt3.twitter.acme"

    def test_health_says_whose_it_is(self, world: CrmWorld) -> None:
        found = world.crm().health()
        assert found
        assert all(item.level == "ok" or item.fix for item in found)
        assert any(item.who for item in found)
        assert not any(item.level == "red" for item in found)

    def test_health_of_a_dead_token_is_red(self, world: CrmWorld) -> None:
        world.fake.inject("unauthorized", on="any", times=99)
        found = world.crm().health()
        assert [item.level for item in found] == ["red"]
        assert found[0].fix

    def test_our_field_names_can_be_others(self, world: CrmWorld) -> None:
        word = "utm_content"
        name = world.driver.caps.fields[word].replace("{prefix}", "acme")
        other = re.sub("(?i)content", "tellid", name)
        block = world.case.block + f"\nfields: {{{word}: {other}}}"
        crm = world.crm(block=block)
        crm.set_up(crm.missing())
        crm.add_lead(lead(touches=touches("hp7.linkedin.dana")))
        (found,), _, _ = every_lead(crm)
        assert found.touches[0].content == "hp7.linkedin.dana"
        assert word not in world.fake.by_email("ann@firm.example").fields

    def test_an_unknown_field_word_is_a_mistake(self, world: CrmWorld) -> None:
        _, problems = world.options(world.case.block + "\nfields: {utm_contnt: X}")
        assert [problem.code for problem in problems] == ["unknown-key"]
        assert "utm_content" in problems[0].fix

    def test_a_record_has_a_page(self, world: CrmWorld) -> None:
        crm = world.crm()
        address = crm.record_url("lead", crm.add_lead(lead()))
        assert address.startswith(("https://", world.fake.url))
        assert world.fake.by_email("ann@firm.example").record in address

    def test_keys_are_ours(self, world: CrmWorld) -> None:
        world.crm().add_lead(lead())
        assert world.fake.by_email("ann@firm.example").fields["key"] == lead_key(lead())

    # A whole run of `publish crm sync`.

    def test_a_run_brings_everything_and_a_second_changes_nothing(
        self, world: CrmWorld, tmp_path: Path
    ) -> None:
        crm = world.crm()
        with LocalCrm(tmp_path / "crm.db", clock=world.clock) as store:
            store.add_lead(lead())  # came by the form a moment ago
            tags = {"utm_source": "linkedin", "utm_medium": "social", "utm_content": "hp7.linkedin.dana"}
            others = [
                world.fake.seed_lead(f"p{n}@firm.example", made=NOW - timedelta(days=n), fields=tags)
                for n in range(1, 6)
            ]
            deal = world.fake.seed_deal([others[0]], amount="900.10", made=NOW - timedelta(hours=3))
            world.fake.win(deal, at=NOW)
            done = _sync(world, crm, store).run(CAMPAIGNS)
            assert not done.failed
            assert (done.handed.counts["added"], len(world.fake.kept())) == (1, 6)
            kept = {item.fields.get("record", ""): item for item in store.leads()}
            assert set(kept) == {item.record for item in world.fake.kept()}
            ours = kept[world.fake.by_email("ann@firm.example").record]
            assert (ours.id, ours.name, ours.message) == ("lead-1", "Ann Example", "What does it cost?")
            assert all(not item.email and not item.name for item in kept.values() if item is not ours)
            (won,) = store.deals()
            assert (won.amount, won.won, won.lead_id) == (Decimal("900.10"), True, kept[others[0]].id)
            assert done.totals.won == done.ours.won == {"EUR": Decimal("900.10")}
            assert (done.totals.leads, done.ours.leads) == (6, 6)
            world.fake.writes.clear()
            again = _sync(world, world.crm(), store).run(CAMPAIGNS)
            assert world.fake.writes == []
            for stream in again.streams.values():
                assert (stream.counts["added"], stream.counts["changed"], stream.failed) == (0, 0, [])

    @pytest.mark.parametrize("calls", range(2, 30, 3))
    def test_a_run_that_is_cut_off_goes_on(self, world: CrmWorld, tmp_path: Path, calls: int) -> None:
        tags = {"utm_source": "linkedin", "utm_medium": "social", "utm_content": "hp7.linkedin.dana"}
        for n in range(1, 8):
            world.fake.seed_lead(f"p{n}@firm.example", made=NOW - timedelta(days=n), fields=tags)
        with LocalCrm(tmp_path / "crm.db", clock=world.clock) as store:
            store.add_lead(lead())
            world.fake.break_after(calls)
            with suppress(RemoteError):
                _sync(world, world.crm(), store).run(CAMPAIGNS)
            world.fake.mend()
            assert not _sync(world, world.crm(), store).run(CAMPAIGNS).failed
            assert len(list(store.leads())) == len(world.fake.kept()) == 8
            if world.driver.caps.campaigns:
                assert len(world.fake.campaigns()) == 3
            if world.driver.caps.members:
                assert all(post_key("hp7") in kept.campaigns for kept in world.fake.kept())

    def test_what_is_gone_there_goes_here(self, world: CrmWorld, tmp_path: Path) -> None:
        gone = world.fake.seed_lead("one@firm.example", made=NOW - timedelta(days=2))
        world.fake.seed_lead("two@firm.example", made=NOW - timedelta(days=2))
        with LocalCrm(tmp_path / "crm.db", clock=world.clock) as store:
            _sync(world, world.crm(), store).run(())
            world.clock.move(timedelta(hours=2))
            world.fake.remove_lead(gone)
            world.clock.move(timedelta(hours=2))
            _sync(world, world.crm(), store).run((), full=True)
            assert [item.person for item in store.leads()] == [person_key("two@firm.example")]


def _sync(world: CrmWorld, crm: CrmDriver, store: LocalCrm) -> Sync:
    return Sync(driver=crm, store=store, clock=world.clock, name="contract", catalogue=CATALOGUE)


def _elsewhere(block: str) -> str:
    return block.replace("{api}", "{api}/nothing-here")
