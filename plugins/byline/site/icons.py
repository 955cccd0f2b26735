"""The site's small picture in tabs and on telephones, made of the company's logo; of its first letter where a logo is too
wide to be seen so small, or missing."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from byline import cards
from byline.drawing import contrast, rgb
from byline.lettering.letters import plain
from byline.settings import Settings
from byline.site.pages import Values

if TYPE_CHECKING:
    from PIL.Image import Image

FOLDER = "assets/byline/"
SIZES = {"icon": 96, "apple-touch-icon": 180}  # `rel` of the link -> pixels
_WIDEST = 1.6  # of a logo that is still a mark and no line of letters
_VERSION = "2"  # raised when the same logo is drawn differently


def links(settings: Settings) -> list[Values]:
    """Their links: `rel`, `url` on the site, `size`."""
    return [
        {"rel": rel, "url": f"{FOLDER}{rel}-{_digest(settings)}.png", "size": f"{size}x{size}"}
        for rel, size in SIZES.items()
    ]


def render(settings: Settings, rel: str) -> bytes:
    """The picture as PNG. The telephone's has a ground and a margin, as it is cut to a round shape there."""
    from PIL import Image as images

    size = SIZES[rel]
    mark = _logo(settings)
    whole = _letter(settings, size) if mark is None else _framed(mark, size, rel == "apple-touch-icon")
    out = io.BytesIO()
    # So small, 256 colours are all that anybody sees, at a fifth of the bytes.
    whole.quantize(256, method=images.Quantize.FASTOCTREE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _digest(settings: Settings) -> str:
    logo = cards.file_digest(settings.docs / settings.brand.logo) if settings.brand.logo else ""
    name = settings.brand.name or settings.site_name
    parts = (_VERSION, logo, name, settings.brand.primary, *([] if plain(name) else [settings.language]))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:8]


def _logo(settings: Settings) -> Image | None:
    if not settings.brand.logo:
        return None
    try:
        image = cards.mark(settings.docs / settings.brand.logo)
    except cards.ImageError:
        return None
    box = image.getbbox()
    if box is None:
        return None
    image = image.crop(box)
    return image if max(image.size) <= _WIDEST * min(image.size) else None


def _framed(mark: Image, size: int, ground: bool) -> Image:
    from PIL import Image as images

    room = round(size * 0.72) if ground else size
    mark = mark.copy()
    scale = room / max(mark.size)
    wide, high = (max(1, round(side * scale)) for side in mark.size)
    mark = mark.resize((wide, high), images.Resampling.LANCZOS)
    whole = images.new("RGBA", (size, size), (255, 255, 255, 255 if ground else 0))
    whole.alpha_composite(mark, ((size - mark.width) // 2, (size - mark.height) // 2))
    return whole


def _letter(settings: Settings, size: int) -> Image:
    """The first letter on the company's colour."""
    from PIL import Image as images

    from byline.lettering.letters import INTER, Face
    from byline.lettering.setting import draw, width
    from byline.lettering.words import words

    ground = rgb(settings.brand.primary)
    ink = (255, 255, 255) if contrast((255, 255, 255), ground) >= 3 else (20, 24, 31)
    letter = words(_initial(settings), settings.language)
    whole = images.new("RGBA", (size, size), (*ground, 255))
    face, high = Face(INTER, 700), round(size * 0.68)
    layer = images.new("L", (size, size))
    left = (size - width(letter, face, high)) / 2
    draw(layer, (left, size / 2 + high * 0.364), letter, face, high, 255)
    whole.paste((*ink, 255), (0, 0), layer)
    return whole


def _initial(settings: Settings) -> str:
    """The first sign of the company's name, whatever its script; a capital where there is one."""
    from byline.lettering.words import clusters, readable

    name = readable(settings.brand.name or settings.site_name)
    signs = name.upper() if plain(name) else clusters(name.upper())
    return next((sign for sign in signs if any(char.isalnum() for char in sign)), "")
