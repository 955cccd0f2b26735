"""What may be out: found, surely absent, asked again under the network's own protection, or left to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from byline.channels.base import Replay
from byline.delivering import Carried, Carrier
from byline.errors import BylineError, ClaimHeld, NotSent, OutcomeUnknown, Rejected, UsageError
from byline.ledger.base import Event, Record
from byline.planning import Scope
from byline.sending import reconcile
from byline.settings import Account, Settings, load
from byline.settling import BY_PERSON, LONGEST_PAUSE, Settler, record_by_hand, tell_not_sent, uncertain
from byline.times import FixedClock
from scripted import ABSENT, INTENT, NOWHERE, History, Net, receipt, requests
from support import NOW, SETTINGS, make_site

HOUR_AGO = NOW - timedelta(hours=1)
HERE = replace(ABSENT, receipt=receipt(1))
PROTECTED = Replay(after=timedelta(minutes=10), until=timedelta(minutes=60))
ONE = (("claimed", {}), ("prepared", {"requests": requests(1)}))
TWO = (("claimed", {}), ("prepared", {"requests": requests(2)}))
HEAD = ("part", {"receipt": receipt(1)})
LOST = OutcomeUnknown("the answer was lost", service="Net")
Steps = Sequence[tuple[str, Mapping[str, Any]]]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load(make_site(tmp_path_factory.mktemp("site"), settings=SETTINGS), {})


class Stand:
    def __init__(self, settings: Settings, waits: tuple[float, ...] = (0,)) -> None:
        self.history, self.clock, self.said = History(), FixedClock(NOW), list[str]()
        self.settings = replace(settings, settle_waits=waits)
        self.carrier = Carrier(ledger=self.history, clock=self.clock, run="mine")

    def settle(self, net: Net, *records: Record, patient: bool = True) -> tuple[Carried, ...]:
        drivers: list[Account] = []

        def driver(account: Account) -> Any:
            drivers.append(account)
            return net

        settler = Settler(
            settings=self.settings, carrier=self.carrier, drivers=driver, progress=self.said.append
        )
        done = settler.settle(records, patient=patient)
        assert {(account.channel, account.name) for account in drivers} <= {("twitter", "acme")}
        return done

    def one(self, net: Net, *steps: tuple[str, Mapping[str, Any]], **more: Any) -> Record:
        """The record that settling makes of one with this past; no error, and nobody else's."""
        (done,) = self.settle(net, self.history.went(*steps), **more)
        assert done.record is not None
        assert not done.held
        return done.record


@pytest.fixture
def stand(settings: Settings) -> Stand:
    return Stand(settings)


class TestLooking:
    def test_a_run_that_stopped_before_it_stored_anything(self, stand: Stand) -> None:
        net = Net()
        record = stand.one(net, ("claimed", {}))
        assert (record.state, record.reason) == ("due", "a run stopped before anything was sent")
        assert net.found == []

    def test_all_parts_are_out_and_the_last_word_is_missing(self, stand: Stand) -> None:
        net = Net()
        record = stand.one(net, *ONE, HEAD)
        assert (record.state, record.reason, record.receipts) == ("sent", "", (receipt(1),))
        assert net.found == []

    def test_what_is_found_is_sent(self, stand: Stand) -> None:
        net = Net(looks=[HERE])
        record = stand.one(net, *ONE)
        assert (record.state, record.head) == ("sent", receipt(1))
        assert net.found == [(requests(1)[0], INTENT.link, HOUR_AGO, ())]
        assert stand.said == ["hp7.twitter.acme: found on Net"]
        assert net.created == []

    def test_what_is_found_of_a_thread_goes_on(self, stand: Stand) -> None:
        net = Net(receipt(2), looks=[HERE])
        record = stand.one(net, *TWO)
        assert (record.state, record.receipts) == ("sent", (receipt(1), receipt(2)))
        assert net.created == [(requests(2)[1], (receipt(1),))]
        assert stand.history.kinds[2:] == ["part", "resumed", "part", "sent"]

    def test_a_later_part_is_looked_for_behind_those_before_it(self, stand: Stand) -> None:
        net = Net(looks=[replace(ABSENT, receipt=receipt(2))])
        assert stand.one(net, *TWO, HEAD).state == "sent"
        assert net.found == [(requests(2)[1], INTENT.link, HOUR_AGO, (receipt(1),))]

    @pytest.mark.parametrize(
        ("steps", "look", "reason"),
        [
            (ONE, NOWHERE, "may be out: please look (not in the list)"),
            (ONE, replace(NOWHERE, reason=""), "may be out: please look"),
            ((*TWO, HEAD), NOWHERE, "part 2 may be out: please look (not in the list)"),
            (TWO, BylineError("no rights"), "part 1 may be out: please look (could not look: no rights)"),
        ],
    )
    def test_what_proves_nothing_is_for_a_person(
        self, stand: Stand, steps: Steps, look: Any, reason: str
    ) -> None:
        record = stand.one(Net(looks=[look]), *steps)
        assert (record.state, record.reason) == ("unknown", reason)

    @pytest.mark.parametrize(
        ("look", "reason"),
        [(ABSENT, "the account has no such post"), (replace(ABSENT, reason=""), "it is not there")],
    )
    def test_a_proof_of_absence_makes_it_due(self, stand: Stand, look: Any, reason: str) -> None:
        record = stand.one(Net(looks=[look]), *ONE)
        assert (record.state, record.reason) == ("due", reason)

    def test_a_tail_that_is_surely_absent_goes_out(self, stand: Stand) -> None:
        net = Net(receipt(2), looks=[ABSENT])
        assert stand.one(net, *TWO, HEAD).receipts == (receipt(1), receipt(2))
        assert net.created == [(requests(2)[1], (receipt(1),))]

    def test_an_account_that_is_gone(self, stand: Stand) -> None:
        gone = "hp7.mastodon.old"
        record = stand.history.went(*ONE, delivery=gone)
        record = replace(record, intent=replace(record.intent, channel="mastodon", account="old"))
        (done,) = stand.settle(Net(), record)
        assert done.record is not None
        assert done.record.reason == ("may be out: please look (the settings no longer have the account old)")


class TestWhoIsAtIt:
    @pytest.mark.parametrize("steps", [(("claimed", {"at": NOW}),), (*ONE, ("resumed", {"at": NOW}))])
    def test_what_another_run_may_be_sending_is_looked_for_and_left_alone(
        self, stand: Stand, steps: Steps
    ) -> None:
        net = Net(looks=[ABSENT])
        record = stand.history.went(*steps, run="elsewhere-0-1/7/ab")
        (done,) = stand.settle(net, record)
        assert (done.record, done.held, done.error) == (record, True, None)
        assert len(net.found) == len(steps) - 1 - (len(steps) > 2)
        assert stand.history.kinds == [kind for kind, _ in steps]

    def test_what_this_very_run_holds_is_settled(self, stand: Stand) -> None:
        record = stand.history.went(*ONE, ("resumed", {"at": NOW}), run="mine")
        (done,) = stand.settle(Net(looks=[ABSENT]), record)
        assert done.record is not None
        assert (done.record.state, done.held) == ("due", False)

    def test_it_is_looked_for_since_its_first_attempt(self, stand: Stand) -> None:
        net = Net(looks=[NOWHERE])
        stand.one(net, *ONE, ("unknown", {"at": NOW - timedelta(minutes=9)}))
        assert net.found[0][2] == HOUR_AGO

    def test_found_is_found_whoever_is_at_it(self, stand: Stand) -> None:
        record = stand.history.went(*ONE, ("resumed", {"at": NOW}), run="elsewhere-0-1/7/ab")
        (done,) = stand.settle(Net(looks=[HERE]), record)
        assert done.record is not None
        assert done.record.state == "sent"

    def test_what_another_run_settled_meanwhile_is_told_as_it_is(self, settings: Settings) -> None:
        stand = Stand(settings, (7200,))
        record = stand.history.went(*ONE)
        settled = stand.history.went(HEAD, ("sent", {}))
        net = Net()
        (done,) = stand.settle(net, record)
        assert (done.record, done.held, net.found) == (settled, False, [])

    def test_a_change_that_came_between_is_respected(self, stand: Stand) -> None:
        record = stand.history.went(*ONE)
        net = Net(looks=[ABSENT])
        net.on_find = lambda: stand.history.went(("resumed", {}))
        (done,) = stand.settle(net, record)
        assert done.held
        assert isinstance(done.error, ClaimHeld)
        assert done.record == stand.history.get(INTENT.id)
        assert stand.history.kinds[2:] == ["resumed"]

    def test_a_find_that_came_too_late_is_respected(self, stand: Stand) -> None:
        record = stand.history.went(*ONE)
        net = Net(looks=[HERE])
        net.on_find = lambda: stand.history.went(HEAD, ("sent", {}))
        (done,) = stand.settle(net, record)
        assert (done.held, done.record) == (True, stand.history.get(INTENT.id))
        assert isinstance(done.error, ClaimHeld)


class TestProtection:
    """Inside the window in which the network refuses or merges a second one, the stored request is made again."""

    @pytest.mark.parametrize("minutes", [10, 35, 60])
    def test_inside_it_asks_again(self, stand: Stand, minutes: int) -> None:
        stand.clock.move(timedelta(minutes=minutes - 60))
        net = Net(receipt(1), looks=[ABSENT], replay=PROTECTED)
        record = stand.one(net, *ONE)
        assert (record.state, net.created) == ("sent", [(requests(1)[0], ())])
        assert stand.said == ["hp7.twitter.acme: asking Net again under its own protection"]
        assert stand.history.kinds[2:] == ["resumed", "part", "sent"]
        assert stand.clock.slept == []

    def test_it_waits_a_little_for_the_window(self, stand: Stand) -> None:
        stand.clock.move(timedelta(minutes=-52))
        net = Net(receipt(1), looks=[NOWHERE], replay=PROTECTED)
        record = stand.history.went(*ONE, ("unknown", {}))
        (done,) = stand.settle(net, record)
        assert done.record is not None
        assert (done.record.state, stand.clock.slept) == ("sent", [LONGEST_PAUSE.total_seconds()])

    @pytest.mark.parametrize(("moved", "why"), [
        (timedelta(minutes=-52, seconds=-1), "it opens too far ahead"),
        (timedelta(seconds=1), "it is over"),
        (timedelta(minutes=-61, seconds=-1), "the clock went back"),
    ])  # fmt: skip
    def test_outside_a_person_looks(self, stand: Stand, moved: timedelta, why: str) -> None:
        record = stand.history.went(*ONE, ("unknown", {}))
        stand.clock.move(moved)
        net = Net(looks=[NOWHERE], replay=PROTECTED)
        (done,) = stand.settle(net, record, patient=False)
        assert done.record is not None, why
        assert (done.record.state, net.created, stand.clock.slept) == ("unknown", [], [])
        assert done.record.reason == "may be out: please look (not in the list)"

    def test_a_clock_a_minute_behind_is_no_clock_that_went_back(self, stand: Stand) -> None:
        record = stand.history.went(*ONE, ("unknown", {}))
        stand.clock.move(timedelta(minutes=-61))
        opens = Replay(after=timedelta(minutes=1), until=timedelta(minutes=60))
        (done,) = stand.settle(Net(receipt(1), looks=[NOWHERE], replay=opens), record, patient=False)
        assert done.record is not None
        assert (done.record.state, stand.clock.slept) == ("sent", [120])

    @pytest.mark.parametrize(
        ("steps", "reason"),
        [
            (ONE, "may be out: please look (the answer was lost)"),
            ((*TWO, HEAD), "part 2 may be out: please look (the answer was lost)"),
        ],
    )
    def test_an_answer_that_is_lost_again(self, stand: Stand, steps: Steps, reason: str) -> None:
        net = Net(LOST, looks=[NOWHERE], replay=PROTECTED)
        (done,) = stand.settle(net, stand.history.went(*steps))
        assert done.record is not None
        assert (done.record.state, done.record.reason, done.error) == ("unknown", reason, LOST)

    @pytest.mark.parametrize(
        "answer",
        [
            NotSent("too many", service="Net", cause="limited", retry_at=NOW),
            NotSent("no connection", service="Net", cause="unreachable"),
            Rejected("too rude", service="Net"),
        ],
    )
    def test_a_refusal_of_the_second_request_says_nothing_of_the_first(
        self, stand: Stand, answer: BylineError
    ) -> None:
        record = stand.history.went(*ONE)
        (done,) = stand.settle(Net(answer, looks=[NOWHERE], replay=PROTECTED), record)
        assert done.record is not None
        assert (done.record.state, done.error) == ("unknown", answer)
        assert done.record.reason == f"may be out: please look ({answer.message})"

    def test_the_tail_of_a_thread_may_be_rejected(self, stand: Stand) -> None:
        net = Net(receipt(1), Rejected("too rude", service="Net"), looks=[NOWHERE], replay=PROTECTED)
        record = stand.one(net, *TWO)
        assert (record.state, record.reason) == ("sent", "part 2 of 2 is missing: too rude")


class TestPatience:
    def test_a_fresh_one_is_looked_for_after_each_wait(self, settings: Settings) -> None:
        stand = Stand(settings, (10, 30, 3600))
        net = Net(looks=[NOWHERE, HERE])
        assert stand.one(net, *ONE).state == "sent"
        assert stand.clock.slept == [10, 30]
        assert stand.said == [
            "looking again in 10 s for hp7.twitter.acme",
            "looking again in 30 s for hp7.twitter.acme",
            "hp7.twitter.acme: found on Net",
        ]

    def test_the_last_look_decides(self, settings: Settings) -> None:
        stand = Stand(settings, (10, 4000))
        record = stand.one(Net(looks=[ABSENT, NOWHERE]), *ONE)
        assert (record.state, record.reason) == ("unknown", "may be out: please look (not in the list)")
        assert stand.clock.slept == [10, 4000]

    @pytest.mark.parametrize(("waits", "slept"), [((1800, 1800.5), [1800, 1800.5]), ((1800, 1800), [])])
    def test_as_old_as_all_waits_together_is_not_fresh(
        self, settings: Settings, waits: tuple[float, ...], slept: list[float]
    ) -> None:
        stand = Stand(settings, waits)
        stand.one(Net(looks=[NOWHERE, NOWHERE]), *ONE)
        assert stand.clock.slept == slept

    def test_no_time_to_wait_is_not_spoken_of(self, settings: Settings) -> None:
        stand = Stand(settings, (0, 4000))
        stand.one(Net(looks=[NOWHERE, NOWHERE]), *ONE)
        assert (stand.clock.slept, stand.said) == ([4000], ["looking again in 4000 s for hp7.twitter.acme"])

    def test_without_patience_it_looks_once(self, settings: Settings) -> None:
        stand = Stand(settings, (10, 4000))
        net = Net(looks=[NOWHERE])
        stand.one(net, *ONE, patient=False)
        assert (stand.clock.slept, len(net.found)) == ([], 1)

    def test_the_others_are_waited_for_when_one_is_found(self, settings: Settings) -> None:
        stand = Stand(settings, (10, 4000))
        first = stand.history.went(*ONE, delivery="aaa.twitter.acme")
        second = stand.history.went(*ONE, delivery="bbb.twitter.acme")
        done = stand.settle(Net(looks=[HERE, NOWHERE, HERE]), first, second)
        assert [carried.record.state for carried in done if carried.record] == ["sent", "sent"]
        assert stand.said[0] == "looking again in 10 s for aaa.twitter.acme, bbb.twitter.acme"
        assert stand.said[2] == "looking again in 4000 s for bbb.twitter.acme"

    def test_a_record_without_a_stored_request_counts_from_its_last_word(self, settings: Settings) -> None:
        stand = Stand(settings, (3599,))
        stand.one(Net(), ("claimed", {}))
        assert stand.clock.slept == []


class TestReconcile:
    def run(self, stand: Stand, net: Net, **more: Any) -> tuple[Carried, ...]:
        return reconcile(
            stand.settings,
            stand.history,
            lambda _account: net,
            stand.clock,
            progress=stand.said.append,
            **more,
        )  # type: ignore[arg-type]

    def both(self, stand: Stand) -> None:
        for name in ("bbb.twitter.acme", "aaa.twitter.acme"):
            stand.history.went(*ONE, delivery=name)

    def test_all_that_may_be_out_is_settled(self, stand: Stand) -> None:
        self.both(stand)
        done = self.run(stand, Net(looks=[HERE, NOWHERE]))
        assert [(item.record.id, item.record.state) for item in done if item.record] == [
            ("aaa.twitter.acme", "sent"),
            ("bbb.twitter.acme", "unknown"),
        ]
        assert stand.history.flushed == 1
        assert stand.said == ["aaa.twitter.acme: found on Net"]
        assert stand.history.events[-1].run.count("/") == 2

    def test_only_these(self, stand: Stand) -> None:
        self.both(stand)
        (done,) = self.run(stand, Net(looks=[HERE]), only=frozenset({"bbb.twitter.acme"}))
        assert done.record is not None
        assert done.record.id == "bbb.twitter.acme"
        assert self.run(stand, Net(), scope=Scope(to=frozenset({("linkedin", "")}))) == ()
        assert self.run(stand, Net(), scope=Scope(to=frozenset({("twitter", "other")}))) == ()
        assert self.run(stand, Net(), scope=Scope(posts=frozenset({"content/posts/other.md"}))) == ()

    @pytest.mark.parametrize(("patient", "slept"), [(None, [4000]), (True, [4000]), (False, [])])
    def test_it_is_patient_unless_told_otherwise(
        self, settings: Settings, patient: bool | None, slept: list[float]
    ) -> None:
        stand = Stand(settings, (4000,))
        stand.history.went(*ONE)
        self.run(stand, Net(looks=[NOWHERE]), **({} if patient is None else {"patient": patient}))
        assert stand.clock.slept == slept


class TestAPersonsWord:
    def tell(self, stand: Stand, delivery: str = INTENT.id) -> Record:
        return tell_not_sent(stand.history, delivery, stand.settings, "mine", NOW)  # type: ignore[arg-type]

    def test_not_sent_makes_it_due(self, stand: Stand) -> None:
        stand.history.went(*ONE, ("unknown", {}))
        record = self.tell(stand)
        assert (record.state, record.reason, record.updated) == ("due", BY_PERSON, NOW)
        assert stand.history.events[-1].run == "mine"

    def test_of_a_thread_the_rest_stays_away(self, stand: Stand) -> None:
        stand.history.went(*TWO, HEAD)
        record = self.tell(stand)
        assert (record.state, record.reason) == ("sent", f"part 2 of 2 is missing: {BY_PERSON}")
        assert (record.updated, stand.history.events[-1].run) == (NOW, "mine")

    def test_what_another_run_may_be_sending_is_not_settled(self, stand: Stand) -> None:
        stand.history.went(*ONE, ("resumed", {"at": NOW}), run="elsewhere-0-1/7/ab")
        with pytest.raises(
            UsageError, match=r"^hp7.twitter.acme may still be being sent by another run$"
        ) as error:
            self.tell(stand)
        assert error.value.hint == "wait until that run has ended, then look again"

    def test_what_this_very_run_holds_is_no_other_runs(self, stand: Stand) -> None:
        stand.history.went(*ONE, ("resumed", {"at": NOW}), run="mine")
        assert self.tell(stand).state == "due"

    def test_what_is_not_known_or_not_unclear(self, stand: Stand) -> None:
        with pytest.raises(UsageError, match=r"^the sending history has no nothing.at.all$") as error:
            self.tell(stand, "nothing.at.all")
        assert error.value.hint == "`publish status` lists every delivery"
        stand.history.went(*ONE, HEAD, ("sent", {}))
        with pytest.raises(UsageError, match=r"^hp7.twitter.acme is not unclear: it is sent$") as error:
            self.tell(stand)
        assert error.value.hint == "there is nothing to settle"

    def test_a_post_made_by_hand_is_noted(self, stand: Stand) -> None:
        record = record_by_hand(stand.history, INTENT, receipt(1), "mine", NOW)  # type: ignore[arg-type]
        assert (record.state, record.reason, record.by_hand, record.head) == (
            "sent",
            "by hand",
            True,
            receipt(1),
        )
        assert stand.history.events == [
            Event(id=INTENT.id, kind="recorded", at=NOW, expected=0, run="mine", reason="by hand",
                  intent=INTENT, receipt=receipt(1))
        ]  # fmt: skip

    def test_a_post_that_may_be_out_and_was_seen_is_noted(self, stand: Stand) -> None:
        stand.history.went(*ONE, ("unknown", {}))
        assert record_by_hand(stand.history, INTENT, receipt(1), "mine", NOW).version == 4  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("steps", "url", "message"),
        [
            ((), None, "hp7.twitter.acme is noted already at https://net.example/1"),
            ((), "", "hp7.twitter.acme is noted already"),
            ((("retracted", {}),), None, "hp7.twitter.acme was taken back"),
        ],
    )
    def test_what_is_noted_is_not_noted_again(
        self, stand: Stand, steps: Steps, url: str | None, message: str
    ) -> None:
        stand.history.went(*ONE, ("part", {"receipt": receipt(1, url=url)}), ("sent", {}), *steps)
        with pytest.raises(UsageError) as error:
            record_by_hand(stand.history, INTENT, receipt(2), "mine", NOW)  # type: ignore[arg-type]
        assert (error.value.message, error.value.hint) == (message, "see `publish status`")


def test_the_oldest_comes_first(stand: Stand) -> None:
    made = [
        stand.history.went(("claimed", {"at": at}), delivery=f"{name}.twitter.acme")
        for name, at in (("ccc", HOUR_AGO), ("bbb", HOUR_AGO), ("aaa", NOW))
    ]
    sent = stand.history.went(*ONE, HEAD, ("sent", {}), delivery="ddd.twitter.acme")
    assert [record.post for record in (item.intent for item in uncertain([*made, sent]))] == ["hp7"] * 3
    assert [record.id[:3] for record in uncertain([*made, sent])] == ["bbb", "ccc", "aaa"]
