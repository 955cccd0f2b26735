"""The Content-Security-Policy of a page: what it may load and run, as a `<meta>` in its own head.

In the page itself it holds on every host, GitHub Pages too, where no header can be set; `hosting` adds the few
rules that a page cannot set for itself. A page may run the site's own files and nothing else. Where the company's own
templates or settings bring in a script from elsewhere, or an inline one, that one is named; what stands in the words
of a post never is, unless the company trusts raw HTML.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from html import escape, unescape
from types import MappingProxyType
from urllib.parse import urlsplit

MARK = "<!-- byline:policy -->"
# A script of one of these types is run; any other is data, which no policy concerns (HTML standard, 4.12.1.1).
_RUN = {
    "",
    "module",
    "text/javascript",
    "application/javascript",
    "text/ecmascript",
    "application/ecmascript",
}
_LONG = 500  # characters
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.DOTALL | re.IGNORECASE)
_STYLE = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_LINK = re.compile(r"<link\b([^>]*)>", re.IGNORECASE)
_FRAME = re.compile(r"<iframe\b([^>]*)>", re.IGNORECASE)
_MEDIA = re.compile(r"<(?:img|video|audio|source)\b([^>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


def insert(page: str, *, body: str, forms: Iterable[str], trusted: bool, diagrams: bool = False) -> str:
    """The page with its policy in the place of the mark; unchanged where a company's own template has no mark.

    `body` is the part of the page that a post's writer wrote; `forms` are the addresses that forms are sent to.
    """
    if MARK not in page:
        return page
    text = of(page, body=body, forms=forms, trusted=trusted, diagrams=diagrams)
    tag = f'<meta http-equiv="Content-Security-Policy" content="{escape(text, quote=True)}">'
    return page.replace(MARK, tag, 1)


def of(page: str, *, body: str, forms: Iterable[str], trusted: bool, diagrams: bool = False) -> str:
    """The policy as one line, the same for the same page."""
    ours = page if trusted or not body else page.replace(body, "")
    targets = _origins(forms)
    scripts, styles, frames, media = set[str](), set[str](), set[str](), set[str]()
    for attributes, text in _SCRIPT.findall(ours):
        given = _given(attributes)
        if given.get("type", "").strip().lower() not in _RUN:
            continue
        scripts |= _origins([given["src"]]) if "src" in given else {_hashed(text)}
    for attributes in _LINK.findall(ours):
        given = _given(attributes)
        if "stylesheet" in given.get("rel", "").lower():
            styles |= _origins([given.get("href", "")])
    styles |= {_hashed(text) for text in _STYLE.findall(ours)}
    if trusted:
        frames |= {
            origin for found in _FRAME.findall(ours) for origin in _origins([_given(found).get("src", "")])
        }
        styles = {"'unsafe-inline'"} | {one for one in styles if not one.startswith("'sha")}
    for attributes in _MEDIA.findall(page):  # a picture from elsewhere runs nothing; `check` has warned of it
        media |= _origins([_given(attributes).get("src", "")])
    if diagrams:  # the diagram's own style sheet is made in the browser
        styles = {"'unsafe-inline'"} | {one for one in styles if not one.startswith("'sha")}
    connect = targets | {one for one in scripts if not one.startswith("'")}
    rules = (
        ("default-src", {"'none'"}),
        ("script-src", {"'self'"} | scripts),
        ("style-src", {"'self'"} | styles),
        ("img-src", {"'self'", "data:"} | media),
        ("media-src", {"'self'"} | media),
        ("font-src", {"'self'"}),
        ("connect-src", {"'self'"} | connect),
        ("worker-src", {"'self'"}),
        ("manifest-src", {"'self'"}),
        ("frame-src", frames or {"'none'"}),
        ("form-action", {"'self'"} | targets),
        ("base-uri", {"'none'"}),
    )
    return "; ".join(f"{name} {' '.join(sorted(values))}" for name, values in rules)


@lru_cache(maxsize=64)
def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _given(attributes: str) -> Mapping[str, str]:
    # Most elements are the same on many pages; a picture within its address is not, and takes room.
    return _read(attributes) if len(attributes) < _LONG else _read.__wrapped__(attributes)


@lru_cache(maxsize=2_000)
def _read(attributes: str) -> Mapping[str, str]:
    return MappingProxyType(
        {
            name.lower(): unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(attributes)
        }
    )


def _origins(addresses: Iterable[str]) -> set[str]:
    """The servers besides the site's own; nothing that could end the rule and begin another gets through."""
    found = (_origin(one) if len(one) < _LONG else _origin.__wrapped__(one) for one in addresses)
    return {origin for origin in found if origin}


@lru_cache(maxsize=2_000)
def _origin(address: str) -> str:
    try:
        parts = urlsplit(address.strip(), scheme="https")
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if not host or parts.scheme not in ("http", "https"):
        return ""
    if not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f:]+", host):
        return ""
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
