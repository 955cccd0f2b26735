"""The folder of the finished site: only what changed is written, only what nothing wrote any more is removed.

Stock MkDocs empties the folder before each build. Here a file stays when its record says what it holds and nobody has
touched it since; at the end every file goes that this build neither wrote nor claimed, so that the folder holds what
a build into an empty one would. Names at its top that begin with a dot are left alone, as MkDocs does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from byline.site.inputs import Mark, mark
from byline.site.kept import digest


class Broken(Exception):
    """What is kept and what is there do not agree; the build begins again from nothing."""


class Overtaken(BaseException):
    """Something more urgent than this build has come; what was made so far is kept. No error that anybody mends."""


class Written:
    """The folder during one build. Names are relative to it, with forward slashes."""

    def __init__(self, folder: Path, records: object) -> None:
        """`records` is what `plain` of the last build gave, or anything else."""
        self.folder = folder
        self._top = str(folder)
        self._before = _scan(self._top)
        self._held: dict[str, tuple[Mark, str]] = {}
        self._holds: dict[str, str] = {}
        self._claimed: set[str] = set()
        self._left: set[str] = set()
        self._adopted: dict[str, tuple[str, bool]] = {}
        self._folders: set[str] = set()
        self.count = 0
        if isinstance(records, dict):
            with suppress(TypeError, ValueError):
                for name, (size, changed, moved, node, holds) in records.items():
                    if self._before.get(name) == (size, changed, moved, node):
                        self._held[name] = (size, changed, moved, node), holds

    def name(self, path: str) -> str | None:
        """The name of a file by its whole path; None for one that lies elsewhere."""
        if path.startswith(self._top + os.sep):
            return path[len(self._top) + 1 :].replace(os.sep, "/")
        return None

    def claim(self, name: str, holds: str) -> bool:
        """Is the file there and holds just that? Then it stays; `holds` is the name it was put under."""
        if name in self._claimed:
            return False
        if not self.holds(name, holds):
            return False
        if name in self._adopted:
            self.count += self._adopted[name][1]
        else:
            self._left.add(name)
        self._claimed.add(name)
        self._holds[name] = holds
        return True

    def holds(self, name: str, holds: str) -> bool:
        """Would a claim be granted?"""
        adopted = self._adopted.get(name)
        if adopted is not None:
            return adopted[0] == holds
        held = self._held.get(name)
        return held is not None and held[1] == holds

    def adopt(self, made: Mapping[str, tuple[str, bool]]) -> None:
        """Another process, which has ended, has put these here: name -> what the file holds, and whether it changed."""
        self._adopted.update(made)

    def put(self, name: str, data: bytes, holds: str = "") -> None:
        """Make the file hold these bytes. `holds` names them; without it their own hash does."""
        holds = holds or digest(data)
        if self.claim(name, holds):
            return
        path = f"{self._top}/{name}"
        seen = self._before.get(name)
        self._claimed.add(name)
        self._holds[name] = holds
        if seen is not None and seen[0] == len(data) and not os.path.islink(path):  # noqa: PTH114
            with suppress(OSError), open(path, "rb") as file:  # noqa: PTH123 - thousands of them
                if file.read() == data:
                    return
        self._ready(name)
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(data)
        self.count += 1

    def _ready(self, name: str) -> None:
        """The folder of the file is there, and nothing of another kind where the file is to be."""
        folder = name.rpartition("/")[0]
        path = f"{self._top}/{name}"
        if folder not in self._folders:
            self._make(f"{self._top}/{folder}")
            self._folders.add(folder)
        if os.path.isdir(path):  # noqa: PTH112 - a folder became a page
            from shutil import rmtree

            rmtree(path)
        elif os.path.islink(path):  # noqa: PTH114
            os.unlink(path)  # noqa: PTH108

    def _make(self, folder: str) -> None:
        try:
            os.mkdir(folder)  # noqa: PTH102 - thousands of them
            return
        except FileExistsError:
            if os.path.isdir(folder):  # noqa: PTH112
                return
        except OSError:
            pass  # one above it is missing, or is a file
        place = Path(folder)
        for part in (place, *place.parents):
            if part == self.folder.parent or part.is_dir():
                break
            if part.is_file():  # a page became a folder
                part.unlink()
        place.mkdir(parents=True, exist_ok=True)

    def ready(self, name: str, holds: str) -> str:
        """The path at which someone else writes the file, whose bytes `holds` names."""
        self._claimed.add(name)
        self._holds[name] = holds
        self._ready(name)
        self.count += 1
        return f"{self._top}/{name}"

    def finish(self) -> dict[str, list[object]]:
        """Remove what no longer belongs here; the records for the next build.

        Raises Broken when a file that was left as it was is no longer what it was.
        """
        for name, seen in self._before.items():
            if name in self._claimed:
                continue
            path = f"{self._top}/{name}"
            with suppress(OSError):
                if mark(os.lstat(path)) == seen:  # else a plugin has just written it
                    os.unlink(path)  # noqa: PTH108
                    self._empty(os.path.dirname(path))  # noqa: PTH120
        for name in self._adopted.keys() - self._claimed:
            with suppress(OSError):
                os.unlink(f"{self._top}/{name}")  # noqa: PTH108
                self._empty(os.path.dirname(f"{self._top}/{name}"))  # noqa: PTH120
        after = _scan(self._top)
        for name in self._left:
            if after.get(name) != self._before[name]:
                raise Broken(f"{name} was written by someone else meanwhile")
        return {name: [*seen, self._holds.get(name, "")] for name, seen in after.items()}

    def so_far(self) -> dict[str, list[object]]:
        """The records of a build that ends in the middle: of every file of which it is certain what it holds."""
        found: dict[str, list[object]] = {}
        for name, seen in _scan(self._top).items():
            if name in self._claimed:
                holds = self._holds[name] if name not in self._left or self._before[name] == seen else ""
            else:
                held = self._held.get(name)
                holds = held[1] if held is not None and held[0] == seen else ""
            if holds:
                found[name] = [*seen, holds]
        return found

    def _empty(self, folder: str) -> None:
        while folder != self._top and folder.startswith(self._top):
            try:
                os.rmdir(folder)  # noqa: PTH106
            except OSError:
                return
            folder = os.path.dirname(folder)  # noqa: PTH120


class Apart(Written):
    """The same folder in a process that helps. `made` tells what it wrote, for `adopt` of the other one."""

    def __init__(self, there: Written) -> None:
        self.folder, self._top, self.count = there.folder, there._top, 0
        self._there = there
        self.made: dict[str, tuple[str, bool]] = {}

    def claim(self, name: str, holds: str) -> bool:
        """What is in its place need not be made; the other process claims it."""
        return self._there.holds(name, holds)

    def put(self, name: str, data: bytes, holds: str = "") -> None:
        """Where both processes write a file, they write the same."""
        before = self._there.count
        self._there.put(name, data, holds)
        if holds:
            self.made[name] = holds, self._there.count > before


def same(folder: Path, records: object) -> bool:
    """Does the folder hold just what the records tell, untouched?"""
    if not isinstance(records, dict) or not records:
        return False
    found = _scan(str(folder))
    if found.keys() != records.keys():
        return False
    try:
        return all(tuple(row[:4]) == found[name] for name, row in records.items())
    except TypeError:
        return False


def _scan(top: str) -> dict[str, Mark]:
    found: dict[str, Mark] = {}
    _walk(top, "", found)
    return found


def _walk(folder: str, prefix: str, found: dict[str, Mark]) -> None:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if not prefix and entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            _walk(entry.path, f"{prefix}{entry.name}/", found)
        else:
            with suppress(OSError):
                found[prefix + entry.name] = mark(entry.stat(follow_symlinks=False))
