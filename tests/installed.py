"""What somebody does first with the installed program, in a folder where nothing of this repository is in reach."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path


def publish(program: Sequence[str | Path], folder: Path, *words: str) -> str:
    """What the installed command shows; an AssertionError with all it said when it does not end with 0."""
    done = subprocess.run(
        [*program, *words],
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8", "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def first_commands(program: Sequence[str | Path], folder: Path) -> Path:
    """`init`, `check`, `build`, `plan`: the site that came of it."""
    site = folder / "a company"
    folder.mkdir(parents=True, exist_ok=True)
    publish(program, folder, "init", str(site), "--yes", "--name", "Acme")
    checked = json.loads(publish(program, site, "check", "--json"))
    assert (checked["posts"], checked["problems"]) == (3, [])
    publish(program, site, "build")
    manifest = json.loads((site / "site" / "byline.json").read_text(encoding="utf-8"))
    assert len(manifest["posts"]) == 3
    assert all(
        list((site / "site" / "assets" / "cards").glob(f"{post['id']}-*.png")) for post in manifest["posts"]
    )
    plan = json.loads(publish(program, site, "plan", "--all", "--json"))
    assert {item["post"] for item in plan["deliveries"]} == {post["id"] for post in manifest["posts"]}
    assert publish(program, site, "manual", "tokens", "--text").startswith("# ")
    (engine,) = (site / "engine").glob("byline-*.whl")
    assert engine.stat().st_size > 1_000_000
    return site
