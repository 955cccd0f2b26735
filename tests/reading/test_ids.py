"""Fresh ids, and writing one into a file."""

from __future__ import annotations

import re

import yaml
from hypothesis import given
from hypothesis import strategies as st

from byline.content import split
from byline.model import POST_ID
from byline.reading.ids import fresh_id, with_id
from byline.yamlread import Mapping_


def node(text: str) -> Mapping_:
    return split(text)[0]


@given(st.text(max_size=60), st.sets(st.sampled_from(["price", "post", "postx", "price2", "yes", "postyes"])))
def test_a_fresh_id_is_usable_free_and_plain_text_in_yaml(words: str, taken: set[str]) -> None:
    found = fresh_id(words, taken)
    assert re.fullmatch(POST_ID, found)
    assert found not in taken
    assert yaml.safe_load(f"id: {found}") == {"id": found}


def test_an_id_tells_what_the_post_is_about() -> None:
    assert fresh_id("What we learned from the price letter", ()) == "learnedprice"
    assert fresh_id("Price letter", ()) == "priceletter"
    assert fresh_id("Price letter", {"priceletter"}) == "priceletter2"
    assert fresh_id("2026", ()) == "post"
    assert fresh_id("Öl", ()) == "oel"
    assert fresh_id("Yes", ()) == "yes2"


@given(
    st.lists(
        st.sampled_from(
            ["title: x", "date: 2026-11-24", "date:\n  created: 2026-11-24", "tags:\n- a\n- b", "# id: no", "", "text: |\n  id: inside\n",
             "draft: true   # id", "share:\n    linkedin: >\n      a\n      id: b", "id:", "'quoted': x"]
        ),
        unique=True, min_size=1, max_size=8,
    ),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)  # fmt: skip
def test_one_line_is_added_and_the_rest_stays(parts: list[str], end: str, last: bool) -> None:
    text = "\n".join(
        ["---", "slug: s", *parts, "---", "Words", "---", "id: in the text" + "\n" * last]
    ).replace("\n", end)
    changed = with_id(text, "fresh1", node)
    assert changed is not None
    assert f"{end}id: fresh1{end}" in changed
    back = changed.replace(f"id: fresh1{end}", f"id:{end}" if "id:" in parts else "", 1)
    assert back == text
    again = node(changed.replace("\r\n", "\n")).items["id"]
    assert getattr(again, "value", None) == "fresh1"
    assert with_id(changed, "other1", node) is None


def test_forms_that_take_no_line_are_left_alone() -> None:
    assert with_id("---\n{title: x}\n---\nWords\n", "fresh1", node) is None
    assert with_id("---\ntitle: x\nid: 7\n---\nWords\n", "fresh1", node) is None
    assert with_id("---\rtitle: x\r---\rWords\r", "fresh1", node) is None
