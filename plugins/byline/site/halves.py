"""Work for the second core: a child process takes items from the end of a list while the parent takes them from its beginning.

Where they meet depends on how quick each is, so neither waits long for the other. The child is a copy of this process:
it has everything at hand and sends back nothing but results. Where there is no second core or no `fork`, and when
anything goes wrong, the parent just does all of it.
"""

from __future__ import annotations

import gc
import mmap
import os
import pickle
import select
import sys
import threading
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from typing import Any

_PARENT, _CHILD = 1, 2


class Half:
    """A running child. The parent asks `mine` before each item; the first that is not leads to `take`. `beside` is
    what `begin` was given."""

    def __init__(
        self, child: int, pipe: int, claims: mmap.mmap, order: dict[Hashable, int], beside: Any
    ) -> None:
        self.beside = beside
        self._child, self._pipe = child, pipe
        self._claims, self._order = claims, order
        self._taken = False

    def mine(self, item: Hashable) -> bool:
        """Must the parent do it? From the first item on of which the child has made sure, `take` has the rest.

        Both may do the same item when they meet; each does it the same way. An item that was never in the list is
        the parent's.
        """
        index = self._order.get(item)
        if index is None:
            return True
        if self._claims[index] == _CHILD:
            return False
        self._claims[index] = _PARENT
        return True

    def __contains__(self, item: Hashable) -> bool:
        """Was it among the items?"""
        return item in self._order

    def ready(self) -> bool:
        """Has the child done all that it could, so that `take` need not wait?"""
        return not self._taken and bool(select.select([self._pipe], [], [], 0)[0])

    def take(self) -> Any:
        """What the child's work gave, as soon as its last item is done; None when it failed or was taken before."""
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

    def leave(self) -> None:
        """Nobody wants its results any more."""
        if self._taken:
            return
        self._taken = True
        with suppress(OSError):
            os.close(self._pipe)  # its writing fails, and it ends
        for index in range(len(self._claims)):
            self._claims[index] = _PARENT
        with suppress(OSError):
            os.waitpid(self._child, 0)


def possible() -> bool:
    """Is there a second core, and can this process be copied without harm?"""
    if sys.platform != "linux" or os.environ.get("BYLINE_ONE_PROCESS"):
        return False
    return len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def begin(
    items: Sequence[Hashable],
    prepare: Callable[[], None],
    work: Callable[[Any], None],
    done: Callable[[], Any],
    beside: Any = None,
) -> Half | None:
    """Start a child: `prepare` once, `work` for items from the last one on, `done` gives the results. None where that
    cannot be."""
    if not items or not possible():
        return None
    try:
        claims = mmap.mmap(-1, len(items))
        reading, writing = os.pipe()
        gc.freeze()  # so that neither process looks through what both have, which would copy it
        child = os.fork()
    except OSError:
        return None
    if child:
        os.close(writing)
        return Half(child, reading, claims, {item: index for index, item in enumerate(items)}, beside)
    code = 1
    try:
        os.close(reading)
        gc.disable()  # it would copy every page of memory that is shared with the parent
        prepare()
        for index in range(len(items) - 1, -1, -1):
            if claims[index] == _PARENT:
                break
            claims[index] = _CHILD
            work(items[index])
        data = pickle.dumps(done(), pickle.HIGHEST_PROTOCOL)
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(data)
        code = 0
    except BaseException:  # noqa: BLE001 - whatever it is, the parent meets it too and says it
        code = 1
    finally:
        os._exit(code)
