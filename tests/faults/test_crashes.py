"""The process is really killed at every step, on every network; then the next run."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest

from byline import registry
from byline.delivering import CRASH_POINTS
from byline.testing.server import Case
from stage import Stage, cases
from stores import NAMES, Store, make_store

BY_NAME = {"constantcontact"}  # it refuses a second one, and tells in its list alone which the first was
CASES = [pytest.param(case, id=f"{case[0]}-{case[1].name}") for case in cases()]


def lost_notes(channel: str, store: Store) -> bool:
    """Does a run that stopped take with it who has got the mail?"""
    return registry.channel(channel).caps.mailing and store.setting != "sqlite"


@pytest.fixture(params=NAMES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Each store in turn; the database is started when it is first wanted."""
    server = request.getfixturevalue("server") if request.param == "postgresql" else None
    return make_store(request.param, tmp_path / "store", server)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("point", CRASH_POINTS)
def test_killed_at(tmp_path: Path, case: tuple[str, Case], point: str, store: Store) -> None:
    with Stage(tmp_path / "site", case, store=store) as stage:
        child = stage.child(point)
        out, err = child.communicate(timeout=60)
        assert child.returncode == -signal.SIGKILL, out + err
        before = len(stage.fake.made)
        assert before == (1 if point in ("created", "received", "settled") else 0)

        stage.clock.move(timedelta(minutes=1))
        result = stage.send()

        made, state = len(stage.fake.made), stage.one().state
        if point in ("stored", "creating") and registry.channel(case[0]).caps.replay is None:
            # Nothing tells a request that never left from one that was lost: a person must look.
            assert (made, state, result.exit_code) == (0, "unknown", 4)
        elif lost_notes(case[0], store) and point in ("stored", "creating", "created"):
            # Who has got a mail was noted on the disk that is gone: a person must look.
            assert (made, state, result.exit_code) == (before, "unknown", 4)
        else:
            assert (made, state, result.exit_code) == (1, "sent", 0)
        assert stage.send().exit_code == result.exit_code
        assert len(stage.fake.made) == made


@pytest.mark.parametrize("case", CASES)
def test_killed_after_it_was_made_and_lists_lag(tmp_path: Path, case: tuple[str, Case], store: Store) -> None:
    with Stage(tmp_path / "site", case, store=store) as stage:
        stage.fake.lag = timedelta(hours=1)
        child = stage.child("created")
        child.communicate(timeout=60)
        passed = timedelta(minutes=9)
        stage.clock.move(passed)  # too late to ask again under LinkedIn's own protection

        result = stage.send()

        assert len(stage.fake.made) == 1
        replay = registry.channel(case[0]).caps.replay
        protected = replay is not None and passed <= replay.until and not lost_notes(case[0], store)
        protected = protected and case[0] not in BY_NAME
        assert (stage.one().state, result.exit_code) == (("sent", 0) if protected else ("unknown", 4))


@pytest.mark.parametrize("case", list({case[0]: case for case in cases()}.values()), ids=lambda case: case[0])
@pytest.mark.parametrize("count", [2, 4])
def test_several_runners_at_once(tmp_path: Path, case: tuple[str, Case], count: int, store: Store) -> None:
    with Stage(tmp_path / "site", case, store=store) as stage:
        children = [stage.child() for _ in range(count)]
        codes = []
        for child in children:
            out, err = child.communicate(timeout=120)
            assert child.returncode == 0, err
            codes.append(int(out.split()[-1]))
        assert len(stage.fake.made) == 1
        assert stage.fake.attempts() == 1
        assert stage.states() == {f"hp7.{case[0]}.acme": "sent"}
        assert set(codes) <= {0, 4}  # 4: another runner was at it at that moment
        assert stage.send().exit_code == 0
