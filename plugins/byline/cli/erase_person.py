"""`publish erase-person`: a person's right to be forgotten."""

from __future__ import annotations

import sys

import click

from byline.cli._publishing import json_option, open_http
from byline.cli.common import DONE, FAILED, PARTLY, App, emit_json, say
from byline.errors import Stopped, UsageError


@click.command("erase-person")
@click.argument("address")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing.")
@json_option
@click.pass_obj
def command(app: App, address: str, yes: bool, as_json: bool) -> int:
    """Take a person out of everything: the CRM, leads kept here and on their way, mailings, lists, files, saved reports.

    Amounts of orders stay, without anybody. Afterwards every file of ours is searched byte by byte for the address and
    for what stands for it. Says what a person must still do elsewhere.

    Ends with 3 when some place could not be cleared, with 1 when none could.
    """
    from byline.crm import _opening
    from byline.erasing import Eraser
    from byline.private import FILE, URL, PrivateStore, open_store

    settings = app.settings()
    if "@" not in address.strip().strip("@"):
        raise UsageError(
            "a person is named by their mail address", hint="publish erase-person ann@firm.example"
        )
    if not yes and sys.stdin.isatty() and not click.confirm("Erase this person for good?", err=True):
        raise Stopped("nothing was erased, as you wished")
    secrets = app.secrets()
    http = open_http(app, settings)

    def private() -> list[PrivateStore]:
        url = secrets.get(URL)
        found = [open_store(settings.state)] if (settings.state / FILE).is_file() else []
        return [*found, open_store(settings.state, url, site=settings.site_key)] if url else found

    def lists() -> dict[str, str]:
        names = ["NEWSLETTER_RECIPIENTS"]
        names += [
            f"NEWSLETTER_RECIPIENTS__{one.upper()}"
            for block in settings.channels.values()
            for one in block.accounts
        ]
        return {name: value for name in names if (value := secrets.get(name))}

    try:
        told = Eraser(
            settings=settings,
            clock=app.clock,
            store=lambda: _opening.open_store(settings, clock=app.clock, environment=app.environment),
            private=private,
            driver=(
                (lambda: _opening.open_driver(settings, http=http, secrets=secrets, clock=app.clock))
                if settings.crm.vendor
                else None
            ),
            listed=lists,
        ).erase(address)
    finally:
        http.close()
    if as_json:
        emit_json({"found": told.found, "done": told.done, "failed": told.failed, "by_hand": told.by_hand})
    else:
        for line in told.done:
            say(line)
        for line in told.failed:
            click.echo(f"NOT CLEARED  {line}", err=True)
        if not told.found and not told.failed:
            click.echo("Nobody has that address.")
        for line in told.by_hand:
            click.echo(f"By hand: {line}")
    if not told.failed:
        return DONE
    return PARTLY if told.done else FAILED
