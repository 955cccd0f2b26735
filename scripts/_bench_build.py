"""How long builds take beside stock MkDocs and Material on the same posts: `scripts/bench build`.

    scripts/bench build                     1,000 posts, three rounds
    scripts/bench build --posts 5000        another size
    scripts/bench build --rounds 5          more rounds
    scripts/bench build --peers             instead: other builders, set up in .cache/peers
    scripts/bench build --manual            write table and chart into docs/explanation/build.md

Each round builds the stock site once and ours after each kind of change, one after another, so that both meet the same
load; a ratio is taken within its round, and the median of the rounds is shown. `clock` is what a person waits;
`processor` is what all processes of the build used together, which another load on the machine changes less.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import _bench_peers
import _bench_show
import _bench_tree
import _corpus
import _setup

BIN = _setup.python().parent
# The bars: at most this share of stock's time; for 5,000 posts the second number.
BARS: Mapping[str, tuple[float | None, float | None]] = {
    "from nothing": (0.40, None),
    "one text edited": (0.05, 0.025),
    "one title edited": (0.08, None),
    "one new post": (0.10, None),
    "an author changed": (None, None),
    "a template changed": (None, None),
    "nothing changed": (0.03, None),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of one build: on the clock, and of all its processes on the processors."""

    clock: float
    processor: float


@dataclass(slots=True)
class Measured:
    """All rounds of one size. `stock` and each list of `ours` are as long as there were rounds; peaks in MB."""

    posts: int
    stock: list[Spent] = field(default_factory=list)
    ours: dict[str, list[Spent]] = field(default_factory=dict)
    restored: list[tuple[float, float, Spent]] = field(
        default_factory=list
    )  # packing, unpacking, the build after it
    archive: int = 0  # bytes
    saved: list[float] = field(default_factory=list)  # seconds from saving a file to its page being served
    peaks: tuple[float, float] = (0.0, 0.0)  # stock's and ours, from nothing

    def ratio(self, name: str, of: str) -> float:
        """The median over the rounds of our share of stock's time, on the clock or on the processor."""
        pairs = zip(self.ours[name], self.stock, strict=False)
        return float(statistics.median(getattr(one, of) / getattr(stock, of) for one, stock in pairs))


def main(words: list[str]) -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="scripts/bench build", description="How long builds take.")
    parser.add_argument("--posts", type=int, default=1000, help="posts of some 740 words (default 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds (default 3)")
    parser.add_argument("--peers", action="store_true", help="other builders instead")
    parser.add_argument("--manual", action="store_true", help="write the table and the chart into the manual")
    options = parser.parse_args(words)
    if options.manual:
        _bench_show.place("peers" if options.peers else str(options.posts))
    _setup.ready("test" if options.manual else "run")
    if options.manual and Path(sys.prefix) != _setup.VENV:  # the chart is drawn by packages that are there
        os.execv(_setup.python(), [str(_setup.python()), "-E", sys.argv[0], "build", *words])
    print(
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}", flush=True
    )
    with tempfile.TemporaryDirectory(prefix="byline-bench-") as name:
        if options.peers:
            stock = _corpus.site(Path(name) / "stock", options.posts, byline=False)
            text = _bench_show.peers(
                options.posts, _bench_peers.run(Path(name), options.posts, build_stock(stock))
            )
            print(text)
            if options.manual:
                _bench_show.into_manual("peers", text)
            return 0
        found = measured(Path(name), options.posts, options.rounds)
    text = _bench_show.table(found, BARS)
    print(text)
    if options.manual:
        _bench_show.into_manual(str(options.posts), _bench_show.chart(found, BARS) + text)
    return 0


def environment() -> dict[str, str]:
    """That of a person's shell: compiled Python files are kept."""
    found = {**_setup.environment(), "NO_MKDOCS_2_WARNING": "1"}
    found.pop("PYTHONDONTWRITEBYTECODE", None)
    return found


def timed(command: list[str], folder: Path) -> Spent:
    """One whole process; its children that it waited for are in it. Stops with its words when it fails."""
    began, used = time.perf_counter(), _used()
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, env=environment())
    spent = Spent(time.perf_counter() - began, _used() - used)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return spent


def _used() -> float:
    used = os.times()
    return used.children_user + used.children_system


def build_stock(folder: Path) -> Spent:
    """MkDocs with Material and nothing of ours; it always makes everything."""
    return timed([str(BIN / "mkdocs"), "build", "-q"], folder)


def build_ours(folder: Path) -> Spent:
    """As a person builds."""
    return timed([str(BIN / "publish"), "build"], folder)


def measured(folder: Path, posts: int, rounds: int) -> Measured:
    """Build again and again."""
    found = Measured(posts)
    stock, ours = _corpus.site(folder / "stock", posts, byline=False), _corpus.site(folder / "ours", posts)
    own = ours / "own" / "partials" / "byline-meta.html"
    own.parent.mkdir(parents=True)
    theirs = _setup.ROOT / "plugins/byline/site/theme/partials/byline-meta.html"
    shutil.copy(theirs, own)
    settings = ours / "mkdocs.yml"
    settings.write_text(settings.read_text().replace("font: false}", "font: false, custom_dir: own}"))
    timed(
        [str(BIN / "publish"), "build"], _corpus.site(folder / "small", 3)
    )  # compiled Python files are there
    for number in range(rounds):
        found.stock.append(build_stock(stock))
        for name in BARS:
            _CHANGES[name](ours, number)
            spent = build_ours(ours)
            found.ours.setdefault(name, []).append(spent)
            share = spent.clock / found.stock[-1].clock
            print(
                f"{name:<20} {spent.clock:7.2f} s  {spent.processor:7.2f} s processor  {share:.3f}",
                flush=True,
            )
        _restored(folder, ours, found, number)
    found.saved = _bench_tree.saved(BIN / "publish", ours, environment(), 5)
    found.peaks = (
        _bench_tree.peak([str(BIN / "mkdocs"), "build", "-q"], stock, environment()),
        _bench_tree.peak([str(BIN / "publish"), "build", "--clean"], ours, environment()),
    )
    return found


def _restored(folder: Path, ours: Path, found: Measured, number: int) -> None:
    """What a workflow does: the cache's folder packed, unpacked beside a fresh checkout, one post edited, built."""
    archive, fresh = folder / "cache.tar.gz", folder / "fresh"
    began = time.perf_counter()
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        packed.add(ours / ".byline" / "cache" / "build.db", "build.db")
    packing = time.perf_counter() - began
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(ours, fresh, ignore=shutil.ignore_patterns(".byline", "site"))
    cache = fresh / ".byline" / "cache"
    cache.mkdir(parents=True)
    _text(fresh, number + 7)
    began = time.perf_counter()
    with tarfile.open(archive) as packed:
        packed.extractall(cache, filter="data")
    unpacking = time.perf_counter() - began
    found.restored.append((packing, unpacking, build_ours(fresh)))
    found.archive = archive.stat().st_size
    shutil.rmtree(fresh)


def _nothing(_folder: Path, _number: int) -> None:
    """It is as it was."""


def _clean(folder: Path, _number: int) -> None:
    for name in ("site", ".byline"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _post(folder: Path, number: int) -> Path:
    posts = sorted((folder / "content" / "posts").glob("0*.md"))
    return posts[(len(posts) // 3 + 37 * number) % len(posts)]


def _text(folder: Path, number: int) -> None:
    path = _post(folder, number)
    path.write_text(f"{path.read_text()}\nOne more sentence, the {number}th.\n")


def _title(folder: Path, number: int) -> None:
    path = _post(folder, number + 1)
    path.write_text(
        re.sub(
            r"^title: .*$", f"title: Another headline, the {number}th", path.read_text(), count=1, flags=re.M
        )
    )


def _new(folder: Path, number: int) -> None:
    text = _corpus.markdown(_corpus.made(3)).replace("date: 2026-06-2", "date: 2026-07-2")
    text = text.replace("id: post3\n", f"id: new{number}\n").replace(
        "slug: lesson-3\n", f"slug: new-{number}\n"
    )
    (folder / "content" / "posts" / f"new-{number}.md").write_text(text)


def _author(folder: Path, number: int) -> None:
    path = folder / "content" / ".authors.yml"
    path.write_text(re.sub(r"dana: \{name: [^,]*,", f"dana: {{name: Dana Reyes {number},", path.read_text()))


def _template(folder: Path, number: int) -> None:
    path = folder / "own" / "partials" / "byline-meta.html"
    path.write_text(f"{path.read_text()}<!-- {number} -->\n")


_CHANGES: Mapping[str, Callable[[Path, int], None]] = {
    "from nothing": _clean,
    "one text edited": _text,
    "one title edited": _title,
    "one new post": _new,
    "an author changed": _author,
    "a template changed": _template,
    "nothing changed": _nothing,
}
