"""What a post may bring into a page: an allow-list of elements and attributes, so that nobody's words run anything.

Posts come from pull requests, imports and editors; the list holds whatever Markdown and its usual extensions make
(tables, notes, tabs, footnotes, highlighted code, task lists, icons) and lets through nothing that runs, loads a frame,
sends a form, or takes the name of a part that the theme's own script looks for. A company that trusts all its writers
switches it off with `pages: {raw_html: true}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape

_TAGS = frozenset(
    re.split(
        r"\s+",
        """a abbr address article aside audio b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl
    dt em figcaption figure footer g h1 h2 h3 h4 h5 h6 header hr i img input ins kbd label li line main mark nav ol p
    path picture polygon polyline pre q rect rp rt ruby s samp section small source span strong sub summary sup svg
    table tbody td tfoot th thead time tr track tt u ul var video wbr circle ellipse""",
    )
)
_SHAPE = {
    "d",
    "fill",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "transform",
    "opacity",
} | {
    *("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "ry", "points", "fill-rule", "clip-rule"),
    *("width", "height"),
}
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"class", "id", "title", "lang", "dir", "role", "markdown"},
    "a": {"href", "rel", "target", "hreflang", "download", "name"},
    "img": {"src", "alt", "width", "height", "loading", "decoding", "srcset", "sizes", "align"},
    "source": {"src", "srcset", "sizes", "type", "media", "width", "height"},
    "video": {"src", "poster", "controls", "width", "height", "loop", "muted", "playsinline", "preload"},
    "audio": {"src", "controls", "loop", "muted", "preload"},
    "track": {"src", "kind", "srclang", "label", "default"},
    "input": {"type", "name", "checked", "disabled"},
    "label": {"for"},
    "details": {"open"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "td": {"colspan", "rowspan", "headers", "style", "align"},
    "th": {"colspan", "rowspan", "headers", "scope", "style", "align"},
    "col": {"span"},
    "colgroup": {"span"},
    "time": {"datetime"},
    "del": {"cite", "datetime"},
    "ins": {"cite", "datetime"},
    "q": {"cite"},
    "blockquote": {"cite"},
    "div": {"data-tabs"},
    "span": {"data-linenos", "data-caption"},
    "svg": {"viewbox", "viewBox", "xmlns", "focusable"} | _SHAPE,
} | dict.fromkeys(("g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon"), _SHAPE)
_SCHEMES = {"http", "https", "mailto", "tel", "sms", "webcal"}
# Names the theme's own script looks for begin like this; only what extensions make may.
_OURS = re.compile(r"__(?!tabbed_|codelineno-|span-)|byline|content$|ask|form-")
_ALIGN = re.compile(r"\s*text-align:\s*(left|right|center)\s*;?\s*")
_STYLED = re.compile(r'<(t[dh])\b([^>]*?) style="text-align: ?(left|right|center);?"([^>]*)>')
_NO_TYPE = re.compile(r"<input\b(?![^>]*\btype=)([^>]*>)")  # without one it would be a field for text
_BOX = re.compile(r"<input\b((?=[^>]*checkbox)(?=[^>]*\bdisabled\b)[^>]*>)")
_TICKED = re.compile(r"\bchecked\b")
# The words that the extensions `toc` and `footnotes` use unless the settings give others, which stay.
_PERMANENT = re.compile(r'(<a class="headerlink"[^>]*? title=")Permanent link(")')
_BACK = re.compile(r'(<a class="footnote-backref"[^>]*? title=")Jump back to footnote (\d+) in the text(")')
_CLASS = re.compile(r' class="([^"]*)"')
_BAD_TAG = re.compile(
    r"<(script|style|iframe|frame|object|embed|applet|form|button|select|textarea|link|meta|base|template|math"
    r"|foreignobject|animate|set|use|dialog|noscript|portal)\b",
    re.IGNORECASE,
)
_INSIDE = re.compile(r"<[a-z][^<>]*", re.IGNORECASE)
_HANDLER = re.compile(r"""[\s"'/](on[a-z]{3,})\s*=""", re.IGNORECASE)
_RUNS = re.compile(r"""=\s*["']?\s*(javascript|vbscript|data)\s*:""", re.IGNORECASE)


def clean(html: str) -> str:
    """The content with nothing in it that runs or looks like a part of the page's own machinery."""
    import nh3

    cleaned: str = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES,
        attribute_filter=_kept,
        generic_attribute_prefixes={"aria-"},
        url_schemes=_SCHEMES,
        link_rel=None,
        strip_comments=True,
    )
    return aligned(_NO_TYPE.sub(r'<input type="checkbox"\1', cleaned))


def _kept(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return value if _ALIGN.fullmatch(value) else None
    if name in ("id", "name", "for") and _OURS.match(value):
        return None
    if tag == "input" and name == "type" and value.lower() not in ("checkbox", "radio"):
        return "checkbox"
    return value


def aligned(html: str) -> str:
    """Columns that Markdown aligns with a style attribute, aligned by a class: no policy need allow inline styles."""
    if "text-align" not in html:
        return html

    def row(match: re.Match[str]) -> str:
        rest = match[2] + match[4]
        word = f"by-{match[3]}"
        found = _CLASS.search(rest)
        if found is None:
            return f'<{match[1]} class="{word}"{rest}>'
        return f'<{match[1]}{rest[: found.start()]} class="{found[1]} {word}"{rest[found.end() :]}>'

    return _STYLED.sub(row, html)


def spoken(html: str, words: Mapping[str, str]) -> str:
    """What extensions say to those who hear the page or point at a sign, in the site's language. `words` by their keys.

    A task list's boxes come without any words, the signs behind headlines and footnotes with English ones.
    """
    if "checkbox" in html:
        html = _BOX.sub(lambda match: _boxed(match, words), html)
    if "headerlink" in html:
        html = _PERMANENT.sub(lambda match: f"{match[1]}{escape(words['permalink'])}{match[2]}", html)
    if "footnote-backref" in html:
        html = _BACK.sub(
            lambda match: match[1] + escape(words["footnote_back"].replace("{n}", match[2])) + match[3], html
        )
    return html


def _boxed(match: re.Match[str], words: Mapping[str, str]) -> str:
    if "aria-label" in match[0]:
        return match[0]
    said = words["task_done" if _TICKED.search(match[0]) else "task_open"]
    return f'<input aria-label="{escape(said)}"{match[1]}'


def left_out(html: str) -> tuple[str, ...]:
    """What `clean` takes out of this content, as a person would name it; sorted, each once."""
    found = {f"<{name.lower()}>" for name in _BAD_TAG.findall(html)}
    for inside in _INSIDE.findall(html):
        found |= {f"{name.lower()}=" for name in _HANDLER.findall(inside)}
        found |= {f"{name.lower()}:" for name in _RUNS.findall(inside)}
    return tuple(sorted(found))


def in_words(names: Iterable[str]) -> str:
    """A list for a message."""
    listed = list(names)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
