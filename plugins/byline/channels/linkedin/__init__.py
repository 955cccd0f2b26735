"""LinkedIn as a network."""

from byline.channels.linkedin.driver import LinkedIn
from byline.channels.linkedin.network import CAPABILITIES, escape

CHANNEL = LinkedIn

__all__ = ["CAPABILITIES", "CHANNEL", "LinkedIn", "escape"]
