"""One way out to the network: time-outs, redaction, and the fate of every call.

Nothing is ever retried here. A call that fails tells whether it can have happened: `NotSent` when nothing left this
machine (or the call only reads), `OutcomeUnknown` when a create left and no whole answer came back. Every secret
that was named with `protect` is replaced by its variable's name in whatever this package says.

client     makes the calls              response   what comes back
session    notes whether bytes left     fates      what an answer, or none, means
places     which addresses may be used  redaction  secrets out of texts
"""

from byline.http.client import Http
from byline.http.fates import retry_after
from byline.http.places import is_loopback
from byline.http.response import Headers, Response

__all__ = ["Headers", "Http", "Response", "is_loopback", "retry_after"]
