"""`scripts/new-channel`: three files that are found by themselves, and a suite that says what to fill in."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
METHODS = ("prepare", "create", "health")  # what comes first; the others show when these are there


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(root / "scripts" / "new-channel"), *words], capture_output=True, text=True, check=False
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """As much of the repository as a new network needs."""
    kept = ("plugins", "tests/channels", "docs/channels", "scripts")
    for name in kept:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "tests/conftest.py", "tests/support.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_contract_says_what_to_fill_in(copy: Path) -> None:
    made = run(copy, "pigeon")
    assert made.returncode == 0, made.stderr
    assert re.findall(r"^wrote (.+)$", made.stdout, re.MULTILINE) == [
        "plugins/byline/channels/pigeon.py",
        "plugins/byline/testing/pigeon.py",
        "docs/channels/pigeon.md",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/channels/test_contract.py",
         "-k", "pigeon"],
        cwd=copy, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(copy / "plugins")},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    failed, passed = (int(re.search(rf"(\d+) {word}", done.stdout)[1]) for word in ("failed", "passed"))  # type: ignore[index]
    assert failed > 10
    assert passed > 3  # what needs no network works already
    for method in METHODS:
        assert f"fill in `{method}` in plugins/byline/channels/pigeon.py" in done.stdout
    errors = set(re.findall(r"^E   +([A-Za-z.]+(?:Error|Exception)\b)", done.stdout, re.MULTILINE))
    assert errors == {"NotImplementedError"}


def test_what_it_writes_is_as_tidy_as_the_rest(copy: Path) -> None:
    run(copy, "pigeon")
    made = [str(copy / "plugins/byline" / folder / "pigeon.py") for folder in ("channels", "testing")]
    ruff = [sys.executable, "-m", "ruff"]
    for words in (["check"], ["format", "--check"]):
        done = subprocess.run([*ruff, *words, *made], cwd=copy, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    tree = ast.parse(Path(made[0]).read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    assert "`handle`" in (copy / "docs/channels/pigeon.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["linkedin", "Pigeon", "9gag", "pi-geon", "pi_geon", "class", "../x", ""])
def test_a_name_that_cannot_be_is_refused_and_writes_nothing(copy: Path, name: str) -> None:
    before = sorted(copy.rglob("*"))
    done = run(copy, name)
    assert done.returncode == 2
    assert done.stderr
    assert sorted(copy.rglob("*")) == before


def test_without_a_name_it_says_how_it_is_used() -> None:
    assert run(ROOT).returncode == 2
    assert run(ROOT, "--help").returncode == 0
    assert "scripts/new-channel NAME" in run(ROOT, "--help").stdout
