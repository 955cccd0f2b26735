"""One row of a file -> single values: texts, moments, amounts, each mistake noted once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from byline.crm import _sheets as sheets
from byline.errors import Problem, UsageError
from byline.times import WallClockError, at_wall_clock

_YES = frozenset({"true", "yes", "y", "1", "won", "x", "ja", "wahr"})
_NO = frozenset({"", "false", "no", "n", "0", "lost", "open", "nein", "falsch"})
_TOKENS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "hh": "%H", "mm": "%M", "ss": "%S", "AM": "%p"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How dates and numbers are written. `dates` such as `DD.MM.YYYY hh:mm`, empty for ISO 8601."""

    zone: ZoneInfo
    dates: str = ""
    comma: bool = False  # 1.234,50 instead of 1,234.50


class Cells:
    """The cells of one row being read: each value once, every mistake noted."""

    def __init__(
        self, file: str, line: int, form: Form, pattern: str, problems: list[Problem], *, loose: bool = False
    ) -> None:
        self.file, self.line, self.form, self.pattern, self.problems = file, line, form, pattern, problems
        self.loose = loose  # of a mapped file: a deal may name nobody
        self.values: dict[str, str] = {}
        self.good = True

    def problem(self, key: str, message: str, fix: str) -> None:
        """Note a mistake at the line; the row is then `good` no longer."""
        self.good = False
        self.problems.append(sheets.problem(self.file, self.line, key, message, fix))

    def text(self, key: str, *, required: bool = False) -> str:
        """The cell as written, without spaces around it; empty where there is none."""
        value = self.values.get(key, "")
        if required and not value:
            self.problem(key, f"`{key}` is empty", f"fill in `{key}`, or delete the line")
        return value

    def when(self, key: str, *, required: bool = False) -> datetime | None:
        """An instant in UTC, a time without an offset taken in the site's zone; None for an empty or a wrong one."""
        raw = self.text(key, required=required)
        if not raw:
            return None
        try:
            found = _moment(raw, self.pattern) if self.pattern else datetime.fromisoformat(raw)
            if found.tzinfo is None:
                found = at_wall_clock(found.date(), found.time(), self.form.zone)
            if not 1990 <= found.year <= 2200:
                raise ValueError(raw)
            return found.astimezone(UTC)
        except WallClockError as error:
            self.problem(
                key, f"`{key}` is `{raw[:40]}`: {error}", "give the time with its offset, such as +01:00"
            )
        except (ValueError, OverflowError):
            wanted = self.form.dates or "YYYY-MM-DD, with or without a time such as T09:30:00+01:00,"
            self.problem(
                key,
                f"`{key}` is `{raw[:40]}`; {wanted} is expected",
                "say how the file writes its dates, for example --dates DD.MM.YYYY"
                if not self.form.dates
                else "write every date of this file in the same way",
            )
        return None

    def money(self, key: str = "amount") -> Decimal:
        """The amount, which must be there; 0 where it is wrong."""
        raw = self.text(key, required=True)
        if not raw:
            return Decimal(0)
        pattern = (
            r"-?(\d{1,3}(\.\d{3})+|\d{1,15})(,\d{1,4})?" if self.form.comma else r"-?\d{1,15}(\.\d{1,4})?"
        )
        if re.fullmatch(pattern, raw):
            plain = raw.replace(".", "").replace(",", ".") if self.form.comma else raw
            return Decimal(plain)
        self.problem(
            key,
            f"`{key}` is `{raw[:40]}`; a number such as {'1234,50' if self.form.comma else '1234.50'} is expected",
            "take out currency signs; if the file writes 1.234,50, say --decimal comma",
        )
        return Decimal(0)

    def currency(self) -> str:
        """Three capitals, which must be there."""
        raw = self.text("currency", required=True).upper()
        if raw and not re.fullmatch(r"[A-Z]{3}", raw):
            self.problem(
                "currency", f"`currency` is `{raw[:20]}`; three letters are expected", "write EUR, USD, GBP …"
            )
        return raw

    def yes(self, key: str) -> bool | None:
        """True, false, or None for an empty cell; German words and those of a pipeline are understood too."""
        raw = self.text(key).lower()
        if raw in _YES or raw in _NO:
            return raw in _YES if raw else None
        self.problem(key, f"`{key}` is `{raw[:20]}`; true or false is expected", "write true or false")
        return None


def date_pattern(dates: str) -> str:
    """`DD.MM.YYYY hh:mm` for strptime; empty for ISO 8601. Raises UsageError for anything else."""
    if not dates:
        return ""
    pieces = re.split(r"(YYYY|YY|MM|DD|hh|mm|ss|AM)", dates)
    found = pieces[1::2]
    between = "".join(pieces[::2])
    if (
        "DD" not in found
        or "MM" not in found
        or not {"YYYY", "YY"} & set(found)
        or len(set(found)) != len(found)
    ):
        between = "?"
    if re.search(r"[^ ./:T,-]", between):
        raise UsageError(
            f"`{dates}` does not say how dates are written",
            hint="use YYYY MM DD hh mm ss, for example --dates DD.MM.YYYY or --dates 'MM/DD/YYYY hh:mm'",
        )
    pattern = "".join(_TOKENS.get(piece, piece) for piece in pieces)
    return pattern.replace("%H", "%I") if "%p" in pattern else pattern


def _moment(raw: str, pattern: str) -> datetime:
    """The time as written; a day without an hour is good in a file whose other times have one."""
    day = re.split(r"[ ,T]+%[HI]", pattern)[0]
    try:
        return datetime.strptime(raw, pattern)  # noqa: DTZ007 - the site's zone is set by the caller
    except ValueError:
        return datetime.strptime(raw, day)  # noqa: DTZ007 - likewise
