"""mkdocs.yml and the environment, read once into `Settings`, or every Problem at once.

The only reader of either: the command and the MkDocs plugin both call `load`. Secrets come from the environment
alone; they are looked up by name when first needed, so that `check`, `build` and `plan` need none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from byline.errors import Problem, SettingsError
from byline.fields import Fields
from byline.model import Campaign, Mode, NamedLink
from byline.yamlread import Mapping_, Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account of one network. `node` is its block as written; `block` the network's, for the driver to read.

    `api` is the network's base URL without a trailing slash. `texts` are default words (site level), () for none.
    `expires` is the day on which its token dies, as `publish connect` told it; `owner` the person who renews it, such
    as `@dana`; `home` the folder of mkdocs.yml;
    `site` is `Settings.site_key`.
    """

    channel: str
    name: str
    mode: Mode
    api: str
    node: Mapping_
    block: Mapping_
    texts: tuple[str, ...] = ()
    expires: date | None = None
    owner: str = ""
    home: Path = Path()
    site: str = ""
    line: int = 0

    def option(self, key: str, default: str = "") -> str:
        """A text or number of the account's block, else of the network's, else the default, as typed."""
        for node in (self.node.items.get(key), self.block.items.get(key)):
            if isinstance(node, Scalar) and node.value is not None:
                return node.raw
        return default


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """One network's block. `accounts` in the order written: the first is the default."""

    name: str
    mode: Mode
    accounts: Mapping[str, Account]
    fields: Fields
    budget: Decimal | None = None
    line: int = 0

    @property
    def default(self) -> Account:
        """The first account listed."""
        return next(iter(self.accounts.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSettings:
    """Where the sending history is kept. `auto`: git in CI or where origin has the branch, else sqlite."""

    store: Literal["auto", "sqlite", "git", "postgresql"] = "auto"
    url: str = ""
    branch: str = "byline-ledger"
    site: str = ""  # this site's name in a database of many; its address when empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a call may take, in seconds: until it is connected, and from one piece of the answer to the next."""

    connect: float = 5
    read: float = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveGate:
    """How long to wait for a page to be live, and how often to look. Seconds."""

    wait: float = 600
    every: float = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorSettings:
    """The page for writing without git: the code host, and the repository as that host names it (`acme/insights`).

    `backend` empty: no such page. `base_url` is the sign-in service or the host of one's own, `api_root` its
    interface, `app_id` the application's public id where the host signs people in without a service of ours.
    """

    backend: Literal["", "github", "gitlab", "gitea", "test-repo"] = ""
    repo: str = ""
    branch: str = ""
    base_url: str = ""
    api_root: str = ""
    app_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """`hour` is what an hour of work costs, in `currency` (ISO 4217)."""

    currency: str = "EUR"
    hour: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """The company as its pages and cards show it. Colours are `#rrggbb`; `logo` is relative to docs_dir.

    `profiles` are the addresses of the company's own pages elsewhere; pages link them with `rel="me"`.
    """

    name: str = ""
    claim: str = ""
    logo: str = ""
    primary: str = "#1f4e79"
    accent: str = "#c2571a"
    text_font: str = "Inter"
    heading_font: str = "Source Serif 4"
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """`newest` entries stand in each feed; `full` carries the whole post, else the excerpt.

    `hub` is the address of a WebSub hub that is told when something new is live; empty for none.
    """

    newest: int = 50
    full: bool = True
    hub: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """`raw_html` lets a post bring frames, scripts and styles of its own; `headers` names the hosts whose file of
    security headers is written: netlify (Cloudflare Pages reads the same), apache, vercel. `words` are the company's own
    in place of the theme's, by the keys of `byline.wording`."""

    raw_html: bool = False
    headers: tuple[str, ...] = ("netlify",)
    words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadForm:
    """Where the form on the pages sends a lead. `url` is set for `local` (the intake) and for a form service.

    `consent` decides what capture.js may store: `required` (nothing before the visitor agrees), `granted`, `none`
    (nothing ever, the current page's tags alone). A CRM that takes the form itself has its own `options` (`org`,
    `source`, `campaign`; `portal`, `form`, `api`, `subscription`), and `fields` maps our words to its names.
    """

    to: Literal["off", "local", "url", "salesforce", "hubspot", "dynamics"] = "off"
    url: str = ""
    consent: Literal["required", "granted", "none"] = "required"
    keep_days: int = 365
    domain: str = ""  # whose subdomains share what the visitor's browser keeps; empty: each host its own
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signup:
    """Where readers sign up for new articles by mail: the newsletter service's own address for forms (empty: nowhere).

    `field` is what the service calls the reader's address; `hidden` goes along as it stands (a list's id).
    """

    url: str = ""
    hidden: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    field: str = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """Where mails are handed in (`smtps://host` or `smtp://host:587`), from whom, and who gets the report."""

    server: str = ""
    sender: str = ""
    sender_name: str = ""
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeSettings:
    """What becomes of a lead that the intake took: `sales` are told by mail, `drop` is a folder for CSV files.

    `origins` are further sites whose forms are taken; from `spam` points on a form is kept apart.
    """

    sales: tuple[str, ...] = ()
    drop: str = ""
    origins: tuple[str, ...] = ()
    spam: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmSettings:
    """Which CRM the leads and deals live in.

    `api` and `login` are base URLs without a trailing slash (`login` is `api` where it does not differ); `version`,
    `tenant` and `prefix` as typed; `fields` maps our words (`byline.crm.base.FIELDS`) to the vendor's names, only
    those that were written. `currency` is that of amounts without one. `store` is where our own leads and the
    copy of the CRM's are: a file, or the private database of the environment. `node` is the block as written, for the
    driver.
    """

    type: str = "local"
    api: str = ""
    login: str = ""
    version: str = ""
    tenant: str = ""
    prefix: str = ""
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    currency: str = "EUR"
    store: Literal["local", "postgresql"] = "local"
    node: Mapping_ = field(default_factory=lambda: Mapping_({}, {}, 0))
    line: int = 0

    @property
    def vendor(self) -> bool:
        """Is it a service with an interface, and not a place of our own?"""
        return self.type not in ("local", "csv")

    def option(self, key: str, default: str = "") -> str:
        """A text or number of the block, as typed, else the default."""
        node = self.node.items.get(key)
        return node.raw if isinstance(node, Scalar) and node.value is not None else default


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of mkdocs.yml that Byline needs.

    `file` and `root` (its folder), `docs` and `site` (folders) are absolute paths; `site_url` ends in a slash;
    `zone` is the site's time zone; `state` is `.byline/` under the root. `heard_from` are words that people use when
    they say how they heard of the company, by what they mean (a network's name, or any words).
    """

    file: Path
    root: Path
    docs: Path
    site: Path
    site_name: str
    site_url: str
    site_description: str
    zone: ZoneInfo
    language: str = "en"
    ledger: LedgerSettings = LedgerSettings()
    share_by_default: tuple[str, ...] = ()
    profiles: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    late_limit: timedelta = timedelta(hours=48)
    max_per_run: int = 50
    audiences: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    heard_from: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    channels: Mapping[str, ChannelSettings] = field(default_factory=lambda: MappingProxyType({}))
    timeouts: Timeouts = Timeouts()
    settle_waits: tuple[float, ...] = (10, 30, 60)
    live_gate: LiveGate = LiveGate()
    campaigns: Mapping[str, Campaign] = field(default_factory=lambda: MappingProxyType({}))
    links: Mapping[str, NamedLink] = field(default_factory=lambda: MappingProxyType({}))
    costs: Costs = Costs()
    feeds: FeedSettings = FeedSettings()
    pages: PageSettings = PageSettings()
    editor: EditorSettings = EditorSettings()
    lead_form: LeadForm = LeadForm()
    signup: Signup = Signup()
    crm: CrmSettings = CrmSettings()
    mail: MailSettings = MailSettings()
    intake: IntakeSettings = IntakeSettings()
    brand: Brand = Brand()
    categories_allowed: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def state(self) -> Path:
        """The folder of local state, ignored by git."""
        return self.root / ".byline"

    @property
    def site_key(self) -> str:
        """What tells this site from others in one database: `ledger.site`, else its address without the scheme."""
        return self.ledger.site or self.site_url.partition("://")[2].rstrip("/")

    @property
    def file_name(self) -> str:
        """The settings file as messages name it."""
        return self.file.name

    def account(self, channel: str, name: str) -> Account | None:
        """The account, or None when the settings no longer have it."""
        found = self.channels.get(channel)
        return found.accounts.get(name) if found else None


def load(file: Path, environment: Mapping[str, str]) -> Settings:
    """The settings in this mkdocs.yml and what it inherits. Reads no network and no secret.

    Raises SettingsError with every mistake at once.
    """
    found, problems = read(file, environment)
    if found is None or problems:
        raise SettingsError(problems)
    return found


def read(file: Path, environment: Mapping[str, str]) -> tuple[Settings | None, tuple[Problem, ...]]:
    """The settings and every mistake in them.

    With mistakes, the settings hold what could be read, for looking at the posts all the same; None when the file
    could not be read at all.
    """
    from byline.reading import mkdocs

    return mkdocs.read_settings(file, environment)


class Secrets:
    """The environment's secrets, by the names that people's CI already has.

    For one account of several, `__` and the account's name in capitals is appended and looked up first. `keyring`
    is asked for what the environment does not have.
    """

    def __init__(
        self, environment: Mapping[str, str], *, keyring: Callable[[str], str] = lambda _name: ""
    ) -> None:
        self._environment = dict(environment)
        self._keyring = keyring

    def get(self, name: str, account: str = "", *, aliases: tuple[str, ...] = ()) -> str:
        """The secret without surrounding white space, or an empty string."""
        names = [
            full
            for candidate in (name, *aliases)
            for full in (f"{candidate}__{account.upper()}" if account else "", candidate)
            if full
        ]
        for look in (lambda full: self._environment.get(full, ""), self._keyring):
            for full in names:
                value = look(full).strip()
                if value:
                    return value
        return ""
