"""`publish` with nothing after it: where things stand, and the next step. Opens no connection and writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import click

from byline.cli._tables import fitted, table
from byline.cli.common import DONE, UNKNOWN, App, count, emit_json

if TYPE_CHECKING:
    from byline.content import Content
    from byline.errors import Problem
    from byline.planning import Delivery, Plan

_ORDER = ("unknown", "sending", "held", "failed", "due", "manual", "later", "sent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`posts` counts public, draft and later ones; `states` the deliveries; `next` is a command, `why` a word to it."""

    site: str
    address: str
    now: datetime
    posts: dict[str, int]
    mistakes: int
    advice: int
    states: dict[str, int]
    next: str
    why: str


def show(app: App, *, as_json: bool) -> int:
    """The screen. Ends with 4 as long as something may be out."""
    if not app.file.is_file() and not app.file.with_suffix(".yaml").is_file():
        if as_json:
            emit_json({"site": "", "next": "publish init DIR"})
        else:
            _nothing_here()
        return DONE
    found = look(app)
    if as_json:
        emit_json(
            {
                "site": found.site,
                "address": found.address,
                "posts": found.posts,
                "mistakes": found.mistakes,
                "advice": found.advice,
                "deliveries": found.states,
                "next": found.next,
                "why": found.why,
            }
        )
    else:
        for line in lines(found):
            click.echo(line)
    return UNKNOWN if found.states.get("unknown") or found.states.get("sending") else DONE


def look(app: App) -> Standing:
    """Settings, posts, rules and sending history, at a glance. Raises SettingsError."""
    from byline import checks, planning
    from byline import content as contents
    from byline.cli._publishing import make_drivers, open_http, read_scope
    from byline.ledger import read_snapshot

    settings = app.settings()
    content = contents.read(settings)
    now = app.clock.now()
    http = open_http(app, settings)
    try:
        plan = planning.plan(
            content,
            settings,
            read_snapshot(settings, app.clock, app.environment),
            now,
            drivers=make_drivers(app, http),
            scope=read_scope(settings, content, (), (), None),
            everything=True,
        )
    finally:
        http.close()
    problems = checks.run(settings, content, now=now)
    states: Counter[str] = Counter(item.state for item in plan.deliveries)
    step, why = _next(problems, plan, content, bool(settings.channels))
    return Standing(
        site=settings.site_name,
        address=settings.site_url,
        now=now.astimezone(settings.zone),
        posts={
            "public": len(contents.public(content, now)),
            "drafts": sum(post.draft for post in content.posts),
            "later": sum(not post.draft and post.published > now for post in content.posts),
        },
        mistakes=sum(problem.severity == "error" for problem in problems),
        advice=sum(problem.severity == "warning" for problem in problems),
        states={state: states[state] for state in _ORDER if states[state]},
        next=step,
        why=why,
    )


def _next(problems: Sequence[Problem], plan: Plan, content: Content, networks: bool) -> tuple[str, str]:
    """The one thing to do now: what may be out first, then mistakes, then what waits, then what is half written."""
    by: dict[str, list[Delivery]] = {}
    for item in plan.deliveries:
        by.setdefault(item.state, []).append(item)
    if unclear := [*by.get("unknown", ()), *by.get("sending", ())]:
        return "publish reconcile", f"{count(len(unclear), 'post')} may be out: please look"
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        files = len({problem.file for problem in errors})
        return "publish check", f"{count(len(errors), 'mistake')} in {count(files, 'file')}"
    if by.get("held") or by.get("failed"):
        waiting = len(by.get("held", ())) + len(by.get("failed", ()))
        return "publish status", f"{count(waiting, 'post')} {'waits' if waiting == 1 else 'wait'} for you"
    if ready := plan.ready():
        return "publish plan", f"{count(len(ready), 'post')} would go out; `publish send` sends them"
    if hands := by.get("manual"):
        first = next((item for item in hands if item.due is None or item.due <= plan.now), None)
        if first is not None:
            return f"publish kit {first.path}", f"{count(len(hands), 'post')} to post by hand"
    draft = next((post for post in content.posts if post.draft), None)
    if draft is not None:
        return f"publish preview {draft.path}", f"a draft waits: “{draft.title[:60]}”"
    if not networks:
        return 'publish new "Title"', "no network is set up; posts go to the site and its feeds"
    return 'publish new "Title"', "nothing waits"


def lines(found: Standing) -> list[str]:
    """What is shown; as wide as the terminal."""
    from byline.cli._shown import WORDS, moment

    head = click.style(found.site, bold=True) + f"   {found.address}"
    posts = [count(found.posts["public"], "public post")]
    posts += [count(found.posts["drafts"], "draft")] if found.posts["drafts"] else []
    posts += [f"{found.posts['later']} later"] if found.posts["later"] else []
    mistakes = click.style(count(found.mistakes, "mistake"), fg="red") if found.mistakes else "no mistakes"
    states = [f"{number} {WORDS[state]}" for state, number in found.states.items()]  # type: ignore[index]
    rows = [
        ("posts", ", ".join(posts)),
        ("check", mistakes + (f", {count(found.advice, 'piece')} of advice" if found.advice else "")),
        ("networks", ", ".join(states) or "nothing planned, nothing sent"),
    ]
    return [
        *table([(head, moment(found.now))], indent=""),
        *table(rows),
        "",
        *fitted(f"Next: {click.style(found.next, bold=True)}   ", [f"({found.why})"]),
        *fitted("All commands: publish --help", ["   The manual: publish manual"]),
    ]


def _nothing_here() -> None:
    click.echo("There is no site in this folder (no mkdocs.yml).")
    click.echo()
    for line in table(
        [
            ("publish demo", "see everything work on this machine, without an account"),
            ("publish init my-company", "start a company's own site"),
            ("publish init my-company --from wordpress export.xml", "bring an existing blog"),
            ("publish --help", "all commands"),
            ("publish manual", "the manual, in the browser"),
        ]
    ):
        click.echo(line)
