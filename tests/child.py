"""One run of `send` in a process of its own: child.py SETTINGS TIME [CRASH POINT] [PAUSE].

At the crash point the process kills itself as a power cut would; with a pause it waits there first. The last line
of its output is the run's exit code.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import datetime
from pathlib import Path

from byline import content
from byline.cli._publishing import make_drivers
from byline.cli.common import App
from byline.http import Http
from byline.ledger import open_ledger
from byline.sending import Sender, Wishes
from byline.settings import load
from byline.times import FixedClock


def main(file: str, now: str, crash: str, pause: str) -> int:
    clock = FixedClock(datetime.fromisoformat(now))
    settings = load(Path(file), os.environ)
    http = Http(settings.timeouts, clock)
    app = App(file=Path(file), clock=clock, environment=os.environ)

    def hook(point: str, _delivery: str) -> None:
        if point == crash:
            time.sleep(float(pause))
            os.kill(os.getpid(), signal.SIGKILL)

    ledger = open_ledger(settings, {}, clock)
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


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
