"""One line of the doctor's word, and how a look that failed becomes one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from byline import times
from byline.errors import BylineError, NotSent, RemoteError

if TYPE_CHECKING:
    from byline.channels.base import Quota

Level = Literal["ok", "warning", "red", "manual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's word. `next` is the step to take; empty where there is none.

    `who` is whose token it is, `days` how many whole days it still lives, where that is known. `quotas` are what a
    network allows; `renew` tells that a person has to make a new token.
    """

    about: str
    level: Level
    message: str
    next: str = ""
    who: str = ""
    expires: datetime | None = None
    days: int | None = None
    quotas: tuple[Quota, ...] = ()
    renew: bool = False

    def as_json(self) -> dict[str, Any]:
        """For `publish doctor --json`."""
        return {
            "about": self.about,
            "level": self.level,
            "message": self.message,
            "next": self.next,
            "who": self.who,
            "expires": times.iso(self.expires) if self.expires else None,
            "days": self.days,
            "renew": self.renew,
            "quotas": [
                {
                    "what": quota.what,
                    "used": quota.used,
                    "limit": quota.limit,
                    "percent": quota.percent,
                    "resets": times.iso(quota.resets) if quota.resets else None,
                }
                for quota in self.quotas
            ],
        }


def failed(findings: Iterable[Finding], fail_under: int = 0) -> bool:
    """Is anything red, or is there a token that lives fewer than `fail_under` days?"""
    return any(item.level == "red" or (item.days is not None and item.days < fail_under) for item in findings)


def safely(about: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What the look finds, and its failure as a finding: another's driver may fail in any way at all."""
    try:
        yield from look()
    except BylineError as error:
        yield from_error(about, error)
    except Exception as error:  # noqa: BLE001
        yield Finding(
            about=about,
            level="red",
            message=f"could not be looked at ({type(error).__name__})",
            next="publish --debug doctor, and report it to whoever made this driver",
        )


def from_error(about: str, error: BylineError) -> Finding:
    """The failure of a look. Nothing was to be sent, so words about sending are left out."""
    if isinstance(error, RemoteError):
        step = error.hint
        if isinstance(error, NotSent) and error.cause in ("unreachable", "limited", "waiting"):
            step = "check the connection and the service's status page, then look again"
        return Finding(
            about=about, level="red", message=error.message.replace("; nothing was sent", ""), next=step
        )
    return Finding(about=about, level="red", message=error.message, next=error.hint)


def listed(ids: list[str], one: str, many: str) -> str:
    """How many there are, and the first three by id: `2 posts: hp7, hp9`."""
    shown = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
    return f"{len(ids)} {one if len(ids) == 1 else many}: {shown}"
