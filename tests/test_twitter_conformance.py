"""Counting and links agree with Twitter's own conformance data (see tests/data/twitter-text/README.md).

Configuration 3, the one in force, counts every emoji as 2: that is the group "WeightedTweetsWithDiscountedEmoji…".
The older group without the discount is not ours to pass.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from byline import text
from byline.channels.twitter import CAPABILITIES

DATA = Path(__file__).parent / "data" / "twitter-text"
COUNTED = {"WeightedTweetsWithDiscountedEmojiCounterTest": 22, "UnicodeDirectionalMarkerCounterTest": 2}
LINKS = {"urls": 91, "urls_with_indices": 10, "urls_with_directional_markers": 2, "tco_urls_with_params": 5}


def _cases(file: str, groups: dict[str, int]) -> list[Any]:
    found = yaml.safe_load((DATA / file).read_text(encoding="utf-8"))["tests"]
    return [
        pytest.param(case["text"], case["expected"], id=f"{group}-{case['description']}")
        for group in groups
        for case in found[group]
    ]


def test_the_data_is_whole() -> None:
    for file, groups in (("validate.yml", COUNTED), ("extract.yml", LINKS)):
        found = yaml.safe_load((DATA / file).read_text(encoding="utf-8"))["tests"]
        assert {group: len(found[group]) for group in groups} == groups


@pytest.mark.parametrize(("said", "expected"), _cases("validate.yml", COUNTED))
def test_the_weight_and_what_may_be_sent(said: str, expected: dict[str, Any]) -> None:
    weight = text.weighted(said)
    assert weight == expected["weightedLength"]
    assert (weight <= CAPABILITIES.limit and text.weighted_is_valid(said)) == expected["valid"]


@pytest.mark.parametrize(("said", "expected"), _cases("extract.yml", LINKS))
def test_what_is_a_link(said: str, expected: list[Any]) -> None:
    """A link more or less is wrong by 23 characters and by the price of a post with a link."""
    found = [said[start:end] for start, end in text.twitter_links(said)]
    assert found == [one["url"] if isinstance(one, dict) else one for one in expected]
