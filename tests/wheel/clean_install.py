"""The wheel with what it declares, and nothing else, in an environment of its own. Run by `scripts/test --wheel`."""

from __future__ import annotations

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from installed import first_commands, publish

ROOT = Path(__file__).parent.parent.parent
FOLDER = os.environ.get("BYLINE_WHEEL", "")
pytestmark = pytest.mark.skipif(not FOLDER, reason="run it by scripts/test --wheel")
PROGRAM = Path(FOLDER) / "bin" / "publish"


def test_every_declared_dependency_is_there_in_a_version_that_is_allowed() -> None:
    code = (
        "import importlib.metadata as m, json, sys;"
        "print(json.dumps({d.metadata['Name']: d.version for d in m.distributions()}))"
    )
    done = subprocess.run(
        [PROGRAM.parent / "python", "-I", "-c", code], check=True, capture_output=True, text=True
    )
    assert "pytest" not in done.stdout
    assert '"byline"' in done.stdout
    checked = subprocess.run(
        [PROGRAM.parent / "python", "-I", "-m", "pip", "check"], check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout


def test_the_first_commands_run(tmp_path: Path) -> None:
    first_commands([PROGRAM], tmp_path)
    assert (PROGRAM.parent / "byline").is_file()


def test_the_demo_runs(tmp_path: Path) -> None:
    shown = publish([PROGRAM], tmp_path, "demo", "--keep", str(tmp_path / "demo"))
    assert "Second send: nothing to send" in shown


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert publish([PROGRAM], Path.cwd(), "--version") == f"publish, version {project['version']}\n"
