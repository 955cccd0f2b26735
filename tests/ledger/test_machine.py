"""The state machine under random histories: what no order of events may ever do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from byline.errors import ClaimHeld, LedgerError
from byline.ledger import codec
from byline.ledger.base import _FROM, Event, Record, replay, step
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, event, receipt

KINDS = sorted(_FROM)


class Runners(RuleBasedStateMachine):
    """Several runners and a person act on one delivery, each on the record it saw last. A create costs a post."""

    @initialize()
    def start(self) -> None:
        self.record: Record | None = None
        self.events: list[Event] = []
        self.seen: dict[str, Record | None] = {"a": None, "b": None}
        self.holds: dict[str, int] = {}  # runner -> version of the record on which it may create
        self.posts = 0
        self.told_absent = False

    def act(self, runner: str, kind: str, **more: object) -> bool:
        happening = replace(event(kind, self.seen[runner], **more), run=runner)
        try:
            self.record = step(self.record, happening)
        except (ClaimHeld, LedgerError):
            self.seen[runner] = self.record
            return False
        self.events.append(happening)
        self.seen[runner] = self.record
        return True

    @rule(runner=st.sampled_from("ab"))
    def look(self, runner: str) -> None:
        self.seen[runner] = self.record

    @rule(runner=st.sampled_from("ab"))
    def claim_and_prepare(self, runner: str) -> None:
        if self.act(runner, "claimed") and self.act(runner, "prepared", requests=REQUESTS[:1]):
            assert self.record is not None
            self.holds[runner] = self.record.version

    @rule(runner=st.sampled_from("ab"), answered=st.booleans())
    def create(self, runner: str, answered: bool) -> None:
        if runner not in self.holds:
            return
        del self.holds[runner]
        self.posts += 1
        if answered and self.act(runner, "part", part=0, receipt=receipt()):
            self.act(runner, "sent")
        else:
            self.act(runner, "unknown", reason="no answer")

    @rule(runner=st.sampled_from("ab"))
    def not_sent(self, runner: str) -> None:
        if runner in self.holds:
            del self.holds[runner]
            self.act(runner, "released", reason="429")

    @precondition(lambda self: self.posts == 1)
    @rule(runner=st.sampled_from("ab"))
    def found(self, runner: str) -> None:
        if self.seen[runner] is not None and self.act(runner, "part", part=0, receipt=receipt()):
            self.act(runner, "sent")

    @rule(runner=st.sampled_from("ab"))
    def crash(self, runner: str) -> None:
        self.holds.pop(runner, None)

    @precondition(lambda self: self.posts == 0 and not self.holds)
    @rule(runner=st.sampled_from("ab"))
    def a_person_tells_the_truth(self, runner: str) -> None:
        if self.seen[runner] is not None and self.seen[runner].uncertain:
            self.act(runner, "released", reason="a person looked")

    @invariant()
    def never_twice(self) -> None:
        assert self.posts <= 1

    @invariant()
    def never_lost_without_a_word(self) -> None:
        if self.posts and not self.holds:
            assert self.record is not None
            assert self.record.state in ("sent", "unknown", "sending")

    @invariant()
    def the_events_tell_the_whole_story(self) -> None:
        replayed = replay(self.events).get(INTENT.id)
        assert replayed == self.record
        if self.record is not None:
            assert codec.load_record(codec.dump_record(self.record)) == self.record
            assert self.record.version == len(self.events)


TestRunners = Runners.TestCase


@given(
    kinds=st.lists(st.sampled_from(KINDS), max_size=12),
    shift=st.integers(min_value=-100_000, max_value=100_000),
    guess=st.booleans(),
)
def test_no_order_of_events_breaks_the_rules(kinds: list[str], shift: int, guess: bool) -> None:
    record: Record | None = None
    outs = 0
    for kind in kinds:
        more: dict[str, object] = {"at": AT + timedelta(seconds=shift)}
        if kind == "prepared":
            more["requests"] = REQUESTS
        if kind in ("part", "recorded"):
            more |= {"receipt": receipt(), "part": len(record.receipts) if record else 0}
        try:
            happening = event(kind, None if guess else record, **more)
            after = step(record, happening)
        except (ClaimHeld, LedgerError):
            continue
        assert codec.load_event(codec.dump_event(happening)) == happening
        assert after.version == (record.version if record else 0) + 1
        if record is not None and record.state in ("sent", "retracted"):
            assert after.state == ("sent" if kind == "edited" else "retracted")  # what is out stays out
        if after.state == "sent":
            assert after.receipts
            outs += kind in ("sent", "recorded")
        if after.state in ("due", "failed", "skipped"):
            assert not after.receipts
        record = after
    assert outs <= 1
