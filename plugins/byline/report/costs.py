"""What it cost: hours of work, campaigns, paid calls; and whose cost each is, seen by post, network or author."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from byline.attribution.credit import NONE, By, Key, cents
from byline.model import Campaign, Post
from byline.settings import Costs


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One delivery of the sending history, as far as a report needs it. `out` tells that readers can see it."""

    id: str
    post: str
    channel: str
    account: str
    title: str = ""
    cost: Decimal = Decimal(0)
    currency: str = "USD"
    out: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """One cost. `posts` share it equally; `channel` is set for a paid call, `campaign` for a campaign's own cost."""

    kind: Literal["work", "campaign", "call"]
    amount: Decimal
    currency: str
    posts: tuple[str, ...]
    channel: str = ""
    campaign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costing:
    """All costs of a period, `hours` of work behind them."""

    items: tuple[Spent, ...]
    hours: Fraction

    def total(self, kind: str = "") -> dict[str, Decimal]:
        """The sum by currency, of one kind or of all."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for item in self.items:
            if item.amount and kind in ("", item.kind):
                found[item.currency] += item.amount
        return {currency: amount.quantize(Decimal("0.01")) for currency, amount in found.items()}


def costing(
    posts: Sequence[Post],
    campaigns: Mapping[str, Campaign],
    rates: Costs,
    sent: Iterable[Sent],
    *,
    today: date,
    since: datetime | None,
) -> Costing:
    """The costs of the posts given, of the campaigns that ran, and of the calls that were paid for.

    A campaign counts from its first day, until `since` is past its last one; its cost is shared equally by its posts.
    """
    items: list[Spent] = []
    span = timedelta(0)
    for post in posts:
        if post.effort:
            span += post.effort
            hours = Decimal(int(post.effort.total_seconds())) / 3600
            items.append(
                Spent(
                    kind="work",
                    amount=(hours * rates.hour).quantize(Decimal("0.01")),
                    currency=rates.currency,
                    posts=(post.id,),
                )
            )
    for slug, campaign in campaigns.items():
        begun = campaign.start is None or campaign.start <= today
        over = since is not None and campaign.end is not None and campaign.end < since.date()
        if campaign.cost and begun and not over:
            items.append(
                Spent(
                    kind="campaign",
                    amount=campaign.cost.quantize(Decimal("0.01")),
                    currency=rates.currency,
                    posts=tuple(post.id for post in posts if post.campaign == slug),
                    campaign=slug,
                )
            )
    items += [
        Spent(
            kind="call",
            amount=delivery.cost,
            currency=delivery.currency,
            posts=(delivery.post,),
            channel=delivery.channel,
        )
        for delivery in sent
        if delivery.cost
    ]
    return Costing(items=tuple(items), hours=Fraction(int(span.total_seconds()), 3600))


def by_key(
    costs: Costing, by: By, posts: Mapping[str, Post], channels: Mapping[str, Sequence[str]]
) -> dict[Key, dict[str, Decimal]]:
    """The cost of each key, by currency; sums to the cent to all costs. Under None: what belongs to no key.

    `channels` holds the networks that each post went to: they share the work on it equally.
    """
    found: dict[str, dict[Key, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for item in costs.items:
        for key, part in _parts(item, by, posts, channels).items():
            found[item.currency][key] += part * Fraction(item.amount)
    result: dict[Key, dict[str, Decimal]] = defaultdict(dict)
    for currency, parts in found.items():
        for cell, amount in cents(parts).items():
            if amount:
                result[cell][currency] = amount
    return dict(result)


def _parts(
    item: Spent, by: By, posts: Mapping[str, Post], channels: Mapping[str, Sequence[str]]
) -> dict[Key, Fraction]:
    if by == "channel" and item.channel:
        return {item.channel: Fraction(1)}
    if by == "campaign" and item.campaign:
        return {item.campaign: Fraction(1)}
    if not item.posts:
        return {None: Fraction(1)}
    found: dict[Key, Fraction] = defaultdict(Fraction)
    for post_id in item.posts:
        names = _names(post_id, by, posts.get(post_id), channels)
        for name in names:
            found[name] += Fraction(1, len(item.posts) * len(names))
    return found


def _names(post_id: str, by: By, post: Post | None, channels: Mapping[str, Sequence[str]]) -> tuple[Key, ...]:
    if by == "post":
        return (post_id,)
    if by == "channel":
        return tuple(channels.get(post_id, ())) or (None,)
    if by == "campaign":
        return (post.campaign,) if post and post.campaign else (NONE,)
    named = (post.authors if by == "author" else post.audience) if post else ()
    return tuple(dict.fromkeys(named)) or (NONE,)
