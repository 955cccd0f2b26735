"""Set words letter by letter in the two families of the pages: how wide a line is, where it breaks.

The same words give the same pixels on every machine: letters are placed one by one with the advances and the
kerning of `fonts/metrics.json`, never by a shaping library that one machine has and the next has not. What these
families lack is `shaping`'s.
"""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

INTER, SERIF = "Inter", "Source Serif 4"
FAMILIES = INTER, SERIF


class Face(NamedTuple):  # which Python hashes in C; each letter that is set asks for its face
    """A shipped family at one weight (100 to 900)."""

    family: str
    weight: int


def holds(family: str, char: str) -> bool:
    """Whether the family has the character."""
    return bool(_file(family, char))


def plain(text: str) -> bool:
    """Whether every character is in the pages' own fonts and stands alone, so that nothing has to be shaped. Quick."""
    return text.isascii() or _simple().fullmatch(unicodedata.normalize("NFC", text)) is not None


def width(text: str, face: Face, size: float) -> float:
    """How wide the line is, in pixels."""
    return _units(text, face) * size / 1000


@lru_cache(maxsize=4096)
def _units(text: str, face: Face) -> float:
    """The same in thousandths of the size: one title is tried in many sizes, and words come again."""
    total, before = 0.0, ""
    for char in text:
        total += _advance(char, face) + _kern(before, char, face.family)
        before = char
    return total


def draw(layer: Image, at: tuple[float, float], text: str, face: Face, size: int, fill: int) -> None:
    """Draw one line into a layer of one channel; `at` is the left end of its baseline.

    A letter is placed to a quarter of a pixel across and to a whole one down, so that it is made once for many lines.
    """
    left, base = at
    before = ""
    pixels = layer.im  # `Image.paste` itself costs more than the pasting
    for char in text:
        left += _kern(before, char, face.family) * size / 1000
        file = _file(face.family, char)
        if file and not char.isspace():
            whole, part = divmod(round(left * 4), 4)
            glyph, across, down = _glyph(char, file, face.weight, size, part)
            x, y = whole + across, round(base) + down
            pixels.paste(fill, (x, y, x + glyph.width, y + glyph.height), glyph.im)
        left += _advance(char, face) * size / 1000
        before = char


def wrap(text: str, face: Face, size: float, room: float) -> tuple[str, ...]:
    """The fewest lines that fit the room, broken so that they are about equally long.

    A word wider than the room is broken; no line is wider than the room.
    """
    words = [part for word in text.split(" ") if word for part in _pieces(word, face, size, room)]
    widths = [width(word, face, size) for word in words]
    space = width(" ", face, size)
    lines = _greedy(words, widths, space, room)
    low, high = max(widths, default=0.0), room
    while high - low > 4:  # the narrowest room with as few lines is the most even one
        middle = (low + high) / 2
        if len(_greedy(words, widths, space, middle)) > len(lines):
            low = middle
        else:
            high = middle
    return tuple(_greedy(words, widths, space, high))


def fit(
    text: str, face: Face, room: tuple[float, float], sizes: Sequence[int], leading: float, most_lines: int
) -> tuple[int, tuple[str, ...]]:
    """The largest of `sizes` (falling) at which the text fits the room in so many lines, and its lines.

    A size at which no word need be broken is preferred. At the smallest size there may be more lines; what does
    not fit even then is left out at a word and marked with an ellipsis.
    """
    words = text.split(" ")
    widths = [width(word, face, 1) for word in words]
    longest, whole = max(widths, default=0.0), sum(widths)
    for size in sizes:
        if (longest * size > room[0] and size != sizes[-1]) or whole * size > room[0] * room[1] / (
            size * leading
        ):
            continue
        lines = wrap(text, face, size, room[0])
        if len(lines) * size * leading <= room[1] and (len(lines) <= most_lines or size == sizes[-1]):
            return size, lines
    size = sizes[-1]
    most = max(1, int(room[1] / (size * leading)))
    before_last = whole - widths[-1]
    while before_last * size > room[0] * most and len(words) > 2:  # more than so many lines can hold
        words.pop()
        before_last -= widths[len(words) - 1]
    while len(words) > 1:
        words.pop()
        lines = wrap(" ".join(words).rstrip(".,;:–—- ") + "…", face, size, room[0])
        if len(lines) <= most:
            return size, lines
    return size, (*wrap(text, face, size, room[0])[: most - 1], "…")


def _greedy(words: Sequence[str], widths: Sequence[float], space: float, room: float) -> list[str]:
    lines: list[list[str]] = []
    used = 0.0
    for word, wide in zip(words, widths, strict=True):
        if lines and used + space + wide <= room:
            lines[-1].append(word)
            used += space + wide
        else:
            lines.append([word])
            used = wide
    return [" ".join(line) for line in lines]


def _pieces(word: str, face: Face, size: float, room: float) -> list[str]:
    """The word, or parts of it that fit the room, with hyphens."""
    if width(word, face, size) <= room:
        return [word]
    for count in range(2, len(word) + 1):
        step = -(-len(word) // count)
        pieces = [word[start : start + step] for start in range(0, len(word), step)]
        marked = [*(piece + "-" for piece in pieces[:-1]), pieces[-1]]
        if all(width(piece, face, size) <= room for piece in marked):
            return marked
    return list(word)


@cache
def _metrics() -> dict[str, Any]:
    from importlib import resources

    found = resources.files("byline").joinpath("fonts", "metrics.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(found)
    return loaded


@cache
def _kerning(family: str) -> dict[str, int]:
    table: dict[str, dict[str, str]] = _metrics()[family]["kern"]
    return {
        first + second: int(moved)
        for first, by_move in table.items()
        for moved, seconds in by_move.items()
        for second in seconds
    }


@lru_cache(maxsize=16_384)
def _kern(before: str, char: str, family: str) -> int:
    return _kerning(family).get(_base(before) + _base(char), 0) if before else 0


@cache
def _base(char: str) -> str:
    """An accented letter is kerned as the letter under the accent."""
    return unicodedata.normalize("NFD", char)[0]


@cache
def _covered(family: str) -> tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]:
    return tuple(
        (
            entry["file"],
            tuple(pair[0] for pair in entry["ranges"]),
            tuple(pair[1] for pair in entry["ranges"]),
        )
        for entry in _metrics()[family]["files"]
    )


@cache
def _simple() -> re.Pattern[str]:
    """Texts of the serif family's characters, without marks that stand by themselves."""
    pairs = (pair for _, firsts, lasts in _covered(SERIF) for pair in zip(firsts, lasts, strict=True))
    held = "".join(f"{re.escape(chr(first))}-{re.escape(chr(last))}" for first, last in pairs)
    return re.compile(rf"(?:(?![\u0300-\u036f])[{held}]|\s)*")


@cache
def _file(family: str, char: str) -> str:
    point = ord(char)
    for file, firsts, lasts in _covered(family):
        index = bisect_right(firsts, point) - 1
        if index >= 0 and point <= lasts[index]:
            return file
    return ""


@cache
def _advance(char: str, face: Face) -> float:
    file = _file(face.family, char)
    return float(_font(file, face.weight, 1000).getlength(char)) if file else 0.0


@lru_cache(maxsize=4096)
def _glyph(char: str, file: str, weight: int, size: int, part: int) -> tuple[Image, int, int]:
    """The letter as a mask, and where it goes from the point on the baseline; `part` counts quarters of a pixel."""
    from PIL import Image as images
    from PIL import ImageDraw as drawing

    font = _font(file, weight, size)
    left, top, right, bottom = font.getbbox(char, anchor="ls")
    across, down = int(left) - 2, int(top) - 2
    mask = images.new("L", (int(right) - across + 3, int(bottom) - down + 3))
    drawing.Draw(mask).text((part / 4 - across, -down), char, font=font, fill=255, anchor="ls")
    return mask, across, down


@cache
def _font(file: str, weight: int, size: int) -> FreeTypeFont:
    from importlib import resources

    from PIL import ImageFont

    with resources.as_file(resources.files("byline").joinpath("fonts", file)) as path:
        font = ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    font.set_variation_by_axes([weight])
    return font
