"""Lint, types, import rules, tests. Every stage runs even when an earlier one failed; the last line is the verdict."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _lanes
import _pds
import _setup
import _web
from _setup import ROOT, python, say

_setup.newer_python()

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser")
LONGEST = 45 * 60  # seconds of one stage; the tests take a third of it
STARTS = """
import shutil, sys
from pathlib import Path
from playwright.sync_api import Error, sync_playwright
own = next((path for path in sys.argv[1:] if Path(path).exists()), shutil.which("chromium"))
with sync_playwright() as playwright:
    try:
        playwright.chromium.launch(executable_path=own, args=["--no-sandbox", "--disable-gpu"]).close()
    except Error as error:
        sys.exit(str(error).splitlines()[0])
"""


def main(arguments: list[str]) -> int:
    """Run the stages and return 0 when all of them passed."""
    if {"-h", "--help"} & {*arguments}:
        print(usage())
        return 0
    quick = "--quick" in arguments
    pytest = [argument for argument in arguments if argument not in ("--quick", *LANES)]
    for name, lane in LANES.items():
        if name in arguments:
            try:
                _setup.ready("test")
                return lane(pytest)
            except _setup.SetupFailed as problem:
                print(f"Set-up failed. {problem}", file=sys.stderr)
                return 1
    began = time.monotonic()
    times: list[tuple[str, float, bool]] = []
    try:
        _setup.ready("test")
        times.append(("set-up", time.monotonic() - began, True))
        if not quick:
            start = time.monotonic()
            browser()
            java()
            _web.ready()
            times.append(("browser", time.monotonic() - start, True))
    except _setup.SetupFailed as problem:
        print(f"Set-up failed. {problem}", file=sys.stderr)
        return 1
    for name, command in stages(quick, pytest):
        start = time.monotonic()
        say(f"── {name}")
        worked = _within(command, LONGEST)
        times.append((name, time.monotonic() - start, worked))
    failed = [name for name, _, worked in times if not worked]
    verdict = f"FAILED: {', '.join(failed)}" if failed else "all passed"
    shown = ", ".join(f"{name} {seconds:.0f}" for name, seconds, _ in times)
    print(f"── {verdict} in {time.monotonic() - began:.0f} s ({shown})", flush=True)
    return 1 if failed else 0


def _within(command: list[str], seconds: float) -> bool:
    """Run a stage; False when it failed, or did not end and had to be ended."""
    try:
        return (
            subprocess.run(
                command, check=False, cwd=ROOT, env=_setup.environment(), timeout=seconds
            ).returncode
            == 0
        )
    except subprocess.TimeoutExpired:
        print(f"Ended: it was not done after {seconds / 60:.0f} minutes.", file=sys.stderr, flush=True)
        return False


def against_a_real_server(pytest: list[str]) -> int:
    """Only the tests that talk to Bluesky's own server, which is set up first; `publish` in processes of its own."""
    return _lane([_pds.TESTS], pytest, {"BYLINE_PDS": str(_pds.ready())})


def on_published_data(pytest: list[str]) -> int:
    """Only the tests of attribution on a data set that others published; the set comes from its package."""
    folder = _lanes.packages("golden", "100 kB", alone=True)
    return _lane(["tests/published/public_set.py"], pytest, {"BYLINE_GOLDEN": str(folder)})


def on_spark(pytest: list[str]) -> int:
    """Only the tests that run the report's expressions on Spark in local mode; needs a Java, 17 or newer."""
    java()
    folder = str(_lanes.packages("spark", "450 MB"))
    return _lane(["tests/spark/real_engine.py"], pytest, {"BYLINE_SPARK": folder, "PYTHONPATH": folder})


def by_other_builders(pytest: list[str]) -> int:
    """Only the tests that build one site with MkDocs, ProperDocs and Zensical and compare what comes out."""
    folder = str(_lanes.packages("builders", "95 MB", alone=True))
    return _lane(["tests/builders/other_builders.py"], pytest, {"BYLINE_BUILDERS": folder})


def by_feed_readers(pytest: list[str]) -> int:
    """Only the tests that give every feed to newsboat, and to the W3C's validator where BYLINE_FEEDVALIDATOR names it."""
    if not shutil.which("newsboat"):
        problem = _apt("newsboat") if _root_on_debian() else "this is no Debian, or you are not root"
        if problem:
            raise _setup.SetupFailed(
                f"No newsboat could be had.\n  {problem}\nInstall one, then run this again."
            )
    return _lane(["tests/feeds/readers.py"], pytest, {"BYLINE_FEEDS": "1"})


def installed_clean(pytest: list[str]) -> int:
    """The wheel in an environment that holds what it declares and nothing else: its first commands, and the demo."""
    clean = _lanes.environment("wheel", "run")
    wheel = _lanes.built(ROOT / ".cache" / "dist")
    problem = _lanes.add(clean, "--no-deps", "--force-reinstall", str(wheel))
    if problem:
        raise _setup.SetupFailed(f"The wheel could not be installed.\n{problem}")
    return _lane(["tests/wheel/clean_install.py"], pytest, {"BYLINE_WHEEL": str(clean.parent.parent)})


def on_the_lowest(pytest: list[str]) -> int:
    """Every test that needs no browser, with the oldest versions of all that we declare."""
    return _elsewhere("lowest", "lowest", sys.executable, pytest)


def on_python(pytest: list[str]) -> int:
    """Every test that needs no browser, on another Python."""
    version, *rest = pytest or [""]
    if not version.startswith("3."):
        print("Say which: scripts/test --python 3.13", file=sys.stderr)
        return 2
    return _elsewhere(f"python-{version}", "test", _lanes.interpreter(version), rest)


def usage() -> str:
    """What can be asked for, and what each lane is."""
    rows = ["scripts/test [pytest's arguments]    lint, types, import rules and every test, set-up included"]
    rows += ["scripts/test --quick                 without the tests that need a browser"]
    for name, lane in LANES.items():
        shown = f"{name} 3.13" if lane is on_python else name
        rows.append(f"scripts/test {shown:<23} {(lane.__doc__ or '').splitlines()[0]}")
    return "\n".join(rows)


def _elsewhere(lane: str, lock: str, interpreter: str, pytest: list[str]) -> int:
    """The tests in an environment of their own, with this folder installed into it."""
    there = _lanes.environment(lane, lock, interpreter)
    problem = _lanes.add(there, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    if problem:
        raise _setup.SetupFailed(f"Byline could not be installed there.\n{problem}")
    versions = subprocess.run([there, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    say(f"── {versions}, requirements/{lock}.txt")
    return _lane(pytest or PARALLEL, ["-m", "not browser"], {}, there)


def _lane(what: list[str], pytest: list[str], more: dict[str, str], interpreter: Path | None = None) -> int:
    """These tests, with more in the environment."""
    command = [str(interpreter or python()), "-m", "pytest", "-p", "no:cacheprovider", "-q", *what, *pytest]
    return subprocess.run(command, check=False, cwd=ROOT, env={**_setup.environment(), **more}).returncode


# One more than there are cores: much of a test's time is waiting, for a disk, a push, another process.
PARALLEL = ["-n", str(min((os.cpu_count() or 1) + 1, 8)), "--dist", "loadfile"]


LANES = {
    "--pds": against_a_real_server,
    "--golden": on_published_data,
    "--spark": on_spark,
    "--wheel": installed_clean,
    "--lowest": on_the_lowest,
    "--python": on_python,
    "--builders": by_other_builders,
    "--feeds": by_feed_readers,
}


def stages(quick: bool, pytest: list[str]) -> list[tuple[str, list[str]]]:
    """Name and command of each stage, in order of how soon it can tell."""
    tool = str(python())
    found = [
        ("lint", [tool, "-m", "ruff", "check", "--quiet", "."]),
        ("format", [tool, "-m", "ruff", "format", "--check", "--quiet", "."]),
        ("types", [tool, "-m", "mypy"]),
        ("imports", [str(python().parent / "lint-imports"), "--no-cache"]),
        ("tests", [tool, "-m", "pytest", "-p", "no:cacheprovider", "-q", *(pytest or PARALLEL)]),
    ]
    if quick:
        found[-1][1].extend(["-m", "not browser"])
    return found


def browser() -> None:
    """A Chromium that starts: the one that is here, else Debian's, else Playwright's; else SetupFailed."""
    if not _browser_problem():
        return
    tried = []
    if _root_on_debian():
        say("Installing Chromium with apt (once) …")
        problem = _apt("chromium", "fonts-liberation")
        if problem:
            tried.append(problem)
        if not _browser_problem():
            return
    say("Installing Playwright's Chromium (once) …")
    done = subprocess.run(
        [str(python()), "-m", "playwright", "install", "chromium"],
        check=False,
        env=_setup.environment(),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        tried.append(f"playwright install: {(done.stderr or done.stdout).strip()[-300:]}")
    problem = _browser_problem()
    if problem:
        said = "\n".join(f"  {line}" for line in [*tried, problem])
        raise _setup.SetupFailed(
            f"No Chromium could be had for the browser tests.\n{said}\n"
            "Install one (Debian: apt install chromium; elsewhere: .venv/bin/playwright install --with-deps"
            " chromium), or run scripts/check, which needs none."
        )


def java() -> None:
    """A Java, for the W3C's validator and for Spark: the one that is here, else Debian's; else SetupFailed."""
    if shutil.which("java"):
        return
    problem = "this is no Debian, or you are not root"
    if _root_on_debian():
        say("Installing a Java with apt (once) …")
        problem = _apt("default-jre-headless")
    if problem or not shutil.which("java"):
        raise _setup.SetupFailed(
            f"No Java could be had.\n  {problem}\n"
            "Install one (Debian: apt install default-jre-headless), or run scripts/check, which needs none."
        )


def _apt(*packages: str) -> str:
    """Install Debian's packages; what went wrong, or an empty text."""
    for command in (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "-y", "--no-install-recommends", "install", *packages],
    ):
        done = subprocess.run(
            command,
            check=False,
            env={**_setup.environment(), "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            return f"apt: {(done.stderr or done.stdout).strip()[-300:]}"
    return ""


def _browser_problem() -> str:
    done = subprocess.run(
        [str(python()), "-c", STARTS, *CHROMIUM],
        check=False,
        env=_setup.environment(),
        capture_output=True,
        text=True,
    )
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it did not start"])[-1]


def _root_on_debian() -> bool:
    release = Path("/etc/os-release")
    lines = release.read_text(encoding="utf-8").splitlines() if release.exists() else []
    debian = any(line.strip() in ("ID=debian", 'ID="debian"') for line in lines)
    return debian and hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("Stopped by you.")
