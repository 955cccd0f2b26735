"""RSS 2.0, Atom and JSON Feed 1.1 of a listing: full content, absolute links, ids that stay, the same bytes each time.

feedgen makes the two XML formats; what it leaves wrong (links of Atom entries lose their `rel`, dates
default to now, the channel's link is whichever was added last) is set right here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from byline import links
from byline.model import Author, Post
from byline.settings import Settings
from byline.site import fragments, places
from byline.site.enclosures import Enclosure
from byline.site.places import Listing

_ATOM = "{http://www.w3.org/2005/Atom}"
# RSS does not say whether these hold HTML; written so, readers that believe it show the same as those that do not (the W3C
# validator's advice, read 2026-11). For XML it is one and the same.
_PLAIN = re.compile(rb"<(title|media:title)(?: [^>]*)?>[^<]*</\1>")
_MEDIA = "{http://search.yahoo.com/mrss/}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One post as feeds carry it: `content` is sanitised HTML with full addresses, `card` its picture.

    `played` is the sound and film in its text.
    """

    post: Post
    content: str
    card: Enclosure
    played: tuple[Enclosure, ...] = ()


def write(
    listing: Listing,
    items: Mapping[str, Item],
    settings: Settings,
    authors: Mapping[str, Author],
    now: datetime,
) -> dict[str, bytes]:
    """The three feeds of the listing: address -> bytes. `now` dates a feed that has no post yet."""
    newest = [items[post.id] for post in listing.posts if post.id in items][: settings.feeds.newest]
    generator = _generator(listing, newest, settings, authors, now)
    return {
        listing.feed("feed.xml"): _rss(generator, listing, newest, settings),
        listing.feed("atom.xml"): _atom(generator, listing, newest, settings),
        listing.feed("feed.json"): _json(listing, newest, settings, authors),
    }


def _changed(post: Post) -> datetime:
    return max(post.updated or post.published, post.published)


def _title(listing: Listing, settings: Settings) -> str:
    return fragments.plain(f"{listing.title} – {settings.site_name}" if listing.url else settings.site_name)


def _summary(post: Post) -> str:
    return fragments.plain(post.description or post.excerpt)


def _names(post: Post, authors: Mapping[str, Author]) -> list[str]:
    return [fragments.plain(authors[name].name if name in authors else name) for name in post.authors]


def _generator(
    listing: Listing,
    items: Sequence[Item],
    settings: Settings,
    authors: Mapping[str, Author],
    now: datetime,
) -> Any:
    from feedgen.feed import FeedGenerator

    feed = FeedGenerator()
    feed.load_extension("dc")
    home = places.absolute(settings, listing.url)
    feed.id(home)
    feed.title(_title(listing, settings))
    feed.subtitle(fragments.plain(settings.site_description or settings.brand.claim or settings.site_name))
    feed.language(settings.language)
    feed.generator("Byline")
    updated = max((_changed(item.post) for item in items), default=now.astimezone(settings.zone))
    feed.updated(updated)
    feed.lastBuildDate(updated)
    if not any(item.post.authors for item in items):
        feed.author(name=fragments.plain(settings.brand.name or settings.site_name))
    for item in items:
        _add(feed, item, settings, authors)
    return feed


def _add(feed: Any, item: Item, settings: Settings, authors: Mapping[str, Author]) -> None:
    post = item.post
    entry = feed.add_entry(order="append")
    entry.id(places.stable_id(settings, post))
    entry.guid(places.stable_id(settings, post), permalink=False)
    entry.title(fragments.plain(post.title))
    entry.link(href=links.feed_link(settings.site_url, post, "rss"), rel="alternate", type="text/html")
    entry.published(post.published)
    entry.updated(_changed(post))
    summary = _summary(post)
    if summary:
        entry.summary(summary)
    entry.content(item.content if settings.feeds.full else (summary or post.title), type="html")
    for name in _names(post, authors):
        entry.author(name=name)
        entry.dc.dc_creator(name, replace=False)
    for term in (*post.categories, *post.tags):
        entry.category(term=fragments.plain(term))


def _rss(feed: Any, listing: Listing, items: Sequence[Item], settings: Settings) -> bytes:
    from lxml import etree

    _link(feed, listing, settings, "feed.xml", "application/rss+xml")
    tree = _declaring(etree.fromstring(feed.rss_str()), "media", _MEDIA)
    channel = tree.find("channel")
    for entry, item in zip(tree.iterfind("channel/item"), items, strict=True):
        about = entry.find("description")
        if about is not None and "<" in (about.text or ""):  # a reader takes it for HTML, and we mean words
            about.text = _escaped(about.text)
        one = (*item.played, item.card)[0]  # RSS has room for one
        etree.SubElement(entry, "enclosure", url=one.url, length=str(one.size), type=one.mime)
        shown = etree.SubElement(entry, f"{_MEDIA}content", url=item.card.url, type=item.card.mime)
        shown.attrib.update(
            {"medium": "image", "width": "1200", "height": "630", "fileSize": str(item.card.size)}
        )
        etree.SubElement(shown, f"{_MEDIA}title", type="plain").text = fragments.plain(
            item.post.image_alt if item.post.image else item.post.title
        )
    if settings.feeds.hub and channel is not None:  # feedgen knows hubs in Atom alone
        hub = etree.Element(f"{_ATOM}link", rel="hub", href=settings.feeds.hub)
        channel.insert(list(channel).index(channel.find(f"{_ATOM}link")) + 1, hub)
    return _styled(tree, settings)


def _declaring(tree: Any, prefix: str, name: str) -> Any:
    """The same tree, whose root declares a further namespace."""
    from lxml import etree

    root = etree.Element(tree.tag, attrib=tree.attrib, nsmap={**tree.nsmap, prefix: name.strip("{}")})
    root.extend(list(tree))
    return root


def _atom(feed: Any, listing: Listing, items: Sequence[Item], settings: Settings) -> bytes:
    from lxml import etree

    _link(feed, listing, settings, "atom.xml", "application/atom+xml")
    tree = etree.fromstring(feed.atom_str())
    for link in tree.iterfind(f"{_ATOM}entry/{_ATOM}link"):  # feedgen drops both attributes
        link.set("rel", "alternate")
        link.set("type", "text/html")
    for entry, item in zip(tree.iterfind(f"{_ATOM}entry"), items, strict=True):
        last = entry.find(f"{_ATOM}link")
        for one in (*item.played, item.card):
            found = etree.Element(f"{_ATOM}link", rel="enclosure", href=one.url, type=one.mime)
            found.set("length", str(one.size))
            last.addnext(found)
            last = found
    if settings.feeds.hub:
        tree.find(f"{_ATOM}link").addnext(etree.Element(f"{_ATOM}link", rel="hub", href=settings.feeds.hub))
    return _styled(tree, settings)


def _styled(tree: Any, settings: Settings) -> bytes:
    """The feed as bytes, with the sheet by which a browser shows it."""
    from lxml import etree

    etree.indent(tree)
    sheet = places.absolute(settings, places.FEED_STYLE)
    path = urlsplit(sheet).path  # from the same server, whatever its name is where the feed is looked at
    tree.addprevious(etree.ProcessingInstruction("xml-stylesheet", f'type="text/xsl" href="{path}"'))
    whole = etree.ElementTree(tree)
    made = bytes(etree.tostring(whole, xml_declaration=True, encoding="UTF-8")) + b"\n"
    return _PLAIN.sub(lambda found: found[0].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;"), made)


def _link(feed: Any, listing: Listing, settings: Settings, file: str, kind: str) -> None:
    """Of several links feedgen takes the last for the channel's own, so the page comes last."""
    feed.link(
        [
            {"href": places.absolute(settings, listing.feed(file)), "rel": "self", "type": kind},
            {"href": places.absolute(settings, listing.url), "rel": "alternate", "type": "text/html"},
        ],
        replace=True,
    )


def _json(
    listing: Listing, items: Sequence[Item], settings: Settings, authors: Mapping[str, Author]
) -> bytes:
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _title(listing, settings),
        "home_page_url": places.absolute(settings, listing.url),
        **({"hubs": [{"type": "WebSub", "url": settings.feeds.hub}]} if settings.feeds.hub else {}),
        "feed_url": places.absolute(settings, listing.feed("feed.json")),
        "description": fragments.plain(
            settings.site_description or settings.brand.claim or settings.site_name
        ),
        "language": settings.language,
        "items": [_item(item, settings, authors) for item in items],
    }
    return (json.dumps(feed, ensure_ascii=False, indent=1) + "\n").encode()


def _item(item: Item, settings: Settings, authors: Mapping[str, Author]) -> dict[str, Any]:
    post = item.post
    summary = _summary(post)
    made: dict[str, Any] = {
        "id": places.stable_id(settings, post),
        "url": links.feed_link(settings.site_url, post, "json"),
        "title": fragments.plain(post.title),
        "content_html": item.content if settings.feeds.full else f"<p>{_escaped(summary or post.title)}</p>",
        "image": item.card.url,
        "attachments": [
            {"url": one.url, "mime_type": one.mime, "size_in_bytes": one.size} for one in item.played
        ],
        "date_published": post.published.isoformat(),
        "date_modified": _changed(post).isoformat(),
        "tags": [fragments.plain(term) for term in (*post.categories, *post.tags)],
        "authors": [
            {
                "name": fragments.plain(authors[name].name),
                "url": places.absolute(settings, places.author_url(authors[name])),
            }
            if name in authors
            else {"name": fragments.plain(name)}
            for name in post.authors
        ],
    }
    if summary:
        made["summary"] = summary
    return {key: value for key, value in made.items() if value not in ([], "")}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
