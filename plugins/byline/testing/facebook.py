"""Facebook's Graph API for pages as its documentation describes it: rights, codes, shimmed links, duplicates."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote

from byline import text as texts
from byline.testing.consent import Consent
from byline.testing.server import Answer, Call, Case, Fake, Posted, PostedCard, PostedImage, answer
from byline.times import Clock

RIGHTS = frozenset({"pages_manage_posts", "pages_read_engagement", "pages_show_list", "read_insights"})
_MENTION = re.compile(r"@\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page and what its token may do."""

    id: str
    name: str
    scopes: frozenset[str] = RIGHTS
    expires: datetime | None = None


class Facebook(Fake):
    """The service. `allow` gives a page a token. `unreadable` are links that Facebook cannot read."""

    label: ClassVar[str] = "Facebook"

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.used = 12  # percent of the app's allowance
        self.tokens: dict[str, Page] = {}
        self.unreadable: set[str] = set()
        self.scrape: Any = None  # how a link's card is read from its page
        self.versions = ("v25.0", "v26.0")
        self.numbers: dict[str, dict[str, Any]] = {}
        self.refuse: tuple[int, str] | None = None  # a code and its words for the next create
        self.consent = Consent(self.clock, {"facebook-app": "facebook-app-secret"})
        self.managed: dict[str, str] = {"1234": "Acme"}  # the pages of who sits at the browser
        self._people: dict[str, bool] = {}  # a person's token -> is it long-lived
        self._photos: dict[str, tuple[str, PostedImage]] = {}
        self._serial = 100_000_000_000

    def allow(
        self, token: str, *, page_id: str = "1234", name: str = "Acme", scopes: frozenset[str] = RIGHTS
    ) -> None:
        """A page's token."""
        self.tokens[token] = Page(id=page_id, name=name, scopes=scopes)

    def kind_of(self, call: Call) -> str:
        tail = call.path.rpartition("/")[2]
        if tail == "feed":
            return "create" if call.method == "POST" else "list"
        if tail == "photos":
            return "upload"
        if call.method == "DELETE":
            return "delete"
        if call.path.endswith("/oauth/access_token"):
            return "token"
        return "edit" if call.method == "POST" else "read"

    def handle(self, call: Call) -> Answer:
        found = re.fullmatch(r"/(v\d+\.\d)/(\w+)(?:/(\w+))?", call.path)
        if found is None or found[1] not in self.versions:
            return _error(400, 2635, "You are calling a deprecated version of the API")
        if call.path.endswith("/dialog/oauth"):
            return self.consent.authorize(call)
        if call.path.endswith("/oauth/access_token"):
            return self._grant(call)
        if call.path.endswith("/me/accounts"):
            return self._accounts(call)
        token = call.headers.get("authorization", "").removeprefix("Bearer ") or call.params.get(
            "access_token", ""
        )
        page = self.tokens.get(token)
        if page is None or (page.expires is not None and page.expires <= self.clock.now()):
            return self.unauthorized()
        node, edge = found[2], found[3]
        if node == "me":
            return answer(200, {"id": page.id, "name": page.name})
        if node == "debug_token":
            return self._debug(call)
        if edge in ("feed", "photos") and node != page.id:
            return _error(
                403, 200, "(#200) The user hasn't authorized the application to perform this action"
            )
        if edge == "photos":
            return self._photo(call, page)
        if edge == "feed":
            return self._create(call, page) if call.method == "POST" else self._list(call, page)
        if edge == "insights":
            return self._insights(call, node)
        return self._one(call, page, node)

    def unauthorized(self) -> Answer:
        return _error(400, 190, "Error validating access token: Session has expired", subcode=463)

    def allowance(self, call: Call) -> Mapping[str, str]:
        """What is used of the hour's allowance, in percent: of calls and of computing time."""
        if not re.fullmatch(r"/v\d+\.\d/.*", call.path) or "oauth" in call.path:
            return {}
        app = {"call_count": self.used, "total_cputime": 2, "total_time": 5}
        page = {"type": "pages", **app, "estimated_time_to_regain_access": 0}
        return {
            "X-App-Usage": json.dumps(app),
            "X-Business-Use-Case-Usage": json.dumps({"1234": [page]}),
        }

    def limited(self, *, bare: bool) -> Answer:
        usage = {"1234": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 25}]}
        headers = {} if bare else {"X-Business-Use-Case-Usage": json.dumps(usage)}
        return _error(400, 32, "(#32) Page request limit reached", headers=headers)

    # Signing in.

    def _grant(self, call: Call) -> Answer:
        asked = call.params
        if asked.get("grant_type") == "fb_exchange_token":
            known = asked.get("fb_exchange_token") in self._people
            if not known or self.consent.apps.get(asked.get("client_id", "")) != asked.get("client_secret"):
                return self.unauthorized()
            token = f"EAAB-long-lived-{len(self._people)}"
            self._people[token] = True
            return answer(200, {"access_token": token, "token_type": "bearer", "expires_in": 5_184_000})
        if self.consent.redeem(asked) is None:
            return _error(400, 100, "Error validating client secret.")
        token = f"EAAB-short-lived-{len(self._people)}"
        self._people[token] = False
        return answer(200, {"access_token": token, "token_type": "bearer", "expires_in": 3600})

    def _accounts(self, call: Call) -> Answer:
        """The pages of the person, each with a token that lasts only when the person's is long-lived."""
        lasting = self._people.get(call.headers.get("authorization", "").removeprefix("Bearer "))
        if lasting is None:
            return self.unauthorized()
        rows = []
        for number, name in self.managed.items():
            token = f"EAAB-page-{number}-signed-in"
            ends = None if lasting else self.clock.now() + timedelta(hours=1)
            self.tokens[token] = Page(id=number, name=name, expires=ends)
            rows.append({"id": number, "name": name, "access_token": token})
        return answer(200, {"data": rows})

    # Posts.

    def _create(self, call: Call, page: Page) -> Answer:
        if "pages_manage_posts" not in page.scopes:
            return _error(403, 200, "(#200) If posting to a page, requires pages_manage_posts permission")
        if self.refuse is not None:
            (code, words), self.refuse = self.refuse, None
            return _error(400, code, words)
        asked = _fields(call)
        message, link = str(asked.get("message") or ""), str(asked.get("link") or "")
        media = asked.get("attached_media") or []
        if not message and not link and not media:
            return _error(400, 100, "(#100) Requires one of the params: message, link, attached_media")
        if len(message.encode("utf-16-le")) // 2 > 63_206:
            return _error(400, 100, "(#100) param message is too long")
        if link and not re.match(r"https?://", link):
            return _error(400, 100, "(#100) link URL is not properly formatted")
        if link in self.unreadable:
            return _error(400, 1_609_005, "There was an error in fetching the link")
        if any(str(one.get("media_fbid")) not in self._photos for one in media):
            return _error(400, 100, "(#100) attached_media is not a photo of this page")
        own = [post for post in self.posts if post.author == page.id]
        if own and own[-1].raw.get("message") == message and own[-1].raw.get("link") == (link or None):
            return _error(400, 506, "Duplicate status message")
        self._serial += 1
        remote_id = f"{page.id}_{self._serial}"
        spans = texts.addresses(message)
        read = self.scrape(link) if self.scrape and link else None
        post = self.add(
            Posted(
                id=remote_id,
                author=page.id,
                name=page.name,
                at=self.clock.now(),
                text=message,
                link=link or (message[slice(*spans[0])] if spans else ""),
                url=f"https://www.facebook.com/{page.id}/posts/{self._serial}",
                card=read or (PostedCard(link=link, title=link, description="") if link else None),
                images=tuple(self._photos[str(one["media_fbid"])][1] for one in media),
                mentions=tuple(_MENTION.findall(message)),
                raw={"message": message, "link": link or None},
            )
        )
        shown = {"id": post.id}
        if "permalink_url" in call.params.get("fields", ""):
            shown["permalink_url"] = post.url
        return answer(200, shown)

    def _list(self, call: Call, page: Page) -> Answer:
        if "pages_read_engagement" not in page.scopes:
            return _error(403, 10, "(#10) This endpoint requires the 'pages_read_engagement' permission")
        since = int(call.params.get("since") or 0)
        found = [post for post in self.listed() if post.author == page.id and post.at.timestamp() >= since]
        return answer(200, {"data": [_shown(post) for post in found[: int(call.params.get("limit") or 25)]]})

    def _one(self, call: Call, page: Page, remote_id: str) -> Answer:
        post = self.by_id(remote_id)
        if post is None or post.author != page.id:
            return _error(
                400, 100, f"Unsupported request. Object with ID '{remote_id}' does not exist", subcode=33
            )
        if call.method == "DELETE":
            self.deleted.add(remote_id)
            return answer(200, {"success": True})
        if call.method == "POST":
            message = str(_fields(call).get("message") or "")
            self.change(
                post,
                text=message,
                mentions=tuple(_MENTION.findall(message)),
                raw={**post.raw, "message": message},
            )
            return answer(200, {"success": True})
        numbers = self.numbers.get(remote_id, {})
        shown = _shown(post) | {
            "comments": {"data": [], "summary": {"total_count": numbers.get("comments", 0)}}
        }
        if numbers.get("shares"):
            shown["shares"] = {"count": numbers["shares"]}
        return answer(200, shown)

    def _insights(self, call: Call, remote_id: str) -> Answer:
        numbers = self.numbers.get(remote_id, {})
        rows = []
        for metric in call.params.get("metric", "").split(","):
            if metric.startswith("post_impressions"):
                return _error(400, 100, "(#100) The value must be a valid insights metric")
            default: Any = 0 if metric == "post_media_view" else {}
            rows.append(
                {"name": metric, "period": "lifetime", "values": [{"value": numbers.get(metric, default)}]}
            )
        return answer(200, {"data": rows})

    def _photo(self, call: Call, page: Page) -> Answer:
        parts = call.parts()
        source = parts.get("source")
        if source is None or not source.data.startswith((b"\xff\xd8\xff", b"\x89PNG")):
            return _error(400, 324, "Missing or invalid image file")
        if parts.get("published") is None or parts["published"].data != b"false":
            return _error(400, 100, "a picture that is published at once would be a post of its own")
        if len(source.data) > 4_000_000:
            return _error(400, 324, "Missing or invalid image file", subcode=1_366_046)
        alt = parts["alt_text_custom"].data.decode() if "alt_text_custom" in parts else ""
        self._serial += 1
        photo = str(self._serial)
        mime = "image/jpeg" if source.data.startswith(b"\xff\xd8") else "image/png"
        self._photos[photo] = (page.id, PostedImage(data=source.data, mime=mime, alt=alt))
        return answer(200, {"id": photo})

    def _debug(self, call: Call) -> Answer:
        page = self.tokens.get(call.params.get("input_token", ""))
        if page is None:
            return answer(200, {"data": {"is_valid": False, "error": {"code": 190}}})
        data = {
            "is_valid": True,
            "type": "PAGE",
            "profile_id": page.id,
            "scopes": sorted(page.scopes),
            "expires_at": int(page.expires.timestamp()) if page.expires else 0,
            "data_access_expires_at": int((self.clock.now() + timedelta(days=90)).timestamp()),
        }
        return answer(200, {"data": data})


def _shown(post: Posted) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": post.id,
        "message": post.text,
        "created_time": f"{post.at:%Y-%m-%dT%H:%M:%S}+0000",
        "permalink_url": post.url,
    }
    if post.card is not None:
        shim = f"https://l.facebook.com/l.php?u={quote(post.link + '&fbclid=IwAR0test', safe='')}&h=AT0"
        shown["attachments"] = {"data": [{"url": shim, "unshimmed_url": post.link, "title": post.card.title}]}
    return shown


def _fields(call: Call) -> dict[str, Any]:
    if call.headers.get("content-type", "").startswith("application/json"):
        body = call.json()
        return body if isinstance(body, dict) else {}
    return dict(parse_qsl(call.body.decode(), keep_blank_values=True))


def _error(
    status: int, code: int, message: str, *, subcode: int = 0, headers: Mapping[str, str] | None = None
) -> Answer:
    value: dict[str, Any] = {
        "message": message,
        "type": "OAuthException",
        "code": code,
        "fbtrace_id": "AbC123",
    }
    if subcode:
        value["error_subcode"] = subcode
    return answer(status, {"error": value}, headers)


def _signed_in(clock: Clock) -> Facebook:
    fake = Facebook(clock)
    fake.allow("EAAB-page-token-of-acme")
    return fake


CASES = (
    Case(
        name="page",
        fake=_signed_in,
        environment={"FACEBOOK_PAGE_TOKEN": "EAAB-page-token-of-acme"},
        account="{page_id: '1234'}",
    ),
)
