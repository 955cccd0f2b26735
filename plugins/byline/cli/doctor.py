"""`publish doctor`: is everything well? Tokens, rights, versions, costs, clock, sending history, site, leads."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option, make_drivers, open_http, read_scope, to_option
from byline.cli._tables import width
from byline.cli.common import DONE, FAILED, App, count, emit_json, progress
from byline.errors import UsageError

if TYPE_CHECKING:
    from byline.doctor import Doctor, Finding
    from byline.settings import Settings

WIDTH, NARROW = 96, 76
_MARKS = {
    "ok": ("ok", "green"),
    "warning": ("look", "yellow"),
    "red": ("RED", "red"),
    "manual": ("hand", "cyan"),
}


@click.command()
@to_option
@click.option(
    "--fail-under", type=click.IntRange(min=0), default=0, metavar="DAYS",
    help="Also end with 1 when a token lives fewer than DAYS days.",
)  # fmt: skip
@click.option(
    "--handover", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Also write who has to renew which token, and how, as Markdown for an issue; empty when nobody has to.",
)  # fmt: skip
@json_option
@click.pass_obj
def command(app: App, to: Sequence[str], fail_under: int, handover: Path | None, as_json: bool) -> int:
    """See at a glance whether everything is well, and what to do where it is not.

    Looks at every account (is the token good, whose is it, may it post, how long does it live), what each network
    still allows, the networks' versions, costs against the budget, the sending history, overdue posts, the live site
    and its feeds, the leads and the clock. Sends nothing. A token is yellow from 14 days on, red from 3.

    Ends with 1 when anything is red.
    """
    from byline import content as contents
    from byline import fees
    from byline.crm._opening import open_driver
    from byline.doctor import Doctor, failed
    from byline.ledger import read_notes, read_snapshot

    settings = app.settings()
    http = open_http(app, settings)
    found: list[Finding] = []
    try:
        doctor = Doctor(
            settings=settings,
            drivers=make_drivers(app, http),
            http=http,
            clock=app.clock,
            history=lambda: read_snapshot(settings, app.clock, app.environment),
            environment=app.environment,
            crm=lambda: open_driver(settings, http=http, secrets=app.secrets(), clock=app.clock),
            fees=lambda: read_notes(settings, app.clock, app.environment, kind=fees.KIND),
        )
        nothing = contents.Content(posts=(), authors={}, problems=(), count=0)
        scope = read_scope(settings, nothing, (), to, None)
        for item in doctor.examine(scope):
            found.append(item)
            if not as_json:
                _show(item)
        _keep(app, settings, doctor)
    finally:
        http.close()
    bad = failed(found, fail_under)
    if handover is not None:
        _hand_over(app, settings, found, fail_under, handover)
    if as_json:
        emit_json({"ok": not bad, "checks": [item.as_json() for item in found]})
    else:
        click.echo(_summary(found, fail_under))
    return FAILED if bad else DONE


def _hand_over(app: App, settings: Settings, found: Sequence[Finding], within: int, file: Path) -> None:
    from byline.doctor import handover

    host = "gitlab" if app.environment.get("GITLAB_CI") else "github"
    try:
        file.write_text(handover.markdown(found, settings, within=within, host=host), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}", hint="name a file in a folder that is there"
        ) from None


def _keep(app: App, settings: Settings, doctor: Doctor) -> None:
    """Write down what looking cost, where sending has begun: a history is never begun by a look."""
    from byline.errors import BylineError
    from byline.ledger import open_ledger

    try:
        if not doctor.notes or doctor.history().empty:
            return
        ledger = open_ledger(settings, app.environment, app.clock)
        try:
            ledger.note(*doctor.notes)
        finally:
            ledger.close()
    except BylineError as error:
        progress(f"what looking cost could not be written down: {error.message}")


def _show(item: Finding) -> None:
    """One finding within the width of the terminal, the next step on lines of its own; on a narrow one below its head."""
    mark, colour = _MARKS[item.level]
    space = min(width(), WIDTH)
    head = f"{mark:<5}{item.about:<22} "
    narrow = space < NARROW
    lead = " " * (5 if narrow else len(head))
    words = f"{item.who}: {item.message}" if item.who else item.message
    rows = _rows(words, space - len(lead))
    shown = click.style(head.rstrip() if narrow else head, fg=colour, bold=item.level == "red")
    click.echo(shown + ("" if narrow else rows.pop(0)))
    for row in rows:
        click.echo(lead + row)
    for number, row in enumerate(_rows(item.next, space - len(lead) - 6) if item.next else ()):
        click.echo(lead + ("      " if number else "next: ") + row)


def _rows(text: str, space: int) -> list[str]:
    return textwrap.wrap(text, max(20, space), break_long_words=False, break_on_hyphens=False) or [""]


def _summary(found: Sequence[Finding], fail_under: int) -> str:
    red = sum(item.level == "red" for item in found)
    look = sum(item.level == "warning" for item in found)
    short = sum(item.days is not None and item.days < fail_under for item in found)
    parts = [f"{red} red"] if red else []
    parts += [f"{look} to look at"] if look else []
    parts += [f"{count(short, 'token')} under {fail_under} days"] if short else []
    return ", ".join(parts) or "all is well"
