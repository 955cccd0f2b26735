"""How far something is: a bar on a terminal, a line now and then elsewhere. Silent for what takes less than two seconds."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from types import TracebackType

_SOON, _AGAIN, _LINE = 2.0, 0.2, 15.0


class Waiting:
    """Tells on a terminal that something is still being done, with the seconds; silent for what takes less than two."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._over = threading.Event()
        self._teller = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Waiting:
        if sys.stderr.isatty():
            self._teller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._teller.is_alive():
            self._teller.join()

    def _tell(self) -> None:
        began, shown = time.monotonic(), False
        wait = _SOON
        while not self._over.wait(wait):
            wait, shown = 0.5, True
            text = f"{self._what} … {time.monotonic() - began:.0f} s"[: _width() - 1]
            sys.stderr.write(f"\r{text}")
            sys.stderr.flush()
        if shown:
            sys.stderr.write("\r" + " " * (_width() - 1) + "\r")
            sys.stderr.flush()


class Progress:
    """Use as a context. `total` is how many steps there are, 0 when nobody knows. Everything goes to stderr."""

    def __init__(self, what: str, total: int = 0) -> None:
        self.what, self.total, self.done = what, total, 0
        self._began = self._shown = time.monotonic()
        self._detail = ""
        self._open = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open:
            sys.stderr.write("\r" + " " * (_width() - 1) + "\r")
            sys.stderr.flush()

    def step(self, count: int = 1) -> None:
        """So many more are done."""
        self.done += count
        self._show()

    def say(self, detail: str) -> None:
        """What is being done just now."""
        self._detail = detail
        self._show()

    def _show(self) -> None:
        now = time.monotonic()
        live = sys.stderr.isatty()
        if now - self._began < _SOON or now - self._shown < (_AGAIN if live else _LINE):
            return
        self._shown = now
        text = line(self.what, self.done, self.total, self._detail, _width() - 1 if live else 100)
        if live:
            self._open = True
            sys.stderr.write(f"\r{text:<{_width() - 1}}")
        else:
            sys.stderr.write(f"{text.rstrip()}\n")
        sys.stderr.flush()


def line(what: str, done: int, total: int, detail: str, width: int) -> str:
    """`Reading  [######----] 120 of 200  name`, no longer than `width`; readable without colour and without Unicode."""
    if total:
        filled = min(10, 10 * done // total)
        text = f"{what} [{'#' * filled}{'-' * (10 - filled)}] {done} of {total}"
    else:
        text = f"{what} … {done or ''}".rstrip()
    printable = "".join(letter if letter.isprintable() else "?" for letter in detail)
    return (f"{text}  {printable}" if printable else text)[:width]


def _width() -> int:
    return max(20, shutil.get_terminal_size().columns)
