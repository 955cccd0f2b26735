"""What pictures the posts of a build need, known before MkDocs is started, so that another process can begin with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from byline import cards, drawing
from byline.cards import ImageError
from byline.model import Author, Picture, Post
from byline.settings import Settings
from byline.site import images, second
from byline.site.images import Cover, Maker
from byline.site.kept import Kept, address
from byline.site.second import Second
from byline.site.written import Written

MANY = 20  # pictures for which a second process pays


@dataclass(frozen=True, slots=True)
class Plan:
    """A post's card, its cover, and every file they need: address on the site -> how to make it."""

    picture: Picture
    cover: Cover
    files: Mapping[str, Maker]


def plans(posts: Iterable[Post], settings: Settings, authors: Mapping[str, Author]) -> dict[str, Plan]:
    """The plan of each post by its id. Raises ImageError for a picture that cannot be used."""
    found = {}
    for post in posts:
        picture = cards.picture(post, settings, authors)
        try:
            found[post.id] = Plan(picture, *images.plan(post, picture, settings))
        except ImageError as error:  # damaged within, which the check cannot see without unpacking it
            raise ImageError(f"{post.path}: {error.message}", hint=error.hint) from None
    return found


def missing(pictures: Iterable[str], kept: Kept, written: Written | None) -> list[str]:
    """Which of these addresses lead to pictures that neither the site's folder nor the cache has."""
    found = []
    for url in pictures:
        holds = address(url)
        if (written is None or not written.holds(url, f"o:{holds}")) and not kept.has("output", holds):
            found.append(url)
    return found


def begin(pictures: Mapping[str, Maker], kept: Kept, written: Written) -> Second | None:
    """Start making those that are missing in a second process, where they are many. It takes the last one first."""
    new = missing(pictures, kept, written)
    if len(new) < MANY:
        return None
    folder: list[Written] = []

    def prepare(apart: Written | None) -> None:
        drawing.keep_memory()
        folder.extend([apart] if apart is not None else [])

    def make(url: str) -> None:
        data = put(url, pictures[url], kept)
        folder[0].put(url, data, f"o:{address(url)}")

    return second.begin(new, make, kept, written, prepare)


def put(url: str, make: Maker, kept: Kept) -> bytes:
    """Make a picture and keep it."""
    data = make()
    kept.put("output", address(url), data, packed=url.endswith(".svg"))
    return data
