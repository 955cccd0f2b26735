"""The MkDocs plugin: reads settings and posts once, keeps private posts out, fills the templates, writes the rest.

All that the product knows is in generator-neutral modules; this file ties them to MkDocs' events and to the blog
plugin of Material, whose choices it asserts instead of trusting them.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
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
from byline.errors import Problem, ProblemsFound
from byline.model import Post
from byline.settings import Settings
from byline.site import body, capture, fragments, places, policy, renditions, styles
from byline.site.mkdocs import blog as material
from byline.site.mkdocs import sources, theme
from byline.site.mkdocs.outputs import Outputs
from byline.site.mkdocs.private import only_private
from byline.site.mkdocs.shown import Shown
from byline.times import Clock, SystemClock, ticks

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
    stages: dict[str, float]
    outputs: Outputs

    def load_config(self, options: Any, config_file_path: str | None = None) -> tuple[list[Any], list[Any]]:
        """Every key is Byline's own business: `settings.load` reads the same file with line numbers."""
        return [], []

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """`serve` shows drafts and future posts too, marked as such."""
        self.serving = command == "serve"

    def now(self) -> datetime:
        """The instant of this build, aware: SOURCE_DATE_EPOCH where it is set, so that a build can be repeated."""
        epoch = self.environment.get("SOURCE_DATE_EPOCH", "").strip()
        if not epoch:
            return self.clock.now()
        try:
            return datetime.fromtimestamp(int(epoch), UTC)
        except (ValueError, OverflowError, OSError):
            raise PluginError(
                f"SOURCE_DATE_EPOCH is `{epoch}`; whole seconds since 1970 are expected\n"
                "    fix: unset it, or give a number such as 1764000000"
            ) from None

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Read everything; stop with every mistake at once."""
        self.stages = {}
        self._mark("start")
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
        self.sheet = styles.sheet(self.settings.brand)
        theme.prepare(config)
        self.outputs = Outputs(self.settings, moment)
        theme.allow_diagrams(config)
        self.anchors: dict[str, str] = {}
        self.bodies: dict[str, str] = {}
        self._mark("settings and posts")
        return config

    def _mark(self, stage: str) -> None:
        self.stages[stage] = ticks()

    def _early(self) -> tuple[Post, ...]:
        return tuple(sorted(self.content.posts, key=lambda post: (post.published, post.id), reverse=True))

    def _on_files_first(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Before the blog plugin: private posts and their pictures go, our own pages and files come."""
        folder = material.posts_folder(self.blog)
        pages = {file.src_uri: file for file in files.documentation_pages()}
        hidden = {
            uri: _text(file)
            for uri, file in pages.items()
            if uri.startswith(folder + "/") and uri not in self.by_source
        }
        shown = {uri: _text(file) for uri, file in pages.items() if uri not in hidden}
        media = [file.src_uri for file in files if not file.is_documentation_page() and _own(file, config)]
        for uri in (*hidden, *sorted(only_private(media, hidden, shown, folder))):
            gone = files.get_file_from_path(uri)
            if gone is not None:
                files.remove(gone)
        theme.add_assets(files, config, self.sheet, self.settings.brand)
        self._add_page(files, config, f"{places.THANKS}index.md", theme.THANKS_PAGE)
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
        material.assert_addresses(self.blog, files, self.posts)
        self.files = files
        self.whereabouts = sources.Whereabouts(files)
        self.outputs.own_pictures = {
            file.dest_uri: Path(file.abs_src_path)
            for file in files.media_files()
            if file.abs_src_path and _own(file, config) and file.dest_uri.lower().endswith(renditions.RASTER)
        }
        return files

    on_files = CombinedEvent(_on_files_first, _on_files_last)

    @event_priority(-60)
    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:
        """The menu is made of the pages that the company listed."""
        self.nav = nav
        return nav

    @event_priority(-60)
    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """A post's own headline goes (the template shows it); the mark of the lead form becomes the form."""
        uri = page.file.src_uri
        post = self.by_source.get(uri)
        marked = capture.MARK in html
        done = body.finish(
            html.replace(capture.MARK, capture.PLACE),
            self.whereabouts.source(page.file),
            trusted=self.settings.pages.raw_html,
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
        if marked:
            privacy = theme.privacy(self.nav)
            form = capture.form(
                self.settings,
                page=page.url,
                post=post,
                privacy=theme.relative(privacy, page.url) if privacy else "",
                name="form",
            )
            html = html.replace(
                capture.PLACE, f"<section data-search-exclude>{form}</section>" if form else ""
            )
        return html

    def on_env(self, env: Any, *, config: MkDocsConfig, files: Files) -> Any:
        """Every page is rendered to HTML: now the templates can be told about all of them."""
        self._mark("Markdown")
        self.shown = Shown(
            settings=self.settings,
            content=self.content,
            posts=self.posts,
            bodies=self.bodies,
            early=self.early,
            files=files,
            nav=self.nav,
            blog=self.blog,
            config=config,
            sheet=styles.name(self.sheet),
            outputs=self.outputs,
        )
        env.globals["byline"] = self.shown.common
        material.skip_excerpts(self.blog)
        return env

    @event_priority(-110)
    def on_page_context(self, context: Any, *, page: Page, config: MkDocsConfig, nav: Navigation) -> Any:
        """What this page's template shows, after the blog plugin has chosen the posts of a list."""
        context["here"] = self.shown.page(page, context.get("posts") or [], self.anchors)
        context["here"]["diagrams"] = self._has_diagrams(page)
        return context

    def _has_diagrams(self, page: Page) -> bool:
        found = theme.DIAGRAM in (page.content or "")
        if found:
            self.outputs.diagrams = True
        return found

    @event_priority(-110)
    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Last of all, what the finished page may load and run."""
        return self._with_policy(output, page.content or "", self._has_diagrams(page))

    def on_post_template(self, output_content: str, *, template_name: str, config: MkDocsConfig) -> str:
        """The same for pages that are no documents."""
        return self._with_policy(output_content, "", False)

    def _with_policy(self, output: str, text: str, diagrams: bool) -> str:
        return policy.insert(
            theme.mend(output),
            body=text,
            forms=(self.settings.lead_form.url,),
            trusted=self.settings.pages.raw_html,
            diagrams=diagrams,
        )

    def on_template_context(self, context: Any, *, template_name: str, config: MkDocsConfig) -> Any:
        """Pages that are no documents, such as 404.html."""
        context["here"] = self.shown.template(template_name)
        return context

    @event_priority(-100)
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Feeds, manifest, cards, former addresses, the map of the site."""
        self._mark("pages")
        pages = [
            page
            for page in (file.page for file in self.files.documentation_pages())
            if page is not None and page.file.inclusion != InclusionLevel.EXCLUDED
        ]
        written = self.outputs.write(
            Path(config.site_dir), self.shown, self.bodies, [page.url for page in pages]
        )
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
