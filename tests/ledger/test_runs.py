"""Whether the runner that holds a delivery may still be at work: a wrong yes waits, a wrong no could send twice."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from byline.ledger.base import Record
from byline.ledger.runs import _place, may_be_at_work, new_run
from byline.settings import Timeouts
from byline.testing.ledger_contract import AT, INTENT

SLOW = Timeouts(connect=5, read=30)
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
    assert may_be_at_work(HELD, AT + timedelta(seconds=seconds), SLOW) is busy


def test_a_clock_that_went_back_waits() -> None:
    assert may_be_at_work(HELD, AT - timedelta(days=1), SLOW)


@pytest.mark.parametrize("state", ["due", "sent", "unknown", "failed"])
def test_only_what_is_being_sent_is_held(state: str) -> None:
    assert not may_be_at_work(replace(HELD, state=state), AT, SLOW)  # type: ignore[arg-type]


def test_our_own_run_holds_nothing_against_us() -> None:
    assert not may_be_at_work(HELD, AT, SLOW, HELD.run)
    assert may_be_at_work(HELD, AT, SLOW, "elsewhere-1-2/77/cd")


def test_a_process_of_this_machine_is_known_to_live_or_not() -> None:
    def held_by(process: object, place: str = _place()) -> Record:
        return replace(HELD, run=f"{place}/{process}/ab")

    assert may_be_at_work(held_by(os.getpid()), AT, SLOW)
    assert not may_be_at_work(held_by(ended()), AT, SLOW)
    assert may_be_at_work(held_by(ended(), "another-machine"), AT, SLOW)
    assert may_be_at_work(held_by("words"), AT, SLOW)
    assert may_be_at_work(held_by(1), AT, SLOW)  # lives, and may belong to somebody else


def test_a_killed_process_that_nobody_looked_after_is_gone() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    held = replace(HELD, run=f"{_place()}/{process.pid}/ab")
    assert may_be_at_work(held, AT, SLOW)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and still on the list
    assert not may_be_at_work(held, AT, SLOW)
    process.communicate()
