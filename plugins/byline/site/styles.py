"""The style sheet: the company's colours and fonts, then the rules of the theme, in one file named by its content."""

from __future__ import annotations

import hashlib
from importlib import resources

from byline.drawing import Colour, contrast, hexed, legible, mix, rgb
from byline.settings import Brand
from byline.site import places

LIGHT: Colour = (255, 255, 255)
DARK: Colour = (18, 21, 26)
SANS = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'
SERIF = 'Georgia,"Times New Roman",serif'
RANGES = {
    "latin": "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,"
    "U+20AC,U+2122,U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD",
    "latin-ext": "U+0100-02BA,U+02BD-02C5,U+02C7-02CC,U+02CE-02D7,U+02DD-02FF,U+0304,U+0308,U+0329,U+1D00-1DBF,"
    "U+1E00-1E9F,U+1EF2-1EFF,U+2020,U+20A0-20AB,U+20AD-20C0,U+2113,U+2C60-2C7F,U+A720-A7FF",
    # Names from Ljubljana to Reykjavík: a part of latin-ext in a small file of its own (scripts/split_fonts.py).
    "european": "U+0100-017F,U+0218-021B,U+1E80-1E85,U+1E9E,U+1EF2-1EF3",
    "vietnamese": "U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,"
    "U+0303-0304,U+0308-0309,U+0323,U+0329,U+1EA0-1EF9,U+20AB",
    "greek": "U+0370-0377,U+037A-037F,U+0384-038A,U+038C,U+038E-03A1,U+03A3-03FF",
    "cyrillic": "U+0301,U+0400-045F,U+0490-0491,U+04B0-04B1,U+2116",
}
# Where ranges overlap, browsers take the face that stands last: `european` before the whole of latin-ext.
_FACES = (
    ("Inter", "inter", "normal", "100 900", tuple(RANGES)),
    ("Inter", "inter", "italic", "100 900", ("latin",)),
    (
        "Source Serif 4",
        "source-serif-4",
        "normal",
        "200 900",
        tuple(one for one in RANGES if one != "european"),
    ),
    ("Source Serif 4", "source-serif-4", "italic", "200 900", ("latin",)),
)
# The same letters in the weights that pages use alone, in less than three quarters of the bytes.
_CUT = {("inter", "latin"): "inter-pages"}
# What is shown until the family's own file is there: a font of the reader's machine, drawn as wide and as high, so that no
# line moves when it is exchanged (measured by scripts/split_fonts.py).
_UNTIL = {
    "Inter": 'src:local("Arial"),local("ArialMT"),local("Liberation Sans"),local("Arimo");size-adjust:107.35%;'
    "ascent-override:90.24%;descent-override:22.47%;line-gap-override:0%",
    "Source Serif 4": 'src:local("Times New Roman Bold"),local("TimesNewRomanPS-BoldMT"),local("Liberation Serif Bold"),'
    'local("Tinos Bold");font-weight:600 900;size-adjust:114.2%;ascent-override:90.72%;descent-override:29.33%;'
    "line-gap-override:0%",
}


def sheet(brand: Brand) -> str:
    """The whole style sheet."""
    rules = resources.files("byline.site").joinpath("byline.css").read_text(encoding="utf-8")
    return f"{_faces(brand)}{_colours(brand)}{rules}"


def name(text: str) -> str:
    """The address of the sheet; another content has another address."""
    return f"{places.ASSETS}site-{hashlib.sha256(text.encode()).hexdigest()[:8]}.css"


def fonts(brand: Brand) -> tuple[str, ...]:
    """The files of the families that the brand names, of those that are shipped."""
    used = (brand.text_font, brand.heading_font)
    return tuple(
        _file(stem, subset, style)
        for family, stem, style, _, subsets in _FACES
        if family in used
        for subset in subsets
    )


def first_fonts(brand: Brand) -> tuple[str, ...]:
    """The addresses of the files that every page needs at once: upright Latin, of each family that is shipped."""
    used = (brand.text_font, brand.heading_font)
    return tuple(
        f"{places.ASSETS}fonts/{_file(stem, 'latin', style)}"
        for family, stem, style, _, _ in _FACES
        if family in used and style == "normal"
    )


def _file(stem: str, subset: str, style: str) -> str:
    return f"{_CUT.get((stem, subset), f'{stem}-{subset}')}-wght-{style}.woff2"


def link_colours(brand: Brand) -> tuple[str, str]:
    """The colour of links on light ground and on dark, both readable."""
    primary = rgb(brand.primary)
    return hexed(legible(primary, LIGHT, 5)), hexed(legible(primary, DARK, 5))


def _faces(brand: Brand) -> str:
    used = (brand.text_font, brand.heading_font)
    until = "".join(
        f'@font-face{{font-family:"{family} until then";{rule}}}\n'
        for family, rule in _UNTIL.items()
        if family in used
    )
    return until + "".join(
        f'@font-face{{font-family:"{family}";font-style:{style};font-weight:{weights};font-display:swap;'
        f'src:url("fonts/{_file(stem, subset, style)}") format("woff2");unicode-range:{RANGES[subset]}}}\n'
        for family, stem, style, weights, subsets in _FACES
        if family in used
        for subset in subsets
    )


def _family(named: str, fallback: str) -> str:
    safe = "".join(char for char in named if char.isalnum() or char in " -_")
    if not safe or safe == "system":
        return fallback
    until = f'"{safe} until then",' if safe in _UNTIL else ""
    return f'"{safe}",{until}{fallback}'


def _colours(brand: Brand) -> str:
    primary, accent = rgb(brand.primary), rgb(brand.accent)
    text = _family(brand.text_font, SANS)
    heading = _family(brand.heading_font, SERIF if "serif" in brand.heading_font.lower() else SANS)
    light = _scheme(primary, accent, LIGHT, (23, 26, 31))
    return (
        f":root{{--by-text-font:{text};--by-heading-font:{heading}}}\n"
        f'[data-md-color-scheme="default"]{{{light}}}\n'
        f'[data-md-color-scheme="slate"]{{{_scheme(primary, accent, DARK, (232, 233, 230))}}}\n'
        # Paper is white, and browsers print no ground: who reads in the dark prints as everybody does.
        f'@media print{{[data-md-color-scheme="slate"]{{{light}}}}}\n'
    )


def _scheme(primary: Colour, accent: Colour, ground: Colour, ink: Colour) -> str:
    # A yellow button with dark words is the company's own on white; on the dark ground a dark one must be seen at all.
    least = 1.3 if ground == LIGHT else 3
    solid = primary if contrast(primary, ground) >= least else legible(primary, ground, least)
    on_solid = LIGHT if contrast(LIGHT, solid) >= 4.5 else (20, 24, 31)
    if contrast(on_solid, solid) < 4.5:
        solid = legible(solid, on_solid, 4.5)
    values = {
        "ground": ground,
        "raised": mix(ground, ink, 0.035),
        "line": mix(ground, ink, 0.14),
        "edge": mix(ground, ink, 0.5),
        "ink": ink,
        "quiet": mix(ink, ground, 0.34),
        "link": legible(primary, ground, 5),
        "mark": legible(accent, ground, 4.6),
        "solid": solid,
        "on-solid": on_solid,
        "tint": mix(ground, primary, 0.1),
    }
    return ";".join(f"--by-{key}:{hexed(value)}" for key, value in values.items())
