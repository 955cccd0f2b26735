"""Pages from the cache: a page is made again only when something that went into it has changed.

MkDocs' own build runs as it is; only the functions by which it fills one page with HTML (`filling`), renders it and
writes it (`rendering`) and puts it into the search (`searching`) are replaced, for one build. All events of all plugins
still run for every page, but for those that a page's own text alone decides.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from byline.site.inputs import Inputs, mark
from byline.site.kept import Kept, digest
from byline.site.mkdocs.filling import Filling
from byline.site.mkdocs.front import Front
from byline.site.mkdocs.helping import Helper
from byline.site.mkdocs.quick import replaced
from byline.site.mkdocs.reading import Reads
from byline.site.mkdocs.rendering import Rendering
from byline.site.mkdocs.searching import Search
from byline.site.written import Written

if TYPE_CHECKING:
    from byline.site.mkdocs.plugin import BylinePlugin


class Engine:
    """One build's keeping of pages. `base` names settings, environment and code; `facts` is what the last build left.

    `before` holds the rows of the last build by a page's source, `rows` those of this one, `rendered` the pages that
    were made anew.
    """

    plugin: BylinePlugin
    docs = ""

    def __init__(
        self,
        kept: Kept,
        written: Written,
        inputs: Inputs,
        base: str,
        facts: object,
        templates: str,
        reads: Reads,
    ) -> None:
        """`templates` names the company's own, and `reads` what they read of other pages."""
        self.reads = reads
        self.kept = kept
        self.written = written
        self.inputs = inputs
        self.base = base
        self.templates = templates
        known: Any = facts if isinstance(facts, dict) else {}
        self.before: dict[str, Any] = known.get("pages") or {}
        self.world_before: str = known.get("world") or ""
        self.rows: dict[str, dict[str, Any]] = {}
        self.rendered: set[str] = set()
        self.front = Front(known.get("front"), lambda uri: self.inputs.sha(f"{self.docs}/{uri}"))
        self.filling, self.rendering = Filling(self), Rendering(self)
        self.search, self.help = Search(self), Helper(self)

    def facts(self) -> dict[str, Any]:
        """What the next build wants to know, as plain values."""
        return {"world": self.rendering.world, "pages": self.rows, "front": self.front.fresh}

    @contextmanager
    def patched(self, site_dir: str) -> Iterator[None]:
        """MkDocs fills, renders and writes pages by way of this engine, for one build."""
        import mkdocs.commands.build as build
        from material.plugins.blog.structure import Post
        from material.plugins.search.plugin import SearchIndex
        from mkdocs import utils

        self._stock_populate, self._stock_build = build._populate_page, build._build_page
        self._stock_write, self._stock_copy = utils.write_file, File.copy_file
        stock_index, stock_clean = SearchIndex.add_entry_from_context, utils.clean_directory
        engine, stock_reading = self, self.front.reading(Post.__init__)

        def read(post: Any, *words: Any) -> None:
            engine.plugin.look_up()
            stock_reading(post, *words)

        def populate(page: Page, config: Any, files: Files, dirty: bool = False) -> None:
            engine.plugin.look_up()
            engine.filling.populate(engine._stock_populate, page, config, files, dirty)

        def render(*words: Any, **named: Any) -> None:
            engine.plugin.look_up()
            engine.rendering.build(engine._stock_build, *words, **named)

        def clean(folder: str) -> None:
            if folder != site_dir:
                stock_clean(folder)

        logger = logging.getLogger("mkdocs")
        with ExitStack() as stack:
            enter = stack.enter_context
            logger.addHandler(self.filling.heard)
            stack.callback(logger.removeHandler, self.filling.heard)
            enter(replaced(Post, "__init__", read))
            enter(replaced(build, "_populate_page", populate))
            enter(replaced(build, "_build_page", render))
            # Stock writes a map of the site that ours then replaces.
            enter(replaced(build, "_build_theme_template", _without_map(build._build_theme_template)))
            # Stock empties the folder; `Written` leaves in it what an empty one would have got.
            enter(replaced(utils, "clean_directory", clean))
            enter(replaced(utils, "write_file", self._write))
            enter(replaced(File, "copy_file", lambda file, dirty=False: engine._copy(file, dirty)))
            add = lambda index, page: engine.search.add(stock_index, index, page)  # noqa: E731 - a method must be a function
            enter(replaced(SearchIndex, "add_entry_from_context", add))
            enter(replaced(SearchIndex, "generate_search_index", lambda index, _: engine.search.whole(index)))
            stack.callback(self.help.end)
            yield

    def body(self, own: str) -> str:
        """The HTML of a post that was not filled in this build."""
        return self.filling.body(own)

    def again(self, page: Page, config: Any, files: Files, nav: Any, env: Any) -> None:
        """Fill and render one page of a build that has ended, from its new text."""
        self.filling.forget(page)
        self.filling.anew(self._stock_populate, page, config, files, False)
        self.rendering.build(self._stock_build, page, config, files.documentation_pages(), nav, env)

    def _write(self, content: bytes, path: str) -> None:
        name = self.written.name(path)
        if name is None:
            self._stock_write(content, path)
        else:
            self.written.put(name, content)

    def _copy(self, file: File, dirty: bool) -> None:
        name = self.written.name(file.abs_dest_path)
        if name is None:
            self._stock_copy(file, dirty)
            return
        if name in self.plugin.outputs.own_pictures:
            return  # it is written without what its camera noted
        if file._content is not None:
            self.written.put(name, file.content_bytes)
            return
        source = str(file.abs_src_path)
        holds = self.inputs.sha(source) or digest(source, list(mark(Path(source).stat())))
        if not self.written.claim(name, f"f:{holds}"):
            self.written.ready(name, f"f:{holds}")
            self._stock_copy(file, dirty)


def _without_map(stock: Any) -> Any:
    def build(name: str, *rest: Any) -> None:
        if name != "sitemap.xml":
            stock(name, *rest)

    return build
