"""A history as a file, word for word, and every way in which such a file can be wrong; what `verify` says of a store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from byline.errors import LedgerError, UsageError
from byline.ledger import codec, moving
from byline.ledger.base import Note, Raw, replay
from byline.ledger.checking import judged
from byline.ledger.sqlite import SqliteLedger
from byline.testing.ledger_contract import AT, INTENT
from many import story

EVENTS = tuple(step for number in range(2) for step in story(number))
NOTES = (
    Note(kind="tokens", day=date(2026, 11, 24), line="läuft ab"),
    Note(kind="views", day=date(2026, 11, 25), line="2"),
)
WHOLE = moving.Whole(
    site="https://a.example/",
    accounts={"twitter.acme": AT, "linkedin.company": AT - timedelta(days=1)},
    events=EVENTS,
    notes=NOTES,
)
HINT = "export it again from the store that it came from; nothing was imported"
ONE, TWO = "post0.linkedin.company", "post1.linkedin.company"


def lines() -> list[str]:
    return list(moving.dump(WHOLE, datetime(2026, 11, 26, 8, tzinfo=UTC)))


def sealed(*texts: str, **end: object) -> list[str]:
    """These lines with an end that fits them."""
    digest = hashlib.sha256("".join(f"{text}\n" for text in texts).encode()).hexdigest()
    counts = {
        f"{name}s": sum(text.startswith(f'{{"{name}"') for text in texts)
        for name in ("account", "event", "note")
    }
    return [*texts, json.dumps({"end": {**counts, "sha256": digest, **end}})]


def test_the_form_of_the_file_is_kept() -> None:
    written = lines()
    assert written[:3] == [
        '{"byline-ledger":1,"site":"https://a.example/","exported":"2026-11-26T08:00:00+00:00"}',
        '{"account":"linkedin.company","begun":"2026-11-23T10:00:00+00:00"}',
        '{"account":"twitter.acme","begun":"2026-11-24T10:00:00+00:00"}',
    ]
    assert written[3:11] == [f'{{"event":{codec.dump_event(event)}}}' for event in EVENTS]
    assert written[11:13] == [
        '{"note":"tokens","day":"2026-11-24","line":"läuft ab"}',
        '{"note":"views","day":"2026-11-25","line":"2"}',
    ]
    digest = hashlib.sha256("".join(f"{line}\n" for line in written[:-1]).encode()).hexdigest()
    assert written[13:] == [f'{{"end":{{"accounts":2,"events":8,"notes":2,"sha256":"{digest}"}}}}']


def test_what_was_written_is_read() -> None:
    assert moving.load(lines(), "x.jsonl") == WHOLE
    assert WHOLE.deliveries == 2


HEAD = '{"byline-ledger":1,"site":"s"}'
WRONG: dict[str, tuple[list[str], str]] = {
    "nothing": ([], "f: the end of the export is missing"),
    "no JSON": (["nonsense"], "f:1: this is no export of a sending history: Expecting value: line 1 column 1 (char 0)"),
    "another version": (['{"byline-ledger":2,"site":"s"}'], "f:1: this is no export of a sending history: it does not begin as an export of this version does"),
    "no site": (['{"byline-ledger":1}'], "f:1: this is no export of a sending history: 'site'"),
    "a list": ([HEAD, "[]"], "f:2: this is no export of a sending history: it is nothing that belongs in an export"),
    "another thing": ([HEAD, '{"x":1}'], "f:2: this is no export of a sending history: it is nothing that belongs in an export"),
    "no event": ([HEAD, '{"event":{}}'], "f:2: this is no export of a sending history: an entry of the sending history cannot be read (KeyError: 'at')"),
    "a time without an offset": ([HEAD, '{"account":"a.b","begun":"2026-11-24T10:00:00"}'], "f:2: this is no export of a sending history: 2026-11-24T10:00:00 has no offset"),
    "no day": ([HEAD, '{"note":"a","day":"soon","line":""}'], "f:2: this is no export of a sending history: Invalid isoformat string: 'soon'"),
    "cut off": (lines()[:-1], "f: the end of the export is missing"),
    "something after the end": ([*lines(), HEAD], "f:15: this is no export of a sending history: there is something after the end"),
    "a word changed": ([line.replace("läuft", "lauft") for line in lines()], "f: the export was changed since it was written"),
    "a line taken out": ([*lines()[:2], *lines()[3:]], "f: the export was changed since it was written"),
    "wrong counts": (sealed(HEAD, events=1), "f: the export was changed since it was written"),
    "events out of order": (sealed(HEAD, *(lines()[4:5])), f"f: its events do not fit together: {ONE} was left alone: another run changed it meanwhile"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_no_whole_history_is_refused(case: str) -> None:
    texts, message = WRONG[case]
    with pytest.raises(UsageError) as wrong:
        moving.load(texts, "f")
    assert (wrong.value.message, wrong.value.hint) == (message, HINT)


def test_an_empty_history_is_one_too() -> None:
    assert moving.load(sealed(HEAD), "f") == moving.Whole(site="s", accounts={}, events=(), notes=())


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[str], SqliteLedger]:
    return lambda name: SqliteLedger(tmp_path / f"{name}.db", site=WHOLE.site, now=lambda: AT)


def test_it_moves_into_an_empty_store_alone(opened: Callable[[str], SqliteLedger]) -> None:
    ledger = opened("new")
    moving.put(ledger, WHOLE)
    assert moving.taken(ledger, WHOLE.site) == WHOLE
    with pytest.raises(UsageError) as full:
        moving.put(ledger, WHOLE)
    assert full.value.message == (
        f"the sending history in {ledger.info.place} is not empty: it holds 2 deliveries, and two "
        "histories cannot be mixed"
    )
    assert full.value.hint == "import into a new store (another branch, file or database)"
    ledger.close()


def test_what_does_not_hold_together_does_not_move(opened: Callable[[str], SqliteLedger]) -> None:
    ledger = opened("bad")
    moving.put(ledger, WHOLE)
    ledger._db.execute("DELETE FROM deliveries WHERE id = ?", (ONE,))
    with pytest.raises(LedgerError) as bad:
        moving.taken(ledger, WHOLE.site)
    assert bad.value.message == f"the sending history in {ledger.info.place} does not hold together"
    assert bad.value.hint == "`publish ledger verify` lists what is wrong"
    ledger.close()


class TestVerify:
    """Every event is played again, and what comes out is held against what stands there."""

    RAW = Raw(
        events=[(f"line {n}", event.id, codec.dump_event(event)) for n, event in enumerate(EVENTS)],
        records={name: codec.dump_record(record) for name, record in replay(EVENTS).items()},
    )

    def test_a_whole_one(self) -> None:
        verdict = judged("here", self.RAW)
        assert (verdict.place, verdict.deliveries, verdict.events, verdict.defects) == ("here", 2, 8, ())
        assert judged("", replace(self.RAW, records=None)).defects == ()

    def test_what_the_store_itself_saw_comes_first_and_once(self) -> None:
        assert judged("", replace(self.RAW, faults=["torn", "torn"])).defects == ("torn",)

    def test_an_event_that_cannot_be_read_spoils_its_delivery_alone(self) -> None:
        events = [*self.RAW.events]
        events[1] = ("line 1", ONE, "{")
        verdict = judged("", replace(self.RAW, events=events))
        (defect,) = verdict.defects
        assert defect.startswith(f"line 1: {ONE}: an entry of the sending history cannot be read")
        assert verdict.deliveries == 2

    def test_an_event_that_stands_with_another_delivery(self) -> None:
        events = [(where, TWO if where == "line 2" else name, text) for where, name, text in self.RAW.events]
        first, *_ = judged("", replace(self.RAW, events=events)).defects
        assert first == f"line 2: {TWO}: the event is about {ONE}"

    def test_an_event_that_is_missing(self) -> None:
        events = [event for event in self.RAW.events if event[0] != "line 5"]
        assert judged("", replace(self.RAW, events=events)).defects == (
            f"line 6: {TWO}: {TWO} was left alone: another run is sending it, or stopped while it did",
        )

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({ONE: None}, f"{ONE}: it has events and no entry of its own"),
            ({ONE: "{"}, f"{ONE}: an entry of the sending history cannot be read"),
            ({"state": "due"}, f"{ONE}: it is due, and its events lead to sent"),
            ({"attempts": 7, "run": "x"}, f"{ONE}: it is sent, and its events lead to another run, attempts"),
        ],
    )
    def test_an_entry_that_is_not_what_its_events_say(self, change: Mapping[str, object], told: str) -> None:
        assert self.RAW.records is not None
        texts = dict(self.RAW.records)
        if change == {ONE: None}:
            del texts[ONE]
        elif ONE in change:
            texts[ONE] = str(change[ONE])
        else:
            record = replace(replay(EVENTS)[ONE], **change)  # type: ignore[arg-type]
            texts[ONE] = codec.dump_record(record)
        (defect,) = judged("", replace(self.RAW, records=texts)).defects
        assert defect.startswith(told)
        assert defect == told or "cannot be read" in told

    def test_each_entry_is_looked_at_whatever_stood_before_it(self) -> None:
        assert self.RAW.records is not None
        events = [(where, name, "{" if where == "line 0" else text) for where, name, text in self.RAW.events]
        spoilt = {ONE: "{", "zz9.x.y": "{", TWO: self.RAW.records[TWO].replace('"sent"', '"failed"')}
        told = judged("", replace(self.RAW, records=spoilt)).defects
        assert [defect.partition(":")[0] for defect in told] == [ONE, "zz9.x.y", TWO]
        told = judged("", replace(self.RAW, events=events, records=spoilt)).defects
        assert [defect.partition(": ")[0] for defect in told] == ["line 0", "zz9.x.y", TWO]

    def test_an_entry_without_events(self) -> None:
        assert self.RAW.records is not None
        ghost = replace(replay(EVENTS)[ONE], intent=replace(INTENT, id="zz9.x.y"))
        texts = {**self.RAW.records, "zz9.x.y": codec.dump_record(ghost)}
        assert judged("", replace(self.RAW, records=texts)).defects == (
            "zz9.x.y: it is sent, and no event tells how it came to that",
        )

    def test_a_delivery_whose_events_are_broken_is_told_once(self) -> None:
        events = [(where, name, "{" if where == "line 0" else text) for where, name, text in self.RAW.events]
        verdict = judged("", replace(self.RAW, events=events))
        assert len(verdict.defects) == 1
        assert verdict.deliveries == 1
