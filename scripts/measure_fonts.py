"""Write plugins/byline/fonts/metrics.json anew from the font files beside it.

Needs fonttools and brotli (`pip install fonttools brotli`) and a Pillow with Raqm. Run after a font file changed.
"""

from __future__ import annotations

import itertools
import json
import string
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import ImageFont

FONTS = Path(__file__).resolve().parent.parent / "plugins" / "byline" / "fonts"
FACES = {"Inter": ("inter", 600), "Source Serif 4": ("source-serif-4", 640)}
SUBSETS = ("latin", "latin-ext", "cyrillic", "greek", "vietnamese")
LETTERS = string.ascii_letters + string.digits + ".,:;!?-–—‘’“”„()/&%€$»«"
LEAST = 6  # thousandths of the size; what is moved by less is not seen


def ranges(points: list[int]) -> list[list[int]]:
    """[[first, last], ...] of sorted code points."""
    out: list[list[int]] = []
    for point in points:
        if out and out[-1][1] == point - 1:
            out[-1][1] = point
        else:
            out.append([point, point])
    return out


def kerning(path: Path, weight: int) -> dict[str, int]:
    """Pair -> thousandths of the size that the second letter is moved by."""
    font = ImageFont.truetype(str(path), 1000, layout_engine=ImageFont.Layout.RAQM)
    font.set_variation_by_axes([weight])

    def length(text: str) -> float:
        return float(font.getlength(text, features=["-liga", "-calt"]))

    alone = {letter: length(letter) for letter in LETTERS}
    pairs = {}
    for first, second in itertools.product(LETTERS, repeat=2):
        moved = round(length(first + second) - alone[first] - alone[second])
        if abs(moved) >= LEAST:
            pairs[first + second] = moved
    return pairs


def main() -> None:
    """Measure every face."""
    out = {}
    for name, (stem, weight) in FACES.items():
        files = []
        for subset in SUBSETS:
            path = FONTS / f"{stem}-{subset}-wght-normal.woff2"
            points = sorted(TTFont(path).getBestCmap())
            files.append({"file": path.name, "ranges": ranges([p for p in points if p > 31])})
        by_move: dict[str, dict[int, str]] = {}
        for pair, moved in kerning(FONTS / f"{stem}-latin-wght-normal.woff2", weight).items():
            by_move.setdefault(pair[0], {}).setdefault(moved, "")
            by_move[pair[0]][moved] += pair[1]
        out[name] = {"files": files, "kern": by_move}
    text = json.dumps(out, ensure_ascii=False, separators=(",", ":"))
    (FONTS / "metrics.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
