"""Wall clock and zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.times import FixedClock, SystemClock, WallClockError, at_wall_clock, iso, start_of_day, words

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo", "UTC"]
)


def test_hours_that_the_clocks_skip_or_show_twice() -> None:
    assert at_wall_clock(date(2026, 11, 24), time(9), BERLIN).isoformat() == "2026-11-24T09:00:00+01:00"
    with pytest.raises(WallClockError, match="does not exist"):
        at_wall_clock(date(2027, 3, 28), time(2, 30), BERLIN)
    with pytest.raises(WallClockError, match="twice"):
        at_wall_clock(date(2026, 10, 25), time(2, 30), BERLIN)


def test_a_day_whose_midnight_does_not_exist_starts_later() -> None:
    cairo = ZoneInfo("Africa/Cairo")  # the clocks go forward at midnight
    assert start_of_day(date(2026, 4, 24), cairo).isoformat() == "2026-04-24T01:00:00+03:00"


@given(st.dates(date(1990, 1, 1), date(2037, 1, 1)), st.times(), ZONES)
def test_what_is_given_back_shows_that_very_hour(day: date, hour: time, name: str) -> None:
    zone = ZoneInfo(name)
    try:
        found = at_wall_clock(day, hour, zone)
    except WallClockError:
        return
    assert found.replace(tzinfo=None) == datetime.combine(day, hour)
    assert found.astimezone(UTC).astimezone(zone) == found


@given(st.dates(date(1990, 1, 1), date(2037, 1, 1)), ZONES)
def test_a_day_starts_on_that_day(day: date, name: str) -> None:
    found = start_of_day(day, ZoneInfo(name))
    assert found.date() == day
    before = (found.astimezone(UTC) - timedelta(seconds=1)).astimezone(ZoneInfo(name))
    assert before.date() < day


def test_words_and_iso() -> None:
    assert [words(timedelta(seconds=n)) for n in (1, 60, 7200, 86_400, 200_000)] == [
        "1 second", "1 minute", "2 hours", "1 day", "2 days",
    ]  # fmt: skip
    assert iso(datetime(2026, 11, 24, 9, 0, 0, 5, tzinfo=UTC)) == "2026-11-24T09:00:00+00:00"


def test_clocks() -> None:
    clock = FixedClock(datetime(2026, 11, 24, 9, tzinfo=BERLIN))
    clock.sleep(30)
    clock.move(timedelta(hours=-1))
    assert clock.now() == datetime(2026, 11, 24, 7, 0, 30, tzinfo=UTC)
    assert clock.slept == [30]
    assert SystemClock().now().tzinfo is UTC
