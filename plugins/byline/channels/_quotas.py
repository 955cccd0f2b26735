"""The allowance that a network tells in the headers of every answer: so many calls, so many left, until when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from byline.channels.base import Quota


def told(headers: Mapping[str, str], names: str, *, what: str) -> tuple[Quota, ...]:
    """The allowance in the headers `<names>limit`, `<names>remaining` and `<names>reset`; nothing where they are not."""
    limit, left = (headers.get(f"{names}{part}", "").strip() for part in ("limit", "remaining"))
    if not (re.fullmatch(r"\d{1,12}", limit) and re.fullmatch(r"\d{1,12}", left) and int(limit)):
        return ()
    used = max(0, int(limit) - int(left))
    return (Quota(what=what, limit=int(limit), used=used, resets=moment(headers.get(f"{names}reset", ""))),)


def moment(value: str) -> datetime | None:
    """A time in ISO 8601 or in seconds since 1970, since servers send both; None for anything else."""
    value = value.strip()
    try:
        if value.isascii() and value.isdigit():
            return datetime.fromtimestamp(int(value), UTC)
        found = datetime.fromisoformat(value)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
