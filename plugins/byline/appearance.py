"""Rules of `publish check` about what people see: colours that can be read, titles that can be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from byline.drawing import Colour, contrast, hexed, mix, rgb
from byline.errors import Problem
from byline.lettering.letters import plain
from byline.lettering.words import left_out, readable
from byline.model import Post
from byline.settings import Settings

LEAST = 4.5  # of text on its ground (WCAG 2.1, 1.4.3)
_WHITE: Colour = (255, 255, 255)
_DARK: Colour = (20, 24, 31)  # what cards and buttons are lettered in where white cannot be read


def problems(settings: Settings, posts: Iterable[Post]) -> Iterator[Problem]:
    """All of them, as advice: pages move a colour until it can be read, and a card without a title is drawn too."""
    yield from _colours(settings)
    for post in posts:
        if not post.image and not plain(post.title):
            yield from _title(post)


def _title(post: Post) -> Iterator[Problem]:
    """A title, or signs in it, that no shipped font can draw."""
    missing = left_out(post.title)
    if not readable(post.title):
        yield Problem(
            file=post.path,
            line=post.line("title"),
            key="title",
            code="card-without-title",
            severity="warning",
            message="no font that is shipped can draw this title, so its card shows the company's name alone",
            fix="give the post an `image` of its own, with the title in it if you like",
        )
    elif missing:
        yield Problem(
            file=post.path,
            line=post.line("title"),
            key="title",
            code="card-without-sign",
            severity="warning",
            message=f"no font that is shipped can draw {_named(missing)}; the card shows the title without",
            fix="write it in other signs, or give the post an `image` of its own",
        )


def _named(signs: str) -> str:
    """Each sign with its number, for whoever sees only a box."""
    shown = [f"`{sign}` (U+{ord(sign):04X})" for sign in signs[:5]]
    return ", ".join(shown) + (" and others" if len(signs) > 5 else "")


def _colours(settings: Settings) -> Iterator[Problem]:
    """A colour that was set and cannot be read as it is; what the pages and cards show instead is named."""
    primary, accent = rgb(settings.brand.primary), rgb(settings.brand.accent)
    for key, colour, what in (
        ("primary", primary, "links on the white page"),
        ("accent", accent, "labels on the white page"),
    ):
        yield from _pair(settings, key, colour, _WHITE, what, _nearest(colour, _WHITE))
    if contrast(primary, _WHITE) < contrast(primary, _DARK):  # else that pair is told already
        what = "dark letters on cards and buttons"
        yield from _pair(settings, "primary", primary, _DARK, what, _nearest(primary, _DARK))


def _nearest(colour: Colour, other: Colour) -> Colour:
    """The colour moved as little as need be towards black or white."""
    goal = max((_WHITE, (0, 0, 0)), key=lambda end: contrast(end, other))
    tried = (mix(colour, goal, step / 100) for step in range(101))
    return next((one for one in tried if contrast(one, other) >= LEAST), goal)


def _pair(
    settings: Settings, key: str, colour: Colour, other: Colour, what: str, better: Colour
) -> Iterator[Problem]:
    line = settings.lines.get(f"byline.brand.{key}", 0)
    found = contrast(colour, other)
    if not line or found >= LEAST:
        return
    yield Problem(
        file=settings.file_name,
        line=line,
        key=f"byline.brand.{key}",
        code="low-contrast",
        severity="warning",
        message=f"`{hexed(colour)}` with `{hexed(other)}` has a contrast of {found:.2f} to 1, too little for {what};"
        f" {LEAST} is the least that people with weak eyes can read",
        fix=f'the nearest that can be read is "{hexed(better)}": write it, or leave it to the pages, which move the'
        " colour by themselves",
    )
