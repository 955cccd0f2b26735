"""Finding a post again, taking it away, changing it, and what the network tells of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from byline.errors import NotSent, Rejected
from byline.testing.channel_contract.world import (
    World,
    looks,
)


class Looking:
    """Finding a post again, taking it away, changing it, and what the network tells of it."""

    # Looking.

    def test_looking_finds_our_post_and_no_other(self, world: World) -> None:
        channel = world.channel()
        _, (request,) = world.ready()
        absent = channel.find(request, world.link, world.clock.now(), ())
        assert absent.receipt is None
        assert absent.certain or absent.reason
        receipt = channel.create(request, ())
        looks(world, channel, request)
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
