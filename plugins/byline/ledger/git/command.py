"""Runs git for the sending history, so that nothing of the caller's machine leaks in and nothing waits for a person.

Everything is plumbing on named objects and refs: the checkout's work tree and index are never read or written,
hooks do not run, nothing is collected or pruned in the background, and git never asks for a password.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from byline.errors import LedgerError, UsageError

NETWORK_SECONDS = 120.0
LOCAL_SECONDS = 60.0

# What a caller (a hook, an editor) may have set for its own repository and what would lead us to another one.
_FOREIGN = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_REPLACE_REF_BASE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_TRACE",
    "GIT_TRACE_PACKET",
    "GIT_TRACE_CURL",
    "GIT_CURL_VERBOSE",
)
_OPTIONS = (
    f"core.hooksPath={os.devnull}",
    "core.fsmonitor=false",
    "core.quotePath=false",
    "core.warnAmbiguousRefs=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.prune=false",
    "fetch.pruneTags=false",
    "fetch.writeCommitGraph=false",
    "fetch.recurseSubmodules=false",
    "push.recurseSubmodules=no",
    "push.followTags=false",
    "push.gpgSign=false",
    "submodule.recurse=false",
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=30",
)
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


class GitFailed(Exception):
    """A git command ended with an error; `said` is what it wrote, without credentials."""

    def __init__(self, command: str, said: str, *, late: bool = False) -> None:
        super().__init__(f"git {command}: {said}")
        self.command = command
        self.said = said
        self.late = late


class Git:
    """git in one folder. `network` and `local` are the longest times in seconds that a command may take."""

    def __init__(
        self, folder: Path, *, network: float = NETWORK_SECONDS, local: float = LOCAL_SECONDS
    ) -> None:
        self._folder = folder
        self._limits = {True: network, False: local}
        self._ssh: dict[str, str] | None = None

    def run(
        self,
        *arguments: str,
        data: bytes = b"",
        surroundings: Mapping[str, str] | None = None,
        network: bool = False,
    ) -> bytes:
        """What the command printed. Raises GitFailed when it failed or took too long."""
        command = ["git", *(part for option in _OPTIONS for part in ("-c", option)), *arguments]
        environment = self._environment(network) | dict(surroundings or {})
        try:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # so that a command that hangs can be ended with all that it started
            )
        except FileNotFoundError as error:
            if not self._folder.is_dir():
                raise GitFailed(arguments[0], f"the folder {self._folder} is not there") from error
            raise UsageError(
                "`ledger: git` needs the program git, which is not on this machine",
                hint="install git (git-scm.com), or keep the history in one file with `ledger: sqlite`",
            ) from error
        except OSError as error:
            raise GitFailed(arguments[0], str(error)) from error
        with process:
            try:
                out, err = process.communicate(data, timeout=self._limits[network])
            except subprocess.TimeoutExpired:
                _end(process)
                said = f"no answer within {self._limits[network]:g} seconds"
                raise GitFailed(arguments[0], said, late=True) from None
            except BaseException:
                _end(process)
                raise
        if process.returncode:
            raise GitFailed(arguments[0], redacted((out + b"\n" + err).decode(errors="replace")).strip())
        return out

    def text(self, *arguments: str, data: bytes = b"", network: bool = False) -> str:
        """The same as text without the last line's end."""
        return self.run(*arguments, data=data, network=network).decode(errors="replace").strip()

    def maybe(self, *arguments: str) -> str:
        """The same, or an empty string where the command says no."""
        try:
            return self.text(*arguments)
        except GitFailed:
            return ""

    def blobs(self, names: Sequence[str]) -> dict[str, bytes]:
        """The contents of these objects, in one go. Raises GitFailed when one is not there."""
        if not names:
            return {}
        out = self.run("cat-file", "--batch", data="".join(f"{name}\n" for name in names).encode())
        found: dict[str, bytes] = {}
        place = 0
        for name in names:
            end = out.index(b"\n", place)
            head = out[place:end].split()
            if len(head) != 3 or head[1] != b"blob":
                raise GitFailed("cat-file", f"the object {name} is not there")
            place = end + 1 + int(head[2])
            found[name] = out[end + 1 : place]
            place += 1
        return found

    def _environment(self, network: bool) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
        kept |= {
            "LC_ALL": "C",
            "LANGUAGE": "",
            "GIT_TERMINAL_PROMPT": "0",
            "GCM_INTERACTIVE": "never",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
        }
        if network:
            if self._ssh is None:
                own = os.environ.get("GIT_SSH_COMMAND") or os.environ.get("GIT_SSH")
                chosen = own or self.maybe("config", "core.sshCommand")
                self._ssh = {} if chosen else {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oConnectTimeout=20"}
            kept |= self._ssh
        return kept


def redacted(text: str) -> str:
    """The text without what stands before the @ of an address."""
    return _CREDENTIALS.sub("", text)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stop the command and everything that it started."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.communicate()


# What git and the hosts say, and what it means to a person. The first that fits is taken.
_NO_RIGHT = (
    r"permission to \S+ denied|returned error: 403|write access|not allowed to push|read.only|"
    r"insufficient permission|gh006|protected branch|you are not allowed|access denied|resource not accessible"
)
_NO_SIGN_IN = (
    r"authentication failed|could not read (username|password)|terminal prompts disabled|returned error: 401|"
    r"permission denied \(|host key verification failed|invalid username or"
)
_NO_NETWORK = (
    r"could not resolve|couldn't resolve|failed to connect|couldn't connect|could not connect|connection (refused|timed out|reset)|"
    r"network is unreachable|no route to host|operation timed out|returned error: 5\d\d|early eof|hung up|"
    r"unexpected disconnect|no answer within|ssl|gnutls|empty reply|recv failure"
)
_NO_REMOTE = (
    r"does not appear to be a git repository|repository .*not found|no such remote|returned error: 404|"
    r"not a git repository"
)


def explained(failed: GitFailed, place: str, *, writing: bool) -> LedgerError:
    """The failure of a call to the remote in plain words, with what to do."""
    said = failed.said.lower()
    quoted = _quoted(failed.said)
    verb = "written to" if writing else "read from"
    start = f"the sending history could not be {verb} {place}"
    if "dubious ownership" in said:
        return LedgerError(
            f"git does not trust this folder, since it belongs to another user: {quoted}",
            hint='git config --global --add safe.directory "$PWD"',
        )
    if "no space left" in said or "read-only file system" in said:
        return LedgerError(f"{start}: {quoted}", hint="make room on the disk, or make the folder writable")
    if re.search(_NO_SIGN_IN, said):
        return LedgerError(
            f"{start}: git could not sign in ({quoted})",
            hint="give this checkout the right to read and push: in CI, keep the credentials of the checkout step "
            "(actions/checkout with `persist-credentials: true`); on your machine, `git push` must work",
        )
    if writing and ("declined" in said or "rule violation" in said or "gh013" in said):
        return LedgerError(
            f"{start}: the server refuses it ({quoted})",
            hint="a rule or hook on the server stands in the way: let it accept pushes to the branch of the sending "
            "history and to refs/byline/ (GitHub: Settings, Rules; GitLab: Settings, Repository, Push rules)",
        )
    if re.search(_NO_RIGHT, said) and (writing or "read-only" not in said):
        return LedgerError(
            f"{start}: there is no right to push ({quoted})",
            hint="in GitHub Actions give the job `permissions: contents: write` (and allow it under Settings, Actions, "
            "Workflow permissions); elsewhere use a token or key that may push",
        )
    if "atomic" in said and "support" in said:
        return LedgerError(
            f"{start}: the server cannot change two refs at once ({quoted})",
            hint="push over https or ssh; or keep the history elsewhere with `ledger: postgresql`",
        )
    if re.search(_NO_NETWORK, said) or failed.late:
        return LedgerError(
            f"{start}: no connection ({quoted})",
            hint="nothing more was sent; run it again when the connection is back",
        )
    if re.search(_NO_REMOTE, said):
        return LedgerError(
            f"{start}: it is not there ({quoted})",
            hint="`git remote -v` shows the address; `ledger: {store: git, url: ...}` names another one",
        )
    return LedgerError(f"{start}: {quoted}", hint="`git fetch` and `git push` in this folder must work")


def _quoted(said: str) -> str:
    """The lines that tell why: errors and what the server said, on one line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [
        line
        for line in lines
        if line.startswith(("remote:", "fatal:", "error:", "!", "ssh:")) and line not in ("remote:", "fatal:")
    ]
    return (
        "; ".join(dict.fromkeys(" ".join(line.split()) for line in (told or lines)[-4:])) or "no reason given"
    )
