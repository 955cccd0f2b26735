"""One delivery from its claim to its receipt: what each answer makes of it, and what is written before and after."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from byline.delivering import FRESH, Carried, Carrier, ReceiptLost, internal, missing, said
from byline.errors import BylineError, ClaimHeld, Duplicate, LedgerError, NotSent, OutcomeUnknown, Rejected
from byline.ledger.base import Event
from byline.model import Receipt
from byline.times import FixedClock
from scripted import ABSENT, INTENT, MESSAGE, NOWHERE, History, Net, broken, receipt, requests
from support import NOW

LATER = NOW + timedelta(hours=3)
LIMITED = NotSent("too many", service="Net", cause="limited", retry_at=LATER, hint="wait")
DEAD = NotSent("the token is dead", service="Net", cause="auth", retry_at=LATER, hint="sign in")
WAITING = NotSent("not ready", service="Net", cause="waiting", retry_at=LATER)
NEVER = Rejected("too rude", service="Net", hint="be kind")
LOST = OutcomeUnknown("the answer was lost", service="Net")
FAULT = "a fault in the driver of Net: ValueError: oops"


class Stand:
    """A carrier on a history in memory, and where it came by."""

    def __init__(self) -> None:
        self.history = History()
        self.clock = FixedClock(NOW)
        self.points: list[tuple[str, str]] = []
        self.carrier = Carrier(
            ledger=self.history, clock=self.clock, run="mine", crash=lambda *point: self.points.append(point)
        )

    def deliver(self, net: Net, **more: Any) -> Carried:
        return self.carrier.deliver(INTENT, MESSAGE, net, expected=more.pop("expected", 0), **more)

    @property
    def last(self) -> Event:
        return self.history.events[-1]


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_every_step_is_written_before_and_after(stand: Stand) -> None:
    net = Net(receipt(1), receipt(2), parts=2)
    carried = stand.deliver(net)
    record = carried.record
    assert record is not None
    assert (carried.error, carried.held) == (None, False)
    assert (record.state, record.reason, record.receipts) == ("sent", "", (receipt(1), receipt(2)))
    assert (record.intent, record.attempts, record.claimed_at) == (INTENT, 1, NOW)
    assert net.prepared == [(MESSAGE, INTENT.id)]
    assert net.created == [(requests(2)[0], ()), (requests(2)[1], (receipt(1),))]
    assert stand.history.kinds == ["claimed", "prepared", "part", "part", "sent"]
    assert stand.history.lazy == [False, False, False, False, True]  # what is settled may wait
    assert [event.run for event in stand.history.events] == ["mine"] * 5
    assert [event.part for event in stand.history.events] == [0, 0, 0, 1, 0]
    names = ["claimed", "prepared", "stored", "creating", "created", "received", "creating", "created", "received",
             "settled"]  # fmt: skip
    assert stand.points == [(name, INTENT.id) for name in names]
    assert net.found == []


def test_what_another_run_has_is_left_alone(stand: Stand) -> None:
    held = stand.history.went(("claimed", {}))
    net = Net()
    carried = stand.deliver(net)
    assert (carried.record, carried.held) == (held, True)
    assert isinstance(carried.error, ClaimHeld)
    assert net.prepared == []


def test_a_refusal_lets_go_of_the_claim(stand: Stand) -> None:
    refusal, net = BylineError("too dear"), Net()
    carried = stand.deliver(net, refuse=lambda: refusal)
    assert carried.error is refusal
    assert carried.record is not None
    assert (carried.record.state, carried.record.reason, net.prepared) == ("due", "", [])
    assert stand.history.kinds == ["claimed", "released"]


@pytest.mark.parametrize(
    ("fault", "state", "reason", "not_before"),
    [
        (NEVER, "failed", "too rude (be kind)", None),
        (LIMITED, "due", "too many (wait)", LATER),
        (WAITING, "due", "not ready", LATER),
        (DEAD, "due", "the token is dead (sign in)", None),
        (LOST, "due", "the answer was lost", None),
        (BylineError("the picture is no picture", hint="draw one"), "failed", "the picture is no picture (draw one)", None),
        (ValueError("oops"), "due", FAULT, None),
    ],
)  # fmt: skip
def test_nothing_is_out_when_preparing_fails(
    stand: Stand, fault: Exception, state: str, reason: str, not_before: Any
) -> None:
    net = Net(prepare=fault)
    carried = stand.deliver(net)
    record = carried.record
    assert record is not None
    assert (record.state, record.reason, record.not_before, record.run) == (state, reason, not_before, "")
    assert carried.error is fault or isinstance(fault, ValueError)
    assert carried.error is not None
    assert not carried.held
    assert (net.created, stand.points) == ([], [("claimed", INTENT.id)])
    assert stand.history.lazy == [False, True]


ANSWERS = [
    (LIMITED, "due", "too many (wait)", LATER),
    (WAITING, "due", "not ready", LATER),
    (DEAD, "due", "the token is dead (sign in)", None),
    (NEVER, "failed", "too rude (be kind)", None),
    (LOST, "unknown", "the answer was lost", None),
    (BylineError("who knows", hint="look"), "unknown", "who knows (look)", None),
    (ValueError("oops"), "unknown", FAULT, None),
    (Duplicate("posted already", service="Net"), "unknown", "posted already", None),
]


@pytest.mark.parametrize(("answer", "state", "reason", "not_before"), ANSWERS)
def test_what_an_answer_means(
    stand: Stand, answer: Exception, state: str, reason: str, not_before: Any
) -> None:
    net = Net(answer)
    carried = stand.deliver(net)
    record = carried.record
    assert record is not None
    assert (record.state, record.reason, record.not_before) == (state, reason, not_before)
    assert len(net.created) == 1
    assert carried.error is answer or isinstance(carried.error, OutcomeUnknown)
    assert stand.points[-1] == ("created", INTENT.id)
    if isinstance(carried.error, OutcomeUnknown) and carried.error is not answer:
        assert (carried.error.message, carried.error.service) == (FAULT, "Net")


def test_a_duplicate_that_is_named_is_our_post(stand: Stand) -> None:
    known = Duplicate("posted already", service="Net", remote_id="r9", url="https://net.example/9")
    carried = stand.deliver(Net(known))
    assert carried.record is not None
    assert (carried.record.state, carried.error) == ("sent", None)
    assert carried.record.head == Receipt(remote_id="r9", url="https://net.example/9", at=NOW, already=True)


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (LIMITED, "sent", "parts 2 to 3 of 3 are missing: too many (wait)"),
        (NEVER, "sent", "parts 2 to 3 of 3 are missing: too rude (be kind)"),
        (LOST, "unknown", "the answer was lost"),
        (Duplicate("posted already", service="Net"), "unknown", "posted already"),
    ],
)
def test_a_tail_that_fails(stand: Stand, answer: Exception, state: str, reason: str) -> None:
    net = Net(receipt(1), answer, parts=3)
    carried = stand.deliver(net)
    assert carried.record is not None
    assert (carried.record.state, carried.record.reason) == (state, reason)
    assert (carried.record.receipts, carried.error) == ((receipt(1),), answer)
    assert len(net.created) == 2
    assert (stand.points[-1][0] == "settled") == (state == "sent")


def test_the_last_part_is_missing_alone(stand: Stand) -> None:
    carried = stand.deliver(Net(receipt(1), receipt(2), NEVER, parts=3))
    assert carried.record is not None
    assert missing(carried.record) == "part 3 of 3 is"


class TestAgain:
    """The same request once more, under the network's own protection: only a receipt is an answer."""

    @pytest.mark.parametrize("answer", [LIMITED, DEAD, NEVER, LOST, Duplicate("already", service="Net")])
    def test_all_else_leaves_it_unknown(self, stand: Stand, answer: BylineError) -> None:
        record = stand.history.went(("claimed", {}), ("prepared", {"requests": requests(2)}))
        carried = stand.carrier.carry(stand.carrier.resume(record), Net(answer), again=True)
        assert carried.record is not None
        assert (carried.record.state, carried.record.reason) == ("unknown", said(answer))

    def test_the_part_after_it_goes_out_for_the_first_time(self, stand: Stand) -> None:
        record = stand.history.went(("claimed", {}), ("prepared", {"requests": requests(2)}))
        carried = stand.carrier.carry(stand.carrier.resume(record), Net(receipt(1), NEVER), again=True)
        assert carried.record is not None
        assert (carried.record.state, carried.record.reason) == (
            "sent",
            "part 2 of 2 is missing: too rude (be kind)",
        )

    def test_for_the_first_time_a_refusal_is_one(self, stand: Stand) -> None:
        record = stand.history.went(("claimed", {}), ("prepared", {"requests": requests(1)}))
        carried = stand.carrier.carry(stand.carrier.resume(record), Net(NEVER))
        assert carried.record is not None
        assert carried.record.state == "failed"

    def test_another_run_settled_it(self, stand: Stand) -> None:
        record = stand.history.went(("claimed", {}), ("prepared", {"requests": requests(1)}))
        settled = stand.history.went(("part", {"receipt": receipt(1)}), ("sent", {}))
        carried = stand.carrier.carry(replace(record, updated=NOW), Net(receipt(1)))
        assert (carried.record, carried.held) == (settled, True)
        assert isinstance(carried.error, ClaimHeld)


class TestFirstRun:
    """The history may have been lost: where the network can tell, it is asked before the first create."""

    def test_what_is_there_is_not_made(self, stand: Stand) -> None:
        net = Net(receipt(2), looks=[replace(ABSENT, receipt=receipt(1))], parts=2)
        carried = stand.deliver(net, look_first=True)
        assert carried.record is not None
        assert carried.record.receipts == (receipt(1), receipt(2))
        assert net.created == [(requests(2)[1], (receipt(1),))]
        assert net.found == [(requests(2)[0], INTENT.link, INTENT.due, ())]

    @pytest.mark.parametrize("look", [ABSENT, NOWHERE, BylineError("no rights")])
    def test_what_is_not_there_is_made(self, stand: Stand, look: Any) -> None:
        net = Net(receipt(1), looks=[look])
        assert stand.deliver(net, look_first=True).record == stand.history.records[INTENT.id]
        assert stand.history.kinds == ["claimed", "prepared", "part", "sent"]

    def test_a_network_that_cannot_tell_is_not_asked(self, stand: Stand) -> None:
        net = Net(receipt(1), find="never")
        stand.deliver(net, look_first=True)
        assert (net.found, len(net.created)) == ([], 1)

    def test_without_a_due_time_it_looks_from_now(self, stand: Stand) -> None:
        net = Net(receipt(1), looks=[NOWHERE])
        stand.carrier.deliver(replace(INTENT, due=None), MESSAGE, net, expected=0, look_first=True)
        assert net.found[0][2] == NOW


class TestHistoryThatCannotBeWritten:
    def fail_at(self, stand: Stand, kind: str) -> None:
        stand.history.fails = lambda event: broken(event) if event.kind == kind else None

    @pytest.mark.parametrize("kind", ["claimed", "prepared"])
    def test_before_anything_left_nothing_is_out(self, stand: Stand, kind: str) -> None:
        self.fail_at(stand, kind)
        net = Net()
        with pytest.raises(LedgerError, match=r"^the disk is full$") as error:
            stand.deliver(net)
        assert not isinstance(error.value, ReceiptLost)
        assert net.created == []

    @pytest.mark.parametrize(("url", "where"), [(None, "https://net.example/1"), ("", "r1")])
    def test_a_receipt_that_is_lost_says_where_the_post_is(
        self, stand: Stand, url: str | None, where: str
    ) -> None:
        self.fail_at(stand, "part")
        with pytest.raises(ReceiptLost) as error:
            stand.deliver(Net(receipt(1, url=url)))
        assert error.value.message == (
            f"hp7.twitter.acme is out ({where}), but its receipt could not be written: the disk is full"
        )
        assert error.value.hint == "mend that first, then run `publish reconcile`; nothing more was sent"

    @pytest.mark.parametrize("kind", ["sent", "unknown", "failed", "released"])
    def test_after_the_create_it_may_be_out(self, stand: Stand, kind: str) -> None:
        self.fail_at(stand, kind)
        answer = {"sent": receipt(1), "unknown": LOST, "failed": NEVER, "released": LIMITED}[kind]
        with pytest.raises(ReceiptLost) as error:
            stand.deliver(Net(answer))  # type: ignore[arg-type]
        assert error.value.message == (
            "hp7.twitter.acme may be out, and what became of it could not be written: the disk is full"
        )
        assert error.value.hint == "mend that first, then run `publish reconcile`; nothing more was sent"


@pytest.mark.parametrize(("passed", "asked"), [(FRESH, False), (FRESH + timedelta(milliseconds=1), True)])
def test_an_old_word_in_the_history_is_renewed_before_the_create(
    stand: Stand, passed: timedelta, asked: bool
) -> None:
    record = stand.history.went(("claimed", {}), ("prepared", {"requests": requests(1), "at": NOW - passed}))
    stand.carrier.carry(record, Net(receipt(1)))
    assert stand.history.kinds[2:] == (["resumed"] if asked else []) + ["part", "sent"]


class TestPostponed:
    @pytest.mark.parametrize(
        ("error", "reason", "not_before"),
        [(LIMITED, "too many (wait)", LATER), (DEAD, "the token is dead (sign in)", None)],
    )
    def test_it_stays_due_with_the_reason(
        self, stand: Stand, error: NotSent, reason: str, not_before: Any
    ) -> None:
        carried = stand.carrier.postpone(INTENT, error, expected=0)
        record = carried.record
        assert record is not None
        assert (record.state, record.reason, record.not_before) == ("due", reason, not_before)
        assert (record.intent, record.attempts) == (INTENT, 0)
        assert (carried.error, carried.held, stand.history.lazy) == (error, False, [True])

    def test_what_another_run_has_is_left_alone(self, stand: Stand) -> None:
        held = stand.history.went(("claimed", {}))
        carried = stand.carrier.postpone(INTENT, LIMITED, expected=0)
        assert (carried.record, carried.held) == (held, True)
        assert carried.error is LIMITED


def test_what_surely_is_not_out_is_due_or_ends_the_thread(stand: Stand) -> None:
    record = stand.history.went(("claimed", {}), ("prepared", {"requests": requests(2)}))
    assert stand.carrier.absent(record, "it is not there").state == "due"
    assert (stand.last.kind, stand.last.reason, stand.history.lazy[-1]) == (
        "released",
        "it is not there",
        True,
    )
    other = Stand()
    record = other.history.went(
        ("claimed", {}), ("prepared", {"requests": requests(2)}), ("part", {"receipt": receipt(1)})
    )
    record = other.carrier.absent(record, "it is not there")
    assert (record.state, record.reason) == ("sent", "part 2 of 2 is missing: it is not there")
    assert other.points == [("settled", INTENT.id)]


def test_the_same_word_is_not_written_twice(stand: Stand) -> None:
    record = stand.history.went(("claimed", {}), ("prepared", {"requests": requests(1)}))
    record = stand.carrier.unknown(record, "look")
    assert stand.carrier.unknown(record, "look") is record
    assert stand.carrier.unknown(record, "look there").reason == "look there"
    assert stand.history.kinds[2:] == ["unknown", "unknown"]


def test_a_fault_of_ours_is_named_with_what_to_do() -> None:
    error = internal(KeyError("x"), Net())  # type: ignore[arg-type]
    assert error.message == "a fault in the driver of Net: KeyError: 'x'"
    assert error.hint == "please report it; `publish --debug send` shows where it arose"
    assert said(BylineError("what", hint="  ")) == "what"
