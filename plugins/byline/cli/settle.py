"""`publish settle ID --not-sent`: a person's word for a delivery whose outcome no network tells."""

from __future__ import annotations

import click

from byline.cli._publishing import json_option
from byline.cli.common import DONE, UNKNOWN, App, emit_json, say
from byline.errors import UsageError


@click.command()
@click.argument("delivery", metavar="ID")
@click.option("--not-sent", is_flag=True, help="I looked on the network: it is not there.")
@json_option
@click.pass_obj
def command(app: App, delivery: str, not_sent: bool, as_json: bool) -> int:
    """Tell that a post that may be out is not out: it is due again.

    Look on the network first. A post that is there is noted with `publish record ID --url ADDRESS`.
    """
    from byline import times
    from byline.ledger import open_ledger
    from byline.ledger.runs import new_run
    from byline.settling import tell_not_sent

    if not not_sent:
        raise UsageError(
            "`publish settle` needs your word on what you saw",
            hint=f"not there: publish settle {delivery} --not-sent; there: publish record {delivery} --url ADDRESS",
        )
    settings = app.settings()
    ledger = open_ledger(settings, app.environment, app.clock)
    try:
        record = tell_not_sent(ledger, delivery, settings, new_run(), app.clock.now())
        records = ledger.snapshot().records.values()
    finally:
        ledger.close()
    open_ids = [item.id for item in records if item.uncertain]
    if as_json:
        emit_json(
            {
                "id": record.id,
                "state": record.state,
                "reason": record.reason,
                "at": times.iso(record.updated),
                "unknown": open_ids,
            }
        )
    elif record.state == "sent":
        say(f"{record.id}: noted; {record.reason}")
    else:
        say(f"{record.id}: noted as not out; it is due again   next: publish send")
    return UNKNOWN if open_ids else DONE
