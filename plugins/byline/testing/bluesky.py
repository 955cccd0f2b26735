"""A Bluesky server (PDS) as the protocol's documents and its reference implementation describe it.

Records are kept by key, a write with `swapRecord: null` never replaces, the same record again is a success without
a change, and posts are checked against the lexicon: graphemes, bytes, ranges, blobs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import regex

from byline.testing.server import Answer, Call, Case, Fake, Posted, PostedCard, PostedImage, answer
from byline.times import Clock

POST = "app.bsky.feed.post"
ACCESS_LIFE = timedelta(minutes=120)
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_URI = re.compile(
    r"[A-Za-z0-9_]+:(?://)?[^\s/\ufeff][^\s\ufeff]*"
)  # the server's own, JavaScript's idea of a space
_FACET = "app.bsky.richtext.facet#"
_Refusal = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class User:
    """One account of this server."""

    did: str
    handle: str
    password: str


@dataclass(slots=True, kw_only=True)
class _Record:
    cid: str
    value: dict[str, Any]


class Bluesky(Fake):
    """One server. `allow` makes an account with an app password."""

    label: ClassVar[str] = "Bluesky"

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.users: dict[str, User] = {}
        self.numbers: dict[str, dict[str, int]] = {}
        self.logins_in_five_minutes = 30
        self._sessions: dict[str, tuple[str, datetime]] = {}
        self._blobs: dict[str, PostedImage] = {}
        self._records: dict[tuple[str, str, str], _Record] = {}
        self.handles = {"dana.bsky.social": "did:plc:dana7nxzyoun6zhxrhs64oiz"}  # other people's
        self._serial = 0

    def allow(self, handle: str, password: str, *, did: str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz") -> None:
        """An account makes this app password."""
        self.users[did] = User(did=did, handle=handle, password=password)

    def kind_of(self, call: Call) -> str:
        kinds = {
            "com.atproto.repo.putRecord": "create",
            "com.atproto.repo.createRecord": "create",
            "com.atproto.repo.uploadBlob": "upload",
            "com.atproto.repo.listRecords": "list",
            "com.atproto.repo.deleteRecord": "delete",
            "com.atproto.server.createSession": "session",
        }
        return kinds.get(call.path.removeprefix("/xrpc/"), "read")

    def handle(self, call: Call) -> Answer:
        name = call.path.removeprefix("/xrpc/")
        if name == "com.atproto.server.createSession":
            return self._create_session(call)
        found = self._sessions.get(call.headers.get("authorization", "").removeprefix("Bearer "))
        if found is None:
            return self.unauthorized()
        did, ends = found
        if ends <= self.clock.now():
            return _refuse(400, "ExpiredToken", "Token has expired")
        body = call.json()
        asked = body if isinstance(body, dict) else {}
        if name == "com.atproto.repo.uploadBlob":
            return self._upload(call)
        if name == "com.atproto.repo.putRecord":
            return self._put(asked, did)
        if name == "com.atproto.repo.createRecord":
            return self._put({**asked, "rkey": asked.get("rkey") or self._key()}, did)
        if name == "com.atproto.repo.deleteRecord":
            return self._delete(asked, did)
        if name == "com.atproto.repo.getRecord":
            return self._get(call)
        if name == "com.atproto.identity.resolveHandle":
            return self._resolve(call.params.get("handle", ""))
        if name == "app.bsky.feed.getPosts":
            return self._get_posts(call)
        if name == "app.bsky.actor.getProfile":
            user = self.users[did]
            return answer(200, {"did": did, "handle": user.handle, "displayName": user.handle})
        return _refuse(501, "MethodNotImplemented", f"{name} is not implemented")

    def unauthorized(self) -> Answer:
        return _refuse(401, "AuthenticationRequired", "Invalid identifier or password")

    def allowance(self, call: Call) -> Mapping[str, str]:
        """Each kind of call has its own, told with its window."""
        if call.path.endswith("createSession"):
            what, limit, window = "logins", self.logins_in_five_minutes, timedelta(minutes=5)
        else:
            what, limit, window = "calls", 3000, timedelta(minutes=5)
            self.too_many(what, limit, window)
        left, ends = self.counted(what, limit, window)
        return {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(int(ends.timestamp())),
            "RateLimit-Policy": f"{limit};w={int(window.total_seconds())}",
        }

    def limited(self, *, bare: bool) -> Answer:
        reset = int((self.clock.now() + timedelta(minutes=11)).timestamp())
        headers = {"ratelimit-limit": "5000", "ratelimit-remaining": "0", "ratelimit-reset": str(reset)}
        return _refuse(429, "RateLimitExceeded", "Rate Limit Exceeded", {} if bare else headers)

    # Sessions and blobs.

    def _create_session(self, call: Call) -> Answer:
        until = self.too_many("logins", self.logins_in_five_minutes, timedelta(minutes=5))
        if until is not None:
            return self.limited(bare=False)
        body = call.json()
        asked = body if isinstance(body, dict) else {}
        for user in self.users.values():
            if asked.get("identifier") in (user.handle, user.did) and asked.get("password") == user.password:
                self._serial += 1
                token = self._token(user.did, "access")
                self._sessions[token] = (user.did, self.clock.now() + ACCESS_LIFE)
                return answer(
                    200,
                    {
                        "accessJwt": token,
                        "refreshJwt": self._token(user.did, "refresh"),
                        "did": user.did,
                        "handle": user.handle,
                        "active": True,
                        "didDoc": {
                            "id": user.did,
                            "service": [
                                {
                                    "id": "#atproto_pds",
                                    "type": "AtprotoPersonalDataServer",
                                    "serviceEndpoint": self.url,
                                }
                            ],
                        },
                    },
                )
        return self.unauthorized()

    def _token(self, did: str, kind: str) -> str:
        """A token in the form of a JSON web token; nobody checks its signature."""
        self._serial += 1
        now = int(self.clock.now().timestamp())
        head = {"typ": "at+jwt", "alg": "HS256"}
        claims = {
            "sub": did,
            "iat": now,
            "exp": now + 7200,
            "scope": f"com.atproto.{kind}",
            "jti": str(self._serial),
        }
        parts = [json.dumps(part).encode() for part in (head, claims)] + [b"signature"]
        return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)

    def _upload(self, call: Call) -> Answer:
        mime = call.headers.get("content-type", "")
        link = _cid(call.body, raw=True)
        self._blobs[link] = PostedImage(data=call.body, mime=mime)
        return answer(
            200, {"blob": {"$type": "blob", "ref": {"$link": link}, "mimeType": mime, "size": len(call.body)}}
        )

    # Records.

    def _put(self, asked: dict[str, Any], did: str) -> Answer:
        collection, key, value = asked.get("collection"), str(asked.get("rkey")), asked.get("record")
        if asked.get("repo") not in (did, self.users[did].handle):
            return _refuse(400, "InvalidRequest", "Could not find repo")
        if collection != POST or not _TID.fullmatch(key):
            return _refuse(400, "InvalidRequest", "Invalid rkey: the collection needs a TID")
        if not isinstance(value, dict):
            return _refuse(400, "InvalidRequest", "Input/record must be an object")
        wrong = self._wrong(value)
        if wrong is not None:
            return _refuse(400, *wrong)
        cid = _cid(json.dumps(value, sort_keys=True, ensure_ascii=False).encode())
        uri = f"at://{did}/{collection}/{key}"
        known = self._records.get((did, POST, key))
        if known is not None and known.cid != cid:
            if "swapRecord" in asked and asked["swapRecord"] is None:
                return _refuse(400, "InvalidSwap", f"Record was at {known.cid}")
            return _refuse(500, "InternalServerError", "Internal Server Error")
        if known is None:
            self._records[(did, POST, key)] = _Record(cid=cid, value=value)
            self._stand(uri, did, key, value)
        return answer(200, {"uri": uri, "cid": cid, "validationStatus": "valid"})

    def _stand(self, uri: str, did: str, key: str, value: dict[str, Any]) -> None:
        user = self.users[did]
        external = (value.get("embed") or {}).get("external") or {}
        features = [feature for facet in value.get("facets") or () for feature in facet["features"]]
        links = [one["uri"] for one in features if one["$type"] == _FACET + "link"]
        card = None
        if external:
            thumb = external.get("thumb")
            card = PostedCard(
                link=external["uri"],
                title=external["title"],
                description=external["description"],
                image=self._blobs.get(thumb["ref"]["$link"]) if thumb else None,
            )
        self.add(
            Posted(
                id=uri,
                author=did,
                name=user.handle,
                at=self.clock.now(),
                text=value["text"],
                link=card.link if card else (links[0] if links else ""),
                url=f"https://bsky.app/profile/{user.handle}/post/{key}",
                card=card,
                reply_to=((value.get("reply") or {}).get("parent") or {}).get("uri", ""),
                mentions=tuple(
                    self._handle_of(one["did"]) for one in features if one["$type"] == _FACET + "mention"
                ),
                tags=tuple(one["tag"] for one in features if one["$type"] == _FACET + "tag"),
                raw=value,
            )
        )

    def _resolve(self, handle: str) -> Answer:
        known = self.handles | {user.handle: user.did for user in self.users.values()}
        if handle not in known:
            return _refuse(400, "InvalidRequest", "Unable to resolve handle")
        return answer(200, {"did": known[handle]})

    def _handle_of(self, did: str) -> str:
        """As readers see it: a mention leads to the account behind it, whatever the words say."""
        known = self.handles | {user.handle: user.did for user in self.users.values()}
        return next((handle for handle, one in known.items() if one == did), did)

    def _wrong(self, value: dict[str, Any]) -> _Refusal | None:
        def bad(what: str) -> _Refusal:
            return "InvalidRequest", f"Invalid {POST} record: {what}"

        text = value.get("text")
        if value.get("$type") != POST or not isinstance(text, str):
            return bad("Record/text must be a string")
        if len(regex.findall(r"\X", text)) > 300:
            return bad("Record/text must not be longer than 300 graphemes")
        if len(text.encode()) > 3000:
            return bad("Record/text must not be longer than 3000 characters")
        if not re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", str(value.get("createdAt"))
        ):
            return bad("Record/createdAt must be an valid atproto datetime")
        if len(value.get("langs") or ()) > 3:
            return bad("Record/langs must not have more than 3 elements")
        return self._wrong_facets(text, value) or self._wrong_embed(value) or self._wrong_reply(value)

    def _wrong_facets(self, text: str, value: dict[str, Any]) -> _Refusal | None:
        data, end = text.encode(), 0
        for facet in value.get("facets") or ():
            index = facet.get("index") or {}
            first, last = index.get("byteStart"), index.get("byteEnd")
            if (
                not isinstance(first, int)
                or not isinstance(last, int)
                or not end <= first < last <= len(data)
            ):
                return "InvalidRequest", f"Invalid {POST} record: facets overlap or leave the text"
            try:
                data[first:last].decode()
            except UnicodeDecodeError:
                return "InvalidRequest", f"Invalid {POST} record: a facet cuts a character in two"
            end = last
            for feature in facet.get("features") or ():
                if feature.get("$type") == _FACET + "link" and not _URI.fullmatch(str(feature.get("uri"))):
                    return (
                        "InvalidRequest",
                        f"Invalid {POST} record: Record/facets/features/uri must be a uri",
                    )
        return None

    def _wrong_embed(self, value: dict[str, Any]) -> _Refusal | None:
        embed = value.get("embed")
        if embed is None:
            return None
        external = embed.get("external") if embed.get("$type") == "app.bsky.embed.external" else None
        if not isinstance(external, dict):
            return "InvalidRequest", "Record/embed is not known"
        for key in ("uri", "title", "description"):
            if not isinstance(external.get(key), str):
                return "InvalidRequest", f'Record/embed/external must have the property "{key}"'
        thumb = external.get("thumb")
        if thumb is None:
            return None
        blob = self._blobs.get((thumb.get("ref") or {}).get("$link", ""))
        if blob is None:
            return "InvalidRequest", "Could not find blob"
        if len(blob.data) > 1_000_000:
            return "BlobTooLarge", "This file is too large: the limit is 1000000 bytes"
        if not blob.mime.startswith("image/") or thumb.get("size") != len(blob.data):
            return "InvalidMimeType", "Wrong mimetype or size of the referenced blob"
        return None

    def _wrong_reply(self, value: dict[str, Any]) -> _Refusal | None:
        reply = value.get("reply") or {}
        for name in ("root", "parent") if reply else ():
            ref = reply.get(name) or {}
            known = self._records.get(tuple(str(ref.get("uri")).removeprefix("at://").split("/")))  # type: ignore[arg-type]
            if known is None or known.cid != ref.get("cid"):
                return "InvalidRequest", f"Record/reply/{name} must be a strong reference"
        return None

    def _delete(self, asked: dict[str, Any], did: str) -> Answer:
        if asked.get("repo") not in (did, self.users[did].handle):
            return _refuse(400, "InvalidRequest", "Could not find repo")
        key = str(asked.get("rkey"))
        if self._records.pop((did, str(asked.get("collection")), key), None) is not None:
            self.deleted.add(f"at://{did}/{asked.get('collection')}/{key}")
        return answer(200, {})

    def _get(self, call: Call) -> Answer:
        asked = call.params
        found = self._records.get((asked.get("repo", ""), asked.get("collection", ""), asked.get("rkey", "")))
        if found is None:
            return _refuse(400, "RecordNotFound", "Could not locate record")
        uri = f"at://{asked['repo']}/{asked['collection']}/{asked['rkey']}"
        return answer(200, {"uri": uri, "cid": found.cid, "value": found.value})

    def _get_posts(self, call: Call) -> Answer:
        shown = []
        for post in self.posts:
            if post.id == call.params.get("uris"):
                numbers = {"likeCount": 0, "repostCount": 0, "replyCount": 0, "quoteCount": 0}
                shown.append({"uri": post.id, "record": post.raw, **numbers, **self.numbers.get(post.id, {})})
        return answer(200, {"posts": shown})

    def _key(self) -> str:
        self._serial += 1
        number = (int(self.clock.now().timestamp() * 1_000_000) + self._serial) << 10
        return "".join(
            "234567abcdefghijklmnopqrstuvwxyz"[(number >> shift) & 31] for shift in range(60, -5, -5)
        )


def _cid(data: bytes, *, raw: bool = False) -> str:
    """The content's own name, as the protocol forms it for these bytes."""
    digest = hashlib.sha256(data).digest()
    head = bytes([1, 0x55 if raw else 0x71, 0x12, 0x20])
    return "b" + base64.b32encode(head + digest).decode().lower().rstrip("=")


def _refuse(status: int, error: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    return answer(status, {"error": error, "message": message}, headers)


def _signed_in(clock: Clock) -> Bluesky:
    fake = Bluesky(clock)
    fake.allow("acme.bsky.social", "abcd-efgh-ijkl-mnop")
    return fake


CASES = (
    Case(
        name="account",
        fake=_signed_in,
        environment={"BLUESKY_IDENTIFIER": "acme.bsky.social", "BLUESKY_APP_PASSWORD": "abcd-efgh-ijkl-mnop"},
        public=frozenset({"BLUESKY_IDENTIFIER"}),
    ),
)
