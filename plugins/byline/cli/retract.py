"""`publish retract`: take a post away from the networks and keep its record."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option, make_drivers, open_http, refuse_unmerged, to_option
from byline.cli.common import DONE, FAILED, PARTLY, UNKNOWN, App, count, emit_json, progress, say
from byline.errors import UsageError

if TYPE_CHECKING:
    from byline.changing import Outcome
    from byline.channels.base import Channel
    from byline.errors import NotSent
    from byline.ledger.base import Record
    from byline.settings import Account, Settings


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="ID|PATH...")
@to_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--by-hand",
    is_flag=True,
    help="I deleted it on the network myself: only note it. Needs the delivery's ID.",
)
@click.option(
    "--over-budget", is_flag=True, help="Also where deleting costs more than the month's budget has left."
)
@json_option
@click.pass_obj
def command(
    app: App,
    targets: Sequence[str],
    to: Sequence[str],
    yes: bool,
    by_hand: bool,
    over_budget: bool,
    as_json: bool,
) -> int:
    """Delete a post from the networks, all parts of a thread, and keep its record: it is never sent again.

    Name a delivery (hp7.linkedin.company), or a post, by file or id, for all its accounts. What no program may
    delete is told with its address; delete it there, then say so with --by-hand. Twitter charges a cent for each
    post that is deleted; it counts against the month's budget.

    Ends with 0 when all is gone, 1 when nothing is, 3 when a part is.
    """
    from byline import changing, fees
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
        snapshot = ledger.snapshot()
        records, named = chosen(settings, content, snapshot.records, targets, to)
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
        purse = fees.Purse(
            settings=settings, history=snapshot, known=ledger.notes(fees.KIND), clock=app.clock
        )
        if out and not yes and not by_hand and not _sure(out, _cost(out, settings, drivers)):
            progress("nothing was deleted")
            return DONE
        for record in records:
            account = settings.account(record.intent.channel, record.intent.account)
            driver = drivers(account) if account and account.mode == "api" else None
            refuse: Callable[[], NotSent | None] = lambda: None  # noqa: E731
            if account is not None and driver is not None and not over_budget:
                refuse = partial(purse.short, account, driver, "delete")
            try:
                outcomes.append(
                    changing.retract(record, driver, ledger, app.clock, run, by_hand=by_hand, refuse=refuse)
                )
            except UsageError as error:
                outcomes.append(changing.Outcome(record=record, done=False, error=error))
            if account is not None and driver is not None:
                purse.paid(account, driver)
        if purse.notes:
            ledger.note(*purse.notes)
        unclear = any_uncertain(ledger.snapshot().records.values())
    finally:
        ledger.close()
        http.close()
    if as_json:
        emit_json({"deliveries": [as_row(item.record, settings, **_more(item)) for item in outcomes]})
    else:
        for item in outcomes:
            say(_line(item))
        if not outcomes:
            say("nothing of it is out")
    if unclear:
        return UNKNOWN
    if all(item.done for item in outcomes):
        return DONE
    return PARTLY if any(item.done or item.parts for item in outcomes) else FAILED


def _cost(out: Sequence[Record], settings: Settings, drivers: Callable[[Account], Channel]) -> Decimal:
    """What the networks take for deleting these, in US dollars."""
    from byline.fees import Purse

    total = Decimal(0)
    for record in out:
        account = settings.account(record.intent.channel, record.intent.account)
        if account is not None and account.mode == "api":
            total += Purse.price(drivers(account), "delete") * len(record.receipts)
    return total


def _sure(out: Sequence[Record], cost: Decimal) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            f"this deletes {count(len(out), 'post')} from the networks, and nobody is here to be asked",
            hint="say it with --yes",
        )
    from byline.planning import money

    for record in out:
        say(f"  {record.id:<28} {record.head.url if record.head else ''}", err=True)
    charged = f" Deleting costs {money(cost, 'USD')}." if cost else ""
    return click.confirm(f"Delete {count(len(out), 'post')} now?{charged}", default=False, err=True)


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
