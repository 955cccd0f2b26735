"""The three stores of the sending history as the tests of faults use them: what a run finds, and what it leaves behind.

A run of the file's store comes back to the same disk. A run of the others starts on a fresh one, as in CI: what it
did not push or commit is gone with it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import ClassVar, Protocol

from postgres import Server
from repos import BARE_MACHINE, BRANCH, clone, git, make_origin


class Store(Protocol):
    """Where a stage keeps its history. `setting` is the value of `ledger`."""

    setting: ClassVar[str]

    @property
    def environment(self) -> dict[str, str]:
        """What a run finds in its environment."""
        ...

    def runner(self, site: Path) -> Path:
        """The folder in which the next run finds the site."""
        ...

    def looker(self, site: Path) -> Path:
        """The folder of somebody who looks, the same each time."""
        ...


class OneDisk:
    """`sqlite`: the site's own folder."""

    setting: ClassVar[str] = "sqlite"

    @property
    def environment(self) -> dict[str, str]:
        return {}

    def runner(self, site: Path) -> Path:
        return site

    def looker(self, site: Path) -> Path:
        return site


class GitServer:
    """`git`: a bare repository; each run has a shallow clone of its own."""

    setting: ClassVar[str] = "git"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.origin = make_origin(folder)
        self._count = 0

    @property
    def environment(self) -> dict[str, str]:
        return dict(BARE_MACHINE)

    def runner(self, site: Path) -> Path:
        self._count += 1
        folder = clone(self.origin, self._folder / f"runner-{self._count}", "--depth=1")
        shutil.copytree(site, folder, dirs_exist_ok=True)
        return folder

    def looker(self, site: Path) -> Path:
        folder = self._folder / "looker"
        if not folder.exists():
            clone(self.origin, folder, "--depth=1")
        shutil.copytree(site, folder, dirs_exist_ok=True)
        return folder

    def log(self) -> list[str]:
        """The subjects of the pushes, oldest first."""
        return git(self.origin, "log", "--reverse", "--format=%s", BRANCH).splitlines()


class Database:
    """`postgresql`: a database; each run has a folder of its own."""

    setting: ClassVar[str] = "postgresql"

    def __init__(self, folder: Path, server: Server) -> None:
        self._folder = folder
        self.server = server
        self.address = server.database()
        self._count = 0

    @property
    def environment(self) -> dict[str, str]:
        return {"BYLINE_LEDGER_URL": self.address}

    def runner(self, site: Path) -> Path:
        self._count += 1
        folder = self._folder / f"worker-{self._count}"
        shutil.copytree(site, folder)
        return folder

    def looker(self, site: Path) -> Path:
        folder = self._folder / "looker"
        shutil.copytree(site, folder, dirs_exist_ok=True)
        return folder


NAMES = ("sqlite", "git", "postgresql")


def make_store(name: str, folder: Path, server: Server | None) -> Store:
    """The store of that name, its own files under the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if name == "git":
        os.environ.update(BARE_MACHINE)
        return GitServer(folder)
    if name == "postgresql":
        assert server is not None
        return Database(folder, server)
    return OneDisk()
