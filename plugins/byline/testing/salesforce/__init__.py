"""A fake Salesforce organisation: objects, external ids, queries by page, rights to fields, leads that are converted.

Shapes and codes: REST API Developer Guide and Object Reference, Tooling API (CustomField), OAuth flows, the package
simple-salesforce 1.12 (read July 2026). What only memory tells is kept out of the tests of the driver.
"""

from __future__ import annotations

from byline.testing.salesforce.fake import FakeSalesforce
from byline.testing.salesforce.shapes import ORG, USERNAME, column

__all__ = ["ORG", "USERNAME", "FakeSalesforce", "column"]
