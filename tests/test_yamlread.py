"""YAML with line numbers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from byline.yamlread import Lines, Mapping_, Scalar, Sequence_, YamlProblem, decode, plain, read


def test_lines_raw_words_and_values() -> None:
    node = read("a: 11:00\nb:\n  - yes\n  - 'yes'\nc: |\n  text\n", offset=10)
    assert isinstance(node, Mapping_)
    assert node.key_lines == {"a": 11, "b": 12, "c": 15}
    assert node.items["a"] == Scalar(660, "11:00", False, 11)
    assert node.items["b"] == Sequence_((Scalar(True, "yes", False, 13), Scalar("yes", "yes", True, 14)), 13)
    assert dict(Lines(node)) == {"a": 11, "b": 12, "b.0": 13, "b.1": 14, "c": 15}
    assert plain(node) == {"a": 660, "b": [True, "yes"], "c": "text\n"}


def test_nothing() -> None:
    assert read("") is None
    assert read("# a comment\n") is None
    assert plain(None) is None


def test_merged_keys_and_aliases() -> None:
    node = read("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n")
    assert plain(node) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("a: 1\na: 2", "duplicate-key", 2),
        ("a: !!python/object/apply:os.system [x]", "yaml-tag", 1),
        ("a: !secret x", "yaml-tag", 1),
        ("a: 2026-02-30", "yaml-value", 1),
        ("a: !!int x", "yaml-value", 1),
        ("a: !!timestamp x", "yaml-value", 1),
        ("a: !!bool x", "yaml-value", 1),
        ("? [a]\n: b", "yaml-key", 1),
        ("a: b: c", "yaml-colon", 1),
        ("a: [b", "yaml-structure", 1),
        ("a: &a [*a]", "yaml-too-large", 1),
        ("a: 1\n---\nb: 2", "yaml", 2),
    ],
)
def test_what_is_refused(text: str, code: str, line: int) -> None:
    with pytest.raises(YamlProblem) as caught:
        read(text)
    assert (caught.value.code, caught.value.line) == (code, line)


def test_what_spoils_one_value_alone_can_be_collected() -> None:
    found: list[YamlProblem] = []
    node = read("a: 2026-02-30\nb: 1\nb: 2\n", problems=found)
    assert plain(node) == {"a": "2026-02-30", "b": 1}
    assert [problem.code for problem in found] == ["yaml-value", "duplicate-key"]


def test_the_environment() -> None:
    text = "a: !ENV A\nb: !ENV [A, B, 7]\nc: !ENV C\nd: !ENV [C, yes]\n"
    assert plain(read(text, opaque_tags=True, environment={"B": "3", "A": "x"})) == {
        "a": "x",
        "b": "x",
        "c": None,
        "d": True,
    }
    assert plain(read(text, opaque_tags=True, environment={"B": "3"})) == {
        "a": None,
        "b": 3,
        "c": None,
        "d": True,
    }


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4), max_leaves=12,
))  # fmt: skip
def test_what_yaml_writes_is_read_as_yaml_reads_it(value: object) -> None:
    text = yaml.safe_dump({"a": value}, allow_unicode=True)
    if "!!" in text or "<<" in text or "&id" in text:
        return
    assert plain(read(text)) == yaml.safe_load(text)


def told(call: Callable[[], object]) -> YamlProblem | None:
    try:
        call()
    except YamlProblem as problem:
        return problem
    return None


@given(st.binary(max_size=80))
def test_bytes_are_text_or_a_problem(data: bytes) -> None:
    problem = told(lambda: decode(data))
    if problem is None:
        assert "\r" not in decode(data)
    else:
        assert problem.code in ("not-utf8", "not-text")
        assert problem.line <= len(data) + 1


@given(st.text(max_size=120))
def test_text_is_read_or_a_problem(text: str) -> None:
    problem = told(lambda: read(text))
    assert problem is None or (problem.message and problem.fix)
