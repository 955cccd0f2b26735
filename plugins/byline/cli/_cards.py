"""The cards of a plan as files, for a plan that is read where pictures need an address: a comment, a page beside them."""

from __future__ import annotations

from pathlib import Path

from byline import cards
from byline.errors import UsageError
from byline.model import Picture

_MAX_BYTES = 220_000


class CardFiles:
    """Writes each picture once into a folder, as `<digest>.png` or `.jpg`, and says at which address it is shown.

    `address` is the folder's own as a reader sees it: a URL, or a path beside the plan. Nothing else in the folder is touched.
    """

    def __init__(self, folder: Path, address: str) -> None:
        self._folder = folder
        self._address = address.rstrip("/")
        self._known: dict[str, str] = {}

    def show(self, picture: Picture, *, whole: bool = False) -> str:
        """The picture's address, cropped as a link card shows it or whole; empty when its file cannot be read as one.

        Raises UsageError when the folder cannot be written.
        """
        name = f"{picture.digest[:12]}{'w' if whole else ''}"
        if name not in self._known:
            self._known[name] = self._write(name, picture, whole)
        return self._known[name]

    def _write(self, name: str, picture: Picture, whole: bool) -> str:
        size = (0, 0) if whole else (cards.WIDTH, cards.HEIGHT)
        try:
            made = cards.rendition(
                picture,
                types=("image/png", "image/jpeg"),
                max_bytes=_MAX_BYTES,
                max_pixels=cards.WIDTH * cards.HEIGHT,
                width=size[0],
                height=size[1],
            )
        except cards.ImageError:
            return ""  # the check names the file and what is wrong with it
        file = f"{name}.{'png' if made.mime == 'image/png' else 'jpg'}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / file).write_bytes(made.data)
        except OSError as error:
            raise UsageError(
                f"{self._folder / file} cannot be written: {error.strerror}",
                hint="name a folder that may be written, with --cards",
            ) from None
        return f"{self._address}/{file}"
