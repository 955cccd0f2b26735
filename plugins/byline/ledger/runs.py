"""Which process holds a claim, and whether it can still be at work."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta
from pathlib import Path

from byline.ledger.base import Record
from byline.settings import Timeouts


def new_run() -> str:
    """A name for this run: where it runs, its process, and something that no other run has."""
    return f"{_place()}/{os.getpid()}/{secrets.token_hex(4)}"


def may_be_at_work(record: Record, now: datetime, timeouts: Timeouts, run: str) -> bool:
    """Can the runner that holds this delivery still be sending it?

    `run` is the caller's own. No when it is that one, or a process of this machine that is gone, or when longer has passed since its last
    word than any call may take. Else we cannot know, and whoever sends now could send a second time.
    """
    if record.state != "sending" or record.run == run:
        return False
    place, _, rest = record.run.rpartition("/")[0].rpartition("/")
    if place == _place() and rest.isdecimal() and not _alive(int(rest)):
        return False
    # The slowest call: connecting, then an answer that dribbles in for four read time-outs; twice, for uploads.
    longest = timedelta(seconds=2 * (timeouts.connect + 4 * timeouts.read))
    return now - record.updated < longest


def _place() -> str:
    """This machine since it was started, and the space in which its process numbers count."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
        space = str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        boot = space = ""
    return f"{socket.gethostname()}-{boot}-{space}"


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _zombie(process) is False


def _zombie(process: int) -> bool:
    """A killed process whose parent has not looked yet: it does nothing any more."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
