"""What stands in a plan and what does not: scope, drafts, doubles, mistakes, vanished posts. No file is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from byline import planning
from byline.content import Content
from byline.errors import Problem
from byline.ledger.base import BASELINE, Intent, Part, Record, Snapshot
from byline.model import Again, Card, Draft, Message, NetworkShare, Picture, Post, Request, Share
from byline.planning import Asked, Delivery, Plan, Scope, fingerprint, words
from byline.settings import Account, Settings, load
from byline.sharing import Telling
from byline.testing.ledger_contract import AT, INTENT, receipt
from support import NOW, SETTINGS, make_site

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEGUN = {"linkedin.company": AT, "linkedin.dana": AT, "twitter.acme": AT}
TEXT = SETTINGS.replace("            acme: {}\n", "            acme: {}\n            desk: {mode: manual}\n          budget: 1.00\n")  # fmt: skip
OUT = (Part(request=Request(part=0, path="", body={}), receipt=receipt()),)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load(make_site(tmp_path_factory.mktemp("site"), settings=TEXT), {})


def post(name: str, **more: Any) -> Post:
    values: dict[str, Any] = {
        "id": name, "path": f"content/posts/{name}.md", "src_uri": f"posts/{name}.md", "url": f"posts/{name}/",
        "slug": name, "title": f"Title of {name}", "description": f"About {name}.", "excerpt": "", "body": "Body",
        "hash": "h", "published": NOW - HOUR,
    }  # fmt: skip
    return Post(**(values | more))


def told(**networks: NetworkShare) -> Share:
    return Share(networks=MappingProxyType(networks))


def mistake(name: str, message: str = "wrong", **more: Any) -> Problem:
    return Problem(
        file=f"content/posts/{name}.md", line=3, key="title", code="x", message=message, fix="f", **more
    )


class Driver:
    """A network that shows the words it is given, refuses some, and wants forty cents a post."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        message = Message(
            channel=self.account.channel, account=self.account.name, parts=draft.texts, link=f"{draft.link}#seen",
            used=(1,), limit=9, card=draft.card if self.account.channel == "linkedin" else None,
            cost=Decimal("0.40") if self.account.channel == "twitter" else Decimal(0), currency="EUR",
        )  # fmt: skip
        return message, tuple("it is rude" for text in draft.texts if "rude" in text)


def plan(
    settings: Settings, *posts: Post, records: tuple[Record, ...] = (), begun: bool = True, **more: Any
) -> Plan:
    problems = more.pop("problems", ())
    history = Snapshot(records={record.id: record for record in records}, accounts=BEGUN if begun else {})
    content = Content(posts=posts, authors={}, problems=problems, count=len(posts))
    return planning.plan(content, settings, history, more.pop("now", NOW), drivers=Driver, **more)  # type: ignore[arg-type]


def record(name: str, state: str, **more: Any) -> Record:
    who, channel, account, *number = name.split(".")
    intent = replace(INTENT, id=name, post=who, channel=channel, account=account, path=f"content/posts/{who}.md",
                     number=int(number[0]) if number else 1)  # fmt: skip
    return Record(**({"intent": intent, "state": state, "version": 3, "updated": AT} | more))


def ids(plan: Plan) -> list[str]:
    return [item.id for item in plan.deliveries]


def by_id(plan: Plan) -> Mapping[str, Delivery]:
    return {item.id: item for item in plan.deliveries}


ONE = ["one.linkedin.company", "one.twitter.acme"]
TWO = ["two.linkedin.company", "two.twitter.acme"]


class TestWhatIsListed:
    def test_what_is_done_is_listed_on_request_alone(self, settings: Settings) -> None:
        sent = record("one.linkedin.company", "sent", parts=OUT)
        some = plan(settings, post("one"), post("two"), records=(sent,))
        every = plan(settings, post("one"), post("two"), records=(sent,), everything=True)
        assert ids(some) == [*ONE[1:], *TWO]
        assert ids(every) == [*ONE, *TWO]
        assert by_id(every)["one.linkedin.company"].state == "sent"
        assert some.hash == every.hash
        assert sorted(some.digests) == sorted([*ONE, *TWO])

    @pytest.mark.parametrize("state", ["failed", "unknown", "sending"])
    def test_what_is_open_is_always_listed(self, settings: Settings, state: str) -> None:
        mark = by_id(plan(settings, post("one")))[ONE[0]].fingerprint
        known = record(ONE[0], state, reason="why")
        known = replace(known, intent=replace(known.intent, fingerprint=mark))
        item = by_id(plan(settings, post("one"), records=(known,)))[ONE[0]]
        assert (item.state, item.reason, item.record, item.ready) == (state, "why", known, False)

    def test_every_field_of_what_is_due(self, settings: Settings) -> None:
        share = told(
            linkedin=NetworkShare(texts=("Own words",), at=NOW - HOUR, line=9), twitter=NetworkShare(off=True)
        )
        one = post("one", share=share)
        (item,) = plan(settings, one).deliveries
        assert item.telling is not None
        assert item.message is not None
        assert item == Delivery(
            id="one.linkedin.company", post="one", channel="linkedin", account="company", number=1, state="due",
            due=NOW - HOUR, link=f"{item.telling.link}#seen", title="Title of one", path="content/posts/one.md",
            text=("Own words",), card=item.card, currency="EUR", ready=True, fingerprint=item.fingerprint,
            message=item.message, telling=item.telling,
        )  # fmt: skip
        assert item.card.startswith("https://insights.acme.example/assets/cards/one-")
        assert len(item.fingerprint) == 64
        assert item.message.card is not None
        assert (item.message.card.url, item.message.card.title, item.message.card.description) == (
            item.telling.link, "Title of one", "About one.",
        )  # fmt: skip
        assert item.message.card.picture.url == item.card
        (bare,) = plan(settings, replace(one, description="", excerpt="It begins.")).deliveries
        assert bare.message is not None
        assert bare.message.card is not None
        assert bare.message.card.description == "It begins."

    def test_without_texts_the_plan_is_the_same_but_for_them(self, settings: Settings) -> None:
        one, rude = post("one"), post("two", share=told(twitter=NetworkShare(texts=("rude",))))
        full, bare = plan(settings, one, rude), plan(settings, one, rude, compose=False)
        assert (bare.hash, ids(bare), bare.problems) == (full.hash, ids(full), ())
        assert {(item.text, item.message) for item in bare.deliveries} == {((), None)}
        assert [f"{item.link}#seen" for item in bare.deliveries] == [item.link for item in full.deliveries]
        assert by_id(bare)["two.twitter.acme"].ready
        assert not by_id(full)["two.twitter.acme"].ready

    def test_some_by_name_change_no_hash(self, settings: Settings) -> None:
        gone = record("old.twitter.acme", "unknown"), record("off.twitter.acme", "unknown")
        only = frozenset({"two.twitter.acme", "off.twitter.acme"})
        some = plan(settings, post("one"), post("two"), records=gone, only=only)
        assert ids(some) == ["two.twitter.acme", "off.twitter.acme"]
        assert some.hash == plan(settings, post("one"), post("two"), records=gone).hash
        sent = record("two.twitter.acme", "sent", parts=OUT)
        assert ids(plan(settings, post("two"), records=(sent,), only=only)) == []

    def test_a_part_of_it(self, settings: Settings) -> None:
        posts = (post("one"), post("two"))
        first = plan(settings, *posts, scope=Scope(posts=frozenset({"content/posts/two.md"})))
        assert (ids(first), sorted(first.digests)) == (TWO, TWO)
        second = plan(settings, *posts, scope=Scope(to=frozenset({("twitter", "")})))
        assert (ids(second), sorted(second.digests)) == ([ONE[1], TWO[1]], [ONE[1], TWO[1]])
        named = plan(
            settings, *posts, scope=Scope(to=frozenset({("linkedin", "company"), ("twitter", "desk")}))
        )
        assert ids(named) == [ONE[0], TWO[0]]
        assert len({plan(settings, *posts).hash, first.hash, second.hash, named.hash}) == 4

    def test_a_draft_is_nobodys_business(self, settings: Settings) -> None:
        found = plan(settings, post("draft", draft=True), post("two"))
        assert (ids(found), sorted(found.digests), found.unplanned) == (TWO, TWO, ())

    def test_a_repeat_knows_when_its_first_one_goes_out(self, settings: Settings) -> None:
        again = (Again(after=60 * DAY, networks={"linkedin": NetworkShare(texts=("Again",))}),)
        found = by_id(plan(settings, post("one", share=Share(at=NOW + DAY, again=again))))
        repeat = found["one.linkedin.company.2"]
        assert (repeat.state, repeat.due, repeat.number) == ("later", None, 2)
        assert repeat.expected == NOW + 61 * DAY

    def test_first_run_and_moment(self, settings: Settings) -> None:
        assert plan(settings, post("one"), begun=False).first_run
        assert not plan(settings, post("one")).first_run
        assert plan(settings, now=NOW + DAY).now == NOW + DAY


class TestOld:
    def test_what_is_old_is_kept_apart_without_its_words(self, settings: Settings) -> None:
        old = post("one", published=NOW - 9 * DAY)
        found = plan(settings, old, post("two"), begun=False)
        assert ids(found) == TWO
        assert [(item.id, item.state, item.text) for item in found.old] == [
            (name, "skipped", ()) for name in ONE
        ]
        every = plan(settings, old, begun=False, everything=True)
        assert [(item.reason, bool(item.text)) for item in every.deliveries] == [(BASELINE, True)] * 2
        asked = plan(settings, old, begun=False, asked=Asked(backfill=True))
        assert [item.ready for item in asked.deliveries] == [True, True]
        assert [item.id for item in asked.old] == ONE

    def test_what_is_written_down_comes_back_on_purpose(self, settings: Settings) -> None:
        skipped = record(ONE[0], "skipped", reason=BASELINE)
        old = post("one", published=NOW - 9 * DAY)
        assert ids(plan(settings, old, records=(skipped,))) == []
        (item, _) = plan(settings, old, records=(skipped,), asked=Asked(backfill=True)).deliveries
        assert (item.id, item.state, item.ready, item.record) == (ONE[0], "due", True, skipped)

    def test_what_a_network_put_off_is_still_to_come(self, settings: Settings) -> None:
        moved = record(ONE[0], "due", not_before=NOW + HOUR, reason="429")
        item = by_id(plan(settings, post("one"), records=(moved,)))[ONE[0]]
        assert (item.state, item.due, item.reason, item.text) == ("due", NOW + HOUR, "429", ("About one.",))


class TestDoubles:
    """Two posts with one id, or none: the second one's deliveries would have names that mean another post."""

    @pytest.mark.parametrize("name", ["one", ""])
    def test_it_is_named_and_not_planned(self, settings: Settings, name: str) -> None:
        double = post("copy", id=name)
        wrong = mistake("copy", "the id is taken"), mistake("copy", "and more"), mistake("two", "other")
        found = plan(settings, post("one"), double, post("two"), problems=wrong)
        assert found.unplanned == ("content/posts/copy.md",)
        assert found.problems == (wrong[0], wrong[1], wrong[2])
        assert ids(found) == [*ONE, *TWO]
        assert sorted(found.digests) == sorted([*ONE, *TWO])

    def test_not_while_it_is_not_public_or_not_asked_for(self, settings: Settings) -> None:
        posts = (post("one"), post("copy", id="one", published=NOW + HOUR))
        assert plan(settings, *posts).unplanned == ()
        assert plan(settings, *posts, now=NOW + HOUR).unplanned == ("content/posts/copy.md",)
        scope = Scope(posts=frozenset({"content/posts/one.md"}))
        assert plan(settings, *posts, now=NOW + HOUR, scope=scope).unplanned == ()

        other = Scope(posts=frozenset({"content/posts/copy.md"}))
        assert plan(settings, *posts, now=NOW + HOUR, scope=other).unplanned == ("content/posts/copy.md",)

    def test_a_draft_takes_no_id(self, settings: Settings) -> None:
        assert plan(settings, post("draft", id="one", draft=True), post("one")).unplanned == ()


class TestMistakes:
    def test_one_in_the_post_holds_all_of_it(self, settings: Settings) -> None:
        wrong = (
            mistake("one", "first"),
            mistake("one", "second"),
            mistake("two", "only a hint", severity="warning"),
        )
        found = plan(settings, post("one"), post("two"), problems=wrong)
        assert found.problems == wrong[:2]
        assert [(item.id, item.state, item.ready, item.blocked) for item in found.deliveries] == [
            *((name, "held", False, True) for name in ONE), *((name, "due", True, False) for name in TWO)
        ]  # fmt: skip
        assert found.deliveries[0].reason == "first (see `publish check`)"
        assert found.deliveries[0].text == ("About one.",)

    def test_one_in_what_is_not_due_yet_is_told_and_waits(self, settings: Settings) -> None:
        found = plan(settings, post("one", published=NOW + DAY), problems=(mistake("one"),))
        assert found.problems == (mistake("one"),)
        assert {(item.state, item.ready, item.blocked, item.reason) for item in found.deliveries} == {
            ("later", False, True, "wrong (see `publish check`)")
        }

    def test_words_that_do_not_fit_are_told_with_their_place(self, settings: Settings) -> None:
        share = told(twitter=NetworkShare(texts=("rude, rude",), line=7))
        found = plan(settings, post("one", share=share), post("two"))
        assert found.problems == (
            Problem(
                file="content/posts/one.md", line=7, key="share.twitter", code="does-not-fit",
                message="Twitter, acme: it is rude", fix="change the text under `share.twitter`",
            ),
        )  # fmt: skip
        held = [item.id for item in found.deliveries if item.blocked]
        assert held == ["one.twitter.acme"]
        assert by_id(found)["one.twitter.acme"].reason == "Twitter, acme: it is rude (see `publish check`)"

    @pytest.mark.parametrize("state", ["unknown", "sending", "failed"])
    def test_what_is_on_its_way_is_not_held_for_them(self, settings: Settings, state: str) -> None:
        mark = by_id(plan(settings, post("one")))[ONE[0]].fingerprint
        known = record(ONE[0], state)
        known = replace(known, intent=replace(known.intent, fingerprint=mark, text=()))
        scope = Scope(to=frozenset({("linkedin", "")}))
        found = plan(settings, post("one"), records=(known,), problems=(mistake("one"),), scope=scope)
        (item,) = found.deliveries
        assert (item.state, item.blocked, item.text, found.problems) == (state, False, ("About one.",), ())

    def test_a_network_that_nobody_knows_leaves_the_others(self, settings: Settings) -> None:
        share = told(linkedn=NetworkShare(texts=("x",), line=8))
        found = plan(settings, post("one", share=share), post("two"))
        (problem,) = found.problems
        assert (problem.key, problem.line, problem.code) == ("share.linkedn", 8, "unknown-network")
        assert found.unplanned == ("content/posts/one.md",)
        assert [item.blocked for item in found.deliveries] == [True, True, False, False]
        both = plan(settings, post("one", share=share), problems=(mistake("one"), problem))
        assert both.problems == (mistake("one"), problem)
        bare = plan(settings, post("one", share=share), compose=False)
        assert (bare.unplanned, bare.problems) == (("content/posts/one.md",), (problem,))
        later = plan(settings, post("one", share=share, published=NOW + HOUR))
        assert later.unplanned == ()
        assert plan(settings, post("one", share=share, published=NOW - 9 * DAY), begun=False).unplanned == ()

    def test_of_an_old_post_what_is_still_to_come_matters(self, settings: Settings) -> None:
        share = told(
            linkedn=NetworkShare(texts=("x",), line=8),
            linkedin=NetworkShare(at=NOW - HOUR),
            twitter=NetworkShare(off=True),
        )
        found = plan(settings, post("one", share=share, published=NOW - 9 * DAY), begun=False)
        assert found.unplanned == ("content/posts/one.md",)

    @pytest.mark.parametrize("account", ["company", "desk"])
    def test_what_waits_for_a_person_waits_for_the_mending_too(
        self, settings: Settings, account: str
    ) -> None:
        """What was missed, and what is posted by hand."""
        share = told(
            linkedin=NetworkShare(at=NOW - 9 * DAY) if account == "company" else NetworkShare(off=True),
            twitter=NetworkShare(as_=("desk",)) if account == "desk" else NetworkShare(off=True),
        )
        one = post("one", share=share, published=NOW - (9 * DAY if account == "company" else HOUR))
        (before,) = plan(settings, one).deliveries
        assert before.state == ("held" if account == "company" else "manual")
        found = plan(settings, one, problems=(mistake("one"),))
        (item,) = found.deliveries
        assert (item.state, item.blocked, item.reason) == ("held", True, "wrong (see `publish check`)")
        assert found.problems == (mistake("one"),)

    def test_old_ones_before_it_do_not_hide_it(self, settings: Settings) -> None:
        share = told(linkedn=NetworkShare(texts=("x",), line=8))
        found = plan(settings, post("two", published=NOW - 9 * DAY), post("one", share=share), begun=False)
        assert found.unplanned == ("content/posts/one.md",)


class TestGone:
    """What the history knows and the content no longer has."""

    RECORDS = (
        record("old.twitter.acme", "sent", parts=OUT, reason="part 2 is missing"),
        record("off.linkedin.company.3", "unknown", reason="no answer"),
        record("was.linkedin.dana", "due", reason="429", not_before=NOW + DAY),
    )

    def test_only_what_may_be_out_without_our_knowing(self, settings: Settings) -> None:
        assert ids(plan(settings, records=self.RECORDS)) == ["off.linkedin.company.3"]
        assert ids(plan(settings, records=(record("x12.twitter.acme", "sending"),))) == ["x12.twitter.acme"]

    def test_all_of_it_on_request_as_it_was_told(self, settings: Settings) -> None:
        sent, unknown, due = plan(settings, records=self.RECORDS, everything=True).deliveries
        common: dict[str, Any] = {
            "due": INTENT.due, "link": INTENT.link, "title": INTENT.title, "text": INTENT.text, "card": INTENT.card,
            "fingerprint": INTENT.fingerprint,
        }  # fmt: skip
        assert due == Delivery(
            id="was.linkedin.dana", post="was", channel="linkedin", account="dana", number=1, state="skipped",
            path="content/posts/was.md", reason="the post no longer asks for it", record=self.RECORDS[2], **common,
        )  # fmt: skip
        assert unknown == Delivery(
            id="off.linkedin.company.3", post="off", channel="linkedin", account="company", number=3, state="unknown",
            path="content/posts/off.md", reason="no answer", record=self.RECORDS[1], cost=INTENT.cost, **common,
        )  # fmt: skip
        assert sent == Delivery(
            id="old.twitter.acme", post="old", channel="twitter", account="acme", number=1, state="sent",
            path="content/posts/old.md", reason="part 2 is missing", record=self.RECORDS[0], cost=INTENT.cost,
            url="https://net.example/1", parts=("urn:1",), **common,
        )  # fmt: skip

    def test_in_the_scope_alone(self, settings: Settings) -> None:
        def found(scope: Scope) -> list[str]:
            return ids(plan(settings, records=self.RECORDS, everything=True, scope=scope))

        assert found(Scope(posts=frozenset({"content/posts/was.md"}))) == ["was.linkedin.dana"]
        assert found(Scope(to=frozenset({("twitter", "acme")}))) == ["old.twitter.acme"]
        assert found(Scope(to=frozenset({("linkedin", "")}))) == [
            "off.linkedin.company.3",
            "was.linkedin.dana",
        ]

    def test_what_is_outside_the_scope_is_not_gone(self, settings: Settings) -> None:
        sent = record(TWO[1], "sent", parts=OUT)
        scope = Scope(posts=frozenset({"content/posts/one.md"}))
        found = plan(settings, post("one"), post("two"), records=(sent,), everything=True, scope=scope)
        assert ids(found) == ONE
        # Its file was renamed since: the record's own path tells nothing, its id does.
        moved = replace(sent, intent=replace(sent.intent, path="content/posts/one.md"))
        assert (
            ids(plan(settings, post("one"), post("two"), records=(moved,), everything=True, scope=scope))
            == ONE
        )


class TestMoney:
    def test_fees_are_part_of_the_month(self, settings: Settings) -> None:
        fees = {"twitter": Decimal("0.70"), "linkedin": Decimal(5)}
        found = plan(settings, post("one"), fees=fees)
        item = by_id(found)["one.twitter.acme"]
        assert (item.over_budget, item.ready, item.cost) == (True, False, Decimal("0.40"))
        assert found.budgets == {"twitter": (Decimal("0.70"), Decimal("1.00"))}
        assert found.fees == fees
        free = plan(settings, post("one"))
        assert (free.fees, by_id(free)["one.twitter.acme"].ready) == ({}, True)

    def test_the_month_begins_where_the_site_is(self, settings: Settings) -> None:
        now = datetime.fromisoformat("2026-11-30T23:30+00:00")  # December in Berlin
        names = {"a12.twitter.acme": now - 2 * HOUR, "a13.twitter.acme": now - timedelta(minutes=5)}
        known = tuple(record(name, "sent", parts=OUT, claimed_at=at) for name, at in names.items())
        found = plan(settings, records=known, now=now, fees={"twitter": Decimal("0.10")})
        assert found.budgets["twitter"][0] == INTENT.cost + Decimal("0.10")

    def test_what_a_person_posts_costs_nothing(self, settings: Settings) -> None:
        share = told(
            linkedin=NetworkShare(off=True), twitter=NetworkShare(texts=("x",), as_=("acme", "desk"))
        )
        acme, desk = plan(settings, post("one", share=share)).deliveries
        assert (acme.state, acme.cost) == ("due", Decimal("0.40"))
        assert (desk.state, desk.cost) == ("manual", Decimal(0))

    def test_what_has_no_time_of_its_own_takes_its_turn(self, settings: Settings) -> None:
        """A repeat that a person asked for although its first telling never went out."""
        again = (Again(after=DAY, networks={"twitter": NetworkShare(texts=("Again",))}),)
        first = record("one.twitter.acme", "skipped", reason="by hand")
        asked = Asked(late=frozenset({"one.twitter.acme.2"}))
        posts = (post("one", share=Share(again=again)), post("two"))
        found = by_id(
            plan(settings, *posts, records=(first,), asked=asked, fees={"twitter": Decimal("0.50")})
        )
        assert (found["two.twitter.acme"].ready, found["one.twitter.acme.2"].over_budget) == (True, True)
        assert found["one.twitter.acme.2"].due is None


class TestCard:
    def test_the_page_that_is_linked_has_the_card(self, settings: Settings) -> None:
        elsewhere = NetworkShare(texts=("x",), link="https://shop.example/")
        found = by_id(plan(settings, post("one", share=told(linkedin=elsewhere, twitter=elsewhere))))
        assert found["one.linkedin.company"].card  # it carries ours with it
        assert found["one.twitter.acme"].card == ""
        assert by_id(plan(settings, post("one")))["one.twitter.acme"].card


class TestFingerprint:
    """When it changes, a rejected post is tried again, and an approved plan is refused."""

    CARD = Picture(digest="drawn", alt="")

    def telling(self, settings: Settings, **more: Any) -> Telling:
        account = settings.channels["twitter"].accounts["acme"]
        return Telling(
            **{
                "id": "one.twitter.acme", "post_id": "one", "channel": "twitter", "account": account, "number": 1,
                "texts": ("a", "b"), "written": True, "link": "https://x.example/", "due": None, "image_alt": "alt",
            }
            | more
        )  # fmt: skip

    def test_it_is_the_same_in_every_version(self, settings: Settings) -> None:
        """Else an upgrade would send again what was rejected before it."""
        mark = fingerprint(self.telling(settings), "T", "D", self.CARD, "I")
        assert mark == words.digest("a", "b", "1", "https://x.example/", "I", "alt", "drawn", "T", "D")
        derived = fingerprint(self.telling(settings, written=False), "T", "D", self.CARD, "I")
        assert derived == words.digest("a", "b", "", "https://x.example/", "I", "alt", "drawn", "T", "D")
        kept = "a683e9d57f899391bfd5f93c802dd26ebfb2b5a20341d44b654a9e2b1b478339"
        assert (
            words.digest("ab", "ü", "\ud800") == kept
        )  # with half a character, as a broken file may hold it

    def test_what_was_approved_is_known_again_in_every_version(self, settings: Settings) -> None:
        """The digest of a delivery covers its name, its account, what readers see, and the time that was declared."""
        share = told(linkedin=NetworkShare(texts=("Own",), at=NOW + DAY), twitter=NetworkShare(off=True))
        found = plan(settings, post("one", share=share))
        (item,) = found.deliveries
        assert found.digests == {
            item.id: words.digest(item.id, "company", item.fingerprint, (NOW + DAY).isoformat())
        }
        assert found.hash == words.digest(f"{item.id}={found.digests[item.id]}")
        shown = NetworkShare(texts=("Own",), image="assets/seen.png")
        (settings.docs / "assets" / "seen.png").write_bytes(b"seen")
        assert plan(settings, post("one", share=told(linkedin=shown))).hash != found.hash

    def test_values_do_not_run_into_each_other(self) -> None:
        assert (
            len({words.digest("a", "b"), words.digest("ab"), words.digest("ab", ""), words.digest("", "ab")})
            == 4
        )

    def test_a_letter_is_another_one_when_the_post_is(self, settings: Settings) -> None:
        page = words.Page(post=post("one"), picture=self.CARD, description="D", errors=())
        other = words.Page(post=post("one", body="Other"), picture=self.CARD, description="D", errors=())
        tweet, letter = self.telling(settings), self.telling(settings, channel="newsletter")
        assert words.mark_of(tweet, page, settings) == words.mark_of(tweet, other, settings)
        assert words.mark_of(letter, page, settings) != words.mark_of(letter, other, settings)
        page.post = replace(page.post, title="Another")
        marks = {words.mark_of(letter, each, settings) for each in (page, other)}
        assert len(marks | {words.mark_of(letter, replace(page, post=post("one")), settings)}) == 3
        page.post = post("one")
        assert words.mark_of(tweet, page, settings) == fingerprint(tweet, "Title of one", "D", self.CARD, "")

    def test_the_picture_counts_byte_by_byte(self, settings: Settings) -> None:
        page = words.Page(post=post("one"), picture=self.CARD, description="D", errors=())
        shown = self.telling(settings, image="assets/shown.png")
        file = settings.docs / "assets" / "shown.png"
        marks = set()
        for data in (b"one", b"two, longer"):
            file.write_bytes(data)
            marks.add(words.mark_of(shown, page, settings))
        assert len(marks | {words.mark_of(self.telling(settings), page, settings)}) == 3


def test_composed_leaves_what_was_sent_as_it_was(settings: Settings) -> None:
    intent = Intent(id="one.twitter.acme", post="one", channel="twitter", account="acme")
    known = Record(intent=intent, state="sent", version=4, updated=AT)
    card = Card(url="", title="", description="", picture=TestFingerprint.CARD)
    page = words.Page(post=post("one"), picture=card.picture, description="D", errors=(mistake("one"),))
    item = Delivery(
        id="one.twitter.acme", post="one", channel="twitter", account="acme", number=1, state="sent", due=None,
        link="", text=("As sent",), record=known, telling=TestFingerprint().telling(settings),
    )  # fmt: skip
    assert words.composed(item, page, settings, Driver) == (item, ())  # type: ignore[arg-type]
    fresh, wrong = words.composed(replace(item, record=None, state="due"), page, settings, Driver)  # type: ignore[arg-type]
    assert (fresh.text, fresh.state, wrong) == (("a", "b"), "held", (mistake("one"),))


def test_a_letter_is_composed_from_the_whole_post(settings: Settings) -> None:
    drafts: list[Draft] = []

    class Letter(Driver):
        def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
            drafts.append(draft)
            return super().compose(draft)

    page = words.Page(
        post=post("one", body="All of it"), picture=TestFingerprint.CARD, description="D", errors=()
    )
    item = Delivery(
        id="one.newsletter.list", post="one", channel="newsletter", account="list", number=1, state="due", due=None,
        link="", telling=TestFingerprint().telling(settings, channel="newsletter"),
    )  # fmt: skip
    words.composed(item, page, settings, Letter)  # type: ignore[arg-type]
    assert drafts[0].story is not None
    assert drafts[0].story.body == "All of it"


def test_the_json_of_a_thread_with_warnings(settings: Settings) -> None:
    message = Message(
        channel="twitter", account="acme", parts=("a", "b"), link="l", used=(1, 1), limit=9, mentions=("@dana",),
        warnings=("ends soon",),
    )  # fmt: skip
    item = Delivery(
        id="one.twitter.acme", post="one", channel="twitter", account="acme", number=1, state="due", due=None, link="l",
        text=("a", "b"), message=message,
    )  # fmt: skip
    shown = item.as_json()
    assert (shown["text"], shown["texts"], shown["due"], shown["declared"]) == (
        "a\n\nb",
        ["a", "b"],
        None,
        "",
    )
    assert (shown["mentions"], shown["warnings"]) == (["@dana"], ["ends soon"])
    whole = replace(plan(settings, post("one")), deliveries=(item,))
    assert whole.as_json() == {"deliveries": [shown], "hash": whole.hash}


def test_what_was_written_since_is_kept_with_its_record(settings: Settings) -> None:
    item = plan(settings, post("one")).deliveries[0]
    euros = record(item.id, "sent", parts=OUT)
    euros = replace(euros, intent=replace(euros.intent, currency="GBP"))
    sent = planning.updated(item, euros, settings.zone)
    assert (sent.currency, sent.record) == ("GBP", euros)
    moved = planning.updated(replace(sent, state="sending"), record(item.id, "due"), settings.zone)
    assert moved.state == "due"
