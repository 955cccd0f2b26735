"""Small files for crawlers and for the server that the site lies on: robots.txt, and headers for static hosts.

A file of the same name in the company's own content wins; nothing of it is overwritten.
"""

from __future__ import annotations

import json

from byline.settings import Settings
from byline.site import places

# What a page cannot say of itself. The rest of the policy stands in each page (see `policy`).
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'; object-src 'none'; upgrade-insecure-requests",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
_FOR_EVER = "public, max-age=31536000, immutable"
HOSTS = ("netlify", "apache", "vercel")


def files(settings: Settings) -> dict[str, bytes]:
    """Path on the site -> bytes: robots.txt, and the headers in the form of each host that the settings name."""
    made = {"robots.txt": robots(settings)}
    for host in settings.pages.headers:
        name, data = {"netlify": _netlify, "apache": _apache, "vercel": _vercel}[host]()
        made[name] = data
    return made


def robots(settings: Settings) -> bytes:
    """Everything may be read but the editor's page; the map of the site is named."""
    return (
        f"User-agent: *\nDisallow: /admin/\n\nSitemap: {places.absolute(settings, 'sitemap.xml')}\n"
    ).encode()


def headers() -> dict[str, str]:
    """Name -> value, for every page; also what the manual shows for other servers."""
    return dict(_HEADERS)


def _netlify() -> tuple[str, bytes]:
    """`_headers`, which Netlify and Cloudflare Pages read alike."""
    rows = ["/*", *(f"  {name}: {value}" for name, value in _HEADERS.items())]
    rows += [f"/{places.ASSETS}fonts/*", f"  Cache-Control: {_FOR_EVER}"]
    rows += ["/assets/cards/*", f"  Cache-Control: {_FOR_EVER}"]
    return "_headers", ("\n".join(rows) + "\n").encode()


def _apache() -> tuple[str, bytes]:
    rows = ["<IfModule mod_headers.c>"]
    rows += [f'  Header always set {name} "{value}"' for name, value in _HEADERS.items()]
    rows += ["</IfModule>", "ErrorDocument 404 /404.html"]
    return ".htaccess", ("\n".join(rows) + "\n").encode()


def _vercel() -> tuple[str, bytes]:
    rows = [{"key": name, "value": value} for name, value in _HEADERS.items()]
    made = {"trailingSlash": True, "headers": [{"source": "/(.*)", "headers": rows}]}
    return "vercel.json", (json.dumps(made, indent=1) + "\n").encode()
