"""What one lane of tests alone needs, each lane's in a folder of its own under `.cache`: packages, or a whole environment."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
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


def environment(lane: str, lock: str, interpreter: str = sys.executable) -> Path:
    """The interpreter of an environment with exactly `requirements/<lock>.txt`, made once; nothing of ours is in it."""
    requirements = ROOT / "requirements" / f"{lock}.txt"
    folder = ROOT / ".cache" / lane
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = hashlib.sha256(f"{folder}\0{interpreter}".encode() + requirements.read_bytes()).hexdigest()
    stamp = folder / "stamp"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    say(f"Making {folder} of requirements/{lock}.txt (once; minutes)")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    problem = _setup.run([interpreter, "-m", "venv", str(folder)]) or add(
        python, "--require-hashes", "--requirement", str(requirements)
    )
    if problem:
        raise SetupFailed(f"It could not be made. What was said last:\n{problem}")
    stamp.write_text(wanted, encoding="utf-8")
    return python


def add(python: Path, *what: str) -> str:
    """Install something into an environment, by uv where it is, else by pip; empty, or what was said last."""
    uv = shutil.which("uv")
    if uv and not _setup.run([uv, "pip", "install", "--quiet", "--python", str(python), *what]):
        return ""
    return _setup.run([str(python), "-m", "pip", "install", "--quiet", *what])


def built(folder: Path) -> Path:
    """The wheel of what stands here now, built into the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    problem = _setup.run([str(_setup.python()), "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)])
    if problem:
        raise SetupFailed(f"The wheel could not be built.\n{problem}")
    return next(folder.glob("*.whl"))


def interpreter(version: str) -> str:
    """A Python of that version, such as 3.13: on the PATH, of pyenv, or one that uv has here. Downloads none."""
    candidates = [shutil.which(f"python{version}") or ""]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates += [str(path / "bin" / "python") for path in sorted(pyenv.glob(f"{version}.*"), reverse=True)]
    uv = shutil.which("uv")
    if uv:
        command = [uv, "python", "find", "--no-python-downloads", version]
        candidates.append(subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip())
    test = f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != {version!r})"
    for found in candidates:
        if found and subprocess.run([found, "-c", test], check=False, capture_output=True).returncode == 0:
            return found
    raise SetupFailed(
        f"There is no Python {version} here: not on the PATH, not in {pyenv}.\n"
        f"Install one (`pyenv install {version}`, `uv python install {version}`), then run this again."
    )
