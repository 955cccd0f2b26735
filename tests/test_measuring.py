"""`publish metrics`: numbers are read, kept with their time, and shown where people look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline import measuring
from byline.ledger.base import Note
from byline.measuring import Figures, Known
from byline.testing import linkedin, mastodon, twitter
from byline.testing.server import Case
from stage import Runner, Stage, cases
from support import NOW, POST

PAGE, MEMBER = linkedin.CASES
(SERVER,) = mastodon.CASES
(TWEETS,) = twitter.CASES
COUNT = st.one_of(st.none(), st.integers(0, 10**9))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, ("linkedin", PAGE), ("mastodon", SERVER), ("twitter", TWEETS)) as stage:
        stage.send()
        yield stage


@pytest.fixture
def publish(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(stage, capsys)


def say(stage: Stage, network: str, **numbers: int) -> None:
    """The network counts this for its only post."""
    fake: Any = stage.fakes[network]
    fake.numbers[fake.made[0].id] = {"impressionCount": 0, **numbers} if network == "linkedin" else numbers


def rows(publish: Runner, *words: str, code: int = 0) -> dict[str, dict[str, Any]]:
    return {item["channel"]: item for item in publish.json("metrics", *words, code=code)["metrics"]}


def status(publish: Runner) -> dict[str, dict[str, Any]]:
    return {item["channel"]: item for item in publish.json("status")["deliveries"]}


@pytest.mark.parametrize(("name", "case"), cases(), ids=lambda value: str(value))
def test_every_network_is_asked_and_gives_what_it_says_it_gives(
    name: str, case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Stage(tmp_path, (name, case)) as stage:
        publish = Runner(stage, capsys)
        stage.send()
        found = rows(publish)[name]
        assert found["error"] == ""
        account = stage.settings.account(name, "acme")
        assert account is not None
        from byline.cli._publishing import make_drivers, open_http

        caps = make_drivers(stage.app(), open_http(stage.app(), stage.settings))(account).caps
        assert (found["clicks"] is not None) <= caps.clicks
        assert (found["views"] is not None) <= caps.views
        assert publish("metrics") == 0
        assert ("n/a" in publish.out) == (None in found.values())


def test_what_was_read_stands_beside_each_delivery(publish: Runner, stage: Stage) -> None:
    say(stage, "linkedin", impressionCount=1200, clickCount=31, commentCount=2, likeCount=9)
    say(stage, "twitter", impression_count=80, url_link_clicks=1)
    assert status(publish)["linkedin"]["metrics"] is None
    found = rows(publish)
    assert (found["linkedin"]["views"], found["linkedin"]["clicks"], found["linkedin"]["likes"]) == (
        1200,
        31,
        9,
    )
    assert (found["mastodon"]["views"], found["mastodon"]["clicks"]) == (None, None)
    assert status(publish)["linkedin"]["metrics"]["clicks"] == 31
    publish("status")
    line = next(line for line in publish.out.splitlines() if "hp7.linkedin.acme" in line)
    assert "1,200 views, 31 clicks, 2 comments (2 new)" in line
    line = next(line for line in publish.out.splitlines() if "hp7.twitter.acme" in line)
    assert "80 views, 1 click" in line


def test_new_comments_are_told_until_the_next_reading(publish: Runner, stage: Stage) -> None:
    say(stage, "mastodon", replies_count=2)
    assert rows(publish)["mastodon"]["new_comments"] == 2
    say(stage, "mastodon", replies_count=5)
    stage.clock.move(timedelta(days=1))
    assert publish("metrics") == 0
    assert "3 new comments on hp7.mastodon.acme   answer: http" in publish.out
    publish("status")
    assert "3 new comments" in publish.out
    assert status(publish)["mastodon"]["new_comments"] == 3
    stage.clock.move(timedelta(days=1))
    publish("metrics")
    publish("status")
    assert "new comment" not in publish.out


def test_clicks_stay_known_when_the_network_forgets_them(publish: Runner, stage: Stage) -> None:
    say(stage, "twitter", impression_count=80, url_link_clicks=12)
    rows(publish)
    say(stage, "twitter", impression_count=90, url_link_clicks=12)
    stage.clock.move(timedelta(days=40))
    assert publish.json("metrics")["metrics"] == []
    found = rows(publish, "--all")["twitter"]
    assert (found["views"], found["clicks"]) == (90, 12)


def test_the_report_knows_the_clicks(publish: Runner, stage: Stage) -> None:
    assert publish.json("report", "--by", "channel")["total"]["clicks"] is None
    say(stage, "linkedin", clickCount=31)
    say(stage, "twitter", url_link_clicks=12)
    rows(publish)
    found = publish.json("report", "--by", "channel")
    assert {row["key"]: row["clicks"] for row in found["rows"]}["linkedin"] == 31
    assert found["total"]["clicks"] == 43
    assert publish.json("report", "--by", "post")["rows"][0]["clicks"] == 43


def test_one_dead_token_leaves_the_others(publish: Runner, stage: Stage) -> None:
    stage.posts["hp8.md"] = (
        POST.replace("hp7", "hp8").replace("honest-pricing", "next").replace("What 40", "Why 40")
    )
    stage.write()
    stage.send()
    stage.fakes["linkedin"].inject("unauthorized", on="any", times=99)
    before = len(stage.fakes["linkedin"].calls)
    found = rows(publish, code=3)
    assert "refused the token" in found["linkedin"]["error"]
    assert found["twitter"]["error"] == ""
    assert len(stage.fakes["linkedin"].calls) == before + 1
    assert publish("metrics", "--to", "linkedin") == 1
    assert publish.out.count("next:") == 1


def test_only_what_is_out_and_named_is_asked(publish: Runner, stage: Stage) -> None:
    publish("retract", "hp7.mastodon.acme", "--yes")
    assert set(rows(publish)) == {"linkedin", "twitter"}
    assert set(rows(publish, "--to", "twitter")) == {"twitter"}
    assert set(rows(publish, "content/posts/hp7.md")) == {"linkedin", "twitter"}
    publish("retract", "hp7", "--yes")
    assert publish("metrics") == 0
    assert "--all" in publish.out


def test_a_threads_own_second_part_is_no_comment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    posts = {"hp7.md": POST.replace("---\nWe raised", "share:\n  mastodon: [One., Two.]\n---\nWe raised")}
    with Stage(tmp_path, ("mastodon", SERVER), posts=posts) as stage:
        stage.send()
        say(stage, "mastodon", replies_count=1)
        assert rows(Runner(stage, capsys))["mastodon"]["comments"] == 0
        say(stage, "mastodon", replies_count=4)
        assert rows(Runner(stage, capsys))["mastodon"]["comments"] == 3


def test_status_warns_of_four_silent_weeks(publish: Runner, stage: Stage) -> None:
    assert publish.json("status")["warnings"] == ["nothing is planned for the next four weeks"]
    publish("status")
    assert 'nothing is planned for the next four weeks   next: publish new "Title"' in publish.out
    publish("status", "--to", "linkedin")
    assert "four weeks" not in publish.out
    for days, silent in ((27, False), (29, True)):
        day = (NOW + timedelta(days=days)).date()
        later = POST.replace("hp7", "hp9").replace("honest-pricing", "later")
        stage.posts["hp9.md"] = later.replace("date: 2026-11-24", f"date: {day}")
        stage.write()
        assert bool(publish.json("status")["warnings"]) is silent


def test_status_opens_no_connection_for_it(publish: Runner, stage: Stage) -> None:
    rows(publish)
    calls = [len(fake.calls) for fake in stage.fakes.values()]
    before = {path: path.read_bytes() for path in (stage.folder / "content").rglob("*") if path.is_file()}
    publish("status")
    assert [len(fake.calls) for fake in stage.fakes.values()] == calls
    assert {path: path.read_bytes() for path in before} == before


@given(st.lists(st.tuples(COUNT, COUNT, COUNT), min_size=1, max_size=6))
def test_readings_come_back_as_they_were_and_the_latest_known_counts(
    readings: list[tuple[int | None, int | None, int | None]],
) -> None:
    figures = [
        Figures(
            id="hp7.x.acme", at=NOW + timedelta(hours=index), views=views, clicks=clicks, comments=comments
        )
        for index, (views, clicks, comments) in enumerate(readings)
    ]
    found = measuring.known(reversed([measuring.as_note(item) for item in figures]))["hp7.x.acme"]
    for name in ("views", "clicks", "comments"):
        told = [getattr(item, name) for item in figures if getattr(item, name) is not None]
        assert getattr(found.figures, name) == (told[-1] if told else None)
    assert found.new_comments >= 0


@pytest.mark.parametrize(
    "line",
    ["", "nonsense", "[]", "{}", '{"id": "a", "at": "yesterday"}', '{"id": 7, "at": "2026-11-24T10:00:00+00:00"}',
     '{"id": "a", "at": "2026-11-24T10:00:00"}', '{"id": "a", "at": "2026-11-24T10:00:00+00:00", "views": "many"}'],
)  # fmt: skip
def test_a_line_that_is_no_reading_is_passed_over(line: str) -> None:
    good = measuring.as_note(Figures(id="b", at=NOW, views=3))
    bad = Note(kind="metrics", day=NOW.date(), line=line)
    other = Note(kind="else", day=NOW.date(), line=good.line)
    assert set(measuring.known([bad, good, other])) == {"b"}
    assert json.loads(good.line)["views"] == 3


def test_words_leave_out_what_is_not_known() -> None:
    assert measuring.words(Known(figures=Figures(id="a", at=NOW))) == ""
    assert (
        measuring.words(Known(figures=Figures(id="a", at=NOW, comments=1), new_comments=1))
        == "1 comment (1 new)"
    )
    assert measuring.clicks({"a": Known(figures=Figures(id="a", at=NOW, views=1))}) is None
