"""What Facebook allows and asks for: lengths, pictures, rights, refusals by number, and how it looks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from byline import text as texts
from byline.channels.base import Capabilities, ImageRules, Look, Renewal

SERVICE = "Facebook"
VERSION = "v26.0"
LOGIN = "https://www.facebook.com"
RIGHTS = ("pages_manage_posts", "pages_read_engagement", "pages_show_list", "read_insights")
BORN = datetime(2026, 7, 29, tzinfo=UTC)  # of VERSION
LIMITED = frozenset({4, 17, 32, 341, 613})
BLOCKED = 368
SHORTAGE = timedelta(hours=1)
METRICS = "post_media_view,post_clicks_by_type,post_reactions_by_type_total"
POST_ID = re.compile(r"\d+_\d+")
SHOWN = re.compile(r"/(?:(\d+_\d+)|[\w.-]+/posts/(?:[\w.-]+/)?(\d+))/?")

CAPABILITIES = Capabilities(
    label="Facebook",
    limit=63_206,
    count=texts.utf16,
    unit="characters",
    link="card",
    card="page",
    image=ImageRules(
        types=("image/jpeg", "image/png"),
        max_bytes=4_000_000,
        max_pixels=36_000_000,
        width=1200,
        height=630,
        max_alt=1000,
    ),
    threads=False,
    find="always",
    replay=None,
    edit=True,
    delete=True,
    clicks=True,
    views=True,
    protected=texts.units,
    mentions=lambda _text: (),  # it knows no handles, and its markup for a mention, `@[number]`, is taken apart
    defused=lambda text: re.sub(r"@(?=\[\d)", "@\u2060", text),
    look=Look(
        colour="#0866ff",
        colour_dark="#5aa7ff",
        handle=lambda _account: "Page",
        fold=(5, 80),
        fold_word="… See more",
        links=texts.addresses,
        card_words=("host", "title", "description"),
        actions=("Like", "Comment", "Share"),
        share="https://www.facebook.com/sharer/sharer.php?u={link}",
    ),
)


RENEWAL = Renewal(
    steps=(
        "Open developers.facebook.com, Tools, Graph API Explorer, and choose the company's app.",
        "Add pages_manage_posts, pages_read_engagement, pages_show_list and read_insights; press Generate Access Token, sign in "
        "as a person who may create content on the page, and allow everything that is asked for.",
        "Copy the token into Tools, Access Token Debugger; press Debug, then Extend Access Token, and copy the new one.",
        "Put it in the place of the old one in the Graph API Explorer, ask for me/accounts, and copy the access_token beside "
        "the name of the page. With a command line, `publish connect facebook` does all of this.",
    ),
    secrets=("FACEBOOK_PAGE_TOKEN",),
)
