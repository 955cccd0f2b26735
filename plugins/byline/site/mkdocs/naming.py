"""Names of what a page shows: plain values of everything that its template can see.

What cannot be put into plain values cannot be named, and what cannot be named is made anew each time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink

from byline.site.kept import encoder
from byline.site.mkdocs import blog as material

_USUAL = frozenset(
    (
        "nav",
        "pages",
        "base_url",
        "extra_css",
        "extra_javascript",
        "mkdocs_version",
        "build_date_utc",
        "config",
        "page",
    )
)


class Unnameable(TypeError):
    """A page shows something that cannot be named, so it cannot be kept."""


def headings(toc: Any) -> list[Any]:
    """The table of contents as plain values."""
    return [[item.title, item.id, item.level, headings(item.children)] for item in toc]


def heading(row: list[Any]) -> AnchorLink:
    """One of them as MkDocs has it."""
    title, anchor, level, children = row
    made = AnchorLink(title, anchor, level)
    made.children = [heading(child) for child in children]
    return made


def as_text(value: Any) -> str:
    """Plain values as JSON, the same for the same values. Raises Unnameable."""
    return _as_json(value)


def _named(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return f"\x00{type(value).__name__} {value.isoformat()}"
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise Unnameable(type(value).__name__)


_as_json = encoder(compact=True, default=_named)


def menu(nav: Any) -> list[Any]:
    """The menu as templates can see it: titles, addresses, structure."""
    return [_item(item) for item in nav.items] + [[str(page.title), page.url] for page in nav.pages]


def _item(item: Any) -> list[Any]:
    url = getattr(item, "url", None)
    meta = as_text(item.meta) if getattr(item, "meta", None) and not material.is_post(item) else ""
    return [type(item).__name__, str(item.title), url, meta, [_item(child) for child in item.children or ()]]


def seen(page: Any) -> list[Any]:
    """What other pages may show of a page."""
    return [page.file.src_uri, page.url, str(page.title)]


def beside(page: Page) -> list[Any]:
    """The pages before, after and above it."""
    return [page.previous_page, page.next_page, *page.ancestors]


def own(page: Page) -> list[Any]:
    """What its template sees of the page itself, but its text."""
    near = beside(page)
    return [
        page.file.src_uri,
        page.url,
        page.canonical_url,
        page.edit_url,
        str(page.title),
        type(page).__name__,
        page.meta,
        [[str(one.title), getattr(one, "url", None)] if one is not None else None for one in near],
    ]


def brought(page: Page, context: Mapping[str, Any]) -> dict[str, Any]:
    """What plugins put before the template, as plain values."""
    found: dict[str, Any] = {}
    for key, value in context.items():
        if key in _USUAL:
            continue
        if key == "posts" and isinstance(value, list):
            value = [one.file.src_uri for one in value]
        elif key == "pagination":
            first = material.original(page)
            value = (
                None
                if value is None
                else [
                    material.number(page),
                    len(first.pages),
                    len(first.posts),
                    [one.url for one in first.pages],
                ]
            )
        elif key == "tags" and isinstance(value, list):
            value = [
                [tag.name, bool(tag.hidden), [[link.title, link.url] for link in tag.links]] for tag in value
            ]
        found[key] = value
    return found
