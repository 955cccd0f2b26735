"""The records of posts' files that were judged before, so that `plan` on thousands of posts need not replay them.

A file is known by its blob, so that what is kept can never be out of date; it only makes things faster.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from pathlib import Path

from byline.errors import LedgerError
from byline.ledger import codec
from byline.ledger.base import Record

WORTHWHILE = 50  # so many files that are not kept yet make it worth writing anew


class Cache:
    """One file of lines: the blob, a tab, a record."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lines: dict[str, list[str]] | None = None

    def records(self, blob: str) -> dict[str, Record] | None:
        """The records that the file leads to, or None when it is not kept."""
        lines = self._kept().get(blob)
        if lines is None:
            return None
        try:
            found = [codec.load_record(line) for line in lines]
        except LedgerError:
            return None
        return {record.id: record for record in found}

    def keep(self, pages: Mapping[str, Mapping[str, Record]]) -> None:
        """Keep the records of these blobs and no others. Best effort."""
        kept = self._kept()
        if sum(blob not in kept for blob in pages) < WORTHWHILE:
            return
        self._lines = {
            blob: kept.get(blob) or [codec.dump_record(record) for record in records.values()]
            for blob, records in pages.items()
        }
        text = "".join(f"{blob}\t{line}\n" for blob, lines in self._lines.items() for line in lines)
        draft = self._file.with_name(f"{self._file.name}.{secrets.token_hex(4)}")
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._file)

    def _kept(self) -> dict[str, list[str]]:
        if self._lines is None:
            self._lines = {}
            with contextlib.suppress(OSError, UnicodeDecodeError):
                for row in self._file.read_text(encoding="utf-8").split("\n")[:-1]:
                    blob, _, line = row.partition("\t")
                    self._lines.setdefault(blob, []).append(line)
        return self._lines
