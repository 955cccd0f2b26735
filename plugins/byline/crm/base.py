"""What a CRM can be to Byline. Small roles, because not every CRM has all of them, and one driver that joins them.

Every write is idempotent by our own key: the same call twice leaves the same records. No method logs or puts
into an error a name, an address or a message of a person; what a driver reads from a vendor comes without them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, Protocol, TypeVar, runtime_checkable

from byline.model import Campaign, Deal, Invoice, Lead

if TYPE_CHECKING:
    from byline.fields import Fields
    from byline.http import Http
    from byline.settings import CrmSettings, Secrets
    from byline.times import Clock

Change = Literal["added", "changed", "same"]
Item = TypeVar("Item")

# What we keep at a lead, a contact, a deal: our word -> the vendor's field, to be set in `crm.fields`. A driver's
# `caps.fields` holds its suggestions (crm `fields` in the settings override them one by one).
TAGS = ("source", "medium", "campaign", "content", "term", "id")
CLICKS = ("gclid", "fbclid", "li_fat_id", "twclid", "msclkid")
FIELDS = (
    "key",  # ours: byline:campaign:…, byline:post:…, byline:lead:…
    *(f"utm_{name}" for name in TAGS),
    *(f"first_utm_{name}" for name in TAGS),
    "first_touch_at",
    "last_touch_at",
    "first_landing_page",
    "landing_page",
    "first_referrer",
    "referrer",
    *CLICKS,
    "self_reported_source",
    "journey",  # every touch, as `_fields.write_journey` writes it: what the CRM gives back is what came
)


class LeadSource(Protocol):
    """Leads and what became of them, oldest first. `since` limits to records made at or after that instant."""

    name: ClassVar[str]

    def leads(self, since: datetime | None = None) -> Iterator[Lead]:
        """Every lead with its touches, in order of time."""
        ...

    def deals(self, since: datetime | None = None) -> Iterator[Deal]:
        """Every opportunity, open ones too; `lead_id` is resolved where that is possible."""
        ...

    def invoices(self, since: datetime | None = None) -> Iterator[Invoice]:
        """Every invoice, unpaid ones too; empty for a CRM that holds none."""
        ...


class LeadSink(Protocol):
    """Takes a lead as it comes."""

    name: ClassVar[str]

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        """Keep the lead and return its id; it is on disk (or at the CRM) when this returns.

        A lead with the fingerprint of one that came a few minutes ago is that one: its id is returned and nothing
        is added. `aside` says why the lead is kept apart (spam) and not handed on.
        """
        ...


class CampaignSink(Protocol):
    """Knows our campaigns."""

    name: ClassVar[str]

    def put_campaign(self, campaign: Campaign) -> Change:
        """Store the campaign under our key `byline:campaign:<slug>`."""
        ...


class Forgets(Protocol):
    """Can delete a person."""

    name: ClassVar[str]

    def erase(self, email: str) -> int:
        """Leave nothing of the person behind and return how many leads there were; amounts of deals stay."""
        ...


class Store(LeadSource, LeadSink, CampaignSink, Forgets, Protocol):
    """A place of our own that keeps leads, deals and invoices: a file, or a private database.

    `crm sync` fills it from a vendor, `crm import` from files, the intake from the form; the report reads it.
    """

    def lead(self, key: str) -> Lead | None:
        """One lead by its id, set aside or not."""
        ...

    def put_lead(self, lead: Lead) -> Change:
        """Store a lead under its own id. What a form brought for that id (fingerprint, set aside) is kept."""
        ...

    def put_deal(self, deal: Deal) -> Change:
        """Store a deal under its own id. A new stage is noted with the present time beside the earlier ones."""
        ...

    def put_invoice(self, invoice: Invoice) -> Change:
        """Store an invoice under its own id."""
        ...

    def drop(self, kind: Kind, key: str) -> bool:
        """Take a record out that is gone at its source; False when there was none."""
        ...

    def set_aside(self) -> Mapping[str, int]:
        """How many leads were set apart, by reason."""
        ...

    def mark(self, name: str) -> str:
        """How far something has come, as `set_mark` noted it; empty at first."""
        ...

    def set_mark(self, name: str, value: str) -> None:
        """Note how far something has come."""
        ...

    def batch(self) -> AbstractContextManager[None]:
        """All or nothing: what is put inside is kept together, or not at all when the block raises."""
        ...

    def close(self) -> None:
        """Let go of it. Closing twice is no error."""
        ...


Kind = Literal["lead", "deal", "campaign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What a CRM can do, as data. `label` is the name people know.

    `needs` are the settings it cannot do without, `secrets` the variables of the environment (alternatives in
    groups). `fields` are the suggested names of our fields; `{prefix}` in them is the setting. `members`: a lead
    can be a member of the campaign of each post it read. `erases`: a person can be deleted through it.
    """

    label: str
    needs: tuple[str, ...] = ()
    secrets: tuple[tuple[str, ...], ...] = ()
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    campaigns: bool = True
    members: bool = False
    deals: bool = True
    erases: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRef:
    """What one of our ids stands for, in words that a sales person reads. `url` is the page's own address."""

    id: str
    title: str
    url: str = ""
    authors: tuple[str, ...] = ()
    campaign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The posts by id, and the networks' labels by name: all that a driver needs to write what a person read."""

    posts: Mapping[str, PostRef] = field(default_factory=lambda: MappingProxyType({}))
    networks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A campaign as it shall stand in the CRM: one of the settings, or a post as its child.

    `key` is `campaign_key` or `post_key`, `parent` the key of the campaign it belongs to. `cost` in `currency` is
    its own, without its children's. `figures` are the networks' numbers (views, clicks, likes, comments, shares).
    """

    key: str
    name: str
    parent: str = ""
    start: date | None = None
    end: date | None = None
    cost: Decimal = Decimal(0)
    currency: str = ""
    url: str = ""
    figures: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    text: str = ""  # more about it, lines of plain text


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """The part of one campaign in an opportunity, by what one person of it read.

    `deal` is the vendor's id, `campaign` our key, `person` as in Lead. `percent` has two decimals; those of one
    opportunity sum to 100 at most (what no campaign of ours explains is nobody's).
    """

    deal: str
    campaign: str
    person: str
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one record of a bulk call. `key` is ours; `message` says why it failed, `fix` what to do."""

    key: str
    change: Change | Literal["failed"]
    record: str = ""  # the vendor's id, where it told one
    message: str = ""
    fix: str = ""
    kind: Kind = "lead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """Some records that changed, and how far this brings us.

    `mark` is opaque: given back as `after`, it begins behind this page, and nothing that changed meanwhile is
    missed (a record may come twice). `gone` are ids of records that were deleted or merged into others. `failed`
    are records that could not be read, each with its reason.
    """

    items: tuple[Item, ...]
    mark: str
    gone: tuple[str, ...] = ()
    failed: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupStep:
    """One thing that the CRM lacks. `by_hand` tells that no interface makes it: `text` then says what a person clicks.

    `key` is stable (`Lead.UTM_Source__c`); `payload` is the driver's own and not shown.
    """

    key: str
    text: str
    by_hand: bool = False
    payload: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrmHealth:
    """One finding about the CRM, as `publish doctor` shows it. `level` ok, warning or red; `fix` the next step."""

    about: str
    level: Literal["ok", "warning", "red"]
    message: str
    fix: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The CRM's own numbers, counted by itself, for comparing with ours. None where it does not tell.

    `won` is money by currency; `leads` all leads, ours or not; `tracked` those that carry one of our ids.
    """

    leads: int | None = None
    tracked: int | None = None
    deals: int | None = None
    won_deals: int | None = None
    won: Mapping[str, Decimal] | None = None


class CrmDriver(LeadSource, LeadSink, Forgets, Protocol):
    """One vendor's CRM. Made without touching the network; secrets are read when first needed.

    What may be raised: NotSent (nothing happened, `cause` tells why; a missing secret is `auth` and names the
    variable), OutcomeUnknown, Rejected; UsageError for a package that is not installed. A failure of one record of
    many is a `Row`, never an error. Leads that it gives carry no name, address or message: `person` is
    `person_key` of the address, `fields["record"]` the vendor's id, and `id` our own where `key` is one of ours
    (a lead that we brought), else the vendor's.
    """

    caps: ClassVar[Caps]

    def __init__(
        self, options: CrmSettings, *, http: Http, secrets: Secrets, clock: Clock, catalogue: Catalogue
    ) -> None: ...

    @staticmethod
    def settings(block: Fields) -> None:
        """Check what this CRM needs of the `crm` block; mistakes go into the Fields. Reads no secret."""
        ...

    # Out.

    def put_campaigns(self, promotions: Sequence[Promotion]) -> tuple[Row, ...]:
        """Bring these to the CRM, parents before children, one row each in that order; what is equal stays untouched."""
        ...

    def add_lead(self, lead: Lead, *, fingerprint: str = "", aside: str = "") -> str:
        """Bring one lead, with its tags, its journey, and the posts read in the description; returns the vendor's id.

        Idempotent by `lead_key(lead, fingerprint)`; a lead that is set aside is not handed on ("" comes back). A
        source that a person has entered is never overwritten. Being a member of posts' campaigns follows in
        `put_journeys`.
        """
        ...

    def put_journeys(self, leads: Sequence[Lead]) -> tuple[Row, ...]:
        """Make each lead a member of the campaigns of the posts it read, and fill what is empty of our fields.

        The leads are as this driver gave them (`fields["record"]`). Without `caps.members` only the fields. Equal
        ones stay untouched.
        """
        ...

    # In.

    def changed_leads(self, after: str = "") -> Iterator[Page[Lead]]:
        """Leads that changed since the mark, oldest change first; all of them for an empty mark."""
        ...

    def changed_deals(self, after: str = "") -> Iterator[Page[Deal]]:
        """Opportunities that changed since the mark, with `lead_id` and `people` (contact roles) resolved."""
        ...

    def totals(self, since: datetime | None = None) -> Totals:
        """The CRM's own count of what was made at or after `since`."""
        ...

    # About it.

    def missing(self) -> tuple[SetupStep, ...]:
        """What the CRM lacks for all this: fields, member statuses, rights. Reads only."""
        ...

    def set_up(self, steps: Sequence[SetupStep]) -> tuple[Row, ...]:
        """Make what can be made; a step that is there already is `same`, one by hand is left out."""
        ...

    def health(self) -> tuple[CrmHealth, ...]:
        """Token, whose it is, rights, the age of the version, calls left, whether our fields survive. Reads only.

        A token that is refused is one red finding, no error.
        """
        ...

    def record_url(self, kind: Kind, record: str) -> str:
        """Where a person opens the record (the vendor's id); empty when there is no such page."""
        ...


@runtime_checkable
class InfluenceSink(Protocol):
    """A driver whose CRM shows on an opportunity which campaigns led to it."""

    def put_influence(self, deals: Sequence[str], parts: Sequence[Influence]) -> tuple[Row, ...]:
        """Let these parts, and no other of ours, stand at these open opportunities; one row for each that was touched.

        Rows that people or other programs made are not looked at. None when the CRM has no place for it.
        """
        ...


def campaign_key(slug: str) -> str:
    """Our external key of a campaign, the same in every CRM."""
    return f"byline:campaign:{slug}"


def post_key(post_id: str) -> str:
    """Our external key of a post's child campaign, the same in every CRM."""
    return f"byline:post:{post_id}"


def lead_key(lead: Lead, fingerprint: str = "") -> str:
    """Our external key of a lead: by its own id, else by what tells the same form again."""
    name = lead.id
    if not name:
        about = (lead.at.isoformat(), lead.email.strip().lower(), lead.name, lead.company, lead.message)
        name = fingerprint or hashlib.sha256("\x1f".join(about).encode()).hexdigest()
    return f"byline:lead:{name[:64]}"


def own_id(key: str, record: str) -> str:
    """The id of a lead that came from the vendor: ours when `key` is one of `lead_key`, else the vendor's."""
    prefix = "byline:lead:"
    return key[len(prefix) :] if key.startswith(prefix) and len(key) > len(prefix) else record


def person_key(email: str) -> str:
    """The person behind an address as a key that is no address: SHA-256 of it, trimmed and in lower case."""
    address = email.strip().lower()
    return hashlib.sha256(address.encode()).hexdigest() if address else ""
