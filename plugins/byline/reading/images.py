"""What the first bytes of a picture tell, without decoding it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

MAX_BYTES = 20_000_000
MAX_SIDE = 12_000
HEAD = 256 * 1024


@dataclass(frozen=True, slots=True)
class Image:
    """`kind` is png, jpeg, webp, gif, svg, or empty for anything else; a side is 0 where it is not told."""

    kind: str
    size: int
    width: int = 0
    height: int = 0


def look(path: Path) -> Image:
    """Kind, size in bytes and pixels. Never raises: what cannot be read has no kind."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return Image("", 0)
    try:
        return _look(head, size)
    except (struct.error, IndexError):
        return Image("", size)


def _look(head: bytes, size: int) -> Image:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Image("png", size, *struct.unpack(">II", head[16:24]))
    if head.startswith(b"\xff\xd8\xff"):
        return Image("jpeg", size, *_jpeg(head))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Image("webp", size, *_webp(head))
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return Image("gif", size, *struct.unpack("<HH", head[6:10]))
    if b"<svg" in head[:4096].lower():
        return Image("svg", size)
    return Image("", size)


def _jpeg(head: bytes) -> tuple[int, int]:
    """The frame's size; (0, 0) when it lies behind more metadata than was read."""
    at = 2
    while at + 9 < len(head):
        if head[at] != 0xFF:
            return 0, 0
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:
            at += 2
        else:
            at += 2 + struct.unpack(">H", head[at + 2 : at + 4])[0]
    return 0, 0


def _webp(head: bytes) -> tuple[int, int]:
    form = head[12:16]
    if form == b"VP8X":
        return (
            int.from_bytes(head[24:27], "little") + 1,
            int.from_bytes(head[27:30], "little") + 1,
        )
    if form == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0
