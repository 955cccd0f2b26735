"""What each page's template gets: the neutral values of `site.pages`, chosen by MkDocs' page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.nav import Navigation

from byline.content import Content
from byline.model import Post
from byline.settings import Settings
from byline.site import capture, fragments, places
from byline.site.images import Cover
from byline.site.kept import digest
from byline.site.mkdocs import blog as material
from byline.site.mkdocs import theme
from byline.site.mkdocs.outputs import Outputs
from byline.site.pages import Entry, Site, Values


class Shown:
    """Made once all Markdown is HTML. `common` is what every page shows."""

    def __init__(
        self,
        *,
        settings: Settings,
        content: Content,
        posts: Sequence[Post],
        minutes: Callable[[Post], int],
        fact: Callable[[Post], str],
        early: Mapping[str, str],
        files: Files,
        nav: Navigation,
        blog: Any,
        config: MkDocsConfig,
        sheet: str,
        outputs: Outputs,
    ) -> None:
        self.fact = fact
        self.settings = settings
        self.blog = blog
        self.privacy = theme.privacy(nav)
        entries = []
        for post in posts:
            plan = outputs.plans[post.id]
            outputs.pictures.update(plan.files)
            entries.append(
                Entry(
                    post=post,
                    minutes=minutes(post),
                    cover=plan.cover,
                    picture=plan.picture,
                    early=early.get(post.id, ""),
                )
            )
        avatars = {}
        for author in content.authors.values():
            file = files.get_file_from_path(author.avatar.lstrip("/")) if author.avatar else None
            if file is not None:
                avatars[author.id] = file.url
        self.site = Site(settings, content.authors, entries, avatars)
        outputs.add_site_card(self.site.picture)
        self.by_source = {post.src_uri: post for post in posts}
        archive = [
            {"title": f"Archive {view.name}", "url": view.file.url}
            for view in material.views(blog, "Archive")
        ]
        home = blog.blog.file.url.removeprefix("./")
        logo = files.get_file_from_path(settings.brand.logo) if settings.brand.logo else None
        menu = (
            [{"title": one.title, "url": one.url} for one in self.site.topics]
            if len(self.site.topics) <= 5
            else []
        )
        menu += theme.menu(nav)
        self.common: Values = self.site.common(menu, archive, self.privacy) | {
            "home": home,
            "logo": logo.url if logo is not None else "",
            "sheet": sheet,
            "search": _has_search(config),
            "choices": self._choices(),
        }

    def world(self) -> str:
        """The name of all that a page may show of other pages: every post but its text, authors, pictures."""
        entries = [
            [
                facts(entry.post),
                entry.minutes,
                asdict(entry.cover),
                entry.picture.digest,
                entry.picture.url,
                entry.early,
            ]
            for entry in self.site.entries.values()
        ]
        authors = [asdict(author) for author in self.site.authors.values()]
        return digest(plain_json([entries, authors, self.site.avatars]))

    def _choices(self) -> str:
        box = capture.remember(self.settings, "by-choice")
        shown = box.replace(" hidden>", ">", 1)  # the script shows the whole, as nothing is kept without it
        return f"<details hidden><summary>Privacy choices</summary>{shown}</details>" if box else ""

    def page(self, page: Any, posts: Sequence[Any], anchors: Mapping[str, str]) -> Values:
        """What the page shows. `posts` are those the blog plugin chose for a list."""
        uri, url = page.file.src_uri, page.url
        listed = [self.by_source[post.file.src_uri] for post in posts if post.file.src_uri in self.by_source]
        base: Values = {
            "kind": "page",
            "number": 1,
            "top": url,
            "cards": [self.site.card(post) for post in listed],
            "script": capture.script(self.settings, theme.relative(theme.SCRIPT, url)),
            "form": "",
        }
        if uri in self.by_source:
            return base | self._post(self.by_source[uri], url, anchors.get(uri, ""))
        for author, listing in self.site.writers:
            if url == listing.url:
                return base | {
                    "kind": "author",
                    "title": author.name,
                    "window": self._window(author.name),
                    "description": author.bio or author.role,
                    "author": self.site.author(author.id),
                    "feed": listing.feed(places.FEEDS[0]),
                    "cards": [self.site.card(post) for post in listing.posts],
                    "head": self.site.author_head(author, listing),
                }
        first = material.original(page)
        number = material.number(page)
        kind = type(first).__name__
        if first is self.blog.blog or kind in ("Category", "Archive"):
            return base | self._list(first, kind, number, url)
        title = theme.plain(page.meta.get("title") or page.title)
        about = str(page.meta.get("description") or "")
        return base | {
            "kind": "thanks" if url == places.THANKS else "page",
            "title": title,
            "window": self._window(title),
            "description": about or self.settings.site_description,
            "head": self.site.page_head(title, about, url, index=url != places.THANKS),
        }

    def _post(self, post: Post, url: str, anchor: str) -> Values:
        privacy = theme.relative(self.privacy, url) if self.privacy else ""
        return {
            "kind": "post",
            "title": post.title,
            "window": self._window(post.title),
            "description": post.description or post.excerpt,
            "canonical": post.canonical_url,
            "post": self.site.page(post),
            "anchor": anchor,
            "top": places.category_url(post.categories[0]) if post.categories else "",
            "form": capture.form(self.settings, page=url, post=post, privacy=privacy, name="form"),
            "head": self.site.post_head(post),
        }

    def _list(self, first: Any, kind: str, number: int, url: str) -> Values:
        values: Values = {"number": number, "count": len(first.posts)}
        if kind == "Category":
            listing = next(one for one in self.site.topics if one.title == first.name)
            values |= {
                "kind": "topic",
                "label": "Topic",
                "title": listing.title,
                "window": self._window(listing.title),
                "description": f"{listing.title}: articles of {self.common['name']}",
                "feed": listing.feed(places.FEEDS[0]),
                "content": fragments.without_title(first.content or "")[0],
                "top": listing.url,
                "head": self.site.topic_head(listing, url),
            }
        elif kind == "Archive":
            values |= {
                "kind": "archive",
                "label": "Archive",
                "title": first.name,
                "window": self._window(f"Archive {first.name}"),
                "description": f"Articles of {self.common['name']} from {first.name}",
                "head": self.site.page_head(f"Archive {first.name}", "", url),
            }
        else:
            values |= {
                "kind": "home",
                "title": "All articles",
                "label": "",
                "window": self.settings.site_name,
                "description": self.settings.site_description or self.settings.brand.claim,
                "head": self.site.home_head(url),
            }
        return values

    def template(self, name: str) -> Values:
        """What a page without a document shows; it has addresses from the root of the site."""
        return {
            "kind": "template",
            "title": "Not found",
            "window": self._window("Not found"),
            "description": "",
            "top": "",
            "head": self.site.page_head("Not found", "", None, index=False) if name.endswith(".html") else "",
            "script": "",
        }

    def _window(self, title: str) -> str:
        return f"{title} – {self.settings.site_name}"


# A post's text is shown on its own page and in feeds; its lines, its sharing and the hash of its file on none.
_FACTS = tuple(field.name for field in fields(Post) if field.name not in ("body", "hash", "lines", "share"))


def _cover(cover: Cover) -> list[Any]:
    return [cover.url, cover.sizes, cover.width, cover.height]


def facts(post: Post) -> list[Any]:
    """All that pages may show of a post, but its text."""
    return [_plain(getattr(post, name)) for name in _FACTS]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def plain_json(value: Any) -> str:
    """Plain values as text, for naming them."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _has_search(config: MkDocsConfig) -> bool:
    plugin: Any = config.plugins.get("material/search")
    return bool(plugin is not None and plugin.config.enabled)
