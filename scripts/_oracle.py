"""Random edits, built from the cache and from nothing after each of them, compared byte by byte.

    scripts/oracle                   200 sequences of up to eight edits
    scripts/oracle --sequences 2000  a long run
    scripts/oracle --stock           instead: `publish build --plain` beside MkDocs and Material alone, byte by byte,
                                     on the demo company's site and on one of 300 made-up posts

It ends at the first difference and shows the shortest sequence of edits that leads to it.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _corpus
import _setup

_setup.newer_python()


def main() -> int:
    """Run the test for as long as is asked for."""
    parser = argparse.ArgumentParser(
        prog="scripts/oracle", description="Is a build from the cache a clean build?"
    )
    parser.add_argument("--sequences", type=int, default=200, help="sequences of edits (default 200)")
    parser.add_argument("--stock", action="store_true", help="compare with MkDocs and Material alone instead")
    options = parser.parse_args()
    _setup.ready("test")
    if options.stock:
        with tempfile.TemporaryDirectory(prefix="byline-oracle-") as name:
            return max(
                beside_stock("the demo company's site", _demo(Path(name) / "demo")),
                beside_stock("300 made-up posts", _corpus.site(Path(name) / "many", 300)),
            )
    test = "tests/site/test_cache.py"
    words = ["-m", "pytest", test, "-q", "-s", "-k", "oracle", "-p", "no:cacheprovider"]
    return subprocess.run(
        [str(_setup.python()), *words, "-o", "faulthandler_timeout=0"],
        check=False,
        cwd=_setup.ROOT,
        env={**_setup.environment(), "BYLINE_ORACLE": str(options.sequences)},
    ).returncode


def _demo(folder: Path) -> Path:
    folder.mkdir()
    shutil.copy(_setup.ROOT / "mkdocs.yml", folder)
    shutil.copytree(_setup.ROOT / "content", folder / "content")
    return folder


def beside_stock(name: str, site: Path) -> int:
    """Build the site in both ways, ours from nothing and once more from the cache; 1 when a byte differs."""
    alone = site.with_name(f"{site.name}-alone")
    shutil.copytree(site, alone)
    settings = alone / "mkdocs.yml"
    settings.write_text(without_byline(settings.read_text(encoding="utf-8")), encoding="utf-8")
    environment = {**_setup.environment(), "NO_MKDOCS_2_WARNING": "1", "SOURCE_DATE_EPOCH": "1795000000"}
    folder = _setup.python().parent
    mkdocs, publish = ([str(folder / "mkdocs"), "build", "-q"], [str(folder / "publish"), "build", "--plain"])
    subprocess.run(mkdocs, check=True, cwd=alone, env=environment)
    theirs = _tree(alone / "site")
    status = 0
    for way in ("from nothing", "from the cache"):
        subprocess.run(publish, check=True, cwd=site, env=environment, stdout=subprocess.DEVNULL)
        ours = _tree(site / "site")
        wrong = [path for path in sorted(theirs.keys() | ours.keys()) if theirs.get(path) != ours.get(path)]
        print(
            f"{name}, {way}: {len(theirs)} files of stock, {len(wrong)} differ {wrong[:5] or ''}", flush=True
        )
        status = max(status, int(bool(wrong)))
    return status


def without_byline(text: str) -> str:
    """mkdocs.yml without the plugin `byline` and all that stands under it."""
    kept: list[str] = []
    inside = -1
    for line in text.splitlines(keepends=True):
        depth = len(line) - len(line.lstrip())
        if inside >= 0 and (not line.strip() or line.lstrip().startswith("#") or depth > inside):
            continue
        inside = depth if line.strip().startswith("- byline") else -1
        if inside < 0:
            kept.append(line)
    return "".join(kept)


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


if __name__ == "__main__":
    sys.exit(main())
