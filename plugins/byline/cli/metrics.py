"""`publish metrics`: read views, clicks and comments from the networks and keep them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from byline.cli.common import DONE, FAILED, PARTLY, App, count, emit_json

if TYPE_CHECKING:
    from byline.errors import RemoteError
    from byline.measuring import Known, Reading


@click.command()
@paths_argument
@to_option
@profile_option
@click.option("--all", "everything", is_flag=True, help="Also posts that are older than 30 days.")
@json_option
@click.pass_obj
def command(
    app: App, paths: Sequence[str], to: Sequence[str], profile: str | None, everything: bool, as_json: bool
) -> int:
    """Read views, clicks, likes, comments and shares of what went out in the last 30 days, and keep them.

    Run it once a day: Twitter tells link clicks for 30 days only, and new comments are told by comparing two readings.
    What a network does not tell is n/a. `publish status` and `publish report` show what was read.

    Twitter charges for each post that is read: reading stops where it would break the month's budget.

    Ends with 0 when all was read, 1 when nothing could be, 3 when a part.
    """
    from byline import content as contents
    from byline import fees, measuring, registry
    from byline.ledger import open_ledger
    from byline.planning import money

    settings = app.settings()
    content = contents.read(settings)
    scope = read_scope(settings, content, paths, to, profile)
    http = open_http(app, settings)
    ledger = open_ledger(settings, app.environment, app.clock)
    try:
        snapshot = ledger.snapshot()
        records = sorted(snapshot.records.values(), key=lambda item: item.id)
        wanted = [
            record
            for record in records
            if measuring.measurable(record, settings, app.clock.now(), everything=everything)
            and scope.has_account(record.intent.channel, record.intent.account)
            and scope.has_post(record.intent.path)
        ]
        purse = fees.Purse(
            settings=settings,
            history=snapshot,
            known=ledger.notes(fees.KIND),
            clock=app.clock,
        )
        before = {name: purse.used(name) for name in settings.channels}
        readings = measuring.measure(wanted, settings, make_drivers(app, http), purse)
        cost = {name: spent for name in before if (spent := purse.used(name) - before[name])}
        fresh = [item.figures for item in readings if item.figures is not None and not item.figures.empty]
        notes = [*(measuring.as_note(figures) for figures in fresh), *purse.notes]
        if notes:
            ledger.note(*notes)
            ledger.flush()
        known = measuring.known(ledger.notes(measuring.KIND))
    finally:
        ledger.close()
        http.close()
    if as_json:
        told = {name: float(spent) for name, spent in cost.items()}
        emit_json({"metrics": [_row(item, known) for item in readings], "cost": told})
    else:
        for line in _lines(readings, known):
            click.echo(line)
        for name, spent in cost.items():
            click.echo(f"reading cost {money(spent, 'USD')} on {registry.label(name)}")
    failed = sum(item.error is not None for item in readings)
    if not failed:
        return DONE
    return PARTLY if failed < len(readings) else FAILED


def _row(item: Reading, known: Mapping[str, Known]) -> dict[str, object]:
    intent, found = item.record.intent, known.get(item.record.id)
    numbers = found.figures.as_json() if found and item.error is None else _nothing()
    return {
        "id": item.record.id,
        "post": intent.post,
        "channel": intent.channel,
        "account": intent.account,
        **numbers,
        "new_comments": found.new_comments if found and item.error is None else 0,
        "error": item.error.message if item.error else "",
    }


def _nothing() -> dict[str, object]:
    from byline.measuring import NUMBERS

    return {"at": None} | dict.fromkeys(NUMBERS)


def _lines(readings: Sequence[Reading], known: Mapping[str, Known]) -> Iterator[str]:
    from byline.measuring import NUMBERS

    if not readings:
        yield "nothing went out in the last 30 days whose numbers a network could tell (older: --all)"
        return
    yield f"{'':<30}" + "".join(f"{name:>10}" for name in NUMBERS)
    told: dict[str, RemoteError] = {}
    for item in readings:
        row = f"{item.record.id:<30}"
        if item.error is not None:
            yield f"{row}  not read"
            told.setdefault(item.error.message, item.error)
            continue
        figures = known[item.record.id].figures if item.record.id in known else item.figures
        values = [getattr(figures, name) for name in NUMBERS]
        yield row + "".join(f"{'n/a' if value is None else f'{value:,}':>10}" for value in values)
    fresh = [
        (item.record, known[item.record.id].new_comments)
        for item in readings
        if item.error is None and item.record.id in known
    ]
    for record, new in fresh:
        if new:
            where = record.head.url if record.head else ""
            yield f"{count(new, 'new comment')} on {record.id}   answer: {where}"
    for message, error in told.items():
        yield f"not read: {message}" + (f"\n    next: {error.hint}" if error.hint else "")
