"""The private store: what must outlive a run and is nobody else's business, beside the sending history.

Who of a mailing has got it, leads on their way to the CRM, tokens that a service changes at each use. One SQLite file
in `.byline/`, readable by its owner alone, or a PostgreSQL database that several machines share
(`BYLINE_PRIVATE_URL`). Each user of it makes its own tables, named after itself; values are bound, never pasted.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from byline.errors import BylineError, UsageError

FILE = "private.db"
URL = "BYLINE_PRIVATE_URL"
_NEWEST = "byline_private_forms"


class PrivateStore:
    """One connection. Safe for threads (one at a time); several processes may use the same store at once."""

    def __init__(self, connection: Any, *, place: str, reopen: Any = None) -> None:
        self._db = connection
        self._reopen = reopen  # of a server alone: it may have been away
        self._lock = threading.RLock()
        self._inside = False
        self.place = place

    @property
    def postgresql(self) -> bool:
        """Is it a server's database and no file?"""
        return self._reopen is not None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it. Closing twice is no error."""
        with self._lock:
            self._db.close()

    def tables(self, *statements: str) -> None:
        """Make what is not there yet; each statement is a `CREATE … IF NOT EXISTS`."""
        with self.unit():
            if self.postgresql:  # two makers at once clash otherwise
                self.run("SELECT pg_advisory_xact_lock(hashtext(?))", _NEWEST)
            for statement in statements:
                self.run(statement)

    def has(self, table: str) -> bool:
        """Is there such a table already? A look makes none."""
        if self.postgresql:
            return self.run("SELECT to_regclass(?)", table)[0][0] is not None
        return bool(self.run("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table))

    @contextmanager
    def unit(self) -> Iterator[None]:
        """All of it or nothing, and on disk when the block ends. A unit within a unit is part of the outer one.

        Raises BylineError when the store cannot be used.
        """
        with self._lock:
            if self._inside:
                yield
                return
            self._begin()
            self._inside = True
            try:
                yield
            except BaseException:
                self._end("ROLLBACK")
                raise
            else:
                self._end("COMMIT")
            finally:
                self._inside = False

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """One statement with `?` for each value; the rows it gives. Outside of a unit it is one of its own."""
        if not self._inside:
            with self.unit():
                return self.run(statement, *values)
        return self._execute(statement, values)

    def scrub(self, *tables: str) -> None:
        """Leave nothing of deleted rows behind: the file's free pages, a server's dead rows of these tables."""
        with self._lock:
            if self.postgresql:
                for table in tables:
                    self._execute(f"VACUUM (FULL) {table}", ())
                return
            self._execute("VACUUM", ())
            self._execute("PRAGMA wal_checkpoint(TRUNCATE)", ())

    def _begin(self) -> None:
        try:
            self._execute("BEGIN" if self.postgresql else "BEGIN IMMEDIATE", ())
        except BylineError:
            if self._reopen is None:
                raise
            self._db = self._reopen()  # the connection had died in the meantime; nothing was under way
            self._execute("BEGIN", ())

    def _end(self, word: str) -> None:
        try:
            self._execute(word, ())
        except BylineError:
            if word == "COMMIT":
                raise

    def _execute(self, statement: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        if self.postgresql:
            statement = statement.replace("?", "%s")
        try:
            cursor = self._db.execute(statement, tuple(values))
            return list(cursor.fetchall()) if cursor.description else []
        except Exception as error:
            if not _of_database(error):
                raise
            raise _unusable(self.place, error) from None


def open_store(state: Path, url: str = "") -> PrivateStore:
    """The store at `url` (PostgreSQL, or `sqlite:///file`), else the file in the folder of local state.

    Raises UsageError for an address that is none, BylineError when the store cannot be reached.
    """
    scheme, _, rest = url.partition("://")
    if not url or scheme == "sqlite":
        return _file(Path(rest) if url else state / FILE)
    if scheme not in ("postgresql", "postgres") or not rest:
        raise UsageError(
            f"{URL} is no address of a store", hint=f"{URL}=postgresql://USER:PASSWORD@HOST/DATABASE"
        )
    try:
        import psycopg
    except ImportError:
        raise UsageError(
            f"{URL} needs packages that are not installed here",
            hint="pip install 'psycopg[binary]>=3.2,<4' 'SQLAlchemy>=2.0.36,<3'",
        ) from None

    def connect() -> Any:
        try:
            return psycopg.connect(
                f"postgresql://{rest}", autocommit=True, connect_timeout=10, prepare_threshold=None
            )
        except psycopg.Error as error:
            raise _unusable("the database of " + URL, error) from None

    return PrivateStore(connect(), place="the database of " + URL, reopen=connect)


def _file(path: Path) -> PrivateStore:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(str(path), error) from None
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # what was noted survives a power cut
        db.execute("PRAGMA secure_delete = ON")
    except sqlite3.Error as error:
        db.close()
        raise _unusable(str(path), error) from None
    return PrivateStore(db, place=str(path))


def _of_database(error: Exception) -> bool:
    return isinstance(error, sqlite3.Error) or type(error).__module__.partition(".")[0] == "psycopg"


def _unusable(place: str, error: Exception) -> BylineError:
    """What is wrong, without the address (it may hold a password) and without values."""
    said = str(error).splitlines()[0][:200] if isinstance(error, sqlite3.Error) else type(error).__name__
    return BylineError(
        f"the private store in {place} cannot be used: {said}",
        hint="look whether the disk is full or the database is away; nothing more was done",
    )
