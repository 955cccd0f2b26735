"""One submitted lead form to one Lead. Nothing that came in is trusted; whatever cannot be read is left out.

The names of the fields are the contract with the form on the pages and with `capture.js`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from byline.crm.base import person_key
from byline.model import POST_ID, Lead, Touch

VALUE, ADDRESS, LONG, MANY = 255, 320, 5_000, 10
SPAM = 5  # points from which on a form is set aside
QUICKEST = timedelta(seconds=3)  # people need longer to fill a form in
CLICK_IDS = frozenset(
    "gclid gbraid wbraid dclid fbclid li_fat_id twclid msclkid ttclid mc_cid mc_eid".split()  # noqa: SIM905
)

# Control characters, marks that turn the direction of text, half characters: nobody types them, tricks need them.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
_ADDRESS_LIKE = re.compile(r"[^\s@/?&=]+@[^\s@/?&=]+\.[^\s@/?&=]+")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LINK = re.compile(r"https?://|www\.|\[url", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A form that was read. `aside` says why it is spam (empty: it is not); `fingerprint` is equal for a repeat.

    `points` are what speaks for spam, each with its reason. `form` tells the very same form, filled in on the same
    visit to the page; empty where the page's script did not run.
    """

    lead: Lead
    fingerprint: str
    aside: str = ""
    points: tuple[tuple[int, str], ...] = ()
    form: str = ""


def read(
    form: Mapping[str, str],
    *,
    now: datetime,
    site_host: str,
    referer: str = "",
    spam: int = SPAM,
    copies: Callable[[str, datetime], bool] = lambda _form, _now: False,
    ours: Callable[[Touch], bool] = lambda _touch: True,
) -> Submission:
    """The submission. Values are cleaned and capped; the journey comes from the hidden fields, else the Referer.

    From `spam` points on it is set aside. `copies` tells whether the same form came before, `ours` whether a link of
    ours can have brought a visit: a lead with a tag that we never gave out is kept and marked.
    """
    email = line(form.get("email", ""), ADDRESS)
    name = line(form.get("name", ""), VALUE)
    company = line(form.get("company", ""), VALUE)
    message = text(form.get("message", ""), LONG)
    post = line(form.get("bl_post", ""), 16).lower()
    touches = journey(form, now=now, site_host=site_host) or from_address(referer, now, site_host)
    agreed = line(
        form.get("bl_consent_at", ""), 40
    )  # the script's word for when; without it, when the form came
    if form.get("marketing") and not agreed:
        agreed = now.isoformat()
    fields = {
        "page": path(form.get("bl_page", "")) or path(referer),
        "post": post if re.fullmatch(POST_ID, post) else "",
        "consent_at": agreed,
        "marketing": "yes" if form.get("marketing") else "",
        "flags": ", ".join(_doubts(form, email, now)),
    }
    same = "\x1f".join((email.lower(), name, company, message))
    fingerprint = hashlib.sha256(same.encode()).hexdigest()
    points = _points(form, email, name, company, message, now)
    whole = ""
    if form.get("bl_started"):
        whole = hashlib.sha256("\x1f".join((same, form["bl_started"])).encode("utf-8", "replace")).hexdigest()
    if whole and copies(whole, now):
        points.append((5, "the very same form came before"))
    total = sum(number for number, _ in points)
    if any(not ours(touch) for touch in touches):
        doubts = [fields["flags"], "its link has a tag that we never gave out"]
        fields["flags"] = ", ".join(doubt for doubt in doubts if doubt)
    if points:
        fields["spam_points"] = str(total)
    return Submission(
        lead=Lead(
            id="",
            at=now,
            person=person_key(email),
            email=email,
            name=name,
            company=company,
            message=message,
            touches=touches,
            heard_from=line(form.get("heard_from", ""), VALUE),
            consent=text(form.get("bl_consent", ""), 2_000) if agreed else "",
            fields={key: value for key, value in fields.items() if value},
        ),
        fingerprint=fingerprint,
        aside="; ".join(why for _, why in points) if total >= spam else "",
        points=tuple(points),
        form=whole,
    )


def _points(
    form: Mapping[str, str], email: str, name: str, company: str, message: str, now: datetime
) -> list[tuple[int, str]]:
    """What speaks for spam. Each is a thing that people hardly do and programs do; the weights are in the manual."""
    started = _instant(form.get("bl_started", ""), None)
    links = len(_LINK.findall(message))
    found = (
        (10, "the hidden field was filled in", bool(form.get("website", "").strip())),
        (5, "a link stands in the name", bool(_LINK.search(name) or _LINK.search(company))),
        (3, "filled in within 3 seconds", bool(started and timedelta(0) <= now - started < QUICKEST)),
        (5, "forum markup in the message", "[url" in message.lower() or "[/link" in message.lower()),
        (min(4, 2 * (links - 1)), f"{links} links in the message", links >= 2),
        (2, "one text stands in several fields", len(message) > 3 and message in (name, company)),
        (
            2,
            "a name of consonants alone",
            bool(re.fullmatch(r"[b-df-hj-np-tv-xz]{7,}", name.replace(" ", "").lower())),
        ),
        (2, "the address looks mistyped", not _MAIL.fullmatch(email)),
        (2, "more than a day passed on the page", bool(started and now - started > timedelta(days=1))),
    )
    return [(points, why) for points, why, yes in found if yes]


def _doubts(form: Mapping[str, str], email: str, now: datetime) -> list[str]:
    found = []
    started = _instant(form.get("bl_started", ""), None)
    if started and timedelta(0) <= now - started < QUICKEST:
        found.append("filled in within 3 seconds")
    if not _MAIL.fullmatch(email):
        found.append("the address looks mistyped")
    return found


def line(value: str, limit: int) -> str:
    """One line of text: no control characters, single spaces, at most `limit` characters."""
    return " ".join(_UNPRINTABLE.sub("", value[: limit * 4].replace("\r", " ")).split())[:limit].strip()


def text(value: str, limit: int) -> str:
    """Text of several lines, without control characters, at most `limit` characters."""
    value = value[: limit * 4].replace("\r\n", "\n").replace("\r", "\n")
    return _UNPRINTABLE.sub("", value).strip()[:limit]


def path(value: str) -> str:
    """The path of an address or a path, without query and fragment; empty for anything else."""
    try:
        found = urlsplit(line(value, 2_000)).path
    except ValueError:
        return ""
    return found[:VALUE] if found.startswith("/") else ""


def journey(form: Mapping[str, str], *, now: datetime, site_host: str) -> tuple[Touch, ...]:
    """The touches of the hidden fields in order of time, the first and the last one included, each once."""
    found: list[Touch] = []
    listed = _json(form.get("bl_touches", ""))
    items = [_json(form.get("bl_first", ""))]
    items += (listed if isinstance(listed, list) else [])[-MANY:]
    items.append(_json(form.get("bl_last", "")))
    for item in items:
        touch = _touch(item, now, site_host) if isinstance(item, dict) else None
        if touch and touch not in found:
            found.append(touch)
    return tuple(sorted(found, key=lambda touch: touch.at))


def _touch(item: Mapping[Any, Any], now: datetime, site_host: str) -> Touch | None:
    def value(key: str) -> str:
        raw = item.get(key, "")
        return tag(raw) if isinstance(raw, str) else ""

    at = item.get("at", "")
    touch = Touch(
        at=_instant(str(at) if isinstance(at, str | int | float) else "", now) or now,
        source=value("source").lower(),
        medium=value("medium").lower(),
        campaign=value("campaign"),
        content=value("content"),
        term=value("term"),
        utm_id=value("id"),
        page=path(str(item.get("page", ""))),
        referrer=origin_and_path(str(item.get("referrer", "")), site_host),
        click=_click(item.get("click", "")),
    )
    if any((touch.source, touch.medium, touch.campaign, touch.content, touch.click, touch.referrer)):
        return touch
    return None


def from_address(address: str, now: datetime, site_host: str) -> tuple[Touch, ...]:
    """The one touch that an address with `utm_` tags tells; none when it has no tags or is not our own page."""
    try:
        parts = urlsplit(address[:4_000])
        if (parts.hostname or "") != site_host and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
            return ()
        query = dict(parse_qsl(parts.query, max_num_fields=50))
    except ValueError:
        return ()
    names = ("source", "medium", "campaign", "content", "term", "id")
    item: dict[str, str] = {name: query[f"utm_{name}"] for name in names if f"utm_{name}" in query}
    click = next((key for key in query if key in CLICK_IDS), "")
    if click:
        item["click"] = f"{click}={query[click]}"
    touch = _touch({**item, "page": parts.path}, now, site_host) if item else None
    return (touch,) if touch else ()


def tag(value: str) -> str:
    """A tag as it may be kept: one line, capped, nothing that looks like somebody's address."""
    cleaned = line(value, VALUE)
    return "" if _ADDRESS_LIKE.search(cleaned) else cleaned


def origin_and_path(address: str, site_host: str) -> str:
    """Where an outside visitor came from, without query; empty for our own pages and for what is no address."""
    try:
        parts = urlsplit(line(address, 2_000))
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https", "android-app") or not host or host == site_host:
            return ""
        return tag(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
    except ValueError:
        return ""


def _click(raw: object) -> str:
    """`name=value` of a click id that we know, from that form or from a map."""
    if isinstance(raw, Mapping):
        raw = next((f"{key}={value}" for key, value in raw.items() if key in CLICK_IDS), "")
    if not isinstance(raw, str):
        return ""
    name, _, value = tag(raw).partition("=")
    return f"{name}={value}" if name in CLICK_IDS and value else ""


def _json(raw: str) -> object:
    if len(raw) > 20_000:
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _instant(raw: str, default: datetime | None) -> datetime | None:
    """Milliseconds since 1970 or ISO 8601; what lies ahead of now or before 2000 is the visitor's wrong clock."""
    raw = raw.strip()
    try:
        if re.fullmatch(r"\d{9,15}(\.\d+)?", raw):
            found = datetime.fromtimestamp(float(raw) / 1000, UTC)
        else:
            found = datetime.fromisoformat(raw)
            found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return default
    if found.year < 2000 or (default is not None and found > default):
        return default
    return found


def known_hosts(site_url: str, more: Sequence[str] = ()) -> frozenset[str]:
    """The origins (`https://host:port`) that may send the form."""
    return frozenset(origin(url) for url in (site_url, *more))


def origin(url: str) -> str:
    """`scheme://host[:port]` in lower case; empty for anything else."""
    try:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}".lower() if parts.scheme and parts.hostname else ""
    except ValueError:
        return ""
