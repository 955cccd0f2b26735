"""What Bluesky allows and asks for: lengths, pictures, how it looks, how a password is renewed."""

from __future__ import annotations

import re
from datetime import timedelta

from byline import text as texts
from byline.channels.base import Capabilities, ImageRules, Look, Renewal, Replay

SERVICE = "Bluesky"
COLLECTION = "app.bsky.feed.post"
MAX_BYTES = 3000
TAG = re.compile(r"(?<![\w#])#(?=[\w]*[^\W\d])(\w{1,64})(?!\w)")
MENTION = re.compile(
    r"(?<![\w@/.=])@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9](?![\w@])"
)
CAPABILITIES = Capabilities(
    label="Bluesky",
    limit=300,
    count=texts.graphemes,
    unit="characters",
    link="card",
    card="client",
    image=ImageRules(
        types=("image/jpeg", "image/png"),
        max_bytes=1_000_000,
        max_pixels=16_000_000,
        width=1200,
        height=630,
        max_alt=2000,
    ),
    threads=True,
    find="always",
    replay=Replay(after=timedelta(0), until=timedelta(days=3650)),
    edit=False,
    delete=True,
    clicks=False,
    views=False,
    protected=texts.units,
    mentions=lambda text: tuple(dict.fromkeys(found[0] for found in MENTION.finditer(text))),
    look=Look(
        colour="#0a5fd6",
        colour_dark="#6aa9ff",
        handle=lambda account: f"@{account.option('handle') or account.name}",
        links=texts.addresses,
        tags=lambda text: tuple(found.span() for found in TAG.finditer(text)),
        short_links=30,
        card_words=("title", "description", "host"),
        actions=("Reply", "Repost", "Like"),
        share="https://bsky.app/intent/compose?text={text}%20{link}",
    ),
)

RENEWAL = Renewal(
    steps=(
        "In Bluesky: Settings, Privacy and security, App passwords. Delete the old one, *Add App Password*.",
        "Name it Byline; access to direct messages is not needed.",
        "Copy the password; it is shown once.",
    ),
    secrets=("BLUESKY_APP_PASSWORD",),
)
