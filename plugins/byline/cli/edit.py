"""`publish edit ID`: change the words of a post that is out."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option, make_drivers, open_http, refuse_unmerged
from byline.cli.common import DONE, FAILED, PARTLY, UNKNOWN, App, emit_json, show_error
from byline.errors import UsageError

if TYPE_CHECKING:
    from byline.changing import Rewording


@click.command()
@click.argument("delivery", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def command(app: App, delivery: str, yes: bool, as_json: bool) -> int:
    """Change the words of a post that is out to those that its file has now.

    Shows the words that are out and the new ones first. Change the file, then run this for each delivery
    (hp7.linkedin.company). A network that cannot change a post says so; links, cards and pictures stay.
    """
    from byline import changing, planning
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
    outcome = None
    try:
        history = ledger.snapshot()
        records, _ = chosen(settings, content, history.records, (delivery,), ())
        if len(records) != 1:
            names = ", ".join(record.id for record in records) or "none is in the sending history"
            raise UsageError(f"{delivery} is not one delivery: {names}", hint="name one of them")
        (record,) = records
        plan = planning.plan(
            content, settings, history, app.clock.now(), drivers=drivers, everything=True,
            only=frozenset({record.id}),
        )  # fmt: skip
        item = plan.deliveries[0]
        post = next((post for post in content.posts if post.path == item.path), None)
        if item.telling is None or post is None:
            raise UsageError(
                f"no post asks for {record.id} any more, so there are no new words",
                hint=f"publish retract {record.id}",
            )
        if item.telling.account.mode == "manual":
            where = record.head.url if record.head else "the network"
            raise UsageError(
                f"{record.id} is posted by hand, so only a person can change it", hint=f"change it at {where}"
            )
        driver = drivers(item.telling.account)
        words = changing.rewording(
            record, item.telling, post, settings, content.authors, driver, item.fingerprint
        )
        if not as_json:
            _show(record.id, words)
        if words.problems:
            raise UsageError(
                f"{record.id}: {words.problems[0]}",
                hint=f"change the text in {post.path}, then: publish check",
            )
        if words.changed and (yes or _sure()):
            outcome = changing.edit(record, words, driver, ledger, app.clock, new_run(), item.fingerprint)
            record = outcome.record
        unclear = any_uncertain(ledger.snapshot().records.values())
    finally:
        ledger.close()
        http.close()
    error = outcome.error if outcome else None
    if as_json:
        more = {
            "changed": outcome.parts if outcome else 0,
            "old": list(words.old),
            "new": list(words.new),
            "error": error.message if error else "",
        }
        emit_json({"deliveries": [as_row(record, settings, **more)]})
    elif outcome is None:
        click.echo("nothing was changed")
    elif outcome.parts:
        click.echo(f"= {record.id:<28} changed   {record.head.url if record.head else ''}")
    if error is not None and not as_json:
        show_error(error)
    if unclear:
        return UNKNOWN
    if error is None:
        return DONE
    return PARTLY if outcome and outcome.parts else FAILED


def _sure() -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            "this changes a post that people can see, and nobody is here to be asked",
            hint="say it with --yes",
        )
    return click.confirm("Change it now?", default=False, err=True)


def _show(delivery: str, words: Rewording) -> None:
    if not words.changed:
        click.echo(f"{delivery}: the words are the same as those that are out")
    for number in words.changed:
        part = f", part {number + 1}" if len(words.old) > 1 else ""
        for title, text in ((f"out now{part}:", words.old[number]), ("new:", words.new[number])):
            click.echo(title)
            for row in text.split("\n"):
                click.echo(f"      │ {row}".rstrip())
    if words.fixed:
        click.echo(words.fixed)
