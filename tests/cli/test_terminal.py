"""The terminal: `publish` alone, completion, colours, narrow windows, progress."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from byline.cli import _progress, _tables, cli
from byline.cli.common import App
from byline.times import FixedClock
from support import NOW, POST, make_site

MANUAL = POST.replace("id: hp7", "id: hp7\nshare: {linkedin: Words.}")


def stand(file: Path, *arguments: str) -> Result:
    app = App(clock=FixedClock(NOW), environment={})
    return CliRunner().invoke(cli, ["-f", str(file), *arguments], obj=app, standalone_mode=False)


def test_without_a_site_it_says_how_to_begin(tmp_path: Path) -> None:
    done = stand(tmp_path / "mkdocs.yml")
    assert done.exception is None
    for command in ("publish demo", "publish init my-company", "--from wordpress"):
        assert command in done.stdout


@pytest.mark.parametrize(
    ("posts", "step", "why"),
    [
        ({}, 'publish new "Title"', "nothing waits"),
        ({"a.md": POST}, "publish plan", "2 posts would go out"),
        ({"a.md": POST.replace("[dana]", "[nobody]")}, "publish check", "1 mistake in 1 file"),
        (
            {"a.md": POST.replace("---\nWe", "draft: true\n---\nWe")},
            "publish preview content/posts/a.md",
            "a draft waits",
        ),
        ({"a.md": POST.replace("2026-11-24", "2026-12-24")}, 'publish new "Title"', "nothing waits"),
    ],
)
def test_it_tells_where_things_stand_and_the_next_step(
    posts: dict[str, str], step: str, why: str, tmp_path: Path
) -> None:
    file = make_site(tmp_path, posts=posts)
    done = stand(file)
    assert done.exception is None, done.exception
    assert f"Next: {step}" in done.stdout
    assert why in done.stdout
    told = json.loads(stand(file, "--json").stdout)
    assert told["next"] == step
    assert sum(told["posts"].values()) in (0, len(posts))


def test_what_may_be_out_comes_first_and_ends_with_4(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from byline.cli import _standing

    file = make_site(tmp_path, posts={"a.md": POST})
    plain = _standing.look

    def unclear(app: App) -> object:
        from dataclasses import replace

        return replace(plain(app), states={"unknown": 1})

    monkeypatch.setattr(_standing, "look", unclear)
    done = stand(file)
    assert done.return_value == 4
    assert "1 may be out" in done.stdout


def on_a_terminal(columns: int, *arguments: str, cwd: Path, **environment: str) -> str:
    """What a person sees in a window of so many columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {"PATH": os.defpath, "TERM": "xterm", "HOME": str(cwd), "TZ": "UTC", **environment}
    child = subprocess.Popen(
        [sys.executable, "-m", "byline", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=cwd,
        env=env,
    )
    os.close(slave)
    seen = b""
    while True:
        try:
            data = os.read(master, 65_536)
        except OSError:
            break
        if not data:
            break
        seen += data
    child.wait()
    os.close(master)
    return seen.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize(
    "command",
    [
        (),
        ("status",),
        ("explain", "does-not-fit"),
        ("explain",),
        ("check",),
        ("plan", "--all"),
        ("report",),
        ("doctor", "--to", "twitter"),
    ],
)
def test_lines_fit_the_window(columns: int, command: tuple[str, ...], tmp_path: Path) -> None:
    make_site(
        tmp_path,
        posts={
            "a.md": POST.replace("2026-11-24", "2020-11-24"),
            "b.md": POST.replace("hp7", "hp8").replace("honest-pricing", "b").replace("[dana]", "[nobody]"),
        },
    )
    for row in on_a_terminal(columns, *command, cwd=tmp_path).split("\n"):
        words = re.sub(r"\x1b\[[0-9;]*m", "", row)
        longest = max(
            (len(word) for word in words.split()), default=0
        )  # what is never cut: an address, a file
        assert _tables.columns_of(row) <= max(columns, longest + 10), row


def test_a_row_is_folded_within_its_frame_and_no_word_is_cut() -> None:
    rows = [
        "  + LinkedIn   company    now   80 of 3000 characters",
        "      │ Three customers left. We had expected twelve, and learned why.",
        "      ├ link: https://insights.acme.example/posts/honest-pricing/",
        "      └ words: written for this network",
        "short",
    ]
    assert _tables.folded("\n".join(rows), wide=34).split("\n") == [
        "  + LinkedIn   company    now   80",
        "      of 3000 characters",
        "      │ Three customers left. We",
        "      │ had expected twelve, and",
        "      │ learned why.",
        "      ├ link:",
        "      │   https://insights.acme.example/posts/honest-pricing/",
        "      └ words: written for this",
        "          network",
        "short",
    ]
    assert _tables.folded("\n".join(rows)) == "\n".join(rows)  # a file or a pipe gets it as it is


def test_colour_only_where_it_is_wanted(tmp_path: Path) -> None:
    make_site(tmp_path, posts={"a.md": POST.replace("[dana]", "[nobody]")})
    assert "\x1b[" in on_a_terminal(80, "check", cwd=tmp_path)
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        plain = on_a_terminal(80, "check", cwd=tmp_path, **environment)
        assert "\x1b[" not in plain
        assert "error: " in plain  # what the colour says is said in words too
        assert "\x1b[" not in on_a_terminal(80, "nonsense", cwd=tmp_path, **environment)
        assert "\x1b[" not in on_a_terminal(80, "-f", "x.yml", "check", cwd=tmp_path, **environment)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str) -> None:
    done = CliRunner().invoke(cli, ["completion", shell], standalone_mode=False)
    assert done.exception is None
    assert "_PUBLISH_COMPLETE" in done.stdout
    assert "byline" in done.stdout


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("publish st", "status"),
        ("publish explain unknown-au", "unknown-author"),
        ("publish check --for", "--format"),
    ],
)
def test_bash_completes(words: str, found: str, tmp_path: Path) -> None:
    bash = shutil.which("bash")
    assert bash
    parts = words.split(" ")
    done = subprocess.run(
        [sys.executable, "-m", "byline"],
        env={"PATH": os.defpath, "_PUBLISH_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(parts) - 1), "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert found in done.stdout, done.stderr


def test_a_bar_is_readable_without_colour_and_fits() -> None:
    for width in (20, 40, 80):
        text = _progress.line("Bringing the blog", 7, 20, "Fetching https://x/\x1b[31m" + "y" * 200, width)
        assert len(text) <= width
        assert "\x1b" not in text
    assert _progress.line("Bringing", 5, 10, "", 80) == "Bringing [#####-----] 5 of 10"


def test_what_is_quick_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with _progress.Progress("x", 3) as shown:
        shown.step(3)
    assert capsys.readouterr().err == ""


def test_what_is_slow_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 20.0, 21.0])
    monkeypatch.setattr("byline.cli._progress.time.monotonic", lambda: next(moments))
    with _progress.Progress("Bringing", 10) as shown:
        shown.step(5)
        shown.step()
    assert capsys.readouterr().err == "Bringing [#####-----] 5 of 10\n"
