"""Facebook posts on a page. Profiles and groups cannot be posted to by any app.

API: developers.facebook.com, Graph API "Page feed", "Pages API: posts", "Error handling" and "Insights", read 2026-11.
Rights: `pages_manage_posts`, `pages_read_engagement`, `pages_show_list` (and `read_insights`), with a page token. Facebook
makes the link card itself from the live page.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from byline import text as texts
from byline.channels import _oauth, _pictures, _words
from byline.channels.base import (
    Capabilities,
    Desk,
    Draft,
    Found,
    Health,
    JsonValue,
    Metrics,
    Notice,
    Receipt,
    Renewal,
    Request,
    SignedIn,
)
from byline.channels.facebook.calls import FacebookCalls
from byline.channels.facebook.network import (
    BORN,
    CAPABILITIES,
    LOGIN,
    METRICS,
    RENEWAL,
    RIGHTS,
    SERVICE,
    SHOWN,
    VERSION,
)
from byline.channels.facebook.reading import carries, checked, moment, under, whole
from byline.errors import NotSent, Rejected
from byline.fields import Fields
from byline.model import Message, Picture
from byline.settings import Secrets
from byline.yamlread import Scalar


class Facebook(FacebookCalls):
    """One page."""

    name: ClassVar[str] = "facebook"
    api: ClassVar[str] = "https://graph.facebook.com"
    renewal: ClassVar[Renewal] = RENEWAL
    caps: Capabilities = CAPABILITIES

    @staticmethod
    def settings(block: Fields, accounts: tuple[Fields, ...]) -> None:
        """`version` and `login` of the network, `page_id` of each account (a manual one needs none)."""
        block.url("login", LOGIN)
        block.text("version", VERSION, pattern=r"v\d{1,3}\.\d", expected="a version such as v26.0,")
        for fields in accounts:
            mode = fields.node.items.get("mode") or block.node.items.get("mode")
            manual = isinstance(mode, Scalar) and mode.raw == "manual"
            page = fields.get("page_id")
            if isinstance(page, Scalar) and re.fullmatch(r"\d{3,25}", page.raw):
                continue  # with or without quotes
            fields.text(
                "page_id",
                pattern=r"\d{3,25}",
                expected="the page's number, such as 1234,",
                required=not manual,
            )

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        """The words; the link stands in the card. With a picture of its own the link stands in the words instead."""
        caps = replace(self.caps, link="text") if draft.image is not None else self.caps
        words = _words.compose(draft, caps)
        problems = list(words.problems)
        if re.match(r"https?://(?:[\w-]+\.)*(?:facebook\.com|fb\.com|fb\.me)(?:/|$)", draft.link):
            problems.append("the link leads to Facebook itself, which Facebook refuses in a post")
        return words.message(draft, self._account, self.caps), tuple(problems)

    def prepare(self, message: Message, delivery_id: str) -> tuple[Request, ...]:
        """Upload a picture unpublished, where one was chosen, and build the post."""
        self._secret()
        body: dict[str, JsonValue] = {"message": message.parts[0]}
        if message.image is not None:
            body["attached_media"] = [{"media_fbid": self._upload(message.image)}]
        else:
            body["link"] = message.link
        return (Request(part=0, path=f"/{self._version}/{self._page}/feed", body=body),)

    def create(self, request: Request, before: tuple[Receipt, ...]) -> Receipt:
        """Send the post, once."""
        answer = self._call(
            "POST", request.path, params={"fields": "id,permalink_url"}, json=dict(request.body), create=True
        )
        found = answer.object()
        remote_id = found.get("id")
        if not isinstance(remote_id, str) or not remote_id:
            raise self._http.broken(answer, service=SERVICE, create=True)
        return self._receipt(remote_id, found.get("permalink_url"), self._clock.now())

    def find(
        self, request: Request, message_link: str, since: datetime, before: tuple[Receipt, ...]
    ) -> Found:
        """Look for the link among the page's latest posts."""
        start = since - timedelta(minutes=5)
        answer = self._call(
            "GET",
            f"/{self._version}/{self._page}/feed",
            params={
                "limit": "25",
                "since": str(int(start.timestamp())),
                "fields": "id,message,created_time,permalink_url,attachments{url,unshimmed_url,title}",
            },
        )
        found = answer.object().get("data")
        for post in found if isinstance(found, list) else ():
            if not isinstance(post, dict) or not carries(post, message_link):
                continue
            at = moment(post.get("created_time"), self._clock.now())
            remote_id = post.get("id")
            if at >= start and isinstance(remote_id, str):
                return Found(
                    receipt=self._receipt(remote_id, post.get("permalink_url"), at, already=True),
                    certain=True,
                )
        return Found(
            receipt=None,
            certain=False,
            reason="the link is not among the page's latest posts, but Facebook may list a new post late",
        )

    def remote_id(self, url: str) -> str:
        """The id in the address of a post of this page; empty for the newer addresses (`pfbid…`), which hide it."""
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
        if host != "facebook.com":
            return ""
        if found := SHOWN.fullmatch(parts.path):
            return found[1] if found[1] else f"{self._page}_{found[2]}"
        story = parse_qs(parts.query).get("story_fbid", [""])[0]
        return f"{self._page}_{story}" if parts.path == "/permalink.php" and story.isdigit() else ""

    def health(self) -> Health:
        """Whose page the token is for, its rights, and when it dies (never, for most page tokens)."""
        page = self._call("GET", f"/{self._version}/me", params={"fields": "id,name"}).object()
        who = str(page.get("name") or page.get("id") or "")
        if str(page.get("id")) != self._page:
            return Health(
                ok=False,
                who=who,
                message=f"the token is for {who or 'something else'} ({page.get('id')}), not for the page {self._page}",
                fix=f"set a page token of {self._page}, or correct `page_id` of the account `{self._account.name}`",
            )
        token = self._secret()
        data = self._call("GET", f"/{self._version}/debug_token", params={"input_token": token}).object()
        info = data.get("data")
        info = info if isinstance(info, dict) else {}
        scopes = info.get("scopes")
        missing: tuple[str, ...] = ()
        if isinstance(scopes, list):
            missing = tuple(
                right for right in ("pages_manage_posts", "pages_read_engagement") if right not in scopes
            )
        ends = [info.get(key) for key in ("expires_at", "data_access_expires_at")]
        known = [at for at in ends if isinstance(at, int) and at > 0]
        expires = datetime.fromtimestamp(min(known), UTC) if known else None
        if missing:
            return Health(
                ok=False,
                who=who,
                message="the token lacks rights",
                fix=f"make a new page token with {' and '.join(missing)}",
                missing=missing,
                expires=expires,
            )
        return Health(ok=True, who=who, message="ready", expires=expires)

    def sign_in(self, desk: Desk) -> SignedIn:
        """A person who manages the page signs in; their token is made long-lived, and the page's own is taken from it."""
        client_id = desk.ask("App ID of the Facebook app", variable="FACEBOOK_APP_ID")
        client_secret = desk.ask(
            "App secret of the Facebook app", variable="FACEBOOK_APP_SECRET", hidden=True
        )
        exchange = f"{self._account.api}/{self._version}/oauth/access_token"
        found = _oauth.code_grant(
            desk,
            self._http,
            service=SERVICE,
            authorize=f"{self._account.option('login', LOGIN).rstrip('/')}/{self._version}/dialog/oauth",
            token=exchange,
            client_id=client_id,
            client_secret=client_secret,
            scopes=RIGHTS,
            method="GET",
            host="localhost",
        )
        answer = self._http.request(
            "GET",
            exchange,
            service=SERVICE,
            params={
                "grant_type": "fb_exchange_token",
                "client_id": client_id,
                "client_secret": client_secret,
                "fb_exchange_token": str(found["access_token"]),
            },
        )
        user = str(_oauth.token_of(answer, self._http, SERVICE)["access_token"])
        pages = self._pages(user)
        number = self._page
        if not number and len(pages) == 1:
            number = next(iter(pages))
        elif not number:
            listed = ", ".join(f"{key} ({name})" for key, (name, _) in pages.items())
            number = desk.ask(f"Which page? Its number: {listed}").strip()
        if number not in pages:
            raise NotSent(
                f"who signed in does not manage the page {number}",
                service=SERVICE,
                cause="auth",
                hint="sign in as somebody who does, and allow the page when Facebook asks which ones",
            )
        return SignedIn(
            secrets={"FACEBOOK_PAGE_TOKEN": pages[number][1]},
            rights=RIGHTS,
            options={} if self._page else {"page_id": number},
        )

    def _pages(self, token: str) -> dict[str, tuple[str, str]]:
        """The pages of the person: number -> name and the page's own token."""
        person = Facebook(
            self._account,
            http=self._http,
            secrets=Secrets({"FACEBOOK_PAGE_TOKEN": token}),
            clock=self._clock,
        )
        rows = person._call(
            "GET", f"/{self._version}/me/accounts", params={"fields": "id,name,access_token", "limit": "100"}
        ).object()
        found: dict[str, tuple[str, str]] = {}
        for row in rows.get("data") or ():
            if isinstance(row, dict) and row.get("access_token"):
                self._http.protect("FACEBOOK_PAGE_TOKEN", str(row["access_token"]))
                found[str(row.get("id"))] = (str(row.get("name")), str(row["access_token"]))
        return found

    def notices(self) -> tuple[Notice, ...]:
        """In its last half year, that the API version ends.

        Facebook names no dates in its answers. About three versions come out a year (v26.0 in July 2026), and one
        ends two years after the next has come: this is an estimate.
        """
        found = re.fullmatch(r"v(\d+)\.\d", self._version)
        if found is None:
            return ()
        born = BORN.year * 12 + BORN.month - 1 + (int(found[1]) - int(VERSION[1:3])) * 4
        now = self._clock.now()
        age = now.year * 12 + now.month - 1 - born
        if age < 22:
            return ()
        line = self._account.block.key_lines.get("version")
        where = (
            f"line {line} of mkdocs.yml" if line and line < 1_000_000 else "`channels.facebook` in mkdocs.yml"
        )
        return (
            Notice(
                message=f"its API version {self._version} is about {age} months old; Facebook keeps one until two years after the next",
                fix=f"write a newer `version` in {where}; developers.facebook.com lists them under Changelog",
                severe=age >= 28,
            ),
        )

    def metrics(self, remote_id: str) -> Metrics:
        """Views, clicks on the link, reactions, comments and shares."""
        insights = self._call(
            "GET", f"/{self._version}/{checked(remote_id)}/insights", params={"metric": METRICS}
        ).object()
        values: dict[str, Any] = {}
        for row in insights.get("data") or ():
            if isinstance(row, dict) and row.get("values"):
                values[str(row.get("name"))] = row["values"][0].get("value")
        post = self._call(
            "GET",
            f"/{self._version}/{remote_id}",
            params={"fields": "comments.summary(true).limit(0),shares"},
        ).object()
        clicks, likes = values.get("post_clicks_by_type"), values.get("post_reactions_by_type_total")
        return Metrics(
            at=self._clock.now(),
            views=whole(values.get("post_media_view")),
            clicks=whole(clicks.get("link clicks", 0)) if isinstance(clicks, dict) else None,
            likes=sum(v for v in likes.values() if isinstance(v, int)) if isinstance(likes, dict) else None,
            comments=whole(under(post, "comments", "summary", "total_count")),
            shares=whole(under(post, "shares", "count")) or 0,
        )

    def edit(self, remote_id: str, message: Message) -> None:
        """Change the words of a post that this app made."""
        self._call("POST", f"/{self._version}/{checked(remote_id)}", json={"message": message.parts[0]})

    def delete(self, remote_id: str) -> None:
        """Take the post away."""
        try:
            self._call("DELETE", f"/{self._version}/{checked(remote_id)}")
        except Rejected as error:
            if "does not exist" not in error.message and error.status != 404:
                raise

    def _receipt(self, remote_id: str, url: Any, at: datetime, *, already: bool = False) -> Receipt:
        shown = (
            url
            if isinstance(url, str) and url.startswith("https://")
            else f"https://www.facebook.com/{remote_id}"
        )
        return Receipt(remote_id=remote_id, url=shown, at=at, already=already)

    def _upload(self, picture: Picture) -> str:
        made = _pictures.made(picture, self.caps.image, service=SERVICE, cropped=False)
        suffix = made.mime.partition("/")[2]
        data = {"published": "false"}
        if picture.alt:
            data["alt_text_custom"] = texts.fit(picture.alt, limit=self.caps.image.max_alt, count=len).text
        answer = self._call(
            "POST",
            f"/{self._version}/{self._page}/photos",
            data=data,
            files={"source": (f"picture.{suffix}", made.data, made.mime)},
        )
        photo = answer.object().get("id")
        if not isinstance(photo, str) or not photo:
            raise self._http.broken(answer, service=SERVICE, create=False)
        return photo
