"""The pictures that pages and link previews need, made once and each under a name made of what went into it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from byline import cards
from byline.model import Picture, Post
from byline.settings import Settings
from byline.site import covers

FOLDER = "assets/cards/"
WIDTHS = (480, 960, 1440)
Maker = Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A post's picture on the site's own pages: `sizes` are (address, width), small to large; empty for an SVG."""

    url: str
    sizes: tuple[tuple[str, int], ...] = ()
    width: int = covers.WIDE
    height: int = covers.HIGH


def plan(post: Post, picture: Picture, settings: Settings) -> tuple[Cover, dict[str, Maker]]:
    """The post's cover, and every file it and its card need: address on the site -> how to make it."""
    files: dict[str, Maker] = {picture.url.removeprefix(settings.site_url): lambda: cards.render(picture)}
    if picture.path is None:
        url = f"{FOLDER}{post.id}-{covers.name(post, settings.brand)}.svg"
        files[url] = lambda: covers.pattern(post, settings.brand).encode()
        return Cover(url=url), files
    path = picture.path
    wide, high = cards.size(path)
    whole = min(wide, int(high * covers.WIDE / covers.HIGH))
    widths = [width for width in WIDTHS if width <= whole] or [min(whole, WIDTHS[0])]
    sizes = tuple((f"{FOLDER}{post.id}-{picture.digest[:8]}-{width}.webp", width) for width in widths)
    for url, width in sizes:
        files[url] = _webp(path, width)
    return Cover(url=sizes[-1][0], sizes=sizes), files


def _webp(path: Path, width: int) -> Maker:
    def make() -> bytes:
        return cards.webp(cards.cropped(path, width, round(width * covers.HIGH / covers.WIDE)), 82)

    return make
