"""What every store of the sending history must keep to. A store's own test inherits the suite:

class TestMine(LedgerContract):
    @pytest.fixture
    def store(self, tmp_path):
        return lambda: MyLedger(...)      # a new handle on the same store, each time it is called
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from byline.errors import ClaimHeld, LedgerError
from byline.ledger.base import BASELINE, Event, Intent, Ledger, Record, replay
from byline.model import Receipt, Request

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
Store = Callable[[], Ledger]

INTENT = Intent(
    id="hp7.linkedin.company",
    post="hp7",
    channel="linkedin",
    account="company",
    title="Pricing, the “honest” version",
    path="content/posts/honest.md",
    due=AT - timedelta(hours=1),
    text=("Line one\nline two", "Zweiter Teil 🙂"),
    link="https://acme.example/?utm_content=hp7.linkedin.company",
    card="https://acme.example/card.png",
    fingerprint="f" * 64,
    cost=Decimal("0.215"),
)
REQUESTS = (
    Request(
        part=0, path="/a", body={"text": "a", "deep": {"list": [1, None, True]}}, key="k1", headers={"X": "1"}
    ),
    Request(part=1, path="/a", body={"text": "b"}),
)


def event(kind: str, record: Record | None = None, **more: object) -> Event:
    """An event about INTENT's delivery, decided on this record."""
    base = Event(id=INTENT.id, kind="claimed", at=AT, expected=record.version if record else 0, run="run-a")
    if kind in ("claimed", "postponed", "skipped", "recorded"):
        more.setdefault("intent", INTENT)
    return replace(base, kind=kind, **more)  # type: ignore[arg-type]


def receipt(number: int = 1) -> Receipt:
    """The network's word on one part."""
    return Receipt(remote_id=f"urn:{number}", url=f"https://net.example/{number}", at=AT)


class LedgerContract:
    """Inherit it and give the fixture `store`."""

    def test_a_new_store_is_empty(self, store: Store) -> None:
        ledger = store()
        snapshot = ledger.snapshot()
        assert snapshot.empty
        assert ledger.get(INTENT.id) is None
        assert ledger.history() == ()
        assert snapshot.info.store
        assert snapshot.info.place
        ledger.close()

    def test_everything_written_is_read_back_by_another_handle(self, store: Store) -> None:
        ledger = store()
        (record,) = ledger.write(event("claimed"))
        assert (record.state, record.attempts, record.run) == ("sending", 1, "run-a")
        (record,) = ledger.write(event("prepared", record, requests=REQUESTS))
        (record,) = ledger.write(event("part", record, part=0, receipt=receipt(1)))
        (record,) = ledger.write(event("part", record, part=1, receipt=receipt(2)))
        (record,) = ledger.write(event("sent", record, reason="with a reason"))
        ledger.close()

        other = store()
        read = other.get(INTENT.id)
        assert read == record
        assert read is not None
        assert (read.state, read.intent, read.sent_at) == ("sent", INTENT, AT)
        assert tuple(part.request for part in read.parts) == REQUESTS
        assert read.receipts == (receipt(1), receipt(2))
        assert other.snapshot().records == {INTENT.id: record}
        assert not other.snapshot().empty
        other.close()

    def test_the_events_lead_to_the_records(self, store: Store) -> None:
        ledger = store()
        (record,) = ledger.write(event("claimed"))
        (record,) = ledger.write(event("released", record, reason="429", not_before=AT + timedelta(hours=1)))
        (record,) = ledger.write(event("claimed", record))
        (record,) = ledger.write(event("prepared", record, requests=REQUESTS[:1]))
        ledger.write(event("unknown", record, reason="no answer"))
        assert [item.kind for item in ledger.history(INTENT.id)] == [
            "claimed", "released", "claimed", "prepared", "unknown"
        ]  # fmt: skip
        assert replay(ledger.history()) == ledger.snapshot().records
        ledger.close()

    def test_what_was_never_tried_may_wait_too(self, store: Store) -> None:
        ledger = store()
        later = AT + timedelta(hours=1)
        (record,) = ledger.write(event("postponed", reason="429", not_before=later), lazy=True)
        (record,) = ledger.write(event("postponed", record, reason="no token"), lazy=True)
        ledger.close()

        other = store()
        assert other.get(INTENT.id) == record
        assert (record.state, record.reason, record.not_before, record.attempts) == (
            "due",
            "no token",
            None,
            0,
        )
        (record,) = other.write(event("claimed", record))
        with pytest.raises(ClaimHeld):
            other.write(event("postponed", record))
        other.close()

    def test_a_second_claim_is_refused(self, store: Store) -> None:
        one, two = store(), store()
        one.write(event("claimed"))
        with pytest.raises(ClaimHeld):
            two.write(event("claimed"))
        assert len(two.history()) == 1
        one.close()
        two.close()

    def test_a_decision_on_an_old_record_is_refused(self, store: Store) -> None:
        one, two = store(), store()
        (old,) = one.write(event("claimed"))
        (new,) = two.write(event("prepared", old, requests=REQUESTS[:1]))
        with pytest.raises(ClaimHeld):
            one.write(event("released", old))
        assert one.get(INTENT.id) == new
        one.close()
        two.close()

    def test_events_are_written_all_or_none(self, store: Store) -> None:
        ledger = store()
        other = replace(INTENT, id="other.linkedin.company", post="other")
        ledger.write(event("claimed"))
        with pytest.raises(ClaimHeld):
            ledger.write(
                replace(event("claimed", intent=other), id=other.id),
                event("claimed"),
            )
        assert ledger.get(other.id) is None
        assert len(ledger.history()) == 1
        ledger.close()

    @pytest.mark.parametrize("final", ["sent", "retracted"])
    def test_what_is_out_is_never_claimed_again(self, store: Store, final: str) -> None:
        ledger = store()
        (record,) = ledger.write(event("recorded", receipt=receipt()))
        if final == "retracted":
            (record,) = ledger.write(event("retracted", record))
        with pytest.raises(ClaimHeld):
            ledger.write(event("claimed", record))
        ledger.close()

    def test_what_may_be_out_is_never_claimed(self, store: Store) -> None:
        ledger = store()
        (record,) = ledger.write(event("claimed"))
        (record,) = ledger.write(event("prepared", record, requests=REQUESTS[:1]))
        with pytest.raises(ClaimHeld):
            ledger.write(event("claimed", record))
        (record,) = ledger.write(event("unknown", record))
        with pytest.raises(ClaimHeld):
            ledger.write(event("claimed", record))
        ledger.close()

    def test_nothing_is_sent_without_a_receipt(self, store: Store) -> None:
        ledger = store()
        (record,) = ledger.write(event("claimed"))
        (record,) = ledger.write(event("prepared", record, requests=REQUESTS))
        with pytest.raises(LedgerError):
            ledger.write(event("sent", record))
        with pytest.raises(LedgerError):
            ledger.write(event("part", record, part=1, receipt=receipt()))
        assert ledger.get(INTENT.id) == record
        ledger.close()

    def test_what_is_partly_out_is_never_released(self, store: Store) -> None:
        ledger = store()
        (record,) = ledger.write(event("claimed"))
        (record,) = ledger.write(event("prepared", record, requests=REQUESTS))
        (record,) = ledger.write(event("part", record, part=0, receipt=receipt()))
        for kind in ("released", "failed"):
            with pytest.raises(LedgerError):
                ledger.write(event(kind, record))
        ledger.close()

    def test_the_baseline_is_one_step_and_lasts(self, store: Store) -> None:
        ledger = store()
        skipped = event("skipped", reason=BASELINE)
        ledger.baseline({"linkedin.company": AT}, [skipped])
        with pytest.raises(ClaimHeld):
            ledger.baseline({"linkedin.dana": AT}, [skipped])
        ledger.baseline({"linkedin.company": AT + timedelta(days=9)})
        ledger.close()
        snapshot = store().snapshot()
        assert snapshot.accounts == {"linkedin.company": AT}
        assert snapshot.records[INTENT.id].state == "skipped"
        assert snapshot.records[INTENT.id].reason == BASELINE
        assert not snapshot.empty

    def test_of_many_claims_at_once_one_wins(self, store: Store) -> None:
        store().close()
        wins: list[str] = []
        faults: list[BaseException] = []

        def claim(name: str) -> None:
            ledger = store()
            try:
                ledger.write(replace(event("claimed"), run=name))
                wins.append(name)
            except ClaimHeld:
                pass
            except BaseException as fault:  # noqa: BLE001 - told below
                faults.append(fault)
            finally:
                ledger.close()

        threads = [threading.Thread(target=claim, args=(f"run-{number}",)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not faults
        assert len(wins) == 1
        record = store().get(INTENT.id)
        assert record is not None
        assert record.run == wins[0]

    def test_settlements_that_may_wait_are_there_after_a_flush(self, store: Store) -> None:
        ledger = store()
        (record,) = ledger.write(event("claimed"))
        ledger.write(event("released", record, reason="later"), lazy=True)
        ledger.flush()
        read = store().get(INTENT.id)
        assert read is not None
        assert (read.state, read.reason) == ("due", "later")
        ledger.close()
