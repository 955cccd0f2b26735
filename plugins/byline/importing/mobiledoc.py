"""The format of Ghost's editor from 1.x to 5.x (Mobiledoc 0.3) -> HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from byline.importing.lexical import Note, _card

_MARKUPS = frozenset(["a", "b", "strong", "i", "em", "u", "s", "code", "sub", "sup", "mark", "del"])  # fmt: skip
_SECTIONS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "aside"])  # fmt: skip
# Names of cards that differ from those of the later editor.
_CARDS = {"hr": "horizontalrule", "code": "codeblock", "card-markdown": "markdown"}


def to_html(document: object, note: Note) -> str:
    """The document's text; cards that only Ghost can show are noted."""
    if not isinstance(document, dict):
        return ""
    reader = _Reader(document, note)
    return "".join(reader.section(section) for section in _list(document.get("sections")))


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []


class _Reader:
    def __init__(self, document: dict[str, Any], note: Note) -> None:
        self.markups = _list(document.get("markups"))
        self.atoms = _list(document.get("atoms"))
        self.cards = _list(document.get("cards"))
        self.note = note

    def section(self, section: object) -> str:
        """[1, tag, markers], [2, src], [3, tag, [markers …]] or [10, card]."""
        parts = _list(section)
        kind = parts[0] if parts else None
        if kind == 1 and len(parts) > 2:
            tag = parts[1] if parts[1] in _SECTIONS else "p"
            inner = self.markers(parts[2])
            return (
                f"<{'blockquote' if tag == 'aside' else tag}>{inner}</{'blockquote' if tag == 'aside' else tag}>"
                if inner
                else ""
            )
        if kind == 2 and len(parts) > 1:
            return f'<p><img src="{escape(str(parts[1]))}" alt=""></p>'
        if kind == 3 and len(parts) > 2:
            tag = "ol" if parts[1] == "ol" else "ul"
            return (
                f"<{tag}>"
                + "".join(f"<li>{self.markers(item)}</li>" for item in _list(parts[2]))
                + f"</{tag}>"
            )
        if kind == 10 and len(parts) > 1:
            return self.card(parts[1])
        return ""

    def markers(self, markers: object) -> str:
        """[kind, markups that open, how many close, text or atom]."""
        found, opened = [], list[str]()
        for marker in _list(markers):
            parts = _list(marker)
            if len(parts) < 4:
                continue
            for index in _list(parts[1]):
                tag, attributes = self._markup(index)
                opened.append(tag)
                found.append(f"<{tag}{attributes}>" if tag else "")
            found.append(
                "<br>"
                if parts[0] == 1 and self._atom(parts[3]) == "soft-return"
                else escape(str(parts[3]))
                if parts[0] == 0
                else ""
            )
            for _ in range(parts[2] if isinstance(parts[2], int) else 0):
                tag = opened.pop() if opened else ""
                found.append(f"</{tag}>" if tag else "")
        return "".join(found) + "".join(f"</{tag}>" for tag in reversed(opened) if tag)

    def card(self, index: object) -> str:
        """A card: [name, what it holds]."""
        card = _list(self.cards[index]) if isinstance(index, int) and 0 <= index < len(self.cards) else []
        if not card:
            return ""
        name, payload = str(card[0]), card[1] if len(card) > 1 and isinstance(card[1], dict) else {}
        name = _CARDS.get(name, name)
        if name == "horizontalrule":
            return "<hr>"
        if name == "codeblock":
            return f"<pre><code>{escape(str(payload.get('code', '')))}</code></pre>"
        return _card(name, payload, self.note)

    def _markup(self, index: object) -> tuple[str, str]:
        markup = (
            _list(self.markups[index]) if isinstance(index, int) and 0 <= index < len(self.markups) else []
        )
        tag = str(markup[0]).lower() if markup else ""
        if tag not in _MARKUPS:
            return "", ""
        pairs = _list(markup[1]) if len(markup) > 1 else []
        href = next((str(pairs[at + 1]) for at in range(0, len(pairs) - 1, 2) if pairs[at] == "href"), "")
        return tag, f' href="{escape(href)}"' if tag == "a" and href else ""

    def _atom(self, index: object) -> str:
        atom = _list(self.atoms[index]) if isinstance(index, int) and 0 <= index < len(self.atoms) else []
        return str(atom[0]) if atom else ""
