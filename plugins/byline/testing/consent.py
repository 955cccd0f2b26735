"""The sign-in page of a service as a browser meets it: consent, codes that are good once, and people who say no."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from byline.testing.server import Answer, Call
from byline.times import Clock

CODE_LIFE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a code stands for."""

    client_id: str
    redirect: str
    scopes: frozenset[str]
    challenge: str
    at: datetime


class Consent:
    """OAuth 2 with codes. `apps` maps a client's id to its secret.

    Set `denies` for a person who says no, `forges` for a page that answers with a state of its own.
    """

    def __init__(self, clock: Clock, apps: Mapping[str, str] | None = None) -> None:
        self.clock = clock
        self.apps = dict(apps or {})
        self.denies = False
        self.forges = False
        self.granted: list[Grant] = []
        self._codes: dict[str, Grant] = {}

    def authorize(self, call: Call) -> Answer:
        """The page after the person clicked: back to the application with a code, or with a refusal."""
        asked = call.params
        redirect = asked.get("redirect_uri", "")
        if (
            asked.get("client_id") not in self.apps
            or asked.get("response_type") != "code"
            or not redirect.startswith("http")
        ):
            return Answer(status=400, body=b"this application is not known")
        state = "forged" if self.forges else asked.get("state", "")
        if self.denies:
            back = {"error": "access_denied", "error_description": "The person said no", "state": state}
            return to(redirect, back)
        code = f"code-{len(self._codes) + 1}-of-the-sign-in"
        self._codes[code] = Grant(
            client_id=asked["client_id"],
            redirect=redirect,
            scopes=frozenset(asked.get("scope", "").replace(",", " ").split()),
            challenge=asked.get("code_challenge", ""),
            at=self.clock.now(),
        )
        return to(redirect, {"code": code, "state": state})

    def redeem(self, form: Mapping[str, str]) -> Grant | None:
        """What the code stands for, once; None for a wrong secret, address, code or verifier."""
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or self.clock.now() - grant.at > CODE_LIFE:
            return None
        secret = self.apps.get(form.get("client_id", ""), "")
        good = (
            grant.client_id == form.get("client_id")
            and hmac.compare_digest(secret, form.get("client_secret", ""))
            and grant.redirect == form.get("redirect_uri")
            and (not grant.challenge or grant.challenge == challenge(form.get("code_verifier", "")))
        )
        if good:
            self.granted.append(grant)
        return grant if good else None


def challenge(verifier: str) -> str:
    """PKCE's S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def to(redirect: str, values: Mapping[str, str]) -> Answer:
    """Send the browser back to the application."""
    joint = "&" if "?" in redirect else "?"
    return Answer(status=302, headers={"Location": f"{redirect}{joint}{urlencode(values)}"})
