"""HubSpot, against a fake that behaves as it is described to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from byline.crm.base import post_key
from byline.crm.hubspot import HubSpotCrm
from byline.errors import NotSent, Rejected, RemoteError
from byline.testing.crm_contract import (
    CAMPAIGNS,
    NOW,
    CrmContract,
    CrmWorld,
    every_deal,
    every_lead,
    lead,
    touches,
)
from byline.testing.hubspot import CASES, TOKEN, HubSpot
from byline.times import FixedClock


@pytest.fixture(params=CASES, ids=str)
def world(request: pytest.FixtureRequest) -> Iterator[CrmWorld]:
    with CrmWorld(HubSpotCrm, request.param) as world:
        yield world


@pytest.fixture
def one() -> Iterator[CrmWorld]:
    with CrmWorld(HubSpotCrm, CASES[0]) as world:
        yield world


def fake_of(world: CrmWorld) -> HubSpot:
    assert isinstance(world.fake, HubSpot)
    return world.fake


class TestHubSpot(CrmContract):
    pass


def test_a_second_enquiry_joins_the_first_and_replaces_nothing_else(one: CrmWorld) -> None:
    crm = one.crm()
    record = crm.add_lead(lead(touches=touches("hp7.linkedin.dana")))
    fake_of(one).records["contacts"][record].properties["company"] = "Firm, as sales wrote it"
    one.clock.move(timedelta(days=30))
    later = touches("lt3.twitter.acme", at=one.clock.now())
    again = lead("Ann@Firm.example", key="lead-2", company="Other", message="And now?", touches=later)
    assert crm.add_lead(again) == record
    kept = one.fake.by_email("ann@firm.example")
    assert kept.company == "Firm, as sales wrote it"
    assert (kept.fields["first_utm_content"], kept.fields["utm_content"]) == (
        "hp7.linkedin.dana",
        "lt3.twitter.acme",
    )
    assert kept.fields["key"] == "byline:lead:lead-1"
    for words in ("What does it cost?", "And now?", "Three letters"):
        assert words in kept.description
    (found,), _, _ = every_lead(crm)
    assert [touch.content for touch in found.touches] == ["hp7.linkedin.dana", "lt3.twitter.acme"]
    one.fake.writes.clear()
    crm.add_lead(again)
    assert one.fake.writes == []


def test_an_earlier_journey_that_comes_late_moves_no_last_touch(one: CrmWorld) -> None:
    crm = one.crm()
    crm.add_lead(lead(touches=touches("lt3.twitter.acme")))
    crm.add_lead(lead(key="lead-2", touches=()))
    assert one.fake.by_email("ann@firm.example").fields["utm_content"] == "lt3.twitter.acme"


def test_a_lead_without_an_address_is_known_by_our_key(one: CrmWorld) -> None:
    crm = one.crm()
    nobody = lead("", name="Ann Example")
    assert crm.add_lead(nobody) == crm.add_lead(nobody)
    assert len(one.fake.kept()) == 1


def test_a_search_that_lags_loses_no_change(one: CrmWorld) -> None:
    crm = one.crm()
    for n in range(4):
        one.fake.seed_lead(f"p{n}@firm.example", made=NOW - timedelta(days=2))
    _, _, mark = every_lead(crm)
    one.clock.move(timedelta(hours=1))
    fake_of(one).search_delay = 1
    late = one.fake.seed_lead("late@firm.example", made=one.clock.now())
    found, _, mark = every_lead(crm, mark)
    assert late not in {item.id for item in found}  # the search does not know it yet
    one.clock.move(timedelta(minutes=5))
    found, _, _ = every_lead(crm, mark)
    assert late in {item.id for item in found}


def test_more_changes_than_a_search_may_give(one: CrmWorld) -> None:
    crm = one.crm()
    _, _, mark = every_lead(crm)
    fake = fake_of(one)
    fake.search_cap, fake.page = 200, 200
    one.clock.move(timedelta(hours=1))
    made = {one.fake.seed_lead(f"p{n}@firm.example", made=one.clock.now()) for n in range(450)}
    found, _, _ = every_lead(crm, mark)
    assert {item.id for item in found} == made
    assert any(seconds == 0.25 for seconds in one.clock.slept)  # searches keep their distance


def test_a_run_that_was_cut_off_goes_on_in_the_middle_of_a_search(one: CrmWorld) -> None:
    crm = one.crm()
    _, _, mark = every_lead(crm)
    one.clock.move(timedelta(hours=1))
    made = {one.fake.seed_lead(f"p{n}@firm.example", made=one.clock.now()) for n in range(8)}
    first = next(crm.changed_leads(mark))
    rest, _, _ = every_lead(one.crm(), first.mark)
    assert {item.id for item in (*first.items, *rest)} == made
    assert not {item.id for item in first.items} & {item.id for item in rest}


def test_the_end_of_the_days_calls_is_no_reason_to_wait(one: CrmWorld) -> None:
    fake_of(one).day_is_over = True
    with pytest.raises(NotSent) as info:
        one.crm().add_lead(lead())
    assert info.value.cause == "limited"
    assert one.clock.slept == []


def test_ten_seconds_windows_are_waited_for(one: CrmWorld) -> None:
    one.fake.inject("limited", on="write")
    one.crm().add_lead(lead())
    assert one.clock.slept == [10.0]


def test_a_missing_right_is_named(one: CrmWorld) -> None:
    fake_of(one).tokens[TOKEN] -= {"crm.objects.contacts.write"}
    with pytest.raises(NotSent) as info:
        one.crm().add_lead(lead())
    assert "crm.objects.contacts.write" in info.value.message
    assert info.value.cause == "auth"


def test_an_account_without_campaigns_does_without(one: CrmWorld) -> None:
    fake_of(one).pro = False
    crm = one.crm()
    assert crm.put_campaigns(CAMPAIGNS) == ()
    assert [item.level for item in crm.health()] == ["ok", "warning"]
    assert "Professional" in crm.health()[1].fix
    assert crm.add_lead(lead())


def test_campaigns_that_take_no_property_of_ours_keep_the_key_in_their_notes() -> None:
    with CrmWorld(HubSpotCrm, CASES[0], set_up=False) as world:
        fake_of(world).campaign_keys = False
        world.crm().set_up(world.crm().missing())
        assert [row.change for row in world.crm().put_campaigns(CAMPAIGNS)] == ["added"] * 3
        assert [row.change for row in world.crm().put_campaigns(CAMPAIGNS)] == ["same"] * 3
        assert {item.key for item in world.fake.campaigns()} == {item.key for item in CAMPAIGNS}


def test_a_lost_answer_makes_no_second_campaign(one: CrmWorld) -> None:
    one.fake.inject("lose", on="write")
    first = one.crm().put_campaigns(CAMPAIGNS)
    assert [row.change for row in first] == ["failed", "added", "added"]
    assert [row.change for row in one.crm().put_campaigns(CAMPAIGNS)][1:] == ["same", "same"]
    assert len(one.fake.campaigns()) == 3


def test_costs_are_spent_once_and_change(one: CrmWorld) -> None:
    one.crm().put_campaigns(CAMPAIGNS)
    dearer = replace(CAMPAIGNS[1], cost=Decimal("310.50"))
    assert [row.change for row in one.crm().put_campaigns([dearer])] == ["changed"]
    (found,) = [item for item in one.fake.campaigns() if item.key == post_key("hp7")]
    assert found.cost == Decimal("310.50")


def test_rows_of_a_batch_that_fail_are_told_by_row(one: CrmWorld) -> None:
    crm = one.crm()
    tags = {"utm_source": "linkedin", "utm_content": "hp7.linkedin.dana"}
    good, bad = (
        one.fake.seed_lead(f"{name}@firm.example", made=NOW, fields={**tags, "utm_campaign": name})
        for name in ("good", "refused-word")
    )
    found, _, _ = every_lead(crm)
    one.fake.refuse("refused-word")
    rows = {row.record: row.change for row in crm.put_journeys(found)}
    assert rows == {good: "changed", bad: "failed"}


def test_a_deal_without_a_currency_has_the_accounts(one: CrmWorld) -> None:
    fake = fake_of(one)
    fake.currency = "CHF"
    record = one.fake.seed_lead("ann@firm.example", made=NOW)
    deal = one.fake.seed_deal([record], amount="5", made=NOW)
    del fake.records["deals"][deal].properties["deal_currency_code"]
    (found,), _ = every_deal(one.crm())
    assert found.currency == "CHF"
    assert (found.stage, found.lead_id) == ("Contract sent", record)


def test_a_deal_of_two_people_belongs_to_the_one_whose_posts_are_known(one: CrmWorld) -> None:
    early = one.fake.seed_lead("early@firm.example", made=NOW - timedelta(days=300))
    record = one.crm().add_lead(lead())
    one.fake.seed_deal([early, record], amount="5", made=NOW)
    (found,), _ = every_deal(one.crm())
    assert (found.lead_id, len(found.people)) == ("lead-1", 2)


def test_errors_repeat_nothing_that_a_person_wrote(one: CrmWorld) -> None:
    with pytest.raises(Rejected) as info:
        one.crm().add_lead(lead("ann.example-at-nowhere"))
    assert "INVALID_EMAIL" in info.value.message
    assert "nowhere" not in info.value.message + info.value.hint


def test_a_page_of_html_is_no_answer(one: CrmWorld) -> None:
    one.fake.inject("error_before", on="read", times=9)
    with pytest.raises(RemoteError) as info:
        every_lead(one.crm())
    assert "502" in info.value.message
    assert TOKEN not in info.value.message


def test_what_people_write_into_a_campaign_stays(one: CrmWorld) -> None:
    one.crm().put_campaigns(CAMPAIGNS)
    values = next(iter(fake_of(one).promoted.values()))["properties"]
    values["hs_notes"] = "<p>Ask Lee first.</p>" + values["hs_notes"].replace(
        "\n", "<br>"
    )  # as its editor writes
    assert [row.change for row in one.crm().put_campaigns(CAMPAIGNS)] == ["same"] * 3
    dearer = replace(CAMPAIGNS[0], cost=Decimal("500"))
    assert [row.change for row in one.crm().put_campaigns([dearer])] == ["changed"]
    assert values["hs_notes"].startswith("<p>Ask Lee first.</p>")
    assert "Cost: 500.00 EUR" in values["hs_notes"]
    assert len(one.fake.campaigns()) == 3


def test_breaks_in_values_are_text(one: CrmWorld) -> None:
    odd = "x\r\nAuthorization: Bearer mine\r\n\r\n{}"
    record = one.crm().add_lead(lead("", company=odd, message=odd, key=odd))
    assert one.crm().add_lead(lead("", company=odd, message=odd, key=odd)) == record
    assert fake_of(one).records["contacts"][record].properties["company"] == odd


def test_a_clock_of_ours_that_is_ahead_loses_nothing(one: CrmWorld) -> None:
    one.fake.clock = FixedClock(NOW - timedelta(hours=3))
    _, _, mark = every_lead(one.crm())
    late = one.fake.seed_lead("late@firm.example", made=one.fake.clock.now())
    found, _, _ = every_lead(one.crm(), mark)
    assert late in {item.id for item in found}
