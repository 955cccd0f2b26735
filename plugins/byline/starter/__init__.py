"""What `publish init` writes: a small company site that passes `publish check` and builds.

The files below `site/` are written as they are, with `@@WORD@@` replaced; a name that begins with `dot-` gets its dot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-zÀ-ɏ][\w .,()/&+’-]*[\w.)]")
_READ_OTHERWISE = frozenset(("yes", "no", "on", "off", "true", "false", "null", "y", "n", "none"))


def write(
    folder: Path, *, name: str, site_url: str, timezone: str, today: date, local: bool
) -> tuple[str, ...]:
    """Write the site and return the files' paths below the folder. `local`: the form may stay on this machine."""
    words = {
        "NAME": quoted(name),
        "NAME_TEXT": name if _PLAIN.fullmatch(name) else "This company",
        "TITLE": name,
        "SITE_URL": site_url,
        "TIMEZONE": timezone,
        "START": str(today - timedelta(days=30)),
        "END": str(today + timedelta(days=335)),
        "DATE1": str(today - timedelta(days=21)),
        "DATE1B": str(today - timedelta(days=14)),
        "DATE2": str(today - timedelta(days=7)),
        "LEAD_FORM": "local" if local else "off",
    }
    written: list[str] = []
    _copy(files(__name__) / "site", folder, "", words, written)
    return tuple(written)


def quoted(text: str) -> str:
    """The text as a YAML value: bare where that is safe, else in quotes."""
    plain = (
        _PLAIN.fullmatch(text)
        and text.lower() not in _READ_OTHERWISE
        and ": " not in text
        and " #" not in text
    )
    return text if plain else json.dumps(text, ensure_ascii=False)


def _copy(
    source: Traversable, folder: Path, prefix: str, words: Mapping[str, str], written: list[str]
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for entry in sorted(source.iterdir(), key=lambda item: item.name):
        name = re.sub(r"^dot-", ".", entry.name)
        if entry.is_dir():
            _copy(entry, folder / name, f"{prefix}{name}/", words, written)
            continue
        text = re.sub(r"@@([A-Z0-9_]+)@@", lambda match: words[match[1]], entry.read_text(encoding="utf-8"))
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
        written.append(prefix + name)
