"""Mastodon statuses and threads, on any server.

API: docs.joinmastodon.org, methods "statuses", "media", "accounts" and "instance", read 2026-11.
Rights: `write:statuses`, `write:media`, `read:accounts`, `read:statuses`. The server makes the link card itself from the
live page. A create carries an `Idempotency-Key`, which the server remembers for an hour; there are servers that ignore
it, so a look comes first.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar
from urllib.parse import urlsplit

from byline import links
from byline import text as texts
from byline.channels import _oauth, _pictures, _quotas, _words
from byline.channels._refusals import Refusal
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
    Quota,
    Receipt,
    Renewal,
    Replay,
    Request,
    SignedIn,
)
from byline.errors import NotSent, Rejected, RemoteError
from byline.fields import Fields
from byline.http import Http, Response
from byline.model import Message, Picture
from byline.settings import Account, Secrets
from byline.times import Clock
from byline.yamlread import Scalar

SERVICE = "Mastodon"
VISIBILITIES = ("public", "unlisted", "private", "direct")
_REMOTE = re.compile(r"(?<![=/\w])(@\w[\w.-]*)@[\w.-]*\w")
_HREF = re.compile(r'href="([^"]*)"')
_MEDIA_WAIT, _MEDIA_LOOKS = 2.0, 8


def length(text: str) -> int:
    """Mastodon's counting: graphemes, every address 23, of a mention of another server only the name."""
    out: list[str] = []
    at = 0
    for start, end in texts.addresses(text):
        out += [text[at:start], "x" * texts.LINK_WEIGHT]
        at = end
    return texts.graphemes(_REMOTE.sub(r"\1", "".join(out) + text[at:]))


_STATUS = re.compile(r"/(?:web/)?(?:@[^/]+|users/[^/]+/statuses|statuses)/(\d+)/?")

RIGHTS = ("read:accounts", "read:statuses", "write:statuses", "write:media")

CAPABILITIES = Capabilities(
    label="Mastodon",
    limit=500,
    count=length,
    unit="characters",
    link="text",
    card="page",
    image=ImageRules(
        types=("image/jpeg", "image/png"),
        max_bytes=16_000_000,
        max_pixels=33_000_000,
        width=1200,
        height=630,
        max_alt=1500,
    ),
    threads=True,
    find="always",
    replay=Replay(after=timedelta(0), until=timedelta(minutes=50)),
    edit=True,
    delete=True,
    clicks=False,
    views=False,
    protected=texts.units,
    mentions=texts.handles,
    defused=texts.unannounced,
    weight_of_link=texts.LINK_WEIGHT,
    look=Look(
        colour="#4b44c9",
        colour_dark="#a5a1ff",
        handle=lambda account: f"@{account.name}@{urlsplit(_server(account)).hostname or ''}",
        links=texts.addresses,
        short_links=30,
        card_words=("host", "title", "description"),
        actions=("Reply", "Boost", "Favourite"),
        share="{server}/share?text={text}",
    ),
)


def _server(account: Account) -> str:
    return (account.option("server") or account.api).rstrip("/")


class Mastodon:
    """One account on one server."""

    name: ClassVar[str] = "mastodon"
    api: ClassVar[str] = ""
    renewal: ClassVar[Renewal] = Renewal(
        steps=(
            "Sign in to the account on its own server, Preferences, Development. Open the application, or make one.",
            "It needs `read` and `write`. Press *Regenerate access token*, or save the new application.",
            "Copy *Your access token*.",
        ),
        secrets=("MASTODON_ACCESS_TOKEN",),
    )
    caps: Capabilities = CAPABILITIES

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._server = _server(account)
        self._id = ""
        self._quotas: tuple[Quota, ...] = ()
        limit = account.option("max_characters")
        self.caps = replace(CAPABILITIES, limit=int(limit)) if limit.isdigit() else CAPABILITIES

    @staticmethod
    def settings(block: Fields, accounts: tuple[Fields, ...]) -> None:
        """Of each account or of all: `server`, `max_characters` where it is not 500, `visibility`, `language`."""
        for fields in (block, *accounts):
            fields.url("server")
            fields.integer("max_characters", CAPABILITIES.limit, low=1, high=1_000_000)
            fields.choice("visibility", VISIBILITIES, "public")
            fields.text("language", pattern="[a-z]{2,3}", expected="a language's code, such as de,")
        for fields in accounts:
            mode = fields.node.items.get("mode") or block.node.items.get("mode")
            if isinstance(mode, Scalar) and mode.raw == "manual":
                continue
            if not any(key in one for one in (fields, block) for key in ("server", "api")):
                fields.problem(
                    "",
                    "missing",
                    f"`{fields.full('server')}` is missing; the address of the account's server is expected",
                    "add a line `server: https://mastodon.social`",
                )

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        """The words with the link in them, or a thread whose first part carries it."""
        words = _words.compose(draft, self.caps)
        message = replace(words.message(draft, self._account, self.caps), language=draft.language)
        return message, words.problems

    def prepare(self, message: Message, delivery_id: str) -> tuple[Request, ...]:
        """Upload the picture with its words, build one request a part, each with a key of its own."""
        self._secret()
        media: list[JsonValue] = [self._upload(message.image)] if message.image is not None else []
        language = self._account.option("language", message.language)
        requests: list[Request] = []
        for number, part in enumerate(message.parts):
            body: dict[str, JsonValue] = {
                "status": part,
                "visibility": self._account.option("visibility", "public"),
            }
            if language:
                body["language"] = language
            if number == 0 and media:
                body["media_ids"] = media
            seed = json.dumps([self._server, self._account.name, delivery_id, number, body], sort_keys=True)
            requests.append(
                Request(
                    part=number, path="/api/v1/statuses", body=body, key=sha256(seed.encode()).hexdigest()
                )
            )
        return tuple(requests)

    def create(self, request: Request, before: tuple[Receipt, ...]) -> Receipt:
        """Send one part, once; a part of a thread answers the part before it."""
        body = dict(request.body)
        if before:
            body["in_reply_to_id"] = before[-1].remote_id
        answer = self._call(
            "POST", request.path, json=body, headers={"Idempotency-Key": request.key}, create=True
        )
        receipt = _receipt(answer.object(), self._clock.now())
        if receipt is None:
            raise self._http.broken(answer, service=SERVICE, create=True)
        return receipt

    def find(
        self, request: Request, message_link: str, since: datetime, before: tuple[Receipt, ...]
    ) -> Found:
        """Look among the account's own statuses: the link of a first part, the answer to the part before of a later one."""
        answer = self._call(
            "GET",
            f"/api/v1/accounts/{self._own_id()}/statuses",
            params={"limit": "40", "exclude_reblogs": "true"},
        )
        found = answer.json()
        earliest = since - timedelta(minutes=5)
        for status in found if isinstance(found, list) else ():
            if not isinstance(status, dict) or not _is_ours(status, message_link, before):
                continue
            receipt = _receipt(status, self._clock.now())
            if receipt is not None and receipt.at >= earliest:
                return Found(receipt=replace(receipt, already=True), certain=True)
        return Found(
            receipt=None,
            certain=False,
            reason="the post is not among the account's latest, but the server may list a new one late",
        )

    def remote_id(self, url: str) -> str:
        """The id in the address of a status, on this server or as it shows another's."""
        found = _STATUS.fullmatch(urlsplit(url).path)
        return found[1] if found else ""

    def health(self) -> Health:
        """Whose token it is, its rights where the server tells them, and whether the limit in the settings is the server's."""
        answer = self._call("GET", "/api/v1/accounts/verify_credentials").object()
        who = f"@{answer.get('username')}@{urlsplit(self._server).hostname}"
        app = self._call("GET", "/api/v1/apps/verify_credentials").object()
        scopes = app.get("scopes")
        if isinstance(scopes, list) and scopes:
            missing = tuple(
                right for right in ("write:statuses", "write:media") if not {right, "write"} & set(scopes)
            )
            if missing:
                return Health(
                    ok=False,
                    who=who,
                    message="the token lacks rights",
                    fix=f"make a new token with {' and '.join(missing)}",
                    missing=missing,
                )
        limit = self._limit()
        if limit and limit != self.caps.limit:
            return Health(
                ok=limit > self.caps.limit,
                who=who,
                message=f"the server takes {limit:,} characters, the settings say {self.caps.limit:,}",
                fix=f"write `max_characters: {limit}` for the account `{self._account.name}`",
            )
        return Health(ok=True, who=who, message="ready; the token lasts until it is revoked")

    def quotas(self) -> tuple[Quota, ...]:
        """The calls that the server still takes, by its last answer; servers may leave it out."""
        return self._quotas

    def sign_in(self, desk: Desk) -> SignedIn:
        """Register with the server, then let the account's owner allow it. The token lasts until it is revoked."""
        options: dict[str, str] = {}
        if not self._server:
            typed = desk.ask("Address of the account's server, such as https://mastodon.social").rstrip("/")
            self._server = typed if "://" in typed else f"https://{typed}"
            options = {"server": self._server}
        redirect = desk.redirect()
        answer = self._http.request(
            "POST",
            f"{self._server}/api/v1/apps",
            service=SERVICE,
            data={"client_name": "Byline", "redirect_uris": redirect, "scopes": " ".join(RIGHTS)},
        )
        app = answer.object()
        client_id, client_secret = app.get("client_id"), app.get("client_secret")
        if not answer.ok or not isinstance(client_id, str) or not isinstance(client_secret, str):
            raise NotSent(
                f"{self._server} did not register the app ({self._http.words(answer)})",
                service=SERVICE,
                cause="auth",
                status=answer.status,
                hint="check the `server` address of the account in mkdocs.yml",
            )
        found = _oauth.code_grant(
            desk,
            self._http,
            service=SERVICE,
            authorize=f"{self._server}/oauth/authorize",
            token=f"{self._server}/oauth/token",
            client_id=client_id,
            client_secret=client_secret,
            scopes=RIGHTS,
            pkce=True,
        )
        return SignedIn(
            secrets={"MASTODON_ACCESS_TOKEN": str(found["access_token"])},
            rights=tuple(str(found.get("scope") or "").split()),
            options=options,
        )

    def metrics(self, remote_id: str) -> Metrics:
        """Answers, boosts and favourites; Mastodon counts neither views nor clicks."""
        status = self._call("GET", f"/api/v1/statuses/{remote_id}").object()
        return Metrics(
            at=self._clock.now(),
            likes=_number(status, "favourites_count"),
            comments=_number(status, "replies_count"),
            shares=_number(status, "reblogs_count"),
        )

    def edit(self, remote_id: str, message: Message) -> None:
        """Change the words; pictures stay."""
        status = self._call("GET", f"/api/v1/statuses/{remote_id}").object()
        media = [one.get("id") for one in status.get("media_attachments") or () if isinstance(one, dict)]
        body: dict[str, JsonValue] = {"status": message.parts[0]}
        if media:
            body["media_ids"] = [str(one) for one in media]
        self._call("PUT", f"/api/v1/statuses/{remote_id}", json=body)

    def delete(self, remote_id: str) -> None:
        """Take the status away."""
        try:
            self._call("DELETE", f"/api/v1/statuses/{remote_id}")
        except Rejected as error:
            if error.status not in (404, 410):
                raise

    # The wire.

    def _secret(self) -> str:
        return self._http.secret(self._secrets, self._account.name, "MASTODON_ACCESS_TOKEN", service=SERVICE)

    def _call(
        self,
        method: str,
        path: str,
        *,
        json: JsonValue = None,
        params: dict[str, str] | None = None,
        data: dict[str, str] | None = None,
        files: dict[str, tuple[str, bytes, str]] | None = None,
        headers: dict[str, str] | None = None,
        create: bool = False,
    ) -> Response:
        """One call; an answer other than 2xx is raised as what it means."""
        answer = self._http.request(
            method,
            self._server + path,
            service=SERVICE,
            headers={"Authorization": f"Bearer {self._secret()}", **(headers or {})},
            params=params,
            json=json,
            data=data,
            files=files,
            create=create,
        )
        self._quotas = _quotas.told(answer.headers, "x-ratelimit-", what="calls in 5 minutes") or self._quotas
        if not answer.ok:
            raise self._failure(answer, create)
        return answer

    def _failure(self, answer: Response, create: bool) -> RemoteError:
        error = answer.object().get("error")
        refusal = Refusal(
            service=SERVICE,
            account=self._account.name,
            answer=answer,
            said=self._http.redact(error)[:300] if isinstance(error, str) else self._http.words(answer),
            http=self._http,
        )
        if answer.status in (401, 403):
            return refusal.of_secret(
                f"make a new token and set MASTODON_ACCESS_TOKEN__{self._account.name.upper()} (or "
                "MASTODON_ACCESS_TOKEN); steps: `publish manual mastodon`"
            )
        if answer.status == 429:
            return refusal.limited(_quotas.moment(answer.headers.get("x-ratelimit-reset", "")))
        return refusal.other(create)

    def _own_id(self) -> str:
        if not self._id:
            found = self._call("GET", "/api/v1/accounts/verify_credentials").object().get("id")
            if not isinstance(found, str) or not found.isalnum():
                raise NotSent(
                    "Mastodon did not tell whose token this is",
                    service=SERVICE,
                    cause="unreachable",
                    retry_at=self._clock.now() + timedelta(minutes=5),
                )
            self._id = found
        return self._id

    def _limit(self) -> int:
        """The server's own limit of characters; 0 when it does not say."""
        found: Any = self._call("GET", "/api/v2/instance").object()
        for key in ("configuration", "statuses", "max_characters"):
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, int) else 0

    def _upload(self, picture: Picture) -> str:
        made = _pictures.made(picture, self.caps.image, service=SERVICE, cropped=False)
        suffix = made.mime.partition("/")[2]
        alt = texts.fit(picture.alt, limit=self.caps.image.max_alt, count=len).text
        answer = self._call(
            "POST",
            "/api/v2/media",
            data={"description": alt} if alt else {},
            files={"file": (f"picture.{suffix}", made.data, made.mime)},
        )
        media_id = answer.object().get("id")
        if not isinstance(media_id, str) or not media_id.isalnum():
            raise self._http.broken(answer, service=SERVICE, create=False)
        for _ in range(_MEDIA_LOOKS):
            if answer.status not in (202, 206):
                return media_id
            self._clock.sleep(_MEDIA_WAIT)
            answer = self._call("GET", f"/api/v1/media/{media_id}")
        raise NotSent(
            "Mastodon is still working on the picture; nothing was sent",
            service=SERVICE,
            cause="waiting",
            retry_at=self._clock.now() + timedelta(minutes=2),
            hint="nothing to do: the post stays due and goes out with a later run",
        )


def _is_ours(status: dict[str, Any], link: str, before: tuple[Receipt, ...]) -> bool:
    answered = status.get("in_reply_to_id")
    if before:
        return answered == before[-1].remote_id
    if answered:
        return False
    card = status.get("card")
    shown = [html.unescape(found) for found in _HREF.findall(str(status.get("content") or ""))]
    if isinstance(card, dict):
        shown.append(str(card.get("url")))
    return any(links.same(one, link) for one in shown)


def _receipt(status: dict[str, Any], now: datetime) -> Receipt | None:
    remote_id = status.get("id")
    if not isinstance(remote_id, str) or not remote_id:
        return None
    url = status.get("url") or status.get("uri") or ""
    return Receipt(remote_id=remote_id, url=str(url), at=_quotas.moment(str(status.get("created_at"))) or now)


def _number(found: dict[str, Any], key: str) -> int | None:
    value = found.get(key)
    return value if isinstance(value, int) else None


CHANNEL = Mastodon
