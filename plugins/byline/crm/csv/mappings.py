"""Mappings for the exports of other systems: those that are saved, and a proposal from a sample."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from byline.crm import _mapping
from byline.crm import _sheets as sheets
from byline.crm._exports import Kind
from byline.crm.csv.cells import date_pattern
from byline.crm.csv.columns import COLUMNS, NEEDED

if TYPE_CHECKING:
    from byline.crm.csv.proposing import Proposal
    from byline.settings import Settings


def propose(
    data: bytes,
    *,
    file: str,
    kind: Kind | None = None,
    dates: str = "",
    decimal: str = "",
    currency: str = "",
    name: str = "",
) -> Proposal:
    """A mapping for an export of another system, from a sample of it. Raises ContentError, UsageError."""
    from byline.crm.csv import proposing

    date_pattern(dates)
    rows = sheets.rows(sheets.decode(data, file), file, proposing.every_name())
    return proposing.propose(
        rows,
        file,
        needed=NEEDED,
        known=COLUMNS,
        kind=kind,
        dates=dates,
        decimal=decimal,
        currency=currency,
        name=name,
    )


def saved_mappings(settings: Settings) -> tuple[_mapping.Saved, ...]:
    """The mappings that the settings name, else those in `crm-mappings/`. Raises ContentError."""
    return tuple(
        _mapping.load(path, shown=_below(path, settings.root), known=COLUMNS)
        for path in _mapping.files(settings)
    )


def mapping(path: Path, settings: Settings) -> _mapping.Saved:
    """One mapping by its file. Raises ContentError."""
    return _mapping.load(path, shown=_below(path, settings.root), known=COLUMNS)


def _below(path: Path, root: Path) -> str:
    return (
        path.resolve().relative_to(root.resolve()).as_posix()
        if path.resolve().is_relative_to(root.resolve())
        else path.name
    )
