"""Pictures for pages: a quiet pattern in the company's colours where a post has no image of its own, and WebP sizes."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable

from byline.drawing import Colour, contrast, hexed, legible, mix, rgb
from byline.model import Post
from byline.settings import Brand

WIDE, HIGH = 1200, 630
_VERSION = "1"  # raised when the same inputs are drawn differently
_Tint = Callable[[float], str]


def name(post: Post, brand: Brand) -> str:
    """Eight letters that change with what `pattern` draws."""
    return hashlib.sha256(f"{_VERSION} {post.id} {brand.primary} {brand.accent}".encode()).hexdigest()[:8]


def pattern(post: Post, brand: Brand) -> str:
    """An SVG of 1200x630 that is the post's own and stays the same."""
    chance = random.Random(hashlib.sha256(post.id.encode()).hexdigest())  # noqa: S311 - a pattern, no secret
    ground = rgb(brand.primary)
    ink: Colour = (255, 255, 255) if contrast((255, 255, 255), ground) >= 4.5 else (20, 24, 31)
    accent = hexed(legible(rgb(brand.accent), ground, 1.8))

    def tint(share: float) -> str:
        return hexed(mix(ground, ink, share))

    shapes = chance.choice((_rings, _bars, _waves, _discs))(chance, tint, accent)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" height="{HIGH}">'
        f'<rect width="{WIDE}" height="{HIGH}" fill="{tint(0)}"/>{"".join(shapes)}</svg>\n'
    )


def _rings(chance: random.Random, tint: _Tint, accent: str) -> list[str]:
    x, y = chance.randrange(620, 1080), chance.choice((30, 315, 600))
    bright = chance.randrange(1, 5)
    shapes = []
    for index, reach in enumerate(range(620, 60, -96)):
        colour = accent if index == bright else tint(0.05 + 0.03 * index)
        shapes.append(f'<circle cx="{x}" cy="{y}" r="{reach}" fill="{colour}"/>')
        if index == bright:
            shapes.append(f'<circle cx="{x}" cy="{y}" r="{reach - 30}" fill="{tint(0.08 + 0.03 * index)}"/>')
    return shapes


def _bars(chance: random.Random, tint: _Tint, accent: str) -> list[str]:
    shapes, bright, reach = [], chance.randrange(6, 11), 90
    for index in range(12):
        reach = min(590, reach + chance.randrange(-26, 92))
        colour = accent if index == bright else tint(0.06 + 0.018 * index)
        shapes.append(
            f'<rect x="{66 + index * 92}" y="{HIGH - reach}" width="62" height="{reach}" fill="{colour}"/>'
        )
    return shapes


def _waves(chance: random.Random, tint: _Tint, accent: str) -> list[str]:
    shapes, bright = [], chance.randrange(1, 4)
    for index in range(6):
        y = 150 + index * 84
        bend = chance.randrange(40, 150) * (1 if index % 2 else -1)
        path = f"M0 {y}C300 {y - bend} 500 {y + bend} 760 {y}S1080 {y - bend} 1200 {y}V630H0Z"
        shapes.append(f'<path d="{path}" fill="{tint(0.05 + 0.035 * index)}"/>')
        if index == bright:
            line = path.removesuffix("V630H0Z")
            shapes.append(f'<path d="{line}" fill="none" stroke="{accent}" stroke-width="10"/>')
    return shapes


def _discs(chance: random.Random, tint: _Tint, accent: str) -> list[str]:
    shapes, lit = [], {(chance.randrange(2, 9), chance.randrange(0, 5)) for _ in range(4)}
    for column in range(10):
        for row in range(5):
            radius = 14 + (column * 4.2) + chance.randrange(0, 8)
            colour = accent if (column, row) in lit else tint(0.05 + 0.022 * column)
            shapes.append(
                f'<circle cx="{64 + column * 120}" cy="{62 + row * 127}" r="{radius:.1f}" fill="{colour}"/>'
            )
    return shapes
