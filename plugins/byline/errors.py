"""Everything that can go wrong, by what the caller should do next.

BylineError                what happened, where, and the next step; nothing else is shown to a person
├── ProblemsFound          holds every Problem of a run, never only the first
│   ├── SettingsError      mkdocs.yml or the environment (exit 2)
│   └── ContentError       a post, an author, a campaign (exit 5)
├── UsageError             the command was called in a way that cannot work (exit 2)
├── Stopped                a check or the live-page gate stopped the run on purpose (exit 5)
├── LedgerError            the sending history cannot be read or written
│   ├── ClaimHeld          another run holds this delivery, or it is already out
│   └── LedgerUntrusted    the sending history vanished or went back in time (exit 5)
└── RemoteError            a network, a site or a CRM: service, status, request id; never a secret
    ├── NotSent            surely did not happen; may be tried again at `retry_at`
    ├── OutcomeUnknown     may have happened: find it first, then ask a person
    └── Rejected           will never work as it is; says what a person must do
        └── Duplicate      the network says that it already has this very post
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Severity = Literal["error", "warning"]
Cause = Literal["unreachable", "limited", "auth", "billing", "waiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a file a person wrote.

    `file` is relative to the folder of mkdocs.yml, with forward slashes; `line` counts from 1 (0: the file as
    a whole); `key` is the dotted path of the field (`share.linkedin.at`) or empty; `code` is stable and lower
    case (`unknown-author`); `message` says what was found and what was expected; `fix` is the line to write or
    the step to take.
    """

    file: str
    line: int
    key: str
    code: str
    message: str
    fix: str
    severity: Severity = "error"

    def as_json(self) -> dict[str, object]:
        """The seven fields that `publish check --json` promises."""
        return {
            "file": self.file,
            "line": self.line,
            "key": self.key,
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "fix": self.fix,
        }


class BylineError(Exception):
    """`message` says what happened and why, `hint` the next step; both are plain text without secrets."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ProblemsFound(BylineError):
    """Every problem of a run at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(f"{first.file}:{first.line}: {first.message}", hint=first.fix)


class SettingsError(ProblemsFound):
    """mkdocs.yml or the environment cannot be used as they are."""


class ContentError(ProblemsFound):
    """A post, an author or a campaign cannot be used as it is."""


class UsageError(BylineError):
    """The command was called in a way that cannot work."""


class Stopped(BylineError):
    """A check, a limit or the live-page gate stopped the run before anything went out."""


class LedgerError(BylineError):
    """The sending history cannot be read or written."""


class ClaimHeld(LedgerError):
    """Another run holds this delivery, or it left the state in which it may be claimed."""


class LedgerUntrusted(LedgerError):
    """The sending history vanished or is older than it was: sending now could repeat posts."""


class RemoteError(BylineError):
    """A call to a network, a site or a CRM failed.

    `service` is the name a person knows (LinkedIn), `status` the HTTP status or None when there was no answer,
    `request_id` the service's own id of the call, for its support.
    """

    def __init__(
        self,
        message: str,
        *,
        service: str,
        status: int | None = None,
        request_id: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.service = service
        self.status = status
        self.request_id = request_id


class NotSent(RemoteError):
    """Surely did not happen: the delivery stays due.

    `cause` says why: `unreachable` (no connection), `limited` (429), `auth` (token or rights), `billing` (no
    credits, over the budget), `waiting` (the network is not ready yet). `retry_at` is aware; None means that
    time alone will not help and a person must act.
    """

    def __init__(
        self,
        message: str,
        *,
        service: str,
        cause: Cause,
        retry_at: datetime | None = None,
        status: int | None = None,
        request_id: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, service=service, status=status, request_id=request_id, hint=hint)
        self.cause: Cause = cause
        self.retry_at = retry_at


class OutcomeUnknown(RemoteError):
    """May have happened: a lost answer, a 5xx on a create, a success without an id. Never replayed blindly."""


class Rejected(RemoteError):
    """Will never work as it is: the content, the image or the link must change first."""


class Duplicate(Rejected):
    """The network says that it already has this very post; `remote_id` and `url` when it named it, else empty."""

    def __init__(
        self,
        message: str,
        *,
        service: str,
        remote_id: str = "",
        url: str = "",
        status: int | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, service=service, status=status, hint=hint)
        self.remote_id = remote_id
        self.url = url
