"""The whole service: posts, their lists, their statistics."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from byline.testing.linkedin.access import ROLES
from byline.testing.linkedin.little import read_little
from byline.testing.linkedin.pictures import Pictures
from byline.testing.linkedin.shapes import Member, denied, duplicate, error, shown
from byline.testing.server import Answer, Call, Case, Posted, PostedCard, answer
from byline.times import Clock

DUPLICATE_WINDOW = timedelta(minutes=10)
_KEYS = {
    "author", "commentary", "visibility", "distribution", "content", "lifecycleState", "isReshareDisabledByAuthor",
    "contentCallToActionLabel", "contentLandingPage", "reshareContext", "container", "adContext",
}  # fmt: skip


class LinkedIn(Pictures):
    """The service. `members` maps a token to the member who gave it; `pages` names the organizations."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.daily_calls = 100_000
        self.numbers: dict[str, dict[str, int]] = {}  # a post's URN -> its statistics
        self._next = 7_295_588_489_876_647_936

    def kind_of(self, call: Call) -> str:
        if call.path == "/rest/posts" and call.method == "POST":
            return "create"
        if call.path == "/rest/posts":
            return "list"
        if call.path.startswith("/dms-uploads/") or "initializeUpload" in call.query:
            return "upload"
        if call.method == "DELETE":
            return "delete"
        if call.path == "/oauth/v2/accessToken":
            return "token"
        return "edit" if call.method == "POST" and call.path.startswith("/rest/posts/") else "read"

    def handle(self, call: Call) -> Answer:
        if call.path == "/oauth/v2/introspectToken":
            return self._introspect(call)
        if call.path == "/oauth/v2/authorization":
            return self.consent.authorize(call)
        if call.path == "/oauth/v2/accessToken":
            return self._grant(call)
        member = self._member(call)
        if member is None:
            return self.unauthorized()
        if call.path == "/v2/userinfo":
            if not {"openid", "profile"} <= member.scopes:
                return denied()
            return answer(200, {"sub": member.person, "name": member.name, "locale": "en_US"})
        if call.path.startswith("/dms-uploads/"):
            return self._receive(call, member)
        wrong = self._headers(call)
        if wrong is not None:
            return wrong
        until = self.too_many("calls", self.daily_calls, timedelta(days=1))
        if until is not None:
            return self.limited(bare=True)
        if call.path == "/rest/images":
            return self._initialize(call, member)
        if call.path.startswith("/rest/images/"):
            return self._image_state(unquote(call.path.removeprefix("/rest/images/")), member)
        if call.path == "/rest/posts":
            return self._create(call, member) if call.method == "POST" else self._list(call, member)
        if call.path.startswith("/rest/posts/"):
            return self._one(call, member, unquote(call.path.removeprefix("/rest/posts/")))
        if call.path == "/rest/organizationAcls":
            return self._acls(call, member)
        if call.path == "/rest/organizationalEntityShareStatistics":
            return self._statistics(call, member)
        return error(404, "Resource not found")

    def limited(self, *, bare: bool) -> Answer:
        headers = {} if bare else {"Retry-After": "120"}
        value = {
            "message": "Resource level throttle limit for calls to this resource is reached.",
            "status": 429,
        }
        return answer(429, value, headers)

    def without_id(self, given: Answer) -> Answer:
        return Answer(status=given.status)

    def _create(self, call: Call, member: Member) -> Answer:
        body = call.json()
        if not isinstance(body, dict):
            return error(400, "the body is no JSON object")
        unknown = set(body) - _KEYS
        if unknown:
            return error(400, f"Unrecognized field: {sorted(unknown)[0]}")
        author = str(body.get("author"))
        if not re.fullmatch(r"urn:li:(?:person|organization):[\w-]+", author):
            return error(400, "INVALID_URN_TYPE: author")
        if not self._may_write(member, author):
            return denied()
        wrong = self._wrong(body, author)
        if wrong is not None:
            return wrong
        little = read_little(str(body.get("commentary") or ""))
        if len(little.text.encode("utf-16-le")) // 2 > 3000:
            return error(400, "FIELD_LENGTH_TOO_LONG: commentary")
        now = self.clock.now()
        for post in self.posts:
            if post.raw == body and now - post.at < DUPLICATE_WINDOW:
                return duplicate(post.id)
        article = (body.get("content") or {}).get("article") or {}
        self._next += 1
        urn = f"urn:li:share:{self._next}"
        number = author.rpartition(":")[2]
        thumbnail = self._images.get(str(article.get("thumbnail")))
        card = None
        if article:
            card = PostedCard(
                link=str(article["source"]),
                title=str(article["title"]),
                description=str(article.get("description") or ""),
                image=thumbnail.picture if thumbnail else None,
            )
        self.add(
            Posted(
                id=urn,
                author=author,
                name=member.name if author == member.urn else self.pages.get(number, number),
                at=now,
                text=little.text,
                link=card.link if card else "",
                url=f"https://www.linkedin.com/feed/update/{urn}",
                card=card,
                mentions=little.mentions,
                tags=little.tags,
                raw=body,
            )
        )
        return Answer(status=201, headers={"x-restli-id": urn})

    def _wrong(self, body: Mapping[str, Any], author: str) -> Answer | None:
        if body.get("lifecycleState") != "PUBLISHED":
            return error(400, "INVALID_VALUE_FOR_FIELD: lifecycleState")
        if body.get("visibility") not in ("PUBLIC", "CONNECTIONS", "LOGGED_IN", "CONTAINER"):
            return error(400, "INVALID_VALUE_FOR_FIELD: visibility")
        feed = body.get("distribution")
        if not isinstance(feed, dict) or feed.get("feedDistribution") not in ("MAIN_FEED", "NONE"):
            return error(400, "MISSING_FIELD: distribution.feedDistribution")
        if not isinstance(body.get("commentary"), str):
            return error(400, "MISSING_FIELD: commentary")
        content = body.get("content")
        if content is None:
            return None
        if not isinstance(content, dict) or len(content) != 1:
            return error(400, "INVALID_CONTENT: exactly one kind of content")
        article = content.get("article")
        if not isinstance(article, dict):
            return None
        if not re.match(r"https?://", str(article.get("source"))) or not article.get("title"):
            return error(400, "MISSING_FIELD: content.article")
        if len(str(article["title"])) > 400 or len(str(article.get("description") or "")) > 4086:
            return error(400, "FIELD_LENGTH_TOO_LONG: content.article")
        thumbnail = article.get("thumbnail")
        if thumbnail is None:
            return None
        image = self._images.get(str(thumbnail))
        if image is None or image.owner != author or image.picture is None:
            return error(400, "INVALID_URN_ID: content.article.thumbnail")
        return None

    def _list(self, call: Call, member: Member) -> Answer:
        author = call.params.get("author", "")
        number = author.removeprefix("urn:li:organization:")
        if call.params.get("q") != "author" or not author:
            return error(400, "q=author and author are required")
        if "r_organization_social" not in member.scopes or member.organizations.get(number) not in ROLES:
            return denied()
        count = int(call.params.get("count") or 10)
        found = [shown(post) for post in self.listed() if post.author == author][:count]
        return answer(200, {"elements": found, "paging": {"start": 0, "count": count}})

    def _one(self, call: Call, member: Member, urn: str) -> Answer:
        post = self.by_id(urn)
        if call.method == "DELETE":
            if post is not None:
                if not self._may_write(member, post.author):
                    return denied()
                self.deleted.add(urn)
            return Answer(status=204)
        if post is None:
            return error(404, f"{urn} was not found")
        if call.method == "GET":
            if post.author == member.urn and "r_member_social" not in member.scopes:
                return denied()
            return answer(200, shown(post))
        if call.headers.get("x-restli-method", "").upper() != "PARTIAL_UPDATE":
            return error(400, "X-RestLi-Method must be PARTIAL_UPDATE")
        if not self._may_write(member, post.author):
            return denied()
        body = call.json()
        changes = (body.get("patch") or {}).get("$set") if isinstance(body, dict) else None
        if not isinstance(changes, dict) or set(changes) - {"commentary", "lifecycleState", "reshareContext"}:
            return error(400, "only the commentary can be changed")
        little = read_little(str(changes.get("commentary", "")))
        self.change(
            post,
            text=little.text,
            mentions=little.mentions,
            tags=little.tags,
            raw={**post.raw, "commentary": changes.get("commentary")},
        )
        return Answer(status=204)

    def _statistics(self, call: Call, member: Member) -> Answer:
        if "rw_organization_admin" not in member.scopes:
            return denied()
        asked = call.params.get("shares") or call.params.get("ugcPosts") or ""
        rows = [
            {"share": urn, "totalShareStatistics": numbers}
            for urn, numbers in self.numbers.items()
            if urn in unquote(asked)
        ]
        return answer(200, {"elements": rows, "paging": {"start": 0, "count": len(rows)}})


def _signed_in(clock: Clock) -> LinkedIn:
    fake = LinkedIn(clock)
    fake.allow("AQX-organization-token", person="Kx1", organizations={"2414183": "Acme"})
    fake.allow("AQX-members-own-token", person="Kx1")
    return fake


CASES = (
    Case(
        name="organization",
        fake=_signed_in,
        environment={"LINKEDIN_ACCESS_TOKEN": "AQX-organization-token"},
        account="{urn: 'urn:li:organization:2414183'}",
    ),
    Case(
        name="member",
        fake=_signed_in,
        environment={"LINKEDIN_ACCESS_TOKEN": "AQX-members-own-token"},
        account="{urn: 'urn:li:person:Kx1'}",
    ),
)
