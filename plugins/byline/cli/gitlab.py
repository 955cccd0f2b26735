"""`publish gitlab`: notes on merge requests, and issues. For GitLab's pipeline on the default branch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option
from byline.cli.common import DONE, FAILED, PARTLY, App, count, emit_json, say
from byline.errors import Stopped, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from byline.codehost.gitlab import GitLab
    from byline.codehost.showing import Shown

_WORDS = {
    "made": "a note was written",
    "renewed": "its note was renewed",
    "same": "its note is up to date",
    "waits": "left as it is",
    "failed": "could not be done",
}
_file_argument = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def command() -> None:
    """What GitLab's CI calls on the default branch: notes on merge requests, and issues.

    The workflow that `publish init --ci gitlab` writes runs these, with the token in BYLINE_ISSUES_TOKEN (role Reporter,
    scope api). Notes and issues of other people are never touched. GitHub's workflow has GitHub's own command for it.
    """


@command.command(short_help="Show on each merge request what would go out.")
@json_option
@click.pass_obj
def notes(app: App, as_json: bool) -> int:
    """Write what each open merge request would send into one note on it, and suggest missing ids.

    It takes what the merge request's job `check` left as data: words stand as code in the note, pictures are uploaded to
    the project, nothing of it is run. A note is renewed in place.

    Ends with 0 when all was done, 1 when nothing could be, 3 when a part.
    """
    from byline.codehost import showing

    host = _host(app)
    found: list[Shown] = []
    for item in showing.show(host):
        found.append(item)
        if not as_json:
            say(_line(item))
    if as_json:
        keys = ("iid", "result", "reason", "offered")
        emit_json({"merge_requests": [{key: getattr(item, key) for key in keys} for item in found]})
    elif not found:
        say("No merge request is open: nothing to do.")
    failed = sum(item.result == "failed" for item in found)
    return DONE if not failed else FAILED if failed == len(found) else PARTLY


@command.command(short_help="Open an issue, or renew the one of that title.")
@click.argument("title")
@_file_argument
@json_option
@click.pass_obj
def issue(app: App, title: str, file: Path, as_json: bool) -> None:
    """Open an issue with this title and the words of FILE, or put the words into the one that is open."""
    from byline.codehost import issues

    made = issues.renew(_host(app), title, _read(file))
    if as_json:
        emit_json({"title": title, "opened": made})
    else:
        say("An issue was opened." if made else "The issue was renewed.")


@command.command(short_help="Close the issue of that title.")
@click.argument("title")
@json_option
@click.pass_obj
def close(app: App, title: str, as_json: bool) -> None:
    """Close the open issue with this title, where there is one."""
    from byline.codehost import issues

    closed = issues.close(_host(app), title)
    if as_json:
        emit_json({"title": title, "closed": closed})
    else:
        say("The issue was closed." if closed else "No such issue is open.")


@command.command(short_help="Ask for each post that a person makes by hand.")
@_file_argument
@json_option
@click.pass_obj
def byhand(app: App, file: Path, as_json: bool) -> None:
    """Open an issue for each post that a person makes by hand and whose hour has come, once for each.

    FILE is what `publish plan --json` printed.
    """
    from byline.codehost import issues

    try:
        plan = json.loads(_read(file))
    except (ValueError, RecursionError):
        plan = None
    if not isinstance(plan, dict):
        raise UsageError(f"{file} is no plan", hint="make it with `publish plan --json > FILE`")
    host = _host(app)
    asked: list[str] = []
    home = app.environment.get("CI_PROJECT_URL", "")
    for delivery in issues.by_hand(host, plan, now=app.clock.now(), home=home):
        asked.append(delivery)
        if not as_json:
            say(f"{delivery}  an issue asks for it")
    if as_json:
        emit_json({"asked": asked})
    elif not asked:
        say("No post waits to be asked for.")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}", hint="name a file that is there"
        ) from None


def _host(app: App) -> GitLab:
    """The project, without a look at the settings: trouble with those must be told as well."""
    from byline.codehost.gitlab import TOKEN, GitLab
    from byline.http import Http
    from byline.settings import Timeouts

    here = app.environment
    api, project = here.get("CI_API_V4_URL", ""), here.get("CI_PROJECT_ID", "")
    if not api or not (project.isascii() and project.isdigit()):
        raise UsageError(
            "this is no job of GitLab CI: CI_API_V4_URL and CI_PROJECT_ID are not set",
            hint="the workflow of `publish init --ci gitlab` runs it; here `publish plan` shows what would go out",
        )
    token = app.secrets().get(TOKEN)
    if not token:
        raise UsageError(
            f"the token to write with is not set ({TOKEN})",
            hint="`publish manual publish-on-merge` says how to make one (GitLab)",
        )
    _refuse_near_strangers(here, TOKEN)
    return GitLab(Http(Timeouts(), app.clock), api=api, project=int(project), token=token)


def _refuse_near_strangers(environment: Mapping[str, str], token: str) -> None:
    """A merge request's own pipeline runs what nobody has looked at: a token that reaches it is anybody's."""
    if environment.get("CI_PIPELINE_SOURCE") == "merge_request_event" or environment.get(
        "CI_MERGE_REQUEST_IID"
    ):
        raise Stopped(
            f"{token} reaches the pipeline of a merge request, whose code nobody has looked at yet",
            hint="mark the variable as protected (Settings, CI/CD, Variables), and make a new token: this one was within reach",
        )


def _line(item: Shown) -> str:
    offered = f", {count(item.offered, 'missing id')} suggested" if item.offered else ""
    return f"!{item.iid}  {_WORDS[item.result]}{offered}{f': {item.reason}' if item.reason else ''}"
