"""Words into HTML. Everything that a person, a file or a network wrote goes through `esc`."""

from __future__ import annotations

import html
import re
from base64 import b64encode
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from importlib import resources
from urllib.parse import urlsplit

# Control characters mean nothing on a page, and marks that turn the direction would run on past their text.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def esc(text: str) -> str:
    """The text for an element or an attribute, whatever stands in it."""
    return html.escape(_UNSEEN.sub("", text), quote=True)


def plain(text: str) -> str:
    """The text for a mail: without what has no meaning in one."""
    return _UNSEEN.sub("", text)


def data_uri(data: bytes, mime: str) -> str:
    """The bytes as an address that needs no network."""
    return f"data:{mime};base64,{b64encode(data).decode()}"


def web(url: str) -> str:
    """The address for an `href`, escaped; empty unless it is a plain web address."""
    return esc(url) if re.match(r"https?://[^\s/]", url) else ""


def host(url: str) -> str:
    """Where the link leads, as people name it: the host without `www.`."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def asset(name: str) -> str:
    """A file of this package: a style sheet or a script."""
    return resources.files("byline.preview").joinpath(name).read_text(encoding="utf-8")


def policy(script: str = "") -> str:
    """What the page may do: show itself. No request, and no script but this one."""
    allowed = f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" if script else "'none'"
    return (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'"
    )


def day(moment: datetime) -> str:
    """`Tue 24 Nov 2026, 09:00`, in whatever zone the moment is in."""
    return f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M}"


def money(amount: Decimal, currency: str) -> str:
    """`0.20 USD`, `0.015 USD`, or `nothing`."""
    if not amount:
        return "nothing"
    exponent = amount.normalize().as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{amount:.{places}f} {currency}"


def initials(name: str) -> str:
    """Up to two letters for the round picture of an account."""
    words = [word for word in re.split(r"[\s._@-]+", name) if word]
    return (
        "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words))[:2].upper() or "?"
    )


def hue(name: str) -> int:
    """A colour of its own for each name, the same each time."""
    return sha256(name.encode("utf-8", "surrogatepass")).digest()[0] * 360 // 256
