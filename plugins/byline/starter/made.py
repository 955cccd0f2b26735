"""`.publish-init.json`: what `publish init` wrote and what it was told, so that `publish upgrade` can tell people's changes from ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from byline.errors import UsageError

FILE = ".publish-init.json"
LONGEST = 50_000  # of longer files the check sum alone is kept: no person edits those
_ABOUT = "What `publish init` wrote here, for `publish upgrade`. Leave it as it is, and in git."


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """`answers` are those to the questions of init; `files` maps a path to its text, or to `sha256:…` for a long one."""

    version: str
    answers: Mapping[str, Any]
    files: Mapping[str, str]


def dump(made: Made) -> str:
    """The file's text."""
    files = {
        path: text if len(text) <= LONGEST else digest(text) for path, text in sorted(made.files.items())
    }
    value = {"about": _ABOUT, "engine": made.version, "answers": dict(made.answers), "files": files}
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def digest(text: str) -> str:
    """What stands for a long text."""
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def load(folder: Path) -> Made | None:
    """What was written there; None where there is no such file. Raises UsageError for one that cannot be read."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        answers, files = found["answers"], found["files"]
        if not isinstance(answers, dict) or not all(isinstance(text, str) for text in files.values()):
            raise ValueError
        return Made(version=str(found["engine"]), answers=answers, files=files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"{FILE} cannot be read, so nobody can tell your changes from ours",
            hint=f"take it from an older commit (git checkout HEAD~1 -- {FILE}), or delete it: then nothing of yours is touched",
        ) from None
