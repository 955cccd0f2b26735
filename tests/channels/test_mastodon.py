"""What is odd about Mastodon: keys, counting, slow pictures; and Mastodon.py against the fake."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mastodon import Mastodon as Client
from mastodon import MastodonUnauthorizedError

from byline.channels._quotas import moment
from byline.channels.mastodon import Mastodon, length
from byline.errors import NotSent, OutcomeUnknown
from byline.testing.channel_contract import World
from byline.testing.mastodon import CASES, counted
from byline.testing.mastodon import Mastodon as Fake

(CASE,) = CASES


@pytest.fixture
def world() -> Iterator[World]:
    with World(Mastodon, CASE) as made:
        yield made


def fake(world: World) -> Fake:
    assert isinstance(world.fake, Fake)
    return world.fake


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("word", 4),
        ("https://example.com/a/very/long/path?with=query", 23),
        ("see https://a.example.", 4 + 23 + 1),
        ("@dana@social.example hi", 8),
        ("👨‍👩‍👧‍👦e\u0301", 2),
        ("dana@example.com", 16),
    ],
)
def test_how_mastodon_counts(text: str, expected: int) -> None:
    assert length(text) == expected


@given(
    st.lists(st.sampled_from(["a", "é", "@x@y.z", "https://a.b/c", "👍🏽", ".", "(", ")", " ", "\n"])).map(
        "".join
    )
)
def test_the_driver_and_the_server_count_alike(text: str) -> None:
    assert length(text) == counted(text)


def test_the_key_travels_in_the_header_and_differs_by_part_and_words(world: World) -> None:
    channel = world.channel()
    _, (first, second) = world.ready(world.draft("One.", "Two."))
    _, (other,) = world.ready(world.draft("Other."))
    assert len({first.key, second.key, other.key}) == 3
    assert world.ready(world.draft("One.", "Two."))[1][0].key == first.key
    channel.create(first, ())
    (call,) = [call for call in world.fake.calls if call.kind == "create"]
    assert call.headers["idempotency-key"] == first.key


def test_the_same_key_after_the_hour_would_be_a_second_post(world: World) -> None:
    channel = world.channel()
    _, (request,) = world.ready()
    channel.create(request, ())
    assert channel.caps.replay is not None
    assert channel.caps.replay.until < timedelta(hours=1)
    world.clock.move(timedelta(hours=1))
    channel.create(request, ())
    assert len(world.fake.posts) == 2


def test_a_server_that_ignores_keys_is_looked_at_first(world: World) -> None:
    channel = world.channel()
    fake(world).ignores_keys = True
    _, (request,) = world.ready()
    world.fake.inject("lose")
    with pytest.raises(OutcomeUnknown):
        channel.create(request, ())
    found = channel.find(request, world.link, world.clock.now(), ())
    assert found.receipt is not None
    assert found.receipt.remote_id == world.fake.posts[0].id


def test_the_servers_limit_is_a_setting_that_health_checks(world: World) -> None:
    channel = world.channel(block="{max_characters: 5000}")
    assert channel.caps.limit == 5000
    assert channel.compose(world.draft("a" * 4000))[1] == ()
    health = channel.health()
    assert not health.ok
    assert "max_characters: 500" in health.fix
    fake(world).limit = 1000
    assert world.channel().health().ok
    assert "max_characters: 1000" in world.channel().health().fix


def test_a_picture_that_takes_a_while_is_waited_for(world: World) -> None:
    fake(world).processing = timedelta(seconds=5)
    _, (request,) = world.ready(world.draft(image=True))
    world.channel().create(request, ())
    assert len(world.fake.posts[0].images) == 1


def test_a_picture_that_is_never_ready_waits(world: World) -> None:
    fake(world).stuck = True
    message, _ = world.channel().compose(world.draft(image=True))
    with world.raises(NotSent, cause="waiting"):
        world.channel().prepare(message, "hp7.mastodon.acme")


def test_an_edit_keeps_the_picture(world: World) -> None:
    channel = world.channel()
    _, (request,) = world.ready(world.draft(image=True))
    receipt = channel.create(request, ())
    message, _ = channel.compose(world.draft("Other words."))
    channel.edit(receipt.remote_id, message)
    (post,) = world.fake.posts
    assert post.text.startswith("Other words.")
    assert len(post.images) == 1


def test_a_token_without_the_right_to_write(world: World) -> None:
    fake(world).allow(CASE.environment["MASTODON_ACCESS_TOKEN"], scopes=frozenset({"read"}))
    health = world.channel().health()
    assert not health.ok
    assert health.missing == ("write:statuses", "write:media")
    _, (request,) = world.ready()
    with world.raises(NotSent, cause="auth"):
        world.channel().create(request, ())


def test_the_language_goes_along(world: World) -> None:
    channel = world.channel(block="{language: de}")
    message, _ = channel.compose(world.draft())
    (request,) = channel.prepare(message, "hp7.mastodon.acme")
    assert request.body["language"] == "de"
    (request,) = world.channel().prepare(message, "hp7.mastodon.acme")
    assert request.body["language"] == "en"


def test_an_account_without_a_server_is_a_problem_unless_manual(world: World) -> None:
    from byline.testing.channel_contract import read_settings

    (problem,) = read_settings(world, world.yaml("{}"), world.yaml("{}"))
    assert "server: https://" in problem.fix
    for block, account in (
        ("{}", "{server: https://m.example}"),
        ("{}", "{mode: manual}"),
        ("{mode: manual}", "{}"),
    ):
        assert read_settings(world, world.yaml(block), world.yaml(account)) == []


@pytest.mark.parametrize(
    "value", ["1795514400", "2026-11-24T10:00:00Z", "2026-11-24T10:00:00.000Z", "2026-11-24 10:00:00"]
)
def test_a_reset_in_either_form(value: str) -> None:
    found = moment(value)
    assert found is not None
    assert found.isoformat() == "2026-11-24T10:00:00+00:00"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_mastodon_py_is_accepted_unchanged(world: World) -> None:
    token = CASE.environment["MASTODON_ACCESS_TOKEN"]
    client = Client(access_token=token, api_base_url=world.fake.url, version_check_mode="none")
    assert client.account_verify_credentials()["username"] == "acme"
    picture = client.media_post(b"\x89PNG\r\n\x1a\n" + b"0" * 40, mime_type="image/png", description="A tag")
    first = client.status_post(
        "From Mastodon.py https://a.example/x", media_ids=[picture], idempotency_key="k1"
    )
    again = client.status_post("From Mastodon.py https://a.example/x", idempotency_key="k1")
    assert first["id"] == again["id"]
    reply = client.status_post("And on", in_reply_to_id=first["id"])
    assert [post.reply_to for post in world.fake.posts] == ["", str(first["id"])]
    assert world.fake.posts[0].images[0].alt == "A tag"
    assert [status["id"] for status in client.account_statuses("1")] == [reply["id"], first["id"]]
    client.status_delete(reply["id"])
    assert len(world.fake.posts) == 1
    stranger = Client(access_token="nobody", api_base_url=world.fake.url, version_check_mode="none")
    with pytest.raises(MastodonUnauthorizedError):
        stranger.account_verify_credentials()
    client.session.close()
    stranger.session.close()
