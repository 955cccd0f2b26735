"""What git and the hosts say, in plain words with what to do; how git is called, by a program that stands in for it."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from byline.errors import LedgerError, UsageError
from byline.ledger.git import command
from byline.ledger.git.command import Git, GitFailed, explained, redacted

SIGN_IN = (
    "give this checkout the right to read and push: in CI, keep the credentials of the checkout step "
    "(actions/checkout with `persist-credentials: true`); on your machine, `git push` must work"
)
RULE = (
    "a rule or hook on the server stands in the way: let it accept pushes to the branch of the sending history and to "
    "refs/byline/ (GitHub: Settings, Rules; GitLab: Settings, Repository, Push rules)"
)
RIGHT = (
    "in GitHub Actions give the job `permissions: contents: write` (and allow it under Settings, Actions, Workflow "
    "permissions); elsewhere use a token or key that may push"
)
LINE = "nothing more was sent; run it again when the connection is back"
ADDRESS = "`git remote -v` shows the address; `ledger: {store: git, url: ...}` names another one"
# What was said, is it a push, what a person reads after the start of the sentence, what to do.
SAID = [
    ("fatal: write error: No space left on device", True, ": {}", "make room on the disk, or make the folder writable"),
    ("error: cannot lock: Read-only file system", False, ": {}", "make room on the disk, or make the folder writable"),
    ("fatal: Authentication failed for 'https://x'", True, ": git could not sign in ({})", SIGN_IN),
    ("Host key verification failed.", False, ": git could not sign in ({})", SIGN_IN),
    ("! [remote rejected] x (pre-receive hook declined)", True, ": the server refuses it ({})", RULE),
    ("error: push rule violation", True, ": the server refuses it ({})", RULE),
    ("error: GH013: blocked", True, ": the server refuses it ({})", RULE),
    ("error: GH013: blocked", False, ": {}", "`git fetch` and `git push` in this folder must work"),
    ("ssh: marked as read only.", True, ": there is no right to push ({})", RIGHT),
    ("error: read-only mirror", False, ": {}", "`git fetch` and `git push` in this folder must work"),
    ("fatal: The requested URL returned error: 403", False, ": there is no right to push ({})", RIGHT),
    ("fatal: the receiving end does not support --atomic push", True, ": the server cannot change two refs at once ({})",
     "push over https or ssh; or keep the history elsewhere with `ledger: postgresql`"),
    ("fatal: Could not resolve host: x", False, ": no connection ({})", LINE),
    ("fatal: The requested URL returned error: 502", True, ": no connection ({})", LINE),
    ("fatal: repository 'x' not found", False, ": it is not there ({})", ADDRESS),
    ("fatal: something new", True, ": {}", "`git fetch` and `git push` in this folder must work"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "writing", "words", "hint"), SAID)
def test_what_is_said_becomes_what_to_do(said: str, writing: bool, words: str, hint: str) -> None:
    error = explained(GitFailed("push", said), "the branch x", writing=writing)
    verb = "written to" if writing else "read from"
    assert error.message == f"the sending history could not be {verb} the branch x{words.format(said)}"
    assert error.hint == hint
    assert type(error) is LedgerError


def test_a_folder_of_somebody_else() -> None:
    said = "fatal: detected dubious ownership in repository at '/site'"
    error = explained(GitFailed("push", said), "the branch x", writing=True)
    assert error.message == f"git does not trust this folder, since it belongs to another user: {said}"
    assert error.hint == 'git config --global --add safe.directory "$PWD"'


def test_a_call_that_took_too_long_is_a_bad_connection() -> None:
    error = explained(GitFailed("push", "quiet", late=True), "x", writing=False)
    assert error.message == "the sending history could not be read from x: no connection (quiet)"
    assert not GitFailed("push", "").late


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("hint: try\nremote:\nremote:  a   b \nfatal: c", "remote: a b; fatal: c"),
        ("error: 1\nerror: 2\nerror: 3\nerror: 4\nerror: 5", "error: 2; error: 3; error: 4; error: 5"),
        ("error: 1\nerror: 1\nssh: 2\n! 3\nfatal:", "error: 1; ssh: 2; ! 3"),
        ("one\n\n  two  \nthree\nfour\nfive", "two; three; four; five"),
        ("", "no reason given"),
    ],
)
def test_the_lines_that_tell_why(said: str, told: str) -> None:
    assert command._quoted(said) == told


def test_no_password_is_shown() -> None:
    assert (
        redacted("to https://bot:s3cret@host/x and ssh://me@host, mail a@b")
        == "to https://host/x and ssh://host, mail a@b"
    )


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named git that writes down its words, its surroundings and its input, and does as `act` says."""
    (tmp_path / "bin").mkdir()
    file = tmp_path / "bin" / "git"
    file.write_text(
        '#!/bin/sh\ncd "$(dirname "$0")"\nprintf "%s\\n" "$@" >> words\necho -- >> words\nenv > env\n'
        'case "$*" in *"config core.sshCommand"*) cat ssh 2>/dev/null; exit;; esac\ncat > input\n. ./act\n'
    )
    file.chmod(0o755)
    (tmp_path / "bin" / "act").write_text("")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return tmp_path / "bin"


def surroundings(program: Path) -> dict[str, str]:
    rows = (program / "env").read_text().splitlines()
    return dict(row.split("=", 1) for row in rows if "=" in row)


def alive(stat: Path) -> bool:
    """Is the process of this file at work? One that nobody looked after yet is not."""
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class TestCalls:
    def test_nothing_of_the_machine_leaks_in(
        self, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_TRACE", "GIT_NAMESPACE"):
            monkeypatch.setenv(name, "foreign")
        monkeypatch.setenv("MINE", "kept")
        monkeypatch.delenv("GIT_SSH_COMMAND", raising=False)
        Git(tmp_path).run("fetch", "origin", data=b"in", surroundings={"GIT_INDEX_FILE": "own"})
        words = (program / "words").read_text().splitlines()
        assert words[-3:] == ["fetch", "origin", "--"]
        assert words[: 2 * len(command._OPTIONS)] == [
            part for option in command._OPTIONS for part in ("-c", option)
        ]
        assert len(words) == 2 * len(command._OPTIONS) + 3
        assert (program / "input").read_text() == "in"
        seen = surroundings(program)
        assert seen | {
            "GIT_INDEX_FILE": "own", "GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never", "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C", "LANGUAGE": "", "MINE": "kept",
        } == seen  # fmt: skip
        assert "foreign" not in seen.values()
        assert "GIT_SSH_COMMAND" not in seen  # nothing leaves the machine here

    @pytest.mark.parametrize(
        ("variables", "setting", "used"),
        [
            ({}, "", "ssh -oBatchMode=yes -oConnectTimeout=20"), ({}, "myssh", None),
            ({"GIT_SSH_COMMAND": "own"}, "", "own"), ({"GIT_SSH": "own"}, "", None),
        ],
    )  # fmt: skip
    def test_ssh_asks_nobody_unless_one_was_chosen(
        self, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], setting: str,
        used: str | None,
    ) -> None:  # fmt: skip
        for name in ("GIT_SSH_COMMAND", "GIT_SSH"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        (program / "ssh").write_text(setting)
        git = Git(tmp_path)
        git.run("fetch", network=True)
        assert surroundings(program).get("GIT_SSH_COMMAND") == used
        (program / "env").unlink()
        git.text("fetch", network=True)
        assert surroundings(program).get("GIT_SSH_COMMAND") == used
        asked = (program / "words").read_text().splitlines().count("core.sshCommand")
        assert asked == (0 if variables else 1)  # once for all calls
        git.run("status")
        assert surroundings(program).get("GIT_SSH_COMMAND") == variables.get("GIT_SSH_COMMAND")

    def test_what_failed_is_told_without_the_password(self, program: Path, tmp_path: Path) -> None:
        (program / "act").write_text("echo out; printf '\\377err https://me:s3cret@host/ ' >&2; exit 3")
        with pytest.raises(GitFailed) as failed:
            Git(tmp_path).run("push", "x")
        assert (failed.value.command, failed.value.said, failed.value.late) == (
            "push", "out\n\n\ufffderr https://host/", False
        )  # fmt: skip
        assert str(failed.value) == "git push: out\n\n\ufffderr https://host/"
        assert Git(tmp_path).maybe("push") == ""

    def test_what_is_printed(self, program: Path, tmp_path: Path) -> None:
        (program / "act").write_text("printf ' a\\377 \\n'; cat input; echo noise >&2")
        git = Git(tmp_path)
        assert git.run("x", data=b"in") == b" a\xff \nin"
        assert git.text("x", data=b"in") == "a\ufffd \nin"
        assert git.maybe("x") == "a\ufffd"

    @pytest.mark.parametrize("network", [True, False])
    def test_what_hangs_is_ended_with_all_that_it_started(
        self, program: Path, tmp_path: Path, network: bool
    ) -> None:
        (program / "act").write_text("sleep 20 & echo $! > child; wait")
        began = time.monotonic()
        limits = {"network": 0.3, "local": 9.0} if network else {"network": 9.0, "local": 0.3}
        with pytest.raises(GitFailed) as late:
            Git(tmp_path, **limits).run("fetch", network=network)
        assert (late.value.said, late.value.late, late.value.command) == (
            "no answer within 0.3 seconds",
            True,
            "fetch",
        )
        assert time.monotonic() - began < 10
        child = Path(f"/proc/{(program / 'child').read_text().strip()}/stat")
        until = time.monotonic() + 5
        while alive(child) and time.monotonic() < until:
            time.sleep(0.01)
        assert not alive(child)

    def test_no_git_and_no_folder_are_told_apart(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(UsageError) as missing:
            Git(tmp_path).run("status")
        assert missing.value.message == "`ledger: git` needs the program git, which is not on this machine"
        assert missing.value.hint == (
            "install git (git-scm.com), or keep the history in one file with `ledger: sqlite`"
        )
        with pytest.raises(GitFailed) as gone:
            Git(tmp_path / "gone").run("status")
        assert (gone.value.command, gone.value.said) == ("status", f"the folder {tmp_path}/gone is not there")
        (tmp_path / "git").write_text("no program")
        (tmp_path / "git").chmod(0o755)
        (tmp_path / "file").write_text("")
        with pytest.raises(GitFailed) as odd:
            Git(tmp_path / "file").run("status")
        assert odd.value.command == "status"
        assert "Not a directory" in odd.value.said


class TestBlobs:
    def answer(self, program: Path, data: bytes) -> None:
        (program / "answer").write_bytes(data)
        (program / "act").write_text("cat answer")

    def test_each_by_its_name(self, program: Path, tmp_path: Path) -> None:
        self.answer(program, b"aa blob 4\na\nb\n\nbb blob 0\n\n")
        assert Git(tmp_path).blobs(["aa", "bb"]) == {"aa": b"a\nb\n", "bb": b""}
        assert (program / "input").read_text() == "aa\nbb\n"
        assert (program / "words").read_text().splitlines()[-3:] == ["cat-file", "--batch", "--"]

    def test_none_asks_nobody(self, program: Path, tmp_path: Path) -> None:
        assert Git(tmp_path).blobs([]) == {}
        assert not (program / "words").exists()

    @pytest.mark.parametrize("data", [b"aa missing\n", b"aa tree 3\nabc\n", b"aa blob\n"])
    def test_one_that_is_not_there(self, program: Path, tmp_path: Path, data: bytes) -> None:
        self.answer(program, data)
        with pytest.raises(GitFailed) as missing:
            Git(tmp_path).blobs(["aa"])
        assert (missing.value.command, missing.value.said) == ("cat-file", "the object aa is not there")
