"""What Twitter allows and asks for: lengths, pictures, prices, allowances, addresses, and how it looks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from byline import text as texts
from byline.channels.base import Capabilities, ImageRules, Look, Renewal

SERVICE = "Twitter"
COST_WITH_LINK = Decimal("0.200")
COST_WITHOUT_LINK = Decimal("0.015")
COST_ALT_TEXT = Decimal("0.005")
COST_READ, COST_USER, COST_DELETE = Decimal("0.005"), Decimal("0.010"), Decimal("0.010")
LISTED = 20  # posts of the timeline that are looked at
PRICES = {
    "cost_with_link": COST_WITH_LINK,
    "cost_without_link": COST_WITHOUT_LINK,
    "cost_read": COST_READ,
    "cost_user": COST_USER,
    "cost_delete": COST_DELETE,
}
ID = r"\d{1,25}"
USERNAME = r"[A-Za-z0-9_]{1,15}"
STATUS = re.compile(r"/(?:i/web|[A-Za-z0-9_]{1,15})/status/(\d{1,25})(?:/.*)?")
CASHTAG = re.compile(r"(?<!\S)\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?![\w$])")
_TAG = re.compile(r"(?<![\w&/@])@[A-Za-z0-9_]{1,15}\b|(?<![\w&])#\w*[^\W\d_]\w*|" + CASHTAG.pattern)
_MENTION = re.compile(r"(?<![\w!#$%&*@＠/.=])[@＠][A-Za-z0-9_]{1,15}(?![\w@＠]|://)")
CLICKS_KNOWN_FOR = timedelta(days=29, hours=12)

CAPABILITIES = Capabilities(
    label="Twitter",
    limit=280,
    count=texts.weighted,
    unit="characters",
    link="text",
    card="page",
    image=ImageRules(
        types=("image/jpeg", "image/png"),
        max_bytes=5_000_000,
        max_pixels=33_000_000,
        width=1200,
        height=675,
        max_alt=1000,
    ),
    threads=True,
    find="always",
    replay=None,
    edit=False,
    delete=True,
    clicks=True,
    views=True,
    protected=texts.units,
    mentions=lambda text: tuple(dict.fromkeys(found[0] for found in _MENTION.finditer(text))),
    defused=texts.unannounced,
    weight_of_link=texts.LINK_WEIGHT,
    look=Look(
        colour="#1d9bf0",
        colour_dark="#1d9bf0",
        handle=lambda account: "@" + account.option("username", account.name).lstrip("@"),
        links=texts.twitter_links,
        tags=lambda text: tuple(found.span() for found in _TAG.finditer(text)),
        short_links=34,
        card="over",
        card_words=("title", "host"),
        card_host="From {host}",
        actions=("Reply", "Repost", "Like", "Views", "Share"),
        share="https://x.com/intent/post?text={text}",
    ),
)


def _kind(method: str, path: str) -> str:
    """What a call does, in plain words: each kind has an allowance of its own."""
    kinds = {
        "/2/users/me": "looks at the account",
        "/2/tweets": "posts" if method == "POST" else "looks at posts",
    }
    return kinds.get(
        path,
        "deletions" if method == "DELETE" else "looks at the timeline" if "/users/" in path else "uploads",
    )


ALLOWANCES: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    ("x-rate-limit-", lambda method, path: f"{_kind(method, path)} in 15 minutes"),
    ("x-user-limit-24hour-", lambda method, path: f"{_kind(method, path)} in 24 hours, this account"),
    ("x-app-limit-24hour-", lambda method, path: f"{_kind(method, path)} in 24 hours, the whole app"),
)

RENEWAL = Renewal(
    steps=(
        "Open the developer console of X, the app, *Keys and tokens*. The app must have the permission *Read and write*.",
        "Signed in as the account that posts: *Access token and secret*, *Generate* or *Regenerate*.",
        "Copy both, the token and its secret; they are shown once.",
    ),
    secrets=("TWITTER_ACCESS_TOKEN", "TWITTER_ACCESS_TOKEN_SECRET"),
)
