"""Signing in by OAuth 2 with a code: state always, PKCE where the service has it, the code exchanged once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from byline.channels.base import Desk
from byline.errors import NotSent
from byline.http import Http, Response


def code_grant(
    desk: Desk,
    http: Http,
    *,
    service: str,
    authorize: str,
    token: str,
    client_id: str,
    client_secret: str,
    scopes: tuple[str, ...],
    pkce: bool = False,
    method: str = "POST",
    host: str = "127.0.0.1",
) -> Mapping[str, Any]:
    """Send the person to the service and exchange the code that comes back. The answer has an `access_token`.

    Raises NotSent (auth) when the person or the service says no.
    """
    http.protect("CLIENT_SECRET", client_secret)
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    redirect = desk.redirect(host)
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect,
        "scope": " ".join(scopes),
        "state": state,
    }
    if pkce:
        digest = hashlib.sha256(verifier.encode()).digest()
        asked |= {
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
    back = desk.visit(
        f"{authorize}?{urlencode(asked)}",
        accept=lambda found: hmac.compare_digest(found.get("state", "").encode(), state.encode()),
    )
    if "code" not in back:
        why = back.get("error_description") or back.get("error") or "it gave no reason"
        raise refused(service, why)
    http.protect("CODE", back["code"])
    form = {
        "grant_type": "authorization_code",
        "code": back["code"],
        "redirect_uri": redirect,
        "client_id": client_id,
        "client_secret": client_secret,
    }
    if pkce:
        form["code_verifier"] = verifier
    sent: dict[str, Any] = {"params": form} if method == "GET" else {"data": form}
    return token_of(http.request(method, token, service=service, **sent), http, service)


def token_of(answer: Response, http: Http, service: str) -> Mapping[str, Any]:
    """The answer that holds a token; the token is protected from here on."""
    found = answer.object()
    value = found.get("access_token")
    if not answer.ok or not isinstance(value, str) or not value:
        error = found.get("error_description") or found.get("error")
        if isinstance(error, dict):
            error = error.get("message")
        said = http.redact(error)[:200] if isinstance(error, str) else f"it answered {answer.status}"
        raise NotSent(
            f"{service} gave no token: {said}",
            service=service,
            cause="auth",
            status=answer.status,
            hint="check the app's id and secret and the callback address registered for it, then sign in again",
        )
    http.protect("ACCESS_TOKEN", value)
    return found


def refused(service: str, why: str) -> NotSent:
    """The person, or the service, said no in the browser."""
    return NotSent(
        f"{service} did not let us in: {' '.join(why.split())[:200]}",
        service=service,
        cause="auth",
        hint="sign in again and allow every right that is asked for",
    )
