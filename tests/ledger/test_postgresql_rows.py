"""What stands in the database's tables, and what is done when it breaks off. One connection at a time, no waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from byline.errors import ClaimHeld, LedgerError, LedgerUntrusted
from byline.ledger import codec
from byline.ledger.base import Event, Info, Note
from byline.ledger.postgresql import PostgresqlLedger, read_memory
from byline.ledger.postgresql.schema import MIGRATIONS
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, event
from byline.times import FixedClock
from postgres import Server

SITE = "insights.acme.example"
BERLIN = timezone(timedelta(hours=1))
OTHER = replace(INTENT, id="other.linkedin.company", post="other")
HELD = "nothing to do; see `publish status`"


class Place:
    """One empty database, and what is opened on it."""

    def __init__(self, server: Server) -> None:
        self.server, self.address = server, server.database()
        self.clock = FixedClock(AT)
        self.made: list[PostgresqlLedger] = []

    def open(self, site: str = SITE, memory: Path | None = None, chance: float = 1.0) -> PostgresqlLedger:
        self.made.append(
            PostgresqlLedger(self.address, site=site, clock=self.clock, memory=memory, chance=lambda: chance)
        )
        return self.made[-1]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self.server.sql(statement, self.address)


@pytest.fixture
def place(server: Server) -> Iterator[Place]:
    found = Place(server)
    yield found
    for ledger in found.made:
        ledger.close()


def about_other(kind: str = "claimed", **more: Any) -> Event:
    return replace(event(kind, intent=OTHER, **more), id=OTHER.id)


class Breaks(Exception):
    """What the driver raises."""

    def __init__(self, text: str, sqlstate: str = "") -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


def broken(text: str = "gone", sqlstate: str = "", *, lost: bool = False) -> DBAPIError:
    return DBAPIError("x", {}, Breaks(text, sqlstate), connection_invalidated=lost)


Break = Callable[..., list[str]]


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Make the next commits fail with these errors, one after the other; returns what was done with each."""

    def begin(*errors: DBAPIError, done: bool = False) -> list[str]:
        commit, left, seen = Connection._commit_impl, list(errors), []

        def tried(self: Connection) -> None:
            if not left:
                seen.append("done")
                commit(self)
                return
            seen.append("broken")
            if done:
                commit(self)
            raise left.pop(0)

        monkeypatch.setattr(Connection, "_commit_impl", tried)
        return seen

    return begin


class TestWhatIsKept:
    def test_a_delivery_and_each_of_its_events(self, place: Place) -> None:
        ledger = place.open()
        (first,) = ledger.write(replace(event("claimed"), at=AT.astimezone(BERLIN)))
        (second,) = ledger.write(
            replace(event("prepared", first, requests=REQUESTS), at=AT + timedelta(hours=1))
        )
        columns = "site, id, post, channel, account, state, version, updated, record"
        assert place.rows(f"SELECT {columns} FROM byline_deliveries") == [
            (SITE, INTENT.id, "hp7", "linkedin", "company", "sending", 2, AT + timedelta(hours=1), codec.dump_record(second))
        ]  # fmt: skip
        one, two = ledger.history()
        assert place.rows("SELECT number, site, id, kind, at, event FROM byline_history ORDER BY number") == [
            (1, SITE, INTENT.id, "claimed", AT, codec.dump_event(one)),
            (2, SITE, INTENT.id, "prepared", AT + timedelta(hours=1), codec.dump_event(two)),
        ]
        assert place.rows("SELECT site, created FROM byline_sites") == [(SITE, AT)]
        assert place.rows("SELECT number FROM byline_migrations") == [(len(MIGRATIONS),)]

    def test_accounts_and_notes(self, place: Place) -> None:
        ledger = place.open()
        tokens = Note(kind="tokens", day=date(2026, 11, 25), line="9 days")
        ledger.baseline(
            {"twitter.acme": AT, "linkedin.company": AT.astimezone(BERLIN)}, [event("skipped")], [tokens]
        )
        ledger.baseline({"linkedin.company": AT + timedelta(days=1)})
        assert place.rows("SELECT site, account, begun FROM byline_accounts ORDER BY account") == [
            (SITE, "linkedin.company", AT), (SITE, "twitter.acme", AT)
        ]  # fmt: skip
        assert place.rows("SELECT site, kind, day, line FROM byline_notes") == [
            (SITE, "tokens", date(2026, 11, 25), "9 days")
        ]
        accounts = ledger.snapshot().accounts
        assert accounts == {"linkedin.company": AT, "twitter.acme": AT}
        assert {begun.tzinfo for begun in accounts.values()} == {UTC}

    def test_which_store_this_is(self, place: Place) -> None:
        ledger = place.open()
        where = f"PostgreSQL {place.server.folder}/postgres, site {SITE}"
        assert ledger.info == Info(store="postgresql", place=where, created=AT, written=None, read=AT)
        ledger.write(replace(event("claimed"), at=AT + timedelta(hours=2)))
        place.clock.move(timedelta(days=1))
        later = Info(
            store="postgresql", place=where, created=AT, written=AT + timedelta(hours=2), read=AT + timedelta(days=1)
        )  # fmt: skip
        assert (place.open().info, ledger.snapshot().info) == (later, later)

    def test_everything_as_it_stands(self, place: Place) -> None:
        ledger, neighbour = place.open(), place.open("other.example")
        neighbour.write(event("claimed"))
        (record,) = ledger.write(about_other())
        ledger.write(event("claimed"))
        raw = ledger.raw()
        assert list(raw.events) == [
            (f"byline_history {number}", item.id, codec.dump_event(item))
            for number, item in zip((2, 3), ledger.history(), strict=True)
        ]
        assert raw.records is not None
        assert sorted(raw.records) == [INTENT.id, OTHER.id]
        assert raw.records[OTHER.id] == codec.dump_record(record)
        assert list(raw.faults) == []

    def test_in_order(self, place: Place) -> None:
        ledger = place.open()
        ledger.write(about_other())
        ledger.write(event("claimed"))
        assert [item.id for item in ledger.history()] == [OTHER.id, INTENT.id]
        assert [item.id for item in ledger.history(INTENT.id)] == [INTENT.id]
        assert list(ledger.snapshot().records) == [INTENT.id, OTHER.id]
        early, late = date(2026, 11, 24), date(2026, 11, 25)
        kept = [Note(kind=kind, day=day, line=line) for kind, day, line in (
            ("views", early, "5"), ("tokens", late, "3"), ("tokens", early, "1"), ("tokens", early, "2"), ("tokens", late, "4"),
        )]  # fmt: skip
        ledger.note(*kept)
        assert [note.line for note in ledger.notes()] == ["1", "2", "3", "4", "5"]
        assert (ledger.notes("views"), ledger.notes("view")) == ((kept[0],), ())

    def test_several_steps_of_one_delivery_in_one_write(self, place: Place) -> None:
        ledger = place.open()
        claimed = event("claimed")
        records = ledger.write(
            claimed,
            replace(event("unknown"), expected=1),
            about_other(),
            replace(event("released"), expected=2),
        )
        assert [(item.id, item.state, item.version) for item in records] == [
            (INTENT.id, "sending", 1), (INTENT.id, "unknown", 2), (OTHER.id, "sending", 1), (INTENT.id, "due", 3)
        ]  # fmt: skip
        assert ledger.get(INTENT.id) == records[3]
        assert len(ledger.history()) == 4

    def test_what_another_worker_wrote_is_seen(self, place: Place) -> None:
        """Also when the clock did not move between two events, or went back."""
        ledger, other = place.open(), place.open()
        (record,) = other.write(event("claimed"))
        for kind, at in (("prepared", AT), ("unknown", AT - timedelta(hours=1)), ("released", AT)):
            assert ledger.snapshot().records == {INTENT.id: record}
            (record,) = other.write(replace(event(kind, record, requests=REQUESTS), at=at))
        assert ledger.snapshot().records == {INTENT.id: record}


class TestLocks:
    def test_a_claim_of_what_is_locked_is_refused_at_once(self, place: Place) -> None:
        import psycopg

        ledger = place.open()
        (record,) = ledger.write(event("skipped"))
        ledger.write(about_other("skipped"))
        with psycopg.connect(place.address) as other:
            other.execute(f"SELECT 1 FROM byline_deliveries WHERE id = '{INTENT.id}' FOR UPDATE")
            with pytest.raises(ClaimHeld) as held:
                ledger.write(event("claimed", record))
            assert held.value.message == f"{INTENT.id} was left alone: another run holds it at this moment"
            assert held.value.hint == HELD
            with pytest.raises(ClaimHeld) as held:  # of several, the one that is held is named
                ledger.write(about_other("claimed", expected=1), event("claimed", record))
            assert held.value.message.startswith(f"{INTENT.id} was left alone")
            (_, after) = ledger.write(about_other("claimed", expected=1), about_other("unknown", expected=2))
            assert after.state == "unknown"  # its neighbour is free
        ledger.write(event("claimed", record))

    def test_nor_is_what_is_locked_taken_up(self, place: Place) -> None:
        import psycopg

        ledger = place.open()
        (free, taken) = ledger.write(event("claimed"), about_other())
        (free, taken) = ledger.write(event("unknown", free), replace(event("unknown", taken), id=OTHER.id))
        with psycopg.connect(place.address) as other:
            other.execute(f"SELECT 1 FROM byline_deliveries WHERE id = '{OTHER.id}' FOR UPDATE")
            with pytest.raises(ClaimHeld) as held:
                ledger.write(event("resumed", free), replace(event("resumed", taken), id=OTHER.id))
            assert held.value.message == f"{OTHER.id} was left alone: another run holds it at this moment"
        assert ledger.snapshot().records == {INTENT.id: free, OTHER.id: taken}

    def test_one_that_was_first_between_looking_and_writing(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger, other = place.open(), place.open()
        locked = PostgresqlLedger._locked

        def overtaken(self: PostgresqlLedger, *words: Any) -> Any:
            found = locked(self, *words)
            if self is ledger:
                other.write(event("claimed"))
            return found

        monkeypatch.setattr(PostgresqlLedger, "_locked", overtaken)
        with pytest.raises(ClaimHeld) as held:
            ledger.write(replace(event("claimed"), run="run-b"))
        assert held.value.message == f"{INTENT.id} was left alone: another run was first"
        assert held.value.hint == HELD
        found = ledger.get(INTENT.id)
        assert found is not None
        assert (found.run, len(ledger.history())) == ("run-a", 1)

    def test_nothing_waits_for_ever(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        ledger = place.open()
        seen: list[Any] = []
        rows = PostgresqlLedger._rows

        def looked(self: PostgresqlLedger, db: Connection, statement: str, **values: object) -> Any:
            from sqlalchemy import text

            if not seen:
                for name in ("lock_timeout", "statement_timeout", "transaction_isolation"):
                    seen.append(db.execute(text(f"SHOW {name}")).scalar())
            return rows(self, db, statement, **values)

        monkeypatch.setattr(PostgresqlLedger, "_rows", looked)
        ledger.get(INTENT.id)
        assert seen == ["30s", "2min", "read committed"]
        for look in (ledger.snapshot, ledger.raw):
            seen.clear()
            look()
            assert seen == ["30s", "2min", "repeatable read"]


class TestWhenItBreaks:
    @pytest.mark.parametrize("state", ["40001", "40P01", "57P01"])
    def test_what_may_succeed_a_moment_later_is_done_again(
        self, place: Place, breaking: Break, state: str
    ) -> None:
        ledger = place.open(chance=0.5)
        done = breaking(*[broken(sqlstate=state)] * 4)
        (record,) = ledger.write(event("claimed"))
        assert (record.version, len(ledger.history())) == (1, 1)
        assert done[:5] == ["broken"] * 4 + ["done"]
        assert place.clock.slept == [0.1, 0.2, 0.4, 0.8]

    def test_not_for_ever(self, place: Place, breaking: Break) -> None:
        ledger = place.open()
        done = breaking(*[broken("try again", "40001")] * 5)
        with pytest.raises(LedgerError) as given_up:
            ledger.write(event("claimed"))
        assert given_up.value.message == (
            f"the sending history in {ledger.place} cannot be reached or written: try again"
        )
        assert given_up.value.hint == "nothing more was sent; run it again when the database is back"
        assert done == ["broken"] * 5
        assert place.clock.slept == [0.2, 0.4, 0.8, 1.6]

    def test_anything_else_is_told_at_once(self, place: Place, breaking: Break) -> None:
        ledger = place.open()
        done = breaking(broken("permission denied", "42501"))
        with pytest.raises(LedgerError, match="permission denied"):
            ledger.write(event("claimed"))
        assert (done, place.clock.slept) == (["broken"], [])
        assert ledger.history() == ()

    def test_one_whose_answer_was_lost_is_looked_for(self, place: Place, breaking: Break) -> None:
        ledger = place.open()
        ledger.write(about_other())
        breaking(broken(lost=True), done=True)
        first, second = ledger.write(event("claimed"), about_other("unknown", expected=1))
        assert (first.id, first.state, second.id, second.state) == (INTENT.id, "sending", OTHER.id, "unknown")
        assert [item.kind for item in ledger.history()] == ["claimed", "claimed", "unknown"]

    def test_one_that_was_not_done_is_done_again(self, place: Place, breaking: Break) -> None:
        ledger = place.open()
        done = breaking(broken(lost=True))
        (record,) = ledger.write(event("claimed"))
        assert (record.version, len(ledger.history())) == (1, 1)
        assert done.count("broken") == 1

    def test_another_ones_event_is_not_taken_for_ours(self, place: Place, breaking: Break) -> None:
        ledger, other = place.open(), place.open()
        breaking(broken(lost=True))
        ledger._clock.sleep = lambda _seconds: other.write(replace(event("claimed"), run="run-b"))  # type: ignore[assignment, method-assign]
        with pytest.raises(ClaimHeld):
            ledger.write(event("claimed"))
        assert [item.run for item in ledger.history()] == ["run-b"]


class TestTables:
    def test_those_of_a_newer_version_are_refused(self, place: Place) -> None:
        place.open()
        place.rows("INSERT INTO byline_migrations (number) VALUES (9)")
        with pytest.raises(LedgerError) as newer:
            place.open()
        assert newer.value.message == (
            f"the sending history in {place.made[0].place} has the form 9; this version of Byline knows {len(MIGRATIONS)}"
        )
        assert newer.value.hint == "use the version of Byline that wrote it, or a newer one"

    def test_those_of_an_older_one_get_what_is_missing_once(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place.open().write(event("claimed"))
        steps = (
            ("CREATE TABLE byline_more (a int)", "CREATE TABLE byline_most (a int)"),
            ("DROP TABLE byline_more",),
        )
        monkeypatch.setattr("byline.ledger.postgresql.store.MIGRATIONS", (*MIGRATIONS, *steps))
        for _ in range(2):
            assert place.open().get(INTENT.id) is not None
        last = len(MIGRATIONS)
        assert place.rows("SELECT number FROM byline_migrations ORDER BY number") == [
            (number,) for number in range(1, last + 3)
        ]
        assert place.rows(
            "SELECT to_regclass('byline_more') IS NULL, to_regclass('byline_most') IS NULL"
        ) == [(True, False)]

    def test_a_site_begins_once(self, place: Place) -> None:
        first = place.open()
        place.clock.move(timedelta(days=3))
        assert place.open().info.created == first.info.created == AT
        assert place.open("new.example").info.created == AT + timedelta(days=3)


class TestMemory:
    @pytest.fixture
    def memory(self, tmp_path: Path) -> Path:
        return tmp_path / "memory.jsonl"

    def test_what_was_read_and_written_last(self, place: Place, memory: Path) -> None:
        ledger = place.open(memory=memory)
        ledger.write(event("claimed"), about_other())
        ledger.baseline({"twitter.acme": AT})
        assert read_memory(memory, SITE) is None
        place.clock.move(timedelta(hours=1))
        expected = ledger.snapshot()
        ledger.close()
        known = read_memory(memory, SITE)
        assert known is not None
        assert (known.place, known.site, known.created, known.number, known.read) == (
            ledger.place, SITE, AT, 2, AT + timedelta(hours=1)
        )  # fmt: skip
        assert known.snapshot == expected

    def test_it_is_written_when_something_changed(self, place: Place, memory: Path) -> None:
        def closed(ledger: PostgresqlLedger) -> bool:
            before = memory.read_bytes() if memory.exists() else b""
            place.clock.move(timedelta(minutes=1))
            ledger.close()
            return memory.read_bytes() != before

        assert closed(place.open(memory=memory))  # for the first time
        assert not closed(place.open(memory=memory))
        place.open().write(event("claimed"))
        assert closed(place.open(memory=memory))  # somebody else wrote
        ledger = place.open(memory=memory)
        ledger.note(Note(kind="a", day=date(2026, 1, 1), line=""))
        assert not closed(ledger)  # notes are not in it
        ledger = place.open(memory=memory)
        ledger.baseline({"twitter.acme": AT})
        assert closed(ledger)
        ledger = place.open(memory=memory)
        ledger.write(about_other())
        ledger.remember()
        assert not closed(ledger)

    def test_what_went_back_stops_everything(self, place: Place, memory: Path) -> None:
        ledger = place.open(memory=memory)
        ledger.write(event("claimed"), about_other())
        ledger.close()
        place.rows("ALTER TABLE byline_history DISABLE TRIGGER ALL")
        place.rows(f"DELETE FROM byline_history WHERE id = '{OTHER.id}'")
        hint = (
            "restore the newest backup of the database; if it is meant to be as it is, see with `publish reconcile` "
            f"that nothing is missing and delete {memory}"
        )
        with pytest.raises(LedgerUntrusted) as back:
            place.open(memory=memory)
        assert back.value.message == (
            f"the sending history in {ledger.place} went back in time: this machine has seen event 2, and the last one "
            "there is 1; sending now could repeat posts"
        )
        assert back.value.hint == hint
        place.rows(f"UPDATE byline_sites SET created = '{datetime(2027, 1, 1, tzinfo=UTC).isoformat()}'")
        with pytest.raises(LedgerUntrusted) as anew:
            place.open(memory=memory)
        assert anew.value.message == (
            f"the sending history in {ledger.place} was made anew; sending now could repeat posts"
        )
        assert anew.value.hint == hint
        place.open().close()  # a machine that never saw it cannot tell
        text = memory.read_text()
        memory.write_text(text.replace(ledger.place, "PostgreSQL elsewhere/x"))
        place.open(memory=memory).close()  # nor one that saw another database

    def test_a_note_that_cannot_be_made_stops_nobody(
        self, place: Place, memory: Path, breaking: Break
    ) -> None:
        ledger = place.open(memory=memory)
        ledger.write(event("claimed"))
        breaking(broken("permission denied", "42501"))
        ledger.close()
        assert read_memory(memory, SITE) is None
