"""`publish ledger`: verify, export, import, restore and fetch, over every store."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.ledger import open_store
from byline.ledger.base import Ledger, Note
from byline.ledger.choosing import Store
from byline.settings import load
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, event, receipt
from byline.times import FixedClock
from postgres import Server
from repos import ANCHOR, BARE_MACHINE, HEAD, clone, git, make_origin, refs
from support import NOW, POST, SETTINGS, make_site

STORES: tuple[Store, ...] = ("sqlite", "git", "postgresql")


class Site:
    """A site in a clone, whose store is changed as one goes."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.environment = {"BYLINE_LEDGER_URL": address}
        self.choose("sqlite")

    def choose(self, store: str) -> None:
        make_site(
            self.folder,
            settings=SETTINGS.replace("ledger: sqlite", f"ledger: {store}"),
            posts={"hp7.md": POST},
        )

    def open(self, store: Store) -> Ledger:
        return open_store(store, load(self.folder / "mkdocs.yml", {}), self.environment, FixedClock(NOW))

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, standard output, standard error."""
        app = App(clock=FixedClock(NOW), environment=self.environment)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
            main(["-f", str(self.folder / "mkdocs.yml"), *arguments], app=app)
        assert isinstance(left.value.code, int)
        return left.value.code, out.getvalue(), err.getvalue()


@pytest.fixture
def site(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Site:
    for name, value in BARE_MACHINE.items():
        monkeypatch.setenv(name, value)
    origin = make_origin(tmp_path)
    return Site(clone(origin, tmp_path / "work", "--depth=1"), server.database())


def fill(ledger: Ledger) -> None:
    """A history with every kind of thing in it."""
    ledger.baseline({"linkedin.company": AT, "twitter.acme": NOW})
    (record,) = ledger.write(event("claimed"))
    (record,) = ledger.write(event("prepared", record, requests=REQUESTS))
    (record,) = ledger.write(event("part", record, part=0, receipt=receipt()))
    ledger.write(event("unknown", record, reason="line\u2028separator"))
    ledger.note(Note(kind="tokens", day=date(2026, 11, 24), line='{"days": 9}'))
    ledger.close()


@pytest.mark.parametrize("new", STORES)
@pytest.mark.parametrize("old", STORES)
def test_a_history_moves_from_any_store_to_any_other(site: Site, old: Store, new: Store) -> None:
    if old == new:
        return
    site.choose(old)
    fill(site.open(old))
    before = site.open(old)
    expected = (before.snapshot().records, before.snapshot().accounts, before.history(), before.notes())
    before.close()
    site.choose(new)

    code, out, err = site.run("ledger", "import", "--from", old)

    assert (code, err) == (0, "")
    assert "1 delivery with 4 events, 2 accounts imported into" in out
    after = site.open(new)
    assert (after.snapshot().records, after.snapshot().accounts, after.history(), after.notes()) == expected
    after.close()
    assert site.run("ledger", "verify")[0] == 0
    code, _, err = site.run("ledger", "import", "--from", old)
    assert code == 2
    assert "is not empty: it holds 1 deliveries" in err


@pytest.mark.parametrize("store", STORES)
def test_an_export_is_a_backup(site: Site, tmp_path: Path, store: Store) -> None:
    site.choose(store)
    fill(site.open(store))
    file = tmp_path / "history.jsonl"
    assert site.run("ledger", "export", str(file))[:2] == (
        0,
        f"✓ 1 delivery with 4 events, 2 accounts written to {file}\n",
    )
    assert site.run("ledger", "export", "-")[1] == file.read_text()
    first, *_, last = map(json.loads, file.read_text().removesuffix("\n").split("\n"))
    assert first == {
        "byline-ledger": 1,
        "site": "https://insights.acme.example/",
        "exported": NOW.isoformat(),
    }
    assert last["end"]["events"] == 4
    other = tmp_path / "other"
    make_site(other)
    there = Site(other, "")
    assert there.run("ledger", "import", str(file))[0] == 0
    ledger = there.open("sqlite")
    record = ledger.get(INTENT.id)
    assert record is not None
    assert (record.state, record.reason) == ("unknown", "line\u2028separator")
    ledger.close()


Spoil = Callable[[list[str]], list[str]]
SPOILT: dict[str, tuple[Spoil, str]] = {
    "cut off": (lambda rows: rows[:-1], "the end of the export is missing"),
    "a line lost": (lambda rows: [*rows[:3], *rows[4:]], "was changed since it was written"),
    "changed": (lambda rows: [row.replace("separator", "Separator") for row in rows], "was changed"),
    "something after it": (lambda rows: [*rows, rows[1]], "something after the end"),
    "no JSON": (lambda rows: [rows[0], "{", *rows[1:]], ":2: this is no export"),
    "another file": (lambda _rows: ["a,b", "1,2"], ":1: this is no export"),
    "empty": (lambda _rows: [""], ":1: this is no export"),
    "a newer form": (lambda rows: [rows[0].replace("1,", "9,", 1), *rows[1:]], "does not begin as"),
    "nothing known": (lambda rows: [rows[0], '{"who":"knows"}', *rows[1:]], "nothing that belongs"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_export_is_refused_and_nothing_is_taken(site: Site, tmp_path: Path, kind: str) -> None:
    fill(site.open("sqlite"))
    file = tmp_path / "history.jsonl"
    site.run("ledger", "export", str(file))
    spoil, words = SPOILT[kind]
    file.write_text("".join(f"{row}\n" for row in spoil(file.read_text().removesuffix("\n").split("\n"))))
    other = Site(tmp_path / "other", "")

    code, out, err = other.run("ledger", "import", str(file))

    assert (code, out) == (2, "")
    assert words in err
    assert "nothing was imported" in err
    ledger = other.open("sqlite")
    assert ledger.snapshot().empty
    ledger.close()


def test_import_says_what_it_needs(site: Site, tmp_path: Path) -> None:
    assert site.run("ledger", "import")[0] == 2
    code, _, err = site.run("ledger", "import", "--from", "sqlite")
    assert (code, "choose sqlite itself" in err) == (2, True)
    site.choose("git")
    code, _, err = site.run("ledger", "import", "--from", "sqlite")
    assert (code, "there is no history" in err) == (2, True)
    site.open("sqlite").close()
    code, _, err = site.run("ledger", "import", "--from", "sqlite")
    assert (code, "nothing to import" in err) == (2, True)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    code, _, err = site.run("ledger", "import", str(tmp_path / "binary"))
    assert (code, "cannot be read" in err) == (2, True)


@pytest.mark.parametrize("store", STORES)
def test_verify_of_what_is_well(site: Site, store: Store) -> None:
    site.choose(store)
    fill(site.open(store))
    code, out, _ = site.run("ledger", "verify")
    assert code == 0
    assert "1 delivery, 4 events; everything fits" in out
    code, out, _ = site.run("ledger", "verify", "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["deliveries"], found["events"], found["defects"]) == (1, 4, [])


def test_verify_lists_every_defect(site: Site) -> None:
    fill(site.open("sqlite"))
    db = sqlite3.connect(site.folder / ".byline" / "ledger.db")
    db.execute("DROP TRIGGER history_is_true")
    db.execute("UPDATE deliveries SET record = replace(record, '\"unknown\"', '\"sent\"')")
    db.execute(
        "INSERT INTO deliveries SELECT site, 'zz9.linkedin.company', post, channel, account, state, version, updated, "
        "replace(record, 'hp7.', 'zz9.') FROM deliveries"
    )
    db.execute(
        "INSERT INTO history (site, id, kind, at, event) SELECT site, 'aa1.x.y', kind, at, 'rubbish' FROM history LIMIT 1"
    )
    db.commit()
    db.close()
    code, out, _ = site.run("ledger", "verify")
    assert code == 5
    assert "3 defects" in out
    assert "hp7.linkedin.company: it is sent, and its events lead to unknown" in out
    assert "zz9.linkedin.company: it is sent, and no event tells how it came to that" in out
    assert "aa1.x.y: an entry of the sending history cannot be read" in out


def test_a_deleted_branch_stops_send_and_is_restored(site: Site) -> None:
    site.choose("git")
    fill(site.open("git"))
    origin = site.folder.parent / "origin.git"
    git(origin, "update-ref", "-d", HEAD)
    code, _, err = site.run("send", "--yes", "--no-wait")
    assert code == 5
    assert "the sending history is gone" in err
    assert "publish ledger restore" in err
    code, out, _ = site.run("ledger", "verify")
    assert (code, "is gone" in out) == (5, True)
    code, _, err = site.run("ledger", "restore")
    assert (code, "needs your word" in err) == (2, True)
    code, out, _ = site.run("ledger", "restore", "--yes")
    assert (code, "was restored from its anchor" in out) == (0, True)
    assert refs(origin)[HEAD] == refs(origin)[ANCHOR]
    assert site.run("ledger", "verify")[0] == 0
    site.choose("sqlite")
    assert site.run("ledger", "restore", "--yes")[0] == 2


def test_fetch_is_what_plan_shows(site: Site, tmp_path: Path) -> None:
    site.choose("git")
    fill(site.open("git"))
    fresh = Site(clone(tmp_path / "origin.git", tmp_path / "fresh", "--depth=1", "--single-branch"), "")
    fresh.choose("git")
    assert "not fetched yet (publish ledger fetch)" in fresh.run("plan")[1]
    code, out, _ = fresh.run("ledger", "fetch")
    assert (code, out) == (0, "✓ the branch byline-ledger of origin: 1 delivery\n")
    out = fresh.run("plan", "--all")[1]
    assert "sending history: git, last written 0 seconds ago, fetched 0 seconds ago" in out
    assert "may be out" in out
