"""Make the fonts of plugins/byline/fonts/cards anew: what a card is lettered in beyond Latin, Greek and Cyrillic.

Needs fonttools and brotli (`pip install fonttools brotli`) and a folder with the sources, in the versions that the
README beside the fonts names: `NotoSansCJK-Bold.ttc` out of Debian's package fonts-noto-cjk, and the archives that
`npm pack` gives of `@fontsource-variable/noto-sans-arabic` and its sisters, `@fontsource/noto-sans-math`,
`@fontsource/noto-sans-symbols-2` and `@expo-google-fonts/noto-emoji`.

Every font is cut down to one weight, to what a title needs, and to the tables that HarfBuzz reads.
"""

from __future__ import annotations

import argparse
import io
import tarfile
from pathlib import Path

from fontTools import subset
from fontTools.feaLib.builder import addOpenTypeFeaturesFromString
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

OUT = Path(__file__).resolve().parent.parent / "plugins" / "byline" / "fonts" / "cards"
WEIGHT = 640  # the title's
CHINESE = 2  # the number of the simplified Chinese font in the collection
SCRIPTS = (
    *(
        "arabic",
        "armenian",
        "bengali",
        "devanagari",
        "ethiopic",
        "georgian",
        "gujarati",
        "gurmukhi",
        "hebrew",
    ),
    *(
        "kannada",
        "khmer",
        "lao",
        "malayalam",
        "myanmar",
        "oriya",
        "sinhala",
        "tamil",
        "telugu",
        "thaana",
        "thai",
    ),
)
# Letters with marks that the pages' own fonts lack, and every mark that can be set on a letter.
LETTERS = (
    *((0x41, 0x5A), (0x61, 0x7A), (0xC0, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x1AB0, 0x1ACE)),
    *((0x1D00, 0x1DFF), (0x1E00, 0x1FFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF)),
)
ETHIOPIC = (0x1200, 0x139F)  # what Amharic and Tigrinya are written in; not the extensions
MATHS = ((0x2100, 0x214F), (0x2190, 0x22FF), (0x27F0, 0x27FF))
SYMBOLS = ((0x2300, 0x23FF), (0x2460, 0x24FF), (0x2500, 0x27BF), (0x2900, 0x297F), (0x2B00, 0x2BFF))
KANA_AND_SIGNS = ((0x3000, 0x30FF), (0x3105, 0x312F), (0x31F0, 0x31FF), (0x3200, 0x33FF), (0xFF00, 0xFFEE))
QUOTES = (0x2018, 0x2019, 0x201C, 0x201D)  # as wide as a letter in Chinese
WIDE = (0xB7, 0x2014, 0x2015, 0x2025, 0x2026, 0x203B, 0x2E3A, *QUOTES)


def main() -> None:
    """Write every font, and say how large it came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path, help="the folder with the fonts that these are made from")
    parser.add_argument("--only", default="", help="one font, by a part of its name")
    args = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    for name in SCRIPTS:
        if args.only in f"noto-sans-{name}":
            _write(f"noto-sans-{name}.ttf", _script(args.sources, name))
    if args.only in "noto-sans-letters":
        font = _packed(args.sources, "expo-google-fonts-noto-sans-0*.tgz", "NotoSans_600SemiBold.ttf")
        _write("noto-sans-letters.ttf", _cut(font, _among(font, LETTERS)))
    if args.only in "noto-sans-math":
        font = _packed(
            args.sources, "fontsource-noto-sans-math-*.tgz", "noto-sans-math-latin-400-normal.woff2"
        )
        _write("noto-sans-math.ttf", _cut(font, _among(font, MATHS)))
    if args.only in "noto-sans-symbols-2":
        member = "noto-sans-symbols-2-symbols-400-normal.woff2"
        font = _packed(args.sources, "fontsource-noto-sans-symbols-2-*.tgz", member)
        _write("noto-sans-symbols-2.ttf", _cut(font, _among(font, SYMBOLS)))
    if args.only in "noto-emoji":
        font = _packed(args.sources, "expo-google-fonts-noto-emoji-*.tgz", "NotoEmoji_600SemiBold.ttf")
        _write("noto-emoji.ttf", _cut(font, set(font.getBestCmap())))
    if args.only in "noto-sans-cjk":
        _write("noto-sans-cjk.otf", _cjk(args.sources / "NotoSansCJK-Bold.ttc"))


def _script(sources: Path, name: str) -> TTFont:
    member = f"noto-sans-{name}-{name}-wght-normal.woff2"
    font = _packed(sources, f"fontsource-variable-noto-sans-{name}-*.tgz", member)
    instancer.instantiateVariableFont(font, {"wght": WEIGHT}, inplace=True)
    return _cut(font, _among(font, (ETHIOPIC,)) if name == "ethiopic" else set(font.getBestCmap()))


def _cjk(path: Path) -> TTFont:
    """One glyph for a character, and further ones where Chinese, simplified or traditional, writes it differently.

    What Japan does not write at all stands in its Chinese form; of forms that only another country's list holds
    nothing is kept. That is half of what the whole font would take.
    """
    japan, mainland, taiwan = _held("shift_jis"), _held("gb2312"), _held("big5", 0xA140, 0xC6FF)
    options = _options()
    font = subset.load_font(str(path), options)
    points = font.getBestCmap()
    forms = {tag: _forms(font, tag) for tag in ("ZHS ", "ZHT ")}
    chinese = TTFont(path, fontNumber=CHINESE, lazy=True).getBestCmap()  # the same glyphs in another order
    for by_form in forms.values():
        by_form.update({points[quote]: chinese[quote] for quote in QUOTES})
    kept: dict[int, str] = {}
    other: dict[str, dict[str, str]] = {"ZHS": {}, "ZHT": {}}
    wanted = {
        *(p for p in japan | mainland | taiwan if p >= 0x2E80),
        *(p for p in _held("euc_kr") if 0xAC00 <= p <= 0xD7A3),
        *(p for first, last in KANA_AND_SIGNS for p in range(first, last + 1)),
        *WIDE,
    }
    for point in sorted(wanted & set(points)):
        own = points[point]
        simple, full = (forms[tag].get(own, own) for tag in ("ZHS ", "ZHT "))
        signs = point < 0x3400 or point > 0x9FFF
        kept[point] = own if point in japan or signs else simple if point in mainland else full
        if (point in mainland or signs) and simple != kept[point]:
            other["ZHS"][kept[point]] = simple
        if (point in taiwan or signs) and full != kept[point]:
            other["ZHT"][kept[point]] = full
    for table in font["cmap"].tables:
        if table.isUnicode() and table.format in (4, 12):
            table.cmap = {p: g for p, g in kept.items() if table.format == 12 or p < 0x10000}
    font["cmap"].tables = [table for table in font["cmap"].tables if table.format in (4, 12)]
    for tag in ("GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx", "VORG", "DSIG"):
        if tag in font:
            del font[tag]
    extra = sorted({glyph for by_form in other.values() for glyph in by_form.values()})
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=kept, glyphs=extra)
    cutter.subset(font)
    lookups = "".join(
        f"lookup {tag} {{\n" + "".join(f"sub {a} by {b};\n" for a, b in sorted(by.items())) + f"}} {tag};\n"
        for tag, by in other.items()
    )
    used = "".join(
        f"script {script};\n" + "".join(f"language {tag} exclude_dflt;\nlookup {tag};\n" for tag in other)
        for script in ("hani", "kana", "bopo")
    )
    addOpenTypeFeaturesFromString(font, f"{lookups}feature locl {{\n{used}}} locl;\n")
    return _reread(font)


def _forms(font: TTFont, language: str) -> dict[str, str]:
    """Glyph -> what stands in its place in that language."""
    table = font["GSUB"].table
    script = next(r.Script for r in table.ScriptList.ScriptRecord if r.ScriptTag == "hani")
    system = next(r.LangSys for r in script.LangSysRecord if r.LangSysTag == language)
    out: dict[str, str] = {}
    for index in system.FeatureIndex:
        record = table.FeatureList.FeatureRecord[index]
        if record.FeatureTag == "locl":
            for number in record.Feature.LookupListIndex:
                for part in table.LookupList.Lookup[number].SubTable:
                    part = getattr(part, "ExtSubTable", part)
                    out.update(part.mapping)
    return out


def _held(codec: str, low: int = 0, high: int = 0xFFFF) -> set[int]:
    """The characters of a country's own list."""
    out = set()
    for point in range(0x80, 0xD800):
        try:
            code = int.from_bytes(chr(point).encode(codec), "big")
        except UnicodeEncodeError:
            continue
        if low <= code <= high:
            out.add(point)
    return out


def _among(font: TTFont, ranges: tuple[tuple[int, int], ...]) -> set[int]:
    return {p for p in font.getBestCmap() if any(first <= p <= last for first, last in ranges)}


def _packed(sources: Path, archive: str, member: str) -> TTFont:
    (path,) = sources.glob(archive)
    with tarfile.open(path) as tar:
        name = next(name for name in tar.getnames() if name.endswith("/" + member))
        file = tar.extractfile(name)
        assert file is not None
        return TTFont(io.BytesIO(file.read()))


def _options() -> subset.Options:
    options = subset.Options()
    options.hinting = False
    options.glyph_names = False
    options.notdef_outline = True
    options.font_number = 0
    options.name_IDs = [0, 1, 2, 5, 13, 14]
    options.drop_tables += ["STAT", "DSIG", "meta", "MATH", "vhea", "vmtx"]
    return options


def _cut(font: TTFont, points: set[int]) -> TTFont:
    font.flavor = None
    cutter = subset.Subsetter(_options())
    cutter.populate(unicodes=points)
    cutter.subset(font)
    return font


def _reread(font: TTFont) -> TTFont:
    out = io.BytesIO()
    font.save(out)
    return TTFont(out)


def _write(name: str, font: TTFont) -> None:
    font["head"].modified = font["head"].created  # the same bytes each time
    font.recalcTimestamp = False
    font.save(OUT / name)
    import zlib

    data = (OUT / name).read_bytes()
    print(
        f"{name}: {len(data):,} bytes ({len(zlib.compress(data, 9)):,}), {len(font.getGlyphOrder())} glyphs"
    )


if __name__ == "__main__":
    main()
