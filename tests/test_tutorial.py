"""The tutorial does what it says: its commands are typed in order, its edits made, and what it shows is what comes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from byline.testing.visitors import Browser

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "tutorial.md"
END = "@@ that was all @@"
STAYS = "Open until you press Ctrl-C."
_PART = re.compile(
    r"^(?:## (?P<heading>[^\n]+)|```(?P<kind>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```)$",
    re.M | re.S,
)


@dataclass(frozen=True)
class Part:
    """A heading (`kind` is empty) or a block; `title` names a block's terminal or file."""

    kind: str
    title: str
    text: str


def parts() -> list[Part]:
    """The page, without its prose."""
    found = _PART.finditer(PAGE.read_text(encoding="utf-8"))
    return [Part(one["kind"] or "", one["title"] or "", one["text"] or one["heading"]) for one in found]


class Terminal:
    """One shell that stays open; `type` gives what is shown until all commands of a block are done, or until one stays."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self.process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={
                "PATH": f"{programs}:{os.defpath}",
                "HOME": str(folder),
                "LANG": "C.UTF-8",
                "PYTHONUNBUFFERED": "1",
                "NO_MKDOCS_2_WARNING": "1",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def type(self, commands: str) -> str:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{commands}echo '{END}'\n")
        self.process.stdin.flush()
        shown = ""
        for line in self.process.stdout:
            if line == f"{END}\n":
                return shown
            shown += line
            if line == f"{STAYS}\n":
                return shown
        raise AssertionError(f"the shell is gone. It said:\n{shown}")

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self.process.communicate(timeout=5)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def terminals(folder: Path, programs: Path) -> Iterator[dict[str, Terminal]]:
    found = {title: Terminal(folder, programs) for title in ("", "second terminal")}
    try:
        yield found
    finally:
        for terminal in reversed(found.values()):
            terminal.close()


def as_pattern(shown: str) -> str:
    """`…` in a line is anything in that line; a line of its own, any number of lines."""
    rows = [
        "(?:.*\n)*?" if row == "…" else ".*".join(map(re.escape, row.split("…"))) + "\n"
        for row in shown.splitlines()
    ]
    return "".join(rows)


def change(path: Path, text: str) -> None:
    """Take the lines with `-` out, each of which must stand there once, and put those with `+` where the last one was."""
    rows = path.read_text(encoding="utf-8").splitlines()
    place = 0
    for line in text.splitlines():
        sign, row = line[:1], line[1:]
        if sign == "-":
            assert rows.count(row) == 1, f"{path.name} does not hold this line once: {row}"
            place = rows.index(row)
            del rows[place]
        else:
            assert sign == "+", line
            rows.insert(place, row)
            place += 1
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def ask(timeline: str) -> None:
    """What the reader of the tutorial does in the browser: follow the link in the timeline, fill the form in."""
    now = datetime.now(UTC)
    browser = Browser(agrees=True, scripts=True)
    page = browser.open(timeline, now)
    (link,) = {link for link in page.links if "utm_content=renewals.linkedin.company" in link}
    post = browser.open(link, now)
    if not post.form("email"):
        post = browser.open(next(link for link in post.links if "/contact" in link), now)
    browser.ask(
        post,
        {"name": "Ada", "email": "ada@customer.example", "message": "How did you word the letter?"},
        now,
    )


def test_everything_in_the_tutorial_happens_as_it_says(tmp_path: Path) -> None:
    clone = tmp_path / "byline"
    (clone / "scripts").mkdir(parents=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    # What the alias of the page would call; a shell that is no person's knows no alias.
    (programs / "publish").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m byline "$@"\n')
    (programs / "publish").chmod(0o755)
    place = {"": clone, "second terminal": clone}
    shown, timeline, compared = "", "", 0
    with terminals(clone, programs) as shells:
        for part in parts():
            if part.kind == "sh":
                shown = shells[part.title].type(part.text)
                if "cd ../" in part.text:
                    place[part.title] = clone.parent / part.text.partition("cd ../")[2].splitlines()[0]
                last = part.title
                if found := re.search(r"^LinkedIn: +(http\S+)$", shown, re.M):
                    timeline = found[1]
            elif part.kind == "text":
                assert re.fullmatch(as_pattern(part.text), shown), (
                    f"the page says:\n{part.text}\nit shows:\n{shown}"
                )
                compared += 1
            elif part.kind == "diff":
                change(place[last] / part.title, part.text)
            elif part.text.startswith("6."):
                shells[last].type("")
                ask(timeline)
    assert compared > 10
    shutil.rmtree(tmp_path)


def test_the_tutorial_holds_no_block_that_is_not_tried() -> None:
    fences = re.findall(r"^```(\w*)", PAGE.read_text(encoding="utf-8"), re.M)
    kinds = [part.kind for part in parts() if part.kind]
    assert [kind for kind in fences if kind] == kinds
    assert set(kinds) == {"sh", "text", "diff"}
    for before, after in pairwise(kinds):
        assert after != "text" or before == "sh"
