"""The format of Ghost's editor since 5.x (Lexical, with Ghost's cards) -> HTML."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

_FORMATS = (
    (16, "code"),
    (1, "strong"),
    (2, "em"),
    (4, "s"),
    (8, "u"),
    (32, "sub"),
    (64, "sup"),
    (128, "mark"),
)
_DEPTH = 60
Note = Callable[[str], None]


def to_html(document: object, note: Note) -> str:
    """The document's text; cards that only Ghost can show are noted."""
    root = document.get("root") if isinstance(document, Mapping) else None
    return _children(root, note, 0) if isinstance(root, Mapping) else ""


def _children(node: Mapping[str, Any], note: Note, depth: int) -> str:
    children = node.get("children")
    if not isinstance(children, list) or depth > _DEPTH:
        return ""
    return "".join(_node(child, note, depth + 1) for child in children if isinstance(child, Mapping))


def _word(node: Mapping[str, Any], key: str) -> str:
    value = node.get(key)
    return escape(value) if isinstance(value, str) else ""


def _raw(node: Mapping[str, Any], key: str) -> str:
    """HTML inside a card: cleaned with the rest later on."""
    value = node.get(key)
    return value if isinstance(value, str) else ""


def _node(node: Mapping[str, Any], note: Note, depth: int) -> str:
    kind = str(node.get("type", "")).removeprefix("extended-")
    match kind:
        case "text" | "tab" | "code-highlight":
            return _text(node)
        case "linebreak":
            return "<br>"
        case "paragraph":
            inner = _children(node, note, depth)
            return f"<p>{inner}</p>" if inner else ""
        case "heading":
            tag = node.get("tag") if node.get("tag") in ("h1", "h2", "h3", "h4", "h5", "h6") else "h2"
            return f"<{tag}>{_children(node, note, depth)}</{tag}>"
        case "quote" | "aside":
            return f"<blockquote><p>{_children(node, note, depth)}</p></blockquote>"
        case "list":
            tag = "ol" if node.get("listType") == "number" or node.get("tag") == "ol" else "ul"
            start = node.get("start")
            first = f' start="{start}"' if tag == "ol" and isinstance(start, int) and start > 1 else ""
            return f"<{tag}{first}>{_children(node, note, depth)}</{tag}>"
        case "listitem":
            return f"<li>{_children(node, note, depth)}</li>"
        case "link" | "autolink" | "at-link":
            return f'<a href="{_word(node, "url")}">{_children(node, note, depth)}</a>'
        case "horizontalrule":
            return "<hr>"
        case "codeblock":
            language = _word(node, "language")
            return (
                f'<pre><code class="language-{language}">{_word(node, "code")}</code></pre>'
                if language
                else f"<pre><code>{_word(node, 'code')}</code></pre>"
            )
        case "table" | "tablerow" | "tablecell":
            tag = {
                "table": "table",
                "tablerow": "tr",
                "tablecell": "th" if node.get("headerState") else "td",
            }[kind]
            return f"<{tag}>{_children(node, note, depth)}</{tag}>"
        case "paywall" | "email" | "email-cta":
            return ""
        case _:
            return _card(kind, node, note) if kind else _children(node, note, depth)


def _text(node: Mapping[str, Any]) -> str:
    text, bits = _word(node, "text"), node.get("format")
    for bit, tag in _FORMATS:
        if text.strip() and isinstance(bits, int) and bits & bit:
            text = f"<{tag}>{text}</{tag}>"
    return text


def _figure(inner: str, caption: str) -> str:
    return f"<figure>{inner}{f'<figcaption>{caption}</figcaption>' if caption else ''}</figure>"


def _card(kind: str, node: Mapping[str, Any], note: Note) -> str:
    """A card of Ghost."""
    match kind:
        case "image":
            picture = f'<img src="{_word(node, "src")}" alt="{_word(node, "alt")}">'
            link = _word(node, "href")
            return _figure(f'<a href="{link}">{picture}</a>' if link else picture, _raw(node, "caption"))
        case "gallery":
            images = node.get("images")
            found = [item for item in images if isinstance(item, Mapping)] if isinstance(images, list) else []
            return "".join(
                f'<p><img src="{_word(item, "src")}" alt="{_word(item, "alt")}"></p>' for item in found
            ) + _figure("", _raw(node, "caption"))
        case "html":
            return _raw(node, "html")
        case "markdown":
            import markdown

            return markdown.markdown(_raw(node, "markdown"), extensions=["extra", "sane_lists"])
        case "bookmark":
            meta = node.get("metadata")
            words = (_word(meta, "title") if isinstance(meta, Mapping) else "") or _word(node, "url")
            return f'<p><a href="{_word(node, "url")}">{words}</a></p>'
        case "embed":
            return f'<p><a href="{_word(node, "url")}">{_word(node, "url")}</a></p>' + _raw(node, "caption")
        case "callout":
            return (
                f"<blockquote><p>{_word(node, 'calloutEmoji')} {_raw(node, 'calloutText')}</p></blockquote>"
            )
        case "toggle":
            return f"<p><strong>{_raw(node, 'heading')}</strong></p>{_raw(node, 'content')}"
        case "button" | "call-to-action":
            return f'<p><a href="{_word(node, "buttonUrl")}">{_word(node, "buttonText")}</a></p>' + _raw(
                node, "textValue"
            )
        case "file" | "audio" | "video":
            words = (
                _word(node, "fileTitle") or _word(node, "title") or _word(node, "fileName") or kind.title()
            )
            return f'<p><a href="{_word(node, "src")}">{words}</a></p>' + _raw(node, "caption")
        case "header" | "product":
            title = _word(node, "header") or _word(node, "productTitle")
            words = _word(node, "subheader") or _raw(node, "productDescription")
            return f"<h2>{title}</h2><p>{words}</p>"
        case _:
            note(f"the card `{kind[:40]}` was not carried: only Ghost can show it")
            return ""
