"""Write the files of Inter that pages load, smaller than those that cards are drawn with.

`inter-pages` holds the Latin letters in the weights that pages use, 400 to 700, without the stylistic sets. `inter-european`
is the part of the further Latin letters that Central and Northern European names need: the whole weighs 85 kB, and one č in
an author's name would load it on every page. Inter reserves no font name, so parts of it may be called so. Needs fonttools and brotli (`pip install fonttools brotli`). Run after
a file changed. Prints the measures that
`site/styles.py` gives to the fonts shown until ours are there: from a folder with Arimo and Tinos of fontsource, whose
letters are as wide as Arial's and Times New Roman's.

    python scripts/split_fonts.py FOLDER
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

ROOT = Path(__file__).resolve().parent.parent
FONTS = ROOT / "plugins" / "byline" / "fonts"
FACES = (
    ("inter-latin-wght-normal.woff2", 400, "arimo-latin-400-normal.woff2"),
    ("source-serif-4-latin-wght-normal.woff2", 640, "tinos-latin-700-normal.woff2"),
)
# How often letters come in English text, in thousandths, and how often a space does.
LETTERS = " etaoinshrdlcumwfgypbvk"
SHARES = (180, 102, 75, 67, 62, 57, 57, 53, 50, 50, 35, 33, 23, 23, 20, 20, 18, 17, 16, 16, 13, 8, 6)


FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "calt", "rlig", "tnum", "pnum", "frac", "numr", "dnom"]


def pages(style: str) -> None:
    """The Latin letters of that style."""
    font = TTFont(FONTS / f"inter-latin-wght-{style}.woff2", recalcTimestamp=False)
    whole = BytesIO()
    instantiateVariableFont(font, {"wght": (400, 700)}).save(whole)
    whole.seek(0)
    font = TTFont(whole, recalcTimestamp=False)
    _write(font, list(font.getBestCmap()), FEATURES, f"inter-pages-wght-{style}.woff2")


def european() -> None:
    """The names of our neighbours."""
    sys.path.insert(0, str(ROOT / "plugins"))
    from byline.site.styles import RANGES

    font = TTFont(FONTS / "inter-latin-ext-wght-normal.woff2", recalcTimestamp=False)
    _write(font, _points(RANGES["european"]), ["*"], "inter-european-wght-normal.woff2")


def _write(font: TTFont, letters: list[int], features: list[str], name: str) -> None:
    options = subset.Options(flavor="woff2", notdef_outline=True, name_IDs=["*"], layout_features=features)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=letters)
    cutter.subset(font)
    font.flavor = "woff2"
    font.save(FONTS / name)
    print(f"{name}: {(FONTS / name).stat().st_size} bytes, {len(font.getBestCmap())} letters")


def _points(ranges: str) -> list[int]:
    found: list[int] = []
    for one in ranges.replace("U+", "").split(","):
        first, _, last = one.partition("-")
        found += range(int(first, 16), int(last or first, 16) + 1)
    return found


def measures(folder: Path) -> None:
    """How wide and how high each font is beside the one shown before it."""
    for ours, weight, theirs in FACES:
        font = instantiateVariableFont(TTFont(FONTS / ours), {"wght": weight})
        scale = _wide(font) / _wide(TTFont(folder / theirs))
        em, line = font["head"].unitsPerEm, font["hhea"]
        rows = {"ascent": line.ascent, "descent": -line.descent, "line-gap": line.lineGap}
        shown = ";".join(f"{name}-override:{value / em / scale:.2%}" for name, value in rows.items())
        print(f"{ours}: size-adjust:{scale:.2%};{shown}")


def _wide(font: TTFont) -> float:
    letters, widths = font.getBestCmap(), font["hmtx"]
    wide = sum(share * widths[letters[ord(one)]][0] for one, share in zip(LETTERS, SHARES, strict=True))
    return float(wide / font["head"].unitsPerEm)


if __name__ == "__main__":
    pages("normal")
    pages("italic")
    european()
    measures(Path(sys.argv[1]))
