"""A page's text as HTML, on its way into the page: cleaned, its links and pictures made right.

What MkDocs leaves wrong is set right here: raw HTML keeps the addresses that its writer saw in the repository, pictures
come in one size, with no width and height, and all at once.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from byline.cards import ImageError
from byline.site import renditions, sanitise
from byline.site.renditions import Rendition

_IMG = re.compile(r"<img\b([^>]*?)\s*/?>", re.IGNORECASE)
_HREF = re.compile(r"""(<a\b[^>]*?\bhref=)("[^"]*"|'[^']*')""", re.IGNORECASE)
_PLAYED = re.compile(
    r"""(<(?:audio|video|source|track)\b[^>]*?\b(?:src|poster)=)("[^"]*"|'[^']*')""", re.IGNORECASE
)
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]+)(?:=(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?""")
_TABLE = re.compile(r"<table(?![^>]*\bclass=)[^>]*>(?:(?!<table\b).)*?</table>", re.DOTALL | re.IGNORECASE)
_TITLED = re.compile(r"""<p>\s*(<img\b[^>]*?) title="([^"]+)"([^>]*>)\s*</p>""", re.IGNORECASE)
_WIDE = "(min-width: 46em) 700px, 92vw"  # as wide as the text: .by-text in byline.css
_ABOVE = 1_200  # characters of HTML before which a picture is on the first screen


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a page comes from and where it goes, and how to find other files of the site.

    `uri` is relative to docs_dir, `url` to the site; `by_url` and `by_uri` map a file's address and its path to
    (address, path on disk), both without a leading slash.
    """

    uri: str
    url: str
    by_url: Mapping[str, tuple[str, str | Path]]
    by_uri: Mapping[str, tuple[str, str | Path]]


@dataclass(slots=True)
class Body:
    """The finished HTML, the picture files it needs, and what went wrong or was left out, in words."""

    html: str
    renditions: tuple[Rendition, ...] = ()
    notes: list[str] = field(default_factory=list)


def finish(
    html: str, source: Source, *, trusted: bool, words: Mapping[str, str], first_is_late: bool = False
) -> Body:
    """The text as its page shows it. `words` are the theme's own, as from `wording.words`.

    `first_is_late`: a large picture stands above the text already.
    """
    notes = []
    if trusted:
        html = sanitise.aligned(html)
    else:
        gone = sanitise.left_out(html)
        html = sanitise.clean(html)
        if gone:
            notes.append(
                f"left out of the page: {sanitise.in_words(gone)}. A text may not bring what runs or what loads from "
                "elsewhere; take it out, or set `pages: {raw_html: true}` if you trust everybody who writes here"
            )
    html = sanitise.spoken(html, words)
    body = Body(html, notes=notes)
    if "<a" in html:
        body.html = _HREF.sub(lambda match: match[1] + _link(match[2], source), body.html)
    if "<audio" in html or "<video" in html:
        body.html = _PLAYED.sub(lambda match: match[1] + _link(match[2], source), body.html)
    if (
        "<table" in html
    ):  # a wide one moves by itself, the page does not; Material's program would do it later
        body.html = _TABLE.sub(
            r'<div class="md-typeset__scrollwrap"><div class="md-typeset__table">\g<0></div></div>', body.html
        )
    if "<img" in html:
        _pictures(body, source, first_is_late)
        # A picture that stands by itself, with a title: the title is its caption, as readers see it everywhere else.
        body.html = _TITLED.sub(r"<figure>\1\3<figcaption>\2</figcaption></figure>", body.html)
    return body


def _link(quoted: str, source: Source) -> str:
    """An address in raw HTML that names a file of the repository leads to that file's page."""
    target = unescape(quoted[1:-1])
    found = _file(target, source)
    if found is None:
        return quoted
    parts = urlsplit(target)
    address = relative(found[0], source.url)
    return f'"{escape(parts._replace(path=quote(address)).geturl())}"'


def _file(target: str, source: Source) -> tuple[str, str | Path] | None:
    """The file of the site that a relative address means in the repository, where it means none on the site."""
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
        return None
    path = unquote(parts.path)
    there = posixpath.normpath(
        posixpath.join(source.url if source.url.endswith("/") else posixpath.dirname(source.url), path)
    )
    if there in source.by_url or f"{there}/" in source.by_url:
        return None
    return source.by_uri.get(posixpath.normpath(posixpath.join(posixpath.dirname(source.uri), path)))


def relative(url: str, page: str) -> str:
    """The address from that page."""
    folder = page if page.endswith("/") else posixpath.dirname(page)
    found = posixpath.relpath(url or ".", folder or ".")
    if url and not url.endswith("/"):
        return found
    return f"{found}/"


def _pictures(body: Body, source: Source, late: bool) -> None:
    needed: list[Rendition] = []
    seen = late

    def tag(match: re.Match[str]) -> str:
        nonlocal seen
        given = {
            name.lower(): unescape(double or single or bare or "")
            for name, double, single, bare in _ATTRIBUTE.findall(match[1])
        }
        eager = not seen and match.start() < _ABOVE
        seen = True
        moved = _file(given.get("src", ""), source)
        if moved is not None:
            given["src"] = quote(relative(moved[0], source.url))
        found = moved or _own(given.get("src", ""), source)
        if found is not None:
            try:
                needed.extend(_sized(given, Path(found[1]), source))
            except ImageError as error:
                body.notes.append(f"{error.message}; {error.hint}")
        if not eager:
            given.setdefault("loading", "lazy")
        given.setdefault("decoding", "async")
        given.setdefault("alt", "")
        shown = " ".join(f'{name}="{escape(value)}"' for name, value in given.items())
        return f"<img {shown}>"

    body.html = _IMG.sub(tag, body.html)
    body.renditions = tuple(dict.fromkeys(needed))


def _own(target: str, source: Source) -> tuple[str, str | Path] | None:
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path:
        return None
    path = unquote(parts.path)
    base = source.url if source.url.endswith("/") else posixpath.dirname(source.url)
    return source.by_url.get(posixpath.normpath(posixpath.join(base, path)))


def _sized(given: dict[str, str], path: Path, source: Source) -> tuple[Rendition, ...]:
    """Width, height and smaller sizes into the tag; what its writer set stays."""
    if path.suffix.lower() not in (*renditions.RASTER, ".gif"):
        return ()
    looked = renditions.look(path)
    if "width" not in given and "height" not in given:
        given |= {"width": str(looked.width), "height": str(looked.height)}
    elif "height" not in given and given["width"].isdecimal():
        given["height"] = str(max(1, round(int(given["width"]) * looked.height / looked.width)))
    if path.suffix.lower() == ".gif" or "srcset" in given:
        return ()
    made = renditions.sizes(path, looked)
    if made:
        given["srcset"] = ", ".join(f"{quote(relative(one.url, source.url))} {one.width}w" for one in made)
        shown = given["width"] if given["width"].isdecimal() and int(given["width"]) < 700 else ""
        given.setdefault("sizes", f"(min-width: 46em) {shown}px, 92vw" if shown else _WIDE)
    return made
