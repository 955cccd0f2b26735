"""What Constant Contact allows and asks for: lengths, rights, and how it looks."""

from __future__ import annotations

from datetime import timedelta

from byline import text as texts
from byline.channels import _letters
from byline.channels.base import Capabilities, ImageRules, Look, Replay

SERVICE = "Constant Contact"
LOGIN = "https://authz.constantcontact.com/oauth2/default/v1"
RIGHTS = ("account_read", "contact_data", "campaign_data", "offline_access")
REFRESH = "CONSTANTCONTACT_REFRESH_TOKEN"
MOST_HTML = 150_000
BEYOND = frozenset({"SCHEDULED", "EXECUTING", "DONE"})  # of a draft
CAPABILITIES = Capabilities(
    label=SERVICE,
    limit=10_000,
    count=texts.utf16,
    unit="characters",
    link="card",
    card="client",
    image=ImageRules(
        types=("image/jpeg", "image/png"),
        max_bytes=5_000_000,
        max_pixels=33_000_000,
        width=1200,
        height=630,
        max_alt=1000,
    ),
    threads=False,
    find="always",
    replay=Replay(after=timedelta(0), until=timedelta(days=3650)),  # the name stays taken
    edit=True,
    delete=True,
    clicks=True,
    views=True,
    protected=texts.units,
    story=True,
    look=Look(
        handle=lambda account: account.option("from_email"),
        square=lambda _account: True,
        document=_letters.document,
    ),
)
