"""What is quicker than the stock function gives what the stock function gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import markdown
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown.treeprocessors import InlineProcessor
from material.plugins.blog.config import BlogConfig
from material.plugins.search import plugin as search
from material.plugins.search.plugin import Parser
from mkdocs.config.base import BaseConfigOption
from mkdocs.structure.files import File, Files

from byline.site import kept
from byline.site.mkdocs import inline, paths, sections
from byline.site.mkdocs.lists import Lists
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


def _found(page: str) -> Any:
    made = Parser()
    try:
        made.feed(page)
        made.close()
    except (ValueError, AttributeError) as error:  # stock stumbles over some; ours at the same
        return str(type(error))
    return [
        (str(one), one.el.tag, one.depth, one.id, one.title, one.text, bool(one.is_excluded()))
        for one in made.data
    ]


@settings(max_examples=400, deadline=None)
@given(_HTML)
def test_the_search_finds_the_same_sections(page: str) -> None:
    stock = _found(page)
    with replaced(search, "Element", sections.Element):
        assert _found(page) == stock


def test_plain_pages_are_read_the_short_way() -> None:
    assert sections.plain('<h2 id="a">One &amp; two</h2>\n<p>x<br />y</p>') is not None
    assert sections.plain("<p>a < b</p>") is None


_PATHS = st.lists(
    st.sampled_from(["a", "b.md", ".c", "..", ".", "", "/", "//", "\\", "c:", "index.md"]), max_size=5
)


@settings(max_examples=200, deadline=None)
@given(_PATHS.map("/".join))
def test_a_path_is_found_and_written_as_stock_does(path: str) -> None:
    held = [File(one, "/docs", "/site", True) for one in ("a/b.md", "a", "index.md", ".c/a")]
    files = Files(held)
    usual = files.get_file_from_path(path)
    written = File(path, "/docs", "/site", True).src_uri
    with replaced(Files, "get_file_from_path", paths.found(Files.get_file_from_path)):
        assert files.get_file_from_path(path) is usual
    with replaced(File, "src_path", paths.source(File.src_path)):
        assert File(path, "/docs", "/site", True).src_uri == written


def test_settings_are_read_as_stock_does_and_an_option_of_the_class_is_the_option() -> None:
    config = BlogConfig()
    config.load_dict({"pagination": False})
    usual = {name: getattr(config, name) for name in ("pagination", "post_dir", "enabled")}
    option = BlogConfig.post_dir
    with replaced(BaseConfigOption, "__get__", paths.setting(BaseConfigOption.__get__)):
        assert {name: getattr(config, name) for name in usual} == usual
        assert BlogConfig.post_dir is option
        del config["post_dir"]
        with pytest.raises(KeyError):
            _ = config.post_dir


@pytest.mark.parametrize("home", ["# Home\n", "# Home\r\nmore\r\n", "\ufeff# Home\n"])
@pytest.mark.parametrize("name", ["People", "Peo\rple"])
def test_a_list_s_page_holds_what_it_would_from_the_disk(tmp_path: Path, home: str, name: str) -> None:
    (tmp_path / "index.md").write_bytes(home.encode())

    def save(_plugin: Any, path: str, content: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(content, encoding="utf-8", newline="\n")

    def copy(source: str, target: str) -> None:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).write_bytes(Path(source).read_bytes())

    def file(folder: str, path: str) -> File:
        return File(path, str(tmp_path / folder), "/site", True)

    def made(folder: str, lists: Lists | None) -> list[str]:
        place: Any = lambda _plugin, path, _config, *, temp: file(folder, path)  # noqa: E731
        saved, copied = (lists.saved(save), lists.copied(copy)) if lists else (save, copy)
        place = lists.made(place) if lists else place
        first, second, third = (
            place(None, path, None, temp=True) for path in ("c/p.md", "c/p/2.md", "page/2.md")
        )
        saved(None, first.abs_src_path, f"# {name}")
        copied(first.abs_src_path, second.abs_src_path)
        copied(str(tmp_path / "index.md"), third.abs_src_path)
        return [one.content_string for one in (first, second, third)]

    assert made("ours", Lists()) == made("stock", None)


def test_a_home_page_that_is_no_text_is_left_to_stock(tmp_path: Path) -> None:
    (tmp_path / "index.md").write_bytes(b"# \xff\n")
    lists, asked = Lists(), list[str]()
    page = lists.made(lambda *_, **__: File("page/2.md", "/temp", "/site", True))(None, "", None)
    lists.copied(lambda source, _target: asked.append(source))(str(tmp_path / "index.md"), page.abs_src_path)
    assert asked == [str(tmp_path / "index.md")]


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(_PLAIN, st.booleans())
def test_plain_values_are_written_as_json_does(value: Any, compact: bool) -> None:
    separators = (",", ":") if compact else None
    told = json.dumps([value, {1}], ensure_ascii=False, separators=separators, default=sorted)
    assert kept.encoder(compact=compact, default=sorted)([value, {1}]) == told
