"""Build the whole site with Zensical: stage, run it, finish what it made, add what machines read."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, unquote

from byline.content import Content, public
from byline.errors import BylineError, ContentError, Stopped, UsageError
from byline.model import Post
from byline.settings import Settings
from byline.site import ahead, places, renditions, styles
from byline.site.cache import BuildResult, Cache, instant
from byline.site.kept import digest
from byline.site.mkdocs import theme
from byline.site.mkdocs.outputs import Outputs
from byline.site.mkdocs.plugin import stopping
from byline.site.pages import Values
from byline.site.shown import Showing, facts, plain_json
from byline.site.zensical import options, papers, stage
from byline.site.zensical import views as lists
from byline.site.zensical.finish import Finish, Page
from byline.wording import words

SHEET = Path(__file__).parent / "zensical.css"
_TAIL = 12  # lines of what Zensical said last


def command() -> list[str]:
    """How Zensical is started: the one of this Python, else the one on the PATH. Raises UsageError without one."""
    if importlib.util.find_spec("zensical") is not None:
        return [sys.executable, "-m", "zensical"]
    found = shutil.which("zensical")
    if found is None:
        raise UsageError("Zensical is not installed", hint="run `pip install zensical`, and build again")
    return [found]


def build(
    settings: Settings,
    content: Content,
    *,
    now: datetime,
    strict: bool = False,
    skip_bad: bool = False,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> BuildResult:
    """Write the site as it is at `now` (or at SOURCE_DATE_EPOCH of the environment) into the folder of the settings.

    Raises UsageError without Zensical, ContentError when a post cannot be used and `skip_bad` is off, Stopped for
    warnings when `strict`, BylineError when Zensical fails or makes other pages than were announced. Then the
    site's folder stays as it was.
    """
    errors = stopping(content)
    if errors and not skip_bad:
        raise ContentError(errors)
    run = [*command(), "build", "--clean", "--config-file", "mkdocs.yml", *(["--strict"] if strict else [])]
    environment = environment or {}
    cache = Cache(settings, environment)
    try:
        one = _Build(settings, content, instant(environment, now), cache)
        one.prepare()
        said = _run(run, one.folder, environment)
        warnings = one.finish()
        if strict and warnings:
            raise Stopped(
                "the site has warnings, which a strict build does not allow:\n" + "\n".join(warnings),
                hint="mend them, or build without `--strict`",
            )
        for text in warnings:
            if progress:
                progress(f"warning: {text}")
        for text in said:
            if progress:
                progress(text)
        files = one.hand_over()
        cache.forget()  # the next build with MkDocs begins anew with the folder
    finally:
        cache.close()
    return BuildResult(
        folder=settings.site,
        posts=len(one.posts),
        left_out=tuple(sorted(content.bad)) if skip_bad else (),
        warnings=tuple(warnings),
        rendered=len(one.made),
        written=files,
    )


class _Build:
    """One build in a folder of its own; also what the outputs ask for the texts of posts."""

    def __init__(self, settings: Settings, content: Content, now: datetime, cache: Cache) -> None:
        self.settings, self.content, self.now, self.cache = settings, content, now, cache
        found = (post for post in public(content, now) if post.path not in content.bad)
        self.posts = {post.src_uri: post for post in found}
        self.folder = settings.state / "zensical"
        self.site = self.folder / "site"
        self.outputs = Outputs(settings, now, cache.kept, None, cache.base)
        self.mark = f"by{secrets.token_hex(12)}"
        self.made: list[Page] = []

    def body(self, post: Post) -> str:
        return self.finishing.bodies[post.id]

    def fact(self, post: Post) -> str:
        return digest(plain_json(facts(post)))

    def name(self, post: Post) -> str:
        return digest(plain_json(facts(post)), self.finishing.minutes[post.id], self.body(post))

    def prepare(self) -> None:
        """The folder for Zensical."""
        settings = self.settings
        given = options.read(
            settings.file, "content", "templates", words(settings.language, settings.pages.words)
        )
        there = stage.public(settings, self.posts)
        sheet = styles.sheet(settings.brand) + SHEET.read_text(encoding="utf-8")
        added = self._added(there)
        stage.write(
            self.folder,
            settings,
            self.posts,
            there,
            added=added,
            own=given.own,
            sheet=sheet,
            mark=self.mark,
        )
        (self.folder / "mkdocs.yml").write_text(given.text, encoding="utf-8")
        self.files = there.files
        everything = {uri: papers.read(uri, text) for uri, text in added.items()} | dict(there.papers)
        privacy = papers.privacy(given.nav, there.papers)
        by_url = {_placed(uri): (_placed(uri), settings.docs / uri) for uri in there.files}
        self.finishing = Finish(settings, self.mark, by_url, privacy, search=given.search)
        self.finishing.by_uri |= {uri: (_placed(uri), settings.docs / uri) for uri in there.files}
        pages = {uri: paper.url for uri, paper in everything.items()} | {
            uri: post.url for uri, post in self.posts.items()
        }
        for uri, url in pages.items():
            by_url[unquote(url)] = self.finishing.by_uri[uri] = (unquote(url), settings.docs / uri)
        self.uris = {url: uri for uri, url in pages.items()}
        self._show(given, there, everything, sheet)

    def _added(self, there: stage.Public) -> dict[str, str]:
        """Our own pages, and what every site must have."""
        pages = {f"{places.THANKS}index.md": theme.thanks(self.settings)}
        for author, listing in places.writers(tuple(self.posts.values()), self.content.authors):
            pages[f"{listing.url}index.md"] = stage.AUTHOR.format(author.id)
        pages["index.md"] = f"# {self.settings.site_name}\n"
        taken = {paper.url for paper in there.papers.values()}
        return {uri: text for uri, text in pages.items() if papers.url(uri) not in taken}

    def _show(
        self,
        given: options.Options,
        there: stage.Public,
        everything: Mapping[str, papers.Paper],
        sheet: str,
    ) -> None:
        """The values of every page."""
        posts = tuple(self.posts.values())
        lists_ = lists.views(posts, given.blog, there.pinned)
        menu, titles = papers.menu(given.nav, there.papers)
        known = set(self.files)
        self.outputs.plans = ahead.plans(posts, self.settings, self.content.authors)
        self.shown = shown = Showing(
            settings=self.settings,
            content=self.content,
            posts=posts,
            minutes=self.finishing.minute,
            early={},
            address=lambda uri: _placed(uri) if uri in known else "",
            privacy=self.finishing.privacy,
            outputs=self.outputs,
        )
        shown.everywhere(
            home="",
            years=lists.years(lists_),
            menu=menu,
            sheet=styles.name(sheet),
            search=given.search,
            favicon=given.favicon,
        )
        pages: dict[str, Values] = {stage.ABSENT: shown.template("404.html") | {"canonical": ""}}
        for uri, paper in everything.items():
            title = str(paper.meta.get("title") or titles.get(uri) or paper.title)
            about = str(paper.meta.get("description") or "")
            pages[paper.url] = shown.writer(paper.url) or shown.other(paper.url, title, about)
        for post in posts:
            pages[post.url] = shown.post(post, post.url, self.finishing.anchor)
        written = {paper.url for paper in there.papers.values()}
        for view in lists_:
            rest = (view.url, view.number, view.count, view.posts)
            if view.kind == "topic":
                text = "." if view.url in written else ""  # the text itself stands in the page
                pages[view.url] = shown.topic(view.name, *rest, text)
            elif view.kind == "year":
                pages[view.url] = shown.year(view.name, *rest)
            else:
                pages[view.url] = shown.home(*rest)
        empty = {"canonical": "", "content": "", "feed": "", "label": "", "anchor": ""}
        self.expected = {url for url in pages if url != stage.ABSENT}
        self.needed = {post.url for post in posts} | {view.url for view in lists_}
        stage.values(
            self.folder,
            shown.common,
            {url: empty | values | {"diagrams": True} for url, values in pages.items()},
        )

    def finish(self) -> list[str]:
        """Clean and complete every page; the warnings."""
        found = {
            quote(path.relative_to(self.site).as_posix().removesuffix("index.html")): path
            for path in sorted(self.site.rglob("*.html"))
        }
        absent = found.pop("404.html", None)
        self._assert(set(found))
        for url, path in found.items():
            uri = self.uris.get(url, "")
            self.made.append(Page(file=path, url=url, uri=uri, post=self.posts.get(uri)))
        if absent is not None:
            self.made.append(Page(file=absent, url="404.html"))
        for page in self.made:
            self.finishing.clean(page)
        for page in self.made:
            self.finishing.complete(page)
        hidden = {places.THANKS, *(listing.url for _, listing in self.shown.site.writers)}
        self.finishing.index(self.site / "search.json", frozenset(hidden))
        for rendition in self.finishing.renditions:
            self.outputs.need(rendition)
        self.outputs.diagrams = self.finishing.diagrams
        self.outputs.own_pictures = {
            _placed(uri): (self.settings.docs / uri, "")
            for uri in self.files
            if uri.lower().endswith(renditions.RASTER)
        }
        self.urls = sorted(found)
        return self.finishing.notes

    def _assert(self, found: set[str]) -> None:
        """Every address is as it was announced; else networks and feeds would point nowhere."""
        rows = [f"`{url}` was announced, but Zensical made no such page" for url in self.needed - found]
        rows += [f"Zensical made `{url}`, of which nothing is known here" for url in found - self.expected]
        if rows:
            raise BylineError(
                "\n".join(sorted(rows)),
                hint="give the blog plugin `blog_dir: .`, `post_dir: posts`, "
                '`post_url_format: "posts/{slug}"` and leave its other URL settings alone, or build with MkDocs',
            )

    def hand_over(self) -> int:
        """Write what machines read, then put the finished folder in the place of the old one; the number of files."""
        count = self.outputs.write(self.site, self.shown, self, self.urls)
        self.cache.kept.save(whole=False)
        target = self.settings.site
        old = target.with_name(f"{target.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.rename(old)
        shutil.move(self.site, target)
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        return count + len(self.made)


def _placed(uri: str) -> str:
    """Where a file of docs_dir is on the site: the blog takes the folder of the posts away."""
    return uri.removeprefix("posts/")


def _run(run: list[str], folder: Path, environment: Mapping[str, str]) -> list[str]:
    """What Zensical said, in lines. Raises BylineError when it failed."""
    done = subprocess.run(
        run,
        cwd=folder,
        env={**os.environ, **environment, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if done.returncode:
        raise BylineError(
            "Zensical stopped:\n" + "\n".join(lines[-1:] if "Traceback" in done.stderr else lines[-_TAIL:]),
            hint="`publish build` without `--with` builds with MkDocs",
        )
    return [f"Zensical: {line}" for line in lines if "issue" in line.lower() and "No issues" not in line]
