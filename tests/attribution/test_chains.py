"""The exact solution of a chain: against fractions solved by hand's own method, and how long it may take."""

from __future__ import annotations

import time
from fractions import Fraction as F
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byline.attribution.models import Flow, removal_effects

KEYS = st.sampled_from("abcdefghijkl")
FLOWS = st.lists(
    st.builds(
        Flow,
        keys=st.lists(KEYS, min_size=1, max_size=12).map(tuple),
        conversions=st.integers(0, 9).map(F),
        others=st.integers(0, 9).map(F),
    ),
    min_size=1,
    max_size=20,
)


def by_definition(flows: list[Flow[str]], without: str = "") -> F:
    """P(conversion) of the order-1 chain in exact fractions; who would come to `without` is lost."""
    counts: dict[str, dict[str, F]] = {}
    for flow in flows:
        for begin, end, number in (
            *(
                (a, b, flow.conversions + flow.others)
                for a, b in zip(("<", *flow.keys), flow.keys, strict=False)
            ),
            (flow.keys[-1], ">", flow.conversions),
            (flow.keys[-1], "x", flow.others),
        ):
            row = counts.setdefault(begin, {})
            row[end] = row.get(end, F(0)) + number
    names = [name for name, row in counts.items() if name != without and sum(row.values())]
    place = {name: n for n, name in enumerate(names)}
    rows = [[F(i == j) for j in range(len(names))] + [F(0)] for i in range(len(names))]
    for name, i in place.items():
        whole = sum(counts[name].values())
        for there, number in counts[name].items():
            if there == ">":
                rows[i][-1] += number / whole
            elif there in place:
                rows[i][place[there]] -= number / whole
    for column in range(len(names)):
        pivot = next(n for n in range(column, len(names)) if rows[n][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for n in range(len(names)):
            if n != column and rows[n][column]:
                rows[n] = [a - rows[n][column] * b for a, b in zip(rows[n], rows[column], strict=True)]
    return rows[place["<"]][-1] if "<" in place else F(0)


@settings(max_examples=60, deadline=None)
@given(FLOWS)
def test_it_is_what_the_definition_says(flows: list[Flow[str]]) -> None:
    effects, whole = removal_effects(flows)
    exact = by_definition(flows)
    assert whole == pytest.approx(float(exact), abs=1e-13)
    for key, effect in effects.items():
        wanted = 1 - by_definition(flows, key) / exact if exact else F(0)
        assert effect == pytest.approx(float(wanted), abs=1e-12)


def test_a_rare_state_is_as_exact_as_a_common_one() -> None:
    million = F(10**6)
    flows = [
        Flow(keys=("often",), conversions=million, others=million * 10**6),
        Flow(keys=("often", "seldom"), conversions=F(1), others=F(0)),
    ]
    effects, whole = removal_effects(flows)
    exact = by_definition(flows)
    assert whole == pytest.approx(float(exact), rel=1e-13)
    assert effects["seldom"] == pytest.approx(float(1 - by_definition(flows, "seldom") / exact), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "flows"),
    [
        ("one path, every step another", [Flow(keys=tuple(map(str, range(3000))))]),
        (
            "one path, back and forth",
            [Flow(keys=tuple(str(Random(n).randrange(800)) for n in range(3000)), others=F(1))],
        ),
        ("one path, twelve steps", [Flow(keys=tuple(str(n * n % 12) for n in range(3000)), others=F(2))]),
    ],
)
def test_long_paths_take_seconds_at_most(name: str, flows: list[Flow[str]]) -> None:
    began = time.process_time()
    effects, whole = removal_effects(flows)
    assert time.process_time() - began < 10, name
    assert whole == pytest.approx(float(flows[0].conversions / (flows[0].conversions + flows[0].others)))
    assert all(0 <= effect <= 1 for effect in effects.values())
    assert effects[flows[0].keys[0]] == pytest.approx(1)
