"""Looking into a long history again reads what changed since, not the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from byline.errors import LedgerUntrusted
from byline.ledger import codec
from byline.ledger.base import Ledger, replay
from byline.ledger.postgresql import PostgresqlLedger, read_memory
from byline.ledger.seen import Seen
from byline.ledger.sqlite import SqliteLedger
from byline.testing.ledger_contract import AT, INTENT, event
from byline.times import FixedClock
from many import bring_out, story

SITE = "insights.acme.example"
RECORDS = replay(step for number in range(3) for step in story(number))
TEXTS = {name: codec.dump_record(record) for name, record in RECORDS.items()}
MARKS = dict.fromkeys(RECORDS, (4, "then"))


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Ledger]]:
    made: list[Ledger] = []
    address = request.getfixturevalue("server").database() if request.param == "postgresql" else ""

    def make() -> Ledger:
        made.append(
            PostgresqlLedger(address, site=SITE, clock=FixedClock(AT), memory=tmp_path / "memory.jsonl")
            if address
            else SqliteLedger(tmp_path / "ledger.db", site=SITE, now=lambda: AT)
        )
        return made[-1]

    yield make
    for ledger in made:
        ledger.close()


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the records that were read, as they are read."""
    names: list[str] = []
    load = codec.load_record

    def counted(text: str) -> Any:
        record = load(text)
        names.append(record.id)
        return record

    monkeypatch.setattr(codec, "load_record", counted)
    return names


def test_a_second_look_reads_what_another_run_changed(store: Callable[[], Ledger], loaded: list[str]) -> None:
    one, other = store(), store()
    one.baseline({"linkedin.company": AT}, [step for number in range(20) for step in story(number)])
    before = one.snapshot().records
    loaded.clear()
    assert one.snapshot().records == before
    assert loaded == []
    (sent,) = other.write(replace(event("claimed"), expected=0))
    (record,) = other.write(replace(event("edited", before["post7.linkedin.company"]), id="post7.linkedin.company",
                                    intent=replace(INTENT, id="post7.linkedin.company", text=("New",))))  # fmt: skip
    loaded.clear()
    after = one.snapshot().records
    assert sorted(loaded) == [INTENT.id, "post7.linkedin.company"]
    assert after == before | {INTENT.id: sent, record.id: record}
    assert list(after) == sorted(after)


@pytest.mark.parametrize("size", [5, 60])
def test_a_run_reads_each_record_once_however_long_the_history_is(
    store: Callable[[], Ledger], loaded: list[str], size: int
) -> None:
    first = store()
    first.baseline({"linkedin.company": AT}, [step for number in range(size) for step in story(number)])
    first.close()
    loaded.clear()
    ledger = store()
    for _ in range(4):  # is there another history; the plan; again after settling; the result
        ledger.snapshot()
    bring_out(ledger, size)
    ledger.close()
    assert len(loaded) - size <= 5  # beside the history: its own record, at each of its steps and at the end


def test_what_is_sent_costs_as_many_statements_in_a_long_history(
    server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no statement but the list of versions brings more rows."""
    seen: list[tuple[str, int]] = []
    rows = PostgresqlLedger._rows

    def counted(self: PostgresqlLedger, db: Any, statement: str, **values: object) -> list[Sequence[object]]:
        found = rows(self, db, statement, **values)
        seen.append((statement, len(found)))
        return found

    monkeypatch.setattr(PostgresqlLedger, "_rows", counted)
    costs = []
    for size in (5, 60):
        memory = tmp_path / f"{size}.jsonl"
        ledger = PostgresqlLedger(server.database(), site=SITE, clock=FixedClock(AT), memory=memory)
        ledger.baseline({}, [step for number in range(size) for step in story(number)])
        ledger.snapshot()
        seen.clear()
        bring_out(ledger, size)
        ledger.close()
        long = [count for statement, count in seen if "SELECT id, version" in statement]
        costs.append((len(seen), len(long), sum(count for _, count in seen) - sum(long)))
        assert long == [size + 1]
        known = read_memory(memory, SITE)
        assert known is not None
        assert len(known.snapshot.records) == size + 1
    assert costs[0] == costs[1]


class TestSeen:
    def test_it_asks_only_for_what_is_not_as_it_was(self) -> None:
        seen, asked = Seen(), []

        def texts(names: Sequence[str]) -> list[tuple[str, str]]:
            asked.append(list(names))
            return [(name, TEXTS[name]) for name in reversed(names)]

        assert seen.records(MARKS, texts) == RECORDS
        assert seen.records(MARKS, texts) == RECORDS
        seen.records(MARKS | {"post1.linkedin.company": (5, "then")}, texts)
        seen.records(MARKS | {"post1.linkedin.company": (5, "later")}, texts)
        assert asked == [list(RECORDS), ["post1.linkedin.company"], ["post1.linkedin.company"]]
        assert list(seen.records(dict(reversed(MARKS.items())), texts)) == list(reversed(RECORDS))

    def test_what_is_gone_is_gone(self) -> None:
        seen = Seen()
        seen.records(MARKS, lambda names: [(name, TEXTS[name]) for name in names])
        left = {"post2.linkedin.company": MARKS["post2.linkedin.company"]}
        assert list(seen.records(left, lambda _names: [])) == list(left)
        assert seen.lines == (TEXTS["post2.linkedin.company"],)

    def test_what_cannot_be_read_is_not_kept(self) -> None:
        seen = Seen()
        with pytest.raises(LedgerUntrusted):
            seen.records(MARKS, lambda names: [(name, "{") for name in names])
        assert seen.lines == ()
