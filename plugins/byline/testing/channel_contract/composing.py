"""What a driver says of itself, and how it composes."""

from __future__ import annotations

import re
from datetime import timedelta

from byline import text as texts
from byline.settings import Secrets
from byline.testing.channel_contract.world import (
    World,
    filled,
    read_settings,
)
from byline.yamlread import Mapping_, read


class Composing:
    """What a driver says of itself, and how it composes."""

    # What the driver says of itself.

    def test_its_data_is_complete(self, world: World) -> None:
        driver, caps = world.driver, world.driver.caps
        assert re.fullmatch(r"[a-z][a-z0-9]*", driver.name)
        assert driver.name in driver.__module__.split(".")[-2:], (
            "the driver's name is its file's or its folder's"
        )
        assert driver.__doc__
        assert caps.label
        assert caps.unit
        assert caps.limit > 0
        assert caps.count("word") == 4
        assert caps.image.types
        assert min(caps.image.max_bytes, caps.image.max_pixels, caps.image.width, caps.image.height) > 0
        assert driver.api == "" or driver.api.startswith("https://")
        if caps.replay:
            assert timedelta(0) <= caps.replay.after < caps.replay.until

    def test_its_settings_are_read_with_every_mistake(self, world: World) -> None:
        problems = read_settings(world, world.yaml(world.case.block), world.yaml(world.case.account))
        assert problems == []
        account = world.yaml(world.case.account)
        key = next(iter(account.items), "mode")
        wrong = Mapping_(
            {**account.items, key + "x": read("1") or account}, {**account.key_lines, key + "x": 7}, 1
        )
        found = read_settings(world, world.yaml(world.case.block), wrong)
        assert [(problem.code, problem.line) for problem in found] == [("unknown-key", 7)]

    def test_making_one_touches_nothing(self, world: World) -> None:
        channel = world.channel(secrets=Secrets({}))
        assert world.fake.calls == []
        world.tells_no_secret(channel, world.channel(), world.http)

    # Composing.

    def test_composing_is_pure_and_needs_no_secret(self, world: World) -> None:
        channel = world.channel(secrets=Secrets({}))
        draft = world.draft()
        assert channel.compose(draft) == channel.compose(draft)
        assert world.fake.calls == []
        message, problems = channel.compose(draft)
        assert problems == ()
        assert (message.channel, message.account, message.link) == (channel.name, "company", draft.link)
        assert len(message.used) == len(message.parts) == 1
        assert message.limit == channel.caps.limit
        assert message.cost >= 0

    def test_the_link_travels_where_the_network_carries_it(self, world: World) -> None:
        channel = world.channel()
        for written in (True, False):
            message, _ = channel.compose(world.draft(written=written))
            if channel.caps.link == "text":
                assert message.parts[0].count(world.link) == 1
            else:
                assert world.link not in message.parts[0]
            if channel.caps.card == "client":
                assert message.card is not None
                assert message.card.url == world.link

    def test_a_link_that_is_written_is_not_added_again(self, world: World) -> None:
        message, _ = world.channel().compose(world.draft(f"Read {world.link} now"))
        assert message.parts[0].count(world.link) == 1

    def test_written_words_are_never_cut(self, world: World) -> None:
        channel = world.channel()
        words = filled(channel, world, channel.caps.limit)
        message, problems = channel.compose(world.draft(words))
        assert problems == ()
        assert message.used == (channel.caps.limit,)
        message, problems = channel.compose(world.draft(words + "a"))
        assert len(problems) == 1
        assert str(f"{channel.caps.limit:,}") in problems[0]
        assert message.parts[0].startswith(words + "a")
        assert message.cut == ""

    def test_derived_words_are_fitted(self, world: World) -> None:
        channel = world.channel()
        words = "We raised prices on forty renewals and kept most of them. " * (channel.caps.limit // 20)
        message, problems = channel.compose(world.draft(words, written=False))
        assert problems == ()
        assert message.cut
        assert channel.caps.limit * 0.6 < message.used[0] <= channel.caps.limit

    def test_fitting_cuts_nothing_in_two(self, world: World) -> None:
        channel = world.channel()
        whole = "https://example.com/a/long/path?with=query"
        unit = f"{whole} @[Some Name](urn:li:person:1) #hashtag 👩‍👩‍👧‍👦👍🏽 e\u0301te\u0301 "
        for length in range(0, 40, 3):
            lead = "x" * (channel.caps.limit - 150 + 4 * length) + " "
            message, problems = channel.compose(world.draft(lead + unit * 5, written=False))
            assert problems == ()
            assert message.used[0] <= channel.caps.limit
            shown = message.parts[0].replace(world.link, "").replace("\u2060", "").rstrip()
            shown = shown.removesuffix("…").rstrip()
            source = (lead + unit * 5).rstrip()
            assert source.startswith(shown)
            assert (
                texts.graphemes(shown) == 0
                or source[len(shown) :][:1] in ("", " ")
                or " " not in shown.strip()
            )
            assert all(found == whole for found in re.findall(r"https?://\S+", shown))

    def test_a_list_of_words_is_a_thread_or_a_problem(self, world: World) -> None:
        channel = world.channel()
        message, problems = channel.compose(world.draft("One.", "Two."))
        if channel.caps.threads:
            assert problems == ()
            assert len(message.parts) == len(message.used) == 2
        else:
            assert len(problems) == 1
            assert "text" in problems[0]
