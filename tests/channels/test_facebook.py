"""What is odd about Facebook: codes instead of statuses, shimmed links, pictures that are posts of their own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from byline.channels.facebook import Facebook
from byline.errors import Duplicate, NotSent, OutcomeUnknown, Rejected, RemoteError
from byline.testing.channel_contract import World, read_settings
from byline.testing.facebook import CASES
from byline.testing.facebook import Facebook as Fake
from byline.testing.server import Answer, answer

(CASE,) = CASES


@pytest.fixture
def world() -> Iterator[World]:
    with World(Facebook, CASE) as made:
        yield made


def fake(world: World) -> Fake:
    assert isinstance(world.fake, Fake)
    return world.fake


@pytest.mark.parametrize(
    ("code", "kind", "cause"),
    [
        (1, OutcomeUnknown, ""),
        (2, OutcomeUnknown, ""),
        (3, NotSent, "auth"),
        (10, NotSent, "auth"),
        (200, NotSent, "auth"),
        (299, NotSent, "auth"),
        (102, NotSent, "auth"),
        (190, NotSent, "auth"),
        (4, NotSent, "limited"),
        (17, NotSent, "limited"),
        (32, NotSent, "limited"),
        (341, NotSent, "limited"),
        (613, NotSent, "limited"),
        (368, NotSent, "limited"),
        (100, Rejected, ""),
        (506, Duplicate, ""),
        (1609005, Rejected, ""),
    ],
)
def test_what_each_code_means(world: World, code: int, kind: type[RemoteError], cause: str) -> None:
    _, (request,) = world.ready()
    fake(world).refuse = (code, f"(#{code}) words of Facebook")
    with world.raises(kind, cause=cause):
        world.channel().create(request, ())
    assert world.fake.posts == ()


def test_an_error_in_a_success_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, (request,) = world.ready()
    say: Answer = answer(200, {"error": {"message": "no", "code": 190}})
    monkeypatch.setattr(fake(world), "handle", lambda call: say)
    with world.raises(NotSent, cause="auth"):
        world.channel().create(request, ())


def test_the_wait_is_the_one_facebook_estimates(world: World) -> None:
    _, (request,) = world.ready()
    world.fake.inject("limited")
    with world.raises(NotSent, cause="limited") as caught:
        world.channel().create(request, ())
    assert caught.retry_at == world.clock.now() + timedelta(minutes=25)


def test_a_block_waits_a_day_and_says_where_to_look(world: World) -> None:
    _, (request,) = world.ready()
    fake(world).refuse = (368, "The action attempted has been deemed abusive")
    with world.raises(NotSent, cause="limited") as caught:
        world.channel().create(request, ())
    assert caught.retry_at == world.clock.now() + timedelta(days=1)
    assert "inbox" in caught.error.hint


def test_the_token_stays_out_of_addresses(world: World) -> None:
    _, (request,) = world.ready()
    world.channel().create(request, ())
    token = CASE.environment["FACEBOOK_PAGE_TOKEN"]
    for call in world.fake.calls:
        assert token not in call.path + call.query
        assert token not in call.body.decode("latin-1")


def test_the_same_post_again_is_found(world: World) -> None:
    channel = world.channel()
    _, (request,) = world.ready()
    first = channel.create(request, ())
    with world.raises(Duplicate):
        channel.create(request, ())
    found = channel.find(request, world.link, world.clock.now(), ())
    assert found.receipt is not None
    assert found.receipt.remote_id == first.remote_id


def test_a_shimmed_link_is_seen_through(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from byline.testing import facebook

    channel = world.channel()
    _, (request,) = world.ready()
    channel.create(request, ())
    shown = facebook._shown

    def without_the_plain_address(post):  # type: ignore[no-untyped-def]
        found = shown(post)
        del found["attachments"]["data"][0]["unshimmed_url"]
        return found

    monkeypatch.setattr(facebook, "_shown", without_the_plain_address)
    assert channel.find(request, world.link, world.clock.now(), ()).receipt is not None


def test_a_picture_of_its_own_carries_the_link_in_the_words(world: World) -> None:
    channel = world.channel()
    message, (request,) = world.ready(world.draft(image=True))
    assert world.link in message.parts[0]
    assert message.card is None
    channel.create(request, ())
    (post,) = world.fake.posts
    assert (post.link, len(post.images), post.card) == (world.link, 1, None)
    assert channel.find(request, world.link, world.clock.now(), ()).receipt is not None


def test_a_page_that_is_not_live_yet_is_told(world: World) -> None:
    _, (request,) = world.ready()
    fake(world).unreadable.add(world.link)
    with world.raises(Rejected) as caught:
        world.channel().create(request, ())
    assert "live" in caught.error.hint


def test_a_link_to_facebook_is_a_problem(world: World) -> None:
    _, problems = world.channel().compose(world.draft(link="https://www.facebook.com/acme/"))
    assert len(problems) == 1
    assert world.channel().compose(world.draft(link="https://notfacebook.com/"))[1] == ()


def test_health_finds_the_wrong_page_and_missing_rights(world: World) -> None:
    token = CASE.environment["FACEBOOK_PAGE_TOKEN"]
    health = world.channel().health()
    assert health.ok
    assert health.expires == world.clock.now() + timedelta(days=90)
    fake(world).allow(token, scopes=frozenset({"pages_read_engagement"}))
    assert world.channel().health().missing == ("pages_manage_posts",)
    fake(world).allow(token, page_id="999", name="Else")
    assert "999" in world.channel().health().message


def test_numbers_of_a_post(world: World) -> None:
    channel = world.channel()
    _, (request,) = world.ready()
    receipt = channel.create(request, ())
    assert channel.metrics(receipt.remote_id).clicks == 0
    fake(world).numbers[receipt.remote_id] = {
        "post_media_view": 340,
        "post_clicks_by_type": {"link clicks": 9, "other clicks": 4},
        "post_reactions_by_type_total": {"like": 5, "love": 1},
        "comments": 3,
        "shares": 2,
    }
    found = channel.metrics(receipt.remote_id)
    assert (found.views, found.clicks, found.likes, found.comments, found.shares) == (340, 9, 6, 3, 2)


def test_an_id_that_is_none_goes_nowhere(world: World) -> None:
    with world.raises(Rejected):
        world.channel().delete("me/feed")
    assert world.fake.calls == []


@pytest.mark.parametrize("account", ["{page_id: 1234}", "{page_id: '1234'}", "{mode: manual}"])
def test_a_pages_number_with_or_without_quotes(world: World, account: str) -> None:
    assert read_settings(world, world.yaml("{}"), world.yaml(account)) == []


@pytest.mark.parametrize(
    ("block", "account"), [("{}", "{}"), ("{}", "{page_id: acme}"), ("{version: '26'}", "{page_id: 1234}")]
)
def test_settings_that_cannot_be(world: World, block: str, account: str) -> None:
    (problem,) = read_settings(world, world.yaml(block), world.yaml(account))
    assert problem.fix


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.facebook.com/1234_5678", "1234_5678"),
        ("https://m.facebook.com/acme/posts/5678/", "1234_5678"),
        ("https://www.facebook.com/acme/posts/pricing-the-honest-version/5678", "1234_5678"),
        ("https://www.facebook.com/permalink.php?story_fbid=5678&id=1234", "1234_5678"),
        ("https://www.facebook.com/acme/posts/pfbid02abc", ""),
        ("https://example.com/acme/posts/5678", ""),
    ],
)
def test_ids_in_addresses(world: World, url: str, expected: str) -> None:
    assert world.channel().remote_id(url) == expected
