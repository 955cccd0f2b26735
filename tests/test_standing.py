"""What times and rules alone make of a delivery, to the second; the month's budget, to the cent. No site is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from byline.ledger.base import BASELINE, Part, Record, Snapshot
from byline.model import Post, Request
from byline.planning import NOT_YET, NOTHING, Asked, Delivery, over_budget, spent, updated
from byline.planning.spending import within_budget
from byline.planning.standing import Rules, Standing
from byline.settings import Settings, load
from byline.sharing import Telling
from byline.testing.ledger_contract import AT, INTENT, receipt
from support import NOW, SETTINGS, make_site

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
LIMIT = timedelta(hours=48)
NAME = "hp7.linkedin.company"
HELD = {"linkedin.company": AT, "linkedin.dana": AT}
BUDGET = SETTINGS.replace("            acme: {}\n", "            acme: {}\n          budget: 1.00\n").replace(
    'dana: {urn: "urn:li:person:Kx1"}', "dana: {mode: manual}"
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load(make_site(tmp_path_factory.mktemp("site"), settings=BUDGET), {})


def post(**more: Any) -> Post:
    words = dict.fromkeys(("src_uri", "url", "slug", "title", "description", "excerpt", "body", "hash"), "x")
    return Post(**({"id": "hp7", "path": "content/posts/hp7.md", "published": NOW - HOUR} | words | more))


def record(state: str, name: str = NAME, **more: Any) -> Record:
    intent = replace(INTENT, id=name, post=name.split(".")[0])
    return Record(**({"intent": intent, "state": state, "version": 3, "updated": AT} | more))


class Stand:
    """The rules at NOW, with these records, of accounts that have begun unless told otherwise."""

    def __init__(self, settings: Settings, *records: Record, **more: Any) -> None:
        begun = HELD if more.pop("begun", True) else {}
        history = Snapshot(records={one.id: one for one in records}, accounts=begun)
        self.settings = settings
        self.rules = Rules(
            settings,
            history,
            more.pop("now", NOW),
            lambda _account: more.get("driver"),
            more.pop("asked", NOTHING),
        )

    def telling(self, **more: Any) -> Telling:
        account = self.settings.channels["linkedin"].accounts[more.pop("account", "company")]
        return Telling(
            **{
                "id": NAME, "post_id": "hp7", "channel": "linkedin", "account": account, "number": 1, "texts": ("x",),
                "written": False, "link": "l", "due": NOW - HOUR,
            }
            | more
        )  # fmt: skip

    def of(self, record: Record | None = None, published: datetime = NOW - HOUR, **more: Any) -> Standing:
        telling = self.telling(**more)
        return self.rules.derived(telling, self.rules.due(telling), post(published=published), record)


class TestTimes:
    def test_its_time_is_now(self, settings: Settings) -> None:
        assert Stand(settings).of(due=NOW) == Standing(NOW, ready=True)

    def test_its_time_has_not_come(self, settings: Settings) -> None:
        assert Stand(settings).of(due=NOW + SECOND) == Standing(NOW + SECOND, "later", NOT_YET)

    def test_the_page_comes_first(self, settings: Settings) -> None:
        stand = Stand(settings)
        assert stand.of(published=NOW + SECOND) == Standing(
            NOW - HOUR, "later", "the page is not public before then"
        )
        assert stand.of(published=NOW + SECOND, due=NOW + SECOND).reason == NOT_YET

    @pytest.mark.parametrize(("age", "state"), [(LIMIT, "due"), (LIMIT + SECOND, "held")])
    def test_late_is_later_than_the_limit(self, settings: Settings, age: timedelta, state: str) -> None:
        standing = Stand(settings).of(due=NOW - age, published=NOW - 9 * DAY, explicit=True)
        assert (standing.state, standing.ready, standing.due) == (state, state == "due", NOW - age)

    def test_late_counts_from_the_page_where_that_came_later(self, settings: Settings) -> None:
        assert Stand(settings).of(due=NOW - 9 * DAY, published=NOW - DAY, explicit=True).state == "due"

    def test_only_an_hour_that_was_named_can_be_missed(self, settings: Settings) -> None:
        old = {"due": NOW - 9 * DAY, "published": NOW - 9 * DAY}
        assert Stand(settings).of(**old).state == "due"
        assert Stand(settings).of(explicit=True, **old) == Standing(
            NOW - 9 * DAY,
            "held",
            "its time was 9 days ago; `publish send --late hp7.linkedin.company` sends it",
        )

    @pytest.mark.parametrize("asked", [Asked(late=frozenset({NAME})), Asked(backfill=True)])
    def test_what_is_asked_for_goes_out_late(self, settings: Settings, asked: Asked) -> None:
        standing = Stand(settings, asked=asked).of(due=NOW - 9 * DAY, published=NOW - 9 * DAY, explicit=True)
        assert standing == Standing(NOW - 9 * DAY, ready=True)

    @pytest.mark.parametrize(("state", "held"), [("failed", False), ("due", True)])
    def test_asking_again_is_for_what_was_rejected(self, settings: Settings, state: str, held: bool) -> None:
        stand = Stand(settings, asked=Asked(retry=True))
        old = {"due": NOW - 9 * DAY, "published": NOW - 9 * DAY, "explicit": True}
        assert (stand.of(record(state), **old).state == "held") is held
        assert stand.of(**old).state == "held"

    def test_by_hand(self, settings: Settings) -> None:
        words = f"to be posted by hand, then `publish record {NAME} --url …`"
        assert Stand(settings).of(account="dana") == Standing(NOW - HOUR, "manual", words)
        old = Stand(settings, begun=False, asked=Asked(backfill=True)).of(
            account="dana", due=NOW - 9 * DAY, published=NOW - 9 * DAY
        )
        assert old == Standing(NOW - 9 * DAY, "manual", words, old=True)


class TestMoved:
    """What a network put off is due at the time that it stated, or at its own if that is later."""

    def test_not_before_then(self, settings: Settings) -> None:
        moved = record("due", not_before=NOW + HOUR, reason="429")
        standing = Stand(settings).of(moved)
        assert standing == Standing(NOW + HOUR, reason="429")
        assert str(standing.due.tzinfo if standing.due else "") == "Europe/Berlin"

    def test_that_time_is_over(self, settings: Settings) -> None:
        moved = record("due", not_before=NOW - SECOND, reason="429")
        assert Stand(settings).of(moved) == Standing(NOW - SECOND, reason="429", ready=True)

    def test_its_own_time_is_later(self, settings: Settings) -> None:
        moved = record("due", not_before=NOW - HOUR, reason="429")
        assert Stand(settings).of(moved, due=NOW + HOUR) == Standing(NOW + HOUR, "later", "429")
        assert Stand(settings).of(record("due", reason="429"), due=NOW + HOUR).state == "later"

    def test_what_was_rejected_says_why_it_is_due_again(self, settings: Settings) -> None:
        failed = record("failed", reason="too rude")
        assert Stand(settings).of(failed).reason == "it, or its settings, changed since it was rejected"
        assert Stand(settings, asked=Asked(retry=True)).of(failed).reason == "asked for again"
        assert Stand(settings).of(record("skipped", reason="x")).reason == ""


class TestOld:
    OLD: dict[str, Any] = {"due": NOW - 9 * DAY, "published": NOW - 9 * DAY}  # noqa: RUF012

    def test_old_before_its_account_began_is_the_baseline(self, settings: Settings) -> None:
        stand = Stand(settings, begun=False)
        assert stand.of(**self.OLD) == Standing(NOW - 9 * DAY, "skipped", BASELINE, old=True)
        assert stand.of(due=NOW - LIMIT, published=NOW - 9 * DAY) == Standing(NOW - LIMIT, ready=True)
        assert not stand.of(record("due"), **self.OLD).old

    def test_on_purpose_it_goes_out_and_is_known_as_old(self, settings: Settings) -> None:
        stand = Stand(settings, begun=False, asked=Asked(backfill=True))
        assert stand.of(**self.OLD) == Standing(NOW - 9 * DAY, ready=True, old=True)

    @pytest.mark.parametrize(("written", "state"), [(False, "skipped"), (True, "due")])
    def test_of_an_old_post_only_what_was_written_for_a_network_is_new(
        self, settings: Settings, written: bool, state: str
    ) -> None:
        stand = Stand(settings, record("skipped", "hp7.twitter.acme", reason=BASELINE))
        assert stand.of(written=written, **self.OLD).state == state

    def test_what_a_person_skipped_makes_no_post_old(self, settings: Settings) -> None:
        stand = Stand(settings, record("skipped", "hp7.twitter.acme", reason="by hand"))
        assert stand.of(**self.OLD).state == "due"

    def test_a_repeat_is_never_old(self, settings: Settings) -> None:
        sent = record("sent", sent_at=NOW - 9 * DAY)
        standing = Stand(settings, sent, begun=False).of(id=f"{NAME}.2", number=2, due=None, after=DAY)
        assert (standing.state, standing.old, standing.due) == ("due", False, NOW - 8 * DAY)


class TestRepeats:
    AGAIN: dict[str, Any] = {"id": f"{NAME}.2", "number": 2, "due": None, "after": 60 * DAY}  # noqa: RUF012

    def test_it_counts_from_the_first_one_out(self, settings: Settings) -> None:
        stand = Stand(settings, record("sent", sent_at=NOW - 10 * DAY))
        due = stand.rules.due(stand.telling(**self.AGAIN))
        assert due == NOW + 50 * DAY
        assert str(due.tzinfo if due else "") == "Europe/Berlin"
        assert stand.of(**self.AGAIN) == Standing(NOW + 50 * DAY, "later", NOT_YET)
        assert stand.rules.due(stand.telling(due=NOW + DAY)) == NOW + DAY

    @pytest.mark.parametrize("first", [None, record("unknown"), record("sending")])
    def test_while_the_first_one_is_not_out(self, settings: Settings, first: Record | None) -> None:
        standing = Stand(settings, *([first] if first else [])).of(**self.AGAIN)
        assert standing == Standing(None, "later", "goes out 60 days after the first one is out")

    @pytest.mark.parametrize(
        ("state", "gone"), [("skipped", "was not sent (old post)"), ("retracted", "was taken back")]
    )
    def test_where_the_first_one_never_will_be_a_person_says(
        self, settings: Settings, state: str, gone: str
    ) -> None:
        name = self.AGAIN["id"]
        reason = (
            f"the first one {gone}, so there is nothing to count from; `publish send --late {name}` sends it"
        )
        assert Stand(settings, record(state)).of(**self.AGAIN) == Standing(None, "held", reason)
        asked = Asked(late=frozenset({name}))
        assert Stand(settings, record(state), asked=asked).of(**self.AGAIN) == Standing(
            None, "due", reason, ready=True
        )
        by_hand = record(state, "hp7.linkedin.dana")
        standing = Stand(settings, by_hand, asked=asked).of(**self.AGAIN, account="dana")
        assert (standing.state, standing.ready) == ("due", False)

    @pytest.mark.parametrize(
        ("begins", "expected"),
        [
            (NOW + DAY, NOW + 61 * DAY),
            (NOW - DAY, NOW + 60 * DAY),  # it goes out now, to the minute
        ],
    )
    def test_when_it_would_go_out(self, settings: Settings, begins: datetime, expected: datetime) -> None:
        stand = Stand(settings, now=NOW + timedelta(seconds=9, microseconds=7))
        stand.rules.begin(stand.telling(due=begins), post())
        standing = stand.of(**self.AGAIN)
        assert standing.expected == expected
        assert str(standing.expected.tzinfo if standing.expected else "") == "Europe/Berlin"

    def test_it_waits_for_the_page_and_for_the_network_too(self, settings: Settings) -> None:
        stand = Stand(settings)
        stand.rules.begin(stand.telling(), post(published=NOW + 2 * DAY))
        assert stand.of(**self.AGAIN).expected == NOW + 62 * DAY
        moved = Stand(settings, record("due", not_before=NOW + 3 * DAY))
        moved.rules.begin(moved.telling(), post())
        assert moved.of(**self.AGAIN).expected == NOW + 63 * DAY
        early = Stand(settings, record("due", not_before=NOW))
        early.rules.begin(early.telling(due=NOW + DAY), post())
        assert early.of(**self.AGAIN).expected == NOW + 61 * DAY
        settled = Stand(settings, record("failed", not_before=NOW + 3 * DAY))
        settled.rules.begin(settled.telling(due=NOW + DAY), post())
        assert settled.of(**self.AGAIN).expected == NOW + 61 * DAY
        settled.rules.begin(settled.telling(id="other", due=None), post())
        assert "other" not in settled.rules.starts


class TestReopened:
    """May what was settled be tried again?"""

    def ask(self, settings: Settings, known: Record, *, mark: str = INTENT.fingerprint, **more: Any) -> bool:
        account = more.pop("account", "company")
        stand = Stand(settings, known, **more)
        return stand.rules.reopened(known, mark, settings.channels["linkedin"].accounts[account])

    def test_rejected_stays_so_until_something_changed_or_somebody_asks(self, settings: Settings) -> None:
        failed = record("failed", reason="too rude")
        assert not self.ask(settings, failed)
        assert self.ask(settings, failed, mark="other")
        assert self.ask(settings, failed, asked=Asked(retry=True))
        assert self.ask(settings, failed, asked=Asked(late=frozenset({NAME})))
        assert not self.ask(settings, failed, asked=Asked(backfill=True, late=frozenset({"other"})))

    def test_or_the_settings_say_otherwise_by_now(self, settings: Settings) -> None:
        class Driver:
            def corrected(self, reason: str) -> bool:
                return reason == "wrong version"

        wrong = record("failed", reason="wrong version")
        assert self.ask(settings, wrong, driver=Driver())
        assert not self.ask(settings, record("failed", reason="too rude"), driver=Driver())
        assert not self.ask(settings, wrong, driver=Driver(), account="dana")

    def test_an_old_post_comes_on_purpose_alone(self, settings: Settings) -> None:
        old = record("skipped", reason=BASELINE)
        assert not self.ask(settings, old, mark="other", asked=Asked(retry=True))
        assert self.ask(settings, old, asked=Asked(backfill=True))
        assert self.ask(settings, old, asked=Asked(late=frozenset({NAME})))
        assert not self.ask(settings, record("skipped", reason="by hand"), asked=Asked(backfill=True))

    @pytest.mark.parametrize("state", ["sent", "unknown", "sending", "retracted"])
    def test_what_is_or_may_be_out_never_does(self, settings: Settings, state: str) -> None:
        asked = Asked(backfill=True, retry=True, late=frozenset({NAME}))
        assert not self.ask(settings, record(state, reason=BASELINE), mark="other", asked=asked)


class TestUnreadable:
    """A telling that is so wrong that it could not be planned stops the run, where it would be due."""

    def test_a_public_post_matters_from_its_first_second(self, settings: Settings) -> None:
        rules = Stand(settings).rules
        assert rules.matters(post(published=NOW), False)
        assert not rules.matters(post(published=NOW + SECOND), False)

    def test_an_old_one_of_a_first_run_does_not(self, settings: Settings) -> None:
        fresh = Stand(settings, begun=False).rules
        assert not fresh.matters(post(published=NOW - LIMIT - SECOND), False)
        assert fresh.matters(post(published=NOW - LIMIT - SECOND), True)
        assert fresh.matters(post(published=NOW - LIMIT), False)
        assert Stand(settings).rules.matters(post(published=NOW - LIMIT - SECOND), False)

    def test_nor_one_of_the_baseline(self, settings: Settings) -> None:
        rules = Stand(settings, record("skipped", reason=BASELINE)).rules
        assert not rules.matters(post(), True)
        assert rules.matters(post(id="other"), True)


class TestBudget:
    def delivery(self, name: str, cost: str, due: datetime | None = NOW, **more: Any) -> Delivery:
        values: dict[str, Any] = {"ready": True, "channel": "twitter", "state": "due"} | more
        return Delivery(
            id=name, post=name, account="acme", number=1, due=due, link="", cost=Decimal(cost), **values
        )

    def left(self, settings: Settings, *items: Delivery, used: str = "0.50") -> list[Delivery]:
        return list(within_budget(items, settings, NOW, lambda _channel: Decimal(used)))

    def test_the_oldest_come_first_and_to_the_cent(self, settings: Settings) -> None:
        items = [
            self.delivery("c", "0.01", NOW), self.delivery("a", "0.30", NOW - HOUR), self.delivery("b", "0.20", NOW - HOUR),
            self.delivery("d", "0.01", None, ready=False), self.delivery("e", "0", NOW),
            self.delivery("f", "9", NOW, channel="linkedin"),
        ]  # fmt: skip
        found = self.left(settings, *items)
        assert [item.id for item in found] == ["c", "a", "b", "d", "e", "f"]
        assert [item.id for item in found if item.over_budget] == ["c"]
        kept = found[0]
        assert (kept.ready, kept.state) == (False, "due")
        assert kept.reason == (
            "over the budget: it costs about 0.01 USD, and 1.00 USD of the 1.00 USD for this month are used; it waits for "
            "next month, or for a higher `budget` under `channels.twitter`"
        )

    def test_what_is_too_dear_leaves_room_for_what_is_not(self, settings: Settings) -> None:
        found = self.left(settings, self.delivery("a", "0.51", NOW - HOUR), self.delivery("b", "0.50"))
        assert [item.over_budget for item in found] == [True, False]
        assert "and 0.50 USD of the 1.00 USD" in found[0].reason

    def test_without_a_time_of_its_own_it_counts_as_of_now(self, settings: Settings) -> None:
        items = (self.delivery("a", "0.50", None), self.delivery("b", "0.50", NOW - SECOND))
        assert [item.over_budget for item in self.left(settings, *items)] == [True, False]
        assert over_budget(items[0], Decimal("0.015"), settings).reason.startswith(
            "over the budget: it costs about 0.50 USD, and 0.015 USD of"
        )

    @pytest.mark.parametrize(
        ("state", "counts"),
        [("sent", True), ("sending", True), ("unknown", True), ("retracted", True), ("failed", False), ("due", False),
         ("skipped", False)],
    )  # fmt: skip
    def test_what_counts_as_spent(self, state: str, counts: bool) -> None:
        one = record(state, "hp7.twitter.acme", claimed_at=NOW - HOUR)
        one = replace(one, intent=replace(one.intent, channel="twitter"))
        history = Snapshot(records={one.id: one})
        assert spent(history, "twitter", NOW) == (INTENT.cost if counts else 0)
        assert spent(history, "mastodon", NOW) == 0
        for other in (replace(one, by_hand=True), replace(one, claimed_at=None),
                      replace(one, claimed_at=NOW - 365 * DAY), replace(one, claimed_at=NOW - 30 * DAY)):  # fmt: skip
            assert spent(Snapshot(records={one.id: other}), "twitter", NOW) == 0

    def test_posts_add_up(self) -> None:
        both = [
            replace(record("sent", f"{name}.twitter.acme", claimed_at=NOW), intent=replace(INTENT, channel="twitter", id=name))
            for name in ("a", "b")
        ]  # fmt: skip
        assert spent(Snapshot(records={one.id: one for one in both}), "twitter", NOW) == 2 * INTENT.cost


def test_what_was_written_since_is_shown(settings: Settings) -> None:
    planned = Delivery(
        id=NAME, post="hp7", channel="linkedin", account="company", number=1, state="due", due=NOW, link="planned",
        text=("planned",), card="planned.png", ready=True, blocked=True, cost=Decimal(9),
    )  # fmt: skip
    due = updated(planned, record("due", not_before=NOW + HOUR, reason="429"), settings.zone)
    assert (due.state, due.due, due.reason, due.ready, due.text) == (
        "due", NOW + HOUR, "429", False, ("planned",),
    )  # fmt: skip
    assert due.record is not None
    assert str(due.due.tzinfo if due.due else "") == "Europe/Berlin"
    assert updated(planned, record("due"), settings.zone).due == NOW
    parts = tuple(
        Part(request=Request(part=n, path="", body={}), receipt=receipt(n) if n < 3 else None)
        for n in (1, 2, 3)
    )
    sent = updated(planned, record("sent", parts=parts, reason="part 3 is missing"), settings.zone)
    assert (sent.state, sent.text, sent.link, sent.card) == ("sent", INTENT.text, INTENT.link, INTENT.card)
    assert (sent.url, sent.parts, sent.remote_id) == ("https://net.example/1", ("urn:1", "urn:2"), "urn:1")
    assert (sent.ready, sent.blocked, sent.reason, sent.due) == (False, False, "part 3 is missing", NOW)
    assert (sent.cost, sent.currency) == (INTENT.cost, INTENT.currency)
    assert updated(planned, record("sent", parts=parts, by_hand=True), settings.zone).cost == 0
    skipped = updated(planned, record("skipped", reason=BASELINE), settings.zone)
    assert (skipped.text, skipped.link, skipped.card, skipped.url) == (
        ("planned",),
        "planned",
        "planned.png",
        "",
    )
    assert updated(replace(planned, due=None), record("sent", parts=parts), settings.zone).due == INTENT.due
    bare = record("sent", parts=parts)
    bare = replace(bare, intent=replace(bare.intent, link=""))
    assert updated(planned, bare, settings.zone).link == "planned"
