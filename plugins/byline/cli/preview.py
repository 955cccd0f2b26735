"""`publish preview`: a page that shows posts as each network will show them. Opens no connection, needs no token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import (
    json_option,
    make_drivers,
    open_http,
    paths_argument,
    profile_option,
    read_scope,
    to_option,
)
from byline.cli.common import DONE, App, count, emit_json, progress, show_in_browser
from byline.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from byline.content import Content
    from byline.errors import Problem
    from byline.model import Post
    from byline.planning import Plan


@click.command()
@paths_argument
@to_option
@profile_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to write the page (default: .byline/preview.html).",
)
@click.option(
    "--png",
    is_flag=True,
    help="Also as a picture beside the page; needs Chromium, Chrome or Edge on this machine.",
)
@click.option("--dark", is_flag=True, help="Dark from the start, page and picture.")
@click.option("--open", "open_it", is_flag=True, help="Open the page in your browser.")
@json_option
@click.pass_obj
def command(
    app: App,
    paths: Sequence[str],
    to: Sequence[str],
    profile: str | None,
    out: Path | None,
    png: bool,
    dark: bool,
    open_it: bool,
    as_json: bool,
) -> int:
    """See a post as each network will show it: words, fold, card, link, length, time and cost.

    Drafts, future posts and posts that are out can all be shown. Without PATH: everything that is not out yet, else
    the newest post. The page is one file that needs no network.
    """
    from byline import checks, planning
    from byline import content as contents
    from byline.ledger import read_snapshot
    from byline.preview.page import page

    settings = app.settings()
    content = contents.read(settings)
    scope = read_scope(settings, content, paths, to, profile)
    now = app.clock.now()
    # The plan leaves drafts out; here they are planned as if they were finished, and shown as drafts.
    finished = replace(content, posts=tuple(replace(post, draft=False) for post in content.posts))
    http = open_http(app, settings)
    plan = partial(
        planning.plan,
        finished,
        settings,
        read_snapshot(settings, app.clock, app.environment),
        now,
        drivers=make_drivers(app, http),
        everything=True,
    )
    try:
        posts = _shown(content, plan(scope=scope, compose=False), now, scope.posts)
        shown = plan(scope=replace(scope, posts=frozenset(post.path for post in posts)))
    finally:
        http.close()
    problems = _problems(checks.run(settings, content, now=now), content, posts, bool(paths))
    file = out or settings.state / "preview.html"
    _write(
        file,
        page(shown, posts, content.authors, settings, problems=problems, theme="dark" if dark else "auto"),
        out is None,
    )
    wrong = sum(problem.severity == "error" for problem in problems)
    progress(
        f"{count(len(posts), 'post')} shown"
        + (f", {count(wrong, 'mistake')} to mend: `publish check` lists them." if wrong else ".")
    )
    if not as_json:
        click.echo(str(file))
    picture = _picture(app, file, shown, posts) if png else None
    if as_json:
        emit_json(
            {
                "file": str(file),
                "picture": str(picture) if picture else None,
                "posts": [post.path for post in posts],
                "problems": [problem.as_json() for problem in problems],
            }
        )
    elif picture:
        click.echo(str(picture))
    if open_it:
        show_in_browser(file.absolute().as_uri())
    return DONE


def _shown(content: Content, plan: Plan, now: datetime, named: frozenset[str]) -> list[Post]:
    """Those named; else all that are not out everywhere yet, the next first; else the newest."""
    from byline.planning import OPEN

    order = sorted(content.posts, key=lambda post: (post.published, post.id))
    if named:
        return [post for post in order if post.path in named]
    waiting = {item.path for item in plan.deliveries if item.state in OPEN}
    found = [post for post in order if post.draft or post.path in waiting or post.published > now]
    return found or order[-1:]


def _problems(
    every: Sequence[Problem], content: Content, posts: Sequence[Post], named: bool
) -> tuple[Problem, ...]:
    """What is wrong with the posts shown; without names also what is wrong with files that make no post."""
    shown, readable = {post.path for post in posts}, {post.path for post in content.posts}
    return tuple(
        problem
        for problem in every
        if problem.file in shown
        or (not named and problem.severity == "error" and problem.file not in readable)
    )


def _write(file: Path, text: str, own: bool) -> None:
    try:
        if own:
            file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}", hint="name a file in a folder that is there"
        ) from None


def _picture(app: App, page: Path, plan: Plan, posts: Sequence[Post]) -> Path:
    from byline.preview import browser

    program = browser.find(app.environment.get("PATH", ""))
    if not program:
        raise browser.NoBrowser(
            f"the page is at {page}, but no picture could be made of it: there is no Chromium, Chrome or Edge on "
            "this machine",
            hint="install one of them, or open the page and print it from your own browser",
        )
    paths = {post.path for post in posts}
    parts = sum(max(1, len(item.text)) for item in plan.deliveries if item.path in paths)
    out = page.with_suffix(".png")
    browser.picture(page, out, browser=program, height=900 + 500 * len(posts) + 700 * parts)
    return out
