"""The form "New post" of a code host, as its event hands it over -> what a post needs. Words from elsewhere: data, never more."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from byline.errors import UsageError

MAX_BYTES = 2_000_000
_LABELS = {
    "in one or two sentences": "description",
    "author": "author",
    "category": "category",
    "day": "day",
    "text": "text",
}
_EMPTY = "_No response_"
_HEADING = re.compile(r"^### (.+?)[ \t]*$", re.MULTILINE)
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What the person filled in; empty where nothing was."""

    title: str
    description: str = ""
    author: str = ""
    category: str = ""
    day: str = ""
    text: str = ""


def read_form(path: Path) -> Form:
    """The form out of the event's JSON file. Raises UsageError where it is none."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError
        issue = json.loads(path.read_text(encoding="utf-8"))["issue"]
        title, body = issue["title"], issue["body"] or ""
        if not isinstance(title, str) or not isinstance(body, str):
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(
            f"{path} holds no form",
            hint="this is for CI: the file that GITHUB_EVENT_PATH names when an issue was opened",
        ) from None
    found = _answers(_UNSEEN.sub("", body.encode("utf-8", "replace").decode().replace("\r\n", "\n")))
    title = re.sub(
        r"^\s*New post:\s*", "", _UNSEEN.sub("", title.encode("utf-8", "replace").decode()), flags=re.I
    )
    return Form(title=" ".join(title.split()), **{key: found.get(key, "") for key in _LABELS.values()})


def _answers(body: str) -> dict[str, str]:
    """Label by label; the text comes last and may have headings of its own."""
    found: dict[str, str] = {}
    headings = list(_HEADING.finditer(body))
    for at, heading in enumerate(headings):
        key = _LABELS.get(heading[1].strip().lower())
        if key is None or key in found:
            continue
        end = (
            len(body) if key == "text" else headings[at + 1].start() if at + 1 < len(headings) else len(body)
        )
        value = body[heading.end() : end].strip()
        value = "" if value == _EMPTY else value
        found[key] = value if key == "text" else " ".join(value.split())
        if key == "text":
            break
    return found
