"""The sending history in one SQLite file: the embedded default, for one machine and any number of processes.

Write-ahead log with full synchronisation: what `write` returned survives a power cut. Every write takes the
write lock before it reads (`BEGIN IMMEDIATE`), so two processes cannot decide on the same record. The events are
kept for ever; triggers refuse to change or delete one.

The file lies inside one site's folder and belongs to that site: it remembers the site's first address as part of
its keys and keeps it when the site moves to another one, since a new address must not send anything again.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from byline.errors import LedgerError, LedgerUntrusted
from byline.ledger import codec
from byline.ledger.base import Event, Info, Note, Raw, Record, Snapshot, step
from byline.ledger.seen import Mark, Seen

SCHEMA = 1
BUSY_SECONDS = 30.0
# What SQLite says of a file that was cut off, written over or is none of its own.
_DAMAGED = ("malformed", "not a database", "no such table", "no such column", "file is encrypted")
_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE accounts (
    site TEXT NOT NULL, account TEXT NOT NULL, begun TEXT NOT NULL, PRIMARY KEY (site, account)
) WITHOUT ROWID;
CREATE TABLE deliveries (
    site TEXT NOT NULL, id TEXT NOT NULL, post TEXT NOT NULL, channel TEXT NOT NULL, account TEXT NOT NULL,
    state TEXT NOT NULL, version INTEGER NOT NULL, updated TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (site, id)
) WITHOUT ROWID;
CREATE TABLE history (
    number INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
    at TEXT NOT NULL, event TEXT NOT NULL
);
CREATE INDEX history_of_one ON history (site, id);
CREATE TABLE notes (
    number INTEGER PRIMARY KEY AUTOINCREMENT, site TEXT NOT NULL, kind TEXT NOT NULL, day TEXT NOT NULL,
    line TEXT NOT NULL
);
CREATE TRIGGER history_is_kept BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'the history is kept'); END;
CREATE TRIGGER history_is_true BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'the history is kept'); END;
"""


class SqliteLedger:
    """One site's history in one file. `read_only` opens nothing but a file that is there, and writes nothing."""

    def __init__(
        self, file: Path, *, site: str, now: Callable[[], datetime], read_only: bool = False
    ) -> None:
        self._file = file
        self._now = now
        try:
            self._db = _open_to_read(file) if read_only else _open(file)
        except (sqlite3.Error, OSError) as error:
            raise self._failed("opened", error) from error
        try:
            self._site = self._prepare(site, read_only)
            self._seen = Seen()
        except (sqlite3.Error, OSError) as error:
            self._db.close()
            raise self._failed("opened", error) from error
        except BaseException:
            self._db.close()  # not a history of ours, or of another form: the file is let go
            raise

    @property
    def info(self) -> Info:
        created = self._one("SELECT value FROM meta WHERE name = 'created'")
        written = self._one("SELECT max(updated) FROM deliveries WHERE site = ?", self._site)
        with self._reading("read"):
            return Info(
                store="sqlite",
                place=str(self._file),
                created=datetime.fromisoformat(created) if created else None,
                written=datetime.fromisoformat(written) if written else None,
                read=self._now(),
            )

    def snapshot(self) -> Snapshot:
        with self._reading("read"), closing(self._db.cursor()) as cursor:
            cursor.execute("BEGIN")
            try:
                marks: dict[str, Mark] = {
                    delivery: (version, updated)
                    for delivery, version, updated in cursor.execute(
                        "SELECT id, version, updated FROM deliveries WHERE site = ? ORDER BY id",
                        (self._site,),
                    )
                }
                records = self._seen.records(marks, self._texts)
                accounts = {
                    account: datetime.fromisoformat(begun)
                    for account, begun in cursor.execute(
                        "SELECT account, begun FROM accounts WHERE site = ?", (self._site,)
                    )
                }
            finally:
                cursor.execute("ROLLBACK")
        return Snapshot(records=records, accounts=accounts, info=self.info)

    def _texts(self, deliveries: Sequence[str]) -> Iterator[tuple[str, str]]:
        for delivery in deliveries:
            text = self._db.execute(
                "SELECT record FROM deliveries WHERE site = ? AND id = ?", (self._site, delivery)
            ).fetchone()[0]
            yield delivery, text

    def get(self, delivery: str) -> Record | None:
        text = self._one("SELECT record FROM deliveries WHERE site = ? AND id = ?", self._site, delivery)
        return codec.load_record(text) if text else None

    def write(self, *events: Event, lazy: bool = False) -> tuple[Record, ...]:
        del lazy  # one file on this machine: everything is durable at once
        with self._transaction():
            return tuple(self._apply(event) for event in events)

    def baseline(
        self, accounts: Mapping[str, datetime], events: Sequence[Event] = (), notes: Sequence[Note] = ()
    ) -> None:
        with self._transaction():
            self._db.executemany(
                "INSERT INTO accounts (site, account, begun) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(self._site, account, _utc(begun)) for account, begun in accounts.items()],
            )
            for event in events:
                self._apply(event)
            self._keep(notes)

    def history(self, delivery: str = "") -> tuple[Event, ...]:
        with self._reading("read"):
            rows = self._db.execute(
                "SELECT event FROM history WHERE site = ? AND (? = '' OR id = ?) ORDER BY number",
                (self._site, delivery, delivery),
            ).fetchall()
        return tuple(codec.load_event(text) for (text,) in rows)

    def note(self, *notes: Note) -> None:
        with self._transaction():
            self._keep(notes)

    def notes(self, kind: str = "") -> tuple[Note, ...]:
        with self._reading("read"):
            rows = self._db.execute(
                "SELECT kind, day, line FROM notes WHERE site = ? AND (? = '' OR kind = ?) ORDER BY kind, day, number",
                (self._site, kind, kind),
            ).fetchall()
            return tuple(Note(kind=kind, day=date.fromisoformat(day), line=line) for kind, day, line in rows)

    def raw(self) -> Raw:
        with self._reading("read"):
            damage = [str(row[0]) for row in self._db.execute("PRAGMA integrity_check") if row[0] != "ok"]
            events = self._db.execute(
                "SELECT number, id, event FROM history WHERE site = ? ORDER BY number", (self._site,)
            ).fetchall()
            records = self._db.execute(
                "SELECT id, record FROM deliveries WHERE site = ?", (self._site,)
            ).fetchall()
            for account, begun in self._db.execute("SELECT account, begun FROM accounts"):
                try:
                    datetime.fromisoformat(begun)
                except ValueError:
                    damage.append(f"{account}: `{begun}` is no time when it began")
        return Raw(
            events=[(f"entry {number}", delivery, text) for number, delivery, text in events],
            records=dict(records),
            faults=damage,
        )

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        self._db.close()

    def _apply(self, event: Event) -> Record:
        record = step(self.get(event.id), event)
        intent = record.intent
        self._db.execute(
            "INSERT INTO deliveries (site, id, post, channel, account, state, version, updated, record) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (site, id) DO UPDATE SET state = excluded.state, "
            "version = excluded.version, updated = excluded.updated, record = excluded.record",
            (
                self._site, record.id, intent.post, intent.channel, intent.account,
                record.state, record.version, _utc(record.updated), codec.dump_record(record),
            ),
        )  # fmt: skip
        self._db.execute(
            "INSERT INTO history (site, id, kind, at, event) VALUES (?, ?, ?, ?, ?)",
            (self._site, event.id, event.kind, _utc(event.at), codec.dump_event(event)),
        )
        return record

    def _keep(self, notes: Sequence[Note]) -> None:
        self._db.executemany(
            "INSERT INTO notes (site, kind, day, line) VALUES (?, ?, ?, ?)",
            [(self._site, note.kind, note.day.isoformat(), note.line) for note in notes],
        )

    def _prepare(self, site: str, read_only: bool) -> str:
        """Make the tables of a new file, refuse those of a newer version, and tell the site's key."""
        if not self._version():
            self._refuse_another_program(read_only)
        if not read_only:
            with self._transaction():
                if not self._version():
                    for statement in _TABLES.strip().split(";\n"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version = {SCHEMA}")
                    self._db.executemany(
                        "INSERT INTO meta (name, value) VALUES (?, ?)",
                        [("site", site), ("created", _utc(self._now()))],
                    )
        if self._version() != SCHEMA:
            raise LedgerError(
                f"the sending history {self._file} has the form {self._version()}; this version of Byline knows {SCHEMA}",
                hint="use the version of Byline that wrote it, or a newer one",
            )
        return self._one("SELECT value FROM meta WHERE name = 'site'") or site

    def _refuse_another_program(self, read_only: bool) -> None:
        """A file of form 0 is new, or not ours: then it holds something."""
        tables = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if read_only and not tables:
            raise LedgerError(
                f"the sending history {self._file} was begun and holds nothing yet",
                hint="`publish send` goes on with it",
            )
        if tables and "deliveries" not in tables:
            raise LedgerUntrusted(
                f"{self._file} is a database, but no sending history",
                hint="put the history back, or name another file under `ledger` in the settings",
            )

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _one(self, statement: str, *values: str) -> str:
        with self._reading("read"):
            row = self._db.execute(statement, values).fetchone()
        return str(row[0]) if row and row[0] is not None else ""

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Everything inside, or nothing. The write lock is taken before the first read."""
        with self._reading("written"):
            self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except sqlite3.Error as error:
            self._roll_back()
            raise self._failed("written", error) from error
        except BaseException:
            self._roll_back()
            raise
        try:
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise self._failed("written", error) from error

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    @contextmanager
    def _reading(self, what: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError) as error:
            raise self._failed(what, error) from error

    def _failed(self, what: str, error: Exception) -> LedgerError:
        message = f"the sending history {self._file} cannot be {what}: {error}"
        if isinstance(error, ValueError) or any(sign in str(error) for sign in _DAMAGED):
            return LedgerUntrusted(
                message, hint="restore the file from a backup; sending without it could repeat posts"
            )
        hint = "check that the folder can be written and that the disk has room"
        if "locked" in str(error):
            hint = "another run holds it; try again when that has ended"
        return LedgerError(message, hint=hint)


def _open(file: Path) -> sqlite3.Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        _write_ahead(db)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db


def _write_ahead(db: sqlite3.Connection) -> None:
    """Switch the file to a write-ahead log. The busy time-out does not cover this step, so we wait here."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _open_to_read(file: Path) -> sqlite3.Connection:
    """Without making a file: with no log beside it, nobody is writing and the file is read as it lies."""
    quiet = not file.with_name(f"{file.name}-wal").exists()
    uri = f"{file.absolute().as_uri()}?mode=ro{'&immutable=1' if quiet else ''}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
