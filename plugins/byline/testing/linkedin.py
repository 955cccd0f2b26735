"""LinkedIn as its documentation describes it: versions, rights, little text, duplicates, pictures.

What it takes from practice rather than from the documentation: text is cut without a word at the first reserved
character that starts no element, and a duplicate within ten minutes answers 422 with the URN of the first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import unquote

from byline.testing.consent import Consent
from byline.testing.server import Answer, Call, Case, Fake, Posted, PostedCard, PostedImage, answer
from byline.times import Clock

DUPLICATE_WINDOW = timedelta(minutes=10)
VERSION_LIFE = 12  # months
_ROLES = ("ADMINISTRATOR", "CONTENT_ADMIN", "CONTENT_ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER")
_RESERVED = "\\|{}@[]()<>#*_~"
_MENTION = re.compile(r"@\[([^\]\\]+)\]\((urn:li:(?:person|organization):[\w-]+)\)")
_TEMPLATE = re.compile(r"\{hashtag\|\\?#\|([^}|\\]+)\}")
_TAG = re.compile(r"#([^\W_]+)")
_KEYS = {
    "author", "commentary", "visibility", "distribution", "content", "lifecycleState", "isReshareDisabledByAuthor",
    "contentCallToActionLabel", "contentLandingPage", "reshareContext", "container", "adContext",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Little:
    """Little text as LinkedIn shows it."""

    text: str
    mentions: tuple[str, ...]
    tags: tuple[str, ...]
    whole: bool


def read_little(text: str) -> Little:
    """Parse little text; it ends, without an error, at the first reserved character that starts no element."""
    shown: list[str] = []
    mentions: list[str] = []
    tags: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text) and text[at + 1] in _RESERVED:
            shown.append(text[at + 1])
            at += 2
            continue
        if text[at] not in _RESERVED:
            shown.append(text[at])
            at += 1
            continue
        if found := _MENTION.match(text, at):
            shown.append(found[1])
            mentions.append(found[2])
        elif found := _TEMPLATE.match(text, at) or _TAG.match(text, at):
            shown.append("#" + found[1])
            tags.append(found[1])
        else:
            return Little(text="".join(shown), mentions=tuple(mentions), tags=tuple(tags), whole=False)
        at = found.end()
    return Little(text="".join(shown), mentions=tuple(mentions), tags=tuple(tags), whole=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Whose token it is. `organizations` maps a page's number to the member's role there."""

    person: str
    name: str = "Dana Weiss"
    scopes: frozenset[str] = frozenset({"openid", "profile", "w_member_social"})
    organizations: Mapping[str, str] = field(default_factory=dict)
    expires: datetime | None = None

    @property
    def urn(self) -> str:
        """The member's own URN."""
        return f"urn:li:person:{self.person}"


@dataclass(slots=True, kw_only=True)
class _Image:
    urn: str
    owner: str
    made: datetime
    picture: PostedImage | None = None


class LinkedIn(Fake):
    """The service. `members` maps a token to the member who gave it; `pages` names the organizations."""

    label: ClassVar[str] = "LinkedIn"

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        members: Mapping[str, Member] | None = None,
        pages: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(clock)
        self.members = dict(members or {})
        self.pages = dict(pages or {})
        self.stuck = False  # pictures stay in PROCESSING
        self.secretive = 0  # a status that answers every question about a picture
        self.processing = timedelta(0)
        self.daily_calls = 100_000
        self.numbers: dict[str, dict[str, int]] = {}  # a post's URN -> its statistics
        self.consent = Consent(self.clock, {"linkedin-app": "linkedin-app-secret"})
        self.visitor = Member(person="Kx1")  # who sits at the browser
        self._images: dict[str, _Image] = {}
        self._next = 7_295_588_489_876_647_936

    def allow(
        self,
        token: str,
        *,
        person: str,
        name: str = "Dana Weiss",
        organizations: Mapping[str, str] | None = None,
        scopes: frozenset[str] | None = None,
        life: timedelta = timedelta(days=60),
    ) -> None:
        """A member signs in: this token is theirs, with rights for their own profile and for these pages."""
        pages = dict.fromkeys(organizations or (), "ADMINISTRATOR")
        rights = {"openid", "profile", "w_member_social"}
        if organizations:
            rights |= {"w_organization_social", "r_organization_social", "rw_organization_admin"}
            self.pages.update(organizations)
        self.members[token] = Member(
            person=person,
            name=name,
            scopes=frozenset(rights) if scopes is None else scopes,
            organizations=pages,
            expires=self.clock.now() + life,
        )

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
                return _denied()
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
        return _error(404, "Resource not found")

    def unauthorized(self) -> Answer:
        return _error(401, "The token used in the request has expired", code=65601)

    def limited(self, *, bare: bool) -> Answer:
        headers = {} if bare else {"Retry-After": "120"}
        value = {
            "message": "Resource level throttle limit for calls to this resource is reached.",
            "status": 429,
        }
        return answer(429, value, headers)

    def without_id(self, given: Answer) -> Answer:
        return Answer(status=given.status)

    # Who asks, and how.

    def _member(self, call: Call) -> Member | None:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        member = self.members.get(token) if scheme.lower() == "bearer" else None
        if member is None or (member.expires is not None and member.expires <= self.clock.now()):
            return None
        return member

    def _headers(self, call: Call) -> Answer | None:
        version = call.headers.get("linkedin-version", "")
        if not version:
            return _error(
                400,
                "A version must be present. Please specify a version by adding the LinkedIn-Version header.",
            )
        now = self.clock.now()
        age = None
        if re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", version):
            age = (now.year - int(version[:4])) * 12 + now.month - int(version[4:])
        if age is None or age < 0 or age > VERSION_LIFE:
            return answer(
                426,
                {
                    "status": 426,
                    "code": "NONEXISTENT_VERSION",
                    "message": f"Requested version {version} is not active",
                },
            )
        if call.headers.get("x-restli-protocol-version") != "2.0.0":
            return _error(400, "X-Restli-Protocol-Version must be 2.0.0")
        if call.method == "POST" and not call.headers.get("content-type", "").startswith("application/json"):
            return _error(415, "Unsupported content type")
        return None

    def _may_write(self, member: Member, author: str) -> bool:
        if author == member.urn:
            return "w_member_social" in member.scopes
        number = author.removeprefix("urn:li:organization:")
        return "w_organization_social" in member.scopes and member.organizations.get(number) in _ROLES

    def _introspect(self, call: Call) -> Answer:
        member = self.members.get(call.form.get("token", ""))
        if not call.form.get("client_id") or not call.form.get("client_secret"):
            return _error(401, "client authentication failed")
        if member is None:
            return answer(200, {"active": False})
        expires = member.expires or self.clock.now() + timedelta(days=60)
        return answer(
            200,
            {
                "active": expires > self.clock.now(),
                "status": "active" if expires > self.clock.now() else "expired",
                "expires_at": int(expires.timestamp()),
                "scope": ",".join(sorted(member.scopes)),
            },
        )

    def _grant(self, call: Call) -> Answer:
        grant = self.consent.redeem(call.form) if call.method == "POST" else None
        if grant is None or call.form.get("grant_type") != "authorization_code":
            return answer(
                401, {"error": "invalid_client", "error_description": "Client authentication failed"}
            )
        token = f"AQX-signed-in-{len(self.consent.granted)}-token"
        life = timedelta(days=60)
        self.members[token] = replace(self.visitor, scopes=grant.scopes, expires=self.clock.now() + life)
        return answer(
            200,
            {
                "access_token": token,
                "expires_in": int(life.total_seconds()),
                "scope": ",".join(sorted(grant.scopes)),
            },
        )

    def _acls(self, call: Call, member: Member) -> Answer:
        wanted = call.params.get("role")
        rows = [
            {
                "role": role,
                "state": "APPROVED",
                "organization": f"urn:li:organization:{number}",
                "roleAssignee": member.urn,
            }
            for number, role in member.organizations.items()
            if wanted in (None, role)
        ]
        return answer(200, {"elements": rows, "paging": {"start": 0, "count": len(rows)}})

    # Pictures.

    def _initialize(self, call: Call, member: Member) -> Answer:
        body = call.json()
        asked = body.get("initializeUploadRequest") if isinstance(body, dict) else None
        owner = asked.get("owner") if isinstance(asked, dict) else None
        if call.params.get("action") != "initializeUpload" or not isinstance(owner, str):
            return _error(400, "initializeUploadRequest.owner is required")
        if not self._may_write(member, owner):
            return _denied()
        urn = f"urn:li:image:C4E10AQ{len(self._images) + 1:06d}"
        self._images[urn] = _Image(urn=urn, owner=owner, made=self.clock.now())
        expires = int((self.clock.now() + timedelta(days=1)).timestamp() * 1000)
        upload = f"{self.url}/dms-uploads/{urn.rpartition(':')[2]}"
        return answer(200, {"value": {"uploadUrlExpiresAt": expires, "uploadUrl": upload, "image": urn}})

    def _receive(self, call: Call, member: Member) -> Answer:
        image = self._images.get("urn:li:image:" + call.path.rpartition("/")[2])
        if image is None or call.method != "PUT" or not self._may_write(member, image.owner):
            return _error(404, "no such upload")
        mime = _mime(call.body)
        if not mime:
            return _error(415, "the picture must be JPG, PNG or GIF")
        image.picture = PostedImage(data=call.body, mime=mime)
        image.made = self.clock.now()
        return Answer(status=201)

    def _image_state(self, urn: str, member: Member) -> Answer:
        if self.secretive:
            return _error(self.secretive, "not to be told")
        if "r_organization_social" not in member.scopes and "w_organization_social" not in member.scopes:
            return _denied()
        image = self._images.get(urn)
        if image is None:
            return _error(404, "no such image")
        return answer(200, {"id": urn, "owner": image.owner, "status": self._state(image)})

    def _state(self, image: _Image) -> str:
        if image.picture is None:
            return "WAITING_UPLOAD"
        if self.stuck or self.clock.now() < image.made + self.processing:
            return "PROCESSING"
        return "AVAILABLE"

    # Posts.

    def _create(self, call: Call, member: Member) -> Answer:
        body = call.json()
        if not isinstance(body, dict):
            return _error(400, "the body is no JSON object")
        unknown = set(body) - _KEYS
        if unknown:
            return _error(400, f"Unrecognized field: {sorted(unknown)[0]}")
        author = str(body.get("author"))
        if not re.fullmatch(r"urn:li:(?:person|organization):[\w-]+", author):
            return _error(400, "INVALID_URN_TYPE: author")
        if not self._may_write(member, author):
            return _denied()
        wrong = self._wrong(body, author)
        if wrong is not None:
            return wrong
        little = read_little(str(body.get("commentary") or ""))
        if len(little.text.encode("utf-16-le")) // 2 > 3000:
            return _error(400, "FIELD_LENGTH_TOO_LONG: commentary")
        now = self.clock.now()
        for post in self.posts:
            if post.raw == body and now - post.at < DUPLICATE_WINDOW:
                return _duplicate(post.id)
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
            return _error(400, "INVALID_VALUE_FOR_FIELD: lifecycleState")
        if body.get("visibility") not in ("PUBLIC", "CONNECTIONS", "LOGGED_IN", "CONTAINER"):
            return _error(400, "INVALID_VALUE_FOR_FIELD: visibility")
        feed = body.get("distribution")
        if not isinstance(feed, dict) or feed.get("feedDistribution") not in ("MAIN_FEED", "NONE"):
            return _error(400, "MISSING_FIELD: distribution.feedDistribution")
        if not isinstance(body.get("commentary"), str):
            return _error(400, "MISSING_FIELD: commentary")
        content = body.get("content")
        if content is None:
            return None
        if not isinstance(content, dict) or len(content) != 1:
            return _error(400, "INVALID_CONTENT: exactly one kind of content")
        article = content.get("article")
        if not isinstance(article, dict):
            return None
        if not re.match(r"https?://", str(article.get("source"))) or not article.get("title"):
            return _error(400, "MISSING_FIELD: content.article")
        if len(str(article["title"])) > 400 or len(str(article.get("description") or "")) > 4086:
            return _error(400, "FIELD_LENGTH_TOO_LONG: content.article")
        thumbnail = article.get("thumbnail")
        if thumbnail is None:
            return None
        image = self._images.get(str(thumbnail))
        if image is None or image.owner != author or image.picture is None:
            return _error(400, "INVALID_URN_ID: content.article.thumbnail")
        return None

    def _list(self, call: Call, member: Member) -> Answer:
        author = call.params.get("author", "")
        number = author.removeprefix("urn:li:organization:")
        if call.params.get("q") != "author" or not author:
            return _error(400, "q=author and author are required")
        if "r_organization_social" not in member.scopes or member.organizations.get(number) not in _ROLES:
            return _denied()
        count = int(call.params.get("count") or 10)
        found = [_shown(post) for post in self.listed() if post.author == author][:count]
        return answer(200, {"elements": found, "paging": {"start": 0, "count": count}})

    def _one(self, call: Call, member: Member, urn: str) -> Answer:
        post = self.by_id(urn)
        if call.method == "DELETE":
            if post is not None:
                if not self._may_write(member, post.author):
                    return _denied()
                self.deleted.add(urn)
            return Answer(status=204)
        if post is None:
            return _error(404, f"{urn} was not found")
        if call.method == "GET":
            if post.author == member.urn and "r_member_social" not in member.scopes:
                return _denied()
            return answer(200, _shown(post))
        if call.headers.get("x-restli-method", "").upper() != "PARTIAL_UPDATE":
            return _error(400, "X-RestLi-Method must be PARTIAL_UPDATE")
        if not self._may_write(member, post.author):
            return _denied()
        body = call.json()
        changes = (body.get("patch") or {}).get("$set") if isinstance(body, dict) else None
        if not isinstance(changes, dict) or set(changes) - {"commentary", "lifecycleState", "reshareContext"}:
            return _error(400, "only the commentary can be changed")
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
            return _denied()
        asked = call.params.get("shares") or call.params.get("ugcPosts") or ""
        rows = [
            {"share": urn, "totalShareStatistics": numbers}
            for urn, numbers in self.numbers.items()
            if urn in unquote(asked)
        ]
        return answer(200, {"elements": rows, "paging": {"start": 0, "count": len(rows)}})


def _shown(post: Posted) -> dict[str, Any]:
    at = int(post.at.astimezone(UTC).timestamp() * 1000)
    return {**post.raw, "id": post.id, "createdAt": at, "publishedAt": at, "lastModifiedAt": at}


def _error(status: int, message: str, *, code: int = 0) -> Answer:
    return answer(status, {"message": message, "serviceErrorCode": code or status, "status": status})


def _denied() -> Answer:
    return answer(
        403,
        {
            "message": "Not enough permissions to access this resource",
            "code": "ACCESS_DENIED",
            "serviceErrorCode": 100,
            "status": 403,
        },
    )


def _duplicate(urn: str) -> Answer:
    return answer(
        422,
        {
            "errorDetailType": "com.linkedin.common.error.BadRequest",
            "message": "com.linkedin.content.common.exception.BadRequestResponseException: "
            f"Content is a duplicate of {urn}",
            "errorDetails": {
                "inputErrors": [
                    {"description": "Duplicate post is detected", "input": {}, "code": "DUPLICATE_POST"}
                ]
            },
            "status": 422,
        },
    )


def _mime(data: bytes) -> str:
    for start, mime in (
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n", "image/png"),
        (b"GIF8", "image/gif"),
    ):
        if data.startswith(start):
            return mime
    return ""


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
