"""The published numbers: anyone can check the arithmetic of every model with them."""

from __future__ import annotations

from fractions import Fraction as F

import pytest

from byline.attribution import journeys
from byline.attribution.models import MODELS, Flow, removal_effects
from byline.errors import ContentError

FIVE = """path,conversions,value,non_conversions
linkedin > newsletter > search,2,3000,1
linkedin,1,500,4
newsletter > linkedin > newsletter,1,1200,2
search > direct,1,800,3
direct,0,0,5
"""
NAMES = ("linkedin", "newsletter", "search", "direct")

# Conversions and value of each channel, computed by hand as exact fractions.
GOLDEN = {
    "first": ((3, 1, 1, 0), (3500, 1200, 800, 0)),
    "last": ((1, 1, 2, 1), (500, 1200, 3000, 800)),
    "linear": ((2, F(4, 3), F(7, 6), F(1, 2)), (1900, 1800, 1400, 400)),
    "position": ((2, F(6, 5), F(13, 10), F(1, 2)), (1940, 1560, 1600, 400)),
    "decay": (
        (F(11, 7), F(9, 7), F(31, 21), F(2, 3)),
        (F(8900, 7), F(12000, 7), F(41600, 21), F(1600, 3)),
    ),
    "shapley": ((F(13, 6), F(7, 6), F(7, 6), F(1, 2)), (2100, 1600, 1400, 400)),
    "markov": ((F(8195, 5634), F(1340, 939), F(4235, 2817), F(385, 626)), None),
}


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_five_journeys_by_hand(name: str) -> None:
    found = journeys.credit(journeys.read(FIVE, "five.csv"), MODELS[name])
    leads, values = GOLDEN[name]
    assert set(found) == set(NAMES)
    for key, lead in zip(NAMES, leads, strict=True):
        assert float(found[key].leads) == pytest.approx(float(lead), abs=1e-9)
    for key, value in zip(NAMES, values or (), strict=False):
        assert float(found[key].revenue) == pytest.approx(float(value), abs=1e-9)
    assert sum(credit.leads for credit in found.values()) == 5
    assert sum(credit.revenue for credit in found.values()) == 5500


def test_removal_effects_of_the_five_journeys() -> None:
    paths = journeys.read(FIVE, "five.csv")
    effects, whole = removal_effects(
        [Flow(keys=path.steps, conversions=path.conversions, others=path.others) for path in paths]
    )
    assert whole == pytest.approx(1 / 4, abs=1e-15)
    wanted = {"linkedin": 149 / 315, "newsletter": 536 / 1155, "search": 22 / 45, "direct": 1 / 5}
    assert effects == pytest.approx(wanted, abs=1e-12)


def test_markov_shares_value_by_the_same_removal_effects() -> None:
    found = journeys.credit(journeys.read(FIVE, "five.csv"), MODELS["markov"])
    for credit in found.values():
        assert credit.revenue / 5500 == credit.leads / 5


def test_milestones_of_a_file_fall_on_the_last_step() -> None:
    paths = journeys.read("path,conversions\na > b > c,1\na > b,1\na,1\n", "f.csv")
    w = journeys.credit(paths, MODELS["w"])
    assert w["a"].leads == F(3, 10) + F(1, 3) + 1
    assert w["b"].leads == F(1, 10) + F(2, 3)
    assert w["c"].leads == F(6, 10)
    full = journeys.credit(paths, MODELS["full_path"])
    assert full["a"].leads == F(9, 40) + F(1, 4) + 1
    u = journeys.credit(paths, MODELS["u_milestone"])
    assert u["b"].leads == F(1, 5) + F(1, 2)


def test_an_empty_path_is_source_unknown() -> None:
    paths = journeys.read("path,conversions,value\n,2,10\na,1,5\n", "f.csv")
    for model in MODELS.values():
        found = journeys.credit(paths, model)
        assert (found[None].leads, found[None].revenue) == (2, 10)
        assert (found["a"].leads, found["a"].revenue) == (1, 5)


def test_every_bad_line_is_told_at_once() -> None:
    text = 'path,conversions,value\na,1,5\n"a\n > b",x,5\n\na,-1,1e999999999\n'
    with pytest.raises(ContentError) as caught:
        journeys.read(text, "f.csv")
    assert [(problem.line, problem.key) for problem in caught.value.problems] == [
        (3, "conversions"),
        (6, "conversions"),
        (6, "value"),
    ]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "path\na\n"])
def test_a_file_without_the_columns_says_which(text: str) -> None:
    with pytest.raises(ContentError, match="has no column"):
        journeys.read(text, "f.csv")


def test_names_may_hold_an_arrow_without_spaces() -> None:
    assert journeys.read("path,conversions\na->b > c,1\n", "f.csv")[0].steps == ("a->b", "c")
