"""Commits and refs with a real git, one repository and one server beside it; and a git that fails as it is told."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from byline.errors import LedgerError, UsageError
from byline.ledger.git import remote as remote_module
from byline.ledger.git.command import Git, GitFailed
from byline.ledger.git.commits import Commits
from byline.ledger.git.remote import Remote, Seen
from byline.testing.ledger_contract import AT
from repos import ANCHOR, BARE_MACHINE, BRANCH, HEAD, git

FETCH = "run `publish ledger fetch`; if that does not help, `git fsck` looks for damage"
PLACE = "the branch byline-ledger of origin"
FILES = {"README.md": b"# A\r\n", "posts/ef/h\xc3\xa4.jsonl": b"\xff\x00\n"}


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in BARE_MACHINE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "origin.git")], check=True)
    return tmp_path / "origin.git"


@pytest.fixture
def work(origin: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    with (folder / ".git" / "config").open("a") as config:
        config.write(f'[core]\n\tautocrlf = input\n[remote "origin"]\n\turl = file://{origin}\n')
    return folder


@pytest.fixture
def commits(work: Path) -> Iterator[Commits]:
    made = Commits(Git(work))
    yield made
    made.close()


@pytest.fixture
def remote(work: Path) -> Remote:
    return Remote(Git(work), work, branch=BRANCH)


def made(commits: Commits, parent: str = "", **changed: bytes) -> str:
    return commits.make(parent, changed or FILES, "one: claimed [skip ci]\n", AT)


class TestCommits:
    def test_what_is_written_is_read_byte_for_byte(self, work: Path, commits: Commits) -> None:
        first = made(commits)
        tree = commits.tree(first)
        assert sorted(tree) == sorted(FILES)
        assert commits.read(tree) == FILES
        assert commits.read({}) == {}
        assert commits.written(first) == AT
        assert git(work, "log", "-1", "--format=%an|%ae|%ad|%cn|%ce|%cd", "--date=raw", first).split("|") == [
            "Byline", "byline@localhost", f"{int(AT.timestamp())} +0000"
        ] * 2  # fmt: skip
        said = git(work, "log", "-1", "--format=%B", first)
        assert re.fullmatch(r"one: claimed \[skip ci\]\n\nPush: [0-9a-f]{16}", said)
        assert git(work, "ls-tree", first, "README.md").startswith("100644 blob ")

    def test_one_on_top_changes_what_it_names(self, work: Path, commits: Commits) -> None:
        first = made(commits)
        second = made(commits, first, **{"README.md": b"new", "more": b"more"})
        assert commits.read(commits.tree(second)) == FILES | {"README.md": b"new", "more": b"more"}
        assert git(work, "rev-parse", f"{second}^") == first
        third = made(commits, first, other=b"x")  # not on the newest one
        assert commits.read(commits.tree(third)) == FILES | {"other": b"x"}
        alone = made(commits, "", other=b"x")  # on nothing
        assert commits.read(commits.tree(alone)) == {"other": b"x"}
        assert git(work, "rev-list", "--count", alone) == "1"

    def test_another_handle_goes_on(self, work: Path, commits: Commits) -> None:
        first = made(commits)
        other = Commits(Git(work))
        second = made(other, first, more=b"more")
        other.close()
        assert sorted(commits.tree(second)) == sorted([*FILES, "more"])

    def test_from_a_folder_inside_the_repository(self, work: Path, commits: Commits) -> None:
        first = made(commits)
        (work / "posts").mkdir()
        assert Commits(Git(work / "posts")).tree(first) == commits.tree(first)

    def test_two_runs_never_make_the_same_commit(self, commits: Commits) -> None:
        assert made(commits) != made(commits)

    def test_nothing_is_left_behind(
        self, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "temporary").mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
        own = Commits(Git(work))
        first = made(own)
        (folder,) = (tmp_path / "temporary").iterdir()
        assert folder.name.startswith("byline-")
        made(own, first, x=b"")
        own.close()
        own.close()
        assert list((tmp_path / "temporary").iterdir()) == []
        assert not (work / ".git" / "index").exists()

    def test_what_is_not_here_says_what_to_do(self, work: Path, commits: Commits) -> None:
        for call in (lambda: commits.tree("f" * 40), lambda: commits.read({"a": "f" * 40})):
            with pytest.raises(LedgerError) as missing:
                call()
            assert missing.value.message.startswith(
                "the sending history cannot be read from this repository: "
            )
            assert "f" * 40 in missing.value.message or "not a tree object" in missing.value.message
            assert missing.value.hint == FETCH
        with pytest.raises(LedgerError) as unread:
            commits.written("f" * 40)
        assert unread.value.message.startswith(
            "a commit of the sending history cannot be read: git show: fatal: bad object"
        )
        assert unread.value.hint == "run `publish ledger fetch`"
        del work

    def test_what_cannot_be_written_says_so(
        self, work: Path, commits: Commits, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hint = "check that its .git folder and the folder for temporary files can be written and that the disk has room"
        first = made(commits)
        with pytest.raises(LedgerError) as unknown:
            made(commits, "f" * 40)
        assert unknown.value.message.startswith(
            "the sending history could not be written in this repository: fatal: "
        )
        assert unknown.value.hint == hint
        second = made(commits, first, more=b"")  # and it goes on where it was
        assert sorted(commits.tree(second)) == sorted([*FILES, "more"])

        def full(*_: Any, **__: Any) -> None:
            raise OSError("no room")

        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(LedgerError) as no_room:
            made(commits, second)
        assert no_room.value.message == "the sending history could not be written in this repository: no room"
        assert no_room.value.hint == hint
        monkeypatch.setattr("byline.ledger.git.commits.tempfile.mkdtemp", full)
        with pytest.raises(LedgerError) as nowhere:
            made(Commits(Git(work)))
        assert nowhere.value.message == "no temporary folder could be made: no room"
        assert nowhere.value.hint == "make room on the disk, or set TMPDIR"


class TestRemote:
    def test_its_names(self, work: Path, remote: Remote) -> None:
        assert (remote.head, remote.anchor, remote.place) == (HEAD, ANCHOR, PLACE)
        assert (remote.fetched, remote.incoming) == (
            f"refs/byline/fetched/{BRANCH}",
            f"refs/byline/incoming/{BRANCH}",
        )
        other = Remote(Git(work), work, branch="a/b", url="https://me:s3cret@host/x")
        own = hashlib.sha256(b"https://me:s3cret@host/x").hexdigest()[:8]
        assert (other.fetched, other.incoming) == (
            f"refs/byline/fetched/{own}/a/b",
            f"refs/byline/incoming/{own}/a/b",
        )
        assert other.place == "the branch a/b of https://host/x"
        name = hashlib.sha256(remote.fetched.encode()).hexdigest()[:12]
        assert remote.own_file("records") == work / ".git" / "byline" / f"{name}.records"

    def test_outside_a_repository(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError) as outside:
            Remote(Git(tmp_path), tmp_path, branch=BRANCH)
        assert outside.value.message.startswith(
            f"`ledger: git` needs a git repository, and {tmp_path} is in none (fatal: not a git repository"
        )
        assert "\n" not in outside.value.message
        assert outside.value.hint == "run it in a clone of the site's repository, or set `ledger: sqlite`"

    def test_pushed_looked_at_and_fetched(
        self, work: Path, origin: Path, commits: Commits, remote: Remote
    ) -> None:
        assert (remote.look(), remote.known(), remote.tracked(), remote.fetch(HEAD)) == (
            Seen("", ""),
            "",
            "",
            "",
        )
        first = made(commits)
        assert remote.push(first, Seen("", "")) == ("done", None)
        assert remote.look() == Seen(first, first)
        second = made(commits, first)
        assert remote.push(second, Seen("", "")) == ("lost", None)
        assert remote.push(second, Seen(first, "")) == ("lost", None)
        assert remote.look() == Seen(first, first)
        assert remote.push(second, Seen(first, first)) == ("done", None)
        assert remote.fetch(HEAD) == second
        assert git(work, "rev-parse", remote.incoming) == second
        git(origin, "update-ref", HEAD, first)
        assert remote.look() == Seen(first, second)
        assert (remote.look().fits, Seen("a", "a").fits) == (False, True)
        assert (remote.fetch(HEAD), remote.fetch(ANCHOR)) == (first, second)

    def test_what_was_seen_is_remembered_with_its_moment(
        self, work: Path, commits: Commits, remote: Remote
    ) -> None:
        first = made(commits)
        remote.push(first, Seen("", ""))
        remote.fetch(HEAD)
        assert (remote.known(), remote.fetched_at(first)) == ("", None)
        remote.remember(first, AT)
        assert (remote.known(), remote.fetched_at(first), remote.fetched_at("f" * 40)) == (first, AT, None)
        assert git(work, "for-each-ref", "--format=%(refname)", "refs/byline") == remote.fetched
        remote.remember(first, AT + timedelta(hours=1))
        assert remote.fetched_at(first) == AT + timedelta(hours=1)
        memory = remote.own_file("json")
        assert json.loads(memory.read_text()) == {"commit": first, "read": "2026-11-24T11:00:00+00:00"}
        for data in ("{", "[]", "{}", '{"commit": "%s", "read": "x"}' % first):  # noqa: UP031
            memory.write_text(data)
            assert remote.fetched_at(first) is None
        git(work, "update-ref", f"refs/remotes/origin/{BRANCH}", first)
        assert remote.tracked() == first

    def test_a_rule_that_says_no_changed_nothing(
        self, origin: Path, commits: Commits, remote: Remote
    ) -> None:
        hook = origin / "hooks" / "pre-receive"
        hook.write_text("#!/bin/sh\necho 'only on Tuesdays' >&2; exit 1\n")
        hook.chmod(0o755)
        outcome, error = remote.push(made(commits), Seen("", ""))
        assert outcome == "lost"
        assert error is not None
        assert error.message.startswith(
            f"the sending history could not be written to {PLACE}: the server refuses it"
        )
        assert remote.look() == Seen("", "")

    def test_nobody_knows_what_became_of_it(
        self, origin: Path, tmp_path: Path, commits: Commits, remote: Remote
    ) -> None:
        first = made(commits)
        origin.rename(tmp_path / "away.git")
        outcome, error = remote.push(first, Seen("", ""))
        assert outcome == "unclear"
        assert error is not None
        assert error.message.startswith(f"the sending history could not be written to {PLACE}: ")
        for call in (remote.look, lambda: remote.fetch(HEAD)):
            with pytest.raises(LedgerError) as gone:
                call()
            assert gone.value.message.startswith(f"the sending history could not be read from {PLACE}: ")

    def test_another_server_may_be_named(self, work: Path, tmp_path: Path, commits: Commits) -> None:
        other = tmp_path / "other.git"
        subprocess.run(["git", "init", "-q", "--bare", str(other)], check=True)
        remote = Remote(Git(work), work, branch=BRANCH, url=f"file://{other}")
        first = made(commits)
        assert remote.push(first, Seen("", "")) == ("done", None)
        assert (remote.look(), remote.fetch(ANCHOR)) == (Seen(first, first), first)
        assert git(other, "rev-parse", HEAD) == first
        assert Remote(Git(work), work, branch=BRANCH).look() == Seen("", "")

    def test_a_shallow_clone_stays_as_shallow_and_a_full_one_full(
        self, work: Path, origin: Path, tmp_path: Path, commits: Commits, remote: Remote
    ) -> None:
        first = made(commits)
        second = made(commits, first)
        remote.push(second, Seen("", ""))
        for depth, count in (((), "2"), (("--depth=1",), "1")):
            folder = tmp_path / f"clone{len(depth)}"
            git(tmp_path, "clone", "-q", "-b", BRANCH, *depth, f"file://{origin}", str(folder))
            other = Remote(Git(folder), folder, branch=BRANCH)
            third = made(commits, second)
            remote.push(third, remote.look())
            assert other.fetch(HEAD) == third
            assert git(folder, "rev-list", "--count", other.incoming) == ("3" if count == "2" else "1")
            remote.push(second, remote.look())
        del work

    def test_a_partial_clone_gets_all_files(
        self, origin: Path, tmp_path: Path, commits: Commits, remote: Remote
    ) -> None:
        first = made(commits)
        remote.push(first, Seen("", ""))
        git(origin, "config", "uploadpack.allowFilter", "true")
        git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
        folder = tmp_path / "partial"
        git(
            tmp_path, "clone", "-q", "-n", "-b", BRANCH, "--filter=blob:none", f"file://{origin}", str(folder)
        )
        other = Remote(Git(folder), folder, branch=BRANCH)
        assert other.fetch(HEAD) == first
        origin.rename(tmp_path / "away.git")
        own = Commits(Git(folder))
        assert own.read(own.tree(first)) == FILES


class Scripted:
    """A git that answers as it is told: a text, or an error to raise, for each command in turn."""

    def __init__(self, *answers: str | GitFailed) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, ...]] = []
        self.far: list[str] = []  # the commands that were said to reach the server

    def run(self, *arguments: str, network: bool = False, **_: Any) -> bytes:
        self.asked.append(arguments)
        if network:
            self.far.append(arguments[0])
        answer = self.answers.pop(0)
        if isinstance(answer, GitFailed):
            raise answer
        return answer.encode()

    def text(self, *arguments: str, **more: Any) -> str:
        return self.run(*arguments, **more).decode()

    def maybe(self, *_: str) -> str:
        return ""


LOCKED = GitFailed("fetch", "fatal: Unable to create '/x/shallow.lock': File exists.")


class TestTurns:
    @pytest.fixture
    def pauses(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        found: list[float] = []
        monkeypatch.setattr(remote_module.time, "sleep", found.append)
        return found

    def scripted(self, tmp_path: Path, *answers: str | GitFailed) -> tuple[Remote, Scripted]:
        fake = Scripted("common", *answers)
        (tmp_path / "common").mkdir()
        return Remote(fake, tmp_path, branch=BRANCH), fake  # type: ignore[arg-type]

    def test_somebodys_own_fetch_is_waited_for(self, tmp_path: Path, pauses: list[float]) -> None:
        remote, fake = self.scripted(tmp_path, LOCKED, LOCKED, "", "c0ffee")
        assert remote.fetch(HEAD) == "c0ffee"
        assert pauses == [0.05, 0.05]
        assert len(fake.asked) == 5

    def test_but_not_for_ever_and_not_for_anything_else(self, tmp_path: Path, pauses: list[float]) -> None:
        remote, _ = self.scripted(tmp_path, LOCKED, LOCKED, LOCKED, GitFailed("fetch", "fatal: early EOF"))
        with pytest.raises(
            LedgerError, match=r"could not be read from the branch byline-ledger of origin: .*shallow\.lock"
        ):
            remote.fetch(HEAD)
        assert pauses == [0.05, 0.05]
        with pytest.raises(LedgerError, match="no connection"):
            remote.fetch(HEAD)
        assert pauses == [0.05, 0.05]

    @pytest.mark.parametrize(
        ("said", "outcome", "told"),
        [
            ("! [rejected] x (stale info)", "lost", False), ("error: cannot lock ref 'x': is at 1 but expected 2", "lost", False),
            ("! [remote rejected] x (failed to update ref)", "lost", False), ("! [REJECTED] x (FETCH FIRST)", "lost", False),
            ("! [remote rejected] x (pre-receive hook declined)", "lost", True),
            ("fatal: the remote end hung up unexpectedly", "unclear", True), ("fatal: The requested URL returned error: 502", "unclear", True),
        ],
    )  # fmt: skip
    def test_what_became_of_a_push(self, tmp_path: Path, said: str, outcome: str, told: bool) -> None:
        remote, _ = self.scripted(tmp_path, GitFailed("push", said))
        found, error = remote.push("c0ffee", Seen("a", "b"))
        assert (found, error is not None) == (outcome, told)
        if error is not None:
            assert error.message.startswith(f"the sending history could not be written to {PLACE}: ")

    def test_what_reaches_the_server_is_called_so(self, tmp_path: Path) -> None:
        """Such a command has longer, and signs in without asking anybody."""
        remote, fake = self.scripted(tmp_path, "", "", "c0ffee", "?b10b\nb10c", "", "")
        remote._partial = True
        remote.look()
        remote.fetch(HEAD)
        remote.push("c0ffee", Seen("", ""))
        assert fake.far == ["ls-remote", "fetch", "fetch", "push"]
        assert fake.answers == []

    def test_a_folder_of_somebody_else(self, tmp_path: Path) -> None:
        fake = Scripted(GitFailed("rev-parse", "fatal: detected dubious ownership in repository at '/x'"))
        with pytest.raises(LedgerError, match="git does not trust this folder"):
            Remote(fake, tmp_path, branch=BRANCH)  # type: ignore[arg-type]

    def test_runs_on_one_machine_take_turns(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        remote, _ = self.scripted(tmp_path, "", "c0ffee")
        moments = [datetime(2026, 1, 1, tzinfo=UTC).timestamp()]
        pauses: list[float] = []
        other = (tmp_path / "common" / "byline.lock").open("ab")
        fcntl.flock(other, fcntl.LOCK_EX)

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            moments.append(moments[-1] + 40)
            if len(pauses) == 3:
                other.close()

        monkeypatch.setattr(remote_module.time, "sleep", sleep)
        monkeypatch.setattr(remote_module.time, "monotonic", lambda: moments[-1])
        assert remote.fetch(HEAD) == "c0ffee"
        assert pauses == [0.02] * 3
        with (tmp_path / "common" / "byline.lock").open("ab") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            pauses[:] = [0.0] * 5
            with pytest.raises(LedgerError) as busy:
                remote.fetch(HEAD)
        assert (busy.value.message, busy.value.hint) == (
            "another run holds this repository for too long", "run it again later"
        )  # fmt: skip
        assert pauses[5:] == [0.02] * 4  # 150 seconds, by this clock

    def test_a_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        remote, _ = self.scripted(tmp_path)
        (tmp_path / "common" / "byline.lock").mkdir()
        with pytest.raises(LedgerError) as refused:
            remote.fetch(HEAD)
        assert (
            refused.value.message == f"the repository in {tmp_path}/common cannot be written: Is a directory"
        )
        assert refused.value.hint == "make the folder writable"
        remote.remember("c0ffee", AT)  # best effort
