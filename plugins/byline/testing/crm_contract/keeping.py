"""A person's right, what is told, and setting it up."""

from __future__ import annotations

import re

import pytest

from byline.crm.base import (
    lead_key,
)
from byline.errors import RemoteError
from byline.testing.crm_contract.world import (
    CrmWorld,
    elsewhere,
    every_lead,
    lead,
    touches,
)


class Keeping:
    """A person's right, what is told, and setting it up."""

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
            list(world.crm(block=elsewhere(world.case.block)).changed_leads())
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
