"""A second process that makes things for the cache file, and puts some of them into the site's folder."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from byline.site import halves
from byline.site.kept import Kept, Name
from byline.site.written import Apart, Written


class Second:
    """A running child, whose results are in the cache file as soon as one of them is asked for."""

    def __init__(self, half: halves.Half, kept: Kept, written: Written | None) -> None:
        self._half: halves.Half | None = half
        self._kept, self._written = kept, written

    def before(self, item: Hashable) -> bool:
        """To be called before each item, from the first to the last; is it among those that the child has made?

        Where it is, all that the child has made is in the cache file from now on.
        """
        if self._half is None or self._half.mine(item):
            return False
        self._take(self._half)
        return True

    def __contains__(self, item: Hashable) -> bool:
        """Was it among the items, and has nothing been taken yet?"""
        return self._half is not None and item in self._half

    def ended(self) -> bool:
        """Has the child done all that it could? What it made is in the cache file then."""
        if self._half is not None and self._half.ready():
            self._take(self._half)
        return self._half is None

    def leave(self) -> None:
        """Nobody wants its results any more."""
        if self._half is not None:
            self._half.leave()
            self._half = None

    def _take(self, half: halves.Half) -> None:
        self._half = None
        handed, made = half.take() or ({}, {})
        self._kept.take(handed, half.beside)
        if self._written is not None:
            self._written.adopt(made)


def begin(
    items: Sequence[Hashable],
    make: Callable[[Any], None],
    kept: Kept,
    written: Written | None = None,
    prepare: Callable[[Written | None], None] = lambda apart: None,
) -> Second | None:
    """Start it: `make` for items from the last one on. None where that cannot be.

    `prepare` gets the folder `written` as the other process must use it.
    """
    held: set[Name] = set()
    spool = kept.spare()
    apart = Apart(written) if written is not None else None

    def ready() -> None:
        held.update(kept.apart(spool))
        prepare(apart)

    def done() -> Any:
        return kept.handed(held), apart.made if apart is not None else {}

    half = halves.begin(items, ready, make, done, spool)
    return Second(half, kept, written) if half is not None else None
