"""The pages that list posts, as Zensical's blog makes them: which there are, what stands on each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from byline.model import Post
from byline.site import places

Kind = Literal["home", "topic", "year"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One page of one list; `number` counts its pages from 1, `count` all posts of the list, `posts` are this page's."""

    kind: Kind
    name: str
    url: str
    number: int
    count: int
    posts: tuple[Post, ...]


def views(posts: Sequence[Post], blog: Mapping[str, Any], pinned: frozenset[str]) -> tuple[View, ...]:
    """Every list's every page. `posts` are newest first; `pinned` are the ids of those that stand before all others."""
    ordered = sorted(posts, key=lambda post: post.id not in pinned)
    found = list(_pages("home", "", "", ordered, blog, "pagination"))
    if blog.get("archive", True):
        for year in sorted({f"{post.published:%Y}" for post in posts}, reverse=True):
            of_year = [post for post in ordered if f"{post.published:%Y}" == year]
            found += _pages("year", year, f"archive/{year}/", of_year, blog, "archive_pagination")
    if blog.get("categories", True):
        for topic in places.categories(ordered):
            found += _pages("topic", topic.title, topic.url, topic.posts, blog, "categories_pagination")
    return tuple(found)


def years(found: Sequence[View]) -> list[tuple[str, str]]:
    """The years that have a page: (name, address)."""
    return [(view.name, view.url) for view in found if view.kind == "year" and view.number == 1]


def _pages(
    kind: Kind, name: str, url: str, posts: Sequence[Post], blog: Mapping[str, Any], option: str
) -> Iterator[View]:
    """`<option>` and `<option>_per_page` are those of the blog plugin; the blog's own hold where they are not set."""
    split = blog.get(option, blog.get("pagination", True))
    size = blog.get(f"{option}_per_page", blog.get("pagination_per_page", 10))
    size = size if split and isinstance(size, int) and size > 0 else max(len(posts), 1)
    for number, start in enumerate(range(0, max(len(posts), 1), size), 1):
        yield View(
            kind=kind,
            name=name,
            url=url if number == 1 else f"{url}page/{number}/",
            number=number,
            count=len(posts),
            posts=tuple(posts[start : start + size]),
        )
