"""Fit words into the room of a card, in any script: how large, and where the lines end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, takewhile
from typing import TYPE_CHECKING

from byline.lettering import breaking, letters, shaping
from byline.lettering.breaking import Piece
from byline.lettering.letters import Face
from byline.lettering.words import Words, placed, words

if TYPE_CHECKING:
    from PIL.Image import Image

_LOOSE = ".,:;–—-、，。・ "  # what no line ends in before an ellipsis


@dataclass(frozen=True, slots=True)
class Setting:
    """Words in lines: how large, and how far apart in that size."""

    size: int
    leading: float
    lines: tuple[Words, ...]


def width(text: Words, face: Face, size: float) -> float:
    """How wide the words are in one line, in pixels."""
    return letters.width(text.text, face, size) if text.plain else shaping.width(text, face, size)


def fit(
    text: Words, face: Face, room: tuple[float, float], sizes: Sequence[int], leading: float, most_lines: int
) -> Setting:
    """The largest of `sizes` (falling) at which the words fit the room in so many lines.

    A size at which no word need be broken is preferred. At the smallest size there may be more lines; what does
    not fit even then is left out and marked with an ellipsis. `leading` is the least; many scripts take more.
    """
    if text.plain:
        size, lines = letters.fit(text.text, face, room, sizes, leading, most_lines)
        return Setting(size, leading, tuple(Words(line) for line in lines))
    leading = max(leading, shaping.leading(text, face))
    pieces = breaking.pieces(text.text)
    widths = [_wide(text, piece, face) for piece in pieces]
    longest, whole = max(widths, default=0.0), sum(widths)
    for size in sizes:
        if (longest * size > room[0] and size != sizes[-1]) or whole * size > room[0] * room[1] / (
            size * leading
        ):
            continue
        lines_at = wrap(text, face, size, room[0])
        if len(lines_at) * size * leading <= room[1] and (len(lines_at) <= most_lines or size == sizes[-1]):
            return Setting(size, leading, lines_at)
    size = sizes[-1]
    most = max(1, int(room[1] / (size * leading)))
    return Setting(size, leading, _shortened(text, face, size, room[0], most))


def wrap(text: Words, face: Face, size: float, room: float) -> tuple[Words, ...]:
    """The fewest lines that fit the room, broken so that they are about equally long; no line is wider than the room."""
    if text.plain:
        return tuple(Words(line) for line in letters.wrap(text.text, face, size, room))
    pieces = list(breaking.pieces(text.text))
    for all_of_them in (False, True):
        pieces = [
            part
            for piece in pieces
            for part in (
                [piece]
                if _wide(text, piece, face) * size <= room
                else breaking.signs(text.text, piece, all_of_them=all_of_them)
            )
        ]
    widths = [_wide(text, piece, face) * size for piece in pieces]
    gaps = [
        _wide(text, replace(piece, end=piece.after), face) * size - wide
        for piece, wide in zip(pieces, widths, strict=True)
    ]
    fewest = len(_greedy(pieces, widths, gaps, room))
    low, high = max(widths, default=0.0), room
    while high - low > 4:  # the narrowest room with as few lines is the most even one
        middle = (low + high) / 2
        if len(_greedy(pieces, widths, gaps, middle)) > fewest:
            low = middle
        else:
            high = middle
    lines = tuple(text.part(start, end) for start, end in _greedy(pieces, widths, gaps, high))
    over = max((width(line, face, size) - room for line in lines), default=0.0)
    if over > 0.01 and len(lines) < len(pieces):  # letters that were measured apart are wider side by side
        return wrap(text, face, size, room - over)
    return lines


def cut(text: Words, face: Face, size: float, room: float) -> Words:
    """What fits in one line, with an ellipsis where something is left out."""
    if width(text, face, size) <= room:
        return text
    if text.plain:
        shown = text.text
        while shown and letters.width(shown + "…", face, size) > room:
            shown = shown[:-1]
        return Words(shown.rstrip(" ,") + "…")
    kept = [sign for _, sign in placed(text.text)]
    while kept:
        kept.pop()
        shorter = _ended(text, "".join(kept))
        if width(shorter, face, size) <= room:
            return shorter
    return _ended(text, "")


def draw(layer: Image, at: tuple[float, float], text: Words, face: Face, size: int, fill: int) -> None:
    """Draw one line into a layer of one channel; `at` is the left end of its baseline."""
    if text.plain:
        letters.draw(layer, at, text.text, face, size, fill)
    else:
        shaping.draw(layer, at, text, face, size, fill)


def _shortened(text: Words, face: Face, size: float, room: float, most: int) -> tuple[Words, ...]:
    """As many lines as there may be, at most, of the words from the first on."""
    pieces = breaking.pieces(text.text)
    reach = accumulate(_wide(text, piece, face) * size for piece in pieces)
    low, high = (
        0,
        1 + sum(1 for _ in takewhile(lambda sum_: sum_ <= room * most, reach)),
    )  # so many fit; so many do not
    lines: tuple[Words, ...] = (_ended(text, ""),)
    while high - low > 1:
        middle = (low + high) // 2
        tried = wrap(_ended(text, text.text[: pieces[middle - 1].end]), face, size, room)
        if len(tried) <= most:
            low, lines = middle, tried
        else:
            high = middle
    return lines


def _ended(text: Words, kept: str) -> Words:
    return words(kept.rstrip(_LOOSE) + "…", text.language)


def _wide(text: Words, piece: Piece, face: Face) -> float:
    """How wide a piece is, in the size of its letters."""
    return shaping.line(text.part(piece.start, piece.end), face)[1]


def _greedy(
    pieces: Sequence[Piece], widths: Sequence[float], gaps: Sequence[float], room: float
) -> list[tuple[int, int]]:
    """Where each line begins and ends."""
    lines: list[tuple[int, int]] = []
    used, gap = 0.0, 0.0
    for piece, wide, after in zip(pieces, widths, gaps, strict=True):
        if lines and used + gap + wide <= room:
            lines[-1] = lines[-1][0], piece.end
            used += gap + wide
        else:
            lines.append((piece.start, piece.end))
            used = wide
        gap = after
    return lines
