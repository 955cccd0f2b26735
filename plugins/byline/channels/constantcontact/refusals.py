"""What Constant Contact's refusals mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

from byline.channels._refusals import Refusal
from byline.channels.constantcontact.network import REFRESH, SERVICE
from byline.errors import RemoteError
from byline.http import Http, Response
from byline.settings import Account
from byline.times import Clock


def failure(answer: Response, *, account: Account, http: Http, clock: Clock, create: bool) -> RemoteError:
    """The error that an answer other than 2xx is. There are two kinds of 429, for a second and for a day."""
    refusal = Refusal(
        service=SERVICE, account=account.name, answer=answer, said=_said(answer, http), http=http
    )
    if answer.status in (401, 403):
        return refusal.of_secret(
            f"sign in again with `publish connect {account.channel}` and set {REFRESH}; "
            "steps: `publish manual constantcontact`"
        )
    if answer.status == 429:
        quota = _error(answer).get("error_key") == "quota_exceeded"
        now = clock.now()
        midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return refusal.limited(
            midnight + timedelta(days=1) if quota else now + timedelta(seconds=1),
            when="today" if quota else "this second",
        )
    return refusal.other(create, hint="correct what it names; it is not sent again as it is")


def _error(answer: Response) -> Mapping[str, Any]:
    found = answer.json()
    first = found[0] if isinstance(found, list) and found else found
    return first if isinstance(first, dict) else {}


def _said(answer: Response, http: Http) -> str:
    message = _error(answer).get("error_message")
    return http.redact(message)[:300] if isinstance(message, str) else http.words(answer)
