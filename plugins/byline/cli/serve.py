"""`publish serve`: the site on this machine while you write, drafts and future posts included."""

from __future__ import annotations

from contextlib import closing

import click

from byline.cli.common import App, progress, until_stopped
from byline.errors import UsageError


@click.command("serve", help="Show the site while you write.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port of this machine."
)
@click.pass_obj
def command(app: App, port: int) -> None:
    """Every saved change is shown at once, and a mistake in its place. Nothing is published."""
    from byline.site.live import Live
    from byline.site.serving import serve

    live = Live(app.file, app.clock, app.environment, progress)
    progress("Drafts and future posts are shown here and nowhere else. Stop with Ctrl-C.")
    try:
        with closing(live), until_stopped():
            live.all()
            serve(live, port, lambda address, _: progress(f"The site is at {address}"))
        progress("Stopped.")
    except OSError as error:
        raise UsageError(
            f"port {port} on this machine cannot be used: {error.strerror}", hint="give another with --port"
        ) from None
