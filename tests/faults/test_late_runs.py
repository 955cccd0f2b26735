"""A run that slept, or that looked too long ago: it acts on nothing that another run has changed meanwhile."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from byline.channels.bluesky import Bluesky
from byline.channels.twitter import Twitter
from byline.delivering import FRESH, CrashPoint
from byline.sending import Wishes
from byline.testing import bluesky, linkedin, twitter
from byline.testing.server import Case
from stage import HEAD, Stage

BLUESKY = ("bluesky", bluesky.CASES[0])
LINKEDIN = ("linkedin", linkedin.CASES[0])
TWITTER = ("twitter", twitter.CASES[0])
THREAD = """\
---
title: Pricing, the honest version
date: 2026-11-24
id: hp7
slug: honest-pricing
authors: [dana]
share:
  twitter: ["One {link}", "Two", "Three"]
---
Text.
"""


@pytest.mark.parametrize("case", [BLUESKY, LINKEDIN], ids=["bluesky", "linkedin"])
def test_a_run_that_slept_before_its_create_asks_the_history_first(
    tmp_path: Path, case: tuple[str, Case]
) -> None:
    """A lid is closed between storing and sending; another run takes the first one for dead, and sends."""
    with Stage(tmp_path, case) as stage:
        seen: list[str] = []

        def asleep(point: CrashPoint, _delivery: str) -> None:
            if point == "creating" and not seen:
                seen.append(point)
                stage.clock.move(timedelta(minutes=6))
                assert (stage.send().exit_code, len(stage.fake.made)) == (0, 1)
                stage.clock.move(timedelta(minutes=30))  # past every protection of the network's own

        result = stage.send(crash=asleep)
        assert seen
        assert len(stage.fake.made) == stage.fake.attempts() == 1
        assert (stage.one().state, result.exit_code, result.sent) == ("sent", 0, ())


def test_a_run_that_slept_and_that_nobody_missed_goes_on(tmp_path: Path) -> None:
    with Stage(tmp_path, TWITTER, posts={"hp7.md": THREAD}, threads=True) as stage:
        points: list[str] = []

        def asleep(point: CrashPoint, _delivery: str) -> None:
            points.append(point)
            if point == "creating" and points.count("creating") == 2:
                stage.clock.move(FRESH + timedelta(seconds=1))

        assert stage.send(crash=asleep).exit_code == 0
        assert len(stage.fake.made) == 3
        ledger = stage.ledger()
        kinds = [event.kind for event in ledger.history()]
        ledger.close()
        assert kinds == ["claimed", "prepared", "part", "resumed", "part", "part", "sent"]


def test_what_was_seen_before_another_run_acted_proves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absent for certain, says the look; then, while the next one is looked for, another run makes it and dies."""
    monkeypatch.setattr(Bluesky, "caps", replace(Bluesky.caps, replay=None))
    monkeypatch.setattr("stage.HEAD", HEAD.replace("settle_waits: [0]", "settle_waits: [1]"))
    with Stage(tmp_path, BLUESKY, TWITTER) as stage:
        for fake in stage.fakes.values():
            fake.inject("drop", times=1)
        find = Twitter.find
        looks: list[object] = []
        others: list[int | None] = []

        def slow(self: Twitter, *words: Any) -> Any:
            looks.append(words)
            if len(looks) == 2:  # the first one was the precaution of a first run
                child = stage.child("created")
                child.communicate(timeout=60)
                others.append(child.returncode)
                stage.clock.move(timedelta(seconds=9))
            return find(self, *words)

        monkeypatch.setattr(Twitter, "find", slow)
        stage.send()
        assert others == [-signal.SIGKILL]
        assert len(stage.fakes["bluesky"].made) == 1
        stage.send()
        assert len(stage.fakes["bluesky"].made) == 1
        assert stage.states()["hp7.bluesky.acme"] == "sent"


def test_a_clock_that_went_back_stops_no_impatient_run(tmp_path: Path) -> None:
    """What may be out seems to be of later on; a run that does not wait for answers says so, and ends."""
    with Stage(tmp_path, TWITTER) as stage:
        stage.fake.inject("lose", times=1)
        stage.fake.lag = timedelta(minutes=1)
        assert (stage.send().exit_code, stage.one().state) == (4, "unknown")
        stage.clock.move(timedelta(minutes=-3))
        result = stage.send(Wishes(patient=False))
        assert (result.exit_code, result.unknown) == (4, ("hp7.twitter.acme",))
        stage.clock.move(timedelta(minutes=5))
        result = stage.send(Wishes(patient=False))
        assert (result.exit_code, stage.one().state, len(stage.fake.made)) == (0, "sent", 1)
