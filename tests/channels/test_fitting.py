"""Whatever a post says, what each network gets of it fits, and nothing is cut in two: for every driver there is."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

import pytest
import regex
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byline import registry, text
from byline.channels.base import Capabilities
from byline.testing.channel_contract import World

WHOLE = ["https://example.com/a/b?c=d#e", "https://example.com/größe", "http://localhost:8000/x", "setup.py", "shop.example.com/prices",
         "@name@server.example", "@acme.bsky.social", "@[Some Name](urn:li:person:1)", "#hashtag", "#größe", "#価格", "$TSLA",
         "dana@example.com"]  # fmt: skip
LOOSE = ["one", "two.", "Three!", "und,", "—", "👨‍👩‍👧‍👦", "👍🏽" * 9, "🇩🇪🇫🇷", "1️⃣", "😀" * 40, "e\u0301te\u0301", "क्षेत्र", "日本語。",
         "値上げしました。三社が離れ" * 6, "x" * 50, "نص", "\u200f", "a\u0308" * 30, "\n\n", "(", "“quoted”"]  # fmt: skip

pieces = st.lists(st.sampled_from(WHOLE + LOOSE) | st.text(max_size=12), min_size=1, max_size=25)


@pytest.fixture(scope="module", params=registry.channels())
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    case = importlib.import_module(f"byline.testing.{request.param}").CASES[0]
    with World(registry.channel(request.param), case) as made:
        yield made


def longer(words: list[str], caps: Capabilities) -> str:
    """The words over and over, until they are too long for the network."""
    once = " ".join(words) + " more "
    return once * (caps.limit // max(1, caps.count(once)) + 2)


def breaks(source: str, kept: int, caps: Capabilities) -> list[str]:
    """What a cut after so many characters goes through the middle of."""
    spans = (*text.units(source), *caps.protected(source), *(caps.look.links or text.addresses)(source))
    found = [source[start:end] for start, end in spans if start < kept < end]
    around = max(0, kept - 80)  # graphemes are short; the whole of a text of 60,000 need not be looked at
    edges = {0, *(around + match.end() for match in regex.finditer(r"\X", source[around : kept + 80]))}
    return found + ([] if kept in edges or kept == around else ["a grapheme"])


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(words=pieces, tail=st.sampled_from(["", " https://insights.acme.example/posts/a/?utm_source=x"]))
def test_fitting_to_the_limits_that_are_declared(world: World, words: list[str], tail: str) -> None:
    caps = world.driver.caps
    source = longer(words, caps).strip()
    found = text.fit(source, limit=caps.limit, count=caps.count, protected=caps.protected, suffix=tail)
    assert found.used == caps.count(found.text) <= caps.limit
    found.text.encode("utf-16")  # no half of a pair
    if found.text == tail.lstrip():
        return
    assert found.text.endswith(tail)
    body = found.text[: len(found.text) - len(tail)] if tail else found.text
    kept = body.removesuffix(text.ELLIPSIS).rstrip() if found.cut else body
    assert source.startswith(kept)
    assert breaks(source, len(kept), caps) == []
    assert source.endswith(found.cut)
    links = caps.look.links or text.addresses
    whole = {source[start:end] for start, end in links(source)}
    assert {body[start:end] for start, end in links(body)} <= whole


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(words=pieces)
def test_what_is_composed_fits_and_names_nobody(world: World, words: list[str]) -> None:
    channel = world.channel()
    source = longer(words, channel.caps)
    message, problems = channel.compose(world.draft(source, written=False))
    assert [problem for problem in problems if "cashtag" not in problem and "refuses" not in problem] == []
    assert 0 < message.used[0] <= message.limit
    assert message.cut
    shown = message.parts[0].replace(world.link, "").rstrip().removesuffix(text.ELLIPSIS).rstrip()
    assert text.unmentioned(source.strip()).startswith(shown)
    assert breaks(text.unmentioned(source.strip()), len(shown), channel.caps) == []
    for name in ("name", "acme", "[Some"):
        assert f"@{name}" not in message.parts[0]
