"""Make the environment in `.venv` from the lock, once; instant when nothing changed. Standard library only.

`ready("run")` is what the command needs, `ready("test")` adds what the tests need. The lock carries hashes and
names no download host: where packages come from is the user's own pip (or uv) configuration.
"""

from __future__ import annotations

import configparser
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)
# What a caller's own environment must not change in ours.
FOREIGN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
# pip's settings and the names under which uv knows them.
PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


class SetupFailed(Exception):
    """The environment could not be made; the text says why and what to do."""


def python() -> Path:
    """The environment's interpreter."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment() -> dict[str, str]:
    """The caller's environment without what would lead our interpreter to other packages."""
    kept = {key: value for key, value in os.environ.items() if key not in FOREIGN}
    kept["PIP_USER"] = "0"
    kept["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return kept


def ready(lock: str = "run") -> None:
    """Make or refresh the environment, or raise SetupFailed. Two at once wait for each other."""
    with _alone():
        wanted = _stamp(lock)
        stamp = VENV / f"byline-{lock}.stamp"
        if _usable() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
            return
        began = time.monotonic()
        requirements = ROOT / "requirements" / f"{lock}.txt"
        packages = sum(line[:1].isalpha() for line in requirements.read_text(encoding="utf-8").splitlines())
        say(f"Setting up {VENV} (once; requirements/{lock}.txt, packages: {packages})")
        uv = shutil.which("uv")
        if not _usable():
            _make()
        _install(uv, requirements, packages)
        stamp.write_text(wanted, encoding="utf-8")
        if lock == "test":  # which holds all of `run`
            (VENV / "byline-run.stamp").write_text(_stamp("run"), encoding="utf-8")
        say(f"✓ ready in {time.monotonic() - began:.0f} s")


def say(text: str) -> None:
    """One line of progress."""
    print(text, file=sys.stderr, flush=True)


def newer_python() -> None:
    """Carry on under Python 3.11 or newer: this one, else one on the PATH, else say what is missing and leave."""
    if sys.version_info[:2] >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if (
            found
            and subprocess.run([found, "-c", ""], check=False, stderr=subprocess.DEVNULL).returncode == 0
        ):
            os.execv(found, [found, "-E", *sys.argv])
    sys.exit(
        f"Byline needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).\n"
        "Install a newer one (python.org, your system's packages, or `uv python install`) and run this again."
    )


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Hold the folder's lock, so that a second set-up waits instead of mixing itself in."""
    try:
        import fcntl
    except ImportError:  # Windows has no such lock; there two set-ups at once are on their own
        yield
        return
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Waiting for another set-up in this folder …")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _stamp(lock: str) -> str:
    """What the environment depends on: the lock, the packaging, the folder (an editable install names it)."""
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packaging = [settings.get("build-system"), settings.get("project"), settings.get("tool", {}).get("hatch")]
    digest = hashlib.sha256(json.dumps([str(ROOT), packaging], sort_keys=True).encode())
    digest.update((ROOT / "requirements" / f"{lock}.txt").read_bytes())
    return digest.hexdigest()


def _usable() -> bool:
    """Is there an interpreter in the environment, and is it new enough?"""
    test = f"import sys; sys.exit(sys.version_info < {OLDEST!r})"
    try:
        done = subprocess.run([python(), "-I", "-c", test], check=False, capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _make() -> None:
    problem = _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)], "")
    if problem:
        raise SetupFailed(f"{VENV} could not be made.\n{problem}\nMend that, then run this again.")


def _install(uv: str | None, requirements: Path, packages: int) -> None:
    own = ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)]
    locked = ["--require-hashes", "--requirement", str(requirements)]
    problem = "uv is not here"
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", str(python())]
        problem = _run([*command, *locked], "uv") or _run([*command, *own], "uv")
        if problem:
            say(f"uv could not do it, trying pip. uv said: {problem.splitlines()[-1]}")
    if problem:
        pip = [str(python()), "-m"]
        if _run([*pip, "pip", "--version"], "") and (missing := _run([*pip, "ensurepip"], "")):
            raise SetupFailed(
                f"pip could not be put into {VENV}.\n{missing}\n"
                "Install it (on Debian or Ubuntu: apt install python3-venv), or install uv, then run this again."
            )
        command = [str(python()), "-m", "pip", "install", "--progress-bar", "off"]
        problem = _run([*command, *locked], f"of {packages}") or _run([*command, "--quiet", *own], "")
    if problem:
        raise SetupFailed(
            f"The packages could not be installed. What the installer said last:\n{problem}\n"
            "The first set-up needs a package index: check the connection, a proxy (HTTPS_PROXY) or your pip"
            " configuration (`pip config list`), then run this again; it goes on where it stopped."
        )


def install_into(folder: Path, requirements: Path, *options: str) -> str:
    """The packages of a lock in a folder of their own; an empty string, or what the installer said last."""
    wanted = ["--quiet", "--target", str(folder), "--require-hashes", "--requirement", str(requirements)]
    wanted += options
    uv = shutil.which("uv")
    if uv and not _run([uv, "pip", "install", "--python", str(python()), *wanted], "uv"):
        return ""
    if _run([str(python()), "-m", "pip", "--version"], ""):
        _run([str(python()), "-m", "ensurepip"], "")
    return _run([str(python()), "-m", "pip", "install", *wanted], "")


def run(command: list[str]) -> str:
    """Run one step quietly; an empty string when it worked, else the last lines of what it said."""
    return _run(command, "")


def _run(command: list[str], counting: str) -> str:
    """Run one step quietly; an empty string when it worked, else the last lines of what it said."""
    surroundings = environment()
    if Path(command[0]).stem == "uv":
        surroundings = {**pip_settings_for_uv(), **surroundings}
    lines: list[str] = []
    seen = 0
    try:
        process = subprocess.Popen(
            command, env=surroundings, cwd=ROOT, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except OSError as error:
        return str(error)
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            if counting.startswith("of ") and line.startswith(("Collecting ", "Requirement already")):
                seen += 1
                if seen % 10 == 0:
                    say(f"  {seen} {counting} packages …")
            if line.startswith("Installing collected"):
                say("  installing …")
    if process.returncode == 0:
        return ""
    return "\n".join([line for line in lines if line][-8:]) or f"{command[0]} ended with {process.returncode}"


def pip_settings_for_uv() -> dict[str, str]:
    """The user's pip configuration in uv's words, so that uv fetches from where pip would."""
    home = Path.home()
    files = [
        Path("/etc/pip.conf"),
        Path("/etc/xdg/pip/pip.conf"),
        home / ".pip" / "pip.conf",
        home / ".config" / "pip" / "pip.conf",
        home / "Library" / "Application Support" / "pip" / "pip.conf",
        Path(os.environ.get("PIP_CONFIG_FILE", os.devnull)),
    ]
    parser = configparser.RawConfigParser()
    with contextlib.suppress(configparser.Error, UnicodeDecodeError):
        parser.read(files, encoding="utf-8")
    found: dict[str, str] = {}
    for option, name in PIP_TO_UV.items():
        value = os.environ.get("PIP_" + option.upper().replace("-", "_"), "")
        for section in ("install", "global"):
            value = value or parser.get(section, option, fallback="")
        if value:
            between = "," if option == "find-links" else " "
            found[name] = between.join(value.split())
    # Like pip, look at every index for the pinned version; the hashes decide what is taken.
    found["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return found
