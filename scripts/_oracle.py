"""Random edits, built from the cache and from nothing after each of them, compared byte by byte.

    scripts/oracle                   200 sequences of up to eight edits
    scripts/oracle --sequences 2000  a long run

It ends at the first difference and shows the shortest sequence of edits that leads to it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _setup

_setup.newer_python()


def main() -> int:
    """Run the test for as long as is asked for."""
    parser = argparse.ArgumentParser(
        prog="scripts/oracle", description="Is a build from the cache a clean build?"
    )
    parser.add_argument("--sequences", type=int, default=200, help="sequences of edits (default 200)")
    options = parser.parse_args()
    _setup.ready("test")
    test = "tests/site/test_cache.py"
    return subprocess.run(
        [str(_setup.python()), "-m", "pytest", test, "-q", "-s", "-k", "oracle", "-p", "no:cacheprovider"],
        check=False,
        cwd=_setup.ROOT,
        env={**_setup.environment(), "BYLINE_ORACLE": str(options.sequences)},
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
