"""A feed hub is told once of each change, after the pages are live, and its silence harms nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl

import pytest

from byline.testing import linkedin
from byline.testing.server import Answer, Call, Fake
from stage import Runner, Stage
from support import POST


class Hub(Fake):
    """Takes every call; `told` are the feeds of each."""

    label: ClassVar[str] = "hub"
    told: list[list[str]]

    def kind_of(self, call: Call) -> str:
        return "publish"

    def handle(self, call: Call) -> Answer:
        pairs = parse_qsl(call.body.decode())
        assert pairs[0] == ("hub.mode", "publish")
        self.told.append([value for key, value in pairs if key == "hub.url"])
        return Answer(status=202)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, ("linkedin", linkedin.CASES[0])) as stage:
        hub = Hub(stage.clock)
        hub.told = []
        hub.start()
        try:
            stage.hub = hub  # type: ignore[attr-defined]
            stage.more = f"feeds: {{hub: '{hub.url}/hub'}}"
            stage.write()
            yield stage
        finally:
            hub.stop()


def hub_of(stage: Stage) -> Hub:
    hub = stage.hub  # type: ignore[attr-defined]
    assert isinstance(hub, Hub)
    return hub


def test_the_hub_is_told_once_of_each_change(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    publish, hub = Runner(stage, capsys), hub_of(stage)
    assert publish("send", "--yes") == 0
    assert "told the feed hub of" in publish.err
    (feeds,) = hub.told
    site = stage.settings.site_url
    assert f"{site}feed.xml" in feeds
    assert f"{site}atom.xml" in feeds
    assert any("/author/" in feed for feed in feeds)
    assert publish("send", "--yes") == 0
    assert len(hub.told) == 1
    stage.posts["hp7.md"] = POST.replace("title:", "tags: [news]\ntitle:", 1)
    stage.write()
    assert publish("send", "--yes") == 0
    assert len(hub.told) == 2


def test_a_hub_that_fails_is_told_again_and_changes_no_exit_code(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    publish, hub = Runner(stage, capsys), hub_of(stage)
    hub.inject("error_before", on="publish")
    assert publish("send", "--yes") == 0
    assert "by themselves" in publish.err
    assert hub.told == []
    assert publish("send", "--yes") == 0
    assert len(hub.told) == 1


def test_nothing_is_told_before_a_page_is_live(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.write(live=False)
    stage.pages.shown.clear()
    publish = Runner(stage, capsys)
    assert publish("send", "--yes", "--no-wait") == 5
    assert hub_of(stage).told == []
