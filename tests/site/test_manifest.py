"""The manifest's JSON is what `json.dumps` would write, only sooner."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from byline.site.manifest import indented

_PLAIN = st.none() | st.booleans() | st.integers() | st.text()
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


@given(_VALUES)
def test_the_same_text_as_the_slow_way(value: Any) -> None:
    assert indented(value) == json.dumps(value, ensure_ascii=False, indent=1)
