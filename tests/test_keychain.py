"""The operating system's keyring: asked only when a person wants it, after the environment, never in its stead."""

from __future__ import annotations

import os
import subprocess
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


class NoKeyringError(KeyringError):
    """As the library's own."""


class Ring(ModuleType):
    """The two calls of the library `keyring` that are used, on a dictionary."""

    errors = SimpleNamespace(KeyringError=KeyringError, NoKeyringError=NoKeyringError)

    def __init__(self) -> None:
        super().__init__("keyring")
        self.kept: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []
        self.locked = False

    def get_keyring(self) -> SimpleNamespace:
        return SimpleNamespace(name="Test Ring", priority=5)

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
    assert "pip install 'keyring" in error.value.hint


def test_a_locked_keyring_stops_before_the_sign_in_and_tells_no_secret(publish: Runner, ring: Ring) -> None:
    ring.locked = True
    with pytest.raises(BylineError) as error:
        keychain.read("s", "A")
    assert "mnop" not in error.value.message
    assert publish("connect", "mastodon", "--keyring") == 1
    assert "unlock it" in publish.err


class TestTheLibraryItself:
    """The real `keyring`, with the real file backend of `keyrings.alt`, and with no backend at all."""

    @pytest.fixture(autouse=True)
    def _own_backend(self) -> Iterator[None]:
        import keyring

        before = keyring.get_keyring()
        yield
        keyring.set_keyring(before)

    def test_a_sign_in_is_kept_in_a_real_file_and_used_by_another_process(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyrings.alt.file.PlaintextKeyring")
        import keyring
        from keyrings.alt.file import PlaintextKeyring

        keyring.set_keyring(PlaintextKeyring())
        with Stage(tmp_path, ("bluesky", bluesky.CASES[0])) as stage:
            publish = Runner(stage, capsys)
            assert publish("connect", "bluesky", "--keyring") == 0
            assert "PlaintextKeyring)" in publish.out
            assert "anybody who can read it" in publish.out
            (kept,) = (path for path in (tmp_path / "data").rglob("*") if path.is_file())
            assert "abcd-efgh" not in publish.out + publish.err
            assert "bluesky_5fapp_5fpassword" in kept.read_text(encoding="utf-8")
            bare = {name: value for name, value in os.environ.items() if not name.startswith("BLUESKY")}
            for own, code in (({}, 1), ({"BYLINE_KEYRING": "1"}, 0)):
                done = subprocess.run(
                    [
                        sys.executable,
                        "-m",
                        "byline",
                        "-f",
                        str(stage.folder / "mkdocs.yml"),
                        "doctor",
                        "--to",
                        "bluesky",
                    ],
                    check=False,
                    env=bare | own,
                    capture_output=True,
                    text=True,
                )
                # The fake's clock stands in November 2026 and its sign-in does not mind.
                assert done.returncode == code, done.stdout + done.stderr
                assert "abcd-efgh" not in done.stdout + done.stderr

    def test_where_no_keyring_is_it_says_so_before_anybody_signs_in(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import keyring
        from keyring.backends.fail import Keyring

        keyring.set_keyring(Keyring())  # type: ignore[no-untyped-call]
        with Stage(tmp_path, ("mastodon", mastodon.CASES[0])) as stage:
            publish = Runner(stage, capsys)
            monkeypatch.setattr("webbrowser.open", lambda _address: pytest.fail("no sign-in begins"))
            assert publish("connect", "mastodon", "--keyring") == 2
            assert "this machine has no keyring that can be used" in publish.err
            assert "leave BYLINE_KEYRING unset" in publish.err
            assert publish("doctor", "--to", "mastodon", BYLINE_KEYRING="1", MASTODON_ACCESS_TOKEN="") != 0
            assert "no keyring" in publish.out + publish.err
            assert "Traceback" not in publish.err
