"""LinkedIn posts with an article card, as an organization or as a member.

API: learn.microsoft.com, "Posts API", "Images API" and "little text format", read 2026-11.
Rights: `w_organization_social` (and `r_organization_social` to look for our own posts) for an organization,
`w_member_social openid profile` for a member. LinkedIn builds no card from a link: title, description and picture
are sent along, and the tagged link travels in the card alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, unquote, urlsplit

from byline import links
from byline import text as texts
from byline.channels import _oauth, _pictures, _words
from byline.channels.base import (
    Capabilities,
    Desk,
    Draft,
    Found,
    Health,
    ImageRules,
    JsonValue,
    Look,
    Metrics,
    Notice,
    Quota,
    Receipt,
    Renewal,
    Replay,
    Request,
    SignedIn,
)
from byline.errors import Duplicate, NotSent, Rejected, RemoteError
from byline.fields import Fields, parse_span
from byline.http import Http, Response
from byline.model import Message, Picture
from byline.settings import Account, Secrets
from byline.times import Clock
from byline.yamlread import Scalar

VERSION = "202607"
LOGIN = "https://www.linkedin.com"
SERVICE = "LinkedIn"
_MEMBER_RIGHTS = ("openid", "profile", "w_member_social")
_PAGE_RIGHTS = ("w_organization_social", "r_organization_social", "rw_organization_admin")
PROBE_AFTER = timedelta(seconds=20)
_URN = r"urn:li:(?:organization|person):[A-Za-z0-9_-]+"
_POST_URN = re.compile(r"urn:li:(?:share|ugcPost):\d+")
_SHOWN_URN = re.compile(r"urn:li:(?:share|ugcPost|activity):\d+")
_COPIED = re.compile(r"/posts/[^/]+-(share|ugcPost|activity)-(\d+)")
_RESERVED = re.compile(r"[\\|{}@\[\]()<>#*_~]")
_HASHTAG = re.compile(r"(?<!\w)#(?=[^\W_]*[^\W\d_])[^\W_]+(?![\w])")
_SUNSET = "LinkedIn no longer takes API version"
_TITLE, _DESCRIPTION = 200, 300
_IMAGE_WAIT, _IMAGE_LOOKS = 2.0, 8
_IMAGE_AT_WORK = ("WAITING_UPLOAD", "PROCESSING")

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


def _escaped_too_long(words: str) -> tuple[str, ...]:
    """LinkedIn does not say whether it counts the backslashes: words that fit without them alone may be refused."""
    used, escaped = texts.utf16(words), texts.utf16(escape(words))
    if not used <= CAPABILITIES.limit < escaped:
        return ()
    return (
        f"LinkedIn may refuse it: the words take {used:,} characters, and {escaped:,} with the backslashes that brackets, "
        f"stars, underscores and the like need; LinkedIn does not say which of the two it counts against its "
        f"{CAPABILITIES.limit:,}. To be safe, shorten it or use fewer of these signs",
    )


def _address(urn: str) -> str:
    return f"https://www.linkedin.com/feed/update/{urn}"


class LinkedIn:
    """One organization or one member."""

    name: ClassVar[str] = "linkedin"
    api: ClassVar[str] = "https://api.linkedin.com"
    renewal: ClassVar[Renewal] = Renewal(
        steps=(
            "Open developer.linkedin.com and sign in as the member whose token it is (for a page: as one of its administrators).",
            "My apps, the app, Auth, *OAuth 2.0 tools*, *Create token*.",
            "Choose what the app offers: for a member `openid`, `profile`, `w_member_social`; for a page `w_organization_social`, "
            "`r_organization_social`, `rw_organization_admin`.",
            "*Request access token*, allow it, and copy the token.",
        ),
        secrets=("LINKEDIN_ACCESS_TOKEN",),
    )
    caps: Capabilities = CAPABILITIES

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._urn = account.option("urn")
        self._version = account.option("version", VERSION)
        member = self._urn.startswith("urn:li:person:")
        after = parse_span(account.option("probe_after", "20")) or timedelta(0)
        self.caps = replace(
            CAPABILITIES,
            find="never" if member else "always",
            clicks=not member,
            views=not member,
            replay=Replay(after=after, until=timedelta(minutes=8)),
        )

    @staticmethod
    def settings(block: Fields, accounts: tuple[Fields, ...]) -> None:
        """`version`, `probe_after` and `login` of the network, `urn` of each account (a manual one needs none)."""
        version = block.get("version")
        if not (isinstance(version, Scalar) and isinstance(version.value, int)):
            block.text("version", VERSION, expected='a year and month, such as "202607",')
        if isinstance(version, Scalar) and not re.fullmatch(r"20\d\d(?:0[1-9]|1[0-2])", version.raw):
            block.problem(
                "version",
                "wrong-form",
                f"`version` is `{version.raw}`; a year and month such as 202607 is expected",
                f'write `version: "{VERSION}"`',
            )
        block.span("probe_after", PROBE_AFTER)
        block.url("login", LOGIN)
        for fields in accounts:
            mode = fields.node.items.get("mode") or block.node.items.get("mode")
            fields.text(
                "urn",
                pattern=_URN,
                expected="the account's id on LinkedIn, such as urn:li:organization:2414183 or urn:li:person:Kx1,",
                required=not (isinstance(mode, Scalar) and mode.raw == "manual"),
            )

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        """The words, and the card that carries the link. A picture chosen for LinkedIn becomes the card's."""
        words = _words.compose(draft, self.caps)
        card = replace(
            draft.card,
            url=draft.link,
            title=texts.fit(draft.card.title, limit=_TITLE, count=texts.utf16).text,
            description=texts.fit(draft.card.description, limit=_DESCRIPTION, count=texts.utf16).text,
            picture=draft.image or draft.card.picture,
        )
        message = Message(
            channel=self.name,
            account=self._account.name,
            parts=words.parts,
            link=draft.link,
            used=words.used,
            limit=self.caps.limit,
            card=card,
            cut=words.cut,
            mentions=words.mentions,
            warnings=(*words.warnings, *_escaped_too_long(words.parts[0])),
        )
        return message, words.problems

    def prepare(self, message: Message, delivery_id: str) -> tuple[Request, ...]:
        """Upload the card's picture (an unused upload is invisible) and build the post."""
        assert message.card is not None
        thumbnail = self._upload(message.card.picture)
        article: dict[str, JsonValue] = {
            "source": message.card.url,
            "thumbnail": thumbnail,
            "title": message.card.title,
            "description": message.card.description,
        }
        body: dict[str, JsonValue] = {
            "author": self._urn,
            "commentary": escape(message.parts[0]),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "content": {"article": article},
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        return (Request(part=0, path="/rest/posts", body=body, headers={"LinkedIn-Version": self._version}),)

    def create(self, request: Request, before: tuple[Receipt, ...]) -> Receipt:
        """Send the post, once. A success without an id is an outcome unknown."""
        answer = self._call(
            "POST", request.path, headers=request.headers, json=dict(request.body), create=True
        )
        urn = answer.headers.get("x-restli-id", "")
        if answer.status != 201 or not urn:
            raise self._http.broken(answer, service=SERVICE, create=True)
        return self._receipt(urn, self._clock.now())

    def find(
        self, request: Request, message_link: str, since: datetime, before: tuple[Receipt, ...]
    ) -> Found:
        """Look for the link among the organization's posts. A member's posts cannot be listed by any app."""
        if self.caps.find == "never":
            return Found(
                receipt=None,
                certain=False,
                reason="LinkedIn lets no app list the posts of a member's profile",
            )
        try:
            answer = self._call(
                "GET",
                f"/rest/posts?q=author&author={quote(self._urn, safe='')}&count=20&sortBy=CREATED",
                headers={"X-RestLi-Method": "FINDER"},
            )
        except NotSent as error:
            if error.status != 403:
                raise
            return Found(
                receipt=None,
                certain=False,
                reason="the token may not list the page's posts (right r_organization_social)",
            )
        earliest = since - timedelta(minutes=5)
        for post in _elements(answer):
            source = _dig(post, "content", "article", "source")
            at = _millis(post.get("createdAt") or post.get("publishedAt"), self._clock.now())
            urn = post.get("id")
            if (
                isinstance(source, str)
                and isinstance(urn, str)
                and at >= earliest
                and links.same(source, message_link)
            ):
                return Found(receipt=self._receipt(urn, at, already=True), certain=True)
        return Found(
            receipt=None,
            certain=False,
            reason="the link is not among the page's latest posts, but LinkedIn may list a new post late",
        )

    def remote_id(self, url: str) -> str:
        """The URN in the address of a post, of the feed or of the "copy link to post" kind."""
        parts = urlsplit(unquote(url))
        if not (parts.hostname or "").endswith("linkedin.com"):
            return ""
        named = _SHOWN_URN.search(parts.path)
        if named:
            return named[0]
        copied = _COPIED.search(parts.path)
        return f"urn:li:{copied[1]}:{copied[2]}" if copied else ""

    def health(self) -> Health:
        """Whose token it is, whether it may post as the account, when it dies (with the app's id and secret)."""
        person = self._person()
        who, sub = str(person.get("name") or ""), str(person.get("sub") or "")
        expires = self._expiry()
        if self._urn.startswith("urn:li:person:"):
            own = f"urn:li:person:{sub}"
            if own != self._urn:
                return Health(
                    ok=False,
                    who=who,
                    expires=expires,
                    message=f"the token belongs to {who or 'another member'} ({own}), not to {self._urn}",
                    fix=f"set `urn: {own}` for the account `{self._account.name}`, or use the other member's token",
                )
        elif not self._may_post():
            return Health(
                ok=False,
                who=who,
                expires=expires,
                message=f"{who or 'the token'} is no administrator of {self._urn}",
                fix="let a super admin of the page add this member as an admin, or use an admin's token",
                missing=("administrator of the page",),
            )
        return Health(ok=True, who=who, expires=expires, message="ready")

    def _person(self) -> dict[str, Any]:
        """Whose token it is. An app for pages alone has no right to ask: then nothing is known."""
        try:
            return self._call("GET", "/v2/userinfo", versioned=False).object()
        except NotSent as error:
            if error.status != 403 or self._urn.startswith("urn:li:person:"):
                raise
            return {}

    def sign_in(self, desk: Desk) -> SignedIn:
        """A member signs in: for a page that they administer, or for their own profile."""
        page = desk.page or self._urn.startswith("urn:li:organization:")
        client_id = desk.ask("Client ID of the LinkedIn app", variable="LINKEDIN_CLIENT_ID")
        client_secret = desk.ask(
            "Client secret of the LinkedIn app", variable="LINKEDIN_CLIENT_SECRET", hidden=True
        )
        login = self._account.option("login", LOGIN).rstrip("/")
        found = _oauth.code_grant(
            desk,
            self._http,
            service=SERVICE,
            authorize=f"{login}/oauth/v2/authorization",
            token=f"{login}/oauth/v2/accessToken",
            client_id=client_id,
            client_secret=client_secret,
            scopes=_PAGE_RIGHTS if page else _MEMBER_RIGHTS,
        )
        secret = {"LINKEDIN_ACCESS_TOKEN": str(found["access_token"])}
        life = found.get("expires_in")
        channel = LinkedIn(self._account, http=self._http, secrets=Secrets(secret), clock=self._clock)
        urns = channel._pages() if page else (f"urn:li:person:{channel._person().get('sub')}",)
        note = "with LINKEDIN_CLIENT_ID and LINKEDIN_CLIENT_SECRET set too, `publish doctor` sees when the token dies"
        if page and self._urn not in urns and len(urns) != 1:
            note = f"this member administers {', '.join(urns) or 'no page'}: write the right one as `urn`; {note}"
        return SignedIn(
            secrets=secret,
            rights=tuple(re.split(r"[ ,]+", str(found.get("scope") or ""))) if found.get("scope") else (),
            expires=self._clock.now() + timedelta(seconds=life) if isinstance(life, int) else None,
            options={"urn": urns[0]} if len(urns) == 1 and not self._urn else {},
            note=note,
        )

    def corrected(self, reason: str) -> bool:
        """Was it rejected for an API version that the settings name no longer?"""
        found = re.match(rf"{_SUNSET} (\d{{6}})\b", reason)
        return found is not None and found[1] != self._version

    def notices(self) -> tuple[Notice, ...]:
        """From its tenth month on, that the API version ends after twelve, with the line to write."""
        age = self._version_age()
        if age < 10:
            return ()
        now = self._clock.now()
        month = now.year * 12 + now.month - 3  # two months ago: known to be out
        line = self._account.block.key_lines.get("version")
        where = (
            f"line {line} of mkdocs.yml" if line and line < 1_000_000 else "`channels.linkedin` in mkdocs.yml"
        )
        return (
            Notice(
                message=f"its API version {self._version} is {age} months old; LinkedIn takes versions for 12 months",
                fix=f'write `version: "{month // 12}{month % 12 + 1:02}"` in {where}',
                severe=age > 12,
            ),
        )

    def quotas(self) -> tuple[Quota, ...]:
        """What LinkedIn allows in a day of UTC. It tells no app how much of that is gone until nothing is left (429).

        "Share on LinkedIn" for a member, "Increasing Access" (Development tier) for a page, read 2026-11.
        """
        member = self.caps.find == "never"
        midnight = self._clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return (
            Quota(
                what="calls of this member a day" if member else "calls of the app a day",
                limit=150 if member else 500,
                resets=midnight + timedelta(days=1),
                note="a post takes 3 to 4" if member else "more in the Standard tier; a post takes about 4",
            ),
        )

    def metrics(self, remote_id: str) -> Metrics:
        """An organization's numbers; nothing for a member (LinkedIn gives them to vetted apps alone)."""
        now = self._clock.now()
        if self.caps.find == "never":
            return Metrics(at=now)
        kind = "ugcPosts" if ":ugcPost:" in remote_id else "shares"
        answer = self._call(
            "GET",
            "/rest/organizationalEntityShareStatistics?q=organizationalEntity"
            f"&organizationalEntity={quote(self._urn, safe='')}&{kind}=List({quote(remote_id, safe='')})",
        )
        total: Mapping[str, Any] = {}
        for element in _elements(answer):
            found = element.get("totalShareStatistics")
            total = found if isinstance(found, dict) else total
        return Metrics(  # a post without activity is absent from the answer
            at=now,
            views=_number(total, "impressionCount"),
            clicks=_number(total, "clickCount"),
            likes=_number(total, "likeCount"),
            comments=_number(total, "commentCount"),
            shares=_number(total, "shareCount"),
        )

    def edit(self, remote_id: str, message: Message) -> None:
        """Change the words; LinkedIn lets nobody change a card."""
        self._call(
            "POST",
            f"/rest/posts/{quote(remote_id, safe='')}",
            headers={"X-RestLi-Method": "PARTIAL_UPDATE"},
            json={"patch": {"$set": {"commentary": escape(message.parts[0])}}},
        )

    def delete(self, remote_id: str) -> None:
        """Take the post away."""
        try:
            self._call(
                "DELETE", f"/rest/posts/{quote(remote_id, safe='')}", headers={"X-RestLi-Method": "DELETE"}
            )
        except Rejected as error:
            if error.status not in (404, 410):
                raise

    # The wire.

    def _call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: JsonValue = None,
        create: bool = False,
        versioned: bool = True,
    ) -> Response:
        """One call; an answer other than 2xx is raised as what it means."""
        token = self._token()
        sent = {"Authorization": f"Bearer {token}"}
        if versioned:
            sent |= {"LinkedIn-Version": self._version, "X-Restli-Protocol-Version": "2.0.0"}
        answer = self._http.request(
            method,
            self._account.api + path,
            service=SERVICE,
            headers={**sent, **(headers or {})},
            json=json,
            create=create,
        )
        if not answer.ok:
            raise self._failure(answer, create)
        return answer

    def _token(self) -> str:
        return self._http.secret(self._secrets, self._account.name, "LINKEDIN_ACCESS_TOKEN", service=SERVICE)

    def _failure(self, answer: Response, create: bool) -> RemoteError:
        status, said = answer.status, self._said(answer)
        request_id = self._http.redact(answer.request_id)
        secret = f"LINKEDIN_ACCESS_TOKEN__{self._account.name.upper()} (or LINKEDIN_ACCESS_TOKEN)"
        where = f"the account `{self._account.name}`"
        if status in (401, 403):
            expired = status == 401
            return NotSent(
                f"LinkedIn refused the token of {where}: {'it is expired or revoked' if expired else 'it lacks a right'}"
                f" ({said})",
                service=SERVICE,
                cause="auth",
                status=status,
                request_id=request_id,
                hint=(f"make a new token and set {secret}" if expired else self._rights_hint(secret))
                + "; steps in docs/channels/linkedin.md",
            )
        if status == 426:
            return Rejected(
                f"{_SUNSET} {self._version} ({said})",
                service=SERVICE,
                status=status,
                request_id=request_id,
                hint='write a newer month, such as `version: "YYYYMM"`, under `channels.linkedin` in mkdocs.yml; '
                "what was rejected for it goes out with the next run",
            )
        if status == 429:
            midnight = self._clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            return self._http.limited(
                answer,
                service=SERVICE,
                until=midnight + timedelta(days=1),
                message=f"LinkedIn takes no more calls from {where} today ({said})",
            )
        if status >= 500 or status == 408 or 300 <= status < 400:
            return self._http.broken(answer, service=SERVICE, create=create)
        if status == 422 and "duplicate" in answer.text.lower():
            named = _POST_URN.search(answer.text)
            return Duplicate(
                "LinkedIn has this very post already" + (f": {named[0]}" if named else ""),
                service=SERVICE,
                remote_id=named[0] if named else "",
                url=_address(named[0]) if named else "",
                status=status,
            )
        return Rejected(
            f"LinkedIn refused the call from {where}: {said}",
            service=SERVICE,
            status=status,
            request_id=request_id,
            hint="change the text, the image or the link; it is not sent again as it is",
        )

    def _rights_hint(self, secret: str) -> str:
        if self._urn.startswith("urn:li:person:"):
            return f"sign in again with the right w_member_social and set {secret}"
        return f"sign in as an administrator of {self._urn} with the right w_organization_social and set {secret}"

    def _said(self, answer: Response) -> str:
        message = answer.object().get("message")
        return self._http.redact(message)[:300] if isinstance(message, str) else self._http.words(answer)

    def _receipt(self, urn: str, at: datetime, *, already: bool = False) -> Receipt:
        return Receipt(remote_id=urn, url=_address(urn), at=at, already=already)

    def _upload(self, picture: Picture) -> str:
        """The URN of the uploaded picture, ready to be shown."""
        made = _pictures.made(picture, self.caps.image, service=SERVICE, cropped=True)
        answer = self._call(
            "POST",
            "/rest/images?action=initializeUpload",
            json={"initializeUploadRequest": {"owner": self._urn}},
        )
        upload_url, image = (
            _dig(answer.object(), "value", "uploadUrl"),
            _dig(answer.object(), "value", "image"),
        )
        if not isinstance(upload_url, str) or not isinstance(image, str):
            raise self._http.broken(answer, service=SERVICE, create=False)
        put = self._http.request(  # in one piece: of several, LinkedIn keeps the last
            "PUT",
            upload_url,
            service=SERVICE,
            headers=self._upload_headers(upload_url) | {"Content-Type": made.mime},
            data=made.data,
        )
        if not put.ok:
            raise self._failure(put, create=False)
        if self.caps.find != "never":  # a member's token may not ask
            self._await_image(image)
        return image

    def _upload_headers(self, url: str) -> dict[str, str]:
        """The token, for LinkedIn's own hosts alone."""
        host, own = urlsplit(url).hostname or "", urlsplit(self._account.api).hostname or ""
        if host == own or host.endswith(".linkedin.com"):
            return {"Authorization": f"Bearer {self._token()}"}
        return {}

    def _await_image(self, image: str) -> None:
        """Wait until the picture is ready, where LinkedIn tells; else a short while, as for a member.

        A page's token may lack the right to ask, and a fresh upload may not be listed yet; the picture is there all
        the same, so an answer that tells nothing never keeps a post back.
        """
        for _ in range(_IMAGE_LOOKS):
            status = self._image_status(image)
            if status == "AVAILABLE":
                return
            if status == "PROCESSING_FAILED":
                raise Rejected(
                    "LinkedIn could not read the picture", service=SERVICE, hint="use another picture"
                )
            self._clock.sleep(_IMAGE_WAIT)
            if status not in _IMAGE_AT_WORK:
                return
        raise NotSent(
            "LinkedIn is still working on the picture; nothing was sent",
            service=SERVICE,
            cause="waiting",
            retry_at=self._clock.now() + timedelta(minutes=2),
            hint="nothing to do: the post stays due and goes out with a later run",
        )

    def _image_status(self, image: str) -> str:
        """What LinkedIn says of the picture; nothing where it refuses to say."""
        try:
            answer = self._call("GET", f"/rest/images/{quote(image, safe='')}")
        except RemoteError as error:
            if error.status in (None, 401, 429):
                raise  # the post itself would meet the same
            return ""
        return str(answer.object().get("status") or "")

    def _may_post(self) -> bool:
        return self._urn in self._pages()

    def _pages(self) -> tuple[str, ...]:
        """The pages for which the token's member may post."""
        found: dict[str, None] = {}
        for role in ("ADMINISTRATOR", "CONTENT_ADMINISTRATOR"):
            answer = self._call(
                "GET", f"/rest/organizationAcls?q=roleAssignee&role={role}&state=APPROVED&count=100"
            )
            for acl in _elements(answer):
                urn = acl.get("organization") or acl.get("organizationTarget")
                if isinstance(urn, str):
                    found[urn] = None
        return tuple(found)

    def _expiry(self) -> datetime | None:
        """When the token dies; None without the app's own id and secret, which asking needs."""
        name = self._account.name
        client_id = self._secrets.get("LINKEDIN_CLIENT_ID", name)
        client_secret = self._secrets.get("LINKEDIN_CLIENT_SECRET", name)
        if not client_id or not client_secret:
            return None
        self._http.protect("LINKEDIN_CLIENT_SECRET", client_secret)
        answer = self._http.request(
            "POST",
            self._account.option("login", LOGIN).rstrip("/") + "/oauth/v2/introspectToken",
            service=SERVICE,
            data={"client_id": client_id, "client_secret": client_secret, "token": self._token()},
        )
        at = answer.object().get("expires_at")
        return datetime.fromtimestamp(at, UTC) if answer.ok and isinstance(at, int) else None

    def _version_age(self) -> int:
        """Months since the API version came out."""
        now = self._clock.now()
        year, month = int(self._version[:4]), int(self._version[4:])
        return (now.year - year) * 12 + now.month - month


def _elements(answer: Response) -> list[dict[str, Any]]:
    found = answer.object().get("elements")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _dig(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _millis(value: Any, default: datetime) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else default


def _number(found: Mapping[str, Any], key: str) -> int:
    value = found.get(key)
    return value if isinstance(value, int) else 0


CHANNEL = LinkedIn
