"""Pages from the cache: a page is made again only when something that went into it has changed.

MkDocs' own build runs as it is; only the functions by which it fills one page with HTML, renders it and writes it are
replaced, for one build. All events of all plugins still run for every page, but for those that a page's own text alone
decides. Two names decide whether a page is kept:

- its *own* name: the post's bytes, its address, and every file it asked for by a link, with the answer;
- the *page's* name: its own, everything that its templates can see, and the whole site's part of that.

While nothing of what pages show of one another has changed (`world`), the own name is enough.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import TableOfContents

from byline.site import halves
from byline.site.inputs import Inputs, mark
from byline.site.kept import Kept, digest
from byline.site.mkdocs import blog as material
from byline.site.mkdocs import naming
from byline.site.mkdocs.front import Front
from byline.site.mkdocs.quick import replaced
from byline.site.mkdocs.reading import Reads
from byline.site.mkdocs.sources import Asking
from byline.site.renditions import Rendition
from byline.site.written import Broken, Nowhere, Written

if TYPE_CHECKING:
    from byline.site.mkdocs.plugin import BylinePlugin

_MANY = 40  # pages for which a second process pays
_SOME = 6  # pages that must have been rendered before it is expected that others must, too


class Engine:
    """One build's keeping of pages. `base` names settings, environment and code; `facts` is what the last build left."""

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
        self.front = Front(known.get("front"), lambda uri: self.inputs.sha(f"{self.docs}/{uri}"))
        self.world = ""
        self.rendered: set[str] = set()
        self.fragments: list[str] = []
        self.plugin: BylinePlugin
        self.docs = ""
        self.around_before: str = known.get("around") or ""
        self._around = self._about = self._frame = ""
        self._half: halves.Half | None = None
        self._given: dict[str, dict[str, Any]] = {}  # pages that the other process has rendered in this build
        self._filling = self._rendering = False
        self._lazy: dict[int, str] = {}
        self._texts: dict[str, bytes] = {}
        self._notes: list[tuple[str, int, str]] | None = None
        self._indexing = True

    def facts(self) -> dict[str, Any]:
        """What the next build wants to know, as plain values."""
        return {"world": self.world, "around": self._around, "pages": self.rows, "front": self.front.fresh}

    @contextmanager
    def patched(self, site_dir: str) -> Iterator[None]:
        """MkDocs fills, renders and writes pages by way of this engine, for one build."""
        import mkdocs.commands.build as build
        from material.plugins.blog.structure import Post
        from material.plugins.search.plugin import SearchIndex
        from mkdocs import utils

        self._stock_populate, self._stock_build = build._populate_page, build._build_page
        self._stock_write, self._stock_copy = utils.write_file, File.copy_file
        self._stock_index, self._stock_clean = SearchIndex.add_entry_from_context, utils.clean_directory
        engine = self
        heard = _Notes(self)
        logger = logging.getLogger("mkdocs")
        with ExitStack() as stack:
            enter = stack.enter_context
            logger.addHandler(heard)
            stack.callback(logger.removeHandler, heard)
            enter(replaced(Post, "__init__", self.front.reading(Post.__init__)))
            enter(replaced(build, "_populate_page", self._populate))
            enter(replaced(build, "_build_page", self._build))
            # Stock writes a map of the site that ours then replaces.
            enter(replaced(build, "_build_theme_template", _without_map(build._build_theme_template)))
            # Stock empties the folder; `Written` leaves in it what an empty one would have got.
            enter(
                replaced(
                    utils,
                    "clean_directory",
                    lambda folder: None if folder == site_dir else self._stock_clean(folder),
                )
            )
            enter(replaced(utils, "write_file", self._write))
            enter(replaced(File, "copy_file", lambda file, dirty=False: engine._copy(file, dirty)))
            enter(
                replaced(
                    SearchIndex, "add_entry_from_context", lambda index, page: engine._index(index, page)
                )
            )
            enter(replaced(SearchIndex, "generate_search_index", lambda index, prev: engine._search(index)))
            stack.callback(self._no_more_help)
            yield

    # The Markdown of a page -------------------------------------------------------------------------------------------

    def _populate(self, page: Page, config: Any, files: Files, dirty: bool = False) -> None:
        if not self._filling:
            self._filling = True
            self._share_filling(config, files)
        self._helped(page.file.src_uri)
        self._fill_anew(page, config, files, dirty)

    def _share_filling(self, config: Any, files: Files) -> None:
        """Where many pages are new, a second process fills some of them."""
        todo = {
            file.src_uri: file
            for file in files.documentation_pages()
            if (post := self.plugin.by_source.get(file.src_uri)) is not None
            and self.before.get(file.src_uri, {}).get("hash") != [self.base, post.hash]
        }
        if len(todo) < _MANY:
            return

        def work(uri: str) -> None:
            page = todo[uri].page
            assert page is not None
            self._fill_anew(page, config, files, False)

        self._share(list(todo), self._alone, work, lambda: self.rows)

    def _share(
        self,
        uris: list[str],
        prepare: Callable[[], None],
        work: Callable[[str], None],
        rows: Callable[[], Any],
    ) -> None:
        held: set[tuple[str, str]] = set()

        def begin() -> None:
            held.update(self.kept.apart())
            prepare()

        def done() -> Any:
            return rows(), {key: packed for key, packed in self.kept.fresh.items() if key not in held}

        self._half = halves.begin(uris, begin, work, done)

    def _alone(self) -> None:
        """In the child: nothing is said, since the parent says it."""
        self.rows = {}
        self._half = None
        for name in ("", "mkdocs"):
            logger = logging.getLogger(name)
            logger.handlers = [one for one in logger.handlers if isinstance(one, _Notes)]
        logging.getLogger("mkdocs").propagate = False

    def _helped(self, uri: str) -> None:
        """Before the first page that the child has done: take all that it made, as if it had been kept."""
        if self._half is None or self._half.mine(uri):
            return
        given = self._half.take()
        self._half = None
        if given is None:
            return
        rows, fresh = given
        self.kept.take(fresh)
        for key, row in rows.items():
            self.before[key] = self.before.get(key, {}) | row
            if "page" in row:
                self._given[key] = row
                if row.pop("new"):
                    self.rendered.add(key)
        for (kind, key), packed in fresh.items():
            if kind == "search":
                self._texts_of()[key] = self.kept.unpacked(*packed)

    def _no_more_help(self) -> None:
        if self._half is not None:
            self._half.leave()
            self._half = None

    def _fill_anew(self, page: Page, config: Any, files: Files, dirty: bool) -> None:
        post = self.plugin.by_source.get(page.file.src_uri)
        if post is None:
            self._populate_other(page, config, files)
            return
        uri = page.file.src_uri
        source = digest(self.base, uri, page.file.url, page.edit_url, post.hash, list(self.plugin.beside()))
        row = self._known(uri, source, files)
        if row is not None:
            self._recall(page, config, files, post.id, row)
            return
        asking = self._begin(files)
        before = page.markdown
        try:
            self._stock_populate(page, config, asking, dirty)
        finally:
            notes, self._notes = self._notes or [], None
        if page.markdown != before:
            return  # a plugin put something of other pages into it
        row = self._row(page, source, asking, files, notes)
        row |= {"anchor": self.plugin.anchors[uri], "minutes": self.plugin.minutes(post)}
        row["hash"] = [self.base, post.hash]
        body = self.plugin.bodies[post.id]
        content = [page.content, naming.headings(page.toc), None if body == page.content else body]
        self.kept.put_value("content", row["own"], content)

    def _populate_other(self, page: Page, config: Any, files: Files) -> None:
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
                self.base,
                uri,
                page.file.url,
                page.edit_url,
                page.markdown or "",
                naming.as_text(page.meta),
                list(self.plugin.beside()),
            )
            row = self._known(uri, source, files)
            if row is not None:
                self._restore(page, files, row)
                self._lazy[id(page)] = row["own"]
                self._fill(page)
                return
            asking = self._begin(files)
            try:
                page.render(config, asking)
                page.content = config.plugins.on_page_content(
                    page.content, page=page, config=config, files=asking
                )
            finally:
                notes, self._notes = self._notes or [], None
            row = self._row(page, source, asking, files, notes)
            self.kept.put_value("content", row["own"], [page.content, naming.headings(page.toc), None])
        except Exception as error:
            _report("reading", page, error, "mkdocs.commands.build")
            raise
        finally:
            config._current_page = None

    def _known(self, uri: str, source: str, files: Files) -> dict[str, Any] | None:
        row = self.before.get(uri)
        if (
            row is None
            or row.get("source") != source
            or self._answers(files, *row["asked"]) != row["answers"]
        ):
            return None
        return dict(row)

    def _begin(self, files: Files) -> Asking:
        self.plugin.outputs.needed.clear()
        self._notes = []
        return Asking(files)

    def _row(
        self, page: Page, source: str, asking: Asking, files: Files, notes: list[tuple[str, int, str]]
    ) -> dict[str, Any]:
        """What is to be known of a page that has just been filled, kept for the next build."""
        uri = page.file.src_uri
        asked = [sorted(asking.asked), sorted(asking.by_url), sorted(asking.by_uri)]
        answers = self._answers(files, *asked)
        needed = self.plugin.outputs.needed
        row = self.rows[uri] = {
            "source": source,
            "own": digest(source, asked, answers),
            "asked": asked,
            "answers": answers,
            "needed": [[one.url, os.path.relpath(one.source, self.docs), one.width] for one in needed],
            "diagrams": uri in self.plugin.with_diagrams,
            "notes": notes,
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
        for answer in (one for some in self.plugin.whereabouts.answers(by_url, by_uri) for one in some):
            found.append(answer and [answer[0], self._holds(str(answer[1]))])
        return found

    def _holds(self, path: str) -> str:
        """The hash of a file of the content that is no page; the others' bytes show on no other page."""
        return "" if path.endswith((".md", ".markdown")) else self.inputs.sha(path)

    def _recall(self, page: Page, config: Any, files: Files, post_id: str, row: dict[str, Any]) -> None:
        """The page as it was filled before; its text is fetched only when somebody wants it."""
        uri = page.file.src_uri
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
        self.plugin.anchors[uri] = row["anchor"]
        self.plugin.known_minutes[post_id] = row["minutes"]
        self.plugin.lazy_bodies[post_id] = row["own"]
        self._lazy[id(page)] = row["own"]

    def _restore(self, page: Page, files: Files, row: dict[str, Any]) -> None:
        """All that filling the page left behind, but its HTML."""
        uri = page.file.src_uri
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
            source = Path(os.path.normpath(f"{self.docs}/{path}"))
            self.plugin.outputs.need(Rendition(url, source, width))
        if row["diagrams"]:
            self.plugin.with_diagrams.add(uri)
            self.plugin.outputs.diagrams = True
        self.kept.still("content", [row["own"]])
        for key in ("page", "search", "shown", "near"):
            row.pop(key, None)
        self.rows[uri] = row

    def body(self, own: str) -> str:
        """The HTML of a post that was not filled in this build."""
        content, _, body = self._content(own)
        return str(content if body is None else body)

    def _content(self, own: str) -> list[Any]:
        found = self.kept.value("content", own)
        if found is None:
            raise Broken("the cache lost a page")
        return list(found)

    def _fill(self, page: Page) -> None:
        """The page has its HTML, also where it was not needed until now."""
        own = self._lazy.pop(id(page), None)
        if own is not None:
            page.content, toc, _ = self._content(own)
            page.toc = TableOfContents([naming.heading(item) for item in toc])

    def note(self, record: logging.LogRecord) -> None:
        """Remember what was said about the page that is being filled: it is said again when the page is kept."""
        if self._notes is not None:
            self._notes.append((record.name, record.levelno, record.getMessage()))

    # Its template -----------------------------------------------------------------------------------------------------

    def _build(
        self,
        page: Page,
        config: Any,
        doc_files: Any,
        nav: Any,
        env: Any,
        dirty: bool = False,
        excluded: bool = False,
    ) -> None:
        name = self.written.name(page.file.abs_dest_path)
        if excluded or name is None:
            self._fill(page)
            self._stock_build(page, config, doc_files, nav, env, dirty, excluded)
            return
        uri = page.file.src_uri
        row = self.rows.get(uri)
        if not self._around:
            self._no_more_help()
            self._look_around(config, doc_files, nav)
        if row is None:
            row = self.rows[uri] = {}
        # A list, and any page into which a plugin put something later, is known by what it holds now.
        lazy = id(page) in self._lazy or (uri in self.plugin.by_source and "own" in row)
        row["shown"] = (
            row["own"]
            if lazy
            else digest(
                page.content or "", naming.as_text(naming.headings(page.toc)), naming.as_text(page.meta)
            )
        )
        if not self._rendering and len(self.rendered) >= _SOME and self.kept.sampled:
            self._rendering = True
            self._share_rendering(page, config, doc_files, nav, env)
        self._helped(uri)
        row["near"] = self._near(page)
        old = self._given.get(uri) or self.before.get(uri)
        if old and not (
            uri in self._given
            or self.world == self.world_before
            or (row["near"] and row["near"] == old.get("near"))
        ):
            old = None
        if old and old.get("shown") == row["shown"] and self._place(name, old.get("page", "")):
            row["page"], row["search"] = old["page"], old["search"]
            if old["search"]:
                self.fragments.append(self._fragment(old["search"]))
            return
        self._render(page, config, doc_files, nav, env, name, row)

    def _look_around(self, config: Any, doc_files: Any, nav: Any) -> None:
        """Name what all pages show, and what they may show of one another."""
        from mkdocs.utils import get_build_datetime

        pages = [file.page for file in doc_files]
        seen = [naming.seen(page) for page in pages]
        whole: list[Any] = []
        if self.reads.others:
            whole = [[self.plugin.shown.world(), seen], [self._all_of(page) for page in pages]]
        if self.reads.hour:
            whole.append(str(get_build_datetime()))
        beside = naming.as_text(naming.menu(nav))
        common = self.plugin.shown.common
        self._around = digest(self.base, self.templates, naming.as_text(common), beside, whole)
        # What is new and how much there is of what stands on the first page alone, unless the company's own say more.
        if not self.reads.lists:
            common = {key: value for key, value in common.items() if key != "latest"}
            for key in ("topics", "writers"):
                common[key] = [{**one, "count": 0} for one in common[key]]
        self._frame = digest(self.base, self.templates, naming.as_text(common), beside, whole)
        self.world = digest(self._around, self.plugin.shown.world(), naming.as_text(seen))
        if self.reads.others and self._around != self.around_before:
            for page in pages:  # their templates see all of them, as in a build from nothing
                self._fill(page)
        posts = self.plugin.by_source
        tags: list[Any] = []
        if "material/tags" in config.plugins:
            tags = [[page.meta.get("tags") for page in pages]]
            tags += [naming.seen(page) for page in pages if page.file.src_uri not in posts]
        self._about = digest(self._frame, self.plugin.shown.people(), naming.as_text(tags))

    def _all_of(self, page: Page) -> list[str]:
        row = self.rows.get(page.file.src_uri)
        text = (
            row["own"]
            if row and "own" in row
            else digest(page.content or "", naming.as_text(naming.headings(page.toc)))
        )
        return [text, naming.as_text(page.meta)]

    def _framed(self, page: Page) -> bool:
        """Is it one of the pages that show neither what is new nor how much there is? So our templates have it."""
        first = material.original(page)
        kinds = ("Category", "Archive", "Post")
        return type(first).__name__ in kinds or (first is self.plugin.blog.blog and page is not first)

    def _near(self, page: Page) -> str:
        """The name of all that a post's page shows besides its own text; empty for any other page."""
        post = self.plugin.by_source.get(page.file.src_uri)
        links: Any = getattr(page, "config", None)
        if post is None or links is None or links.links is not None:
            return ""
        beside = [
            [str(one.title), getattr(one, "url", None)] if one is not None else None
            for one in naming.beside(page)
        ]
        return digest(self._about, self.plugin.shown.near(post), beside)

    def _share_rendering(self, page: Page, config: Any, doc_files: Any, nav: Any, env: Any) -> None:
        """Where many pages are left, a second process renders some of them."""
        uris = [file.src_uri for file in doc_files]
        todo = dict(zip(uris, doc_files, strict=True))
        rest = uris[uris.index(page.file.src_uri) + 1 :]
        if (
            len(rest) < _MANY or self.reads.others
        ):  # what such a page shows of others depends on the order, too
            return

        def work(uri: str) -> None:
            self._build(todo[uri].page, config, doc_files, nav, env)

        def rows() -> Any:
            return {
                uri: {key: row[key] for key in ("shown", "page", "search")} | {"new": uri in self.rendered}
                for uri, row in self.rows.items()
                if "page" in row
            }

        self._share(rest, self._alone_rendering, work, rows)

    def _alone_rendering(self) -> None:
        rows = self.rows
        self._alone()
        self.rendered = set()
        self.rows = {
            uri: {key: value for key, value in row.items() if key != "page"} for uri, row in rows.items()
        }
        self.written = Nowhere(self.written)

    def _place(self, name: str, page: str) -> bool:
        """The finished page is in its place, or comes there from the cache."""
        if not page:
            return False
        if self.written.claim(name, f"p:{page}"):
            self.kept.still("page", [page])
            return True
        data = self.kept.get("page", page)
        if data is None:
            return False
        self.written.put(name, data, f"p:{page}")
        return True

    def _render(
        self, page: Page, config: Any, doc_files: Any, nav: Any, env: Any, name: str, row: dict[str, Any]
    ) -> None:
        from mkdocs.commands.build import get_context

        config._current_page = page
        try:
            page.active = True
            row["search"] = ""
            self._current = row
            context: Any = get_context(nav, doc_files, config, page)
            template = env.get_template(page.meta.get("template", "main.html"))
            context = config.plugins.on_page_context(context, page=page, config=config, nav=nav)
            try:
                around = self._frame if self._framed(page) else self._around
                key = digest(
                    around,
                    row["shown"],
                    naming.as_text(naming.own(page)),
                    naming.as_text(naming.brought(page, context)),
                )
            except naming.Unnameable:
                key = ""
            row["page"] = key
            if key and self._place(name, key):
                return
            if id(page) in self._lazy:
                self._fill(page)
                self._indexing = (
                    False  # it is in the index already; what the search does to the text must be done
                )
                try:
                    context = config.plugins.on_page_context(
                        get_context(nav, doc_files, config, page), page=page, config=config, nav=nav
                    )
                finally:
                    self._indexing = True
            output = config.plugins.on_post_page(template.render(context), page=page, config=config)
            self.rendered.add(page.file.src_uri)
            if not output.strip():
                logging.getLogger("mkdocs.commands.build").info(
                    f"Page skipped: '{page.file.src_uri}'. Generated empty output."
                )
                row["page"] = ""
                return
            data = output.encode("utf-8", errors="xmlcharrefreplace")
            if key:
                self.kept.put("page", key, data, page=True)
            self.written.put(name, data, f"p:{key}" if key else "")
        except Exception as error:
            _report("building", page, error, "mkdocs.commands.build")
            raise
        finally:
            page.active = False
            config._current_page = None

    def again(self, page: Page, config: Any, files: Files, nav: Any, env: Any) -> None:
        """Fill and render one page of a build that has ended, from its new text."""
        uri = page.file.src_uri
        self.before.pop(uri, None)
        self.rows.pop(uri, None)
        self._lazy.pop(id(page), None)
        self._fill_anew(page, config, files, False)
        self._build(page, config, files.documentation_pages(), nav, env)

    # The search -------------------------------------------------------------------------------------------------------

    def _index(self, index: Any, page: Page) -> None:
        """As the search plugin's, but an entry is made once and kept as the JSON that it becomes."""
        if not self._indexing:
            return
        meta = page.meta
        key = digest(
            self._current["shown"],
            page.url,
            str(page.title),
            naming.as_text([meta.get("title"), meta.get("tags"), meta.get("search")]),
        )
        self._current["search"] = key
        text = self._texts_of().get(key)
        if text is not None:
            self.kept.still("search", [key])
            self.fragments.append(text.decode())
            return
        lazy = self._lazy.get(id(page))
        self._fill(page)
        before = len(index.entries)
        self._stock_index(index, page)
        made = index.entries[before:]
        del index.entries[before:]
        fragment = ",".join(json.dumps(entry, separators=(",", ":"), default=str) for entry in made)
        self.kept.put("search", key, fragment.encode())
        self.fragments.append(fragment)
        if lazy:
            self._lazy[id(page)] = lazy  # the text as it was filled, for the template

    def _texts_of(self) -> dict[str, bytes]:
        if not self._texts:
            self._texts = self.kept.all("search")
        return self._texts

    def _fragment(self, key: str) -> str:
        found = self._texts_of().get(key)
        if found is None:
            raise Broken("the cache lost a part of the search")
        self.kept.still("search", [key])
        return found.decode()

    def _search(self, index: Any) -> str:
        """As the search plugin's: the same JSON, joined from what each page gave."""
        config = {key: index.config[key] for key in ("lang", "separator", "pipeline", "fields")}
        head = json.dumps({"config": config, "docs": []}, separators=(",", ":"), default=str)
        return f"{head[:-2]}{','.join(part for part in self.fragments if part)}]}}"

    # Files ------------------------------------------------------------------------------------------------------------

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


def _report(doing: str, page: Page, error: Exception, logger: str) -> None:
    """As stock says it."""
    from mkdocs.exceptions import BuildError

    more = "" if isinstance(error, BuildError) else f" {error}"
    logging.getLogger(logger).error(f"Error {doing} page '{page.file.src_uri}':{more}")


def _without_map(stock: Any) -> Any:
    def build(name: str, *rest: Any) -> None:
        if name != "sitemap.xml":
            stock(name, *rest)

    return build


class _Notes(logging.Handler):
    def __init__(self, engine: Engine) -> None:
        super().__init__(logging.DEBUG)
        self.engine = engine

    def emit(self, record: logging.LogRecord) -> None:
        self.engine.note(record)
