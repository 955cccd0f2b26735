"""Signed calls to Twitter, what its refusals mean, and what the calls cost."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from byline.channels import _quotas
from byline.channels._refusals import Refusal
from byline.channels.base import Fee, Paid, Quota
from byline.channels.twitter.network import ALLOWANCES, LISTED, PRICES, SERVICE
from byline.channels.twitter.reading import inner
from byline.errors import Duplicate, NotSent, RemoteError
from byline.http import Http, Response
from byline.model import JsonValue
from byline.settings import Account, Secrets
from byline.times import Clock


class TwitterCalls:
    """The way to one account."""

    def __init__(self, account: Account, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._account = account
        self._http = http
        self._secrets = secrets
        self._clock = clock
        self._fees: dict[str, Fee] = {}
        self._quotas: dict[str, Quota] = {}

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
                return user + LISTED * read

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
        usage = inner(answer.object(), "data")
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
        for names, what in ALLOWANCES:
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
        status, said = answer.status, self._said(answer)
        low = f"{said} {answer.object().get('type')}".lower()
        refusal = Refusal(
            service=SERVICE, account=self._account.name, answer=answer, said=said, http=self._http
        )
        if status == 402 or "usage-capped" in low or ("credits" in low and status in (403, 429)):
            return NotSent(
                f"Twitter sent nothing for {refusal.where}: the app has no credits left or reached its spending limit ({said})",
                service=SERVICE,
                cause="billing",
                status=status,
                request_id=self._http.redact(answer.request_id),
                hint="buy credits or raise the limit in Twitter's developer console",
            )
        if status == 403 and "duplicate" in low:
            return Duplicate(
                "Twitter has a post with these very words already", service=SERVICE, status=status
            )
        if status == 401 or (status == 403 and _is_about_rights(low)):
            return refusal.of_secret(
                "check TWITTER_CONSUMER_KEY, TWITTER_CONSUMER_SECRET, TWITTER_ACCESS_TOKEN and "
                f"TWITTER_ACCESS_TOKEN_SECRET (or with __{self._account.name.upper()}), that the app may write, and "
                "this machine's clock; steps: `publish manual twitter`",
                what="secrets",
            )
        if status == 429:
            return refusal.limited(_quotas.moment(answer.headers.get("x-rate-limit-reset", "")))
        return refusal.other(create)

    def _said(self, answer: Response) -> str:
        problem = answer.object()
        first = problem.get("errors")
        if isinstance(first, list) and first and isinstance(first[0], dict):
            inner = first[0].get("detail") or first[0].get("message")
        else:
            inner = None
        detail = inner or problem.get("detail") or problem.get("title")
        return self._http.redact(str(detail))[:300] if detail else self._http.words(answer)

    def _price(self, key: str) -> Decimal:
        try:
            return Decimal(self._account.option(key, str(PRICES[key])))
        except InvalidOperation:
            return PRICES[key]


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
