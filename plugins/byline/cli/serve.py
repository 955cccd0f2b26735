"""`publish serve`: the site on this machine while you write, drafts and future posts included."""

from __future__ import annotations

import click

from byline.cli.common import App, progress
from byline.errors import ContentError, UsageError


@click.command("serve", help="Show the site while you write.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port of this machine."
)
@click.pass_obj
def command(app: App, port: int) -> None:
    """Every saved change is shown at once. Drafts and future posts are shown, marked; nothing is published."""
    import logging
    import os

    from byline import content

    settings = app.settings()
    os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
    from mkdocs.commands.serve import serve
    from mkdocs.exceptions import Abort

    from byline.site.mkdocs.plugin import BylinePlugin, stopping

    errors = stopping(content.read(settings))
    if errors:
        raise ContentError(errors)
    logger = logging.getLogger("mkdocs")
    logger.addHandler(logging.StreamHandler())
    logger.setLevel(logging.INFO)
    BylinePlugin.clock = app.clock
    BylinePlugin.environment = app.environment
    progress("Drafts and future posts are shown here and nowhere else. Stop with Ctrl-C.")
    try:
        serve(config_file=str(settings.file), dev_addr=f"127.0.0.1:{port}")
    except Abort as error:
        raise UsageError(f"the site cannot be shown: {error}", hint="the lines above say why") from None
    except OSError as error:
        raise UsageError(
            f"port {port} on this machine cannot be used: {error.strerror}", hint="give another with --port"
        ) from None
