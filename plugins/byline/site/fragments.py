"""Pieces of HTML: of a page's content for feeds and lists, always well-formed and without anything that runs."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote, urljoin

_TITLE = re.compile(r"\A\s*<h1\b([^>]*)>(.*?)</h1>\s*", re.DOTALL | re.IGNORECASE)
_HEADERLINK = re.compile(r'<a\b[^>]*\bclass="headerlink"[^>]*>.*?</a>', re.DOTALL)
_ID = re.compile(r'\bid="([^"]*)"')
_TAGS = re.compile(r"<[^>]*>")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WORDS = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_PLAYER = re.compile(r"<(video|audio)\b.*?</\1>", re.DOTALL | re.IGNORECASE)
_SRC = re.compile(r'\bsrc="([^"]*)"')
_ALIGNED = re.compile(r'<(t[dh])\b[^>]*\bclass="[^"]*\bby-(left|center|right)\b[^"]*"[^>]*>')
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def without_title(content: str) -> tuple[str, str]:
    """The content without the headline it begins with, and that headline's anchor."""
    match = _TITLE.match(content)
    if match is None:
        return content, ""
    found = _ID.search(match[1])
    return content[match.end() :], html.unescape(found[1]) if found else ""


def minutes(content: str) -> int:
    """How long reading takes: 230 words a minute, 450 characters where words are not spaced."""
    plain = html.unescape(_TAGS.sub(" ", content))
    wide = 0 if plain.isascii() else len(_WIDE.findall(plain))
    words = _WORDS.findall(_WIDE.sub(" ", plain) if wide else plain)
    return max(1, round(len(words) / 230 + wide / 450))


def for_feed(content: str, address: str) -> str:
    """The content as feed readers may show it: sanitised, every link and image with its full address.

    Readers have no style sheet of ours, and few play anything within a text: columns are aligned by attribute, sound and
    film become a link (and are enclosures). The direction of a text stays.
    """
    import nh3

    bare, _ = without_title(content)
    if "<video" in bare or "<audio" in bare:
        bare = _PLAYER.sub(_linked, bare)
    if "by-" in bare:
        bare = _ALIGNED.sub(r'<\1 align="\2">', bare)
    clean: str = nh3.clean(
        _CONTROL.sub("", _HEADERLINK.sub("", bare)),
        attributes=nh3.ALLOWED_ATTRIBUTES | {"*": {"dir", "lang", "title"}},
        url_relative=lambda url: urljoin(address, url),
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    return clean.strip()


def _linked(player: re.Match[str]) -> str:
    source = _SRC.search(player[0])
    if source is None:
        return ""
    name = unquote(html.unescape(source[1])).partition("?")[0].rpartition("/")[2]
    return f'<a href="{source[1]}">{html.escape(name)}</a>'


def plain(text: str) -> str:
    """Text without what XML forbids."""
    return _CONTROL.sub("", text)
