"""When it goes wrong: what may be out is told, what is not out is told too."""

from __future__ import annotations

from datetime import timedelta

import pytest

from byline.errors import NotSent, OutcomeUnknown, Rejected
from byline.http import Http
from byline.settings import Secrets, Timeouts
from byline.testing.channel_contract.world import (
    LIMITED,
    NOW,
    UNKNOWN,
    World,
    adopted,
    looks,
    overlong,
    stored_and_read,
)
from byline.testing.server import PROCESSED, UNDONE, Fault


class Failing:
    """When it goes wrong: what may be out is told, what is not out is told too."""

    @pytest.mark.parametrize("fault", [fault for fault in UNKNOWN if fault != "stall"])
    def test_a_create_without_an_answer_may_be_out(self, world: World, fault: Fault) -> None:
        channel = world.channel()
        _, (request,) = world.ready()
        world.fake.inject(fault)
        with world.raises(OutcomeUnknown):
            channel.create(request, ())
        assert world.fake.attempts("create") == 1
        assert len(world.fake.posts) == (1 if fault in PROCESSED else 0)
        looks(world, channel, request)

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
        looks(world, world.channel(), request)

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
            world.channel().create(overlong(request), ())
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
                assert adopted(world.channel(), stored_and_read(request)) == world.fake.posts[0].id
            assert len(world.fake.posts) == 1
        assert world.clock.now() - NOW <= replay.until
