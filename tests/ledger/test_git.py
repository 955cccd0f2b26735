"""The git store against a real bare repository: the contract, and everything that a server, a runner or a person does."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from byline.errors import ClaimHeld, LedgerError, LedgerUntrusted, UsageError
from byline.ledger.base import Note, Record, replay
from byline.ledger.checking import judged
from byline.ledger.git import GitLedger, Remote, files
from byline.ledger.git.command import Git
from byline.ledger.git.commits import Commits
from byline.ledger.git.files import Page
from byline.ledger.git.mending import inspect, restore
from byline.testing.ledger_contract import AT, INTENT, REQUESTS, LedgerContract, event, receipt
from byline.times import FixedClock
from repos import ANCHOR, BARE_MACHINE, BRANCH, HEAD, clone, git, make_origin, refs

FETCHED = f"refs/byline/fetched/{BRANCH}"
FILE = f"posts/{hashlib.sha256(b'hp7').hexdigest()[:2]}/hp7.jsonl"


@pytest.fixture(autouse=True)
def _bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in BARE_MACHINE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("EMAIL", raising=False)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return make_origin(tmp_path)


@pytest.fixture
def work(origin: Path, tmp_path: Path) -> Path:
    """What a runner has: one commit of main, and no branch checked out."""
    folder = clone(origin, tmp_path / "work", "--depth=1")
    git(folder, "checkout", "-q", "--detach")
    return folder


def opened(folder: Path, *, offline: bool = False, url: str = "", network: float = 60) -> GitLedger:
    remote = Remote(Git(folder, network=network), folder, branch=BRANCH, url=url)
    return GitLedger(
        remote,
        site="https://acme.example/",
        clock=FixedClock(AT),
        offline=offline,
        chance=random.Random(7).random,
    )


def sent(ledger: GitLedger, *, post: str = "hp7", quick: bool = False) -> Record:
    """One delivery, from nothing to out; `quick` in one push."""
    intent = replace(INTENT, id=f"{post}.linkedin.company", post=post)
    (record,) = ledger.write(replace(event("claimed", intent=intent), id=intent.id), lazy=quick)
    for kind, more in (
        ("prepared", {"requests": REQUESTS[:1]}),
        ("part", {"part": 0, "receipt": receipt()}),
        ("sent", {}),
    ):
        (record,) = ledger.write(
            replace(event(kind, record, **more), id=intent.id), lazy=quick or kind == "sent"
        )
    return record


def settings_of(folder: Path) -> tuple[str, str, str]:
    """What must not change in a checkout: its status, its index byte by byte, and where its HEAD is."""
    index = Path(git(folder, "rev-parse", "--git-path", "index"))
    return (
        git(folder, "status", "--porcelain", "-z"),
        (folder / index).read_bytes().hex(),
        git(folder, "rev-parse", "HEAD"),
    )


class TestContract(LedgerContract):
    """One clone on one machine."""

    @pytest.fixture
    def store(self, work: Path) -> Callable[[], GitLedger]:
        return lambda: opened(work)


class TestContractOverSeveralClones(LedgerContract):
    """A clone for each handle: runners that share nothing but the server."""

    @pytest.fixture
    def store(self, origin: Path, tmp_path: Path) -> Callable[[], GitLedger]:
        numbers = iter(range(100))
        folders = [clone(origin, tmp_path / f"runner-{number}", "--depth=1") for number in range(8)]
        return lambda: opened(folders[next(numbers) % 8])


def test_branch_and_anchor_move_together_and_hold_readable_lines(origin: Path, work: Path) -> None:
    ledger = opened(work)
    sent(ledger)
    ledger.baseline({"twitter.acme": AT, "linkedin.company": AT})
    ledger.close()

    assert refs(origin)[HEAD] == refs(origin)[ANCHOR]
    assert "refs/byline/fetched/byline-ledger" not in refs(origin)
    assert git(origin, "ls-tree", "-r", "--name-only", BRANCH).split() == [
        "README.md", "accounts.json", "byline-ledger.json", FILE
    ]  # fmt: skip
    rows = [json.loads(line) for line in git(origin, "show", f"{BRANCH}:{FILE}").splitlines()]
    assert [row["kind"] for row in rows] == ["claimed", "prepared", "part", "sent"]
    assert json.loads(git(origin, "show", f"{BRANCH}:byline-ledger.json"))["serial"] == 4
    # One line more for each event, and nothing else of the post's file touched.
    assert git(origin, "diff", "--numstat", f"{BRANCH}~1", BRANCH, "--", FILE) == f"1\t0\t{FILE}"
    assert "hp7.linkedin.company: claimed [skip ci]" in git(origin, "log", "--format=%s", BRANCH)
    assert git(origin, "log", "-1", "--format=%an <%ae>", BRANCH) == "Byline <byline@localhost>"
    assert git(origin, "rev-parse", "main") == git(work, "rev-parse", "HEAD")


def test_a_checkout_is_left_exactly_as_it_was(origin: Path, work: Path) -> None:
    (work / "README.md").write_text("changed by hand\n")
    (work / "new.md").write_text("not added\n")
    (work / "staged.md").write_text("added\n")
    git(work, "add", "staged.md")
    before, own = settings_of(work), refs(work)

    ledger = opened(work)
    sent(ledger)
    ledger.close()
    opened(work).close()

    assert settings_of(work) == before
    assert (work / "README.md").read_text() == "changed by hand\n"
    after = refs(work)
    assert {name: commit for name, commit in after.items() if not name.startswith("refs/byline/")} == own
    assert set(after) - set(own) == {FETCHED}
    assert git(work, "for-each-ref", "refs/heads", "refs/tags") == git(
        work, "for-each-ref", "refs/heads", "refs/tags"
    )
    assert not git(work, "stash", "list")
    del origin


def test_a_full_clone_stays_full(origin: Path, work: Path, tmp_path: Path) -> None:
    first = opened(work)
    sent(first)
    first.close()
    full = clone(origin, tmp_path / "full")
    opened(full).close()
    assert git(full, "rev-parse", "--is-shallow-repository") == "false"
    assert git(full, "rev-list", "--count", "HEAD") == "3"


def test_a_shallow_clone_fetches_one_commit_and_keeps_its_own_depth(
    origin: Path, work: Path, tmp_path: Path
) -> None:
    first = opened(work)
    for post in ("aaa", "bbb", "ccc"):
        sent(first, post=post)
    first.close()
    shallow = clone(origin, tmp_path / "shallow", "--depth=2")
    ledger = opened(shallow)
    assert len(ledger.snapshot().records) == 3
    assert git(shallow, "rev-list", "--count", FETCHED) == "1"
    assert git(shallow, "rev-list", "--count", "HEAD") == "2"
    sent(ledger)
    ledger.close()
    assert len(opened(work).snapshot().records) == 4


def test_a_partial_clone_reads_without_asking_the_server_again(
    origin: Path, work: Path, tmp_path: Path
) -> None:
    git(origin, "config", "uploadpack.allowFilter", "true")
    ledger = opened(work)
    sent(ledger)
    ledger.close()
    partial = clone(origin, tmp_path / "partial", "--filter=blob:none")
    opened(partial).close()
    origin.rename(tmp_path / "away.git")
    assert opened(partial, offline=True).snapshot().records["hp7.linkedin.company"].state == "sent"


def test_it_works_in_a_subfolder_a_work_tree_and_under_somebody_elses_variables(
    origin: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(work, "worktree", "add", "-q", str(tmp_path / "tree"), "HEAD")
    folder = tmp_path / "tree" / "site"
    folder.mkdir()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index-of-someone"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    ledger = opened(folder)
    sent(ledger)
    ledger.close()
    assert not (tmp_path / "index-of-someone").exists()
    monkeypatch.undo()
    assert HEAD in refs(origin)


def test_hooks_of_the_checkout_do_not_run(origin: Path, work: Path, tmp_path: Path) -> None:
    for name in ("pre-push", "reference-transaction", "post-index-change", "pre-commit", "commit-msg"):
        hook = work / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\nexit 1\n")
        hook.chmod(0o755)
    ledger = opened(work)
    sent(ledger)
    ledger.close()
    assert not (tmp_path / "ran").exists()
    assert HEAD in refs(origin)


def test_settlements_wait_for_the_next_push(origin: Path, work: Path) -> None:
    ledger = opened(work)
    sent(ledger)
    waiting = refs(origin)[HEAD]
    assert ledger.get(INTENT.id).state == "sent"  # type: ignore[union-attr]
    assert ledger.snapshot().records[INTENT.id].state == "sent"
    assert [item.kind for item in ledger.history()] == ["claimed", "prepared", "part", "sent"]
    assert opened(work).snapshot().records[INTENT.id].state == "sending"
    sent(ledger, post="other")
    assert refs(origin)[HEAD] != waiting
    assert opened(work).snapshot().records[INTENT.id].state == "sent"
    ledger.flush()
    tip = refs(origin)[HEAD]
    ledger.flush()
    ledger.close()
    assert refs(origin)[HEAD] == tip  # nothing waited: nothing was pushed


def test_what_another_run_settled_meanwhile_stays(origin: Path, work: Path, tmp_path: Path) -> None:
    one = opened(work)
    (record,) = one.write(event("claimed"))
    (record,) = one.write(event("prepared", record, requests=REQUESTS[:1]))
    one.write(event("released", record, reason="ours, waiting"), lazy=True)
    two = opened(clone(origin, tmp_path / "two", "--depth=1"))
    two.write(event("unknown", two.get(INTENT.id), reason="theirs"))
    one.flush()
    found = one.get(INTENT.id)
    assert found is not None
    assert (found.state, found.reason) == ("unknown", "theirs")
    assert replay(one.history()) == one.snapshot().records
    one.close()
    two.close()


RUNNER = """
import random, sys
from pathlib import Path
from dataclasses import replace
from byline.errors import ClaimHeld
from byline.ledger.git import GitLedger, Remote, files
from byline.ledger.git.command import Git
from byline.testing.ledger_contract import INTENT, REQUESTS, event, receipt
from byline.times import SystemClock
folder, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ledger = GitLedger(Remote(Git(folder), folder, branch="byline-ledger"), site="s", clock=SystemClock(),
                   chance=random.Random(name).random)
sys.stdout.write("ready\\n"); sys.stdout.flush(); sys.stdin.readline()
won = []
for number in range(count):
    post = f"post{number}"
    intent = replace(INTENT, id=f"{post}.linkedin.company", post=post)
    try:
        (record,) = ledger.write(replace(event("claimed", ledger.get(intent.id), intent=intent), id=intent.id, run=name))
        (record,) = ledger.write(replace(event("prepared", record, requests=REQUESTS[:1]), id=intent.id, run=name))
        (record,) = ledger.write(replace(event("part", record, part=0, receipt=receipt()), id=intent.id, run=name))
        ledger.write(replace(event("sent", record), id=intent.id, run=name), lazy=True)
        won.append(post)
    except ClaimHeld:
        pass
ledger.close()
sys.stdout.write(" ".join(won) + "\\n")
"""


@pytest.mark.parametrize("shared", [False, True], ids=["a clone each", "one clone for all"])
def test_four_runners_at_once_claim_each_delivery_once(origin: Path, tmp_path: Path, shared: bool) -> None:
    folders = [
        clone(origin, tmp_path / f"runner-{number}", "--depth=1")
        if not shared or number == 0
        else tmp_path / "runner-0"
        for number in range(4)
    ]
    runners = [
        subprocess.Popen(
            [sys.executable, "-c", RUNNER, str(folder), f"run-{number}", "5"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for number, folder in enumerate(folders)
    ]  # fmt: skip
    for runner in runners:
        assert runner.stdout is not None
        assert runner.stdout.readline() == "ready\n"
    for runner in runners:
        assert runner.stdin is not None
        runner.stdin.write("\n")
        runner.stdin.flush()
    won: list[str] = []
    for runner in runners:
        out, err = runner.communicate(timeout=120)
        assert runner.returncode == 0, err
        won.extend(out.split())
    assert sorted(won) == [f"post{number}" for number in range(5)]
    ledger = opened(folders[0])
    records = ledger.snapshot().records
    assert {record.state for record in records.values()} == {"sent"}
    assert {record.attempts for record in records.values()} == {1}
    assert replay(ledger.history()) == records
    assert judged("", ledger.raw()).defects == ()
    serial = json.loads(git(origin, "show", f"{BRANCH}:byline-ledger.json"))["serial"]
    assert serial == int(git(origin, "rev-list", "--count", BRANCH))  # no push was lost under another one
    ledger.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from byline.ledger.git import GitLedger, Remote, files
from byline.ledger.git.command import Git
from byline.testing.ledger_contract import AT, event
from byline.times import FixedClock
folder = Path(sys.argv[1])
remote = Remote(Git(folder), folder, branch="byline-ledger")
ledger = GitLedger(remote, site="s", clock=FixedClock(AT))
push = remote.push
def killed(*arguments):
    if sys.argv[2] == "after":
        push(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
remote.push = killed
ledger.write(event("claimed"))
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_around_the_push(origin: Path, work: Path, when: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(work), when], check=False, capture_output=True, timeout=60
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    ledger = opened(work)
    if when == "before":
        assert ledger.get(INTENT.id) is None
        ledger.write(event("claimed"))
    else:
        with pytest.raises(ClaimHeld):
            ledger.write(event("claimed"))
    assert len(ledger.history()) == 1
    ledger.close()
    del origin


def test_a_push_whose_answer_was_lost_is_found(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = opened(work)
    push = ledger._remote.push

    def lost(*arguments: object) -> object:
        push(*arguments)  # type: ignore[arg-type]
        return "unclear", LedgerError("the connection was lost")

    monkeypatch.setattr(ledger._remote, "push", lost)
    (record,) = ledger.write(event("claimed"))
    assert record.state == "sending"
    assert len(ledger.history()) == 1
    ledger.close()


def test_a_push_whose_answer_was_lost_and_that_others_built_on_is_found(
    origin: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, other = opened(work), opened(clone(origin, tmp_path / "two", "--depth=1"))
    push = ledger._remote.push
    calls: list[str] = []

    def lost(*arguments: object) -> object:
        outcome = push(*arguments)  # type: ignore[arg-type]
        if not calls:
            calls.append("lost")
            sent(other, post="other")
            return "unclear", LedgerError("the connection was lost")
        return outcome

    monkeypatch.setattr(ledger._remote, "push", lost)
    (record,) = ledger.write(event("claimed"))
    assert (record.state, record.run, record.version) == ("sending", "run-a", 1)
    (record,) = ledger.write(event("prepared", record, requests=REQUESTS))
    assert [item.kind for item in ledger.history(INTENT.id)] == ["claimed", "prepared"]
    ledger.close()
    other.close()


def test_a_push_that_nobody_knows_about_is_an_error(origin: Path, work: Path, tmp_path: Path) -> None:
    ledger = opened(work)
    sent(ledger)
    ledger.flush()
    origin.rename(tmp_path / "away.git")
    with pytest.raises(LedgerError) as caught:
        ledger.write(
            replace(
                event("claimed"),
                id="other.linkedin.company",
                intent=replace(INTENT, id="other.linkedin.company"),
            )
        )
    assert not isinstance(caught.value, ClaimHeld)
    ledger.close()


def test_offline_reads_what_was_last_fetched_and_tells_its_age(
    origin: Path, work: Path, tmp_path: Path
) -> None:
    ledger = opened(work)
    sent(ledger)
    ledger.close()
    origin.rename(tmp_path / "away.git")
    reader = opened(work, offline=True)
    assert reader.snapshot().records[INTENT.id].state == "sent"
    assert reader.info.read == AT
    assert reader.info.written == AT
    with pytest.raises(LedgerError, match="reading alone"):
        reader.write(event("claimed"))
    with pytest.raises(LedgerError, match="reading alone"):
        reader.write(event("claimed"), lazy=True)
    never = opened(tmp_path / "first", offline=True)
    assert never.snapshot().empty


def test_offline_in_an_ordinary_clone_reads_what_an_ordinary_fetch_brought(
    origin: Path, work: Path, tmp_path: Path
) -> None:
    ledger = opened(work)
    sent(ledger)
    ledger.close()
    reader = opened(clone(origin, tmp_path / "ordinary"), offline=True)
    assert reader.snapshot().records[INTENT.id].state == "sent"
    assert reader.info.read is None


def test_notes_lie_beside_in_a_file_a_day(origin: Path, work: Path) -> None:
    ledger = opened(work)
    one = Note(kind="tokens", day=date(2026, 11, 24), line='{"days":9}')
    two = Note(kind="figures", day=date(2026, 11, 25), line='{"views":"\u2028 3"}')
    ledger.note(one, two)
    assert ledger.notes() == (two, one)
    assert HEAD not in refs(origin)
    ledger.flush()
    ledger.note(replace(one, line="another"))
    ledger.close()
    other = opened(work)
    assert other.notes("tokens") == (one, replace(one, line="another"))
    assert other.notes("figures") == (two,)
    assert other.snapshot().empty
    with pytest.raises(LedgerError):
        other.note(Note(kind="../up", day=date(2026, 1, 1), line=""))
    with pytest.raises(LedgerError):
        other.note(Note(kind="tokens", day=date(2026, 1, 1), line="a\nb"))
    other.close()


# --- a history that vanished, went back in time, or was touched by others


@pytest.fixture
def history(origin: Path, work: Path) -> dict[str, str]:
    """Two posts are out; returns the refs after each."""
    ledger = opened(work)
    sent(ledger, quick=True)
    ledger.flush()
    first = refs(origin)[HEAD]
    sent(ledger, post="other", quick=True)
    ledger.close()
    return {"first": first, "last": refs(origin)[HEAD]}


@pytest.fixture
def fresh(history: dict[str, str], origin: Path, tmp_path: Path) -> Path:
    """A runner that has never seen the history."""
    del history
    return clone(origin, tmp_path / "fresh", "--depth=1", "--single-branch")


def restored(folder: Path) -> str:
    remote = Remote(Git(folder), folder, branch=BRANCH)
    commits = Commits(remote.git)
    try:
        return restore(remote, commits, FixedClock(AT))
    finally:
        commits.close()


def faults(folder: Path) -> str:
    remote = Remote(Git(folder), folder, branch=BRANCH)
    commits = Commits(remote.git)
    try:
        return "\n".join(judged(remote.place, inspect(remote, commits)).defects)
    finally:
        commits.close()


def test_a_deleted_branch_stops_everything_and_comes_back(
    origin: Path, fresh: Path, history: dict[str, str]
) -> None:
    git(origin, "update-ref", "-d", HEAD)
    with pytest.raises(LedgerUntrusted, match=r"gone.*deleted.*2 changes.*could repeat") as caught:
        opened(fresh)
    assert "publish ledger restore" in caught.value.hint
    assert "is gone" in faults(fresh)
    assert "restored from its anchor" in restored(fresh)
    assert refs(origin)[HEAD] == history["last"]
    ledger = opened(fresh)
    assert len(ledger.snapshot().records) == 2
    ledger.close()
    assert faults(fresh) == ""


def test_a_branch_that_was_put_back_stops_everything(
    origin: Path, fresh: Path, history: dict[str, str]
) -> None:
    git(origin, "update-ref", HEAD, history["first"])
    with pytest.raises(LedgerUntrusted, match=r"went back in time.*holds 1 of 2 changes"):
        opened(fresh)
    assert "does not fit to its anchor" in faults(fresh)
    assert "restored" in restored(fresh)
    opened(fresh).close()


def test_a_run_that_is_under_way_notices_it_too(origin: Path, work: Path, history: dict[str, str]) -> None:
    ledger = opened(work)
    git(origin, "update-ref", HEAD, history["first"])
    with pytest.raises(LedgerUntrusted, match="went back in time"):
        sent(ledger, post="third")
    assert refs(origin)[HEAD] == history["first"]
    ledger.close()


def test_a_rewritten_branch_stops_everything(origin: Path, fresh: Path, tmp_path: Path) -> None:
    someone = clone(origin, tmp_path / "someone", "-b", BRANCH)
    git(someone, "commit", "-q", "--amend", "-m", "tidied")
    git(someone, "push", "-q", "--force", "origin", BRANCH)
    with pytest.raises(LedgerUntrusted, match="changed by something other than Byline"):
        opened(fresh)
    restored(fresh)
    opened(fresh).close()


def test_a_branch_with_a_foreign_commit_stops_everything(origin: Path, fresh: Path, tmp_path: Path) -> None:
    someone = clone(origin, tmp_path / "someone", "-b", BRANCH)
    (someone / "notes.txt").write_text("hello\n")
    git(someone, "add", "-A")
    git(someone, "commit", "-q", "-m", "hello")
    git(someone, "push", "-q", "origin", BRANCH)
    with pytest.raises(LedgerUntrusted, match="changed by something other than Byline"):
        opened(fresh)
    assert "notes.txt: no file of the sending history" in faults(fresh)


def test_branch_and_anchor_put_back_together_are_noticed_where_they_were_seen(
    origin: Path, work: Path, fresh: Path, history: dict[str, str]
) -> None:
    for name in (HEAD, ANCHOR):
        git(origin, "update-ref", name, history["first"])
    with pytest.raises(LedgerUntrusted, match=r"this machine has seen 2 changes.*the server holds 1"):
        opened(work)
    opened(fresh).close()  # nothing on a throw-away runner can tell
    assert "went back in time" in faults(work)
    assert "from what this machine has seen" in restored(work)
    ledger = opened(work)
    assert len(ledger.snapshot().records) == 2
    ledger.close()


def test_a_server_made_anew_is_noticed_and_filled_from_a_shallow_clone(
    origin: Path, work: Path, tmp_path: Path, history: dict[str, str]
) -> None:
    origin.rename(tmp_path / "old.git")
    git(tmp_path, "init", "-q", "--bare", str(origin))
    with pytest.raises(LedgerUntrusted, match="no longer there") as caught:
        opened(work)
    assert FETCHED in caught.value.hint
    assert "restored from what this machine has seen" in restored(work)
    ledger = opened(work)
    assert len(ledger.snapshot().records) == 2
    sent(ledger, post="third")
    ledger.close()
    assert faults(work) == ""
    del history


def test_starting_anew_on_purpose(origin: Path, work: Path, history: dict[str, str]) -> None:
    for name in (HEAD, ANCHOR):
        git(origin, "update-ref", "-d", name)
    with pytest.raises(LedgerUntrusted, match="no longer there"):
        opened(work)
    git(work, "update-ref", "-d", FETCHED)
    ledger = opened(work)
    assert ledger.snapshot().empty
    sent(ledger)
    ledger.close()
    del history


def test_a_move_to_another_server_that_left_the_anchor_behind(origin: Path, fresh: Path) -> None:
    git(origin, "update-ref", "-d", ANCHOR)
    with pytest.raises(LedgerUntrusted, match=r"the anchor of .* is gone"):
        opened(fresh)
    assert "restored from the branch itself" in restored(fresh)
    assert refs(origin)[ANCHOR] == refs(origin)[HEAD]
    opened(fresh).close()


def test_restoring_what_is_in_order_does_nothing(origin: Path, fresh: Path) -> None:
    before = refs(origin)
    assert "nothing was done" in restored(fresh)
    assert refs(origin) == before


def test_restoring_what_never_was(work: Path) -> None:
    with pytest.raises(UsageError, match="nothing to restore"):
        restored(work)


def test_a_branch_of_that_name_that_is_something_else(origin: Path, work: Path) -> None:
    git(origin, "update-ref", HEAD, "main")
    with pytest.raises(LedgerUntrusted, match="is not a sending history") as caught:
        opened(work)
    assert "another branch" in caught.value.hint
    with pytest.raises(LedgerUntrusted, match="cannot be restored"):
        restored(work)


GARBAGE = {
    "no JSON": (FILE, lambda text: text + "what is this\n", ":5: "),
    "cut off": (FILE, lambda text: text[:-20], "cut off"),
    "a line lost": (FILE, lambda text: "".join(text.splitlines(True)[1:]), "cannot follow|must say"),
    "a line twice": (FILE, lambda text: text + text.splitlines(True)[-1], "cannot follow|left alone"),
    "an unknown event": (FILE, lambda text: text.replace('"kind":"sent"', '"kind":"dreamt"'), "no event `dreamt`"),
    "not text": (FILE, lambda text: text + "\udcff\n", "no text"),
    "of another post": (FILE, lambda text: text.replace("hp7.linkedin", "xx7.linkedin"), "does not belong"),
    "numbers as words": (FILE, lambda text: text.replace('"expected":1', '"expected":"one"'), "no number"),
    "first file gone": ("byline-ledger.json", lambda _text: None, "no byline-ledger.json|is missing"),
    "first file broken": ("byline-ledger.json", lambda _text: "[1]\n", "cannot be read"),
    "accounts broken": ("accounts.json", lambda _text: '{"a": 1}\n', "accounts.json cannot be read"),
}  # fmt: skip


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_in_the_branch_stops_everything_in_words(
    origin: Path, fresh: Path, tmp_path: Path, kind: str
) -> None:
    path, spoil, words = GARBAGE[kind]
    if path == "accounts.json":
        ledger = opened(fresh)
        ledger.baseline({"linkedin.company": AT})
        ledger.close()
    someone = clone(origin, tmp_path / "someone", "-b", BRANCH)
    spoiled = spoil((someone / path).read_text())
    if spoiled is None:
        (someone / path).unlink()
    else:
        (someone / path).write_bytes(spoiled.encode(errors="surrogateescape"))
    git(someone, "commit", "-q", "-a", "-m", "garbage")
    git(someone, "push", "-q", "origin", BRANCH, f"HEAD:{ANCHOR}")
    git(fresh, "update-ref", "-d", FETCHED)
    with pytest.raises(LedgerUntrusted, match=words) as caught:
        opened(fresh).snapshot()
    assert "publish ledger verify" in caught.value.hint
    assert faults(fresh)


def test_a_newer_form_is_refused(origin: Path, fresh: Path, tmp_path: Path) -> None:
    someone = clone(origin, tmp_path / "someone", "-b", BRANCH)
    meta = someone / "byline-ledger.json"
    meta.write_text(meta.read_text().replace('"format": 1', '"format": 99'))
    git(someone, "commit", "-q", "-a", "-m", "newer")
    git(someone, "push", "-q", "origin", BRANCH, f"HEAD:{ANCHOR}")
    with pytest.raises(LedgerError, match="form 99") as caught:
        opened(fresh)
    assert not isinstance(caught.value, LedgerUntrusted)


# --- servers that are not there or say no


def hook(origin: Path, name: str, text: str) -> None:
    path = origin / "hooks" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_server_that_is_not_there(work: Path) -> None:
    git(work, "remote", "set-url", "origin", "http://127.0.0.1:9/acme/site.git")
    with pytest.raises(LedgerError, match="no connection") as caught:
        opened(work)
    assert not isinstance(caught.value, LedgerUntrusted)


def test_a_repository_that_is_not_there(work: Path, tmp_path: Path) -> None:
    git(work, "remote", "set-url", "origin", f"file://{tmp_path}/nothing.git")
    with pytest.raises(LedgerError, match="not there"):
        opened(work)


def test_an_address_with_a_token_never_shows_it(work: Path) -> None:
    address = "http://bot:s3cr3t-t0ken@127.0.0.1:9/acme/site.git"
    git(work, "remote", "set-url", "origin", address)
    with pytest.raises(LedgerError) as caught:
        opened(work)
    assert "s3cr3t" not in caught.value.message + caught.value.hint
    with pytest.raises(LedgerError) as caught:
        opened(work, url=address)
    assert "s3cr3t" not in caught.value.message + caught.value.hint


def test_a_rule_on_the_server_that_says_no(origin: Path, work: Path) -> None:
    hook(origin, "pre-receive", "echo 'only on Tuesdays' >&2; exit 1")
    ledger = opened(work)
    with pytest.raises(LedgerError, match=r"refuses it.*only on Tuesdays") as caught:
        ledger.write(event("claimed"))
    assert "refs/byline/" in caught.value.hint
    assert not isinstance(caught.value, ClaimHeld)
    assert ledger.get(INTENT.id) is None
    assert HEAD not in refs(origin)
    ledger.close()


def test_a_rule_against_the_anchor_alone_leaves_neither(origin: Path, work: Path) -> None:
    hook(origin, "update", 'case "$1" in refs/byline/*) exit 1;; esac')
    ledger = opened(work)
    with pytest.raises(LedgerError, match="refuses it"):
        ledger.write(event("claimed"))
    assert HEAD not in refs(origin)
    ledger.close()


def test_settlements_that_cannot_be_written_are_told_once(origin: Path, work: Path) -> None:
    ledger = opened(work)
    sent(ledger)
    hook(origin, "pre-receive", "exit 1")
    with pytest.raises(LedgerError, match="refuses it"):
        ledger.flush()
    ledger.close()  # it has been told


def test_a_close_that_cannot_write_tells_it(origin: Path, work: Path) -> None:
    ledger = opened(work)
    sent(ledger)
    hook(origin, "pre-receive", "exit 1")
    with pytest.raises(LedgerError, match="refuses it"):
        ledger.close()


@pytest.mark.parametrize(
    ("said", "words", "hint"),
    [
        ("remote: Permission to acme/site.git denied to github-actions[bot].\nfatal: unable to access 'https://x/': The requested URL returned error: 403",
         "no right to push", "contents: write"),
        ("remote: Write access to repository not granted.\nfatal: unable to access: The requested URL returned error: 403",
         "no right to push", "contents: write"),
        ("ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote repository.",
         "no right to push", "may push"),
        ("remote: error: GH006: Protected branch update failed for refs/heads/byline-ledger.\n ! [remote rejected] (protected branch hook declined)",
         "refuses it", "rule"),
        ("fatal: could not read Username for 'https://x': terminal prompts disabled", "could not sign in", "persist-credentials"),
        ("git@host: Permission denied (publickey).\nfatal: Could not read from remote repository.", "could not sign in", "git push"),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", "no connection", "again"),
        ("fatal: the remote end hung up unexpectedly", "no connection", "again"),
        ("fatal: the receiving end does not support --atomic push", "two refs at once", "https"),
        ("fatal: detected dubious ownership in repository at '/site'", "does not trust", "safe.directory"),
        ("fatal: write error: No space left on device", "No space left", "room"),
        ("remote: Repository not found.", "not there", "git remote -v"),
    ],
)  # fmt: skip
def test_what_hosts_say_becomes_what_to_do(said: str, words: str, hint: str) -> None:
    from byline.ledger.git.command import GitFailed, explained

    error = explained(GitFailed("push", said), "the branch x of origin", writing=True)
    assert words in error.message
    assert hint in error.hint


def test_a_server_that_never_answers_is_given_up(work: Path, tmp_path: Path) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nsleep 600\n")
    silent.chmod(0o755)
    git(work, "config", "remote.origin.uploadpack", str(silent))
    with pytest.raises(LedgerError, match=r"no answer within 0\.3 seconds"):
        opened(work, network=0.3)


def test_a_read_only_repository_says_so(work: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ledger = opened(work)
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "ignored")
    objects = work / ".git" / "objects"
    objects.rename(tmp_path / "objects")
    objects.write_text("not a folder")
    with pytest.raises(LedgerError, match=r"could not be written|not a git repository"):
        ledger.write(event("claimed"))
    objects.unlink()
    (tmp_path / "objects").rename(objects)
    ledger.close()


def test_outside_a_repository_it_says_what_it_needs(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with pytest.raises(UsageError, match="needs a git repository") as caught:
        opened(outside)
    assert "sqlite" in caught.value.hint


def test_without_git_it_says_what_it_needs(
    work: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="program git"):
        opened(work)


def test_another_repository_may_keep_it(origin: Path, work: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.git"
    git(tmp_path, "init", "-q", "--bare", str(other))
    ledger = opened(work, url=f"file://{other}")
    sent(ledger)
    ledger.close()
    assert HEAD in refs(other)
    assert HEAD not in refs(origin)
    opened(work).close()  # what was seen there is not held against origin


def test_many_pauses_grow_and_end(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FixedClock(AT)
    ledger = GitLedger(Remote(Git(work), work, branch=BRANCH), site="s", clock=clock, chance=lambda: 1.0)
    monkeypatch.setattr(ledger._remote, "push", lambda *_: ("lost", None))
    with pytest.raises(LedgerError, match="other runs were first"):
        ledger.write(event("claimed"))
    assert clock.slept[:4] == [0.1, 0.2, 0.4, 0.8]
    assert max(clock.slept) == 4.0
    assert clock.now() - AT < timedelta(minutes=2)
    ledger.close()


def test_nothing_is_left_in_the_folder_of_temporary_files(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    ledger = opened(work)
    sent(ledger)
    assert list(folder.iterdir())
    ledger.close()
    assert not list(folder.iterdir())
    assert os.environ["HOME"]


# --- many deliveries


def test_what_was_judged_before_is_not_replayed(
    origin: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = opened(work)
    for number in range(60):
        sent(ledger, post=f"post{number}", quick=True)
    expected = ledger.snapshot().records
    ledger.close()
    again = opened(work)
    again.snapshot()
    again.close()
    replayed: list[str] = []
    load_page = files.load_page

    def counted(path: str, content: bytes, place: str) -> Page:
        replayed.append(path)
        return load_page(path, content, place)

    monkeypatch.setattr(files, "load_page", counted)
    reader = opened(work, offline=True)
    assert reader.snapshot().records == expected
    assert replayed == []
    assert len(reader.history()) == 240  # the events are read when they are asked for
    assert len(replayed) == 60
    writer = opened(work)
    (record,) = writer.write(
        replace(event("retracted", expected["post7.linkedin.company"]), id="post7.linkedin.company")
    )
    assert writer.snapshot().records == expected | {record.id: record}
    writer.close()
    fresh = opened(work, offline=True)
    assert fresh.snapshot().records == expected | {record.id: record}
    (cache,) = (work / ".git" / "byline").glob("*.records")
    cache.write_text("rubbish\n")
    assert opened(work, offline=True).snapshot().records == expected | {record.id: record}
    del origin


def test_a_push_writes_only_what_it_touches(origin: Path, work: Path) -> None:
    ledger = opened(work)
    for number in range(300):
        sent(ledger, post=f"post{number}", quick=True)
    ledger.flush()
    before = int(git(origin, "count-objects").split()[0])
    ledger.write(event("claimed"))
    # One post's file, the first file, the tree of the post's folder, of all folders, of the branch, and the commit.
    assert int(git(origin, "count-objects").split()[0]) - before == 6
    ledger.close()
