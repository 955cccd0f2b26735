"""The sending history: one protocol (`base`), several stores, and the choice between them."""

from __future__ import annotations

from byline.ledger.choosing import in_ci, open_ledger, open_store, read_notes, read_snapshot

__all__ = ["in_ci", "open_ledger", "open_store", "read_notes", "read_snapshot"]
