"""How long the command takes, as whole processes, and how that compares with MkDocs alone on the same posts.

    scripts/bench                  the table
    scripts/bench --posts 500      another size for check and plan
    scripts/bench --no-build       leave the builds out
    scripts/bench --history        instead: sending histories of 50, 500 and 5,000 deliveries in each store
    scripts/bench --rival          instead: the same faults for Byline and for crier 2.1.1, posts counted on the network
    scripts/bench build            instead: builds beside stock MkDocs, see _bench_build.py
    scripts/bench --scale          ten million touches through the report instead
    scripts/bench --engines        the same touches by SQLite, DuckDB and Spark instead (needs a Java)
    scripts/bench --lighthouse     what Lighthouse says of the demo company's pages instead, on a telephone

Medians of several runs, the first of which is not counted. A bar is what we hold ourselves to on two cores of a
machine that does nothing else; on a busy one the processor's own seconds tell more than the clock's.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _bench_build
import _bench_engines
import _bench_scale
import _setup

_setup.newer_python()

RIVAL = "crier==2.1.1"
WORDS = [
    "spindle",
    "bearing",
    "order",
    "customer",
    "repair",
    "price",
    "letter",
    "offer",
    "visit",
    "machine",
    "question",
    "answer",
    "month",
    "report",
    "enquiry",
    "budget",
    "contract",
    "answer",
    "figure",
    "workshop",
    "delivery",
    "season",
    "doubt",
    "promise",
    "cost",
    "share",
    "note",
    "link",
]
NETWORKS = """      ledger: sqlite
      share_by_default: [linkedin, twitter]
      channels:
        linkedin:
          accounts:
            company: {urn: "urn:li:organization:1"}
            dana: {urn: "urn:li:person:a"}
        twitter: {accounts: {acme: {}}}
      campaigns:
        autumn: {name: Autumn, start: 2026-01-01, end: 2026-12-31}
"""
SETTINGS = """site_name: Bench
site_url: https://bench.example/
docs_dir: content
theme: {name: material, font: false}
plugins:
  - search
  - blog: {blog_dir: ., post_dir: posts, post_url_format: "posts/{slug}", archive: true, categories: true}
"""


def corpus(folder: Path, posts: int, *, byline: bool = True) -> Path:
    """A site of so many posts of some 300 words, the same every time; without Byline for the comparison."""
    dice = Random(posts)
    content = folder / "content"
    (content / "posts").mkdir(parents=True)
    (content / "index.md").write_text("# Bench\n", encoding="utf-8")
    (content / "face.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"/>', encoding="utf-8"
    )
    authors = "authors:\n" + "".join(
        f"  {name}: {{name: {name.title()} Reyes, description: Writes, avatar: face.svg}}\n"
        for name in ("dana", "lee", "kim")
    )
    (content / ".authors.yml").write_text(authors, encoding="utf-8")
    block = "  - byline:\n      timezone: Europe/Berlin\n" + NETWORKS if byline else ""
    (folder / "mkdocs.yml").write_text(SETTINGS + block, encoding="utf-8")
    for number in range(posts):
        day = date(2020, 1, 1) + timedelta(days=number)
        ours = f"id: post{number}\n" if byline else ""
        share = (
            "share:\n"
            f"  at: {day} 09:00\n"
            "  linkedin:\n    as: [company, dana]\n    text: |\n      What we learned this month, in one table.\n      And what not.\n"
            f'  twitter: "Number {number}, in short: {{link}}"\n'
            if byline and number % 2
            else ""
        )
        body = "\n\n".join(
            " ".join(dice.choice(WORDS) for _ in range(60)).capitalize() + "." for _ in range(5)
        )
        text = (
            f"---\ntitle: What number {number} taught us\ndescription: The {number}th lesson, with its figures.\n"
            f"date: {day}\n{ours}slug: lesson-{number}\nauthors: [{('dana', 'lee', 'kim')[number % 3]}]\n"
            f"categories: [{('Prices', 'People', 'Parts')[number % 3]}]\n{share}---\n"
            f"{body[:200]}\n\n<!-- more -->\n\n{body}\n"
        )
        (content / "posts" / f"{number:05}.md").write_text(text, encoding="utf-8")
    return folder


def median(command: list[str], folder: Path, runs: int, *, before: Path | None = None) -> tuple[float, float]:
    """The medians of so many whole processes in seconds, on the clock and on the processor.

    One more run goes before and is not counted; `before` is deleted each time.
    """
    times, busy = [], []
    for number in range(runs + 1):
        if before:
            shutil.rmtree(before, ignore_errors=True)
        began, used = time.perf_counter(), _processor()
        done = subprocess.run(
            command,
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            env=_bench_build.environment(),
        )
        if done.returncode not in (0, 5):
            raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        if number:
            times.append(time.perf_counter() - began)
            busy.append(_processor() - used)
    return statistics.median(times), statistics.median(busy)


def _processor() -> float:
    """Seconds that finished child processes have spent on the processors."""
    used = os.times()
    return used.children_user + used.children_system


def main() -> int:
    """Print the table."""
    if sys.argv[1:2] == ["build"]:
        return _bench_build.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="scripts/bench", description="How long the command takes.")
    parser.add_argument("--posts", type=int, default=2000, help="posts for check and plan (default 2000)")
    parser.add_argument("--build", type=int, default=100, help="posts for the builds (default 100)")
    parser.add_argument("--runs", type=int, default=5, help="counted runs (default 5)")
    parser.add_argument("--no-build", action="store_true", help="leave the builds out")
    parser.add_argument("--rival", action="store_true", help="the trial against crier 2.1.1 instead")
    parser.add_argument("--history", action="store_true", help="how fast long sending histories are instead")
    parser.add_argument(
        "--lighthouse", action="store_true", help="Lighthouse on the demo's pages, nothing else"
    )
    parser.add_argument("--scale", action="store_true", help="the report over many touches, nothing else")
    parser.add_argument("--engines", action="store_true", help="the report by each engine, nothing else")
    parser.add_argument("--touches", type=int, help="how many (--scale: ten million, --engines: two sizes)")
    parser.add_argument("--write", action="store_true", help="--engines: put the table into the manual")
    options = parser.parse_args()
    if options.lighthouse:
        import _bench_lighthouse

        return _bench_lighthouse.main(options.runs)
    if options.engines:
        _setup.ready("test")
        sizes = (options.touches,) if options.touches else _bench_engines.SIZES
        with tempfile.TemporaryDirectory(prefix="byline-bench-") as name:
            site = corpus(Path(name) / "site", 360)
            publish = str(_setup.python().parent / "publish")
            _bench_engines.run(publish, site, sizes, write=options.write)
        return 0
    if options.scale:
        _setup.ready("test")  # byline[scale] is in it
        print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
        with tempfile.TemporaryDirectory(prefix="byline-bench-") as name:
            site = corpus(Path(name) / "site", 360)
            _bench_scale.run(str(_setup.python().parent / "publish"), site, options.touches or 10_000_000)
        return 0
    if options.rival:
        return rival()
    if options.history:
        _setup.ready("test")
        return _of_the_tests("many.py")
    _setup.ready("run")
    bin_ = _setup.python().parent
    publish = str(bin_ / "publish")
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    print(f"{'what':<48} {'median':>8} {'processor':>10} {'bar':>7}")
    with tempfile.TemporaryDirectory(prefix="byline-bench-") as name:
        many = corpus(Path(name) / "many", options.posts)
        rows = [
            (["--help"], "publish --help", 0.3),
            (["check"], f"publish check, {options.posts} posts", 4.0),
            (["plan"], f"publish plan, {options.posts} posts", 2.0),
        ]
        for words, label, bar in rows:
            seconds, busy = median([publish, *words], many, options.runs)
            verdict = "" if seconds < bar else "  over"
            print(f"{label:<48} {seconds:>7.2f}s {busy:>9.2f}s {bar:>6.1f}s{verdict}", flush=True)
        if not options.no_build:
            builds(Path(name), publish, str(bin_ / "mkdocs"), options.build)
    return 0


def rival() -> int:
    """The trial of tests/rival.py; crier is installed for it in an environment of its own."""
    _setup.ready("test")
    venv = _setup.ROOT / ".cache" / "rival"
    python = venv / "bin" / "python"
    if not (venv / "bin" / "crier").exists():
        _setup.say(f"Setting up {RIVAL} in {venv} (once)")
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(venv)],
            [str(python), "-m", "pip", "install", "--quiet", RIVAL],
        ):
            subprocess.run(command, check=True, env=_setup.environment())
    return _of_the_tests("rival.py", str(python))


def _of_the_tests(name: str, *words: str) -> int:
    """Run a program that stands among the tests, with their packages."""
    paths = os.pathsep.join(str(_setup.ROOT / folder) for folder in ("plugins", "tests"))
    return subprocess.run(
        [str(_setup.python()), str(_setup.ROOT / "tests" / name), *words],
        check=False,
        env={**_setup.environment(), "PYTHONPATH": paths},
    ).returncode


def builds(folder: Path, publish: str, mkdocs: str, posts: int) -> None:
    """Builds of the same posts: MkDocs with Material alone, and Byline with feeds, cards, tags and manifest."""
    stock = corpus(folder / "stock", posts, byline=False)
    ours = corpus(folder / "ours", posts)
    alone, busy = median([mkdocs, "build", "-q"], stock, 2, before=stock / "site")
    print(f"{f'mkdocs build alone, {posts} posts':<48} {alone:>7.2f}s {busy:>9.2f}s", flush=True)
    for label, words, before in (
        ("publish build --clean", ["build", "--clean"], ours / "site"),
        ("publish build again, nothing changed", ["build"], None),
    ):
        seconds, busy = median([publish, *words], ours, 2, before=before)
        row = f"{f'{label}, {posts} posts':<48} {seconds:>7.2f}s {busy:>9.2f}s"
        print(f"{row} {seconds / alone:>6.1f} x", flush=True)


if __name__ == "__main__":
    sys.exit(main())
