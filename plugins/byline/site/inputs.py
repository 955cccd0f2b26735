"""What a build reads: every file of the content and the theme's own folder by its hash, and the program's code.

A file whose size, times and place on the disk are as they were is not read again; one that was changed within two
seconds before it was looked at is, since a clock's grain may hide a second change (as git does it).
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from byline.site.kept import digest

Mark = tuple[int, int, int, int]
_GRAIN = 2_000_000_000  # nanoseconds
# What the site may not import by the rules of the layers, and so cannot depend on.
_APART = frozenset({"__pycache__", "testing", "starter", "channels", "crm", "ledger"})
_ENV = re.compile(r"!ENV\b")


def mark(seen: os.stat_result) -> Mark:
    """What changes when a file is written: size, both times, its place on the disk."""
    return seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino


@dataclass(slots=True)
class Inputs:
    """Files by their path as given, each with its mark and the sha256 of its bytes. `taken` is when they were looked at."""

    taken: int
    files: dict[str, tuple[Mark, str]] = field(default_factory=dict)

    def sha(self, path: str) -> str:
        """The file's hash; empty where there is none."""
        found = self.files.get(path)
        return found[1] if found else ""

    def name(self) -> str:
        """One name for all of them."""
        return digest([[path, sha] for path, (_, sha) in sorted(self.files.items())])

    def plain(self) -> object:
        """As plain values, to be kept."""
        return [self.taken, [[path, *marked, sha] for path, (marked, sha) in self.files.items()]]


def of_plain(value: Any) -> Inputs:
    """What `plain` gave; empty for anything else."""
    try:
        taken, rows = value
        files = {path: ((size, changed, moved, node), sha) for path, size, changed, moved, node, sha in rows}
        return Inputs(int(taken), files)
    except (TypeError, ValueError):
        return Inputs(0)


def look(folders: list[Path], single: list[Path], before: Inputs, now_ns: int) -> Inputs:
    """Every file below the folders (links followed, as MkDocs does) and each single one, hashed where it is new."""
    found = Inputs(now_ns)
    for folder in folders:
        _walk(str(folder), found, before, set())
    for path in single:
        try:
            _note(str(path), path.stat(), found, before)
        except OSError:
            found.files[str(path)] = (0, 0, 0, 0), ""
    return found


def _walk(folder: str, found: Inputs, before: Inputs, seen: set[tuple[int, int]]) -> None:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_dir():
                at = entry.stat()
                if (at.st_dev, at.st_ino) not in seen:
                    _walk(entry.path, found, before, seen | {(at.st_dev, at.st_ino)})
            else:
                _note(entry.path, entry.stat(), found, before)
        except OSError:
            found.files[entry.path] = (0, 0, 0, 0), ""


def _note(path: str, seen: os.stat_result, found: Inputs, before: Inputs) -> None:
    marked = mark(seen)
    held = before.files.get(path)
    if held is not None and held[0] == marked and max(marked[1], marked[2]) < before.taken - _GRAIN:
        found.files[path] = held
        return
    with open(path, "rb") as file:  # noqa: PTH123 - thousands of them
        found.files[path] = marked, hashlib.file_digest(file, "sha256").hexdigest()


def code() -> str:
    """One name for the program: its own files, the versions of all that is installed beside it, Python."""
    seen = hashlib.blake2b(digest_size=20)
    root = Path(__file__).resolve().parent.parent
    _code(str(root), len(str(root)), seen)
    installed = {
        name
        for folder in sys.path
        if folder.endswith("-packages") and os.path.isdir(folder)  # noqa: PTH112
        for name in os.listdir(folder)  # noqa: PTH208
        if name.endswith((".dist-info", ".egg-info", ".egg-link"))
    }
    seen.update("\n".join(sorted(installed)).encode())
    seen.update(f"{sys.version} {sys.platform}".encode())
    return seen.hexdigest()


def _code(folder: str, cut: int, seen: hashlib.blake2b) -> None:
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if entry.is_dir():
            if entry.name not in _APART:
                _code(entry.path, cut, seen)
        elif not entry.name.endswith((".pyc", ".pyi")):
            with open(entry.path, "rb") as file:  # noqa: PTH123
                data = file.read()
            seen.update(f"{entry.path[cut:]} {len(data)} ".encode())
            seen.update(data)


def surroundings(settings_text: str, environment: Mapping[str, str]) -> str:
    """The environment as far as the settings may ask for it: all of it where they use `!ENV`, else nothing."""
    if not _ENV.search(settings_text):
        return ""
    return digest(sorted(environment.items()))
