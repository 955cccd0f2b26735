"""What is odd about Twitter: prices, threads, signatures, numbers; and tweepy against the fake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
import requests
import tweepy

from byline.channels.twitter import Twitter
from byline.channels.twitter.reading import is_ours
from byline.errors import Duplicate, NotSent, Rejected
from byline.testing.channel_contract import World
from byline.testing.server import Call
from byline.testing.twitter import CASES, Keys, sign
from byline.testing.twitter import Twitter as Fake
from byline.times import SystemClock

(CASE,) = CASES


@pytest.fixture
def world() -> Iterator[World]:
    with World(Twitter, CASE) as made:
        yield made


def fake(world: World) -> Fake:
    assert isinstance(world.fake, Fake)
    return world.fake


@pytest.mark.parametrize(
    ("words", "cost"),
    [("Plain words {link}", "0.200"), ("Plain words", "0.200"), ("See setup.py {link}", "0.200")],
)
def test_a_post_with_a_link_costs_more(world: World, words: str, cost: str) -> None:
    message, _ = world.channel().compose(world.draft(words.replace("{link}", world.link)))
    assert (message.cost, message.currency) == (Decimal(cost), "USD")


def test_the_cost_of_a_thread_is_summed(world: World) -> None:
    channel = world.channel()
    message, problems = channel.compose(world.draft("One.", "Two without.", "Three has setup.py in it."))
    assert problems == ()
    assert message.cost == Decimal("0.200") + Decimal("0.015") + Decimal("0.200")


def test_words_for_a_picture_cost_too(world: World) -> None:
    message, _ = world.channel().compose(world.draft(image=True))
    assert message.cost == Decimal("0.205")


def test_prices_are_settings(world: World) -> None:
    message, _ = world.channel(block="{cost_with_link: 0.35}").compose(world.draft())
    assert message.cost == Decimal("0.35")


def test_the_plan_and_the_network_agree_on_the_price(world: World) -> None:
    channel = world.channel()
    message, requests_ = world.ready(world.draft("One.", "Two."), channel=channel)
    first = channel.create(requests_[0], ())
    channel.create(requests_[1], (first,))
    assert fake(world).spent == message.cost


def test_threads_are_on_until_they_are_switched_off(world: World) -> None:
    assert world.channel().caps.threads
    _, (problem,) = world.channel(block="{threads: false}").compose(world.draft("One.", "Two."))
    assert "threads: false" in problem


def test_the_link_stands_in_the_threads_head(world: World) -> None:
    message, _ = world.channel().compose(world.draft("One.", "Two."))
    assert [world.link in part for part in message.parts] == [True, False]
    message, _ = world.channel().compose(world.draft("One.", f"Two {world.link}"))
    assert [world.link in part for part in message.parts] == [False, True]


def test_a_link_that_was_not_shortened_is_ours_too(world: World) -> None:
    posted = {"id": "7", "text": f"Words {world.link}"}
    assert is_ours(posted, world.link, ())
    assert not is_ours({"id": "8", "text": f"Words {world.link}x"}, world.link, ())
    assert not is_ours({**posted, "referenced_tweets": [{"type": "replied_to", "id": "1"}]}, world.link, ())


def test_a_refused_tail_leaves_the_head(world: World) -> None:
    channel = world.channel()
    _, (head, tail) = world.ready(world.draft("One.", "Two."), channel=channel)
    first = channel.create(head, ())
    fake(world).refuse_replies = True
    with world.raises(Rejected):
        channel.create(tail, (first,))
    assert [post.id for post in world.fake.posts] == [first.remote_id]


def test_two_cashtags_are_a_problem(world: World) -> None:
    assert world.channel().compose(world.draft("$TSLA alone costs $5"))[1] == ()
    (problem,) = world.channel().compose(world.draft("$TSLA and $AAPL"))[1]
    assert "cashtag" in problem


def test_the_tagged_link_counts_23(world: World) -> None:
    message, problems = world.channel().compose(world.draft("a" * 256))
    assert problems == ()
    assert message.used == (280,)
    assert len(message.parts[0]) > 280


def test_the_same_words_twice_are_a_duplicate_that_can_be_found(world: World) -> None:
    channel = world.channel()
    _, (request,) = world.ready()
    first = channel.create(request, ())
    with world.raises(Duplicate):
        channel.create(request, ())
    found = channel.find(request, world.link, world.clock.now(), ())
    assert found.receipt is not None
    assert found.receipt.remote_id == first.remote_id


def test_without_credits_nothing_goes_out_and_the_cause_is_money(world: World) -> None:
    _, (request,) = world.ready()
    fake(world).credits = Decimal("0.10")
    with world.raises(NotSent, cause="billing") as caught:
        world.channel().create(request, ())
    assert "credits" in caught.error.hint


def test_an_app_that_may_only_read(world: World) -> None:
    _, (request,) = world.ready()
    fake(world).read_only = True
    with world.raises(NotSent, cause="auth"):
        world.channel().create(request, ())
    health = world.channel().health()
    assert not health.ok
    assert health.missing == ("write",)


def test_the_reset_is_the_networks_own(world: World) -> None:
    _, (request,) = world.ready()
    world.fake.inject("limited")
    with world.raises(NotSent, cause="limited") as caught:
        world.channel().create(request, ())
    assert caught.retry_at == world.clock.now() + timedelta(minutes=9)


def test_a_wrong_clock_makes_the_signature_worthless(world: World) -> None:
    from byline.times import FixedClock

    channel = Twitter(
        world.account(),
        http=world.http,
        secrets=world.secrets,
        clock=FixedClock(world.clock.now() - timedelta(hours=1)),
    )
    with world.raises(NotSent, cause="auth") as caught:
        channel.health()
    assert "clock" in caught.error.hint


def test_a_changed_call_is_not_the_signed_one(world: World) -> None:
    world.channel().health()
    call = world.fake.calls[-1]
    fake(world)._nonces.clear()
    assert fake(world).respond(call)[0].status == 200  # type: ignore[union-attr]
    assert fake(world).respond(call)[0].status == 401, "a nonce counts once"  # type: ignore[union-attr]
    fake(world)._nonces.clear()
    assert fake(world).respond(replace(call, query="a=1"))[0].status == 401  # type: ignore[union-attr]


def test_the_signature_of_the_documentations_example() -> None:
    # The worked example of Twitter's page "Creating a signature".
    call = Call(
        method="POST",
        path="/1.1/statuses/update.json",
        query="include_entities=true",
        headers={"content-type": "application/x-www-form-urlencoded"},
        body=b"status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21",
        at=SystemClock().now(),
    )
    oauth = {
        "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
        "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1318622958",
        "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "oauth_version": "1.0",
    }
    keys = Keys(
        consumer_key="xvz1evFS4wEEPTGEFPHBog",
        consumer_secret="kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        token=oauth["oauth_token"],
        token_secret="LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    )
    assert sign(call, "https://api.twitter.com/1.1/statuses/update.json", oauth, keys) == (
        "hCtSmYh+iHYCEqBWrE7C7hYmtUk="
    )


def test_clicks_are_known_for_thirty_days(world: World) -> None:
    channel = world.channel()
    _, (request,) = world.ready()
    receipt = channel.create(request, ())
    fake(world).numbers[receipt.remote_id] = {
        "impression_count": 900,
        "url_link_clicks": 12,
        "retweet_count": 2,
        "reply_count": 1,
    }
    metrics = channel.metrics(receipt.remote_id)
    assert (metrics.views, metrics.clicks, metrics.shares, metrics.comments) == (900, 12, 2, 1)
    world.clock.move(timedelta(days=31))
    metrics = channel.metrics(receipt.remote_id)
    assert (metrics.views, metrics.clicks) == (900, None)


def test_the_name_in_the_settings_saves_a_call(world: World) -> None:
    channel = world.driver(
        replace(world.account(), node=world.yaml("{username: '@acme'}")),
        http=world.http,
        secrets=world.secrets,
        clock=world.clock,
    )
    _, (request,) = world.ready(channel=channel)
    assert world.fake.calls == []
    assert channel.create(request, ()).url.startswith("https://x.com/acme/status/")


def test_a_post_without_the_accounts_name_still_has_an_address(world: World) -> None:
    _, (request,) = world.ready()
    assert world.channel().create(request, ()).url.startswith("https://x.com/i/web/status/")


class Redirect(requests.adapters.HTTPAdapter):
    """Sends calls for a real host to the fake."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.host = urlsplit(url).netloc

    def send(self, request, **options):  # type: ignore[no-untyped-def]
        parts = urlsplit(request.url)
        request.url = parts._replace(scheme="http", netloc=self.host).geturl()
        return super().send(request, **options)


def test_tweepy_is_accepted_unchanged() -> None:
    with Fake(SystemClock()) as service:
        service.allow("ck", "cs", "tk", "ts", username="acme")
        client = tweepy.Client(
            consumer_key="ck", consumer_secret="cs", access_token="tk", access_token_secret="ts"
        )
        client.session.mount("https://", Redirect(service.url))
        made = client.create_tweet(text="From tweepy: see example.com & more")
        reply = client.create_tweet(text="And on", in_reply_to_tweet_id=made.data["id"])
        assert [post.text for post in service.posts] == ["From tweepy: see example.com & more", "And on"]
        me = client.get_me(user_auth=True)
        listed = client.get_users_tweets(
            me.data.id, user_auth=True, tweet_fields=["entities", "created_at", "referenced_tweets"]
        )
        by_id = {str(tweet.id): tweet for tweet in listed.data}
        assert by_id[made.data["id"]].entities["urls"][0]["expanded_url"] == "http://example.com"
        assert str(by_id[reply.data["id"]].referenced_tweets[0].id) == made.data["id"]
        with pytest.raises(tweepy.Forbidden, match="duplicate"):
            client.create_tweet(text="And on")
        assert client.delete_tweet(reply.data["id"]).data == {"deleted": True}
        stranger = tweepy.Client(
            consumer_key="ck", consumer_secret="wrong", access_token="tk", access_token_secret="ts"
        )
        stranger.session.mount("https://", Redirect(service.url))
        with pytest.raises(tweepy.Unauthorized):
            stranger.get_me(user_auth=True)
        client.session.close()
        stranger.session.close()
