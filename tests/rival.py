"""The same trial for Byline and for crier, which publishes Markdown posts to the same networks: posts are counted on the network.

rival.py PYTHON     with the interpreter of an environment that has crier

Both talk to the same fakes on loopback, each in processes of its own, as their manuals say: `crier publish FILE --to
NETWORK --batch`, `publish send --yes`. Mastodon's address is part of crier's own key; Bluesky's is set where crier keeps
it. crier's time-out and pauses are shortened, nothing else of it is changed. A trial runs the command and then, as a
person or CI would after a failure or on the next occasion, runs it again, on the same machine or on a fresh one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from byline.testing.server import Fake, Fault
from byline.times import SystemClock
from stage import Stage, cases
from stores import GitServer
from support import POST

NETWORKS = ("mastodon", "bluesky")
LAUNCHER = """
import sys
from crier.platforms.base import Platform
from crier.platforms.bluesky import Bluesky
Platform.timeout, Platform.retry_backoff = 1, 0.05
Bluesky.base_url = sys.argv.pop(1)
from crier.cli import cli
cli()
"""
WORDS = "We raised prices on 40 renewals. Three customers left."


class Tool(Protocol):
    """One of the two, ready to be run against a fake."""

    fake: Fake

    def start(self, *, fresh: bool) -> subprocess.Popen[bytes]:
        """The command in a process of its own; `fresh` on a runner that has seen nothing."""
        ...


@dataclass
class Crier:
    """crier with its registry in a file, which a fresh runner does not have."""

    folder: Path
    python: str
    network: str
    fake: Fake
    runners: int = 0

    def start(self, *, fresh: bool) -> subprocess.Popen[bytes]:
        self.runners += fresh
        home = self.folder / f"home-{self.runners}"
        home.mkdir(exist_ok=True)
        post = self.folder / "post.md"
        post.write_text(
            "---\ntitle: Pricing, the honest version\ndescription: What 40 renewals taught us.\n"
            f"canonical_url: https://insights.acme.example/posts/honest-pricing/\n---\n{WORDS}\n"
        )
        keys = {
            "mastodon": f"{self.fake.url}:mastodon-token-of-acme",
            "bluesky": "acme.bsky.social:abcd-efgh-ijkl-mnop",
        }
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "CRIER_DB": str(home / "crier.db"),
            "CRIER_CONFIG": str(home / "config.yaml"),
            f"CRIER_{self.network.upper()}_API_KEY": keys[self.network],
        }
        return subprocess.Popen(
            [self.python, "-c", LAUNCHER, f"{self.fake.url}/xrpc", "publish", str(post), "--to", self.network,
             "--batch", "--no-check", "--rewrite", WORDS],
            env=environment, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@dataclass
class Ours:
    """Byline with its history in git, which every runner fetches."""

    stage: Stage
    fake: Fake
    file: Path | None = None

    def start(self, *, fresh: bool) -> subprocess.Popen[bytes]:
        if fresh or self.file is None:
            self.file = self.stage.runner().file
        return subprocess.Popen(
            [sys.executable, "-m", "byline", "-f", str(self.file), "send", "--yes", "--no-wait"],
            env={**os.environ, **self.stage.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def tools(network: str, python: str) -> Iterator[tuple[Tool, Tool]]:
    """Both, each with a network of its own in which nothing stands yet."""
    case = next(case for name, case in cases() if name == network)
    clock: Any = SystemClock()
    with tempfile.TemporaryDirectory(prefix="byline-rival-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "store").mkdir()
        (folder / "crier").mkdir()
        today = f"{clock.now():%Y-%m-%d}"
        stage = Stage(
            folder / "site",
            (network, case),
            clock=clock,
            posts={"hp7.md": POST.replace("2026-11-24", today)},
            store=GitServer(folder / "store"),
        )
        stage.read = 1.0
        with stage, case.fake(clock) as theirs:
            yield Crier(folder / "crier", python, network, theirs), Ours(stage, stage.fake)


def once(tool: Tool, *, fresh: bool = True) -> int:
    """Run the command to its end; its exit code."""
    return tool.start(fresh=fresh).wait(120)


def again(tool: Tool) -> list[int]:
    return [once(tool), once(tool, fresh=False)]


def on_a_fresh_runner(tool: Tool) -> list[int]:
    return [once(tool), once(tool)]


def two_at_once(tool: Tool) -> list[int]:
    first, second = tool.start(fresh=True), tool.start(fresh=True)
    return [first.wait(120), second.wait(120)]


def killed(tool: Tool) -> list[int]:
    """Killed when the post is made and the answer still on its way, then run again."""
    tool.fake.stall_for = 5
    tool.fake.inject("stall")
    process = tool.start(fresh=True)
    until = time.monotonic() + 60
    while not tool.fake.made and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    return [process.returncode, once(tool, fresh=False)]


def lost(fault: Fault, *, rerun: bool) -> Callable[[Tool], list[int]]:
    def trial(tool: Tool) -> list[int]:
        tool.fake.stall_for = 3
        tool.fake.inject(fault)
        codes = [once(tool)]
        return [*codes, once(tool, fresh=False)] if rerun else codes

    return trial


TRIALS: dict[str, Callable[[Tool], list[int]]] = {
    "the command, twice": again,
    "the command on two fresh runners, one after the other": on_a_fresh_runner,
    "two runners at once": two_at_once,
    "killed while the answer is on its way, run again": killed,
    "connection breaks before the answer": lost("lose", rerun=False),
    "answer after the time-out": lost("stall", rerun=False),
    "half of the answer": lost("torn", rerun=False),
    "502 with HTML after the post was made": lost("error_after", rerun=False),
    "an empty 2xx, run again": lost("empty", rerun=True),
    "connection breaks before the post was made, run again": lost("drop", rerun=True),
    "429, run again": lost("limited", rerun=True),
}


def main(python: str) -> int:
    """Play every trial and print the table."""
    print_(f"{'trial':<56}{'network':<10}{'crier 2.1.1':>22}{'Byline':>22}")
    print_(f"{'':<66}{'posts, exit codes':>22}{'posts, exit codes':>22}")
    totals = [0, 0]
    for label, trial in TRIALS.items():
        for network in NETWORKS:
            cells = []
            with tools(network, python) as both:
                for number, tool in enumerate(both):
                    codes = trial(tool)
                    made = len(tool.fake.made)
                    totals[number] += max(0, made - 1)
                    told = " ".join("killed" if code < 0 else str(code) for code in codes)
                    cells.append(f"{made}   {told}")
            print_(f"{label:<56}{network:<10}{cells[0]:>22}{cells[1]:>22}")
    print_(f"{'posts too many':<66}{totals[0]:>22}{totals[1]:>22}")
    return 0


def print_(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
