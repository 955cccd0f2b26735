"""The place of the sending history gives way in the middle of a run: full, closed, gone, refusing. The posts are counted.

A full disk is a real one where this machine lets us mount a small one, else a limit that the kernel sets on files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from byline.delivering import CRASH_POINTS
from byline.errors import LedgerError
from byline.sending import Result
from postgres import Server
from repos import ANCHOR, BRANCH, HEAD, git, refs
from stage import Stage, cases
from stores import Database, GitServer, OneDisk, Store

CASES = {f"{name}-{case.name}": (name, case) for name, case in cases()}
# One network that can be asked by key, one that lists, one that neither lists nor knows a key.
SOME = ("bluesky-account", "mastodon-account", "linkedin-member")
TWO = SOME[1:]


def send(stage: Stage) -> tuple[int, str]:
    """One run: how it ended, and what it said. A history that cannot even be opened ends the command with 1."""
    try:
        result = stage.send()
    except LedgerError as error:
        return 1, f"{error.message} ({error.hint})"
    told = [result.error.message] if result.error else []
    return result.exit_code, " ".join([*told, *(item.reason for item in result.deliveries)])


def made(stage: Stage) -> int:
    return len(stage.fake.made)


def heals(stage: Stage) -> None:
    """Everything works again: the post is out once and noted, or nobody can tell and the run says so."""
    stage.clock.move(timedelta(minutes=20))
    before = made(stage)
    result = stage.send()
    state = stage.one().state
    if state == "unknown":
        assert (result.exit_code, made(stage)) == (4, before)
    else:
        assert (result.exit_code, state, made(stage)) == (0, "sent", 1)
    assert stage.send().exit_code == result.exit_code
    assert made(stage) == max(before, int(state == "sent"))


# --- a disk that is full


def mounted(folder: Path, size: str, *more: str) -> bool:
    """A file system of that size on the folder; False where we may not."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", ",".join([f"size={size}", *more]), "none", str(folder)]
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    if not mounted(folder, size):
        pytest.skip("this machine lets nobody mount a small disk; the limit on files is tried in any case")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, room: int) -> None:
    """Leave so many bytes of the disk."""
    usage = shutil.disk_usage(folder)
    (folder / "filler").write_bytes(b"x" * max(0, usage.free - room))


class SmallDisk(OneDisk):
    """The file on a disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.setting = f'{{store: sqlite, url: "{folder}/ledger.db"}}'  # type: ignore[misc]


@pytest.mark.parametrize("name", SOME)
def test_a_full_disk_under_the_file(tmp_path: Path, name: str) -> None:
    """However much room is left, from none to enough: never twice, never silent."""
    ends: set[tuple[int, int]] = set()
    for room in (0, 8, 40, 72, 80, 88, 96, 104, 112, 120, 160, 400):
        small, site = tmp_path / f"small-{room}", tmp_path / f"site-{room}"
        with small_disk(small, "1m"), Stage(site, CASES[name], store=SmallDisk(small)) as stage:
            fill(small, room * 1024)
            code, said = send(stage)
            ends.add((code, made(stage)))
            assert code in ((0, 4) if made(stage) else (1, 4)), (room, said)
            assert code == 0 or "history" in said or "may be out" in said
            (small / "filler").unlink()
            heals(stage)
    assert {(1, 0), (0, 1)} <= ends


class FullRunner(GitServer):
    """Runners whose disks have so much room left; none when `room` is None."""

    def __init__(self, folder: Path, disk: Path) -> None:
        super().__init__(folder)
        self.disk = disk
        self.room: int | None = None

    def runner(self, site: Path) -> Path:
        if self.room is None:
            return super().runner(site)
        folder = super().runner(site)
        moved = Path(shutil.move(folder, self.disk / folder.name))
        fill(self.disk, self.room)
        return moved


@pytest.mark.parametrize("name", TWO)
def test_a_full_disk_under_the_clone(tmp_path: Path, name: str) -> None:
    ends: set[tuple[int, int]] = set()
    for room in (0, 8, 16, 24, 32, 48, 64, 96, 800):
        small, folder = tmp_path / f"small-{room}", tmp_path / f"store-{room}"
        folder.mkdir()
        with small_disk(small, "4m"):
            store = FullRunner(folder, small)
            with Stage(tmp_path / f"site-{room}", CASES[name], store=store) as stage:
                store.room = room * 1024
                code, said = send(stage)
                ends.add((code, made(stage)))
                assert code in ((0, 4) if made(stage) else (1, 4)), (room, said)
                store.room = None
                heals(stage)
                assert refs(store.origin)[HEAD] == refs(store.origin)[ANCHOR]
                assert git(store.origin, "fsck", "--strict", "--no-dangling", BRANCH) == ""
    assert {(1, 0), (0, 1)} <= ends


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("step", range(6))
def test_a_full_disk_under_the_database(tmp_path: Path, server: Server, name: str, step: int) -> None:
    """The server says of the change after so many that its disk is full (53100)."""
    folder = tmp_path / "store"
    folder.mkdir()
    store = Database(folder, server)
    with Stage(tmp_path / "site", CASES[name], store=store) as stage:
        stage.ledger().close()  # makes the tables
        server.sql(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF (SELECT count(*) FROM byline_history) >= {step} THEN "
            "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END IF; "
            "RETURN NEW; END $$",
            store.address,
        )
        server.sql(
            "CREATE TRIGGER full_disk BEFORE INSERT ON byline_history FOR EACH ROW EXECUTE FUNCTION full_disk()",
            store.address,
        )
        code, said = send(stage)
        assert code in ((0, 4) if made(stage) else (1, 4)), said
        assert code == 0 or "No space left" in said or "may be out" in said
        server.sql("DROP TRIGGER full_disk ON byline_history", store.address)
        heals(stage)


@pytest.mark.parametrize("name", TWO)
def test_no_file_may_grow(tmp_path: Path, name: str) -> None:
    """The same where nothing can be mounted: the kernel lets no file of the run grow beyond a limit."""
    for room in (0, 30_000, 45_000, 60_000, 75_000, 90_000, 400_000):
        with Stage(tmp_path / f"site-{room}", CASES[name]) as stage:
            child = stage.child(room=room or 1)
            out, err = child.communicate(timeout=60)
            said = (err or out).strip().splitlines()[-1] if (err or out).strip() else ""
            ended = child.returncode == 0 or said.startswith("byline.errors.Ledger") or room == 0
            assert ended, (room, out, err)
            assert made(stage) <= 1
            heals(stage)


# --- a folder that is closed


@contextmanager
def closed(folder: Path) -> Iterator[None]:
    """Nothing can be written in the folder: by a mount where we are root, whom no right stops, else by its rights."""
    if os.geteuid() != 0:
        folder.chmod(0o555)
        try:
            yield
        finally:
            folder.chmod(0o755)
        return
    kept = folder.with_name(f"{folder.name}-kept")
    shutil.copytree(folder, kept)
    if not mounted(folder, "8m"):
        pytest.skip("root is stopped by no right, and may mount nothing here")
    try:
        shutil.copytree(kept, folder, dirs_exist_ok=True)
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("begun", [False, True])
def test_a_read_only_folder(tmp_path: Path, begun: bool) -> None:
    with Stage(tmp_path / "site", CASES["mastodon-account"]) as stage:
        if begun:
            stage.ledger().close()
        else:
            (stage.folder / ".byline").mkdir(exist_ok=True)
        with closed(stage.folder / ".byline"):
            code, said = send(stage)
            assert (code, made(stage)) == (1, 0)
            assert "ledger.db cannot be" in said
        heals(stage)


def test_a_read_only_clone(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    store = GitServer(folder)
    with Stage(tmp_path / "site", CASES["mastodon-account"], store=store) as stage:
        runner = store.runner(stage.folder)
        with closed(runner / ".git"), pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "runner", lambda _site: runner)
            code, said = send(stage)
            assert (code, made(stage)) == (1, 0)
            assert "history" in said
        heals(stage)


# --- a server that goes away or says no in the middle


@dataclass(frozen=True)
class Trouble:
    """What happens to the place, and how it ends."""

    begin: Callable[[Store], None]
    end: Callable[[Store], None]


def _git(store: Store) -> Path:
    assert isinstance(store, GitServer)
    return store.origin


def _refuse(store: Store) -> None:
    hook = _git(store) / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'protected by a rule' >&2\nexit 1\n")
    hook.chmod(0o755)


def _rename(store: Store, old: str, new: str) -> None:
    assert isinstance(store, Database)
    tables = store.server.sql(
        f"SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE '{old}%'",
        store.address,
    )
    for (table,) in tables:
        store.server.sql(f"ALTER TABLE {table} RENAME TO {new}{table[len(old) :]}", store.address)


TROUBLES = {
    "git-away": Trouble(
        lambda store: _git(store).rename(_git(store).with_name("away.git")) and None,
        lambda store: _git(store).with_name("away.git").rename(_git(store)) and None,
    ),
    "git-refusing": Trouble(_refuse, lambda store: (_git(store) / "hooks" / "pre-receive").unlink()),
    "postgresql-away": Trouble(
        lambda store: _rename(store, "byline_", "gone_"), lambda store: _rename(store, "gone_", "byline_")
    ),
}


def place(kind: str, folder: Path, request: pytest.FixtureRequest) -> Store:
    folder.mkdir()
    if kind.startswith("git"):
        return GitServer(folder)
    return Database(folder, request.getfixturevalue("server"))


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("point", CRASH_POINTS)
@pytest.mark.parametrize("kind", TROUBLES)
def test_the_server_gives_way_in_the_middle(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str, point: str, name: str
) -> None:
    store = place(kind, tmp_path / "store", request)
    with Stage(tmp_path / "site", CASES[name], store=store) as stage:
        begun: list[str] = []

        def crash(here: str, delivery: str) -> None:
            if here == point and not begun:
                begun.append(delivery)
                TROUBLES[kind].begin(store)

        result: Result | None = None
        with suppress(LedgerError):  # on closing: what was still to be written could not be
            result = stage.send(crash=crash)
        assert begun
        assert made(stage) == (0 if point in ("claimed", "prepared") else 1)
        if result is not None:
            assert result.error is not None or point == "settled"
            assert result.exit_code in (
                {"claimed": (1, 4), "prepared": (1, 4), "received": (3, 4), "settled": (0, 3, 4)}.get(
                    point, (4,)
                )
            )
        TROUBLES[kind].end(store)
        heals(stage)


@pytest.mark.parametrize("kind", TROUBLES)
def test_the_server_is_away_from_the_start(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> None:
    store = place(kind, tmp_path / "store", request)
    with Stage(tmp_path / "site", CASES["mastodon-account"], store=store) as stage:
        stage.ledger().close()
        runner = store.runner(stage.folder)
        TROUBLES[kind].begin(store)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(store, "runner", lambda _site: runner)
            code, said = send(stage)
        assert (code, made(stage)) == (1, 0)
        assert "history" in said
        TROUBLES[kind].end(store)
        heals(stage)
