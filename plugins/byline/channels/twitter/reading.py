"""What Twitter's answers tell: whose post it is, its numbers, how old it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from byline import links
from byline.channels.base import Receipt

_EPOCH_OF_IDS = 1_288_834_974_657  # a post's id holds its time, in milliseconds since then


def is_ours(post: dict[str, Any], link: str, before: tuple[Receipt, ...]) -> bool:
    """Whether a post of the timeline is the one meant: it answers the part before, or shows the link and answers nothing."""
    answered = [
        str(one.get("id"))
        for one in post.get("referenced_tweets") or ()
        if isinstance(one, dict) and one.get("type") == "replied_to"
    ]
    if before:
        return before[-1].remote_id in answered
    entities = inner(post, "entities").get("urls")
    shown = [
        str(one.get("expanded_url"))
        for one in (entities if isinstance(entities, list) else ())
        if isinstance(one, dict)
    ]
    shown += [
        word for word in str(post.get("text") or "").split() if word.startswith(("https://", "http://"))
    ]
    return not answered and any(links.same(one, link) for one in shown)


def inner(found: dict[str, Any], key: str) -> dict[str, Any]:
    """The object under the key; an empty one where there is none."""
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def number(found: dict[str, Any], *keys: str) -> int | None:
    """The number under the first key that has one."""
    for key in keys:
        value = found.get(key)
        if isinstance(value, int):
            return value
    return None


def moment(value: Any, default: datetime) -> datetime:
    """A time as Twitter writes it, in UTC where it says no zone."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return default
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def age(remote_id: str, now: datetime) -> timedelta:
    """How old a post is, by its id; zero for an id that holds no time."""
    if not remote_id.isdigit() or int(remote_id) < 1 << 40:
        return timedelta(0)
    made = datetime.fromtimestamp(((int(remote_id) >> 22) + _EPOCH_OF_IDS) / 1000, UTC)
    return now - made
