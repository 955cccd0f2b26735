"""Real git repositories for the tests: a bare one that stands for the server, and clones of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

# A runner has no user, no settings and nobody to ask.
BARE_MACHINE = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
PERSON = ("-c", "user.name=Someone", "-c", "user.email=someone@acme.example")
BRANCH = "byline-ledger"
HEAD = f"refs/heads/{BRANCH}"
ANCHOR = f"refs/byline/anchor/{BRANCH}"


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    """What git prints, run by a person in that folder."""
    done = subprocess.run(
        ["git", *PERSON, *arguments],
        cwd=folder,
        env=os.environ | BARE_MACHINE,
        check=False,
        capture_output=True,
        text=True,
    )
    assert not check or done.returncode == 0, done.stderr + done.stdout
    return done.stdout.strip()


def make_origin(folder: Path, files: dict[str, str] | None = None) -> Path:
    """A bare repository with a `main` of three commits."""
    origin, work = folder / "origin.git", folder / "first"
    git(folder, "init", "-q", "--bare", "-b", "main", str(origin))
    git(folder, "init", "-q", "-b", "main", str(work))
    for name, text in (files or {"README.md": "# A site\n"}).items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text, encoding="utf-8")
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "one")
    for subject in ("two", "three"):
        git(work, "commit", "-q", "--allow-empty", "-m", subject)
    git(work, "push", "-q", f"file://{origin}", "main")
    return origin


def clone(origin: Path, folder: Path, *options: str) -> Path:
    """A clone over the file protocol, which takes what a server would take."""
    git(origin.parent, "clone", "-q", *options, f"file://{origin}", str(folder))
    return folder


def refs(repository: Path) -> dict[str, str]:
    """Every ref and its commit."""
    out = git(repository, "for-each-ref", "--format=%(refname) %(objectname)")
    return dict(line.split(" ") for line in out.splitlines())
