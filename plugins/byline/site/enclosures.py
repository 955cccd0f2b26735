"""What comes with a post in feeds besides its words: its picture, and the sound and film that its text plays."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin

_PLAYED = re.compile(r"<(?:audio|video|source)\b[^>]*?\bsrc=(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
TYPES = {
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".wav": "audio/wav",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file: full address, type, size in bytes."""

    url: str
    mime: str
    size: int


def likely(text: str) -> bool:
    """May a text with this source play anything? A cheap question before its HTML is looked at."""
    return any(tag in text for tag in ("<audio", "<video", "<source"))


def played(html: str, address: str, site: str, docs: Path) -> tuple[Enclosure, ...]:
    """The site's own sound and film in the text, each once; `address` is the page's, `site` the home page's."""
    found: dict[str, Enclosure] = {}
    for double, single in _PLAYED.findall(html):
        url = urljoin(address, unescape(double or single))
        mime = TYPES.get(posixpath.splitext(url)[1].lower())
        if mime is None or not url.startswith(site) or url in found:
            continue
        name = unquote(url.removeprefix(site))
        for path in (docs / name, docs / "posts" / name):  # the blog takes the folder of the posts away
            if path.is_file() and path.resolve().is_relative_to(docs):
                found[url] = Enclosure(url=url, mime=mime, size=path.stat().st_size)
                break
    return tuple(found.values())


def picture(url: str, size: int) -> Enclosure:
    """The post's picture: a PNG, or a JPEG where its address says so."""
    return Enclosure(url=url, mime="image/jpeg" if url.endswith(".jpg") else "image/png", size=size)
