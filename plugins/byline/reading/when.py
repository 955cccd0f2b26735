"""Days and hours as managers write them, in the site's zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from byline.fields import Fields, kind
from byline.times import WallClockError, at_wall_clock, start_of_day
from byline.yamlread import Mapping_, Node, Scalar

_AT = re.compile(
    r"(?:(?P<date>\d{4}-\d{1,2}-\d{1,2})(?:[Tt]|\s+))?"
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
    r"\s*(?P<zone>[Zz]|[+-]\d{2}:?\d{2})?"
)
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_NUMBERS = re.compile(r"(\d{1,4})\s*[./-]\s*(\d{1,2})\s*[./-]\s*(\d{1,4})")
_SPOKEN = re.compile(r"(\d{1,2})(?:[.:h](\d{2}))?\s*(am|pm|a\.m\.|p\.m\.|uhr|h|o'clock)?", re.I)
FIRST_YEAR, LAST_YEAR = 1990, 2199


def hour_of(fields: Fields, key: str, zone: ZoneInfo, day: date) -> datetime | None:
    """An hour such as `2026-11-24 09:00`, or `11:00` of the given day; aware, or None with the Problem noted."""
    node = fields.get(key)
    if node is None:
        return None
    raw = node.raw.strip() if isinstance(node, Scalar) and not isinstance(node.value, bool) else ""
    match = _AT.fullmatch(raw) or _AT.fullmatch(_minutes(node))
    if match is None:
        _bad_hour(fields, key, node, raw, day)
        return None
    try:
        if match["date"]:
            day = date(*(int(part) for part in match["date"].split("-")))
        hour = time(int(match["hour"]), int(match["minute"]), int(match["second"] or 0))
    except ValueError as error:
        fields.problem(
            key,
            "bad-time",
            f"`{fields.full(key)}` is `{raw}`: {error}",
            f"write an hour that exists, such as {day} 09:00",
        )
        return None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        _bad_year(fields, key, raw, day.year)
        return None
    if match["zone"]:
        return datetime.combine(day, hour, _offset(match["zone"])).astimezone(zone)
    return _on_the_wall(fields, key, day, hour, zone)


def _minutes(node: Node) -> str:
    """`660`, which is what YAML makes of an unquoted 11:00, back into the hour; nothing that reads as an hour itself."""
    if not isinstance(node, Scalar) or not isinstance(node.value, int) or isinstance(node.value, bool):
        return ""
    number = node.value
    if not 60 <= number < 1440 or number % 100 < 60:
        return ""
    return f"{number // 60}:{number % 60:02}"


def _bad_hour(fields: Fields, key: str, node: Node, raw: str, day: date) -> None:
    fix = f"write `{key}: {day} 09:00`"
    if _DAY.fullmatch(raw):
        fix = f"add the hour: `{key}: {raw} 09:00`"
    elif raw.isdigit() and len(raw) in (3, 4) and int(raw) // 100 < 24 and int(raw) % 100 < 60:
        fix = f'write `{key}: "{int(raw) // 100:02}:{int(raw) % 100:02}"`'
    elif spoken := _SPOKEN.fullmatch(raw):
        hour, word = int(spoken[1]), (spoken[3] or "").lower()
        hour = hour % 12 + (12 if word.startswith("p") else 0) if word[:1] in ("a", "p") else hour
        if hour < 24:
            fix = f'write `{key}: "{hour:02}:{spoken[2] or "00"}"`'
    fields.problem(
        key,
        "bad-time",
        f"`{fields.full(key)}` is {kind(node)}; an hour such as `2026-11-24 09:00` or `11:00` is expected",
        fix,
    )


def _bad_year(fields: Fields, key: str, raw: str, year: int) -> None:
    fields.problem(
        key,
        "bad-date",
        f"`{fields.full(key)}` is `{raw}`: the year {year} cannot be meant",
        f"write a year from {FIRST_YEAR} to {LAST_YEAR}",
    )


def _offset(text: str) -> timezone:
    if text in "Zz":
        return UTC
    digits = text.replace(":", "")
    span = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return timezone(min(span, timedelta(hours=23, minutes=59)) * (-1 if text[0] == "-" else 1))


def _on_the_wall(fields: Fields, key: str, day: date, hour: time, zone: ZoneInfo) -> datetime | None:
    try:
        return at_wall_clock(day, hour, zone)
    except WallClockError as error:
        naive = datetime.combine(day, hour)
        if "twice" in str(error):
            early, late = (naive.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
            fix = f"write which one: {early.isoformat(' ')} or {late.isoformat(' ')}; or choose another hour"
            fields.problem(key, "ambiguous-hour", f"`{fields.full(key)}`: {error}", fix)
        else:
            later = naive.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(zone)
            fields.problem(
                key, "missing-hour", f"`{fields.full(key)}`: {error}", f"write {later:%Y-%m-%d %H:%M}"
            )
        return None


def dates_of(fields: Fields, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """`date` in each of Material's forms -> (published, updated), aware; None where there is none or it is wrong."""
    node = fields.get("date")
    if node is None:
        fields.problem(
            "date",
            "missing-date",
            "the post has no `date`; the day on which it becomes public is expected",
            "add a line such as `date: 2026-11-24`",
        )
        return None, None
    if not isinstance(node, Mapping_):
        return _date(fields, "date", zone), None
    section = fields.below(node, "date")
    if section.get("created") is None:
        section.problem(
            "created" if "created" in section else "",
            "missing-date",
            "`date` has no `created`; the day on which the post becomes public is expected",
            "write `date: {created: 2026-11-24, updated: 2026-12-01}`",
            line=fields.line("date"),
        )
    found = {key: _date(section, key, zone) for key in section}
    published, updated = found.get("created"), found.get("updated")
    if published and updated and updated < published:
        section.problem(
            "updated",
            "wrong-order",
            "the post was updated before it was created",
            "exchange the two days, or correct one",
            severity="warning",
        )
    return published, updated


def _date(fields: Fields, key: str, zone: ZoneInfo) -> datetime | None:
    """A day or a moment; text that only looks like one is refused, as the site's builder would refuse it."""
    node = fields.get(key)
    if node is None:
        return None
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(node, Scalar) and isinstance(value, date):
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            _bad_year(fields, key, node.raw, value.year)
            return None
        if not isinstance(value, datetime):
            return start_of_day(value, zone)
        if value.tzinfo is not None:
            return value.astimezone(zone)
        return _on_the_wall(fields, key, value.date(), value.time(), zone)
    raw = node.raw.strip() if isinstance(node, Scalar) else ""
    fields.problem(
        key,
        "bad-date",
        f"`{fields.full(key)}` is {kind(node)}; a day such as 2026-11-24 or a moment such as 2026-11-24 09:00:00 is expected",
        _date_fix(key, raw),
    )
    return None


def _date_fix(key: str, raw: str) -> str:
    """The line to write, with what the person most likely meant."""
    usual = f"write `{key}: 2026-11-24` (year, month, day, without quotes)"
    if _AT.fullmatch(raw) and "-" in raw:
        moment = re.sub(r"[Tt]", " ", raw)
        if moment.count(":") == 1:
            moment += ":00"
        return f"write `{key}: {moment}` (with the seconds, without quotes)"
    if _DAY.fullmatch(raw):
        parts = raw.split("-")
        return f"write `{key}: {parts[0]}-{int(parts[1]):02}-{int(parts[2]):02}` (without quotes)"
    match = _NUMBERS.fullmatch(raw)
    if match is None:
        return usual
    first, second, third = (int(number) for number in match.groups())
    if first > 31:
        options = [(first, second, third)]
    else:
        year = third if third > 99 else 2000 + third
        options = [(year, second, first), (year, first, second)]
    days = []
    for option in options:
        try:
            days.append(f"{key}: {date(*option)}")
        except ValueError:
            continue
    return f"write `{'` or `'.join(dict.fromkeys(days))}`" if days else usual
