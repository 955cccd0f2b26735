"""Events and records as JSON: the one form in which every store keeps them and in which they move between stores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from byline.errors import LedgerUntrusted
from byline.ledger.base import KINDS, STATES, Event, Intent, Part, Record
from byline.model import Receipt, Request


def dump_event(event: Event) -> str:
    """One line of JSON; what is empty is left out, so that histories stay small and readable."""
    return _line(
        {
            "id": event.id,
            "kind": event.kind,
            "at": _when(event.at),
            "expected": event.expected,
            "run": event.run,
            "reason": event.reason,
            "intent": _intent(event.intent) if event.intent else None,
            "requests": [_request(request) for request in event.requests],
            "part": event.part,
            "receipt": _receipt(event.receipt) if event.receipt else None,
            "not_before": _when(event.not_before),
        }
    )


def load_event(text: str) -> Event:
    """The event again; LedgerUntrusted when the text is not one."""
    try:
        data = json.loads(text)
        at = _moment(data["at"])
        assert at is not None
        if data["kind"] not in KINDS:
            raise ValueError(f"there is no event `{data['kind']}`")
        return Event(
            id=_text(data["id"]),
            kind=data["kind"],
            at=at,
            expected=_number(data.get("expected", 0)),
            run=_text(data.get("run", "")),
            reason=_text(data.get("reason", "")),
            intent=_read_intent(data["intent"]) if data.get("intent") else None,
            requests=tuple(_read_request(item) for item in data.get("requests", ())),
            part=_number(data.get("part", 0)),
            receipt=_read_receipt(data["receipt"]) if data.get("receipt") else None,
            not_before=_moment(data.get("not_before")),
        )
    except _BAD as error:
        raise _broken(error) from None


def dump_record(record: Record) -> str:
    """The record as one line of JSON."""
    return _line(
        {
            "intent": _intent(record.intent),
            "state": record.state,
            "version": record.version,
            "updated": _when(record.updated),
            "reason": record.reason,
            "parts": [
                {
                    "request": _request(part.request),
                    "receipt": _receipt(part.receipt) if part.receipt else None,
                }
                for part in record.parts
            ],
            "run": record.run,
            "attempts": record.attempts,
            "claimed_at": _when(record.claimed_at),
            "first_attempt": _when(record.first_attempt),
            "not_before": _when(record.not_before),
            "sent_at": _when(record.sent_at),
            "by_hand": record.by_hand,
        }
    )


def load_record(text: str) -> Record:
    """The record again; LedgerUntrusted when the text is not one."""
    try:
        data = json.loads(text)
        updated = _moment(data["updated"])
        assert updated is not None
        if data["state"] not in STATES:
            raise ValueError(f"there is no state `{data['state']}`")
        return Record(
            intent=_read_intent(data["intent"]),
            state=data["state"],
            version=_number(data["version"]),
            updated=updated,
            reason=data.get("reason", ""),
            parts=tuple(
                Part(
                    request=_read_request(part["request"]),
                    receipt=_read_receipt(part["receipt"]) if part.get("receipt") else None,
                )
                for part in data.get("parts", ())
            ),
            run=data.get("run", ""),
            attempts=data.get("attempts", 0),
            claimed_at=_moment(data.get("claimed_at")),
            first_attempt=_moment(data.get("first_attempt")),
            not_before=_moment(data.get("not_before")),
            sent_at=_moment(data.get("sent_at")),
            by_hand=data.get("by_hand", False),
        )
    except _BAD as error:
        raise _broken(error) from None


_BAD = (ValueError, KeyError, TypeError, AttributeError, AssertionError, InvalidOperation)


def _broken(error: Exception) -> LedgerUntrusted:
    return LedgerUntrusted(
        f"an entry of the sending history cannot be read ({type(error).__name__}: {error})",
        hint="restore the file from a backup; sending without it could repeat posts",
    )


def _line(data: Mapping[str, Any]) -> str:
    kept = {name: value for name, value in data.items() if value or name in ("id", "kind", "state")}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no number")
    return value


def _when(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return moment


def _intent(intent: Intent) -> dict[str, Any]:
    data = {
        "id": intent.id,
        "post": intent.post,
        "channel": intent.channel,
        "account": intent.account,
        "number": intent.number,
        "title": intent.title,
        "path": intent.path,
        "due": _when(intent.due),
        "text": list(intent.text),
        "link": intent.link,
        "card": intent.card,
        "fingerprint": intent.fingerprint,
        "cost": str(intent.cost) if intent.cost else "",
        "currency": intent.currency,
    }
    return {name: value for name, value in data.items() if value}


def _read_intent(data: Mapping[str, Any]) -> Intent:
    return Intent(
        id=_text(data["id"]),
        post=_text(data["post"]),
        channel=_text(data["channel"]),
        account=_text(data["account"]),
        number=data.get("number", 1),
        title=data.get("title", ""),
        path=data.get("path", ""),
        due=_moment(data.get("due")),
        text=tuple(data.get("text", ())),
        link=data.get("link", ""),
        card=data.get("card", ""),
        fingerprint=data.get("fingerprint", ""),
        cost=Decimal(data.get("cost", "0")),
        currency=data.get("currency", "USD"),
    )


def _request(request: Request) -> dict[str, Any]:
    return {
        "part": request.part,
        "path": request.path,
        "body": dict(request.body),
        "key": request.key,
        "headers": dict(request.headers),
    }


def _read_request(data: Mapping[str, Any]) -> Request:
    return Request(
        part=_number(data["part"]),
        path=_text(data["path"]),
        body=dict(data["body"]),
        key=data.get("key", ""),
        headers=data.get("headers", {}),
    )


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "remote_id": receipt.remote_id,
        "url": receipt.url,
        "at": _when(receipt.at),
        "already": receipt.already,
    }


def _read_receipt(data: Mapping[str, Any]) -> Receipt:
    at = _moment(data["at"])
    assert at is not None
    return Receipt(remote_id=data["remote_id"], url=data["url"], at=at, already=data.get("already", False))
