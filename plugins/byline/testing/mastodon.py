"""A Mastodon server as its documentation describes it: keys, rights, counting, pictures that take a while."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import regex

from byline import text as texts
from byline.testing.consent import Consent
from byline.testing.server import Answer, Call, Case, Fake, Posted, PostedImage, answer
from byline.times import Clock

KEY_MEMORY = timedelta(hours=1)
_MENTION = re.compile(r"(?<![=/\w])@(\w+(?:[\w.-]+\w)?)(@[\w.-]+\w)?")
_TAG = re.compile(r"(?<![=/)\w])#(\w*[^\W\d_]\w*)")


@dataclass(slots=True, kw_only=True)
class User:
    """One account that gave a token."""

    id: str
    username: str
    scopes: frozenset[str]


@dataclass(slots=True, kw_only=True)
class _Media:
    id: str
    owner: str
    image: PostedImage
    ready: datetime
    used: bool = False


@dataclass(slots=True, kw_only=True)
class _Key:
    status: str
    at: datetime


class Mastodon(Fake):
    """One server. `allow` gives an account a token."""

    label: ClassVar[str] = "Mastodon"

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.users: dict[str, User] = {}
        self.limit = 500
        self.ignores_keys = False  # there are servers that do
        self.processing = timedelta(0)
        self.stuck = False
        self.tells_allowance = True
        self.limit_in_five_minutes = 300
        self.numbers: dict[str, dict[str, int]] = {}
        self.consent = Consent(self.clock)
        self._media: dict[str, _Media] = {}
        self._keys: dict[tuple[str, str], _Key] = {}
        self._next = 109_372_843_234_678_901

    def allow(
        self,
        token: str,
        *,
        username: str = "acme",
        user_id: str = "1",
        scopes: frozenset[str] = frozenset({"read", "write"}),
    ) -> None:
        """An account gives this token."""
        self.users[token] = User(id=user_id, username=username, scopes=scopes)

    def kind_of(self, call: Call) -> str:
        if call.path == "/api/v1/statuses" and call.method == "POST":
            return "create"
        if call.path == "/api/v2/media":
            return "upload"
        if call.path == "/oauth/token":
            return "token"
        if re.fullmatch(r"/api/v1/accounts/\w+/statuses", call.path):
            return "list"
        return {"DELETE": "delete", "PUT": "edit"}.get(call.method, "read")

    def handle(self, call: Call) -> Answer:
        if call.path in ("/api/v2/instance", "/api/v2/instance/", "/api/v1/instance", "/api/v1/instance/"):
            return self._instance()
        if call.path == "/api/v1/apps" and call.method == "POST":
            return self._register(call)
        if call.path == "/oauth/authorize":
            return self.consent.authorize(call)
        if call.path == "/oauth/token":
            return self._grant(call)
        user = self.users.get(call.headers.get("authorization", "").removeprefix("Bearer "))
        if user is None:
            return self.unauthorized()
        until = self.too_many(f"calls {user.id}", self.limit_in_five_minutes, timedelta(minutes=5))
        if until is not None:
            return self.limited(bare=False)
        path = call.path.rstrip("/")
        if path == "/api/v1/accounts/verify_credentials":
            return answer(200, self._account(user))
        if path == "/api/v1/apps/verify_credentials":
            return answer(200, {"name": "Byline", "scopes": sorted(user.scopes)})
        if path == "/api/v1/statuses" and call.method == "POST":
            return self._create(call, user)
        if path == "/api/v2/media":
            return self._upload(call, user)
        if found := re.fullmatch(r"/api/v1/media/(\w+)", path):
            return self._media_state(found[1], user)
        if found := re.fullmatch(r"/api/v1/accounts/(\w+)/statuses", path):
            return self._list(call, found[1])
        if found := re.fullmatch(r"/api/v1/statuses/(\w+)", path):
            return self._one(call, user, found[1])
        return answer(404, {"error": "Record not found"})

    def unauthorized(self) -> Answer:
        return answer(401, {"error": "The access token is invalid"})

    def allowance(self, call: Call) -> Mapping[str, str]:
        user = self.users.get(call.headers.get("authorization", "").removeprefix("Bearer "))
        if user is None or not self.tells_allowance:
            return {}
        left, ends = self.counted(f"calls {user.id}", self.limit_in_five_minutes, timedelta(minutes=5))
        return {
            "X-RateLimit-Limit": str(self.limit_in_five_minutes),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": _iso(ends),
        }

    def limited(self, *, bare: bool) -> Answer:
        reset = self.clock.now() + timedelta(minutes=4)
        headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": _iso(reset)}
        return answer(429, {"error": "Too many requests"}, {} if bare else headers)

    # Signing in.

    def _register(self, call: Call) -> Answer:
        asked = _fields(call)
        if not asked.get("client_name") or not str(asked.get("redirect_uris", "")).startswith("http"):
            return answer(422, {"error": "Validation failed: Redirect URI must be an absolute URI."})
        client_id = f"mastodon-app-{len(self.consent.apps) + 1}"
        self.consent.apps[client_id] = f"{client_id}-secret"
        return answer(
            200,
            {"name": asked["client_name"], "client_id": client_id, "client_secret": f"{client_id}-secret"},
        )

    def _grant(self, call: Call) -> Answer:
        grant = self.consent.redeem(_fields(call))
        if grant is None:
            return answer(
                400, {"error": "invalid_grant", "error_description": "The authorization code is invalid."}
            )
        token = f"mastodon-signed-in-{len(self.consent.granted)}"
        self.allow(token, scopes=grant.scopes)
        scope = " ".join(sorted(grant.scopes))
        return answer(
            200,
            {
                "access_token": token,
                "token_type": "Bearer",
                "scope": scope,
                "created_at": int(self.clock.now().timestamp()),
            },
        )

    # Posts.

    def _create(self, call: Call, user: User) -> Answer:
        if not {"write", "write:statuses"} & user.scopes:
            return answer(403, {"error": "This action is outside the authorized scopes"})
        now = self.clock.now()
        key = (user.id, call.headers.get("idempotency-key", ""))
        known = self._keys.get(key)
        if key[1] and not self.ignores_keys and known and now - known.at < KEY_MEMORY:
            post = self.by_id(known.status)
            if post is not None:
                return answer(200, self._status(post))
        asked = _fields(call)
        text = str(asked.get("status") or "")
        media = [str(one) for one in asked.get("media_ids") or ()]
        wrong = self._wrong(text, media, asked, user)
        if wrong:
            return answer(422, {"error": f"Validation failed: {wrong}"})
        reply = str(asked.get("in_reply_to_id") or "")
        if reply and self.by_id(reply) is None:
            return answer(404, {"error": "The post you are trying to reply to does not exist"})
        self._next += 1
        remote_id = str(self._next)
        for one in media:
            self._media[one].used = True
        spans = texts.addresses(text)
        post = self.add(
            Posted(
                id=remote_id,
                author=user.id,
                name=user.username,
                at=now,
                text=text,
                link=text[slice(*spans[0])] if spans else "",
                url=f"{self.url}/@{user.username}/{remote_id}",
                images=tuple(self._media[one].image for one in media),
                reply_to=reply,
                mentions=_mentions(text),
                tags=tuple(_TAG.findall(text)),
                raw={**asked, "media_ids": media},
            )
        )
        if key[1]:
            self._keys[key] = _Key(status=remote_id, at=now)
        return answer(200, self._status(post))

    def _wrong(self, text: str, media: list[str], asked: Mapping[str, Any], user: User) -> str:
        if not text.strip() and not media:
            return "Text can't be blank"
        if counted(text) > self.limit:
            return f"Text character limit of {self.limit} exceeded"
        if asked.get("visibility") not in (None, "public", "unlisted", "private", "direct"):
            return "Visibility is not included in the list"
        for one in media:
            found = self._media.get(one)
            if found is None or found.owner != user.id or found.used:
                return "Media attachments are not valid"
            if self._processing(found):
                return "Cannot attach files that have not finished processing. Try again in a moment!"
        return ""

    def _one(self, call: Call, user: User, remote_id: str) -> Answer:
        post = self.by_id(remote_id)
        if post is None or (call.method != "GET" and post.author != user.id):
            return answer(404, {"error": "Record not found"})
        if call.method == "DELETE":
            self.deleted.add(remote_id)
            return answer(200, {**self._status(post), "text": post.text})
        if call.method == "PUT":
            asked = _fields(call)
            text = str(asked.get("status") or "")
            if counted(text) > self.limit:
                return answer(422, {"error": "Validation failed: Text character limit exceeded"})
            kept = {str(one) for one in asked.get("media_ids") or ()}
            images = tuple(one.image for one in self._media.values() if one.id in kept)
            spans = texts.addresses(text)
            post = self.change(
                post,
                text=text,
                link=text[slice(*spans[0])] if spans else "",
                images=images,
                mentions=_mentions(text),
                raw={**post.raw, "status": text, "media_ids": sorted(kept)},
            )
        return answer(200, self._status(post))

    def _list(self, call: Call, user_id: str) -> Answer:
        count = min(int(call.params.get("limit") or 20), 40)
        return answer(200, [self._status(post) for post in self.listed() if post.author == user_id][:count])

    def _status(self, post: Posted) -> dict[str, Any]:
        user = next(user for user in self.users.values() if user.id == post.author)
        numbers = self.numbers.get(post.id, {})
        return {
            "id": post.id,
            "uri": f"{self.url}/users/{user.username}/statuses/{post.id}",
            "url": post.url,
            "created_at": _iso(post.at),
            "account": self._account(user),
            "in_reply_to_id": post.reply_to or None,
            "visibility": post.raw.get("visibility") or "public",
            "language": post.raw.get("language"),
            "sensitive": False,
            "spoiler_text": "",
            "content": page(post.text),
            "card": None,
            "media_attachments": [
                {"id": one, "type": "image", "description": self._media[one].image.alt}
                for one in post.raw.get("media_ids") or ()
            ],
            "mentions": [],
            "tags": [{"name": tag, "url": f"{self.url}/tags/{tag}"} for tag in post.tags],
            "emojis": [],
            "reblog": None,
            "reblogs_count": numbers.get("reblogs_count", 0),
            "favourites_count": numbers.get("favourites_count", 0),
            "replies_count": numbers.get("replies_count", 0),
        }

    # Pictures and the server itself.

    def _upload(self, call: Call, user: User) -> Answer:
        if not {"write", "write:media"} & user.scopes:
            return answer(403, {"error": "This action is outside the authorized scopes"})
        parts = call.parts()
        file = parts.get("file")
        if file is None or not file.data.startswith((b"\xff\xd8\xff", b"\x89PNG", b"GIF8")):
            return answer(422, {"error": "Validation failed: File content type is invalid"})
        if len(file.data) > 16_777_216:
            return answer(422, {"error": "Validation failed: File must be less than 16 MB"})
        alt = parts["description"].data.decode() if "description" in parts else ""
        if len(alt) > 1500:
            return answer(422, {"error": "Validation failed: Description is too long"})
        mime = "image/jpeg" if file.data.startswith(b"\xff\xd8") else "image/png"
        media_id = str(22_000 + len(self._media))
        found = self._media[media_id] = _Media(
            id=media_id,
            owner=user.id,
            image=PostedImage(data=file.data, mime=mime, alt=alt),
            ready=self.clock.now() + self.processing,
        )
        waits = self._processing(found)
        return answer(202 if waits else 200, self._attachment(found, waits))

    def _media_state(self, media_id: str, user: User) -> Answer:
        found = self._media.get(media_id)
        if found is None or found.owner != user.id:
            return answer(404, {"error": "Record not found"})
        waits = self._processing(found)
        return answer(206 if waits else 200, self._attachment(found, waits))

    def _attachment(self, found: _Media, waits: bool) -> dict[str, Any]:
        url = None if waits else f"{self.url}/media/{found.id}.png"
        return {"id": found.id, "type": "image", "url": url, "description": found.image.alt or None}

    def _processing(self, found: _Media) -> bool:
        return self.stuck or self.clock.now() < found.ready

    def _account(self, user: User) -> dict[str, Any]:
        return {
            "id": user.id,
            "username": user.username,
            "acct": user.username,
            "display_name": user.username,
        }

    def _instance(self) -> Answer:
        statuses = {
            "max_characters": self.limit,
            "max_media_attachments": 4,
            "characters_reserved_per_url": 23,
        }
        media = {
            "description_limit": 1500,
            "image_size_limit": 16_777_216,
            "image_matrix_limit": 33_177_600,
            "supported_mime_types": ["image/jpeg", "image/png", "image/gif", "image/webp"],
        }
        value = {
            "domain": "social.example",
            "title": "Social",
            "version": "4.5.0",
            "api_versions": {"mastodon": 7},
            "configuration": {"statuses": statuses, "media_attachments": media},
        }
        return answer(200, value)


def counted(text: str) -> int:
    """A status's length by the server's own rules."""
    text = re.sub(r"(?<![=/\w])(@\w[\w.-]*)@[\w.-]*\w", r"\1", _spaced(text))
    return len(regex.findall(r"\X", text))


def _spaced(text: str) -> str:
    for start, end in reversed(texts.addresses(text)):
        text = text[:start] + "x" * 23 + text[end:]
    return text


def page(text: str) -> str:
    """The text as the server's HTML: addresses linked, their https:// hidden and their end cut for the eye."""
    out: list[str] = []
    at = 0
    for start, end in texts.addresses(text):
        address = text[start:end]
        scheme, _, rest = address.partition("//")
        out.append(html.escape(text[at:start]))
        out.append(
            f'<a href="{html.escape(address)}" target="_blank" rel="nofollow noopener" translate="no">'
            f'<span class="invisible">{scheme}//</span><span class="ellipsis">{html.escape(rest[:30])}</span>'
            f'<span class="invisible">{html.escape(rest[30:])}</span></a>'
        )
        at = end
    out.append(html.escape(text[at:]))
    return "<p>" + "".join(out).replace("\n\n", "</p><p>").replace("\n", "<br />") + "</p>"


def _mentions(text: str) -> tuple[str, ...]:
    return tuple(found[0] + found[1] for found in _MENTION.findall(_spaced(text)))


def _fields(call: Call) -> dict[str, Any]:
    """The fields of a JSON or form body, `name[]` as a list."""
    if call.headers.get("content-type", "").startswith("application/json"):
        body = call.json()
        return body if isinstance(body, dict) else {}
    from urllib.parse import parse_qsl

    found: dict[str, Any] = {}
    for name, value in parse_qsl(call.body.decode(), keep_blank_values=True):
        if name.endswith("[]"):
            found.setdefault(name[:-2], []).append(value)
        else:
            found[name] = value
    return found


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"


def _signed_in(clock: Clock) -> Mastodon:
    fake = Mastodon(clock)
    fake.allow("mastodon-token-of-acme")
    return fake


CASES = (
    Case(
        name="account",
        fake=_signed_in,
        environment={"MASTODON_ACCESS_TOKEN": "mastodon-token-of-acme"},
        block="{api: '{api}'}",
    ),
)
