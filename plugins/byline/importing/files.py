"""Text files of a Hugo or Jekyll site: found without leaving the folder, split into front matter and text."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from byline.importing.model import Note, clean
from byline.yamlread import YamlProblem, plain
from byline.yamlread import read as read_yaml

MAX_TEXT, MAX_FILES, MAX_DEPTH = 5_000_000, 50_000, 20
_FENCES = (("---", re.compile(r"^(?:---|\.\.\.)[ \t]*$", re.M)), ("+++", re.compile(r"^\+\+\+[ \t]*$", re.M)))


def walk(folder: Path, suffixes: tuple[str, ...], notes: list[Note], *, skip: str = "._") -> Iterator[Path]:
    """The files below, by name; names that begin with one of `skip` are left out, links are never followed."""
    count = 0
    for above, folders, names in os.walk(folder, followlinks=False):
        depth = len(Path(above).relative_to(folder).parts)
        folders[:] = sorted(
            name
            for name in folders
            if name[0] not in skip and depth < MAX_DEPTH and name not in ("node_modules", "vendor")
        )
        for name in sorted(names):
            path = Path(above) / name
            if path.suffix.lower() not in suffixes or name[0] in skip.replace("_", ""):
                continue
            if path.is_symlink():
                notes.append(
                    Note(
                        where=str(path.relative_to(folder)),
                        reason="it is a link to another place; it was not followed",
                    )
                )
                continue
            count += 1
            if count > MAX_FILES:
                notes.append(
                    Note(
                        where=str(folder.name),
                        reason=f"there are more than {MAX_FILES} files; the rest was left out",
                    )
                )
                return
            yield path


def text_of(path: Path, shown: str, notes: list[Note]) -> str | None:
    """The file's text; None, with a note, where it cannot be had."""
    try:
        if path.stat().st_size > MAX_TEXT:
            notes.append(
                Note(where=shown, reason=f"it is larger than {MAX_TEXT // 1_000_000} MB of text; not carried")
            )
            return None
        data = path.read_bytes()
    except OSError as error:
        notes.append(Note(where=shown, reason=f"it cannot be read: {error.strerror}"))
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = data.decode("cp1252", "replace")
        row = data[: error.start].count(b"\n") + 1
        notes.append(
            Note(
                where=f"{shown}:{row}",
                reason="it is not UTF-8; it was read as Windows-1252: please look at its letters",
            )
        )
    return clean(text)


def split(text: str, shown: str, notes: list[Note]) -> tuple[dict[str, Any], str] | None:
    """Front matter (YAML, TOML or JSON) and the rest; None for a file without any."""
    text = text.lstrip("\n")
    for mark, end in _FENCES:
        if re.match(rf"{re.escape(mark)}[ \t]*\n", text):
            begin = text.index("\n") + 1
            match = end.search(text, begin)
            if match is None:
                notes.append(
                    Note(where=f"{shown}:1", reason=f"its front matter is not closed by {mark}; not carried")
                )
                return {}, ""
            head, body = text[begin : match.start()], text[match.end() :].lstrip("\n")
            return (_yaml if mark == "---" else _toml)(head, shown, notes), body
    if text.startswith("{") and not text.startswith(("{{", "{%")):
        try:
            found, at = json.JSONDecoder().raw_decode(text)
        except (ValueError, RecursionError):
            return None
        return (found if isinstance(found, dict) else {}), text[at:].lstrip("\n")
    return None


def _yaml(text: str, shown: str, notes: list[Note]) -> dict[str, Any]:
    spoilt: list[YamlProblem] = []
    try:
        node = read_yaml(text, offset=1, problems=spoilt)
        found = plain(node)
    except YamlProblem as error:
        notes.append(Note(where=f"{shown}:{error.line}", reason=f"its front matter cannot be read: {error}"))
        return {}
    notes += [Note(where=f"{shown}:{problem.line}", reason=str(problem)) for problem in spoilt]
    return found if isinstance(found, dict) else {}


def _toml(text: str, shown: str, notes: list[Note]) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        notes.append(Note(where=shown, reason=f"its front matter cannot be read: {error}"))
        return {}


def settings(folder: Path, names: tuple[str, ...], notes: list[Note]) -> dict[str, Any]:
    """The first settings file of these names that is there; names of keys in small letters at the top."""
    for name in names:
        path = folder / name
        if not path.is_file() or path.is_symlink():
            continue
        text = text_of(path, name, notes)
        if text is None:
            continue
        if name.endswith(".toml"):
            found = _toml(text, name, notes)
        elif name.endswith(".json"):
            try:
                found = json.loads(text)
            except (ValueError, RecursionError):
                notes.append(Note(where=name, reason="it cannot be read"))
                found = {}
        else:
            found = _yaml(text, name, notes)
        return {str(key).lower(): value for key, value in group(found).items()}
    return {}


def group(value: object) -> Mapping[str, Any]:
    """The value where it is a map, else an empty one."""
    return value if isinstance(value, dict) else {}
