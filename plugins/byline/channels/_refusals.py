"""What a network's refusal means where all networks agree. What one of them alone says stays with its driver."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from byline.errors import NotSent, Rejected, RemoteError
from byline.http import Http, Response

UNCHANGED = "change the text, the image or the link; it is not sent again as it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer that is no success, and what it makes of a call: one of the three fates.

    `said` is the network's own words without secrets; `request_id` its own number of the call, the header's where
    none is given.
    """

    service: str
    account: str
    answer: Response
    said: str
    http: Http
    request_id: str = ""

    @property
    def where(self) -> str:
        """The account as messages name it."""
        return f"the account `{self.account}`"

    def of_secret(self, hint: str, *, what: str = "token", why: str = "") -> NotSent:
        """The secrets are not good: nothing goes out from this account until a person renews them."""
        return NotSent(
            f"{self.service} refused the {what} of {self.where}{f': {why}' if why else ''} ({self.said})",
            service=self.service,
            cause="auth",
            status=self.answer.status,
            request_id=self._id,
            hint=hint,
        )

    def limited(
        self, until: datetime | None, *, what: str = "calls", when: str = "", hint: str = ""
    ) -> NotSent:
        """The allowance is used up: not before `until`, or what the answer itself says."""
        return self.http.limited(
            self.answer,
            service=self.service,
            until=until,
            message=f"{self.service} takes no more {what} from {self.where}{f' {when}' if when else ''} ({self.said})",
            hint=hint,
        )

    def other(self, create: bool, *, hint: str = UNCHANGED) -> RemoteError:
        """Trouble of the network's own (5xx, 408, a redirect); else it will never work as it is."""
        status = self.answer.status
        if status >= 500 or status == 408 or 300 <= status < 400:
            return self.http.broken(self.answer, service=self.service, create=create)
        return Rejected(
            f"{self.service} refused the call from {self.where}: {self.said}",
            service=self.service,
            status=status,
            request_id=self._id,
            hint=hint,
        )

    @property
    def _id(self) -> str:
        return self.http.redact(self.request_id or self.answer.request_id)
