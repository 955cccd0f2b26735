"""The live page: what must be right before anything is sent, and the reason in words when it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from byline import cards, content, gate
from byline.http import Http
from byline.model import Picture, Post
from byline.settings import LiveGate
from byline.testing import linkedin
from byline.testing.server import Answer, Call
from stage import Stage

LINKEDIN = ("linkedin", linkedin.CASES[0])
PATH = "/posts/honest-pricing/"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path, LINKEDIN) as stage:
        yield stage


def page(stage: Stage) -> tuple[Post, Picture]:
    settings = stage.settings
    found = content.read(settings)
    (post,) = found.posts
    return post, cards.picture(post, settings, found.authors)


def look(stage: Stage) -> gate.Look:
    http = Http(stage.settings.timeouts, stage.clock)
    try:
        return gate.look(*page(stage), stage.settings.site_url, http)
    finally:
        http.close()


def serve(stage: Stage, path: str, given: Answer) -> None:
    """The pages answer this one path in this way."""
    handle = stage.pages.handle
    stage.pages.handle = lambda call: given if call.path.startswith(path) else handle(call)  # type: ignore[method-assign]


def test_a_page_as_it_should_be(stage: Stage) -> None:
    found = look(stage)
    assert found.ok
    assert "1200x630 PNG" in found.reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('rel="canonical"', 'rel="other"', "names no canonical"),
        (f'{PATH}"><meta', '/elsewhere/"><meta', "another canonical address"),
        ("Pricing, the honest version", "A former title", "still shows the title “A former title”"),
        ('property="og:title"', 'property="x"', "has no og:title"),
        ('property="og:image"', 'property="x"', "has no og:image"),
        ("/assets/cards/hp7-", "/assets/cards/hp7-0", "former card picture"),
        ("/assets/cards/", "/pictures/", "answers 404"),
    ],
)
def test_what_networks_would_read_wrongly(stage: Stage, old: str, new: str, reason: str) -> None:
    assert old in stage.pages.shown[PATH]
    stage.pages.shown[PATH] = stage.pages.shown[PATH].replace(old, new)
    found = look(stage)
    assert not found.ok
    assert reason in found.reason


def test_a_piece_first_published_elsewhere_names_that_address(stage: Stage) -> None:
    post, picture = page(stage)
    elsewhere = replace(post, canonical_url="https://trade.example/pricing/")
    http = Http(stage.settings.timeouts, stage.clock)
    try:
        assert not gate.look(elsewhere, picture, stage.settings.site_url, http).ok
        shown = stage.pages.shown[PATH]
        stage.pages.shown[PATH] = re.sub(
            r'(rel="canonical" href=")[^"]*', r"\1https://trade.example/pricing/", shown
        )
        assert gate.look(elsewhere, picture, stage.settings.site_url, http).ok
    finally:
        http.close()


def test_a_canonical_spelled_otherwise_is_the_same(stage: Stage) -> None:
    stage.pages.shown[PATH] = stage.pages.shown[PATH].replace(f'{PATH}"><meta', f'{PATH}#top"><meta')
    assert look(stage).ok


def test_a_page_that_is_missing(stage: Stage) -> None:
    stage.pages.shown.clear()
    assert "answers 404, not 200" in look(stage).reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(status=200, body=b"<svg/>", headers={"Content-Type": "image/svg+xml"}), "image/svg+xml"),
        (Answer(status=200, body=b"not a picture", headers={"Content-Type": "image/png"}), "cannot be read"),
        (Answer(status=200, body=b"", headers={}), "served as nothing named"),
    ],
)
def test_a_card_that_no_network_shows(stage: Stage, answer: Answer, reason: str) -> None:
    serve(stage, "/assets/cards/", answer)
    found = look(stage)
    assert not found.ok
    assert reason in found.reason


def test_a_small_card_is_refused(stage: Stage) -> None:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (120, 63)).save(out, "PNG")
    serve(
        stage,
        "/assets/cards/",
        Answer(status=200, body=out.getvalue(), headers={"Content-Type": "image/png"}),
    )
    assert "only 120x63 pixels" in look(stage).reason


def test_redirects_within_the_site_alone(stage: Stage) -> None:
    stage.pages.shown["/moved/"] = stage.pages.shown[PATH]
    serve(stage, PATH, Answer(status=302, headers={"Location": "/moved/"}))
    assert look(stage).ok
    serve(stage, PATH, Answer(status=302, headers={"Location": "https://login.example/"}))
    assert "leads away to https://login.example/" in look(stage).reason


def test_a_site_that_does_not_answer(stage: Stage) -> None:
    here = page(stage)
    http = Http(stage.settings.timeouts, stage.clock)
    url = stage.settings.site_url
    stage.pages.stop()
    found = gate.look(*here, url, http)
    assert not found.ok
    assert "no connection" in found.reason
    stage.pages.start()


class TestWaiting:
    def wait(self, stage: Stage, *, patient: bool = True) -> list[tuple[str, bool]]:
        self.told: list[str] = []
        http = Http(stage.settings.timeouts, stage.clock)
        found = gate.wait(
            [page(stage)], stage.settings.site_url, LiveGate(wait=30, every=10), http, stage.clock,
            patient=patient, progress=self.told.append,
        )  # fmt: skip
        return [(post.id, look.ok) for post, look in found]

    def test_a_live_page_is_not_waited_for(self, stage: Stage) -> None:
        assert self.wait(stage) == [("hp7", True)]
        assert stage.clock.slept == []

    def test_it_waits_until_the_page_is_live(self, stage: Stage) -> None:
        html = stage.pages.shown.pop(PATH)
        handle = stage.pages.handle

        def later(call: Call) -> Answer:
            if len(stage.clock.slept) == 2:
                stage.pages.shown[PATH] = html
            return handle(call)

        stage.pages.handle = later  # type: ignore[method-assign]
        assert self.wait(stage) == [("hp7", True)]
        assert stage.clock.slept == [10, 10]
        assert "404" in self.told[0]
        assert "30 s left" in self.told[0]

    def test_it_gives_up_with_the_reason(self, stage: Stage) -> None:
        stage.pages.shown.clear()
        assert self.wait(stage) == [("hp7", False)]
        assert stage.clock.slept == [10, 10, 10]

    def test_without_patience_it_looks_once(self, stage: Stage) -> None:
        stage.pages.shown.clear()
        assert self.wait(stage, patient=False) == [("hp7", False)]
        assert stage.clock.slept == []
        assert stage.pages.attempts("page") == 1
