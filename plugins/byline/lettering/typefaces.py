"""Which of the shipped fonts holds a sign: the two families of the pages first, then one for each further script."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from byline.lettering.letters import FAMILIES, holds

if TYPE_CHECKING:
    import uharfbuzz as hb

CJK, EMOJI = "noto-sans-cjk.otf", "noto-emoji.ttf"
ROOMY = 1.34  # between two lines of signs that fill their square or carry marks above and below


@dataclass(frozen=True, slots=True)
class Block:
    """Where Unicode keeps a script, in which file its letters are, and how far apart its lines stand."""

    first: int
    last: int
    file: str
    leading: float = ROOMY


_BLOCKS = (
    Block(0x0530, 0x058F, "noto-sans-armenian.ttf", 1.2),
    Block(0xFB13, 0xFB17, "noto-sans-armenian.ttf", 1.2),
    Block(0x0590, 0x05FF, "noto-sans-hebrew.ttf", 1.24),
    Block(0xFB1D, 0xFB4F, "noto-sans-hebrew.ttf", 1.24),
    Block(0x0600, 0x06FF, "noto-sans-arabic.ttf", 1.4),
    Block(0x0750, 0x077F, "noto-sans-arabic.ttf", 1.4),
    Block(0x0870, 0x08FF, "noto-sans-arabic.ttf", 1.4),
    Block(0xFB50, 0xFDFF, "noto-sans-arabic.ttf", 1.4),
    Block(0xFE70, 0xFEFF, "noto-sans-arabic.ttf", 1.4),
    Block(0x0780, 0x07BF, "noto-sans-thaana.ttf", 1.4),
    Block(0x0900, 0x097F, "noto-sans-devanagari.ttf"),
    Block(0xA8E0, 0xA8FF, "noto-sans-devanagari.ttf"),
    Block(0x0980, 0x09FF, "noto-sans-bengali.ttf"),
    Block(0x0A00, 0x0A7F, "noto-sans-gurmukhi.ttf"),
    Block(0x0A80, 0x0AFF, "noto-sans-gujarati.ttf"),
    Block(0x0B00, 0x0B7F, "noto-sans-oriya.ttf"),
    Block(0x0B80, 0x0BFF, "noto-sans-tamil.ttf"),
    Block(0x0C00, 0x0C7F, "noto-sans-telugu.ttf", 1.44),
    Block(0x0C80, 0x0CFF, "noto-sans-kannada.ttf", 1.44),
    Block(0x0D00, 0x0D7F, "noto-sans-malayalam.ttf"),
    Block(0x0D80, 0x0DFF, "noto-sans-sinhala.ttf"),
    Block(0x0E00, 0x0E7F, "noto-sans-thai.ttf", 1.4),
    Block(0x0E80, 0x0EFF, "noto-sans-lao.ttf", 1.4),
    Block(0x1000, 0x109F, "noto-sans-myanmar.ttf", 1.55),
    Block(0x10A0, 0x10FF, "noto-sans-georgian.ttf", 1.2),
    Block(0x1C90, 0x1CBF, "noto-sans-georgian.ttf", 1.2),
    Block(0x2D00, 0x2D2F, "noto-sans-georgian.ttf", 1.2),
    Block(0x1200, 0x139F, "noto-sans-ethiopic.ttf"),
    Block(0x1780, 0x17FF, "noto-sans-khmer.ttf", 1.55),
)
_ANYWHERE = ("noto-sans-letters.ttf", "noto-sans-math.ttf", "noto-sans-symbols-2.ttf", EMOJI, CJK)
_JOINERS = frozenset("\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff")
_WIDE = {"zh": frozenset("·—―‘’“”‥…"), "ja": frozenset("—―‥…")}  # what is there as wide as a letter


def unseen(char: str) -> bool:
    """Whether the character only changes how its neighbours look or are ordered."""
    point = ord(char)
    return char in _JOINERS or 0xFE00 <= point <= 0xFE0F or 0xE0020 <= point <= 0xE007F


@lru_cache(maxsize=8192)
def home(cluster: str, family: str, language: str) -> str:
    """The family, or else the file, that holds every part of the cluster; empty where none does.

    `family` is tried first. `language` matters for the marks that Chinese and Japanese write as wide as a letter.
    """
    if cluster in _WIDE.get(language[:2], ()):
        return CJK
    parts = [char for char in cluster if not unseen(char)]
    if not parts:
        return family
    if _as_emoji(cluster) and _covers(EMOJI, cluster):
        return EMOJI
    composed = unicodedata.normalize("NFC", "".join(parts))
    if len(composed) == 1:
        for name in (family, *FAMILIES):
            if holds(name, composed):
                return name
    own = [block.file for block in _BLOCKS if block.first <= ord(parts[0]) <= block.last]
    return next((file for file in (*own, *_ANYWHERE) if _covers(file, cluster)), "")


@cache
def leading(file: str) -> float:
    """How far apart lines of this font stand, in its size."""
    if file == CJK:
        return ROOMY
    return next((block.leading for block in _BLOCKS if block.file == file), 0.0)


def scale(file: str) -> float:
    """How large the font is drawn beside the others: an emoji no taller than the letters with their ascenders."""
    return 0.84 if file == EMOJI else 1.0


@cache
def opened(file: str) -> hb.Font:
    """The font, at its own scale."""
    from importlib import resources

    import uharfbuzz as hb

    with resources.as_file(resources.files("byline").joinpath("fonts", "cards", file)) as path:
        return hb.Font(hb.Face(hb.Blob.from_file_path(str(path))))


@lru_cache(maxsize=1024)
def spaced(file: str) -> bool:
    """Whether the font has a space of its own."""
    return bool(opened(file).get_nominal_glyph(0x20))


def _covers(file: str, cluster: str) -> bool:
    font = opened(file)
    return any(
        all(
            font.get_nominal_glyph(ord(char))
            for char in unicodedata.normalize(form, cluster)
            if not unseen(char)
        )
        for form in ("NFC", "NFD")
    )


def _as_emoji(cluster: str) -> bool:
    import regex

    if "\ufe0e" in cluster:  # asked for as text
        return False
    return "\ufe0f" in cluster or bool(regex.match(r"\p{Emoji_Presentation}", cluster))
