"""Templates compiled once, in a folder for the next build.

The compiled code is Python's own kind and would run if somebody else put it there, so it lies beside the cache file
and not in it: what a CI service brings back between runs holds nothing that runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


class Compiled:
    """The compiled templates of one site, for one version of the program."""

    def __init__(self, folder: Path | None, stamp: str) -> None:
        """`folder` is None where nothing is to be kept."""
        self.folder = folder / "templates" if folder else None
        self.stamp = stamp[:16]
        self._kept: Any = None

    def environment(self, stock: Any) -> Any:
        """As `Theme.get_env`, but templates come compiled where their text is the same."""
        compiled = self

        def get_env(self: Any) -> Any:
            made = stock(self)
            if compiled._kept is None:
                compiled._kept = compiled._bytecode()
            made.bytecode_cache = compiled._kept
            return made

        return get_env

    def _bytecode(self) -> Any:
        from contextlib import suppress

        from jinja2 import FileSystemBytecodeCache

        if self.folder is None:
            return None
        place = self.folder / self.stamp
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError:
            return None
        for old in self.folder.iterdir():
            if old.name != self.stamp:
                with suppress(OSError):
                    for file in old.iterdir():
                        file.unlink()
                    old.rmdir()
        return FileSystemBytecodeCache(str(place))
