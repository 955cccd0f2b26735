"""The state machine, step by step: which event is allowed when, and what each one changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from byline.errors import ClaimHeld, LedgerError
from byline.ledger.base import KINDS, STATES, Event, Info, Part, Record, Snapshot, replay, step
from byline.model import Request
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, event, receipt

LATER = AT + timedelta(hours=2)
PARTS = (Part(request=REQUESTS[0], receipt=receipt(1)), Part(request=REQUESTS[1]))
# State -> the events that are allowed in it and the state after each; everything else is refused.
ALLOWED: dict[str | None, dict[str, str]] = {
    None: {"claimed": "sending", "postponed": "due", "skipped": "skipped", "recorded": "sent"},
    "due": {"claimed": "sending", "postponed": "due", "skipped": "skipped", "recorded": "sent"},
    "failed": {"claimed": "sending", "recorded": "sent"},
    "skipped": {"claimed": "sending", "recorded": "sent"},
    "sending": {"prepared": "sending", "part": "sending", "resumed": "sending", "sent": "sent", "failed": "failed",
                "unknown": "unknown", "released": "due", "recorded": "sent"},
    "unknown": {"part": "unknown", "resumed": "sending", "sent": "sent", "unknown": "unknown", "released": "due",
                "recorded": "sent"},
    "sent": {"edited": "sent", "retracted": "retracted"},
    "retracted": {},
}  # fmt: skip
HELD = {
    "sending": "another run is sending it, or stopped while it did",
    "unknown": "it may be out: please look",
    "sent": "it is out already",
    "retracted": "a person took it back",
}


def record_in(state: str, kind: str = "") -> Record:
    """A record in this state, with parts as the kind of event needs them."""
    parts: tuple[Part, ...] = () if kind == "prepared" else (Part(request=REQUESTS[0]), PARTS[1])
    if kind in ("sent", "edited", "retracted"):
        parts = PARTS
    return Record(
        intent=INTENT, state=state, version=5, updated=AT, parts=parts, run="old", reason="old", attempts=2,
        claimed_at=AT, first_attempt=AT, not_before=AT, sent_at=AT,
    )  # type: ignore[arg-type]  # fmt: skip


def happening(kind: str, record: Record | None) -> Event:
    more: dict[str, Any] = {"at": LATER, "run": "new", "reason": "why", "not_before": LATER}
    if kind == "prepared":
        more["requests"] = REQUESTS
    if kind in ("part", "recorded"):
        more["receipt"] = receipt(7)
    if kind == "edited":
        more["intent"] = replace(INTENT, title="New")
    return event(kind, record, **more)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("state", [None, *sorted(STATES)])
def test_what_is_allowed_when(state: str | None, kind: str) -> None:
    record = record_in(state, kind) if state else None
    if kind not in ALLOWED[state]:
        with pytest.raises(ClaimHeld) as held:
            step(record, happening(kind, record))
        why = HELD.get(state or "", "another run changed it meanwhile")
        assert held.value.message == f"{INTENT.id} was left alone: {why}"
        hint = (
            f"publish reconcile {INTENT.id}" if state == "unknown" else "nothing to do; see `publish status`"
        )
        assert held.value.hint == hint
        return
    after = step(record, happening(kind, record))
    assert (after.state, after.version, after.updated) == (
        ALLOWED[state][kind],
        6 if record else 1,
        LATER,
    )


@pytest.mark.parametrize("expected", [0, 4, 6])
def test_what_was_decided_on_another_version_is_refused(expected: int) -> None:
    record = record_in("due")
    with pytest.raises(ClaimHeld, match="another run changed it meanwhile"):
        step(record, replace(happening("claimed", record), expected=expected))
    with pytest.raises(ClaimHeld):
        step(None, replace(happening("claimed", None), expected=1))


CHANGES: dict[tuple[str, str], dict[str, object]] = {
    ("due", "claimed"): {"parts": (), "run": "new", "reason": "why", "attempts": 3, "claimed_at": LATER,
                         "first_attempt": None, "not_before": None},
    ("sending", "prepared"): {"parts": tuple(Part(request=one) for one in REQUESTS), "first_attempt": LATER},
    ("sending", "part"): {"parts": (Part(request=REQUESTS[0], receipt=receipt(7)), PARTS[1])},
    ("unknown", "resumed"): {"run": "new"},
    ("sending", "sent"): {"reason": "why", "run": "", "sent_at": receipt(1).at},
    ("sending", "failed"): {"reason": "why", "run": ""},
    ("sending", "unknown"): {"reason": "why", "run": ""},
    ("sending", "released"): {"reason": "why", "run": "", "parts": (), "first_attempt": None, "not_before": LATER},
    ("due", "postponed"): {"reason": "why", "not_before": LATER},
    ("due", "skipped"): {"reason": "why", "run": ""},
    ("unknown", "recorded"): {"parts": (Part(request=Request(part=0, path="", body={}), receipt=receipt(7)),),
                              "reason": "why", "run": "", "not_before": None, "sent_at": receipt(7).at, "by_hand": True},
    ("sent", "edited"): {"intent": replace(INTENT, title="New")},
    ("sent", "retracted"): {"reason": "why", "run": ""},
}  # fmt: skip


@pytest.mark.parametrize(("state", "kind"), CHANGES)
def test_what_each_event_changes_and_nothing_else(state: str, kind: str) -> None:
    record = record_in(state, kind)
    after = step(record, happening(kind, record))
    fixed = {"state": ALLOWED[state][kind], "version": 6, "updated": LATER}
    assert after == replace(record, **(CHANGES[state, kind] | fixed))  # type: ignore[arg-type]


def test_every_kind_of_event_is_among_them() -> None:
    assert {kind for _, kind in CHANGES} == KINDS
    assert {kind for kinds in ALLOWED.values() for kind in kinds} == KINDS


@pytest.mark.parametrize("kind", ["claimed", "postponed", "recorded"])
def test_a_delivery_keeps_its_intent_where_the_event_brings_none(kind: str) -> None:
    record = record_in("due")
    other = replace(INTENT, title="Other words")
    assert step(record, replace(happening(kind, record), intent=None)).intent == INTENT
    assert step(record, replace(happening(kind, record), intent=other)).intent == other


@pytest.mark.parametrize(
    ("state", "parts", "kind", "more", "why"),
    [
        ("sending", PARTS, "prepared", {}, "its requests are stored already"),
        ("sending", (), "prepared", {"requests": ()}, "its requests are stored already"),
        ("sending", PARTS, "part", {"part": 1, "receipt": None}, "a part is out only with a receipt"),
        ("sending", PARTS, "part", {"part": 0}, "parts go out in order"),
        ("sending", PARTS, "part", {"part": 2}, "parts go out in order"),
        ("sending", PARTS[:1], "part", {"part": 1}, "parts go out in order"),
        ("sending", (), "resumed", {}, "there is no stored request to make again"),
        ("sending", PARTS[1:], "sent", {}, "nothing is sent without a receipt"),
        ("sending", PARTS, "released", {}, "part of it is out"),
        ("sending", PARTS, "failed", {}, "part of it is out"),
        ("due", (), "recorded", {"receipt": None}, "a hand-made post needs its address"),
        ("sent", PARTS, "edited", {"intent": None}, "an edit must say the new words"),
    ],
)
def test_what_a_caller_may_never_do(
    state: str, parts: tuple[Part, ...], kind: str, more: dict[str, Any], why: str
) -> None:
    record = replace(record_in(state), parts=parts)
    with pytest.raises(LedgerError) as wrong:
        step(record, replace(happening(kind, record), **more))
    assert not isinstance(wrong.value, ClaimHeld)
    assert wrong.value.message == f"{INTENT.id}: `{kind}` is not possible: {why}"


def test_parts_go_out_one_after_the_other() -> None:
    record = replace(record_in("unknown"), parts=(*PARTS, Part(request=REQUESTS[1])))
    after = step(record, replace(happening("part", record), part=1))
    assert [part.receipt for part in after.parts] == [receipt(1), receipt(7), None]
    assert (after.open_part, after.head, after.receipts) == (
        after.parts[2],
        receipt(1),
        (receipt(1), receipt(7)),
    )


@pytest.mark.parametrize("intent", [None, replace(INTENT, id="hp7.other.one")])
def test_the_first_event_says_what_is_to_be_sent(intent: Any) -> None:
    with pytest.raises(
        LedgerError, match=r"^hp7.linkedin.company: a first event must say what is to be sent$"
    ):
        step(None, replace(happening("claimed", None), intent=intent))


def test_a_new_record_begins_from_nothing() -> None:
    assert step(None, happening("skipped", None)) == Record(
        intent=INTENT, state="skipped", version=1, updated=LATER, reason="why"
    )
    claimed = step(None, happening("claimed", None))
    assert (claimed.attempts, claimed.sent_at, claimed.by_hand) == (1, None, False)


def test_only_what_may_be_out_is_uncertain() -> None:
    assert {state for state in STATES if record_in(state).uncertain} == {"sending", "unknown"}
    assert replace(record_in("sent"), parts=()).head is None
    assert replace(record_in("sent"), parts=PARTS[:1]).open_part is None
    assert record_in("due").id == INTENT.id


def test_a_snapshot_is_empty_until_something_was_sent_skipped_or_marked() -> None:
    assert Snapshot().empty
    assert (Snapshot().info, dict(Snapshot().records)) == (Info(store="none", place=""), {})
    assert not Snapshot(records={INTENT.id: record_in("due")}).empty
    assert not Snapshot(accounts={"linkedin.company": AT}).empty


def test_events_of_many_deliveries_are_replayed_each_on_its_own() -> None:
    other = replace(INTENT, id="zz9.linkedin.company")
    one, two = happening("claimed", None), replace(happening("skipped", None), id=other.id, intent=other)
    records = replay([one, two, replace(happening("unknown", None), expected=1)])
    assert {name: (record.state, record.version) for name, record in records.items()} == {
        INTENT.id: ("unknown", 2),
        other.id: ("skipped", 1),
    }
