"""`publish reconcile`: look on the networks for posts that may be out."""

from __future__ import annotations

from collections.abc import Sequence

import click

from byline.cli._publishing import json_option, make_drivers, open_http, profile_option, read_scope, to_option
from byline.cli.common import DONE, UNKNOWN, App, emit_json, progress
from byline.errors import UsageError


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID...]")
@to_option
@profile_option
@click.option("--no-wait", is_flag=True, help="Look once, also where a network may list new posts late.")
@json_option
@click.pass_obj
def command(
    app: App, ids: Sequence[str], to: Sequence[str], profile: str | None, no_wait: bool, as_json: bool
) -> int:
    """Look on the networks for posts that may be out, and note what is found.

    Sends nothing new. Ends with 0 when everything is clear, with 4 when a person must still look.
    """
    from byline import content as contents
    from byline import planning, sending
    from byline.cli._shown import MARKS, WORDS, next_step
    from byline.ledger import open_ledger

    settings = app.settings()
    content = contents.read(settings)
    scope = read_scope(settings, content, (), to, profile)
    http = open_http(app, settings)
    drivers = make_drivers(app, http)
    ledger = open_ledger(settings, app.environment, app.clock)
    try:
        records = ledger.snapshot().records
        for name in ids:
            if name not in records:
                raise UsageError(
                    f"the sending history has no {name}", hint="`publish status` lists every delivery"
                )
        done = sending.reconcile(
            settings,
            ledger,
            drivers,
            app.clock,
            only=frozenset(ids),
            scope=scope,
            patient=not no_wait,
            progress=progress,
        )
        history = ledger.snapshot()
    finally:
        drivers.keep_fees(ledger)
        ledger.close()
        http.close()
    touched = {carried.record.id for carried in done if carried.record is not None}
    plan = planning.plan(
        content,
        settings,
        history,
        app.clock.now(),
        drivers=drivers,
        everything=True,
        only=frozenset(touched | {name for name, record in history.records.items() if record.uncertain}),
    )
    if as_json:
        emit_json(plan.as_json())
    else:
        for item in plan.deliveries:
            words = f"{MARKS[item.state]} {item.id:<28} {WORDS[item.state]}"
            for more in (item.url, item.reason):
                words += f"   {more}" if more else ""
            step = next_step(item)
            if item.state in ("unknown", "sending"):
                step = f"look on the network, then: publish record {item.id} --url ADDRESS, or: publish settle {item.id} --not-sent"
            click.echo(words + (f"   next: {step}" if step else ""))
        if not plan.deliveries:
            click.echo("nothing is unclear")
    return UNKNOWN if any(record.uncertain for record in history.records.values()) else DONE
