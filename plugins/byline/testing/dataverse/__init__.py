"""Dataverse, the store behind Dynamics 365 Sales, as its documentation describes the Web API.

The sign-in of Microsoft Entra stands on the same address. What no document says is marked.
"""

from __future__ import annotations

from byline.testing.dataverse.fake import CASES, Dataverse, dumped
from byline.testing.dataverse.shapes import API, CLIENT_ID, CLIENT_SECRET, TENANT

__all__ = ["API", "CASES", "CLIENT_ID", "CLIENT_SECRET", "TENANT", "Dataverse", "dumped"]
