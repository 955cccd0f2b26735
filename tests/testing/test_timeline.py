"""The timeline page: escaped, with links and cards, newest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from byline.drawing import contrast
from byline.testing.timeline import Shown, ShownCard
from byline.testing.timeline import page as timeline
from support import NOW

if TYPE_CHECKING:
    from playwright.sync_api import Page

CARD = ShownCard(link="http://x/?a=1&b=2", title="T <b>", description="D", host="x", image="i.png", alt='"q"')
PIXEL = """colour => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
}"""
ONE = Shown(
    account="Dana <Reyes>", handle="@dana", at=NOW, parts=("Read https://a.example/p?x=1&y=2.",), card=CARD
)


def test_words_are_escaped_and_links_stay_links() -> None:
    shown = timeline("LinkedIn", "#0a66c2", [ONE], note="All made up")
    assert "Dana &lt;Reyes&gt;" in shown
    assert '<a href="https://a.example/p?x=1&amp;y=2">a.example/p?x=1&amp;y=2</a>.' in shown
    assert 'href="http://x/?a=1&amp;b=2"' in shown
    assert "T &lt;b&gt;" in shown
    assert 'alt="&quot;q&quot;"' in shown
    assert "1 post." in shown


def test_newest_first_and_threads_together() -> None:
    later = replace(ONE, parts=("Second", "Third"), at=NOW + timedelta(days=1), card=None)
    shown = timeline("X", "#000000", [ONE, later], note="")
    assert shown.index("Second") < shown.index("Read ")
    assert shown.count("<article>") == 2
    assert shown.count('<p class="text">') == 3
    assert "2 posts." in shown


def test_an_empty_network_says_so() -> None:
    assert "Nothing has been posted." in timeline("X", "#000000", [], note="")


@pytest.mark.browser
@pytest.mark.parametrize("colour", ["#0a66c2", "#0f6fb5", "#6364ff", "#000000"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_links_and_tags_can_be_read_in_both_schemes(page: Page, colour: str, scheme: str) -> None:
    tagged = replace(ONE, parts=("See https://a.example/ #tag",))
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_content(timeline("LinkedIn", colour, [tagged], note="All made up"))
    ground = page.evaluate(f"({PIXEL})(getComputedStyle(document.querySelector('article')).backgroundColor)")
    for place in (".text a", ".tag", "time", ".about"):
        shown = page.evaluate(f"({PIXEL})(getComputedStyle(document.querySelector('{place}')).color)")
        assert contrast(tuple(shown), tuple(ground)) >= 4.5, (place, shown, ground)
    assert page.locator("body > :not(header, main, style)").count() == 0
