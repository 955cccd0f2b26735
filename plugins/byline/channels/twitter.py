"""Twitter (X) posts and threads, with OAuth 1.0a: four secrets that last until they are revoked.

API: docs.x.com, "Manage Posts", "Media" and "Counting characters", read 2026-11.
Rights: an app with read and write access. Each post costs money, more with a link, and the plan shows how much.
Twitter makes the link card itself from the live page; a picture sent along takes the card's place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from byline import links
from byline import text as texts
from byline.channels import _oauth, _pictures, _quotas, _words
from byline.channels.base import (
    Capabilities,
    Desk,
    Draft,
    Fee,
    Found,
    Health,
    ImageRules,
    JsonValue,
    Look,
    Metrics,
    Paid,
    Quota,
    Receipt,
    Renewal,
    Request,
    SignedIn,
)
from byline.errors import Duplicate, NotSent, Rejected, RemoteError
from byline.fields import Fields
from byline.http import Http, Response
from byline.model import Message, Picture
from byline.settings import Account, Secrets
from byline.times import Clock

SERVICE = "Twitter"
COST_WITH_LINK = Decimal("0.200")
COST_WITHOUT_LINK = Decimal("0.015")
COST_ALT_TEXT = Decimal("0.005")
COST_READ, COST_USER, COST_DELETE = Decimal("0.005"), Decimal("0.010"), Decimal("0.010")
_LISTED = 20  # posts of the timeline that are looked at
_PRICES = {
    "cost_with_link": COST_WITH_LINK,
    "cost_without_link": COST_WITHOUT_LINK,
    "cost_read": COST_READ,
    "cost_user": COST_USER,
    "cost_delete": COST_DELETE,
}
_ID = r"\d{1,25}"
_USERNAME = r"[A-Za-z0-9_]{1,15}"
_STATUS = re.compile(r"/(?:i/web|[A-Za-z0-9_]{1,15})/status/(\d{1,25})(?:/.*)?")
_CASHTAG = re.compile(r"(?<!\S)\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?(?![\w$])")
_TAG = re.compile(r"(?<![\w&/@])@[A-Za-z0-9_]{1,15}\b|(?<![\w&])#\w*[^\W\d_]\w*|" + _CASHTAG.pattern)
_MENTION = re.compile(r"(?<![\w!#$%&*@＠/.=])[@＠][A-Za-z0-9_]{1,15}(?![\w@＠]|://)")
_EPOCH_OF_IDS = 1_288_834_974_657  # a post's id holds its time, in milliseconds since then
_CLICKS_KNOWN_FOR = timedelta(days=29, hours=12)

CAPABILITIES = Capabilities(
    label="Twitter",
    limit=280,
    count=texts.weighted,
    unit="characters",
    link="text",
    card="page",
    image=ImageRules(
        types=("image/jpeg", "image/png"),
        max_bytes=5_000_000,
        max_pixels=33_000_000,
        width=1200,
        height=675,
        max_alt=1000,
    ),
    threads=True,
    find="always",
    replay=None,
    edit=False,
    delete=True,
    clicks=True,
    views=True,
    protected=texts.units,
    mentions=lambda text: tuple(dict.fromkeys(found[0] for found in _MENTION.finditer(text))),
    defused=texts.unannounced,
    weight_of_link=texts.LINK_WEIGHT,
    look=Look(
        colour="#1d9bf0",
        colour_dark="#1d9bf0",
        handle=lambda account: "@" + account.option("username", account.name).lstrip("@"),
        links=texts.twitter_links,
        tags=lambda text: tuple(found.span() for found in _TAG.finditer(text)),
        short_links=34,
        card="over",
        card_words=("title", "host"),
        card_host="From {host}",
        actions=("Reply", "Repost", "Like", "Views", "Share"),
        share="https://x.com/intent/post?text={text}",
    ),
)


def _kind(method: str, path: str) -> str:
    """What a call does, in plain words: each kind has an allowance of its own."""
    kinds = {
        "/2/users/me": "looks at the account",
        "/2/tweets": "posts" if method == "POST" else "looks at posts",
    }
    return kinds.get(
        path,
        "deletions" if method == "DELETE" else "looks at the timeline" if "/users/" in path else "uploads",
    )


_ALLOWANCES: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    ("x-rate-limit-", lambda method, path: f"{_kind(method, path)} in 15 minutes"),
    ("x-user-limit-24hour-", lambda method, path: f"{_kind(method, path)} in 24 hours, this account"),
    ("x-app-limit-24hour-", lambda method, path: f"{_kind(method, path)} in 24 hours, the whole app"),
)


class Twitter:
    """One account."""

    name: ClassVar[str] = "twitter"
    api: ClassVar[str] = "https://api.x.com"
    renewal: ClassVar[Renewal] = Renewal(
        steps=(
            "Open the developer console of X, the app, *Keys and tokens*. The app must have the permission *Read and write*.",
            "Signed in as the account that posts: *Access token and secret*, *Generate* or *Regenerate*.",
            "Copy both, the token and its secret; they are shown once.",
        ),
        secrets=("TWITTER_ACCESS_TOKEN", "TWITTER_ACCESS_TOKEN_SECRET"),
    )
    caps: Capabilities = CAPABILITIES

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._username = account.option("username").lstrip("@")
        self._user_id = ""
        self._fees: dict[str, Fee] = {}
        self._quotas: dict[str, Quota] = {}
        self.caps = replace(
            CAPABILITIES, threads=account.option("threads", "true").lower() in ("true", "yes", "on")
        )

    @staticmethod
    def settings(block: Fields, accounts: tuple[Fields, ...]) -> None:
        """`threads` and the prices (`cost_…`) of the network; `threads` and `username` of an account."""
        for key, price in _PRICES.items():
            block.number(key, price, low=Decimal(0))
        for fields in (block, *accounts):
            fields.flag("threads", True)
        for fields in accounts:
            fields.text("username", pattern="@?" + _USERNAME, expected="the account's name without @")

    def compose(self, draft: Draft) -> tuple[Message, tuple[str, ...]]:
        """The words with the link in them, or a thread whose first part carries it; and what sending costs."""
        words = _words.compose(
            draft,
            self.caps,
            count=lambda part: texts.weighted(part, draft.link),
            threads_hint="threads are switched off for this account. Write one text, or delete `threads: false` under "
            "`channels.twitter` in mkdocs.yml",
        )
        problems = list(words.problems)
        for part in words.parts:
            if len(_CASHTAG.findall(part)) > 1:
                problems.append("the text has more than one cashtag ($NAME); Twitter takes one")
            if not texts.weighted_is_valid(part):
                problems.append("the text is empty or holds a character that Twitter refuses")
        message = Message(
            channel=self.name,
            account=self._account.name,
            parts=words.parts,
            link=draft.link,
            used=words.used,
            limit=self.caps.limit,
            card=None if draft.image else draft.card,
            image=draft.image,
            cut=words.cut,
            mentions=words.mentions,
            warnings=words.warnings,
            cost=self._cost(words.parts, draft),
            currency="USD",
        )
        return message, tuple(problems)

    def prepare(self, message: Message, delivery_id: str) -> tuple[Request, ...]:
        """Learn the account's name, upload the picture with its words, build one request a part."""
        self._me()
        media: dict[str, JsonValue] = {}
        if message.image is not None:
            media = {"media": {"media_ids": [self._upload(message.image)]}}
        return tuple(
            Request(part=number, path="/2/tweets", body={"text": part, **(media if number == 0 else {})})
            for number, part in enumerate(message.parts)
        )

    def create(self, request: Request, before: tuple[Receipt, ...]) -> Receipt:
        """Send one part, once; a part of a thread answers the part before it."""
        body = dict(request.body)
        if before:
            body["reply"] = {"in_reply_to_tweet_id": before[-1].remote_id}
        answer = self._call("POST", request.path, json=body, create=True)
        data = answer.object().get("data")
        remote_id = data.get("id") if isinstance(data, dict) else None
        if not isinstance(remote_id, str) or not remote_id:
            raise self._http.broken(answer, service=SERVICE, create=True)
        return self._receipt(remote_id, self._clock.now())

    def find(
        self, request: Request, message_link: str, since: datetime, before: tuple[Receipt, ...]
    ) -> Found:
        """Look in the account's own timeline: the link of a first part, the answer to the part before of a later one."""
        user, _ = self._me(ask=True)
        start = (since - timedelta(minutes=5)).astimezone(UTC)
        answer = self._call(
            "GET",
            f"/2/users/{user}/tweets",
            params={
                "max_results": str(_LISTED),
                "exclude": "retweets",
                "start_time": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                "tweet.fields": "created_at,entities,referenced_tweets",
            },
        )
        found = answer.object().get("data")
        self._read(found)
        for post in found if isinstance(found, list) else ():
            if isinstance(post, dict) and _is_ours(post, message_link, before):
                at = _time(post.get("created_at"), self._clock.now())
                return Found(receipt=self._receipt(str(post.get("id")), at, already=True), certain=True)
        return Found(
            receipt=None,
            certain=False,
            reason="the post is not in the account's timeline, but Twitter may list a new post late",
        )

    def remote_id(self, url: str) -> str:
        """The id in the address of a post."""
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.").removeprefix("mobile.")
        found = _STATUS.fullmatch(parts.path) if host in ("x.com", "twitter.com") else None
        return found[1] if found else ""

    def health(self) -> Health:
        """Whose secrets these are, and whether the app may write, where Twitter tells."""
        answer = self._call("GET", "/2/users/me")
        self._charge("user", "cost_user")
        data = answer.object().get("data")
        username = str(data.get("username") or "") if isinstance(data, dict) else ""
        access = answer.headers.get("x-access-level", "")
        if access == "read":
            return Health(
                ok=False,
                who=f"@{username}",
                message="the app may only read",
                fix='set the app to "Read and write", then make a new access token and secret',
                missing=("write",),
            )
        if self._username and username.lower() != self._username.lower():
            return Health(
                ok=False,
                who=f"@{username}",
                message=f"the secrets belong to @{username}, not to @{self._username}",
                fix=f"correct `username` of the account `{self._account.name}`, or set the other account's secrets",
            )
        return Health(ok=True, who=f"@{username}", message="ready; these secrets last until they are revoked")

    def sign_in(self, desk: Desk) -> SignedIn:
        """OAuth 1.0a in three steps: the secrets last until they are revoked, which is what a CI needs."""
        from requests_oauthlib import OAuth1

        key = desk.ask("Consumer key (API key) of the app", variable="TWITTER_CONSUMER_KEY")
        secret = desk.ask(
            "Consumer secret (API key secret) of the app", variable="TWITTER_CONSUMER_SECRET", hidden=True
        )
        self._http.protect("TWITTER_CONSUMER_SECRET", secret)
        stamp = str(int(self._clock.now().timestamp()))
        asked = self._tokens(
            "request_token",
            OAuth1(key, secret, callback_uri="oob" if desk.elsewhere else desk.redirect(), timestamp=stamp),
        )
        token = asked["oauth_token"]
        address = f"{self._account.api}/oauth/authorize?{urlencode({'oauth_token': token})}"
        if desk.elsewhere:
            verifier = desk.copy(address, "The number (PIN) that Twitter shows").strip()
        else:
            back = desk.visit(
                address,
                accept=lambda found: token in (found.get("oauth_token"), found.get("denied")),
            )
            verifier = back.get("oauth_verifier", "")
        if not verifier:
            raise _oauth.refused(SERVICE, "the app was not allowed")
        given = self._tokens(
            "access_token",
            OAuth1(
                key,
                secret,
                resource_owner_key=token,
                resource_owner_secret=asked["oauth_token_secret"],
                verifier=verifier,
                timestamp=stamp,
            ),
        )
        username = given.get("screen_name", "")
        return SignedIn(
            secrets={
                "TWITTER_CONSUMER_KEY": key,
                "TWITTER_CONSUMER_SECRET": secret,
                "TWITTER_ACCESS_TOKEN": given["oauth_token"],
                "TWITTER_ACCESS_TOKEN_SECRET": given["oauth_token_secret"],
            },
            shared=("TWITTER_CONSUMER_KEY", "TWITTER_CONSUMER_SECRET"),
            rights=("read", "write"),
            options={"username": username} if username and not self._username else {},
        )

    def _tokens(self, step: str, auth: Any) -> dict[str, str]:
        """One step of the sign-in; its answer is a form with a token and its secret."""
        answer = self._http.request("POST", f"{self._account.api}/oauth/{step}", service=SERVICE, auth=auth)
        found = dict(parse_qsl(answer.text))
        if not answer.ok or not found.get("oauth_token") or not found.get("oauth_token_secret"):
            raise NotSent(
                f"Twitter gave no token ({self._http.words(answer)})",
                service=SERVICE,
                cause="auth",
                status=answer.status,
                hint="check consumer key and secret, and that http://127.0.0.1:8793/callback is among the app's "
                "callback addresses, then sign in again",
            )
        self._http.protect("TOKEN_SECRET", found["oauth_token_secret"])
        return found

    def metrics(self, remote_id: str) -> Metrics:
        """Public numbers, and link clicks while the post is younger than 30 days (older ones are not given)."""
        now = self._clock.now()
        young = _age(remote_id, now) < _CLICKS_KNOWN_FOR
        fields = "public_metrics,non_public_metrics" if young else "public_metrics"
        post = self._post(remote_id, fields)
        if not post and young:
            post = self._post(remote_id, "public_metrics")
        public, own = _object(post, "public_metrics"), _object(post, "non_public_metrics")
        return Metrics(
            at=now,
            views=_number(public, "impression_count"),
            clicks=_number(own, "url_link_clicks"),
            likes=_number(public, "like_count"),
            comments=_number(public, "reply_count"),
            shares=_number(public, "repost_count", "retweet_count"),
        )

    def edit(self, remote_id: str, message: Message) -> None:
        """Twitter lets only subscribers edit, for an hour, as a new post: not offered."""
        raise Rejected(
            "Twitter posts cannot be edited",
            service=SERVICE,
            hint="delete the post (`publish retract`) and write a new telling",
        )

    def delete(self, remote_id: str) -> None:
        """Take one post away."""
        try:
            self._call("DELETE", f"/2/tweets/{remote_id}")
            self._charge(f"delete {remote_id}", "cost_delete")
        except Rejected as error:
            if error.status not in (404, 410):
                raise

    # Money and allowance.

    def price(self, call: Paid) -> Decimal:
        """The most that such a call costs. The account itself is asked for once a day, a post read twice is paid once."""
        read, user = self._price("cost_read"), self._price("cost_user")
        match call:
            case "delete":
                return self._price("cost_delete")
            case "metrics":
                return read
            case "health":
                return user
            case "find":
                return user + _LISTED * read

    def fees(self) -> tuple[Fee, ...]:
        """What was charged since this was asked last. A call that failed costs nothing."""
        found = tuple(self._fees.values())
        self._fees = {}
        return found

    def quotas(self) -> tuple[Quota, ...]:
        """By the last answers; with TWITTER_BEARER_TOKEN also how many posts the app has read this month."""
        return (*self._quotas.values(), *self._month())

    def _month(self) -> tuple[Quota, ...]:
        """GET /2/usage/tweets ("Usage", read 2026-11): free, and for the app's own token alone."""
        token = self._secrets.get("TWITTER_BEARER_TOKEN", self._account.name)
        if not token:
            return ()
        self._http.protect("TWITTER_BEARER_TOKEN", token)
        answer = self._http.request(
            "GET",
            f"{self._account.api}/2/usage/tweets",
            service=SERVICE,
            headers={"Authorization": f"Bearer {token}"},
        )
        if not answer.ok:
            raise self._failure(answer, create=False)
        usage = _object(answer.object(), "data")
        used, cap = str(usage.get("project_usage")), str(usage.get("project_cap"))
        if not (used.isdigit() and cap.isdigit()):
            return ()
        return (Quota(what="posts read this month by the app", limit=int(cap), used=int(used)),)

    def _charge(self, what: str, price: str) -> None:
        self._fees[what] = Fee(what=what, amount=self._price(price))

    def _read(self, found: Any) -> None:
        """Each post in an answer is charged."""
        for post in found if isinstance(found, list) else ():
            if isinstance(post, dict):
                self._charge(f"post {post.get('id')}", "cost_read")

    # The wire.

    def _call(
        self,
        method: str,
        path: str,
        *,
        json: JsonValue = None,
        params: dict[str, str] | None = None,
        data: dict[str, str] | None = None,
        files: dict[str, tuple[str, bytes, str]] | None = None,
        create: bool = False,
    ) -> Response:
        """One signed call; an answer other than 2xx is raised as what it means."""
        answer = self._http.request(
            method,
            self._account.api + path,
            service=SERVICE,
            params=params,
            json=json,
            data=data,
            files=files,
            auth=self._signature(),
            create=create,
        )
        for names, what in _ALLOWANCES:
            for quota in _quotas.told(answer.headers, names, what=what(method, path)):
                self._quotas[quota.what] = quota
        if not answer.ok:
            raise self._failure(answer, create)
        return answer

    def _signature(self) -> Any:
        from requests_oauthlib import OAuth1

        key, secret, token, token_secret = (
            self._http.secret(self._secrets, self._account.name, name, service=SERVICE, aliases=aliases)
            for name, aliases in (
                ("TWITTER_CONSUMER_KEY", ("TWITTER_API_CONSUMER_KEY",)),
                ("TWITTER_CONSUMER_SECRET", ("TWITTER_API_CONSUMER_SECRET",)),
                ("TWITTER_ACCESS_TOKEN", ("TWITTER_ACCESS_TOKEN_KEY",)),
                ("TWITTER_ACCESS_TOKEN_SECRET", ()),
            )
        )
        return OAuth1(
            key,
            client_secret=secret,
            resource_owner_key=token,
            resource_owner_secret=token_secret,
            timestamp=str(int(self._clock.now().timestamp())),
        )

    def _failure(self, answer: Response, create: bool) -> RemoteError:
        status, problem = answer.status, answer.object()
        said = self._said(answer)
        low = f"{said} {problem.get('type')}".lower()
        request_id = self._http.redact(answer.request_id)
        where = f"the account `{self._account.name}`"
        if status == 402 or "usage-capped" in low or ("credits" in low and status in (403, 429)):
            return NotSent(
                f"Twitter sent nothing for {where}: the app has no credits left or reached its spending limit ({said})",
                service=SERVICE,
                cause="billing",
                status=status,
                request_id=request_id,
                hint="buy credits or raise the limit in Twitter's developer console",
            )
        if status == 403 and "duplicate" in low:
            return Duplicate(
                "Twitter has a post with these very words already", service=SERVICE, status=status
            )
        if status == 401 or (status == 403 and _is_about_rights(low)):
            return NotSent(
                f"Twitter refused the secrets of {where} ({said})",
                service=SERVICE,
                cause="auth",
                status=status,
                request_id=request_id,
                hint="check TWITTER_CONSUMER_KEY, TWITTER_CONSUMER_SECRET, TWITTER_ACCESS_TOKEN and "
                f"TWITTER_ACCESS_TOKEN_SECRET (or with __{self._account.name.upper()}), that the app may write, and "
                "this machine's clock; steps in docs/channels/twitter.md",
            )
        if status == 429:
            until = _quotas.moment(answer.headers.get("x-rate-limit-reset", ""))
            return self._http.limited(
                answer,
                service=SERVICE,
                until=until,
                message=f"Twitter takes no more calls from {where} ({said})",
            )
        if status >= 500 or status == 408 or 300 <= status < 400:
            return self._http.broken(answer, service=SERVICE, create=create)
        return Rejected(
            f"Twitter refused the call from {where}: {said}",
            service=SERVICE,
            status=status,
            request_id=request_id,
            hint="change the text, the image or the link; it is not sent again as it is",
        )

    def _said(self, answer: Response) -> str:
        problem = answer.object()
        first = problem.get("errors")
        if isinstance(first, list) and first and isinstance(first[0], dict):
            inner = first[0].get("detail") or first[0].get("message")
        else:
            inner = None
        detail = inner or problem.get("detail") or problem.get("title")
        return self._http.redact(str(detail))[:300] if detail else self._http.words(answer)

    def _me(self, *, ask: bool = False) -> tuple[str, str]:
        """The account's id and name, asked once; nobody is asked when the name is in the settings and will do."""
        if self._username and not ask:
            return "", self._username
        if self._user_id:
            return self._user_id, self._username
        data = self._call("GET", "/2/users/me").object().get("data")
        self._charge("user", "cost_user")
        if not isinstance(data, dict) or not re.fullmatch(_ID, str(data.get("id"))):
            raise NotSent(
                "Twitter did not tell whose secrets these are; nothing was sent",
                service=SERVICE,
                cause="unreachable",
                retry_at=self._clock.now() + timedelta(minutes=5),
            )
        self._user_id, self._username = str(data["id"]), str(data.get("username") or self._username)
        return self._user_id, self._username

    def _receipt(self, remote_id: str, at: datetime, *, already: bool = False) -> Receipt:
        return Receipt(
            remote_id=remote_id,
            url=f"https://x.com/{self._username or 'i/web'}/status/{remote_id}",
            at=at,
            already=already,
        )

    def _upload(self, picture: Picture) -> str:
        made = _pictures.made(picture, self.caps.image, service=SERVICE, cropped=False)
        suffix = made.mime.partition("/")[2]
        answer = self._call(
            "POST",
            "/2/media/upload",
            data={"media_category": "tweet_image"},
            files={"media": (f"picture.{suffix}", made.data, made.mime)},
        )
        data = answer.object().get("data")
        media_id = data.get("id") if isinstance(data, dict) else None
        if not isinstance(media_id, str):
            raise self._http.broken(answer, service=SERVICE, create=False)
        if picture.alt:
            alt = texts.fit(picture.alt, limit=self.caps.image.max_alt, count=texts.utf16).text
            self._call(
                "POST", "/2/media/metadata", json={"id": media_id, "metadata": {"alt_text": {"text": alt}}}
            )
        return media_id

    def _post(self, remote_id: str, fields: str) -> dict[str, Any]:
        try:
            answer = self._call("GET", "/2/tweets", params={"ids": remote_id, "tweet.fields": fields})
        except Rejected:
            return {}
        found = answer.object().get("data")
        self._read(found)
        return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}

    def _cost(self, parts: tuple[str, ...], draft: Draft) -> Decimal:
        with_link, without = self._price("cost_with_link"), self._price("cost_without_link")
        total = sum(
            (
                with_link if (draft.link and draft.link in part) or texts.twitter_links(part) else without
                for part in parts
            ),
            Decimal(0),
        )
        return total + (COST_ALT_TEXT if draft.image is not None and draft.image.alt else 0)

    def _price(self, key: str) -> Decimal:
        try:
            return Decimal(self._account.option(key, str(_PRICES[key])))
        except InvalidOperation:
            return _PRICES[key]


def _is_about_rights(low: str) -> bool:
    return any(
        word in low
        for word in (
            "client-forbidden",
            "oauth1-permissions",
            "not permitted to access this feature",
            "unsupported authentication",
            "scope",
            "suspended",
            "locked",
        )
    )


def _is_ours(post: dict[str, Any], link: str, before: tuple[Receipt, ...]) -> bool:
    answered = [
        str(one.get("id"))
        for one in post.get("referenced_tweets") or ()
        if isinstance(one, dict) and one.get("type") == "replied_to"
    ]
    if before:
        return before[-1].remote_id in answered
    entities = _object(post, "entities").get("urls")
    shown = [
        str(one.get("expanded_url"))
        for one in (entities if isinstance(entities, list) else ())
        if isinstance(one, dict)
    ]
    shown += [
        word for word in str(post.get("text") or "").split() if word.startswith(("https://", "http://"))
    ]
    return not answered and any(links.same(one, link) for one in shown)


def _object(found: dict[str, Any], key: str) -> dict[str, Any]:
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def _number(found: dict[str, Any], *keys: str) -> int | None:
    for key in keys:
        value = found.get(key)
        if isinstance(value, int):
            return value
    return None


def _time(value: Any, default: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return default
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _age(remote_id: str, now: datetime) -> timedelta:
    """How old a post is, by its id; zero for an id that holds no time."""
    if not remote_id.isdigit() or int(remote_id) < 1 << 40:
        return timedelta(0)
    made = datetime.fromtimestamp(((int(remote_id) >> 22) + _EPOCH_OF_IDS) / 1000, UTC)
    return now - made


CHANNEL = Twitter
