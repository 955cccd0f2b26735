"""What a test may need of the versions that are installed."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from byline.site.mkdocs.known import VERSIONS

# For a test of the quick build: it knows a few versions of MkDocs and Material, and leaves others to the stock one.
only_quick = pytest.mark.skipif(
    not all(version(name) in allowed for name, allowed in VERSIONS.items()),
    reason="the quick build does not know these versions",
)
