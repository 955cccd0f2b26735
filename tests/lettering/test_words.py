"""What of a text can be drawn, and how it is to be set."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.lettering import bidi, typefaces
from byline.lettering.letters import INTER, SERIF, plain
from byline.lettering.words import clusters, left_out, readable, words

SCRIPTS = {
    "Arabic": "السعر بصراحة",
    "Armenian": "Գների ազնիվ տարբերակը",
    "Bengali": "মূল্য নির্ধারণের সৎ সংস্করণ",
    "Chinese, simplified": "关于涨价的真相",
    "Chinese, traditional": "關於漲價的真相",
    "Devanagari": "मूल्य निर्धारण का ईमानदार संस्करण",
    "Ethiopic": "ስለ ዋጋ በሐቀኝነት፦",
    "Georgian": "ფასები პატიოსნად",
    "Gujarati": "ભાવની પ્રામાણિક વાત",
    "Gurmukhi": "ਕੀਮਤ ਦੀ ਸੱਚੀ ਗੱਲ",
    "Hebrew": "המחיר, בכנות",
    "Japanese": "価格改定についての正直な話",
    "Kannada": "ಬೆಲೆಯ ಪ್ರಾಮಾಣಿಕ ಆವೃತ್ತಿ",
    "Kazakh": "Қазақстан бағалары: Ғылым мен Өнер",
    "Khmer": "តម្លៃស្មោះត្រង់",
    "Korean": "가격 인상에 대한 솔직한 이야기",
    "Lao": "ລາຄາຢ່າງຊື່ສັດ",
    "Malayalam": "വിലയുടെ സത്യസന്ധമായ പതിപ്പ്",
    "Myanmar": "ဈေးနှုန်း ရိုးသားစွာ",
    "Oriya": "ମୂଲ୍ୟର ସଚ୍ଚୋଟ ସଂସ୍କରଣ",
    "Persian": "می‌خواهیم قیمت را صادقانه بگوییم",
    "Sinhala": "මිල පිළිබඳ අවංක කතාව ශ්‍රී",
    "Tamil": "நேர்மையான விலை நிர்ணயம்",
    "Telugu": "ధర యొక్క నిజాయితీ వెర్షన్",
    "Thaana": "އަގުގެ ތެދު ވާހަކަ",
    "Thai": "ราคาอย่างตรงไปตรงมา",
    "Urdu": "قیمتوں کا ایماندار جائزہ",
    "Yoruba": "Ẹ̀kọ́ ọrọ̀ ajé",
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS.keys())
def test_a_title_in_any_of_these_scripts_is_drawn_whole(text: str) -> None:
    assert readable(text) == text
    assert left_out(text) == ""
    assert not plain(text)


def test_what_the_pages_fonts_hold_is_set_letter_by_letter() -> None:
    for text in ("Pricing, the honest version", "Größe, Łódź, Ціни, Ελλάδα, Ấn", "“40 %” – für 5 €"):
        assert plain(text)
        assert words(text).plain
        assert words(text).family == SERIF
    assert readable("a\u0308 and \u202eoverride  for\tall\u00ad") == "ä and override for all"


def test_signs_stay_and_the_title_keeps_its_serifs() -> None:
    title = words("Growth 🚀🔥 → for  all ✓ 👩‍🚀 🇩🇪 1️⃣")
    assert title.text == "Growth 🚀🔥 → for all ✓ 👩‍🚀 🇩🇪 1️⃣"
    assert title.family == SERIF
    assert words("Ќазаќ Қазақ").family == INTER  # no half of it with serifs


def test_a_sign_that_this_python_does_not_know_yet_is_drawn_where_a_font_holds_it() -> None:
    assert readable("New: \U0001faea") == "New: \U0001faea"  # of Unicode 17
    assert bidi.levels("אב \U0001faea גד", 1) == bytes([1] * 7)


def test_an_order_to_turn_the_words_round_is_no_part_of_a_title() -> None:
    assert readable("מחיר\u202e gnirP \u2066x\u2069") == "מחיר gnirP x"


def test_a_script_beyond_gives_nothing_and_a_sign_beyond_is_named() -> None:
    assert readable("\U00013000\U00013001\U00013002") == ""  # Egyptian
    assert readable("The sign \U00013000 of the sun") == "The sign of the sun"
    assert left_out("The sign \U00013000 of the sun 🚀") == "\U00013000"
    assert readable("㎏ ﬁne Ⅷ") == readable("㎏ ﬁne Ⅷ").strip() != ""


@pytest.mark.parametrize(
    ("text", "site", "language"),
    [
        ("価格の話", "en", "ja"),
        ("가격 改定", "ja", "ko"),
        ("关于涨价", "en", "zh-Hans"),
        ("關於漲價", "en", "zh-Hant"),
        ("骨", "zh-TW", "zh-Hant"),
        ("骨", "zh-Hant", "zh-Hant"),
        ("骨", "zh_CN", "zh-Hans"),
        ("東京駅", "ja", "ja"),
        ("東京駅前", "en", "ja"),
        ("قیمت", "ur", "ur"),
    ],
)
def test_chinese_characters_are_written_as_the_readers_country_does(
    text: str, site: str, language: str
) -> None:
    assert words(text, site).language == language


def test_the_fonts_have_what_each_country_writes_with() -> None:
    font = typefaces.opened(typefaces.CJK)
    for codec, first, last, least in (
        ("gb2312", 0xB0A1, 0xF7FE, 6763),
        ("big5", 0xA440, 0xC67E, 5401),
        ("shift_jis", 0x889F, 0xEAA4, 6355),
        ("euc_kr", 0xB0A1, 0xC8FE, 2350),
    ):
        found = 0
        for point in (*range(0x3400, 0xA000), *range(0xAC00, 0xD7A4)):
            try:
                code = int.from_bytes(chr(point).encode(codec), "big")
            except UnicodeEncodeError:
                continue
            if first <= code <= last:
                found += 1
                assert font.get_nominal_glyph(point), f"{codec} {point:x}"
        assert found == least, codec


def test_one_sign_stays_one() -> None:
    assert clusters("👨‍👩‍👧é🇩🇪") == ["👨‍👩‍👧", "é", "🇩🇪"]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_what_is_drawn_is_stable_and_has_a_font(text: str) -> None:
    shown = readable(text)
    assert readable(shown) == shown
    for cluster in clusters(shown):
        assert cluster == " " or typefaces.home(cluster, SERIF, "")
