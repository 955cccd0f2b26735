"""From a page's Markdown to its HTML, or to what the last build knew of it.

A page's *own* name is that of its bytes, its address, and every file it asked for by a link, with the answer. While that
is the same, all that filling the page left behind is put back, and its HTML is fetched only when somebody wants it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import TableOfContents

from byline.site.kept import digest
from byline.site.mkdocs import naming
from byline.site.mkdocs.helping import MANY
from byline.site.mkdocs.sources import Asking
from byline.site.renditions import Rendition
from byline.site.written import Broken

if TYPE_CHECKING:
    from byline.site.mkdocs.engine import Engine

Note = tuple[str, int, str]  # the logger's name, the level, the words


class Filling:
    """`heard` must listen to MkDocs' log: what is said about a page is said again when the page is kept."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.heard = _Notes()
        self._new: dict[str, Any] | None = (
            None  # the files of posts that are to be filled, until they are shared
        )
        self._made: set[int] = (
            set()
        )  # pages that were filled in this build, and have no place in the site yet
        self._lazy: dict[int, str] = {}  # pages without their HTML yet -> the name under which it is kept

    def populate(self, stock: Any, page: Page, config: Any, files: Files, dirty: bool) -> None:
        """As `_populate_page`."""
        if self._new is None:
            self._new = self._unknown(files)
        if len(self._new) >= MANY and self.engine.help.free():
            self._share(self._new, stock, config, files)
            self._new = {}
        self._new.pop(page.file.src_uri, None)
        self.engine.help.before(page.file.src_uri)
        self.anew(stock, page, config, files, dirty)

    def _unknown(self, files: Files) -> dict[str, Any]:
        engine = self.engine
        return {
            file.src_uri: file
            for file in files.documentation_pages()
            if (post := engine.plugin.by_source.get(file.src_uri)) is not None
            and engine.before.get(file.src_uri, {}).get("hash") != [engine.base, post.hash]
        }

    def _share(self, todo: dict[str, Any], stock: Any, config: Any, files: Files) -> None:
        """Where many pages are new, a second process fills some of them."""

        def work(uri: str) -> None:
            self.anew(stock, todo[uri].page, config, files, False)

        self.engine.help.fill(list(todo), work)

    def anew(self, stock: Any, page: Page, config: Any, files: Files, dirty: bool) -> None:
        """The page from its text, or from what is known of it."""
        plugin, base = self.engine.plugin, self.engine.base
        post = plugin.by_source.get(page.file.src_uri)
        if post is None:
            self._other(page, config, files)
            return
        uri = page.file.src_uri
        source = digest(base, uri, page.file.url, page.edit_url, post.hash, list(plugin.beside()))
        row = self._known(uri, source, files)
        if row is not None:
            self._recall(page, config, files, post.id, row)
            return
        before = page.markdown
        with self._asking(files) as asking:
            stock(page, config, asking, dirty)
        if page.markdown != before:
            return  # a plugin put something of other pages into it
        row = self._row(page, source, asking, files)
        row |= {"anchor": plugin.anchors[uri], "minutes": plugin.minutes(post)}
        row["hash"] = [base, post.hash]
        body = plugin.bodies[post.id]
        content = [page.content, naming.headings(page.toc), None if body == page.content else body]
        self.engine.kept.put_value("content", row["own"], content)
        if not self.engine.reads.others and self.engine.kept.has("content", row["own"]):
            # A thousand texts in memory are of no use until each is rendered.
            del plugin.bodies[post.id]
            plugin.lazy_bodies[post.id] = row["own"]
            self._made.add(id(page))
            self.drop(page, row["own"])
            page.markdown = ""  # a template that showed it would be one that reads others

    def _other(self, page: Page, config: Any, files: Files) -> None:
        """As stock, but for the step from Markdown to HTML; all that plugins do before it is done every time."""
        uri = page.file.src_uri
        config._current_page = page
        try:
            page = config.plugins.on_pre_page(page, config=config, files=files)
            page.read_source(config)
            page.markdown = config.plugins.on_page_markdown(
                page.markdown, page=page, config=config, files=files
            )
            source = digest(
                self.engine.base,
                uri,
                page.file.url,
                page.edit_url,
                page.markdown or "",
                naming.as_text(page.meta),
                list(self.engine.plugin.beside()),
            )
            row = self._known(uri, source, files)
            if row is not None:
                self._restore(page, files, row)
                self._lazy[id(page)] = row["own"]
                self.fill(page)
                return
            with self._asking(files) as asking:
                page.render(config, asking)
                page.content = config.plugins.on_page_content(
                    page.content, page=page, config=config, files=asking
                )
            row = self._row(page, source, asking, files)
            self.engine.kept.put_value("content", row["own"], [page.content, naming.headings(page.toc), None])
        except Exception as error:
            report("reading", page, error)
            raise
        finally:
            config._current_page = None

    def _known(self, uri: str, source: str, files: Files) -> dict[str, Any] | None:
        row = self.engine.before.get(uri)
        if (
            row is None
            or row.get("source") != source
            or self._answers(files, *row["asked"]) != row["answers"]
        ):
            return None
        return dict(row)

    @contextmanager
    def _asking(self, files: Files) -> Iterator[Asking]:
        """While a page is filled: what it asks for, needs and says is noted."""
        self.engine.plugin.outputs.needed.clear()
        self.heard.notes, self.heard.on = [], True
        try:
            yield Asking(files)
        finally:
            self.heard.on = False

    def _row(self, page: Page, source: str, asking: Asking, files: Files) -> dict[str, Any]:
        """What is to be known of a page that has just been filled, kept for the next build."""
        uri, plugin = page.file.src_uri, self.engine.plugin
        asked = [sorted(asking.asked), sorted(asking.by_url), sorted(asking.by_uri)]
        answers = self._answers(files, *asked)
        needed = plugin.outputs.needed
        row = self.engine.rows[uri] = {
            "source": source,
            "own": digest(source, asked, answers),
            "asked": asked,
            "answers": answers,
            "needed": [[one.url, os.path.relpath(one.source, self.engine.docs), one.width] for one in needed],
            "diagrams": uri in plugin.with_diagrams,
            "notes": self.heard.notes,
            "title": page._title_from_render,
            "ids": sorted(one for one in page.present_anchor_ids or () if one),  # `<a id>` has none
            "links": [[file.src_uri, found] for file, found in (page.links_to_anchors or {}).items()],
        }
        return row

    def _answers(self, files: Files, asked: list[str], by_url: list[str], by_uri: list[str]) -> list[Any]:
        """What a page finds when it asks for these files: where each is, whether it is left out, what it holds."""
        found: list[Any] = []
        for path in asked:
            file = files.get_file_from_path(path)
            found.append(
                file and [file.src_uri, file.url, file.inclusion.value, self._holds(str(file.abs_src_path))]
            )
        whereabouts = self.engine.plugin.whereabouts
        for answer in (one for some in whereabouts.answers(by_url, by_uri) for one in some):
            found.append(answer and [answer[0], self._holds(str(answer[1]))])
        return found

    def _holds(self, path: str) -> str:
        """The hash of a file of the content that is no page; the others' bytes show on no other page."""
        return "" if path.endswith((".md", ".markdown")) else self.engine.inputs.sha(path)

    def _recall(self, page: Page, config: Any, files: Files, post_id: str, row: dict[str, Any]) -> None:
        """The page as it was filled before; its text is fetched only when somebody wants it."""
        uri, plugin = page.file.src_uri, self.engine.plugin
        config._current_page = page
        try:
            page = config.plugins.on_pre_page(page, config=config, files=files)
            page.read_source(config)
            page.markdown = config.plugins.on_page_markdown(
                page.markdown, page=page, config=config, files=files
            )
        finally:
            config._current_page = None
        page.content, page.toc = "", TableOfContents([])
        self._restore(page, files, row)
        plugin.anchors[uri] = row["anchor"]
        plugin.known_minutes[post_id] = row["minutes"]
        plugin.lazy_bodies[post_id] = row["own"]
        self._lazy[id(page)] = row["own"]
        if self.engine.reads.others:  # 404.html and whatever else comes before the first page may show it
            self.fill(page)
        else:
            page.markdown = ""

    def _restore(self, page: Page, files: Files, row: dict[str, Any]) -> None:
        """All that filling the page left behind, but its HTML."""
        uri, plugin = page.file.src_uri, self.engine.plugin
        page._title_from_render = row["title"]
        page.present_anchor_ids = set(row["ids"])
        page.links_to_anchors = {}
        for target, found in row["links"]:
            file = files.get_file_from_path(target)
            if file is not None:
                page.links_to_anchors[file] = found
        for name, level, text in row["notes"]:
            logging.getLogger(name).log(level, text)
        for url, path, width in row["needed"]:
            source = Path(os.path.normpath(f"{self.engine.docs}/{path}"))
            plugin.outputs.need(Rendition(url, source, width))
        if row["diagrams"]:
            plugin.with_diagrams.add(uri)
            plugin.outputs.diagrams = True
        self.engine.kept.still("content", [row["own"]])
        for key in ("page", "search", "shown", "near"):
            row.pop(key, None)
        self.engine.rows[uri] = row

    # What was not fetched yet -----------------------------------------------------------------------------------------

    def body(self, own: str) -> str:
        """The HTML of a post that was not filled in this build."""
        content, _, body = self._content(own)
        return str(content if body is None else body)

    def _content(self, own: str) -> list[Any]:
        found = self.engine.kept.value("content", own)
        if found is None:
            raise Broken("the cache lost a page")
        return list(found)

    def lazy(self, page: Page) -> bool:
        """Is its HTML still to be fetched?"""
        return id(page) in self._lazy

    def fill(self, page: Page) -> None:
        """The page has its HTML, also where it was not needed until now."""
        own = self._lazy.pop(id(page), None)
        if own is not None:
            page.content, toc, _ = self._content(own)
            page.toc = TableOfContents([naming.heading(item) for item in toc])

    def drop(self, page: Page, own: str) -> None:
        """Nobody needs its HTML for now; it is kept under the name `own`."""
        page.content, page.toc = "", TableOfContents([])
        self._lazy[id(page)] = own

    def fill_new(self, page: Page) -> None:
        """The page has its HTML if it was filled in this build: then it was never rendered."""
        if id(page) in self._made:
            self._made.discard(id(page))
            self.fill(page)

    @contextmanager
    def filled(self, page: Page) -> Iterator[None]:
        """The page has its HTML for a while; one that had none gets it as it was filled when it is wanted again."""
        own = self._lazy.get(id(page))
        self.fill(page)
        yield
        if own:
            self._lazy[id(page)] = own

    def forget(self, page: Page) -> None:
        """Nothing is known of it: its text is another now."""
        uri = page.file.src_uri
        self.engine.before.pop(uri, None)
        self.engine.rows.pop(uri, None)
        self._lazy.pop(id(page), None)


def report(doing: str, page: Page, error: Exception) -> None:
    """As stock says it."""
    from mkdocs.exceptions import BuildError

    more = "" if isinstance(error, BuildError) else f" {error}"
    logging.getLogger("mkdocs.commands.build").error(f"Error {doing} page '{page.file.src_uri}':{more}")


class _Notes(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.notes: list[Note] = []
        self.on = False

    def emit(self, record: logging.LogRecord) -> None:
        if self.on:
            self.notes.append((record.name, record.levelno, record.getMessage()))
