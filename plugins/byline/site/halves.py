"""Work for the second core: a child process does half of it and hands its results back; the parent does the other half.

The child is a copy of this process, so it has everything at hand and nothing to send but results. Where there is no
second core or no `fork`, and when anything goes wrong, the parent just does all of it.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any


class Half:
    """A running child; `take` waits for it."""

    def __init__(self, child: int, pipe: int) -> None:
        self._child, self._pipe = child, pipe
        self._taken = False

    def take(self) -> Any:
        """What the child's work gave; None when it failed or was taken before."""
        if self._taken:
            return None
        self._taken = True
        try:
            with os.fdopen(self._pipe, "rb") as pipe:
                data = pipe.read()
            return pickle.loads(data) if data else None  # noqa: S301 - our own child wrote it, a moment ago
        except (OSError, EOFError, pickle.UnpicklingError):
            return None
        finally:
            with suppress(OSError):
                os.waitpid(self._child, 0)


def possible() -> bool:
    """Is there a second core, and can this process be copied without harm?"""
    if sys.platform != "linux" or os.environ.get("BYLINE_ONE_PROCESS"):
        return False
    return len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def begin(work: Callable[[], Any]) -> Half | None:
    """Start the work in a child; None where that cannot be."""
    if not possible():
        return None
    try:
        reading, writing = os.pipe()
        child = os.fork()
    except OSError:
        return None
    if child:
        os.close(writing)
        return Half(child, reading)
    code = 1
    try:
        os.close(reading)
        data = pickle.dumps(work(), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(data)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the parent meets it too and says it
        code = 1
    finally:
        os._exit(code)
