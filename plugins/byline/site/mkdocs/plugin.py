"""The MkDocs plugin: reads settings and posts once, keeps private posts out, fills the templates, writes the rest.

All that the product knows is in generator-neutral modules; this file ties them to MkDocs' events and to the blog
plugin of Material, whose choices it asserts instead of trusting them.
"""

from __future__ import annotations

import logging
import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from mkdocs.config import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from byline import content, settings
from byline.content import Content
from byline.errors import Problem, ProblemsFound, UsageError
from byline.model import Post
from byline.settings import Settings
from byline.site import ahead, body, capture, fragments, places, policy, renditions, styles, targets
from byline.site.cache import Cache, base, instant
from byline.site.inputs import code
from byline.site.kept import Kept, digest
from byline.site.mkdocs import blog as material
from byline.site.mkdocs import sources, theme
from byline.site.mkdocs.compiled import Compiled
from byline.site.mkdocs.engine import Engine
from byline.site.mkdocs.outputs import Outputs
from byline.site.mkdocs.private import only_private
from byline.site.mkdocs.quick import Renderer, identified, quick
from byline.site.mkdocs.reading import reads
from byline.site.mkdocs.shown import Shown
from byline.site.second import Second
from byline.times import Clock, SystemClock, ticks
from byline.wording import words

log = logging.getLogger("mkdocs.byline")


class OwnKeys(Config):  # type: ignore[no-untyped-call]
    """MkDocs looks at none of our keys."""


class BylinePlugin(BasePlugin[OwnKeys]):  # type: ignore[no-untyped-call]
    """What `publish build` sets: the clock, the environment, and what it has read already.

    Plain `mkdocs build` has the machine's clock and environment, and reads for itself.
    """

    clock: Clock = SystemClock()
    environment: Mapping[str, str] = os.environ
    skip_bad: bool = False
    given: tuple[Settings, Content] | None = None
    engine: Engine | None = None
    cache: Cache | None = None
    begun: tuple[Mapping[str, ahead.Plan], Second | None] = {}, None  # what `ahead` knew and started
    plain: bool = False  # only what MkDocs and Material make, for comparing
    quick: bool = False
    folders: Sequence[str] = ()  # the company's own templates
    stages: dict[str, float]
    outputs: Outputs

    def load_config(self, options: Any, config_file_path: str | None = None) -> tuple[list[Any], list[Any]]:
        """Every key is Byline's own business: `settings.load` reads the same file with line numbers."""
        return [], []

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """`serve` shows drafts and future posts too, marked as such."""
        self.serving = command == "serve"

    def prepare(self, config: MkDocsConfig) -> None:
        """Before MkDocs' build begins: it will be a quick one, while `patched` holds."""
        assert self.cache is not None
        cache = self.cache
        self.quick = True
        self._compiled, self._renderer = Compiled(cache.kept.folder, cache.stamp), Renderer()
        own = [str(Path(folder)) for folder in config.theme.dirs if "-packages" not in folder]
        self.folders = [folder for folder in own if folder != str(theme.FOLDER)]
        if self.plain:
            return
        templates = {}
        for folder in self.folders:
            for path in sorted(Path(folder).rglob("*")):
                if path.is_file():
                    templates[str(path)] = path.read_bytes()
        self.engine = Engine(
            cache.kept,
            cache.written,
            cache.inputs,
            cache.base,
            cache.pages,
            digest(*(part for row in templates.items() for part in row)),
            reads(templates, lambda name: theme.shadowed(config.theme.dirs, own, name)),
        )
        self.engine.plugin, self.engine.docs = self, config.docs_dir

    @contextmanager
    def patched(self, config: MkDocsConfig) -> Iterator[None]:
        """MkDocs builds by way of the engine: for a build, and for a page of one that has ended."""
        with ExitStack() as stack:
            if self.quick and self.cache is not None:
                stack.enter_context(quick(self._compiled, self.cache.kept, self._renderer))
            if self.engine:
                stack.enter_context(self.engine.patched(config.site_dir))
            yield

    def look_up(self) -> None:
        """Stop here if something more urgent has come. Raises Overtaken."""
        if self.cache is not None:
            self.cache.look_up()

    def now(self) -> datetime:
        """The instant of this build, aware: SOURCE_DATE_EPOCH where it is set, so that a build can be repeated."""
        try:
            return instant(self.environment, self.clock.now())
        except UsageError as error:
            raise PluginError(f"{error}\n    fix: {error.hint}") from None

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Read everything; stop with every mistake at once."""
        self.look_up()
        self.stages = {}
        self._mark("start")
        if self.plain:
            self.posts: tuple[Post, ...] = ()
            return config
        try:
            self.settings, self.content = self.given or read(Path(config.config_file_path), self.environment)
        except ProblemsFound as error:
            raise PluginError(in_words(error.problems)) from None
        errors = stopping(self.content)
        if errors and not self.skip_bad:
            raise PluginError(in_words(errors))
        moment = self.now()
        public = content.public(self.content, moment)
        posts = self._early() if getattr(self, "serving", False) else public
        posts = tuple(post for post in posts if post.path not in self.content.bad)
        seen = frozenset(post.id for post in public)
        self.early = {post.id: _early_words(post) for post in posts if post.id not in seen}
        self.posts = posts
        self.by_source = {post.src_uri: post for post in posts}
        self.blog = material.prepare(config)
        theme.prepare(config, words(self.settings.language, self.settings.pages.words))
        stock = theme.stock(config)
        self.sheet = stock + styles.sheet(self.settings.brand)
        self.one_sheet = bool(stock)
        self.outputs = self._outputs(moment)
        self.outputs.look_up = self.look_up
        plans, self.outputs.begun = self.begun
        more = ahead.plans(
            [post for post in posts if post.id not in plans], self.settings, self.content.authors
        )
        self.outputs.plans = {**plans, **more}
        theme.allow_diagrams(config)
        self.anchors: dict[str, str] = {}
        self.bodies: dict[str, str] = {}
        self.lazy_bodies: dict[str, str] = {}  # post -> the name under which the cache has its HTML
        self.known_minutes: dict[str, int] = {}
        self.with_diagrams: set[str] = set()
        self._mark("settings and posts")
        return config

    def _outputs(self, moment: datetime) -> Outputs:
        """Plain `mkdocs build` keeps the pictures and feeds too; what it writes is MkDocs' business."""
        if self.cache is None:
            stamp = code()
            kept = Kept(self.settings.state / "cache", stamp)
            return Outputs(self.settings, moment, kept, None, base(self.settings, self.environment, stamp))
        written = self.cache.written if self.engine else None
        return Outputs(self.settings, moment, self.cache.kept, written, self.cache.base)

    def _mark(self, stage: str) -> None:
        self.stages[stage] = ticks()

    def _early(self) -> tuple[Post, ...]:
        return tuple(sorted(self.content.posts, key=lambda post: (post.published, post.id), reverse=True))

    def body(self, post: Post) -> str:
        """The HTML of a post, without its headline."""
        found = self.bodies.get(post.id)
        if found is None and post.id in self.lazy_bodies and self.engine:
            found = self.bodies[post.id] = self.engine.body(self.lazy_bodies[post.id])
        return found or ""

    def minutes(self, post: Post) -> int:
        """How long reading the post takes."""
        if post.id not in self.known_minutes:
            self.known_minutes[post.id] = fragments.minutes(self.body(post))
        return self.known_minutes[post.id]

    def _sha(self, path: str) -> str:
        return self.cache.inputs.sha(path) if self.cache else ""

    def fact(self, post: Post) -> str:
        """The name of all that pages may show of the post, but its text."""
        return self.shown.fact(post)

    def name(self, post: Post) -> str:
        """The name of everything about the post that a feed or another output may carry, its HTML too."""
        row = self.engine.rows.get(post.src_uri) if self.engine else None
        return digest(
            self.fact(post),
            self.minutes(post),
            row["own"] if row and "own" in row else self.body(post),
        )

    def _on_files_first(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Before the blog plugin: private posts and their pictures go, our own pages and files come."""
        self.look_up()
        if self.plain:
            return files
        folder = material.posts_folder(self.blog)
        pages = {file.src_uri: file for file in files.documentation_pages()}
        hidden = {
            uri: _text(file)
            for uri, file in pages.items()
            if uri.startswith(folder + "/") and uri not in self.by_source
        }
        private: frozenset[str] = frozenset()
        if hidden:
            shown = {uri: _text(file) for uri, file in pages.items() if uri not in hidden}
            media = [
                file.src_uri for file in files if not file.is_documentation_page() and _own(file, config)
            ]
            private = only_private(media, hidden, shown, folder)
        for uri in (*hidden, *sorted(private)):
            gone = files.get_file_from_path(uri)
            if gone is not None:
                files.remove(gone)
        theme.add_assets(files, config, self.sheet, self.settings.brand)
        self._add_page(files, config, f"{places.THANKS}index.md", theme.thanks(self.settings))
        for author, listing in places.writers(self.posts, self.content.authors):
            text = f"---\ntemplate: byline-author.html\nsearch:\n  exclude: true\n---\n# {author.id}\n"
            self._add_page(files, config, f"{listing.url}index.md", text)
        return files

    def _add_page(self, files: Files, config: MkDocsConfig, uri: str, text: str) -> None:
        if files.get_file_from_path(uri) is None:
            files.append(File.generated(config, uri, content=text, inclusion=InclusionLevel.NOT_IN_NAV))

    @event_priority(-60)
    def _on_files_last(self, files: Files, *, config: MkDocsConfig) -> Files:
        """After the blog plugin: it must have chosen the addresses that we computed."""
        if self.plain:
            return files
        material.assert_addresses(self.blog, files, self.posts)
        if self.engine:
            identified(self.blog)
        self.files = files
        self.whereabouts = sources.Whereabouts(files)
        self.outputs.own_pictures = {
            posixpath.normpath(file.dest_uri): (Path(file.abs_src_path), self._sha(file.abs_src_path))
            for file in files.media_files()
            if file.abs_src_path and _own(file, config) and file.dest_uri.lower().endswith(renditions.RASTER)
        }
        return files

    on_files = CombinedEvent(_on_files_first, _on_files_last)

    @event_priority(-60)
    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        """The menu is made of the pages that the company listed."""
        self.nav = nav
        self._privacy: str | None = None
        if self.plain and self.quick:
            identified(material.found(config))
        return nav

    def beside(self) -> tuple[str]:
        """What else goes into a page's text: the address of the privacy notice."""
        if self._privacy is None:
            self._privacy = theme.privacy(self.nav)
        return (self._privacy,)

    @event_priority(-60)
    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """A post's own headline goes (the template shows it); the mark of the lead form becomes the form."""
        if self.plain:
            return html
        # What is read here besides the page, the settings and files found by `files`: `beside`. What is left behind
        # here: notes in the log, `outputs.need`, `anchors`, `bodies`, `with_diagrams`. The engine restores those.
        uri = page.file.src_uri
        post = self.by_source.get(uri)
        marked = capture.MARK in html
        done = body.finish(
            html.replace(capture.MARK, capture.PLACE),
            self.whereabouts.source(page.file, files),
            trusted=self.settings.pages.raw_html,
            words=words(self.settings.language, self.settings.pages.words),
            first_is_late=bool(post and post.image),
        )
        for note in done.notes:
            log.warning("%s: %s", f"{self.settings.docs.name}/{uri}", note)
        for rendition in done.renditions:
            self.outputs.need(rendition)
        html = done.html
        if post is not None:
            html, self.anchors[uri] = fragments.without_title(html)
            self.bodies[post.id] = html
        if theme.DIAGRAM in html:
            self.with_diagrams.add(uri)
            self.outputs.diagrams = True
        if marked:
            (privacy,) = self.beside()
            html = capture.placed(
                html,
                self.settings,
                page=page.url,
                post=post,
                privacy=theme.relative(privacy, page.url) if privacy else "",
            )
        return html

    def on_env(self, env: Any, *, config: MkDocsConfig, files: Files) -> Any:
        """Every page is rendered to HTML: now the templates can be told about all of them."""
        if self.plain:
            return env
        self._mark("Markdown")
        self.env, self.config_used = env, config
        self.shown = Shown(
            settings=self.settings,
            content=self.content,
            posts=self.posts,
            minutes=self.minutes,
            early=self.early,
            files=files,
            nav=self.nav,
            blog=self.blog,
            config=config,
            sheet=styles.name(self.sheet),
            one_sheet=self.one_sheet,
            program=theme.program(config),
            outputs=self.outputs,
        )
        env.globals["byline"] = self.shown.common
        material.skip_excerpts(self.blog)
        material.found_once(self.blog)
        return env

    @event_priority(-110)
    def on_page_context(self, context: Any, *, page: Page, config: MkDocsConfig, nav: Navigation) -> Any:
        """What this page's template shows, after the blog plugin has chosen the posts of a list."""
        if self.plain:
            return context
        context["here"] = self.shown.of(page, context.get("posts") or [], self.anchors)
        context["here"]["diagrams"] = page.file.src_uri in self.with_diagrams
        return context

    @event_priority(-110)
    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Last of all, what the finished page may load and run."""
        if self.plain:
            return output
        return self._with_policy(output, page.content or "", page.file.src_uri in self.with_diagrams)

    def on_post_template(self, output_content: str, *, template_name: str, config: MkDocsConfig) -> str:
        """The same for pages that are no documents."""
        return output_content if self.plain else self._with_policy(output_content, "", False)

    def _with_policy(self, output: str, text: str, diagrams: bool) -> str:
        return policy.insert(
            theme.mend(output),
            body=text,
            forms=targets.addresses(self.settings),
            trusted=self.settings.pages.raw_html,
            diagrams=diagrams,
        )

    def on_template_context(self, context: Any, *, template_name: str, config: MkDocsConfig) -> Any:
        """Pages that are no documents, such as 404.html."""
        if self.plain:
            return context
        context["here"] = self.shown.template(template_name)
        return context

    @event_priority(-100)
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Feeds, manifest, cards, former addresses, the map of the site."""
        if self.plain:
            return
        self._mark("pages")
        pages = [
            page
            for page in (file.page for file in self.files.documentation_pages())
            if page is not None and page.file.inclusion != InclusionLevel.EXCLUDED
        ]
        written = self.outputs.write(Path(config.site_dir), self.shown, self, [page.url for page in pages])
        if self.cache is None:
            self.outputs.kept.save(whole=False)
            self.outputs.kept.close()
        self._mark("pictures and feeds")
        log.info("Byline: %s posts, %s files besides the pages", len(self.posts), written)


def read(file: Path, environment: Mapping[str, str]) -> tuple[Settings, Content]:
    """The settings and the content; raises SettingsError."""
    loaded = settings.load(file, environment)
    return loaded, content.read(loaded)


def stopping(found: Content) -> list[Problem]:
    """The errors that stop a build: all but those under `share`, which are for `send`."""
    return [
        problem
        for problem in found.problems
        if problem.severity == "error" and problem.key != "share" and not problem.key.startswith("share.")
    ]


def in_words(problems: Sequence[Problem]) -> str:
    """Every problem in the words of `publish check`."""
    rows = []
    for problem in sorted(problems, key=lambda item: (item.file, item.line, item.key)):
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        rows.append(
            f"{place}: {problem.severity}: {problem.message}\n    fix: {problem.fix}  ({problem.code})"
        )
    return "\n".join(rows)


def _early_words(post: Post) -> str:
    return "draft" if post.draft else f"from {post.published:%Y-%m-%d %H:%M}"


def _own(file: File, config: MkDocsConfig) -> bool:
    return file.src_dir == config.docs_dir


def _text(file: File) -> str:
    try:
        return file.content_string
    except (OSError, UnicodeDecodeError):
        return Path(file.abs_src_path or "").read_bytes().decode("utf-8", "replace")
