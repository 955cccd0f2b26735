"""What is odd about Bluesky: keys, byte ranges, records that are never replaced; and the atproto client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.channels.bluesky import Bluesky, encode_tid, facets, tid
from byline.errors import NotSent, OutcomeUnknown, Rejected
from byline.testing.bluesky import CASES
from byline.testing.bluesky import Bluesky as Fake
from byline.testing.channel_contract import World, stored_and_read

(CASE,) = CASES


@pytest.fixture
def world() -> Iterator[World]:
    with World(Bluesky, CASE) as made:
        yield made


def fake(world: World) -> Fake:
    assert isinstance(world.fake, Fake)
    return world.fake


@pytest.mark.parametrize(
    ("microseconds", "clock", "key"),
    [
        (0, 0, "2222222222222"),
        (1768478400000000, 0, "3mchjvhag2222"),
        (1768478400000000, 341, "3mchjvhag22ep"),
        (1768478400000000, 1023, "3mchjvhag22zz"),
    ],
)
def test_keys_as_the_protocol_forms_them(microseconds: int, clock: int, key: str) -> None:
    assert encode_tid(microseconds, clock) == key


@given(st.datetimes(datetime(2020, 1, 1), datetime(2200, 1, 1)), st.text(), st.text())  # noqa: DTZ001
def test_a_key_is_valid_steady_and_sorts_by_time(moment: datetime, seed: str, other: str) -> None:
    at = moment.replace(tzinfo=UTC, microsecond=0)
    key = tid(at, seed)
    assert re.fullmatch("[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", key)
    assert key == tid(at, seed)
    assert (key == tid(at, other)) == (seed == other)
    assert tid(at + timedelta(seconds=1), other) > key


words = st.lists(
    st.sampled_from(
        [
            "é",
            "👩‍👩‍👧",
            "日本",
            "https://a.example/ü?x=1",
            "#tag",
            "#größe",
            "@everyone",
            "#1",
            "a#b",
            "(https://b.example)",
            ".",
            " ",
        ]
    )
).map(" ".join)


@given(words)
def test_ranges_are_bytes_that_slice_exactly(text: str) -> None:
    data, end = text.encode(), 0
    for facet in facets(text):
        assert isinstance(facet, dict)
        index, (feature,) = facet["index"], facet["features"]  # type: ignore[misc]
        shown = data[index["byteStart"] : index["byteEnd"]].decode()  # type: ignore[index,call-overload]
        assert index["byteStart"] >= end  # type: ignore[index,call-overload,operator]
        end = index["byteEnd"]  # type: ignore[index,call-overload,assignment]
        kind = feature["$type"].rpartition("#")[2]  # type: ignore[index,call-overload,union-attr]
        assert shown == {"link": feature.get("uri"), "tag": f"#{feature.get('tag')}"}[kind]  # type: ignore[union-attr]
        assert kind != "mention"


def test_the_same_record_again_is_no_second_post_ever(world: World) -> None:
    channel = world.channel()
    _, (request,) = world.ready()
    world.fake.inject("lose")
    with pytest.raises(OutcomeUnknown):
        channel.create(request, ())
    world.clock.move(timedelta(days=30))
    receipt = world.channel().create(stored_and_read(request), ())
    assert receipt.remote_id == world.fake.posts[0].id
    assert len(world.fake.made) == 1


def test_a_different_record_under_the_key_is_never_written(world: World) -> None:
    channel = world.channel()
    _, (request,) = world.ready()
    channel.create(request, ())
    record = request.body["record"]
    assert isinstance(record, dict)
    other = replace(request, body={**request.body, "record": {**record, "text": "Else"}})
    with world.raises(Rejected):
        channel.create(other, ())
    assert world.fake.posts[0].text != "Else"


def test_absence_is_a_proof(world: World) -> None:
    _, (request,) = world.ready()
    found = world.channel().find(request, world.link, world.clock.now(), ())
    assert (found.receipt, found.certain) == (None, True)


def test_one_session_a_run_and_a_new_one_when_it_ran_out(world: World) -> None:
    channel = world.channel()
    _, (request,) = world.ready(channel=channel)
    receipt = channel.create(request, ())
    assert world.fake.attempts("session") == 1
    world.clock.move(timedelta(hours=3))
    assert channel.metrics(receipt.remote_id).likes == 0
    assert world.fake.attempts("session") == 2
    world.clock.move(timedelta(hours=3))
    with world.raises(NotSent, cause="waiting"):
        channel.create(request, ())
    assert world.fake.attempts("create") == 2


def test_the_card_carries_the_link_and_the_picture(world: World) -> None:
    _, (request,) = world.ready()
    world.channel().create(request, ())
    (post,) = world.fake.posts
    assert post.card is not None
    assert post.card.link == world.link
    assert post.card.image is not None
    assert len(post.card.image.data) <= 1_000_000


def test_tags_are_tags_and_the_thread_names_its_root(world: World) -> None:
    channel = world.channel()
    _, requests = world.ready(world.draft("One #pricing.", "Two.", "Three."), channel=channel)
    receipts: list = []
    for request in requests:
        receipts.append(channel.create(request, tuple(receipts)))
    posts = world.fake.posts
    assert posts[0].tags == ("pricing",)
    assert [post.raw.get("reply", {}).get("root", {}).get("uri") for post in posts] == [
        None,
        posts[0].id,
        posts[0].id,
    ]


def test_a_tail_without_its_head_is_refused(world: World) -> None:
    channel = world.channel()
    _, (head, tail) = world.ready(world.draft("One.", "Two."), channel=channel)
    first = channel.create(head, ())
    channel.delete(first.remote_id)
    with world.raises(Rejected):
        channel.create(tail, (first,))
    assert world.fake.posts == ()


def test_health_finds_another_accounts_password(world: World) -> None:
    account = replace(world.account(), node=world.yaml("{handle: other.bsky.social}"))
    health = Bluesky(account, http=world.http, secrets=world.secrets, clock=world.clock).health()
    assert not health.ok
    assert "@acme.bsky.social" in health.message


def test_ids_in_addresses(world: World) -> None:
    channel = world.channel()
    url = "https://bsky.app/profile/acme.bsky.social/post/3mchjvhag2222"
    assert channel.remote_id(url) == "at://acme.bsky.social/app.bsky.feed.post/3mchjvhag2222"
    channel.health()
    assert channel.remote_id(url) == "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3mchjvhag2222"
    assert channel.remote_id("https://bsky.app/profile/acme.bsky.social") == ""


def test_too_many_bytes_are_a_problem(world: World) -> None:
    _, problems = world.channel().compose(world.draft("👩‍👩‍👧‍👦" * 130))
    assert any("bytes" in problem for problem in problems)


@pytest.mark.filterwarnings("ignore")
def test_the_atproto_client_is_accepted_unchanged(world: World) -> None:
    from atproto import Client, client_utils

    client = Client(base_url=f"{world.fake.url}/xrpc")
    client.login("acme.bsky.social", "abcd-efgh-ijkl-mnop")
    words = (
        client_utils.TextBuilder()
        .text("From atproto: ")
        .link("a link", "https://a.example/x")
        .tag(" #tag", "tag")
    )
    made = client.send_post(words)
    (post,) = world.fake.posts
    assert (post.id, post.link, post.tags) == (made.uri, "https://a.example/x", ("tag",))
    found = client.com.atproto.repo.get_record(
        {"repo": client.me.did, "collection": "app.bsky.feed.post", "rkey": made.uri.rpartition("/")[2]}
    )
    assert found.cid == made.cid
    assert client.delete_post(made.uri)
    assert world.fake.posts == ()
