"""The operating system's keyring: asked only when a person wants it, after the environment, never in its stead."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from byline import keychain
from byline.errors import BylineError, UsageError
from byline.settings import Secrets
from byline.testing import bluesky, mastodon
from stage import Runner, Stage


class KeyringError(Exception):
    """As the library's own."""


class Ring(ModuleType):
    """The two calls of the library `keyring` that are used, on a dictionary."""

    errors = SimpleNamespace(KeyringError=KeyringError)

    def __init__(self) -> None:
        super().__init__("keyring")
        self.kept: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []
        self.locked = False

    def get_password(self, service: str, name: str) -> str | None:
        if self.locked:
            raise KeyringError("locked: abcd-efgh-ijkl-mnop")
        self.asked.append(name)
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self.kept[service, name] = value


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    made = Ring()
    monkeypatch.setitem(sys.modules, "keyring", made)
    return made


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, ("mastodon", mastodon.CASES[0])) as stage:
        yield stage


@pytest.fixture
def publish(stage: Stage, capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(stage, capsys)


def test_what_a_sign_in_kept_is_used_here_when_asked_for(
    tmp_path: Path, ring: Ring, capsys: pytest.CaptureFixture[str]
) -> None:
    with Stage(tmp_path, ("bluesky", bluesky.CASES[0])) as stage:
        publish = Runner(stage, capsys)
        assert publish("connect", "bluesky", "--keyring") == 0
        assert "abcd-efgh" not in publish.out + publish.err
        assert ring.kept == {
            (f"byline {stage.pages.url}/", "BLUESKY_IDENTIFIER"): "acme.bsky.social",
            (f"byline {stage.pages.url}/", "BLUESKY_APP_PASSWORD"): "abcd-efgh-ijkl-mnop",
        }
        stage.environment.clear()
        assert publish("doctor", "--to", "bluesky") == 1
        assert publish("doctor", "--to", "bluesky", BYLINE_KEYRING="1") == 0


def test_the_environment_comes_first_and_the_accounts_own_name_before_the_general(ring: Ring) -> None:
    ring.kept |= {("byline s", "A__DANA"): "own", ("byline s", "A"): "general"}
    read = lambda name: keychain.read("s", name)  # noqa: E731
    assert Secrets({"A": "env"}, keyring=read).get("A", "dana") == "env"
    assert ring.asked == []
    assert Secrets({}, keyring=read).get("A", "dana") == "own"
    assert Secrets({}, keyring=read).get("A", "lee") == "general"
    assert Secrets({}, keyring=read).get("B") == ""


def test_nobody_asks_the_keyring_unless_told_to(publish: Runner, ring: Ring) -> None:
    assert publish("doctor", "--to", "mastodon", MASTODON_ACCESS_TOKEN="") == 1
    assert publish("doctor", "--to", "mastodon", MASTODON_ACCESS_TOKEN="", BYLINE_KEYRING="0") == 1
    assert ring.asked == []


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(UsageError) as error:
        keychain.check()
    assert "byline[keyring]" in error.value.hint


def test_a_locked_keyring_stops_before_the_sign_in_and_tells_no_secret(publish: Runner, ring: Ring) -> None:
    ring.locked = True
    with pytest.raises(BylineError) as error:
        keychain.read("s", "A")
    assert "mnop" not in error.value.message
    assert publish("connect", "mastodon", "--keyring") == 1
    assert "unlock it" in publish.err
