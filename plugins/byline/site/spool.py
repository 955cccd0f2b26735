"""What was made and is not saved yet, in a file without a name: a build's memory is for what it is working on."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


class Spool:
    """Bytes one after another, in a file that goes with this object. One process puts; those copied from it may read."""

    def __init__(self, folder: Path) -> None:
        """The file takes its room in that folder. Raises OSError."""
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            self._file = os.dup(file.fileno())
        self._end = 0

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            os.close(self._file)

    def put(self, data: bytes) -> Aside:
        """Lay it aside. Raises OSError when there is no room."""
        if self._write(data) != len(data):
            raise OSError("the disk is full")
        self._end += len(data)
        return Aside(self, self._end - len(data), len(data))

    def _write(self, data: bytes) -> int:
        if hasattr(os, "pwrite"):  # which has no place in the file that processes share
            return os.pwrite(self._file, data, self._end)
        os.lseek(self._file, self._end, os.SEEK_SET)
        return os.write(self._file, data)

    def read(self, start: int, size: int) -> bytes:
        """What lies there."""
        if hasattr(os, "pread"):
            return os.pread(self._file, size, start)
        os.lseek(self._file, start, os.SEEK_SET)
        return os.read(self._file, size)


@dataclass(frozen=True, slots=True)
class Aside:
    """Where something was laid."""

    spool: Spool
    start: int
    size: int

    def read(self) -> bytes:
        """It."""
        return self.spool.read(self.start, self.size)
