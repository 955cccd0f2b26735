"""Twitter (X) as its documentation describes it: signed calls, weighted counting, t.co, duplicates, prices.

Signatures are verified for real, nonces are remembered, and text is counted with the official rules. An address
that begins with http counts as a link whatever its host, so that a site on loopback behaves like a public one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, unquote, urlencode

from byline import text as texts
from byline.testing.consent import to
from byline.testing.server import Answer, Call, Case, Fake, Posted, PostedCard, PostedImage, answer
from byline.times import Clock

LIMIT = 280
_EPOCH = 1_288_834_974_657
_KEYS = {
    "text", "media", "reply", "poll", "quote_tweet_id", "reply_settings", "for_super_followers_only", "geo",
    "direct_message_deep_link", "made_with_ai", "edit_options", "community_id", "nullcast", "share_with_followers",
    "card_uri", "paid_partnership",
}  # fmt: skip
_MENTION = re.compile(r"(?<![\w!#$%&*@＠])[@＠](\w{1,20})(?![@＠]|\w|://)")
_TAG = re.compile(r"(?<![\w&])[#＃](\w*[^\W\d_]\w*)")
_CASHTAG = re.compile(r"(?<!\S)\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?=$|\W)")
_REFUSED = re.compile("[\ufffe\ufeff\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The four secrets of one app and account."""

    consumer_key: str
    consumer_secret: str
    token: str
    token_secret: str


@dataclass(slots=True, kw_only=True)
class User:
    """One account that signed in."""

    id: str
    username: str
    name: str
    keys: Keys
    media: dict[str, PostedImage] = field(default_factory=dict)
    alts: dict[str, str] = field(default_factory=dict)


class Twitter(Fake):
    """The service. `allow` signs an account in."""

    label: ClassVar[str] = "Twitter"

    def __init__(
        self, clock: Clock | None = None, *, scrape: Callable[[str], PostedCard | None] | None = None
    ) -> None:
        super().__init__(clock)
        self.users: dict[str, User] = {}
        self.scrape = scrape  # how a link's card is read from its page
        self.known_as = ("https://api.x.com", "https://api.twitter.com")  # hosts a signature may be made for
        self.read_only = False
        self.refuse_replies = False
        self.credits: Decimal | None = None  # None: enough
        self.spent = Decimal(0)  # on posts
        self.charged = Decimal(0)  # for reading and deleting
        self.bearer = "app-bearer-token"
        self._billed: set[str] = set()
        self.posts_in_15_minutes = 100
        self.numbers: dict[str, dict[str, int]] = {}  # a post's id -> its metrics
        self.app = ("twitter-consumer-key", "twitter-consumer-secret")
        self.pin = "4821773"  # what a sign-in without a way back shows
        self.denies = False  # the person at the browser says no
        self.forges = False  # the browser comes back for somebody else's sign-in
        self._asking: dict[str, str] = {}
        self._nonces: set[tuple[str, str]] = set()
        self._serial = 0
        texts.weighted("→")  # the rules of counting are loaded now, not during the first call

    def allow(
        self,
        consumer_key: str,
        consumer_secret: str,
        token: str,
        token_secret: str,
        *,
        username: str = "acme",
        name: str = "Acme",
        user_id: str = "2244994945",
    ) -> None:
        """An account gives the app these keys."""
        keys = Keys(
            consumer_key=consumer_key, consumer_secret=consumer_secret, token=token, token_secret=token_secret
        )
        self.users[token] = User(id=user_id, username=username, name=name, keys=keys)

    def kind_of(self, call: Call) -> str:
        if call.path == "/2/tweets" and call.method == "POST":
            return "create"
        if call.path.startswith("/2/media/"):
            return "upload"
        if re.fullmatch(r"/2/users/\d+/tweets", call.path):
            return "list"
        if call.path == "/oauth/access_token":
            return "token"
        return "delete" if call.method == "DELETE" else "read"

    def handle(self, call: Call) -> Answer:
        if call.path.startswith("/oauth/"):
            return self._sign_in(call)
        if call.path == "/2/usage/tweets":
            return self._usage(call)
        user = self._signed_by(call)
        if user is None:
            return self.unauthorized()
        if call.path == "/2/users/me":
            self.too_many("me", 75, timedelta(minutes=15))
            self._bill(f"user {user.id}", Decimal("0.010"))
            access = {"x-access-level": "read" if self.read_only else "read-write"}
            return answer(
                200, {"data": {"id": user.id, "name": user.name, "username": user.username}}, access
            )
        if call.path == "/2/tweets" and call.method == "POST":
            return self._create(call, user)
        if call.path == "/2/tweets":
            return self._lookup(call, user)
        if call.path == "/2/media/upload" and call.method == "POST":
            return self._upload(call, user)
        if call.path == "/2/media/metadata":
            return self._describe(call, user)
        if found := re.fullmatch(r"/2/users/(\d+)/tweets", call.path):
            return self._timeline(call, found[1])
        if found := re.fullmatch(r"/2/tweets/(\d+)", call.path):
            return self._delete(found[1], user) if call.method == "DELETE" else self._single(found[1])
        return _problem(404, "Not Found", "no such resource")

    def unauthorized(self) -> Answer:
        return _problem(401, "Unauthorized", "Unauthorized")

    def limited(self, *, bare: bool) -> Answer:
        reset = int((self.clock.now() + timedelta(minutes=9)).timestamp())
        headers = {
            "x-rate-limit-limit": "100",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(reset),
        }
        return _problem(429, "Too Many Requests", "Too Many Requests", headers={} if bare else headers)

    def allowance(self, call: Call) -> Mapping[str, str]:
        """75 looks at the account in 15 minutes; of posts also what the account and the app may do in a day."""
        if call.path == "/2/users/me":
            kinds = [("x-rate-limit", "me", 75, timedelta(minutes=15))]
        elif call.path == "/2/tweets" and call.method == "POST":
            user = self._signed_by_token(call)
            kinds = [
                ("x-rate-limit", f"posts {user}", self.posts_in_15_minutes, timedelta(minutes=15)),
                ("x-app-limit-24hour", "posts of the app", 10_000, timedelta(days=1)),
            ]
        else:
            return {}
        found: dict[str, str] = {}
        for header, what, limit, window in kinds:
            left, ends = self.counted(what, limit, window)
            found |= {
                f"{header}-limit": str(limit),
                f"{header}-remaining": str(left),
                f"{header}-reset": str(int(ends.timestamp())),
            }
        return found

    def _signed_by_token(self, call: Call) -> str:
        token = re.search(r'oauth_token="([^"]*)"', call.headers.get("authorization", ""))
        user = self.users.get(unquote(token[1])) if token else None
        return user.id if user else ""

    def without_id(self, given: Answer) -> Answer:
        return answer(given.status, {"data": {}})

    # Signatures.

    def _signed_by(self, call: Call) -> User | None:
        """The account whose keys signed the call; None when the signature, the time or the nonce is wrong."""
        scheme, _, rest = call.headers.get("authorization", "").partition(" ")
        if scheme != "OAuth":
            return None
        given = {unquote(k): unquote(v) for k, v in re.findall(r'(\w+)="([^"]*)"', rest)}
        user = self.users.get(given.get("oauth_token", ""))
        return user if user is not None and self._good(call, given, user.keys) else None

    def _good(self, call: Call, given: dict[str, str], keys: Keys) -> bool:
        """Do these keys sign this call, at this time, for the first time?"""
        if given.get("oauth_consumer_key") != keys.consumer_key:
            return False
        if given.get("oauth_signature_method") != "HMAC-SHA1" or given.get("oauth_version", "1.0") != "1.0":
            return False
        stamp, nonce = given.get("oauth_timestamp", ""), given.get("oauth_nonce", "")
        if not stamp.isdigit() or abs(int(stamp) - self.clock.now().timestamp()) > 300:
            return False
        if not nonce or (nonce, stamp) in self._nonces:
            return False
        signature = given.pop("oauth_signature", "")
        if not any(
            hmac.compare_digest(signature, sign(call, base + call.path, given, keys))
            for base in (self.url, *self.known_as)
        ):
            return False
        self._nonces.add((nonce, stamp))
        return True

    # Signing in.

    def _sign_in(self, call: Call) -> Answer:
        """OAuth 1.0a in three steps, for the one app there is."""
        if call.path == "/oauth/authorize":
            token = call.params.get("oauth_token", "")
            if token not in self._asking:
                return answer(403, {"error": "no such request token"})
            if self._asking[token] == "oob":
                page = "" if self.denies else f"<p>{self.pin}</p>"
                return Answer(status=200, body=page.encode(), headers={"Content-Type": "text/html"})
            if self.denies:
                return to(self._asking[token], {"denied": token})
            shown = "forged" if self.forges else token
            return to(self._asking[token], {"oauth_token": shown, "oauth_verifier": f"verify-{token}"})
        header = call.headers.get("authorization", "").partition(" ")[2]
        given = {unquote(k): unquote(v) for k, v in re.findall(r'(\w+)="([^"]*)"', header)}
        token = given.get("oauth_token", "")
        keys = Keys(
            consumer_key=self.app[0],
            consumer_secret=self.app[1],
            token=token,
            token_secret=f"{token}-secret" if token else "",
        )
        if not self._good(call, given, keys):
            return answer(401, {"errors": [{"code": 32, "message": "Could not authenticate you."}]})
        if call.path == "/oauth/request_token" and (
            given.get("oauth_callback", "").startswith("http") or given.get("oauth_callback") == "oob"
        ):
            token = f"request-{len(self._asking) + 1}"
            self._asking[token] = given["oauth_callback"]
            return _form(
                oauth_token=token, oauth_token_secret=f"{token}-secret", oauth_callback_confirmed="true"
            )
        proof = self.pin if self._asking.get(token) == "oob" else f"verify-{token}"
        if given.get("oauth_verifier") != proof or self._asking.pop(token, None) is None:
            return answer(401, {"errors": [{"code": 89, "message": "Invalid or expired token."}]})
        self.allow(*self.app, "2244994945-signed-in", "signed-in-token-secret")
        return _form(
            oauth_token="2244994945-signed-in",
            oauth_token_secret="signed-in-token-secret",
            user_id="2244994945",
            screen_name="acme",
        )

    # Posts.

    def _create(self, call: Call, user: User) -> Answer:
        body = call.json()
        if not isinstance(body, dict) or not call.headers.get("content-type", "").startswith(
            "application/json"
        ):
            return _invalid("the body must be a JSON object")
        unknown = set(body) - _KEYS
        if unknown:
            return _invalid(f"$.{sorted(unknown)[0]}: is not defined in the schema")
        if self.read_only:
            return _problem(
                403,
                "Forbidden",
                "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
                kind="https://api.twitter.com/2/problems/oauth1-permissions",
            )
        until = self.too_many(f"posts {user.id}", self.posts_in_15_minutes, timedelta(minutes=15))
        if until is not None:
            headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(until.timestamp()))}
            return _problem(429, "Too Many Requests", "Too Many Requests", headers=headers)
        text = body.get("text")
        media = (body.get("media") or {}).get("media_ids") or []
        if not isinstance(text, str) or (not text.strip() and not media) or _REFUSED.search(text):
            return _invalid("text is empty or holds a character that is not allowed")
        spans = links_in(text)
        if weight(text, spans) > LIMIT:
            return _problem(400, "Invalid Request", "Your Tweet text is too long.", kind=_INVALID)
        if len(_CASHTAG.findall(text)) > 1:
            return _invalid("You can only include a maximum of one cashtag in your post")
        if not isinstance(media, list) or len(media) > 4 or any(str(one) not in user.media for one in media):
            return _invalid("Your media IDs are invalid.")
        reply = str((body.get("reply") or {}).get("in_reply_to_tweet_id") or "")
        wrong = self._wrong_reply(reply, user)
        if wrong is not None:
            return wrong
        if any(post.author == user.id and post.raw.get("text") == text for post in self.posts):
            return _problem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
        price = Decimal("0.200") if spans else Decimal("0.015")
        if self.credits is not None and self.credits < price:
            return _problem(
                402,
                "Payment Required",
                "The account has no credits left",
                kind="https://api.twitter.com/2/problems/credits",
            )
        self.too_many("posts of the app", 10_000, timedelta(days=1))
        self.spent += price
        if self.credits is not None:
            self.credits -= price
        return self._stand(text, spans, media, reply, user, body)

    def _wrong_reply(self, reply: str, user: User) -> Answer | None:
        if not reply:
            return None
        first = self.by_id(reply)
        if first is None:
            return _invalid("The post that is replied to does not exist or is not visible to you.")
        if first.author != user.id or self.refuse_replies:
            return _problem(403, "Forbidden", "You are not permitted to perform this action")
        return None

    def _stand(
        self, text: str, spans: texts.Spans, media: list[Any], reply: str, user: User, body: Mapping[str, Any]
    ) -> Answer:
        self._serial += 1
        number = (int(self.clock.now().timestamp() * 1000) - _EPOCH) << 22 | self._serial & 0x3FFFFF
        links = [_full(text[start:end]) for start, end in spans]
        images = tuple(
            PostedImage(data=user.media[one].data, mime=user.media[one].mime, alt=user.alts.get(one, ""))
            for one in map(str, media)
        )
        post = self.add(
            Posted(
                id=str(number),
                author=user.id,
                name=user.name,
                at=self.clock.now(),
                text=text,
                link=links[0] if links else "",
                url=f"https://x.com/{user.username}/status/{number}",
                card=self.scrape(links[-1]) if self.scrape and links and not images else None,
                images=images,
                reply_to=reply,
                mentions=tuple(_MENTION.findall(_without(text, spans))),
                tags=tuple(_TAG.findall(_without(text, spans))),
                raw=body,
            )
        )
        shown = shorten(post)
        return answer(
            201, {"data": {"id": post.id, "text": shown["text"], "edit_history_tweet_ids": [post.id]}}
        )

    def _delete(self, remote_id: str, user: User) -> Answer:
        post = self.by_id(remote_id)
        if post is None:
            return _problem(404, "Not Found Error", f"Could not find tweet with id: [{remote_id}].")
        if post.author != user.id:
            return _problem(403, "Forbidden", "You are not authorized to delete this Tweet.")
        self.deleted.add(remote_id)
        self._bill(f"delete {remote_id}", Decimal("0.010"))
        return answer(200, {"data": {"deleted": True}})

    # Money.

    def _bill(self, what: str, price: Decimal) -> None:
        """A thing that is read is paid for once in a day of UTC."""
        day = f"{self.clock.now().astimezone(UTC):%Y-%m-%d} {what}"
        if day not in self._billed:
            self._billed.add(day)
            self.charged += price

    def _usage(self, call: Call) -> Answer:
        """How many posts the app has read this month; for its own token alone."""
        if call.headers.get("authorization") != f"Bearer {self.bearer}":
            return self.unauthorized()
        read = sum(1 for what in self._billed if " post " in what)
        return answer(
            200,
            {
                "data": {
                    "cap_reset_day": 7,
                    "project_cap": "2000000",
                    "project_id": "1",
                    "project_usage": str(read),
                }
            },
        )

    # Reading.

    def _timeline(self, call: Call, user_id: str) -> Answer:
        count = call.params.get("max_results", "10")
        if not count.isdigit() or not 5 <= int(count) <= 100:
            return _invalid(f"The `max_results` query parameter value [{count}] is not between 5 and 100")
        start = _time(call.params.get("start_time", ""))
        wanted = set(call.params.get("tweet.fields", "").split(","))
        found = [
            _fields(post, wanted)
            for post in self.listed()
            if post.author == user_id and (start is None or post.at >= start)
        ][: int(count)]
        for post in found:
            self._bill(f"post {post['id']}", Decimal("0.005"))
        meta = {"result_count": len(found)}
        return answer(200, {"data": found, "meta": meta} if found else {"meta": meta})

    def _single(self, remote_id: str) -> Answer:
        post = self.by_id(remote_id)
        if post is None:
            return _problem(404, "Not Found Error", f"Could not find tweet with id: [{remote_id}].")
        return answer(200, {"data": _fields(post, {"created_at", "entities"})})

    def _lookup(self, call: Call, user: User) -> Answer:
        wanted = set(call.params.get("tweet.fields", "").split(","))
        data: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for remote_id in call.params.get("ids", "").split(","):
            post = self.by_id(remote_id)
            old = post is not None and self.clock.now() - post.at > timedelta(days=30)
            if post is None or (old and "non_public_metrics" in wanted):
                errors.append(
                    {
                        "title": "Field Authorization Error" if post else "Not Found Error",
                        "detail": "Sorry, you are not authorized to access 'non_public_metrics.url_link_clicks' on the Tweet"
                        if post
                        else f"Could not find tweet with ids: [{remote_id}].",
                        "type": "https://api.twitter.com/2/problems/field-authorization",
                    }
                )
                continue
            shown = _fields(post, wanted)
            numbers = {
                "impression_count": 0,
                "like_count": 0,
                "reply_count": 0,
                "retweet_count": 0,
                "quote_count": 0,
            }
            numbers |= self.numbers.get(remote_id, {})
            if "public_metrics" in wanted:
                shown["public_metrics"] = {k: v for k, v in numbers.items() if k != "url_link_clicks"}
            if "non_public_metrics" in wanted and post.author == user.id:
                shown["non_public_metrics"] = {"url_link_clicks": numbers.get("url_link_clicks", 0)}
            self._bill(f"post {remote_id}", Decimal("0.005"))
            data.append(shown)
        return answer(200, ({"data": data} if data else {}) | ({"errors": errors} if errors else {}))

    # Pictures.

    def _upload(self, call: Call, user: User) -> Answer:
        parts = call.parts()
        if "media" not in parts or "media_category" not in parts:
            return _invalid("media and media_category are required")
        data = parts["media"].data
        mime = next(
            (
                m
                for s, m in ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG", "image/png"))
                if data.startswith(s)
            ),
            "",
        )
        if not mime:
            return _invalid("media type unrecognized")
        if len(data) > 5_000_000:
            return _problem(413, "Request Entity Too Large", "the picture is larger than 5 MB")
        media_id = str(1_880_028_106_020_515_840 + sum(len(one.media) for one in self.users.values()))
        user.media[media_id] = PostedImage(data=data, mime=mime)
        found = {
            "id": media_id,
            "media_key": f"3_{media_id}",
            "size": len(data),
            "expires_after_secs": 86_400,
        }
        return answer(200, {"data": found})

    def _describe(self, call: Call, user: User) -> Answer:
        body = call.json()
        media_id = str(body.get("id")) if isinstance(body, dict) else ""
        alt = (((body or {}).get("metadata") or {}).get("alt_text") or {}).get("text")
        if media_id not in user.media or not isinstance(alt, str) or not 0 < len(alt) <= 1000:
            return _invalid("id and an alt_text of up to 1000 characters are required")
        user.alts[media_id] = alt
        return answer(200, {"data": {"id": media_id}})


_INVALID = "https://api.twitter.com/2/problems/invalid-request"


def _form(**values: str) -> Answer:
    return Answer(status=200, body=urlencode(values).encode())


def sign(call: Call, url: str, oauth: Mapping[str, str], keys: Keys) -> str:
    """The HMAC-SHA1 signature of RFC 5849 for this call: query, oauth_* and a form body are signed, nothing else."""
    pairs = [*parse_qsl(call.query, keep_blank_values=True), *oauth.items()]
    if call.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        pairs += parse_qsl(call.body.decode(), keep_blank_values=True)
    joined = "&".join(f"{k}={v}" for k, v in sorted((_pct(k), _pct(v)) for k, v in pairs))
    base = "&".join((call.method, _pct(url), _pct(joined)))
    key = f"{_pct(keys.consumer_secret)}&{_pct(keys.token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def links_in(text: str) -> texts.Spans:
    """What becomes a link: by the official rules, and every address that begins with http."""
    spans = list(texts.addresses(text))
    for start, end in texts.twitter_links(text):
        if not any(s < end and start < e for s, e in spans):
            spans.append((start, end))
    return tuple(sorted(spans))


def weight(text: str, spans: texts.Spans) -> int:
    """The weighted length: every link 23."""
    return texts.weighted(_without(text, spans)) + 23 * len(spans) if spans else texts.weighted(text)


def shorten(post: Posted) -> dict[str, Any]:
    """The text with t.co links, and what each stands for."""
    out: list[str] = []
    entities: list[dict[str, Any]] = []
    at = 0
    for start, end in links_in(post.text):
        out.append(html.escape(post.text[at:start], quote=False))
        expanded = _full(post.text[start:end])
        short = "https://t.co/" + hashlib.sha256(f"{post.id}{start}".encode()).hexdigest()[:10]
        begin = len("".join(out))
        out.append(short)
        entities.append(
            {
                "start": begin,
                "end": begin + len(short),
                "url": short,
                "expanded_url": expanded,
                "display_url": re.sub(r"^https?://", "", expanded)[:26],
            }
        )
        at = end
    out.append(html.escape(post.text[at:], quote=False))
    return {"text": "".join(out), "urls": entities}


def _fields(post: Posted, wanted: set[str]) -> dict[str, Any]:
    short = shorten(post)
    shown: dict[str, Any] = {"id": post.id, "text": short["text"], "edit_history_tweet_ids": [post.id]}
    if "created_at" in wanted:
        shown["created_at"] = f"{post.at:%Y-%m-%dT%H:%M:%S}.000Z"
    if "entities" in wanted and short["urls"]:
        shown["entities"] = {"urls": short["urls"]}
    if "referenced_tweets" in wanted and post.reply_to:
        shown["referenced_tweets"] = [{"type": "replied_to", "id": post.reply_to}]
    return shown


def _without(text: str, spans: texts.Spans) -> str:
    """The text with nothing in place of its links."""
    out, at = [], 0
    for start, end in spans:
        out.append(text[at:start])
        at = end
    return "".join(out) + text[at:]


def _full(address: str) -> str:
    return address if re.match(r"https?://", address, re.I) else f"http://{address}"


def _pct(value: str) -> str:
    return quote(value, safe="-._~")


def _time(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _problem(
    status: int,
    title: str,
    detail: str,
    *,
    kind: str = "about:blank",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    value = {"title": title, "detail": detail, "type": kind, "status": status}
    return answer(status, value, {"Content-Type": "application/problem+json", **(headers or {})})


def _invalid(detail: str) -> Answer:
    return _problem(400, "Invalid Request", detail, kind=_INVALID)


def _signed_in(clock: Clock) -> Twitter:
    fake = Twitter(clock)
    fake.allow("consumer-key-1", "consumer-secret/+1", "2244994945-token", "token-secret&1")
    return fake


CASES = (
    Case(
        name="account",
        fake=_signed_in,
        environment={
            "TWITTER_CONSUMER_KEY": "consumer-key-1",
            "TWITTER_CONSUMER_SECRET": "consumer-secret/+1",
            "TWITTER_ACCESS_TOKEN": "2244994945-token",
            "TWITTER_ACCESS_TOKEN_SECRET": "token-secret&1",
        },
        threads="threads: true",
    ),
)
