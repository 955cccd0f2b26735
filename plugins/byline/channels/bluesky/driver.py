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
from byline.channels.bluesky.calls import BlueskyCalls
from byline.channels.bluesky.network import CAPABILITIES, COLLECTION, MAX_BYTES, RENEWAL, SERVICE
from byline.channels.bluesky.records import facets, room, split, tid
from byline.errors import NotSent, Rejected
from byline.fields import Fields
from byline.model import Message, Picture
from byline.settings import Secrets

_SHOWN = re.compile(r"/profile/(did:[a-z]+:[\w.:%-]+|[A-Za-z0-9.-]+)/post/([a-z2-7]{13})/?")
_TITLE, _DESCRIPTION = 300, 500


class Bluesky(BlueskyCalls):
    """One account."""

    name: ClassVar[str] = "bluesky"
    api: ClassVar[str] = "https://bsky.social"
    renewal: ClassVar[Renewal] = RENEWAL
    caps: Capabilities = CAPABILITIES

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

        words = _words.compose(draft, self.caps, count=None if draft.written else room)
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
        repo, collection, key = split(remote_id)
        self._call(
            "POST",
            "/xrpc/com.atproto.repo.deleteRecord",
            json={"repo": repo, "collection": collection, "rkey": key},
        )

    # The wire.

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
        repo, collection, key = split(uri)
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
        did, _, key = split(uri)
        who = self._session.get("handle") or did
        return Receipt(
            remote_id=uri, url=f"https://bsky.app/profile/{who}/post/{key}", at=at, already=already
        )


def _number(found: Mapping[str, Any], key: str) -> int | None:
    value = found.get(key)
    return value if isinstance(value, int) else None


def _time(value: Any, default: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return default
    return found if found.tzinfo else found.replace(tzinfo=UTC)
