"""The private store: what must outlive a run and is nobody else's business, beside the sending history.

Who of a mailing has got it, leads on their way to the CRM, tokens that a service changes at each use. One SQLite file
in `.byline/`, readable by its owner alone, or a PostgreSQL database that several machines share
(`BYLINE_PRIVATE_URL`). Each user of it makes its own tables, named after itself; values are bound, never pasted.
In a database that several sites share, each site has a schema of its own: their leads and mailings never meet.
"""

from __future__ import annotations

import hashlib
import os
import re
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
_NAME = 63  # bytes of a PostgreSQL name
# What stood in the database's usual schema before each site got its own.
_EARLIER = (
    *("crm_leads", "crm_deals", "crm_stages", "crm_invoices", "crm_campaigns", "crm_marks"),
    *("intake_leads", "intake_errands", "intake_forms", "mailings", "mailing_people", "unsubscribed"),
    "service_tokens",
)


class PrivateStore:
    """One connection. Safe for threads (one at a time); several processes may use the same store at once."""

    def __init__(self, connection: Any, *, place: str, reopen: Any = None, schema: str = "") -> None:
        self._db = connection
        self.schema = schema  # of a server alone; empty: its usual one
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
                within = f'"{self.schema}".' if self.schema else ""
                for table in tables:
                    self._execute(f"VACUUM (FULL) {within}{table}", ())
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
        if self.schema:  # for this transaction alone: behind a pool the connection is others' too
            self._execute(f'SET LOCAL search_path TO "{self.schema}"', ())

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


def open_store(state: Path, url: str = "", *, site: str = "") -> PrivateStore:
    """The store at `url` (PostgreSQL, or `sqlite:///file`), else the file in the folder of local state.

    `site` (`Settings.site_key`) tells sites apart that share a database: each has a schema of its own, made when it
    is first needed; an address that names a `search_path` is taken at its word. A file serves one site.

    Raises UsageError for an address that is none and for a file of another site, BylineError when the store cannot
    be reached.
    """
    scheme, _, rest = url.partition("://")
    if not url or scheme == "sqlite":
        found = _file(Path(rest) if url else state / FILE)
        if url and site:
            _only(found, site)
        return found
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

    if not site or "search_path" in rest:
        return PrivateStore(connect(), place="the database of " + URL, reopen=connect)
    name = schema_of(site)
    store = PrivateStore(connect(), place=f"the database of {URL}, schema {name}", reopen=connect)
    try:
        _schema(store, name)
    except BaseException:
        store.close()
        raise
    store.schema = name
    return store


def schema_of(site: str) -> str:
    """The schema of a site: `byline_insights_acme_example`; what would not be told apart has a hash behind it."""
    words = re.sub(r"[^a-z0-9]+", "_", site.lower()).strip("_")
    name = f"byline_{words or 'site'}"
    if len(name) > _NAME or not re.fullmatch(r"[a-z0-9]+(\.[a-z0-9]+)*", site):
        name = f"{name[: _NAME - 9]}_{hashlib.sha256(site.encode()).hexdigest()[:8]}"
    return name


def _schema(store: PrivateStore, name: str) -> None:
    """Make the site's schema. The first site takes over what an earlier version kept in the usual one."""
    if store.run("SELECT 1 FROM pg_namespace WHERE nspname = ?", name):
        return
    try:
        with store.unit():
            store.run("SELECT pg_advisory_xact_lock(hashtext(?))", _NEWEST)
            if store.run("SELECT 1 FROM pg_namespace WHERE nspname = ?", name):
                return  # somebody else was quicker
            store.run(f'CREATE SCHEMA "{name}"')
            for table in _EARLIER:
                if store.run("SELECT 1 WHERE to_regclass(?) IS NOT NULL", table):
                    store.run(f'ALTER TABLE {table} SET SCHEMA "{name}"')
    except BylineError as error:
        raise BylineError(
            f"{error.message}; this site has no schema of its own there yet",
            hint=f'let the database\'s owner run: CREATE SCHEMA "{name}" AUTHORIZATION the_user_of_this_address',
        ) from None


def _only(store: PrivateStore, site: str) -> None:
    """A file has no schemas: it belongs to the site that used it first."""
    store.tables("CREATE TABLE IF NOT EXISTS private_site (site TEXT PRIMARY KEY)")
    with store.unit():
        rows = store.run("SELECT site FROM private_site")
        owner = str(rows[0][0]) if rows else site
        if not rows:
            store.run("INSERT INTO private_site VALUES (?)", site)
    if owner != site:
        store.close()
        raise UsageError(
            f"the private store in {store.place} belongs to {owner}, and this is {site}",
            hint=f"give each site a file of its own in {URL}; or, when the site has moved, write"
            f" `ledger: {{site: {owner}}}`",
        )


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
