"""Facebook as a network."""

from byline.channels.facebook.driver import Facebook
from byline.channels.facebook.network import CAPABILITIES

CHANNEL = Facebook

__all__ = ["CAPABILITIES", "CHANNEL", "Facebook"]
