"""Markdown of another program -> Markdown as this site reads it, with links and pictures where they are now.

Hugo and Jekyll read CommonMark; Python-Markdown wants an empty line before a list and four spaces below its items. Raw
HTML is kept where it is one of a few harmless tags without attributes; a text with any other is turned into HTML,
cleaned, and written as Markdown again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

from byline.importing.html import MORE, Job, label, target, to_markdown

_MORE = re.compile(r"<!--\s*(?:more|excerpt)\s*-->", re.I)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_FENCE = re.compile(r"(^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\2[`~]*[ \t]*$|\Z))", re.M | re.S)
_CODE = re.compile(r"((?<!`)(`+)(?!`)[^\n]+?(?<!`)\2(?!`))")
_HARMLESS = re.compile(r"</?(?:br|sub|sup|kbd|mark|u|abbr|del|ins|b|i|em|strong|small|hr)\s*/?>", re.I)
_TAG = re.compile(r"<(?:[A-Za-z/!?][^<>]*>?)")
_AUTO = re.compile(r"<((?:https?://|mailto:)[^\s<>]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>")
_LINK = re.compile(
    r"(?P<mark>!?)\[(?P<words>(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*)\]\(\s*(?:<(?P<angled>[^<>\n]*)>|(?P<bare>[^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*))(?P<title>\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"
)
_INNER = re.compile(r"!\[([^\[\]]*)\]\(\s*<?([^\s()<>]*)>?[^()]*\)")
_DEFINED = re.compile(r"^( {0,3}\[[^\]\n^]+\]:[ \t]*)<?([^\s<>]+)>?(.*)$", re.M)
_ATTRIBUTES = re.compile(
    r"\{:?[ \t]*[^{}\n]*(?:\bon\w+\s*=|style\s*=|src\s*=|href\s*=|srcdoc|formaction)[^{}\n]*\}", re.I
)
_HEADING = re.compile(r"^(#{1,5})(?=[ \t])", re.M)
_ITEM = re.compile(r"^(\s*)([-*+]|\d{1,9}[.)])([ \t]+)(?=\S)")
_EXTENSIONS = ("extra", "sane_lists", "admonition", "toc")


def convert(text: str, job: Job, title: str = "") -> str:
    """The text as this site's Markdown."""
    text = _MORE.sub(f"\n\n{MORE}\n\n", text, count=1)
    first = re.match(r"\s*#[ \t]+([^\n]+)\n", text)
    if first and " ".join(first[1].strip(" #").split()).lower() == title.lower():
        text = text[first.end() :]
    kept = prose(text, lambda part: _without_comments(part))
    if prose_has_html(kept):
        return to_markdown(_rendered(kept), job)
    kept = prose(kept, lambda part: _part(part, job))
    if re.search(r"^#[ \t]", outside_code(kept), re.M):
        kept = prose(kept, lambda part: _HEADING.sub(r"#\1", part))
    kept = re.sub(r"\n{3,}", "\n\n", kept).strip()
    return to_markdown(_rendered(kept), job) if dangers(kept) else kept


def prose(text: str, change: Callable[[str], str]) -> str:
    """The text with everything but code changed."""
    found: list[str] = []
    for index, part in enumerate(_FENCE.split(text)):
        kind = index % 3
        if kind == 1:
            found.append(part)
        elif kind == 0:
            pieces = _CODE.split(part)
            found += [
                piece if at % 3 == 1 else change(piece) for at, piece in enumerate(pieces) if at % 3 != 2
            ]
    return "".join(found)


def outside_code(text: str) -> str:
    """The text without its code."""
    return _CODE.sub("", _FENCE.sub("", text))


def prose_has_html(text: str) -> bool:
    """Is there HTML in it beyond the few harmless tags?"""
    bare = _AUTO.sub("", _HARMLESS.sub("", outside_code(text).replace(MORE, "")))
    return bool(_TAG.search(bare))


def _without_comments(part: str) -> str:
    return MORE.join(_COMMENT.sub("", piece) for piece in part.split(MORE))


def _part(part: str, job: Job) -> str:
    part = _ATTRIBUTES.sub("", part)
    part = _LINK.sub(lambda match: _linked(match, job), part)
    return _DEFINED.sub(lambda match: f"{match[1]}{target(job.link(match[2]) or '#')}{match[3]}", part)


def _linked(match: re.Match[str], job: Job) -> str:
    source = (match["angled"] if match["angled"] is not None else match["bare"]).strip()
    words = match["words"]
    if match["mark"]:
        now = job.picture(source) if source else ""
        return f"![{label(words) if words.strip() else label(job.alt(source))}]({target(now)})" if now else ""
    words = _INNER.sub(lambda inner: _inner(inner, job), words)
    if source.startswith("#"):
        return f"[{words}]({source})"
    now = job.link(source) if source else ""
    return f"[{words}]({target(now)}{match['title'] or ''})" if now and words.strip() else words


def _inner(match: re.Match[str], job: Job) -> str:
    now = job.picture(match[2]) if match[2] else ""
    return f"![{label(match[1]) or label(job.alt(match[2]))}]({target(now)})" if now else ""


def _rendered(text: str) -> str:
    import markdown

    return markdown.markdown(text.replace(MORE, "\n\n<p><!--more--></p>\n\n"), extensions=list(_EXTENSIONS))


def dangers(text: str) -> bool:
    """Would the page hold anything that runs? Looked for in what the text becomes, not in the text."""
    finder = _Finder()
    finder.feed(_rendered(text))
    finder.close()
    return finder.found


class _Finder(HTMLParser):
    found = False
    _BAD = frozenset(["script", "style", "iframe", "object", "embed", "form", "svg", "math", "base", "meta", "link", "template", "applet", "frame", "input", "button"])  # fmt: skip

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= tag in self._BAD
        for name, value in attrs:
            scheme = re.match(r"[a-z][a-z0-9+.-]*(?=:)", re.sub(r"[\s\x00-\x1f]", "", value or "").lower())
            self.found |= name.startswith("on") or name in ("style", "srcdoc", "formaction")
            self.found |= (
                name in ("href", "src", "action")
                and scheme is not None
                and scheme[0] not in ("http", "https", "mailto", "tel")
            )


def lists(text: str) -> str:
    """An empty line before each list, and four spaces for each level below its items."""
    found: list[str] = []
    levels: list[int] = []  # where the text of each open item began in the source
    fence, before = "", ""
    for row in text.split("\n"):
        indent = len(row) - len(row.lstrip(" "))
        if not row.strip():
            found.append("")
            before = ""
            continue
        item = _ITEM.match(row) if not fence else None
        starts = item is not None and (
            indent > 0 or bool(levels) or not before or not item[2][0].isdigit() or item[2][:-1] == "1"
        )
        lazy = bool(levels) and before != "" and item is None and indent < levels[-1] and not fence
        while levels and indent < levels[-1] and not lazy:
            levels.pop()
        depth = len(levels)
        if (
            item is not None
            and starts
            and (depth or indent < 4)
            and not re.fullmatch(r"\s*([-*_])(\s*\1){2,}\s*", row)
        ):
            opens = depth == 0 and before and not _ITEM.match(before)
            if opens and not before.startswith("    "):
                found.append("")
            marker = re.sub(r"\)$", ".", item[2])
            found.append(" " * (4 * depth) + f"{marker} " + row[item.end() :])
            levels.append(indent + len(item[2]) + (len(item[3]) if len(item[3]) < 5 else 1))
        elif levels and not lazy:
            found.append(" " * (4 * depth + indent - levels[-1]) + row.lstrip(" "))
        else:
            found.append(row)
        mark = re.match(r"\s*(`{3,}|~{3,})", row)
        if mark:
            fence = "" if fence and row.strip().startswith(fence) else fence or mark[1]
        before = row
    return "\n".join(found)
