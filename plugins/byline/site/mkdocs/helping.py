"""A second process for many pages: it takes them from the end of the list, the build itself from the beginning.

It begins when the one that draws cards has ended: a third would find no core, and take memory.
What it made comes back as rows and as what it kept; the build then goes on as if all of that had been kept before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from byline.site import halves
from byline.site.kept import Name
from byline.site.written import Apart

if TYPE_CHECKING:
    from byline.site.mkdocs.engine import Engine

MANY = 40  # pages for which a second process pays

Rows = Callable[[], dict[str, dict[str, Any]]]


class Helper:
    """`given` holds the rows of pages that it rendered, by their source."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.given: dict[str, dict[str, Any]] = {}
        self._half: halves.Half | None = None

    def free(self) -> bool:
        """Could a second process begin?"""
        return self._half is None and self.engine.plugin.outputs.drawn()

    def fill(self, uris: Sequence[str], work: Callable[[str], None]) -> None:
        """Begin to fill these pages there."""
        self._begin(uris, self._alone, work, lambda: self.engine.rows)

    def render(self, uris: Sequence[str], work: Callable[[str], None]) -> None:
        """Begin to render these pages there."""
        engine = self.engine

        def prepare() -> None:
            rows = engine.rows
            self._alone()
            engine.rendered = set()
            engine.rows = {
                uri: {key: value for key, value in row.items() if key != "page"} for uri, row in rows.items()
            }
            engine.written = Apart(engine.written)

        def rows() -> dict[str, dict[str, Any]]:
            return {
                uri: {key: row[key] for key in ("shown", "page", "search")} | {"new": uri in engine.rendered}
                for uri, row in engine.rows.items()
                if "page" in row
            }

        self._begin(uris, prepare, work, rows)

    def _begin(
        self, uris: Sequence[str], prepare: Callable[[], None], work: Callable[[str], None], rows: Rows
    ) -> None:
        if len(uris) < MANY:
            return
        kept = self.engine.kept
        held: set[Name] = set()
        spool = kept.spare()

        def begin() -> None:
            held.update(kept.apart(spool))
            prepare()

        def wrote() -> dict[str, tuple[str, bool]]:
            written = self.engine.written
            return written.made if isinstance(written, Apart) else {}

        self._half = halves.begin(uris, begin, work, lambda: (rows(), kept.handed(held), wrote()), spool)

    def _alone(self) -> None:
        """In the child: nothing is said, since the parent says it."""
        self.engine.rows = {}
        self._half = None
        notes = self.engine.filling.heard
        for name in ("", "mkdocs"):
            logger = logging.getLogger(name)
            logger.handlers = [one for one in logger.handlers if one is notes]
        logging.getLogger("mkdocs").propagate = False

    def before(self, uri: str) -> None:
        """Before the first page that the child has done: take all that it made, as if it had been kept."""
        if self._half is None or self._half.mine(uri):
            return
        given, spool = self._half.take(), self._half.beside
        self._half = None
        if given is None:
            return
        rows, handed, wrote = given
        engine = self.engine
        engine.kept.take(handed, spool)
        engine.written.adopt(wrote)
        for key, row in rows.items():
            engine.before[key] = engine.before.get(key, {}) | row
            if "page" in row:
                self.given[key] = row
                if row.pop("new"):
                    engine.rendered.add(key)

    def end(self) -> None:
        """Nobody waits for it any more."""
        if self._half is not None:
            self._half.leave()
            self._half = None
