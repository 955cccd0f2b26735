"""The fate of a call, what is shown of it, and where a token may go. Real sockets on loopback."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.errors import NotSent, OutcomeUnknown, Rejected
from byline.http import Headers, Http, Response, is_loopback, retry_after
from byline.settings import Secrets, Timeouts
from byline.testing.server import Answer, Call, Fake, answer
from byline.times import FixedClock
from support import NOW

TOKEN = "AQX/token+with=odd signs"


class Echo(Fake):
    """Answers what the test wants."""

    label = "Echo"
    say: Callable[[Call], Answer] = staticmethod(lambda call: answer(200, {"path": call.path}))

    def kind_of(self, call: Call) -> str:
        return "create" if call.method == "POST" else "read"

    def handle(self, call: Call) -> Answer:
        return type(self).say(call)


@pytest.fixture
def echo() -> Iterator[Echo]:
    class Own(Echo):
        pass

    with Own(FixedClock(NOW)) as fake:
        yield fake


@pytest.fixture
def http(clock: FixedClock) -> Iterator[Http]:
    made = Http(Timeouts(connect=1, read=5), clock)
    yield made
    made.close()


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does with one connection what the test wants."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65_536)
                talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join(5)


def test_any_status_is_an_answer(http: Http, echo: Echo) -> None:
    type(echo).say = staticmethod(lambda call: answer(418, {"a": 1}, {"X-Request-Id": "r1"}))
    found = http.request("GET", echo.url + "/x", service="Echo")
    assert (found.status, found.ok, found.object(), found.request_id) == (418, False, {"a": 1}, "r1")
    assert found.headers["x-REQUEST-id"] == "r1"


def test_json_is_sent_in_the_same_bytes_each_time(http: Http, echo: Echo) -> None:
    for _ in range(2):
        http.request("POST", echo.url, service="Echo", json={"b": "ü", "a": [1, None]}, create=True)
    assert {call.body for call in echo.calls} == {'{"b":"ü","a":[1,null]}'.encode()}
    assert {call.headers["content-type"] for call in echo.calls} == {"application/json"}


def test_no_connection_means_not_sent(http: Http, clock: FixedClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotSent) as info:
        http.request("POST", f"http://127.0.0.1:{port}/", service="Echo", json={}, create=True)
    assert info.value.cause == "unreachable"
    assert info.value.retry_at is not None
    assert info.value.retry_at > clock.now()


def test_a_name_that_is_unknown_means_not_sent(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotSent, match=r"api\.nowhere\.example"):
        http.request("POST", "https://api.nowhere.example/x", service="Echo", json={}, create=True)


def test_a_failed_handshake_means_not_sent(http: Http) -> None:
    with (
        raw_server(lambda connection: connection.sendall(b"HTTP/1.0 400 no TLS here\r\n\r\n")) as url,
        pytest.raises(NotSent, match="secure connection"),
    ):
        http.request("POST", url.replace("http://", "https://"), service="Echo", json={}, create=True)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\nhalf",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    ],
)
def test_a_broken_answer_to_a_create_is_an_unknown_outcome(http: Http, said: bytes) -> None:
    with raw_server(lambda connection: connection.sendall(said)) as url, pytest.raises(OutcomeUnknown):
        http.request("POST", url, service="Echo", json={}, create=True)
    with raw_server(lambda connection: connection.sendall(said)) as url, pytest.raises(NotSent):
        http.request("GET", url, service="Echo")


def test_no_answer_in_time(clock: FixedClock) -> None:
    http = Http(Timeouts(connect=1, read=0.1), clock)
    wait = threading.Event()
    for create, kind in ((True, OutcomeUnknown), (False, NotSent)):
        with raw_server(lambda _: wait.wait(5) and None) as url:
            with pytest.raises(kind, match="no answer came in time"):
                http.request("POST", url, service="Echo", json={}, create=create)
            wait.set()
        wait.clear()
    http.close()


def test_an_answer_without_end_is_cut_short(http: Http, echo: Echo) -> None:
    type(echo).say = staticmethod(lambda call: Answer(status=201, body=b"x" * 5000))
    with pytest.raises(OutcomeUnknown, match="larger than 1,000 bytes"):
        http.request("POST", echo.url, service="Echo", create=True, max_bytes=1000)


def test_nothing_is_tried_twice(http: Http, echo: Echo) -> None:
    for fault in ("drop", "error_before", "limited"):
        before = len(echo.calls)
        echo.inject(fault, on="any")
        with suppress(NotSent):
            http.request("GET", echo.url, service="Echo")
        assert len(echo.calls) == before + 1


def test_a_get_follows_within_the_host_alone(http: Http, echo: Echo) -> None:
    def say(call: Call) -> Answer:
        if call.path == "/a":
            return Answer(status=301, headers={"Location": "/b"})
        if call.path == "/away":
            return Answer(status=302, headers={"Location": "http://localhost:1/x"})
        if call.path == "/round":
            return Answer(status=302, headers={"Location": "/round"})
        return answer(200, {"path": call.path})

    type(echo).say = staticmethod(say)
    secret = {"Authorization": "Bearer t"}
    assert http.request("GET", echo.url + "/a", service="Echo", headers=secret).object() == {"path": "/b"}
    assert http.request("GET", echo.url + "/away", service="Echo", headers=secret).status == 302
    assert http.request("GET", echo.url + "/round", service="Echo").status == 302
    assert http.request("POST", echo.url + "/a", service="Echo", create=True).status == 301


@pytest.mark.parametrize(
    "url",
    ["http://example.com/", "http://10.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "https:///x", "no"],
)
def test_plain_http_is_for_this_machine(http: Http, url: str) -> None:
    with pytest.raises(Rejected, match="only https"):
        http.request("GET", url, service="Echo", headers={"Authorization": "Bearer t"})


def test_the_developers_netrc_and_cookies_stay_out(
    http: Http, echo: Echo, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:  # noqa: PTH123 - a plain file
        file.write("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", netrc)
    type(echo).say = staticmethod(lambda call: answer(200, {}, {"Set-Cookie": "a=b"}))
    http.request("GET", echo.url, service="Echo", headers={"Authorization": "Bearer t"})
    http.request("GET", echo.url, service="Echo", headers={"Authorization": "Bearer t"})
    assert [call.headers["authorization"] for call in echo.calls] == ["Bearer t"] * 2
    assert "cookie" not in echo.calls[1].headers


def test_a_proxy_is_used_beyond_this_machine_alone(
    http: Http, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    assert http.request("GET", echo.url, service="Echo").ok
    with pytest.raises(NotSent):
        http.request("POST", "https://api.nowhere.example/", service="Echo", json={}, create=True)


def test_a_proxy_that_refuses_means_not_sent(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    for said in (b"HTTP/1.1 502 no\r\n\r\n", b""):
        with raw_server(lambda connection, said=said: connection.sendall(said)) as url:  # type: ignore[misc]
            for name in ("HTTPS_PROXY", "https_proxy"):
                monkeypatch.setenv(name, url)
            with pytest.raises(NotSent):
                http.request("POST", "https://api.nowhere.example/", service="Echo", json={}, create=True)


letters = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("Cc",)), min_size=8
)


@given(letters, st.binary(max_size=5), st.binary(max_size=5))
def test_no_spelling_of_a_secret_is_shown(token: str, before: bytes, after: bytes) -> None:
    http = Http(Timeouts(), FixedClock(NOW))
    http.protect("T", token)
    for said in (token, quote(token, safe=""), quote_plus(token), json.dumps(token)[1:-1]):
        assert http.redact(f"it was {said}!") == "it was [T]!"
    encoded = base64.b64encode(before + token.encode() + after).decode()
    assert "[T]" in http.redact(encoded)


def test_a_missing_secret_names_both_variables(http: Http) -> None:
    with pytest.raises(NotSent) as info:
        http.secret(Secrets({}), "dana", "MY_TOKEN", service="Echo")
    assert info.value.cause == "auth"
    assert "MY_TOKEN__DANA" in info.value.hint
    assert http.secret(Secrets({"MY_TOKEN": TOKEN}), "dana", "MY_TOKEN", service="Echo") == TOKEN
    assert http.redact(f"Bearer {TOKEN}") == "Bearer [MY_TOKEN]"


def test_words_of_an_answer_hold_no_secret_and_no_page(http: Http) -> None:
    http.protect("MY_TOKEN", TOKEN)
    assert http.words(Response(status=400, body=f"bad\n {TOKEN}".encode())) == "bad [MY_TOKEN]"
    assert http.words(Response(status=500, body=b"<html>x")) == "(an HTML page)"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Tue, 24 Nov 2026 10:05:00 GMT", 300),
        ("99999999999", 30 * 86_400),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_in_both_forms(value: str, seconds: int | None) -> None:
    found = retry_after(value, NOW)
    assert found == (None if seconds is None else NOW + timedelta(seconds=seconds))


def test_when_the_next_call_is_allowed(http: Http, clock: FixedClock) -> None:
    reset = datetime(2026, 11, 25, tzinfo=UTC)
    said = Response(status=429, headers=Headers({"Retry-After": "60"}))
    bare = Response(status=429)
    past = Response(status=429, headers=Headers({"Retry-After": "Tue, 24 Nov 2020 10:05:00 GMT"}))
    assert http.limited(said, service="Echo", until=reset).retry_at == NOW + timedelta(seconds=60)
    assert http.limited(bare, service="Echo", until=reset).retry_at == reset
    assert http.limited(bare, service="Echo").retry_at == NOW + timedelta(minutes=15)
    assert http.limited(past, service="Echo").retry_at == NOW + timedelta(minutes=1)


def test_what_trouble_of_the_service_means(http: Http) -> None:
    for status in (500, 502, 503, 504, 408, 201, 302):
        assert isinstance(http.broken(Response(status=status), service="E", create=True), OutcomeUnknown)
    assert isinstance(http.broken(Response(status=307), service="E", create=True), Rejected)
    assert isinstance(http.broken(Response(status=503), service="E", create=False), NotSent)
    assert isinstance(http.broken(Response(status=301), service="E", create=False), Rejected)


def test_what_is_this_machine() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST")))
    assert not any(
        map(is_loopback, ("", "example.com", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com"))
    )


def test_an_answer_that_is_no_json_is_none() -> None:
    assert Response(status=200, body=b"<html>").json() is None
    assert Response(status=200, body=b"[" * 100_000).json() is None
    assert Response(status=200, body=b"[1]").object() == {}
