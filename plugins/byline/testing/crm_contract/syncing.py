"""A whole run of `publish crm sync`."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from byline.crm.base import (
    person_key,
    post_key,
)
from byline.crm.local import LocalCrm
from byline.errors import RemoteError
from byline.testing.crm_contract.world import (
    CAMPAIGNS,
    NOW,
    CrmWorld,
    _sync,
    lead,
)


class Syncing:
    """A whole run of `publish crm sync`."""

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
