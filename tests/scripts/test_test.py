"""scripts/test: where the browser comes from, which stages run, what a missing browser is told."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """scripts/_test.py as a module."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("_test_under_test", ROOT / "scripts" / "_test.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _machine(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, *, debian: bool, works_after: str
) -> list[str]:
    """A machine without a browser until a command with this word ran; the commands that were run."""
    ran: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        ran.append(" ".join(map(str, command)))
        good = not works_after or works_after in ran[-1] or "update" in ran[-1]
        return subprocess.CompletedProcess(command, 0 if good else 1, "", "" if good else "no such host")

    def problem() -> str:
        return "" if works_after and any(works_after in line for line in ran) else "no browser starts"

    monkeypatch.setattr(script.subprocess, "run", run)
    monkeypatch.setattr(script, "_browser_problem", problem)
    monkeypatch.setattr(script, "_root_on_debian", lambda: debian)
    return ran


def test_debian_gets_its_own_chromium(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = _machine(script, monkeypatch, debian=True, works_after="apt-get -qq -y")
    script.browser()
    assert any("install chromium" in line for line in ran)
    assert not any("playwright" in line for line in ran)


def test_elsewhere_playwright_brings_one(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = _machine(script, monkeypatch, debian=False, works_after="playwright install")
    script.browser()
    assert [line.partition("-m ")[2] for line in ran] == ["playwright install chromium"]


def test_where_neither_works_the_message_says_why_and_what_to_do(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    _machine(script, monkeypatch, debian=True, works_after="nothing helps")
    with pytest.raises(Exception, match="No Chromium could be had") as failed:
        script.browser()
    words = str(failed.value)
    assert "apt: no such host" in words
    assert "playwright install: no such host" in words
    assert "scripts/check" in words


def test_a_browser_that_is_there_is_taken(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(script, "_browser_problem", lambda: "")
    monkeypatch.setattr(script.subprocess, "run", lambda *_, **__: pytest.fail("nothing is to be installed"))
    script.browser()


def test_every_stage_runs_and_the_quick_half_leaves_the_browser_out(script: ModuleType) -> None:
    assert [name for name, _ in script.stages(False, [])] == ["lint", "format", "types", "imports", "tests"]
    assert "not browser" in script.stages(True, [])[-1][1]
    assert script.stages(False, ["tests/channels"])[-1][1][-1] == "tests/channels"


def test_help_names_every_lane_and_runs_nothing(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script.subprocess, "run", None)
    monkeypatch.setattr(script._setup, "ready", None)
    assert script.main(["--help"]) == 0
    told = capsys.readouterr().out
    for name, lane in script.LANES.items():
        assert f"scripts/test {name}" in told
        assert lane.__doc__.splitlines()[0] in told
