"""What a record on Bluesky is made of: its key, its address, the ranges of links, tags and mentions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from types import MappingProxyType

from byline import text as texts
from byline.channels.base import JsonValue
from byline.channels.bluesky.network import CAPABILITIES, MAX_BYTES, MENTION, SERVICE, TAG
from byline.errors import Rejected

_TID = "234567abcdefghijklmnopqrstuvwxyz"


def tid(at: datetime, seed: str) -> str:
    """A record key that sorts by time: whole seconds of `at`, the rest and the clock's number from the seed."""
    digest = int.from_bytes(sha256(seed.encode()).digest()[:12])
    return encode_tid(int(at.timestamp()) * 1_000_000 + digest % 1_000_000, (digest >> 40) & 1023)


def encode_tid(microseconds: int, clock: int) -> str:
    """64 bits as 13 letters: a zero, 53 bits of microseconds, 10 bits of the clock's number."""
    number = (microseconds << 10) | clock
    return "".join(_TID[(number >> shift) & 31] for shift in range(60, -5, -5))


def facets(text: str, known: Mapping[str, str] = MappingProxyType({})) -> list[JsonValue]:
    """The links, hashtags and mentions of a text, as ranges of its UTF-8 bytes.

    `known` has the account (DID) behind each handle that may be mentioned; any other `@name` stays plain words.
    """
    kind = "app.bsky.richtext.facet#"
    found: list[tuple[int, int, dict[str, JsonValue]]] = [
        (start, end, {"$type": f"{kind}link", "uri": text[start:end]}) for start, end in texts.addresses(text)
    ]
    others: list[tuple[int, int, dict[str, JsonValue]]] = [
        (*match.span(), {"$type": f"{kind}tag", "tag": match[1]}) for match in TAG.finditer(text)
    ]
    others += [
        (*match.span(), {"$type": f"{kind}mention", "did": known[match[0]]})
        for match in MENTION.finditer(text)
        if match[0] in known
    ]
    for one in others:
        if not any(start < one[1] and one[0] < end for start, end, _ in found):
            found.append(one)
    return [
        {
            "index": {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())},
            "features": [feature],
        }
        for start, end, feature in sorted(found, key=lambda one: one[0])
    ]


def room(text: str) -> int:
    """How much of the limit a text takes when its bytes count too: derived words are fitted into both limits."""
    size = len(text.encode("utf-8", "replace"))
    return max(texts.graphemes(text), -(-size * CAPABILITIES.limit // MAX_BYTES))


def split(uri: str) -> tuple[str, str, str]:
    """Account, collection and key of an at:// address."""
    found = re.fullmatch(r"at://([^/]+)/([^/]+)/([^/]+)", uri)
    if found is None:
        raise Rejected(f"`{uri}` is no address of a post on Bluesky", service=SERVICE)
    return found[1], found[2], found[3]
