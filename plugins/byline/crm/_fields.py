"""A lead's touches as the fields of a CRM, and back. The same words for every driver.

Two readings of one journey stand at the lead: the tags of the first and the last touch in fields of their own, as
sales and marketing people filter by them, and all touches in one field (`journey`), so that what comes back is what
went in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from byline.crm.base import CLICKS, FIELDS, TAGS, Caps, Catalogue, post_key
from byline.errors import Problem
from byline.fields import Fields, did_you_mean
from byline.model import TOUCH_WORDS, Lead, Touch

VALUE = 255  # the length of a line of text in every CRM
JOURNEY = 32_000  # characters; the vendors' long texts hold 32,768 and more
MARK = "— from Byline —"  # what stands behind it in a campaign's text is ours, before it is people's


def names(caps: Caps, chosen: Mapping[str, str], *, prefix: str = "") -> dict[str, str]:
    """Our word -> the vendor's field: the settings' names, else the suggested ones. An empty name leaves it out."""
    found = {word: name.replace("{prefix}", prefix) for word, name in caps.fields.items()} | dict(chosen)
    return {word: name for word, name in found.items() if name}


def values(lead: Lead) -> dict[str, str]:
    """What stands at the lead, by our word; empty ones left out. Instants are ISO 8601 in UTC."""
    touches = sorted(lead.touches, key=lambda touch: touch.at)
    tagged = [touch for touch in touches if touch.source or touch.content or touch.campaign] or touches
    found: dict[str, str] = {"self_reported_source": lead.heard_from[:VALUE]}
    if tagged:
        first, last = tagged[0], tagged[-1]
        for name in TAGS:
            part = "utm_id" if name == "id" else name
            found[f"utm_{name}"] = getattr(last, part)
            found[f"first_utm_{name}"] = getattr(first, part)
        found["first_touch_at"], found["last_touch_at"] = stamp(first.at), stamp(last.at)
        found["first_landing_page"], found["landing_page"] = first.page, last.page
        found["first_referrer"], found["referrer"] = first.referrer, last.referrer
        found["journey"] = write_journey(touches)
    for touch in touches:
        name, _, value = touch.click.partition("=")
        if name in CLICKS:
            found[name] = value[:VALUE]
    return {word: value for word, value in found.items() if value}


def touches(found: Mapping[str, str | None], *, made: datetime) -> tuple[Touch, ...]:
    """The touches that a lead's fields tell: the whole journey, else the first and the last one.

    `made` is when the lead came, for a touch without a time. Nothing in it is trusted: what cannot be read is left
    out, values are capped.
    """
    journey = read_journey(found.get("journey") or "")
    if journey:
        return journey

    def text(word: str) -> str:
        return str(found.get(word) or "").strip()[:VALUE]

    click = next((f"{name}={text(name)}" for name in CLICKS if text(name)), "")
    pair: list[Touch] = []
    for prefix, at in (("first_", "first_touch_at"), ("", "last_touch_at")):
        tags = {("utm_id" if name == "id" else name): text(f"{prefix}utm_{name}") for name in TAGS}
        page, referrer = text(f"{prefix}landing_page"), text(f"{prefix}referrer")
        mark = click if not prefix else ""
        if not any(tags.values()) and not referrer and not mark:
            continue
        lowered = {**tags, "source": tags["source"].lower(), "medium": tags["medium"].lower()}
        when = instant(text(at)) or made
        pair.append(Touch(at=when, **lowered, page=page, referrer=referrer, click=mark))
    if len(pair) == 2 and _same(*pair):
        pair = pair[1:]
    return tuple(sorted(pair, key=lambda touch: touch.at))


def _same(one: Touch, other: Touch) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in TOUCH_WORDS if name != "click") and (
        one.at == other.at
    )


def write_journey(touches: Sequence[Touch]) -> str:
    """Touches as compact JSON: a list of lists, the time first; the oldest in the middle go when it grows too long."""
    rows = [[stamp(touch.at), *(getattr(touch, name) for name in TOUCH_WORDS)] for touch in touches]
    for row in rows:
        while row[-1] == "":
            row.pop()
    while True:
        found = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        if len(found) <= JOURNEY or len(rows) <= 1:
            return found[:JOURNEY]
        del rows[1]


def read_journey(raw: str) -> tuple[Touch, ...]:
    """The touches of such a text; none for anything else."""
    try:
        rows = json.loads(raw) if raw.lstrip().startswith("[") else []
    except (ValueError, RecursionError):
        return ()
    found: list[Touch] = []
    for row in rows[:100]:
        if not isinstance(row, list) or not row or not all(isinstance(part, str) for part in row):
            continue
        at = instant(row[0])
        if at is not None:
            parts = dict(zip(TOUCH_WORDS, (part[:2_000] for part in row[1:]), strict=False))
            found.append(Touch(at=at, **parts))
    return tuple(sorted(found, key=lambda touch: touch.at))


def stamp(moment: datetime) -> str:
    """`2026-11-24T09:30:00Z`: to the second, or to the microsecond where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant(raw: str) -> datetime | None:
    """An instant as vendors write it (`Z`, `+00:00`, `+0000`); None for anything else."""
    text = raw.strip()
    if len(text) > 5 and text[-5] in "+-" and text[-4:].isdigit():
        text = f"{text[:-2]}:{text[-2:]}"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def posts_read(lead: Lead, catalogue: Catalogue) -> dict[str, Touch]:
    """The key of each post's campaign that the person came by, with the last touch that names it, in order of time."""
    found: dict[str, Touch] = {}
    for touch in sorted(lead.touches, key=lambda item: item.at):
        post = touch.content.partition(".")[0]
        if post in catalogue.posts:
            found.pop(post_key(post), None)
            found[post_key(post)] = touch
    return found


def reading(lead: Lead, catalogue: Catalogue) -> str:
    """What this person read before asking, one line a touch, for the lead's description; empty when nothing is known."""
    lines = []
    for touch in sorted(lead.touches, key=lambda item: item.at):
        post_id, channel = touch.content.partition(".")[0], touch.content.partition(".")[2].partition(".")[0]
        post = catalogue.posts.get(post_id)
        if post is None:
            continue
        source = channel if channel in catalogue.networks else touch.source
        where = catalogue.networks.get(source, source)
        by = f", by {' and '.join(post.authors)}" if post.authors else ""
        came = f" (came from {where})" if where else ""
        lines.append(f"{touch.at:%Y-%m-%d} “{post.title}”{by}{came}\n  {post.url}".rstrip())
    return "Read before asking:\n" + "\n".join(lines) if lines else ""


def behind_mark(old: str, ours: str, longest: int) -> str:
    """A campaign's text with our part renewed behind the mark; what people wrote before it stays."""
    theirs = old.partition(MARK)[0].strip()
    found = "\n".join(part for part in (theirs, f"{MARK}\n{ours}" if ours else "") if part)
    return found if len(found) <= longest else f"{MARK}\n{ours}"[:longest]


def check_fields(block: Fields) -> None:
    """The `fields` group of the `crm` block: our words alone, each with a vendor's name (or nothing, to leave it out)."""
    section = block.section("fields")
    for word in section or ():
        assert section is not None
        section.get(word)
        if word not in FIELDS:
            meant = did_you_mean(word, FIELDS)
            section.problems.append(
                Problem(
                    file=section.file,
                    line=section.line(word),
                    key=section.full(word),
                    code="unknown-key",
                    message=f"`{word}` is none of our fields",
                    fix=f"did you mean `{meant}`?" if meant else f"known are {', '.join(FIELDS)}",
                )
            )
