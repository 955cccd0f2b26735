"""LinkedIn's "little text", as readers see it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RESERVED = "\\|{}@[]()<>#*_~"
_MENTION = re.compile(r"@\[([^\]\\]+)\]\((urn:li:(?:person|organization):[\w-]+)\)")
_TEMPLATE = re.compile(r"\{hashtag\|\\?#\|([^}|\\]+)\}")
_TAG = re.compile(r"#([^\W_]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Little:
    """Little text as LinkedIn shows it."""

    text: str
    mentions: tuple[str, ...]
    tags: tuple[str, ...]
    whole: bool


def read_little(text: str) -> Little:
    """Parse little text; it ends, without an error, at the first reserved character that starts no element."""
    shown: list[str] = []
    mentions: list[str] = []
    tags: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text) and text[at + 1] in _RESERVED:
            shown.append(text[at + 1])
            at += 2
            continue
        if text[at] not in _RESERVED:
            shown.append(text[at])
            at += 1
            continue
        if found := _MENTION.match(text, at):
            shown.append(found[1])
            mentions.append(found[2])
        elif found := _TEMPLATE.match(text, at) or _TAG.match(text, at):
            shown.append("#" + found[1])
            tags.append(found[1])
        else:
            return Little(text="".join(shown), mentions=tuple(mentions), tags=tuple(tags), whole=False)
        at = found.end()
    return Little(text="".join(shown), mentions=tuple(mentions), tags=tuple(tags), whole=True)
