"""Twitter (X) posts and threads, with OAuth 1.0a: four secrets that last until they are revoked.

API: docs.x.com, "Manage Posts", "Media" and "Counting characters", read 2026-11.
Rights: an app with read and write access. Each post costs money, more with a link, and the plan shows how much.
Twitter makes the link card itself from the live page; a picture sent along takes the card's place.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import urlsplit

from byline import text as texts
from byline.channels import _pictures, _words
from byline.channels.base import (
    Capabilities,
    Desk,
    Draft,
    Found,
    Health,
    JsonValue,
    Metrics,
    Receipt,
    Renewal,
    Request,
    SignedIn,
)
from byline.channels.twitter.calls import TwitterCalls
from byline.channels.twitter.network import (
    CAPABILITIES,
    CASHTAG,
    CLICKS_KNOWN_FOR,
    COST_ALT_TEXT,
    ID,
    LISTED,
    PRICES,
    RENEWAL,
    SERVICE,
    STATUS,
    USERNAME,
)
from byline.channels.twitter.reading import age, inner, is_ours, moment, number
from byline.channels.twitter.signing import sign_in
from byline.errors import NotSent, Rejected
from byline.fields import Fields
from byline.http import Http
from byline.model import Message, Picture
from byline.settings import Account, Secrets
from byline.times import Clock


class Twitter(TwitterCalls):
    """One account."""

    name: ClassVar[str] = "twitter"
    api: ClassVar[str] = "https://api.x.com"
    renewal: ClassVar[Renewal] = RENEWAL
    caps: Capabilities = CAPABILITIES

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        super().__init__(account, http=http, secrets=secrets, clock=clock)
        self._username = account.option("username").lstrip("@")
        self._user_id = ""
        self.caps = replace(
            CAPABILITIES, threads=account.option("threads", "true").lower() in ("true", "yes", "on")
        )

    @staticmethod
    def settings(block: Fields, accounts: tuple[Fields, ...]) -> None:
        """`threads` and the prices (`cost_…`) of the network; `threads` and `username` of an account."""
        for key, price in PRICES.items():
            block.number(key, price, low=Decimal(0))
        for fields in (block, *accounts):
            fields.flag("threads", True)
        for fields in accounts:
            fields.text("username", pattern="@?" + USERNAME, expected="the account's name without @")

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        """The words with the link in them, or a thread whose first part carries it; and what sending costs."""
        words = _words.compose(
            draft,
            self.caps,
            count=lambda part: texts.weighted(part, draft.link),
            threads_hint="threads are switched off for this account. Write one text, or delete `threads: false` under "
            "`channels.twitter` in mkdocs.yml",
        )
        problems = list(words.problems)
        for part in words.parts:
            if len(CASHTAG.findall(part)) > 1:
                problems.append("the text has more than one cashtag ($NAME); Twitter takes one")
            if not texts.weighted_is_valid(part):
                problems.append("the text is empty or holds a character that Twitter refuses")
        message = replace(
            words.message(draft, self._account, self.caps),
            cost=self._cost(words.parts, draft),
            currency="USD",
        )
        return message, tuple(problems)

    def prepare(self, message: Message, delivery_id: str) -> tuple[Request, ...]:
        """Learn the account's name, upload the picture with its words, build one request a part."""
        self._me()
        media: dict[str, JsonValue] = {}
        if message.image is not None:
            media = {"media": {"media_ids": [self._upload(message.image)]}}
        return tuple(
            Request(part=number, path="/2/tweets", body={"text": part, **(media if number == 0 else {})})
            for number, part in enumerate(message.parts)
        )

    def create(self, request: Request, before: tuple[Receipt, ...]) -> Receipt:
        """Send one part, once; a part of a thread answers the part before it."""
        body = dict(request.body)
        if before:
            body["reply"] = {"in_reply_to_tweet_id": before[-1].remote_id}
        answer = self._call("POST", request.path, json=body, create=True)
        data = answer.object().get("data")
        remote_id = data.get("id") if isinstance(data, dict) else None
        if not isinstance(remote_id, str) or not remote_id:
            raise self._http.broken(answer, service=SERVICE, create=True)
        return self._receipt(remote_id, self._clock.now())

    def find(
        self, request: Request, message_link: str, since: datetime, before: tuple[Receipt, ...]
    ) -> Found:
        """Look in the account's own timeline: the link of a first part, the answer to the part before of a later one."""
        user, _ = self._me(ask=True)
        start = (since - timedelta(minutes=5)).astimezone(UTC)
        answer = self._call(
            "GET",
            f"/2/users/{user}/tweets",
            params={
                "max_results": str(LISTED),
                "exclude": "retweets",
                "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                "tweet.fields": "created_at,entities,referenced_tweets",
            },
        )
        found = answer.object().get("data")
        self._read(found)
        for post in found if isinstance(found, list) else ():
            if isinstance(post, dict) and is_ours(post, message_link, before):
                at = moment(post.get("created_at"), self._clock.now())
                return Found(receipt=self._receipt(str(post.get("id")), at, already=True), certain=True)
        return Found(
            receipt=None,
            certain=False,
            reason="the post is not in the account's timeline, but Twitter may list a new post late",
        )

    def remote_id(self, url: str) -> str:
        """The id in the address of a post."""
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("mobile.")
        found = STATUS.fullmatch(parts.path) if host in ("x.com", "twitter.com") else None
        return found[1] if found else ""

    def health(self) -> Health:
        """Whose secrets these are, and whether the app may write, where Twitter tells."""
        answer = self._call("GET", "/2/users/me")
        self._charge("user", "cost_user")
        data = answer.object().get("data")
        username = str(data.get("username") or "") if isinstance(data, dict) else ""
        access = answer.headers.get("x-access-level", "")
        if access == "read":
            return Health(
                ok=False,
                who=f"@{username}",
                message="the app may only read",
                fix='set the app to "Read and write", then make a new access token and secret',
                missing=("write",),
            )
        if self._username and username.lower() != self._username.lower():
            return Health(
                ok=False,
                who=f"@{username}",
                message=f"the secrets belong to @{username}, not to @{self._username}",
                fix=f"correct `username` of the account `{self._account.name}`, or set the other account's secrets",
            )
        return Health(ok=True, who=f"@{username}", message="ready; these secrets last until they are revoked")

    def sign_in(self, desk: Desk) -> SignedIn:
        """New secrets, which last until they are revoked."""
        return sign_in(desk, self._account, http=self._http, clock=self._clock, username=self._username)

    def metrics(self, remote_id: str) -> Metrics:
        """Public numbers, and link clicks while the post is younger than 30 days (older ones are not given)."""
        now = self._clock.now()
        young = age(remote_id, now) < CLICKS_KNOWN_FOR
        fields = "public_metrics,non_public_metrics" if young else "public_metrics"
        post = self._post(remote_id, fields)
        if not post and young:
            post = self._post(remote_id, "public_metrics")
        public, own = inner(post, "public_metrics"), inner(post, "non_public_metrics")
        return Metrics(
            at=now,
            views=number(public, "impression_count"),
            clicks=number(own, "url_link_clicks"),
            likes=number(public, "like_count"),
            comments=number(public, "reply_count"),
            shares=number(public, "repost_count", "retweet_count"),
        )

    def edit(self, remote_id: str, message: Message) -> None:
        """Twitter lets only subscribers edit, for an hour, as a new post: not offered."""
        raise Rejected(
            "Twitter posts cannot be edited",
            service=SERVICE,
            hint="delete the post (`publish retract`) and write a new telling",
        )

    def delete(self, remote_id: str) -> None:
        """Take one post away."""
        try:
            self._call("DELETE", f"/2/tweets/{remote_id}")
            self._charge(f"delete {remote_id}", "cost_delete")
        except Rejected as error:
            if error.status not in (404, 410):
                raise

    def _me(self, *, ask: bool = False) -> tuple[str, str]:
        """The account's id and name, asked once; nobody is asked when the name is in the settings and will do."""
        if self._username and not ask:
            return "", self._username
        if self._user_id:
            return self._user_id, self._username
        data = self._call("GET", "/2/users/me").object().get("data")
        self._charge("user", "cost_user")
        if not isinstance(data, dict) or not re.fullmatch(ID, str(data.get("id"))):
            raise NotSent(
                "Twitter did not tell whose secrets these are; nothing was sent",
                service=SERVICE,
                cause="unreachable",
                retry_at=self._clock.now() + timedelta(minutes=5),
            )
        self._user_id, self._username = str(data["id"]), str(data.get("username") or self._username)
        return self._user_id, self._username

    def _receipt(self, remote_id: str, at: datetime, *, already: bool = False) -> Receipt:
        return Receipt(
            remote_id=remote_id,
            url=f"https://x.com/{self._username or 'i/web'}/status/{remote_id}",
            at=at,
            already=already,
        )

    def _upload(self, picture: Picture) -> str:
        made = _pictures.made(picture, self.caps.image, service=SERVICE, cropped=False)
        suffix = made.mime.partition("/")[2]
        answer = self._call(
            "POST",
            "/2/media/upload",
            data={"media_category": "tweet_image"},
            files={"media": (f"picture.{suffix}", made.data, made.mime)},
        )
        data = answer.object().get("data")
        media_id = data.get("id") if isinstance(data, dict) else None
        if not isinstance(media_id, str):
            raise self._http.broken(answer, service=SERVICE, create=False)
        if picture.alt:
            alt = texts.fit(picture.alt, limit=self.caps.image.max_alt, count=texts.utf16).text
            self._call(
                "POST", "/2/media/metadata", json={"id": media_id, "metadata": {"alt_text": {"text": alt}}}
            )
        return media_id

    def _post(self, remote_id: str, fields: str) -> dict[str, Any]:
        try:
            answer = self._call("GET", "/2/tweets", params={"ids": remote_id, "tweet.fields": fields})
        except Rejected:
            return {}
        found = answer.object().get("data")
        self._read(found)
        return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}

    def _cost(self, parts: tuple[str, ...], draft: Draft) -> Decimal:
        with_link, without = self._price("cost_with_link"), self._price("cost_without_link")
        total = sum(
            (
                with_link if (draft.link and draft.link in part) or texts.twitter_links(part) else without
                for part in parts
            ),
            Decimal(0),
        )
        return total + (COST_ALT_TEXT if draft.image is not None and draft.image.alt else 0)
