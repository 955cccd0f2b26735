"""A mistake of the program itself, shown to whoever reports it: the whole traceback, without anybody's secret."""

from __future__ import annotations

import os
import re
import sys
from types import TracebackType

_SECRET = re.compile(r"(?:TOKEN|SECRET|PASSWORD|PASS|KEY|DSN|URL)(?:__\w+)?$", re.IGNORECASE)


def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For `sys.excepthook`. What the environment names like a secret is written as that name, in every spelling."""
    import traceback

    from byline.http import Http
    from byline.settings import Timeouts
    from byline.times import SystemClock

    http = Http(Timeouts(), SystemClock())
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= 8:
            http.protect(name, value)
    sys.stderr.write(http.redact("".join(traceback.format_exception(kind, error, trace))))
