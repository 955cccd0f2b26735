"""The contract's assertions tell what they compared; one PostgreSQL for all who want it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from postgres import Server

pytest.register_assert_rewrite("byline.testing.ledger_contract")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A real PostgreSQL. One that cannot be started is an error, never a skip."""
    found = Server()
    yield found
    found.stop()
