"""Which store is taken, and that a history is never begun twice beside another one."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from byline.errors import LedgerError, LedgerUntrusted, UsageError
from byline.ledger import open_ledger, open_store, read_snapshot
from byline.ledger.base import Note
from byline.ledger.choosing import MEMORY, Store, chosen, read_notes, site_key
from byline.settings import Settings, load
from byline.testing.ledger_contract import INTENT, event
from byline.times import FixedClock
from postgres import Server
from repos import BARE_MACHINE, clone, git, make_origin, refs
from support import NOW, SETTINGS, make_site

CI = {"CI": "true"}
HEAD = "refs/heads/byline-ledger"


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BARE_MACHINE.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return make_origin(tmp_path)


@pytest.fixture
def work(origin: Path, tmp_path: Path) -> Path:
    return clone(origin, tmp_path / "work", "--depth=1")


def site(folder: Path, ledger: str) -> Settings:
    file = make_site(folder, settings=SETTINGS.replace("ledger: sqlite", f"ledger: {ledger}"))
    return load(file, {})


def write(settings: Settings, environment: dict[str, str] | None = None) -> str:
    """Begin a history; returns the name of the store."""
    ledger = open_ledger(settings, environment or {}, FixedClock(NOW))
    try:
        ledger.write(event("claimed"))
        return ledger.info.store
    finally:
        ledger.close()


@pytest.mark.parametrize(
    ("where", "environment", "store"),
    [
        ("work", CI, "git"),
        ("work", {}, "sqlite"),
        ("work", {"CI": "false"}, "sqlite"),
        ("outside", {}, "sqlite"),
    ],
)
def test_auto_is_git_in_ci_and_a_file_elsewhere(
    work: Path, tmp_path: Path, where: str, environment: dict[str, str], store: str
) -> None:
    settings = site(work if where == "work" else tmp_path / "outside", "auto")
    assert write(settings, environment) == store
    assert read_snapshot(settings, FixedClock(NOW), environment).records.keys() == {INTENT.id}


def test_auto_is_git_wherever_the_server_has_the_branch(origin: Path, work: Path, tmp_path: Path) -> None:
    write(site(work, "auto"), CI)
    fresh = site(clone(origin, tmp_path / "fresh", "--depth=1", "--single-branch"), "auto")
    assert read_snapshot(fresh, FixedClock(NOW)).empty  # not fetched yet, and plan opens no connection
    ledger = open_ledger(fresh, {}, FixedClock(NOW))
    assert ledger.info.store == "git"
    assert ledger.get(INTENT.id) is not None
    ledger.close()
    assert not read_snapshot(fresh, FixedClock(NOW)).empty  # fetched now
    ordinary = site(clone(origin, tmp_path / "ordinary"), "auto")
    assert read_snapshot(ordinary, FixedClock(NOW)).info.store == "git"


def test_auto_without_a_look_at_the_server_does_not_guess(origin: Path, work: Path, tmp_path: Path) -> None:
    settings = site(work, "auto")
    origin.rename(tmp_path / "away.git")
    with pytest.raises(LedgerError, match=r"auto.*could not look") as caught:
        open_ledger(settings, {}, FixedClock(NOW))
    assert "ledger: sqlite" in caught.value.hint


def test_in_ci_outside_a_clone_the_file_must_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="outlive the runner") as caught:
        open_ledger(site(tmp_path, "auto"), CI, FixedClock(NOW))
    assert "ledger: sqlite" in caught.value.hint
    assert write(site(tmp_path, "sqlite"), CI) == "sqlite"


def test_the_branch_may_have_another_name(origin: Path, work: Path) -> None:
    write(site(work, "{store: git, branch: history/of-posts}"))
    assert {"refs/heads/history/of-posts", "refs/byline/anchor/history/of-posts"} <= set(refs(origin))


def test_git_outside_a_repository(tmp_path: Path) -> None:
    settings = site(tmp_path, "git")
    with pytest.raises(UsageError, match="needs a git repository"):
        open_ledger(settings, {}, FixedClock(NOW))
    assert read_snapshot(settings, FixedClock(NOW)).empty


def test_postgresql_takes_its_address_from_the_environment(server: Server, tmp_path: Path) -> None:
    settings = site(tmp_path, "{store: postgresql, url: 'postgresql://nobody@127.0.0.1:9/none'}")
    address = {"BYLINE_LEDGER_URL": server.database()}
    assert write(settings, address) == "postgresql"
    snapshot = read_snapshot(settings, FixedClock(NOW))
    assert snapshot.records.keys() == {INTENT.id}
    assert snapshot.info.read == NOW
    bare = site(tmp_path / "bare", "postgresql")
    with pytest.raises(UsageError, match="BYLINE_LEDGER_URL"):
        open_ledger(bare, {}, FixedClock(NOW))
    assert read_snapshot(bare, FixedClock(NOW)).empty


def test_a_site_keeps_its_name_in_the_database_when_its_address_changes(
    server: Server, tmp_path: Path
) -> None:
    first = site(tmp_path, "postgresql")
    address = {"BYLINE_LEDGER_URL": server.database()}
    write(first, address)
    assert site_key(first) == "insights.acme.example"
    file = make_site(
        tmp_path,
        settings=SETTINGS.replace(
            "ledger: sqlite", "ledger: {store: postgresql, site: insights.acme.example}"
        ).replace("https://insights.acme.example/", "https://www.acme.example/news/"),
    )
    ledger = open_ledger(load(file, {}), address, FixedClock(NOW))
    assert ledger.get(INTENT.id) is not None
    ledger.close()


def test_plan_opens_no_connection(
    origin: Path, work: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = {"BYLINE_LEDGER_URL": server.database()}
    sites = {"git": site(work, "git"), "postgresql": site(tmp_path / "pg", "postgresql")}
    for settings in sites.values():
        write(settings, address)
    origin.rename(tmp_path / "away.git")
    monkeypatch.setattr(socket, "socket", lambda *_a, **_k: pytest.fail("a connection"))
    for store, settings in sites.items():
        snapshot = read_snapshot(
            settings, FixedClock(NOW), {"BYLINE_LEDGER_URL": "postgresql://x@127.0.0.1:9/x"}
        )
        assert snapshot.info.store == store
        assert snapshot.records.keys() == {INTENT.id}


Begin = Callable[[Store], None]


@pytest.mark.parametrize("old", ["sqlite", "git", "postgresql"])
@pytest.mark.parametrize("new", ["sqlite", "git", "postgresql"])
def test_an_empty_history_beside_a_full_one_stops_everything(
    work: Path, server: Server, old: str, new: str
) -> None:
    if old == new:
        return
    address = {"BYLINE_LEDGER_URL": server.database()}
    write(site(work, old), address)
    settings = site(work, new)
    with pytest.raises(LedgerUntrusted, match=r"is empty, and .* holds 1 deliveries.*could repeat") as caught:
        open_ledger(settings, address, FixedClock(NOW))
    assert f"publish ledger import --from {old}" in caught.value.hint
    # The way out is not barred by the guard.
    open_store(chosen(settings, address, ask=True), settings, address, FixedClock(NOW)).close()


def test_an_empty_file_beside_an_empty_branch_is_no_obstacle(work: Path) -> None:
    open_ledger(site(work, "sqlite"), {}, FixedClock(NOW)).close()
    assert write(site(work, "git")) == "git"
    assert not (work / ".byline" / MEMORY).exists()
    assert git(work, "rev-parse", "--verify", "refs/byline/fetched/byline-ledger")


def test_what_lies_beside_the_history_is_read_from_each_store(
    work: Path, server: Server, tmp_path: Path
) -> None:
    """Without a connection, but for a database, which alone keeps no copy here."""
    address = {"BYLINE_LEDGER_URL": server.database()}
    notes = (
        Note(kind="metrics", day=NOW.date(), line='{"views": 3}'),
        Note(kind="tokens", day=NOW.date(), line='{"days": 9}'),
    )
    for store in ("sqlite", "git", "postgresql"):
        settings = site(work if store == "git" else tmp_path / store, store)
        assert read_notes(settings, FixedClock(NOW), {}, kind="tokens") == ()
        ledger = open_ledger(settings, address, FixedClock(NOW))
        ledger.note(*notes)
        ledger.close()
        for kind, expected in (("tokens", notes[1:]), ("metrics", notes[:1]), ("none", ())):
            found = read_notes(settings, FixedClock(NOW), address, kind=kind, connect=True)
            assert found == expected, store
        offline = read_notes(settings, FixedClock(NOW), address, kind="tokens")
        assert offline == (() if store == "postgresql" else notes[1:])
    assert read_notes(site(tmp_path / "nowhere", "git"), FixedClock(NOW), {}, kind="tokens") == ()


def test_no_history_yet_is_an_empty_one_and_reading_makes_none(tmp_path: Path) -> None:
    settings = site(tmp_path, "sqlite")
    file = tmp_path / ".byline" / "ledger.db"
    for _ in range(2):
        snapshot = read_snapshot(settings, FixedClock(NOW))
        assert snapshot.empty
        assert (snapshot.info.store, snapshot.info.place, snapshot.info.read) == ("none", str(file), None)
        assert not file.exists()
        file.parent.mkdir(exist_ok=True)
    file.touch()
    assert read_snapshot(settings, FixedClock(NOW)).empty
    assert read_notes(settings, FixedClock(NOW), {}, kind="tokens") == ()
    assert file.stat().st_size == 0
    outside = read_snapshot(site(tmp_path / "outside", "git"), FixedClock(NOW))
    assert (outside.info.store, outside.info.place) == ("none", "git")


@pytest.mark.parametrize("url", ["state/history.db", "sqlite:///state/history.db"])
def test_the_file_may_lie_elsewhere(tmp_path: Path, url: str) -> None:
    settings = site(tmp_path, f'{{store: sqlite, url: "{url}"}}')
    assert write(settings) == "sqlite"
    assert (tmp_path / "state" / "history.db").exists()
    assert read_snapshot(settings, FixedClock(NOW)).records.keys() == {INTENT.id}
