"""Who asks: tokens and their rights, the version of the call, pages and roles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from byline.testing.consent import Consent
from byline.testing.linkedin.shapes import Member, error
from byline.testing.server import Answer, Call, Fake, answer
from byline.times import Clock

VERSION_LIFE = 12  # months
ROLES = ("ADMINISTRATOR", "CONTENT_ADMIN", "CONTENT_ADMINISTRATOR", "DIRECT_SPONSORED_CONTENT_POSTER")


class Access(Fake):
    """Signing in. `members` maps a token to the member who gave it; `pages` names the organizations."""

    label: ClassVar[str] = "LinkedIn"

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.members: dict[str, Member] = {}
        self.pages: dict[str, str] = {}
        self.consent = Consent(self.clock, {"linkedin-app": "linkedin-app-secret"})
        self.visitor = Member(person="Kx1")  # who sits at the browser

    def allow(
        self,
        token: str,
        *,
        person: str,
        name: str = "Dana Weiss",
        organizations: Mapping[str, str] | None = None,
        scopes: frozenset[str] | None = None,
        life: timedelta = timedelta(days=60),
    ) -> None:
        """A member signs in: this token is theirs, with rights for their own profile and for these pages."""
        pages = dict.fromkeys(organizations or (), "ADMINISTRATOR")
        rights = {"openid", "profile", "w_member_social"}
        if organizations:
            rights |= {"w_organization_social", "r_organization_social", "rw_organization_admin"}
            self.pages.update(organizations)
        self.members[token] = Member(
            person=person,
            name=name,
            scopes=frozenset(rights) if scopes is None else scopes,
            organizations=pages,
            expires=self.clock.now() + life,
        )

    def unauthorized(self) -> Answer:
        return error(401, "The token used in the request has expired", code=65601)

    def _member(self, call: Call) -> Member | None:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        member = self.members.get(token) if scheme.lower() == "bearer" else None
        if member is None or (member.expires is not None and member.expires <= self.clock.now()):
            return None
        return member

    def _headers(self, call: Call) -> Answer | None:
        version = call.headers.get("linkedin-version", "")
        if not version:
            return error(
                400,
                "A version must be present. Please specify a version by adding the LinkedIn-Version header.",
            )
        now = self.clock.now()
        age = None
        if re.fullmatch(r"20\d\d(0[1-9]|1[0-2])", version):
            age = (now.year - int(version[:4])) * 12 + now.month - int(version[4:])
        if age is None or age < 0 or age > VERSION_LIFE:
            return answer(
                426,
                {
                    "status": 426,
                    "code": "NONEXISTENT_VERSION",
                    "message": f"Requested version {version} is not active",
                },
            )
        if call.headers.get("x-restli-protocol-version") != "2.0.0":
            return error(400, "X-Restli-Protocol-Version must be 2.0.0")
        if call.method == "POST" and not call.headers.get("content-type", "").startswith("application/json"):
            return error(415, "Unsupported content type")
        return None

    def _may_write(self, member: Member, author: str) -> bool:
        if author == member.urn:
            return "w_member_social" in member.scopes
        number = author.removeprefix("urn:li:organization:")
        return "w_organization_social" in member.scopes and member.organizations.get(number) in ROLES

    def _introspect(self, call: Call) -> Answer:
        member = self.members.get(call.form.get("token", ""))
        if not call.form.get("client_id") or not call.form.get("client_secret"):
            return error(401, "client authentication failed")
        if member is None:
            return answer(200, {"active": False})
        expires = member.expires or self.clock.now() + timedelta(days=60)
        return answer(
            200,
            {
                "active": expires > self.clock.now(),
                "status": "active" if expires > self.clock.now() else "expired",
                "expires_at": int(expires.timestamp()),
                "scope": ",".join(sorted(member.scopes)),
            },
        )

    def _grant(self, call: Call) -> Answer:
        grant = self.consent.redeem(call.form) if call.method == "POST" else None
        if grant is None or call.form.get("grant_type") != "authorization_code":
            return answer(
                401, {"error": "invalid_client", "error_description": "Client authentication failed"}
            )
        token = f"AQX-signed-in-{len(self.consent.granted)}-token"
        life = timedelta(days=60)
        self.members[token] = replace(self.visitor, scopes=grant.scopes, expires=self.clock.now() + life)
        return answer(
            200,
            {
                "access_token": token,
                "expires_in": int(life.total_seconds()),
                "scope": ",".join(sorted(grant.scopes)),
            },
        )

    def _acls(self, call: Call, member: Member) -> Answer:
        wanted = call.params.get("role")
        rows = [
            {
                "role": role,
                "state": "APPROVED",
                "organization": f"urn:li:organization:{number}",
                "roleAssignee": member.urn,
            }
            for number, role in member.organizations.items()
            if wanted in (None, role)
        ]
        return answer(200, {"elements": rows, "paging": {"start": 0, "count": len(rows)}})
