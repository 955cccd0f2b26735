"""What is quicker than the stock function gives what the stock function gives."""

from __future__ import annotations

from typing import Any

import markdown
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown.treeprocessors import InlineProcessor
from material.plugins.search.plugin import Parser

from byline.site.mkdocs import inline, sections
from byline.site.mkdocs.quick import _INLINE, replaced

EXTENSIONS = [
    "footnotes",
    "attr_list",
    "abbr",
    "tables",
    "md_in_html",
    "pymdownx.tilde",
    "pymdownx.keys",
    "smarty",
]
_SIGNS = st.lists(
    st.sampled_from(
        ["word", " ", "  \n", "\n\n", "*", "**", "_", "`", "``", "\\", "[", "]", "](a.md)", "![", "[^1]", "\n\n[^1]: foot\n\n",
         "<b>", "</b>", "<https://a.example>", "<a@b.example>", "&amp;", "&", "<!-- c -->", "{: .x }", "~~", "++ctrl++", "# ", "- "]
    ),
    max_size=30,
).map("".join)  # fmt: skip
_HTML = st.lists(
    st.sampled_from(
        ["word", " ", "\n", "a &amp; b", "&lt;", "& ", "&notit", "<p>", "</p>", '<h2 id="x">', "</h2>", "<br>", "<br />", "<img src=\"a\">",
         '<a class="headerlink" href="#x" title="&quot;">', "</a>", '<div data-search-exclude>', "</div>", '<pre class="">', "</pre>", "<code>", "</code>",
         "<p a=b>", "<p a='b'>", "<!-- c -->", "<script>1<2</script>", "<ul>", "<li>", "</li>", "</ul>", "<", ">", '<td align="right" x>', "<H2 id='u'>", "<svg/>"]
    ),
    max_size=30,
).map("".join)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_SIGNS)
def test_patterns_that_cannot_match_are_not_missed(text: str) -> None:
    stock = markdown.markdown(text, extensions=EXTENSIONS)
    with replaced(InlineProcessor, _INLINE, inline.handling(None)):
        assert markdown.markdown(text, extensions=EXTENSIONS) == stock


class _Calls:
    """What a parser tells of a page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calls: list[tuple[Any, ...]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.calls.append(("start", tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.calls.append(("end", tag))

    def handle_data(self, data: str) -> None:
        self.calls.append(("data", data))


class _Stock(_Calls, Parser):  # type: ignore[misc]
    pass


class _Ours(_Calls, sections.parser(Parser)):  # type: ignore[misc]
    pass


@settings(max_examples=400, deadline=None)
@given(_HTML)
def test_the_search_reads_the_same_of_a_page(page: str) -> None:
    told = []
    for kind in (_Stock, _Ours):
        made = kind()
        made.feed(page)
        made.close()
        told.append(made.calls)
    assert told[0] == told[1]


def test_plain_pages_are_read_the_short_way() -> None:
    assert sections.plain('<h2 id="a">One &amp; two</h2>\n<p>x<br />y</p>') is not None
    assert sections.plain("<p>a < b</p>") is None
