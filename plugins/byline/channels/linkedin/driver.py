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
from byline.channels import _oauth, _words
from byline.channels.base import (
    Desk,
    Draft,
    Found,
    Health,
    JsonValue,
    Metrics,
    Notice,
    Quota,
    Receipt,
    Renewal,
    Request,
    SignedIn,
)
from byline.channels.linkedin.network import (
    COPIED,
    DESCRIPTION,
    LOGIN,
    MEMBER_RIGHTS,
    PAGE_RIGHTS,
    PROBE_AFTER,
    RENEWAL,
    SERVICE,
    SHOWN_URN,
    SUNSET,
    TITLE,
    URN,
    VERSION,
    address,
    escape,
    escaped_too_long,
)
from byline.channels.linkedin.pictures import LinkedInPictures
from byline.channels.linkedin.reading import elements, moment, number, under
from byline.errors import NotSent, Rejected
from byline.fields import Fields
from byline.model import Message
from byline.settings import Secrets
from byline.yamlread import Scalar


class LinkedIn(LinkedInPictures):
    """One organization or one member."""

    name: ClassVar[str] = "linkedin"
    api: ClassVar[str] = "https://api.linkedin.com"
    renewal: ClassVar[Renewal] = RENEWAL

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
                pattern=URN,
                expected="the account's id on LinkedIn, such as urn:li:organization:2414183 or urn:li:person:Kx1,",
                required=not (isinstance(mode, Scalar) and mode.raw == "manual"),
            )

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        """The words, and the card that carries the link. A picture chosen for LinkedIn becomes the card's."""
        words = _words.compose(draft, self.caps)
        card = replace(
            draft.card,
            url=draft.link,
            title=texts.fit(draft.card.title, limit=TITLE, count=texts.utf16).text,
            description=texts.fit(draft.card.description, limit=DESCRIPTION, count=texts.utf16).text,
            picture=draft.image or draft.card.picture,
        )
        message = replace(
            words.message(draft, self._account, self.caps),
            card=card,
            image=None,
            warnings=(*words.warnings, *escaped_too_long(words.parts[0])),
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
        for post in elements(answer):
            source = under(post, "content", "article", "source")
            at = moment(post.get("createdAt") or post.get("publishedAt"), self._clock.now())
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
        named = SHOWN_URN.search(parts.path)
        if named:
            return named[0]
        copied = COPIED.search(parts.path)
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
            scopes=PAGE_RIGHTS if page else MEMBER_RIGHTS,
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
        found = re.match(rf"{SUNSET} (\d{{6}})\b", reason)
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
        for element in elements(answer):
            found = element.get("totalShareStatistics")
            total = found if isinstance(found, dict) else total
        return Metrics(  # a post without activity is absent from the answer
            at=now,
            views=number(total, "impressionCount"),
            clicks=number(total, "clickCount"),
            likes=number(total, "likeCount"),
            comments=number(total, "commentCount"),
            shares=number(total, "shareCount"),
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

    def _receipt(self, urn: str, at: datetime, *, already: bool = False) -> Receipt:
        return Receipt(remote_id=urn, url=address(urn), at=at, already=already)

    def _version_age(self) -> int:
        """Months since the API version came out."""
        now = self._clock.now()
        year, month = int(self._version[:4]), int(self._version[4:])
        return (now.year - year) * 12 + now.month - month
