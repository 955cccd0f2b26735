"""What people read before they asked, what is not known, and what they say themselves."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from byline.attribution.credit import By, Conversion
from byline.attribution.models import Model
from byline.attribution.touches import Step, tagged
from byline.model import Lead
from byline.report import trust
from byline.report.model import Heard, Journey, Unknown
from byline.report.words import UNKNOWN, label, plain


def _step(step: Step, labels: Mapping[By, Mapping[str, str]]) -> str:
    if step.origin is None:
        return f"{plain(step.touch.source, 40) or 'a link'} (not one of our links)"
    title = label(step.origin.post, "post", labels["post"])
    where = label(step.origin.channel, "channel", labels["channel"])
    return f"{title} · {where}{f' ({step.origin.account})' if step.origin.account else ''}"


def journeys(found: Sequence[Conversion], labels: Mapping[By, Mapping[str, str]]) -> tuple[Journey, ...]:
    """The ways that people came, the most common first; those who came with no tag at all are not among them."""
    ordered = {item.lead for item in found if item.kind == "order" and item.counts}
    ways: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for item in found:
        if item.kind == "lead" and item.steps:
            ways[tuple(_step(step, labels) for step in item.steps)].append(item.lead)
    journeys = [
        Journey(steps=steps, leads=tuple(ids), orders=sum(key in ordered for key in ids))
        for steps, ids in ways.items()
    ]
    return tuple(sorted(journeys, key=lambda way: (-len(way.leads), -way.orders, len(way.steps), way.steps)))


def unknown(leads: Sequence[Conversion], by_id: Mapping[str, Lead], model: Model) -> tuple[Unknown, ...]:
    """Enquiries that the model credits to source unknown, wholly or in part, by what they came with.

    Each stands there once: by the last of its tags that is not ours, else by where it came from.
    """
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in leads:
        if not item.steps:
            found[_came(by_id[item.lead])].append(item.lead)
        elif trust.not_known(item, model):
            touch = next(step.touch for step in reversed(item.steps) if step.origin is None)
            why = "the id in this tag is not one of ours" if touch.content else "this tag holds no id of ours"
            campaign = "" if touch.source or touch.content else touch.campaign
            tags = (touch.source, campaign, touch.content)
            found[trust.shown(tags, touch.utm_id), why].append(item.lead)
    listed = [Unknown(what=what, why=why, leads=tuple(ids)) for (what, why), ids in found.items()]
    return tuple(sorted(listed, key=lambda item: (-len(item.leads), item.what)))


def _came(lead: Lead) -> tuple[str, str]:
    if any(tagged(touch) for touch in lead.touches):
        return "a link of ours, long before", "the visit lies outside the time that counts"
    for touch in reversed(lead.touches):
        if touch.referrer:
            host = touch.referrer.partition("://")[2].partition("/")[0]
            return plain(host or touch.referrer, 60), "came from there without one of our links"
        if touch.click:
            return plain(
                touch.click.partition("=")[0], 40
            ), "a network's own click number, without one of our links"
    return (
        "no trace",
        "came directly, by word of mouth, from a private message, or did not agree to be counted",
    )


def heard(
    leads: Sequence[Conversion],
    by_id: Mapping[str, Lead],
    labels: Mapping[str, str],
    own: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> tuple[Heard, ...]:
    """What people say, the same words together, beside the network that was tracked last. `own` are a company's rules."""
    found: dict[tuple[str, str], list[Conversion]] = defaultdict(list)
    for item in leads:
        said = plain(by_id[item.lead].heard_from, 60).strip()
        if said:
            place = next((step.origin for step in reversed(item.steps) if step.origin), None)
            tracked = label(place.channel, "channel", labels) if place else UNKNOWN
            found[said.casefold(), tracked].append(item)
    rows = []
    for (said, tracked), items in found.items():
        means = meaning(said, own)
        channels = {step.origin.channel for item in items for step in item.steps if step.origin}
        rows.append(
            Heard(
                said=said,
                tracked=tracked,
                leads=len(items),
                means=label(means, "channel", labels) if means in labels else means,
                agrees=means in channels if means in labels and channels else None,
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.leads, row.said, row.tracked)))


# What people write -> what it means, the first that fits. A network's own word where it is one.
_MEANS: tuple[tuple[str, str], ...] = (
    (r"linked-?\s?in", "linkedin"),
    (r"\btwitter\b|\btweet|^x$|\bx\.com\b", "twitter"),
    (r"\bfacebook\b|\bfb\b", "facebook"),
    (r"mastodon|fediverse", "mastodon"),
    (r"blue\s?sky|\bbsky\b", "bluesky"),
    (r"news\s?letter|\be-?mail\b|mailing", "newsletter"),
    (r"\brss\b|\bfeed\b|\bblog\b", "rss"),
    (r"google|bing|duckduckgo|search|gesucht|suchmaschine|internet|chatgpt|\bai\b|\bki\b", "a search"),
    (
        r"recommend|referr|colleague|friend|word of mouth|empfehl|kolleg|bekannt|customer of yours",
        "a recommendation",
    ),
    (r"\bfair\b|exhibition|trade show|messe|\bexpo\b|conference|talk\b", "a fair"),
    (r"magazine|newspaper|press|zeitung|zeitschrift|advert", "print"),
)


def meaning(said: str, own: Mapping[str, Sequence[str]] = MappingProxyType({})) -> str:
    """The source that the words name, by the company's own rules and then by ours; empty when none knows them.

    A word of the company's stands for itself, whatever its case, and is no part of a longer one.
    """
    for means, words in own.items():
        if any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", said, re.IGNORECASE) for word in words):
            return means
    return next((means for words, means in _MEANS if re.search(words, said, re.IGNORECASE)), "")
