"""Twitter (X) as a network."""

from byline.channels.twitter.driver import Twitter
from byline.channels.twitter.network import CAPABILITIES

CHANNEL = Twitter

__all__ = ["CAPABILITIES", "CHANNEL", "Twitter"]
