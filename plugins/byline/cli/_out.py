"""What the commands share that act on posts which are out: which deliveries are meant, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from byline.cli._publishing import read_scope
from byline.errors import UsageError
from byline.fields import did_you_mean

if TYPE_CHECKING:
    from byline.content import Content
    from byline.ledger.base import Record
    from byline.settings import Settings


def chosen(
    settings: Settings,
    content: Content,
    records: Mapping[str, Record],
    targets: Sequence[str],
    to: Sequence[str],
) -> tuple[tuple[Record, ...], frozenset[str]]:
    """The records that were named, by id, post or file; and the ids that were named as such.

    A post that is gone from the content is found by what the history knows of it. Raises UsageError for a name
    that is neither here nor there.
    """
    scope = read_scope(settings, content, (), to, None)
    found: dict[str, Record] = {}
    named: set[str] = set()
    for target in targets:
        if target in records:
            found[target] = records[target]
            named.add(target)
            continue
        known = [item for item in records.values() if target in (item.intent.post, item.intent.path)]
        if not known:
            if target.count(".") >= 2 and "/" not in target:
                meant = did_you_mean(target, records)
                raise UsageError(
                    f"the sending history has no {target}",
                    hint=f"did you mean {meant}?" if meant else "`publish status` lists every delivery",
                )
            posts = read_scope(settings, content, (target,), (), None).posts
            known = [item for item in records.values() if item.intent.path in posts]
        found |= {
            item.id: item for item in known if scope.has_account(item.intent.channel, item.intent.account)
        }
    return tuple(sorted(found.values(), key=lambda item: item.id)), frozenset(named)


def as_row(record: Record, settings: Settings, **more: Any) -> dict[str, Any]:
    """One entry of `deliveries` in JSON, from what the history holds."""
    from byline import times

    intent, head = record.intent, record.head
    return {
        "id": record.id,
        "post": intent.post,
        "channel": intent.channel,
        "account": intent.account,
        "state": record.state,
        "due": times.iso(intent.due.astimezone(settings.zone)) if intent.due else None,
        "text": "\n\n".join(intent.text),
        "link": intent.link,
        "card": intent.card,
        "reason": record.reason,
        "cost": float(intent.cost),
        "currency": intent.currency,
        "url": head.url if head else "",
        "remote_id": head.remote_id if head else "",
        "parts": [receipt.remote_id for receipt in record.receipts],
        "texts": list(intent.text),
        "title": intent.title,
        "file": intent.path,
    } | more


def any_uncertain(records: Iterable[Record]) -> bool:
    """May anything be out without our knowing?"""
    return any(record.uncertain for record in records)
