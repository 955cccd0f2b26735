"""Bluesky posts and threads (AT Protocol), with a link card that we build.

API: atproto.com and docs.bsky.app, lexicons `com.atproto.repo.*`, `app.bsky.feed.post`, `app.bsky.embed.external`, read
2026-11. Rights: an app password. The record's key is ours and the write refuses to replace, so sending the very same
record again can never make a second post.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlsplit

from byline import text as texts
from byline import times
from byline.channels import _pictures, _quotas, _words
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

SERVICE = "Bluesky"
COLLECTION = "app.bsky.feed.post"
MAX_BYTES = 3000
_TID = "234567abcdefghijklmnopqrstuvwxyz"
_TAG = re.compile(r"(?<![\w#])#(?=[\w]*[^\W\d])(\w{1,64})(?!\w)")
_MENTION = re.compile(
    r"(?<![\w@/.=])@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9](?![\w@])"
)
_SHOWN = re.compile(r"/profile/(did:[a-z]+:[\w.:%-]+|[A-Za-z0-9.-]+)/post/([a-z2-7]{13})/?")
_TITLE, _DESCRIPTION = 300, 500
_ABOUT_THE_PASSWORD = ("ExpiredToken", "InvalidToken", "AccountTakedown", "AuthMissing")

CAPABILITIES = Capabilities(
    label="Bluesky",
    limit=300,
    count=texts.graphemes,
    unit="characters",
    link="card",
    card="client",
    image=ImageRules(
        types=("image/jpeg", "image/png"),
        max_bytes=1_000_000,
        max_pixels=16_000_000,
        width=1200,
        height=630,
        max_alt=2000,
    ),
    threads=True,
    find="always",
    replay=Replay(after=timedelta(0), until=timedelta(days=3650)),
    edit=False,
    delete=True,
    clicks=False,
    views=False,
    protected=texts.units,
    mentions=lambda text: tuple(dict.fromkeys(found[0] for found in _MENTION.finditer(text))),
    look=Look(
        colour="#0a5fd6",
        colour_dark="#6aa9ff",
        handle=lambda account: f"@{account.option('handle') or account.name}",
        links=texts.addresses,
        tags=lambda text: tuple(found.span() for found in _TAG.finditer(text)),
        short_links=30,
        card_words=("title", "description", "host"),
        actions=("Reply", "Repost", "Like"),
        share="https://bsky.app/intent/compose?text={text}%20{link}",
    ),
)


def tid(at: datetime, seed: str) -> str:
    """A record key that sorts by time: whole seconds of `at`, the rest and the clock's number from the seed."""
    digest = int.from_bytes(sha256(seed.encode()).digest()[:12])
    return encode_tid(int(at.timestamp()) * 1_000_000 + digest % 1_000_000, (digest >> 40) & 1023)


def encode_tid(microseconds: int, clock: int) -> str:
    """64 bits as 13 letters: a zero, 53 bits of microseconds, 10 bits of the clock's number."""
    number = (microseconds << 10) | clock
    return "".join(_TID[(number >> shift) & 31] for shift in range(60, -5, -5))


def facets(text: str, known: Mapping[str, str] = MappingProxyType({})) -> list[JsonValue]:
    """The links, hashtags and mentions of a text, as ranges of its UTF-8 bytes.

    `known` has the account (DID) behind each handle that may be mentioned; any other `@name` stays plain words.
    """
    kind = "app.bsky.richtext.facet#"
    found: list[tuple[int, int, dict[str, JsonValue]]] = [
        (start, end, {"$type": f"{kind}link", "uri": text[start:end]}) for start, end in texts.addresses(text)
    ]
    others: list[tuple[int, int, dict[str, JsonValue]]] = [
        (*match.span(), {"$type": f"{kind}tag", "tag": match[1]}) for match in _TAG.finditer(text)
    ]
    others += [
        (*match.span(), {"$type": f"{kind}mention", "did": known[match[0]]})
        for match in _MENTION.finditer(text)
        if match[0] in known
    ]
    for one in others:
        if not any(start < one[1] and one[0] < end for start, end, _ in found):
            found.append(one)
    return [
        {
            "index": {"byteStart": len(text[:start].encode()), "byteEnd": len(text[:end].encode())},
            "features": [feature],
        }
        for start, end, feature in sorted(found, key=lambda one: one[0])
    ]


def _room(text: str) -> int:
    """How much of the limit a text takes when its bytes count too: derived words are fitted into both limits."""
    size = len(text.encode("utf-8", "replace"))
    return max(texts.graphemes(text), -(-size * CAPABILITIES.limit // MAX_BYTES))


class Bluesky:
    """One account."""

    name: ClassVar[str] = "bluesky"
    api: ClassVar[str] = "https://bsky.social"
    renewal: ClassVar[Renewal] = Renewal(
        steps=(
            "In Bluesky: Settings, Privacy and security, App passwords. Delete the old one, *Add App Password*.",
            "Name it Byline; access to direct messages is not needed.",
            "Copy the password; it is shown once.",
        ),
        secrets=("BLUESKY_APP_PASSWORD",),
    )
    caps: Capabilities = CAPABILITIES

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._server = (account.option("server") or account.api).rstrip("/")
        self._session: dict[str, str] = {}
        self._quotas: dict[str, Quota] = {}

    @staticmethod
    def settings(block: Fields, accounts: tuple[Fields, ...]) -> None:
        """Of each account or of all: `server`, `language`; of an account its `handle`."""
        for fields in (block, *accounts):
            fields.url("server")
            fields.text(
                "language", pattern="[a-z]{2,3}(?:-[A-Za-z0-9]+)*", expected="a language's code, such as de,"
            )
        for fields in accounts:
            fields.text(
                "handle",
                pattern=r"@?[A-Za-z0-9.-]+",
                expected="the account's handle, such as acme.bsky.social,",
            )

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        """The words, and the card that carries the link. A picture chosen for Bluesky becomes the card's."""

        words = _words.compose(draft, self.caps, count=None if draft.written else _room)
        problems = list(words.problems)
        for part in words.parts:
            size = len(part.encode("utf-8", "replace"))
            if size > MAX_BYTES:
                problems.append(f"the text takes {size:,} bytes, more than the {MAX_BYTES:,} Bluesky allows")
        card = replace(
            draft.card,
            url=draft.link,
            title=texts.fit(draft.card.title, limit=_TITLE, count=texts.graphemes).text,
            description=texts.fit(draft.card.description, limit=_DESCRIPTION, count=texts.graphemes).text,
            picture=draft.image or draft.card.picture,
        )
        message = replace(
            words.message(draft, self._account, self.caps),
            used=tuple(texts.graphemes(part) for part in words.parts),
            card=card,
            image=None,
            language=draft.language,
        )
        return message, tuple(problems)

    def prepare(self, message: Message, delivery_id: str) -> tuple[Request, ...]:
        """Upload the card's picture and build one record a part; the same delivery gets the same keys in the same second."""
        assert message.card is not None
        did = self._signed_in()["did"]
        external: dict[str, JsonValue] = {
            "uri": message.card.url,
            "title": message.card.title,
            "description": message.card.description,
            "thumb": self._upload(message.card.picture),
        }
        now = self._clock.now().astimezone(UTC).replace(microsecond=0)
        language = self._account.option("language", message.language)
        known = {name: account for name in message.mentions if (account := self._behind(name))}
        requests: list[Request] = []
        for number, part in enumerate(message.parts):
            at = now + timedelta(seconds=number)
            record: dict[str, JsonValue] = {
                "$type": COLLECTION,
                "text": part,
                "createdAt": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
            }
            if language:
                record["langs"] = [language]
            if found := facets(part, known):
                record["facets"] = found
            if number == 0:
                record["embed"] = {"$type": "app.bsky.embed.external", "external": external}
            key = tid(at, f"{self._server}|{self._account.name}|{delivery_id}|{number}")
            body: dict[str, JsonValue] = {
                "repo": did,
                "collection": COLLECTION,
                "rkey": key,
                "record": record,
                "swapRecord": None,
                "validate": True,
            }
            requests.append(Request(part=number, path="/xrpc/com.atproto.repo.putRecord", body=body, key=key))
        return tuple(requests)

    def create(self, request: Request, before: tuple[Receipt, ...]) -> Receipt:
        """Write the record, once; the same record that is there already is a success, not a second post."""
        body = dict(request.body)
        if before:
            record = body["record"]
            assert isinstance(record, dict)
            body["record"] = {
                **record,
                "reply": {"root": self._strong(before[0]), "parent": self._strong(before[-1])},
            }
        answer = self._call("POST", request.path, json=body, create=True)
        uri = answer.object().get("uri")
        if not isinstance(uri, str) or not uri.startswith("at://"):
            raise self._http.broken(answer, service=SERVICE, create=True)
        return self._receipt(uri, self._clock.now())

    def find(
        self, request: Request, message_link: str, since: datetime, before: tuple[Receipt, ...]
    ) -> Found:
        """Read the record by its key: there or not is a proof either way."""
        uri = f"at://{request.body['repo']}/{COLLECTION}/{request.key}"
        record = self._record(uri)
        if record is None:
            return Found(receipt=None, certain=True, reason="the account has no post with our key")
        value = record.get("value")
        at = _time(value.get("createdAt") if isinstance(value, dict) else None, self._clock.now())
        return Found(receipt=self._receipt(uri, at, already=True), certain=True)

    def remote_id(self, url: str) -> str:
        """The at:// address of the post that a bsky.app address shows; by the account's name until we are signed in."""
        parts = urlsplit(url)
        found = _SHOWN.fullmatch(parts.path) if parts.hostname == "bsky.app" else None
        if found is None:
            return ""
        own = self._session.get("handle") == found[1]
        return f"at://{self._session['did'] if own else found[1]}/{COLLECTION}/{found[2]}"

    def health(self) -> Health:
        """Whose app password it is; it lasts until it is revoked."""
        session = self._signed_in()
        wanted = self._account.option("handle").lstrip("@").lower()
        who = f"@{session['handle']}"
        if wanted and wanted != session["handle"].lower():
            return Health(
                ok=False,
                who=who,
                message=f"the app password belongs to {who}, not to @{wanted}",
                fix=f"correct `handle` of the account `{self._account.name}`, or set the other account's secrets",
            )
        return Health(ok=True, who=who, message="ready; an app password lasts until it is revoked")

    def quotas(self) -> tuple[Quota, ...]:
        """What the account's server still takes, by its answers; `health` only signs in, of which few are allowed."""
        return tuple(self._quotas.values())

    def sign_in(self, desk: Desk) -> SignedIn:
        """Try an app password that the person made in the app's settings; no browser is needed."""
        handle = desk.ask("Handle, such as acme.bsky.social", variable="BLUESKY_IDENTIFIER").lstrip("@")
        password = desk.ask(
            "App password (Settings, Privacy and security, App passwords)",
            variable="BLUESKY_APP_PASSWORD",
            hidden=True,
        )
        if not re.fullmatch(r"[a-z0-9]{4}(-[a-z0-9]{4}){3}", password):
            raise NotSent(
                "this is no app password: one looks like abcd-efgh-ijkl-mnop. The account's own password is never used",
                service=SERVICE,
                cause="auth",
                hint="make one in Bluesky under Settings, Privacy and security, App passwords",
            )
        secret = {"BLUESKY_IDENTIFIER": handle, "BLUESKY_APP_PASSWORD": password}
        session = Bluesky(
            self._account, http=self._http, secrets=Secrets(secret), clock=self._clock
        )._signed_in()
        return SignedIn(
            secrets=secret,
            rights=("everything but the account's own settings",),
            options={} if self._account.option("handle") else {"handle": session["handle"]},
        )

    def metrics(self, remote_id: str) -> Metrics:
        """Likes, reposts with quotes, and answers; Bluesky counts neither views nor clicks."""
        answer = self._call("GET", "/xrpc/app.bsky.feed.getPosts", params={"uris": remote_id})
        posts = answer.object().get("posts")
        post = posts[0] if isinstance(posts, list) and posts and isinstance(posts[0], dict) else {}
        shares = [post.get(key) for key in ("repostCount", "quoteCount")]
        known = [value for value in shares if isinstance(value, int)]
        return Metrics(
            at=self._clock.now(),
            likes=_number(post, "likeCount"),
            comments=_number(post, "replyCount"),
            shares=sum(known) if known else None,
        )

    def edit(self, remote_id: str, message: Message) -> None:
        """Bluesky's apps show no edits: not offered."""
        raise Rejected(
            "Bluesky posts cannot be edited",
            service=SERVICE,
            hint="delete the post (`publish retract`) and write a new telling",
        )

    def delete(self, remote_id: str) -> None:
        """Take the post away; one that is gone is no error there."""
        repo, collection, key = _split(remote_id)
        self._call(
            "POST",
            "/xrpc/com.atproto.repo.deleteRecord",
            json={"repo": repo, "collection": collection, "rkey": key},
        )

    # The wire.

    def _signed_in(self) -> dict[str, str]:
        """One session a run. Its tokens are protected like the password."""
        if self._session:
            return self._session
        name = self._account.name
        identifier = self._http.secret(self._secrets, name, "BLUESKY_IDENTIFIER", service=SERVICE, shown=True)
        password = self._http.secret(
            self._secrets, name, "BLUESKY_APP_PASSWORD", service=SERVICE, aliases=("BLUESKY_PASSWORD",)
        )
        answer = self._http.request(
            "POST",
            f"{self._server}/xrpc/com.atproto.server.createSession",
            service=SERVICE,
            json={"identifier": identifier.lstrip("@"), "password": password},
        )
        self._note_quota(answer)
        if not answer.ok:
            raise self._failure(answer, create=False)
        session = answer.object()
        token, did = session.get("accessJwt"), session.get("did")
        if not isinstance(token, str) or not isinstance(did, str):
            raise self._http.broken(answer, service=SERVICE, create=False)
        self._http.protect("BLUESKY_SESSION", token)
        self._http.protect("BLUESKY_SESSION", str(session.get("refreshJwt") or ""))
        self._session = {
            "token": token,
            "did": did,
            "handle": str(session.get("handle") or did),
            "server": _own_server(session) or self._server,
        }
        return self._session

    def _call(
        self,
        method: str,
        path: str,
        *,
        json: JsonValue = None,
        params: Mapping[str, str] | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        create: bool = False,
        fresh: bool = True,
    ) -> Response:
        """One call; when the session ran out, nothing was done, and all but a create is asked again with a new one."""
        session = self._signed_in()
        answer = self._http.request(
            method,
            session["server"] + path,
            service=SERVICE,
            headers={"Authorization": f"Bearer {session['token']}", **(headers or {})},
            params=params,
            json=json,
            data=data,
            create=create,
        )
        self._note_quota(answer)
        if answer.ok:
            return answer
        if fresh and answer.status in (400, 401) and answer.object().get("error") == "ExpiredToken":
            self._session = {}
            if not create:
                return self._call(
                    method, path, json=json, params=params, data=data, headers=headers, fresh=False
                )
            raise NotSent(
                "Bluesky's session ran out; nothing was sent",
                service=SERVICE,
                cause="waiting",
                retry_at=self._clock.now(),
                status=answer.status,
            )
        raise self._failure(answer, create)

    def _note_quota(self, answer: Response) -> None:
        """Each kind of call has an allowance of its own, told by its window in seconds: `ratelimit-policy: 5000;w=3600`."""
        window = re.search(r";\s*w=(\d{1,7})", answer.headers.get("ratelimit-policy", ""))
        span = times.words(timedelta(seconds=int(window[1]))) if window else ""
        calls = "sign-ins" if answer.url.endswith("createSession") else "calls"
        what = f"{calls} in {span}" if span else calls
        for quota in _quotas.told(answer.headers, "ratelimit-", what=what):
            self._quotas[what] = quota

    def _failure(self, answer: Response, create: bool) -> RemoteError:
        error = str(answer.object().get("error") or "")
        message = answer.object().get("message")
        told = self._http.redact(f"{error}: {message}")[:300]
        refusal = Refusal(
            service=SERVICE,
            account=self._account.name,
            answer=answer,
            said=told if isinstance(message, str) else self._http.words(answer),
            http=self._http,
        )
        if answer.status in (401, 403) or error in _ABOUT_THE_PASSWORD:
            own = self._account.name.upper()
            return refusal.of_secret(
                f"make a new app password and set BLUESKY_IDENTIFIER and BLUESKY_APP_PASSWORD (or with __{own}); "
                "steps in docs/channels/bluesky.md",
                what="app password",
            )
        if answer.status == 429:
            return refusal.limited(_quotas.moment(answer.headers.get("ratelimit-reset", "")))
        return refusal.other(create)

    def _upload(self, picture: Picture) -> JsonValue:
        """The picture as a blob, to be named in the record within minutes."""
        made = _pictures.made(picture, self.caps.image, service=SERVICE, cropped=True)
        answer = self._call(
            "POST", "/xrpc/com.atproto.repo.uploadBlob", data=made.data, headers={"Content-Type": made.mime}
        )
        blob: JsonValue = answer.object().get("blob")
        if not isinstance(blob, dict):
            raise self._http.broken(answer, service=SERVICE, create=False)
        return blob

    def _behind(self, name: str) -> str:
        """The account (DID) that a handle stands for; empty when there is none."""
        try:
            answer = self._call(
                "GET",
                "/xrpc/com.atproto.identity.resolveHandle",
                params={"handle": name.removeprefix("@").lower()},
            )
        except Rejected:
            return ""
        did = answer.object().get("did")
        return did if isinstance(did, str) and did.startswith("did:") else ""

    def _record(self, uri: str) -> dict[str, Any] | None:
        repo, collection, key = _split(uri)
        try:
            answer = self._call(
                "GET",
                "/xrpc/com.atproto.repo.getRecord",
                params={"repo": repo, "collection": collection, "rkey": key},
            )
        except Rejected:  # RecordNotFound
            return None
        return answer.object()

    def _strong(self, receipt: Receipt) -> JsonValue:
        """The address and the content's hash of a post that is answered."""
        record = self._record(receipt.remote_id)
        cid = record.get("cid") if record else None
        if not isinstance(cid, str):
            raise Rejected(
                f"the part before this one ({receipt.remote_id}) is no longer on Bluesky",
                service=SERVICE,
                hint="delete the rest of the thread (`publish retract`) and write a new telling",
            )
        return {"uri": receipt.remote_id, "cid": cid}

    def _receipt(self, uri: str, at: datetime, *, already: bool = False) -> Receipt:
        did, _, key = _split(uri)
        who = self._session.get("handle") or did
        return Receipt(
            remote_id=uri, url=f"https://bsky.app/profile/{who}/post/{key}", at=at, already=already
        )


def _split(uri: str) -> tuple[str, str, str]:
    """Account, collection and key of an at:// address."""
    found = re.fullmatch(r"at://([^/]+)/([^/]+)/([^/]+)", uri)
    if found is None:
        raise Rejected(f"`{uri}` is no address of a post on Bluesky", service=SERVICE)
    return found[1], found[2], found[3]


def _own_server(session: Mapping[str, Any]) -> str:
    """The address of the server that holds the account, from its identity document; empty when it names none."""
    document = session.get("didDoc")
    services = document.get("service") if isinstance(document, dict) else None
    for service in services if isinstance(services, list) else ():
        endpoint = service.get("serviceEndpoint") if isinstance(service, dict) else None
        if (
            isinstance(endpoint, str)
            and str(service.get("id", "")).endswith("#atproto_pds")
            and urlsplit(endpoint).scheme == "https"
        ):
            return endpoint.rstrip("/")
    return ""


def _number(found: Mapping[str, Any], key: str) -> int | None:
    value = found.get(key)
    return value if isinstance(value, int) else None


def _time(value: Any, default: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return default
    return found if found.tzinfo else found.replace(tzinfo=UTC)


CHANNEL = Bluesky
