"""Ten million touches through `publish report --data`: seconds on the clock and memory at the most.

scripts/bench --scale                       the table
scripts/bench --scale --touches 1000000     another size
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import _setup

BAR_SECONDS, BAR_MEMORY = 60.0, 1024.0  # of one model, on two cores; megabytes
MODELS = ("last", "markov", "linear", "decay", "w", "shapley")
MAKE = Path(__file__).resolve().parent / "_bench_touches.py"


def run(publish: str, site: Path, touches: int) -> None:
    """Print the table for so many touches."""
    print(
        f"{'what':<48} {'seconds':>8} {'processor':>10} {'MB':>7}   bar {BAR_SECONDS:.0f} s and {BAR_MEMORY:.0f} MB each"
    )
    with tempfile.TemporaryDirectory(prefix="byline-bench-scale-") as name:
        subprocess.run([str(_setup.python()), str(MAKE), name, str(touches)], check=True)
        for model in MODELS:
            command = [
                publish,
                "report",
                "--data",
                name,
                "--by",
                "author",
                "--model",
                model,
                "--window",
                "90",
            ]
            seconds, busy, memory = measured(command, site)
            verdict = "" if seconds < BAR_SECONDS and memory < BAR_MEMORY else "  over"
            label = f"{touches:,} touches, {model}, by author"
            print(f"{label:<48} {seconds:>7.1f}s {busy:>9.1f}s {memory:>7.0f}{verdict}", flush=True)


def measured(command: list[str], folder: Path) -> tuple[float, float, float]:
    """Seconds on the clock and on the processors, and the most megabytes that the process held."""
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=_setup.environment(), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    busy = used.ru_utime + used.ru_stime
    return time.perf_counter() - began, busy, used.ru_maxrss / scale
