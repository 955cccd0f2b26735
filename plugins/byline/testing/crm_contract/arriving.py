"""The lead, as it comes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from byline.errors import NotSent, RemoteError
from byline.testing.crm_contract.world import (
    HOSTILE,
    CrmWorld,
    every_lead,
    lead,
    touches,
)


class Arriving:
    """The lead, as it comes."""

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
