"""What an answer means where all services agree, and what it means when none comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from byline.errors import NotSent, OutcomeUnknown, Rejected, RemoteError
from byline.http.redaction import Redaction

if TYPE_CHECKING:
    from byline.http.response import Response
    from byline.times import Clock


class Fates(Redaction):
    """The errors of calls, with the service's own words redacted and the time from which to try again."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def words(self, response: Response, limit: int = 300) -> str:
        """The start of the answer's own words, without secrets, on one line; no page of HTML."""
        text = response.text.strip()
        if text.startswith("<"):
            return "(an HTML page)"
        return self.redact(" ".join(text.split()))[:limit]

    def limited(
        self,
        response: Response,
        *,
        service: str,
        until: datetime | None = None,
        message: str = "",
        hint: str = "",
    ) -> NotSent:
        """The error for 429: not before Retry-After, else `until` (the service's own reset), else a quarter of an hour."""
        now = self._clock.now()
        at = retry_after(response.headers.get("retry-after", ""), now) or until
        if at is None or at <= now:
            at = now + timedelta(minutes=15 if at is None else 1)
        return NotSent(
            message or f"{service} takes no more calls at present (429)",
            service=service,
            cause="limited",
            retry_at=at,
            status=response.status,
            request_id=self.redact(response.request_id),
            hint=hint or "nothing to do: the post stays due and goes out with a later run",
        )

    def broken(self, response: Response, *, service: str, create: bool) -> RemoteError:
        """The error for a 5xx, a redirect or an answer without the id it must have."""
        what = f"{service} answered {response.status}"
        if response.ok:
            what += " without saying what it made"
        if create and response.status not in (307, 308):
            return OutcomeUnknown(
                f"{what}: the post may be out",
                service=service,
                status=response.status,
                request_id=self.redact(response.request_id),
                hint="run `publish reconcile`, which looks for the post before anything is sent again",
            )
        if 300 <= response.status < 400:
            return Rejected(
                f"{service} has moved: it answered {response.status}, a redirect that is not followed with a token",
                service=service,
                status=response.status,
                hint="correct the `api` or `server` address in mkdocs.yml",
            )
        return NotSent(
            f"{what}: it has trouble of its own",
            service=service,
            cause="unreachable",
            retry_at=self._clock.now() + timedelta(minutes=5),
            status=response.status,
            request_id=self.redact(response.request_id),
            hint="nothing to do: try again later",
        )

    def lost(self, what: str, host: str, *, service: str, left: bool) -> RemoteError:
        """The error for a call without a whole answer; `left`: it may have made something before it was lost."""
        if left:
            return OutcomeUnknown(
                f"{service}: {what}, after the post had left for {host}: it may be out",
                service=service,
                hint="run `publish reconcile`, which looks for the post before anything is sent again",
            )
        return NotSent(
            f"{service}: {what} ({host}); nothing was sent",
            service=service,
            cause="unreachable",
            retry_at=self._clock.now() + timedelta(minutes=1),
            hint="check the connection and the service's status page; the post stays due",
        )


def retry_after(value: str, now: datetime) -> datetime | None:
    """When a `Retry-After` header (seconds or an HTTP date) allows the next call; None when it says nothing usable."""
    value = value.strip()
    try:
        if value.isascii() and value.isdigit():
            return now + timedelta(seconds=min(int(value), 30 * 86_400))
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
