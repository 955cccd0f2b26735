"""Values in Facebook's answers: whose link a post carries, what of the allowance is used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from byline import links
from byline import text as texts
from byline.channels.base import Quota
from byline.channels.facebook.network import POST_ID, SERVICE
from byline.errors import Rejected
from byline.http import Response


def carries(post: Mapping[str, Any], link: str) -> bool:
    """Is our link in the post's card or in its words?"""
    shown = [
        str(one.get(key))
        for one in under(post, "attachments", "data") or ()
        if isinstance(one, dict)
        for key in ("unshimmed_url", "url")
    ]
    message = str(post.get("message") or "")
    shown += [message[start:end] for start, end in texts.addresses(message)]
    return any(links.same(_unshimmed(one), link) for one in shown)


def _unshimmed(url: str) -> str:
    """The address behind Facebook's own `l.facebook.com/l.php?u=…`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if (parts.hostname or "").endswith(".facebook.com") and parts.path == "/l.php":
        return parse_qs(parts.query).get("u", [url])[0]
    return url


def usage(answer: Response, now: datetime) -> tuple[Quota, ...]:
    """The usage headers: percentages of calls and of computing time, of which the highest counts ("Rate Limits", 2026-11)."""
    found: list[Quota] = []
    for header, what in (
        ("x-app-usage", "allowance of the app in an hour"),
        ("x-page-usage", "allowance of the page in 24 hours"),
        ("x-business-use-case-usage", "allowance of the app for this page in an hour"),
    ):
        try:
            told = json.loads(answer.headers.get(header, "null"))
        except ValueError:
            continue
        rows = [told] if header != "x-business-use-case-usage" else _rows(told)
        shares = [_share(row) for row in rows if isinstance(row, dict)]
        if known := [share for share in shares if share is not None]:
            wait = regain(answer)
            resets = now + wait if wait and header == "x-business-use-case-usage" else None
            found.append(Quota(what=what, limit=100, used=max(known), resets=resets, percent=True))
    return tuple(found)


def _rows(told: Any) -> list[Any]:
    lists = told.values() if isinstance(told, dict) else ()
    return [row for rows in lists if isinstance(rows, list) for row in rows]


def _share(row: dict[str, Any]) -> int | None:
    known = [row.get(key) for key in ("call_count", "total_time", "total_cputime")]
    numbers = [round(value) for value in known if isinstance(value, int | float)]
    return max(numbers, default=None)


def regain(answer: Response) -> timedelta | None:
    """The wait that Facebook estimates in its usage header."""
    try:
        usage = json.loads(answer.headers.get("x-business-use-case-usage", "{}"))
        rows = [row for rows in usage.values() for row in rows]
        minutes = max((int(row["estimated_time_to_regain_access"]) for row in rows), default=0)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return timedelta(minutes=min(minutes, 1440)) if minutes > 0 else None


def checked(remote_id: str) -> str:
    """The id, if it is one of a post on a page. Raises Rejected."""
    if not POST_ID.fullmatch(remote_id):
        raise Rejected(f"`{remote_id}` is no id of a post on a Facebook page", service=SERVICE)
    return remote_id


def under(value: Any, *keys: str) -> Any:
    """What stands under these keys, one inside the other; None where one is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def whole(value: Any) -> int | None:
    """The value, if it is a whole number."""
    return value if isinstance(value, int) else None


def moment(value: Any, default: datetime) -> datetime:
    """A time as Facebook writes it, in UTC where it says no zone."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return default
    return found if found.tzinfo else found.replace(tzinfo=UTC)
