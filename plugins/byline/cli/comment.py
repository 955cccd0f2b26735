"""`publish comment`: the plan of each merge request as a note on it. For GitLab's pipeline on the default branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option, open_http
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


@click.command()
@json_option
@click.pass_obj
def command(app: App, as_json: bool) -> int:
    """Write what each open merge request would send into one note on it, and suggest missing ids. For CI.

    The workflow that `publish init --ci gitlab` writes runs it, on the default branch alone, with the token in
    BYLINE_ISSUES_TOKEN (a project access token: role Reporter, scope api). It takes what the merge request's job `check`
    left as data: words stand as code in the note, pictures are uploaded to the project, nothing of it is run. A note is
    renewed in place; notes of other people are never touched. GitHub's workflow needs no such command.

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


def _host(app: App) -> GitLab:
    from byline.codehost.gitlab import TOKEN, GitLab

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
            f"the token to write notes with is not set ({TOKEN})",
            hint='how to make one: "Publish on merge" in the manual, GitLab',
        )
    _refuse_near_strangers(here, TOKEN)
    return GitLab(open_http(app, app.settings()), api=api, project=int(project), token=token)


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
