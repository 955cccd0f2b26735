"""A row -> the lead, deal or invoice that it tells of."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from byline.crm import _sheets as sheets
from byline.crm._exports import Kind
from byline.crm.base import CLICKS, TAGS, person_key
from byline.crm.csv.cells import Cells
from byline.model import Deal, Invoice, Lead, Touch


def _lead(row: Cells) -> Lead | None:
    key, at = row.text("lead_id", required=True), row.when("created_at", required=True)
    converted = row.when("converted_at")
    email, hashed = row.text("email"), row.text("email_hash").lower()
    fields = {
        "page": row.text("landing_page"),
        "status": row.text("status"),
        "converted_at": converted.isoformat() if converted else "",
        "opportunity_id": row.text("opportunity_id"),
    }
    if not row.good or at is None:
        return None
    first, last = _tags(row, "first_utm_"), _tags(row, "utm_")
    click = next((f"{name}={row.text(name)}" for name in CLICKS if row.text(name)), "")
    page, referrer = row.text("landing_page"), row.text("referrer")
    touches = [Touch(at=at, **first)] if first and first != last else []
    if last or click or referrer:
        touches.append(Touch(at=at, **last, page=page, referrer=referrer, click=click))
    return Lead(
        id=key,
        at=at,
        person=hashed or person_key(email),
        company=row.text("company"),
        heard_from=row.text("self_reported_source"),
        touches=tuple(touches),
        fields={name: value for name, value in fields.items() if value},
    )


def _tags(row: Cells, prefix: str) -> dict[str, str]:
    found = {("utm_id" if name == "id" else name): row.text(prefix + name).lower()[:255] for name in TAGS}
    return {name: value for name, value in found.items() if value}


def _deal(row: Cells) -> Deal | None:
    key, created = row.text("deal_id", required=True), row.when("created_at", required=True)
    closed, amount, currency = row.when("closed_at"), row.money(), row.currency()
    won, stage = row.yes("is_won"), row.text("stage")
    row.yes("is_closed")
    lead_id, email = row.text("lead_id"), row.text("email")
    if not lead_id and not email and not row.loose:
        row.problem(
            "lead_id", "neither `lead_id` nor `email` says whose deal it is", "fill in one of the two"
        )
    if closed and created and closed < created and closed.date() != created.date():
        row.problem("closed_at", "`closed_at` lies before `created_at`", "correct one of the two dates")
    if not row.good or created is None:
        return None
    if won is None:
        won = sheets.name(stage) in ("won", "closed_won", "closedwon")
    return Deal(
        id=key,
        lead_id=lead_id,
        person=person_key(email),
        created=created,
        closed=closed,
        won=won,
        stage=stage,
        amount=amount,
        currency=currency,
        people=_persons(row.text("contact_emails")),
    )


def _persons(cell: str) -> tuple[str, ...]:
    """Everybody in a cell of addresses with a comma, a semicolon or a space between, each once."""
    return tuple(dict.fromkeys(filter(None, map(person_key, re.split(r"[;,\s]+", cell)))))


def _invoice(row: Cells) -> Invoice | None:
    key, issued = row.text("invoice_id", required=True), row.when("issued_at", required=True)
    paid, amount, currency = row.when("paid_at"), row.money(), row.currency()
    email, company = row.text("customer_email"), row.text("company")
    if not email and not company:
        row.problem(
            "customer_email", "neither `customer_email` nor `company` is filled in", "fill in one of the two"
        )
    if not row.good or issued is None:
        return None
    return Invoice(
        id=key,
        person=person_key(email),
        company=company,
        issued=issued,
        paid=paid,
        amount=amount,
        currency=currency,
    )


READ: Mapping[Kind, Callable[[Cells], Lead | Deal | Invoice | None]] = {
    "leads": _lead,
    "deals": _deal,
    "invoices": _invoice,
}
