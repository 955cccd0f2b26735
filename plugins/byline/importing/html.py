"""HTML as editors of blogs write it -> Markdown that holds nothing which could run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape, unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

MORE = "<!-- more -->"
MARK = "BYLINEMOREHERE"
_MORE = re.compile(r"(?:<p>\s*)?<!--\s*more\b.*?-->(?:\s*</p>)?", re.I | re.S)
_TAGS = frozenset(["a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "section", "article", "aside", "header", "footer", "main", "center", "font", "picture"])  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "code": {"class"},
    "pre": {"class", "data-lang"},
    "ol": {"start"},
    "figure": {"class"},
    "td": {"colspan"},
    "th": {"colspan"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_GONE = re.compile(
    r"<(script|style|iframe|form|object|embed|applet|svg|math|canvas|video|audio|input|frame|base|meta|link|template|noscript)\b",
    re.I,
)
_FRAME = re.compile(
    r"<iframe\b[^>]*?\bsrc\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))[^>]*>.*?(?:</iframe>|$)", re.I | re.S
)
_MEDIA = re.compile(r"<(video|audio)\b([^>]*)>(.*?)</\1>", re.I | re.S)
_SRC = re.compile(r"\bsrc\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
_LANGUAGE = re.compile(r"(?:lang(?:uage)?-|brush:\s*)([A-Za-z0-9+#.-]+)")
_LINE_START = re.compile(r"^(\s*)([#>+=:~|!?-]|\d+(?=[.)]\s))", re.M)
_NAMES = {
    "iframe": "embedded page",
    "form": "form",
    "script": "script",
    "svg": "drawing in the text",
    "object": "embedded object",
}


@dataclass
class Job:
    """What turning one text into Markdown needs: where links and pictures lead now, and where notes go."""

    link: Callable[[str], str]
    picture: Callable[[str], str]
    note: Callable[[str], None]
    alt: Callable[[str], str] = field(default=lambda _source: "")


def to_markdown(html: str, job: Job) -> str:
    """The text as Markdown. Scripts, forms and frames are taken out and noted; a frame's address stays as a link."""
    import nh3
    from bs4 import BeautifulSoup

    html = _MORE.sub(f"<p>{MARK}</p>", html)
    _tell_gone(html, job)
    html = _FRAME.sub(lambda match: _framed(next(filter(None, match.groups()), "")), html)
    html = _MEDIA.sub(_media, html)
    kept = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags={
            "script",
            "style",
            "template",
            "noscript",
            "svg",
            "math",
            "object",
            "form",
            "iframe",
        },
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel=None,
        strip_comments=True,
    )
    soup = BeautifulSoup(kept, "lxml" if kept.lstrip().startswith("<html") else "html.parser")
    _lower_headings(soup)
    _captions(soup)
    text = _converter(job).convert_soup(soup)
    text = text.replace(MARK, MORE, 1).replace(MARK, "")
    text = re.sub(r"[ \t]+$", "", text, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _tell_gone(html: str, job: Job) -> None:
    counted: dict[str, int] = {}
    for match in _GONE.finditer(html):
        name = match[1].lower()
        if name not in ("style", "input", "meta", "link", "base", "video", "audio", "noscript", "template"):
            counted[name] = counted.get(name, 0) + 1
    for name, number in counted.items():
        what = _NAMES.get(name, f"<{name}>")
        kept = "; its address stays as a link" if name == "iframe" else ""
        job.note(f"{number} x {what} taken out of the text{kept}")


def _framed(source: str) -> str:
    address = watchable(unescape(source))
    return f'<p><a href="{escape(address)}">{escape(address)}</a></p>' if address else ""


def watchable(source: str) -> str:
    """The address at which a person sees what a frame showed; empty for none."""
    source = f"https:{source}" if source.startswith("//") else source.strip()
    try:
        parts = urlsplit(source)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    host = parts.netloc.lower().removeprefix("www.")
    if host in ("youtube.com", "youtube-nocookie.com") and parts.path.startswith("/embed/"):
        return f"https://www.youtube.com/watch?v={parts.path[7:].strip('/')}"
    if host == "player.vimeo.com":
        return f"https://vimeo.com/{parts.path.rpartition('/')[2]}"
    if "src" in (query := parse_qs(parts.query)) and host.endswith("facebook.com"):
        return query["src"][0]
    return source


def _media(match: re.Match[str]) -> str:
    found = _SRC.search(match[2]) or _SRC.search(match[3])
    source = unescape(next(filter(None, found.groups()), "")) if found else ""
    return (
        f'<p><a href="{escape(source)}">{"Video" if match[1].lower() == "video" else "Recording"}</a></p>'
        if source
        else ""
    )


def _lower_headings(soup: Any) -> None:
    """The title is the page's one heading of the first level: where the text has such, all go down by one."""
    if soup.find("h1") is None:
        return
    for level in (5, 4, 3, 2, 1):
        for heading in soup.find_all(f"h{level}"):
            heading.name = f"h{level + 1}"


def _captions(soup: Any) -> None:
    """A figure's caption gives its picture words, where it has none."""
    for figure in soup.find_all("figure"):
        caption, pictures = figure.find("figcaption"), figure.find_all("img")
        if caption is not None and len(pictures) == 1 and not pictures[0].get("alt", "").strip():
            pictures[0]["alt"] = " ".join(caption.get_text(" ").split())


def label(text: str) -> str:
    """Text for the square brackets of a link or picture."""
    return re.sub(r"([\\\[\]])", r"\\\1", " ".join(text.split()))


def target(address: str) -> str:
    """An address for the round brackets."""
    return f"<{address}>" if re.search(r"[\s()]", address) else address


def _converter(job: Job) -> Any:
    from markdownify import MarkdownConverter

    class Converter(MarkdownConverter):
        """Our escaping, our links and pictures; fences instead of indented code."""

        def escape(self, text: str, parent_tags: object) -> str:
            text = re.sub(r"([\\`*_\[\]{}~^])", r"\\\1", text) if text else ""
            text = text.replace("<", "&lt;").replace("&amp;", "&")
            return _LINE_START.sub(lambda m: m[1] + (f"{m[2]}\\" if m[2].isdigit() else f"\\{m[2]}"), text)

        def convert_a(self, el: Any, text: str, parent_tags: Any) -> str:
            words = " ".join(text.split())
            address = str(el.get("href") or "").strip()
            if not words or "_noformat" in parent_tags:
                return words
            if not address or address.startswith("#"):
                return words if not address else f"[{words}]({address})"
            now = job.link(address)
            return f"[{words}]({target(now)})" if now else words

        def convert_img(self, el: Any, text: str, parent_tags: Any) -> str:
            source = str(el.get("src") or "").strip()
            now = job.picture(source) if source else ""
            words = label(str(el.get("alt") or "")) or label(job.alt(source))
            return f"![{words}]({target(now)})" if now else ""

        def convert_pre(self, el: Any, text: str, parent_tags: Any) -> str:
            code = el.get_text().strip("\n")
            inner = el.find("code")
            classes = " ".join([*(el.get("class") or []), *((inner.get("class") or []) if inner else [])])
            found = _LANGUAGE.search(classes)
            fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", code)), 3)
            return f"\n\n{fence}{found[1].lower() if found else ''}\n{code}\n{fence}\n\n" if code else ""

        def convert_figcaption(self, el: Any, text: str, parent_tags: Any) -> str:
            words = " ".join(text.split())
            return f"\n\n*{words}*\n\n" if words and "*" not in words else f"\n\n{words}\n\n" if words else ""

        def convert_figure(self, el: Any, text: str, parent_tags: Any) -> str:
            return f"\n\n{text.strip()}\n\n"

        def convert_summary(self, el: Any, text: str, parent_tags: Any) -> str:
            return f"\n\n**{text.strip()}**\n\n" if text.strip() else ""

    return Converter(heading_style="ATX", bullets="-", newline_style="BACKSLASH", strip=["span", "font", "small"], sub_symbol="", sup_symbol="", keep_inline_images_in=["td", "th", "a", "h1", "h2", "h3", "h4", "p", "li"])  # fmt: skip


def with_more(text: str) -> str:
    """The text with the mark that ends its opening: where it stands already, else after the first paragraph."""
    if MORE in text:
        first, rest = text.split(MORE, 1)
        return (
            f"{first.strip()}\n\n{MORE}\n\n{rest.replace(MORE, '').strip()}".strip()
            if first.strip()
            else with_more(rest)
        )
    blocks = _blocks(text)
    at = next(
        (index for index, block in enumerate(blocks) if block[:1].isalnum() or block[:1] in "*_“\"'‘(["),
        len(blocks) - 1,
    )
    if blocks and blocks[at][:1].isdigit() and re.match(r"\d+[.)]\s", blocks[at]):
        at = len(blocks) - 1
    return "\n\n".join([*blocks[: at + 1], MORE, *blocks[at + 1 :]])


def _blocks(text: str) -> list[str]:
    """The text's blocks; a fence is one, whatever empty lines it has, and so is what is indented below a list."""
    found: list[list[str]] = [[]]
    fence = ""
    for row in text.strip("\n").split("\n"):
        mark = re.match(r"\s*(`{3,}|~{3,})", row)
        if mark:
            fence = "" if fence and row.strip().startswith(fence) else fence or mark[1]
        if not row.strip() and not fence:
            found.append([])
        elif found[-1] or not found[:-1] or not row.startswith("    ") or fence:
            found[-1].append(row)
        else:  # goes on with the block before the empty line
            found.pop()
            while found and not found[-1]:
                found.pop()
            found = found or [[]]
            found[-1] += ["", row]
    return ["\n".join(block) for block in found if block]
