"""Where a line of a title may end in any script: at spaces, between Chinese and Japanese signs, at Thai syllables.

This is not all of Unicode's line breaking (UAX #14) but what titles need, with the care that a headline deserves: a
Japanese phrase stays whole (it ends where hiragana ends), a number stays with its unit, and Korean breaks at spaces
alone. Thai, Lao, Khmer and Burmese have no spaces between words: a writer's zero-width space (U+200B) decides, and
without one syllables do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from byline.lettering.words import placed

_NOT_FIRST = frozenset(
    "、。，．・：；？！‼⁇⁈⁉ー’”）〕］｝〉》」』】〙〗〟｠»ヽヾゝゞ々〻゠〜～…‥%％‰℃°,.:;?!)]}၊။។៕៖"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ"
)
_NOT_LAST = frozenset("‘“（〔［｛〈《「『【〘〖〝｟«([{￥＄£¥$€№#＃")
_TOGETHER = frozenset("—―…‥")
_AHEAD = frozenset("เแโใไເແໂໃໄ")  # vowels written before their consonant begin a syllable
_STACKING = frozenset("\u1039\u17d2")  # the next consonant stands under this one
_CLOSES = frozenset("\u1039\u103a\u17cb")  # its consonant ends the syllable before
_POLITE = frozenset("おご")  # they go with the word that follows
_ENDINGS = frozenset("方々")  # and these with the word before: a way of doing it
_IDEOGRAPHS = (0x2E80, 0x312F), (0x31A0, 0x9FFF), (0xF900, 0xFAFF), (0xFF00, 0xFF9F), (0x20000, 0x3FFFF)
_PAUSES = frozenset("\u1361\u0f0b\u200b")  # marks between words, after which a line may end


@dataclass(frozen=True, slots=True)
class Piece:
    """What stays together: the characters from `start` to `end`, white space after it up to `after`."""

    start: int
    end: int
    after: int


def pieces(text: str) -> tuple[Piece, ...]:
    """The text in parts between which a line best ends; white space is one space at a time."""
    japanese = any(_hiragana(char) for char in text)
    marked = "\u200b" in text

    def may_end(before: str, after: str) -> bool:
        if not _allowed(before, after):
            return False
        if _ideograph(before[0]) or _ideograph(after[0]):
            if before[0].isdigit() and after[0].isalpha():
                return False
            return not japanese or _phrase_ends(before, after)
        return not marked and _syllable_ends(before, after)

    return _divided(text, 0, may_end)


def signs(text: str, piece: Piece, *, all_of_them: bool = False) -> tuple[Piece, ...]:
    """The same piece in smaller parts, for one that is wider than a line; `all_of_them`: whatever may stand there."""
    may_end = (lambda before, after: True) if all_of_them else _allowed
    parts = _divided(text[piece.start : piece.end], piece.start, may_end)
    return (*parts[:-1], replace(parts[-1], after=piece.after)) if parts else (piece,)


def _divided(text: str, offset: int, may_end: Callable[[str, str], bool]) -> tuple[Piece, ...]:
    found = list(placed(text))
    cuts = [
        start
        for (_, before), (start, sign) in pairwise(found)
        if sign != " " and (before == " " or before[-1] in _PAUSES or may_end(before, sign))
    ]
    bounds = [0, *cuts, len(text)]
    out = []
    for start, after in pairwise(bounds):
        end = start + len(text[start:after].rstrip(" "))
        if end > start:
            out.append(Piece(offset + start, offset + end, offset + after))
    return tuple(out)


def _allowed(before: str, after: str) -> bool:
    """Whether a line may begin with the one and end with the other."""
    if after[0] in _NOT_FIRST or before[0] in _NOT_LAST or (before[0] in _TOGETHER and after[0] in _TOGETHER):
        return False
    return before[-1] not in _STACKING and not (_burmese_or_khmer(after[0]) and _CLOSES & set(after))


def _phrase_ends(before: str, after: str) -> bool:
    """Whether a Japanese phrase ends here: behind a mark, or where particles and endings give way to the next word."""
    if not (before[0].isalnum() or before[0] in "ー々"):
        return before[0] not in "・"
    if not (after[0].isalnum() or after[0] in _NOT_LAST):
        return False
    return (
        _hiragana(before[0])
        and not _hiragana(after[0])
        and before[0] not in _POLITE
        and after[0] not in _ENDINGS
    )


def _syllable_ends(before: str, after: str) -> bool:
    if _thai_or_lao(before[0]) and after[0] in _AHEAD:
        return before[0] not in _AHEAD
    if _khmer(after) and len(after) == 1:  # most likely the end of the syllable before
        return False
    return _burmese_or_khmer(before[0]) and _burmese_or_khmer(after[0]) and after[0].isalpha()


def _hiragana(char: str) -> bool:
    return "ぁ" <= char <= "ゟ"


def _ideograph(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _IDEOGRAPHS)


def _thai_or_lao(char: str) -> bool:
    return "\u0e00" <= char <= "\u0eff"


def _burmese_or_khmer(char: str) -> bool:
    return "\u1000" <= char <= "\u109f" or _khmer(char)


def _khmer(sign: str) -> bool:
    return "\u1780" <= sign[0] <= "\u17ff"
