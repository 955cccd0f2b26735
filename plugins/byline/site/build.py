"""Build the whole site with MkDocs, from settings and content that are read already."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from shutil import rmtree
from typing import Any

from byline.content import Content
from byline.errors import BylineError, ContentError, Stopped, UsageError
from byline.settings import Settings
from byline.times import FixedClock

BANNER = "NO_MKDOCS_2_WARNING"  # Material prints a page about MkDocs 2 into every build otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """`folder` holds the site; `left_out` are the files that were skipped; `stages` are (name, seconds)."""

    folder: Path
    posts: int
    left_out: tuple[str, ...]
    warnings: tuple[str, ...]
    stages: tuple[tuple[str, float], ...]


def build(
    settings: Settings,
    content: Content,
    *,
    now: datetime,
    clean: bool = False,
    strict: bool = False,
    skip_bad: bool = False,
    site_dir: Path | None = None,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> BuildResult:
    """Write the site as it is at `now` (or at SOURCE_DATE_EPOCH of the environment).

    Raises ContentError when a post cannot be used and `skip_bad` is off, Stopped for warnings when `strict`, and
    UsageError when MkDocs refuses mkdocs.yml.
    """
    os.environ.setdefault(BANNER, "1")
    from byline.site.mkdocs.plugin import stopping

    errors = stopping(content)
    if errors and not skip_bad:
        raise ContentError(errors)
    if clean:
        rmtree(settings.state / "cache", ignore_errors=True)
    heard = _Heard(progress)
    logger = logging.getLogger("mkdocs")
    level = logger.level
    logger.addHandler(heard)
    logger.setLevel(logging.INFO)
    try:
        plugin = _run(settings, content, now, strict, skip_bad, site_dir, environment or {}, heard)
    finally:
        logger.removeHandler(heard)
        logger.setLevel(level)
    marks = list(plugin.stages.items())
    stages = tuple((name, after - before) for (_, before), (name, after) in pairwise(marks))
    return BuildResult(
        folder=site_dir or settings.site,
        posts=len(plugin.posts),
        left_out=tuple(sorted(content.bad)) if skip_bad else (),
        warnings=tuple(heard.warnings),
        stages=stages,
    )


def _run(
    settings: Settings,
    content: Content,
    now: datetime,
    strict: bool,
    skip_bad: bool,
    site_dir: Path | None,
    environment: Mapping[str, str],
    heard: _Heard,
) -> Any:
    from mkdocs.commands.build import build as mkdocs_build
    from mkdocs.config import load_config
    from mkdocs.exceptions import Abort, MkDocsException

    from byline.site.mkdocs.plugin import BylinePlugin

    options: dict[str, Any] = {"strict": True} if strict else {}
    if site_dir is not None:
        options["site_dir"] = str(site_dir)
    try:
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
    try:
        config.plugins.on_startup(command="build", dirty=False)
        try:
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
    return plugin


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
