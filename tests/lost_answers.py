"""Every answer lost in every way, on every network: never twice, never silently not at all. For each store to inherit.

    class TestSqlite(LostAnswers):
        store = "sqlite"

What is asserted is what the network itself counts: for each delivery one post, or none and a word about it, with the
exit code that belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from byline import registry
from byline.ledger.runs import new_run
from byline.settling import tell_not_sent
from byline.testing.server import PROCESSED, UNDONE, Case, Fault
from stage import Stage, cases
from stores import make_store
from support import POST

CASES = [pytest.param(case, id=f"{case[0]}-{case[1].name}") for case in cases()]

BY_KEY = {"bluesky"}  # networks where we choose the post's key and ask for it: no list can lag
SECOND = (
    POST.replace("hp7", "q4x")
    .replace("honest-pricing", "fourth-quarter")
    .replace("Pricing, the", "Quarter, the")
)


def is_mailing(stage: Stage) -> bool:
    """Does it go to many people, each noted apart?"""
    return registry.channel(next(iter(stage.cases))).caps.mailing


def made(stage: Stage) -> int:
    """How many posts the network itself counts."""
    return len(stage.fake.made)


class LostAnswers:
    """All of it, over the store of that name."""

    store: ClassVar[str]

    @pytest.fixture(params=CASES)
    def stage(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
        case: tuple[str, Case] = request.param
        server = request.getfixturevalue("server") if self.store == "postgresql" else None
        store = make_store(self.store, tmp_path / "store", server)
        with Stage(tmp_path / "site", case, store=store) as stage:
            yield stage

    def test_without_a_fault_one_post_goes_out_and_then_nothing(self, stage: Stage) -> None:
        result = stage.send()

        assert result.exit_code == 0
        assert made(stage) == 1
        (item,) = result.deliveries
        assert (item.state, item.url, item.remote_id) == (
            "sent",
            stage.fake.made[0].url,
            stage.fake.made[0].id,
        )
        assert stage.fake.made[0].link == item.link
        again = stage.send()
        assert again.nothing_to_send
        assert again.exit_code == 0
        assert made(stage) == 1
        assert stage.fake.attempts() == 1

    @pytest.mark.parametrize("fault", sorted(PROCESSED))
    def test_an_answer_lost_after_the_post_was_made(self, stage: Stage, fault: Fault) -> None:
        stage.inject(fault)

        result = stage.send()

        assert made(stage) == 1
        if is_mailing(stage):  # nobody but the person who was to get it can tell
            assert (result.exit_code, stage.one().state) == (4, "unknown")
            assert stage.send().exit_code == 4
            assert made(stage) == 1
            return
        assert (result.exit_code, stage.one().state) == (0, "sent")  # each network can tell, one way or other
        assert stage.one().remote_id == stage.fake.made[0].id
        assert stage.send().nothing_to_send
        assert made(stage) == 1

    @pytest.mark.parametrize("fault", sorted(PROCESSED))
    def test_lost_and_nobody_can_tell_at_once(self, stage: Stage, fault: Fault) -> None:
        """Lists lag, and the network's own protection gives no answer either: unknown, until it can be found."""
        stage.fake.lag = timedelta(minutes=30)
        stage.inject(fault)
        stage.inject("drop", times=2)  # what would ask again gets no answer

        result = stage.send()

        assert made(stage) == 1
        if set(stage.cases) & BY_KEY:
            assert (result.exit_code, stage.one().state) == (0, "sent")
            return
        assert (result.exit_code, stage.one().state) == (4, "unknown")
        stage.clock.move(timedelta(hours=1))
        later = stage.send()
        assert made(stage) == 1
        state = stage.one().state
        assert (later.exit_code, state) in ((0, "sent"), (4, "unknown"))
        if stage.fake.attempts("list"):
            assert state == "sent"  # where posts can be listed, it is found

    @pytest.mark.parametrize("fault", ["drop", "error_before"])
    def test_an_answer_lost_before_the_post_was_made(self, stage: Stage, fault: Fault) -> None:
        stage.inject(fault)

        result = stage.send()

        name = next(iter(stage.cases))
        state = stage.one().state
        if registry.channel(name).caps.replay and not is_mailing(stage):  # it is safe to ask again
            assert (made(stage), result.exit_code, state) == (1, 0, "sent")
        else:
            assert (made(stage), result.exit_code, state) == (0, 4, "unknown")
            assert stage.send().exit_code == 4
        assert made(stage) <= 1

    @pytest.mark.parametrize("fault", ["limited", "limited_bare", "unauthorized"])
    def test_what_surely_did_not_happen_stays_due(self, stage: Stage, fault: Fault) -> None:
        assert fault in UNDONE
        stage.inject(fault)

        result = stage.send()

        item = stage.one()
        assert (made(stage), result.exit_code, item.state) == (0, 1, "due")
        assert item.reason
        if fault != "unauthorized":
            assert item.due is not None
            assert item.due > stage.clock.now()
            assert stage.send().exit_code == 0  # nothing is due before the stated time
            assert made(stage) == 0
            stage.clock.move(item.due - stage.clock.now())
        assert stage.send().exit_code == 0
        assert (made(stage), stage.one().state) == (1, "sent")

    def test_a_refused_connection_leaves_it_due_and_the_next_run_sends(self, stage: Stage) -> None:
        stage.fake.stop()
        result = stage.send()
        assert (result.exit_code, stage.one().state) == (1, "due")
        stage.fake.start()
        stage.write()

        assert stage.send().exit_code == 0
        assert (made(stage), stage.one().state) == (1, "sent")

    def test_a_failed_upload_made_nothing(self, stage: Stage) -> None:
        stage.inject("error_before", on="upload")
        first = stage.send()
        if stage.fake.attempts("upload") == 0:
            assert first.exit_code == 0
            return
        assert (first.exit_code, made(stage), stage.one().state) == (1, 0, "due")
        assert stage.send().exit_code == 0
        assert made(stage) == 1

    def test_secrets_that_are_missing_are_named(self, stage: Stage) -> None:
        for name in next(iter(stage.cases.values())).environment:
            del stage.environment[name]
        result = stage.send()
        item = stage.one()
        assert (result.exit_code, item.state, made(stage)) == (1, "due", 0)
        assert "is not set" in item.reason

    def test_a_person_settles_what_nobody_can_tell(self, stage: Stage) -> None:
        stage.inject("drop", times=3)
        stage.inject("drop", on="list", times=3)
        assert stage.send().exit_code == 4
        ledger = stage.ledger()
        record = tell_not_sent(ledger, stage.one().id, stage.settings, new_run(), stage.clock.now())
        ledger.close()
        assert record.state == "due"
        stage.fake.mend()
        assert stage.send().exit_code == 0
        assert (made(stage), stage.one().state) == (1, "sent")

    def test_the_token_dies_in_the_middle_of_a_run(self, stage: Stage) -> None:
        """One post is out by then; the other is not tried twice, says why, and goes out when there is a token again."""
        stage.posts["q4x.md"] = SECOND
        stage.write()
        stage.inject("unauthorized", after=1)

        result = stage.send()

        assert (made(stage), result.exit_code) == (1, 3)
        states = stage.states()
        assert sorted(states.values()) == ["due", "sent"]
        (left,) = (item for item in stage.plan().deliveries if item.state == "due")
        assert left.reason
        stage.fake.mend()
        assert stage.send().exit_code == 0
        assert made(stage) == 2
        assert len({post.link for post in stage.fake.made}) == 2
        assert set(stage.states().values()) == {"sent"}

    @pytest.mark.parametrize("fault", ["limited", "drop", "lose"])
    def test_one_of_two_goes_wrong_and_the_other_goes_out(self, stage: Stage, fault: Fault) -> None:
        stage.posts["q4x.md"] = SECOND
        stage.write()
        stage.inject(fault)
        stage.inject("drop", on="list", times=9)

        result = stage.send()

        links = [post.link for post in stage.fake.made]
        assert len(links) == len(set(links))
        told = {item.id: item.state for item in stage.plan().deliveries}
        for name, state in told.items():
            out = sum(f"utm_content={name}" in link for link in links)
            assert (state == "sent") == (out == 1 and state != "unknown"), told
            assert state in ("sent", "unknown", "due")
        assert (result.exit_code == 4) == ("unknown" in told.values())
        assert (result.exit_code == 0) == (set(told.values()) == {"sent"})
        assert fault == "limited" or made(stage) >= 1
