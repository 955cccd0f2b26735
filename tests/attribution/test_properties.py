"""The rules before any model: how far back one looks, what a direct visit is worth, what one visit is."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from fractions import Fraction as F
from itertools import pairwise
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.attribution import journeys
from byline.attribution.credit import conversions, table
from byline.attribution.models import MODELS
from byline.attribution.touches import SAME_VISIT, Directory, steps
from byline.model import Lead, Touch
from support import NOW

OURS = Directory((), {}, ("one.linkedin.a", "two.linkedin.a", "three.linkedin.a"))
TAGGED = st.builds(
    Touch,
    at=st.integers(0, 500 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    source=st.sampled_from(["linkedin", "x"]),
    content=st.sampled_from(["one.linkedin.a", "two.linkedin.a", "three.linkedin.a", "zzz"]),
)
DIRECT = st.builds(
    Touch,
    at=st.integers(0, 500 * 24 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes)),
    referrer=st.sampled_from(["", "https://www.google.com/"]),
    click=st.sampled_from(["", "gclid=1"]),
)
DAYS = st.integers(0, 400).map(lambda days: timedelta(days=days))


@given(st.lists(TAGGED, max_size=8), DAYS)
def test_a_visit_counts_within_the_window_and_not_outside(touches: list[Touch], window: timedelta) -> None:
    found = [step.touch for step in steps(touches, NOW, window, OURS)]
    assert all(NOW - window <= touch.at <= NOW for touch in found)
    inside = [touch for touch in touches if NOW - window <= touch.at <= NOW]
    assert bool(found) == bool(inside)
    wide = [step.touch for step in steps(inside, NOW, timedelta(days=4000), OURS)]
    assert found == wide


@given(st.lists(TAGGED, max_size=6), st.lists(DIRECT, max_size=6), st.sampled_from(sorted(MODELS)))
def test_direct_visits_change_no_credit(tagged: list[Touch], direct: list[Touch], name: str) -> None:
    def credit(touches: list[Touch]) -> dict[str | None, F]:
        lead = Lead(id="l", at=NOW, touches=tuple(sorted(touches, key=lambda touch: touch.at)))
        cells = table(conversions([lead], [], OURS, timedelta(days=365)), MODELS[name], "post")
        return {key: cell.leads for key, cell in cells.items()}

    assert credit(tagged) == credit([*tagged, *direct])


@given(st.lists(TAGGED, max_size=10))
def test_what_is_left_is_never_the_same_visit_twice(touches: list[Touch]) -> None:
    found = [step.touch for step in steps(touches, NOW, timedelta(days=4000), OURS)]
    assert [touch.at for touch in found] == sorted(touch.at for touch in found)
    spread = [
        (one, other)
        for one, other in pairwise(sorted(touches, key=lambda touch: touch.at))
        if (one.source, one.content) != (other.source, other.content) or other.at - one.at > SAME_VISIT
    ]
    assert len(found) == len(spread) + bool(touches)


@given(TAGGED, st.integers(1, 20), st.integers(0, 30))
def test_a_run_of_equal_visits_is_one(touch: Touch, times: int, minutes: int) -> None:
    run = [
        Touch(at=touch.at - timedelta(minutes=minutes * n), source=touch.source, content=touch.content)
        for n in range(times)
    ]
    (only,) = steps(run, NOW, timedelta(days=4000), OURS)
    assert only.touch.at == min(item.at for item in run)


PATHS = st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6), min_size=1, max_size=8)


@pytest.mark.parametrize("name", sorted(MODELS))
@given(paths=PATHS, data=st.data())
def test_a_published_set_is_shared_out_whole_whatever_the_order_of_its_lines(
    name: str, paths: list[list[str]], data: st.DataObject
) -> None:
    lines = [f"{' > '.join(path)},{n % 3},{n * 10 + 0.25},{n % 2}" for n, path in enumerate(paths)]
    mixed = data.draw(st.permutations(lines))
    head = "path,conversions,value,non_conversions\n"
    one = journeys.credit(journeys.read(head + "\n".join(lines), "f.csv"), MODELS[name])
    two = journeys.credit(journeys.read(head + "\n".join(mixed), "f.csv"), MODELS[name])
    assert one.keys() == two.keys()
    for key, credit in one.items():
        assert isclose(float(credit.leads), float(two[key].leads), abs_tol=1e-9)
        assert isclose(float(credit.revenue), float(two[key].revenue), abs_tol=1e-9)
    assert sum(credit.leads for credit in one.values()) == sum(n % 3 for n in range(len(paths)))
    assert sum(credit.revenue for credit in one.values()) == sum(n * 10 + F(1, 4) for n in range(len(paths)))


@given(PATHS)
def test_shapley_is_each_conversion_over_its_different_keys(paths: list[list[str]]) -> None:
    head = "path,conversions,value,non_conversions\n"
    text = head + "\n".join(f"{' > '.join(path)},1,0,0" for path in paths)
    wanted: Counter[str] = Counter()
    for path in paths:
        for key in set(path):
            wanted[key] += F(1, len(set(path)))  # type: ignore[assignment]
    found = journeys.credit(journeys.read(text, "f.csv"), MODELS["shapley"])
    assert {key: credit.leads for key, credit in found.items()} == dict(wanted)
