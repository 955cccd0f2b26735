"""What the first bytes of a picture tell, without decoding it."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from pathlib import Path

MAX_BYTES = 20_000_000
MAX_SIDE = 12_000
MAX_PIXELS = 50_000_000  # more is refused by the pages and the cards: an unpacked picture fills the memory
HEAD = 256 * 1024
TAIL = 256
_RUNS = re.compile(rb"<(?:\w+:)?script[\s/>]|[\s\"'/]on[a-z]{3,}\s*=|[\"'\s=]javascript:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Image:
    """`kind` is png, jpeg, webp, gif, svg, heic, avif, or empty for anything else; a side is 0 where it is not told.

    `whole` is False for a file that ends before its picture does.
    """

    kind: str
    size: int
    width: int = 0
    height: int = 0
    whole: bool = True


def look(path: Path) -> Image:
    """Kind, size in bytes and pixels. Never raises: what cannot be read has no kind."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD)
            file.seek(max(0, size - TAIL))
            tail = file.read(TAIL)
    except OSError:
        return Image("", 0)
    try:
        found = _look(head, size)
    except (struct.error, IndexError):
        return Image("", size)
    if _ended(found.kind, head, tail, size) or _decodes(path, found):
        return found
    return replace(found, whole=False)


def runs(path: Path) -> bool:
    """Does an SVG hold what a browser runs when the drawing is opened by its address?"""
    try:
        with path.open("rb") as file:
            return bool(_RUNS.search(file.read(MAX_BYTES)))
    except OSError:
        return False


def _ended(kind: str, head: bytes, tail: bytes, size: int) -> bool:
    """Does the file end as a whole one does? Cameras may append something, so a no is not certain."""
    match kind:
        case "png":
            return b"IEND" in tail
        case "jpeg":
            return tail.rstrip(b"\0\n\r ").endswith(b"\xff\xd9")
        case "webp":
            return 8 + int.from_bytes(head[4:8], "little") <= size + 1
    return True


def _decodes(path: Path, found: Image) -> bool:
    """The certain answer, by unpacking it; only asked of what looks cut off."""
    if found.width * found.height > MAX_PIXELS or found.size > MAX_BYTES:
        return True  # refused for that
    from PIL import Image as images

    try:
        with images.open(path) as image:
            image.load()
    except Exception:  # noqa: BLE001 - decoders raise whatever a broken file leads them to
        return False
    return True


def _look(head: bytes, size: int) -> Image:
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Image("png", size, *struct.unpack(">II", head[16:24]))
    if head.startswith(b"\xff\xd8\xff"):
        return Image("jpeg", size, *_jpeg(head))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Image("webp", size, *_webp(head))
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return Image("gif", size, *struct.unpack("<HH", head[6:10]))
    if head[4:8] == b"ftyp":  # ISO base media: iPhones' photographs are one kind of it
        kinds = {
            b"heic": "heic",
            b"heix": "heic",
            b"hevc": "heic",
            b"mif1": "heic",
            b"msf1": "heic",
            b"avif": "avif",
        }
        return Image(kinds.get(head[8:12], ""), size)
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
