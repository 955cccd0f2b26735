"""The embedded store: the contract, and what is its own: one file, real processes, real kills."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.errors import ClaimHeld, LedgerError, LedgerUntrusted
from byline.ledger import open_ledger
from byline.ledger.base import replay
from byline.ledger.sqlite import SqliteLedger
from byline.settings import load
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, LedgerContract, event
from byline.times import FixedClock
from support import NOW, POST, make_site

SITE = "https://acme.example/"


def opened(file: Path, site: str = SITE, **more: bool) -> SqliteLedger:
    return SqliteLedger(file, site=site, now=lambda: AT, **more)


class TestContract(LedgerContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Callable[[], SqliteLedger]]:
        made: list[SqliteLedger] = []

        def another() -> SqliteLedger:
            made.append(opened(tmp_path / "state" / "ledger.db"))
            return made[-1]

        yield another
        for ledger in made:  # a test may leave one open
            with suppress(sqlite3.ProgrammingError):  # of another thread, which closed it
                ledger.close()


CLAIM = """
import os, signal, sys
from pathlib import Path
from dataclasses import replace
from byline.errors import ClaimHeld
from byline.ledger.sqlite import SqliteLedger
from byline.testing.ledger_contract import AT, REQUESTS, event
ledger = SqliteLedger(Path(sys.argv[1]), site="https://acme.example/", now=lambda: AT)
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
try:
    (record,) = ledger.write(event("claimed"))
    if sys.argv[2] == "die":
        ledger.write(event("prepared", record, requests=REQUESTS))
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdout.write("won\\n")
except ClaimHeld:
    sys.stdout.write("lost\\n")
"""


def process(file: Path, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(file), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_of_several_processes_one_claims(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    runners = [process(file, "live") for _ in range(4)]
    for runner in runners:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "ready\n"
    answers = []
    for runner in runners:
        assert runner.stdin is not None
        runner.stdin.write("\n")
        runner.stdin.flush()
    for runner in runners:
        answers.append(runner.communicate(timeout=60)[0].strip())
    assert sorted(answers) == ["lost", "lost", "lost", "won"]


def test_a_kill_after_the_write_loses_nothing(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    runner = process(file, "die")
    runner.communicate("\n", timeout=60)
    assert runner.returncode == -signal.SIGKILL
    ledger = opened(file)
    record = ledger.get(INTENT.id)
    assert record is not None
    assert (record.state, tuple(part.request for part in record.parts)) == ("sending", REQUESTS)
    with pytest.raises(ClaimHeld):
        ledger.write(event("claimed", record))
    assert replay(ledger.history()) == ledger.snapshot().records
    ledger.close()


def test_the_history_cannot_be_changed(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    ledger = opened(file)
    ledger.write(event("claimed"))
    ledger.close()
    db = sqlite3.connect(file)
    for statement in ("DELETE FROM history", "UPDATE history SET kind = 'sent'"):
        with pytest.raises(sqlite3.IntegrityError, match="the history is kept"):
            db.execute(statement)
    db.close()


def test_the_writes_survive_a_power_cut(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "ledger.db")
    assert ledger._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert ledger._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    ledger.close()


def test_a_site_that_moves_keeps_its_history(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    first = opened(file)
    first.write(event("claimed"))
    first.close()
    moved = opened(file, "https://www.acme.example/insights/")
    assert moved.get(INTENT.id) is not None
    moved.close()


def test_reading_writes_no_file(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    ledger = opened(file)
    ledger.write(event("claimed"))
    ledger.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    reader = opened(file, read_only=True)
    assert reader.snapshot().records[INTENT.id].state == "sending"
    with pytest.raises(LedgerError):
        reader.write(event("claimed"))
    reader.close()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_reading_sees_what_a_running_process_wrote(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    writer = opened(file)
    writer.write(event("claimed"))
    reader = opened(file, read_only=True)
    assert INTENT.id in reader.snapshot().records
    reader.close()
    writer.close()


def spoilt(file: Path, kind: str) -> None:
    """A history with one delivery, then what a bad disk, a bad backup or a bad idea does to it."""
    ledger = opened(file)
    ledger.baseline({"linkedin.company": AT})
    ledger.write(event("claimed"))
    ledger.close()
    if kind == "no database":
        file.write_bytes(b"this is not a database at all, but it is long enough to be looked at" * 20)
        return
    if kind == "cut off":
        file.write_bytes(file.read_bytes()[:9000])
        return
    if kind == "written over":
        data = bytearray(file.read_bytes())
        data[4096:] = b"\xa5" * (len(data) - 4096)
        file.write_bytes(data)
        return
    if kind == "another program's":
        file.unlink()
    db = sqlite3.connect(file)
    db.execute(
        {
            "another program's": "CREATE TABLE recipes (name TEXT)",
            "a table gone": "DROP TABLE accounts",
            "no record": "UPDATE deliveries SET record = 'what is this'",
            "no time": "UPDATE accounts SET begun = 'yesterday'",
        }[kind]
    )
    db.commit()
    db.close()


@pytest.mark.parametrize(
    "kind",
    ["no database", "cut off", "written over", "another program's", "a table gone", "no record", "no time"],
)
def test_a_file_that_is_no_history_stops_everything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """As a missing or an older history does: exit code 5, the reason, what to do; and the file stays as it is."""
    settings = make_site(tmp_path, posts={"hp7.md": POST})
    file = tmp_path / ".byline" / "ledger.db"
    spoilt(file, kind)
    before = file.read_bytes()
    with (
        pytest.raises(LedgerUntrusted, match=r"ledger\.db|cannot be read") as caught,
        closing(opened(file)) as ledger,
    ):
        ledger.snapshot()
    assert caught.value.hint
    for words in (["send", "--yes", "--no-wait"], ["plan"], ["status"], ["ledger", "verify"]):
        with pytest.raises(SystemExit) as stop:
            main(["-f", str(settings), *words], app=App(clock=FixedClock(NOW), environment={}))
        assert stop.value.code == 5, words
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert said.err.startswith("Stopped: ") or "defect" in said.out, words
    if kind in ("no database", "cut off", "written over"):
        assert file.read_bytes() == before


def test_a_newer_form_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    opened(file).close()
    db = sqlite3.connect(file)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LedgerError, match="99"):
        opened(file)


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, not a folder")
    with pytest.raises(LedgerError, match="cannot be opened"):
        opened(tmp_path / "state" / "ledger.db")


def test_in_ci_it_may_be_asked_for(tmp_path: Path) -> None:
    settings = load(make_site(tmp_path), {})
    open_ledger(settings, {"CI": "true"}, FixedClock(NOW)).close()
    assert (tmp_path / ".byline" / "ledger.db").exists()


def test_a_disk_that_is_full_is_said_in_words(tmp_path: Path) -> None:
    ledger = opened(tmp_path / "ledger.db")
    ledger._db.execute("PRAGMA max_page_count = 20")
    large = replace(INTENT, text=("x" * 200_000,))
    with pytest.raises(LedgerError, match="cannot be written"):
        ledger.write(event("claimed", intent=large))
    assert ledger.get(INTENT.id) is None
    ledger.write(event("claimed"))
    ledger.close()
