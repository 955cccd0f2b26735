"""HubSpot as its documentation describes it: records with texts for values, batches that fail in part, a search that lags.

Both spellings of every path are understood, `/crm/v3/objects/contacts` and `/crm/objects/2026-03/contacts`. Shapes
are those of the public API descriptions and of the client that HubSpot publishes; what no document says is marked.
"""

from __future__ import annotations

from byline.testing.hubspot.fake import CASES, HubSpot
from byline.testing.hubspot.shapes import PORTAL, TOKEN

__all__ = ["CASES", "PORTAL", "TOKEN", "HubSpot"]
