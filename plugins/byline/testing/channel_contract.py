"""The contract that every driver of a network keeps, as a suite to inherit.

    from byline.testing.channel_contract import Case, ChannelContract, World

    @pytest.fixture(params=CASES, ids=str)
    def world(request):
        with World(MyNetwork, request.param) as world:
            yield world

    class TestMyNetwork(ChannelContract):
        pass

A `Case` is one kind of account with the fake that stands for its network (see `byline.testing.server.Fake`). All
of it runs on loopback, on a clock that stands still.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import pytest

from byline import links
from byline import text as texts
from byline.channels.base import Channel, Draft, Found, Paid, Receipt, Request
from byline.errors import Duplicate, NotSent, OutcomeUnknown, Problem, Rejected, RemoteError
from byline.fields import Fields
from byline.http import Http
from byline.model import Card, Message, Picture
from byline.settings import Account, Secrets, Timeouts
from byline.testing.server import PROCESSED, UNDONE, Case, Fault
from byline.times import FixedClock
from byline.yamlread import Mapping_, read

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
HOSTILE = (
    "Ask @everyone and @[Acme](urn:li:organization:1) or @[123456]: "
    r"(a) [b](c) {hashtag|\#|d} <e> *f* _g_ ~h~ | back\slash #one &amp; <script>x</script> "
    "mail dana@example.com “quotes” é 👩‍👩‍👧"
)
__all__ = ["Case", "ChannelContract", "World", "stored_and_read"]

UNKNOWN: tuple[Fault, ...] = tuple(sorted(PROCESSED | {"drop", "error_before"}))
LIMITED: tuple[Fault, ...] = ("limited", "limited_bare")


class World:
    """One driver, its account, and the fake it talks to."""

    def __init__(self, driver: type[Channel], case: Case) -> None:
        self.driver = driver
        self.case = case
        self.clock = FixedClock(NOW)
        self.fake = case.fake(self.clock)
        self.http = Http(Timeouts(connect=5, read=20), self.clock)
        self.secrets = Secrets(case.environment)
        self.home = Path(tempfile.mkdtemp(prefix="byline-home-"))

    def __enter__(self) -> Self:
        self.fake.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.fake.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def yaml(self, text: str) -> Mapping_:
        """The text as the driver is given it."""
        node = read(text.replace("{api}", self.fake.url))
        assert isinstance(node, Mapping_)
        return node

    def account(self, *, block: str = "") -> Account:
        """The account, at the fake."""
        return Account(
            channel=self.driver.name,
            name="company",
            mode="api",
            api=self.fake.url,
            node=self.yaml(self.case.account),
            block=self.yaml(block or self.case.block),
            home=self.home,
        )

    def channel(
        self, *, http: Http | None = None, secrets: Secrets | None = None, block: str = ""
    ) -> Channel:
        """A fresh driver, as another process would have it."""
        return self.driver(
            self.account(block=block),
            http=http or self.http,
            secrets=secrets or self.secrets,
            clock=self.clock,
        )

    @property
    def link(self) -> str:
        """The tagged link of a delivery."""
        name = self.driver.name
        return (
            f"https://insights.acme.example/posts/honest-pricing/?utm_source={links.sources(name)}"
            f"&utm_medium={'email' if links.sources(name) == 'newsletter' else 'social'}"
            f"&utm_campaign=q4-renewals&utm_content=hp7.{name}.company"
        )

    def draft(self, *words: str, written: bool = True, link: str = "", image: bool = False) -> Draft:
        """What a person or the post's description gives."""
        target = link or self.link
        picture = Picture(
            digest="0" * 64,
            alt="A price tag folded in half",
            url="https://insights.acme.example/a.png",
            path=_picture(),
        )
        return Draft(
            texts=words or ("40 renewals, 3 lost, 37 kept at a higher price.",),
            written=written,
            link=target,
            card=Card(
                url=target,
                title="Pricing, the honest version",
                description="What 40 renewals taught us (about raising prices).",
                picture=picture,
            ),
            image=picture if image else None,
        )

    def ready(
        self, draft: Draft | None = None, *, channel: Channel | None = None
    ) -> tuple[Message, tuple[Request, ...]]:
        """The message and its requests, pictures uploaded."""
        driver = channel or self.channel()
        message, problems = driver.compose(draft or self.draft())
        assert problems == ()
        return message, driver.prepare(message, f"hp7.{self.driver.name}.company")

    @contextmanager
    def raises(self, kind: type[RemoteError], *, cause: str = "") -> Iterator[Caught]:
        """The block fails in exactly this way, and says so without a secret."""
        caught = Caught()
        with pytest.raises(RemoteError) as info:
            yield caught
        error = caught.error = info.value
        self.tells_no_secret(error)
        assert isinstance(error, kind), f"expected {kind.__name__}, got {type(error).__name__}: {error}"
        assert error.service == self.driver.caps.label
        if cause:
            assert getattr(error, "cause", "") == cause, f"the cause is not {cause}: {error}"

    def tells_no_secret(self, *things: object) -> None:
        """Nothing that these say, or show, holds a secret."""
        for thing in things:
            said = [str(thing), repr(thing)]
            if isinstance(thing, BaseException):
                said += [repr(thing.args), repr(vars(thing))]
                for cause in (thing.__cause__, None if thing.__suppress_context__ else thing.__context__):
                    if cause is not None:
                        self.tells_no_secret(cause)
            for name, value in self.case.environment.items():
                if name in self.case.public:
                    continue
                shown = [text for text in said if len(value) >= 8 and value in text]
                assert not shown, f"the secret {name} is shown by {type(thing).__name__}"


@dataclass(slots=True)
class Caught:
    """The error that a block ended with."""

    error: RemoteError = field(default_factory=lambda: RemoteError("", service=""))

    @property
    def retry_at(self) -> datetime | None:
        """When it may be tried again."""
        return self.error.retry_at if isinstance(self.error, NotSent) else None


class ChannelContract:
    """Inherit it and give it a `world` fixture."""

    # What the driver says of itself.

    def test_its_data_is_complete(self, world: World) -> None:
        driver, caps = world.driver, world.driver.caps
        assert re.fullmatch(r"[a-z][a-z0-9]*", driver.name)
        assert driver.__module__.rpartition(".")[2] == driver.name, "the driver's name is its file's name"
        assert driver.__doc__
        assert caps.label
        assert caps.unit
        assert caps.limit > 0
        assert caps.count("word") == 4
        assert caps.image.types
        assert min(caps.image.max_bytes, caps.image.max_pixels, caps.image.width, caps.image.height) > 0
        assert driver.api == "" or driver.api.startswith("https://")
        if caps.replay:
            assert timedelta(0) <= caps.replay.after < caps.replay.until

    def test_its_settings_are_read_with_every_mistake(self, world: World) -> None:
        problems = _settings(world, world.yaml(world.case.block), world.yaml(world.case.account))
        assert problems == []
        account = world.yaml(world.case.account)
        key = next(iter(account.items), "mode")
        wrong = Mapping_(
            {**account.items, key + "x": read("1") or account}, {**account.key_lines, key + "x": 7}, 1
        )
        found = _settings(world, world.yaml(world.case.block), wrong)
        assert [(problem.code, problem.line) for problem in found] == [("unknown-key", 7)]

    def test_making_one_touches_nothing(self, world: World) -> None:
        channel = world.channel(secrets=Secrets({}))
        assert world.fake.calls == []
        world.tells_no_secret(channel, world.channel(), world.http)

    # Composing.

    def test_composing_is_pure_and_needs_no_secret(self, world: World) -> None:
        channel = world.channel(secrets=Secrets({}))
        draft = world.draft()
        assert channel.compose(draft) == channel.compose(draft)
        assert world.fake.calls == []
        message, problems = channel.compose(draft)
        assert problems == ()
        assert (message.channel, message.account, message.link) == (channel.name, "company", draft.link)
        assert len(message.used) == len(message.parts) == 1
        assert message.limit == channel.caps.limit
        assert message.cost >= 0

    def test_the_link_travels_where_the_network_carries_it(self, world: World) -> None:
        channel = world.channel()
        for written in (True, False):
            message, _ = channel.compose(world.draft(written=written))
            if channel.caps.link == "text":
                assert message.parts[0].count(world.link) == 1
            else:
                assert world.link not in message.parts[0]
            if channel.caps.card == "client":
                assert message.card is not None
                assert message.card.url == world.link

    def test_a_link_that_is_written_is_not_added_again(self, world: World) -> None:
        message, _ = world.channel().compose(world.draft(f"Read {world.link} now"))
        assert message.parts[0].count(world.link) == 1

    def test_written_words_are_never_cut(self, world: World) -> None:
        channel = world.channel()
        words = _filled(channel, world, channel.caps.limit)
        message, problems = channel.compose(world.draft(words))
        assert problems == ()
        assert message.used == (channel.caps.limit,)
        message, problems = channel.compose(world.draft(words + "a"))
        assert len(problems) == 1
        assert str(f"{channel.caps.limit:,}") in problems[0]
        assert message.parts[0].startswith(words + "a")
        assert message.cut == ""

    def test_derived_words_are_fitted(self, world: World) -> None:
        channel = world.channel()
        words = "We raised prices on forty renewals and kept most of them. " * (channel.caps.limit // 20)
        message, problems = channel.compose(world.draft(words, written=False))
        assert problems == ()
        assert message.cut
        assert channel.caps.limit * 0.6 < message.used[0] <= channel.caps.limit

    def test_fitting_cuts_nothing_in_two(self, world: World) -> None:
        channel = world.channel()
        whole = "https://example.com/a/long/path?with=query"
        unit = f"{whole} @[Some Name](urn:li:person:1) #hashtag 👩‍👩‍👧‍👦👍🏽 e\u0301te\u0301 "
        for length in range(0, 40, 3):
            lead = "x" * (channel.caps.limit - 150 + 4 * length) + " "
            message, problems = channel.compose(world.draft(lead + unit * 5, written=False))
            assert problems == ()
            assert message.used[0] <= channel.caps.limit
            shown = message.parts[0].replace(world.link, "").replace("\u2060", "").rstrip()
            shown = shown.removesuffix("…").rstrip()
            source = (lead + unit * 5).rstrip()
            assert source.startswith(shown)
            assert (
                texts.graphemes(shown) == 0
                or source[len(shown) :][:1] in ("", " ")
                or " " not in shown.strip()
            )
            assert all(found == whole for found in re.findall(r"https?://\S+", shown))

    def test_a_list_of_words_is_a_thread_or_a_problem(self, world: World) -> None:
        channel = world.channel()
        message, problems = channel.compose(world.draft("One.", "Two."))
        if channel.caps.threads:
            assert problems == ()
            assert len(message.parts) == len(message.used) == 2
        else:
            assert len(problems) == 1
            assert "text" in problems[0]

    # Sending.

    def test_what_is_composed_is_what_readers_see(self, world: World) -> None:
        channel = world.channel()
        words = "A [note] (two) with_under *stars* & <angles> | back\\slash {x}"
        message, requests = world.ready(world.draft(words), channel=channel)
        assert not world.fake.posts
        receipt = channel.create(requests[0], ())
        (post,) = world.fake.posts
        assert post.text == message.parts[0]
        assert post.link == world.link
        assert receipt.remote_id == post.id
        assert receipt.url == post.url
        assert channel.remote_id(post.url) == post.id
        assert channel.remote_id("https://insights.acme.example/posts/honest-pricing/") == ""
        assert receipt.at.utcoffset() is not None
        assert not receipt.already
        if channel.caps.card == "client":
            assert post.card is not None
            assert message.card is not None
            assert (post.card.title, post.card.description) == (message.card.title, message.card.description)
            assert post.card.image is not None

    def test_hostile_words_call_nobody(self, world: World) -> None:
        channel = world.channel()
        message, requests = world.ready(world.draft(HOSTILE, written=False), channel=channel)
        channel.create(requests[0], ())
        (post,) = world.fake.posts
        assert post.mentions == ()
        assert post.text == message.parts[0]

    def test_written_words_call_only_whom_they_name_and_say_so(self, world: World) -> None:
        channel = world.channel()
        words = (
            "Ask @everyone, @here or @All and @[Acme](urn:li:organization:1) or @[123456] and @[123:1:Acme]. "
            "Thanks @dana_r and dana@example.com, see https://example.com/@someone/1 (@dana_r)."
        )
        message, requests = world.ready(world.draft(words), channel=channel)
        channel.create(requests[0], ())
        (post,) = world.fake.posts
        assert {f"@{name.lstrip('@')}" for name in post.mentions} == set(message.mentions)
        assert set(message.mentions) <= {"@dana_r"}, "a network's markup and words for everybody call nobody"
        assert post.text == message.parts[0]
        if not message.mentions:
            told = any("@dana_r" in warning for warning in message.warnings)
            assert told or channel.caps.mentions is not None, "say that a handle is plain words here"

    def test_allowances_and_fees_are_told_in_numbers(self, world: World) -> None:
        """Where the driver offers them: an allowance is within its limit, and no call costs more than its price."""
        channel: Any = world.channel()
        message, requests = world.ready(channel=channel)
        receipt = channel.create(requests[0], ())
        price, fees = getattr(channel, "price", None), getattr(channel, "fees", None)
        assert (price is None) == (fees is None), (
            "offer `price` and `fees` together: one tells before, one after"
        )
        calls: dict[Paid, Callable[[], object]] = {
            "health": channel.health,
            "find": lambda: channel.find(requests[0], message.link, NOW, ()),
            "metrics": lambda: channel.metrics(receipt.remote_id),
        }
        if channel.caps.delete:
            calls["delete"] = lambda: channel.delete(receipt.remote_id)
        for name, call in calls.items():
            if price is not None and fees is not None:
                fees()
                call()
                charged = fees()
                assert sum((fee.amount for fee in charged), Decimal(0)) <= price(name), name
                assert all(fee.what and fee.amount >= 0 for fee in charged)
                assert fees() == (), "what was told is told once"
            else:
                call()
        for quota in getattr(channel, "quotas", tuple)():
            assert quota.what
            assert quota.limit > 0
            assert quota.used is None or 0 <= quota.used <= quota.limit
            assert quota.resets is None or quota.resets.utcoffset() is not None
        world.tells_no_secret(*getattr(channel, "quotas", tuple)())

    def test_a_picture_goes_along_with_its_words(self, world: World) -> None:
        channel = world.channel()
        message, requests = world.ready(world.draft(image=True))
        channel.create(requests[0], ())
        (post,) = world.fake.posts
        shown = [*post.images, *([post.card.image] if post.card and post.card.image else [])]
        assert len(shown) == 1
        assert shown[0].mime in channel.caps.image.types
        if message.image is not None and post.images:
            assert shown[0].alt == message.image.alt

    def test_preparing_twice_is_harmless(self, world: World) -> None:
        message, first = world.ready()
        second = world.channel().prepare(message, f"hp7.{world.driver.name}.company")
        assert len(first) == len(second) == 1
        assert world.fake.posts == ()

    def test_a_request_survives_being_stored(self, world: World) -> None:
        _, (request,) = world.ready()
        world.tells_no_secret(request)
        stored = stored_and_read(request)
        assert stored == request
        world.channel().create(stored, ())
        assert len(world.fake.posts) == 1

    def test_a_thread_hangs_together(self, world: World) -> None:
        channel = world.channel(block=_with(world.case.block, world.case.threads))
        if not channel.caps.threads:
            pytest.skip("no threads on this network")
        _, requests = world.ready(world.draft("One.", "Two.", "Three."), channel=channel)
        receipts: list[Receipt] = []
        for request in requests:
            receipts.append(channel.create(request, tuple(receipts)))
        assert [post.reply_to for post in world.fake.posts] == [
            "",
            receipts[0].remote_id,
            receipts[1].remote_id,
        ]
        if channel.caps.find != "never":
            for number, request in enumerate(requests):
                found = channel.find(request, world.link, world.clock.now(), tuple(receipts[:number]))
                assert found.receipt is not None
                assert found.receipt.remote_id == receipts[number].remote_id

    # When it goes wrong.

    @pytest.mark.parametrize("fault", [fault for fault in UNKNOWN if fault != "stall"])
    def test_a_create_without_an_answer_may_be_out(self, world: World, fault: Fault) -> None:
        channel = world.channel()
        _, (request,) = world.ready()
        world.fake.inject(fault)
        with world.raises(OutcomeUnknown):
            channel.create(request, ())
        assert world.fake.attempts("create") == 1
        assert len(world.fake.posts) == (1 if fault in PROCESSED else 0)
        self._looks(world, channel, request)

    def test_a_late_answer_may_be_out(self, world: World) -> None:
        _, (request,) = world.ready()
        if world.driver.caps.delete:  # over a connection that was used before, too
            warm = world.channel()
            warm.delete(warm.create(request, ()).remote_id)
            world.clock.move(timedelta(days=1))
            _, (request,) = world.ready()
        hasty = Http(Timeouts(connect=5, read=0.2), world.clock)
        world.fake.inject("stall")
        world.fake.stall_for = 20
        before = world.fake.attempts("create")
        with world.raises(OutcomeUnknown):
            world.channel(http=hasty).create(request, ())
        hasty.close()
        assert world.fake.attempts("create") == before + 1
        self._looks(world, world.channel(), request)

    @pytest.mark.parametrize("fault", LIMITED)
    def test_too_many_calls_wait_for_the_stated_time(self, world: World, fault: Fault) -> None:
        _, (request,) = world.ready()
        world.fake.inject(fault)
        with world.raises(NotSent, cause="limited") as caught:
            world.channel().create(request, ())
        assert caught.retry_at is not None
        assert world.clock.now() < caught.retry_at <= world.clock.now() + timedelta(days=1)
        assert world.fake.posts == ()
        assert world.fake.attempts("create") == 1

    def test_a_dead_token_is_a_persons_task(self, world: World) -> None:
        _, (request,) = world.ready()
        world.fake.inject("unauthorized")
        with world.raises(NotSent, cause="auth") as caught:
            world.channel().create(request, ())
        assert caught.retry_at is None
        assert any(name in caught.error.hint for name in world.case.environment)
        assert world.fake.posts == ()

    def test_a_refused_connection_sent_nothing(self, world: World) -> None:
        channel = world.channel()
        message, (request,) = world.ready(channel=channel)
        world.fake.stop()
        with world.raises(NotSent, cause="unreachable") as caught:
            channel.create(request, ())
        assert caught.retry_at is not None
        with world.raises(NotSent, cause="unreachable"):
            world.channel().prepare(message, "hp7.x.company")
            channel.create(request, ())

    @pytest.mark.parametrize("fault", sorted((PROCESSED | UNDONE) - {"stall", "no_id", "empty", "cut"}))
    def test_a_failed_upload_sent_nothing(self, world: World, fault: Fault) -> None:
        message, _ = world.channel().compose(world.draft(image=True))
        if world.driver.caps.story:
            pytest.skip("a letter's pictures stay on the site")
        world.fake.inject(fault, on="upload")
        with world.raises(NotSent):
            world.channel().prepare(message, f"hp7.{world.driver.name}.company")
        assert world.fake.posts == ()

    def test_a_missing_secret_is_named(self, world: World) -> None:
        message, _ = world.channel().compose(world.draft())
        channel = world.channel(secrets=Secrets({}))
        for act in (lambda: channel.prepare(message, "hp7.x.company"), channel.health):
            with world.raises(NotSent, cause="auth") as caught:
                act()
            assert any(name in caught.error.hint for name in world.case.environment)
        assert world.fake.calls == []

    def test_what_the_network_refuses_is_rejected(self, world: World) -> None:
        _, (request,) = world.ready()
        with world.raises(Rejected):
            world.channel().create(_overlong(request), ())
        assert world.fake.posts == ()

    def test_the_same_request_again_makes_no_second_post(self, world: World) -> None:
        channel = world.channel()
        replay = channel.caps.replay
        if replay is None:
            pytest.skip("the network has no idempotency of its own")
        _, (request,) = world.ready()
        world.fake.inject("lose")
        with world.raises(OutcomeUnknown):
            channel.create(request, ())
        world.clock.move(replay.after)
        for _ in range(2):
            if (
                channel.caps.mailing
            ):  # nobody but the person who was to get it knows: it stays open, and single
                with world.raises(OutcomeUnknown):
                    world.channel().create(stored_and_read(request), ())
            else:
                assert _adopted(world.channel(), stored_and_read(request)) == world.fake.posts[0].id
            assert len(world.fake.posts) == 1
        assert world.clock.now() - NOW <= replay.until

    # Looking.

    def test_looking_finds_our_post_and_no_other(self, world: World) -> None:
        channel = world.channel()
        _, (request,) = world.ready()
        absent = channel.find(request, world.link, world.clock.now(), ())
        assert absent.receipt is None
        assert absent.certain or absent.reason
        receipt = channel.create(request, ())
        self._looks(world, channel, request)
        if channel.caps.find == "always":
            found = channel.find(request, world.link, world.clock.now(), ())
            assert found.receipt == replace(
                receipt, already=True, at=found.receipt.at if found.receipt else receipt.at
            )

    def test_a_fresh_post_that_lists_lag_behind_is_not_taken_for_absent(self, world: World) -> None:
        channel = world.channel()
        if channel.caps.find != "always":
            pytest.skip("this account's posts cannot be listed")
        _, (request,) = world.ready()
        since = world.clock.now()
        world.fake.lag = timedelta(seconds=30)
        channel.create(request, ())
        found = channel.find(request, world.link, since, ())
        assert found.receipt is not None or not found.certain
        world.clock.move(timedelta(seconds=31))
        assert channel.find(request, world.link, since, ()).receipt is not None

    def _looks(self, world: World, channel: Channel, request: Request) -> None:
        """What a look tells agrees with what stands in the network."""
        found: Found = channel.find(request, world.link, NOW - timedelta(seconds=1), ())
        if channel.caps.find == "never":
            assert found.receipt is None
            assert not found.certain
            assert found.reason
        elif world.fake.posts:
            assert found.receipt is not None, found.reason
            assert found.receipt.remote_id == world.fake.posts[-1].id
            assert found.receipt.already
        else:
            assert found.receipt is None

    # Afterwards.

    def test_a_post_is_taken_away_once_and_again(self, world: World) -> None:
        channel = world.channel()
        _, (request,) = world.ready()
        receipt = channel.create(request, ())
        if not channel.caps.delete:
            with world.raises(Rejected):
                channel.delete(receipt.remote_id)
            return
        channel.delete(receipt.remote_id)
        assert world.fake.posts == ()
        channel.delete(receipt.remote_id)

    def test_words_are_changed_where_the_network_can(self, world: World) -> None:
        channel = world.channel()
        _, (request,) = world.ready()
        receipt = channel.create(request, ())
        other, _ = channel.compose(world.draft("Other (better) words."))
        if not channel.caps.edit:
            with world.raises(Rejected):
                channel.edit(receipt.remote_id, other)
            return
        channel.edit(receipt.remote_id, other)
        assert [post.text for post in world.fake.posts] == [other.parts[0]]

    def test_health_tells_who_and_a_dead_token_is_not_well(self, world: World) -> None:
        health = world.channel().health()
        assert health.ok
        assert health.who
        world.tells_no_secret(health)
        world.fake.inject("unauthorized", on="any", times=9)
        with world.raises(NotSent, cause="auth"):
            world.channel().health()
        assert world.fake.posts == ()

    def test_metrics_are_numbers_or_nothing(self, world: World) -> None:
        channel = world.channel()
        _, (request,) = world.ready()
        receipt = channel.create(request, ())
        metrics = channel.metrics(receipt.remote_id)
        assert metrics.at == world.clock.now()
        for value in (metrics.views, metrics.clicks, metrics.likes, metrics.comments, metrics.shares):
            assert value is None or value >= 0
        if not channel.caps.clicks:
            assert metrics.clicks is None
        if not channel.caps.views:
            assert metrics.views is None


def stored_and_read(request: Request) -> Request:
    """The request as another process reads it from the sending history."""
    body, headers = json.loads(json.dumps([dict(request.body), dict(request.headers)]))
    return Request(part=request.part, path=request.path, body=body, key=request.key, headers=headers)


def _adopted(channel: Channel, request: Request) -> str:
    try:
        return channel.create(request, ()).remote_id
    except Duplicate as error:
        return error.remote_id


def _settings(world: World, block: Mapping_, account: Mapping_) -> list[Problem]:
    problems: list[Problem] = []
    fields = Fields(block, file="mkdocs.yml", problems=problems, path="channels." + world.driver.name)
    own = Fields(account, file="mkdocs.yml", problems=problems, path=fields.path + ".accounts.company")
    for one in (fields, own):
        for shared in ("mode", "api", "text"):
            one.get(shared)
    for key in ("budget", "accounts"):
        fields.get(key)
    world.driver.settings(fields, (own,))
    fields.done()
    own.done()
    return problems


def _filled(channel: Channel, world: World, limit: int) -> str:
    """Words that take exactly the limit, link included."""
    room = limit
    for _ in range(4):
        message, _ = channel.compose(world.draft("a" * room))
        if message.used[0] == limit:
            return "a" * room
        room += limit - message.used[0]
    raise AssertionError("no text takes exactly the limit")


def _overlong(request: Request) -> Request:
    """The same request with far too long a text, as if the limits had changed."""

    def grown(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: v + " too long" * 9000 if k in _TEXT_KEYS else grown(v) for k, v in value.items()}
        return [grown(item) for item in value] if isinstance(value, list) else value

    return replace(request, body=grown(dict(request.body)))


_TEXT_KEYS = ("commentary", "text", "message", "status", "html", "preheader")


def _with(block: str, more: str) -> str:
    if not more:
        return block
    return (
        "{"
        + ", ".join(
            part for part in (block.strip().removeprefix("{").removesuffix("}").strip(), more) if part
        )
        + "}"
    )


_KEPT: list[Path] = []


def _picture() -> Path:
    """A small picture, drawn once."""
    if not _KEPT or not _KEPT[0].exists():
        from PIL import Image

        _KEPT[:] = [Path(tempfile.mkdtemp(prefix="byline-contract-")) / "picture.png"]
        Image.linear_gradient("L").resize((600, 315)).convert("RGB").save(_KEPT[0])
    return _KEPT[0]
