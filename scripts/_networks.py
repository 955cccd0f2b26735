"""The page docs/reference/networks.md: what each network can do, from the drivers' own data."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from datetime import timedelta

from byline import registry, times
from byline.channels.base import Capabilities
from byline.testing.channel_contract import World

INTRO = """\
# What each network can do

From the drivers' own data, written by `scripts/docs`; the program decides by the same. How to set an account up, rights,
costs and what was tried stand on each network's page:
{pages}.
"""
NOTES = """\
**Length** counts as the network counts: an emoji may be one character or two, and where a link counts a fixed number it does so
however long it is. Words taken from the description are fitted, whole sentences or words at a time; words written for a network never
are. **When an answer is lost**, Byline first looks whether the post is out (`publish reconcile`), then, where that is safe, makes the
very same request again; what neither can tell is for a person."""


def text() -> str:
    """The whole page."""
    kinds = list(_kinds())
    pages = ", ".join(
        f"[{registry.label(name)}](../channels/{name}.md)"
        for name in dict.fromkeys(name for name, _, _ in kinds)
    )
    head = "| | " + " | ".join(_head(name, kind) for name, kind, _ in kinds) + " |"
    rule = "| --- |" + " --- |" * len(kinds)
    rows = [f"| {label} | " + " | ".join(cell(caps) for _, _, caps in kinds) + " |" for label, cell in ROWS]
    return "\n".join([INTRO.format(pages=pages), head, rule, *rows, "", NOTES])


def _kinds() -> list[tuple[str, str, Capabilities]]:
    """Network, kind of account, and what an account of that kind can do."""
    found = []
    for name in registry.channels():
        cases = importlib.import_module(f"byline.testing.{name}").CASES
        for case in cases:
            with World(registry.channel(name), case) as world:
                found.append((name, str(case) if len(cases) > 1 else "", world.channel().caps))
    return found


def _head(name: str, kind: str) -> str:
    return registry.label(name) + (f", {kind}" if kind else "")


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"


def _link(caps: Capabilities) -> str:
    if caps.link == "card":
        return "in the card, not in the words"
    return f"in the words, counts {caps.weight_of_link}" if caps.weight_of_link else "in the words"


def _replay(caps: Capabilities) -> str:
    if caps.replay is None:
        return "no"
    if caps.replay.until >= timedelta(days=365):
        return "yes, for good"
    after = f" from {times.words(caps.replay.after)}" if caps.replay.after else ""
    return (
        f"yes,{after} to {times.words(caps.replay.until)} after the first"
        if after
        else (f"yes, for {times.words(caps.replay.until)}")
    )


def _types(caps: Capabilities) -> str:
    return ", ".join(kind.partition("/")[2].upper() for kind in caps.image.types)


FOUND = {
    "always": "yes",
    "sometimes": "where the rights allow it",
    "never": "no",
}
ROWS: tuple[tuple[str, Callable[[Capabilities], str]], ...] = (
    ("Longest text", lambda caps: f"{caps.limit:,} {caps.unit}"),
    ("Tagged link", _link),
    ("Link card", lambda caps: "we make it" if caps.card == "client" else "from the live page"),
    ("Card's picture", lambda caps: f"{caps.image.width} x {caps.image.height}"),
    ("Picture, types", _types),
    (
        "Picture, at most",
        lambda caps: (
            f"{caps.image.max_bytes / 1_000_000:g} MB, {caps.image.max_pixels / 1_000_000:.0f} megapixels"
        ),
    ),
    ("Words for a picture", lambda caps: f"{caps.image.max_alt:,}"),
    ("A list of texts is a thread", lambda caps: _yes(caps.threads)),
    ("Can we look whether it is out?", lambda caps: FOUND[caps.find]),
    ("Is the same request again safe?", _replay),
    ("Change the words later", lambda caps: _yes(caps.edit)),
    ("Delete", lambda caps: _yes(caps.delete)),
    ("Tells clicks", lambda caps: _yes(caps.clicks)),
    ("Tells views", lambda caps: _yes(caps.views)),
)
