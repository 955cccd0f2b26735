"""The contract suite over every network there is: a new driver file is picked up by itself."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest

from byline import registry
from byline.testing.channel_contract import ChannelContract, World

CASES = [
    pytest.param((name, case), id=f"{name}-{case}")
    for name in registry.channels()
    for case in importlib.import_module(f"byline.testing.{name}").CASES
]


@pytest.fixture(params=CASES)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    name, case = request.param
    with World(registry.channel(name), case) as world:
        yield world


class TestContract(ChannelContract):
    """Every network keeps it."""
