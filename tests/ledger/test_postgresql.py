"""The database store against a real PostgreSQL: the contract, many workers, lost connections, older states."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from byline.errors import ClaimHeld, LedgerError, LedgerUntrusted, UsageError
from byline.ledger.base import BASELINE, Note, replay
from byline.ledger.checking import judged
from byline.ledger.postgresql import PostgresqlLedger, read_memory
from byline.ledger.postgresql.schema import MIGRATIONS
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, LedgerContract, event, receipt
from byline.times import FixedClock
from postgres import Server

SITE = "insights.acme.example"


@pytest.fixture
def address(server: Server) -> str:
    return server.database()


def opened(address: str, site: str = SITE, memory: Path | None = None) -> PostgresqlLedger:
    return PostgresqlLedger(address, site=site, clock=FixedClock(AT), memory=memory)


class TestContract(LedgerContract):
    @pytest.fixture
    def store(self, address: str) -> Iterator[Callable[[], PostgresqlLedger]]:
        made: list[PostgresqlLedger] = []

        def make() -> PostgresqlLedger:
            made.append(opened(address))
            return made[-1]

        yield make
        for ledger in made:
            ledger.close()


def test_sites_in_one_database_do_not_see_each_other(address: str) -> None:
    one, two = opened(address), opened(address, "other.example")
    (mine,) = one.write(event("claimed"))
    assert two.get(INTENT.id) is None
    assert two.snapshot().empty
    two.write(event("claimed"))
    two.baseline({"linkedin.company": AT})
    two.note(Note(kind="tokens", day=date(2026, 11, 24), line="x"))
    assert one.snapshot().records == {INTENT.id: mine}
    assert one.snapshot().accounts == {}
    assert one.notes() == ()
    assert len(one.history()) == 1
    one.close()
    two.close()


WORKER = """
import sys
from dataclasses import replace
from byline.errors import ClaimHeld
from byline.ledger.postgresql import PostgresqlLedger
from byline.testing.ledger_contract import INTENT, REQUESTS, event, receipt
from byline.times import SystemClock
ledger = PostgresqlLedger(sys.argv[1], site="s", clock=SystemClock())
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
won = []
for number in range(12):
    post = f"post{number}"
    intent = replace(INTENT, id=f"{post}.linkedin.company", post=post)
    try:
        (record,) = ledger.write(replace(event("claimed", intent=intent), id=intent.id, run=sys.argv[2]))
        (record,) = ledger.write(replace(event("prepared", record, requests=REQUESTS[:1]), id=intent.id))
        (record,) = ledger.write(replace(event("part", record, part=0, receipt=receipt()), id=intent.id))
        ledger.write(replace(event("sent", record), id=intent.id))
        won.append(post)
    except ClaimHeld:
        pass
ledger.close()
sys.stdout.write(" ".join(won) + "\\n")
"""


def test_four_workers_claim_each_delivery_once(address: str) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, address, f"run-{number}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number in range(4)
    ]  # fmt: skip
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("\n")
        worker.stdin.flush()
    won: list[str] = []
    for worker in workers:
        out, err = worker.communicate(timeout=120)
        assert worker.returncode == 0, err
        won.extend(out.split())
    assert sorted(won) == sorted(f"post{number}" for number in range(12))
    ledger = opened(address, "s")
    records = ledger.snapshot().records
    assert {(record.state, record.attempts) for record in records.values()} == {("sent", 1)}
    assert replay(ledger.history()) == records
    assert judged("", ledger.raw()).defects == ()
    ledger.close()


def test_a_claim_of_what_is_locked_is_refused_at_once(server: Server, address: str) -> None:
    import psycopg

    ledger = opened(address)
    (record,) = ledger.write(event("skipped"))
    with psycopg.connect(address) as other:
        other.execute("SELECT 1 FROM byline_deliveries FOR UPDATE")
        with pytest.raises(ClaimHeld, match="at this moment"):
            ledger.write(event("claimed", record))
    ledger.write(event("claimed", record))
    ledger.close()
    del server


def test_all_workers_at_once_make_the_tables_once(address: str) -> None:
    faults: list[BaseException] = []

    def start() -> None:
        try:
            opened(address).close()
        except BaseException as fault:  # noqa: BLE001 - told below
            faults.append(fault)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_tables_of_an_older_version_are_brought_up_to_date(
    server: Server, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened(address)
    first.write(event("claimed"))
    first.close()
    step = ("ALTER TABLE byline_sites ADD COLUMN label text NOT NULL DEFAULT ''",)
    monkeypatch.setattr("byline.ledger.postgresql.store.MIGRATIONS", (*MIGRATIONS, step))
    later = opened(address)
    assert later.get(INTENT.id) is not None
    later.close()
    assert server.sql("SELECT label FROM byline_sites", address) == [("",)]
    assert server.sql("SELECT number FROM byline_migrations ORDER BY 1", address) == [(1,), (2,)]
    monkeypatch.undo()
    with pytest.raises(LedgerError, match=r"form 2.*knows 1"):
        opened(address)


def test_a_step_that_fails_changes_nothing(
    server: Server, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = ("CREATE TABLE byline_more (a int)", "ALTER TABLE byline_nothing ADD COLUMN b int")
    monkeypatch.setattr("byline.ledger.postgresql.store.MIGRATIONS", (*MIGRATIONS, steps))
    with pytest.raises(LedgerError):
        opened(address)
    monkeypatch.undo()
    assert server.sql("SELECT to_regclass('byline_more'), to_regclass('byline_sites')", address) == [
        (None, None)
    ]
    opened(address).close()


def test_the_history_cannot_be_changed(server: Server, address: str) -> None:
    import psycopg

    ledger = opened(address)
    ledger.write(event("claimed"))
    for statement in (
        "DELETE FROM byline_history",
        "UPDATE byline_history SET kind = 'sent'",
        "TRUNCATE byline_history",
    ):
        with pytest.raises(psycopg.Error, match="the history is kept"):
            server.sql(statement, address)
    ledger.close()


def test_defects_are_all_told(server: Server, address: str) -> None:
    ledger = opened(address)
    (record,) = ledger.write(event("claimed"))
    ledger.write(event("prepared", record, requests=REQUESTS))
    other = replace(INTENT, id="other.linkedin.company", post="other")
    ledger.write(replace(event("claimed", intent=other), id=other.id))
    server.sql(
        "UPDATE byline_deliveries SET record = replace(record, '\"sending\"', '\"due\"') WHERE post = 'hp7'",
        address,
    )
    server.sql("DELETE FROM byline_deliveries WHERE post = 'other'", address)
    defects = judged("x", ledger.raw()).defects
    assert len(defects) == 2
    assert "hp7.linkedin.company: it is due, and its events lead to sending" in defects
    assert any("other.linkedin.company" in defect for defect in defects)
    ledger.close()


def test_a_connection_that_broke_is_made_again(server: Server, address: str) -> None:
    ledger = opened(address)
    (record,) = ledger.write(event("claimed"))
    server.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'byline'", address
    )
    (record,) = ledger.write(event("prepared", record, requests=REQUESTS[:1]))
    assert record.version == 2
    ledger.close()


def test_a_commit_whose_answer_was_lost_is_found(
    server: Server, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.engine import Connection
    from sqlalchemy.exc import OperationalError

    ledger = opened(address)
    commit = Connection._commit_impl
    calls: list[str] = []

    def lost(self: Connection) -> None:
        commit(self)
        if not calls:
            calls.append("lost")
            raise OperationalError(
                "COMMIT", {}, Exception("server closed the connection"), connection_invalidated=True
            )

    monkeypatch.setattr(Connection, "_commit_impl", lost)
    (record,) = ledger.write(event("claimed"))
    assert calls
    assert (record.state, record.version) == ("sending", 1)
    assert len(ledger.history()) == 1
    ledger.close()
    del server


def test_a_server_that_went_away_says_so(server: Server, address: str) -> None:
    ledger = opened(address)
    (record,) = ledger.write(event("claimed"))
    server.halt()
    try:
        with pytest.raises(LedgerError, match="cannot be reached") as caught:
            ledger.write(event("prepared", record, requests=REQUESTS[:1]))
        assert not isinstance(caught.value, ClaimHeld)
    finally:
        server.start()
    (record,) = ledger.write(event("prepared", record, requests=REQUESTS[:1]))
    assert [item.kind for item in ledger.history()] == ["claimed", "prepared"]
    ledger.close()


def test_a_database_put_back_to_an_older_state_stops_everything(
    server: Server, address: str, tmp_path: Path
) -> None:
    memory = tmp_path / ".byline" / "memory.jsonl"
    ledger = opened(address, memory=memory)
    (record,) = ledger.write(event("claimed"))
    ledger.write(event("prepared", record, requests=REQUESTS))
    ledger.close()
    server.sql("ALTER TABLE byline_history DISABLE TRIGGER ALL", address)
    server.sql("DELETE FROM byline_history WHERE kind = 'prepared'", address)
    with pytest.raises(LedgerUntrusted, match=r"went back in time.*could repeat posts") as caught:
        opened(address, memory=memory)
    assert str(memory) in caught.value.hint
    server.sql("DROP TABLE byline_sites", address)
    server.sql("CREATE TABLE byline_sites (site text PRIMARY KEY, created timestamptz NOT NULL)", address)
    server.sql(f"INSERT INTO byline_sites VALUES ('{SITE}', now())", address)
    with pytest.raises(LedgerUntrusted, match="made anew"):
        opened(address, memory=memory)
    opened(address).close()  # a machine that never saw it cannot tell


def test_what_was_seen_is_read_without_a_connection(address: str, tmp_path: Path) -> None:
    memory = tmp_path / "memory.jsonl"
    ledger = opened(address, memory=memory)
    ledger.baseline({"linkedin.company": AT - timedelta(days=1)}, [event("skipped", reason=BASELINE)])
    expected = ledger.snapshot()
    ledger.close()
    known = read_memory(memory, SITE)
    assert known is not None
    assert dict(known.snapshot.records) == dict(expected.records)
    assert known.snapshot.accounts == expected.accounts
    assert known.snapshot.info.read == AT
    assert read_memory(memory, "other.example") is None
    assert read_memory(tmp_path / "nothing", SITE) is None
    memory.write_text(memory.read_text() + "garbage\n")
    assert read_memory(memory, SITE) is None
    opened(address, memory=memory).close()
    assert read_memory(memory, SITE) is not None


def test_a_commit_by_another_worker_renews_what_was_seen(address: str, tmp_path: Path) -> None:
    mine, theirs = tmp_path / "mine.jsonl", tmp_path / "theirs.jsonl"
    opened(address, memory=mine).close()
    other = opened(address, memory=theirs)
    other.write(event("claimed"))
    other.close()
    opened(address, memory=mine).close()
    known = read_memory(mine, SITE)
    assert known is not None
    assert INTENT.id in known.snapshot.records


def test_the_password_is_never_shown(server: Server) -> None:
    server.sql("CREATE ROLE guest LOGIN PASSWORD 'right'", server.address())
    hba = server.data / "pg_hba.conf"
    old = hba.read_text()
    hba.write_text("local all guest scram-sha-256\n" + old)
    server.sql("SELECT pg_reload_conf()", server.address())
    try:
        address = server.address().replace("byline@", "guest:s3cr3t-w0rd@")
        with pytest.raises(LedgerError, match="password authentication failed") as caught:
            opened(address)
        assert "s3cr3t" not in caught.value.message + caught.value.hint
        assert "BYLINE_LEDGER_URL" in caught.value.hint
        right = (
            opened(address.replace("s3cr3t-w0rd", "right"), site="guests.example")
            if _may_create(server)
            else None
        )
        if right:
            assert "right" not in right.info.place
            right.close()
    finally:
        hba.write_text(old)
        server.sql("SELECT pg_reload_conf()", server.address())


def _may_create(server: Server) -> bool:
    server.sql("GRANT CREATE ON SCHEMA public TO guest", server.address())
    return True


def test_a_role_without_rights_says_so(server: Server) -> None:
    server.sql("CREATE ROLE reader LOGIN", server.address())
    with pytest.raises(LedgerError, match="permission denied") as caught:
        opened(server.address("reader") + "&options=-csearch_path%3Dnowhere,public")
    assert "GRANT" in caught.value.hint


@pytest.mark.parametrize(
    "address",
    ["mysql://me@db/x", "no address at all", "postgresql://", "postgresql://me:s3cr3t@host:port/x"],
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(UsageError) as caught:
        opened(address)
    assert "BYLINE_LEDGER_URL=postgresql://" in caught.value.hint
    assert "s3cr3t" not in caught.value.message


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(LedgerError, match="cannot be reached") as caught:
        opened("postgresql://me:s3cr3t@127.0.0.1:9/x")
    assert "s3cr3t" not in caught.value.message + caught.value.hint


def test_without_the_packages_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(UsageError) as caught:
        opened("postgresql://me@db/x")
    assert "psycopg[binary]" in caught.value.hint


def test_notes_are_kept_in_order(address: str) -> None:
    ledger = opened(address)
    notes = (
        Note(kind="figures", day=date(2026, 11, 25), line="2"),
        Note(kind="figures", day=date(2026, 11, 24), line="1"),
        Note(kind="tokens", day=date(2026, 11, 24), line="3"),
    )
    ledger.note(*notes)
    assert [note.line for note in ledger.notes()] == ["1", "2", "3"]
    assert ledger.notes("tokens") == notes[2:]
    ledger.close()


def test_a_receipt_is_there_for_another_worker(address: str) -> None:
    one, two = opened(address), opened(address)
    (record,) = one.write(event("claimed"))
    (record,) = one.write(event("prepared", record, requests=REQUESTS[:1]))
    (record,) = one.write(event("part", record, part=0, receipt=receipt()))
    assert two.get(INTENT.id) == record
    one.close()
    two.close()
