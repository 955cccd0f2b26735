"""Secrets as canaries: services that say them back in every spelling, and a look at everything that was written."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest

from byline.cli import main
from byline.testing import bluesky, facebook, linkedin, mastodon, twitter
from byline.testing.server import Answer, Call, answer
from stage import Stage

CASES = tuple(
    (name, module.CASES[0])
    for name, module in (
        ("linkedin", linkedin),
        ("twitter", twitter),
        ("facebook", facebook),
        ("mastodon", mastodon),
        ("bluesky", bluesky),
    )
)
COMMANDS = (
    ("check", "--json"),
    ("plan", "--json"),
    ("plan", "--format", "html"),
    ("send", "--json"),
    ("send", "--retry"),
    ("reconcile", "--json"),
    ("metrics", "--json"),
    ("status", "--json"),
    ("status",),
    ("doctor", "--json"),
    ("doctor",),
    ("report", "--json"),
    ("preview", "--out", "preview.html"),
    ("ledger", "export", "history.jsonl"),
    ("retract", "hp7", "--yes", "--json"),
    ("build",),
)


def spellings(secret: str) -> set[bytes]:
    """How a secret may be met: plain, percent-encoded, in HTML, in hexadecimal, in base64 at any offset."""
    found = {secret, quote(secret, safe=""), escape(secret), secret.encode().hex()}
    for shift in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
            found.add(whole[(0, 2, 3)[shift] : -1])
    return {form.encode() for form in found}


def said_by(secret: str) -> list[bytes]:
    """The same as a service would write it: whole, and with something before it."""
    plain = [secret, quote(secret, safe=""), escape(secret), secret.encode().hex()]
    for before in (b"", b"u", b"u:"):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            plain.append(encode(before + secret.encode()).decode())
    return [form.encode() for form in plain]


def leaks(data: bytes, secrets: list[str]) -> list[bytes]:
    return [form for secret in secrets for form in spellings(secret) if form in data]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "site", *CASES) as stage:
        yield stage


def secrets_of(stage: Stage) -> list[str]:
    return [value for name, value in stage.environment.items() if name != "BLUESKY_IDENTIFIER"]


def talk_back(stage: Stage, status: int) -> None:
    """From now on every service answers with the words of the call, and with its secrets, in every spelling."""

    def handler(own: list[str]) -> Callable[[Call], Answer]:
        said = b" ".join(form for secret in own for form in said_by(secret))

        def handle(call: Call) -> Answer:
            heard = " ".join(call.headers.values()).encode() + b" " + call.body[:2000]
            text = (said + b" " + heard).decode("utf-8", "replace")
            value = {"message": text, "error": text, "error_description": text, "detail": text}
            return answer(status, value, {"X-Request-Id": own[0]})

        return handle

    for name, fake in stage.fakes.items():
        own = [stage.environment[key] for key in stage.cases[name].environment if key != "BLUESKY_IDENTIFIER"]
        fake.handle = handler(own)  # type: ignore[method-assign]


@pytest.mark.parametrize("status", [0, 200, 400, 401])
def test_no_secret_is_in_any_output_or_file(
    stage: Stage, status: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(stage.folder)
    secrets = secrets_of(stage)
    assert len(secrets) >= 8
    if status:
        talk_back(stage, status)
    codes = {}
    for words in COMMANDS:
        with pytest.raises(SystemExit) as stop:
            main(["-f", str(stage.folder / "mkdocs.yml"), *words], app=stage.app())
        out, err = capsys.readouterr()
        codes[words] = stop.value.code
        assert leaks((out + err).encode(), secrets) == [], words
    assert 2 not in codes.values(), codes  # every command was understood
    calls = sum(len(fake.calls) for fake in stage.fakes.values())
    assert calls > 5  # the secrets were used
    files = [file for file in stage.folder.rglob("*") if file.is_file()]
    assert [file for file in files if file.name == "ledger.db"]
    assert [file for file in files if file.name == "byline.json"]
    assert [(str(file), found) for file in files if (found := leaks(file.read_bytes(), secrets))] == []


def test_the_fakes_would_give_a_leak_away(stage: Stage) -> None:
    secret = secrets_of(stage)[0]
    assert all(leaks(b"it said " + form + b"!", [secret]) for form in said_by(secret))


def test_a_traceback_holds_no_secret(tmp_path: Path) -> None:
    token = "crash/canary+token=1"
    code = (
        "import sys, byline.cli as c, click\n"
        "def broken(**_): raise RuntimeError('https://x.example/?t=' + sys.argv.pop() + ' and no more')\n"
        "c.cli.get_command(None, 'explain').callback = broken\n"
        "sys.argv[1:1] = ['explain', 'bad-alias']\n"
        "c.main(sys.argv[1:3])"
    )
    for said in (token, quote(token, safe=""), base64.b64encode(token.encode()).decode()):
        done = subprocess.run(
            [sys.executable, "-c", code, said],
            env={**os.environ, "MASTODON_ACCESS_TOKEN__DANA": token},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "Traceback" in done.stderr
        assert "[MASTODON_ACCESS_TOKEN__DANA]" in done.stderr
        assert leaks((done.stdout + done.stderr).encode(), [token]) == []
