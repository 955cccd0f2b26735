"""The timeline page: escaped, with links and cards, newest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from byline.testing.timeline import Shown, ShownCard, page
from support import NOW

CARD = ShownCard(link="http://x/?a=1&b=2", title="T <b>", description="D", host="x", image="i.png", alt='"q"')
ONE = Shown(
    account="Dana <Reyes>", handle="@dana", at=NOW, parts=("Read https://a.example/p?x=1&y=2.",), card=CARD
)


def test_words_are_escaped_and_links_stay_links() -> None:
    shown = page("LinkedIn", "#0a66c2", [ONE], note="All made up")
    assert "Dana &lt;Reyes&gt;" in shown
    assert '<a href="https://a.example/p?x=1&amp;y=2">a.example/p?x=1&amp;y=2</a>.' in shown
    assert 'href="http://x/?a=1&amp;b=2"' in shown
    assert "T &lt;b&gt;" in shown
    assert 'alt="&quot;q&quot;"' in shown
    assert "1 post." in shown


def test_newest_first_and_threads_together() -> None:
    later = replace(ONE, parts=("Second", "Third"), at=NOW + timedelta(days=1), card=None)
    shown = page("X", "#000000", [ONE, later], note="")
    assert shown.index("Second") < shown.index("Read ")
    assert shown.count("<article>") == 2
    assert shown.count('<p class="text">') == 3
    assert "2 posts." in shown


def test_an_empty_network_says_so() -> None:
    assert "Nothing has been posted." in page("X", "#000000", [], note="")
