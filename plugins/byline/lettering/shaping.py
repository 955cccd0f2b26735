"""Set one line in any script with HarfBuzz: joined letters, conjuncts, marks in their places, both directions.

HarfBuzz comes with Byline and draws what it placed, so the same words give the same pixels on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from byline.lettering import bidi, letters, typefaces
from byline.lettering.letters import FAMILIES, Face
from byline.lettering.words import Words, placed

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Glyph:
    """A drawing of a font and where it stands, in the font's size from the left end of the baseline."""

    number: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a line in one font, from the left: `text` in one of the families, or `glyphs` of a further font."""

    font: str
    left: float
    text: str = ""
    glyphs: tuple[Glyph, ...] = ()


@lru_cache(maxsize=2048)
def line(words: Words, face: Face) -> tuple[tuple[Stretch, ...], float]:
    """The parts of one line from left to right, and how wide it is; both in the size of the letters."""
    out: list[Stretch] = []
    left = 0.0
    for start, end, level in bidi.runs(words.levels):
        for font, text in _by_font(words.text[start:end], face.family, words.language, level % 2):
            if font in FAMILIES:
                shown = _turned(text) if level % 2 else text
                out.append(Stretch(font, left, text=shown))
                left += letters.width(shown, Face(font, face.weight), 1)
            else:
                glyphs, wide = _shaped(text, font, words.language, level % 2)
                out.append(Stretch(font, left, glyphs=glyphs))
                left += wide
    return tuple(out), left


def width(words: Words, face: Face, size: float) -> float:
    """How wide the line is, in pixels."""
    return line(words, face)[1] * size


def leading(words: Words, face: Face) -> float:
    """The least distance of two lines of these words, in their size; 0 where the families' own will do."""
    return max((typefaces.leading(part.font) for part in line(words, face)[0] if part.glyphs), default=0.0)


def draw(layer: Image, at: tuple[float, float], words: Words, face: Face, size: int, fill: int) -> None:
    """Draw one line into a layer of one channel; `at` is the left end of its baseline."""
    left, base = at
    for part in line(words, face)[0]:
        if part.glyphs:
            _paint(layer, (left + part.left * size, round(base)), part, size, fill)
        else:
            letters.draw(
                layer, (left + part.left * size, base), part.text, Face(part.font, face.weight), size, fill
            )


def _by_font(text: str, family: str, language: str, backwards: int) -> list[tuple[str, str]]:
    """The text in parts of one font each, in the order in which they are drawn from the left."""
    out: list[tuple[str, str]] = []
    for _, cluster in placed(text):
        font = typefaces.home(cluster, family, language)
        if out and cluster == " " and _keeps_spaces(out[-1][0]):
            font = out[-1][0]  # the space that belongs to those letters
        if out and out[-1][0] == font and font != typefaces.EMOJI:
            out[-1] = font, out[-1][1] + cluster
        else:
            out.append((font, cluster))
    return out[::-1] if backwards else out


def _keeps_spaces(font: str) -> bool:
    return font not in (*FAMILIES, typefaces.EMOJI) and typefaces.spaced(font)


def _turned(text: str) -> str:
    """Letters set one by one from the left though they are read from the right."""
    return "".join(bidi.mirrored(cluster) for _, cluster in reversed(list(placed(text))))


@lru_cache(maxsize=8192)
def _shaped(text: str, file: str, language: str, backwards: int) -> tuple[tuple[Glyph, ...], float]:
    import uharfbuzz as hb

    font = typefaces.opened(file)
    buffer = hb.Buffer()
    buffer.add_str(text.replace("——", "⸺") if file == typefaces.CJK else text)  # one dash, without a gap
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if backwards else "ltr"
    if language:
        buffer.language = language
    hb.shape(font, buffer, {"kern": True})
    unit = font.face.upem / typefaces.scale(file)
    out: list[Glyph] = []
    left = 0.0
    placements = list(zip(buffer.glyph_infos, buffer.glyph_positions, strict=True))
    if file == typefaces.EMOJI:
        placements = placements[: _first_sign(placements)]
    for info, place in placements:
        out.append(Glyph(info.codepoint, (left + place.x_offset) / unit, place.y_offset / unit))
        left += place.x_advance
    return tuple(out), left / unit


def _first_sign(placements: list[tuple[Any, Any]]) -> int:
    """How many glyphs make the first sign: an emoji that the font draws in one piece, else the base of the sequence."""
    wide = [number for number, (_, place) in enumerate(placements) if place.x_advance]
    return wide[1] if len(wide) > 1 else len(placements)


def _paint(layer: Image, at: tuple[float, float], part: Stretch, size: int, fill: int) -> None:
    """All glyphs as one shape, so that letters which join have no seam."""
    import uharfbuzz as hb
    from PIL import Image as images

    font = typefaces.opened(part.font)
    scale = size * typefaces.scale(part.font) / font.face.upem
    pen = hb.RasterDraw()
    for glyph in part.glyphs:
        pen.transform = (scale, 0, 0, scale, at[0] + glyph.x * size, glyph.y * size)
        pen.draw_glyph(font, glyph.number)
    drawn = pen.render()
    if drawn is None or not drawn.extents.width or not drawn.extents.height:
        return
    box = drawn.extents
    mask = images.frombuffer("L", (box.width, box.height), drawn.buffer, "raw", "L", box.stride, -1)
    layer.paste(fill, (box.x_origin, round(at[1]) - box.y_origin - box.height), mask)
