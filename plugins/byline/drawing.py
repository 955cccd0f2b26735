"""Draw the card of a post: the title on the company's colour, 1200x630, the same pixels every time."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from byline.lettering import INTER, SERIF, Face, draw, fit, readable, width
from byline.model import DrawnCard

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

Colour = tuple[int, int, int]

_TITLE = Face(SERIF, 640)
_LABEL = Face(INTER, 600)
_QUIET = Face(INTER, 450)
_TWICE = 2  # drawn at twice the size and halved: edges of letters and shapes come out even
_MARGIN = 76
_ROOM = 912  # the title's, so that the pattern at the right stays free
_TOP, _FOOT = 140, 508
_SIZES = (92, 86, 80, 74, 68, 62, 56, 50, 45)
_MOST_LINES = 4
_LEADING = 1.14


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with so much of `other` in it (0 to 1)."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def rgb(value: str) -> Colour:
    """`#rrggbb` as numbers; a colour that is none counts as dark grey."""
    try:
        number = int(value.removeprefix("#"), 16)
    except ValueError:
        return 51, 51, 51
    return number >> 16 & 255, number >> 8 & 255, number & 255


def hexed(colour: Colour) -> str:
    """Back to `#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours as WCAG counts it, 1 to 21."""
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def legible(colour: Colour, on: Colour, least: float) -> Colour:
    """The colour itself where it can be read on `on`, else the nearest one towards white or black that can."""
    goal: Colour = (255, 255, 255) if contrast((255, 255, 255), on) >= contrast((0, 0, 0), on) else (0, 0, 0)
    for step in range(21):
        tried = mix(colour, goal, step / 20)
        if contrast(tried, on) >= least:
            return tried
    return goal


def _light(colour: Colour) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = [part / 255 for part in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def draw_card(card: DrawnCard, wide: int, high: int) -> Image:
    """The card as RGB pixels."""
    from PIL import Image as images
    from PIL import ImageDraw as drawing

    ground = rgb(card.primary)
    ink: Colour = (255, 255, 255) if contrast((255, 255, 255), ground) >= 4.5 else (20, 24, 31)
    image = images.new("RGB", (wide * _TWICE, high * _TWICE), ground)
    canvas = drawing.Draw(image)
    seed = int.from_bytes(hashlib.sha256(card.title.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    chance = random.Random(seed)  # noqa: S311 - a pattern, no secret
    pattern = _PATTERNS[chance.randrange(len(_PATTERNS))]
    pattern(canvas, chance, ground, ink, legible(rgb(card.accent), ground, 1.8))
    _words(canvas, card, ground, ink)
    return image.reduce(_TWICE)


def _words(canvas: ImageDraw, card: DrawnCard, ground: Colour, ink: Colour) -> None:
    accent = hexed(legible(rgb(card.accent), ground, 4.5))
    quiet = hexed(mix(ink, ground, 0.22))
    site = readable(card.site)
    title = readable(card.title) or site
    kicker = readable(card.kicker).upper()
    byline = readable(card.byline)

    canvas.rectangle(_box(_MARGIN, 88, _MARGIN + 44, 93), fill=accent)
    if kicker:
        _spaced(canvas, _MARGIN + 62, 98, _cut(kicker, _LABEL, 22, 640), accent)
    size, lines = fit(title, _TITLE, (_ROOM, _FOOT - _TOP), _SIZES, _LEADING, _MOST_LINES)
    block = size * _LEADING * len(lines)
    base = _TOP + (_FOOT - _TOP - block) / 2 + size * 0.88
    for line in lines:
        _line(canvas, _MARGIN - size * 0.03, base, line, _TITLE, size, hexed(ink))
        base += size * _LEADING
    foot = 574
    if title != site:
        name = _cut(site, _LABEL, 27, 520)
        _line(canvas, _MARGIN, foot, name, _LABEL, 27, hexed(ink))
        if byline:
            left = _MARGIN + width(name, _LABEL, 27) + 22
            canvas.rectangle(_box(left, foot - 20, left + 1.5, foot + 2), fill=quiet)
            _line(canvas, left + 22, foot, _cut(byline, _QUIET, 27, 940 - left), _QUIET, 27, quiet)


def _line(canvas: ImageDraw, left: float, base: float, text: str, face: Face, size: int, fill: str) -> None:
    draw(canvas, (left * _TWICE, base * _TWICE), text, face, size * _TWICE, fill)


def _spaced(canvas: ImageDraw, left: float, base: float, text: str, fill: str) -> None:
    """Small capitals stand apart from one another."""
    for char in text:
        _line(canvas, left, base, char, _LABEL, 22, fill)
        left += width(char, _LABEL, 22) + 1.9


def _cut(text: str, face: Face, size: int, room: float) -> str:
    """What fits in one line, with an ellipsis where something is left out."""
    if width(text, face, size) <= room:
        return text
    while text and width(text + "…", face, size) > room:
        text = text[:-1]
    return text.rstrip(" ,") + "…"


def _box(left: float, top: float, right: float, bottom: float) -> tuple[float, float, float, float]:
    return left * _TWICE, top * _TWICE, right * _TWICE - 1, bottom * _TWICE - 1


def _rings(canvas: ImageDraw, chance: random.Random, ground: Colour, ink: Colour, accent: Colour) -> None:
    """Quarter rings from a corner, one of them in the accent."""
    corner = chance.choice((0, 630))
    bright = chance.randrange(1, 3)
    for index, reach in enumerate((372, 292, 212, 132)):
        colour = accent if index == bright else mix(ground, ink, 0.06 + 0.045 * index)
        canvas.ellipse(_box(1200 - reach, corner - reach, 1200 + reach, corner + reach), fill=colour)
        inner = reach - 40
        if index == bright:
            canvas.ellipse(
                _box(1200 - inner, corner - inner, 1200 + inner, corner + inner), fill=mix(ground, ink, 0.1)
            )


def _bars(canvas: ImageDraw, chance: random.Random, ground: Colour, ink: Colour, accent: Colour) -> None:
    """Columns standing on the lower edge, the last but one in the accent."""
    reach = chance.randrange(130, 180)
    for index in range(5):
        reach += chance.randrange(30, 95)
        left = 1008 + index * 40
        colour = accent if index == 3 else mix(ground, ink, 0.07 + 0.025 * index)
        canvas.rectangle(_box(left, 630 - reach, left + 28, 630), fill=colour)


def _dots(canvas: ImageDraw, chance: random.Random, ground: Colour, ink: Colour, accent: Colour) -> None:
    """A field of dots that grow towards the edge; a few in the accent."""
    lit = {(chance.randrange(2, 5), chance.randrange(1, 13)) for _ in range(5)}
    for column in range(5):
        for row in range(14):
            radius = 3.2 + column * 2.1
            x, y = 1016 + column * 44, 30 + row * 44
            colour = accent if (column, row) in lit else mix(ground, ink, 0.08 + 0.03 * column)
            canvas.ellipse(_box(x - radius, y - radius, x + radius, y + radius), fill=colour)


def _steps(canvas: ImageDraw, chance: random.Random, ground: Colour, ink: Colour, accent: Colour) -> None:
    """Discs that overlap down the right edge."""
    y = chance.randrange(-10, 70)
    bright = chance.randrange(1, 4)
    for index in range(5):
        radius = 118 if index % 2 else 92
        x = 1150 if index % 2 else 1190
        if index == bright:
            canvas.ellipse(_box(x - radius, y - radius, x + radius, y + radius), fill=accent)
        else:
            canvas.ellipse(
                _box(x - radius, y - radius, x + radius, y + radius),
                fill=mix(ground, ink, 0.07 + 0.03 * index),
            )
        y += 138


_PATTERNS: tuple[Callable[[ImageDraw, random.Random, Colour, Colour, Colour], None], ...] = (
    _rings,
    _bars,
    _dots,
    _steps,
)
