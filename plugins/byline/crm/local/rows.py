"""Values of the model to columns and back. Times are ISO 8601 in UTC, so that they sort as they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from byline.crm.base import person_key
from byline.model import Lead, Touch

TOUCH = ("source", "medium", "campaign", "content", "term", "page", "referrer", "click", "utm_id")


def time_text(moment: datetime) -> str:
    """The moment as it stands in a column."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def instant(text: str) -> datetime:
    """A column's moment, in UTC."""
    return datetime.fromisoformat(text)


def since_text(moment: datetime | None) -> str:
    """The moment for comparing; None sorts before every other."""
    return time_text(moment) if moment else ""


def lead_of(row: tuple[Any, ...]) -> Lead:
    """A row of `leads_with_touches` as a lead."""
    key, at, person, email, name, company, message, heard, consent, fields, _aside, _print, touches = row
    return Lead(
        id=key,
        at=instant(at),
        person=person or key,
        email=email,
        name=name,
        company=company,
        message=message,
        heard_from=heard,
        consent=consent,
        fields=json.loads(fields),
        touches=tuple(
            Touch(at=instant(when), **dict(zip(TOUCH, values, strict=True)))
            for when, *values in json.loads(touches)
        ),
    )


def normal(lead: Lead) -> Lead:
    """The lead as it comes back from the file."""
    return Lead(
        id=lead.id,
        at=lead.at.astimezone(UTC),
        person=lead.person or person_key(lead.email) or lead.id,
        email=lead.email,
        name=lead.name,
        company=lead.company,
        message=lead.message,
        heard_from=lead.heard_from,
        consent=lead.consent,
        fields=dict(lead.fields),
        touches=tuple(sorted(lead.touches, key=lambda touch: touch.at)),
    )
