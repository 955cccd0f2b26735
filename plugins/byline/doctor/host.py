"""The token with which GitLab's jobs write notes and issues. Only inside of GitLab's CI: nowhere else it is to be had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from byline.codehost.gitlab import TOKEN, GitLab
from byline.doctor.accounts import RED_DAYS, WARN_DAYS
from byline.doctor.findings import Finding, Level

if TYPE_CHECKING:
    from byline.http import Http
    from byline.times import Clock

ABOUT = "GitLab notes"
_NEW = f"make a new token (Settings, Access tokens, role Reporter, scope api) and put it into the variable {TOKEN}"


def look(http: Http, clock: Clock, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Is it good, may it write, how long does it live? GitLab gives none without a last day."""
    api, project = environment.get("CI_API_V4_URL", ""), environment.get("CI_PROJECT_ID", "")
    token = environment.get(TOKEN, "").strip()
    if not api or not (project.isascii() and project.isdigit()):
        return
    if not token:
        said = f"{TOKEN} is not set: no note on merge requests, no issue; the jobs' logs say it"
        yield Finding(about=ABOUT, level="manual", message=said)
        return
    host = GitLab(http, api=api, project=int(project), token=token)
    kept = host.token()
    host.open_requests(1)  # raises where the role is too low
    if "api" not in kept.scopes:
        said = f"the token lacks the scope api (it has {', '.join(kept.scopes) or 'none'})"
        yield Finding(about=ABOUT, level="red", message=said, next=_NEW, renew=True)
        return
    if kept.last is None:
        yield Finding(about=ABOUT, level="ok", message="the token may write notes and issues")
        return
    expires = datetime.combine(kept.last, time(), UTC)  # it is refused from the beginning of that day, UTC
    days = (expires - clock.now()).days
    level: Level = "red" if days <= RED_DAYS else "warning" if days <= WARN_DAYS else "ok"
    left = f"{days} {'day' if days == 1 else 'days'} left, until {kept.last}"
    yield Finding(
        about=ABOUT,
        level=level,
        message=f"the token may write notes and issues; {left}",
        next="" if level == "ok" else _NEW,
        expires=expires,
        days=days,
        renew=level != "ok",
    )
