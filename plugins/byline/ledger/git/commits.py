"""Reads and makes the commits of the branch, with objects alone."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from byline.errors import LedgerError
from byline.ledger.git.command import Git, GitFailed

NAME, MAIL = "Byline", "byline@localhost"


class Commits:
    """Makes commits through an index of its own in a temporary folder. Close it."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._folder: Path | None = None
        self._index_of = ""  # the commit that our index holds

    def tree(self, commit: str) -> dict[str, str]:
        """Path -> blob of every file. Raises LedgerError when the commit is not here."""
        try:
            out = self._git.run("ls-tree", "-r", "-z", "--full-tree", commit)
        except GitFailed as failed:
            raise _missing(failed) from failed
        found = {}
        for entry in out.split(b"\0")[:-1]:
            head, _, path = entry.partition(b"\t")
            found[path.decode(errors="replace")] = head.split()[2].decode()
        return found

    def read(self, blobs: Mapping[str, str]) -> dict[str, bytes]:
        """Path -> content, for path -> blob."""
        try:
            contents = self._git.blobs(tuple(dict.fromkeys(blobs.values())))
        except GitFailed as failed:
            raise _missing(failed) from failed
        return {path: contents[blob] for path, blob in blobs.items()}

    def written(self, commit: str) -> datetime:
        """When the commit was made."""
        try:
            return datetime.fromisoformat(self._git.text("show", "--no-patch", "--format=%cI", commit))
        except (GitFailed, ValueError) as error:
            raise LedgerError(
                f"a commit of the sending history cannot be read: {error}", hint="run `publish ledger fetch`"
            ) from error

    def make(self, parent: str, changed: Mapping[str, bytes], message: str, now: datetime) -> str:
        """A commit on the parent (empty: the first) with these files changed. Writes what changed and no more."""
        folder = self._own_folder()
        index = {"GIT_INDEX_FILE": str(folder / "index")}
        try:
            if parent != self._index_of or not parent:
                self._index_of = ""
                self._git.run("read-tree", parent or "--empty", surroundings=index)
            paths = list(changed)
            for number, path in enumerate(paths):
                (folder / f"{number}").write_bytes(changed[path])
            names = "".join(f"{folder / str(number)}\n" for number in range(len(paths)))
            blobs = self._git.text("hash-object", "-w", "--no-filters", "--stdin-paths", data=names.encode())
            entries = "".join(
                f"100644 {blob}\t{path}\0" for path, blob in zip(paths, blobs.split(), strict=True)
            )
            self._git.run("update-index", "-z", "--index-info", data=entries.encode(), surroundings=index)
            tree = self._git.run("write-tree", surroundings=index).decode().strip()
            when = f"{int(now.timestamp())} +0000"
            who = {
                "GIT_AUTHOR_NAME": NAME,
                "GIT_AUTHOR_EMAIL": MAIL,
                "GIT_AUTHOR_DATE": when,
                "GIT_COMMITTER_NAME": NAME,
                "GIT_COMMITTER_EMAIL": MAIL,
                "GIT_COMMITTER_DATE": when,
            }
            onto = ("-p", parent) if parent else ()
            out = self._git.run(
                "commit-tree",
                "--no-gpg-sign",
                tree,
                *onto,
                # Two runners that write the same at the same second must not make the same commit, or each would
                # take the other's push for its own.
                data=f"{message}\nPush: {secrets.token_hex(8)}\n".encode(),
                surroundings=who,
            )
        except (GitFailed, OSError) as error:
            said = error.said if isinstance(error, GitFailed) else str(error)
            raise LedgerError(
                f"the sending history could not be written in this repository: {said}",
                hint="check that its .git folder and the folder for temporary files can be written and that the disk has room",
            ) from error
        self._index_of = commit = out.decode().strip()
        return commit

    def close(self) -> None:
        """Take the temporary folder away."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _own_folder(self) -> Path:
        if self._folder is None:
            try:
                self._folder = Path(tempfile.mkdtemp(prefix="byline-"))
            except OSError as error:
                raise LedgerError(
                    f"no temporary folder could be made: {error}", hint="make room on the disk, or set TMPDIR"
                ) from error
        return self._folder


def _missing(failed: GitFailed) -> LedgerError:
    return LedgerError(
        f"the sending history cannot be read from this repository: {failed.said}",
        hint="run `publish ledger fetch`; if that does not help, `git fsck` looks for damage",
    )
