"""What people read before they asked, what is not known, and what they say themselves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from byline.attribution.credit import By, Conversion
from byline.attribution.touches import Step, tagged
from byline.model import Lead
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


def unknown(leads: Sequence[Conversion], by_id: Mapping[str, Lead]) -> tuple[Unknown, ...]:
    """Enquiries without an id of ours on their way, by what they came with; and tags that are not ours, everywhere."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in leads:
        strange = {step.touch for step in item.steps if step.origin is None}
        for touch in sorted(strange, key=lambda touch: (touch.at, touch.content, touch.source)):
            words = [
                f"{name}={value}"
                for name, value in (("utm_source", touch.source), ("utm_content", touch.content))
                if value
            ]
            why = "the id in this tag is not one of ours" if touch.content else "this tag holds no id of ours"
            found[plain(" ".join(words) or f"utm_campaign={touch.campaign}"), why].append(item.lead)
        if not item.steps:
            found[_came(by_id[item.lead])].append(item.lead)
    listed = [
        Unknown(what=what, why=why, leads=tuple(dict.fromkeys(ids))) for (what, why), ids in found.items()
    ]
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
    leads: Sequence[Conversion], by_id: Mapping[str, Lead], labels: Mapping[str, str]
) -> tuple[Heard, ...]:
    found: Counter[tuple[str, str]] = Counter()
    for item in leads:
        said = plain(by_id[item.lead].heard_from, 60).strip()
        if said:
            place = next((step.origin for step in reversed(item.steps) if step.origin), None)
            found[said.casefold(), label(place.channel, "channel", labels) if place else UNKNOWN] += 1
    return tuple(
        Heard(said=said, tracked=tracked, leads=number)
        for (said, tracked), number in sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    )
