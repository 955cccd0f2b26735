"""What every command shares: the settings file, the clock, exit codes, the way errors are shown."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from byline.errors import (
    BylineError,
    ContentError,
    LedgerUntrusted,
    Problem,
    ProblemsFound,
    SettingsError,
    Stopped,
    UsageError,
)
from byline.times import Clock, SystemClock

if TYPE_CHECKING:
    from byline.settings import Secrets, Settings

DONE, FAILED, USAGE, PARTLY, UNKNOWN, STOPPED = 0, 1, 2, 3, 4, 5


@dataclass
class App:
    """One run of the command. Tests and the demo bring their own clock and environment.

    `answered` tells that the JSON that was asked for stands on stdout already.
    """

    file: Path = Path("mkdocs.yml")
    debug: bool = False
    clock: Clock = field(default_factory=SystemClock)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    answered: bool = False

    def settings(self) -> Settings:
        """The settings; raises SettingsError with every mistake in them."""
        from byline import settings

        return settings.load(self.file, self.environment)

    def secrets(self) -> Secrets:
        """The secrets of the environment and, with BYLINE_KEYRING=1, of this machine's keyring."""
        from byline.settings import Secrets

        if not self.wants_keyring:
            return Secrets(self.environment)
        from byline import keychain

        site = self.settings().site_url
        return Secrets(self.environment, keyring=lambda name: keychain.read(site, name))

    @property
    def wants_keyring(self) -> bool:
        """Is the operating system's keyring to be asked for secrets?"""
        return self.environment.get("BYLINE_KEYRING", "").strip().lower() in ("1", "true", "yes", "on")


def exit_code(error: BylineError) -> int:
    """The exit code that the design fixes for this error."""
    if isinstance(error, SettingsError | UsageError):
        return USAGE
    if isinstance(error, ContentError | Stopped | LedgerUntrusted):
        return STOPPED
    return FAILED


def show_error(error: BylineError) -> None:
    """What happened, why, what to do next, on stderr."""
    if isinstance(error, ProblemsFound):
        show_problems(error.problems, err=True)
        return
    click.echo(hanging(click.style("Stopped: ", fg="red", bold=True) + error.message, err=True), err=True)
    if error.hint:
        click.echo(hanging(f"  Next: {error.hint}", err=True), err=True)


def error_json(command: str, error: BylineError) -> dict[str, Any]:
    """What `--json` answers when the command came to nothing: its own fields, empty, and what went wrong."""
    problems = [problem.as_json() for problem in error.problems] if isinstance(error, ProblemsFound) else []
    value: dict[str, Any] = {"error": error.message, "problems": problems}
    if command in ("plan", "send", "status", "reconcile", "record", "retract", "edit"):
        return {"deliveries": [], "hash": ""} | value
    return ({"posts": 0} if command == "check" else {}) | value


def show_problems(problems: Sequence[Problem], *, err: bool = False) -> None:
    """Every problem, by file and line, with its fix."""
    for problem in sorted(problems, key=lambda item: (item.file, item.line, item.key)):
        colour = "red" if problem.severity == "error" else "yellow"
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        head = f"{click.style(place, bold=True)}: {click.style(problem.severity, fg=colour)}: "
        click.echo(hanging(head + problem.message, err=err), err=err)
        click.echo(hanging(f"    fix: {problem.fix}  ({problem.code})", err=err), err=err)


def hanging(text: str, *, err: bool = False) -> str:
    """The text as it is for a file or a pipe; on a terminal in lines that fit, those after the first indented."""
    if not (sys.stderr if err else sys.stdout).isatty():
        return text
    from byline.cli._tables import flowing

    return flowing(text)


def say(text: str, *, err: bool = False) -> None:
    """One or more sentences for a person, on a terminal in lines that fit."""
    click.echo(hanging(text, err=err), err=err)


def show_in_browser(address: str) -> bool:
    """Open it in the person's own browser. False where there is none, such as on a server: a browser for terminals is
    never started, it would take this terminal.
    """
    import webbrowser

    seen = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in seen):
        return False
    return webbrowser.open(address)


def emit_json(value: Mapping[str, Any]) -> None:
    """One stable object on stdout."""
    context = click.get_current_context(silent=True)
    app = context.find_object(App) if context else None
    if app is not None:
        app.answered = True
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def progress(text: str) -> None:
    """A line about what is going on, on stderr; in a narrow window it goes on below."""
    click.echo(text if "\n" in text else hanging(text, err=True), err=True)


def example_address(site_url: str) -> str:
    """What to tell a person whose site still has the address that examples have; empty for every other address."""
    host = (urlsplit(site_url).hostname or "").removeprefix("www.")
    if host not in ("example.com", "example.org", "example.net"):
        return ""
    return "The address is still an example: change `site_url` in mkdocs.yml before anything is published."


@contextmanager
def until_stopped() -> Iterator[None]:
    """For a command that runs until somebody stops it: Ctrl-C and a polite request to end (SIGTERM) both leave here."""
    here = threading.current_thread() is threading.main_thread()  # only there may signals be told where to go
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) if here else None
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        if here:
            signal.signal(signal.SIGTERM, before)


def count(number: int, singular: str, plural: str = "") -> str:
    """`1 post`, `3 posts`."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"
