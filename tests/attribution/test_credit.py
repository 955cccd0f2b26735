"""From touches to credit: which visits count, whose they are, and that no cent is lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction as F
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.attribution.credit import BY, NONE, By, cents, conversions, days_to_order, table
from byline.attribution.models import MODELS
from byline.attribution.touches import Directory, steps
from byline.model import Again, Deal, Lead, Post, Share, Touch
from support import NOW

DAY = timedelta(days=1)


def post(
    key: str,
    *,
    authors: tuple[str, ...] = ("dana",),
    campaign: str = "",
    audience: tuple[str, ...] = (),
    again: int = 0,
) -> Post:
    repeats = tuple(Again(after=DAY, networks={}) for _ in range(again))
    return Post(
        id=key, path="", src_uri="", url=f"posts/{key}/", slug=key, title=key, description="", excerpt="", body="",
        hash="", published=NOW, authors=authors, campaign=campaign, audience=audience, share=Share(again=repeats),
    )  # fmt: skip


POSTS = (
    post("hp7", campaign="q4", audience=("makers", "traders"), again=1),
    post("duo", authors=("dana", "lee")),
    post("lone", authors=()),
)
OURS = Directory(
    POSTS, {"linkedin": ("company", "dana"), "twitter": ("acme",)}, ("gone.linkedin.dana", "hp7.mastodon.old")
)
ONE, TWO, THREE = "hp7.linkedin.dana", "duo.twitter.acme", "lone.linkedin.company"


def touch(content: str, at: datetime = NOW - DAY, source: str = "linkedin") -> Touch:
    return Touch(at=at, source=source, medium="social", campaign="q4", content=content)


def lead(key: str, *touches: Touch, at: datetime = NOW, person: str = "") -> Lead:
    return Lead(id=key, at=at, person=person, touches=touches)


def deal(
    key: str,
    lead_id: str,
    amount: str = "100",
    *,
    won: bool = True,
    closed: datetime = NOW + DAY,
    currency: str = "EUR",
) -> Deal:
    return Deal(
        id=key, lead_id=lead_id, created=NOW, closed=closed if won else None, won=won, amount=Decimal(amount),
        currency=currency,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "source", "found"),
    [
        ("hp7.linkedin.dana", "", ("hp7", "linkedin", "dana")),
        (" HP7.LinkedIn.Dana ", "anything", ("hp7", "linkedin", "dana")),
        ("hp7.linkedin.dana.2", "", ("hp7", "linkedin", "dana")),
        ("hp7.linkedin.dana.3", "", None),
        ("hp7.linkedin.dana.1", "", None),
        ("duo.linkedin.dana.2", "", None),
        ("hp7.linkedin.nobody", "", None),
        ("hp7.facebook.page", "", None),
        ("zzz.linkedin.dana", "", None),
        ("gone.linkedin.dana", "", ("gone", "linkedin", "dana")),
        ("hp7.mastodon.old", "", ("hp7", "mastodon", "old")),
        ("hp7", "rss", ("hp7", "rss", "")),
        ("hp7", "newsletter", ("hp7", "newsletter", "")),
        ("hp7", "linkedin", None),
        ("", "linkedin", None),
        ("=cmd|'/C calc'!A0", "", None),
    ],
)
def test_which_ids_are_ours(content: str, source: str, found: tuple[str, str, str] | None) -> None:
    origin = OURS.find(content, source)
    assert (origin and (origin.post, origin.channel, origin.account)) == found


def test_direct_visits_and_bare_referrers_take_no_credit() -> None:
    visits = [
        touch(ONE, NOW - 3 * DAY),
        Touch(at=NOW - 2 * DAY, referrer="https://www.google.com/"),
        Touch(at=NOW - DAY, click="gclid=1"),
        Touch(at=NOW - DAY, click="fbclid=1", source="facebook"),
    ]
    assert [step.touch.content for step in steps(visits, NOW, 365 * DAY, OURS)] == [ONE]


def test_the_window_has_both_its_ends() -> None:
    visits = [
        touch(ONE, NOW - 30 * DAY - timedelta(seconds=1)),
        touch(TWO, NOW - 30 * DAY),
        touch(THREE, NOW),
    ]
    visits.append(touch(ONE, NOW + timedelta(seconds=1)))
    assert [step.touch.content for step in steps(visits, NOW, 30 * DAY, OURS)] == [TWO, THREE]


def test_equal_visits_within_half_an_hour_are_one() -> None:
    minute = timedelta(minutes=1)
    visits = [touch(ONE, NOW - minute * ago) for ago in (100, 75, 50, 5)]
    assert [step.touch.at for step in steps(visits, NOW, DAY, OURS)] == [NOW - minute * 100, NOW - minute * 5]
    mixed = [touch(ONE, NOW - minute * 9), touch(TWO, NOW - minute * 8), touch(ONE, NOW - minute * 7)]
    assert len(steps(mixed, NOW, DAY, OURS)) == 3


def test_two_authors_get_half_each_and_so_do_two_audiences() -> None:
    found = conversions([lead("l1", touch(TWO)), lead("l2", touch(ONE))], [], OURS, 365 * DAY)
    by = {key: table(found, MODELS["last"], key) for key in BY}
    assert {key: cell.leads for key, cell in by["author"].items()} == {"dana": F(3, 2), "lee": F(1, 2)}
    assert {key: cell.leads for key, cell in by["audience"].items()} == {
        NONE: 1,
        "makers": F(1, 2),
        "traders": F(1, 2),
    }
    assert {key: cell.leads for key, cell in by["campaign"].items()} == {NONE: 1, "q4": 1}
    assert {key: cell.leads for key, cell in by["channel"].items()} == {"twitter": 1, "linkedin": 1}


def test_a_strange_id_is_source_unknown_and_takes_its_share() -> None:
    found = conversions(
        [lead("l1", touch(ONE, NOW - 2 * DAY), touch("zzz.linkedin.dana"))], [], OURS, 365 * DAY
    )
    assert table(found, MODELS["last"], "post")[None].leads == 1
    assert table(found, MODELS["first"], "post")["hp7"].leads == 1
    assert {key: cell.leads for key, cell in table(found, MODELS["linear"], "post").items()} == {
        "hp7": F(1, 2),
        None: F(1, 2),
    }


def test_an_order_is_credited_to_what_came_before_it() -> None:
    early, late = touch(ONE, NOW - 2 * DAY), touch(TWO, NOW + DAY)
    again = lead("l2", early, late, at=NOW + 2 * DAY, person="p")
    found = conversions(
        [lead("l1", early, person="p"), again], [deal("d", "l1", closed=NOW + 3 * DAY)], OURS, 365 * DAY
    )
    by_post = table(found, MODELS["last"], "post")
    assert (by_post["hp7"].leads, by_post["hp7"].opportunities, by_post["hp7"].revenue) == (1, 1, {})
    assert (by_post["duo"].leads, by_post["duo"].orders, by_post["duo"].revenue) == (1, 1, {"EUR": 100})


def test_a_date_without_an_hour_is_not_before_the_enquiry() -> None:
    midnight = NOW.replace(hour=0)
    found = conversions(
        [lead("l1", touch(ONE, NOW))],
        [
            Deal(
                id="d",
                lead_id="l1",
                created=midnight,
                closed=midnight,
                won=True,
                amount=Decimal(5),
                currency="EUR",
            )
        ],
        OURS,
        365 * DAY,
    )
    cell = table(found, MODELS["last"], "post")["hp7"]
    assert (cell.leads, cell.opportunities, cell.orders, cell.revenue) == (1, 1, 1, {"EUR": 5})


def test_a_refund_takes_money_back_and_is_no_order() -> None:
    found = conversions(
        [lead("l1", touch(ONE))], [deal("d", "l1"), deal("r", "l1", "-30.50")], OURS, 365 * DAY
    )
    cell = table(found, MODELS["last"], "post")["hp7"]
    assert (cell.opportunities, cell.orders, cell.revenue) == (1, 1, {"EUR": F("69.5")})


def test_since_counts_what_came_in_since() -> None:
    old = lead("l1", touch(ONE, NOW - 40 * DAY), at=NOW - 39 * DAY)
    found = conversions([old, lead("l2", touch(TWO))], [deal("d", "l1")], OURS, 365 * DAY, since=NOW - DAY)
    assert sorted((item.kind, item.id) for item in found) == [
        ("lead", "l2"),
        ("opportunity", "d"),
        ("order", "d"),
    ]


def test_the_median_way_from_first_visit_to_order() -> None:
    leads = [lead("l1", touch(ONE, NOW - 9 * DAY)), lead("l2")]
    found = conversions(leads, [deal("a", "l1"), deal("b", "l2"), deal("c", "l1", "-5")], OURS, 365 * DAY)
    assert days_to_order(found, leads) == 5.5
    assert days_to_order([], leads) is None


CONTENT = st.sampled_from([ONE, TWO, THREE, "zzz.linkedin.dana", ""])
TOUCHES = st.builds(
    lambda content, hours: touch(content, NOW - timedelta(hours=hours)), CONTENT, st.integers(0, 9000)
)
AMOUNT = st.decimals(-10_000, 10_000, places=2, allow_nan=False, allow_infinity=False)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Lead], list[Deal]]:
    leads = [
        lead(
            f"l{n}",
            *sorted(draw(st.lists(TOUCHES, max_size=4)), key=lambda item: item.at),
            person=f"p{n % 3}",
        )
        for n in range(draw(st.integers(0, 6)))
    ]
    owners = st.sampled_from([*(item.id for item in leads), ""])
    deals = [
        deal(
            f"d{n}",
            draw(owners),
            str(draw(AMOUNT)),
            won=draw(st.booleans()),
            currency=draw(st.sampled_from(["EUR", "USD"])),
        )
        for n in range(draw(st.integers(0, 6)))
    ]
    return leads, deals


@given(worlds(), st.sampled_from(sorted(MODELS)), st.sampled_from(BY))
def test_no_money_is_lost_or_made(world: tuple[list[Lead], list[Deal]], name: str, by: By) -> None:
    leads, deals = world
    cells = table(conversions(leads, deals, OURS, 365 * DAY), MODELS[name], by)
    assert sum(cell.leads for cell in cells.values()) == len(leads)
    assert sum(cell.opportunities for cell in cells.values()) == sum(item.amount >= 0 for item in deals)
    for currency in ("EUR", "USD"):
        earned = sum((item.amount for item in deals if item.won and item.currency == currency), Decimal(0))
        assert sum(cell.revenue.get(currency, F(0)) for cell in cells.values()) == F(earned)


@given(worlds(), st.sampled_from(sorted(MODELS)), st.randoms())
def test_the_order_of_rows_changes_nothing(
    world: tuple[list[Lead], list[Deal]], name: str, chance: Random
) -> None:
    leads, deals = world
    mixed_leads, mixed_deals = chance.sample(leads, len(leads)), chance.sample(deals, len(deals))
    one = table(conversions(leads, deals, OURS, 365 * DAY), MODELS[name], "post")
    two = table(conversions(mixed_leads, mixed_deals, OURS, 365 * DAY), MODELS[name], "post")
    assert one.keys() == two.keys()
    for key, cell in one.items():
        assert float(cell.leads) == pytest.approx(float(two[key].leads), abs=1e-9)
        for currency, value in cell.revenue.items():
            assert float(value) == pytest.approx(float(two[key].revenue[currency]), abs=1e-6)


@given(worlds(), st.sampled_from(sorted(name for name in MODELS if MODELS[name].share)))
def test_a_person_without_touches_moves_the_unknown_alone(
    world: tuple[list[Lead], list[Deal]], name: str
) -> None:
    leads, deals = world
    before = table(conversions(leads, deals, OURS, 365 * DAY), MODELS[name], "post")
    after = table(
        conversions([*leads, lead("new", person="new")], deals, OURS, 365 * DAY), MODELS[name], "post"
    )
    unknown = before.get(None)
    assert after.pop(None).leads == (unknown.leads if unknown else 0) + 1
    before.pop(None, None)
    assert {key: cell.leads for key, cell in after.items()} == {
        key: cell.leads for key, cell in before.items()
    }


@given(st.dictionaries(st.sampled_from(["a", "b", "c", None]), st.fractions(-1000, 1000), min_size=1))
def test_cents_sum_to_the_rounded_total(parts: dict[str | None, F]) -> None:
    found = cents(parts)
    total = sum(parts.values(), F(0))
    assert F(sum(found.values(), Decimal(0))) == F(round(total * 100), 100)
    assert all(abs(F(value) - parts[key]) <= F(1, 100) for key, value in found.items())


def test_thirds_of_a_cent_go_to_the_largest_remainder() -> None:
    assert cents({"a": F(10, 3), "b": F(10, 3), None: F(10, 3)}) == {
        "a": Decimal("3.34"),
        "b": Decimal("3.33"),
        None: Decimal("3.33"),
    }


def test_times_of_any_zone_are_the_same_instant() -> None:
    at = datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert steps([touch(ONE, at)], at, timedelta(0), OURS)[0].touch.at == at
