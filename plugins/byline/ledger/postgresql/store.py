"""The sending history in PostgreSQL: for agencies, with many sites and any number of workers.

A claim locks the delivery's row and skips one that is locked already: whoever comes second leaves it alone at once.
Everything a `write` changes is one transaction. The events are kept for ever; triggers refuse to change one.
Changes of the tables are numbered steps, applied once, by whichever worker comes first.

What was read and written last is noted on this machine too: `plan` reads that note without a connection, and a
database that was put back to an older state is noticed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from byline.errors import ClaimHeld, LedgerError, LedgerUntrusted
from byline.ledger import codec
from byline.ledger.base import Event, Info, Note, Raw, Record, Snapshot, step
from byline.ledger.postgresql.connecting import connect_to, explained, passing
from byline.ledger.postgresql.memory import Memory, read_memory, write_memory
from byline.ledger.postgresql.schema import MIGRATIONS
from byline.ledger.seen import Mark, Seen
from byline.times import Clock

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")
TRIES = 5
LOCK_SECONDS = 30
_PATIENCE = (
    f"SELECT set_config('lock_timeout', '{LOCK_SECONDS}s', true), "
    f"set_config('statement_timeout', '{4 * LOCK_SECONDS}s', true)"
)
_LOCK = (
    "SELECT id, record FROM byline_deliveries WHERE site = :site AND id = ANY(:names) "
    'ORDER BY id COLLATE "C" FOR UPDATE'
)
_MARKS = 'SELECT id, version, updated FROM byline_deliveries WHERE site = :site ORDER BY id COLLATE "C"'
_TEXTS = "SELECT id, record FROM byline_deliveries WHERE site = :site AND id = ANY(:names)"
_LOCK_FREE = f"{_LOCK} SKIP LOCKED"
ADVISORY = 0x62796C696E65  # "byline": one worker at a time changes the tables


class PostgresqlLedger:
    """One site's history in a database. `memory` is this machine's own note of it."""

    def __init__(
        self,
        url: str,
        *,
        site: str,
        clock: Clock,
        memory: Path | None = None,
        connect_seconds: float = 5,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._site = site
        self._clock = clock
        self._memory = memory
        self._chance = chance
        self._seen = Seen()
        self._changed = False  # has the note on this machine fallen behind?
        self.place, self._engine = connect_to(url, connect_seconds)
        try:
            self._migrate()
            self._created, number = self._known_site()
            self._changed = self._compare(number)
        except BaseException:
            self._engine.dispose()
            raise

    @property
    def info(self) -> Info:
        def read(db: Connection) -> datetime | None:
            found = self._one(db, "SELECT max(updated) FROM byline_deliveries WHERE site = :site")
            return found if isinstance(found, datetime) else None

        return Info(
            store="postgresql",
            place=f"{self.place}, site {self._site}",
            created=self._created,
            written=self._run(read),
            read=self._clock.now(),
        )

    def snapshot(self) -> Snapshot:
        return self._whole()[0]

    def _whole(self) -> tuple[Snapshot, int]:
        """Everything at one moment, and the number of the last event."""

        def read(db: Connection) -> tuple[dict[str, Record], dict[str, datetime], int]:
            marks: dict[str, Mark] = {str(row[0]): (row[1], row[2]) for row in self._rows(db, _MARKS)}
            records = self._seen.records(
                marks,
                lambda names: (
                    (str(row[0]), str(row[1])) for row in self._rows(db, _TEXTS, names=list(names))
                ),
            )
            accounts = {
                str(row[0]): _aware(row[1])
                for row in self._rows(db, "SELECT account, begun FROM byline_accounts WHERE site = :site")
            }
            return records, accounts, self._last(db)

        records, accounts, number = self._run(read, isolation="REPEATABLE READ")
        return Snapshot(records=records, accounts=accounts, info=self.info), number

    def _last(self, db: Connection) -> int:
        return int(
            str(self._one(db, "SELECT coalesce(max(number), 0) FROM byline_history WHERE site = :site"))
        )

    def get(self, delivery: str) -> Record | None:
        text = self._run(
            lambda db: self._one(
                db, "SELECT record FROM byline_deliveries WHERE site = :site AND id = :id", id=delivery
            )
        )
        return codec.load_record(str(text)) if text else None

    def write(self, *events: Event, lazy: bool = False) -> tuple[Record, ...]:
        del lazy  # a transaction is durable at once
        return self._run(lambda db: self._apply(db, events), events=events)

    def baseline(
        self, accounts: Mapping[str, datetime], events: Sequence[Event] = (), notes: Sequence[Note] = ()
    ) -> None:
        def begin(db: Connection) -> None:
            for account in sorted(accounts):
                self._do(
                    db,
                    "INSERT INTO byline_accounts (site, account, begun) VALUES (:site, :account, :begun) "
                    "ON CONFLICT DO NOTHING",
                    account=account,
                    begun=accounts[account],
                )
            self._apply(db, events)
            self._keep(db, notes)

        self._run(begin, events=tuple(events))
        self._changed = True

    def history(self, delivery: str = "") -> tuple[Event, ...]:
        rows = self._run(
            lambda db: self._rows(
                db,
                "SELECT event FROM byline_history WHERE site = :site AND (:id = '' OR id = :id) ORDER BY number",
                id=delivery,
            )
        )
        return tuple(codec.load_event(str(row[0])) for row in rows)

    def note(self, *notes: Note) -> None:
        self._run(lambda db: self._keep(db, notes))

    def notes(self, kind: str = "") -> tuple[Note, ...]:
        rows = self._run(
            lambda db: self._rows(
                db,
                "SELECT kind, day, line FROM byline_notes WHERE site = :site AND (:kind = '' OR kind = :kind) "
                'ORDER BY kind COLLATE "C", day, number',
                kind=kind,
            )
        )
        return tuple(
            Note(kind=str(row[0]), day=date.fromisoformat(str(row[1])), line=str(row[2])) for row in rows
        )

    def raw(self) -> Raw:
        def read(db: Connection) -> Raw:
            events = self._rows(
                db, "SELECT number, id, event FROM byline_history WHERE site = :site ORDER BY number"
            )
            records = self._rows(db, "SELECT id, record FROM byline_deliveries WHERE site = :site")
            return Raw(
                events=[(f"byline_history {row[0]}", str(row[1]), str(row[2])) for row in events],
                records={str(row[0]): str(row[1]) for row in records},
            )

        return self._run(read, isolation="REPEATABLE READ")

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        try:
            self.remember()
        finally:
            self._engine.dispose()

    def remember(self) -> None:
        """Note on this machine what the database holds now."""
        if self._memory is None or not self._changed:
            return
        try:
            snapshot, number = self._whole()
        except LedgerError:
            return  # the note only lags; what is wrong was told where it mattered
        self._changed = False
        write_memory(
            self._memory,
            Memory(
                place=self.place,
                site=self._site,
                created=self._created,
                number=number,
                read=self._clock.now(),
                snapshot=snapshot,
            ),
            self._seen.lines,
        )

    def _keep(self, db: Connection, notes: Sequence[Note]) -> None:
        for note in notes:
            self._do(
                db,
                "INSERT INTO byline_notes (site, kind, day, line) VALUES (:site, :kind, :day, :line)",
                kind=note.kind,
                day=note.day,
                line=note.line,
            )

    def _apply(self, db: Connection, events: Sequence[Event]) -> tuple[Record, ...]:
        """The events on the rows as they are now, which stay locked until all of it is written."""
        held = self._locked(db, events)
        before = dict(held)
        results = []
        for event in events:
            held[event.id] = record = step(held.get(event.id), event)
            results.append(record)
        for name in sorted({event.id for event in events}):
            self._store(db, before.get(name), held[name])
        for event in events:
            self._do(
                db,
                "INSERT INTO byline_history (site, id, kind, at, event) VALUES (:site, :id, :kind, :at, :event)",
                id=event.id,
                kind=event.kind,
                at=event.at,
                event=codec.dump_event(event),
            )
        return tuple(results)

    def _locked(self, db: Connection, events: Sequence[Event]) -> dict[str, Record]:
        """The records that the events are about, locked in one order everywhere. Claims skip what is locked already."""
        claims = sorted({event.id for event in events if event.kind in ("claimed", "resumed")})
        others = sorted({event.id for event in events} - set(claims))
        found: dict[str, Record] = {}
        for names, skip in ((claims, True), (others, False)):
            if not names:
                continue
            rows = self._rows(db, _LOCK_FREE if skip else _LOCK, names=names)
            found |= {str(row[0]): codec.load_record(str(row[1])) for row in rows}
            if skip and len(rows) < len(names):
                present = self._rows(
                    db,
                    "SELECT id FROM byline_deliveries WHERE site = :site AND id = ANY(:names)",
                    names=names,
                )
                for row in present:
                    if str(row[0]) not in found:
                        raise ClaimHeld(
                            f"{row[0]} was left alone: another run holds it at this moment",
                            hint="nothing to do; see `publish status`",
                        )
        return found

    def _store(self, db: Connection, before: Record | None, record: Record) -> None:
        intent = record.intent
        if before is None:
            statement = (
                "INSERT INTO byline_deliveries (site, id, post, channel, account, state, version, updated, record) VALUES "
                "(:site, :id, :post, :channel, :account, :state, :version, :updated, :record) ON CONFLICT DO NOTHING"
            )
        else:
            statement = (
                "UPDATE byline_deliveries SET state = :state, version = :version, updated = :updated, record = :record "
                "WHERE site = :site AND id = :id AND version = :before"
            )
        count = self._do(
            db,
            statement,
            id=record.id,
            post=intent.post,
            channel=intent.channel,
            account=intent.account,
            state=record.state,
            version=record.version,
            updated=record.updated,
            record=codec.dump_record(record),
            before=before.version if before else 0,
        )
        if count != 1:
            raise ClaimHeld(
                f"{record.id} was left alone: another run was first",
                hint="nothing to do; see `publish status`",
            )

    def _migrate(self) -> None:
        """Apply the steps that are missing, under a lock that all workers know; refuse tables of a newer version."""

        def read(db: Connection) -> int:
            if self._one(db, "SELECT to_regclass('byline_migrations')") is None:
                return 0
            return int(str(self._one(db, "SELECT coalesce(max(number), 0) FROM byline_migrations")))

        def apply(db: Connection) -> None:
            self._do(db, f"SELECT pg_advisory_xact_lock({ADVISORY})")
            self._do(
                db,
                "CREATE TABLE IF NOT EXISTS byline_migrations (number integer PRIMARY KEY, at timestamptz NOT NULL "
                "DEFAULT now())",
            )
            for number in range(read(db) + 1, len(MIGRATIONS) + 1):
                for statement in MIGRATIONS[number - 1]:
                    self._do(db, statement)
                self._do(db, "INSERT INTO byline_migrations (number) VALUES (:number)", number=number)

        found = self._run(read)
        if found < len(MIGRATIONS):
            self._run(apply)
            found = self._run(read)
        if found > len(MIGRATIONS):
            raise LedgerError(
                f"the sending history in {self.place} has the form {found}; this version of Byline knows {len(MIGRATIONS)}",
                hint="use the version of Byline that wrote it, or a newer one",
            )

    def _known_site(self) -> tuple[datetime, int]:
        """When this site's history began, and the number of its last event."""

        def begin(db: Connection) -> tuple[datetime, int]:
            created = self._one(db, "SELECT created FROM byline_sites WHERE site = :site")
            if created is None:
                self._do(
                    db,
                    "INSERT INTO byline_sites (site, created) VALUES (:site, :now) ON CONFLICT DO NOTHING",
                    now=self._clock.now(),
                )
                created = self._one(db, "SELECT created FROM byline_sites WHERE site = :site")
            number = self._one(db, "SELECT coalesce(max(number), 0) FROM byline_history WHERE site = :site")
            return _aware(created), int(str(number))

        return self._run(begin)

    def _compare(self, number: int) -> bool:
        """Does the database hold more than this machine has seen in it? LedgerUntrusted when it holds less."""
        known = read_memory(self._memory, self._site, head_only=True) if self._memory else None
        if known is None or known.place != self.place:
            return True
        if known.created == self._created and known.number <= number:
            return known.number < number
        what = (
            "was made anew" if known.created != self._created else
            f"went back in time: this machine has seen event {known.number}, and the last one there is {number}"
        )  # fmt: skip
        raise LedgerUntrusted(
            f"the sending history in {self.place} {what}; sending now could repeat posts",
            hint="restore the newest backup of the database; if it is meant to be as it is, see with `publish reconcile` "
            f"that nothing is missing and delete {self._memory}",
        )

    def _run(
        self, work: Callable[[Connection], T], *, events: tuple[Event, ...] = (), isolation: str = ""
    ) -> T:
        """The work in one transaction. One that the database broke off is done again; one whose end is not known
        is looked for first."""
        from sqlalchemy.exc import DBAPIError

        for attempt in range(TRIES):
            try:
                with self._engine.connect() as connection:
                    db = connection.execution_options(isolation_level=isolation) if isolation else connection
                    with db.begin():
                        self._do(db, _PATIENCE)
                        result = work(db)
                    self._changed = self._changed or bool(events)
                    return result
            except DBAPIError as error:
                if attempt == TRIES - 1 or not passing(error):
                    raise explained(error, self.place) from error
                self._clock.sleep(self._chance() * 0.2 * 2**attempt)
                if events and error.connection_invalidated and self._there(events):
                    return self._run(lambda db: self._after(db, events))  # type: ignore[return-value]
        raise AssertionError

    def _there(self, events: Sequence[Event]) -> bool:
        """Was the transaction whose end we did not hear of done after all?"""
        for event in events:
            own = self.history(event.id)
            if len(own) <= event.expected or own[event.expected] != event:
                return False
        return True

    def _after(self, db: Connection, events: Sequence[Event]) -> tuple[Record, ...]:
        texts = {
            str(row[0]): str(row[1]) for row in self._rows(db, _TEXTS, names=[event.id for event in events])
        }
        return tuple(codec.load_record(texts[event.id]) for event in events)

    def _rows(self, db: Connection, statement: str, **values: object) -> list[Sequence[object]]:
        from sqlalchemy import text

        return list(db.execute(text(statement), {"site": self._site, **values}))

    def _one(self, db: Connection, statement: str, **values: object) -> object:
        rows = self._rows(db, statement, **values)
        return rows[0][0] if rows else None

    def _do(self, db: Connection, statement: str, **values: object) -> int:
        from sqlalchemy import text

        return db.execute(text(statement), {"site": self._site, **values}).rowcount


def _aware(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value.astimezone(UTC)
