"""`publish upgrade`: settings and workflows as this version would write them, joined with what people changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option
from byline.cli.common import App, count, emit_json, progress, say
from byline.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from byline.settings import Settings
    from byline.starter import Answers
    from byline.starter.upgrading import Change, NewForm, Upgrade


@click.command(short_help="Bring settings and workflows up to this version.")
@click.option("--apply", "do_it", is_flag=True, help="Write the changes that are shown.")
@json_option
@click.pass_obj
def command(app: App, do_it: bool, as_json: bool) -> None:
    """Show what this version of Byline would write differently into this site, as a diff; with --apply, write it.

    Compares three texts: what `publish init` wrote, what stands here now, what this version would write. What you changed
    stays; where both changed the same lines, yours stay and ours are shown. Posts, pages and authors are never touched.
    """
    from byline.starter import upgrading

    moved = upgrading.brought_up(app.file)
    if moved is not None and not do_it:
        _tell_form(moved, as_json)
        return
    if moved is not None:
        _write_form(app, moved)
    settings = app.settings()
    found = upgrading.plan(settings.root, _answers(app, settings))
    if do_it:
        try:
            upgrading.apply(settings.root, found)
        except OSError as error:
            raise UsageError(
                f"{error.filename} cannot be written: {error.strerror}",
                hint="mend its rights and run it again",
            ) from None
        app.settings()  # what was written is read back: a mistake shall be told now
    if as_json:
        emit_json(_as_json(found, do_it))
        return
    _tell(found, do_it, settings.root)


def _write_form(app: App, moved: NewForm) -> None:
    """The newest form first: only then can the rest be read."""
    try:
        app.file.write_text(moved.change.after or "", encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"{app.file} cannot be written: {error.strerror}", hint="mend its rights and run it again"
        ) from None
    progress(f"{moved.change.path} is of form {moved.to} now: " + "; ".join(moved.why))


def _tell_form(moved: NewForm, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "form": {"from": moved.begin, "to": moved.to, "why": list(moved.why)},
                "applied": False,
                "changes": [{"file": moved.change.path, "diff": moved.change.diff}],
                "left": [],
            }
        )
        return
    say(f"The settings are of form {moved.begin}; this version reads form {moved.to}:")
    for why in moved.why:
        click.echo(f"  {why}")
    click.echo()
    _show(moved.change)
    click.echo()
    say("1 file would change, and then what this version writes differently. Next: publish upgrade --apply")


def _answers(app: App, settings: Settings) -> Answers:
    """What init would have been told, where it left no record: from the settings as they are."""
    from byline.reading.block import is_public
    from byline.starter import Answers

    ci = (
        "github"
        if (settings.root / ".github").is_dir()
        else "gitlab"
        if (settings.root / ".gitlab-ci.yml").is_file()
        else "none"
    )
    return Answers(
        name=settings.site_name,
        site_url=settings.site_url,
        timezone=settings.zone.key,
        today=app.clock.now().date(),
        local=not is_public(settings.site_url),
        ci=ci,
        networks=tuple(
            name
            for name in settings.channels
            if name in ("linkedin", "twitter", "facebook", "mastodon", "bluesky")
        ),
        crm=settings.crm.type,
        imported=True,
        categories=settings.categories_allowed,
    )


def _as_json(found: Upgrade, done: bool) -> dict[str, object]:
    return {
        "from": found.before,
        "to": found.after,
        "applied": done,
        "engine": found.wheel[0] if found.wheel else "",
        "changes": [{"file": change.path, "diff": change.diff} for change in found.changes],
        "left": [
            {"file": left.path, "line": left.line, "reason": left.reason, "wanted": left.wanted}
            for left in found.left
        ],
    }


def _show(change: Change) -> None:
    sign = "+" if change.before is None else "-" if change.after is None else "~"
    click.echo(click.style(f"{sign} {change.path}", bold=True))
    if change.before is not None and len(change.diff) < 20_000:
        for row in change.diff.splitlines()[2:]:
            click.echo("  " + click.style(row, fg={"+": "green", "-": "red", "@": "cyan"}.get(row[:1])))


def _tell(found: Upgrade, done: bool, root: Path) -> None:
    if not found.before:
        say(
            "This site has no record of what `publish init` wrote: only what is missing is added, what differs is shown."
        )
    else:
        click.echo(f"Made by version {found.before}; this is {found.after}.")
    for change in found.changes:
        click.echo()
        _show(change)
    if found.wheel is not None:
        click.echo()
        click.echo(click.style(f"~ engine/{found.wheel[0]}", bold=True) + "   the program itself")
    for left in found.left:
        click.echo()
        place = f"{left.path}:{left.line}" if left.line else left.path
        click.echo(click.style(f"! {place}", fg="yellow") + f"   {left.reason}")
        for row in left.wanted.splitlines()[:40] if left.line else ():
            click.echo(f"    {row}")
    click.echo()
    number = len(found.changes) + (found.wheel is not None)
    if not number:
        say("Nothing to change." if not found.left else "Nothing to change; what is marked ! is for you.")
    elif done:
        say(f"{count(number, 'file')} changed. Next: `git diff`, `publish check`, then commit.")
    else:
        click.echo(f"{count(number, 'file')} would change. Next: publish upgrade --apply")
