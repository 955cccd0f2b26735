"""The text of a WordPress post -> plain HTML: blocks, paragraphs without tags, shortcodes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape, unescape

_BLOCK = re.compile(r"<!--\s*/?wp:(?P<name>[a-z0-9/-]+)(?:\s+\{.*?\})?\s*(?P<alone>/)?-->", re.S)
_LEVEL = "address|article|aside|blockquote|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|iframe|li|main|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|tr|ul|script|style|video|audio"
_IS_LEVEL = re.compile(rf"</?(?:{_LEVEL})\b", re.I)
_PRE = re.compile(r"<(pre|script|style|textarea|table|iframe)\b.*?</\1>", re.I | re.S)
_CODE = re.compile(
    r"\[(code|sourcecode|source|php|python|js|css|html|sql|bash)((?:\s[^\]]*)?)\](.*?)\[/\1\]", re.S
)
_CAPTION = re.compile(r"\[(?:wp_)?caption((?:\s[^\]]*)?)\](.*?)\[/(?:wp_)?caption\]", re.S)
_GALLERY = re.compile(r"\[gallery((?:\s[^\]]*)?)\]")
_EMBED = re.compile(
    r"\[(?:embed|youtube|vimeo)(?:\s[^\]]*)?\]\s*(\S+?)\s*\[/(?:embed|youtube|vimeo)\]|\[(?:youtube|vimeo)[\s=]+([^\]\s]+)[^\]]*\]"
)
_PLAYER = re.compile(r"\[(audio|video)((?:\s[^\]]*)?)\](?:.*?\[/\1\])?", re.S)
_MORE_CODES = re.compile(r"\[(/?)([a-z][a-z0-9_]*(?:-[a-z0-9_]+)*)((?:\s+[^\[\]]*)?)\]")
_BARE = re.compile(r"(?:<p>)?\s*(https?://[^\s<>\"]+)\s*(?:</p>)?")
_MORE = re.compile(r"<!--\s*more\b.*?-->", re.S)
_DYNAMIC = frozenset(["latest-posts", "latest-comments", "archives", "calendar", "categories", "tag-cloud", "search", "rss", "query", "block", "template-part", "navigation", "loginout", "shortcode"])  # fmt: skip


def to_html(text: str, media: Mapping[str, str], own: Sequence[str], note: Callable[[str], None]) -> str:
    """`media` maps the id of an attachment to its address, `own` are those that were uploaded to this post."""
    codes: list[str] = []

    def keep(html: str) -> str:
        codes.append(html)
        return f"\n\n<pre>\x01{len(codes) - 1}\x01</pre>\n\n"

    text = _CODE.sub(lambda m: keep(_code(m[1], m[2], m[3])), text)
    text = _CAPTION.sub(lambda m: _caption(m[1], m[2]), text)
    text = _GALLERY.sub(lambda m: _gallery(m[1], media, own, note), text)
    text = _EMBED.sub(lambda m: _embedded(m[1] or m[2]), text)
    text = _PLAYER.sub(lambda m: _played(m[1], m[2]), text)
    text = _shortcodes(text, note)
    text = text.replace("<!--nextpage-->", "")
    blocks = "<!-- wp:" in text
    for match in _BLOCK.finditer(text):
        if match["alone"] and match["name"].rpartition("/")[2] in _DYNAMIC:
            note(f"the block `{match['name']}` was not carried: the old site filled it when somebody looked")
    text = _BLOCK.sub("", text)
    text = text if blocks else _paragraphs(text)
    text = re.sub(
        rf"(?m)^{_BARE.pattern}$", lambda m: f'<p><a href="{escape(unescape(m[1]))}">{m[1]}</a></p>', text
    )
    text = re.sub(
        r"<div class=\"wp-block-embed__wrapper\">\s*(https?://[^\s<]+)\s*</div>",
        lambda m: f'<p><a href="{escape(unescape(m[1]))}">{m[1]}</a></p>',
        text,
    )
    return re.sub(r"<pre>\x01(\d+)\x01</pre>", lambda m: codes[int(m[1])], text)


def _attribute(text: str, name: str) -> str:
    found = re.search(rf"\b{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|(\S+))", text)
    return next((value for value in found.groups() if value is not None), "") if found else ""


def _code(name: str, attributes: str, text: str) -> str:
    language = _attribute(attributes, "lang(?:uage)?") or (
        name if name not in ("code", "sourcecode", "source") else ""
    )
    shown = escape(unescape(text).strip("\n"), quote=False)
    return (
        f'<pre><code class="language-{escape(language)}">{shown}</code></pre>'
        if language
        else f"<pre><code>{shown}</code></pre>"
    )


def _caption(attributes: str, inner: str) -> str:
    picture = re.search(r"(?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?", inner, re.S)
    words = _attribute(attributes, "caption") or (inner[picture.end() :].strip() if picture else inner)
    return f"\n\n<figure>{picture[0] if picture else ''}<figcaption>{words}</figcaption></figure>\n\n"


def _gallery(
    attributes: str, media: Mapping[str, str], own: Sequence[str], note: Callable[[str], None]
) -> str:
    ids = re.findall(r"\d+", _attribute(attributes, "ids") or _attribute(attributes, "include"))
    found = [media[key] for key in ids if media.get(key)] if ids else list(own)
    if len(found) < len(ids) or not found:
        note("a gallery was not carried whole: the export does not say which pictures it showed")
    return "\n\n" + "\n\n".join(f'<p><img src="{escape(url)}" alt=""></p>' for url in found) + "\n\n"


def _embedded(url: str) -> str:
    url = unescape(url.strip("\"' "))
    if re.fullmatch(r"[\w-]{11}", url):
        url = f"https://www.youtube.com/watch?v={url}"
    return (
        f'\n\n<p><a href="{escape(url)}">{escape(url)}</a></p>\n\n'
        if url.startswith(("http://", "https://"))
        else ""
    )


def _played(kind: str, attributes: str) -> str:
    url = next(
        (
            found
            for key in ("src", "mp3", "mp4", "m4a", "m4v", "webm", "ogg", "ogv", "wav")
            if (found := _attribute(attributes, key))
        ),
        "",
    )
    return (
        f'\n\n<p><a href="{escape(unescape(url))}">{"Video" if kind == "video" else "Recording"}</a></p>\n\n'
        if url
        else ""
    )


def _shortcodes(text: str, note: Callable[[str], None]) -> str:
    """Other shortcodes go, what stands between two stays. `[sic]` is no shortcode: it has no attributes and is not closed."""
    closed = set(re.findall(r"\[/([a-z][a-z0-9_-]*)\]", text))
    told: set[str] = set()

    def gone(match: re.Match[str]) -> str:
        name, attributes = match[2], match[3]
        if not (
            match[1]
            or name in closed
            or re.search(r"\w\s*=\s*[\"'\w]", attributes)
            or ("_" in name or "-" in name)
        ):
            return match[0]
        if name not in told:
            told.add(name)
            note(f"the shortcode [{name}] was taken out: a plugin of the old site filled it")
        return ""

    return _MORE_CODES.sub(gone, text)


def _paragraphs(text: str) -> str:
    """What WordPress does when it shows a text without tags: empty lines part paragraphs, line ends break lines."""
    kept: list[str] = []

    def hold(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\n\n\x02{len(kept) - 1}\x02\n\n"

    text = _PRE.sub(hold, text.replace("\r\n", "\n"))
    text = _MORE.sub(lambda m: f"\n\n{m[0]}\n\n", text)
    text = re.sub(rf"(<(?:{_LEVEL})\b[^>]*>)", r"\n\n\1", text, flags=re.I)
    text = re.sub(rf"(</(?:{_LEVEL})>)", r"\1\n\n", text, flags=re.I)
    found = []
    for block in re.split(r"\n\s*\n", text):
        block = block.strip()
        if not block:
            continue
        if _IS_LEVEL.match(block) or block.startswith("\x02") or block.startswith("<!--"):
            found.append(block)
        else:
            closing = re.search(rf"</(?:{_LEVEL})>$", block, re.I)
            lines = re.sub(r"(?<!<br>)(?<!<br/>)(?<!<br />)\s*\n", "<br>\n", block)
            found.append(lines if closing else f"<p>{lines}</p>")
    return re.sub(r"\x02(\d+)\x02", lambda m: kept[int(m[1])], "\n".join(found))
