"""The contract that every driver of a network keeps, as a suite to inherit.

    from byline.testing.channel_contract import Case, ChannelContract, World

    @pytest.fixture(params=CASES, ids=str)
    def world(request):
        with World(MyNetwork, request.param) as world:
            yield world

    class TestMyNetwork(ChannelContract):
        pass

A `Case` is one kind of account with the fake that stands for its network (see `byline.testing.server.Fake`). All
of it runs on loopback, on a clock that stands still.
"""

from __future__ import annotations

from byline.testing.channel_contract.composing import Composing
from byline.testing.channel_contract.failing import Failing
from byline.testing.channel_contract.looking import Looking
from byline.testing.channel_contract.sending import Sending
from byline.testing.channel_contract.world import World, read_settings, stored_and_read
from byline.testing.server import Case

__all__ = ["Case", "ChannelContract", "World", "read_settings", "stored_and_read"]


class ChannelContract(Composing, Sending, Failing, Looking):
    """Inherit it and give it a `world` fixture."""
