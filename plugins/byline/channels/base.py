"""What a network must be able to do, and what it says about itself as data.

A driver never decides whether to retry and never sleeps: it raises one of the three fates of `byline.errors`
(NotSent, OutcomeUnknown, Rejected), and the core, which alone holds the sending history, acts on it.

A driver file holds, in this order: a docstring (what it posts as, the official page and the day it was read,
rights needed), its settings, `CAPABILITIES`, the class, wire helpers, and last `CHANNEL = TheClass`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal, Protocol

from byline.fields import Fields
from byline.http import Http
from byline.model import Draft, JsonValue, Message, Receipt, Request
from byline.settings import Account, Secrets
from byline.times import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRules:
    """What the network takes as a picture; `width` x `height` is the size we make for its card."""

    types: tuple[str, ...]
    max_bytes: int
    max_pixels: int
    width: int
    height: int
    max_alt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """When sending the very same request again cannot make a second post: the network's own idempotency.

    Both ages are counted from the first attempt. Outside them an unclear outcome is for `find` or a person.
    """

    after: timedelta
    until: timedelta


Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How the network shows a post: what the preview draws from and what a person who shares by hand gets.

    Words, link, card and counts never depend on it; it may be left out, then the post is shown plainly.
    `fold` is (lines, characters a line) that show before the reader asks for more; `links` and `tags` find what
    the network makes a link of in a text. `card` tells where the card's words stand: all `under` the picture, or
    the first of `card_words` `over` it. `share` is the address that opens the network's own form, with `{text}`,
    `{link}` and options of the account, such as `{server}`, in it.
    """

    colour: str = "#3d5a80"  # of links and of the network's name, in light and in dark
    colour_dark: str = "#8fb8e8"
    handle: Callable[[Account], str] = lambda account: account.name
    square: Callable[[Account], bool] = lambda _account: False  # is the account's picture square?
    headline: bool = False  # does a person's role stand under the name?
    fold: tuple[int, int] | None = None
    fold_word: str = "… more"
    links: Callable[[str], Spans] | None = None  # None: whole addresses
    tags: Callable[[str], Spans] | None = None  # None: `#` and a word
    short_links: int | None = (
        None  # a link's address is shown without https:// and cut after so many characters
    )
    card: Literal["under", "over"] = "under"
    card_words: tuple[Literal["title", "host", "description"], ...] = ("title", "host")
    card_host: str = "{host}"
    actions: tuple[str, ...] = ()
    share: str = ""
    # The whole thing as a page of its own, for what is no short post: a mail. Pictures in it are addresses.
    document: Callable[[Message, Account], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a network can do. The core, the manual's table and the contract suite read the same record."""

    label: str  # the name a person knows: LinkedIn
    limit: int  # the longest text, in the network's own counting
    count: Callable[[str], int]  # how the network counts
    unit: str  # what is counted, in plain words: characters
    link: Literal["card", "text"]  # where the tagged link travels
    card: Literal["client", "page"]  # who makes the link card: we, or the network from the live page
    image: ImageRules
    threads: bool  # can a list of texts go out as one thread
    find: Literal["always", "sometimes", "never"]  # can our own posts be listed
    replay: Replay | None  # the network's own idempotency
    edit: bool
    delete: bool
    clicks: bool  # does it tell link clicks
    views: bool
    protected: Callable[[str], tuple[tuple[int, int], ...]] = lambda _text: ()  # spans that are never cut
    mentions: Callable[[str], tuple[str, ...]] | None = None  # whom handles in a text call; None: nobody ever
    defused: Callable[[str], str] = lambda text: text  # written words that call nobody but those they name
    weight_of_link: int | None = None  # a link counts so much whatever its length; None: its full length
    look: Look = Look()  # how the network shows a post
    story: bool = False  # it carries the post itself too: a changed post is then another message
    # One delivery goes to many people, each noted apart. Making the request again goes on with those who have not got
    # it and never sends to one twice; whether somebody got it whose answer was lost, only a person can tell.
    mailing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a look at the network told: `receipt` when our post is there; `certain` when its absence is a proof."""

    receipt: Receipt | None
    certain: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of one account. `expires` is aware; `missing` lists rights that sending needs and are not there."""

    ok: bool
    who: str
    message: str
    fix: str = ""
    expires: datetime | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Numbers of one post at one time; None where the network gives none."""

    at: datetime
    views: int | None = None
    clicks: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something about an account that will need a person: an interface's version that ends, a limit that changes.

    `severe` when it keeps posts from going out now.
    """

    message: str
    fix: str
    severe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """One allowance, by the network's own word: `used` of `limit`, which is 100 where the network tells a percentage.

    `what` is what is counted and in which time, in plain words. `used` is None where the network allows so much and
    tells no app how much of it is gone; `resets` is aware.
    """

    what: str
    limit: int
    used: int | None = None
    resets: datetime | None = None
    percent: bool = False
    note: str = ""


class Quotas(Protocol):
    """What a driver may offer besides the contract, for `publish doctor`."""

    def quotas(self) -> tuple[Quota, ...]:
        """Every allowance that the answers so far told of; asked after `health`. May make a call that costs nothing."""
        ...


Paid = Literal["health", "find", "metrics", "delete"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """What a network charged for something else than a post. `what` names it: within a day (UTC) it is charged once."""

    what: str
    amount: Decimal
    currency: str = "USD"


class Metered(Protocol):
    """What a driver offers besides the contract whose network charges for reading or deleting."""

    def price(self, call: Paid) -> Decimal:
        """The most that one such call costs."""
        ...

    def fees(self) -> tuple[Fee, ...]:
        """What was charged since this was asked last."""
        ...


class Corrected(Protocol):
    """What a driver may offer besides the contract whose network refuses a post for what stands in the settings."""

    def corrected(self, reason: str) -> bool:
        """Was it rejected for something that the settings say otherwise by now? `reason` as this driver wrote it."""
        ...


class Notices(Protocol):
    """What a driver may offer besides the contract, for `publish doctor`."""

    def notices(self) -> tuple[Notice, ...]:
        """What will need a person, from the settings and the time alone: no call is made, no secret read."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """How a person without a command line gets a new token: steps in the browser, and the secrets that hold it.

    What a driver may offer besides the contract, as `renewal`. The last step ends with what is copied.
    """

    steps: tuple[str, ...]
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """What a sign-in gave. `secrets` maps each variable (LINKEDIN_ACCESS_TOKEN) to its value and is never shown unasked.

    `shared` are the variables that belong to the app and are the same for every account; `rights` are those that were
    given, `expires` is None for what lasts until it is revoked, `options` are lines
    for the account's settings (`urn`), `note` is more that the person should know.
    """

    secrets: Mapping[str, str] = field(repr=False)
    shared: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    expires: datetime | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


class Desk(Protocol):
    """The person who signs in, with a browser. `page` tells that they want a company's page, not their own profile.

    `elsewhere` tells that the browser is on another machine: a network that can show a number to be typed in does so.
    """

    page: bool
    elsewhere: bool

    def ask(self, question: str, *, variable: str = "", hidden: bool = False) -> str:
        """What the environment has under `variable`, else the person's answer. UsageError when nobody is there."""
        ...

    def redirect(self, host: str = "127.0.0.1") -> str:
        """The address of this machine that the network shall send the browser back to."""
        ...

    def copy(self, address: str, question: str) -> str:
        """Have the address opened on any machine, and return what the person copies from the page that comes."""
        ...

    def visit(self, address: str, *, accept: Callable[[Mapping[str, str]], bool]) -> Mapping[str, str]:
        """Open the address and wait for the browser to come back with an answer that `accept` takes."""
        ...


class SignIn(Protocol):
    """What a driver may offer besides the contract, for `publish connect`."""

    def sign_in(self, desk: Desk) -> SignedIn:
        """Let a person sign in. Raises NotSent (auth) when the person or the network says no."""
        ...


class Channel(Protocol):
    """One account on one network. Made without touching the network; secrets are read when first needed.

    `compose` is pure and needs no token. All other methods may raise NotSent, OutcomeUnknown or Rejected and
    nothing else; a missing secret is NotSent with cause `auth` and a hint that names the variable.
    """

    name: ClassVar[str]
    api: ClassVar[
        str
    ]  # where the network answers unless the settings say otherwise; empty: each account names it
    caps: Capabilities  # of the class: what the network can do; of an instance: what this account can

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None: ...

    @staticmethod
    def settings(block: Fields, accounts: tuple[Fields, ...]) -> None:
        """Read this network's own keys from its block and its accounts' blocks; mistakes go into the Fields."""
        ...

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        """The message exactly as readers will see it, and what is wrong with it (too long, a bad link …) in words."""
        ...

    def prepare(self, message: Message, delivery_id: str) -> tuple[Request, ...]:
        """Upload pictures and build the exact requests, one a part. Harmless when it is done twice."""
        ...

    def create(self, request: Request, before: tuple[Receipt, ...]) -> Receipt:
        """Send one part, exactly once. `before` are the receipts of the parts that went out before it."""
        ...

    def find(
        self, request: Request, message_link: str, since: datetime, before: tuple[Receipt, ...]
    ) -> Found:
        """Is the part of this request out? Looks at posts made after `since`. Reads only."""
        ...

    def remote_id(self, url: str) -> str:
        """The network's id in the address of a post, as `publish record` is given it; empty when it is no post there."""
        ...

    def health(self) -> Health:
        """Is the token good, whose is it, what may it do, when does it die? Reads only."""
        ...

    def metrics(self, remote_id: str) -> Metrics:
        """The numbers of one post."""
        ...

    def edit(self, remote_id: str, message: Message) -> None:
        """Change a post's words, where `caps.edit`."""
        ...

    def delete(self, remote_id: str) -> None:
        """Take a post away, where `caps.delete`; one that is gone already is no error."""
        ...


__all__ = [
    "Capabilities",
    "Channel",
    "Corrected",
    "Desk",
    "Draft",
    "Fee",
    "Found",
    "Health",
    "ImageRules",
    "JsonValue",
    "Look",
    "Metered",
    "Metrics",
    "Notice",
    "Notices",
    "Paid",
    "Quota",
    "Quotas",
    "Receipt",
    "Replay",
    "Request",
    "SignIn",
    "SignedIn",
]
