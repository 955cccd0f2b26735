"""What a report is made of, as plain values; the command reads them, nothing here does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from byline import registry
from byline.attribution.credit import By
from byline.crm.base import Totals
from byline.links import PLACES, named_id
from byline.model import Author, Deal, Invoice, Lead, Post
from byline.report.costs import Sent
from byline.settings import Settings
from byline.traffic.store import Tag

_ALSO = {"rss": "Feeds (RSS, Atom)", "newsletter": "Newsletter"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a report is made of. `posts` are all that can be read, drafts too; `aside` counts spam that was kept apart.

    `clicks` are the networks' own, by delivery id; `visits` those of the site's own log.
    """

    settings: Settings
    posts: Sequence[Post]
    authors: Mapping[str, Author]
    leads: Sequence[Lead]
    deals: Sequence[Deal]
    invoices: Sequence[Invoice] = ()
    sent: Sequence[Sent] = ()
    clicks: Mapping[str, int] | None = None
    visits: Sequence[Tag] = ()
    crm: str = ""  # the name of the CRM behind the leads, for people
    totals: Totals | None = None  # the CRM's own count
    records: Mapping[str, str] = field(default_factory=dict)  # where the CRM shows an enquiry, by its id
    aside: int = 0


def labels(material: Material) -> dict[By, dict[str, str]]:
    """What people call each key of each table."""
    settings = material.settings
    titles = {item.post: item.title for item in material.sent if item.title}
    channels = {*settings.channels, *(item.channel for item in material.sent)}
    return {
        "post": titles
        | {post.id: post.title for post in material.posts}
        | {named_id(link.slug): link.name for link in settings.links.values()},
        "channel": _ALSO
        | {word: label for word, (label, _) in PLACES.items()}
        | {name: registry.label(name) for name in sorted(channels)},
        "author": {key: author.name for key, author in material.authors.items()},
        "campaign": {slug: campaign.name or slug for slug, campaign in settings.campaigns.items()},
        "audience": dict(settings.audiences),
    }
