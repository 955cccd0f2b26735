"""The records that a store has read so far, so that looking again reads only what was changed since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from byline.ledger import codec
from byline.ledger.base import Record

# What tells whether a record is another than the one that was read: its version and the time of its last event. Not the
# number of the last event of all: two workers' events may become visible in another order than that of their numbers.
Mark = tuple[object, object]


class _Read(NamedTuple):
    mark: Mark
    text: str
    record: Record


class Seen:
    """What one handle on a store has read. Not shared between threads."""

    def __init__(self) -> None:
        self._read: dict[str, _Read] = {}

    def records(
        self, marks: Mapping[str, Mark], texts: Callable[[Sequence[str]], Iterable[tuple[str, str]]]
    ) -> dict[str, Record]:
        """The records of these marks, in their order. `texts` is asked for (id, text) of those that are not known as they are.

        Marks and texts must be of one moment. Raises LedgerUntrusted for a text that is no record.
        """
        stale = [
            name for name, mark in marks.items() if name not in self._read or self._read[name].mark != mark
        ]
        fresh = (
            {name: _Read(marks[name], text, codec.load_record(text)) for name, text in texts(stale)}
            if stale
            else {}
        )
        self._read = {name: fresh.get(name) or self._read[name] for name in marks}
        return {name: read.record for name, read in self._read.items()}

    @property
    def lines(self) -> tuple[str, ...]:
        """The records as the store has them, in their order."""
        return tuple(read.text for read in self._read.values())
