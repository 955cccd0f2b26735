"""The intake over real HTTP: what a browser sends, and what strangers send."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest

from byline.crm.local import LocalCrm
from byline.errors import BylineError, UsageError
from byline.intake import Limits, application, serve
from byline.model import Lead, Touch
from byline.times import FixedClock
from support import NOW

SITE = "https://insights.acme.example/"
ORIGIN = "https://insights.acme.example"
HOSTILE = "'; DROP TABLE leads; --\x1b[2J<script>alert(1)</script>\u202e=cmd"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Service:
    url: str
    crm: LocalCrm
    clock: FixedClock
    told: list[str]

    def post(self, form: dict[str, str] | bytes, **headers: str) -> Answer:
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        return self.send(
            "POST", body, {"Content-Type": "application/x-www-form-urlencoded", "Origin": ORIGIN} | headers
        )

    def send(self, method: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        try:
            connection.request(method, "/lead", body=body, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read().decode())
        finally:
            connection.close()

    def leads(self) -> list[Lead]:
        return list(self.crm.leads())


@contextmanager
def running(crm: LocalCrm, clock: FixedClock, limits: Limits | None = None) -> Iterator[Service]:
    told: list[str] = []
    app = application(crm, site_url=SITE, clock=clock, limits=limits, on_lead=told.append)
    server = serve(app)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield Service(server.url, crm, clock, told)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def service(tmp_path: Path, clock: FixedClock) -> Iterator[Service]:
    with LocalCrm(tmp_path / "crm.db", clock=clock) as crm, running(crm, clock) as found:
        yield found


def form(**fields: str) -> dict[str, str]:
    return {"name": "Ann Lee", "email": "ann@firm.example", "company": "Firm", "message": "Hello"} | fields


def touch(at: float, **fields: str) -> dict[str, object]:
    return {"at": at, "source": "linkedin", "medium": "social", **fields}


@pytest.mark.parametrize(
    ("said", "kept"),
    [({}, ("", None)), ({"marketing": "yes"}, ("Send me news.", NOW.isoformat()))],
)
def test_words_of_consent_are_kept_only_for_those_who_agreed(
    service: Service, said: dict[str, str], kept: tuple[str, str | None]
) -> None:
    service.post(form(bl_consent="Send me news.", bl_consent_at="", **said))
    (lead,) = service.leads()
    assert (lead.consent, lead.fields.get("consent_at")) == kept


def test_a_form_becomes_a_lead_with_its_journey(service: Service) -> None:
    day = NOW.timestamp() * 1000 - 86_400_000
    first = touch(day - 1000, content="hp7.linkedin.dana", page="/posts/x/?q=1")
    answer = service.post(
        form(
            heard_from="A fair",
            marketing="on",
            bl_page="/posts/honest-pricing/",
            bl_post="hp7",
            bl_consent="You may store this.",
            bl_consent_at="2026-11-24T09:00:00Z",
            bl_started=str(NOW.timestamp() * 1000 - 60_000),
            bl_first=json.dumps(first),
            bl_touches=json.dumps([first, touch(day, content="hp7.twitter.acme", source="Twitter")]),
            bl_last=json.dumps(touch(day, content="hp7.twitter.acme", source="Twitter")),
        )
    )
    assert (answer.status, answer.headers["Location"]) == (303, SITE + "thanks/")
    (lead,) = service.leads()
    assert service.told == [lead.id]
    assert (lead.name, lead.email, lead.company, lead.message) == (
        "Ann Lee",
        "ann@firm.example",
        "Firm",
        "Hello",
    )
    assert (lead.at, lead.heard_from, lead.consent) == (NOW, "A fair", "You may store this.")
    assert lead.fields == {
        "page": "/posts/honest-pricing/",
        "post": "hp7",
        "consent_at": "2026-11-24T09:00:00Z",
        "marketing": "yes",
    }
    assert [(item.source, item.content) for item in lead.touches] == [
        ("linkedin", "hp7.linkedin.dana"),
        ("twitter", "hp7.twitter.acme"),
    ]
    assert lead.touches[0].page == "/posts/x/"


def test_without_javascript_the_address_of_the_page_tells_the_source(service: Service) -> None:
    page = (
        ORIGIN + "/posts/x/?utm_source=LinkedIn&utm_medium=social&utm_content=hp7.linkedin.dana&gclid=a%20b"
        "&utm_id=abc.123"
    )
    service.post(form(bl_touches="", bl_first="", bl_last=""), Referer=page)
    (lead,) = service.leads()
    assert lead.touches == (
        Touch(
            at=NOW,
            source="linkedin",
            medium="social",
            content="hp7.linkedin.dana",
            page="/posts/x/",
            click="gclid=a b",
            utm_id="abc.123",
        ),
    )
    assert lead.fields["page"] == "/posts/x/"


def test_a_double_click_is_one_lead(service: Service) -> None:
    answers = [service.post(form()) for _ in range(3)]
    service.clock.move(timedelta(seconds=20))
    answers.append(service.post(form()))
    assert {answer.status for answer in answers} == {303}
    assert len(service.leads()) == 1
    service.post(form(message="Something else"))
    assert len(service.leads()) == 2


def test_hostile_values_arrive_as_text(service: Service) -> None:
    service.post(
        form(
            name=HOSTILE,
            email="a@b.example\r\nBcc: all@b.example",
            message=HOSTILE + "\r\nsecond",
            heard_from=HOSTILE * 100,
            bl_page="javascript:alert(1)",
            bl_post="../../etc",
            bl_touches=json.dumps(
                [
                    touch(1, source=HOSTILE, content="x" * 5000, campaign="me@home.example", referrer="https://u:p@g.example/a?b=c"),
                    touch(2, source="\ud800half", click="gclid=1"),
                    {"at": {"x": 1}, "source": ["a"], "medium": 5, "referrer": ORIGIN + "/posts/"},
                    "text", None, 7, [[]],
                ]
            ),
        )
    )  # fmt: skip
    (lead,) = service.leads()
    shown = "'; DROP TABLE leads; --[2J<script>alert(1)</script>=cmd"
    assert (lead.name, lead.message) == (shown, shown + "\nsecond")
    assert lead.email == "a@b.example Bcc: all@b.example"
    assert lead.fields["flags"] == "the address looks mistyped"
    assert len(lead.heard_from) <= 255
    assert {"page", "post"}.isdisjoint(lead.fields)
    one, two = lead.touches
    assert one.source == shown.lower()
    assert (len(one.content), one.campaign, one.referrer) == (255, "", "https://g.example/a")
    assert (two.source, two.click, two.at) == ("half", "gclid=1", NOW)


@pytest.mark.parametrize(
    "raw",
    [
        "{",
        "[" * 5_000,
        '[{"at": NaN}]',
        "null",
        "7",
        '"a"',
        '{"a": ' * 900 + "1" + "}" * 900,
        '[{"at": 1e308, "source": "a"}]',
    ],
)
def test_journeys_that_cannot_be_read_never_cost_a_lead(service: Service, raw: str) -> None:
    answer = service.post(form(bl_touches=raw, bl_first=raw, bl_last=raw, bl_started=raw[:100]))
    assert answer.status == 303
    assert len(service.leads()) == 1


def test_only_ten_touches_are_kept_and_the_first_one(service: Service) -> None:
    many = [
        touch(NOW.timestamp() * 1000 - 10_000 * (50 - n), content=f"a{n}.linkedin.dana") for n in range(40)
    ]
    service.post(form(bl_first=json.dumps(many[0]), bl_touches=json.dumps(many)))
    kept = [item.content for item in service.leads()[0].touches]
    assert kept == ["a0.linkedin.dana", *(f"a{n}.linkedin.dana" for n in range(30, 40))]


def test_spam_is_answered_alike_and_kept_apart(service: Service) -> None:
    assert service.post(form(website="https://spam.example")).status == 303
    assert service.post(form(name="Buy at www.spam.example")).status == 303
    assert service.leads() == []
    assert service.told == []
    assert sum(service.crm.set_aside().values()) == 2


def test_a_quick_hand_is_a_note_not_a_loss(service: Service) -> None:
    service.post(form(bl_started=str(NOW.timestamp() * 1000 - 1000)))
    assert service.leads()[0].fields["flags"] == "filled in within 3 seconds"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (ORIGIN, 303),
        ("http://127.0.0.1:8000", 303),
        ("http://localhost", 303),
        ("null", 303),
        ("https://insights.acme.example.evil.example", 403),
        ("http://insights.acme.example", 403),
        ("https://evil.example", 403),
        ("https://evil.example#@localhost", 403),
    ],
)
def test_forms_come_from_the_site_or_this_machine(service: Service, origin: str, status: int) -> None:
    answer = service.post(form(), Origin=origin)
    assert answer.status == status
    assert len(service.leads()) == (status == 303)
    if origin.startswith("http://"):
        assert status == 403 or answer.headers["Location"] == origin + "/thanks/"


def test_without_an_origin_the_referer_tells(service: Service) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(form()).encode()
    assert service.send("POST", body, kind | {"Referer": "https://evil.example/"}).status == 403
    assert service.send("POST", body, kind).status == 303


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/posts/x/?sent=1#form", ORIGIN + "/posts/x/?sent=1#form"),
        ("//evil.example/", SITE + "thanks/"),
        ("/\\evil.example", SITE + "thanks/"),
        ("https://evil.example/", SITE + "thanks/"),
        ("/a\r\nSet-Cookie: x=1", SITE + "thanks/"),
        ("/a b", SITE + "thanks/"),
    ],
)
def test_the_way_back_stays_on_the_site(service: Service, path: str, target: str) -> None:
    answer = service.post(form(bl_next=path))
    assert answer.headers["Location"] == target
    assert "Set-Cookie" not in answer.headers


def test_what_is_no_form_is_refused_in_words(service: Service) -> None:
    assert service.post(b"{}", **{"Content-Type": "application/json"}).status == 415
    assert service.post(form(message="x" * 70_000)).status == 413
    assert service.post("&".join(f"f{n}=1" for n in range(100)).encode()).status == 400
    assert service.post({"name": "Ann", "message": "no address"}).status == 400
    assert service.post(b"\xff\xfe=%ff%fe&email=a%40b.example").status == 303
    assert service.send("PUT", b"", {}).status == 405
    assert service.send("GET", None, {}).status == 200
    for headers in (
        {"Content-Length": "-1"},
        {"Content-Length": "x"},
        {"Content-Length": "99999999999999999999"},
    ):
        answer = service.post(b"", **headers)
        assert answer.status in (411, 413)
        assert "<h1>" in answer.body
    assert len(service.leads()) == 1


def test_a_message_that_breaks_off_is_no_lead(service: Service) -> None:
    parts = urlsplit(service.url)
    body = urlencode(form()).encode()
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as line:
        line.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            + f"Content-Length: {len(body) + 9}\r\n\r\n".encode()
            + body
        )
        line.shutdown(socket.SHUT_WR)
        assert b" 400 " in line.recv(4096).split(b"\r\n")[0]
    assert service.leads() == []


def test_too_many_at_once_are_asked_to_wait(tmp_path: Path, clock: FixedClock) -> None:
    limits = Limits(per_address=3, everyone=5)
    with LocalCrm(tmp_path / "crm.db") as crm, running(crm, clock, limits) as service:
        statuses = [service.post(form(message=str(n))).status for n in range(5)]
        assert statuses == [303, 303, 303, 429, 429]
        other = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
        statuses = [service.post(form(message=f"b{n}"), **other).status for n in range(4)]
        assert statuses == [303, 303, 429, 429]
        answer = service.post(form(message="c"))
        assert int(answer.headers["Retry-After"]) == 60
        clock.move(timedelta(minutes=1))
        assert service.post(form(message="d")).status == 303
        assert len(service.leads()) == 6


class Broken:
    name = "broken"

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        raise BylineError("the disk is full")


def test_a_lead_that_cannot_be_kept_is_never_confirmed(
    clock: FixedClock, capfd: pytest.CaptureFixture[str]
) -> None:
    with running(Broken(), clock) as service:  # type: ignore[arg-type]
        answer = service.post(form())
    assert answer.status == 503
    assert "could not be kept" in answer.body
    told = capfd.readouterr()
    assert told.err == "intake: a lead could not be kept (BylineError): the disk is full\n"
    assert told.out == ""


def test_nothing_personal_is_logged(service: Service, capfd: pytest.CaptureFixture[str]) -> None:
    service.post(form())
    service.post(form(), Origin="https://evil.example")
    assert capfd.readouterr() == ("", "")


def test_a_port_in_use_is_told_in_words(service: Service, clock: FixedClock) -> None:
    app = application(service.crm, site_url=SITE, clock=clock)
    with pytest.raises(UsageError, match="cannot listen"):
        serve(app, port=int(urlsplit(service.url).port or 0))
