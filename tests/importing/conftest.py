"""Old blogs in the real formats, small enough to read."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from struct import pack

import pytest
from click.testing import CliRunner, Result

from byline import checks, content, settings
from byline.cli import cli
from byline.cli.common import App
from byline.model import Post
from byline.times import FixedClock
from support import NOW


def png(width: int = 600, height: int = 315) -> bytes:
    """A whole picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x20\x50\x80" * width for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


class Brought:
    """A site made of an old blog."""

    def __init__(self, folder: Path, done: Result) -> None:
        self.folder = folder
        assert done.exception is None, done.exception
        self.told = json.loads(done.stdout)
        self.settings = settings.load(folder / "mkdocs.yml", {})
        self.content = content.read(self.settings)
        self.problems = [
            item for item in checks.run(self.settings, self.content, now=NOW) if item.severity == "error"
        ]

    @property
    def posts(self) -> dict[str, Post]:
        """By address."""
        return {post.slug: post for post in self.content.posts}

    @property
    def notes(self) -> str:
        """All of them, a line each."""
        return "\n".join(f"{note['file']}: {note['reason']}" for note in self.told["notes"])

    def text(self, path: str) -> str:
        """A file below content/."""
        return (self.folder / "content" / path).read_text(encoding="utf-8")

    def build(self) -> None:
        """Strictly, as CI does."""
        done = subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--strict", "-q"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout


def run(*arguments: str) -> Result:
    """The command, at a fixed hour."""
    app = App(clock=FixedClock(NOW), environment={"TZ": "Europe/Berlin"})
    return CliRunner().invoke(cli, ["init", *arguments], obj=app, standalone_mode=False)


@pytest.fixture
def bring(tmp_path: Path) -> Callable[..., Brought]:
    """`bring(kind, source, *options)`."""

    def brought(kind: str, source: Path | str, *options: str) -> Brought:
        folder = tmp_path / "new"
        done = run(
            str(folder),
            "--yes",
            "--json",
            "--from",
            kind,
            str(source),
            "--site-url",
            "https://new.acme.com/",
            "--no-fetch",
            *options,
        )
        return Brought(folder, done)

    return brought
