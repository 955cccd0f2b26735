"""Which visits count before a conversion, and what the id in each one's tag stands for."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from byline.links import named_id
from byline.model import ACCOUNT_NAME, POST_ID, NamedLink, Post, Touch

SAME_VISIT = timedelta(minutes=30)
BY_POST_ALONE = ("rss", "newsletter")  # links there carry the post's id, for there is no account

_DELIVERY = re.compile(
    rf"(?P<post>{POST_ID})\.(?P<channel>[a-z][a-z0-9_]*)\.(?P<account>{ACCOUNT_NAME})(?:\.(?P<number>[1-9][0-9]{{0,3}}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What one of our ids stands for. `account` is empty for a feed; `campaign` for a post outside campaigns.

    A link of `links` in the settings stands where a post would, as `link.<name>`; its channel is the place it is at.
    """

    post: str
    channel: str
    account: str = ""
    authors: tuple[str, ...] = ()
    campaign: str = ""
    audience: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One touch that counts. `origin` is None when its tag holds no id of ours."""

    touch: Touch
    origin: Origin | None


class Directory:
    """Our ids: every delivery that a post and an account of the settings can have, and all of the sending history."""

    def __init__(
        self,
        posts: Iterable[Post],
        accounts: Mapping[str, Collection[str]],
        sent: Iterable[str] = (),
        links: Iterable[NamedLink] = (),
    ) -> None:
        """`accounts` holds the account names of each network; `sent` delivery ids that are in the history."""
        self._posts = {post.id: post for post in posts}
        self._accounts = accounts
        self._sent = frozenset(sent)
        self._links = {named_id(link.slug): link for link in links}
        self._posts_sent = {key.partition(".")[0] for key in self._sent}

    def find(self, content: str, source: str = "") -> Origin | None:
        """What a tag's id stands for, or None when it is not ours."""
        key = content.strip().lower()
        if key in self._posts or key in self._posts_sent:
            return self._origin(key, source) if source in BY_POST_ALONE else None
        if key in self._links:
            link = self._links[key]
            return Origin(post=key, channel=link.source, campaign=link.campaign)
        match = _DELIVERY.fullmatch(key)
        if match is None:
            return None
        post, channel, account = match["post"], match["channel"], match["account"]
        if key in self._sent:
            return self._origin(post, channel, account)
        known = self._posts.get(post)
        if known is None or account not in self._accounts.get(channel, ()):
            return None
        later = len(known.share.again) if known.share else 0
        if match["number"] and not 2 <= int(match["number"]) <= 1 + later:
            return None
        return self._origin(post, channel, account)

    def _origin(self, post_id: str, channel: str, account: str = "") -> Origin:
        post = self._posts.get(post_id)
        if post is None:  # it was sent, and its file is gone
            return Origin(post=post_id, channel=channel, account=account)
        return Origin(
            post=post_id,
            channel=channel,
            account=account,
            authors=post.authors,
            campaign=post.campaign,
            audience=post.audience,
        )


def tagged(touch: Touch) -> bool:
    """Did the visit come with a tag? A direct one, or one with a referrer or a click id alone, takes no credit.

    Networks add their click id to plain links too, and capture.js names the network after it: that is no tag.
    """
    return bool(touch.medium or touch.campaign or touch.content or (touch.source and not touch.click))


def steps(
    touches: Sequence[Touch], until: datetime, window: timedelta, directory: Directory
) -> tuple[Step, ...]:
    """The touches that count before a conversion at `until`, oldest first.

    They are tagged, lie within the window (both ends included), and a run of equal ones with at most 30 minutes
    between each is one visit, the first of them. Equal times keep the order in which they were given.
    """
    inside = [touch for touch in touches if tagged(touch) and until - window <= touch.at <= until]
    found: list[Touch] = []
    before: Touch | None = None
    for touch in sorted(inside, key=lambda item: item.at):
        if before is None or _tags(before) != _tags(touch) or touch.at - before.at > SAME_VISIT:
            found.append(touch)
        before = touch
    return tuple(
        Step(touch=touch, origin=directory.find(touch.content, touch.source.lower())) for touch in found
    )


def _tags(touch: Touch) -> tuple[str, ...]:
    return (touch.source, touch.medium, touch.campaign, touch.content)
