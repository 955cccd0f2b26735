"""A post's words as a network shows them: what becomes a link, where the fold is, what the tags of a link say. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from byline import links
from byline.channels.base import Look, Spans
from byline.model import Campaign
from byline.preview.markup import esc

_ADDRESS = re.compile(r"https?://[^\s<>\"]+")
_TAG = re.compile(r"(?<![\w&/#])#\w*[^\W\d_]\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A stretch of a text that the network makes a link of; `own` is our tagged link."""

    start: int
    end: int
    kind: str  # link or tag
    own: bool = False


def marks(text: str, link: str, look: Look) -> tuple[Mark, ...]:
    """Everything in the text that readers can tap, in order, without overlap; our own link always counts."""
    found: list[Mark] = []
    if link:
        found += [
            Mark(start=at.start(), end=at.end(), kind="link", own=True)
            for at in re.finditer(re.escape(link), text)
        ]
    spans = look.links(text) if look.links else _addresses(text)
    found += [Mark(start=start, end=end, kind="link") for start, end in spans]
    tags = look.tags(text) if look.tags else tuple(at.span() for at in _TAG.finditer(text))
    found += [Mark(start=start, end=end, kind="tag") for start, end in tags]
    kept: list[Mark] = []
    for mark in found:
        if all(mark.end <= other.start or mark.start >= other.end for other in kept):
            kept.append(mark)
    return tuple(sorted(kept, key=lambda mark: mark.start))


def _addresses(text: str) -> Spans:
    found = []
    for match in _ADDRESS.finditer(text):
        address = match[0].rstrip(".,;:!?'”’»")
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1].rstrip(".,;:!?")
        found.append((match.start(), match.start() + len(address)))
    return tuple(found)


def fold(text: str, look: Look) -> int:
    """How much of the text shows before the reader asks for more: a position between words; its length if all does."""
    if look.fold is None:
        return len(text)
    lines, columns = look.fold
    used = at = 0
    for line in text.split("\n"):
        needs = max(1, -(-len(line) // columns))
        if used + needs > lines:
            room = (lines - used) * columns
            if room <= 0:
                return at
            words = [found.start() for found in re.finditer(r"\s", line[: room + 1]) if found.start()]
            return at + (words[-1] if words else room)
        used += needs
        at += len(line) + 1
    return len(text)


def rich(text: str, link: str, look: Look) -> str:
    """The text as HTML: links and tags in the network's colour, and the fold shown where there is one.

    Links cannot be followed: each visit would count as one that the post brought.
    """
    found = marks(text, link, look)
    end = fold(text, look)
    if end >= len(text.rstrip()):
        return _slice(text, found, look, 0, len(text))
    for mark in found:
        if mark.start < end < mark.end:
            end = mark.start
    return (
        f"{_slice(text, found, look, 0, end).rstrip()}"
        f'<span class="fold"> {esc(look.fold_word)}</span>'
        f'<span class="rest">{_slice(text, found, look, end, len(text))}</span>'
    )


def _slice(text: str, found: tuple[Mark, ...], look: Look, start: int, end: int) -> str:
    out, at = [], start
    for mark in found:
        if mark.start < start or mark.end > end:
            continue
        out.append(esc(text[at : mark.start]))
        whole = text[mark.start : mark.end]
        if mark.kind == "tag":
            out.append(f'<span class="a">{esc(whole)}</span>')
        else:
            own = " own" if mark.own else ""
            out.append(f'<span class="a{own}" title="{esc(whole)}">{esc(shown_link(whole, look))}</span>')
        at = mark.end
    out.append(esc(text[at:end]))
    return "".join(out)


def shown_link(url: str, look: Look) -> str:
    """The link as the network prints it in a text."""
    if look.short_links is None:
        return url
    bare = re.sub(r"^https?://(www\.)?", "", url)
    return bare if len(bare) <= look.short_links else bare[: look.short_links] + "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A tagged link in plain words: where it leads, what it had of its own, and what each tag tells."""

    leads_to: str
    own: tuple[str, ...]
    tags: tuple[
        tuple[str, str, str], ...
    ]  # what it is about, in words; its value, in words; as it is written


_MEDIUM = {
    "social": "a post on a network",
    "email": "an e-mail",
    "referral": "a link somewhere else",
    "offline": "something printed or said",
}


def explain(
    url: str, *, labels: Mapping[str, str], campaigns: Mapping[str, Campaign], titles: Mapping[str, str]
) -> Explained:
    """The parts of a tagged link. `labels` name networks, `titles` posts by id; what is unknown keeps its own word."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return Explained(leads_to=url, own=(), tags=())
    told = links.tags(url)
    own = tuple(
        f"{name}={value}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.lower().startswith("utm_")
    )
    if parts.fragment:
        own += (f"#{unquote(parts.fragment)}",)
    rows: list[tuple[str, str, str]] = []

    def row(tag: str, about: str, value: str) -> None:
        if tag in told:
            rows.append((about, value, f"{tag}={told[tag]}"))

    source, medium = told.get("utm_source", ""), told.get("utm_medium", "")
    campaign, content = told.get("utm_campaign", ""), told.get("utm_content", "")
    row("utm_source", "came from", labels.get(source, source))
    row("utm_medium", "through", _MEDIUM.get(medium, medium))
    named = {links.slug(slug): found.name for slug, found in campaigns.items()}
    row("utm_campaign", "campaign", named.get(campaign, f"{campaign} (this post alone)"))
    row("utm_content", "by exactly", _delivery(content, labels, titles))
    return Explained(leads_to=f"{parts.hostname or ''}{unquote(parts.path)}", own=own, tags=tuple(rows))


def _delivery(content: str, labels: Mapping[str, str], titles: Mapping[str, str]) -> str:
    post, _, rest = content.partition(".")
    channel, _, rest = rest.partition(".")
    account, _, number = rest.partition(".")
    if not account:
        return content
    words = f"“{titles[post]}”" if post in titles else f"post {post}"
    again = f", time {number}" if number else ""
    return f"{words}, on {labels.get(channel, channel)}, by {account}{again}"
