"""What is odd about Constant Contact: names that are the handle, tokens that change, two 429s, drafts and schedules."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from byline.channels.constantcontact import ConstantContact
from byline.errors import NotSent, OutcomeUnknown, Rejected
from byline.model import Receipt, Request, Story
from byline.testing.channel_contract import World
from byline.testing.constantcontact import CASES
from byline.testing.constantcontact import ConstantContact as Service

SENDS = CASES[0].account.removesuffix("}") + ', schedule: send, lists: "customers, 22222222-bbbb"}'


@pytest.fixture
def world() -> Iterator[World]:
    with World(ConstantContact, CASES[0]) as made:
        yield made


@pytest.fixture
def sending() -> Iterator[World]:
    with World(ConstantContact, replace(CASES[0], account=SENDS)) as made:
        yield made


def service(world: World) -> Service:
    assert isinstance(world.fake, Service)
    return world.fake


def prepared(world: World) -> tuple[Request, ...]:
    message, _ = world.channel().compose(world.draft())
    return world.channel().prepare(message, "hp7.constantcontact.company")


def test_without_being_asked_it_makes_a_draft_alone(world: World) -> None:
    (request,) = prepared(world)
    world.channel().create(request, ())
    (mail,) = service(world).mails.values()
    assert (mail.status, mail.sent_to, mail.lists) == ("DRAFT", [], ())
    assert mail.name == "hp7.constantcontact.company insights.acme.example"
    assert mail.content["physical_address_in_footer"] == {
        "address_line1": "1 Works Road", "organization_name": "news@acme.example",
        "country_code": "GB", "city": "Leeds", "postal_code": "LS1 1AA",
    }  # fmt: skip
    assert "[[trackingImage]]" in mail.content["html_content"]
    assert "unsubscribe.invalid" not in mail.content["html_content"]
    assert world.fake.attempts("schedule") == 0


def test_with_schedule_it_goes_to_the_lists_once(sending: World) -> None:
    made, goes = prepared(sending)
    first = sending.channel().create(made, ())
    second = sending.channel().create(goes, (first,))
    assert second.remote_id == first.remote_id
    (mail,) = service(sending).mails.values()
    assert mail.sent_to == [("11111111-aaaa", "22222222-bbbb")]
    assert sending.channel().create(goes, (first,)).already
    assert len(mail.sent_to) == 1


def test_a_schedule_whose_answer_was_lost_is_looked_up(sending: World) -> None:
    made, goes = prepared(sending)
    first = sending.channel().create(made, ())
    since = sending.clock.now()
    assert sending.channel().find(goes, sending.link, since, (first,)).certain  # it surely has not gone out
    sending.fake.inject("lose", on="schedule")
    with sending.raises(OutcomeUnknown):
        sending.channel().create(goes, (first,))
    found = sending.channel().find(goes, sending.link, since, (first,))
    assert found.receipt is not None
    (mail,) = service(sending).mails.values()
    assert len(mail.sent_to) == 1


def test_a_list_that_is_not_there_is_told_before_anything_is_made(sending: World) -> None:
    service(sending).lists = {"x": "Others"}
    with sending.raises(Rejected) as caught:
        prepared(sending)
    assert "no list `customers`" in caught.error.message
    assert sending.fake.attempts("create") == 0


def test_a_taken_name_is_our_own_mail(world: World) -> None:
    (request,) = prepared(world)
    first = world.channel().create(request, ())
    for n in range(7):  # other mails push it to another page
        other = replace(request, body={**request.body, "name": f"other {n}"})
        world.channel().create(other, ())
    again = world.channel().create(request, ())
    assert (again.remote_id, again.already) == (first.remote_id, True)
    assert len(world.fake.posts) == 8


@pytest.mark.parametrize(
    ("key", "until"),
    [
        ("quota_exceeded", datetime(2026, 11, 25, tzinfo=UTC)),
        ("throttled", datetime(2026, 11, 24, 10, 0, 1, tzinfo=UTC)),
    ],
)
def test_the_two_kinds_of_too_many(world: World, key: str, until: datetime) -> None:
    (request,) = prepared(world)
    service(world).kind_of_limit = key
    world.fake.inject("limited")
    with world.raises(NotSent, cause="limited") as caught:
        world.channel().create(request, ())
    assert caught.retry_at == until


def test_a_refresh_token_that_changes_is_kept_for_the_next_run(world: World) -> None:
    service(world).rotates = True
    for day in range(4):
        (request,) = prepared(world)
        world.channel().create(replace(request, body={**request.body, "name": f"mail {day}"}), ())
        world.clock.move(timedelta(days=2))
    assert len(world.fake.posts) == 4
    world.tells_no_secret(world.channel())


def test_two_runs_at_once_change_the_token_once(world: World) -> None:
    service(world).rotates = True
    failed: list[BaseException] = []

    def run() -> None:
        try:
            world.channel().health()
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    runs = [threading.Thread(target=run) for _ in range(4)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert failed == []
    assert world.fake.attempts("token") == 1


def test_a_token_used_by_another_machine_says_so(world: World) -> None:
    service(world).rotates = True
    world.channel().health()
    (world.home / ".byline" / "private.db").unlink()  # another machine does not have the newest token
    with world.raises(NotSent, cause="auth") as caught:
        world.channel().health()
    assert "used by another machine" in caught.error.message
    assert "BYLINE_PRIVATE_URL" in caught.error.hint


def test_a_dead_access_token_is_changed_on_reading_and_never_on_making(world: World) -> None:
    (request,) = prepared(world)
    service(world)._access.clear()
    assert world.channel().health().ok
    service(world)._access.clear()
    with world.raises(NotSent, cause="auth"):
        world.channel().create(request, ())
    assert world.fake.attempts("create") == 1
    world.channel().create(request, ())
    assert len(world.fake.posts) == 1


def test_a_dead_access_token_leaves_other_accounts_theirs(world: World) -> None:
    world.channel().health()
    with closing(sqlite3.connect(world.home / ".byline" / "private.db")) as store:
        store.execute("INSERT INTO service_tokens VALUES ('other', 'refresh', 'access', '2030-01-01')")
        store.commit()
        service(world)._access.clear()
        assert world.channel().health().ok
        assert store.execute("SELECT access FROM service_tokens WHERE line = 'other'").fetchone() == (
            "access",
        )


def test_clicks_on_our_links_come_back(world: World) -> None:
    (request,) = prepared(world)
    receipt = world.channel().create(request, ())
    service(world).clicks[receipt.remote_id] = [
        (world.link, 5), ("https://insights.acme.example/?utm_content=hp7.constantcontact.company", 2),
        ("https://else.example/", 9),
    ]  # fmt: skip
    service(world).opens = 40
    metrics = world.channel().metrics(receipt.remote_id)
    assert (metrics.clicks, metrics.views) == (7, 40)


def test_what_is_out_is_not_changed_or_taken_back(sending: World) -> None:
    made, goes = prepared(sending)
    first = sending.channel().create(made, ())
    sending.channel().create(goes, (first,))
    message, _ = sending.channel().compose(sending.draft("Other."))
    for act in (
        lambda: sending.channel().edit(first.remote_id, message),
        lambda: sending.channel().delete(first.remote_id),
    ):
        with sending.raises(Rejected) as caught:
            act()
        assert "done" in caught.error.message


def test_too_long_a_mail_says_what_to_do(world: World) -> None:
    story = Story(body="x " * 90_000, url="https://insights.acme.example/p/", folder="posts", site="Acme",
                  site_url="https://insights.acme.example/")  # fmt: skip
    account = replace(
        world.account(), node=world.yaml(CASES[0].account.removesuffix("}") + ", content: whole}")
    )
    channel = ConstantContact(account, http=world.http, secrets=world.secrets, clock=world.clock)
    message, _ = channel.compose(replace(world.draft(), story=story))
    with world.raises(Rejected) as caught:
        channel.prepare(message, "hp7.constantcontact.company")
    assert "content: opening" in caught.error.hint


def test_a_next_page_on_another_host_is_not_followed(world: World) -> None:
    channel = world.channel()
    assert isinstance(channel, ConstantContact)
    assert channel._next({"_links": {"next": {"href": "https://evil.example/emails?cursor=1"}}}) == ""
    assert channel._next({"_links": {"next": {"href": "/emails?cursor=1"}}}) == "/emails?cursor=1"


def test_a_sender_that_is_not_confirmed_is_told(world: World) -> None:
    account = replace(world.account(), node=world.yaml(CASES[0].account.replace("news@", "other@")))
    health = ConstantContact(account, http=world.http, secrets=world.secrets, clock=world.clock).health()
    assert not health.ok
    assert "other@acme.example" in health.message


def test_the_id_is_in_the_address(world: World) -> None:
    receipt: Receipt = world.channel().create(prepared(world)[0], ())
    assert world.channel().remote_id(receipt.url) == receipt.remote_id
