"""A few histories of the long trial (scripts/torture), the same ones each time, over each store."""

from __future__ import annotations

from dataclasses import replace

import pytest

import torture
from stores import NAMES


@pytest.mark.parametrize("store", NAMES)
def test_random_faults_make_nothing_twice_and_lose_nothing_silently(store: str) -> None:
    totals = torture.play("tests", count=4, stores=(store,), say=False)
    assert totals.violations == []
    assert totals.counts["histories"] == 4
    assert totals.counts["duplicates"] == totals.counts["losses"] == 0
    assert totals.counts["kills"] > 0
    assert totals.counts["faults"] > 0
    assert totals.counts["sent"] + totals.counts["reported"] == totals.counts["deliveries"]


@pytest.mark.parametrize(
    ("spoil", "words"), [("twice", "out more than once"), ("gone", "is sent, and 0 are out")]
)
def test_the_trial_can_fail(monkeypatch: pytest.MonkeyPatch, spoil: str, words: str) -> None:
    """What is out twice, or recorded and not out, is found on the network itself."""
    heal = torture.History._heal

    def spoilt(self: torture.History) -> None:
        heal(self)
        fake = next(fake for fake in self.stage.fakes.values() if fake.made)
        head = next(post for post in fake.made if not post.reply_to)
        if spoil == "twice":
            fake.made.append(replace(head, id="another"))
        else:
            fake.made[:] = [post for post in fake.made if post is not head]

    monkeypatch.setattr(torture.History, "_heal", spoilt)
    totals = torture.play("tests", count=1, stores=("sqlite",), say=False)
    assert len(totals.violations) == 1
    assert words in totals.violations[0]
    assert "--seed tests --only 0" in totals.violations[0]
