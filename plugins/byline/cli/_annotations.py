"""Mistakes as the code hosts take them, so that each is shown on its line of a change."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from byline.errors import Problem


def github(problems: Sequence[Problem], prefix: str) -> Iterator[str]:
    """GitHub's workflow commands, a line each; `prefix` is the way from the top of the repository to the site."""
    for problem in problems:
        where = f"file={_property(prefix + problem.file)},line={max(problem.line, 1)}"
        text = _data(f"{problem.message}\nFix: {problem.fix}")
        yield f"::{problem.severity} {where},title={_property(problem.code)}::{text}"


def gitlab(problems: Sequence[Problem], prefix: str) -> list[dict[str, Any]]:
    """GitLab's Code Quality report (docs.gitlab.com/ci/testing/code_quality, read 2026-11-22).

    A mistake keeps its fingerprint while its line moves, so that the merge request shows what is new in it.
    """
    import hashlib

    seen: dict[str, int] = {}
    made = []
    for problem in problems:
        path = prefix + problem.file
        same = "\0".join((path, problem.code, problem.key, problem.message))
        seen[same] = seen.get(same, 0) + 1
        made.append(
            {
                "description": f"{problem.message} Fix: {problem.fix}",
                "check_name": problem.code,
                "fingerprint": hashlib.sha256(f"{same}\0{seen[same]}".encode()).hexdigest(),
                "severity": "major" if problem.severity == "error" else "minor",
                "location": {"path": path, "lines": {"begin": max(problem.line, 1)}},
            }
        )
    return made


def prefix(root: Path, workspace: str) -> str:
    """The way from the top of the repository to the site, empty or with a stroke at its end."""
    relative = Path(os.path.relpath(root, workspace)).as_posix() if workspace else "."
    return "" if relative == "." or relative.startswith("..") else f"{relative}/"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
