"""What is odd about Bluesky: keys, byte ranges, records that are never replaced; and the atproto client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.channels.bluesky import Bluesky
from byline.channels.bluesky.records import encode_tid, facets, tid
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


def slices(text: str) -> list[tuple[str, str]]:
    """Kind and text of every range, each cut out of the UTF-8 bytes; the ranges are in order and apart."""
    data, end, found = text.encode(), 0, []
    facet: Any
    for facet in facets(text):
        index, (feature,) = facet["index"], facet["features"]
        assert end <= index["byteStart"] < index["byteEnd"] <= len(data)
        end = index["byteEnd"]
        shown = data[index["byteStart"] : end].decode()
        kind = feature["$type"].rpartition("#")[2]
        assert shown == {"link": feature.get("uri"), "tag": f"#{feature.get('tag')}"}[kind]
        if kind == "link":
            assert re.fullmatch(r"\w+:(?://)?[^\s/\ufeff][^\s\ufeff]*", feature["uri"]), (
                "the server takes no other"
            )
        found.append((kind, shown))
    return found


@given(words)
def test_ranges_are_bytes_that_slice_exactly(text: str) -> None:
    slices(text)


@given(st.text(), st.text())
def test_of_any_text_at_all(before: str, after: str) -> None:
    for middle in (
        "",
        "https://",
        "http:///a",
        "https://a.example/ü",
        "#tag",
        "#größe",
        "@everyone",
        "@[x](urn:li:a)",
    ):
        slices(before + middle + after)


PIECES = {
    "https://a.example/ü?x=1&y=(2)": "link", "HTTPS://B.EXAMPLE": "link", "#größe": "tag", "#価格": "tag", "#q4_results": "tag",
    "#1": "", "a#b": "", "@everyone": "", "@acme.bsky.social": "", "@[x](urn:li:person:1)": "", "https://": "",
    "http:///a": "", "👩‍👩‍👧": "", "e\u0301": "", "😀": "", "dana@example.com": "", "ﬁ": "", "\u2060": "",
}  # fmt: skip


@given(st.lists(st.sampled_from(sorted(PIECES))), st.sampled_from([" ", "\n", "\n\n", "\u3000"]))
def test_every_link_and_tag_is_found_and_nothing_else(pieces: list[str], space: str) -> None:
    expected = [(PIECES[piece], piece) for piece in pieces if PIECES[piece]]
    assert slices(space.join(pieces)) == expected


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


def test_the_write_names_its_key_and_replaces_nothing(world: World) -> None:
    """What makes it safe to repeat: our own key, `swapRecord: null`, the same bytes each time."""
    channel = world.channel()
    _, requests = world.ready(world.draft("One.", "Two."), channel=channel)
    _, again = world.ready(world.draft("One.", "Two."), channel=world.channel())
    assert requests == again
    for number, request in enumerate(requests):
        assert request.path.endswith("com.atproto.repo.putRecord")
        assert request.body["swapRecord"] is None
        assert "swapRecord" in request.body
        assert request.body["validate"] is True
        assert request.body["rkey"] == request.key
        made = world.clock.now() + timedelta(seconds=number)
        assert request.body["record"]["createdAt"] == f"{made:%Y-%m-%dT%H:%M:%S}.000Z"  # type: ignore[index,call-overload]
    first = channel.create(requests[0], ())
    assert channel.create(requests[0], ()).remote_id == first.remote_id
    assert world.fake.attempts("create") == 2
    assert len(world.fake.made) == 1


def test_another_delivery_in_the_same_second_has_another_key(world: World) -> None:
    message, (request,) = world.ready()
    (other,) = world.channel().prepare(message, "hp7.bluesky.company.2")
    assert other.key != request.key
    assert other.body["record"] == request.body["record"]


def test_a_record_that_was_deleted_is_written_anew_only_when_asked(world: World) -> None:
    channel = world.channel()
    _, (request,) = world.ready()
    first = channel.create(request, ())
    channel.delete(first.remote_id)
    channel.delete(first.remote_id)
    assert channel.find(request, world.link, world.clock.now(), ()).receipt is None
    assert world.fake.posts == ()


def test_derived_words_fit_into_the_bytes_too(world: World) -> None:
    message, problems = world.channel().compose(world.draft("👩‍👩‍👧‍👦" * 200, written=False))
    assert problems == ()
    assert message.cut
    assert len(message.parts[0].encode()) <= 3000
    assert message.used == (120,)


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


def test_a_handle_that_was_written_is_a_mention_where_there_is_such_an_account(world: World) -> None:
    channel = world.channel()
    words = "Größe: @dana.bsky.social, @Nobody.example.com, @everyone, me@dana.bsky.social, x.com/@dana.bsky.social #a"
    message, requests = world.ready(world.draft(words), channel=channel)
    assert message.mentions == ("@dana.bsky.social", "@Nobody.example.com")
    channel.create(requests[0], ())
    (post,) = world.fake.posts
    assert post.mentions == ("dana.bsky.social",)
    (facet,) = (one for one in post.raw["facets"] if one["features"][0]["$type"].endswith("#mention"))
    index = facet["index"]
    assert words.encode()[index["byteStart"] : index["byteEnd"]].decode() == "@dana.bsky.social"


def test_words_from_the_description_mention_nobody(world: World) -> None:
    message, requests = world.ready(world.draft("Ask @dana.bsky.social", written=False))
    assert message.mentions == ()
    world.channel().create(requests[0], ())
    assert world.fake.posts[0].mentions == ()
    assert not any("resolveHandle" in call.path for call in world.fake.calls)
