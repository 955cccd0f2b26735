"""What goes out is what was composed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from byline.channels.base import Paid, Receipt
from byline.testing.channel_contract.world import (
    HOSTILE,
    NOW,
    World,
    joined,
    stored_and_read,
)


class Sending:
    """What goes out is what was composed."""

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
        channel = world.channel(block=joined(world.case.block, world.case.threads))
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
