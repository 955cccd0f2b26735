"""Former addresses of posts: a small page at each that leads to where the post is now."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import unquote, urlsplit

from byline.model import Post
from byline.settings import Settings
from byline.site import places
from byline.wording import words


def write(posts: Sequence[Post], settings: Settings) -> dict[str, bytes]:
    """File of the site -> page, for every alias. The tags of a link that led here are carried on."""
    pages = {}
    for post in posts:
        for alias in post.aliases:
            file = file_of(alias, urlsplit(settings.site_url).path)
            if file and file != file_of(post.url):
                pages[file] = _page(post, settings)
    return pages


def file_of(address: str, base: str = "/") -> str:
    """The file that a server shows at the address, relative to the site; empty where there can be none.

    `base` is the path under which the site stands; an address may begin with it or leave it out.
    """
    path = unquote(address.split("?")[0].split("#")[0]).replace("\\", "/")
    if path.startswith(base):
        path = path[len(base) :]
    path = path.strip("/")
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts) or "\0" in path:
        return ""
    if parts[-1].endswith((".html", ".htm")):
        return path
    return f"{path}/index.html"


def _page(post: Post, settings: Settings) -> bytes:
    address = escape(places.absolute(settings, post.url), quote=True)
    title = escape(post.title, quote=True)
    moved = escape(words(settings.language, settings.pages.words)["moved"])
    return f"""<!doctype html>
<html lang="{escape(settings.language, quote=True)}">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="canonical" href="{address}">
<script>location.replace(document.querySelector("link[rel=canonical]").href + location.search + location.hash)</script>
<meta http-equiv="refresh" content="0; url={address}">
</head>
<body>
<p>{moved} <a href="{address}">{title}</a>.</p>
</body>
</html>
""".encode()
