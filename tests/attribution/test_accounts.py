"""Several people, one deal: whose visits count, and that no cent is lost by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction as F

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.attribution.credit import Conversion, People, conversions, days_to_order, table
from byline.attribution.models import MODELS
from byline.attribution.touches import Directory
from byline.model import Deal, Lead, Post, Touch
from support import NOW

DAY = timedelta(days=1)
POSTS = tuple(
    Post(
        id=key, path="", src_uri="", url=f"posts/{key}/", slug=key, title=key, description="", excerpt="", body="",
        hash="", published=NOW,
    )
    for key in ("one", "two", "three")
)  # fmt: skip
OURS = Directory(POSTS, {"linkedin": ("company",)})


def touch(post: str, at: datetime) -> Touch:
    return Touch(at=at, source="linkedin", medium="social", content=f"{post}.linkedin.company")


def lead(person: str, post: str, at: datetime, company: str = "") -> Lead:
    return Lead(id=f"L-{person}", at=at, person=person, company=company, touches=(touch(post, at),))


ANN = lead("ann", "one", NOW, "Aller  Precision")
BOB = lead("bob", "two", NOW + DAY, "aller precision")
EVE = lead("eve", "three", NOW + 2 * DAY, "Bode Gears")
DEAL = Deal(
    id="d", lead_id="L-ann", created=NOW + 3 * DAY, closed=NOW + 5 * DAY, won=True, amount=Decimal("100.01"),
    currency="EUR",
)  # fmt: skip


def order(deal: Deal, people: People = "deal") -> Conversion:
    found = conversions([ANN, BOB, EVE], [deal], OURS, 365 * DAY, people=people)
    return next(item for item in found if item.kind == "order")


def test_a_deal_counts_the_visits_of_the_one_who_asked_alone() -> None:
    assert [step.touch.content[:3] for step in order(DEAL).steps] == ["one"]


def test_people_whom_the_crm_names_count_too_in_order_of_time() -> None:
    found = order(replace(DEAL, people=("eve", "bob", "ann", "stranger")))
    assert [step.origin and step.origin.post for step in found.steps] == ["one", "two", "three"]
    assert found.person == "ann"
    assert table([found], MODELS["last"], "post")["three"].revenue == {"EUR": F("100.01")}
    thirds = table([found], MODELS["linear"], "post")
    assert {key: cell.revenue["EUR"] for key, cell in thirds.items()} == dict.fromkeys(
        ("one", "two", "three"), F("100.01") / 3
    )


def test_a_firm_counts_together_when_that_is_asked_for() -> None:
    found = order(DEAL, "company")
    assert [step.origin and step.origin.post for step in found.steps] == ["one", "two"]
    assert set(found.people) == {"ann", "bob"}


def test_a_firm_is_also_what_the_crm_files_under_one_account() -> None:
    other = replace(DEAL, id="e", lead_id="L-eve", account="001", won=False)
    deals = [replace(DEAL, account="001"), other]
    found = conversions([ANN, BOB, EVE], deals, OURS, 365 * DAY, people="company")
    won = next(item for item in found if item.kind == "order")
    assert set(won.people) == {"ann", "bob", "eve"}
    alone = conversions([ANN, BOB, EVE], deals, OURS, 365 * DAY)
    assert next(item for item in alone if item.kind == "order").people == ("ann",)


def test_visits_after_the_deal_was_won_do_not_count() -> None:
    late = Lead(id="L-bob2", at=NOW + 9 * DAY, person="bob", touches=(touch("three", NOW + 9 * DAY),))
    found = conversions([ANN, BOB, late], [replace(DEAL, people=("bob",))], OURS, 365 * DAY)
    assert len(next(item for item in found if item.kind == "order").steps) == 2


def test_a_deal_without_a_lead_belongs_to_the_latest_one_of_its_people() -> None:
    found = order(replace(DEAL, lead_id="", people=("ann", "bob")))
    assert found.lead == "L-bob"
    assert [step.origin and step.origin.post for step in found.steps] == ["one", "two"]
    nobody = order(replace(DEAL, lead_id=""))
    assert (nobody.lead, nobody.steps) == ("", ())


def test_the_way_to_the_order_begins_with_the_first_of_them() -> None:
    deal = replace(DEAL, lead_id="L-bob", people=("ann",))
    found = conversions([ANN, BOB], [deal], OURS, 365 * DAY)
    assert days_to_order(found, [ANN, BOB]) == 5


@pytest.mark.parametrize("name", sorted(MODELS))
@given(
    named=st.lists(st.sampled_from(["ann", "bob", "eve", "nobody"]), max_size=4),
    people=st.sampled_from(["deal", "company"]),
)
def test_however_many_people_the_money_is_the_same(name: str, named: list[str], people: People) -> None:
    found = conversions([ANN, BOB, EVE], [replace(DEAL, people=tuple(named))], OURS, 365 * DAY, people=people)
    cells = table(found, MODELS[name], "post")
    assert sum(cell.revenue.get("EUR", F(0)) for cell in cells.values()) == F("100.01")
    assert sum(cell.leads for cell in cells.values()) == 3
