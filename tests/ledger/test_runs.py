"""Whether the runner that holds a delivery may still be at work: a wrong yes waits, a wrong no could send twice."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from byline.ledger import runs
from byline.ledger.base import Record
from byline.ledger.runs import _place, may_be_at_work, new_run
from byline.settings import Timeouts
from byline.testing.ledger_contract import AT, INTENT

SLOW = Timeouts(connect=5, read=30)
OWN = "here-1-2/88/ef"
HELD = Record(intent=INTENT, state="sending", version=1, updated=AT, run="elsewhere-1-2/77/ab")


def ended() -> int:
    """The number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_every_run_has_a_name_of_its_own() -> None:
    one, two = new_run(), new_run()
    assert one != two
    place, process, mark = one.rsplit("/", 2)
    assert (place, process, len(mark)) == (_place(), str(os.getpid()), 8)


@pytest.mark.parametrize(("seconds", "busy"), [(0, True), (249, True), (250, False), (9_999, False)])
def test_elsewhere_as_long_as_the_slowest_call_may_take(seconds: int, busy: bool) -> None:
    """Twice connecting and four times reading: 2 x (5 + 4 x 30) seconds."""
    assert may_be_at_work(HELD, AT + timedelta(seconds=seconds), SLOW, OWN) is busy


def test_a_clock_that_went_back_waits() -> None:
    assert may_be_at_work(HELD, AT - timedelta(days=1), SLOW, OWN)


@pytest.mark.parametrize("state", ["due", "sent", "unknown", "failed"])
def test_only_what_is_being_sent_is_held(state: str) -> None:
    assert not may_be_at_work(replace(HELD, state=state), AT, SLOW, OWN)  # type: ignore[arg-type]


def test_our_own_run_holds_nothing_against_us() -> None:
    assert not may_be_at_work(HELD, AT, SLOW, HELD.run)
    assert may_be_at_work(HELD, AT, SLOW, "elsewhere-1-2/77/cd")
    assert may_be_at_work(replace(HELD, run=""), AT, SLOW, OWN)  # nobody's name is not ours


def test_a_process_of_this_machine_is_known_to_live_or_not() -> None:
    def held_by(process: object, place: str = _place()) -> Record:
        return replace(HELD, run=f"{place}/{process}/ab")

    assert may_be_at_work(held_by(os.getpid()), AT, SLOW, OWN)
    assert not may_be_at_work(held_by(ended()), AT, SLOW, OWN)
    assert may_be_at_work(held_by(ended(), "another-machine"), AT, SLOW, OWN)
    assert may_be_at_work(held_by("words"), AT, SLOW, OWN)
    assert may_be_at_work(held_by(1), AT, SLOW, OWN)  # lives, and may belong to somebody else


def test_a_killed_process_that_nobody_looked_after_is_gone() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    held = replace(HELD, run=f"{_place()}/{process.pid}/ab")
    assert may_be_at_work(held, AT, SLOW, OWN)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and still on the list
    assert not may_be_at_work(held, AT, SLOW, OWN)
    process.communicate()


class TestThisMachine:
    """What tells a machine and its processes apart, where the system says it and where it does not."""

    def test_its_name_its_start_and_its_space_of_numbers(self) -> None:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()[:8]
        space = re.sub(r"\D", "", os.readlink("/proc/self/ns/pid"))  # noqa: PTH115
        assert _place() == f"{socket.gethostname()}-{boot}-{space}"

    def test_a_system_that_does_not_say_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runs, "Path", Nowhere)
        assert _place() == f"{socket.gethostname()}--"
        held = replace(HELD, run=f"{_place()}/{os.getpid()}/ab")
        assert may_be_at_work(held, AT, SLOW, OWN)

    @pytest.mark.parametrize(
        ("error", "busy"), [(ProcessLookupError(), False), (PermissionError(), True), (OSError(), True)]
    )
    def test_a_process_that_may_not_be_asked_lives(
        self, monkeypatch: pytest.MonkeyPatch, error: OSError, busy: bool
    ) -> None:
        asked: list[tuple[int, int]] = []

        def kill(process: int, sign: int) -> None:
            asked.append((process, sign))
            raise error

        monkeypatch.setattr(os, "kill", kill)
        assert may_be_at_work(replace(HELD, run=f"{_place()}/4711/ab"), AT, SLOW, OWN) is busy
        assert asked == [(4711, 0)]

    @pytest.mark.parametrize(
        ("stat", "busy"),
        [
            ("9 (a) Z 1) S 1 2", True),
            ("9 (a S 1) Z 1 2", False),
            ("9 (Z) R", True),
            ("9 (a)", True),
            ("", True),
        ],
    )
    def test_a_killed_one_is_known_by_its_state_alone(
        self, monkeypatch: pytest.MonkeyPatch, stat: str, busy: bool
    ) -> None:
        """A process may have any name, with brackets in it too."""
        place = _place()
        monkeypatch.setattr(runs, "_place", lambda: place)
        monkeypatch.setattr(runs, "Path", type("Told", (Nowhere,), {"text": stat}))
        assert may_be_at_work(replace(HELD, run=f"{place}/{os.getpid()}/ab"), AT, SLOW, OWN) is busy


class Nowhere:
    """A path of a system without /proc, or of one whose process file says `text`."""

    text = ""

    def __init__(self, path: str) -> None:
        self.path = path

    def read_text(self) -> str:
        if self.path != f"/proc/{os.getpid()}/stat" or not self.text:
            raise OSError
        return self.text

    def readlink(self) -> str:
        raise OSError
