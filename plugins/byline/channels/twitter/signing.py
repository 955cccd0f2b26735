"""Signing in to Twitter with a browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from byline.channels import _oauth
from byline.channels.base import Desk, SignedIn
from byline.channels.twitter.network import SERVICE
from byline.errors import NotSent
from byline.http import Http
from byline.settings import Account
from byline.times import Clock


def sign_in(desk: Desk, account: Account, *, http: Http, clock: Clock, username: str) -> SignedIn:
    """OAuth 1.0a in three steps: the secrets last until they are revoked, which is what a CI needs.

    `username` is what the settings say, or empty; then the answer's is proposed for them.
    """
    from requests_oauthlib import OAuth1

    key = desk.ask("Consumer key (API key) of the app", variable="TWITTER_CONSUMER_KEY")
    secret = desk.ask(
        "Consumer secret (API key secret) of the app", variable="TWITTER_CONSUMER_SECRET", hidden=True
    )
    http.protect("TWITTER_CONSUMER_SECRET", secret)
    stamp = str(int(clock.now().timestamp()))
    asked = _tokens(
        account,
        http,
        "request_token",
        OAuth1(key, secret, callback_uri="oob" if desk.elsewhere else desk.redirect(), timestamp=stamp),
    )
    token = asked["oauth_token"]
    address = f"{account.api}/oauth/authorize?{urlencode({'oauth_token': token})}"
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
    given = _tokens(
        account,
        http,
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
    shown = given.get("screen_name", "")
    return SignedIn(
        secrets={
            "TWITTER_CONSUMER_KEY": key,
            "TWITTER_CONSUMER_SECRET": secret,
            "TWITTER_ACCESS_TOKEN": given["oauth_token"],
            "TWITTER_ACCESS_TOKEN_SECRET": given["oauth_token_secret"],
        },
        shared=("TWITTER_CONSUMER_KEY", "TWITTER_CONSUMER_SECRET"),
        rights=("read", "write"),
        options={"username": shown} if shown and not username else {},
    )


def _tokens(account: Account, http: Http, step: str, auth: Any) -> dict[str, str]:
    """One step of the sign-in; its answer is a form with a token and its secret."""
    answer = http.request("POST", f"{account.api}/oauth/{step}", service=SERVICE, auth=auth)
    found = dict(parse_qsl(answer.text))
    if not answer.ok or not found.get("oauth_token") or not found.get("oauth_token_secret"):
        raise NotSent(
            f"Twitter gave no token ({http.words(answer)})",
            service=SERVICE,
            cause="auth",
            status=answer.status,
            hint="check consumer key and secret, and that http://127.0.0.1:8793/callback is among the app's "
            "callback addresses, then sign in again",
        )
    http.protect("TOKEN_SECRET", found["oauth_token_secret"])
    return found
