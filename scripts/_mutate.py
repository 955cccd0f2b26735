"""Mutation testing with mutmut, in an environment and a copy of the tree of its own under `.cache/mutate`.

Not part of the tests: thousands of changes, each tried against the tests that run the changed function, take hours.
What was changed since the last run is tried again, the rest is remembered.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _setup

_setup.newer_python()

FOLDER = _setup.ROOT / ".cache" / "mutate"
MUTMUT = "mutmut==3.8.1"
COPIED = ("plugins", "tests", "content", "docs", "requirements", "scripts", "pyproject.toml", "mkdocs.yml")
# mutmut's number of an outcome -> our word for it; every other number is a change that no test noticed.
NOTICED = {1: "killed", 3: "killed", 36: "timed out", -24: "timed out", 24: "timed out", 152: "timed out",
           255: "timed out", -11: "killed", -9: "timed out"}  # fmt: skip


@dataclass(frozen=True)
class Group:
    """Modules that are tried together, as paths under `byline`, and the tests that must notice."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]
    without: str = ""  # tests whose names have this are left out: too slow for what they add here
    database: bool = False  # one PostgreSQL for all of it, instead of one for each change


GROUPS = {
    "links": Group(("links.py",), ("tests/test_links.py",)),
    "planning": Group(
        ("planning/*.py",), ("tests/test_standing.py", "tests/test_planner.py", "tests/test_planning.py")
    ),
    "sending": Group(
        ("sending.py", "delivering.py", "settling.py"),
        ("tests/test_delivering.py", "tests/test_settling.py", "tests/test_run.py"),
    ),
    "ledger": Group(
        tuple(f"ledger/{name}.py" for name in ("base", "codec", "runs", "seen", "sqlite", "moving", "checking", "choosing")),
        ("tests/ledger/test_steps.py", "tests/ledger/test_codec.py", "tests/ledger/test_runs.py",
         "tests/ledger/test_seen.py", "tests/ledger/test_moving.py", "tests/ledger/test_sqlite.py",
         "tests/ledger/test_sqlite_file.py", "tests/ledger/test_choosing_words.py"),
        "(test_seen and postgresql) or statements or several_processes or kill_after or no_history_stops",
    ),
    "git": Group(
        ("ledger/git/*.py",),
        tuple(f"tests/ledger/test_git_{name}.py" for name in ("rules", "trust", "files", "words", "plumbing")),
    ),
    "postgresql": Group(
        ("ledger/postgresql/*.py",),
        ("tests/ledger/test_postgresql_words.py", "tests/ledger/test_postgresql_rows.py", "tests/ledger/test_postgresql.py"),
        "went_away or workers or password_is or many_claims or role_without or not_there or contract",
        database=True,
    ),
}  # fmt: skip


def main() -> int:
    """Try the groups, or show what was not noticed."""
    parser = argparse.ArgumentParser(
        prog="scripts/mutate", description="Change the code in small ways; a test must notice each."
    )
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument(
        "--show", action="store_true", help="show the changes that no test noticed, try nothing"
    )
    parser.add_argument(
        "--sample", type=int, help="try so many of each group, drawn at random (default: all)"
    )
    parser.add_argument("--seed", type=int, default=1, help="another sample (default 1)")
    parser.add_argument(
        "--table", action="store_true", help="print the manual's table of what was tried, try nothing"
    )
    parser.add_argument("--workers", type=int, default=2, help="changes tried at once (default 2)")
    options = parser.parse_args()
    names = options.groups or list(GROUPS)
    if unknown := set(names) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}")
    try:
        mutmut = ready()
    except _setup.SetupFailed as problem:
        print(f"Set-up failed. {problem}", file=sys.stderr)
        return 1
    for name in names:
        folder = FOLDER / name
        if not (options.show or options.table):
            copy(folder, GROUPS[name])
            again = forget_survivors(folder)
            chosen: list[str] = []
            if options.sample:  # what no test noticed before is part of it, or the share would be too good
                drawn = set(sample(folder, mutmut, options.sample, options.seed))
                chosen = sorted(drawn | (again & {change for _, change, _ in outcomes(folder)}))
            with database(GROUPS[name]) as running:
                done = subprocess.run(
                    [str(mutmut), "run", "--max-children", str(options.workers), *chosen],
                    cwd=folder, check=False, env=environment(folder) | running,
                )  # fmt: skip
            if done.returncode:
                return done.returncode
    if options.show:
        for name in names:
            show(FOLDER / name, mutmut)
    print(page(names) if options.table else table(names))
    return 0


def ready() -> Path:
    """mutmut in an environment of its own that sees the tests' packages."""
    _setup.ready("test")
    venv = FOLDER / "venv"
    mutmut = venv / "bin" / "mutmut"
    if not mutmut.exists():
        _setup.say(f"Setting up {MUTMUT} in {venv} (once)")
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(venv)],
            [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", MUTMUT],
        ):
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, env=_setup.environment()
            )
            if done.returncode:
                raise _setup.SetupFailed(f"{' '.join(command)} said: {done.stderr[-1000:]}")
    (ours,) = venv.glob("lib/python3*/site-packages")
    (theirs,) = _setup.VENV.glob("lib/python3*/site-packages")
    (ours / "zz-tests.pth").write_text(f"{theirs}\n", encoding="utf-8")
    return mutmut


def environment(folder: Path) -> dict[str, str]:
    """For mutmut and for the processes that tests start, which must find the changed sources too."""
    paths = os.pathsep.join(str(folder / "mutants" / name) for name in ("src", "tests"))
    return {**_setup.environment(), "PYTHONPATH": paths}


@contextlib.contextmanager
def database(group: Group) -> Iterator[dict[str, str]]:
    """The environment that leads the tests to one server, where the group wants one."""
    if not group.database:
        yield {}
        return
    command = [str(_setup.VENV / "bin" / "python"), str(_setup.ROOT / "tests" / "postgres.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield {"BYLINE_TEST_POSTGRESQL": server.stdout.readline().strip()}
        finally:
            server.stdin.close()


def copy(folder: Path, group: Group) -> None:
    """The tree as mutmut wants it: the sources in `src`. A file that did not change keeps its time, and its results."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source, target = _setup.ROOT / name, folder / ("src" if name == "plugins" else name)
        if source.is_dir():
            for old in sorted(target.rglob("*"), reverse=True):
                if not (source / old.relative_to(target)).exists():
                    shutil.rmtree(old) if old.is_dir() else old.unlink()
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    tests = folder / "mutants" / "tests"
    shutil.rmtree(tests, ignore_errors=True)  # mutmut adds files there and removes none
    for folder_looked_into in (tests, folder / "mutants" / "src"):
        # A folder that is not there when Python starts is never looked into.
        folder_looked_into.mkdir(parents=True, exist_ok=True)
    # Which test reaches which function: mutmut would not look again for a test that was changed.
    (folder / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    settings = folder / "pyproject.toml"
    text = settings.read_text(encoding="utf-8").replace('["plugins", "tests"]', '["src", "tests"]')
    tool = {
        "source_paths": ["src"],
        "only_mutate": [f"src/byline/{module}" for module in group.modules],
        "also_copy": [name for name in COPIED if name not in ("plugins", "tests")],
        "pytest_add_cli_args": [
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "--timeout=0",
            *(("-k", f"not ({group.without})") if group.without else ()),
        ],
        "pytest_add_cli_args_test_selection": list(group.tests),
        # Wide, for a machine that others keep busy must not pass for a test that noticed an endless loop.
        "timeout_multiplier": 12,
        "timeout_constant": 45,
    }
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in tool.items())
    settings.write_text(f"{text}\n[tool.mutmut]\nuse_git_change_detection = false\n{lines}", encoding="utf-8")


def forget_survivors(folder: Path) -> set[str]:
    """What no test noticed is tried again: there may be new tests. What was noticed stays so while its function does.

    Returns the changes that are to be tried again.
    """
    forgotten = {change for _, change, outcome in outcomes(folder) if outcome == "survived"}
    for file in (folder / "mutants").glob("src/**/*.py.meta"):
        data = json.loads(file.read_text(encoding="utf-8"))
        codes = data["exit_code_by_key"]
        data["exit_code_by_key"] = {key: code if code in NOTICED else None for key, code in codes.items()}
        file.write_text(json.dumps(data), encoding="utf-8")
    return forgotten


def sample(folder: Path, mutmut: Path, size: int, seed: int) -> list[str]:
    """So many changes, drawn at random: the same ones for the same sources and seed."""
    # A name that nothing has: mutmut makes the changes, finds none to try, and ends.
    subprocess.run(
        [str(mutmut), "run", "no.such.change"],
        cwd=folder, check=False, capture_output=True, env=environment(folder),
    )  # fmt: skip
    every = sorted(change for _, change, _ in outcomes(folder))
    return sorted(random.Random(seed).sample(every, min(size, len(every))))


def outcomes(folder: Path) -> Iterator[tuple[str, str, str]]:
    """(module, change, outcome) of every change that was tried."""
    for file in sorted((folder / "mutants").glob("src/**/*.py.meta")):
        for change, code in json.loads(file.read_text(encoding="utf-8"))["exit_code_by_key"].items():
            module = file.relative_to(folder / "mutants" / "src" / "byline").with_suffix("").as_posix()
            yield (
                module,
                change,
                "not tried" if code is None else NOTICED.get(code, "survived"),
            )


def table(names: Sequence[str]) -> str:
    """How many changes of each module were noticed."""
    counts: dict[str, Counter[str]] = {}
    for name in names:
        for module, _, outcome in outcomes(FOLDER / name):
            counts.setdefault(module, Counter())[outcome] += 1
    rows: list[tuple[str, ...]] = [
        ("module", "changes", "killed", "timed out", "survived", "not tried", "noticed")
    ]
    for label, count in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        tried = count.total() - count["not tried"]
        share = (count["killed"] + count["timed out"]) / tried if tried else 0
        rows.append(
            (label, str(count.total()), *(str(count[word]) for word in rows[0][2:6]), f"{100 * share:.1f} %")
        )
    return "\n".join(f"{row[0]:<32}" + "".join(f"{cell:>11}" for cell in row[1:]) for row in rows)


def page(names: Sequence[str]) -> str:
    """The table of docs/reference/mutation.md: by group and module, with a 95 % interval where a sample was tried."""
    lines = [
        "| group | module | changes | tried | killed | timed out | survived | noticed |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in names:
        counts: dict[str, Counter[str]] = {}
        for module, _, outcome in outcomes(FOLDER / name):
            counts.setdefault(module, Counter())[outcome] += 1
        rows = [("", f"`{module}`", count) for module, count in counts.items()]
        for label, module, count in [*rows, (f"**{name}**", "all", sum(counts.values(), Counter()))]:
            whole = count.total()
            tried = whole - count["not tried"]
            lines.append(
                f"| {label} | {module} | {whole:,} | {tried:,} | {count['killed']} | {count['timed out']} | "
                f"{count['survived']} | {share_of(tried - count['survived'], tried, whole)} |"
            )
    return "\n".join(lines)


def share_of(noticed: int, tried: int, whole: int) -> str:
    """`93.1 %`; of a sample with Wilson's interval at 95 %, narrowed as a sample without return from `whole` is."""
    if not tried:
        return "–"
    part = noticed / tried
    if tried == whole:
        return f"{100 * part:.1f} %"
    n = tried * (whole - 1) / (whole - tried)  # so many draws with return would tell as much
    z = 1.96
    middle = (part + z * z / (2 * n)) / (1 + z * z / n)
    wide = z / (1 + z * z / n) * math.sqrt(part * (1 - part) / n + z * z / (4 * n * n))
    return f"{100 * part:.1f} % ({100 * (middle - wide):.0f}–{100 * (middle + wide):.0f})"


def show(folder: Path, mutmut: Path) -> None:
    """Every change that no test noticed, as a difference."""
    for _, change, outcome in outcomes(folder):
        if outcome == "survived":
            done = subprocess.run(
                [str(mutmut), "show", change], cwd=folder, check=False, capture_output=True, text=True,
                env=environment(folder),
            )  # fmt: skip
            print(done.stdout, flush=True)


if __name__ == "__main__":
    os.nice(10)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped by you; what was tried is remembered.")
