"""Drivers are found by their files and by other packages' entry points."""

from __future__ import annotations

import importlib.metadata
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from byline import registry
from byline.errors import UsageError

ROOT = Path(__file__).parent.parent


@pytest.fixture
def fresh() -> None:
    registry._points.cache_clear()
    registry.installed.cache_clear()
    registry._load.cache_clear()


def test_every_network_is_found_by_its_file() -> None:
    assert {"linkedin", "twitter"} <= set(registry.channels())
    files = {path.stem for path in (ROOT / "plugins/byline/channels").glob("[a-z]*.py")} - {"base"}
    assert files <= set(registry.channels())


@pytest.mark.parametrize("name", registry.channels())
def test_a_network_is_its_file_its_fake_and_its_page(name: str) -> None:
    driver = registry.channel(name)
    assert driver.name == name
    assert registry.label(name) == driver.caps.label
    page = (ROOT / f"docs/channels/{name}.md").read_text("utf-8")
    assert page.startswith(f"# {driver.caps.label}")
    assert f"{driver.caps.limit:,}" in page


def test_twitter_may_be_typed_as_x() -> None:
    assert registry.canonical_name(" X ") == "twitter"
    assert registry.channel("x") is registry.channel("twitter")
    assert registry.label("x") == "Twitter"


def test_an_unknown_network_gets_a_suggestion() -> None:
    with pytest.raises(UsageError) as info:
        registry.channel("linkdin")
    assert info.value.hint == "did you mean `linkedin`?"
    assert registry.label("nosuch") == "nosuch"


@pytest.mark.usefixtures("fresh")
def test_another_package_brings_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("intranet", "byline.channels.linkedin:LinkedIn", "byline.channels")
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda: EntryPoints([point]))
    assert "intranet" in registry.channels()
    assert registry.channel("intranet").__name__ == "LinkedIn"
    registry._points.cache_clear()
    registry.installed.cache_clear()
    registry._load.cache_clear()
