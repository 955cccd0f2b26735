"""The apps and accounts of the service: OAuth 1.0a, whose signatures are verified and whose nonces are remembered."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar
from urllib.parse import parse_qsl, quote, unquote, urlencode

from byline import text as texts
from byline.testing.consent import to
from byline.testing.server import Answer, Call, Fake, PostedCard, PostedImage, answer
from byline.times import Clock


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


class Signing(Fake):
    """Who may call. `allow` signs an account in."""

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

    def _signed_by_token(self, call: Call) -> str:
        token = re.search(r'oauth_token="([^"]*)"', call.headers.get("authorization", ""))
        user = self.users.get(unquote(token[1])) if token else None
        return user.id if user else ""

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


def _pct(value: str) -> str:
    return quote(value, safe="-._~")
