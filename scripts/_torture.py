"""Set the environment of the tests up, then play the trial of tests/torture.py in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _setup

_setup.newer_python()


def main() -> int:
    try:
        _setup.ready("test")
    except _setup.SetupFailed as problem:
        print(f"Set-up failed. {problem}", file=sys.stderr)
        return 1
    paths = os.pathsep.join(str(_setup.ROOT / name) for name in ("plugins", "tests"))
    command = [str(_setup.python()), str(_setup.ROOT / "tests" / "torture.py"), *sys.argv[1:]]
    return subprocess.run(command, check=False, env={**_setup.environment(), "PYTHONPATH": paths}).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped by you.")
