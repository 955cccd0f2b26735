"""`publish build`: the site, its feeds, its cards."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import click

from byline.cli._progress import Waiting
from byline.cli._publishing import json_option
from byline.cli.common import App, count, emit_json, progress
from byline.errors import UsageError

if TYPE_CHECKING:
    from byline.site.cache import BuildResult


@click.command("build", help="Build the site, its feeds and its cards.")
@click.option("--clean", is_flag=True, help="Start from nothing: everything is made anew.")
@click.option("--strict", is_flag=True, help="Stop at warnings too, such as a link that leads nowhere.")
@click.option("--timings", is_flag=True, help="Tell how long each stage took.")
@click.option("--skip-bad", is_flag=True, help="Leave out posts that have mistakes instead of stopping.")
@click.option(
    "--plain",
    is_flag=True,
    help="Only what MkDocs and Material make, without anything of Byline: for comparing.",
)
@click.option(
    "--with",
    "builder",
    type=click.Choice(["mkdocs", "zensical"]),
    default="mkdocs",
    show_default=True,
    help="Who makes the pages. Zensical must be installed; it always begins from nothing.",
)
@json_option
@click.pass_obj
def command(
    app: App,
    clean: bool,
    strict: bool,
    timings: bool,
    skip_bad: bool,
    plain: bool,
    builder: str,
    as_json: bool,
) -> None:
    """Errors in settings leave with 2, in posts with 5 (`--skip-bad` goes on without them)."""
    if builder == "zensical":
        if plain:
            raise UsageError("`--plain` compares with MkDocs alone", hint="leave one of the two options out")
        _with_zensical(app, strict=strict, skip_bad=skip_bad, as_json=as_json)
        return
    from byline.site.cache import Cache, instant
    from byline.times import ticks

    marks = [("", ticks())]

    def stage(name: str) -> None:
        marks.append((name, ticks()))

    settings = app.settings()
    stage("settings")
    cache = Cache(settings, app.environment, clean=clean, plain=plain)
    try:
        now = app.clock.now()
        result = cache.unchanged(instant(app.environment, now), strict=strict, skip_bad=skip_bad)
        stage("what changed")
        if result is None:
            from byline import content
            from byline.site.build import build

            found = content.read(settings, cache.recall)
            stage("reading posts")
            with Waiting("Building the site"):
                result = build(
                    settings,
                    found,
                    now=now,
                    strict=strict,
                    skip_bad=skip_bad,
                    plain=plain,
                    environment=app.environment,
                    progress=progress,
                    cache=cache,
                )
            words = f"{count(result.rendered, 'page')} made anew, {count(result.written, 'file')} written"
        else:
            for text in result.warnings:
                progress(f"warning: {text}")
            words = "nothing had changed"
    finally:
        cache.close()
    for file in result.left_out:
        progress(f"left out: {file} (`publish check {file}` says why)")
    if timings:
        own = [(name, at - before) for (_, before), (name, at) in pairwise(marks)]
        inside = sum(seconds for _, seconds in result.stages)
        rest = ticks() - marks[-1][1] - inside
        rows = [*own, ("MkDocs, theme, cache file", rest), *result.stages] if result.stages else own
        for name, seconds in (*rows, ("in all", ticks() - marks[0][1])):
            progress(f"{seconds:7.2f} s  {name}")
    _tell(result, words, as_json)


def _with_zensical(app: App, *, strict: bool, skip_bad: bool, as_json: bool) -> None:
    from byline import content
    from byline.site.zensical.build import build

    settings = app.settings()
    with Waiting("Building the site"):
        result = build(
            settings,
            content.read(settings),
            now=app.clock.now(),
            strict=strict,
            skip_bad=skip_bad,
            environment=app.environment,
            progress=progress,
        )
    for file in result.left_out:
        progress(f"left out: {file} (`publish check {file}` says why)")
    words = f"{count(result.rendered, 'page')} made by Zensical, {count(result.written, 'file')} written"
    _tell(result, words, as_json)


def _tell(result: BuildResult, words: str, as_json: bool) -> None:
    if as_json:
        emit_json(
            {
                "posts": result.posts,
                "folder": str(result.folder),
                "changed": words != "nothing had changed",
                "left_out": list(result.left_out),
            }
        )
        return
    click.echo(f"Built {count(result.posts, 'post')} into {result.folder} ({words})")
