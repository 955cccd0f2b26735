"""What LinkedIn allows and asks for: lengths, pictures, addresses, its "little text", and how it looks."""

from __future__ import annotations

import re
from datetime import timedelta

from byline import text as texts
from byline.channels.base import Capabilities, ImageRules, Look, Renewal, Replay

VERSION = "202607"
LOGIN = "https://www.linkedin.com"
SERVICE = "LinkedIn"
MEMBER_RIGHTS = ("openid", "profile", "w_member_social")
PAGE_RIGHTS = ("w_organization_social", "r_organization_social", "rw_organization_admin")
PROBE_AFTER = timedelta(seconds=20)
URN = r"urn:li:(?:organization|person):[A-Za-z0-9_-]+"
POST_URN = re.compile(r"urn:li:(?:share|ugcPost):\d+")
SHOWN_URN = re.compile(r"urn:li:(?:share|ugcPost|activity):\d+")
COPIED = re.compile(r"/posts/[^/]+-(share|ugcPost|activity)-(\d+)")
_RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")
_HASHTAG = re.compile(r"(?<!\w)#(?=[^\W_]*[^\W\d_])[^\W_]+(?![\w])")
SUNSET = "LinkedIn no longer takes API version"
TITLE, DESCRIPTION = 200, 300
IMAGE_WAIT, IMAGE_LOOKS = 2.0, 8
IMAGE_AT_WORK = ("WAITING_UPLOAD", "PROCESSING")

CAPABILITIES = Capabilities(
    label="LinkedIn",
    limit=3000,
    count=texts.utf16,
    unit="characters",
    link="card",
    card="client",
    image=ImageRules(
        types=("image/jpeg", "image/png"),
        max_bytes=8_000_000,
        max_pixels=36_152_319,
        width=1200,
        height=627,
        max_alt=4086,
    ),
    threads=False,
    find="sometimes",
    replay=Replay(after=PROBE_AFTER, until=timedelta(minutes=8)),
    edit=True,
    delete=True,
    clicks=True,
    views=True,
    protected=texts.units,
    look=Look(
        colour="#0a66c2",
        colour_dark="#71b7fb",
        handle=lambda account: "Page" if "organization" in account.option("urn") else "Member",
        square=lambda account: "organization" in account.option("urn"),
        headline=True,
        fold=(3, 70),  # about 210 characters, measured by others, not promised by LinkedIn
        fold_word="…more",
        tags=lambda text: tuple(found.span() for found in _HASHTAG.finditer(text)),
        short_links=26,
        card_words=("title", "host"),
        actions=("Like", "Comment", "Repost", "Send"),
        share="https://www.linkedin.com/sharing/share-offsite/?url={link}",
    ),
)


def escape(text: str) -> str:
    """LinkedIn's "little text": what it would take for markup gets a backslash, in one pass; hashtags stay tags.

    An unescaped reserved character is no error there: the post is cut at it without a word.
    """
    out: list[str] = []
    end = 0
    for tag in _HASHTAG.finditer(text):
        out += [_RESERVED.sub(r"\\\g<0>", text[end : tag.start()]), tag[0]]
        end = tag.end()
    return "".join(out) + _RESERVED.sub(r"\\\g<0>", text[end:])


def escaped_too_long(words: str) -> tuple[str, ...]:
    """LinkedIn does not say whether it counts the backslashes: words that fit without them alone may be refused."""
    used, escaped = texts.utf16(words), texts.utf16(escape(words))
    if not used <= CAPABILITIES.limit < escaped:
        return ()
    return (
        f"LinkedIn may refuse it: the words take {used:,} characters, and {escaped:,} with the backslashes that brackets, "
        f"stars, underscores and the like need; LinkedIn does not say which of the two it counts against its "
        f"{CAPABILITIES.limit:,}. To be safe, shorten it or use fewer of these signs",
    )


def address(urn: str) -> str:
    """Where a post can be seen."""
    return f"https://www.linkedin.com/feed/update/{urn}"


RENEWAL = Renewal(
    steps=(
        "Open developer.linkedin.com and sign in as the member whose token it is (for a page: as one of its administrators).",
        "My apps, the app, Auth, *OAuth 2.0 tools*, *Create token*.",
        "Choose what the app offers: for a member `openid`, `profile`, `w_member_social`; for a page `w_organization_social`, "
        "`r_organization_social`, `rw_organization_admin`.",
        "*Request access token*, allow it, and copy the token.",
    ),
    secrets=("LINKEDIN_ACCESS_TOKEN",),
)
