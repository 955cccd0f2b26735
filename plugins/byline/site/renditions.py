"""The pictures inside a page's text: smaller sizes for small screens, and copies that tell nothing about their maker.

What a picture needs is planned from its header alone (size, turned or not, moving or not); pixels are touched when a
file is made, once, and kept by the hash of what went in.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from byline import cards
from byline.cards import ImageError

if TYPE_CHECKING:
    from PIL.Image import Image

FOLDER = "assets/images/"
WIDTHS = (480, 800, 1200, 1600)
MAX_PIXELS = 50_000_000
RASTER = (".jpg", ".jpeg", ".png", ".webp")
_ORIENTATION = 274


@dataclass(frozen=True, slots=True)
class Looked:
    """A picture's size as shown, upright, in pixels. `moves`: it is an animation. `digest` is of its bytes."""

    width: int
    height: int
    moves: bool
    digest: str


@dataclass(frozen=True, slots=True)
class Rendition:
    """One file of the site made from a picture of the content: `url` on the site, the source, the width in pixels."""

    url: str
    source: Path
    width: int

    def make(self) -> bytes:
        """WebP, upright, without any metadata but its colours' profile. Raises ImageError."""
        image = _upright(self.source)
        if image.width > self.width:
            from PIL import Image as images

            height = max(1, round(image.height * self.width / image.width))
            image = image.resize((self.width, height), images.Resampling.LANCZOS)
        return cards.webp(image, 80, exif=b"", xmp=b"", icc_profile=image.info.get("icc_profile"))


def look(path: Path) -> Looked:
    """What the header tells. Raises ImageError for what is no picture, and for more pixels than any screen shows."""
    try:
        seen = path.stat()
    except OSError as error:
        raise ImageError(
            f"the image {path.name} cannot be read: {error.strerror}", hint="mend the path"
        ) from None
    return _looked(path, seen.st_mtime_ns, seen.st_size)


@lru_cache(maxsize=4096)
def _looked(path: Path, _changed: int, _size: int) -> Looked:
    with _opened(path) as image:
        width, height = image.size
        if _orientation(path, image) in (5, 6, 7, 8):
            width, height = height, width
        return Looked(width, height, getattr(image, "n_frames", 1) > 1, cards.file_digest(path))


def sizes(path: Path, looked: Looked) -> tuple[Rendition, ...]:
    """The WebP files worth having, small to large: none larger than the picture itself, none for an animation."""
    if looked.moves:
        return ()
    widths = [width for width in WIDTHS if width < looked.width]
    if looked.width <= WIDTHS[-1]:
        widths.append(looked.width)
    stem = (
        "".join(sign for sign in path.stem.lower() if sign.isascii() and (sign.isalnum() or sign in "-_"))
        or "image"
    )
    return tuple(
        Rendition(f"{FOLDER}{stem[:40]}-{looked.digest[:8]}-{width}.webp", path, width) for width in widths
    )


def bare(path: Path) -> bytes:
    """The file's bytes without place, camera, author and comments; the pixels are the same unless it lay on its side.

    JPEG, PNG and WebP are rewritten block by block, so nothing is lost; a picture that its metadata turn is turned for
    good. Any other file, and a file with nothing to take out, is returned as it is.
    """
    data = path.read_bytes()
    suffix = path.suffix.lower()
    try:
        if suffix in (".jpg", ".jpeg") and data.startswith(b"\xff\xd8"):
            return _turned(path, data) if _lies(path) else _bare_jpeg(data)
        if suffix == ".png" and data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _bare_png(data)
        if suffix == ".webp" and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _bare_webp(data)
    except (IndexError, ValueError):
        return data  # broken: the check names it
    return data


def _opened(path: Path) -> Image:
    from PIL import Image as images

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", images.DecompressionBombWarning)  # refused just below, in words
            image = images.open(path)
    except images.DecompressionBombError:
        raise ImageError(
            f"{path.name} unpacks to far more pixels than any screen shows", hint="save it smaller"
        ) from None
    except Exception as error:  # noqa: BLE001 - decoders raise whatever a broken file leads them to
        raise _unreadable(path, error) from None
    if image.width * image.height > MAX_PIXELS:
        size = f"{image.width} x {image.height}"
        image.close()
        raise ImageError(
            f"{path.name} has {size} pixels, more than any screen shows",
            hint=f"save it with at most {MAX_PIXELS // 1_000_000} million pixels; 2,000 pixels wide is plenty",
        )
    return image


def _orientation(path: Path, image: Image) -> int:
    """How the camera was held, 1 for upright. Raises ImageError: a PNG is unpacked for it, and may be damaged within."""
    try:
        found: int = image.getexif().get(_ORIENTATION, 1)
    except Exception as error:  # noqa: BLE001 - decoders raise whatever a broken file leads them to
        raise _unreadable(path, error) from None
    return found


def _unreadable(path: Path, error: Exception) -> ImageError:
    return ImageError(
        f"{path.name} is no picture that can be read ({type(error).__name__})",
        hint="save it again as PNG or JPEG",
    )


def _upright(path: Path) -> Image:
    from PIL import ImageOps

    try:
        with _opened(path) as image:
            image.load()
            upright = ImageOps.exif_transpose(image)
            if upright.mode in ("RGBA", "LA", "PA", "P") or "transparency" in upright.info:
                return upright.convert("RGBA")
            return upright.convert("RGB")
    except ImageError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        raise _unreadable(path, error) from None


def _lies(path: Path) -> bool:
    try:
        with _opened(path) as image:
            return _orientation(path, image) not in (0, 1)
    except ImageError:
        return False  # what cannot be shown need not be turned; its words go all the same


def _turned(path: Path, data: bytes) -> bytes:
    image = _upright(path)
    out = io.BytesIO()
    image.save(
        out, "JPEG", quality=92, optimize=True, progressive=True, icc_profile=image.info.get("icc_profile")
    )
    return out.getvalue() or data


def _bare_jpeg(data: bytes) -> bytes:
    """Without APP1 (EXIF, XMP), APP3 to APP13 (makers, Photoshop) and comments; APP0, ICC (APP2) and Adobe (APP14) stay."""
    kept, at = [data[:2]], 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        marker = data[at + 1]
        length = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at : at + length]
        if len(segment) < length:
            return data
        profile = marker == 0xE2 and segment[4:16] == b"ICC_PROFILE\0"
        if (marker not in range(0xE1, 0xF0) and marker != 0xFE) or profile or marker == 0xEE:
            kept.append(segment)
        at += length
    kept.append(data[at : _end(data, at)])
    return b"".join(kept)


def _end(data: bytes, start: int) -> int:
    """Where the picture ends: what a camera appends behind it (a second picture with its own EXIF) goes too."""
    at = start
    while True:
        at = data.index(b"\xff", at)
        marker = data[at + 1]
        if marker == 0xD9:
            return at + 2
        if marker == 0x00 or marker == 0xFF or 0xD0 <= marker <= 0xD7:  # a byte of pixels, filling, a restart
            at += 1 if marker == 0xFF else 2
        else:  # the tables or the head of a further scan
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")


def _bare_png(data: bytes) -> bytes:
    """Without text, time and EXIF; what colours and pixels need stays."""
    kept, at = [data[:8]], 8
    while at < len(data):
        length = 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if kind not in (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME"):
            kept.append(data[at : at + length])
        at += length
        if kind == b"IEND":
            break
    return b"".join(kept)


def _bare_webp(data: bytes) -> bytes:
    """Without its EXIF and XMP chunks; the flags that announce them are cleared."""
    kept, at = [], 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        chunk = data[at : at + 8 + size + (size & 1)]
        if kind == b"VP8X":
            chunk = chunk[:8] + bytes([chunk[8] & ~0x0C]) + chunk[9:]
        if kind not in (b"EXIF", b"XMP "):
            kept.append(chunk)
        at += 8 + size + (size & 1)
    if not any(chunk[:4] in (b"VP8 ", b"VP8L", b"ANMF") for chunk in kept):
        return data
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
