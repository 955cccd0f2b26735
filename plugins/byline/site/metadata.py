"""What machines read in a page's head: Open Graph, Twitter tags, feeds, JSON-LD. Safe whatever the words are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

from byline.model import Author, Picture, Post
from byline.settings import Settings
from byline.site import places
from byline.site.places import Listing
from byline.wording import words

_ALT = 420  # signs of an alternative text that Twitter takes (its card reference, read 2026-11)
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def post_head(
    post: Post,
    settings: Settings,
    authors: Mapping[str, Author],
    picture: Picture,
    listings: Sequence[Listing],
) -> str:
    """The head of a post's page."""
    address = places.absolute(settings, post.url)
    names = [authors[name] for name in post.authors if name in authors]
    rows = _common("article", post.title, post.description or post.excerpt, address, settings, picture)
    rows.append(_meta("article:published_time", post.published.isoformat()))
    if post.updated:
        rows.append(_meta("article:modified_time", post.updated.isoformat()))
    rows += [_meta("article:author", places.absolute(settings, places.author_url(name))) for name in names]
    rows += [_meta("article:section", name) for name in post.categories[:1]]
    rows += [_meta("article:tag", name) for name in dict.fromkeys((*post.tags, *post.categories))]
    said = words(settings.language, settings.pages.words)
    for index, name in enumerate(names[:1]):
        rows.append(_name(f"twitter:label{index + 1}", said["written_by"]))
        rows.append(_name(f"twitter:data{index + 1}", name.name))
        if name.twitter:
            rows.append(
                _name("twitter:creator", "@" + name.twitter.rstrip("/").rpartition("/")[2].lstrip("@"))
            )
    rows += [_name("fediverse:creator", handle) for handle in map(fediverse, names) if handle]
    rows.append(_name("byline:post", post.id))
    rows += feed_links(listings, settings)
    rows.append(ld(post_data(post, settings, authors, picture)))
    return "\n".join(rows)


def page_head(
    title: str,
    description: str,
    url: str | None,
    settings: Settings,
    picture: Picture,
    listings: Sequence[Listing],
    data: Iterable[Mapping[str, Any]] = (),
    *,
    index: bool = True,
) -> str:
    """The head of any other page; `url` is None where the page has no address of its own (404)."""
    address = None if url is None else places.absolute(settings, url)
    rows = _common("website", title, description, address, settings, picture)
    if not index:
        rows.append(_name("robots", "noindex"))
    rows += [f'<link rel="me" href="{_attribute(address)}">' for address in settings.brand.profiles]
    rows += feed_links(listings, settings)
    rows += [ld({"@context": "https://schema.org", **item}) for item in data]
    return "\n".join(rows)


def feed_links(listings: Sequence[Listing], settings: Settings) -> list[str]:
    """`<link rel="alternate">` of the three feeds of each listing."""
    rows = []
    for listing in listings:
        title = listing.title if listing.url else settings.site_name
        for file, kind, name in zip(places.FEEDS, places.TYPES, places.NAMES, strict=True):
            address = places.absolute(settings, listing.feed(file))
            rows.append(
                f'<link rel="alternate" type="{kind}" title="{_attribute(f"{title} ({name})")}" '
                f'href="{_attribute(address)}">'
            )
    return rows


def post_data(
    post: Post, settings: Settings, authors: Mapping[str, Author], picture: Picture
) -> dict[str, Any]:
    """The post, its people, its publisher and the way to it, as schema.org names them."""
    address = places.absolute(settings, post.url)
    company = organization(settings)
    article: dict[str, Any] = {
        "@type": "BlogPosting",
        "@id": f"{address}#article",
        "mainEntityOfPage": post.canonical_url or address,
        "url": address,
        "headline": post.title,
        "description": post.description or post.excerpt,
        "image": [picture.url],
        "datePublished": post.published.isoformat(),
        "dateModified": (post.updated or post.published).isoformat(),
        "inLanguage": settings.language,
        # Search engines ask for an author; where no person signs, it is the company.
        "author": [person(authors[name], settings) for name in post.authors if name in authors]
        or [{key: company[key] for key in ("@type", "@id", "name", "url")}],
        "publisher": {"@id": company["@id"]},
    }
    if post.categories:
        article["articleSection"] = list(post.categories)
    if post.tags:
        article["keywords"] = list(post.tags)
    if post.series:
        article["isPartOf"] = {"@type": "CreativeWorkSeries", "name": post.series}
    steps = [(words(settings.language, settings.pages.words)["home"], settings.site_url)]
    if post.categories:
        steps.append((post.categories[0], places.absolute(settings, places.category_url(post.categories[0]))))
    steps.append((post.title, address))
    return {"@context": "https://schema.org", "@graph": [article, company, trail(steps)]}


def organization(settings: Settings) -> dict[str, Any]:
    """The company."""
    made: dict[str, Any] = {
        "@type": "Organization",
        "@id": f"{settings.site_url}#organization",
        "name": settings.brand.name or settings.site_name,
        "url": settings.site_url,
    }
    if settings.brand.profiles:
        made["sameAs"] = list(settings.brand.profiles)
    if settings.brand.logo:
        made["logo"] = places.absolute(settings, settings.brand.logo)
    return made


def person(author: Author, settings: Settings) -> dict[str, Any]:
    """An author."""
    address = places.absolute(settings, places.author_url(author))
    made: dict[str, Any] = {
        "@type": "Person",
        "@id": f"{address}#person",
        "name": author.name,
        "url": address,
    }
    if author.role or author.description:
        made["jobTitle"] = author.role or author.description
    if author.bio:
        made["description"] = author.bio
    same = [address for _, address in profiles(author)]
    if same:
        made["sameAs"] = same
    return made


def trail(steps: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The way from the home page to this one."""
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": name, "item": address}
            for number, (name, address) in enumerate(steps, 1)
        ],
    }


def profiles(author: Author) -> list[tuple[str, str]]:
    """Where else the author is found: (name of the place, address); handles become addresses."""
    found = []
    if author.linkedin:
        found.append(("LinkedIn", _profile(author.linkedin, "https://www.linkedin.com/in/{}")))
    if author.twitter:
        found.append(("Twitter", _profile(author.twitter, "https://x.com/{}")))
    if author.mastodon:
        name, _, server = author.mastodon.lstrip("@").partition("@")
        found.append(
            ("Mastodon", author.mastodon if "://" in author.mastodon else f"https://{server}/@{name}")
        )
    if author.bluesky:
        found.append(("Bluesky", _profile(author.bluesky, "https://bsky.app/profile/{}")))
    if author.url:
        found.append(("Website", author.url))
    return [(name, address) for name, address in found if address.startswith(("https://", "http://"))]


def fediverse(author: Author) -> str:
    """The author's name in the fediverse, as Mastodon's preview cards want it: `@name@server`; empty without one."""
    value = author.mastodon.strip()
    if "://" in value:
        parts = urlsplit(value)
        value = f"{parts.path.strip('/').lstrip('@')}@{parts.hostname or ''}"
    name, _, server = value.lstrip("@").partition("@")
    return f"@{name}@{server}" if name and server and "/" not in name else ""


def _on_twitter(address: str) -> str:
    """The company's name there, with its sign; empty for another network's address."""
    parts = urlsplit(address)
    name = parts.path.strip("/")
    there = (parts.hostname or "").removeprefix("www.") in ("x.com", "twitter.com")
    return f"@{name}" if there and re.fullmatch(r"\w{1,15}", name) else ""


def _profile(value: str, pattern: str) -> str:
    return value if "://" in value else pattern.format(value.lstrip("@"))


def ld(data: Mapping[str, Any]) -> str:
    """JSON-LD that no word in it can break out of."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign, safe in _UNSAFE.items():
        text = text.replace(sign, safe)
    return f'<script type="application/ld+json">{text}</script>'


def _common(
    kind: str, title: str, description: str, address: str | None, settings: Settings, picture: Picture
) -> list[str]:
    rows = [_meta("og:type", kind), _meta("og:title", title)]
    if description:
        rows.append(_meta("og:description", description))
    if address:
        rows.append(_meta("og:url", address))
    rows += [
        _meta("og:site_name", settings.site_name),
        *([_meta("og:locale", place)] if (place := locale(settings.language)) else []),
        _meta("og:image", picture.url),
        _meta("og:image:type", "image/jpeg" if picture.url.endswith(".jpg") else "image/png"),
        _meta("og:image:width", "1200"),
        _meta("og:image:height", "630"),
        _meta("og:image:alt", picture.alt),
        _name("twitter:card", "summary_large_image"),
        _name("twitter:title", title),
    ]
    if description:
        rows.append(_name("twitter:description", description))
    rows += [_name("twitter:image", picture.url), _name("twitter:image:alt", picture.alt[:_ALT])]
    rows += [_name("twitter:site", name) for name in map(_on_twitter, settings.brand.profiles) if name][:1]
    return rows


@lru_cache(maxsize=8)
def locale(language: str) -> str:
    """Language and country, as Open Graph wants them (`de_DE`); where none is named, the one where most speak it.

    Empty for a language that nobody knows.
    """
    from babel import Locale, UnknownLocaleError
    from babel.core import get_global

    try:
        found = Locale.parse(language.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return ""
    likely = str(get_global("likely_subtags").get(found.language, "")).rpartition("_")[2]
    territory = found.territory or likely
    return f"{found.language}_{territory}" if territory else ""


def _meta(key: str, value: str) -> str:
    return f'<meta property="{key}" content="{_attribute(value)}">'


def _name(key: str, value: str) -> str:
    return f'<meta name="{key}" content="{_attribute(value)}">'


def _attribute(value: str) -> str:
    return escape(" ".join(value.split()), quote=True)
