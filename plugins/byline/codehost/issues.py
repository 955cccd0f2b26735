"""Issues on the code host: one for each kind of trouble, renewed in place; one for each post that a person makes by hand.

Only issues of the token's own user are found, renewed and closed: nobody else's with the same title. Words of posts stand
indented, so that none of them is markup, calls anybody or is an order to GitLab.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from byline.codehost.gitlab import GitLab

MOST = 20  # posts that a person is asked for in one run
_LONGEST = 100_000
_PERSON = re.compile(r"@[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,60}[A-Za-z0-9])?")
_DELIVERY = re.compile(r"[a-z][a-z0-9._-]{0,120}")


def renew(host: GitLab, title: str, words: str) -> bool:
    """The open issue of this title has these words now; True when it was opened for them."""
    known = host.own_issue(title, "opened")
    if known:
        host.change_issue(known, {"description": words[:_LONGEST]})
    else:
        host.open_issue(title, words[:_LONGEST])
    return not known


def close(host: GitLab, title: str) -> bool:
    """Close the open issue of this title; False when there is none."""
    known = host.own_issue(title, "opened")
    if known:
        host.change_issue(known, {"state_event": "close"})
    return bool(known)


def by_hand(host: GitLab, plan: Mapping[str, Any], *, now: datetime, home: str) -> Iterator[str]:
    """Open an issue for each post of the plan (`publish plan --json`) that a person makes and whose hour has come.

    Each is asked for once, also when its issue was closed since. `home` is the project's own page. Gives the deliveries that
    were asked for now.
    """
    deliveries = plan.get("deliveries")
    waiting = [item for item in deliveries if _waits(item, now)] if isinstance(deliveries, list) else []
    asked = 0
    for item in waiting:
        if asked == MOST:
            return
        title = f"Please post: {item['id']}"
        if not host.own_issue(title, "all"):
            host.open_issue(title, _wish(item, home))
            asked += 1
            yield str(item["id"])


def _waits(item: Any, now: datetime) -> bool:
    if not isinstance(item, dict) or item.get("state") != "manual":
        return False
    try:
        due = datetime.fromisoformat(item["due"])
        return bool(_DELIVERY.fullmatch(item["id"])) and due <= now
    except (KeyError, TypeError, ValueError):
        return False


def _wish(item: Mapping[str, Any], home: str) -> str:
    owner = str(item.get("owner") or "")
    # `owner` in the settings, with @: GitLab tells that person.
    person = f"{owner}: " if _PERSON.fullmatch(owner) else ""
    parts = [
        f"{person}It is time to post this on {item.get('channel')}, as `{item.get('account')}`, by hand.",
        *(
            f"{'Then, as an answer to it' if number else 'Words'}:\n\n{_indented(text)}"
            for number, text in enumerate(item.get("texts") or ())
        ),
        f"Link:\n\n{_indented(item.get('link'))}",
        f"Picture:\n\n{_indented(item.get('card'))}",
        f"When it is out, tell it here: [Run pipeline]({home}/-/pipelines/new), with two variables:",
        f"    POST       {item['id']}\n    ADDRESS    https://…, the address of the post on the network",
        "It is then noted, never asked for again, and this issue closes.",
    ]
    return "\n\n".join(parts) + "\n"


def _indented(text: Any) -> str:
    return "\n".join(f"    {row}" for row in str(text or "").splitlines() or [""])
