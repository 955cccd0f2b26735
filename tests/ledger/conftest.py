"""The contract's assertions tell what they compared."""

import pytest

pytest.register_assert_rewrite("byline.testing.ledger_contract")
