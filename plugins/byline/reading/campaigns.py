"""What the settings name by a slug: campaigns, audiences, answers to where somebody heard of us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from byline.fields import Fields
from byline.model import Campaign

SLUG = r"[a-z0-9]+(-[a-z0-9]+)*"
_SLUG_WORDS = "a word in small letters, digits and single hyphens"


def read_audiences(block: Fields) -> Mapping[str, str]:
    """Audiences by slug, each with its name."""
    section = block.section("audiences")
    found: dict[str, str] = {}
    for slug in section or ():
        assert section is not None
        name = section.text(slug, slug)
        if _slug(section, slug):
            found[slug] = name
    return MappingProxyType(found)


def read_heard_from(block: Fields) -> Mapping[str, tuple[str, ...]]:
    """What people's own words mean, in the order in which they are tried."""
    from byline import registry

    section = block.section("heard_from")
    found: dict[str, tuple[str, ...]] = {}
    for typed in section or ():
        assert section is not None
        said = section.texts(typed, expected="a list of words that people use")
        words = tuple(word for word in (" ".join(one.split()) for one in said) if word)
        network = registry.canonical_name(typed)
        if words:
            found[network if network in registry.channels() else typed.strip()] = words
    return MappingProxyType(found)


def _slug(section: Fields, slug: str) -> bool:
    if re.fullmatch(SLUG, slug) and len(slug) <= 64:
        return True
    better = "-".join(re.findall(r"[a-z0-9]+", slug.lower())) or "name"
    section.problem(
        slug,
        "wrong-form",
        f"`{slug}` is not usable in a link; {_SLUG_WORDS} is expected",
        f"write `{better}:` and put the readable name in `name`",
    )
    return False


def read_campaigns(block: Fields) -> Mapping[str, Campaign]:
    """Campaigns by slug; one with a mistake is left out and told."""
    section = block.section("campaigns")
    found: dict[str, Campaign] = {}
    for slug, fields in section.sections() if section is not None else ():
        assert section is not None
        usable = _slug(section, slug)
        start, end = fields.day("start"), fields.day("end")
        if start and end and end < start:
            fields.problem(
                "end",
                "wrong-order",
                f"the campaign ends ({end}) before it starts ({start})",
                "correct one of the two days",
            )
        has_target = fields.get("target") is not None
        campaign = Campaign(
            slug=slug,
            name=fields.text("name", slug),
            start=start,
            end=end,
            cost=fields.number("cost", Decimal(0), low=Decimal(0)),
            goal=fields.text("goal"),
            target=fields.integer("target", 1, low=1) if has_target else None,
            line=section.line(slug),
        )
        fields.done()
        if usable:
            found[slug] = campaign
    return MappingProxyType(found)
