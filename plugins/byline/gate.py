"""Is the page live, with what networks will read from it? Nothing is sent before it is.

A network fetches the page the moment it sees the link, and keeps what it found for days: a post that goes out
before its page leaves a broken card behind.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from byline import links
from byline.errors import RemoteError
from byline.model import Picture, Post
from byline.settings import LiveGate
from byline.times import Clock

if TYPE_CHECKING:
    from byline.http import Http, Response

SERVICE = "your site"
MAX_CARD = 8_000_000  # Facebook's limit for a page's picture, the smallest of all
MIN_SIDE = 200  # below this, networks show a thumbnail or nothing
_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
_HEAD_BYTES = 3_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a page told. `reason` says in words why it is not good enough, or what was seen."""

    ok: bool
    url: str
    reason: str


def look(post: Post, picture: Picture, site_url: str, http: Http) -> Look:
    """Fetch the page and its card once. Never raises: whatever goes wrong is the reason."""
    url = links.canonical(site_url, post.url)
    try:
        answer = http.request("GET", url, service=SERVICE, max_bytes=_HEAD_BYTES)
        wrong = _page_fault(answer, url, site_url)
        if not wrong:
            page = _read(answer.text)
            wrong = _head_fault(page, post, url, picture, site_url)
        if wrong:
            return Look(ok=False, url=url, reason=wrong)
        card = urljoin(answer.url, page.meta["og:image"])
        fetched = http.request("GET", card, service=SERVICE, max_bytes=MAX_CARD)
        wrong, seen = _card_fault(fetched, card)
    except RemoteError as error:
        return Look(ok=False, url=url, reason=error.message)
    if wrong:
        return Look(ok=False, url=url, reason=wrong)
    return Look(ok=True, url=url, reason=f"200, canonical and title as expected, card {seen}")


def wait(
    pages: Collection[tuple[Post, Picture]],
    site_url: str,
    settings: LiveGate,
    http: Http,
    clock: Clock,
    *,
    patient: bool = True,
    progress: Callable[[str], None] = lambda _text: None,
) -> Iterator[tuple[Post, Look]]:
    """Each page with its look, as soon as it is live; what never came last, with the reason.

    Looks at once at all, then again at those that are missing every `every` seconds until `wait` is over;
    without patience only once.
    """
    missing = {post.id: (post, picture) for post, picture in pages}
    left = settings.wait if patient else 0.0
    while True:
        looks: dict[str, Look] = {}
        for post, picture in tuple(missing.values()):
            looks[post.id] = look(post, picture, site_url, http)
            if looks[post.id].ok:
                del missing[post.id]
                yield post, looks[post.id]
        pause = min(settings.every, left)
        if not missing or pause <= 0:
            break
        for post, _ in missing.values():
            progress(f"waiting for {looks[post.id].url}: {looks[post.id].reason} ({left:.0f} s left)")
        clock.sleep(pause)
        left -= pause
    for post, _ in missing.values():
        yield post, looks[post.id]


@dataclass(slots=True)
class _Page:
    canonical: str
    meta: dict[str, str]


class _Head(HTMLParser):
    """The canonical link and the card tags; of a doubled tag the first counts, as networks read it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = _Page(canonical="", meta={})

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "link" and "canonical" in found.get("rel", "").lower().split():
            self.page.canonical = self.page.canonical or found.get("href", "").strip()
        elif tag == "meta":
            name = (found.get("property") or found.get("name") or "").lower()
            if name.startswith("og:"):
                self.page.meta.setdefault(name, found.get("content", "").strip())


def _read(text: str) -> _Page:
    parser = _Head()
    parser.feed(text)
    return parser.page


def _page_fault(answer: Response, url: str, site_url: str) -> str:
    if 300 <= answer.status < 400:
        target = urljoin(answer.url, answer.headers.get("location", ""))
        return f"{url} leads away to {target}"
    if answer.status != 200:
        return f"{url} answers {answer.status}, not 200"
    if urlsplit(answer.url).netloc != urlsplit(site_url).netloc:
        return f"{url} leads away to {answer.url}"
    return ""


def _head_fault(page: _Page, post: Post, url: str, picture: Picture, site_url: str) -> str:
    if not page.canonical:
        return f"{url} names no canonical address"
    if not links.same(urljoin(url, page.canonical), post.canonical_url or url):
        return f"{url} names another canonical address: {page.canonical}"
    title = page.meta.get("og:title", "")
    if " ".join(title.split()) != " ".join(post.title.split()):
        return (
            f"{url} still shows the title “{title}”, not “{post.title}”"
            if title
            else f"{url} has no og:title"
        )
    image = page.meta.get("og:image", "")
    if not image:
        return f"{url} has no og:image, so networks would show no card"
    drawn = urljoin(site_url, "assets/cards/")
    image = urljoin(url, image)
    if _inside(image) and urlsplit(image).hostname != urlsplit(site_url).hostname:
        return f"{url} names a card picture inside some network, where no reader comes: {image}"
    if picture.url.startswith(drawn) and image.startswith(drawn) and not links.same(image, picture.url):
        return f"{url} still shows a former card picture"
    return ""


def _inside(address: str) -> bool:
    """Does the address lead to this machine or into a private network, as far as it says so itself?"""
    host = (urlsplit(address).hostname or "").rstrip(".")
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".localhost"))


def _card_fault(answer: Response, url: str) -> tuple[str, str]:
    """What is wrong with the card picture, and what it is."""
    if answer.status != 200:
        return f"the card picture {url} answers {answer.status}, not 200", ""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        return (
            f"the card picture {url} is served as {kind or 'nothing named'}; PNG, JPEG, GIF or WebP is expected",
            "",
        )
    size = _size(answer.body)
    if size is None:
        return f"the card picture {url} is served as {kind} but cannot be read as a picture", ""
    width, height = size
    if min(width, height) < MIN_SIDE:
        return f"the card picture {url} has only {width}x{height} pixels", ""
    return "", f"{width}x{height} {kind.removeprefix('image/').upper()} {max(1, len(answer.body) // 1000)} kB"


def _size(data: bytes) -> tuple[int, int] | None:
    import io
    import warnings

    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                return image.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError, SyntaxError):
        return None
