"""A server with branch and anchor, and machines that know it, in memory: the git store's own rules without git."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from byline.errors import LedgerError
from byline.ledger.git import files
from byline.ledger.git.files import Meta
from byline.ledger.git.remote import Outcome, Seen

BRANCH = "byline-ledger"
HEAD, ANCHOR = f"refs/heads/{BRANCH}", f"refs/byline/anchor/{BRANCH}"
FETCHED = f"refs/byline/fetched/{BRANCH}"


@dataclass(frozen=True)
class Commit:
    """One commit: everything in it, and what its log says."""

    parent: str
    content: Mapping[str, bytes]
    message: str
    at: datetime


@dataclass
class Server:
    """Refs and commits. Blobs are named by what is in them, commits by their number."""

    refs: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def commit(self, parent: str, content: Mapping[str, bytes], message: str, at: datetime) -> str:
        name = hashlib.sha1(str(next(self.numbers)).encode()).hexdigest()
        self.commits[name] = Commit(parent, dict(content), message, at)
        return name

    def content(self, ref: str = HEAD) -> Mapping[str, bytes]:
        """The files of the ref's commit."""
        return self.commits[self.refs[ref]].content

    def log(self) -> list[str]:
        """The messages of the branch, the newest first."""
        found, commit = [], self.refs.get(HEAD, "")
        while commit:
            found.append(self.commits[commit].message)
            commit = self.commits[commit].parent
        return found

    def meta(self) -> Meta:
        return files.load_meta(self.content().get(files.META), "")

    def spoil(self, at: datetime, *refs: str, **changed: bytes | None) -> str:
        """A commit by somebody else on the branch, with these files changed (None: gone), at these refs."""
        content = {**self.content()}
        for path, data in changed.items():
            if data is None:
                del content[path]
            else:
                content[path] = data
        name = self.commit(self.refs[HEAD], content, "by hand", at)
        for ref in refs or (HEAD, ANCHOR):
            self.refs[ref] = name
        return name


class Commits:
    """Stands for `commits.Commits`; made from the server. `asked` gathers the paths that were read."""

    def __init__(self, git: Server) -> None:
        self._server = git
        self.asked: list[str] = []
        self.closed = False

    def tree(self, commit: str) -> dict[str, str]:
        found = {}
        for path, data in self._server.commits[commit].content.items():
            name = hashlib.sha1(data).hexdigest()
            self._server.blobs[name] = data
            found[path] = name
        return found

    def read(self, blobs: Mapping[str, str]) -> dict[str, bytes]:
        self.asked.extend(blobs)
        return {path: self._server.blobs[blob] for path, blob in blobs.items()}

    def written(self, commit: str) -> datetime:
        return self._server.commits[commit].at

    def make(self, parent: str, changed: Mapping[str, bytes], message: str, now: datetime) -> str:
        content = self._server.commits[parent].content if parent else {}
        return self._server.commit(parent, {**content, **changed}, message, now)

    def close(self) -> None:
        self.closed = True


class Remote:
    """Stands for `remote.Remote`: one machine. `script` may answer a push or a look in the server's place, once each."""

    branch, head, anchor, fetched = BRANCH, HEAD, ANCHOR, FETCHED
    place = "the branch byline-ledger of origin"

    def __init__(self, server: Server, folder: Path) -> None:
        self.git = server
        self.memory: tuple[str, datetime] | None = None
        self.ordinary = ""
        self.calls: list[str] = []
        self.pushes: list[Callable[[str, Seen], tuple[Outcome, LedgerError | None]]] = []
        self.looks: list[Seen] = []
        self._folder = folder

    def known(self) -> str:
        return self.memory[0] if self.memory else ""

    def tracked(self) -> str:
        return self.ordinary

    def look(self) -> Seen:
        self.calls.append("look")
        if self.looks:
            return self.looks.pop(0)
        return Seen(self.git.refs.get(HEAD, ""), self.git.refs.get(ANCHOR, ""))

    def fetch(self, ref: str) -> str:
        self.calls.append("fetch")
        return self.git.refs.get(ref, "")

    def push(self, commit: str, old: Seen) -> tuple[Outcome, LedgerError | None]:
        self.calls.append("push")
        if self.pushes:
            return self.pushes.pop(0)(commit, old)
        return self.arrive(commit, old)

    def arrive(self, commit: str, old: Seen) -> tuple[Outcome, LedgerError | None]:
        """What the server does with a push."""
        if (self.git.refs.get(HEAD, ""), self.git.refs.get(ANCHOR, "")) != (old.tip, old.anchor):
            return "lost", None
        self.git.refs |= {HEAD: commit, ANCHOR: commit}
        return "done", None

    def remember(self, commit: str, at: datetime) -> None:
        self.memory = (commit, at)

    def fetched_at(self, commit: str) -> datetime | None:
        return self.memory[1] if self.memory and self.memory[0] == commit else None

    def own_file(self, kind: str) -> Path:
        return self._folder / f"own.{kind}"
