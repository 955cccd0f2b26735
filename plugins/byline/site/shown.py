"""What each page's template gets, whatever generator asks for it: the values of `site.pages`, chosen by kind of page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from functools import partial
from html import escape, unescape
from typing import Any, Protocol

from byline.content import Content
from byline.model import Picture, Post
from byline.settings import Settings
from byline.site import capture, fragments, icons, images, places, signup, styles
from byline.site.ahead import Plan
from byline.site.body import relative
from byline.site.images import Cover
from byline.site.kept import digest, encoder
from byline.site.pages import Entry, Site, Values
from byline.wording import words

SCRIPT = f"{places.ASSETS}capture.js"
AT_MOST = 5  # topics in the menu; more than that are on the home page alone


class Outlets(Protocol):
    """Where the pictures go that pages need; `plans` are those of the posts, by their ids."""

    pictures: dict[str, images.Maker]
    plans: dict[str, Plan]

    def add_site_card(self, picture: Picture) -> None: ...


class Showing:
    """Made once it is known how long each post is. `common` is what every page shows."""

    common: Values

    def __init__(
        self,
        *,
        settings: Settings,
        content: Content,
        posts: Sequence[Post],
        minutes: Callable[[Post], Any],
        early: Mapping[str, str],
        address: Callable[[str], str],
        privacy: str,
        outputs: Outlets,
    ) -> None:
        """`address` tells where a file of docs_dir is on the site, or nothing; `privacy` is the notice's address."""
        self.settings = settings
        self.outputs = outputs
        self.words = words(settings.language, settings.pages.words)
        self.privacy = privacy
        self._names: dict[str, str] = {}
        self._facts: dict[str, str] = {}
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
            found = address(author.avatar.lstrip("/")) if author.avatar else ""
            if found:
                avatars[author.id] = found
        self.site = Site(settings, content.authors, entries, avatars)
        outputs.add_site_card(self.site.picture)
        self.by_source = {post.src_uri: post for post in posts}
        self.logo = address(settings.brand.logo) if settings.brand.logo else ""

    def everywhere(
        self,
        *,
        home: str,
        years: Sequence[tuple[str, str]],
        menu: Sequence[Values],
        sheet: str,
        search: bool,
        favicon: bool,
        one_sheet: bool = False,
        program: str = "",
    ) -> None:
        """Set `common`: `years` are (name, address) of the archive, `menu` the company's own pages.

        `favicon`: the company has set one of its own. `one_sheet`: the theme's own style sheets stand in `sheet` too.
        `program`: the address of the theme's own script, where pages may fetch it late.
        """
        archive = [{"title": f"{self.words['archive']} {name}", "url": url} for name, url in years]
        topics = (
            [{"title": one.title, "url": one.url} for one in self.site.topics]
            if len(self.site.topics) <= AT_MOST
            else []
        )
        self.common = self.site.common([*topics, *menu], archive, self.privacy) | {
            "home": home,
            "logo": self.logo,
            "sheet": sheet,
            "one_sheet": one_sheet,
            "program": program,
            "fonts": list(styles.first_fonts(self.settings.brand)),
            "search": search,
            "choices": self._choices(),
            "words": self.words,
            "icons": [] if favicon else self.icons(),
        }

    def icons(self) -> list[Values]:
        """The small pictures made of the logo, which the build must make."""
        made = icons.links(self.settings)
        for one in made:
            self.outputs.pictures[one["url"]] = partial(icons.render, self.settings, str(one["rel"]))
        return made

    def world(self) -> str:
        """The name of all that a page may show of other pages: every post but its text, authors, pictures."""
        return digest(self.people(), [self._name(post) for post in self.site.posts])

    def people(self) -> str:
        """The name of all that pages show of authors."""
        authors = [asdict(author) for author in self.site.authors.values()]
        return digest(plain_json([authors, self.site.avatars]))

    def near(self, post: Post) -> list[Any]:
        """The names of the posts of which this post's page shows something, in their order, and its own."""
        parts = [self._name(one) for one in self.site.series(post)]
        return [self._name(post), parts, [self._name(one) for one in self.site.related(post)]]

    def _name(self, post: Post) -> str:
        """The name of all that a page may show of the post, but its text."""
        found = self._names.get(post.id)
        if found is None:
            entry = self.site.entries[post.id]
            cover = plain_json(_cover(entry.cover))
            picture = entry.picture
            found = self._names[post.id] = digest(
                self.fact(post), entry.minutes, cover, picture.digest, picture.url, entry.early
            )
        return found

    def fact(self, post: Post) -> str:
        """The name of all that pages may show of the post, but its text, its picture and how long it takes."""
        found = self._facts.get(post.id)
        if found is None:
            found = self._facts[post.id] = digest(plain_json(facts(post)))
        return found

    def _choices(self) -> str:
        box = capture.remember(self.settings, "by-choice")
        shown = box.replace(" hidden>", ">", 1)  # the script shows the whole, as nothing is kept without it
        return (
            f"<details hidden><summary>{escape(self.words['privacy_choices'])}</summary>{shown}</details>"
            if box
            else ""
        )

    def page(self, url: str, posts: Sequence[Post] = ()) -> Values:
        """What every page has; `posts` are those of a list."""
        return {
            "kind": "page",
            "number": 1,
            "top": url,
            "cards": [self.site.card(post) for post in posts],
            "script": capture.script(self.settings, relative(SCRIPT, url)),
            "form": "",
            "signup": "",
        }

    def writer(self, url: str) -> Values | None:
        """An author's page; None where none is at that address."""
        for author, listing in self.site.writers:
            if url == listing.url:
                return self.page(url) | {
                    "kind": "author",
                    "title": author.name,
                    "window": self._window(author.name),
                    "description": author.bio or author.role,
                    "author": self.site.author(author.id),
                    "feed": listing.feed(places.FEEDS[0]),
                    "cards": [self.site.card(post) for post in listing.posts],
                    "head": self.site.author_head(author, listing),
                }
        return None

    def other(self, url: str, title: str, about: str) -> Values:
        """A page of the company's own."""
        return self.page(url) | {
            "kind": "thanks" if url == places.THANKS else "page",
            "title": title,
            "window": self._window(title),
            "description": about or self.settings.site_description,
            "head": self.site.page_head(title, about, url, index=url != places.THANKS),
        }

    def post(self, post: Post, url: str, anchor: str) -> Values:
        """A post; `anchor` is that of its headline."""
        return self.page(url) | {
            "kind": "post",
            "title": post.title,
            "window": self._window(post.title),
            "description": post.description or post.excerpt,
            "canonical": post.canonical_url,
            "post": self.site.page(post),
            "anchor": anchor,
            "top": places.category_url(post.categories[0]) if post.categories else "",
            "form": capture.form(
                self.settings, page=url, post=post, privacy=self.privacy_from(url), name="form"
            ),
            "head": self.site.post_head(post),
        }

    def privacy_from(self, url: str) -> str:
        """The privacy notice as that page links it; empty without one."""
        return relative(self.privacy, url) if self.privacy else ""

    def home(self, url: str, number: int, count: int, posts: Sequence[Post]) -> Values:
        """The home page, or one that continues it."""
        return self._list(url, number, count, posts) | {
            "kind": "home",
            "title": self.words["all"],
            "label": "",
            "window": self.settings.site_name,
            "description": self.settings.site_description or self.settings.brand.claim,
            "signup": signup.form(self.settings, privacy=self.privacy_from(url)) if number == 1 else "",
            "head": self.site.home_head(url),
        }

    def topic(
        self, name: str, url: str, number: int, count: int, posts: Sequence[Post], content: str
    ) -> Values:
        """A category's page; `content` is the HTML that the company wrote for it."""
        listing = next(one for one in self.site.topics if one.title == name)
        return self._list(url, number, count, posts) | {
            "kind": "topic",
            "label": self.words["topic"],
            "title": listing.title,
            "window": self._window(listing.title),
            "description": f"{listing.title} – {self.common['name']}",
            "feed": listing.feed(places.FEEDS[0]),
            "content": fragments.without_title(content)[0],
            "top": listing.url,
            "head": self.site.topic_head(listing, url),
        }

    def year(self, name: str, url: str, number: int, count: int, posts: Sequence[Post]) -> Values:
        """A page of the archive."""
        return self._list(url, number, count, posts) | {
            "kind": "archive",
            "label": self.words["archive"],
            "title": name,
            "window": self._window(f"{self.words['archive']} {name}"),
            "description": f"{self.words['articles']} {name} – {self.common['name']}",
            "head": self.site.page_head(f"{self.words['archive']} {name}", "", url),
        }

    def _list(self, url: str, number: int, count: int, posts: Sequence[Post]) -> Values:
        return self.page(url, posts) | {"number": number, "count": count}

    def template(self, name: str) -> Values:
        """What a page without a document shows; it has addresses from the root of the site."""
        return {
            "kind": "template",
            "title": self.words["not_found_title"],
            "window": self._window(self.words["not_found_title"]),
            "description": "",
            "top": "",
            "head": self.site.page_head(self.words["not_found_title"], "", None, index=False)
            if name.endswith(".html")
            else "",
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
    return _as_json(value)


_as_json = encoder(compact=True, default=str)


def plain(title: Any) -> str:
    """A title as text: builders escape it once the page is rendered."""
    return unescape(str(title or ""))
