"""The service as the tests take it: the way of a call, posts, pictures, limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from byline import text as texts
from byline.testing.server import Answer, Call, Case, Posted, PostedImage, answer
from byline.testing.twitter.reading import Reading
from byline.testing.twitter.shapes import (
    CASHTAG,
    INVALID,
    KEYS,
    LIMIT,
    MENTION,
    REFUSED,
    TAG,
    full,
    invalid,
    links_in,
    problem,
    shorten,
    weight,
    without,
)
from byline.testing.twitter.signing import User
from byline.times import Clock

_EPOCH = 1_288_834_974_657


class Twitter(Reading):
    """The service. `allow` signs an account in."""

    def kind_of(self, call: Call) -> str:
        if call.path == "/2/tweets" and call.method == "POST":
            return "create"
        if call.path.startswith("/2/media/"):
            return "upload"
        if re.fullmatch(r"/2/users/\d+/tweets", call.path):
            return "list"
        if call.path == "/oauth/access_token":
            return "token"
        return "delete" if call.method == "DELETE" else "read"

    def handle(self, call: Call) -> Answer:
        if call.path.startswith("/oauth/"):
            return self._sign_in(call)
        if call.path == "/2/usage/tweets":
            return self._usage(call)
        user = self._signed_by(call)
        if user is None:
            return self.unauthorized()
        if call.path == "/2/users/me":
            self.too_many("me", 75, timedelta(minutes=15))
            self._bill(f"user {user.id}", Decimal("0.010"))
            access = {"x-access-level": "read" if self.read_only else "read-write"}
            return answer(
                200, {"data": {"id": user.id, "name": user.name, "username": user.username}}, access
            )
        if call.path == "/2/tweets" and call.method == "POST":
            return self._create(call, user)
        if call.path == "/2/tweets":
            return self._lookup(call, user)
        if call.path == "/2/media/upload" and call.method == "POST":
            return self._upload(call, user)
        if call.path == "/2/media/metadata":
            return self._describe(call, user)
        if found := re.fullmatch(r"/2/users/(\d+)/tweets", call.path):
            return self._timeline(call, found[1])
        if found := re.fullmatch(r"/2/tweets/(\d+)", call.path):
            return self._delete(found[1], user) if call.method == "DELETE" else self._single(found[1])
        return problem(404, "Not Found", "no such resource")

    def unauthorized(self) -> Answer:
        return problem(401, "Unauthorized", "Unauthorized")

    def limited(self, *, bare: bool) -> Answer:
        reset = int((self.clock.now() + timedelta(minutes=9)).timestamp())
        headers = {
            "x-rate-limit-limit": "100",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(reset),
        }
        return problem(429, "Too Many Requests", "Too Many Requests", headers={} if bare else headers)

    def allowance(self, call: Call) -> Mapping[str, str]:
        """75 looks at the account in 15 minutes; of posts also what the account and the app may do in a day."""
        if call.path == "/2/users/me":
            kinds = [("x-rate-limit", "me", 75, timedelta(minutes=15))]
        elif call.path == "/2/tweets" and call.method == "POST":
            user = self._signed_by_token(call)
            kinds = [
                ("x-rate-limit", f"posts {user}", self.posts_in_15_minutes, timedelta(minutes=15)),
                ("x-app-limit-24hour", "posts of the app", 10_000, timedelta(days=1)),
            ]
        else:
            return {}
        found: dict[str, str] = {}
        for header, what, limit, window in kinds:
            left, ends = self.counted(what, limit, window)
            found |= {
                f"{header}-limit": str(limit),
                f"{header}-remaining": str(left),
                f"{header}-reset": str(int(ends.timestamp())),
            }
        return found

    def without_id(self, given: Answer) -> Answer:
        return answer(given.status, {"data": {}})

    def _create(self, call: Call, user: User) -> Answer:
        body = call.json()
        if not isinstance(body, dict) or not call.headers.get("content-type", "").startswith(
            "application/json"
        ):
            return invalid("the body must be a JSON object")
        unknown = set(body) - KEYS
        if unknown:
            return invalid(f"$.{sorted(unknown)[0]}: is not defined in the schema")
        if self.read_only:
            return problem(
                403,
                "Forbidden",
                "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
                kind="https://api.twitter.com/2/problems/oauth1-permissions",
            )
        until = self.too_many(f"posts {user.id}", self.posts_in_15_minutes, timedelta(minutes=15))
        if until is not None:
            headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(until.timestamp()))}
            return problem(429, "Too Many Requests", "Too Many Requests", headers=headers)
        text = body.get("text")
        media = (body.get("media") or {}).get("media_ids") or []
        if not isinstance(text, str) or (not text.strip() and not media) or REFUSED.search(text):
            return invalid("text is empty or holds a character that is not allowed")
        spans = links_in(text)
        if weight(text, spans) > LIMIT:
            return problem(400, "Invalid Request", "Your Tweet text is too long.", kind=INVALID)
        if len(CASHTAG.findall(text)) > 1:
            return invalid("You can only include a maximum of one cashtag in your post")
        if not isinstance(media, list) or len(media) > 4 or any(str(one) not in user.media for one in media):
            return invalid("Your media IDs are invalid.")
        reply = str((body.get("reply") or {}).get("in_reply_to_tweet_id") or "")
        wrong = self._wrong_reply(reply, user)
        if wrong is not None:
            return wrong
        if any(post.author == user.id and post.raw.get("text") == text for post in self.posts):
            return problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
        price = Decimal("0.200") if spans else Decimal("0.015")
        if self.credits is not None and self.credits < price:
            return problem(
                402,
                "Payment Required",
                "The account has no credits left",
                kind="https://api.twitter.com/2/problems/credits",
            )
        self.too_many("posts of the app", 10_000, timedelta(days=1))
        self.spent += price
        if self.credits is not None:
            self.credits -= price
        return self._stand(text, spans, media, reply, user, body)

    def _wrong_reply(self, reply: str, user: User) -> Answer | None:
        if not reply:
            return None
        first = self.by_id(reply)
        if first is None:
            return invalid("The post that is replied to does not exist or is not visible to you.")
        if first.author != user.id or self.refuse_replies:
            return problem(403, "Forbidden", "You are not permitted to perform this action")
        return None

    def _stand(
        self, text: str, spans: texts.Spans, media: list[Any], reply: str, user: User, body: Mapping[str, Any]
    ) -> Answer:
        self._serial += 1
        number = (int(self.clock.now().timestamp() * 1000) - _EPOCH) << 22 | self._serial & 0x3FFFFF
        links = [full(text[start:end]) for start, end in spans]
        images = tuple(
            PostedImage(data=user.media[one].data, mime=user.media[one].mime, alt=user.alts.get(one, ""))
            for one in map(str, media)
        )
        post = self.add(
            Posted(
                id=str(number),
                author=user.id,
                name=user.name,
                at=self.clock.now(),
                text=text,
                link=links[0] if links else "",
                url=f"https://x.com/{user.username}/status/{number}",
                card=self.scrape(links[-1]) if self.scrape and links and not images else None,
                images=images,
                reply_to=reply,
                mentions=tuple(MENTION.findall(without(text, spans))),
                tags=tuple(TAG.findall(without(text, spans))),
                raw=body,
            )
        )
        shown = shorten(post)
        return answer(
            201, {"data": {"id": post.id, "text": shown["text"], "edit_history_tweet_ids": [post.id]}}
        )

    def _delete(self, remote_id: str, user: User) -> Answer:
        post = self.by_id(remote_id)
        if post is None:
            return problem(404, "Not Found Error", f"Could not find tweet with id: [{remote_id}].")
        if post.author != user.id:
            return problem(403, "Forbidden", "You are not authorized to delete this Tweet.")
        self.deleted.add(remote_id)
        self._bill(f"delete {remote_id}", Decimal("0.010"))
        return answer(200, {"data": {"deleted": True}})

    def _upload(self, call: Call, user: User) -> Answer:
        parts = call.parts()
        if "media" not in parts or "media_category" not in parts:
            return invalid("media and media_category are required")
        data = parts["media"].data
        mime = next(
            (
                m
                for s, m in ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG", "image/png"))
                if data.startswith(s)
            ),
            "",
        )
        if not mime:
            return invalid("media type unrecognized")
        if len(data) > 5_000_000:
            return problem(413, "Request Entity Too Large", "the picture is larger than 5 MB")
        media_id = str(1_880_028_106_020_515_840 + sum(len(one.media) for one in self.users.values()))
        user.media[media_id] = PostedImage(data=data, mime=mime)
        found = {
            "id": media_id,
            "media_key": f"3_{media_id}",
            "size": len(data),
            "expires_after_secs": 86_400,
        }
        return answer(200, {"data": found})

    def _describe(self, call: Call, user: User) -> Answer:
        body = call.json()
        media_id = str(body.get("id")) if isinstance(body, dict) else ""
        alt = (((body or {}).get("metadata") or {}).get("alt_text") or {}).get("text")
        if media_id not in user.media or not isinstance(alt, str) or not 0 < len(alt) <= 1000:
            return invalid("id and an alt_text of up to 1000 characters are required")
        user.alts[media_id] = alt
        return answer(200, {"data": {"id": media_id}})


def _signed_in(clock: Clock) -> Twitter:
    fake = Twitter(clock)
    fake.allow("consumer-key-1", "consumer-secret/+1", "2244994945-token", "token-secret&1")
    return fake


CASES = (
    Case(
        name="account",
        fake=_signed_in,
        environment={
            "TWITTER_CONSUMER_KEY": "consumer-key-1",
            "TWITTER_CONSUMER_SECRET": "consumer-secret/+1",
            "TWITTER_ACCESS_TOKEN": "2244994945-token",
            "TWITTER_ACCESS_TOKEN_SECRET": "token-secret&1",
        },
        threads="threads: true",
    ),
)
