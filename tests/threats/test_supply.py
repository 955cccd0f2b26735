"""What is installed is what was locked: no index is asked for our own name, nothing comes without its hash."""

from __future__ import annotations

import re
import subprocess
from datetime import date
from pathlib import Path

import pytest

from byline import starter

ROOT = Path(__file__).parent.parent.parent


def _texts() -> dict[str, str]:
    names = subprocess.run(
        ["git", "ls-files", "-z", "docs", "plugins", ".github", "scripts", "*.md", "action.yml"],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout
    files = [ROOT / name for name in names.split("\0") if name]
    return {
        str(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
        for file in files
        if file.suffix in (".md", ".py", ".toml", ".txt", ".yml", "")
    }


def test_nobody_is_told_to_take_byline_from_an_index() -> None:
    told = {
        name: found.group()
        for name, text in _texts().items()
        if (
            found := re.search(
                r"(?:pip3?|pipx|uv pip|uv tool|uv) (?:install|add|run|inject)\b[^\n`]*?(?<![\w./@-])byline(?=[\[=\s`\"']|$)",
                text,
                re.M,
            )
        )
    }
    assert told == {}


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_a_company_s_ci_installs_pinned_files_with_hashes_alone(ci: str, tmp_path: Path) -> None:
    starter.write(
        tmp_path,
        name="Acme",
        site_url="https://blog.acme.example/",
        timezone="Europe/Berlin",
        today=date(2026, 11, 24),
        local=False,
        ci=ci,
    )
    (file,) = [*tmp_path.glob(".github/workflows/publish.yml"), *tmp_path.glob(".gitlab-ci.yml")]
    calls = [line.strip("- \n") for line in re.findall(r"^.*\bpip install.*$", file.read_text(), re.M)]
    assert calls
    for call in calls:
        assert "--no-deps" in call
        assert "--index" not in call
        assert "--require-hashes" in call or call.endswith("-r requirements.txt")
    engine = [
        line for line in (tmp_path / "requirements.txt").read_text().splitlines() if line and line[0] != "#"
    ]
    assert len(engine) == 1
    assert re.fullmatch(r"\./engine/byline-[\w.-]+\.whl --hash=sha256:[0-9a-f]{64}", engine[0])
    lock = (tmp_path / "requirements.lock").read_text()
    assert not re.search(r"^byline\b", lock, re.M)
    for entry in re.split(r"\n(?=[A-Za-z0-9])", lock):
        if entry[:1].isalnum():
            assert re.match(r"[\w.-]+(?:\[[\w,]+\])?==[^\s;]+", entry), entry[:60]
            assert "--hash=sha256:" in entry


def test_a_company_s_repository_takes_no_person_s_data_in(tmp_path: Path) -> None:
    starter.write(
        tmp_path,
        name="Acme",
        site_url="https://blog.acme.example/",
        timezone="Europe/Berlin",
        today=date(2026, 11, 24),
        local=True,
        ci="github",
    )
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name in (
        ".byline/crm.db",
        ".byline/private.db",
        ".byline/ledger.db",
        "leads.csv",
        "deals.csv",
        ".env",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Ann Person,ann@firm.example\n")
    seen = subprocess.run(
        ["git", "ls-files", "--others", "--exclude-standard"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert "mkdocs.yml" in seen
    assert not {name for name in seen if name.startswith(".byline") or name.endswith((".csv", ".env"))}
