"""Draw the card of a post: the title on the company's colour, 1200x630, the same pixels every time."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from byline.lettering.letters import INTER, SERIF, Face
from byline.lettering.setting import cut, draw, fit, width
from byline.lettering.words import Words, left_out, words
from byline.model import DrawnCard

if TYPE_CHECKING:
    from PIL.Image import Image

Colour = tuple[int, int, int]

_TITLE = Face(SERIF, 640)
_LABEL = Face(INTER, 600)
_QUIET = Face(INTER, 450)
_LAYERS = 10  # that a card has at once, large and small
_TWICE = 2  # the pattern is drawn at twice the size and halved
_LEFT = 820  # left of it there is no pattern
_STRIP = (60, 120)  # from where to where down the card the words in the accent's colour stand
_INKS, _SHAPES, _WORDS = (
    160,
    48,
    48,
)  # colours from the ground to the ink, to the shapes' accent, to the words' accent
_ANY = [0, 0, 0, *[255] * 253]  # where there is enough of a layer to be seen
_SOFT = round(0.78 * (_INKS - 1))  # the ink of what is less important
_MARGIN = 76
_ROOM = 912  # the title's, so that the pattern at the right stays free
_TOP, _FOOT = 140, 508
_SIZES = (92, 86, 80, 74, 68, 62, 56, 50, 45)
_MOST_LINES = 4
_LEADING = 1.14
_SPACED = 1.9  # between the letters of the kicker


@lru_cache(maxsize=1_024)
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


@lru_cache(maxsize=1_024)
def contrast(one: Colour, other: Colour) -> float:
    """The contrast of two colours as WCAG counts it, 1 to 21."""
    high, low = sorted((_light(one), _light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@lru_cache(maxsize=1_024)
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


def keep_memory() -> None:
    """For a process that draws many cards: Pillow keeps the memory of one's layers for the next, instead of asking the
    system for each layer anew. Some 7 MB until the process ends."""
    from PIL import Image as images

    core: Any = images.core  # type: ignore[attr-defined]
    core.set_blocks_max(_LAYERS)


def draw_card(card: DrawnCard, wide: int, high: int) -> Image:
    """The card in 256 colours: steps from the ground to the ink, then from the ground to either accent.

    So few colours make a small file, quickly. Where an accent meets a tint, its edge is softened towards the ground:
    one pixel wide, and the tints differ little from it.
    """
    from PIL import Image as images

    ground = rgb(card.primary)
    ink: Colour = (255, 255, 255) if contrast((255, 255, 255), ground) >= 4.5 else (20, 24, 31)
    seed = int.from_bytes(hashlib.sha256(card.title.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    chance = random.Random(seed)  # noqa: S311 - a pattern, no secret
    # The accent's layers are only as large as what can be in them.
    tints, loud = images.new("L", (wide, high)), images.new("L", (wide - _LEFT, high))
    marked = images.new("L", (wide, _STRIP[1] - _STRIP[0]))
    pattern = Pattern(wide, high)
    _PATTERNS[chance.randrange(len(_PATTERNS))](pattern, chance)
    pattern.onto(tints, loud)
    turned = _title(card).right_to_left
    if turned:
        tints, loud = (layer.transpose(images.Transpose.FLIP_LEFT_RIGHT) for layer in (tints, loud))
    _words(tints, loud, marked, card)
    for layer, first, left, top in (
        (loud, _INKS, 0 if turned else _LEFT, 0),
        (marked, _INKS + _SHAPES, 0, _STRIP[0]),
    ):
        box = layer.getbbox()
        if box is not None:
            part = layer.crop(box)
            place = box[0] + left, box[1] + top
            tints.paste(_mapped(part, _steps_from(first)), place, _mapped(part, _ANY))
    tints.putpalette(_palette(ground, ink, card.accent))
    return tints


def _mapped(layer: Image, values: list[int]) -> Image:
    """As `layer.point(values)`, which rounds each of them first; they are whole."""
    made = layer.copy()
    made.im = layer.im.point(values, None)
    return made


@cache
def _steps_from(first: int) -> list[int]:
    return [first + value for value in range(256)]


@lru_cache(maxsize=16)
def _palette(ground: Colour, ink: Colour, accent: str) -> list[int]:
    """Red, green and blue of each step, one after another."""
    bright = rgb(accent)
    ramps = ((ink, _INKS), (legible(bright, ground, 1.8), _SHAPES), (legible(bright, ground, 4.5), _WORDS))
    return [
        part
        for colour, count in ramps
        for step in range(count)
        for part in mix(ground, colour, step / (count - 1))
    ]


class Pattern:
    """The right part of a card, drawn at twice the size and halved, so that edges come out even.

    Two layers: how much ink there is, and where the accent is. A shape covers what was drawn before it.
    """

    def __init__(self, wide: int, high: int) -> None:
        from PIL import Image as images
        from PIL import ImageDraw as drawing

        size = (wide - _LEFT) * _TWICE, high * _TWICE
        self._images = images.new("L", size), images.new("L", size)
        self._tints, self._loud = (drawing.Draw(image) for image in self._images)
        self._size = wide - _LEFT, high
        self._used: list[tuple[int, int, int, int] | None] = [None, None]  # where a layer is not empty

    def disc(self, x: float, y: float, radius: float, tint: float | None) -> None:
        """A disc of so much ink (0 to 1), or of the accent."""
        box = self._box(x - radius, y - radius, x + radius, y + radius, tint)
        self._tints.ellipse(box, fill=0 if tint is None else round(tint * (_INKS - 1)))
        if self._used[1] is not None:
            self._loud.ellipse(box, fill=_SHAPES - 1 if tint is None else 0)

    def bar(self, left: float, top: float, right: float, bottom: float, tint: float | None) -> None:
        """A rectangle, likewise."""
        box = self._box(left, top, right, bottom, tint)
        self._tints.rectangle(box, fill=0 if tint is None else round(tint * (_INKS - 1)))
        if self._used[1] is not None:
            self._loud.rectangle(box, fill=_SHAPES - 1 if tint is None else 0)

    def onto(self, tints: Image, loud: Image) -> None:
        """Paste both layers, `tints` whole and `loud` beginning where patterns do; only what holds something is halved."""
        for whole, part, used, left in zip((tints, loud), self._images, self._used, (_LEFT, 0), strict=True):
            if used is not None:
                box = used[0] * _TWICE, used[1] * _TWICE, used[2] * _TWICE, used[3] * _TWICE
                whole.paste(part.reduce(_TWICE, box), (left + used[0], used[1]))

    def _box(
        self, left: float, top: float, right: float, bottom: float, tint: float | None
    ) -> tuple[float, float, float, float]:
        wide, high = self._size
        around = (
            max(0, int(left) - _LEFT - 1),
            max(0, int(top) - 1),
            min(wide, int(right) - _LEFT + 2),
            min(high, int(bottom) + 2),
        )
        layer = int(tint is None)
        held = self._used[layer]
        self._used[layer] = (
            around
            if held is None
            else (
                min(held[0], around[0]),
                min(held[1], around[1]),
                max(held[2], around[2]),
                max(held[3], around[3]),
            )
        )
        return (left - _LEFT) * _TWICE, top * _TWICE, (right - _LEFT) * _TWICE - 1, bottom * _TWICE - 1


def _title(card: DrawnCard) -> Words:
    """The words in large letters: the title, or the company's name where no font can draw it."""
    title = words(card.title, card.language)
    return title if title.text else words(card.site, card.language)


def _words(tints: Image, loud: Image, marked: Image, card: DrawnCard) -> None:
    site = words(card.site, card.language)
    title = _title(card)
    kicker = _capitals(card)
    byline = words(card.byline, card.language)
    turned = title.right_to_left  # then all stands at the right, and the pattern at the left
    loud_left = 0 if turned else _LEFT

    def start(left: float, wide: float) -> float:
        """Where something begins that stands so far from the edge at which lines begin."""
        return tints.width - left - wide if turned else left

    above = _STRIP[0]
    bar = round(start(_MARGIN, 44))
    marked.paste(_WORDS - 1, (bar, 88 - above, bar + 44, 93 - above))
    if kicker.text:
        shown = cut(kicker, _LABEL, 22, 640)
        wide = width(shown, _LABEL, 22) + (_SPACED * len(shown.text) if shown.plain else 0)
        _spaced(marked, start(_MARGIN + 62, wide), 98 - above, shown)
    setting = fit(
        title, Face(title.family, _TITLE.weight), (_ROOM, _FOOT - _TOP), _SIZES, _LEADING, _MOST_LINES
    )
    size, face = setting.size, Face(title.family, _TITLE.weight)
    block = size * setting.leading * len(setting.lines)
    base = _TOP + (_FOOT - _TOP - block) / 2 + size * (0.88 + (setting.leading - _LEADING) / 2)
    near, far = sorted((round(start(0, 0)) - loud_left, round(start(_MARGIN + _ROOM + 20, 0)) - loud_left))
    crossed = loud.crop((max(0, near), 0, min(loud.width, far), loud.height)).getbbox() is not None
    for line in setting.lines:
        left = start(_MARGIN - size * 0.03, width(line, face, size) if turned else 0)
        draw(tints, (left, base), line, face, size, _INKS - 1)
        if crossed:  # letters stand in front of the pattern
            draw(loud, (left - loud_left, base), line, face, size, 0)
        base += size * setting.leading
    foot = 574
    if title.text != site.text:
        name = cut(site, _LABEL, 27, 520)
        wide = width(name, _LABEL, 27)
        draw(tints, (start(_MARGIN, wide), foot), name, _LABEL, 27, _INKS - 1)
        if byline.text:
            after = _MARGIN + wide + 22
            rule = round(start(after, 2))
            tints.paste(_SOFT, (rule, foot - 20, rule + 2, foot + 2))
            shown = cut(byline, _QUIET, 27, 940 - after)
            left = start(after + 22, width(shown, _QUIET, 27) if turned else 0)
            draw(tints, (left, foot), shown, _QUIET, 27, _SOFT)


def _capitals(card: DrawnCard) -> Words:
    """The kicker in capitals, where its script has them and the fonts have those."""
    kicker = words(card.kicker, card.language)
    raised = kicker.text.upper()
    if kicker.plain:
        return Words(raised)
    return kicker if left_out(raised) else words(raised, card.language)


def _spaced(layer: Image, left: float, base: float, text: Words) -> None:
    """Small capitals stand apart from one another; letters that may join do not."""
    if not text.plain:
        draw(layer, (left, base), text, _LABEL, 22, _WORDS - 1)
        return
    for char in text.text:
        letter = Words(char)
        draw(layer, (left, base), letter, _LABEL, 22, _WORDS - 1)
        left += width(letter, _LABEL, 22) + _SPACED


def _rings(pattern: Pattern, chance: random.Random) -> None:
    """Quarter rings from a corner, one of them in the accent."""
    corner = chance.choice((0, 630))
    bright = chance.randrange(1, 3)
    for index, reach in enumerate((372, 292, 212, 132)):
        pattern.disc(1200, corner, reach, None if index == bright else 0.06 + 0.045 * index)
        if index == bright:
            pattern.disc(1200, corner, reach - 40, 0.1)


def _bars(pattern: Pattern, chance: random.Random) -> None:
    """Columns standing on the lower edge, the last but one in the accent."""
    reach = chance.randrange(130, 180)
    for index in range(5):
        reach += chance.randrange(30, 95)
        left = 1008 + index * 40
        pattern.bar(left, 630 - reach, left + 28, 630, None if index == 3 else 0.07 + 0.025 * index)


def _dots(pattern: Pattern, chance: random.Random) -> None:
    """A field of dots that grow towards the edge; a few in the accent."""
    lit = {(chance.randrange(2, 5), chance.randrange(1, 13)) for _ in range(5)}
    for column in range(5):
        for row in range(14):
            tint = None if (column, row) in lit else 0.08 + 0.03 * column
            pattern.disc(1016 + column * 44, 30 + row * 44, 3.2 + column * 2.1, tint)


def _steps(pattern: Pattern, chance: random.Random) -> None:
    """Discs that overlap down the right edge."""
    y = chance.randrange(-10, 70)
    bright = chance.randrange(1, 4)
    for index in range(5):
        tint = None if index == bright else 0.07 + 0.03 * index
        pattern.disc(1150 if index % 2 else 1190, y, 118 if index % 2 else 92, tint)
        y += 138


_PATTERNS: tuple[Callable[[Pattern, random.Random], None], ...] = (_rings, _bars, _dots, _steps)
