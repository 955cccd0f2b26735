"""The form in which histories are kept: what was written by an older version must be read for ever."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from byline.errors import LedgerUntrusted
from byline.ledger import codec
from byline.ledger.base import Event, Intent, Part, Record
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, receipt

FULL = replace(INTENT, number=3, currency="EUR")
RECORD = Record(
    intent=FULL, state="unknown", version=7, updated=AT, reason="may be out: please look",
    parts=(Part(request=REQUESTS[0], receipt=replace(receipt(), already=True)), Part(request=REQUESTS[1])),
    run="host/12/ab", attempts=2, claimed_at=AT - timedelta(minutes=3), first_attempt=AT - timedelta(minutes=2),
    not_before=AT + timedelta(hours=1), sent_at=AT - timedelta(minutes=1), by_hand=True,
)  # fmt: skip
EVENT = Event(
    id=INTENT.id, kind="recorded", at=AT, expected=4, run="host/12/ab", reason="by hand", intent=FULL,
    requests=REQUESTS, part=1, receipt=replace(receipt(2), already=True), not_before=AT + timedelta(hours=2),
)  # fmt: skip
INTENT_AS_KEPT = {
    "id": "hp7.linkedin.company", "post": "hp7", "channel": "linkedin", "account": "company", "number": 3,
    "title": "Pricing, the “honest” version", "path": "content/posts/honest.md", "due": "2026-11-24T09:00:00+00:00",
    "text": ["Line one\nline two", "Zweiter Teil 🙂"], "link": "https://acme.example/?utm_content=hp7.linkedin.company",
    "card": "https://acme.example/card.png", "fingerprint": "f" * 64, "cost": "0.215", "currency": "EUR",
}  # fmt: skip
FIRST = {"part": 0, "path": "/a", "body": {"text": "a", "deep": {"list": [1, None, True]}}, "key": "k1", "headers": {"X": "1"}}  # fmt: skip
SECOND = {"part": 1, "path": "/a", "body": {"text": "b"}, "key": "", "headers": {}}


def test_every_field_of_an_event_is_kept_under_its_name() -> None:
    text = codec.dump_event(EVENT)
    assert json.loads(text) == {
        "id": "hp7.linkedin.company", "kind": "recorded", "at": "2026-11-24T10:00:00+00:00", "expected": 4,
        "run": "host/12/ab", "reason": "by hand", "intent": INTENT_AS_KEPT, "requests": [FIRST, SECOND], "part": 1,
        "receipt": {"remote_id": "urn:2", "url": "https://net.example/2", "at": "2026-11-24T10:00:00+00:00", "already": True},
        "not_before": "2026-11-24T12:00:00+00:00",
    }  # fmt: skip
    assert "🙂" in text
    assert ": " not in re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    assert codec.load_event(text) == EVENT


def test_every_field_of_a_record_is_kept_under_its_name() -> None:
    text = codec.dump_record(RECORD)
    assert json.loads(text) == {
        "intent": INTENT_AS_KEPT, "state": "unknown", "version": 7, "updated": "2026-11-24T10:00:00+00:00",
        "reason": "may be out: please look",
        "parts": [
            {"request": FIRST, "receipt": {"remote_id": "urn:1", "url": "https://net.example/1",
                                           "at": "2026-11-24T10:00:00+00:00", "already": True}},
            {"request": SECOND, "receipt": None},
        ],
        "run": "host/12/ab", "attempts": 2, "claimed_at": "2026-11-24T09:57:00+00:00",
        "first_attempt": "2026-11-24T09:58:00+00:00", "not_before": "2026-11-24T11:00:00+00:00",
        "sent_at": "2026-11-24T09:59:00+00:00", "by_hand": True,
    }  # fmt: skip
    assert codec.load_record(text) == RECORD


def test_the_samples_leave_no_field_out() -> None:
    for sample, kind in ((EVENT, Event), (RECORD, Record), (FULL, Intent)):
        for field in fields(kind):
            assert getattr(sample, field.name) not in (None, "", 0, (), False), field.name


def test_what_is_empty_is_left_out_and_means_what_it_meant() -> None:
    bare = Event(id="hp7.x.y", kind="resumed", at=AT, expected=0)
    assert codec.dump_event(bare) == '{"id":"hp7.x.y","kind":"resumed","at":"2026-11-24T10:00:00+00:00"}'
    assert codec.load_event(codec.dump_event(bare)) == bare
    least = Intent(id="hp7.x.y", post="hp7", channel="x", account="y")
    record = Record(intent=least, state="due", version=1, updated=AT)
    assert codec.load_record(codec.dump_record(record)) == record
    assert least.cost == Decimal(0)
    old = '{"intent":{"id":"hp7.x.y","post":"hp7","channel":"x","account":"y"},"state":"due","version":1,"updated":"2026-11-24T10:00:00+00:00"}'
    assert codec.load_record(old) == record
    part = '{"part":0,"path":"/a","body":{}}'
    event = codec.load_event(
        f'{{"id":"a","kind":"prepared","at":"2026-11-24T10:00:00+00:00","requests":[{part}]}}'
    )
    assert (event.requests[0].key, dict(event.requests[0].headers)) == ("", {})
    got = '{"remote_id":"1","url":"u","at":"2026-11-24T10:00:00+00:00"}'
    event = codec.load_event(f'{{"id":"a","kind":"part","at":"2026-11-24T10:00:00+00:00","receipt":{got}}}')
    assert event.receipt is not None
    assert event.receipt.already is False


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"kind":"recorded"', '"kind":"dreamt"', "there is no event `dreamt`"),
        ('"expected":4', '"expected":"4"', "'4' is no number"),
        ('"part":1,"receipt"', '"part":"1","receipt"', "'1' is no number"),
        ('"run":"host/12/ab"', '"run":7', "7 is no text"),
        ('"reason":"by hand"', '"reason":[]', r"\[\] is no text"),
        ('"post":"hp7"', '"post":null', "None is no text"),
        (
            '"at":"2026-11-24T10:00:00+00:00","expected"',
            '"at":"2026-11-24T10:00:00","expected"',
            "has no offset",
        ),
        ('"at":"2026-11-24T10:00:00+00:00","expected"', '"at":null,"expected"', "AssertionError"),
        ('"cost":"0.215"', '"cost":"much"', "InvalidOperation"),
        ('"path":"/a","body":{"text":"b"}', '"path":1,"body":{"text":"b"}', "1 is no text"),
        ('{"part":1,"path"', '{"part":null,"path"', "None is no number"),
        ('"remote_id":"urn:2",', "", "remote_id"),
        ('{"id"', '["id"', "JSONDecodeError"),
    ],
)
def test_an_event_that_is_none_stops_everything(old: str, new: str, said: str) -> None:
    text = codec.dump_event(EVENT)
    assert old in text
    with pytest.raises(LedgerUntrusted, match=said) as caught:
        codec.load_event(text.replace(old, new, 1))
    assert caught.value.message.startswith("an entry of the sending history cannot be read (")
    assert caught.value.hint == "restore the file from a backup; sending without it could repeat posts"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"state":"unknown"', '"state":"dreamt"', "there is no state `dreamt`"),
        ('"version":7', '"version":"7"', "'7' is no number"),
        ('"updated":"2026-11-24T10:00:00+00:00"', '"updated":"yesterday"', "ValueError"),
        ('"intent":{', '"intention":{', "KeyError: 'intent'"),
    ],
)
def test_a_record_that_is_none_stops_everything(old: str, new: str, said: str) -> None:
    text = codec.dump_record(RECORD)
    assert old in text
    with pytest.raises(LedgerUntrusted, match=said):
        codec.load_record(text.replace(old, new, 1))
