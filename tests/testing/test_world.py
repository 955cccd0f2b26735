"""The demo's market: the same for the same posts, never beyond the end of the story."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from byline.testing.world import Seen, people
from support import NOW

POSTS = [
    Seen(
        id=f"{number}-{week}",
        channel=channel,
        personal=number == 1,
        at=NOW + timedelta(weeks=week),
        link="http://x/",
    )
    for week in range(10)
    for number, channel in enumerate(("linkedin", "linkedin", "twitter"))
]
END = NOW + timedelta(weeks=20)


def test_the_same_market_every_time() -> None:
    assert people(POSTS, END) == people(list(reversed(POSTS)), END)
    assert people([], END) == ()


def test_the_market_shows_what_the_demo_is_about() -> None:
    persons = people(POSTS, END)
    asked = [person for person in persons if person.asks]
    orders = [person.order for person in asked if person.order]
    assert 15 <= len(asked) <= 40
    assert any(order.won for order in orders)
    assert any(not order.won for order in orders)
    assert any(person.visits[-1].seen is None and len(person.visits) == 1 for person in asked)
    assert any(len({visit.seen for visit in person.visits}) > 1 for person in asked)
    assert any(not person.scripts and person.visits[-1].seen for person in asked)
    assert any(not person.agrees for person in asked)
    assert len({person.email for person in persons}) == len(persons)


@given(seed=st.integers(0, 10_000), weeks=st.integers(1, 30))
def test_nothing_happens_before_its_cause_or_after_the_end(seed: int, weeks: int) -> None:
    end = NOW + timedelta(weeks=weeks)
    posts = [post for post in POSTS if post.at < end]
    for person in people(posts, end, seed=seed):
        assert person.visits == tuple(sorted(person.visits, key=lambda visit: visit.at))
        for visit in person.visits:
            assert visit.at < end
            assert visit.seen is None or visit.seen.at < visit.at
        if person.order:
            assert person.visits[-1].at < person.order.created < end
            assert person.order.closed is None or person.order.created < person.order.closed < end
            assert not (person.order.won and person.order.closed is None)
