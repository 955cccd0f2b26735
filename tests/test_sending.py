"""A run of `send` as a whole: what goes out, what stays, and the one exit code that says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pytest

from byline.errors import Stopped
from byline.planning import Asked, Scope
from byline.sending import Wishes
from byline.testing import linkedin, twitter
from byline.testing.linkedin.shapes import error
from byline.testing.server import Case
from stage import Runner, Stage
from support import POST

LINKEDIN = ("linkedin", linkedin.CASES[0])
TWITTER = ("twitter", twitter.CASES[0])
BACKFILL = Asked(backfill=True)
TEXT_LINKEDIN, TEXT_TWITTER = "hp7.linkedin.acme", "hp7.twitter.acme"


def post(name: str, *, date: str = "2026-11-24", share: str = "", title: str = "") -> str:
    """A post with this id, on its own address."""
    text = POST.replace("hp7", name).replace("honest-pricing", f"page-{name}").replace("2026-11-24", date)
    if title:
        text = text.replace("Pricing, the honest version", title)
    return text.replace("categories: [Pricing]", f"categories: [Pricing]\n{share}".rstrip())


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, LINKEDIN, TWITTER) as stage:
        yield stage


def made(stage: Stage) -> dict[str, int]:
    return {name: len(fake.made) for name, fake in stage.fakes.items()}


def test_one_post_goes_to_both_networks_once(stage: Stage) -> None:
    first, second = stage.send(), stage.send()
    assert sorted(first.sent) == [TEXT_LINKEDIN, TEXT_TWITTER]
    assert (first.exit_code, second.exit_code, second.nothing_to_send) == (0, 0, True)
    assert made(stage) == {"linkedin": 1, "twitter": 1}
    assert first.hash == second.hash == stage.plan().hash


def test_what_the_plan_shows_is_what_readers_see(stage: Stage) -> None:
    planned = {item.channel: item for item in stage.plan().deliveries}
    stage.send()
    for name, fake in stage.fakes.items():
        assert fake.made[0].link == planned[name].link
        assert fake.made[0].text.startswith(planned[name].text[0].split("http")[0])


def test_one_failing_network_stops_no_other(stage: Stage) -> None:
    stage.fakes["linkedin"].inject("unauthorized", on="any", times=9)
    result = stage.send()
    assert (made(stage), result.exit_code) == ({"linkedin": 0, "twitter": 1}, 3)
    assert stage.states() == {TEXT_LINKEDIN: "due", TEXT_TWITTER: "sent"}
    stage.fakes["linkedin"].mend()
    assert stage.send().exit_code == 0
    assert made(stage) == {"linkedin": 1, "twitter": 1}


def test_a_dead_token_is_not_tried_for_every_post(tmp_path: Path) -> None:
    posts = {f"{name}.md": post(name) for name in ("aaa", "bbb", "ccc")}
    with Stage(tmp_path, LINKEDIN, posts=posts) as stage:
        stage.fake.inject("unauthorized", on="any", times=99)
        result = stage.send()
        assert (result.exit_code, len(stage.fake.calls)) == (1, 1)
        assert set(stage.states().values()) == {"due"}
        assert len(result.waiting) == 3
        reasons = {item.reason for item in stage.plan().deliveries}
        assert len(reasons) == 1
        assert "LINKEDIN_ACCESS_TOKEN" in reasons.pop()
        stage.fake.mend()
        assert (stage.send().exit_code, len(stage.fake.made)) == (0, 3)


def test_what_a_network_put_off_is_put_off_for_every_post(tmp_path: Path) -> None:
    posts = {f"{name}.md": post(name) for name in ("aaa", "bbb", "ccc")}
    with Stage(tmp_path, LINKEDIN, posts=posts) as stage:
        stage.fake.inject("limited_bare", on="any", times=99)
        stage.send()
        calls = len(stage.fake.calls)
        assert {item.due.isoformat() for item in stage.plan().deliveries if item.due} == {
            "2026-11-25T01:00:00+01:00"
        }
        assert stage.send().nothing_to_send
        assert len(stage.fake.calls) == calls
        stage.fake.mend()
        stage.clock.move(timedelta(hours=15))
        assert (stage.send().exit_code, len(stage.fake.made)) == (0, 3)


class TestRejected:
    def reject(self, stage: Stage) -> None:
        fake = stage.fakes["linkedin"]
        assert isinstance(fake, linkedin.LinkedIn)
        fake._wrong = lambda _body, _author: error(400, "INVALID_VALUE_FOR_FIELD: commentary")

    def accept(self, stage: Stage) -> None:
        del stage.fakes["linkedin"]._wrong  # type: ignore[attr-defined]

    def test_it_is_failed_and_not_tried_again_as_it_is(self, stage: Stage) -> None:
        self.reject(stage)
        assert stage.send().exit_code == 3
        assert stage.states()[TEXT_LINKEDIN] == "failed"
        tried = stage.fakes["linkedin"].attempts()
        assert stage.send().exit_code == 0
        assert stage.fakes["linkedin"].attempts() == tried

    def test_changed_words_are_tried(self, stage: Stage) -> None:
        self.reject(stage)
        stage.send()
        self.accept(stage)
        stage.posts["hp7.md"] = POST.replace("What 40 renewals", "What forty renewals")
        stage.write()
        assert stage.send().exit_code == 0
        assert stage.fakes["linkedin"].made[0].text.startswith("What forty renewals")
        assert made(stage) == {"linkedin": 1, "twitter": 1}

    def test_a_changed_body_alone_is_no_change(self, stage: Stage) -> None:
        self.reject(stage)
        stage.send()
        self.accept(stage)
        stage.posts["hp7.md"] = POST + "\nOne more paragraph.\n"
        stage.write()
        stage.send()
        assert made(stage)["linkedin"] == 0

    def test_a_person_may_ask_for_it_again(self, stage: Stage) -> None:
        self.reject(stage)
        stage.send()
        self.accept(stage)
        assert stage.send(Wishes(asked=Asked(retry=True))).exit_code == 0
        assert made(stage) == {"linkedin": 1, "twitter": 1}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("title: Pricing, the honest version", "title: Another title"),
        lambda text: text.replace("What 40 renewals", "What forty renewals"),
        lambda text: text.replace("slug: honest-pricing", "slug: another-address"),
        lambda text: text.replace("date: 2026-11-24", "date: 2026-11-23"),
        lambda text: text.replace(
            "categories: [Pricing]", "categories: [Pricing]\nshare:\n  linkedin: Other words"
        ),
    ],
    ids=["title", "text", "slug", "date", "share"],
)
def test_an_edit_sends_nothing_again(stage: Stage, change) -> None:  # type: ignore[no-untyped-def]
    stage.send()
    stage.posts["hp7.md"] = change(POST)
    stage.write()
    assert stage.send().nothing_to_send
    assert made(stage) == {"linkedin": 1, "twitter": 1}


def test_a_renamed_file_and_a_moved_site_send_nothing_again(stage: Stage) -> None:
    stage.send()
    (stage.folder / "content/posts/hp7.md").unlink()
    stage.posts = {"renamed/elsewhere.md": POST}
    stage.pages.stop()
    stage.pages.start()  # another port: another site_url
    stage.write()
    assert stage.send().nothing_to_send
    assert made(stage) == {"linkedin": 1, "twitter": 1}


def test_two_posts_with_one_id_send_once(stage: Stage) -> None:
    stage.posts["copy.md"] = POST.replace("honest-pricing", "copied")
    stage.write()
    result = stage.send()
    assert result.exit_code in (3, 5)
    assert all(count <= 1 for count in made(stage).values())
    stage.send()
    assert all(count <= 1 for count in made(stage).values())


def test_the_clock_going_back_sends_nothing_twice(stage: Stage) -> None:
    stage.send()
    stage.clock.move(timedelta(days=-30))
    stage.send()
    stage.clock.move(timedelta(days=400))
    stage.send()
    assert made(stage) == {"linkedin": 1, "twitter": 1}


class TestBaseline:
    OLD: ClassVar = {"old.md": post("old", date="2026-01-10"), "new.md": post("new")}

    def test_the_first_run_sends_nothing_old(self, tmp_path: Path) -> None:
        with Stage(tmp_path, LINKEDIN, posts=self.OLD) as stage:
            assert stage.states() == {"new.linkedin.acme": "due", "old.linkedin.acme": "skipped"}
            result = stage.send()
            assert (result.exit_code, result.sent, result.skipped) == (
                0,
                ("new.linkedin.acme",),
                ("old.linkedin.acme",),
            )
            (old,) = (item for item in result.deliveries if item.post == "old")
            assert (old.state, old.reason) == ("skipped", "baseline")
            assert stage.states() == {"new.linkedin.acme": "sent", "old.linkedin.acme": "skipped"}
            assert stage.send().nothing_to_send

    def test_48_hours_are_the_border(self, tmp_path: Path) -> None:
        posts = {
            "aaa.md": post("aaa", share="share:\n  at: 2026-11-22 11:00", date="2026-11-01"),
            "bbb.md": post("bbb", share="share:\n  at: 2026-11-22 10:59", date="2026-11-01"),
        }
        with Stage(tmp_path, LINKEDIN, posts=posts) as stage:
            assert stage.send().sent == ("aaa.linkedin.acme",)
            assert stage.states()["bbb.linkedin.acme"] == "skipped"

    def test_a_post_merged_later_with_an_old_date_goes_out(self, tmp_path: Path) -> None:
        with Stage(tmp_path, LINKEDIN, posts=self.OLD) as stage:
            stage.send()
            stage.posts["late.md"] = post("late", date="2026-03-01")
            stage.write()
            assert stage.send().sent == ("late.linkedin.acme",)

    def test_a_first_run_of_one_network_is_the_baseline_of_all(self, tmp_path: Path) -> None:
        with Stage(tmp_path, LINKEDIN, TWITTER, posts=self.OLD) as stage:
            stage.send(Wishes(scope=Scope(to=frozenset({("linkedin", "")}))))
            assert made(stage) == {"linkedin": 1, "twitter": 0}
            stage.send()
            assert made(stage) == {"linkedin": 1, "twitter": 1}
            assert stage.states()["old.twitter.acme"] == "skipped"

    def test_a_network_added_later_is_not_flooded(self, tmp_path: Path) -> None:
        with Stage(tmp_path, LINKEDIN, posts=self.OLD) as stage:
            stage.send()
            with Stage(tmp_path, LINKEDIN, TWITTER, posts=self.OLD) as later:
                later.send()
                assert made(later)["twitter"] == 1
                assert later.states()["old.twitter.acme"] == "skipped"

    def test_backfill_makes_them_due_and_again(self, tmp_path: Path) -> None:
        posts = {f"{name}.md": post(name, date="2026-01-10") for name in ("aaa", "bbb", "ccc")}
        with Stage(tmp_path, LINKEDIN, posts=posts) as stage:
            wishes = Wishes(asked=Asked(backfill=True), limit=2)
            first = stage.send(wishes)
            assert first.sent == ("aaa.linkedin.acme", "bbb.linkedin.acme")
            assert {item.id: item.state for item in first.deliveries}["ccc.linkedin.acme"] == "due"
            assert stage.send().nothing_to_send
            assert stage.send(wishes).sent == ("ccc.linkedin.acme",)
            assert stage.send(wishes).nothing_to_send
            assert made(stage) == {"linkedin": 3}


class TestLimits:
    def posts(self, count: int) -> dict[str, str]:
        return {f"n{number:03}.md": post(f"n{number:03}") for number in range(count)}

    def test_more_than_one_run_may_send_stops(self, tmp_path: Path) -> None:
        with Stage(tmp_path, LINKEDIN, posts=self.posts(4), more="max_per_run: 3") as stage:
            with pytest.raises(Stopped, match="4 posts are due, more than the 3") as caught:
                stage.send()
            assert "--max" in caught.value.hint
            assert made(stage) == {"linkedin": 0}
            assert len(stage.send(Wishes(limit=2)).sent) == 2
            assert len(stage.send().sent) == 2

    def test_max_zero_sends_nothing(self, stage: Stage) -> None:
        result = stage.send(Wishes(limit=0))
        assert (result.exit_code, made(stage)) == (0, {"linkedin": 0, "twitter": 0})


def priced(budget: str) -> tuple[str, Case]:
    return "twitter", replace(TWITTER[1], threads=f"budget: {budget}")


class TestBudget:
    """A post with a link costs 0.20."""

    POSTS: ClassVar = {f"{name}.md": post(name) for name in ("aaa", "bbb", "ccc")}

    def test_over_the_budget_it_stays_due(self, tmp_path: Path) -> None:
        posts = {f"{name}.md": post(name) for name in ("aaa", "bbb")}
        with Stage(tmp_path, priced("0.30"), posts=posts, threads=True) as stage:
            result = stage.send()
            assert (made(stage), result.exit_code) == ({"twitter": 1}, 3)
            left = next(item for item in stage.plan().deliveries if item.state == "due")
            assert left.reason.startswith(
                "over the budget: it costs about 0.20 USD, and 0.20 USD of the 0.30 USD for this month are used"
            )
            assert stage.send().exit_code == 1
            assert made(stage) == {"twitter": 1}
            stage.clock.move(timedelta(days=8))  # December
            assert stage.send().exit_code == 0
            assert made(stage) == {"twitter": 2}

    def test_exactly_the_budget_is_spent_and_no_cent_more(self, tmp_path: Path) -> None:
        with Stage(tmp_path, priced("0.40"), posts=self.POSTS, threads=True) as stage:
            assert stage.send().sent == ("aaa.twitter.acme", "bbb.twitter.acme")
            assert stage.send(Wishes(limit=1)).sent == ()
            assert stage.send(Wishes(scope=Scope(to=frozenset({("twitter", "acme")})))).sent == ()
            assert made(stage) == {"twitter": 2}
            assert stage.plan().budgets == {"twitter": (Decimal("0.400"), Decimal("0.40"))}

    def test_what_may_be_out_counts_as_spent(self, tmp_path: Path) -> None:
        with Stage(tmp_path, priced("0.20"), posts=self.POSTS, threads=True) as stage:
            stage.fake.lag = timedelta(days=1)
            stage.inject("lose")
            stage.send(Wishes(limit=1))
            assert stage.one_of("aaa.twitter.acme").state == "unknown"
            stage.send()
            assert made(stage) == {"twitter": 1}

    def test_what_surely_did_not_go_out_costs_nothing(self, tmp_path: Path) -> None:
        with Stage(tmp_path, priced("0.20"), posts=self.POSTS, threads=True) as stage:
            stage.inject("limited")
            assert stage.send(Wishes(limit=1)).sent == ()
            stage.clock.move(timedelta(hours=1))
            assert len(stage.send().sent) == 1
            assert made(stage) == {"twitter": 1}

    def test_what_was_taken_back_was_paid(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with Stage(tmp_path, priced("0.20"), posts=self.POSTS, threads=True) as stage:
            stage.send()
            assert Runner(stage, capsys)("retract", "aaa.twitter.acme", "--yes", "--over-budget") == 0
            stage.send()
            assert made(stage) == {"twitter": 1}

    def test_the_month_is_the_sites(self, tmp_path: Path) -> None:
        """In Berlin it is December an hour earlier than in London."""
        with Stage(tmp_path, priced("0.20"), posts=self.POSTS, threads=True) as stage:
            stage.send()
            stage.clock.move(datetime(2026, 11, 30, 22, 59, tzinfo=UTC) - stage.clock.now())
            assert stage.send(Wishes(asked=BACKFILL)).sent == ()
            stage.clock.move(timedelta(minutes=1))
            assert len(stage.send(Wishes(asked=BACKFILL)).sent) == 1

    def test_no_wish_spends_more(self, tmp_path: Path) -> None:
        with Stage(tmp_path, priced("0.10"), posts=self.POSTS, threads=True) as stage:
            late = frozenset({"aaa.twitter.acme"})
            for asked in (BACKFILL, Asked(retry=True), Asked(late=late)):
                assert stage.send(Wishes(asked=asked)).sent == ()
            assert made(stage) == {"twitter": 0}

    def test_another_run_that_spends_meanwhile_is_seen(self, tmp_path: Path) -> None:
        def another(point: str, delivery: str) -> None:
            if (point, delivery) == ("claimed", "aaa.twitter.acme"):
                only = frozenset({"content/posts/ccc.md"})
                assert stage.send(Wishes(scope=Scope(posts=only))).sent == ("ccc.twitter.acme",)

        with Stage(tmp_path, priced("0.40"), posts=self.POSTS, threads=True) as stage:
            result = stage.send(crash=another)
            assert (result.sent, result.waiting) == (("aaa.twitter.acme",), ("bbb.twitter.acme",))
            assert made(stage) == {"twitter": 2}
            kept = next(item for item in result.deliveries if item.id == "bbb.twitter.acme")
            assert (kept.state, kept.over_budget) == ("due", True)

    def test_the_plan_sums_it_up(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with Stage(tmp_path, priced("0.50"), posts=self.POSTS, threads=True) as stage:
            run = Runner(stage, capsys)
            run("plan")
            cost = [line for line in run.out.splitlines() if line.startswith("Cost")]
            assert cost == [
                "Cost   about 0.40 USD for what goes out now",
                "Cost   Twitter: 0.00 USD of 0.50 USD used this month, 0.40 USD after this run; the budget keeps back "
                "1 post for 0.20 USD",
            ]
            assert "Plan   2 to send now, 1 waiting." in run.out
            assert "waits, 72 of 280 characters, about 0.20 USD" in run.out
            stage.send()
            run("plan")
            assert "Twitter: 0.40 USD of 0.50 USD used this month; the budget keeps back 1 post" in run.out
            run("plan", "--format", "md")
            assert "Cost: Twitter: 0.40 USD of 0.50 USD used this month" in run.out


class TestTimes:
    def test_a_future_post_waits(self, tmp_path: Path) -> None:
        with Stage(tmp_path, LINKEDIN, posts={"hp7.md": post("hp7", date="2026-11-26")}) as stage:
            assert stage.states() == {TEXT_LINKEDIN: "later"}
            assert stage.send().nothing_to_send
            stage.clock.move(timedelta(days=2))
            assert stage.send().sent == (TEXT_LINKEDIN,)

    def test_the_hour_is_kept_and_an_hour_late_sends(self, tmp_path: Path) -> None:
        text = post("hp7", share="share:\n  at: 2026-11-24 12:00")
        with Stage(tmp_path, LINKEDIN, posts={"hp7.md": text}) as stage:
            assert stage.one().due is not None
            assert stage.one().due.isoformat() == "2026-11-24T12:00:00+01:00"  # type: ignore[union-attr]
            assert stage.send().nothing_to_send
            stage.clock.move(timedelta(hours=2))
            assert stage.send().sent == (TEXT_LINKEDIN,)

    def test_far_too_late_waits_for_a_person(self, tmp_path: Path) -> None:
        text = post("hp7", share="share:\n  at: 2026-11-24 12:00")
        with Stage(tmp_path, LINKEDIN, posts={"hp7.md": text}) as stage:
            stage.send()
            stage.clock.move(timedelta(days=3))
            assert stage.send().nothing_to_send
            held = stage.one()
            assert (held.state, "--late hp7.linkedin.acme" in held.reason) == ("held", True)
            assert stage.send(Wishes(asked=Asked(late=frozenset({held.id})))).sent == (held.id,)

    def test_a_repeat_counts_from_the_first_one_out(self, tmp_path: Path) -> None:
        share = "share:\n  again:\n    - after: 60d\n      twitter: In other words"
        with Stage(tmp_path, TWITTER, posts={"hp7.md": post("hp7", share=share)}) as stage:
            assert stage.states() == {TEXT_TWITTER: "due", f"{TEXT_TWITTER}.2": "later"}
            planned = {item.number: item.as_json()["due"] for item in stage.plan().deliveries}
            assert planned == {1: "2026-11-24T00:00:00+01:00", 2: "2027-01-23T11:00:00+01:00"}
            stage.clock.move(timedelta(days=1))
            stage.send()
            again = next(item for item in stage.plan().deliveries if item.number == 2)
            assert again.due == stage.clock.now() + timedelta(days=60)
            stage.clock.move(timedelta(days=59))
            assert stage.send().nothing_to_send
            stage.clock.move(timedelta(days=1))
            assert stage.send().sent == (f"{TEXT_TWITTER}.2",)
            assert stage.fake.made[1].text.startswith("In other words")
            assert stage.send().nothing_to_send


class TestThread:
    SHARE = "share:\n  twitter:\n    - 'First: {link}'\n    - Second\n    - Third"

    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[Stage]:
        with Stage(tmp_path, TWITTER, posts={"hp7.md": post("hp7", share=self.SHARE)}, threads=True) as stage:
            yield stage

    def test_it_goes_out_in_order(self, stage: Stage) -> None:
        result = stage.send()
        assert result.exit_code == 0
        assert len(stage.one().parts) == 3
        assert stage.one().remote_id == stage.fake.made[0].id
        assert [item.reply_to for item in stage.fake.made] == ["", *(item.id for item in stage.fake.made[:2])]

    def test_a_tail_that_fails_leaves_it_sent_in_part(self, stage: Stage) -> None:
        run = iter(range(9))

        def fail(point: str, _delivery: str) -> None:
            if point == "received" and next(run) == 0:
                stage.fake.inject("unauthorized")

        result = stage.send(crash=fail)
        assert (result.exit_code, stage.one().state, len(stage.fake.made)) == (3, "sent", 1)
        assert "parts 2 to 3 of 3 are missing" in stage.one().reason
        assert stage.send().exit_code == 0
        assert len(stage.fake.made) == 1

    def test_a_tail_whose_answer_was_lost_is_found_and_the_rest_follows(self, stage: Stage) -> None:
        run = iter(range(9))

        def lose(point: str, _delivery: str) -> None:
            if point == "received" and next(run) == 0:
                stage.fake.inject("lose")

        result = stage.send(crash=lose)
        assert (result.exit_code, stage.one().state) == (0, "sent")
        assert len(stage.fake.made) == 3
        assert stage.one().parts == tuple(item.id for item in stage.fake.made)

    @pytest.mark.parametrize("point", ["creating", "created", "received"])
    def test_killed_within(self, stage: Stage, point: str) -> None:
        child = stage.child(point)
        child.communicate(timeout=60)
        result = stage.send()
        made = [item.text.split()[0] for item in stage.fake.made]
        assert len(made) == len(set(made))
        if point == "creating":
            assert (result.exit_code, made) == (4, [])
        else:
            assert (result.exit_code, len(made)) == ((0, 3) if point == "created" else (4, 1))


class TestGate:
    def test_a_page_that_is_not_live_stops_it(self, stage: Stage) -> None:
        stage.pages.shown.clear()
        result = stage.send()
        assert (result.exit_code, made(stage)) == (5, {"linkedin": 0, "twitter": 0})
        assert all("answers 404" in item.reason for item in result.deliveries)
        stage.show()
        assert stage.send().exit_code == 0

    def test_the_others_go_out(self, stage: Stage) -> None:
        stage.posts["two.md"] = post("two")
        stage.write()
        stage.pages.shown.pop("/posts/page-two/")
        result = stage.send()
        assert (result.exit_code, made(stage)) == (3, {"linkedin": 1, "twitter": 1})

    def test_each_page_is_looked_at_once(self, stage: Stage) -> None:
        stage.send()
        assert (stage.pages.attempts("page"), stage.pages.attempts("card")) == (1, 1)


class TestMistakes:
    def test_a_mistake_under_share_stops_that_post_alone(self, stage: Stage) -> None:
        stage.posts["bad.md"] = post("bad", share="share:\n  linkedin: 'Hello {titel}'")
        stage.write()
        result = stage.send()
        assert (result.exit_code, made(stage)) == (3, {"linkedin": 1, "twitter": 1})
        states = {item.id: item.state for item in result.deliveries}
        assert (states["bad.linkedin.acme"], states["bad.twitter.acme"]) == ("held", "held")

    def test_too_long_a_text_is_held(self, tmp_path: Path) -> None:
        text = post("hp7", share=f"share:\n  twitter: {'word ' * 80}")
        with Stage(tmp_path, TWITTER, posts={"hp7.md": text}) as stage:
            result = stage.send()
            assert (result.exit_code, stage.one().state, made(stage)) == (5, "held", {"twitter": 0})
            assert result.problems[0].file == "content/posts/hp7.md"


def test_what_is_posted_by_hand_is_handed_over_and_never_sent(tmp_path: Path) -> None:
    case = ("linkedin", replace(LINKEDIN[1], account="{mode: manual}"))
    with Stage(tmp_path, case) as stage:
        result = stage.send()
        (item,) = result.deliveries
        assert (item.state, result.exit_code, stage.fake.calls) == ("manual", 0, [])
        assert item.text == ("What 40 renewals taught us about raising prices.",)


def test_a_fault_in_a_driver_stops_no_other_network(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from byline.channels.linkedin import LinkedIn

    def broken(*_: object) -> None:
        raise ZeroDivisionError("a driver has a fault")

    monkeypatch.setattr(LinkedIn, "create", broken)
    result = stage.send()
    assert (result.exit_code, made(stage)) == (4, {"linkedin": 0, "twitter": 1})
    assert stage.states()[TEXT_LINKEDIN] == "unknown"


def test_an_approval_that_fails_sends_nothing(stage: Stage) -> None:
    def refuse(_plan: object) -> None:
        raise Stopped("differs")

    with pytest.raises(Stopped):
        stage.send(approve=refuse)
    assert made(stage) == {"linkedin": 0, "twitter": 0}


def test_a_receipt_that_cannot_be_written_stops_everything(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from byline.errors import LedgerError
    from byline.ledger.sqlite import SqliteLedger

    write = SqliteLedger.write

    def full(self: SqliteLedger, *events, lazy: bool = False):  # type: ignore[no-untyped-def]
        if any(item.kind == "part" for item in events):
            raise LedgerError("the disk is full")
        return write(self, *events, lazy=lazy)

    monkeypatch.setattr(SqliteLedger, "write", full)
    result = stage.send()
    assert result.exit_code == 4
    assert result.error is not None
    assert "is out" in result.error.message
    assert sum(made(stage).values()) == 1
    monkeypatch.undo()
    assert stage.send().exit_code == 0
    assert made(stage) == {"linkedin": 1, "twitter": 1}
