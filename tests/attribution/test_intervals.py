"""Intervals against published numbers, and draws that repeat."""

from __future__ import annotations

import pytest

from byline.attribution.intervals import bootstrap, of_all, wilson


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [
        (0, 50, 0, 0.071348),
        (2, 50, 0.011039, 0.134601),
        (5, 20, 0.111862, 0.468701),
        (6, 40, 0.070612, 0.290723),
        (12, 300, 0.023027, 0.068604),
        (3, 3, 0.438503, 1),
        (0, 0, 0, 1),
    ],
)
def test_wilson(hits: int, tries: int, low: float, high: float) -> None:
    assert wilson(hits, tries) == pytest.approx((low, high), abs=1e-6)


def test_a_part_of_all_enquiries() -> None:
    low, high = of_all(4, 9)
    assert low < 4 < high <= 9


def test_the_same_people_give_the_same_interval() -> None:
    people = [{"a": 100.0}, {"a": 50.0, "b": 10.0}] * 20
    first, again = bootstrap(people), bootstrap(people)
    assert first == again
    assert first["a"][0] < 3000 < first["a"][1]
    assert bootstrap(people, seed=2) != first
    assert bootstrap([]) == {}


def test_it_is_people_that_are_drawn() -> None:
    one = bootstrap([{"a": 100.0}] * 50)["a"]
    few = bootstrap([{"a": 1000.0}] * 5)["a"]
    assert few[1] - few[0] > 2 * (one[1] - one[0])
