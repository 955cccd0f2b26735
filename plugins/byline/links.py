"""Links: canonical, tagged, for feeds; compared; and the words in their tags checked. Pure.

The tags are the one thing that survives from a post on a network to the lead in the CRM, so they are made in one
place: lower case, one taxonomy, the delivery id in `utm_content`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from urllib.parse import parse_qsl, quote, unquote_plus, urljoin, urlsplit, urlunsplit

from byline.model import NamedLink, Post

MAX_LINK = 2_000
MAX_WORD = 64
_SOURCE_OF = {"x": "twitter", "constantcontact": "newsletter"}
# Where a link stands that is in no post: the `utm_source` -> (what people call it, its `utm_medium`).
PLACES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "fair": ("Trade fair", "offline"),
        "flyer": ("Flyer", "offline"),
        "brochure": ("Brochure", "offline"),
        "card": ("Business card", "offline"),
        "poster": ("Poster or sign", "offline"),
        "vehicle": ("Vehicle", "offline"),
        "packaging": ("Packaging", "offline"),
        "talk": ("Talk", "offline"),
        "advert": ("Printed advertisement", "offline"),
        "invoice": ("Quotation or invoice", "email"),
        "signature": ("E-mail signature", "email"),
        "profile": ("Profile page on a network", "social"),
        "partner": ("Partner's website", "referral"),
        "directory": ("Directory of firms", "referral"),
        "press": ("Newspaper or magazine", "referral"),
    }
)
MEDIA = ("offline", "email", "social", "referral")
_WORD = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_SHOP = re.compile(r".*(?:(?:[^a-df-z]|^)shop|shopping).*")
# Joined without asking the standard library, many times over.
_PLAIN_PATH = re.compile(r"(?:[A-Za-z0-9_-]+/)+(?:[A-Za-z0-9_-]+\.[a-z]+)?")
_PLAIN = re.compile(r"[A-Za-z0-9._~/-]*")
_CLICK_IDS = frozenset({"fbclid", "gclid", "msclkid", "li_fat_id", "twclid", "igshid"})
_UNRESERVED = re.compile(rb"[A-Za-z0-9._~-]")
_LETTERS = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th",
        "ł": "l", "ı": "i", "ŋ": "ng", "ħ": "h", "’": "", "'": "", "ʼ": "",
        "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ё": "yo", "є": "ye", "ж": "zh",
        "з": "z", "и": "i", "й": "y", "і": "i", "ї": "yi", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o",
        "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ў": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch",
        "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
        "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k",
        "λ": "l", "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t",
        "υ": "y", "φ": "f", "χ": "ch", "ψ": "ps", "ω": "o",
    }
)  # fmt: skip


class LinkError(ValueError):
    """A link that cannot be used. `str()` says what is wrong with it and what is expected."""


@lru_cache(maxsize=8192)
def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens, for URLs and campaign words; never empty.

    Latin, Greek and Cyrillic letters are written out; a text in which nothing could be keeps a short mark of its
    own, the same each time.
    """
    kept = unicodedata.normalize("NFC", text).lower().translate(_LETTERS)
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", kept).translate(_LETTERS)
        if not unicodedata.combining(letter)
    )
    words = re.sub(r"[^a-z0-9]+", "-", plain.translate(_LETTERS)).strip("-")
    return words or "x" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def category_path(name: str) -> str:
    """Where the page of a category lies on the site: no stroke before it, one behind."""
    return f"category/{slug(name)}/"


def author_path(name: str) -> str:
    """Where the page of an author lies on the site; `name` is the slug that was chosen for it, or the author's id."""
    return f"author/{slug(name)}/"


def canonical(site_url: str, url: str) -> str:
    """The page's one address, without tags. `url` is relative to the site."""
    if site_url.endswith("/") and _PLAIN_PATH.fullmatch(url):
        return site_url + url
    return urljoin(site_url, url)


def tagged(url: str, *, source: str, medium: str, campaign: str, content: str) -> str:
    """The link with our four tags.

    Its own query stays as it is and in its order, older `utm_*` are replaced, the fragment stays last. Tagging
    twice changes nothing more. Raises LinkError for what is not a plain http(s) address.
    """
    bare, fragment = _untagged(url)
    tags = (("source", source), ("medium", medium), ("campaign", campaign), ("content", content))
    ours = "&".join(f"utm_{name}={_tag(value)}" for name, value in tags if value.strip())
    return f"{bare}{'&' if '?' in bare else '?'}{ours}{fragment}" if ours else bare + fragment


def sources(channel: str) -> str:
    """The `utm_source` of a network: its name, which GA4 and HubSpot know (`twitter`, never `x`).

    Whichever service sends a newsletter, its source is `newsletter`.
    """
    word = channel.strip().lower()
    return _SOURCE_OF.get(word, word)


def campaign_word(post: Post) -> str:
    """The `utm_campaign` of a post: its campaign, else its slug, in ASCII letters."""
    return slug(post.campaign or post.slug)[:MAX_WORD].strip("-")


def delivery_link(site_url: str, post: Post, channel: str, delivery_id: str, link: str = "") -> str:
    """The link of one delivery: to the post, or to `link` where the author gave one for the network."""
    medium = "email" if sources(channel) == "newsletter" else "social"
    return tagged(
        link or canonical(site_url, post.url),
        source=sources(channel),
        medium=medium,
        campaign=campaign_word(post),
        content=delivery_id,
    )


def named_link(site_url: str, link: NamedLink) -> str:
    """The link of one entry of `links`: its id in `utm_content` is `link.<slug>`, which no delivery can have."""
    url = (
        link.url if re.match(r"https?:", link.url, re.IGNORECASE) else urljoin(site_url, link.url.lstrip("/"))
    )
    return tagged(
        url,
        source=link.source,
        medium=link.medium,
        campaign=slug(link.campaign or link.slug)[:MAX_WORD].strip("-"),
        content=named_id(link.slug),
    )


def named_id(slug: str) -> str:
    """The id of a named link in tags and reports."""
    return f"link.{slug}"


def feed_link(site_url: str, post: Post, kind: str = "rss") -> str:
    """The link of a post in a feed. Readers of every kind of feed count as `rss`; guid and canonical stay bare."""
    if kind == "newsletter":
        return delivery_link(site_url, post, "newsletter", post.id)
    return tagged(
        canonical(site_url, post.url),
        source="rss",
        medium="referral",
        campaign=campaign_word(post),
        content=post.id,
    )


def tags(url: str) -> Mapping[str, str]:
    """The `utm_*` of a link, names and values in lower case; of a doubled one the first counts. Never raises."""
    found: dict[str, str] = {}
    try:
        query = urlsplit(url).query
    except ValueError:
        query = ""
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name.lower().startswith("utm_"):
            found.setdefault(name.lower(), value.strip().lower())
    return MappingProxyType(found)


def same(one: str, other: str) -> bool:
    """Do the two lead to the same place with the same tags?

    Networks change a link's spelling: case of scheme and host, the default port, percent-encoding, the order of
    the query, a click id of their own (`fbclid`), the fragment. None of these counts.
    """
    try:
        return _normal(one) == _normal(other)
    except (LinkError, ValueError):
        return False


def lint(word: str) -> tuple[tuple[str, str, str], ...]:
    """What is wrong with a campaign word: (code, message, fix) each. Analytics would file it elsewhere or split it."""
    found: list[tuple[str, str, str]] = []
    shaped = slug(word)

    def note(code: str, message: str, fix: str) -> None:
        found.append((code, message, fix))

    if not _WORD.fullmatch(word):
        note(
            "campaign-shape",
            f"the campaign word `{word}` has more than small letters, digits and single hyphens: "
            "analytics would count each spelling apart",
            f"write `{shaped}`",
        )
    if len(word) > MAX_WORD:
        note(
            "campaign-long",
            f"the campaign word `{word}` has {len(word)} characters; {MAX_WORD} are kept",
            f"write a shorter one, such as `{shaped[:40].strip('-')}`",
        )
    low = word.lower()
    if _SHOP.fullmatch(low):
        note(
            "campaign-shopping",
            f"Google Analytics files the campaign word `{word}` under Shopping, not under social networks, "
            "because of `shop`",
            "choose another word, such as `store` or `workshop`",
        )
    if "cross-network" in low:
        note(
            "campaign-cross-network",
            f"Google Analytics files the campaign word `{word}` under Cross-network, not under social networks",
            "choose a word without `cross-network`",
        )
    if "email" in low:
        note(
            "campaign-email",
            f"HubSpot files the campaign word `{word}` under e-mail on networks it does not know, because of `email`",
            "choose another word, such as `mail` or `inbox`",
        )
    for paid in ("ppc", "cpc", "adword"):
        if paid in low:
            note(
                "campaign-paid",
                f"HubSpot files the campaign word `{word}` under paid search, because of `{paid}`",
                f"choose a word without `{paid}`",
            )
    return tuple(found)


def lint_link(url: str) -> tuple[tuple[str, str, str], ...]:
    """What is wrong with a link that a person wrote: (code, message, fix) each."""
    try:
        _, _, _, query, fragment = _split(url)
    except LinkError as error:
        return (("bad-link", str(error), "write the whole address, such as https://example.com/page/"),)
    found: list[tuple[str, str, str]] = []
    names = [pair.partition("=")[0].lower() for pair in query.split("&") if pair]
    if "amp;" in query:
        found.append(("link-amp", f"the link {url} holds `&amp;`, which is HTML", "write a plain `&`"))
    if "utm_" in fragment.lower():
        found.append(
            (
                "link-tag-after-hash",
                f"the tags of {url} stand after `#`, where nobody reads them",
                "put them before `#`",
            )
        )
    if re.search(r"%25[0-9A-Fa-f]{2}", query):
        found.append(
            (
                "link-encoded-twice",
                f"the link {url} is percent-encoded twice",
                "write it as the browser shows it",
            )
        )
    for name in sorted({name for name in names if name.startswith("utm_") and names.count(name) > 1}):
        found.append(
            ("link-tag-twice", f"`{name}` stands twice in {url}", "keep one; ours replaces it anyway")
        )
    if len(url) > MAX_LINK:
        found.append(
            ("link-long", f"the link has {len(url):,} characters; {MAX_LINK:,} are safe", "shorten the link")
        )
    return tuple(found)


@lru_cache(maxsize=1024)
def _untagged(url: str) -> tuple[str, str]:
    """The link up to where our tags come, without older ones, and its fragment with the `#`."""
    scheme, host, path, query, fragment = _split(url)
    kept = "&".join(pair for pair in query.split("&") if pair and not _is_tag(pair))
    return urlunsplit((scheme, host, path or "/", kept, "")), f"#{fragment}" if fragment else ""


def _tag(value: str) -> str:
    word = value.strip().lower()
    return word if _PLAIN.fullmatch(word) and "/" not in word else quote(word, safe="-._~")


@lru_cache(maxsize=1024)
def _split(url: str) -> tuple[str, str, str, str, str]:
    """The parts, scheme and host in lower case, everything percent-encoded that must be, nothing encoded twice."""
    text = url.strip()
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise LinkError(f"`{url}` is not an address: its host or port is malformed") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise LinkError(f"`{url}` does not begin with https:// (or http://)")
    if not host or re.search(r"[\s<>\"\\^`{|}]", host):
        raise LinkError(f"`{url}` has no usable host name after the two slashes")
    if parts.username is not None or parts.password is not None:
        raise LinkError("the link holds a user name or password before the @; links are public")
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise LinkError("the link holds a line break or a control character")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise LinkError(f"`{url}` has no usable host name after the two slashes") from None
    if ":" in host:
        host = f"[{host}]"
    if port is not None and port != {"http": 80, "https": 443}[parts.scheme.lower()]:
        host = f"{host}:{port}"
    return (
        parts.scheme.lower(),
        host,
        _encoded(parts.path, "/:@!$&'()*+,;=~%"),
        _encoded(parts.query, "/?:@!$&'()*+,;=~%"),
        _encoded(parts.fragment, "/?:@!$&'()*+,;=~%"),
    )


def _encoded(text: str, safe: str) -> str:
    """Percent-encode what no address may hold; a `%` that starts no encoding becomes `%25`."""
    if _PLAIN.fullmatch(text):
        return text
    lone = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text)
    return quote(lone, safe=safe, errors="replace")


def _is_tag(pair: str) -> bool:
    return unquote_plus(pair.partition("=")[0]).strip().lower().removeprefix("amp;").startswith("utm_")


def _normal(url: str) -> tuple[str, str, str, tuple[tuple[str, str], ...]]:
    scheme, host, path, query, _ = _split(url)
    pairs = (
        (name, value)
        for name, value in parse_qsl(query, keep_blank_values=True)
        if name.lower() not in _CLICK_IDS
    )
    return scheme, host, re.sub(r"(?:%[0-9A-Fa-f]{2})+", _plain_octets, path or "/"), tuple(sorted(pairs))


def _plain_octets(match: re.Match[str]) -> str:
    """Percent-encoding in one spelling: unreserved letters bare, the rest in capitals."""
    out = []
    for octet in bytes.fromhex(match[0].replace("%", "")):
        letter = bytes([octet])
        out.append(letter.decode() if _UNRESERVED.match(letter) else f"%{octet:02X}")
    return "".join(out)
