"""`publish check`: every mistake, offline, all at once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli import _annotations, _reach
from byline.cli._publishing import write_out
from byline.cli.common import DONE, STOPPED, USAGE, App, count, emit_json, hanging, show_problems
from byline.errors import BylineError, Problem, UsageError

if TYPE_CHECKING:
    from byline.content import Content
    from byline.settings import Settings
    from byline.times import Clock

# What a post may be told wrongly while the settings it refers to are broken.
_KNOCK_ON = frozenset(
    ("unknown-campaign", "unknown-audience", "unknown-category", "unknown-account", "network-not-set-up")
)


@click.command(short_help="Find every mistake, offline, all at once.")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "github"]),
    default="text",
    help="How to print; github: annotations.",
)
@click.option(
    "--gitlab",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="For CI: also write the mistakes there, as GitLab's report of code quality.",
)
@click.option("--fix", is_flag=True, help="Write missing ids into the posts, and nothing else.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The byline.json of the public site: an address that vanished is an error.",
)
@click.option(
    "--suggest",
    type=click.Path(path_type=Path, dir_okay=False),
    help="For CI: write missing ids into this file, as suggestions for a pull request.",
)
@click.pass_obj
def command(
    app: App,
    paths: tuple[Path, ...],
    as_json: bool,
    form: str,
    gitlab: Path | None,
    fix: bool,
    against: Path | None,
    suggest: Path | None,
) -> int:
    """Find every mistake in settings, authors and posts, all at once and without a network.

    With PATHS, only what concerns these files and folders is shown.
    """
    from byline import checks, content
    from byline import settings as settings_module

    settings, wrong = settings_module.read(app.file, app.environment)
    root = settings.root if settings else app.file.absolute().parent
    wanted = [_inside(path, root) for path in paths]
    problems: tuple[Problem, ...] = wrong
    here = app.environment
    top = _annotations.prefix(root, here.get("GITHUB_WORKSPACE", "") or here.get("CI_PROJECT_DIR", ""))
    posts, written = _posts(root), tuple[tuple[str, str], ...]()
    if settings is not None and settings.docs.is_dir():
        older = checks.manifest(against) if against else ()
        found = content.read(settings)
        if fix and not wrong:
            written = content.write_missing_ids(settings, found)
            found = content.read(settings) if written else found
        if suggest is not None:
            _suggest(suggest, settings, found, top)
        posts = found.count
        problems += _of_posts(settings, found, wanted, older, bool(wrong), app.clock)
    problems += _reach.tokens(here)
    if gitlab is not None:
        write_out(gitlab, json.dumps(_annotations.gitlab(problems, top), ensure_ascii=False, indent=1))
    if as_json:
        result: dict[str, object] = {"posts": posts, "problems": [problem.as_json() for problem in problems]}
        if fix:
            result["fixed"] = [{"file": file, "id": post_id} for file, post_id in written]
        emit_json(result)
    elif form == "github":
        for line in _annotations.github(problems, top):
            click.echo(line)
        _sum_up(problems, posts, wrong, wanted)
    else:
        for file, post_id in written:
            click.echo(f"Wrote `id: {post_id}` into {file}.")
        show_problems(problems)
        _sum_up(problems, posts, wrong, wanted)
    if any(problem.severity == "error" for problem in wrong):
        return USAGE
    return STOPPED if any(problem.severity == "error" for problem in problems) else DONE


def _of_posts(
    settings: Settings,
    found: Content,
    wanted: Sequence[str],
    older: Sequence[Mapping[str, str]],
    broken: bool,
    clock: Clock,
) -> tuple[Problem, ...]:
    from byline import checks

    if not broken:
        published = _published(settings, clock)
        return checks.run(settings, found, wanted, now=clock.now(), published=published, against=older)
    return tuple(problem for problem in found.problems if problem.code not in _KNOCK_ON)


def _published(settings: Settings, clock: Clock) -> Mapping[str, str]:
    """The address with which each post was sent, as far as this machine knows; a history in trouble is not our matter."""
    from byline.ledger import read_snapshot

    try:
        records = read_snapshot(settings, clock).records.values()
    except BylineError:
        return {}
    return {record.intent.post: record.intent.link for record in records if record.state == "sent"}


def _inside(path: Path, root: Path) -> str:
    """The path as problems name it. Raises UsageError for one that is not there or not of this site."""
    absolute = Path(os.path.normpath(path.absolute()))
    if not absolute.exists():
        raise UsageError(f"there is no {path}", hint="name a post, a folder of posts, or nothing for all")
    relative = Path(os.path.relpath(absolute, root)).as_posix()
    if relative.startswith("../"):
        raise UsageError(f"{path} does not belong to this site ({root})", hint="name a file of this site")
    return relative


def _posts(root: Path) -> int:
    """How many posts there are, when the settings do not even tell where."""
    return sum(1 for _ in (root / "content" / "posts").rglob("*.md"))


def _suggest(target: Path, settings: Settings, found: Content, prefix: str) -> None:
    from byline.cli import _suggest as own

    made = own.suggestions(settings, found, prefix)
    target.write_text(f"{json.dumps(made)}\n" if made else "", encoding="utf-8")


def _sum_up(problems: Sequence[Problem], posts: int, wrong: Sequence[Problem], wanted: Sequence[str]) -> None:
    """One line that says how it stands, one that says what to do."""
    if any(problem.code == "no-settings" for problem in wrong):
        return
    errors = [problem for problem in problems if problem.severity == "error"]
    warnings = len(problems) - len(errors)
    what = f"{', '.join(wanted)} checked" if wanted else f"{count(posts, 'post')} checked"
    if problems:
        _say("")
    advice = f"{count(warnings, 'piece')} of advice" if warnings else ""
    if not errors:
        _say(click.style(f"{what}: no mistakes{f', {advice}' if advice else ''}.", fg="green", bold=True))
        _say("Next: `publish preview` shows each post as the networks will show it." if posts else
                   'Next: `publish new "Title"` starts a post.')  # fmt: skip
        return
    files = len({problem.file for problem in errors})
    found = f"{count(len(errors), 'mistake')} in {count(files, 'file')}"
    _say(click.style(f"{what}: {found}{f', {advice}' if advice else ''}.", fg="red", bold=True))
    if any(problem.code == "missing-id" for problem in errors):
        _say("Next: `publish check --fix` writes the missing ids; correct the other lines above by hand.")
    elif wrong:
        _say(f"Next: correct {errors[0].file} first, then run `publish check` again.")
    else:
        _say("Next: correct the lines named above, then run `publish check` again.")


def _say(text: str) -> None:
    click.echo(hanging(text) if text else "")
