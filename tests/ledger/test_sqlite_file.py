"""What lies in the file of the embedded store, and what is said of a file that cannot be used. One process, no waiting."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from byline.errors import ClaimHeld, LedgerError, LedgerUntrusted
from byline.ledger import codec, sqlite
from byline.ledger.base import Event, Info, Note, Record
from byline.ledger.sqlite import SqliteLedger
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, event

SITE = "https://acme.example/"
BERLIN = timezone(timedelta(hours=1))
OTHER = replace(INTENT, id="other.linkedin.company", post="other")
ROOM = "check that the folder can be written and that the disk has room"
BACKUP = "restore the file from a backup; sending without it could repeat posts"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "deep" / "ledger.db"


@pytest.fixture
def ledger(file: Path) -> Iterator[SqliteLedger]:
    made = opened(file)
    yield made
    made.close()


def opened(file: Path, site: str = SITE, *, read_only: bool = False, at: datetime = AT) -> SqliteLedger:
    return SqliteLedger(file, site=site, now=lambda: at, read_only=read_only)


def rows(file: Path, statement: str) -> list[tuple[Any, ...]]:
    db = sqlite3.connect(file)
    try:
        return db.execute(statement).fetchall()
    finally:
        db.close()


def change(file: Path, *statements: str) -> None:
    db = sqlite3.connect(file)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def about_other(kind: str = "claimed", **more: Any) -> Event:
    return replace(event(kind, intent=OTHER, **more), id=OTHER.id)


class TestWhatIsKept:
    def test_a_delivery_and_each_of_its_events(self, file: Path, ledger: SqliteLedger) -> None:
        (first,) = ledger.write(replace(event("claimed"), at=AT.astimezone(BERLIN)))
        (second,) = ledger.write(
            replace(event("prepared", first, requests=REQUESTS), at=AT + timedelta(hours=1))
        )
        assert rows(file, "SELECT * FROM deliveries") == [
            (SITE, INTENT.id, "hp7", "linkedin", "company", "sending", 2, "2026-11-24T11:00:00+00:00",
             codec.dump_record(second)),
        ]  # fmt: skip
        events = ledger.history()
        assert rows(file, "SELECT * FROM history") == [
            (1, SITE, INTENT.id, "claimed", "2026-11-24T10:00:00+00:00", codec.dump_event(events[0])),
            (2, SITE, INTENT.id, "prepared", "2026-11-24T11:00:00+00:00", codec.dump_event(events[1])),
        ]
        assert rows(file, "SELECT * FROM meta ORDER BY name") == [
            ("created", "2026-11-24T10:00:00+00:00"), ("site", SITE)
        ]  # fmt: skip
        assert rows(file, "PRAGMA user_version") == [(1,)]

    def test_accounts_and_notes(self, file: Path, ledger: SqliteLedger) -> None:
        tokens = Note(kind="tokens", day=date(2026, 11, 25), line="9 days")
        ledger.baseline({"linkedin.company": AT.astimezone(BERLIN)}, [event("skipped")], [tokens])
        ledger.baseline({"linkedin.company": AT + timedelta(days=1), "twitter.acme": AT})
        assert rows(file, "SELECT * FROM accounts ORDER BY account") == [
            (SITE, "linkedin.company", "2026-11-24T10:00:00+00:00"), (SITE, "twitter.acme", "2026-11-24T10:00:00+00:00")
        ]  # fmt: skip
        assert rows(file, "SELECT * FROM notes") == [(1, SITE, "tokens", "2026-11-25", "9 days")]
        assert ledger.snapshot().accounts == {"linkedin.company": AT, "twitter.acme": AT}

    def test_notes_by_kind_day_and_order_of_writing(self, ledger: SqliteLedger) -> None:
        late, early = date(2026, 11, 25), date(2026, 11, 24)
        kept = [Note(kind=kind, day=day, line=line) for kind, day, line in (
            ("views", early, "5"), ("tokens", late, "3"), ("tokens", early, "1"), ("tokens", early, "2"), ("tokens", late, "4"),
        )]  # fmt: skip
        ledger.note(*kept)
        assert [note.line for note in ledger.notes()] == ["1", "2", "3", "4", "5"]
        assert ledger.notes("views") == (kept[0],)
        assert ledger.notes("view") == ()

    def test_the_events_of_one_or_of_all(self, ledger: SqliteLedger) -> None:
        ledger.write(about_other())
        ledger.write(event("claimed"))
        assert [item.id for item in ledger.history()] == [OTHER.id, INTENT.id]
        assert [item.id for item in ledger.history(INTENT.id)] == [INTENT.id]
        assert list(ledger.snapshot().records) == [INTENT.id, OTHER.id]
        assert ledger.get("nobody.x.y") is None

    def test_which_store_this_is(self, file: Path, ledger: SqliteLedger) -> None:
        assert ledger.info == Info(store="sqlite", place=str(file), created=AT, written=None, read=AT)
        ledger.write(event("claimed"))
        ledger.write(replace(about_other(), at=AT + timedelta(hours=3)))
        later = opened(file, at=AT + timedelta(days=1))
        expected = Info(
            store="sqlite", place=str(file), created=AT, written=AT + timedelta(hours=3), read=AT + timedelta(days=1)
        )  # fmt: skip
        assert later.info == expected
        assert later.snapshot().info == expected
        later.close()

    def test_everything_as_it_stands(self, file: Path, ledger: SqliteLedger) -> None:
        ledger.baseline({"twitter.acme": AT})
        (record,) = ledger.write(about_other())
        ledger.write(event("claimed"))
        raw = ledger.raw()
        assert list(raw.events) == [
            (f"entry {number}", item.id, codec.dump_event(item)) for number, item in enumerate(ledger.history(), start=1)
        ]  # fmt: skip
        assert raw.records is not None
        assert sorted(raw.records) == [INTENT.id, OTHER.id]
        assert raw.records[OTHER.id] == codec.dump_record(record)
        assert list(raw.faults) == []
        change(file, "UPDATE accounts SET begun = 'yesterday'")
        assert list(ledger.raw().faults) == ["twitter.acme: `yesterday` is no time when it began"]

    def test_damage_inside_the_file_is_a_fault(self, file: Path, ledger: SqliteLedger) -> None:
        ledger.write(event("claimed"))
        ledger._db.execute("PRAGMA writable_schema = ON")
        ledger._db.execute("UPDATE sqlite_master SET sql = replace(sql, 'history (site, id)', 'history (id, site)') "
                           "WHERE name = 'history_of_one'")  # fmt: skip
        ledger._db.execute("PRAGMA writable_schema = RESET")
        again = opened(file)
        assert any("history_of_one" in fault for fault in again.raw().faults)
        again.close()


class TestAllOrNothing:
    def test_a_refused_event_takes_the_others_with_it(self, ledger: SqliteLedger) -> None:
        with pytest.raises(ClaimHeld):
            ledger.write(about_other(), replace(event("claimed"), expected=7))
        assert (ledger.history(), ledger._db.in_transaction) == ((), False)
        with pytest.raises(ClaimHeld):
            ledger.baseline({"twitter.acme": AT}, [replace(event("claimed"), expected=7)])
        assert ledger.snapshot().accounts == {}
        assert not ledger._db.in_transaction

    def test_looking_leaves_no_transaction_open(self, ledger: SqliteLedger) -> None:
        ledger.write(event("claimed"))
        ledger.snapshot()
        assert not ledger._db.in_transaction
        ledger._db.execute("UPDATE deliveries SET record = '{', version = 9")
        with pytest.raises(LedgerUntrusted):
            ledger.snapshot()
        assert not ledger._db.in_transaction

    @pytest.mark.parametrize("word", ["COMMIT", "INSERT INTO history"])
    def test_what_the_disk_refuses_was_not_written(self, ledger: SqliteLedger, word: str) -> None:
        inner = ledger._db

        class Refusing:
            def __getattr__(self, name: str) -> Any:
                return getattr(inner, name)

            def execute(self, statement: str, *values: Any) -> Any:
                if statement.startswith(word):
                    raise sqlite3.OperationalError("disk I/O error")
                return inner.execute(statement, *values)

        ledger._db = Refusing()  # type: ignore[assignment]
        with pytest.raises(LedgerError) as failed:
            ledger.write(event("claimed"))
        place = ledger.info.place
        ledger._db = inner
        assert failed.value.message == f"the sending history {place} cannot be written: disk I/O error"
        assert failed.value.hint == ROOM
        assert not inner.in_transaction
        assert ledger.history() == ()


class TestWhatIsSaid:
    def test_another_run_holds_it(
        self, file: Path, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
        second = opened(file)
        ledger._db.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError) as held:
            second.write(event("claimed"))
        ledger._db.execute("ROLLBACK")
        assert held.value.message == f"the sending history {file} cannot be written: database is locked"
        assert held.value.hint == "another run holds it; try again when that has ended"
        assert not isinstance(held.value, LedgerUntrusted)
        second.write(event("claimed"))
        second.close()

    def test_a_reader_writes_nothing(self, file: Path, ledger: SqliteLedger) -> None:
        reader = opened(file, read_only=True)
        with pytest.raises(LedgerError) as refused:
            reader.write(event("claimed"))
        assert refused.value.message == (
            f"the sending history {file} cannot be written: attempt to write a readonly database"
        )
        assert refused.value.hint == ROOM
        reader.close()

    def test_a_newer_form(self, file: Path) -> None:
        opened(file).close()
        change(file, "PRAGMA user_version = 99")
        for read_only in (True, False):
            with pytest.raises(LedgerError) as newer:
                opened(file, read_only=read_only)
            assert not isinstance(newer.value, LedgerUntrusted)
            assert newer.value.message == (
                f"the sending history {file} has the form 99; this version of Byline knows 1"
            )
            assert newer.value.hint == "use the version of Byline that wrote it, or a newer one"

    def test_another_programs_file(self, tmp_path: Path) -> None:
        file = tmp_path / "recipes.db"
        change(file, "CREATE TABLE recipes (name TEXT)")
        for read_only in (True, False):
            with pytest.raises(LedgerUntrusted) as foreign:
                opened(file, read_only=read_only)
            assert foreign.value.message == f"{file} is a database, but no sending history"
            assert foreign.value.hint == (
                "put the history back, or name another file under `ledger` in the settings"
            )
        assert rows(file, "SELECT name FROM sqlite_master") == [("recipes",)]

    def test_one_that_was_begun_by_a_run_that_ended_at_once(self, tmp_path: Path) -> None:
        file = tmp_path / "ledger.db"
        change(file, "PRAGMA journal_mode = WAL", "VACUUM")
        with pytest.raises(LedgerError) as begun:
            opened(file, read_only=True)
        assert not isinstance(begun.value, LedgerUntrusted)
        assert begun.value.message == f"the sending history {file} was begun and holds nothing yet"
        assert begun.value.hint == "`publish send` goes on with it"
        opened(file).close()
        opened(file, read_only=True).close()

    def test_no_database_at_all(self, tmp_path: Path) -> None:
        file = tmp_path / "ledger.db"
        file.write_bytes(b"this is not a database at all, but it is long enough to be looked at" * 20)
        for read_only in (True, False):
            with pytest.raises(LedgerUntrusted) as damaged:
                opened(file, read_only=read_only)
            assert damaged.value.message == (
                f"the sending history {file} cannot be opened: file is not a database"
            )
            assert damaged.value.hint == BACKUP

    @pytest.mark.parametrize(
        ("spoil", "look"),
        [
            ("DROP TABLE accounts", lambda ledger: ledger.snapshot()),
            ("DROP TABLE notes", lambda ledger: ledger.notes()),
            ("DROP TABLE notes", lambda ledger: ledger.note(Note(kind="a", day=date(2026, 1, 1), line=""))),
            ("DROP TABLE history", lambda ledger: ledger.history()),
            ("DROP TABLE history", lambda ledger: ledger.raw()),
            ("DROP TABLE deliveries", lambda ledger: ledger.get("a")),
            ("DROP TABLE deliveries", lambda ledger: ledger.info),
            ("ALTER TABLE deliveries RENAME COLUMN record TO other", lambda ledger: ledger.write(event("claimed"))),
            ("UPDATE meta SET value = 'once'", lambda ledger: ledger.info),
            ("UPDATE notes SET day = 'soon'", lambda ledger: ledger.notes()),
        ],
    )  # fmt: skip
    def test_what_was_spoilt_behind_our_back(
        self, file: Path, ledger: SqliteLedger, spoil: str, look: Any
    ) -> None:
        ledger.note(Note(kind="a", day=date(2026, 1, 1), line=""))
        change(file, spoil)
        with pytest.raises(LedgerUntrusted) as damaged:
            look(ledger)
        assert damaged.value.message.startswith(f"the sending history {file} cannot be ")
        assert damaged.value.hint == BACKUP

    def test_reading_and_writing_are_told_apart(self, file: Path, ledger: SqliteLedger) -> None:
        change(file, "DROP TABLE notes", "DROP TABLE history")
        with pytest.raises(LedgerUntrusted, match="cannot be read: no such table: notes"):
            ledger.notes()
        with pytest.raises(LedgerUntrusted, match="cannot be written: no such table"):
            ledger.note(Note(kind="a", day=date(2026, 1, 1), line=""))
        for look in (ledger.history, ledger.raw):
            with pytest.raises(LedgerUntrusted, match="cannot be read: no such table: history"):
                look()
        change(file, "DROP TABLE meta", "DROP TABLE deliveries")
        for other in (lambda: ledger.info, ledger.snapshot, lambda: ledger.get("a")):
            with pytest.raises(LedgerUntrusted, match="cannot be read: no such table"):
                other()

    def test_a_folder_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "state").write_text("a file")
        with pytest.raises(LedgerError) as wrong:
            opened(tmp_path / "state" / "ledger.db")
        assert wrong.value.message.startswith(
            f"the sending history {tmp_path}/state/ledger.db cannot be opened: "
        )
        assert wrong.value.hint == ROOM
        assert not isinstance(wrong.value, LedgerUntrusted)

    def test_reading_makes_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerError, match="cannot be opened"):
            opened(tmp_path / "none.db", read_only=True)
        assert list(tmp_path.iterdir()) == []


class TestOpening:
    @pytest.mark.parametrize("name", ["a b#c?d%41.db", "läger.db"])
    def test_any_name_is_read(self, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        writer = opened(tmp_path / name)
        writer.write(event("claimed"))
        writer.close()
        monkeypatch.chdir(tmp_path)
        reader = opened(Path(name), read_only=True)
        assert reader.get(INTENT.id) is not None
        reader.close()
        assert [path.name for path in tmp_path.iterdir()] == [
            name
        ]  # nothing beside it: it was read as it lies

    def test_with_a_log_beside_it_the_log_is_read_too(self, file: Path, ledger: SqliteLedger) -> None:
        ledger._db.execute("PRAGMA wal_autocheckpoint = 0")
        ledger.write(event("claimed"))
        reader = opened(file, read_only=True)
        assert reader.get(INTENT.id) is not None
        (record,) = ledger.write(event("prepared", reader.get(INTENT.id), requests=REQUESTS))
        assert reader.get(INTENT.id) == record  # and so is what comes after
        reader.close()

    def test_the_first_address_stays_the_sites_name(self, file: Path) -> None:
        opened(file).close()
        moved = opened(file, "https://new.example/")
        moved.write(event("claimed"))
        moved.close()
        assert rows(file, "SELECT site FROM deliveries") == [(SITE,)]
        change(file, "DELETE FROM meta WHERE name = 'site'")
        nameless = opened(file, "https://new.example/")
        assert nameless.get(INTENT.id) is None
        nameless.close()

    def test_writes_are_on_the_disk_before_they_return(self, ledger: SqliteLedger) -> None:
        assert ledger._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert ledger._db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert ledger._db.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
        assert ledger._db.isolation_level is None

    def test_a_reader_waits_as_long(self, file: Path, ledger: SqliteLedger) -> None:
        reader = opened(file, read_only=True)
        assert reader._db.execute("PRAGMA busy_timeout").fetchone() == (30_000,)
        assert reader._db.isolation_level is None
        reader.close()


class TestSwitchingToALog:
    """SQLite does not wait by itself while two processes switch a new file at once."""

    def run(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[float]:
        """What happens with these errors one after the other, and the pauses between; the clock runs by them."""
        left, pauses = list(answers), []

        class Database:
            def execute(self, statement: str) -> None:
                assert statement == "PRAGMA journal_mode = WAL"
                if left:
                    raise sqlite3.OperationalError(left.pop(0))

        def sleep(seconds: float) -> None:
            pauses.append(seconds)

        monkeypatch.setattr(sqlite.time, "sleep", sleep)
        monkeypatch.setattr(sqlite.time, "monotonic", lambda: 1000 + 10 * len(pauses))
        sqlite._write_ahead(Database())  # type: ignore[arg-type]
        assert not left
        return pauses

    def test_it_waits_while_it_is_locked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.run(monkeypatch) == []
        assert self.run(monkeypatch, *["database is locked"] * 3) == [0.01] * 3

    def test_not_longer_than_it_waits_for_anything(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            self.run(monkeypatch, *["database is locked"] * 9)

    def test_nor_for_anything_else(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(sqlite3.OperationalError, match="disk"):
            self.run(monkeypatch, "disk I/O error")


def test_records_of_another_handle_are_seen(file: Path, ledger: SqliteLedger) -> None:
    other = opened(file)
    (record,) = other.write(event("claimed"))
    assert ledger.snapshot().records == {INTENT.id: record}
    (after,) = other.write(event("unknown", record))
    assert ledger.snapshot().records == {INTENT.id: after}
    assert isinstance(ledger.get(INTENT.id), Record)
    assert after.updated.astimezone(UTC) == AT
    other.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_cannot_be_used_is_let_go(
    file: Path, monkeypatch: pytest.MonkeyPatch, read_only: bool
) -> None:
    opened(file).close()
    change(file, "PRAGMA user_version = 99")
    made: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def noted(*words: Any, **more: Any) -> sqlite3.Connection:
        made.append(connect(*words, **more))
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    with pytest.raises(LedgerError, match="99"):
        opened(file, read_only=read_only)
    (only,) = made
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        only.execute("SELECT 1")
