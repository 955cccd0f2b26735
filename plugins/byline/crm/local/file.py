"""The file itself: opened, brought to the present form, and written in whole transactions."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from byline.crm.local.schema import SCHEMA, STEPS, VERSION
from byline.errors import BylineError
from byline.times import Clock, SystemClock


class CrmFile:
    """One open file. Close it, or use it in a `with`; several threads may share it."""

    def __init__(self, path: Path, *, clock: Clock | None = None) -> None:
        """Open the file, or make it with its folder. Raises BylineError when it cannot be used."""
        self.path = path
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._inside = False  # in a batch; read and set only while the lock is held
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise _unusable(path, error) from None
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise _unusable(path, error) from None
        except BylineError:
            self._db.close()
            raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # an accepted lead survives a power cut
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute("PRAGMA secure_delete = ON")
        with self._write():
            found = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            if found > VERSION:
                raise BylineError(
                    f"{self.path} was written by a newer Byline (form {found}, this one knows {VERSION})",
                    hint="update Byline, or move the file away to start a new one",
                )
            for form in range(found, VERSION):
                for statement in (STEPS[form] if form else SCHEMA).split(";"):
                    if statement.strip():
                        self._db.execute(statement)
            if found != VERSION:
                self._db.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Let go of the file. Closing twice is no error."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _write(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def batch(self) -> Iterator[None]:
        """All or nothing: what is put inside is kept together, or not at all when the block raises."""
        with self._write():
            self._inside = True
            try:
                yield
            finally:
                self._inside = False

    @contextmanager
    def _unit(self) -> Iterator[None]:
        """A transaction of its own, or part of the batch that this thread is in."""
        with self._lock:
            if self._inside:
                yield
            else:
                with self._write():
                    yield

    def _all(self, query: str, values: tuple[Any, ...]) -> list[Any]:
        with self._lock:
            return self._db.execute(query, values).fetchall()


def _unusable(path: Path, error: Exception) -> BylineError:
    return BylineError(
        f"the leads in {path} cannot be opened: {error}",
        hint="look whether the disk is full, the folder may be written, or the file was damaged; a copy helps",
    )
