"""The columns of the files that we read, and which of them each kind must have."""

from __future__ import annotations

from collections.abc import Mapping

from byline.crm._exports import Kind
from byline.crm.base import CLICKS, TAGS

COLUMNS: Mapping[Kind, tuple[str, ...]] = {
    "leads": (
        *(
            "lead_id",
            "created_at",
            "email_hash",
            "email",
            "company",
            "status",
            "converted_at",
            "opportunity_id",
        ),
        *(f"utm_{name}" for name in TAGS),
        *(f"first_utm_{name}" for name in TAGS),
        *("landing_page", "referrer", *CLICKS, "self_reported_source"),
    ),
    "deals": (
        *("deal_id", "lead_id", "email", "created_at", "closed_at", "stage", "is_won", "is_closed"),
        *("amount", "currency", "contact_emails"),
    ),
    "invoices": ("invoice_id", "customer_email", "company", "issued_at", "paid_at", "amount", "currency"),
}
NEEDED: Mapping[Kind, tuple[tuple[str, ...], ...]] = {
    "leads": (("lead_id",), ("created_at",)),
    "deals": (("deal_id",), ("lead_id", "email"), ("created_at",), ("amount",), ("currency",)),
    "invoices": (
        ("invoice_id",),
        ("customer_email", "company"),
        ("issued_at",),
        ("amount",),
        ("currency",),
    ),
}
