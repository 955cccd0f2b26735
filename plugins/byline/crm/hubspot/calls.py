"""Calls to HubSpot: both spellings of its paths, its limits and its one form of error."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from byline.crm._http import Calls
from byline.errors import NotSent, Rejected, RemoteError
from byline.http import Http, Response
from byline.settings import CrmSettings, Secrets
from byline.times import Clock

LABEL = "HubSpot"
API = "https://api.hubapi.com"
GROUP = "byline"
SEARCH_EVERY = 0.25  # seconds: searches are limited to four or five a second, for all programs together
_NAMES = {  # what a person reads above the field
    "key": "Byline key",
    "journey": "Byline journey",
    "self_reported_source": "How they heard about us",
    "first_touch_at": "First touch",
    "last_touch_at": "Last touch",
}
Any_ = TypeVar("Any_")


class HubSpotCalls:
    """The way to one account. Searches keep their distance; everything else waits only when it is told to."""

    def __init__(self, options: CrmSettings, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._dated = "" if options.version in ("", "v3") else options.version
        self._place: tuple[str, str] | None = None
        self._searched: Any = None
        self.answered: datetime | None = None  # when the service answered last, by its own clock

        def authorize(_fresh: bool) -> Mapping[str, str]:
            token = http.secret(secrets, "", "HUBSPOT_ACCESS_TOKEN", service=LABEL)
            return {"Authorization": f"Bearer {token}"}

        self._calls = Calls(
            http=http,
            clock=clock,
            service=LABEL,
            base=options.api or API,
            authorize=authorize,
            wait=_wait,
        )

    # Paths.

    def objects(self, kind: str, *rest: str) -> str:
        """`/crm/v3/objects/contacts/…`, or its dated spelling."""
        return "/".join([f"crm/objects/{self._dated}" if self._dated else "crm/v3/objects", kind, *rest])

    def properties(self, kind: str, *rest: str) -> str:
        """The definitions of a kind's properties."""
        return "/".join(
            [f"crm/properties/{self._dated}" if self._dated else "crm/v3/properties", kind, *rest]
        )

    def links(self, kind: str, other: str) -> str:
        """Reading what belongs to what, in batches."""
        front = f"crm/associations/{self._dated}" if self._dated else "crm/v4/associations"
        return f"{front}/{kind}/{other}/batch/read"

    def pipelines(self) -> str:
        """The stages of deals."""
        return f"crm/pipelines/{self._dated or ''}/deals" if self._dated else "crm/v3/pipelines/deals"

    def campaigns(self, *rest: str) -> str:
        """Marketing campaigns."""
        return "/".join(
            [f"marketing/campaigns/{self._dated}" if self._dated else "marketing/v3/campaigns", *rest]
        )

    # Calls.

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Response:
        """A reading call; a dead token is an error."""
        return self.call("GET", path, params=params)

    def call(self, method: str, path: str, **more: Any) -> Response:
        """Any call; a dead token is an error, everything else is the answer."""
        answer = self._calls.call(method, path, **more)
        self.answered = _date(answer)
        if answer.status == 401:
            raise self.refused(answer, "the call")
        return answer

    def search(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One page of a search."""
        now = self._clock.now()
        if self._searched is not None and now - self._searched < timedelta(seconds=SEARCH_EVERY):
            self._clock.sleep(SEARCH_EVERY)
        answer = self.call("POST", self.objects(kind, "search"), json=body)
        self._searched = self._clock.now()
        return self.whole(answer, f"a search of {kind}")

    def whole(self, answer: Response, what: str) -> dict[str, Any]:
        """The answer's object, for a success with a list in it; the error for anything else."""
        found = answer.object()
        if not answer.ok or not isinstance(found.get("results"), list):
            raise self.refused(answer, what)
        return found

    def batch(self, kind: str, what: str, inputs: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Up to a hundred rows; why each failed one failed, by its `objectWriteTraceId`."""
        answer = self.call("POST", self.objects(kind, "batch", what), json={"inputs": list(inputs)})
        traces = [str(one["objectWriteTraceId"]) for one in inputs]
        if not answer.ok:
            error = self.refused(answer, f"{len(inputs)} records")
            if not isinstance(error, Rejected):
                raise error
            return dict.fromkeys(traces, error.message)
        failed: dict[str, str] = {}
        by_id = {str(one.get("id")): str(one["objectWriteTraceId"]) for one in inputs}
        for one in answer.object().get("errors") or ():
            context = one.get("context") or {}
            named = [
                *(context.get("objectWriteTraceId") or ()),
                *(by_id.get(n, "") for n in context.get("ids") or ()),
            ]
            for trace in filter(None, named or traces):
                failed[str(trace)] = self._said(one)
        return failed

    def read_batch(self, path: str, body: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
        """A batch that reads: what was found; what is not there is left out."""
        return [
            one
            for one in self.whole(self.call("POST", path, json=body), what)["results"]
            if isinstance(one, dict)
        ]

    # What an answer says.

    def refused(self, answer: Response, what: str) -> RemoteError:
        """The error for an answer that is no success, by HubSpot's own categories. No value of a person is in it."""
        found = answer.object()
        category = str(found.get("category") or "")
        request_id = str(found.get("correlationId") or "")
        if answer.status == 401:
            return NotSent(
                f"{LABEL}: the token is expired or revoked",
                service=LABEL,
                cause="auth",
                status=401,
                request_id=request_id,
                hint="make a new service key in HubSpot and put it into HUBSPOT_ACCESS_TOKEN",
            )
        if answer.status == 403:
            scopes = ", ".join(_scopes(found)) or "the right to it"
            return NotSent(
                f"{LABEL}: the token has no right to {what}: {scopes}",
                service=LABEL,
                cause="auth",
                status=403,
                request_id=request_id,
                hint="add the scope to the service key in HubSpot, under Settings, Integrations",
            )
        if not category and not found.get("status"):
            return self._calls.unclear(answer, what)
        return Rejected(
            f"{LABEL} refused {what}: {self._said(found)}",
            service=LABEL,
            status=answer.status,
            request_id=request_id,
            hint="run `publish crm setup --plan`"
            if "PROPERTY_DOESNT_EXIST" in answer.text
            else "correct what it names, or its rule in HubSpot",
        )

    def _said(self, found: Mapping[str, Any]) -> str:
        """HubSpot's words without the values it repeats: those may be a person's."""
        raw = str(found.get("message") or "")
        codes = re.findall(r'"error":"([A-Z_]+)"', raw)
        names = re.findall(r'"name":"(\w+)"', raw)
        if codes:
            return ", ".join(f"{code}{f' ({name})' if name else ''}" for code, name in _zipped(codes, names))
        category = str(found.get("category") or "")
        if category in ("VALIDATION_ERROR", "CONFLICT") and not re.fullmatch(r"[\w '.:-]{1,120}", raw):
            return category
        return self._http.redact(re.sub(r"\S+@\S+", "(an address)", raw))[:200] or category

    # Whose it is.

    def place(self) -> tuple[str, str]:
        """The domain of its pages and the account's number; empty when the token may not know."""
        if self._place is None:
            found = self._details()
            self._place = (str(found.get("uiDomain") or ""), str(found.get("portalId") or ""))
        return self._place

    def who(self) -> str:
        """Whose account it is, for a person."""
        domain, portal = self.place()
        return f"account {portal} at {domain}" if portal else f"an account of {LABEL}"

    def currency(self) -> str:
        """The account's own currency; empty when the token may not know."""
        return str(self._details().get("companyCurrency") or "")

    def _details(self) -> dict[str, Any]:
        path = f"account-info/{self._dated}/details" if self._dated else "account-info/v3/details"
        answer = self.get(path)
        return answer.object() if answer.ok else {}


def _date(answer: Response) -> datetime | None:
    try:
        found = parsedate_to_datetime(answer.headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def property_of(word: str, name: str) -> dict[str, Any]:
    """One of our fields as a property of contacts."""
    moment = word in ("first_touch_at", "last_touch_at")
    long = word in ("journey",)
    label = _NAMES.get(word) or word.replace("_", " ").replace("utm", "UTM").capitalize().replace(
        "Utm", "UTM"
    )
    return {
        "name": name,
        "label": label,
        "groupName": GROUP,
        "type": "datetime" if moment else "string",
        "fieldType": "date" if moment else "textarea" if long else "text",
        "hasUniqueValue": word == "key",
        "formField": word not in ("key", "journey"),
        "description": "Written by Byline",
    }


def chunks(items: Sequence[Any_], size: int) -> Iterator[Sequence[Any_]]:
    """The items in parts of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _wait(answer: Response, attempt: int) -> float | None:
    """HubSpot promises no Retry-After: ten seconds' windows, one second's for searches, and a day that is over."""
    if answer.status != 429:
        return None
    found = answer.object()
    if found.get("policyName") == "DAILY":
        return 86_400.0
    if found.get("policyName") == "TEN_SECONDLY_ROLLING":
        return 10.0 * attempt
    return 1.0 * attempt


def _scopes(found: Mapping[str, Any]) -> list[str]:
    out: list[str] = []
    for one in found.get("errors") or ():
        context = one.get("context") if isinstance(one, dict) else None
        for names in (context or {}).values() if isinstance(context, dict) else ():
            out += [str(name) for name in names if re.fullmatch(r"[\w.-]{1,80}", str(name))]
    return sorted(set(out))


def _zipped(codes: Sequence[str], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for n, code in enumerate(codes):
        yield code, names[n] if n < len(names) else ""
