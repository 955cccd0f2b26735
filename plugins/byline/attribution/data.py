"""Leads and deals as the two flat tables that `scale` counts: for a warehouse, for Parquet, for anyone's own tools."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from byline.attribution.credit import People, conversions, touches_of
from byline.attribution.touches import Directory
from byline.model import Deal, Lead

TOUCHES = {
    "person": "string",
    "at": "int64",
    "n": "int64",
    "source": "string",
    "medium": "string",
    "campaign": "string",
    "content": "string",
    "click": "string",
}
CONVERSIONS = {
    "kind": "string",
    "id": "string",
    "lead": "string",
    "person": "string",
    "at": "int64",
    "until": "int64",
    "lead_at": "int64",
    "opportunity_at": "int64",
    "amount": "float64",
    "currency": "string",
    "counts": "int64",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rows(
    leads: Sequence[Lead], deals: Sequence[Deal], *, people: People = "deal"
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The touches and the conversions. People whose visits count together are one `person`: the conversion's own."""
    crowd = touches_of(leads, deals, people)
    found = conversions(leads, deals, Directory((), {}), timedelta(0), None, people)
    asked = {lead.id: lead for lead in leads}
    touched: dict[str, list[dict[str, Any]]] = {}
    converted = []
    for item in found:
        person = "+".join(item.people) or f"{item.kind}:{item.id}"
        if person not in touched:
            touched[person] = [
                {
                    "person": person,
                    "at": micros(touch.at),
                    "n": n,
                    "source": touch.source,
                    "medium": touch.medium,
                    "campaign": touch.campaign,
                    "content": touch.content,
                    "click": touch.click,
                }
                for n, touch in enumerate(crowd(item.people))
            ]
        lead = asked.get(item.lead)
        until = max(item.at, lead.at) if lead else item.at
        converted.append(
            {
                "kind": item.kind,
                "id": item.id,
                "lead": item.lead,
                "person": person,
                "at": micros(item.at),
                "until": micros(until),
                "lead_at": micros(item.lead_at) if item.lead_at else None,
                "opportunity_at": micros(item.opportunity_at) if item.opportunity_at else None,
                "amount": float(item.amount),
                "currency": item.currency,
                "counts": item.counts,
            }
        )
    return [row for theirs in touched.values() for row in theirs], converted


def micros(moment: datetime) -> int:
    """Microseconds since 1970, UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def touches_schema() -> Any:
    """For ibis."""
    import ibis

    return ibis.schema(TOUCHES)


def conversions_schema() -> Any:
    """For ibis."""
    import ibis

    return ibis.schema(CONVERSIONS)
