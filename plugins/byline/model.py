"""The values that travel through Byline. Frozen, complete when made, no I/O.

Times are aware `datetime`s, money is `Decimal` in one currency that is named beside it, collections are tuples.
An id is a string of the shapes in the design: a post id is `[a-z][a-z0-9]{2,15}`, a delivery id is
`<post id>.<channel>.<account>` with `.<n>` for a later telling (the first `again` entry is `.2`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Literal

POST_ID = r"[a-z][a-z0-9]{2,15}"
ACCOUNT_NAME = r"[a-z][a-z0-9_]*"

Mode = Literal["api", "manual"]
JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]


def _empty() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """One entry of `content/.authors.yml`. Links are full URLs, handles are as the person wrote them."""

    id: str
    name: str
    description: str = ""
    avatar: str = ""
    slug: str = ""
    role: str = ""
    bio: str = ""
    url: str = ""
    linkedin: str = ""
    twitter: str = ""
    mastodon: str = ""
    bluesky: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One entry of `campaigns` in mkdocs.yml. Dates are inclusive days in the site's zone."""

    slug: str
    name: str
    start: date | None = None
    end: date | None = None
    cost: Decimal = Decimal(0)
    goal: str = ""
    target: int | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedLink:
    """One entry of `links` in mkdocs.yml: a tagged link that stands somewhere else than in a post.

    `source` is one of `links.PLACES`; `url` as written: an address, or a page relative to the site (empty: home).
    """

    slug: str
    name: str
    source: str
    medium: str
    campaign: str = ""
    url: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkShare:
    """What a manager wrote for one network, or for one account of it.

    `texts` empty: nothing written, the next wider level decides; more than one: a thread. `at` is aware and
    already resolved against the day of the post. `accounts` holds the same shape by account name.
    """

    off: bool = False
    texts: tuple[str, ...] = ()
    at: datetime | None = None
    as_: tuple[str, ...] = ()
    accounts: Mapping[str, NetworkShare] = field(default_factory=lambda: MappingProxyType({}))
    image: str = ""
    image_alt: str = ""
    link: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A later telling in other words, `after` the first post of the same account."""

    after: timedelta
    networks: Mapping[str, NetworkShare]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The `share` section of a post. `off` means site and feeds only."""

    off: bool = False
    at: datetime | None = None
    networks: Mapping[str, NetworkShare] = field(default_factory=lambda: MappingProxyType({}))
    again: tuple[Again, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One readable file under `content/posts/`.

    `path` is relative to the folder of mkdocs.yml, `src_uri` to `docs_dir`; `url` is relative to `site_url` and
    ends in a slash; `published` is the start of the post's date (or its exact time) in the site's zone; `hash` is
    the sha256 of the file's bytes; `lines` maps dotted keys to line numbers in the file.
    """

    id: str
    path: str
    src_uri: str
    url: str
    slug: str
    title: str
    description: str
    excerpt: str
    body: str
    hash: str
    published: datetime
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    image: str = ""  # relative to docs_dir, existing and inside it; empty: a card is drawn
    image_alt: str = ""
    campaign: str = ""
    audience: tuple[str, ...] = ()
    series: str = ""
    aliases: tuple[str, ...] = ()
    canonical_url: str = ""  # where the piece was first published, when that is not here
    effort: timedelta | None = None
    draft: bool = False
    share: Share | None = None
    lines: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    def line(self, key: str) -> int:
        """Where the key stands, or where the nearest wider key stands, or 1."""
        while key:
            if key in self.lines:
                return self.lines[key]
            key = key.rpartition(".")[0]
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image that can be made into bytes later: a file of the site, or a card drawn from words.

    `digest` covers all that goes into the picture, so it is known without drawing; `url` is absolute on the site
    (empty: the picture is not on the site).
    """

    digest: str
    alt: str
    url: str = ""
    path: Path | None = None
    drawn: DrawnCard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCard:
    """The words and colours of a drawn card, 1200x630 pixels. `language` is the site's, where it changes what is drawn."""

    title: str
    kicker: str
    byline: str
    site: str
    primary: str
    accent: str
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What stands under a post on a network that shows a link card."""

    url: str
    title: str
    description: str
    picture: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The post itself, for a channel that carries more of it than a card: a newsletter.

    `body` is Markdown as in the file; `folder` is the file's folder under docs_dir, for pictures beside it; `url` is
    the page's canonical address; colours are `#rrggbb`; `logo` is an absolute address or empty. `cards` are the posts of a digest, each with
    its tagged link; the body is empty then.
    """

    body: str
    url: str
    folder: str
    site: str
    site_url: str
    primary: str = "#1f4e79"
    logo: str = ""
    cards: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Exactly what readers will see on one network from one account: what `compose` returns and `prepare` sends.

    `parts` are the texts, one for a plain post, more for a thread, unescaped. `used` and `limit` count as the
    network counts, one number a part. `cut` is what fitting left out (only ever derived text). `cost` is in
    `currency`, for sending it once. `mentions` are the accounts that the network will call, as they stand in the words
    (`@dana`); `warnings` what a person should know and may still want.
    """

    channel: str
    account: str
    parts: tuple[str, ...]
    link: str
    used: tuple[int, ...]
    limit: int
    card: Card | None = None
    image: Picture | None = None
    cut: str = ""
    cost: Decimal = Decimal(0)
    currency: str = "USD"
    language: str = ""  # of the words, where the network wants to know
    mentions: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    story: Story | None = None  # where the channel carries the post itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The words and things chosen for one delivery, before the network's rules are applied.

    `texts` are the placeholders-filled words; `written` tells that a person wrote them for this network (then
    they are never cut); `link` is the tagged link.
    """

    texts: tuple[str, ...]
    written: bool
    link: str
    card: Card
    image: Picture | None = None
    language: str = "en"
    story: Story | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One create, complete but for the secrets: what is stored before it is sent, and sent again byte for byte.

    `key` is the idempotency or record key, where the network has one. `body` is the JSON body.
    """

    part: int
    path: str
    body: Mapping[str, JsonValue]
    key: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The network's own word that one part is out. `at` is UTC; `already` tells that it had been out before."""

    remote_id: str
    url: str
    at: datetime
    already: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One visit that came with a tag, a click id or an outside referrer. `at` is UTC.

    `click` is a click id as `name=value` (`gclid=…`): it tells the network, never the post. `utm_id` is an analytics
    tool's number of a campaign; it comes along and takes no credit.
    """

    at: datetime
    source: str = ""
    medium: str = ""
    campaign: str = ""
    content: str = ""
    term: str = ""
    page: str = ""
    referrer: str = ""
    click: str = ""
    utm_id: str = ""


# What a touch holds besides its instant, in the order in which stores keep it: a new field comes last, above too.
TOUCH_WORDS = tuple(one.name for one in fields(Touch) if one.name != "at")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Lead:
    """One person who asked. Its repr shows the id alone; name and mail never enter logs or reports.

    `person` tells the same person in two leads and is no name: a hash of the address where there is one, else the
    lead's own id. `touches` are in order of time. `fields` holds what else came with it: `page`, `post`, `status`,
    `consent_at`, `marketing`, `flags` (doubts about it, in words, separated by commas). `consent` holds the words
    that the person agreed to, and is empty for one who did not tick the box.
    """

    id: str
    at: datetime
    person: str = ""
    email: str = ""
    name: str = ""
    company: str = ""
    message: str = ""
    touches: tuple[Touch, ...] = ()
    heard_from: str = ""
    consent: str = ""
    fields: Mapping[str, str] = field(default_factory=_empty)

    def __repr__(self) -> str:
        return f"Lead({self.id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """An opportunity of a lead. A refund is a won deal with a negative amount.

    `lead_id` is empty when nothing tells whose deal it is; `person` is as in Lead. `people` are all persons with a
    part in it, as in Lead's `person` (contact roles); `account` is the customer's id in the CRM, `crm` the CRM that it
    was read from (empty: a file).
    """

    id: str
    lead_id: str
    created: datetime
    amount: Decimal
    currency: str
    closed: datetime | None = None
    won: bool = False
    stage: str = ""
    person: str = ""
    people: tuple[str, ...] = ()
    account: str = ""
    crm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """Money that was asked for, and received when `paid` is set. Joined to a lead by person, else by company."""

    id: str
    issued: datetime
    amount: Decimal
    currency: str
    paid: datetime | None = None
    person: str = ""
    company: str = ""
