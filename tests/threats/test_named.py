"""The page of threats names a test for each of them, and each of these tests is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "explanation" / "threats.md"
THREATS = (
    "Tokens in what is written",
    "Tokens at another host",
    "Script or HTML",
    "Unsafe YAML",
    "Paths",
    "Private addresses",
    "Decompression bombs",
    "CSV formulas",
    "Workflow injection",
    "A merge request's leftovers where GitLab's token is",
    "Pull requests from strangers",
    "Mass posting after a lost history",
    "Open redirects",
    "Personal data",
    "Forged or replayed leads",
    "Dependency confusion",
    "TLS off",
)


def _defined(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_threat_names_a_test_that_exists() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| **")
    ]
    assert [row[0].split("**")[1] for row in rows] == list(THREATS)
    for row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row[-1])
        assert named, row[0]
        for file, name in named:
            assert name in _defined(ROOT / file), f"{file}::{name}"


def test_the_policy_says_where_to_write_and_leads_to_the_page() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "docs/explanation/threats.md" in text
    assert "security/advisories/new" in text
    assert "explanation/threats.md" in (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
