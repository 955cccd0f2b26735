"""What we rely on in Material's blog plugin, in one place, each reliance guarded.

Its structures are private and its life ends in 2027: whatever is missing here is said in words, never a traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files

from byline import links
from byline.model import Post
from byline.site import places


def prepare(config: MkDocsConfig) -> Any:
    """The blog plugin of the site, made to agree with us: addresses, drafts and authors are ours to decide."""
    blog = found(config)
    options = blog.config
    options.post_slugify = options.categories_slugify = _slugify
    options.draft = True  # private posts are out already, by the site's own clock; nothing else may go
    options.authors = options.authors_profiles = False  # their pages are made here, with biography and links
    options.post_excerpt = "optional"
    options.post_readtime = False
    return blog


def found(config: MkDocsConfig) -> Any:
    """The blog plugin of the site."""
    from material.plugins.blog.plugin import BlogPlugin

    there = [plugin for plugin in config.plugins.values() if isinstance(plugin, BlogPlugin)]
    if len(there) != 1:
        raise PluginError(
            f"{config.config_file_path}: {len(there)} blog plugins stand under `plugins`; one is expected\n"
            "    fix: add `- blog: {blog_dir: ., post_dir: posts, post_url_format: posts/{slug}}` before `- byline:`"
        )
    return there[0]


def posts_folder(blog: Any) -> str:
    """The folder of the posts, relative to docs_dir."""
    folder = str(blog.config.post_dir).format(blog=blog.config.blog_dir)
    return folder.removeprefix("./").strip("/")


def assert_addresses(blog: Any, files: Files, posts: Sequence[Post]) -> None:
    """Every post and category is where we said it is; else networks and feeds would point nowhere."""
    wrong = []
    for post in posts:
        file = files.get_file_from_path(post.src_uri)
        chosen = unquote(file.url) if file is not None else "nothing"
        if chosen != unquote(post.url):
            wrong.append(f"{post.path}: the page would be at `{chosen}`, but `{post.url}` was announced")
    for view in views(blog, "Category"):
        if unquote(view.file.url) != places.category_url(view.name):
            wrong.append(
                f"category {view.name}: the page would be at `{unquote(view.file.url)}`, "
                f"but `{places.category_url(view.name)}` was announced"
            )
    if wrong:
        raise PluginError(
            "\n".join(wrong) + "\n    fix: give the blog plugin `blog_dir: .`, `post_dir: posts`, "
            '`post_url_format: "posts/{slug}"` and leave its other URL settings alone'
        )


def views(blog: Any, kind: str) -> list[Any]:
    """The blog's own pages of that kind: Category, Archive."""
    return [view for view in getattr(blog.blog, "views", []) if type(view).__name__ == kind]


def is_post(page: Any) -> bool:
    """Is it one of the blog plugin's posts?"""
    return type(page).__name__ == "Post"


def number(page: Any) -> int:
    """Which page of a list this is, from 1."""
    pages = getattr(page, "pages", None) or [page]
    return pages.index(page) + 1 if page in pages else 1


def original(page: Any) -> Any:
    """The first page of the list."""
    pages = getattr(page, "pages", None) or [page]
    return pages[0]


def found_once(blog: Any) -> None:
    """The search finds a list by its first page; those that continue it have the same title and nothing more to say."""
    for view in (blog.blog, *getattr(blog.blog, "views", [])):
        for page in (getattr(view, "pages", None) or [])[1:]:
            page.meta = {**page.meta, "search": {"exclude": True}}


def skip_excerpts(blog: Any) -> None:
    """Our lists show descriptions, so no post need be converted again for each list it stands in."""
    if callable(getattr(blog, "_render_post", None)):
        blog._render_post = lambda excerpt, _view: excerpt


def _slugify(text: str, _separator: str) -> str:
    return links.slug(text)
