"""`publish serve`: the site on this machine while you write, drafts and future posts included."""

from __future__ import annotations

from contextlib import closing

import click

from byline.cli._publishing import json_option
from byline.cli.common import App, emit_json, progress, until_stopped
from byline.errors import UsageError


@click.command("serve", help="Show the site while you write.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port of this machine."
)
@json_option
@click.pass_obj
def command(app: App, port: int, as_json: bool) -> None:
    """Every saved change is shown at once, and a mistake in its place. Nothing is published."""
    from byline.site.live import Live
    from byline.site.serving import serve

    def ready(address: str, _stop: object) -> None:
        if as_json:
            emit_json({"address": address})
        else:
            progress(f"The site is at {address}")

    live = Live(app.file, app.clock, app.environment, progress)
    progress("Drafts and future posts are shown here and nowhere else. Stop with Ctrl-C.")
    try:
        with closing(live), until_stopped():
            live.all()
            serve(live, port, ready)
        progress("Stopped.")
    except OSError as error:
        raise UsageError(
            f"port {port} on this machine cannot be used: {error.strerror}", hint="give another with --port"
        ) from None
