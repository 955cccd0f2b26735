"""Who renews which token, and how: one heading for each person, numbered steps, no word of a network's in it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from byline import registry, settings
from byline.channels.base import Renewal
from byline.doctor import Finding, handover
from byline.testing import linkedin
from stage import Runner, Stage
from support import NOW, POST, SETTINGS, make_site

DOCS = Path(__file__).parent.parent / "docs"
OWNED = SETTINGS.replace(
    'dana: {urn: "urn:li:person:Kx1"}', 'dana: {urn: "urn:li:person:Kx1", owner: "@dana-reyes"}'
).replace("acme: {}", "acme: {owner: Lee Park}")


def _written(tmp_path: Path, *findings: Finding, host: str = "github") -> str:
    read = settings.load(make_site(tmp_path, posts={"hp7.md": POST}, settings=OWNED), {})
    return handover.markdown(findings, read, within=14, host=host)


def _finding(about: str, **more: object) -> Finding:
    return Finding(about=about, level="red", message="@everyone </details>", **more)  # type: ignore[arg-type]


def test_each_person_has_a_heading_and_numbered_steps_for_each_account(tmp_path: Path) -> None:
    text = _written(
        tmp_path,
        _finding("linkedin.dana", days=9, who="Dana Weiss"),
        _finding("linkedin.company", renew=True, who="@everyone <b>"),
        _finding("twitter.acme", days=-2),
        _finding("sending history", renew=True),
        _finding("twitter costs", days=3),
    )
    heads = re.findall(r"^### (.*)$", text, re.M)
    assert heads == [
        "@dana-reyes",
        "Lee Park",
        "Whoever holds these accounts (`owner` in the settings names them)",
    ]
    dana = text.partition("### Lee")[0]
    assert "**LinkedIn, `dana`** (Dana Weiss). The token dies in 9 days" in dana
    assert "`LINKEDIN_ACCESS_TOKEN__DANA`" in dana
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", dana, re.M)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 6
    assert re.search(r"line \d+ of `mkdocs.yml`, `expires: YYYY-MM-DD`", dana)
    assert "`TWITTER_ACCESS_TOKEN` and `TWITTER_ACCESS_TOKEN_SECRET`" in text
    assert "everyone" not in text
    assert "</details>" not in text


def test_on_gitlab_the_secret_is_a_variable(tmp_path: Path) -> None:
    text = _written(tmp_path, _finding("linkedin.dana", days=9), host="gitlab")
    assert "Settings, CI/CD, Variables" in text
    assert "Environments" not in text


def test_nothing_to_renew_is_nothing_to_read(tmp_path: Path) -> None:
    assert _written(tmp_path, _finding("linkedin.dana", days=14), _finding("linkedin.company")) == ""


@pytest.mark.parametrize("name", ["linkedin", "twitter", "facebook", "mastodon", "bluesky"])
def test_every_network_tells_the_way_in_the_browser(name: str) -> None:
    renewal = registry.channel(name).renewal  # type: ignore[attr-defined]
    assert isinstance(renewal, Renewal)
    assert len(renewal.steps) >= 3
    assert "opy" in renewal.steps[-1]
    manual = (DOCS / "channels" / f"{name}.md").read_text(encoding="utf-8")
    assert all(f"`{secret}`" in manual for secret in renewal.secrets)


def test_the_command_writes_it_for_the_weekly_issue(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Stage(tmp_path, ("linkedin", linkedin.CASES[0])) as stage:
        publish = Runner(stage, capsys)
        file = tmp_path / "handover.md"
        publish("doctor", "--fail-under", "14", "--handover", str(file))
        assert file.read_text(encoding="utf-8") == ""
        stage.fake.inject("unauthorized", on="any", times=99)
        assert publish("doctor", "--handover", str(file)) == 1
        assert "**LinkedIn, `acme`**" in file.read_text(encoding="utf-8")
        assert "The token is refused" in file.read_text(encoding="utf-8")
        assert publish("doctor", "--handover", str(tmp_path / "none" / "x.md")) == 2


def test_the_day_of_the_settings_counts_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Stage(tmp_path, ("linkedin", linkedin.CASES[0])) as stage:
        publish = Runner(stage, capsys)
        file = stage.folder / "mkdocs.yml"
        day = (NOW + timedelta(days=10)).date()
        text = file.read_text(encoding="utf-8")
        assert "acme: {" in text
        file.write_text(
            text.replace("acme: {", f"acme: {{owner: '@ada', expires: {day}, ", 1), encoding="utf-8"
        )
        publish("doctor", "--handover", str(tmp_path / "handover.md"))
        assert (tmp_path / "handover.md").read_text(encoding="utf-8").startswith("### @ada\n")
