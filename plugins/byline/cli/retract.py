"""`publish retract`: take a post away from the networks and keep its record."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option, make_drivers, open_http, refuse_unmerged, to_option
from byline.cli.common import DONE, FAILED, PARTLY, UNKNOWN, App, count, emit_json, progress
from byline.errors import UsageError

if TYPE_CHECKING:
    from byline.changing import Outcome
    from byline.ledger.base import Record


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="ID|PATH...")
@to_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--by-hand",
    is_flag=True,
    help="I deleted it on the network myself: only note it. Needs the delivery's ID.",
)
@json_option
@click.pass_obj
def command(
    app: App, targets: Sequence[str], to: Sequence[str], yes: bool, by_hand: bool, as_json: bool
) -> int:
    """Delete a post from the networks, all parts of a thread, and keep its record: it is never sent again.

    Name a delivery (hp7.linkedin.company), or a post, by file or id, for all its accounts. What no program may
    delete is told with its address; delete it there, then say so with --by-hand.

    Ends with 0 when all is gone, 1 when nothing is, 3 when a part is.
    """
    from byline import changing
    from byline import content as contents
    from byline.cli._out import any_uncertain, as_row, chosen
    from byline.ledger import open_ledger
    from byline.ledger.runs import new_run

    settings = app.settings()
    refuse_unmerged(app.environment, settings.root)
    content = contents.read(settings)
    http = open_http(app, settings)
    drivers = make_drivers(app, http)
    ledger = open_ledger(settings, app.environment, app.clock)
    run = new_run()
    outcomes: list[Outcome] = []
    try:
        records, named = chosen(settings, content, ledger.snapshot().records, targets, to)
        records = tuple(
            item for item in records if item.id in named or item.state == "sent" or item.uncertain
        )
        if by_hand and not all(item.id in named for item in records):
            raise UsageError(
                "--by-hand needs the deliveries one by one",
                hint="name each you deleted: "
                + ", ".join(f"publish retract {item.id} --by-hand" for item in records),
            )
        out = [item for item in records if item.state == "sent"]
        if out and not yes and not by_hand and not _sure(out):
            progress("nothing was deleted")
            return DONE
        for record in records:
            account = settings.account(record.intent.channel, record.intent.account)
            driver = drivers(account) if account and account.mode == "api" else None
            try:
                outcomes.append(changing.retract(record, driver, ledger, app.clock, run, by_hand=by_hand))
            except UsageError as error:
                outcomes.append(changing.Outcome(record=record, done=False, error=error))
        unclear = any_uncertain(ledger.snapshot().records.values())
    finally:
        ledger.close()
        http.close()
    if as_json:
        emit_json({"deliveries": [as_row(item.record, settings, **_more(item)) for item in outcomes]})
    else:
        for item in outcomes:
            click.echo(_line(item))
        if not outcomes:
            click.echo("nothing of it is out")
    if unclear:
        return UNKNOWN
    if all(item.done for item in outcomes):
        return DONE
    return PARTLY if any(item.done or item.parts for item in outcomes) else FAILED


def _sure(out: Sequence[Record]) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            f"this deletes {count(len(out), 'post')} from the networks, and nobody is here to be asked",
            hint="say it with --yes",
        )
    for record in out:
        click.echo(f"  {record.id:<28} {record.head.url if record.head else ''}", err=True)
    return click.confirm(f"Delete {count(len(out), 'post')} now?", default=False, err=True)


def _more(item: Outcome) -> dict[str, object]:
    return {
        "done": item.done,
        "error": item.error.message if item.error else "",
        "next": item.error.hint if item.error else _step(item),
    }


def _step(item: Outcome) -> str:
    return f"{item.by_hand}, then: publish retract {item.record.id} --by-hand" if item.by_hand else ""


def _line(item: Outcome) -> str:
    record = item.record
    where = f"   {record.head.url}" if record.head and record.head.url else ""
    if item.done:
        return f"- {record.id:<28} {record.reason}{where}"
    if item.by_hand:
        return f"* {record.id:<28} still out   next: {_step(item)}"
    assert item.error is not None
    step = f"\n    next: {item.error.hint}" if item.error.hint else ""
    return f"! {record.id:<28} not deleted: {item.error.message}{step}"
