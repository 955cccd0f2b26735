"""What Salesforce's answers say: its codes in plain words, what to do about them, and which error they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from byline.errors import NotSent, Rejected, RemoteError
from byline.http import Response

NAME = "Salesforce"
_WORDS = {
    "DUPLICATES_DETECTED": "a duplicate rule of your Salesforce refuses it",
    "DUPLICATE_VALUE": "another record has the same unique value",
    "REQUIRED_FIELD_MISSING": "a field that your Salesforce requires is empty",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "a validation rule of your Salesforce refuses it",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "a value is not in the list that your Salesforce allows",
    "STRING_TOO_LONG": "a value is longer than its field",
    "UNABLE_TO_LOCK_ROW": "somebody else was changing the same record",
    "INVALID_EMAIL_ADDRESS": "Salesforce does not take the address for one",
    "INSUFFICIENT_ACCESS_OR_READONLY": "Byline's user may not change this record",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "Byline's user may not use a record that this one names",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "Byline's user may not write one of the fields",
    "CANNOT_UPDATE_CONVERTED_LEAD": "the lead was converted and cannot be changed any more",
    "ENTITY_IS_DELETED": "the record was deleted",
}
_STEPS = {
    "DUPLICATES_DETECTED": "let Byline's user pass that rule, or merge the records in Salesforce",
    "REQUIRED_FIELD_MISSING": "give the field a default value, or do not require it of Byline's user",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "let the rule pass records that Byline's user makes",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "add the value to the list, or unrestrict it",
    "STRING_TOO_LONG": "make the field longer, or leave it out under `crm.fields`",
    "UNABLE_TO_LOCK_ROW": "run it again",
    "INSUFFICIENT_ACCESS_OR_READONLY": "give Byline's user the right to edit it",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "run `publish crm setup`, which shows what is missing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The answer about one row of a bulk call. `codes` are Salesforce's own; `fields` those it complains about."""

    ok: bool
    id: str = ""
    created: bool = False
    codes: tuple[str, ...] = ()
    message: str = ""

    def has(self, code: str) -> bool:
        """Is this among its reasons?"""
        return code in self.codes


def codes(answer: Response) -> tuple[str, ...]:
    """Salesforce's own codes in an answer that is an error."""
    found = answer.json()
    items = found if isinstance(found, list) else []
    return tuple(
        str(item.get("errorCode")) for item in items if isinstance(item, dict) and item.get("errorCode")
    )


def _message(answer: Response) -> str:
    found = answer.json()
    items = found if isinstance(found, list) else []
    return " ".join(
        " ".join(str(item.get("message", "")).split()) for item in items if isinstance(item, dict)
    )


def done(row: Any, record: Mapping[str, Any]) -> Done:
    """What the answer to a bulk call says of one row, without the values of the record that was sent."""
    if not isinstance(row, dict):
        return Done(ok=False, message="Salesforce said nothing about it")
    errors = [item for item in row.get("errors") or () if isinstance(item, dict)]
    named = tuple(str(item.get("statusCode") or item.get("errorCode") or "") for item in errors)
    words = [
        f"{_WORDS.get(code, code)} ({scrub(' '.join(str(item.get('message', '')).split()), record)[:200]})"
        for code, item in zip(named, errors, strict=True)
    ]
    return Done(
        ok=bool(row.get("success")),
        id=str(row.get("id") or ""),
        created=bool(row.get("created")),
        codes=named,
        message="; ".join(words),
    )


def step_for(done: Done) -> str:
    """What a person can do about a row that failed."""
    return next((_STEPS[code] for code in done.codes if code in _STEPS), "look at the record in Salesforce")


def scrub(message: str, record: Mapping[str, Any]) -> str:
    """The message without the record's own values: Salesforce repeats addresses and names in some."""
    lines = {line.strip() for value in record.values() if value for line in str(value).splitlines()}
    for line in sorted(lines, key=len, reverse=True):
        for piece in (line, " ".join(line.split())):
            if len(piece) >= 3:
                message = message.replace(piece, "…")
    return re.sub(r"[^\s@:<(]+@[^\s@>)]+\.[^\s@>)]+", "…", message)


def refusal(
    answer: Response, what: str, *, redact: Callable[[str], str], now: datetime, record: Mapping[str, Any]
) -> RemoteError | None:
    """The error that an answer tells; None when it tells none that can be read. `record` is never repeated in it."""
    told = codes(answer)
    message = scrub(redact(_message(answer)), record)
    message = message[max(0, message.find("No such column")) :][:300]
    if not told:
        return None
    shown = f"{'; '.join(_WORDS.get(code, code) for code in told)}: {message}"
    if "REQUEST_LIMIT_EXCEEDED" in told:
        return NotSent(
            "Salesforce takes no more calls today: your organisation has used up its daily number",
            service=NAME,
            cause="limited",
            status=answer.status,
            retry_at=now + timedelta(hours=24),
            hint="run it again tomorrow; `publish doctor` shows how many calls are left",
        )
    if answer.status in (401, 403):
        return NotSent(
            f"Salesforce refuses {what}: {shown}",
            service=NAME,
            cause="auth",
            status=answer.status,
            hint="give Byline's user the rights that `publish manual salesforce` lists, then `publish doctor`",
        )
    if "NOT_FOUND" in told and "external" in message.lower():
        return Rejected(
            f"Salesforce has no field for our key: {message}",
            service=NAME,
            status=answer.status,
            hint="run `publish crm setup`, which shows what is missing and makes it",
        )
    if answer.status >= 500:
        return None
    hint = next((_STEPS[code] for code in told if code in _STEPS), "")
    return Rejected(
        f"Salesforce refuses {what}: {shown}",
        service=NAME,
        status=answer.status,
        hint=hint or "run `publish doctor`; if nothing is found there, report this",
    )
