"""`publish build`: the site, its feeds, its cards."""

from __future__ import annotations

import click

from byline.cli.common import App, count, progress


@click.command("build", help="Build the site, its feeds and its cards.")
@click.option("--clean", is_flag=True, help="Start from nothing: finished pictures are made anew.")
@click.option("--strict", is_flag=True, help="Stop at warnings too, such as a link that leads nowhere.")
@click.option("--timings", is_flag=True, help="Tell how long each stage took.")
@click.option("--skip-bad", is_flag=True, help="Leave out posts that have mistakes instead of stopping.")
@click.pass_obj
def command(app: App, clean: bool, strict: bool, timings: bool, skip_bad: bool) -> None:
    """Errors in settings leave with 2, in posts with 5 (`--skip-bad` goes on without them)."""
    from byline import content
    from byline.site.build import build
    from byline.times import ticks

    started = ticks()
    settings = app.settings()
    found = content.read(settings)
    read = ticks() - started
    result = build(
        settings,
        found,
        now=app.clock.now(),
        clean=clean,
        strict=strict,
        skip_bad=skip_bad,
        environment=app.environment,
        progress=progress,
    )
    for file in result.left_out:
        progress(f"left out: {file} (`publish check {file}` says why)")
    if timings:
        for name, seconds in (("reading", read), *result.stages[1:], ("in all", ticks() - started)):
            progress(f"{seconds:7.2f} s  {name}")
    click.echo(f"Built {count(result.posts, 'post')} into {result.folder}")
