"""Wall clock and zones. The only module that asks the machine for the time."""

from __future__ import annotations

import time as _time
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Where the time comes from. Injected, so that tests and the demo decide what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after so many seconds have passed on this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        _time.sleep(seconds)


def ticks() -> float:
    """Seconds of a counter that only grows, to tell how long something took; no time of day."""
    return _time.perf_counter()


class FixedClock:
    """A clock that stands still until it is moved or slept on. `now` is kept in UTC."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)

    def move(self, by: timedelta) -> None:
        """Move the clock, backwards too."""
        self._now += by


class WallClockError(ValueError):
    """A wall-clock time that does not exist in the zone, or exists twice. `str()` says which and what to write."""


def at_wall_clock(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """The instant of a wall-clock time, aware in the zone.

    Raises WallClockError when the clocks skip over that time or show it twice that day.
    """
    naive = datetime.combine(day, hour.replace(tzinfo=None))
    early, late = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    if early.utcoffset() == late.utcoffset():
        return early
    if early.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != naive:
        raise WallClockError(
            f"{naive:%Y-%m-%d %H:%M} does not exist in {zone.key}: the clocks go forward over it that day"
        )
    raise WallClockError(f"{naive:%Y-%m-%d %H:%M} exists twice in {zone.key}: the clocks go back that day")


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of the day in the zone; where midnight is skipped or doubled, the first one that exists."""
    first = datetime.combine(day, time()).replace(tzinfo=zone, fold=0)
    return first.astimezone(UTC).astimezone(zone)


def iso(moment: datetime) -> str:
    """ISO 8601 with offset, to the second."""
    return moment.replace(microsecond=0).isoformat()


def words(span: timedelta) -> str:
    """A span in the words a person would use: `2 days`, `3 hours`, `5 minutes`, `20 seconds`."""
    seconds = int(abs(span.total_seconds()))
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
