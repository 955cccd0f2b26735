"""What one build knows of the last one: which files it read, what it left in the site's folder, until when that holds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from byline import registry
from byline.errors import UsageError
from byline.model import Post
from byline.reading.recall import Recall
from byline.settings import Settings
from byline.site import inputs, starting
from byline.site.kept import Kept, digest
from byline.site.written import Overtaken, Written, same

_INHERIT = re.compile(r"^INHERIT:[ \t]*[\"']?([^\"'#\n]+?)[\"']?[ \t]*(?:#.*)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """`folder` holds the site; `left_out` are the files that were skipped; `stages` are (name, seconds).

    `rendered` and `written` count pages and files; `note` says why the quick build was not used, else empty.
    """

    folder: Path
    posts: int
    left_out: tuple[str, ...]
    warnings: tuple[str, ...]
    stages: tuple[tuple[str, float], ...] = ()
    rendered: int = 0
    written: int = 0
    note: str = ""


def instant(environment: Mapping[str, str], now: datetime) -> datetime:
    """The instant of the build, aware: SOURCE_DATE_EPOCH where it is set, so that a build can be repeated.

    Raises UsageError when that is no number of seconds.
    """
    epoch = environment.get("SOURCE_DATE_EPOCH", "").strip()
    if not epoch:
        return now
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"SOURCE_DATE_EPOCH is `{epoch}`; whole seconds since 1970 are expected",
            hint="unset it, or give a number such as 1764000000",
        ) from None


class Cache:
    """The cache file of a site, opened for one build into one folder."""

    def __init__(
        self,
        settings: Settings,
        environment: Mapping[str, str],
        *,
        folder: Path | None = None,
        clean: bool = False,
        serving: bool = False,
        plain: bool = False,
    ) -> None:
        """`folder` is the site's, that of the settings by default. `clean` forgets what was kept.

        Sites that are only looked at (`serving`) and those without anything of ours (`plain`) have names of their own.
        """
        self.settings = settings
        self.environment = environment
        self.overtaken: Callable[[], bool] = lambda: False  # asked again and again while the site is built
        self.folder = folder or settings.site
        self.stamp = inputs.code()
        self.kept = Kept(settings.state / "cache", self.stamp)
        if clean:
            self.kept.clear()
        self.mode = f"{'serve' if serving else 'build'}{' plain' if plain else ''}"
        place = digest(self.mode, str(self.folder))
        self._at, self._last = f"site {place}", f"last {place}"
        last = self.kept.value("facts", self._last)
        self.last: dict[str, Any] = last if isinstance(last, dict) else {}
        before = inputs.of_plain(self.kept.value("facts", "inputs"))
        texts = settings_files(settings.file)
        folders = [Path(one) for one in self.last.get("folders", [])]
        self.inputs = inputs.look([settings.docs, *folders], list(texts), before, time.time_ns())
        self.base = base(settings, environment, self.stamp, "plain" if plain else "")

    @cached_property
    def recall(self) -> Recall:
        """Posts as they were read before, for `content.read`."""
        # A row's key is this and the path as it is: a hash of both would have to be worked out for each post.
        self._reading = digest(self.base, self.inputs.sha(str(self.settings.docs / ".authors.yml")))
        docs, known = f"{self.settings.docs}/", self.kept.values("reading")

        def row(path: str) -> Any:
            self.look_up()
            return known(f"{self._reading} {path}")

        return Recall(row, self.settings.zone, lambda path: self.inputs.sha(docs + path), starting.beside)

    def keep_reading(self) -> None:
        """Remember the posts that were read anew."""
        if "recall" in self.__dict__:
            for path, row in self.recall.fresh.items():
                self.kept.put_value("reading", f"{self._reading} {path}", row)
            self.recall.fresh.clear()

    def look_up(self) -> None:
        """Stop here if something more urgent has come. Raises Overtaken."""
        if self.overtaken():
            raise Overtaken

    @cached_property
    def written(self) -> Written:
        """The folder of the site."""
        return Written(self.folder, self.kept.value("facts", self._at))

    @property
    def pages(self) -> Any:
        """What the last build noted about its pages; a server begins with what was built for publishing."""
        return self.kept.value("facts", f"pages {self.mode}") or self.kept.value("facts", "pages build")

    def unchanged(self, now: datetime, *, strict: bool, skip_bad: bool) -> BuildResult | None:
        """What the last build gave, when this one would give the same; None when there is something to do."""
        last = self.last
        try:
            if (
                last["base"] != self.base
                or last["inputs"] != self.inputs.name()
                or not last["from"] <= now.timestamp() < last["until"]
                or (strict and last["warnings"])
                or (last["left_out"] and not skip_bad)
                or not same(self.folder, self.kept.value("facts", self._at))
            ):
                return None
            return BuildResult(
                folder=self.folder,
                posts=int(last["posts"]),
                left_out=tuple(last["left_out"]),
                warnings=tuple(last["warnings"]),
            )
        except (KeyError, TypeError, ValueError):
            return None

    def save(
        self,
        result: BuildResult,
        *,
        records: Mapping[str, Sequence[object]],
        pages: Mapping[str, object],
        posts: Sequence[Post],
        now: datetime,
        folders: Sequence[str],
        dated: bool = False,
    ) -> None:
        """Remember this build. `posts` are all, drafts and future ones too; `folders` hold templates of the company.

        `dated`: one of those shows when the site was built, so the next build differs whatever else is the same.
        """
        if [str(one) for one in folders] != self.last.get("folders", []):
            texts = settings_files(self.settings.file)
            places = [self.settings.docs, *(Path(one) for one in folders)]
            self.inputs = inputs.look(places, list(texts), self.inputs, self.inputs.taken)
        start, end = (1.0, 0.0) if dated else _holds(posts, now)
        self.kept.put_value("facts", "inputs", self.inputs.plain(), packed=False)
        self.keep_reading()
        self.kept.put_value("facts", self._at, records, packed=False)
        self.kept.put_value("facts", f"pages {self.mode}", pages, packed=False)
        self.kept.put_value(
            "facts",
            self._last,
            {
                "base": self.base,
                "inputs": self.inputs.name(),
                "from": start,
                "until": end,
                "posts": result.posts,
                "left_out": list(result.left_out),
                "warnings": list(result.warnings),
                "folders": list(folders),
            },
        )
        self.kept.save()

    def forget(self) -> None:
        """The next build begins anew with the site's folder: this one ended in the middle of it."""
        self.kept.put_value("facts", self._last, {})
        self.kept.put_value("facts", self._at, {})
        self.kept.save(whole=False)

    def pause(self) -> None:
        """This build ends in the middle of the site's folder; the next one goes on with what it has made."""
        self.keep_reading()
        self.kept.put_value("facts", self._last, {})
        self.kept.put_value("facts", self._at, self.written.so_far())
        self.kept.save(whole=False)

    def begin_again(self) -> None:
        """What was kept does not fit together; nothing of it is used."""
        self.kept.clear()
        self.last = {}
        for name in ("recall", "written"):
            self.__dict__.pop(name, None)

    def close(self) -> None:
        """Let go of the file."""
        self.kept.close()


def _holds(posts: Sequence[Post], now: datetime) -> tuple[float, float]:
    """From when until when the same posts are public. Without a public post the feeds carry the hour of the build."""
    moments = sorted(post.published.timestamp() for post in posts if not post.draft)
    past = [moment for moment in moments if moment <= now.timestamp()]
    if not past:
        return 1.0, 0.0
    return past[-1], moments[len(past)] if len(past) < len(moments) else 1e15


def base(settings: Settings, environment: Mapping[str, str], stamp: str, mode: str = "") -> str:
    """One name for the program's code, the settings, and what of the environment they ask for."""
    texts = settings_files(settings.file)
    around = inputs.surroundings("".join(texts.values()), environment)
    return digest(stamp, mode, list(texts.values()), around, sorted(registry.channels()))


def settings_files(file: Path) -> dict[Path, str]:
    """The text of mkdocs.yml and of all that it inherits."""
    found: dict[Path, str] = {}
    while file not in found and len(found) < 20:
        try:
            found[file] = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            found[file] = ""
        match = _INHERIT.search(found[file])
        if match is None:
            break
        file = (file.parent / match[1].strip()).resolve()
    return found
