"""One run from the plan to its exit code, with networks and a history in memory: what it chooses, says and reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from byline import content, fees, gate
from byline.delivering import Carried, ReceiptLost
from byline.errors import (
    BylineError,
    ClaimHeld,
    LedgerError,
    NotSent,
    OutcomeUnknown,
    Rejected,
    Stopped,
    UsageError,
)
from byline.gate import Look
from byline.ledger.base import BASELINE, Event, Intent, Part, Record
from byline.model import Receipt, Request
from byline.planning import Asked, Delivery, Plan, Scope
from byline.sending import Result, Sender, Wishes, _outcome, _told
from byline.settings import Account, Settings, load
from byline.times import FixedClock
from scripted import ABSENT, NOWHERE, History, Net, broken, receipt, requests
from support import NOW, POST, SETTINGS, make_site

COMPANY, DANA, ACME = "hp7.linkedin.company", "hp7.linkedin.dana", "hp7.twitter.acme"
POSTS = {"hp7.md": POST}
OLD = {
    **POSTS,
    "old.md": POST.replace("hp7", "old").replace("honest-pricing", "old").replace("2026-11-24", "2026-11-01"),
}
TWO = {**POSTS, "zz9.md": POST.replace("hp7", "zz9").replace("honest-pricing", "second")}
LATER = NOW + timedelta(hours=3)
LIMITED = NotSent("too many", service="Net", cause="limited", retry_at=LATER)
DEAD = NotSent("the token is dead", service="Net", cause="auth", hint="sign in")
WAITING = NotSent("not ready", service="Net", cause="waiting", retry_at=LATER)
NEVER = Rejected("too rude", service="Net")
LOST = OutcomeUnknown("the answer was lost", service="Net")
BEGUN = {
    f"{name}": NOW - timedelta(days=90) for name in ("linkedin.company", "linkedin.dana", "twitter.acme")
}
Sites = Callable[..., tuple[Settings, content.Content]]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    made: dict[str, tuple[Settings, content.Content]] = {}

    def site(posts: dict[str, str] = POSTS, more: str = "") -> tuple[Settings, content.Content]:
        key = f"{sorted(posts)}{more}"
        if key not in made:
            text = SETTINGS.replace("            acme: {}\n", f"            acme: {{}}\n{more}")
            settings = load(make_site(tmp_path_factory.mktemp("site"), posts=posts, settings=text), {})
            made[key] = (settings, content.read(settings))
        return made[key]

    return site


class Stand:
    """Runs on one site. `nets` are the networks' drivers by account; `down` the posts whose page is not live."""

    def __init__(
        self, site: tuple[Settings, content.Content], monkeypatch: pytest.MonkeyPatch, *, begun: bool = True
    ) -> None:
        self.settings, self.content = site
        self.history, self.clock = History(), FixedClock(NOW)
        if begun:
            self.history.accounts = dict(BEGUN)
        self.nets: dict[str, Net] = {
            name: Net(receipt(1), receipt(2)) for name in ("company", "dana", "acme")
        }
        self.down: dict[str, str] = {}
        self.said: list[str] = []
        self.looked: list[tuple[Any, ...]] = []
        self.on_gate: Callable[[], None] = lambda: None
        self.more: dict[str, Any] = {}

        def wait(pages: Sequence[Any], *words: Any, **options: Any) -> Iterator[Any]:
            self.looked.append((tuple(post.id for post, _ in pages), options["patient"]))
            assert words[0] == self.settings.site_url
            assert all(picture.url.startswith(self.settings.site_url) for _, picture in pages)
            self.on_gate()
            for post, _ in pages:
                yield post, Look(ok=post.id not in self.down, url=post.url, reason=self.down.get(post.id, ""))

        monkeypatch.setattr(gate, "wait", wait)

    def driver(self, account: Account) -> Any:
        net = self.nets[account.name]
        if isinstance(net, Exception):
            raise net
        return net

    def send(self, **wishes: Any) -> Result:
        self.said.clear()
        sender = Sender(
            content=self.content, settings=self.settings, ledger=self.history, drivers=self.driver,  # type: ignore[arg-type]
            http=None, clock=self.clock, progress=self.said.append, **self.more,  # type: ignore[arg-type]
        )  # fmt: skip
        return sender.send(Wishes(**wishes))

    def state(self, name: str) -> str:
        record = self.history.get(name)
        return record.state if record else ""

    def only(self, *accounts: str) -> Scope:
        names = {"company": "linkedin", "dana": "linkedin", "acme": "twitter"}
        return Scope(to=frozenset((names[name], name) for name in accounts))


@pytest.fixture
def stand(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> Stand:
    return Stand(sites(), monkeypatch)


@pytest.fixture
def two(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> Stand:
    return Stand(sites(TWO), monkeypatch)


def test_all_that_is_due_goes_out(stand: Stand) -> None:
    result = stand.send()
    assert (result.sent, result.exit_code, result.nothing_to_send) == ((COMPANY, ACME), 0, False)
    assert stand.looked == [(("hp7",), True)]
    assert stand.said == [f"{COMPANY}: sent https://net.example/1", f"{ACME}: sent https://net.example/1"]
    assert [(item.id, item.state, item.url, item.ready) for item in result.deliveries] == [
        (COMPANY, "sent", "https://net.example/1", False),
        (ACME, "sent", "https://net.example/1", False),
    ]
    assert stand.history.flushed == 1
    record = stand.history.get(ACME)
    assert record is not None
    intent = record.intent
    assert intent == Intent(
        id=ACME, post="hp7", channel="twitter", account="acme", number=1, title="Pricing, the honest version",
        path="content/posts/hp7.md", due=intent.due, text=intent.text, link=intent.link, card=intent.card,
        fingerprint=intent.fingerprint, cost=Decimal(0), currency="USD",
    )  # fmt: skip
    assert intent.due is not None
    assert intent.due.isoformat() == "2026-11-24T00:00:00+01:00"
    assert intent.text == stand.nets["acme"].prepared[0][0].parts
    assert "utm_content=hp7.twitter.acme" in intent.link
    assert intent.card.startswith(stand.settings.site_url)
    assert len(intent.fingerprint) == 64
    assert stand.nets["acme"].found == []  # the history is not new: nobody needs to look first
    again = stand.send()
    assert (again.nothing_to_send, again.exit_code, again.hash, again.deliveries) == (
        True,
        0,
        result.hash,
        (),
    )


def test_a_first_run_looks_before_it_creates(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    stand = Stand(sites(), monkeypatch, begun=False)
    for net in stand.nets.values():
        net.looks = [NOWHERE]
    assert stand.send().sent == (COMPANY, ACME)
    assert len(stand.nets["acme"].found) == 1
    assert stand.history.accounts == dict.fromkeys(BEGUN, NOW)


class TestBaseline:
    def test_old_posts_are_marked_and_told(self, sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
        stand = Stand(sites(OLD), monkeypatch, begun=False)
        stand.nets["company"].looks = stand.nets["acme"].looks = [NOWHERE]
        result = stand.send(scope=stand.only("acme"))
        names = ("old.linkedin.company", "old.twitter.acme")
        assert (result.skipped, result.sent, result.exit_code) == (names, (ACME,), 0)
        marked = stand.history.get(names[0])
        assert marked is not None
        assert (marked.state, marked.reason, marked.updated, marked.intent.title) == (
            "skipped", BASELINE, NOW, "Pricing, the honest version",
        )  # fmt: skip
        assert marked.intent.fingerprint
        assert stand.history.events[0].run.count("/") == 2
        told = [(item.state, item.reason, item.ready) for item in result.deliveries if item.id in names]
        assert told == [("skipped", BASELINE, False)] * 2
        assert stand.send().skipped == ()

    def test_on_purpose_they_go_out_in_the_same_run(
        self, sites: Sites, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stand = Stand(sites(OLD), monkeypatch, begun=False)
        stand.nets["acme"].looks = [NOWHERE, NOWHERE]
        result = stand.send(scope=stand.only("acme"), asked=Asked(backfill=True))
        assert result.sent == ("old.twitter.acme", ACME)
        assert result.skipped == ("old.linkedin.company",)

    def test_another_run_began_at_the_same_moment(
        self, sites: Sites, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stand = Stand(sites(OLD), monkeypatch, begun=False)
        stand.nets["company"].looks, stand.nets["acme"].looks = [NOWHERE], [NOWHERE]
        tries: list[str] = []

        def raced(event: Event) -> None:
            if event.kind == "skipped" and len(tries) < 2:
                tries.append(event.id)
                raise ClaimHeld("another run was first")

        stand.history.fails = raced
        assert stand.send().exit_code == 0
        assert len(tries) == 2


class TestChoice:
    def test_no_more_than_asked_for_the_oldest_first(self, two: Stand) -> None:
        assert two.send(limit=1).sent == (COMPANY,)
        assert two.send(limit=0).nothing_to_send
        assert len(two.send(limit=9).sent) == 3

    def test_more_than_one_run_may_send(self, two: Stand) -> None:
        two.settings = replace(two.settings, max_per_run=3)
        with pytest.raises(Stopped) as stop:
            two.send()
        assert stop.value.message == (
            "4 posts are due, more than the 3 that one run sends (`max_per_run`); nothing was sent"
        )
        assert stop.value.hint == (
            "look at `publish plan`; then `publish send --max 10` sends the ten oldest, and so on"
        )
        two.settings = replace(two.settings, max_per_run=4)
        assert len(two.send().sent) == 4

    def test_a_person_may_say_no(self, stand: Stand) -> None:
        asked: list[tuple[Plan, Sequence[Delivery]]] = []

        def no(plan: Plan, due: Sequence[Delivery]) -> bool:
            asked.append((plan, due))
            return False

        stand.more = {"confirm": no}
        with pytest.raises(Stopped) as stop:
            stand.send()
        assert (stop.value.message, stop.value.hint) == (
            "nothing was sent, as you wished",
            "`publish plan` shows what would go out",
        )
        assert [item.id for item in asked[0][1]] == [COMPANY, ACME]
        assert stand.history.events == []
        stand.more = {}
        stand.send()
        stand.more = {"confirm": no}
        assert stand.send().nothing_to_send  # nobody is asked about nothing
        assert len(asked) == 1

    def test_an_approval_sees_the_plan_first(self, stand: Stand) -> None:
        def differs(plan: Plan) -> None:
            raise Stopped(plan.hash)

        stand.history.went(*OPEN, delivery=ACME)
        stand.more = {"approve": differs}
        with pytest.raises(Stopped, match=r"^[0-9a-f]{64}$"):
            stand.send()
        assert stand.nets["acme"].found == []

    @pytest.mark.parametrize(
        ("name", "hint"),
        [("hp7.twiter.acme", f"did you mean {ACME}?"), ("x", "`publish status` lists every delivery")],
    )
    def test_a_late_one_that_is_none(self, stand: Stand, name: str, hint: str) -> None:
        with pytest.raises(UsageError) as wrong:
            stand.send(asked=Asked(late=frozenset({name})))
        assert wrong.value.message == f"there is no delivery {name} in what was asked for"
        assert wrong.value.hint == hint
        assert stand.send(asked=Asked(late=frozenset({ACME}))).exit_code == 0


OPEN = (("claimed", {}), ("prepared", {"requests": requests(1)}))


class TestSettlingFirst:
    def test_what_is_found_is_reported_as_settled(self, stand: Stand) -> None:
        stand.history.went(*OPEN, delivery=ACME)
        stand.nets["acme"].looks = [replace(ABSENT, receipt=receipt(1))]
        result = stand.send()
        assert (result.settled, result.sent, result.exit_code) == ((ACME,), (COMPANY,), 0)
        assert not result.nothing_to_send
        assert f"{ACME}: found on Net" in stand.said

    def test_what_is_surely_absent_goes_out_in_the_same_run(self, stand: Stand) -> None:
        stand.history.went(*OPEN, delivery=ACME)
        stand.nets["acme"].looks = [ABSENT]
        result = stand.send()
        assert (result.sent, result.settled, result.exit_code) == ((ACME, COMPANY), (), 0)

    def test_what_went_out_after_all_is_not_nothing(self, stand: Stand) -> None:
        stand.history.went(*OPEN, delivery=ACME)
        stand.nets |= {"acme": Net(receipt(1), looks=[ABSENT]), "company": Net(NEVER)}
        result = stand.send()
        assert (result.sent, result.failed, result.exit_code) == ((ACME,), (COMPANY,), 3)

    def test_what_was_looked_for_is_not_looked_for_again(self, stand: Stand) -> None:
        """A look costs money on some networks; only what this run sent is looked for at its end."""
        stand.history.went(*OPEN, delivery=ACME)
        stand.nets |= {"acme": Net(looks=[NOWHERE]), "company": Net(LOST, looks=[NOWHERE])}
        assert stand.send().unknown == (ACME, COMPANY)
        assert [len(stand.nets[name].found) for name in ("acme", "company")] == [1, 1]

    def test_what_stays_unclear_ends_every_run_with_4(self, stand: Stand) -> None:
        stand.history.went(*OPEN, delivery=ACME)
        for _ in range(2):
            stand.nets["acme"].looks = [NOWHERE]
            result = stand.send()
            assert (result.unknown, result.exit_code) == ((ACME,), 4)
            assert ACME in [item.id for item in result.deliveries]
        assert result.nothing_to_send

    def test_what_was_not_asked_for_is_not_looked_for_but_told(self, stand: Stand) -> None:
        stand.history.went(*OPEN, delivery=ACME)
        result = stand.send(scope=stand.only("company"))
        assert (stand.nets["acme"].found, result.unknown, result.exit_code) == ([], (ACME,), 4)

    def test_a_lost_answer_is_looked_for_in_the_same_run(self, stand: Stand) -> None:
        stand.nets["acme"] = Net(LOST, looks=[replace(ABSENT, receipt=receipt(1))])
        result = stand.send()
        assert (result.exit_code, result.sent, stand.state(ACME)) == (0, (COMPANY, ACME), "sent")

    @pytest.mark.parametrize(("patient", "slept"), [(True, [7, 7]), (False, [])])
    def test_patience_is_passed_on(self, stand: Stand, patient: bool, slept: list[float]) -> None:
        stand.settings = replace(stand.settings, settle_waits=(7, 7))
        stand.nets["acme"] = Net(LOST, looks=[NOWHERE, NOWHERE])
        assert stand.send(patient=patient).exit_code == 4
        assert stand.clock.slept == slept
        assert stand.looked == [(("hp7",), patient)]


class TestWhatGoesWrong:
    @pytest.mark.parametrize(
        ("answer", "listed", "code", "state", "said"),
        [
            (LIMITED, "waiting", 3, "due", "not sent: too many"),
            (DEAD, "waiting", 3, "due", "not sent: the token is dead (sign in)"),
            (NEVER, "failed", 3, "failed", "rejected: too rude"),
        ],
    )
    def test_one_network_stops_no_other(
        self, stand: Stand, answer: BylineError, listed: str, code: int, state: str, said: str
    ) -> None:
        stand.nets["company"] = Net(answer)
        result = stand.send()
        assert (result.sent, getattr(result, listed), result.exit_code) == ((ACME,), (COMPANY,), code)
        assert stand.state(COMPANY) == state
        assert stand.said[0] == f"{COMPANY}: {said}"
        assert not result.nothing_to_send

    @pytest.mark.parametrize("answer", [LIMITED, DEAD])
    def test_an_account_that_could_not_is_not_asked_again(self, two: Stand, answer: NotSent) -> None:
        two.nets["company"] = Net(answer)
        result = two.send()
        assert result.waiting == (COMPANY, "zz9.linkedin.company")
        assert result.sent == (ACME, "zz9.twitter.acme")
        assert len(two.nets["company"].created) == 1
        first, second = (two.history.get(name) for name in result.waiting)
        assert first is not None
        assert second is not None
        assert (second.state, second.reason, second.not_before) == ("due", first.reason, first.not_before)
        assert second.attempts == 0
        assert [item.reason for item in result.deliveries if item.id in result.waiting] == [first.reason] * 2

    def test_a_network_that_is_not_ready_for_one_may_be_for_the_next(self, two: Stand) -> None:
        two.nets["company"] = Net(WAITING, receipt(1))
        assert two.send().sent == (ACME, "zz9.linkedin.company", "zz9.twitter.acme")

    def test_a_rejected_one_keeps_that_when_its_account_is_given_up(self, two: Stand) -> None:
        name = "zz9.linkedin.company"
        two.history.went(("claimed", {}), ("failed", {"reason": "too rude"}), delivery=name)
        two.nets["company"] = Net(LIMITED)
        result = two.send()
        assert (two.state(name), result.waiting) == ("failed", (COMPANY, name))

    def test_one_that_was_put_off_before_is_put_off_again_with_the_new_reason(self, two: Stand) -> None:
        name = "zz9.linkedin.company"
        two.history.went(("postponed", {"reason": "of yesterday"}), delivery=name)
        two.nets["company"] = Net(LIMITED)
        two.send()
        record = two.history.get(name)
        assert record is not None
        assert (record.state, record.reason, record.not_before) == ("due", "too many", LATER)

    def test_a_driver_that_cannot_be_made(self, stand: Stand) -> None:
        ready: list[bool] = []
        stand.on_gate = lambda: ready.append(True)

        def driver(account: Account) -> Any:
            if account.name == "company" and ready:
                raise BylineError("no token")
            return stand.nets[account.name]

        stand.driver = driver  # type: ignore[method-assign]
        result = stand.send()
        assert (result.waiting, result.sent, stand.state(COMPANY)) == ((COMPANY,), (ACME,), "")
        assert result.exit_code == 3

    def test_another_run_was_faster(self, stand: Stand) -> None:
        def other() -> None:
            stand.history.went(("claimed", {"at": NOW}), delivery=ACME, run="elsewhere-0-1/7/ab")

        stand.on_gate = other
        result = stand.send()
        assert (result.sent, result.unknown, result.exit_code) == ((COMPANY,), (ACME,), 4)
        assert stand.nets["acme"].created == []
        assert f"{ACME}: left alone, another run has it" in stand.said

    def test_a_history_that_breaks_ends_the_run_and_says_so(self, two: Stand) -> None:
        two.history.fails = lambda event: broken(event) if event.kind == "part" else None
        result = two.send()
        assert isinstance(result.error, ReceiptLost)
        assert (result.exit_code, result.unknown) == (4, (COMPANY,))
        assert two.nets["acme"].created == []

    def test_nothing_went_out_when_the_first_claim_cannot_be_written(self, stand: Stand) -> None:
        stand.history.fails = broken
        result = stand.send()
        assert (result.exit_code, result.sent, result.unknown) == (1, (), ())
        assert result.error is not None
        assert result.error.message == "the disk is full"

    def test_a_history_that_cannot_be_read_at_the_end(self, stand: Stand) -> None:
        whole, count = stand.history.snapshot, [0]

        def snapshot() -> Any:
            count[0] += 1
            if count[0] > 1:
                raise LedgerError("gone")
            return whole()

        stand.history.snapshot = snapshot  # type: ignore[method-assign]
        result = stand.send()
        assert isinstance(result.error, LedgerError)
        assert (result.sent, result.exit_code) == ((COMPANY, ACME), 3)


class TestGate:
    def test_a_page_that_is_not_live_holds_its_posts_alone(self, two: Stand) -> None:
        two.down = {"hp7": "it answers 404"}
        result = two.send()
        assert result.stopped == (COMPANY, ACME)
        assert (result.sent, result.exit_code) == (("zz9.linkedin.company", "zz9.twitter.acme"), 3)
        assert f"{ACME}: not sent, the page is not live: it answers 404" in two.said
        reasons = {item.id: item.reason for item in result.deliveries}
        assert reasons[ACME] == "the page is not live: it answers 404"
        assert two.state(ACME) == ""

    def test_nothing_else_to_send_is_5(self, stand: Stand) -> None:
        stand.down = {"hp7": "it answers 404"}
        result = stand.send()
        assert (result.exit_code, result.nothing_to_send) == (5, False)


class TestBudget:
    @pytest.fixture
    def paid(self, sites: Sites, monkeypatch: pytest.MonkeyPatch) -> Stand:
        stand = Stand(sites(TWO, "          budget: 0.50\n"), monkeypatch)
        stand.nets["acme"].cost = Decimal("0.30")
        return stand

    def test_what_it_does_not_cover_waits(self, paid: Stand) -> None:
        result = paid.send(scope=paid.only("acme"))
        assert (result.sent, result.waiting, result.exit_code) == ((ACME,), ("zz9.twitter.acme",), 3)
        (kept,) = (item for item in result.deliveries if item.id == "zz9.twitter.acme")
        assert "0.30 USD of the 0.50 USD for this month are used" in kept.reason

    def test_another_run_spends_before_our_claim(self, paid: Stand) -> None:
        paid.on_gate = lambda: paid.history.went(
            ("claimed", {"at": NOW, "intent": Intent(id="aa.twitter.acme", post="aa", channel="twitter", account="acme",
                                                     cost=Decimal("0.30"))}),
            delivery="aa.twitter.acme", run="elsewhere-0-1/7/ab",
        )  # fmt: skip
        result = paid.send(scope=paid.only("acme"))
        assert (result.sent, paid.nets["acme"].prepared) == ((), [])
        assert result.waiting == ("zz9.twitter.acme", ACME)
        assert paid.state(ACME) == ""
        assert "and 0.30 USD of the 0.50 USD" in {item.id: item.reason for item in result.deliveries}[ACME]
        assert any(
            line.startswith(f"{ACME}: not sent, over the budget: it costs about 0.30 USD")
            for line in paid.said
        )

    def test_another_run_spends_between_our_claim_and_our_look(self, paid: Stand) -> None:
        def second(event: Event) -> None:
            if event.kind == "claimed" and event.id == ACME and event.run != "gone":
                paid.history.fails = lambda _event: None
                paid.history.went(
                    ("claimed", {"at": NOW, "intent": Intent(id="aa.twitter.acme", post="aa", channel="twitter",
                                                             account="acme", cost=Decimal("0.30"))}),
                    delivery="aa.twitter.acme",
                )  # fmt: skip

        paid.history.fails = second
        result = paid.send(scope=paid.only("acme"), limit=1)
        assert (result.sent, paid.nets["acme"].prepared, paid.state(ACME)) == ((), [], "due")
        assert ACME in result.waiting
        assert any("and 0.30 USD of the 0.50 USD" in line for line in paid.said)

    def test_exactly_the_budget_is_spent(self, paid: Stand) -> None:
        paid.nets["acme"].cost = Decimal("0.25")
        assert len(paid.send(scope=paid.only("acme")).sent) == 2

    def test_fees_count(self, paid: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fees, "this_month", lambda _notes, _now: {"twitter": Decimal("0.21")})
        result = paid.send(scope=paid.only("acme"))
        assert (result.sent, result.waiting) == ((), (ACME, "zz9.twitter.acme"))

    def test_without_a_budget_no_fees_are_read(self, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fees, "this_month", lambda *_: pytest.fail("nobody asked"))
        assert stand.send().exit_code == 0


def result_with(**more: Any) -> Result:
    return Result(deliveries=(), hash="h", **more)


@pytest.mark.parametrize(
    ("lists", "code"),
    [
        ({}, 0), ({"sent": ("a",)}, 0), ({"settled": ("a",)}, 0), ({"skipped": ("a",)}, 0),
        ({"failed": ("a",)}, 1), ({"waiting": ("a",)}, 1), ({"error": LedgerError("x")}, 1),
        ({"failed": ("a",), "stopped": ("b",)}, 1), ({"stopped": ("a",)}, 5),
        ({"sent": ("a",), "failed": ("b",)}, 3), ({"sent": ("a",), "waiting": ("b",)}, 3),
        ({"sent": ("a",), "stopped": ("b",)}, 3), ({"partly": ("a",)}, 3), ({"sent": ("a",), "error": LedgerError("x")}, 3),
        ({"unknown": ("a",)}, 4), ({"unknown": ("a",), "sent": ("b",), "failed": ("c",)}, 4),
        ({"error": ReceiptLost("x")}, 4), ({"error": ReceiptLost("x"), "sent": ("a",)}, 4),
    ],
)  # fmt: skip
def test_the_code_says_how_it_went(lists: dict[str, Any], code: int) -> None:
    assert result_with(**lists).exit_code == code


def test_what_is_nothing_to_send() -> None:
    for name in ("sent", "partly", "failed", "waiting", "stopped", "settled"):
        assert not result_with(**{name: ("a",)}).nothing_to_send
    assert result_with(unknown=("a",), skipped=("b",)).nothing_to_send


def out(
    state: str, *, reason: str = "", url: str | None = None, already: bool = False, tail: bool = False
) -> Record:
    parts: tuple[Part, ...] = ()
    if state in ("sent", "unknown"):
        got: Receipt | None = replace(receipt(1, url=url), already=already)
        parts = tuple(
            Part(request=Request(part=n, path="", body={}), receipt=got if n == 0 else None)
            for n in range(1 + tail)
        )
    intent = Intent(id=ACME, post="hp7", channel="twitter", account="acme")
    return Record(intent=intent, state=state, version=1, updated=NOW, reason=reason, parts=parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "held", "found", "word", "said"),
    [
        (out("sent"), False, False, "sent", "sent https://net.example/1"),
        (out("sent", url=""), False, True, "settled", "sent"),
        (out("sent", already=True), False, False, "sent", "sent (it was out already) https://net.example/1"),
        (out("sent", tail=True, reason="part 2 of 2 is missing"), False, True, "partly",
         "sent https://net.example/1; part 2 of 2 is missing"),
        (out("unknown", reason="look"), False, False, "open", "may be out: look"),
        (out("sending"), False, False, "open", "not sent: "),
        (out("due", reason="429"), False, False, "waiting", "not sent: 429"),
        (out("failed", reason="too rude"), False, False, "failed", "rejected: too rude"),
        (out("sent"), True, False, "open", "left alone, another run has it"),
        (None, False, False, "waiting", "left alone, another run has it"),
    ],
)  # fmt: skip
def test_the_word_for_an_outcome(record: Any, held: bool, found: bool, word: str, said: str) -> None:
    carried = Carried(record=record, held=held)
    assert (_outcome(carried, found), _told(carried)) == (word, said)
