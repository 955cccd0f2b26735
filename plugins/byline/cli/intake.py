"""`publish intake`: take leads from the site's form until Ctrl-C, hand them on, and look at what was set aside."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from byline import times
from byline.cli._publishing import json_option
from byline.cli.common import DONE, FAILED, PARTLY, App, count, emit_json, progress, say, until_stopped


@click.command("intake")
@click.option("--host", default="", help="Where to listen (default: this machine only, 127.0.0.1).")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="The port (default: the form's own, or 8765; 0 takes a free one).",
)
@click.option(
    "--origin", "origins", multiple=True, help="Another site whose form may send here (https://old.example)."
)
@click.option("--hand-on", is_flag=True, help="Hand on everything that waits, now, and end.")
@click.option("--spam", is_flag=True, help="List what was set aside, with the reasons, and end.")
@click.option("--not-spam", metavar="ID", default="", help="This one is no spam: hand it on like any other.")
@json_option
@click.pass_obj
def command(
    app: App, host: str, port: int | None, origins: tuple[str, ...], hand_on: bool, spam: bool, not_spam: str,
    as_json: bool,
) -> int:  # fmt: skip
    """Take leads from the site's form, keep each one before the visitor gets an answer, and hand it on.

    Listens on this machine alone unless --host says otherwise; on a server, run it behind the web server that
    speaks https, or in any WSGI server. A lead is kept in .byline (or the database of BYLINE_PRIVATE_URL) first; then
    it goes to the CRM of the settings, by mail to `intake.sales`, and as a file into `intake.drop`, again and again
    until it is there.

    With --hand-on it ends with 0 when nothing waits any more, 3 when something still does.
    """
    from byline.errors import UsageError
    from byline.intake import hosting

    settings = app.settings()
    made = hosting.hosted(settings, app.environment, clock=app.clock, secrets=app.secrets(), tell=progress)
    try:
        if spam and as_json:
            emit_json(
                {
                    "spam": [
                        {"id": lead.id, "at": times.iso(lead.at), "why": why}
                        for lead, why in made.outbox.spam()
                    ]
                }
            )
            return DONE
        if spam:
            for lead, why in made.outbox.spam():
                click.echo(f"{lead.id}  {lead.at:%Y-%m-%d %H:%M}  {why}")
            return DONE
        if not_spam:
            if not made.outbox.release(not_spam):
                raise UsageError(
                    f"nothing that was set aside has the id {not_spam}",
                    hint="`publish intake --spam` lists them",
                )
            _accept(app, not_spam)
            progress(f"{not_spam} is handed on")
            hand_on = True
        if hand_on:
            return _hand_on(made, as_json)
        return _serve(app, made, host, port, origins, as_json)
    finally:
        made.close()


def _hand_on(made: object, as_json: bool) -> int:
    from byline.intake.hosting import Hosted

    assert isinstance(made, Hosted)
    made.outbox.hurry()
    done = made.courier.run_due()
    left = made.outbox.waiting()
    if as_json:
        rows = [
            {"what": one.what, "leads": one.leads, "since": times.iso(one.since), "words": one.words}
            for one in left
        ]
        emit_json({"done": done, "waiting": rows})
        return DONE if not left else PARTLY if done else FAILED
    click.echo(f"{count(done, 'errand')} done")
    for one in left:
        said = f": {one.words}" if one.words else ""
        say(f"waits: {one.what}, {count(one.leads, 'lead')} since {one.since:%Y-%m-%d %H:%M}{said}")
    return DONE if not left else PARTLY if done else FAILED


def _accept(app: App, lead: str) -> None:
    """It counts from now on, also where it was kept as spam."""
    from byline.crm import _opening

    store = _opening.open_store(app.settings(), clock=app.clock, environment=app.environment)
    try:
        store.drop("lead", lead)
    finally:
        store.close()


def _serve(
    app: App, made: object, host: str, port: int | None, origins: tuple[str, ...], as_json: bool
) -> int:
    from byline import intake
    from byline.intake.hosting import Hosted

    assert isinstance(made, Hosted)
    settings = made.settings
    form = urlsplit(settings.lead_form.url)
    chosen = port
    if chosen is None:
        own = form.hostname in ("localhost", "127.0.0.1", "::1")
        chosen = form.port if own and form.port else intake.PORT
    server = intake.serve(made.wsgi(origins), host=host or "127.0.0.1", port=chosen)
    made.courier.start()
    if as_json:
        emit_json({"address": server.url, "kept": str(made.store.place), "then": list(made.what)})
    else:
        click.echo(f"Taking leads at {server.url} (Ctrl-C stops it)")
    progress(f"Leads are kept in {made.store.place}, then: {', '.join(made.what)}")
    try:
        with until_stopped():
            server.serve_forever(poll_interval=0.2)
        progress("Stopped. Every lead that got an answer is kept.")
    finally:
        server.server_close()
    return DONE
