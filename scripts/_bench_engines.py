"""The same touches counted by each engine: the built-in way over SQLite, DuckDB, and Spark in local mode.

scripts/bench --engines                      the table, for twenty thousand touches and a hundred thousand
scripts/bench --engines --touches 500000     another size
scripts/bench --engines --write              and put it into docs/explanation/scale.md

Each engine runs as a process of its own, from nothing to the JSON report; the credit of every author must be equal.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import _lanes
import _setup

SIZES = (20_000, 100_000)
PAGE = _setup.ROOT / "docs" / "explanation" / "scale.md"
BEGIN, END = "<!-- written by scripts/bench --engines --write -->\n", "<!-- end of it -->\n"
WORDS = ["--by", "author", "--model", "linear", "--json"]
HERE = Path(__file__).resolve().parent


def run(publish: str, site: Path, sizes: tuple[int, ...], *, write: bool) -> None:
    """Print the table, a line at a time; SystemExit when two engines disagree."""
    spark = _lanes.packages("spark", "450 MB")
    load = os.getloadavg()[0]
    rows = [
        "| touches | engine | seconds of processor | memory at most |",
        "| --- | --- | --- | --- |",
    ]
    print("\n".join(rows), flush=True)
    for touches in sizes:
        with tempfile.TemporaryDirectory(prefix="byline-bench-engines-") as name:
            _run(
                [
                    str(_setup.python()),
                    str(HERE / "_bench_leads.py"),
                    str(site / ".byline" / "crm.db"),
                    str(touches),
                ]
            )
            _run([publish, "report", "--export", name], site)
            engines = {
                "SQLite, built in": ([publish, "report", *WORDS], {}),
                "DuckDB": ([publish, "report", "--data", name, *WORDS], {}),
                "Spark, local mode": (
                    [str(_setup.python()), str(HERE / "_bench_spark.py"), name],
                    {"PYTHONPATH": str(spark)},
                ),
            }
            credits = {}
            for label, (command, more) in engines.items():
                seconds, busy, memory, found = measured(command, site, more)
                credits[label] = found
                rows.append(f"| {touches:,} | {label} | {busy:,.0f} | {memory:,.0f} MB |")
                print(f"{rows[-1]}   {seconds:,.0f} s on the clock", flush=True)
            _equal(credits)
            if write:
                _put(rows)
        (site / ".byline" / "crm.db").unlink()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {load:.1f} at the start")


def _put(rows: list[str]) -> None:
    """Into the manual, in the place of the table of before."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    text = before + BEGIN + "\n".join(rows) + "\n" + END + rest.partition(END)[2]
    PAGE.write_text(text, encoding="utf-8")


def _run(command: list[str], folder: Path | None = None) -> None:
    subprocess.run(command, check=True, cwd=folder, env=_setup.environment(), stdout=subprocess.DEVNULL)


def measured(
    command: list[str], folder: Path, more: dict[str, str]
) -> tuple[float, float, float, dict[str, Any]]:
    """Seconds on the clock, on the processors, the most megabytes of all its processes together, and what it wrote."""
    with tempfile.TemporaryFile() as out:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env={**_setup.environment(), **more}, stdout=out, stderr=subprocess.DEVNULL
        )
        family: dict[int, tuple[float, float]] = {}
        while process.poll() is None:
            for pid in _family(process.pid):
                found, before = _used(pid), family.get(pid, (0.0, 0.0))
                family[pid] = (
                    max(found[0], before[0]),
                    max(found[1], before[1]),
                )  # one that ended holds nothing
            time.sleep(0.1)
        seconds = time.perf_counter() - began
        out.seek(0)
        text = out.read().decode()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    busy, memory = (sum(one[n] for one in family.values()) for n in (0, 1))
    return seconds, busy, memory, json.loads(text[text.index("{") :])


def _family(pid: int) -> list[int]:
    """The process and all below it."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _used(pid: int) -> tuple[float, float]:
    """Seconds on the processors and the most megabytes so far; nothing when it has ended meanwhile."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0, 0.0
    most = re.search(r"VmHWM:\s+(\d+)", status)
    ticks = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks, int(most[1]) / 1024 if most else 0.0


def _equal(credits: dict[str, dict[str, Any]]) -> None:
    """Every author's enquiries to 1e-9 of their number, and revenue to the cent, whoever counted."""
    kept = {
        label: {
            row["key"]: row
            for row in [*found["rows"], {"key": "", **found["unattributed"]}]
            if row["leads"] or row["revenue"]
        }
        for label, found in credits.items()
    }
    first, *others = kept
    for other in others:
        same = kept[other].keys() == kept[first].keys() and all(
            abs(row["leads"] - kept[first][key]["leads"]) <= 1e-9 * max(1.0, row["leads"])
            and row["revenue"] == kept[first][key]["revenue"]
            for key, row in kept[other].items()
        )
        if not same:
            raise SystemExit(f"{other} and {first} disagree:\n{kept[other]}\n{kept[first]}")
