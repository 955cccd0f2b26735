"""A newsletter to many people over a real mail server: once to each, whatever breaks; nobody named where others read."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from email.utils import parseaddr
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byline.channels.newsletter import Newsletter
from byline.errors import NotSent, OutcomeUnknown, Rejected
from byline.mail import people
from byline.mail.headers import Letterhead, address, build, nameless
from byline.mail.people import Journal, read_people
from byline.model import Request, Story
from byline.private import FILE, open_store
from byline.settings import Secrets
from byline.testing import newsletter as fakes
from byline.testing.channel_contract import World, stored_and_read
from byline.testing.newsletter import CASES
from byline.testing.newsletter import Newsletter as Server

EVERYBODY = tuple(f"reader{n}@customer{n}.example" for n in range(7))


@pytest.fixture
def world() -> Iterator[World]:
    listed = "name,email\n" + "".join(f"Reader,{one}\n" for one in EVERYBODY)
    with World(Newsletter, replace(CASES[0], environment=fakes.environment(listed))) as made:
        yield made


def server(world: World) -> Server:
    assert isinstance(world.fake, Server)
    return world.fake


def counted(world: World) -> list[int]:
    """How many mails each person has."""
    return [len(server(world).got(one)) for one in EVERYBODY]


def journal(world: World) -> Journal:
    return Journal(open_store(world.home / ".byline"))


def test_each_person_gets_one_mail_of_their_own(world: World) -> None:
    _, (request,) = world.ready()
    receipt = world.channel().create(request, ())
    assert counted(world) == [1] * 7
    for item in server(world).inbox:
        assert [parseaddr(str(value))[1] for value in item.mail.get_all("To", [])] == [item.recipient]
        others = [one for one in EVERYBODY if one != item.recipient]
        assert not [one for one in others if one.encode() in item.raw]
    ids = [item.mail["Message-ID"] for item in server(world).inbox]
    assert len(set(ids)) == 7
    assert receipt.remote_id == "hp7.newsletter.company@insights.acme.example"
    assert world.channel().create(request, ()).already
    assert counted(world) == [1] * 7


def test_nothing_that_is_stored_or_said_names_anybody(world: World) -> None:
    server(world).refused[EVERYBODY[3]] = f"550 5.1.1 <{EVERYBODY[3]}> has no mailbox here"
    message, (request,) = world.ready()
    receipt = world.channel().create(request, ())
    said = repr((message, request, receipt, world.channel().notices(), world.channel().find(request, "", receipt.at, ())))  # fmt: skip
    for one in EVERYBODY:
        assert one not in said
        for path in (world.home / ".byline").iterdir():
            assert one.encode() not in path.read_bytes()
    (notice,) = world.channel().notices()
    assert "6 of 7 people have it, 1 were refused" in notice.message


@pytest.mark.parametrize(
    "fault", ["lose", "drop", "torn", "no_id", "cut", "empty", "error_before", "error_after"]
)
def test_one_lost_answer_keeps_nobody_else_from_theirs(world: World, fault: fakes.Fault) -> None:
    _, (request,) = world.ready()
    server(world).inject(fault, times=1)
    with world.raises(OutcomeUnknown) as caught:
        world.channel().create(request, ())
    assert "6 of 7 people have it, 1 may have it" in caught.error.message
    before = counted(world)
    assert sum(before[1:]) == 6
    for _ in range(2):  # asked again and again, by other processes
        with world.raises(OutcomeUnknown):
            world.channel().create(stored_and_read(request), ())
    assert counted(world) == before


def test_a_persons_word_sends_to_those_alone_who_were_unclear(world: World) -> None:
    message, (request,) = world.ready()
    server(world).inject("drop")
    with world.raises(OutcomeUnknown):
        world.channel().create(request, ())
    again = world.channel().prepare(message, "hp7.newsletter.company")
    world.channel().create(again[0], ())
    assert counted(world) == [1] * 7


def test_a_server_that_tires_is_gone_on_with_where_it_stopped(world: World) -> None:
    _, (request,) = world.ready()
    server(world).tired_after = 3
    with world.raises(OutcomeUnknown) as caught:
        world.channel().create(request, ())
    assert "3 of 7 people have it, 4 are left" in caught.error.message
    assert "421" in caught.error.message
    server(world).mend()
    world.channel().create(stored_and_read(request), ())
    assert counted(world) == [1] * 7


def test_a_server_that_takes_nothing_at_all_leaves_it_due(world: World) -> None:
    _, (request,) = world.ready()
    server(world).tired_after = 0
    with world.raises(NotSent, cause="limited") as caught:
        world.channel().create(request, ())
    assert caught.retry_at is not None
    assert counted(world) == [0] * 7


@pytest.mark.parametrize("answer", ["450 4.2.1 mailbox busy", "452 4.2.2 over quota"])
def test_one_busy_mailbox_is_tried_later_and_the_others_go_on(world: World, answer: str) -> None:
    _, (request,) = world.ready()
    server(world).refused[EVERYBODY[0]] = answer
    with world.raises(OutcomeUnknown):
        world.channel().create(request, ())
    assert counted(world) == [0] + [1] * 6
    server(world).mend()
    world.channel().create(request, ())
    assert counted(world) == [1] * 7


def test_refused_by_everybody_is_rejected_with_the_servers_words(world: World) -> None:
    _, (request,) = world.ready()
    server(world).refused = dict.fromkeys(EVERYBODY, "550 5.7.1 sender not allowed")
    with world.raises(Rejected) as caught:
        world.channel().create(request, ())
    assert "550 5.7.1 sender not allowed" in caught.error.message


@pytest.mark.parametrize("kill_after", range(1, 14))
def test_killed_at_any_step_each_has_it_once(
    world: World, kill_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process stops dead after the nth note; then another process goes on."""

    class Killed(BaseException):
        pass

    left = kill_after
    mark = Journal.mark

    def counting(self: Journal, *words: object, **more: object) -> None:
        nonlocal left
        mark(self, *words, **more)  # type: ignore[arg-type]
        left -= 1
        if left == 0:
            raise Killed

    message, (request,) = world.ready()
    monkeypatch.setattr(Journal, "mark", counting)
    with pytest.raises(Killed):
        world.channel().create(request, ())
    monkeypatch.undo()
    try:
        world.channel().create(stored_and_read(request), ())
        assert counted(world) == [1] * 7
    except OutcomeUnknown:  # killed between "on its way" and "taken": nobody can tell
        assert sorted(counted(world)) in ([0] + [1] * 6, [1] * 7)
        assert max(counted(world)) == 1
        if 0 in counted(world):
            again = world.channel().prepare(message, "hp7.newsletter.company")
            world.channel().create(again[0], ())
            assert counted(world) == [1] * 7


def test_without_the_notes_nothing_is_sent(world: World) -> None:
    _, (request,) = world.ready()
    (world.home / ".byline" / FILE).unlink()
    with world.raises(OutcomeUnknown) as caught:
        world.channel().create(request, ())
    assert "another machine" in caught.error.message
    assert counted(world) == [0] * 7


def test_who_left_the_list_or_was_taken_off_it_gets_nothing(world: World) -> None:
    journal(world).unsubscribe(people.person(EVERYBODY[1]), world.clock.now())
    _, (request,) = world.ready()
    journal(world).unsubscribe(people.person(EVERYBODY[2].upper()), world.clock.now())
    listed = "\n".join(EVERYBODY[1:])
    channel = world.channel(secrets=Secrets({**world.case.environment, "NEWSLETTER_RECIPIENTS": listed}))
    channel.create(request, ())
    assert counted(world) == [0, 0, 0, 1, 1, 1, 1]


def test_every_mail_says_how_to_leave(world: World) -> None:
    _, (request,) = world.ready()
    world.channel().create(request, ())
    mail = server(world).inbox[0]
    assert mail.mail["List-Unsubscribe"] == "<mailto:news@acme.example?subject=unsubscribe>"
    assert mail.mail["List-Id"] == "<newsletter.company.insights.acme.example>"
    for kind in ("plain", "html"):
        assert "mailto:news@acme.example?subject=unsubscribe" in mail.body(kind)
        assert "Acme Ltd, 1 Works Road, Leeds LS1 1AA, UK" in mail.body(kind)
        assert "unsubscribe.invalid" not in mail.body(kind)


def test_one_click_where_there_is_an_address_for_it(world: World) -> None:
    _, (request,) = world.ready()
    account = replace(
        world.account(), block=world.yaml("{unsubscribe: 'https://forms.acme.example/unsubscribe'}")
    )
    secrets = Secrets({**world.case.environment, "NEWSLETTER_SECRET": "a-signing-secret"})
    Newsletter(account, http=world.http, secrets=secrets, clock=world.clock).create(request, ())
    mail = server(world).inbox[0]
    found = re.fullmatch(
        r"<(https://forms\.acme\.example/unsubscribe\?p=([0-9a-f]{64})&s=([0-9a-f]{32}))>, <mailto:.*>",
        mail.mail["List-Unsubscribe"],
    )
    assert found
    assert mail.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert found[2] == people.person(mail.recipient)
    assert people.checked("a-signing-secret", found[2], found[3])
    assert not people.checked("a-signing-secret", people.person("other@x.example"), found[3])
    assert not people.checked("", found[2], found[3])
    assert found[1] in mail.body("plain")


def test_the_list_is_never_in_git(world: World) -> None:
    (world.home / "people.csv").write_text("ann@customer.example\n")
    for words in (["init", "-q"], ["add", "people.csv"]):
        subprocess.run(["git", *words], cwd=world.home, check=True)
    account = replace(
        world.account(), node=world.yaml("{recipients: people.csv, from_email: a@b.example, address: x}")
    )
    secrets = Secrets({"SMTP_USERNAME": fakes.USER, "SMTP_PASSWORD": fakes.PASSWORD})
    channel = Newsletter(account, http=world.http, secrets=secrets, clock=world.clock)
    message, _ = channel.compose(world.draft())
    with world.raises(Rejected) as caught:
        channel.prepare(message, "hp7.newsletter.company")
    assert "in git" in caught.error.message
    subprocess.run(["git", "rm", "-q", "--cached", "people.csv"], cwd=world.home, check=True)
    (request,) = channel.prepare(message, "hp7.newsletter.company")
    channel.create(request, ())
    assert [item.recipient for item in server(world).inbox] == ["ann@customer.example"]


def test_health_counts_people_and_names_lines_that_are_no_address(world: World) -> None:
    assert "7 people are on the list" in world.channel().health().message
    secrets = Secrets(
        {**world.case.environment, "NEWSLETTER_RECIPIENTS": "a@b.example\nnobody\n\nc@d.example\n@\n"}
    )
    health = world.channel(secrets=secrets).health()
    assert health.ok
    assert "2 people are on the list; 2 lines hold no address" in health.message
    assert "line 2, 5" in health.fix


# Lists.


@pytest.mark.parametrize(
    ("text", "expected", "bad"),
    [
        ("a@b.example\nc@d.example\n", ("a@b.example", "c@d.example"), ()),
        ("email\na@b.example\n", ("a@b.example",), ()),
        ("Name;E-Mail\nAnn;a@b.example\nBo;A@B.example\n", ("a@b.example",), ()),
        ('\ufeff"Email address","Name"\n"a@b.example","Ann, of Leeds"\n', ("a@b.example",), ()),
        ("# ours\na@b.example\n\n# more\nc@d.example", ("a@b.example", "c@d.example"), ()),
        ("a@b.example\nx\na@b@c\nann@b.example bcc:x@y\n", ("a@b.example",), (2, 3, 4)),
        ("ann@büro.example\n", ("ann@xn--bro-hoa.example",), ()),
        ("email\n", (), ()),
        ("", (), ()),
    ],
)
def test_lists_are_read_as_people_keep_them(
    text: str, expected: tuple[str, ...], bad: tuple[int, ...]
) -> None:
    found = read_people(text)
    assert (found.addresses, found.bad_lines) == (expected, bad)


def test_a_person_is_taken_off_a_list_and_all_else_stays() -> None:
    text = 'Name;Email\r\n"Ann; of Leeds";ANN@b.example\r\nBo;bo@b.example\r\n'
    assert people.without(text, "ann@B.example") == "Name;Email\r\nBo;bo@b.example\r\n"
    assert people.without(text, "nobody@b.example") == text


def test_forgetting_leaves_no_byte_of_a_person(tmp_path: Path) -> None:
    from byline.times import FixedClock
    from support import NOW

    key = people.person("ann@b.example")
    with open_store(tmp_path) as store:
        found = Journal(store)
        found.begin("one@site", [key, people.person("bo@b.example")], FixedClock(NOW).now())
        found.unsubscribe(key, NOW)
        assert key.encode() in b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert found.forget("Ann@B.example") == 1
        assert key.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert found.standing("one@site").total == 1


# Headers.

HOSTILE = st.text(max_size=40) | st.sampled_from(
    [
        "x\r\nBcc: victim@x.example",
        "x\nSubject: other",
        "x\r\n\r\n<script>",
        "a\u2028Bcc: b",
        "\x00",
        "=?utf-8?q?a?=",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(subject=HOSTILE, name=HOSTILE, more=HOSTILE)
def test_no_value_can_add_a_line_to_the_head(subject: str, name: str, more: str) -> None:
    head = Letterhead(
        sender="news@acme.example", sender_name=name, to="ann@customer.example", subject=subject,
        message_id="hp7.newsletter.company.r0@acme.example", at=_now(), more={"List-Id": more},
    )  # fmt: skip
    raw = build(head, text="Words", html="<p>Words</p>")
    top = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0].lower() for line in top.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    assert sorted(names) == sorted(
        b"from to subject date message-id list-id mime-version content-type".split()
    )
    assert raw == build(head, text="Words", html="<p>Words</p>")


def _now():  # type: ignore[no-untyped-def]
    from support import NOW

    return NOW


@pytest.mark.parametrize(
    "raw", ["", "x", "a@", "@b.example", "a b@c.example", "a@b.example\nBcc: c@d", "<a@b.example>", "a@b..example", "a,b@c.example",
            "a" * 65 + "@b.example", 'a"@b.example', "a@[127.0.0.1]"],
)  # fmt: skip
def test_what_is_no_address(raw: str) -> None:
    assert address(raw) == ""


def test_a_servers_words_lose_addresses_and_breaks() -> None:
    assert (
        nameless("5.1.1 <ann@b.example>:\r\n no such user ann@b.example")
        == "5.1.1 <(address)>: no such user (address)"
    )


# The letter on the wire.


def test_a_line_that_begins_with_a_dot_arrives_whole(world: World) -> None:
    words = "First.\n.\n..two\n.hidden"
    _, (request,) = world.ready(world.draft(words))
    world.channel().create(request, ())
    assert server(world).inbox[0].body("plain").startswith(words)


def test_links_to_our_site_are_tagged_and_others_left_alone(world: World) -> None:
    story = Story(
        body="Opening with [one](../other/) and [another](https://else.example/x).\n<!-- more -->\nRest.",
        url="https://insights.acme.example/posts/honest-pricing/", folder="posts", site="Acme Insights",
        site_url="https://insights.acme.example/",
    )  # fmt: skip
    draft = replace(
        world.draft("See https://insights.acme.example/posts/old/?a=1#b and https://else.example/."),
        story=story,
    )
    _, (request,) = world.ready(draft)
    world.channel().create(request, ())
    mail = server(world).inbox[0]
    tags = (
        "utm_source=newsletter&utm_medium=email&utm_campaign=q4-renewals&utm_content=hp7.newsletter.company"
    )
    assert f"https://insights.acme.example/posts/old/?a=1&{tags}#b" in mail.body("plain")
    hrefs = re.findall(r'href="([^"]*)"', mail.body("html"))
    ours = [url for url in hrefs if "insights.acme.example" in url]
    assert len(ours) >= 5
    assert [url for url in ours if "utm_content=hp7.newsletter.company" not in url] == []
    assert {url for url in hrefs if "else.example" in url} == {
        "https://else.example/",
        "https://else.example/x",
    }
    assert "https://insights.acme.example/other/?" in mail.body("html").replace("&amp;", "&")


def test_a_request_holds_no_person(world: World) -> None:
    _, (request,) = world.ready()
    assert isinstance(request, Request)
    assert set(request.body) == {"subject", "text", "html", "list"}
