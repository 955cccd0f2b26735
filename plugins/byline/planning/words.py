"""The exact texts of a delivery, and one value for what readers see of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from decimal import Decimal

from byline import cards, registry, sharing
from byline.errors import Problem
from byline.model import Card, Picture, Post
from byline.planning.shape import Delivery, Drivers
from byline.settings import Settings
from byline.sharing import Telling


@dataclass(slots=True)
class Page:
    """What the tellings of one post share, worked out once."""

    post: Post
    picture: Picture
    description: str
    errors: tuple[Problem, ...]


def fingerprint(telling: Telling, title: str, description: str, card: Picture, image: str) -> str:
    """One value for what readers see: when it changes, a rejected post may be tried again."""
    return digest(
        *telling.texts,
        "1" if telling.written else "",
        telling.link,
        image,
        telling.image_alt,
        card.digest,
        title,
        description,
    )


def mark_of(telling: Telling, page: Page, settings: Settings) -> str:
    """The fingerprint of a telling, with the whole post where the channel carries that."""
    image = cards.file_picture(settings.docs / telling.image, "").digest if telling.image else ""
    mark = fingerprint(telling, page.post.title, page.description, page.picture, image)
    return digest(mark, page.post.body) if registry.channel(telling.channel).caps.story else mark


def composed(
    delivery: Delivery, page: Page, settings: Settings, drivers: Drivers
) -> tuple[Delivery, tuple[Problem, ...]]:
    """With the exact texts, and what is wrong with the post or its texts, which keeps it back."""
    telling = delivery.telling
    assert telling is not None
    if delivery.record is not None and delivery.text:
        return delivery, ()  # what was sent is shown as it was sent
    card = Card(url=telling.link, title=page.post.title, description=page.description, picture=page.picture)
    draft = sharing.draft(telling, page.post, settings, card)
    message, wrong = drivers(telling.account).compose(draft)
    errors = page.errors + tuple(
        Problem(
            file=page.post.path,
            line=telling.line,
            key=f"share.{telling.channel}",
            code="does-not-fit",
            message=f"{registry.label(telling.channel)}, {delivery.account}: {text}",
            fix=f"change the text under `share.{telling.channel}`",
        )
        for text in wrong
    )
    changed = replace(
        delivery,
        text=message.parts,
        link=message.link,
        cost=message.cost if telling.account.mode == "api" else Decimal(0),
        currency=message.currency,
        message=message,
    )
    if telling.origin.get("link") != "post" and message.card is None:
        changed = replace(changed, card="")  # the network shows the card of the page it is sent to
    if not errors or delivery.state not in ("later", "due", "held", "manual"):
        return changed, ()
    reason = f"{errors[0].message} (see `publish check`)"
    if delivery.state == "later":
        return replace(changed, blocked=True, reason=reason), errors
    return replace(changed, state="held", ready=False, blocked=True, reason=reason), errors


def digest(*values: str) -> str:
    """One hash over several values, each with its length, so that none can run into the next."""
    whole = "".join(f"{len(value)}:{value}" for value in values)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
