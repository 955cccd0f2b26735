"""Packages that one lane of tests alone needs, each lane's in a folder of its own under `.cache`."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import _setup
from _setup import ROOT, SetupFailed, say


def packages(lane: str, size: str, *, alone: bool = False) -> Path:
    """The folder with the packages of `requirements/<lane>.txt`, made once; `alone` leaves out what they need."""
    lock = ROOT / "requirements" / f"{lane}.txt"
    folder = ROOT / ".cache" / lane
    wanted = hashlib.sha256(str(folder).encode() + lock.read_bytes()).hexdigest()
    stamp = folder / "stamp"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return folder / "python"
    say(f"Installing what --{lane} needs into {folder} (once; {size})")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    problem = _setup.install_into(folder / "python", lock, *(["--no-deps"] if alone else []))
    if problem:
        raise SetupFailed(f"It could not be installed. What the installer said last:\n{problem}")
    stamp.write_text(wanted, encoding="utf-8")
    return folder / "python"
