"""Twitter (X) as its documentation describes it: signed calls, weighted counting, t.co, duplicates, prices.

Signatures are verified for real, nonces are remembered, and text is counted with the official rules. An address
that begins with http counts as a link whatever its host, so that a site on loopback behaves like a public one.
"""

from byline.testing.twitter.fake import CASES, Twitter
from byline.testing.twitter.shapes import links_in, shorten, weight
from byline.testing.twitter.signing import Keys, User, sign

__all__ = ["CASES", "Keys", "Twitter", "User", "links_in", "shorten", "sign", "weight"]
