"""A process with its children, looked at while it runs: how much memory it takes, how soon a saved file is served."""

from __future__ import annotations

import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path


def peak(command: list[str], folder: Path, environment: Mapping[str, str]) -> float:
    """The most memory that the process and its children held at once, in MB; what they share is counted once.

    0 where /proc does not tell.
    """
    running = subprocess.Popen(
        command, cwd=folder, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    most = 0
    while running.poll() is None:
        most = max(most, sum(_held(pid) for pid in _tree(running.pid)))
        time.sleep(0.1)
    return most / 1024


def _tree(pid: int) -> list[int]:
    found, rest = [], [pid]
    while rest:
        found.append(rest.pop())
        try:
            text = Path(f"/proc/{found[-1]}/task/{found[-1]}/children").read_text()
        except OSError:
            continue
        rest += [int(one) for one in text.split()]
    return found


def _held(pid: int) -> int:
    """Kilobytes, its part of what it shares with others (`Pss`)."""
    try:
        match = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(match[1]) if match else 0


def saved(publish: Path, folder: Path, environment: Mapping[str, str], times: int) -> list[float]:
    """Seconds from saving a post's text to the server handing out its page with the new words, so many times."""
    port = 8400 + os.getpid() % 500
    command = [str(publish), "serve", "--port", str(port)]
    running = subprocess.Popen(
        command, cwd=folder, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    base, found = f"http://127.0.0.1:{port}/", []
    try:
        _wait(base)
        posts = folder / "content" / "posts"
        count = len(list(posts.glob("0*.md")))
        for number in range(times):
            post = (number * 7 + 40) % count
            path = posts / f"{post:05}.md"
            page = f"{base}posts/lesson-{post}/"
            version = _version(_get(page))
            words = f"Saved for the {number}th time."
            path.write_text(f"{path.read_text()}\n{words}\n")
            began = time.perf_counter()
            while True:
                version = _get(f"{base}~byline/changed?after={version}")  # answers when something has changed
                if words in _get(page):
                    break
            found.append(time.perf_counter() - began)
            time.sleep(1.5)  # what follows it
    finally:
        running.terminate()
        running.wait(30)
    return found


def _wait(base: str) -> None:
    until = time.monotonic() + 600
    while time.monotonic() < until:
        try:
            _get(base)
        except OSError:
            time.sleep(0.3)
        else:
            return
    raise SystemExit("the server did not come up")


def _get(address: str) -> str:
    with urllib.request.urlopen(address, timeout=60) as answer:
        found: str = answer.read().decode()
        return found


def _version(page: str) -> str:
    match = re.search(r'data-version="(\d+)"', page)
    return match[1] if match else "0"
