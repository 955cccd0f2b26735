"""Names that a post gives itself to: authors, campaign, categories, audience. Each must be known where a list of them is kept."""

from __future__ import annotations

from byline import links
from byline.fields import Fields, did_you_mean
from byline.reading.files import Reading
from byline.yamlread import Scalar, Sequence_


def authors_of(fields: Fields, reading: Reading) -> tuple[str, ...]:
    """The ids of the authors that there are."""
    found = labels(fields, "authors", expected="a list of authors")
    if fields.get("authors") is None:
        fields.problem(
            "authors" if "authors" in fields else "",
            "no-author",
            "the post has no `authors`; nobody is named on the page nor in the report",
            f"add a line `authors: [{next(iter(reading.authors), 'dana')}]`",
            severity="warning",
        )
    for name in found:
        if name in reading.authors:
            continue
        names = {author.name.lower(): name for name, author in reading.authors.items()}
        known = ", ".join(reading.authors) or "nobody yet"
        meant = names.get(name.lower()) or did_you_mean(name, reading.authors)
        fields.problem(
            "authors",
            "unknown-author",
            f"there is no author `{name}`; known are {known}",
            f"did you mean `{meant}`?"
            if meant
            else f"use one of them, or add `{name}` to {reading.tree.shown('.authors.yml')}",
            line=item_line(fields, "authors", name),
        )
    return tuple(name for name in found if name in reading.authors)


def campaign_of(fields: Fields, reading: Reading) -> str:
    """The slug of the campaign; empty without one that there is."""
    campaign = fields.text("campaign", expected="the short name of a campaign")
    campaigns = reading.settings.campaigns
    if not campaign or campaign in campaigns:
        return campaign
    names = {found.name.lower(): slug for slug, found in campaigns.items()}
    meant = names.get(campaign.lower()) or did_you_mean(campaign, campaigns)
    file = reading.settings.file_name
    fields.problem(
        "campaign",
        "unknown-campaign",
        f"there is no campaign `{campaign}`; known are {', '.join(campaigns) or 'none'}",
        f"did you mean `{meant}`?" if meant else f"add `{links.slug(campaign)}` under `campaigns:` in {file}",
    )
    return ""


def categories_of(fields: Fields, reading: Reading) -> tuple[str, ...]:
    """The categories as written, those too that the settings do not allow, which is a mistake."""
    found = labels(fields, "categories", expected="a list of categories")
    allowed = reading.settings.categories_allowed
    for name in found if allowed else ():
        if name not in allowed:
            meant = did_you_mean(name, {word.lower() for word in allowed})
            word = next((word for word in allowed if word.lower() == meant), "")
            fields.problem(
                "categories",
                "unknown-category",
                f"the category `{name}` is not allowed; allowed are {', '.join(allowed)}",
                f"did you mean `{word}`?"
                if word
                else f"use one of them, or add it to `categories_allowed` in {reading.settings.file_name}",
                line=item_line(fields, "categories", name),
            )
    return found


def audience_of(fields: Fields, reading: Reading) -> tuple[str, ...]:
    """The slugs of the audiences that there are."""
    found = labels(fields, "audience", expected="a list of audiences")
    known = reading.settings.audiences
    names = {name.lower(): slug for slug, name in known.items()}
    for name in found:
        if name not in known:
            meant = names.get(name.lower()) or did_you_mean(name, known)
            fields.problem(
                "audience",
                "unknown-audience",
                f"there is no audience `{name}`; known are {', '.join(known) or 'none'}",
                f"did you mean `{meant}`?"
                if meant
                else f"add it under `audiences:` in {reading.settings.file_name}, or delete it here",
                line=item_line(fields, "audience", name),
            )
    return tuple(name for name in found if name in known)


def labels(fields: Fields, key: str, *, expected: str = "a list of texts") -> tuple[str, ...]:
    """A list of texts, none empty, none twice."""
    found = fields.texts(key, expected=expected)
    if not found:
        return ()
    if any(not label.strip() for label in found):
        fields.problem(key, "empty-text", f"`{key}` has an empty entry", "delete it")
    for label in sorted({label for label in found if found.count(label) > 1}):
        fields.problem(key, "named-twice", f"`{label}` stands twice in `{key}`", "name it once")
    return tuple(dict.fromkeys(label.strip() for label in found if label.strip()))


def item_line(fields: Fields, key: str, value: str) -> int:
    """The line of one entry of a list; that of the list when it is not found."""
    node = fields.node.items.get(key)
    for item in node.items if isinstance(node, Sequence_) else ():
        if isinstance(item, Scalar) and item.raw.strip() == value:
            return item.line
    return fields.line(key)
