"""The branch on the server and its anchor: looked at, fetched, and changed by compare and swap.

`refs/heads/<branch>` holds the history. `refs/byline/anchor/<branch>` holds a copy of its tip, changed in the same
atomic push, and no tidying of branches ever touches it: a branch that was deleted, rolled back or rewritten no
longer fits. As the anchor keeps every commit alive, nothing is lost then either.

In this repository we keep two refs of our own, `refs/byline/fetched/<branch>` (what was last seen and judged
good, which `plan` reads) and `refs/byline/incoming/<branch>` (what is being judged).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from byline.errors import LedgerError, UsageError
from byline.ledger.git.command import Git, GitFailed, explained, redacted

Outcome = Literal["done", "lost", "unclear"]
LOCK_SECONDS = 150.0

# A push that lost against another one, in git's words: the lease did not hold, or the server had the refs locked.
_LOST = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref|incorrect old value|"
    r"reference already exists|failed to lock|unable to create '.*\.lock'|is at \S+ but expected|remote ref updated since",
    re.IGNORECASE,
)


_QUIETLY = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules")


@dataclass(frozen=True, slots=True)
class Seen:
    """Where branch and anchor stood on the server at one moment; empty: not there."""

    tip: str
    anchor: str

    @property
    def fits(self) -> bool:
        """Do the two agree? If not, one of them was deleted or put back by somebody."""
        return self.tip == self.anchor


class Remote:
    """One branch on one server, from one repository on this machine."""

    def __init__(self, git: Git, folder: Path, *, branch: str, url: str = "") -> None:
        self.git = git
        self.branch = branch
        self._where = url or "origin"
        self.head = f"refs/heads/{branch}"
        self.anchor = f"refs/byline/anchor/{branch}"
        # One repository may keep the histories of several servers; each has its own memory here.
        own = f"{hashlib.sha256(url.encode()).hexdigest()[:8]}/{branch}" if url else branch
        self.fetched = f"refs/byline/fetched/{own}"
        self.incoming = f"refs/byline/incoming/{own}"
        try:
            self._common = (folder / git.text("rev-parse", "--git-common-dir")).resolve()
        except GitFailed as failed:
            if "dubious ownership" in failed.said:
                raise explained(failed, self.place, writing=False) from None
            raise UsageError(
                f"`ledger: git` needs a git repository, and {folder} is in none ({failed.said.splitlines()[0]})",
                hint="run it in a clone of the site's repository, or set `ledger: sqlite`",
            ) from None
        self._partial = bool(git.maybe("config", "--get-regexp", r"^remote\..*\.promisor$"))
        self._shallow = git.maybe("rev-parse", "--is-shallow-repository") == "true"

    @property
    def place(self) -> str:
        """The branch as messages name it."""
        return f"the branch {self.branch} of {redacted(self._where)}"

    def known(self) -> str:
        """What was last seen and judged good on this machine, or empty."""
        return self.git.maybe("rev-parse", "--verify", "--quiet", f"{self.fetched}^{{commit}}")

    def tracked(self) -> str:
        """What an ordinary fetch of all branches left here, or empty. Not judged."""
        return self.git.maybe(
            "rev-parse", "--verify", "--quiet", f"refs/remotes/{self._where}/{self.branch}^{{commit}}"
        )

    def look(self) -> Seen:
        """Where branch and anchor stand now. One round trip, nothing is fetched."""
        try:
            out = self.git.text("ls-remote", self._where, self.head, self.anchor, network=True)
        except GitFailed as failed:
            raise explained(failed, self.place, writing=False) from failed
        refs = {name: commit for commit, _, name in (line.partition("\t") for line in out.splitlines())}
        return Seen(refs.get(self.head, ""), refs.get(self.anchor, ""))

    def fetch(self, ref: str) -> str:
        """Bring the server's ref here and return the commit, which may be newer than the last look; empty: it is gone.

        Depth 1 where this clone is shallow already, as on runners; a full clone is never made shallow.
        """
        depth = ("--depth=1",) if self._shallow else ()
        with self._alone():
            for attempt in range(3):
                try:
                    self.git.run(
                        "fetch",
                        *_QUIETLY,
                        "--no-filter",
                        *depth,
                        self._where,
                        f"+{ref}:{self.incoming}",
                        network=True,
                    )
                    tip = self.git.text("rev-parse", "--verify", f"{self.incoming}^{{commit}}")
                    if self._partial:
                        self._complete(tip)
                    return tip
                except GitFailed as failed:
                    if "couldn't find remote ref" in failed.said:
                        return ""
                    if ".lock" not in failed.said or attempt == 2:  # somebody's own `git fetch`
                        raise explained(failed, self.place, writing=False) from failed
                    time.sleep(0.05)
        raise AssertionError

    def _complete(self, tip: str) -> None:
        """Bring all files of the commit into a clone that has left files out."""
        found = self.git.text("rev-list", "--objects", "--no-walk", "--missing=print", tip)
        missing = "".join(f"{line[1:]}\n" for line in found.splitlines() if line.startswith("?"))
        if missing:
            self.git.run(
                "fetch",
                *_QUIETLY,
                "--filter=blob:none",
                "--stdin",
                self._where,
                data=missing.encode(),
                network=True,
            )

    def push(self, commit: str, old: Seen) -> tuple[Outcome, LedgerError | None]:
        """Move branch and anchor together from where they stood to the commit, or neither.

        `lost` means that surely nothing changed, since another push was first or a rule refuses (the error tells);
        `unclear` that nobody knows: look before anything else.
        """
        try:
            self.git.run(
                "push",
                "--quiet",
                "--porcelain",
                "--atomic",
                "--no-verify",
                f"--force-with-lease={self.head}:{old.tip}",
                f"--force-with-lease={self.anchor}:{old.anchor}",
                self._where,
                f"{commit}:{self.head}",
                f"{commit}:{self.anchor}",
                network=True,
            )
        except GitFailed as failed:
            error = explained(failed, self.place, writing=True)
            if _LOST.search(failed.said):
                return "lost", None
            return ("lost", error) if "rejected]" in failed.said else ("unclear", error)
        return "done", None

    def remember(self, commit: str, at: datetime) -> None:
        """This is the history as seen now. Best effort: a memory that lags costs nothing but its age."""
        with contextlib.suppress(GitFailed, LedgerError, OSError), self._alone():
            if self.known() != commit:
                self.git.run("update-ref", self.fetched, commit)
                self.git.run("update-ref", "-d", self.incoming)
            self._memory.parent.mkdir(exist_ok=True)
            self._memory.write_text(json.dumps({"commit": commit, "read": at.isoformat()}), encoding="utf-8")

    def fetched_at(self, commit: str) -> datetime | None:
        """When this commit was last seen on the server, where we know."""
        try:
            noted = json.loads(self._memory.read_text(encoding="utf-8"))
            return datetime.fromisoformat(noted["read"]) if noted["commit"] == commit else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def own_file(self, kind: str) -> Path:
        """A file of ours about this branch, inside the repository's own folder."""
        name = hashlib.sha256(self.fetched.encode()).hexdigest()[:12]
        return self._common / "byline" / f"{name}.{kind}"

    @property
    def _memory(self) -> Path:
        return self.own_file("json")

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Runs on one machine take turns at what git itself cannot do twice at once in one repository."""
        try:
            import fcntl
        except ImportError:  # Windows
            yield
            return
        until = time.monotonic() + LOCK_SECONDS
        try:
            file = (self._common / "byline.lock").open("ab")
        except OSError as error:
            raise LedgerError(
                f"the repository in {self._common} cannot be written: {error.strerror}",
                hint="make the folder writable",
            ) from error
        with file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError:
                    if time.monotonic() > until:
                        raise LedgerError(
                            "another run holds this repository for too long", hint="run it again later"
                        ) from None
                    time.sleep(0.02)
            yield
