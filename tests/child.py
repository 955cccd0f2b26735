"""One run of `send` in a process of its own: main(SETTINGS, TIME, CRASH POINT, PAUSE, NTH, ROOM).

When it comes to the crash point for the nth time the process kills itself as a power cut would; with a pause it
waits there first. With room for so many bytes no file grows beyond them, as on a full disk. The last line of its
output is the run's exit code.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from datetime import datetime
from pathlib import Path

from byline import content
from byline.cli._publishing import make_drivers
from byline.cli.common import App
from byline.delivering import Crash
from byline.errors import LedgerError
from byline.http import Http
from byline.ledger import open_ledger
from byline.sending import Sender, Wishes
from byline.settings import Settings, load
from byline.times import FixedClock


def warm() -> None:
    """Import what a run needs, so that a fork of this process has it already."""
    import importlib

    import requests  # noqa: F401
    import sqlalchemy.dialects.postgresql.psycopg
    from PIL import Image  # noqa: F401

    import byline.ledger.git
    import byline.ledger.postgresql
    import byline.ledger.sqlite  # noqa: F401
    from byline import registry

    assert sqlalchemy
    for name in registry.channels():
        importlib.import_module(f"byline.channels.{name}")


def main(file: str, now: str, crash: str, pause: str, nth: str = "1", room: str = "0") -> int:
    if int(room):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
    clock = FixedClock(datetime.fromisoformat(now))
    settings = load(Path(file), os.environ)
    left = int(nth)

    def hook(point: str, _delivery: str) -> None:
        nonlocal left
        if point == crash:
            left -= 1
            if left:
                return
            time.sleep(float(pause))
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        return _send(file, settings, clock, hook)
    except LedgerError as error:
        sys.stderr.write(f"{type(error).__module__}.{type(error).__name__}: {error.message[:500]}\n")
        return 5


def _send(file: str, settings: Settings, clock: FixedClock, hook: Crash) -> int:
    app = App(file=Path(file), clock=clock, environment=os.environ)
    http = Http(settings.timeouts, clock)
    ledger = open_ledger(settings, os.environ, clock)
    sender = Sender(
        content=content.read(settings),
        settings=settings,
        ledger=ledger,
        drivers=make_drivers(app, http),
        http=http,
        clock=clock,
        crash=hook,
    )
    result = sender.send(Wishes())
    ledger.close()
    http.close()
    sys.stdout.write(f"{result.exit_code}\n")
    return 0
