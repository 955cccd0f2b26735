"""`publish intake`: take leads from the site's form until Ctrl-C."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

from byline.cli.common import App, progress


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
@click.pass_obj
def command(app: App, host: str, port: int | None, origins: tuple[str, ...]) -> None:
    """Take leads from the site's form and keep each one before the visitor gets an answer.

    Listens on this machine alone unless --host says otherwise; on a server, run it behind the web server that
    speaks https. Leads are kept in .byline/crm.db and never leave this machine from here.
    """
    from byline import intake
    from byline.crm.local import FILE, LocalCrm

    settings = app.settings()
    form = urlsplit(settings.lead_form.url)
    chosen = port
    if chosen is None:
        own = form.hostname in ("localhost", "127.0.0.1", "::1")
        chosen = form.port if own and form.port else intake.PORT
    with LocalCrm(settings.state / FILE, clock=app.clock) as crm:
        wsgi = intake.application(
            crm,
            site_url=settings.site_url,
            clock=app.clock,
            origins=origins,
            on_lead=lambda lead_id: progress(f"a lead came in: {lead_id}"),
        )
        server = intake.serve(wsgi, host=host or "127.0.0.1", port=chosen)
        click.echo(f"Taking leads at {server.url} (Ctrl-C stops it)")
        progress(f"Leads are kept in {settings.state / FILE}")
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            progress("Stopped. Every lead that got an answer is kept.")
        finally:
            server.server_close()
