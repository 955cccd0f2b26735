"""What must hold for every model, whatever the journey."""

from __future__ import annotations

import re
from fractions import Fraction as F
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.attribution.models import MODELS, Flow, Walk, markov_shares, removal_effects

ALONE = sorted(name for name, model in MODELS.items() if model.share)
KEYS = st.sampled_from(["a", "b", "c", "d"])


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    keys = tuple(draw(st.lists(KEYS, min_size=1, max_size=9)))
    ages = sorted(draw(st.lists(st.floats(0, 4000), min_size=len(keys), max_size=len(keys))), reverse=True)
    mark = st.none() | st.integers(0, len(keys) - 1)
    lead, opportunity, close = sorted((draw(mark) for _ in range(3)), key=lambda n: -1 if n is None else n)
    return Walk(
        keys=keys,
        ages=tuple(ages) if draw(st.booleans()) else (),
        lead=lead,
        opportunity=opportunity,
        close=close,
    )


def shares(name: str, walk: Walk) -> tuple[F, ...]:
    model = MODELS[name]
    assert model.share is not None
    return model.share(walk)


@given(st.sampled_from(ALONE), walks())
def test_shares_are_never_negative_and_sum_to_one(name: str, walk: Walk) -> None:
    found = shares(name, walk)
    assert len(found) == len(walk.keys)
    assert min(found) >= 0
    assert sum(found) == 1


@given(st.sampled_from(ALONE), KEYS)
def test_one_touch_gets_everything(name: str, key: str) -> None:
    assert shares(name, Walk(keys=(key,), lead=0, opportunity=0, close=0)) == (1,)
    assert shares(name, Walk(keys=(key,))) == (1,)


@given(walks())
def test_turning_a_path_around_swaps_first_and_last(walk: Walk) -> None:
    back = Walk(keys=walk.keys[::-1])
    assert shares("first", walk) == shares("last", back)[::-1]
    for name in ("linear", "position", "shapley"):
        assert shares(name, walk) == shares(name, back)[::-1]


@given(walks())
def test_a_later_visit_never_decays_more(walk: Walk) -> None:
    found = shares("decay", walk)
    assert all(early <= late for early, late in pairwise(found))


def test_the_manual_defines_every_model() -> None:
    page = Path(__file__).parents[2] / "docs" / "explanation" / "attribution.md"
    named = re.findall(r"^\| `([a-z_]+)`", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(MODELS) - {"markov"} <= set(named) <= set(MODELS)
    assert "**Markov, order 1.**" in page.read_text(encoding="utf-8")


def test_a_week_halves_the_credit() -> None:
    assert shares("decay", Walk(keys=("a", "b"), ages=(7.0, 0.0))) == (F(1, 3), F(2, 3))
    assert shares("decay", Walk(keys=("a", "b"), ages=(5000.0, 4993.0))) == (F(1, 3), F(2, 3))


@pytest.mark.parametrize(
    ("name", "marks", "wanted"),
    [
        ("u_milestone", (2, None, None), (F(2, 5), F(1, 15), F(2, 5), F(1, 15), F(1, 15))),
        ("u_milestone", (0, None, None), (F(4, 5), F(1, 20), F(1, 20), F(1, 20), F(1, 20))),
        ("w", (1, 3, 4), (F(3, 10), F(3, 10), F(1, 10), F(3, 10), 0)),
        ("w", (3, 3, 4), (F(3, 10), F(1, 20), F(1, 20), F(6, 10), 0)),
        ("w", (1, 1, 4), (F(1, 3), F(2, 3), 0, 0, 0)),
        ("w", (None, None, None), (1, 0, 0, 0, 0)),
        ("full_path", (1, 2, 4), (F(9, 40), F(9, 40), F(9, 40), F(1, 10), F(9, 40))),
        ("full_path", (4, 4, 4), (F(9, 40), F(1, 30), F(1, 30), F(1, 30), F(27, 40))),
    ],
)
def test_milestones(name: str, marks: tuple[int | None, ...], wanted: tuple[F, ...]) -> None:
    lead, opportunity, close = marks
    walk = Walk(keys=tuple("abcde"), lead=lead, opportunity=opportunity, close=close)
    assert shares(name, walk) == wanted


FLOWS = st.lists(
    st.builds(
        Flow,
        keys=st.lists(KEYS, max_size=6).map(tuple),
        conversions=st.integers(0, 50).map(F),
        others=st.integers(0, 50).map(F),
    ),
    max_size=12,
)


@given(FLOWS)
def test_the_chain_converts_as_often_as_people_do(flows: list[Flow[str]]) -> None:
    walked = [flow for flow in flows if flow.keys]
    converted = sum((flow.conversions for flow in walked), F(0))
    everyone = converted + sum((flow.others for flow in walked), F(0))
    effects, whole = removal_effects(flows)
    assert whole == pytest.approx(float(converted / everyone) if everyone else 0.0, abs=1e-12)
    assert all(-1e-12 <= effect <= 1 + 1e-12 for effect in effects.values())


@given(FLOWS)
def test_staying_in_place_changes_no_removal_effect(flows: list[Flow[str]]) -> None:
    longer = [
        Flow(
            keys=tuple(key for key in flow.keys for _ in (0, 1)),
            conversions=flow.conversions,
            others=flow.others,
        )
        for flow in flows
    ]
    assert removal_effects(longer) == removal_effects(flows)


@given(FLOWS)
def test_markov_shares_sum_to_one_where_anyone_converted(flows: list[Flow[str]]) -> None:
    found = markov_shares(flows)
    converted = any(flow.keys and flow.conversions for flow in flows)
    assert sum(found.values()) == (1 if converted else 0)
    assert all(share >= 0 for share in found.values())


def test_removal_by_hand() -> None:
    effects, whole = removal_effects(
        [Flow(keys=("a", "b")), Flow(keys=("a",), conversions=F(0), others=F(1)), Flow(keys=("b",))]
    )
    assert whole == pytest.approx(2 / 3)
    assert effects == pytest.approx({"a": 0.5, "b": 1.0})
