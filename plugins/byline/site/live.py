"""The site while somebody writes: built again after each saved change, the page they look at first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from byline import content, settings
from byline.content import Content
from byline.errors import BylineError, Problem, ProblemsFound
from byline.settings import Settings
from byline.site.build import build
from byline.site.cache import Cache
from byline.site.written import Overtaken
from byline.times import Clock

if TYPE_CHECKING:
    from byline.site.mkdocs.plugin import BylinePlugin

_FEW = 5  # files saved at once, for which their pages alone are made first
_PUT_OFF = 2  # times in a row that a build of what nobody has seen yet is put off
FOLDER = "serve"  # below .byline/, so that the site that is published is never touched


class Live:
    """Builds into a folder of its own, drafts and future posts too. `version` grows with each change that shows.

    `wrong` says what keeps the latest change from being shown, one text for each mistake; the site then stays as it
    was. A server reads both from other threads.
    """

    def __init__(
        self, file: Path, clock: Clock, environment: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self.file = file
        self.clock = clock
        self.environment = environment
        self.say = say
        self.version = 1
        self.wrong: tuple[str, ...] = ()
        self.changed = threading.Condition()
        self.settings: Settings = settings.load(file, environment)
        self.folder = self.settings.state / FOLDER
        self.behind = False  # are there pages that do not show the latest change yet?
        self.news: Callable[[], bool] = lambda: False  # was something saved meanwhile?
        self._patient, self._put_off = True, 0
        self._cache: Cache | None = None
        self._content: Content | None = None
        self._plugin: BylinePlugin | None = None

    @property
    def watched(self) -> list[Path]:
        """The folders and files that a change may come from."""
        from byline.site.cache import settings_files

        own = [Path(folder) for folder in self._plugin.folders] if self._plugin else []
        return [self.settings.docs, *own, *settings_files(self.file)]

    def saved(self, paths: set[Path]) -> None:
        """Show a change of these files: the posts' own pages at once where their text alone is another."""
        if len(paths) <= _FEW and all(self._one(path) for path in sorted(paths)):
            self.behind = True
            self._show(())
            return
        self.all()

    def all(self, *, shown: bool = False) -> None:
        """Build all that changed. Never raises for what a person can mend.

        When `news` tells of another save the build ends in the middle, `behind` is set, and what it has made is kept
        for the next one. `shown`: what was saved is on the screen already, so that this may happen as often as it must.
        """
        self._patient = shown or self._put_off < _PUT_OFF
        self.behind = False
        try:
            self.settings = settings.load(self.file, self.environment)
            self._build()
            self._put_off = 0
        except Overtaken:
            self._put_off += not shown
            self.behind = True
        except ProblemsFound as error:
            self._show(tuple(_in_words(problem) for problem in error.problems))
        except BylineError as error:
            self._show((f"{error.message}\n{error.hint}".strip(),))

    def _overtaken(self) -> bool:
        return self._patient and self.news()

    def _one(self, path: Path) -> bool:
        from byline.site.mkdocs import saved

        if self._plugin is None or self._content is None or self.wrong or path.suffix != ".md":
            return False
        try:
            uri = path.relative_to(self.settings.docs).as_posix()
            return saved.page(self._plugin, self._plugin.settings, self._content, uri)
        except (OSError, ValueError, BylineError):
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, the whole build meets it again and says it in words
            self.say(f"looking again at everything: {type(error).__name__}")
            return False

    def _build(self) -> None:
        from byline.site.mkdocs.plugin import stopping

        cache = Cache(self.settings, self.environment, folder=self.folder, serving=True)
        cache.overtaken = self._overtaken
        made: list[BylinePlugin] = []
        try:
            found = content.read(self.settings, cache.recall)
            errors = stopping(found)
            if errors and self._content is not None:
                self._show(tuple(_in_words(problem) for problem in errors))
                return  # the site stays as it was before the mistake
            result = build(
                self.settings,
                found,
                now=self.clock.now(),
                skip_bad=True,
                environment=self.environment,
                progress=self.say,
                cache=cache,
                serving=True,
                built=made.append,
            )
        finally:
            if not made:
                cache.close()
        # Until now a saved page could be made by what the build before knew.
        self._let_go()
        cache.overtaken = lambda: False  # what is asked of it later is a page, and urgent itself
        self._cache, self._content, (self._plugin,) = cache, found, made
        self.say(f"{result.rendered} pages made anew")
        self._show(tuple(_in_words(problem) for problem in errors))

    def _let_go(self) -> None:
        self._plugin = None
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    def _show(self, wrong: tuple[str, ...]) -> None:
        with self.changed:
            self.wrong = wrong
            self.version += 1
            self.changed.notify_all()
        for text in wrong:
            self.say(text)

    def close(self) -> None:
        """Let go of the cache file."""
        self._let_go()


def _in_words(problem: Problem) -> str:
    place = f"{problem.file}:{problem.line}" if problem.line else problem.file
    return f"{place}: {problem.message}\n{problem.fix}".strip()
