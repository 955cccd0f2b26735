"""What each page's template gets: the neutral values of `site.shown`, chosen by MkDocs' page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation

from byline.content import Content
from byline.model import Post
from byline.settings import Settings
from byline.site.mkdocs import blog as material
from byline.site.mkdocs import theme
from byline.site.mkdocs.outputs import Outputs
from byline.site.pages import Values
from byline.site.shown import Showing, facts, plain

__all__ = ["Shown", "facts"]


class Shown(Showing):
    """Made once all Markdown is HTML. `common` is what every page shows."""

    def __init__(
        self,
        *,
        settings: Settings,
        content: Content,
        posts: Sequence[Post],
        minutes: Callable[[Post], int],
        early: Mapping[str, str],
        files: Files,
        nav: Navigation,
        blog: Any,
        config: MkDocsConfig,
        sheet: str,
        one_sheet: bool,
        program: str,
        outputs: Outputs,
    ) -> None:
        def address(uri: str) -> str:
            file = files.get_file_from_path(uri)
            return file.url if file is not None else ""

        super().__init__(
            settings=settings,
            content=content,
            posts=posts,
            minutes=minutes,
            early=early,
            address=address,
            privacy=theme.privacy(nav),
            outputs=outputs,
        )
        self.blog = blog
        self.everywhere(
            home=blog.blog.file.url.removeprefix("./"),
            years=[(str(view.name), view.file.url) for view in material.views(blog, "Archive")],
            menu=theme.menu(nav),
            sheet=sheet,
            one_sheet=one_sheet,
            program=program,
            search=_has_search(config),
            favicon=theme.own_favicon(config),
        )

    def of(self, page: Any, posts: Sequence[Any], anchors: Mapping[str, str]) -> Values:
        """What the page shows. `posts` are those the blog plugin chose for a list."""
        uri, url = page.file.src_uri, page.url
        if uri in self.by_source:
            return self.post(self.by_source[uri], url, anchors.get(uri, ""))
        author = self.writer(url)
        if author is not None:
            return author
        first = material.original(page)
        number = material.number(page)
        kind = type(first).__name__
        if first is self.blog.blog or kind in ("Category", "Archive"):
            listed = [
                self.by_source[post.file.src_uri] for post in posts if post.file.src_uri in self.by_source
            ]
            count = len(first.posts)
            if kind == "Category":
                return self.topic(first.name, url, number, count, listed, first.content or "")
            if kind == "Archive":
                return self.year(str(first.name), url, number, count, listed)
            return self.home(url, number, count, listed)
        title = plain(page.meta.get("title") or page.title)
        return self.other(url, title, str(page.meta.get("description") or ""))


def _has_search(config: MkDocsConfig) -> bool:
    plugin: Any = config.plugins.get("material/search")
    return bool(plugin is not None and plugin.config.enabled)
