"""A picture as the network takes it, with the network's own rules and fates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from byline.channels.base import ImageRules
from byline.errors import Rejected
from byline.model import Picture

if TYPE_CHECKING:
    from byline.cards import Rendition


def made(picture: Picture, rules: ImageRules, *, service: str, cropped: bool) -> Rendition:
    """The bytes to upload, `cropped` to the size of the network's card or whole; Rejected when that cannot be done."""
    from byline import cards

    try:
        return cards.rendition(
            picture,
            types=rules.types,
            max_bytes=rules.max_bytes,
            max_pixels=rules.max_pixels,
            width=rules.width if cropped else 0,
            height=rules.height if cropped else 0,
        )
    except cards.ImageError as error:
        raise Rejected(
            f"{service}: the picture cannot be sent: {error.message}",
            service=service,
            hint=error.hint or "use another picture",
        ) from None
