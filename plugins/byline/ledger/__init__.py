"""The sending history: one protocol (`base`), several stores, and the choice between them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from byline.errors import UsageError
from byline.ledger.base import Info, Ledger, Snapshot
from byline.settings import Settings

if TYPE_CHECKING:
    from byline.times import Clock

FILE = "ledger.db"


def open_ledger(settings: Settings, environment: Mapping[str, str], clock: Clock) -> Ledger:
    """The site's history, to be read and written. Raises UsageError when the settings name no store that can be used."""
    from byline.ledger.sqlite import SqliteLedger

    store = settings.ledger.store
    if store in ("git", "postgresql"):
        raise UsageError(
            f"`ledger: {store}` is not available in this version of Byline; `sqlite` is",
            hint=f"set `ledger: sqlite` in {settings.file_name} and keep the folder .byline/ between runs",
        )
    if store == "auto" and in_ci(environment):
        raise UsageError(
            "in CI the sending history must outlive the runner, whose disk is thrown away: without it, posts could be "
            "sent twice",
            hint=f"keep the folder .byline/ between runs (a cache or a volume of your own) and say so with "
            f"`ledger: sqlite` in {settings.file_name}",
        )
    return SqliteLedger(_file(settings), site=settings.site_url, now=clock.now)


def read_snapshot(settings: Settings, clock: Clock) -> Snapshot:
    """What the history holds, for commands that only show. Writes nothing; no history yet is an empty one."""
    file = _file(settings)
    if settings.ledger.store in ("git", "postgresql") or not file.exists() or not file.stat().st_size:
        return Snapshot(info=Info(store="none", place=str(file)))
    from byline.ledger.sqlite import SqliteLedger

    ledger = SqliteLedger(file, site=settings.site_url, now=clock.now, read_only=True)
    try:
        return ledger.snapshot()
    finally:
        ledger.close()


def in_ci(environment: Mapping[str, str]) -> bool:
    """Does this run on a runner whose disk is thrown away? Every CI service we know sets `CI`."""
    return environment.get("CI", "").strip().lower() not in ("", "0", "false", "no")


def _file(settings: Settings) -> Path:
    """The file of the embedded store: `.byline/ledger.db`, or the path that the settings name."""
    if settings.ledger.url:
        return settings.root / settings.ledger.url.removeprefix("sqlite:///")
    return settings.state / FILE
