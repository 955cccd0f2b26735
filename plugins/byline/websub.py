"""Tell a WebSub hub that the feeds hold something new, so that subscribers have it at once.

How a publisher tells its hub is left open by the standard (W3C WebSub, 23 January 2018, section 4); every hub in use
takes the older form, `hub.mode=publish` with one `hub.url` for each feed. A hub that does not answer costs nobody
anything but time: feed readers look by themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from byline import content as contents
from byline.content import Content
from byline.errors import BylineError
from byline.ledger.base import Note
from byline.site import places

if TYPE_CHECKING:
    from byline.http import Http
    from byline.ledger.base import Ledger
    from byline.model import Post
    from byline.settings import Settings
    from byline.times import Clock

KIND = "websub"
SERVICE = "WebSub hub"


def tell(settings: Settings, content: Content, ledger: Ledger, http: Http, clock: Clock) -> str:
    """Tell the hub once for each change of what is public; what happened in words, empty when nothing had to be done.

    What was told is kept beside the sending history. Never raises: a hub is a courtesy.
    """
    if not settings.feeds.hub:
        return ""
    now = clock.now()
    posts = contents.public(content, now)
    state = _state(posts)
    try:
        told = ledger.notes(KIND)
        if told and told[-1].line == state:
            return ""
        topics = feeds(settings, content, posts)
        body = urlencode([("hub.mode", "publish"), *(("hub.url", topic) for topic in topics)])
        answer = http.request(
            "POST",
            settings.feeds.hub,
            service=SERVICE,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            data=body.encode(),
        )
        if not 200 <= answer.status < 300:
            return (
                f"the feed hub {settings.feeds.hub} answers {answer.status}; feed readers will find the new posts by "
                "themselves, a little later, and the next run tells the hub again"
            )
        ledger.note(Note(kind=KIND, day=now.date(), line=state))
    except BylineError as error:
        return f"the feed hub was not told: {error.message}; the next run tells it again"
    return f"told the feed hub of {len(topics)} feeds"


def feeds(settings: Settings, content: Content, posts: Sequence[Post]) -> tuple[str, ...]:
    """The address of every feed in the two forms that name a hub by themselves, RSS and Atom."""
    listings = [places.Listing("", "", tuple(posts)), *places.categories(posts)]
    listings += [listing for _, listing in places.writers(posts, content.authors)]
    return tuple(
        places.absolute(settings, listing.feed(file)) for listing in listings for file in places.FEEDS[:2]
    )


def _state(posts: Sequence[Post]) -> str:
    whole = "\n".join(f"{post.id} {post.hash}" for post in posts)
    return hashlib.sha256(whole.encode()).hexdigest()
