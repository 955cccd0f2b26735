"""`publish build` and `publish serve` as a person calls them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.times import FixedClock
from site_sample import NOW, sample
from versions import only_quick


def publish(file: Path, *words: str, environment: dict[str, str] | None = None) -> int:
    app = App(clock=FixedClock(NOW), environment=environment or {})
    with pytest.raises(SystemExit) as left:
        main(["-f", str(file), *words], app=app)
    assert isinstance(left.value.code, int)
    return left.value.code


@only_quick
def test_it_says_what_it_built_and_how_long_each_stage_took(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = sample(tmp_path)
    assert publish(file, "build", "--timings") == 0
    out, err = capsys.readouterr()
    assert re.fullmatch(
        rf"Built 6 posts into {re.escape(str(tmp_path / 'site'))} \(\d+ pages made anew, \d+ files written\)\n",
        out,
    )
    assert re.search(r"\d\.\d\d s  pages\n", err)
    assert len(json.loads((tmp_path / "site/byline.json").read_text())["posts"]) == 6
    assert publish(file, "build") == 0
    assert capsys.readouterr().out == f"Built 6 posts into {tmp_path / 'site'} (nothing had changed)\n"


def test_mistakes_in_settings_leave_with_2_in_posts_with_5(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = sample(tmp_path)
    bad = tmp_path / "content/posts/bad.md"
    bad.write_text("---\ntitle: [a, b]\n---\n")
    assert publish(file, "build") == 5
    assert "content/posts/bad.md:2" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()
    assert publish(file, "build", "--skip-bad") == 0
    assert "left out: content/posts/bad.md" in capsys.readouterr().err
    file.write_text(file.read_text().replace("Europe/Berlin", "Berlin"))
    assert publish(file, "build", "--skip-bad") == 2
    assert "Berlin" in capsys.readouterr().err


def test_strict_stops_with_5(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = sample(tmp_path)
    (tmp_path / "content/privacy.md").write_text("# Privacy\n\n[dead](#nowhere)\n")
    file.write_text(file.read_text() + "validation: {links: {anchors: warn}}\n")
    assert publish(file, "build") == 0
    assert "warning:" in capsys.readouterr().err
    assert publish(file, "build", "--strict") == 5
    assert "strict build" in capsys.readouterr().err


def test_the_date_of_the_source_is_honoured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = sample(tmp_path)
    epoch = str(int(NOW.replace(day=10).timestamp()))
    assert publish(file, "build", environment={"SOURCE_DATE_EPOCH": epoch}) == 0
    assert "Built 4 posts" in capsys.readouterr().out


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_serve_shows_drafts_and_mistakes_and_stops_when_asked(tmp_path: Path, asked: signal.Signals) -> None:
    file = sample(tmp_path)
    (tmp_path / "content/posts/bad.md").write_text("---\ntitle: x\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "byline", "-f", str(file), "serve", "--port", str(port)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"SOURCE_DATE_EPOCH": str(int(NOW.timestamp()))},
    )
    try:
        text = ""
        for _ in range(300):
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{port}/blog/posts/zephyrdraft-merger/", timeout=30
                ) as answer:
                    text = answer.read().decode()
                break
            except OSError:
                assert process.poll() is None, process.communicate()
                time.sleep(0.1)
        assert '<strong class="by-early">draft</strong>' in text
        assert "bad.md" in text
    finally:
        process.send_signal(asked)
        try:
            _, said = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    assert process.returncode == 0
    assert b"\nStopped.\n" in said
    assert b"content/posts/bad.md" in said
    assert not (tmp_path / "site").exists()
