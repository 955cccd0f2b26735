"""Patches that make MkDocs and Material do the same work once instead of several times, with the same bytes.

Each says what the stock function does and why the replacement equals it. They hold for one build and are taken back
after it; `known.reason` decides whether they may be used at all.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any
from urllib.parse import unquote as urlunquote
from urllib.parse import urljoin, urlsplit, urlunsplit

from byline.site.mkdocs import inline, paths, sections
from byline.site.mkdocs.compiled import Compiled
from byline.site.mkdocs.lists import Lists

_INLINE = "_InlineProcessor__handleInline"


@contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """The attribute has another value for a while."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def quick(compiled: Compiled, theme_files: Any, renderer: Renderer) -> Iterator[None]:
    """All of them, around one build. `theme_files` keeps what `Kept.value` and `put_value` do."""
    import material.plugins.blog.plugin as blog
    import material.plugins.blog.structure as structure
    import material.plugins.search.plugin as search
    import mkdocs.structure.pages as pages
    import mkdocs.utils as utils
    import yaml
    from jinja2 import Environment
    from markdown.treeprocessors import InlineProcessor
    from mkdocs.config.base import BaseConfigOption
    from mkdocs.structure.files import File, Files
    from mkdocs.theme import Theme

    excerpts, lists = _Excerpts(), Lists()
    was_on = gc.isenabled()
    with ExitStack() as stack:
        enter = stack.enter_context
        # Pages are kept until the end: looking for rubbish among them costs a tenth and finds nothing.
        gc.disable()
        stack.callback(gc.enable if was_on else gc.disable)
        stack.callback(gc.unfreeze)  # what was put out of its sight before a second process began
        # Stock reads front matter with PyYAML's loader in Python; libyaml's gives the same values in a tenth of the time.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        enter(replaced(structure, "SafeLoader", loader))
        enter(replaced(blog, "SafeLoader", loader))
        # Stock makes a new Markdown object with all extensions for each page; `reset` is what it offers for using one again.
        enter(replaced(pages.Page, "render", renderer.render))
        # Stock converts a whole post again for every list that shows its opening; only its links depend on the list.
        enter(replaced(structure.Excerpt, "__init__", excerpts.prepare))
        enter(replaced(structure.Excerpt, "render", excerpts.render))
        # Stock makes a Jinja environment for each word that a plugin translates, and compiles the templates anew.
        enter(replaced(Theme, "get_env", compiled.environment(Theme.get_env)))
        # Stock asks values as objects first, and raises and catches an error for each key of a map.
        enter(replaced(Environment, "getattr", _of_map(Environment.getattr)))
        # Stock works an address out again for each of the dozens of links that all pages have.
        enter(replaced(utils, "get_relative_url", lru_cache(maxsize=2_000)(utils.get_relative_url)))
        # Stock looks through ten thousand icons for the few files of the theme; an installed theme stays as it is.
        enter(replaced(Environment, "list_templates", _listed(Environment.list_templates, theme_files)))
        # Stock makes a path object of every file and of every question; one that is plain needs none.
        enter(replaced(Files, "get_file_from_path", paths.found(Files.get_file_from_path)))
        enter(replaced(File, "src_path", paths.source(File.src_path)))
        # Stock asks for each reading of a setting whether it stands in settings.
        enter(replaced(BaseConfigOption, "__get__", paths.setting(BaseConfigOption.__get__)))
        # Stock writes each page of each list into a temporary folder, to read it from there.
        enter(replaced(blog.BlogPlugin, "_path_to_file", lists.made(blog.BlogPlugin._path_to_file)))
        enter(replaced(blog.BlogPlugin, "_save_to_file", lists.saved(blog.BlogPlugin._save_to_file)))
        enter(replaced(blog, "copy_file", lists.copied(blog.copy_file)))
        # Stock resolves each plain address against the site's as browsers do; for such it is put behind it.
        enter(replaced(pages.Page, "_set_canonical_url", _address(pages.Page._set_canonical_url)))
        # Stock asks for twenty patterns in each piece of text, also for those whose sign is not in it.
        enter(replaced(InlineProcessor, _INLINE, inline.handling(getattr(InlineProcessor, _INLINE))))
        # Stock goes through each page with a parser for any HTML to find the sections for the search.
        enter(replaced(search, "Parser", sections.parser(search.Parser)))
        enter(replaced(search, "Element", sections.Element))
        # Stock formats the date of each post for its address and archive; days repeat.
        enter(replaced(blog.BlogPlugin, "_format_date", _days(blog.BlogPlugin._format_date)))
        yield


def identified(plugin: Any) -> None:
    """Stock asks for every page whether it equals any post (by title and file); a page is the post or it is not."""
    plugin.blog.posts = Posts(plugin.blog.posts)


class Posts(list[Any]):
    """A list of posts that knows its own members at once. Only for lists that no longer change."""

    def __init__(self, posts: Any) -> None:
        super().__init__(posts)
        self._ids = {id(post) for post in posts}

    def __contains__(self, page: object) -> bool:
        return id(page) in self._ids


_METHODS = frozenset(dir(dict))


def _of_map(stock: Any) -> Any:
    """As `Environment.getattr`, with the same answer for a plain map: its methods first, then its keys."""

    def getattr(self: Any, obj: Any, attribute: str) -> Any:
        if type(obj) is dict and attribute in obj and attribute not in _METHODS:
            return obj[attribute]
        return stock(self, obj, attribute)

    return getattr


def _listed(stock: Any, kept: Any) -> Any:
    """As `Environment.list_templates`, but what lies in installed folders is listed once for each version of them."""

    def list_templates(self: Any, extensions: Any = None, filter_func: Any = None) -> list[str]:
        if (
            extensions is not None
            or filter_func is None
            or filter_func("a/.b")
            or not hasattr(self.loader, "searchpath")
        ):
            return list(stock(self, extensions, filter_func))
        found: set[str] = set()
        for folder in self.loader.searchpath:
            installed = "-packages" in folder
            names = kept.value("theme", folder) if installed else None
            if names is None:
                names = _inside(folder, self.loader.followlinks)
                if installed:
                    kept.put_value("theme", folder, names)
            found.update(name for name in names if filter_func(name))
        return sorted(found)

    return list_templates


def _inside(folder: str, links: bool) -> list[str]:
    """The files below the folder, but those whose name or folder begins with a dot: the icons."""
    import os

    found = []
    for place, folders, files in os.walk(folder, followlinks=links):
        folders[:] = [name for name in folders if not name.startswith(".")]
        before = place[len(folder) :].replace(os.sep, "/").lstrip("/")
        start = f"{before}/" if before else ""
        found += [start + name for name in files if not name.startswith(".")]
    return found


_PLAIN = re.compile(r"(?:[a-z0-9_-]+/)*")


def _address(stock: Any) -> Any:
    around: dict[str, tuple[str, str]] = {}

    def _set_canonical_url(self: Any, base: str | None) -> None:
        if not base or not _PLAIN.fullmatch(self.url):
            stock(self, base)
            return
        if base not in around:
            whole = urljoin(base if base.endswith("/") else f"{base}/", "")
            around[base] = whole, urlsplit(whole).path
        whole, path = around[base]
        self.canonical_url, self.abs_url = whole + self.url, path + self.url

    return _set_canonical_url


def _days(stock: Any) -> Any:
    seen: dict[Any, str] = {}
    language: dict[int, tuple[str, Any]] = {}

    def format_date(self: Any, date: Any, format: str, config: Any) -> str:
        if id(config) not in language:
            language[id(config)] = config.theme["language"], config
        if _NUMBERS.fullmatch(format):
            # Babel writes these parts in the same digits for every language.
            numbers = {"yyyy": f"{date.year:04}", "MM": f"{date.month:02}", "dd": f"{date.day:02}"}
            return _PART.sub(lambda part: numbers[part[0]], format)
        # Without an hour in the format, all of a day give the same.
        moment = date.date() if _DAYS_ONLY.fullmatch(format) else date
        key = moment, format, language[id(config)][0]
        if key not in seen:
            seen[key] = stock(self, date, format, config)
        return seen[key]

    return format_date


_NUMBERS = re.compile("(?:yyyy|MM|dd|[/.-])+")
_PART = re.compile("yyyy|MM|dd")
_DAYS_ONLY = re.compile(r"[yMd/. -]+")


class Renderer:
    """One Markdown object for all pages of a build."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def markdown(self, config: Any) -> Any:
        import markdown

        key = id(config)
        if key not in self._made:
            self._made[key] = (
                markdown.Markdown(
                    extensions=config["markdown_extensions"], extension_configs=config["mdx_configs"] or {}
                ),
                config,
            )  # kept alive, so that no other gets its id
        made = self._made[key][0]
        made.reset()
        return made

    @property
    def render(self) -> Any:
        """As `Page.render`, but for the object that converts."""
        from mkdocs.structure import pages
        from mkdocs.structure.toc import get_toc

        renderer = self

        def render(self: Any, config: Any, files: Any) -> None:
            if self.markdown is None:
                raise RuntimeError("`markdown` field hasn't been set (via `read_source`)")
            md = renderer.markdown(config)
            raw_html = pages._RawHTMLPreprocessor()
            raw_html._register(md)
            anchors = pages._ExtractAnchorsTreeprocessor(self.file, files, config)
            anchors._register(md)
            links = pages._RelativePathTreeprocessor(self.file, files, config)
            links._register(md)
            title = pages._ExtractTitleTreeprocessor()
            title._register(md)
            self.content = md.convert(self.markdown)
            self.toc = get_toc(getattr(md, "toc_tokens", []))
            self._title_from_render = title.title
            self.present_anchor_ids = anchors.present_anchor_ids | raw_html.present_anchor_ids
            if pages.log.getEffectiveLevel() > 10:
                self.links_to_anchors = links.links_to_anchors

        return render


class _Excerpts:
    """The opening of a post, converted once; each list then gets it with its own links."""

    def __init__(self) -> None:
        self._shared: dict[int, tuple[Any, Any, Any]] = {}

    def _parts(self, config: Any) -> tuple[Any, Any]:
        """The Markdown object and settings that stock makes for each post, made once for all."""
        from markdown import Markdown
        from material.plugins.blog import structure

        if id(config) not in self._shared:
            patched = structure._patch(config)
            made = Markdown(extensions=patched.markdown_extensions, extension_configs=patched.mdx_configs)
            self._shared[id(config)] = made, patched, config
        made, patched, _ = self._shared[id(config)]
        return made, patched

    @property
    def prepare(self) -> Any:
        """As `Excerpt.__init__`, without its own Markdown object."""
        from copy import copy

        def prepare(self: Any, post: Any, config: Any, files: Any) -> None:
            self.file = copy(post.file)
            self.post = post
            self._set_canonical_url(config.site_url)
            self.config, self.meta = post.config, post.meta
            self.authors, self.categories = [], []
            self.more = None
            self._kept, self._around = None, (config, files)

        return prepare

    @property
    def render(self) -> Any:
        """As `Excerpt.render`: the same conversion, with marks where a link depends on the list it stands in."""
        from mkdocs.structure.toc import get_toc
        from mkdocs.utils import get_relative_url

        excerpts = self

        def render(self: Any, page: Any, separator: str) -> None:
            self.markdown = self.post.markdown
            if not self.post._title_from_render:
                self.markdown = "\n\n".join([f"# {self.post.title}", self.markdown])
            if self._kept is None or self._kept[0] != self.markdown:
                config, files = self._around
                self.md, patched = excerpts._parts(config)
                links = _links(self.file, files, patched)
                self.md.reset()
                links.begin(self.post)
                links.register(self.md)
                content = self.md.convert(self.markdown)
                self._kept = self.markdown, content, get_toc(getattr(self.md, "toc_tokens", [])), links.marks
            _, content, self.toc, marks = self._kept
            for mark, (target, rest) in marks.items():
                content = content.replace(mark, _escaped(get_relative_url(target, page.url) + rest))
            self.content, *more = content.split(separator, 1)
            if more:
                self.more = more[0]
            self.file.url = self.post.url

        return render


def _escaped(address: str) -> str:
    """An attribute's value as Python-Markdown writes it."""
    import markdown.serializers as stock

    return str(stock._escape_attrib_html(address))  # type: ignore[attr-defined]


def _links(file: Any, files: Any, config: Any) -> Any:
    """The processor of an excerpt's links; made here, since MkDocs is imported only when it is needed."""
    from markdown.treeprocessors import Treeprocessor
    from mkdocs.structure.pages import _RelativePathTreeprocessor

    class Anchors(Treeprocessor):
        """Material's own: a link into the post itself leads to the post, the first of them without its anchor."""

        links: Any

        def run(self, root: Any) -> None:
            main = True
            for element in root.iter("a"):
                anchor = element.get("href")
                if not anchor.startswith("#"):
                    continue
                element.set("href", self.links.mark(self.links.post.url, "" if main else anchor))
                main = False

    class Links(_RelativePathTreeprocessor):
        """MkDocs' own, but what it makes relative is marked, to be made relative for each list."""

        marks: dict[str, tuple[str, str]]
        post: Any

        def begin(self, post: Any) -> None:
            self.post, self.marks = post, {}
            self.links_to_anchors = {}

        def mark(self, target: str, rest: str) -> str:
            mark = f"bylinelink{len(self.marks)}xmark"
            self.marks[mark] = target, rest
            return mark

        def path_to_url(self, url: str) -> str:
            given = super().path_to_url(url)
            scheme, netloc, path, query, anchor = urlsplit(url)
            if scheme or netloc or url.startswith(("/", "\\")) or not path or "\x02" in url:
                return str(given)
            found = self.files.get_file_from_path(self._target_uri(self.file.src_uri, urlunquote(path)))
            if found is None:
                return str(given)
            return self.mark(found.url, urlunsplit(("", "", "", query, anchor)))

        def register(self, md: Any) -> None:
            anchors = Anchors()
            anchors.links = self
            md.treeprocessors.register(anchors, "excerpt", 0)
            md.treeprocessors.register(self, "relpath", 1)

    return Links(file, files, config)
