"""Values in LinkedIn's answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from byline.http import Response


def elements(answer: Response) -> list[dict[str, Any]]:
    """The records of a list."""
    found = answer.object().get("elements")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def under(value: Any, *keys: str) -> Any:
    """What stands under these keys, one inside the other; None where one is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def moment(value: Any, default: datetime) -> datetime:
    """A time in milliseconds since 1970."""
    return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else default


def number(found: Mapping[str, Any], key: str) -> int:
    """The number under the key, or 0."""
    value = found.get(key)
    return value if isinstance(value, int) else 0
