"""Lines of every script: the glyphs and their places are HarfBuzz's, in the order of Unicode."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from byline.lettering import letters, shaping, typefaces
from byline.lettering.letters import INTER, SERIF, Face
from byline.lettering.setting import draw, width
from byline.lettering.words import words

# What Debian's hb-shape 6.0.0, another build of HarfBuzz, says of the same fonts.
PLACED = [
    (
        "noto-sans-arabic.ttf",
        "ar",
        "السَّلام عليكم",
        "[77+639|60+508|284@46,-5+0|18+401|70+334|49+545|3+260|74+534|11+408|71+254|336@309,133+0|333@317,-82+0|36+981|72+289|8+265]",
    ),
    (
        "noto-sans-arabic.ttf",
        "ur",
        "ٹھیک ہے",
        "[104+558|89+306|3+260|63+957|284@46,-5+0|18+401|94+557|276@29,5+0|21+345]",
    ),
    (
        "noto-sans-hebrew.ttf",
        "he",
        "שָׁלוֹם",
        "[23+698|46@88,0+0|124@-10,0+320|55+549|79@237,0+0|100@557,0+0|96+775]",
    ),
    (
        "noto-sans-devanagari.ttf",
        "hi",
        "क्षत्रिय विद्युत् र्क",
        "[89+778|541+286|303+592|80+622|2+260|541+286|83+593|449+689|33+0|70+609|102@-1,0+0|2+260|55+816|502@-233,0+0]",
    ),
    (
        "noto-sans-bengali.ttf",
        "bn",
        "স্ত্রী কৌশল",
        "[241+691|294@-655,-140+0|61+279|7+260|387+391|25+812|72+279|53+704|52+751]",
    ),
    ("noto-sans-tamil.ttf", "ta", "கொள்கை", "[46+967|18+895|41+650|93+1120|48+1258|18+895]"),
    ("noto-sans-thai.ttf", "th", "ที่น้ำ", "[107+636|84@-13,3+0|42@-13,3+0|61+639|57@-1,0+0|47@-31,0+0|76+428]"),
    (
        "noto-sans-myanmar.ttf",
        "my",
        "ကျွန်ုပ်",
        "[4+1113|366+313|262+652|381@-8,0+0|209@-16,0+0|25+693|381@-41,0+0]",
    ),
    ("noto-sans-khmer.ttf", "km", "ស្រ្តី", "[216+274|79+963|200@-4,-26+0|105@-44,-29+0]"),
    (
        "noto-sans-malayalam.ttf",
        "ml",
        "ന്റെ കൊച്ചി",
        "[71+772|205+1154|3+309|71+772|23+1125|64+560|176+996|65+264]",
    ),
    ("noto-sans-telugu.ttf", "te", "క్షేత్రం", "[328+577|38+858|540+0|6+539]"),
    ("noto-sans-sinhala.ttf", "si", "ශ්‍රී", "[350+943|167+0]"),
    ("noto-sans-gurmukhi.ttf", "pa", "ਕੀਮਤ", "[17+650|53+286|41+623|32+575]"),
    ("noto-sans-cjk.otf", "ja", "直骨", "[8635+1000|15285+1000]"),
    ("noto-sans-cjk.otf", "zh-Hans", "直骨", "[8636+1000|15286+1000]"),
    ("noto-sans-cjk.otf", "zh-Hant", "直骨", "[8636+1000|15287+1000]"),
    ("noto-emoji.ttf", "en", "👩‍🚀", "[1436+2600]"),
    ("noto-emoji.ttf", "en", "🇩🇪", "[1678+2600]"),
    ("noto-sans-letters.ttf", "yo", "ẹ́", "[36+585|1850@51,0+0|1819@-12,0+0]"),
]
FACE = Face(INTER, 640)


@pytest.mark.parametrize(
    ("file", "language", "text", "placed"), PLACED, ids=[f"{p[0]}-{p[1]}-{p[2]}" for p in PLACED]
)
def test_glyphs_stand_where_another_harfbuzz_puts_them(
    file: str, language: str, text: str, placed: str
) -> None:
    unit = typefaces.opened(file).face.upem / typefaces.scale(file)
    wanted, left = [], 0
    for number, x, y, advance in re.findall(r"(\d+)(?:@(-?\d+),(-?\d+))?\+(\d+)", placed):
        wanted.append((int(number), left + int(x or 0), int(y or 0)))
        left += int(advance)
    parts, wide = shaping.line(words(text, language), FACE)
    found = [
        (glyph.number, round((part.left + glyph.x) * unit), round(glyph.y * unit))
        for part in parts
        for glyph in part.glyphs
    ]
    assert found == wanted
    assert round(wide * unit) == left


def shown(text: str, face: Face = FACE) -> list[str]:
    """The parts of a line from left to right: the letters, or the font and the number of glyphs."""
    parts, _ = shaping.line(words(text), face)
    return [
        part.text or f"{part.font.split('.')[0].removeprefix('noto-sans-')}:{len(part.glyphs)}"
        for part in parts
    ]


def test_a_mixed_line_is_drawn_in_the_order_in_which_it_is_read() -> None:
    assert shown("Acme של 2026") == ["Acme ", "2026", "hebrew:3"]
    assert shown("של Acme (2026)!") == ["!", "Acme (2026)", "hebrew:3"]
    assert shown("של (אב) 40") == ["40", " (", "hebrew:2", ")", "hebrew:3"]


def test_an_emoji_is_one_sign_whatever_it_is_made_of() -> None:
    for sign in ("🚀", "👨‍👩‍👧", "👍🏽", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "1️⃣", "❤️‍🔥", "🧑🏽‍💻"):
        (part,) = shaping.line(words(sign), FACE)[0]
        assert part.font == typefaces.EMOJI
        assert all(glyph.number for glyph in part.glyphs), sign
        assert width(words(sign), FACE, 100) == pytest.approx(width(words("🚀"), FACE, 100))
    # A sequence that no font draws in one piece shows its first sign.
    assert width(words("🚀\u200d🍋"), FACE, 100) == pytest.approx(width(words("🚀"), FACE, 100))


def test_dashes_of_a_chinese_title_make_one_line() -> None:
    (part,) = shaping.line(words("——价", "zh"), FACE)[0]
    assert len(part.glyphs) == 2
    assert width(words("——价", "zh"), FACE, 100) == pytest.approx(300)


def test_letters_of_the_pages_own_fonts_are_set_as_ever() -> None:
    line = words("Growth for all 🚀")
    one, two = (Image.new("L", (900, 120)) for _ in range(2))
    face = Face(SERIF, 640)
    draw(one, (10, 90), line, face, 60, 255)
    letters.draw(two, (10, 90), "Growth for all ", face, 60, 255)
    edge = 10 + int(letters.width("Growth for all ", face, 60))
    assert one.crop((0, 0, edge, 120)).tobytes() == two.crop((0, 0, edge, 120)).tobytes()
    assert one.getbbox() != two.getbbox()


def test_letters_that_join_have_no_seam() -> None:
    layer = Image.new("L", (400, 200))
    draw(layer, (20, 120), words("بببب"), FACE, 80, 255)
    left, _, right, _ = layer.getbbox() or (0, 0, 0, 0)
    inked = [layer.crop((x, 0, x + 1, 200)).getextrema()[1] for x in range(left, right)]
    assert min(inked[4:-4]) > 200  # one stroke from end to end
