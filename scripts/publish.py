"""`publish` from a fresh clone: python3 scripts/publish.py ARGS sets up once, then runs the command right here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import _setup

_setup.newer_python()


def main() -> int:
    """Set up, run, hand the exit code on. The current folder stays the current folder."""
    try:
        _setup.ready("run")
    except _setup.SetupFailed as problem:
        print(f"Set-up failed. {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped by you.", file=sys.stderr)
        return 130
    command = [str(_setup.python()), "-m", "byline", *sys.argv[1:]]
    if os.name == "posix":
        os.execve(command[0], command, _setup.environment())
    return subprocess.run(command, check=False, env=_setup.environment()).returncode


if __name__ == "__main__":
    sys.exit(main())
