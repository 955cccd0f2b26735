"""`publish send`: what is due goes out, each post once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import (
    json_option,
    make_drivers,
    month_fees,
    open_http,
    paths_argument,
    profile_option,
    read_scope,
    refuse_unmerged,
    to_option,
)
from byline.cli.common import App, count, emit_json, progress, say, show_error, show_problems
from byline.errors import Stopped

if TYPE_CHECKING:
    from byline.planning import Delivery, Plan
    from byline.sending import Result
    from byline.settings import Settings


@click.command()
@paths_argument
@to_option
@profile_option
@click.option(
    "--plan",
    "approved",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Send only what this plan says; refused if anything differs from it.",
)
@click.option(
    "--max",
    "limit",
    type=click.IntRange(min=0),
    metavar="N",
    help="Send at most N, the oldest first; the rest stays due.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--backfill", is_flag=True, help="Also old posts from before sending began here.")
@click.option("--retry", is_flag=True, help="Also what a network rejected, unchanged.")
@click.option(
    "--late", multiple=True, metavar="ID", help="Also this delivery, although its time is long past."
)
@click.option(
    "--no-wait", is_flag=True, help="Look once whether pages are live, and once after an unclear answer."
)
@json_option
@click.pass_obj
def command(
    app: App,
    paths: Sequence[str],
    to: Sequence[str],
    profile: str | None,
    approved: Path | None,
    limit: int | None,
    yes: bool,
    backfill: bool,
    retry: bool,
    late: Sequence[str],
    no_wait: bool,
    as_json: bool,
) -> int:
    """Send what is due, each post once.

    The first run on an old site sends nothing old. Before a post goes out, its page must be live.

    Ends with 0 when all is done, 1 when nothing went out, 3 when some did, 4 when something may be out and a person
    must look, 5 when a check, a limit or a page that is not live stopped it.
    """
    from byline import content as contents
    from byline.ledger import open_ledger
    from byline.planning import Asked
    from byline.sending import Sender, Wishes

    settings = app.settings()
    refuse_unmerged(app.environment, settings.root)
    content = contents.read(settings)
    scope = read_scope(settings, content, paths, to, profile)
    http = open_http(app, settings)
    drivers = make_drivers(app, http)
    ledger = open_ledger(settings, app.environment, app.clock)
    approve: Callable[[Plan], None] = lambda _plan: None  # noqa: E731 - the default of an option
    if approved is not None:
        from byline.cli._approved import approval

        approve = approval(approved, content, settings, ledger, drivers)
    try:
        result = Sender(
            content=content,
            settings=settings,
            ledger=ledger,
            drivers=drivers,
            http=http,
            clock=app.clock,
            progress=progress,
            confirm=_ask if not yes and sys.stdin.isatty() else lambda _plan, _due: True,
            approve=approve,
        ).send(
            Wishes(
                scope=scope,
                asked=Asked(backfill=backfill, retry=retry, late=frozenset(late)),
                limit=limit,
                patient=not no_wait,
            )
        )
        if result.exit_code in (0, 3):
            from byline import websub

            told = websub.tell(settings, content, ledger, http, app.clock)
            if told:
                progress(told)
    except Stopped as stop:
        if as_json:
            from byline import planning

            plan = planning.plan(
                content,
                settings,
                ledger.snapshot(),
                app.clock.now(),
                drivers=drivers,
                scope=scope,
                fees=month_fees(app, settings),
            )
            emit_json(plan.as_json() | {"error": stop.message})
        raise
    finally:
        drivers.keep_fees(ledger)
        ledger.close()
        http.close()
    if as_json:
        emit_json(_as_json(result))
    else:
        _show(result, settings)
    return result.exit_code


def _ask(_plan: Plan, due: Sequence[Delivery]) -> bool:
    from byline import registry

    networks: dict[str, int] = {}
    for item in due:
        networks[registry.label(item.channel)] = networks.get(registry.label(item.channel), 0) + 1
    shown = ", ".join(f"{number} on {name}" for name, number in networks.items())
    return click.confirm(f"Send {count(len(due), 'post')} now ({shown})?", default=True, err=True)


def _as_json(result: Result) -> dict[str, object]:
    return {
        "deliveries": [item.as_json() for item in result.deliveries],
        "hash": result.hash,
        "summary": {
            "sent": len(result.sent),
            "partly": len(result.partly),
            "settled": len(result.settled),
            "failed": len(result.failed),
            "waiting": len(result.waiting),
            "stopped": len(result.stopped),
            "unknown": len(result.unknown),
            "skipped": len(result.skipped),
        },
        "error": result.error.message if result.error else "",
        "problems": [problem.as_json() for problem in result.problems],
    }


def _show(result: Result, settings: Settings) -> None:
    from byline.cli._shown import MARKS, next_step
    from byline.ledger.base import BASELINE

    for item in result.deliveries:
        if item.reason == BASELINE:
            continue
        what = f"{MARKS[item.state]} {item.id:<28} {_said(item, result)}"
        step = next_step(item)
        click.echo(what + (f"   next: {step}" if step and step not in what else ""))
        if item.state == "manual":
            _hand_over(item)
    if result.problems:
        show_problems(result.problems, err=True)
    if result.skipped:
        say(
            f"{count(len(result.skipped), 'old post')} from before sending began here: not sent "
            "(on purpose: publish send --backfill --max 5)"
        )
    click.echo(_summary(result))
    if result.error is not None:
        show_error(result.error)


def _said(item: Delivery, result: Result) -> str:
    if item.state == "sent":
        already = item.record is not None and item.record.head is not None and item.record.head.already
        words = "out already" if already else "sent"
        return f"{words}   {item.url}" + (f"   {item.reason}" if item.reason else "")
    if item.state == "due" and not item.reason:
        return "due, left for a later run"
    words = {
        "due": "not sent", "failed": "rejected", "unknown": "may be out", "sending": "may be out", "manual": "by hand",
    }.get(item.state, item.state)  # fmt: skip
    return f"{words}: {item.reason}" if item.state != "manual" else "to be posted by hand:"


def _hand_over(item: Delivery) -> None:
    """Words and link for the person who posts by hand."""
    for part in item.text:
        for row in part.split("\n"):
            click.echo(f"      │ {row}".rstrip())
    click.echo(f"      └ {item.link}")


def _summary(result: Result) -> str:
    if result.nothing_to_send and not result.unknown:
        return "nothing to send"
    parts = [
        (len(result.sent), "sent"),
        (len(result.partly), "sent in part"),
        (len(result.settled), "found out already"),
        (len(result.failed), "rejected"),
        (len(result.waiting), "not sent, due again"),
        (len(result.stopped), "stopped"),
        (len(result.unknown), "may be out: please look"),
    ]
    return ", ".join(f"{number} {words}" for number, words in parts if number)
