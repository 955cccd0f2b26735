"""The pictures of a page, each of them in it once however often it shows."""

from __future__ import annotations

from byline import cards
from byline.model import Picture
from byline.preview.markup import data_uri, esc

WIDE = (1200, 630)
_MAX_BYTES = 220_000


class Pictures:
    """Collects pictures and gives each a class of the page's style sheet. A picture that cannot be read is told."""

    def __init__(self) -> None:
        self._rules: dict[str, str] = {}
        self._failed: dict[str, str] = {}

    def show(self, picture: Picture, *, whole: bool = False) -> str:
        """The picture as HTML: cropped as a link card shows it, or whole."""
        name = f"p{picture.digest[:12]}{'w' if whole else ''}"
        if name not in self._rules and name not in self._failed:
            try:
                size = (0, 0) if whole else WIDE
                made = cards.rendition(
                    picture,
                    types=("image/png", "image/jpeg"),
                    max_bytes=_MAX_BYTES,
                    max_pixels=WIDE[0] * WIDE[1],
                    width=size[0],
                    height=size[1],
                )
            except cards.ImageError as error:
                self._failed[name] = f"{error.message}. {error.hint}".strip()
            else:
                ratio = f"{made.width}/{made.height}" if whole else f"{WIDE[0]}/{WIDE[1]}"
                self._rules[name] = (
                    f".{name}{{aspect-ratio:{ratio};background-image:url({data_uri(made.data, made.mime)})}}"
                )
        if name in self._failed:
            return f'<div class="pic none">The picture cannot be shown: {esc(self._failed[name])}</div>'
        return f'<div class="pic {name}" role="img" aria-label="{esc(picture.alt)}"></div>'

    def data(self, picture: Picture) -> str:
        """The picture as an address that needs no network; an empty one when it cannot be read."""
        try:
            made = cards.rendition(
                picture,
                types=("image/jpeg", "image/png"),
                max_bytes=_MAX_BYTES,
                max_pixels=WIDE[0] * WIDE[1],
                width=WIDE[0],
                height=WIDE[1],
            )
        except cards.ImageError:
            return "data:,"
        return data_uri(made.data, made.mime)

    def css(self) -> str:
        """The rules with the pictures in them; asked for last."""
        return "\n".join(self._rules.values())
