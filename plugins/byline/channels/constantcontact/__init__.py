"""Constant Contact as a network: newsletters."""

from byline.channels.constantcontact.driver import ConstantContact
from byline.channels.constantcontact.network import CAPABILITIES

CHANNEL = ConstantContact

__all__ = ["CAPABILITIES", "CHANNEL", "ConstantContact"]
