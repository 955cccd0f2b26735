"""What the preview says of one delivery, gathered from the plan, the post and the network's own description."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from byline import cards, links, registry, times
from byline.channels.base import Capabilities, Look
from byline.errors import BylineError, Problem
from byline.ledger.base import BASELINE
from byline.model import Author, Card, Picture, Post
from byline.planning import NOT_YET, Delivery
from byline.preview.markup import day
from byline.settings import Account, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a delivery stands, for a person: `tone` is go, wait, person, done, off or bad."""

    tone: str
    words: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One delivery, ready to be drawn. `foreign` tells that its link leads to another page than the post's."""

    delivery: Delivery
    label: str
    look: Look
    who: str
    role: str
    handle: str
    square: bool
    parts: tuple[str, ...]
    used: tuple[int, ...]
    limit: int
    unit: str
    card: Card | None
    image: Picture | None
    client_card: bool
    foreign: bool
    cut: str
    words_from: str
    standing: Standing
    problems: tuple[Problem, ...]
    document: str = ""  # the whole thing as a page of its own, where it is a mail


def shown(
    delivery: Delivery,
    post: Post | None,
    settings: Settings,
    authors: Mapping[str, Author],
    problems: Sequence[Problem],
    now: datetime,
) -> Shown:
    """The delivery as the page shows it. A network that has no driver any more is shown plainly."""
    caps = capabilities(delivery.channel)
    account = settings.account(delivery.channel, delivery.account)
    look = caps.look if caps else Look()
    message = delivery.message
    parts = message.parts if message else delivery.text
    if message:
        used, limit = message.used, message.limit
    else:
        used, limit = tuple(caps.count(part) for part in parts) if caps else (), caps.limit if caps else 0
    who, role = name_of(account, settings, authors)
    if not look.headline:
        role = ""
    return Shown(
        delivery=delivery,
        label=caps.label if caps else delivery.channel,
        look=look,
        who=who,
        role=role,
        handle=look.handle(account) if account else delivery.account,
        square=bool(account and look.square(account)),
        parts=parts,
        used=used,
        limit=limit,
        unit=caps.unit if caps else "characters",
        card=message.card if message else _card(delivery, post, settings, authors),
        image=message.image if message else None,
        client_card=bool(caps and caps.card == "client"),
        foreign=_foreign(delivery, post, settings),
        cut=message.cut if message else "",
        words_from=_words_from(delivery, post, settings),
        standing=standing(delivery, post, settings, now),
        problems=tuple(problems),
        document=look.document(message, account) if look.document and message and account else "",
    )


def capabilities(channel: str) -> Capabilities | None:
    """What the network says of itself; None when there is no driver for it."""
    try:
        return registry.channel(channel).caps
    except BylineError:
        return None


def name_of(account: Account | None, settings: Settings, authors: Mapping[str, Author]) -> tuple[str, str]:
    """Who readers see: the author of that name, with the role; one who shares by hand; else the company."""
    author = authors.get(account.name) if account else None
    if author is not None:
        return author.name, author.role or author.description
    block = settings.channels.get(account.channel) if account else None
    if account and block and account.mode == "manual" and account.name != block.default.name:
        return person_of(account.name, authors), ""
    return settings.brand.name or settings.site_name, ""


def person_of(account: str, authors: Mapping[str, Author]) -> str:
    """How the owner of an account is addressed: by the author's name, else by the account's own."""
    author = authors.get(account)
    return author.name if author else account.replace("_", " ").title()


def standing(delivery: Delivery, post: Post | None, settings: Settings, now: datetime) -> Standing:
    """The state in the words a manager uses, and what to do next where something is to be done."""
    reason = delivery.reason
    when = f"{day(delivery.due)} ({settings.zone.key})" if delivery.due else ""
    if post is not None and post.draft:
        planned = f" Its time would be {when}." if when else ""
        return Standing(
            tone="off",
            words="Draft: nothing goes out",
            detail=f"Delete the line `draft: true` when it is ready.{planned}",
        )
    if delivery.blocked:
        return Standing(tone="bad", words="Kept back by a mistake", detail=reason)
    match delivery.state:
        case "due" if delivery.ready:
            return Standing(tone="go", words="Goes out with the next `publish send`", detail=reason)
        case "due":
            return Standing(tone="wait", words="Waits", detail=reason or when)
        case "later":
            words = f"Goes out {when}" if when else "Goes out later"
            return Standing(tone="wait", words=words, detail="" if reason == NOT_YET else reason)
        case "held":
            return Standing(tone="person", words="Waits for your word", detail=reason)
        case "manual":
            words = "To be posted by hand"
            late = delivery.due is not None and delivery.due <= now
            return Standing(
                tone="person", words=words + (" now" if late else f" {when}" if when else ""), detail=reason
            )
        case "sending":
            return Standing(
                tone="person",
                words="Being sent, or a run was interrupted",
                detail=reason or "`publish reconcile` looks on the network.",
            )
        case "unknown":
            return Standing(
                tone="person",
                words="May be out: please look",
                detail=reason or "`publish reconcile` looks on the network.",
            )
        case "sent":
            at = delivery.record.sent_at if delivery.record else None
            since = f" since {day(at.astimezone(settings.zone))} ({settings.zone.key})" if at else ""
            return Standing(tone="done", words=f"Already out{since}", detail=reason)
        case "failed":
            return Standing(tone="bad", words="Refused by the network", detail=reason)
        case "skipped":
            words = "Old post, not sent" if reason == BASELINE else "Not sent"
            return Standing(tone="off", words=words, detail="" if reason == BASELINE else reason)
        case "retracted":
            return Standing(tone="off", words="Taken back from the network", detail=reason)


def _words_from(delivery: Delivery, post: Post | None, settings: Settings) -> str:
    telling = delivery.telling
    if delivery.message is None:
        return "as it was sent; the file may say something else by now" if delivery.text else ""
    if telling is None or post is None:
        return ""
    match telling.origin.get("text", "default"):
        case "account":
            return f"written for this account, {post.path}:{telling.line}"
        case "network":
            return f"written for this network, {post.path}:{telling.line}"
        case "site":
            return f"the account's words in {settings.file_name}"
    return "the post's description" if post.description else "the opening of the post"


def _foreign(delivery: Delivery, post: Post | None, settings: Settings) -> bool:
    if delivery.telling is not None:
        return delivery.telling.origin.get("link", "post") != "post"
    if post is None:
        return False
    ours, theirs = urlsplit(links.canonical(settings.site_url, post.url)), urlsplit(delivery.link)
    return bool(delivery.link) and (ours.hostname, ours.path) != (theirs.hostname, theirs.path)


def _card(
    delivery: Delivery, post: Post | None, settings: Settings, authors: Mapping[str, Author]
) -> Card | None:
    """The card of what is out already: the history keeps its address, the picture is the post's of today."""
    if post is None or not delivery.card:
        return None
    return cards.card(post, settings, authors, delivery.link)


def span_of(number: int) -> str:
    """`the first time`, `repeat 1`, `repeat 2` …"""
    return f"repeat {number - 1}" if number > 1 else ""


def after(delivery: Delivery) -> str:
    """How long after the first one a repeat goes out, in words; empty for a first one."""
    telling = delivery.telling
    return times.words(telling.after) if telling is not None and telling.after is not None else ""
