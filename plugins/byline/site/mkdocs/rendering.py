"""From a page's HTML to the finished page, or to the one that was kept.

A *page's* name is its own, everything that its templates can see, and the whole site's part of that. While nothing of
what pages show of one another has changed (`world`), its own name is enough.
"""

from __future__ import annotations

import gc
import logging
from typing import TYPE_CHECKING, Any

from mkdocs.structure.pages import Page

from byline.site.kept import digest
from byline.site.mkdocs import blog as material
from byline.site.mkdocs import naming
from byline.site.mkdocs.filling import report

if TYPE_CHECKING:
    from byline.site.mkdocs.engine import Engine

_SOME = 6  # pages that must have been rendered before it is expected that others must, too
_RUBBISH = 50  # pages after which what Jinja leaves behind (20 KB for each) is looked for, among what is new
_LISTS = ("Category", "Archive", "Post")


class Rendering:
    """`world` and `around` name what pages show of one another, and what all of them show."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.world = self.around = ""
        self._about = self._frame = ""
        self._shared = False

    def build(
        self,
        stock: Any,
        page: Page,
        config: Any,
        doc_files: Any,
        nav: Any,
        env: Any,
        dirty: bool = False,
        excluded: bool = False,
    ) -> None:
        """As `_build_page`."""
        engine, filling = self.engine, self.engine.filling
        name = engine.written.name(page.file.abs_dest_path)
        if excluded or name is None:
            filling.fill(page)
            stock(page, config, doc_files, nav, env, dirty, excluded)
            return
        uri = page.file.src_uri
        row = engine.rows.get(uri)
        if not self.around:
            engine.help.end()
            self._look_around(config, doc_files, nav)
        if row is None:
            row = engine.rows[uri] = {}
        # A list, and any page into which a plugin put something later, is known by what it holds now.
        if filling.lazy(page) or (uri in engine.plugin.by_source and "own" in row):
            row["shown"] = row["own"]
        else:
            row["shown"] = digest(_text(page), naming.as_text(page.meta))
        if not self._shared and len(engine.rendered) >= _SOME and engine.kept.sampled and engine.help.free():
            self._shared = not engine.plugin.outputs.begin(engine.plugin.shown, engine.plugin)
            if self._shared:
                self._share(stock, page, config, doc_files, nav, env)
        engine.help.before(uri)
        row["near"] = self._near(page)
        old = self._as_before(uri, row)
        if old and self._place(name, old.get("page", "")):
            row["page"], row["search"] = old["page"], old["search"]
            engine.search.again(old["search"])
            return
        self._render(page, config, doc_files, nav, env, name, row)

    def _as_before(self, uri: str, row: dict[str, Any]) -> dict[str, Any] | None:
        """The row of a page that shows what it showed when that row was made, and nothing else of other pages."""
        engine = self.engine
        given = engine.help.given.get(uri)
        old = given or engine.before.get(uri)
        if not old or old.get("shown") != row["shown"]:
            return None
        near = row["near"] and row["near"] == old.get("near")
        return old if given or near or self.world == engine.world_before else None

    def _look_around(self, config: Any, doc_files: Any, nav: Any) -> None:
        """Name what all pages show, and what they may show of one another."""
        from mkdocs.utils import get_build_datetime

        engine, shown = self.engine, self.engine.plugin.shown
        pages = [file.page for file in doc_files]
        seen = [naming.seen(page) for page in pages]
        whole: list[Any] = []
        if engine.reads.others:
            whole = [[shown.world(), seen], [self._all_of(page) for page in pages]]
        if engine.reads.hour:
            whole.append(str(get_build_datetime()))
        beside = naming.as_text(naming.menu(nav))
        common = shown.common
        self.around = digest(engine.base, engine.templates, naming.as_text(common), beside, whole)
        # What is new and how much there is of what stands on the first page alone, unless the company's own say more.
        if not engine.reads.lists:
            common = {key: value for key, value in common.items() if key != "latest"}
            for key in ("topics", "writers"):
                common[key] = [{**one, "count": 0} for one in common[key]]
        self._frame = digest(engine.base, engine.templates, naming.as_text(common), beside, whole)
        self.world = digest(self.around, shown.world(), naming.as_text(seen))
        posts = engine.plugin.by_source
        tags: list[Any] = []
        if "material/tags" in config.plugins:
            tags = [[page.meta.get("tags") for page in pages]]
            tags += [naming.seen(page) for page in pages if page.file.src_uri not in posts]
        self._about = digest(self._frame, shown.people(), naming.as_text(tags))

    def _all_of(self, page: Page) -> list[str]:
        row = self.engine.rows.get(page.file.src_uri)
        return [row["own"] if row and "own" in row else _text(page), naming.as_text(page.meta)]

    def _framed(self, page: Page) -> bool:
        """Is it one of the pages that show neither what is new nor how much there is? So our templates have it."""
        first = material.original(page)
        return type(first).__name__ in _LISTS or (first is self.engine.plugin.blog.blog and page is not first)

    def _near(self, page: Page) -> str:
        """The name of all that a post's page shows besides its own text; empty for any other page."""
        post = self.engine.plugin.by_source.get(page.file.src_uri)
        links: Any = getattr(page, "config", None)
        if post is None or links is None or links.links is not None:
            return ""
        beside = [
            [str(one.title), getattr(one, "url", None)] if one is not None else None
            for one in naming.beside(page)
        ]
        return digest(self._about, self.engine.plugin.shown.near(post), beside)

    def _share(self, stock: Any, page: Page, config: Any, doc_files: Any, nav: Any, env: Any) -> None:
        """Where many pages are left, a second process renders some of them."""
        if self.engine.reads.others:  # what such a page shows of others depends on the order, too
            return
        uris = [file.src_uri for file in doc_files]
        todo = dict(zip(uris, doc_files, strict=True))

        def work(uri: str) -> None:
            self.build(stock, todo[uri].page, config, doc_files, nav, env)

        self.engine.help.render(uris[uris.index(page.file.src_uri) + 1 :], work)

    def _place(self, name: str, page: str) -> bool:
        """The finished page is in its place, or comes there from the cache."""
        if not page:
            return False
        if self.engine.written.claim(name, f"p:{page}"):
            self.engine.kept.still("page", [page])
            return True
        data = self.engine.kept.get("page", page)
        if data is None:
            return False
        self.engine.written.put(name, data, f"p:{page}")
        return True

    def _render(
        self, page: Page, config: Any, doc_files: Any, nav: Any, env: Any, name: str, row: dict[str, Any]
    ) -> None:
        from mkdocs.commands.build import get_context

        engine, search = self.engine, self.engine.search
        config._current_page = page
        try:
            page.active = True
            row["search"] = ""
            search.current = row
            engine.filling.fill_new(page)
            context: Any = get_context(nav, doc_files, config, page)
            template = env.get_template(page.meta.get("template", "main.html"))
            context = config.plugins.on_page_context(context, page=page, config=config, nav=nav)
            row["page"] = key = self._name(page, context, row)
            if key and self._place(name, key):
                return
            if engine.filling.lazy(page):
                engine.filling.fill(page)
                search.indexing = False  # it is in the index; what the search does to the text must be done
                try:
                    context = config.plugins.on_page_context(
                        get_context(nav, doc_files, config, page), page=page, config=config, nav=nav
                    )
                finally:
                    search.indexing = True
            output = config.plugins.on_post_page(template.render(context), page=page, config=config)
            engine.rendered.add(page.file.src_uri)
            if not output.strip():
                logging.getLogger("mkdocs.commands.build").info(
                    f"Page skipped: '{page.file.src_uri}'. Generated empty output."
                )
                row["page"] = ""
                return
            data = output.encode("utf-8", errors="xmlcharrefreplace")
            if key:
                engine.kept.put("page", key, data, page=True)
            engine.written.put(name, data, f"p:{key}" if key else "")
            self._let_go(page, row)
            if len(engine.rendered) % _RUBBISH == 0:
                gc.collect(0)
        except Exception as error:
            report("building", page, error)
            raise
        finally:
            page.active = False
            config._current_page = None

    def _let_go(self, page: Page, row: dict[str, Any]) -> None:
        """A post's HTML is on the disk now, and in no template of another page."""
        post = self.engine.plugin.by_source.get(page.file.src_uri)
        if post is None or self.engine.reads.others or post.id not in self.engine.plugin.lazy_bodies:
            return
        self.engine.plugin.bodies.pop(post.id, None)
        self.engine.filling.drop(page, row["own"])

    def _name(self, page: Page, context: Any, row: dict[str, Any]) -> str:
        """The page's name; empty where it cannot be named."""
        try:
            around = self._frame if self._framed(page) else self.around
            own, brought = naming.as_text(naming.own(page)), naming.as_text(naming.brought(page, context))
        except naming.Unnameable:
            return ""
        return digest(around, row["shown"], own, brought)


def _text(page: Page) -> str:
    return digest(page.content or "", naming.as_text(naming.headings(page.toc)))
