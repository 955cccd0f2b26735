"""The visitor of the demo: reads pages as they are, keeps touches as capture.js does."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from byline.testing.visitors import Browser, VisitFailed, fetch, read, touch_of
from support import NOW

PAGE = """<!doctype html><html><head><title>Ask us &amp; see</title>
<meta property="og:image" content="https://a.example/card.png"><meta name="byline:post" content="hp7">
<script defer src="capture.js" data-consent="required"></script></head>
<body><a href="../other/">Other</a>
<form action="/lead" method="POST">
<input name="name"><input type="email" name="email" required><textarea name="message">Hello </textarea>
<select name="heard_from"><option value="">?</option><option value="fair" selected>Fair</option></select>
<input type="checkbox" name="marketing" value="yes"><input name="website" tabindex="-1">
<input type="hidden" name="bl_post" value="hp7"><input type="hidden" name="bl_touches"><button name="go">Send</button>
</form></body></html>"""


@pytest.fixture
def host() -> Iterator[tuple[str, list[tuple[dict[str, str], str]]]]:
    """A site with one page, and what its form was sent."""
    taken: list[tuple[dict[str, str], str]] = []

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGE.encode() if self.path != "/gone/" else b"no"
            self.send_response(404 if self.path == "/gone/" else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            taken.append(
                (dict(urllib.parse.parse_qsl(body, keep_blank_values=True)), self.headers["Referer"])
            )
            self.send_response(303)
            self.send_header("Location", "/thanks/")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", taken
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_page_is_taken_apart() -> None:
    page = read("https://a.example/posts/one/", 200, PAGE)
    assert page.title == "Ask us & see"
    assert page.links == ("https://a.example/posts/other/",)
    assert page.meta["og:image"] == "https://a.example/card.png"
    form = page.form("email")
    assert form is not None
    assert (form.action, form.method) == ("/lead", "post")
    assert form.fields == {
        "name": "",
        "email": "",
        "message": "Hello ",
        "heard_from": "fair",
        "website": "",
        "bl_post": "hp7",
        "bl_touches": "",
    }
    assert form.boxes == {"marketing": "yes"}


def test_the_form_carries_the_touches_of_all_visits(
    host: tuple[str, list[tuple[dict[str, str], str]]],
) -> None:
    url, taken = host
    browser = Browser()
    browser.open(url + "posts/one/?utm_source=linkedin&utm_content=a.linkedin.x", NOW)
    page = browser.open(
        url + "posts/two/?utm_source=twitter&utm_content=b.twitter.x", NOW + timedelta(days=2)
    )
    thanks = browser.ask(page, {"email": "a@b.example"}, NOW + timedelta(days=2))
    assert thanks.url == url + "thanks/"
    values, referrer = taken[0]
    touches = json.loads(values["bl_touches"])
    assert [touch["content"] for touch in touches] == ["a.linkedin.x", "b.twitter.x"]
    assert touches[0]["at"] == "2026-11-24T10:00:00.000Z"
    assert json.loads(values["bl_first"]) == touches[0]
    assert json.loads(values["bl_last"]) == touches[1]
    assert referrer == url + "posts/two/"
    assert values["website"] == ""
    assert values["bl_post"] == "hp7"
    assert "marketing" not in values


def test_without_scripts_only_the_address_tells(host: tuple[str, list[tuple[dict[str, str], str]]]) -> None:
    url, taken = host
    browser = Browser(scripts=False)
    page = browser.open(url + "?utm_source=linkedin&utm_content=a.linkedin.x", NOW)
    browser.ask(page, {"email": "a@b.example"}, NOW)
    values, referrer = taken[0]
    assert values["bl_touches"] == ""
    assert referrer == url + "?utm_source=linkedin&utm_content=a.linkedin.x"


def test_without_consent_only_the_present_page_counts(
    host: tuple[str, list[tuple[dict[str, str], str]]],
) -> None:
    url, taken = host
    browser = Browser(agrees=False)
    browser.open(url + "?utm_source=linkedin&utm_content=a.linkedin.x", NOW)
    page = browser.open(url + "?utm_source=twitter&utm_content=b.twitter.x", NOW)
    browser.ask(page, {"email": "a@b.example", "marketing": "yes"}, NOW)
    touches = json.loads(taken[0][0]["bl_touches"])
    assert [touch["content"] for touch in touches] == ["b.twitter.x"]
    assert json.loads(taken[0][0]["bl_first"]) == touches[0]
    assert taken[0][0]["bl_consent_at"] == "2026-11-24T10:00:00.000Z"
    page = browser.open(url, NOW)
    browser.ask(page, {"email": "a@b.example"}, NOW)
    assert taken[1][0]["bl_touches"] == taken[1][0]["bl_first"] == ""


def test_what_counts_as_a_touch() -> None:
    touch = touch_of("https://a.example/?utm_source=x", NOW, "")
    assert touch is not None
    assert touch["source"] == "x"
    assert touch_of("https://a.example/", NOW, "") is None
    assert touch_of("https://a.example/", NOW, "https://a.example/other/") is None
    assert touch_of("https://a.example/", NOW, "https://search.example/") is not None


def test_what_cannot_be_read_or_filled_in_says_so(host: tuple[str, list[tuple[dict[str, str], str]]]) -> None:
    url, _ = host
    with pytest.raises(VisitFailed, match=r"gone/ answered 404"):
        fetch(url + "gone/")
    with pytest.raises(VisitFailed, match="no field nonsense"):
        Browser().ask(fetch(url), {"nonsense": "1"}, NOW)
    with pytest.raises(VisitFailed, match="no form"):
        Browser().ask(read(url, 200, "<p>nothing</p>"), {}, NOW)
