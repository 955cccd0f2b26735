"""Who led to an opportunity that is still open, as percents for a CRM that shows them beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from fractions import Fraction

from byline.attribution.credit import cents, conversions
from byline.attribution.touches import Directory, Origin, Step
from byline.crm.base import Influence, campaign_key, post_key
from byline.model import Deal, Lead, Touch

WINDOW = timedelta(days=365)


def parts(leads: Sequence[Lead], deals: Sequence[Deal], directory: Directory) -> tuple[Influence, ...]:
    """Every visit before the opportunity was opened counts the same, each for the person who made it.

    What an opportunity owes to visits without an id of ours is left out, so its percents may sum to less than 100;
    rounding never makes them sum to more.
    """
    whose: dict[Touch, str] = {}
    for lead in sorted(leads, key=lambda item: (item.at, item.id)):
        for touch in lead.touches:
            whose.setdefault(touch, lead.person or lead.id)
    found: list[Influence] = []
    for conversion in conversions(leads, deals, directory, WINDOW):
        if conversion.kind != "opportunity" or not conversion.steps:
            continue
        each = Fraction(1, len(conversion.steps))
        found += _rounded(conversion.id, conversion.steps, each, whose)
    return tuple(found)


def _rounded(deal: str, steps: Iterable[Step], each: Fraction, whose: dict[Touch, str]) -> list[Influence]:
    shares: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for step in steps:
        campaign = _campaign(step.origin)
        if campaign:
            shares[campaign, whose.get(step.touch, "")] += each * 100
    names = {f"{campaign}\n{person}": (campaign, person) for campaign, person in sorted(shares)}
    rounded = cents({name: shares[pair] for name, pair in names.items()})
    return [
        Influence(deal=deal, campaign=names[name][0], person=names[name][1], percent=rounded[name])
        for name in names
    ]


def _campaign(origin: Origin | None) -> str:
    """Our key of the campaign that a visit stands for: its post's own, or that of a link which stands elsewhere."""
    if origin is None:
        return ""
    if origin.post.startswith("link."):
        return campaign_key(origin.campaign) if origin.campaign else ""
    return post_key(origin.post)
