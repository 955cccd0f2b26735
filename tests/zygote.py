"""Runs of `send` in processes of their own, started in milliseconds: a process that has everything imported forks.

The tests kill hundreds of runs; waiting a second for each interpreter would make them too slow to be run. Each run is
a real process with an id of its own, and a kill of it is a real one.
"""

from __future__ import annotations

import atexit
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class Child:
    """One run. Made by `start`; `communicate` waits for its end."""

    def __init__(self, pid: int, folder: Path) -> None:
        self.pid = pid
        self._folder = folder
        self._over = threading.Event()
        self._code: int | None = None

    @property
    def returncode(self) -> int | None:
        """As of subprocess: negative for the signal that ended it; None while it runs."""
        return self._code

    def ended(self, code: int) -> None:
        self._code = code
        self._over.set()

    def kill(self) -> None:
        """As a power cut would. Harmless when it has ended by itself."""
        if self._code is None:
            try:
                os.kill(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                return

    def communicate(self, timeout: float) -> tuple[str, str]:
        """What it wrote to standard output and error, when it has ended."""
        if not self._over.wait(timeout):
            raise subprocess.TimeoutExpired(f"run {self.pid}", timeout)
        out, err = ((self._folder / name).read_text(errors="replace") for name in ("out", "err"))
        return out, err


class _Zygote:
    """The process that forks, and the thread that hears of the ends."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="byline-runs-")
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
        )  # fmt: skip
        self._children: dict[int, Child] = {}
        self._started: list[Child] = []
        self._news = threading.Condition()
        self._count = 0
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Child:
        with self._news:
            self._count += 1
            folder = Path(self._folder.name) / str(self._count)
            folder.mkdir()
            for name in ("out", "err"):
                (folder / name).touch()
            wanted = {"arguments": list(arguments), "environment": dict(environment), "folder": str(folder)}
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(wanted) + "\n")
            if not self._news.wait_for(lambda: self._started, timeout=60):
                raise RuntimeError("the process that starts the runs does not answer")
            child = self._started.pop()
            child._folder = folder
            return child

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            news = json.loads(line)
            with self._news:
                if "ended" in news:
                    self._children.pop(news["ended"]).ended(news["code"])
                else:
                    child = Child(news["started"], Path())
                    self._children[child.pid] = child
                    self._started.append(child)
                self._news.notify_all()

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._listener.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._folder.cleanup()


_zygote: _Zygote | None = None


def start(arguments: Sequence[str], environment: Mapping[str, str]) -> Child:
    """`child.main` with these arguments and this environment, in a process of its own."""
    global _zygote
    if _zygote is None:
        _zygote = _Zygote()
        atexit.register(_zygote.stop)
    return _zygote.start(arguments, environment)


def _serve() -> None:
    """Fork for each line of standard input; tell of each start and each end on standard output."""
    import child

    child.warm()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    os.set_blocking(reader, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(reader, selectors.EVENT_READ)
    waiting = b""
    while True:
        ready = {key.fd for key, _ in selector.select()}
        if reader in ready:
            os.read(reader, 4096)
            _reap()
        if 0 in ready:
            data = os.read(0, 1 << 20)
            if not data:
                return
            *lines, waiting = (waiting + data).split(b"\n")
            for line in lines:
                _fork(json.loads(line))
            _reap()


def _reap() -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        _tell({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def _fork(wanted: Mapping[str, Any]) -> None:
    pid = os.fork()
    if pid:
        _tell({"started": pid})
        return
    code = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        folder = Path(wanted["folder"])
        for number, name in ((0, os.devnull), (1, folder / "out"), (2, folder / "err")):
            handle = os.open(
                name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
            )
            os.dup2(handle, number)
            os.close(handle)
        os.environ.clear()
        os.environ.update(wanted["environment"])
        import random

        import child

        random.seed()
        code = child.main(*wanted["arguments"])
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - shown, then the process ends
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _tell(news: Mapping[str, int]) -> None:
    os.write(1, (json.dumps(news) + "\n").encode())


if __name__ == "__main__":
    _serve()
