"""Campaigns go out, and what became of them comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from byline.crm.base import (
    Promotion,
    campaign_key,
    person_key,
    post_key,
)
from byline.testing.crm_contract.world import (
    CAMPAIGNS,
    HOSTILE,
    NOW,
    CrmWorld,
    every_deal,
    every_lead,
    lead,
)


class Returning:
    """Campaigns go out, and what became of them comes back."""

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
