"""The order of mixed lines, against Unicode's own conformance data."""

from __future__ import annotations

from pathlib import Path

import pytest

from byline.lettering import bidi

CASES = Path(__file__).parent.parent / "data" / "unicode" / "BidiCharacterTest.txt"


def visual(levels: bytes) -> list[int]:
    """The places of the characters from left to right."""
    out: list[int] = []
    for start, end, level in bidi.runs(levels):
        out += range(start, end) if level % 2 == 0 else range(end - 1, start - 1, -1)
    return out


def test_levels_and_order_are_those_of_unicode() -> None:
    cases = [line for line in CASES.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert len(cases) > 500
    for case in cases:
        points, direction, base, levels, order = case.split(";")
        text = "".join(chr(int(point, 16)) for point in points.split())
        if direction == "2":
            assert int(bidi.right_to_left(text)) == int(base), case
        found = bidi.levels(text, int(base))
        wanted = levels.split()
        assert [level for level, want in zip(found, wanted, strict=True) if want != "x"] == [
            int(want) for want in wanted if want != "x"
        ], case
        assert [place for place in visual(found) if wanted[place] != "x"] == [
            int(p) for p in order.split()
        ], case


@pytest.mark.parametrize(
    ("text", "backwards"),
    [
        ("Price السعر", False),
        ("السعر Price", True),
        ("2026: המחיר", True),
        ("«Acme» אקמי", False),
        ("123", False),
        ("", False),
    ],
)
def test_the_first_letter_decides_where_a_title_begins(text: str, backwards: bool) -> None:
    assert bidi.right_to_left(text) is backwards


def test_a_bracket_is_turned_and_a_letter_is_not() -> None:
    assert [bidi.mirrored(char) for char in "()[「a"] == [")", "(", "]", "」", "a"]


def test_white_space_at_the_end_of_a_line_goes_with_the_paragraph() -> None:
    levels = bidi.levels("אב cd ef", 1)
    assert bidi.trimmed("אב cd ", levels[:6], 1) == bytes([1, 1, 1, 2, 2, 1])
