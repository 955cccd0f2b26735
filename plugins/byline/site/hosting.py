"""Small files for crawlers and for the server that the site lies on: robots.txt, and headers for static hosts.

A file of the same name in the company's own content wins; nothing of it is overwritten.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from byline.settings import Settings
from byline.site import places

_OPENER = "Cross-Origin-Opener-Policy"
# What a page cannot say of itself. The rest of the policy stands in each page (see `policy`).
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'; object-src 'none'; upgrade-insecure-requests",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    _OPENER: "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
_FOR_EVER = "public, max-age=31536000, immutable"
# Cards have another name when their content changes; a font changes with a release of the font.
_LASTING = ("assets/cards/", f"{places.ASSETS}fonts/")
HOSTS = ("netlify", "apache", "vercel")


def files(settings: Settings) -> dict[str, bytes]:
    """Path on the site -> bytes: robots.txt, and the headers in the form of each host that the settings name."""
    made = {"robots.txt": robots(settings)}
    for host in settings.pages.headers:
        if host == "netlify":
            made["_headers"] = _netlify(headers(settings))
        elif host == "apache":
            made[".htaccess"] = _apache(headers(settings), _path(settings))
        else:
            made["vercel.json"] = _vercel(headers(settings))
    return made


def robots(settings: Settings) -> bytes:
    """Everything may be read but the editor's page; the map of the site is named."""
    return (
        f"User-agent: *\nDisallow: {_path(settings)}admin/\n\n"
        f"Sitemap: {places.absolute(settings, 'sitemap.xml')}\n"
    ).encode()


def headers(settings: Settings) -> dict[str, str]:
    """Name -> value, for every page; also what the manual shows for other servers.

    With the editor's page, windows may know who opened them: the code host signs people in in a window of its own, which
    hands the result back to the page (HTML standard, 7.1.3, cross-origin opener policies). Netlify's file cannot take a
    header back for one folder, so it is left out for all.
    """
    popup = settings.editor.backend not in ("", "test-repo")
    return {name: value for name, value in _HEADERS.items() if not (popup and name == _OPENER)}


def _path(settings: Settings) -> str:
    """Where the site begins on its server: `/`, or `/blog/`."""
    return urlsplit(settings.site_url).path or "/"


def _netlify(given: Mapping[str, str]) -> bytes:
    """Netlify and Cloudflare Pages read it alike; paths begin at the folder that is deployed."""
    rows = ["/*", *(f"  {name}: {value}" for name, value in given.items())]
    for folder in _LASTING:
        rows += [f"/{folder}*", f"  Cache-Control: {_FOR_EVER}"]
    return ("\n".join(rows) + "\n").encode()


def _apache(given: Mapping[str, str], path: str) -> bytes:
    """Apache does not know every type by itself; `path` is where the folder lies on the server."""
    folders = "|".join(re.escape(f"{path}{folder}") for folder in _LASTING)
    rows = ["<IfModule mod_headers.c>"]
    rows += [f'  Header always set {name} "{value}"' for name, value in given.items()]
    rows += [
        f'  <If "%{{REQUEST_URI}} =~ m#^(?:{folders})#">',
        f'    Header set Cache-Control "{_FOR_EVER}"',
        "  </If>",
    ]
    rows += [
        "</IfModule>",
        "<IfModule mod_mime.c>",
        "  AddType font/woff2 .woff2",
        "  AddType image/webp .webp",
    ]
    rows += [
        "  AddCharset UTF-8 .html .css .js .json .xml .txt",
        "</IfModule>",
        f"ErrorDocument 404 {path}404.html",
    ]
    return ("\n".join(rows) + "\n").encode()


def _vercel(given: Mapping[str, str]) -> bytes:
    rows = [{"key": name, "value": value} for name, value in given.items()]
    rules = [{"source": "/(.*)", "headers": rows}]
    kept = [{"key": "Cache-Control", "value": _FOR_EVER}]
    rules += [{"source": f"/{folder}(.*)", "headers": kept} for folder in _LASTING]
    made = {"trailingSlash": True, "headers": rules}
    return (json.dumps(made, indent=1) + "\n").encode()
