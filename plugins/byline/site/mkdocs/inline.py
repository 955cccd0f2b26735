"""Python-Markdown's search for patterns inside a line, without asking for those that cannot be in it.

Stock asks each of some twenty patterns for each piece of text. Most of them need a certain sign; where that is not in
the text there is no match, which is what stock would find, too.
"""

from __future__ import annotations

from typing import Any


def handling(stock: Any) -> Any:
    """As `InlineProcessor.__handleInline`."""
    from markdown.util import AtomicString

    known: dict[int, tuple[Any, list[tuple[Any, str]]]] = {}

    def handle(self: Any, data: str, patternIndex: int = 0) -> str:
        if isinstance(data, AtomicString):
            return data
        registry = self.inlinePatterns
        found = known.get(id(registry))
        if found is None or not registry._is_sorted or len(found[1]) != len(registry):
            found = known[id(registry)] = registry, [(one, _sign(one)) for one in registry]
        patterns, start = found[1], 0
        while patternIndex < len(patterns):
            pattern, sign = patterns[patternIndex]
            if sign and sign not in data:
                patternIndex += 1
                start = 0
                continue
            data, matched, start = self._InlineProcessor__applyPattern(pattern, data, patternIndex, start)
            if not matched:
                patternIndex += 1
        return data

    return handle


def _sign(pattern: Any) -> str:
    """What must be in a text that the pattern matches; empty where that is not known."""
    from markdown import inlinepatterns as stock

    needed = {
        stock.BACKTICK_RE: "`",
        stock.ESCAPE_RE: "\\",
        stock.LINK_RE: "[",
        stock.IMAGE_LINK_RE: "![",
        stock.AUTOLINK_RE: "<",
        stock.AUTOMAIL_RE: "<",
        stock.HTML_RE: "<",
        stock.ENTITY_RE: "&",
        stock.LINE_BREAK_RE: "  \n",
        r"\[\^([^\]]*)\]": "[^",  # footnotes
    }
    usual = stock.InlineProcessor.getCompiledRegExp
    if not isinstance(pattern, stock.InlineProcessor) or type(pattern).getCompiledRegExp is not usual:
        return ""
    return needed.get(pattern.pattern, "")
