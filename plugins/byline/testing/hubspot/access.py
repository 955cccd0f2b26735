"""Tokens, scopes and limits of one account."""

from __future__ import annotations

from typing import Any

from byline.testing.crm_contract import CrmFake
from byline.testing.hubspot.shapes import (
    SCOPES,
    STANDARD,
    TOKEN,
    Record,
    Submission,
    property_of,
    refusal,
)
from byline.testing.server import Answer, answer
from byline.times import Clock


class Access(CrmFake):
    """Tokens, scopes and limits of one account."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__(clock)
        self.tokens: dict[str, frozenset[str]] = {TOKEN: SCOPES}
        self.calls_left: dict[str, int] = {}  # a token that dies after so many calls
        self.pro = True
        self.currency = "EUR"
        self.search_delay = 0
        self.search_cap = 10_000
        self.page = 100  # records in one answer at most
        self.burst = 190  # calls in ten seconds
        self.searches_a_second = 5
        self.day_is_over = False  # the day's calls are used up: no waiting helps
        self.campaign_keys = True  # campaigns may have properties of one's own: not documented either way
        self.records: dict[str, dict[str, Record]] = {"contacts": {}, "deals": {}, "companies": {}}
        self.properties: dict[str, dict[str, dict[str, Any]]] = {
            kind: {name: property_of(name, of) for name, of in names.items()}
            for kind, names in STANDARD.items()
        }
        self.groups: dict[str, set[str]] = {"contacts": {"contactinformation"}, "deals": {"dealinformation"}}
        self.links: set[tuple[str, str, str, str]] = set()  # from type, from id, to type, to id
        self.promoted: dict[str, dict[str, Any]] = {}
        self.spend: dict[str, list[dict[str, Any]]] = {}
        self.forms: dict[str, frozenset[str]] = {}  # form -> its fields
        self.captcha: set[str] = set()  # forms that cannot be sent by a program
        self.submissions: list[Submission] = []
        self.blocked: set[str] = set()  # addresses of people who were erased
        self._next = 1000
        self._markers: list[str] = []
        self._dead_once = False

    def unauthorized(self) -> Answer:
        return refusal(
            401,
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find"
            " more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
            "INVALID_AUTHENTICATION",
        )

    def limited(self, *, bare: bool) -> Answer:
        """Too many calls in ten seconds, or (bare) in one second. HubSpot promises no Retry-After for either."""
        if bare:
            return refusal(
                429, "You have reached your secondly limit.", "RATE_LIMITS", errorType="RATE_LIMIT"
            )
        return self._over_limit("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit.")

    def _over_limit(self, policy: str, words: str) -> Answer:
        headers = {"X-HubSpot-RateLimit-Max": str(self.burst), "X-HubSpot-RateLimit-Remaining": "0"}
        return refusal(429, words, "RATE_LIMITS", headers=headers, errorType="RATE_LIMIT", policyName=policy)

    def without_id(self, given: Answer) -> Answer:
        return answer(given.status, {"status": "COMPLETE", "results": []})

    def _scopes(self, token: str) -> frozenset[str] | None:
        if self._dead_once:
            self._dead_once = False
            return None
        if token in self.calls_left:
            if self.calls_left[token] <= 0:
                return None
            self.calls_left[token] -= 1
        return self.tokens.get(token)

    def _needs(self, scopes: frozenset[str], *wanted: str) -> Answer | None:
        missing = [scope for scope in wanted if scope not in scopes]
        if not missing:
            return None
        return refusal(
            403,
            "This app hasn't been granted all required scopes to make this call. Read more about required scopes"
            " here: https://developers.hubspot.com/scopes.",
            "MISSING_SCOPES",
            errors=[
                {
                    "message": "One or more of the following scopes are required.",
                    "context": {"requiredGranularScopes": missing},
                }
            ],
        )
