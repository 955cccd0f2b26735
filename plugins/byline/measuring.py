"""What became of a post on its network: views, clicks, reactions, comments, read from time to time and kept.

Each reading is a line beside the sending history, so that numbers a network gives for a while only (Twitter's link
clicks, for 30 days) stay known, and so that two readings tell what is new.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from byline.errors import NotSent, RemoteError
from byline.ledger.base import Note, Record
from byline.settings import Account, Settings

if TYPE_CHECKING:
    from byline.channels.base import Channel, Metrics
    from byline.fees import Purse

KIND = "metrics"
WINDOW = timedelta(days=30)
NUMBERS = ("views", "clicks", "likes", "comments", "shares")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers of one delivery at one time; None where the network gives none."""

    id: str
    at: datetime
    views: int | None = None
    clicks: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None

    @property
    def empty(self) -> bool:
        """Did the network give nothing at all?"""
        return all(getattr(self, name) is None for name in NUMBERS)

    def as_json(self) -> dict[str, Any]:
        """As JSON has it, in the sending history too; a number that the network does not tell is null."""
        return {"at": self.at.isoformat()} | {name: getattr(self, name) for name in NUMBERS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that is known of one delivery's numbers: the latest of each, and how many comments the last reading added."""

    figures: Figures
    new_comments: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One delivery that was asked for; `error` when the network did not answer."""

    record: Record
    figures: Figures | None = None
    error: RemoteError | None = None


def measurable(record: Record, settings: Settings, now: datetime, *, everything: bool = False) -> bool:
    """Can the network be asked for this delivery's numbers, and is it young enough to be worth it?"""
    head = record.head
    account = settings.account(record.intent.channel, record.intent.account)
    if record.state != "sent" or head is None or account is None or account.mode != "api":
        return False
    if record.by_hand and head.remote_id == head.url:
        return False
    return everything or now - head.at <= WINDOW


def measure(
    records: Iterable[Record], settings: Settings, drivers: Callable[[Account], Channel], purse: Purse
) -> tuple[Reading, ...]:
    """Ask for each delivery's numbers, as long as the month's budget allows it where asking costs money.

    An account whose token is dead, that takes no more calls or whose budget is used up is asked no further.
    """
    found: list[Reading] = []
    closed: dict[tuple[str, str], RemoteError] = {}
    for record in records:
        intent, head = record.intent, record.head
        account = settings.account(intent.channel, intent.account)
        assert account is not None
        assert head is not None
        key = (intent.channel, intent.account)
        if key in closed:
            found.append(Reading(record=record, error=closed[key]))
            continue
        driver = drivers(account)
        try:
            if (short := purse.short(account, driver, "metrics")) is not None:
                raise short
            metrics = driver.metrics(head.remote_id)
        except RemoteError as error:
            found.append(Reading(record=record, error=error))
            if isinstance(error, NotSent) and error.cause in ("auth", "limited", "billing"):
                closed[key] = error
            continue
        finally:
            purse.paid(account, driver)
        found.append(Reading(record=record, figures=_figures(record, metrics)))
    return tuple(found)


def _figures(record: Record, metrics: Metrics) -> Figures:
    comments = metrics.comments
    if comments is not None and len(record.receipts) > 1:
        comments = max(0, comments - 1)  # the second part of a thread answers the first
    return Figures(
        id=record.id,
        at=metrics.at,
        views=metrics.views,
        clicks=metrics.clicks,
        likes=metrics.likes,
        comments=comments,
        shares=metrics.shares,
    )


def as_note(figures: Figures) -> Note:
    """The line that is kept."""
    line = json.dumps({"id": figures.id, **figures.as_json()}, separators=(",", ":"))
    return Note(kind=KIND, day=figures.at.date(), line=line)


def known(notes: Iterable[Note]) -> Mapping[str, Known]:
    """What the readings tell, by delivery. A line that is no reading is passed over."""
    found: dict[str, list[Figures]] = {}
    for note in notes:
        figures = _read(note.line) if note.kind == KIND else None
        if figures is not None:
            found.setdefault(figures.id, []).append(figures)
    return {name: _known(sorted(rows, key=lambda row: row.at)) for name, rows in found.items()}


def _known(rows: list[Figures]) -> Known:
    latest = rows[0]
    for row in rows[1:]:
        given = {name: value for name in NUMBERS if (value := getattr(row, name)) is not None}
        latest = replace(latest, at=row.at, **given)
    counts = [row.comments for row in rows if row.comments is not None]
    before = counts[-2] if len(counts) > 1 else 0
    return Known(figures=latest, new_comments=max(0, counts[-1] - before) if counts else 0)


def _read(line: str) -> Figures | None:
    try:
        data = json.loads(line)
        at = datetime.fromisoformat(data["at"])
        numbers = {name: data.get(name) for name in NUMBERS}
        if at.tzinfo is None or not isinstance(data["id"], str):
            return None
        if any(not (value is None or type(value) is int) for value in numbers.values()):
            return None
        return Figures(id=data["id"], at=at, **numbers)
    except (ValueError, KeyError, TypeError):
        return None


def clicks(found: Mapping[str, Known]) -> Mapping[str, int] | None:
    """Clicks by delivery for the report; None when no network ever told any."""
    told = {name: item.figures.clicks for name, item in found.items() if item.figures.clicks is not None}
    return told or None


def words(item: Known) -> str:
    """`120 views, 7 clicks, 2 comments (1 new)`: what is known, in the order in which people ask."""
    shown = []
    for name in ("views", "clicks", "comments"):
        value = getattr(item.figures, name)
        if value is not None:
            shown.append(f"{value:,} {name[:-1] if value == 1 else name}")
    new = f" ({item.new_comments} new)" if item.new_comments else ""
    return ", ".join(shown) + new
