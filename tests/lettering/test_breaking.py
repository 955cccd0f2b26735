"""Where lines end: in every script as its readers are used to."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.lettering.breaking import pieces, signs
from byline.lettering.letters import INTER, SERIF, Face
from byline.lettering.setting import cut, fit, width, wrap
from byline.lettering.words import words

FACE = Face(INTER, 640)


@pytest.mark.parametrize(
    "divided",
    [
        "価格改定について、|40社の|更新から|学んだこと",
        "お客様へのお知らせ：|システム開発の|「新しい」|やり方",
        "コミュニケーションと|AI時代の|働き方を|考える",
        "涨|价|这|件|事：|四|十|份|——“实|话|实|说”|（上）",
        "2026年|的|价|格",
        "가격 |인상에 |대해",
        "السعر |بصراحة: |ما",
        "สิ่งที่|เรา|เรียนรู้จากการต่อสัญญา |40 |ราย",
        "ราคา\u200b|อย่าง\u200b|เรา",
        "ကုန်|ပစ္စည်း|ဈေး|နှုန်း ",
        "អ្វី|ដែល|យើង|បាន|រៀន",
        "ስለ፡|ዋጋ |በሐቀኝነት፦",
        "Growth |🚀🔥 |for |all",
        "मूल्य |निर्धारण",
    ],
)
def test_a_title_is_divided_where_its_readers_would(divided: str) -> None:
    text = divided.replace("|", "")
    assert "|".join(text[piece.start : piece.after] for piece in pieces(text)) == divided


CHINESE = st.text(alphabet="价格真的、。，！（）《》“”—…2026A ", min_size=1, max_size=60)


@settings(max_examples=80, deadline=None)
@given(CHINESE)
def test_no_line_begins_or_ends_with_a_mark_that_may_not(text: str) -> None:
    parts = pieces(text)
    assert "".join(text[part.start : part.end] for part in parts) == text.replace(" ", "")
    for before, after in pairwise(parts):
        if before.after == before.end:  # where the writer put a space, a line may end
            assert text[after.start] not in "、。，！）》”…"
            assert text[before.end - 1] not in "（《“"


def test_a_piece_wider_than_a_line_is_taken_apart_sign_by_sign() -> None:
    text = "新方式改革、実の"
    first, last = pieces(text)
    assert [text[part.start : part.end] for part in signs(text, first)] == ["新", "方", "式", "改", "革、"]
    assert [text[part.start : part.end] for part in signs(text, last)] == ["実", "の"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="価格のア、。abc שלום🚀กเ각 (1)", min_size=1, max_size=80), st.integers(200, 900))
def test_no_line_is_wider_than_its_room_and_none_of_the_words_is_lost(text: str, room: int) -> None:
    shown = words(text, "ja")
    lines = wrap(shown, FACE, 60, room)
    assert all(width(line, FACE, 60) <= room + 0.01 for line in lines)
    found = "".join(line.text for line in lines).replace("-", "")  # a Latin word is broken with hyphens
    assert found.replace(" ", "") == shown.text.replace(" ", "")


def test_what_may_not_be_divided_is_where_it_has_to_be() -> None:
    assert [line.text for line in wrap(words("1、、、、", "ja"), FACE, 60, 200)] == ["1、、", "、、"]


def test_lines_are_about_equally_long() -> None:
    lines = wrap(words("关于涨价的真相我们从四十份续约中学到的事", "zh"), FACE, 80, 912)
    assert [len(line.text) for line in lines] == [10, 10]


def test_a_title_too_long_for_the_card_ends_in_an_ellipsis() -> None:
    found = fit(words("关于涨价的真相" * 40, "zh"), Face(SERIF, 640), (900, 360), (90, 60, 45), 1.14, 4)
    assert found.size == 45
    assert found.size * found.leading * len(found.lines) <= 360
    assert found.lines[-1].text.endswith("…")
    assert sum(len(line.text) for line in found.lines) > 80


def test_a_line_is_cut_at_a_sign() -> None:
    name = words("株式会社アクメ・ホールディングス", "ja")
    short = cut(name, FACE, 27, 200)
    assert short.text.endswith("…")
    assert short.text[:-1] == name.text[: len(short.text) - 1]
    assert width(short, FACE, 27) <= 200
    assert cut(name, FACE, 27, 2000) is name
    assert cut(words("Ends. 🚀🚀🚀🚀🚀🚀🚀🚀"), FACE, 27, 160).text.endswith("🚀…")
