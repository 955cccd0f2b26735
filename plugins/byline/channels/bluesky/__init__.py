"""Bluesky as a network."""

from byline.channels.bluesky.driver import Bluesky
from byline.channels.bluesky.network import CAPABILITIES

CHANNEL = Bluesky

__all__ = ["CAPABILITIES", "CHANNEL", "Bluesky"]
