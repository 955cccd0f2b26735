"""Addresses out of somebody else's file: what is asked, and what never is."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from byline.importing.fetching import Fetcher, Refused, is_public
from byline.importing.pictures import Pictures
from importing.conftest import png


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path, host = self.path, self.headers["Host"]
        if path == "/inside":
            self.send_response(302)
            self.send_header("Location", "http://10.0.0.1/secret")
            self.end_headers()
            return
        if path == "/round":
            self.send_response(302)
            self.send_header("Location", f"http://{host}/round")
            self.end_headers()
            return
        body = {
            "/a.png": png(),
            "/html": b"<html>",
            "/svg": b"<svg onload='x()'></svg>",
            "/wide": png(1, 1).replace(b"\0\0\0\1\0\0\0\1", b"\0\0\xff\xff\0\0\xff\xff"),
        }.get(path, b"x" * 5_000_000)
        self.send_response(200 if path != "/gone" else 404)
        if path == "/packed":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who asked hung up at its limit, as it should
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def here(address: str) -> bool:
    return address == "127.0.0.1" or is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1",
     "::ffff:10.0.0.1", "2002:7f00:1::", "224.0.0.1", "255.255.255.255", "240.0.0.1", "fe80::1%eth0"],
)  # fmt: skip
def test_an_address_inside_is_never_asked(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(Refused, match="no public address"):
        Fetcher(resolve=lambda host, port: [address]).get("https://pictures.example.org/a.png", max_bytes=10)


def test_one_bad_address_among_good_ones_is_enough() -> None:
    with pytest.raises(Refused, match="no public address"):
        Fetcher(resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"]).get(
            "https://x.example.org/", max_bytes=10
        )


def test_the_name_is_looked_up_once_and_that_address_is_asked(server: str) -> None:
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    port = server.rpartition(":")[2]
    found = Fetcher(allowed=here, plain=True, resolve=resolve).get(
        f"http://rebinding.example.org:{port}/a.png", max_bytes=100_000
    )
    assert found == png()
    assert asked == ["rebinding.example.org"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/inside", "no public address"),
        ("/round", "again and again"),
        ("/gone", "404"),
        ("/large", "larger than"),
        ("/packed", "packs the answer"),
    ],
)
def test_bad_answers(path: str, words: str, server: str) -> None:
    with pytest.raises(Refused, match=words):
        Fetcher(allowed=here, plain=True, seconds=5).get(server + path, max_bytes=1_000_000)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/x",
        "file:///etc/passwd",
        "https://user:pw@example.org/",
        "https://[::1/",
        "gopher://x",
        "//x",
        "https://",
        "https://a:99999/",
    ],
)
def test_other_addresses_are_refused_before_anything_is_opened(url: str) -> None:
    def nobody(host: str, port: int) -> list[str]:
        raise AssertionError("looked up")

    with pytest.raises(Refused):
        Fetcher(resolve=nobody).get(url, max_bytes=10)


def test_pictures_are_what_they_say(server: str, tmp_path: Path) -> None:
    pictures = Pictures(tmp_path, (), Fetcher(allowed=here, plain=True), f"{server}/", lambda text: None)
    assert pictures.picture(f"{server}/a.png") == ("assets/imported/a.png", "")
    assert pictures.picture("/a.png") == ("assets/imported/a.png", "")
    for path, words in (
        ("/html", "no picture"),
        ("/svg", "holds a program"),
        ("/wide", "pixels"),
        ("/gone", "404"),
    ):
        found, why = pictures.picture(server + path)
        assert found == ""
        assert words in why
    assert [path.name for path in (tmp_path / "assets/imported").iterdir()] == ["a.png"]


def test_a_server_that_does_not_answer_is_asked_three_times_at_most(tmp_path: Path) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        raise OSError

    pictures = Pictures(tmp_path, (), Fetcher(resolve=resolve), "", lambda text: None)
    for number in range(10):
        assert pictures.picture(f"https://gone.example.org/{number}.png")[0] == ""
    assert len(asked) == 3
