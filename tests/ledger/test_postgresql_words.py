"""The way to a database and what its errors mean, and this machine's note of what it saw there. No server is asked."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.exc import DBAPIError

from byline.errors import LedgerError, UsageError
from byline.ledger import codec
from byline.ledger.base import Info, Snapshot, replay
from byline.ledger.postgresql.connecting import connect_to, explained, passing
from byline.ledger.postgresql.memory import Memory, read_memory, write_memory
from byline.testing.ledger_contract import AT
from many import story

FORM = "BYLINE_LEDGER_URL=postgresql://USER:PASSWORD@HOST/DATABASE"
SITE = "läger.example"
RECORDS = replay(step for number in range(2) for step in story(number))
LINES = tuple(codec.dump_record(record) for record in RECORDS.values())
MEMORY = Memory(
    place="PostgreSQL db/x", site=SITE, created=AT, number=7, read=AT + timedelta(hours=1),
    snapshot=Snapshot(
        records=RECORDS, accounts={"linkedin.company": AT - timedelta(days=1)},
        info=Info(
            store="postgresql", place=f"PostgreSQL db/x, site {SITE}", created=AT, written=AT + timedelta(minutes=9),
            read=AT + timedelta(hours=1),
        ),
    ),
)  # fmt: skip


class TestTheWay:
    @pytest.mark.parametrize(
        ("address", "place"),
        [
            ("postgresql://me:s3cret@db.example:5433/acme", "PostgreSQL db.example:5433/acme"),
            ("postgres://db.example/acme", "PostgreSQL db.example/acme"),
            ("postgresql+psycopg://me@/acme?host=/run/pg", "PostgreSQL /run/pg/acme"),
            ("postgresql://me@/", "PostgreSQL this machine/"),
        ],
    )
    def test_where_it_is_without_the_password(self, address: str, place: str) -> None:
        told, engine = connect_to(address, 5)
        assert told == place
        assert engine.url.drivername == "postgresql+psycopg"
        engine.dispose()

    @pytest.mark.parametrize(("seconds", "whole"), [(0.5, 2), (2.4, 2), (7.6, 8)])
    def test_a_pooler_before_it_is_no_obstacle_and_a_dead_one_is_not_waited_for(
        self, monkeypatch: pytest.MonkeyPatch, seconds: float, whole: int
    ) -> None:
        made: list[dict[str, Any]] = []
        monkeypatch.setattr(sqlalchemy, "create_engine", lambda url, **more: made.append({"url": url} | more))
        connect_to("postgresql://me:pw@host/x", seconds)
        (asked,) = made
        assert asked.pop("url").render_as_string(hide_password=False) == "postgresql+psycopg://me:pw@host/x"
        assert asked == {
            "pool_size": 1, "max_overflow": 1, "pool_pre_ping": True,
            "connect_args": {"connect_timeout": whole, "application_name": "byline", "prepare_threshold": None},
        }  # fmt: skip

    @pytest.mark.parametrize(
        "address", ["mysql://me@db/x", "no address at all", "postgresql://", "mypostgresql://x/y"]
    )
    def test_no_address_of_one(self, address: str) -> None:
        with pytest.raises(UsageError) as wrong:
            connect_to(address, 5)
        assert (wrong.value.message, wrong.value.hint) == (
            "the address of the sending history is no address of a PostgreSQL database", FORM
        )  # fmt: skip

    def test_one_that_cannot_be_read(self) -> None:
        with pytest.raises(UsageError) as wrong:
            connect_to("postgresql://me:s3cr3t@host:port/x", 5)
        assert wrong.value.message == "the address of the sending history cannot be read"
        assert wrong.value.hint == f"{FORM}; special characters in the password are written as %XX"

    def test_without_the_packages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "sqlalchemy", None)
        with pytest.raises(UsageError) as wrong:
            connect_to("postgresql://me@db/x", 5)
        assert (wrong.value.message, wrong.value.hint) == (
            "`ledger: postgresql` needs packages that are not installed here",
            "pip install 'psycopg[binary]>=3.2,<4' 'SQLAlchemy>=2.0.36,<3'",
        )


class Said(Exception):
    """What the driver raises."""

    def __init__(self, text: str = "", sqlstate: str | None = None) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


def error(text: str = "", sqlstate: str | None = None, *, lost: bool = False) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, Said(text, sqlstate), connection_invalidated=lost)


class TestErrors:
    def test_what_may_succeed_a_moment_later(self) -> None:
        for state in ("40001", "40P01", "57P01"):
            assert passing(error(sqlstate=state))
        for state in ("23505", "42501", None):
            assert not passing(error(sqlstate=state))
            assert passing(error(sqlstate=state, lost=True))
        assert not passing(DBAPIError("SELECT 1", {}, Exception("no state")))

    @pytest.mark.parametrize(
        ("said", "hint"),
        [
            ("connection refused", "nothing more was sent; run it again when the database is back"),
            ("password wrong", "check BYLINE_LEDGER_URL (or PGUSER and PGPASSWORD) in the environment"),
            ("authentication failed", "check BYLINE_LEDGER_URL (or PGUSER and PGPASSWORD) in the environment"),
            ("no pg_hba.conf entry", "check BYLINE_LEDGER_URL (or PGUSER and PGPASSWORD) in the environment"),
            ('database "x" does not exist', "make the database, or correct its name in BYLINE_LEDGER_URL"),
            ("permission denied for schema", "the role must be able to make and change tables in its schema (GRANT CREATE, or own the database)"),
            ("a read-only transaction", "the role must be able to make and change tables in its schema (GRANT CREATE, or own the database)"),
            ("canceled due to lock timeout", "another run holds it for too long; run it again when that has ended"),
            ("canceled due to statement timeout", "another run holds it for too long; run it again when that has ended"),
            ("the history is kept", "events are never changed"),
        ],
    )  # fmt: skip
    def test_in_plain_words(self, said: str, hint: str) -> None:
        told = explained(error(f" {said} \n  at once"), "PostgreSQL db/x")
        assert told.message == (
            f"the sending history in PostgreSQL db/x cannot be reached or written: {said} at once"
        )
        assert told.hint == hint
        assert type(told) is LedgerError

    def test_one_that_says_nothing(self) -> None:
        assert explained(error(), "x").message == (
            "the sending history in x cannot be reached or written: Said"
        )


class TestMemory:
    def test_its_form(self, tmp_path: Path) -> None:
        file = tmp_path / "state" / "deep" / "memory.jsonl"
        write_memory(file, MEMORY, LINES)
        head, *lines = file.read_text(encoding="utf-8").splitlines()
        assert "läger" in head
        assert json.loads(head) == {
            "place": "PostgreSQL db/x", "site": SITE, "created": "2026-11-24T10:00:00+00:00", "number": 7,
            "read": "2026-11-24T11:00:00+00:00", "written": "2026-11-24T10:09:00+00:00",
            "accounts": {"linkedin.company": "2026-11-23T10:00:00+00:00"},
            "digest": hashlib.sha256("\n".join(LINES).encode()).hexdigest(),
        }  # fmt: skip
        assert tuple(lines) == LINES
        assert file.read_text().endswith("\n")
        assert read_memory(file, SITE) == MEMORY
        assert list(file.parent.iterdir()) == [file]
        write_memory(file, replace(MEMORY, number=8), LINES)
        found = read_memory(file, SITE)
        assert found is not None
        assert found.number == 8

    def test_an_empty_history(self, tmp_path: Path) -> None:
        file = tmp_path / "memory.jsonl"
        empty = replace(MEMORY, snapshot=replace(
            MEMORY.snapshot, records={}, accounts={}, info=replace(MEMORY.snapshot.info, written=None)))  # fmt: skip
        write_memory(file, empty, ())
        assert json.loads(file.read_text())["written"] == ""
        assert read_memory(file, SITE) == empty

    def test_the_head_alone(self, tmp_path: Path) -> None:
        """As long as what follows is what was written, it need not be read; else it must be readable."""
        file = tmp_path / "memory.jsonl"
        write_memory(file, MEMORY, LINES)
        found = read_memory(file, SITE, head_only=True)
        assert found is not None
        assert (found.snapshot.records, found.number) == ({}, 7)
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(f"{LINES[1]}\n", ""), encoding="utf-8")
        found = read_memory(file, SITE, head_only=True)
        assert found is not None
        assert list(found.snapshot.records) == list(RECORDS)[:1]
        file.write_text(f"{text}rubbish\n", encoding="utf-8")
        assert read_memory(file, SITE, head_only=True) is None
        assert read_memory(file, SITE) is None

    def test_of_another_site_or_none(self, tmp_path: Path) -> None:
        file = tmp_path / "memory.jsonl"
        assert read_memory(file, SITE) is None
        write_memory(file, MEMORY, LINES)
        assert read_memory(file, "other.example") is None
        for data in (b"\xff", b"", b"[]\n", b"{}\n", b'{"site": "l\xc3\xa4ger.example"}\n'):
            file.write_bytes(data)
            assert read_memory(file, SITE) is None

    def test_what_cannot_be_written_costs_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        write_memory(tmp_path / "file" / "memory.jsonl", MEMORY, LINES)
        folder = tmp_path / "state"

        def full(*_: Any) -> None:
            raise OSError

        monkeypatch.setattr(Path, "replace", full)
        write_memory(folder / "memory.jsonl", MEMORY, LINES)
        assert list(folder.iterdir()) == []
