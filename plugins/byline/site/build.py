"""Build the whole site with MkDocs, from settings and content that are read already."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byline import registry
from byline.content import Content, public
from byline.errors import BylineError, ContentError, Stopped, UsageError
from byline.settings import Settings
from byline.site import ahead, starting
from byline.site.cache import BuildResult, Cache, instant
from byline.site.second import Second
from byline.site.written import Broken, Overtaken
from byline.times import FixedClock

if TYPE_CHECKING:
    from byline.site.mkdocs.plugin import BylinePlugin

Begun = tuple[Mapping[str, ahead.Plan], Second | None]

__all__ = ["BuildResult", "build"]


def build(
    settings: Settings,
    content: Content,
    *,
    now: datetime,
    clean: bool = False,
    strict: bool = False,
    skip_bad: bool = False,
    plain: bool = False,
    site_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
    cache: Cache | None = None,
    serving: bool = False,
    built: Callable[[BylinePlugin], None] | None = None,
) -> BuildResult:
    """Write the site as it is at `now` (or at SOURCE_DATE_EPOCH of the environment).

    `cache` is the opened cache file, by default that of the site. `plain` builds what MkDocs and Material build
    without anything of ours. For a server: with `serving` early posts are shown too, and when `cache.overtaken` tells of
    something more urgent the build ends with Overtaken and what it has made is kept for the next one. `built` gets the plugin with all that it knows. Raises ContentError when a post cannot be
    used and `skip_bad` is off, Stopped for warnings when `strict`, and UsageError when MkDocs refuses mkdocs.yml.
    """
    from byline.site.mkdocs.plugin import stopping

    errors = stopping(content)
    if errors and not skip_bad and not plain:
        raise ContentError(errors)
    environment = environment or {}
    given = cache
    cache = cache or Cache(settings, environment, folder=site_dir, clean=clean, plain=plain)
    try:
        try:
            return _build(
                settings,
                content,
                now,
                strict,
                skip_bad,
                plain,
                environment,
                progress,
                cache,
                serving,
                built,
            )
        except Broken as error:
            cache.begin_again()
            if progress:
                progress(f"built from nothing: {error}")
            result = _build(
                settings,
                content,
                now,
                strict,
                skip_bad,
                plain,
                environment,
                progress,
                cache,
                serving,
                built,
            )
            return replace(result, note=f"built from nothing: {error}")
    finally:
        if given is None:
            cache.close()


def _build(
    settings: Settings,
    content: Content,
    now: datetime,
    strict: bool,
    skip_bad: bool,
    plain: bool,
    environment: Mapping[str, str],
    progress: Callable[[str], None] | None,
    cache: Cache,
    serving: bool,
    built: Callable[[BylinePlugin], None] | None,
) -> BuildResult:
    starting.no_banner()
    begun = _begin(settings, content, instant(environment, now), cache) if not plain else ({}, None)
    with _listening(progress) as heard:
        try:
            plugin, note = _run(
                settings, content, now, strict, skip_bad, plain, environment, heard, cache, serving, begun
            )
            records = cache.written.finish() if plugin.engine else {}
        except Overtaken:
            cache.pause()
            raise
        except BaseException:
            cache.forget()
            raise
        finally:
            if begun[1] is not None:
                begun[1].leave()
    if note and progress:
        progress(f"built the slow way: {note}")
    marks = list(plugin.stages.items())
    result = BuildResult(
        folder=cache.folder,
        posts=len(plugin.posts),
        left_out=tuple(sorted(content.bad)) if skip_bad else (),
        warnings=tuple(heard.warnings),
        stages=tuple((name, after - before) for (_, before), (name, after) in pairwise(marks)),
        rendered=len(plugin.engine.rendered) if plugin.engine else 0,
        written=cache.written.count if plugin.engine else 0,
        note=note,
    )
    if plugin.engine:
        cache.save(
            result,
            records=records,
            pages=plugin.engine.facts(),
            posts=content.posts,
            now=instant(environment, now),
            folders=plugin.folders,
            dated=plugin.engine.reads.hour,
        )
    else:
        cache.forget()
    if built is not None:
        built(plugin)
    return result


def _begin(settings: Settings, content: Content, now: datetime, cache: Cache) -> Begun:
    """While MkDocs is being started, another process can draw the cards."""
    cache.look_up()
    posts = [post for post in public(content, now) if post.path not in content.bad]
    plans = ahead.plans(posts, settings, content.authors)
    cache.look_up()
    pictures = {url: make for plan in plans.values() for url, make in plan.files.items()}
    begun = ahead.begin(pictures, cache.kept, cache.written)
    cache.keep_reading()  # now rather than at the end, when there is nothing for a second process to do
    return plans, begun


@contextmanager
def _listening(progress: Callable[[str], None] | None) -> Iterator[_Heard]:
    heard = _Heard(progress)
    logger = logging.getLogger("mkdocs")
    level = logger.level
    logger.addHandler(heard)
    logger.setLevel(logging.INFO)
    try:
        yield heard
    finally:
        logger.removeHandler(heard)
        logger.setLevel(level)


def _run(
    settings: Settings,
    content: Content,
    now: datetime,
    strict: bool,
    skip_bad: bool,
    plain: bool,
    environment: Mapping[str, str],
    heard: _Heard,
    cache: Cache,
    serving: bool,
    begun: Begun,
) -> tuple[BylinePlugin, str]:
    from mkdocs.commands.build import build as mkdocs_build
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort, MkDocsException

    from byline.site.mkdocs import known
    from byline.site.mkdocs.plugin import BylinePlugin

    options: dict[str, Any] = {"strict": True} if strict else {}
    if cache.folder != settings.site:
        options["site_dir"] = str(cache.folder)
    try:
        with _installed_once():
            config = load_config(config_file=str(settings.file), **options)
    except (MkDocsException, Abort) as error:
        raise UsageError(
            heard.story() or f"MkDocs cannot read {settings.file_name}: {error}",
            hint=f"correct {settings.file_name}",
        ) from None
    plugin = next(one for one in config.plugins.values() if isinstance(one, BylinePlugin))
    plugin.clock = FixedClock(now)
    plugin.environment = environment
    plugin.given = settings, content
    plugin.skip_bad = skip_bad
    plugin.plain = plain
    plugin.begun = begun
    plugin.cache = cache
    note = known.reason(config)
    try:
        config.plugins.on_startup(command="serve" if serving else "build", dirty=False)
        try:
            if not note:
                plugin.prepare(config)
            with plugin.patched(config):
                mkdocs_build(config)
        finally:
            with suppress(OSError):  # the blog plugin stumbles over a folder that it has removed already
                config.plugins.on_shutdown()
    except (MkDocsException, Abort) as error:
        if config.strict and heard.warnings and not heard.errors:
            raise Stopped(
                "the site has warnings, which a strict build does not allow:\n" + "\n".join(heard.warnings),
                hint="mend them, or build without `--strict` (`strict: true` in mkdocs.yml)",
            ) from None
        raise BylineError(heard.story() or str(error), hint="mend it and build again") from None
    return plugin, note


@contextmanager
def _installed_once() -> Iterator[None]:
    """Stock looks through all installed packages again for each kind of plugin it asks for; they stay as they are."""
    import mkdocs.plugins
    import mkdocs.utils

    from byline.site.mkdocs.quick import replaced

    found, everything = metadata.entry_points, registry.installed()

    def entry_points(**asked: Any) -> Any:
        return everything.select(**asked) if asked else everything

    with ExitStack() as stack:
        for owner in (mkdocs.plugins, mkdocs.utils, metadata):
            if owner.entry_points is found:
                stack.enter_context(replaced(owner, "entry_points", entry_points))
        yield


class _Heard(logging.Handler):
    """What MkDocs and its plugins say: kept, and passed on as progress."""

    def __init__(self, progress: Callable[[str], None] | None) -> None:
        super().__init__(logging.INFO)
        self.warnings: list[str] = []
        self.errors: list[str] = []
        self.progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        """Sort one line of the log."""
        text = record.getMessage()
        if record.levelno >= logging.ERROR:
            self.errors.append(text)
        elif record.levelno >= logging.WARNING:
            self.warnings.append(text)
            if self.progress:
                self.progress(f"warning: {text}")

    def story(self) -> str:
        """All errors."""
        return "\n".join(self.errors)
