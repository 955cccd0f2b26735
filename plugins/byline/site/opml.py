"""feeds.opml: every feed of the site in one file, which a feed reader takes in one go (OPML 2.0)."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from byline.settings import Settings
from byline.site import fragments, places
from byline.site.places import Listing

FILE = "feeds.opml"


def write(listings: Sequence[Listing], settings: Settings) -> bytes:
    """One outline for each listing's RSS feed; no date, so that the bytes change only when the feeds do."""
    rows = []
    for listing in listings:
        title = f"{listing.title} – {settings.site_name}" if listing.url else settings.site_name
        rows.append(
            f'    <outline type="rss" text={_quoted(title)} title={_quoted(title)}'
            f" xmlUrl={_quoted(places.absolute(settings, listing.feed(places.FEEDS[0])))}"
            f" htmlUrl={_quoted(places.absolute(settings, listing.url))}/>\n"
        )
    name = fragments.plain(settings.site_name).replace("&", "&amp;").replace("<", "&lt;")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n'
        f"  <head>\n    <title>{name}</title>\n  </head>\n  <body>\n{''.join(rows)}  </body>\n</opml>\n"
    ).encode()


def _quoted(text: str) -> str:
    return quoteattr(fragments.plain(text))
