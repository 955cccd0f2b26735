"""sitemap.xml with the dates on which things really changed, not the day of the build."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape

from byline.settings import Settings
from byline.site import places


def write(pages: Iterable[tuple[str, datetime | None]], settings: Settings) -> bytes:
    """The map of the pages (address, last change or None where nobody knows), in the order of addresses."""
    rows = []
    for url, changed in sorted(set(pages), key=lambda row: row[0]):
        date = f"<lastmod>{changed.date().isoformat()}</lastmod>" if changed else ""
        rows.append(f"  <url><loc>{escape(places.absolute(settings, url))}</loc>{date}</url>\n")
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    return f"{head}{''.join(rows)}</urlset>\n".encode()
