"""Salesforce's REST interface: queries, and writes by our key.

Facts: REST API Developer Guide (upsert by external id, sObject collections, status codes, query), OAuth 2.0 JWT bearer
and client credentials flows, the package simple-salesforce 1.12 (read July 2026).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from byline.crm._http import Calls
from byline.crm.salesforce.answers import NAME, Done, codes, done, refusal
from byline.crm.salesforce.signing import SigningIn, Token
from byline.crm.salesforce.soql import literal
from byline.errors import Rejected
from byline.http import Http, Response
from byline.settings import CrmSettings, Secrets
from byline.times import Clock

DEFAULT_VERSION = "62.0"  # any from 61.0 on will do; three come a year, each lives for at least three years
MANY = 200  # records of one call, ids of one `IN (…)`
EXCHANGES = 3  # how often rows that were locked are sent again
_ALLOW = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}


class Api:
    """One organisation. Made without touching the network."""

    def __init__(self, options: CrmSettings, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._token: Token | None = None
        version = options.version.lstrip("vV") or DEFAULT_VERSION
        self.version = version if "." in version else f"{version}.0"
        self.root = f"{options.api}/services/data/v{self.version}/"
        self._columns: dict[str, Mapping[str, Mapping[str, Any]] | None] = {}
        self._absent: dict[str, set[str]] = {}
        self.calls = Calls(
            http=http, clock=clock, service=NAME, base=self.root, authorize=self._authorize, dead=_dead
        )
        self._signing = SigningIn(
            options, http=http, secrets=secrets, clock=clock, unclear=self.calls.unclear
        )

    @property
    def token(self) -> Token:
        """The present token, fetched when there is none."""
        if self._token is None:
            self._token = self._signing.token()
        return self._token

    def _authorize(self, fresh: bool) -> dict[str, str]:
        if fresh:
            self._token = None
        return {"Authorization": f"Bearer {self.token.value}"}

    # Reading.

    def query(self, soql: str, *, deleted: bool = False) -> Iterator[list[dict[str, Any]]]:
        """Every page of a query's records, as the server cuts them."""
        path = "queryAll" if deleted else "query"
        answer = self.calls.get(path, {"q": soql})
        while True:
            found = self._good(answer, "a query").object()
            records = found.get("records")
            if not isinstance(records, list):
                raise self.calls.unclear(answer, "a query")
            yield [record for record in records if isinstance(record, dict)]
            following = found.get("nextRecordsUrl")
            if found.get("done", True) or not isinstance(following, str) or not following:
                return
            answer = self.calls.get(following)

    def select(
        self, kind: str, columns: Iterable[str], where: str = "", *, tail: str = "", deleted: bool = False
    ) -> Iterator[list[dict[str, Any]]]:
        """Pages of records with those of the columns that there are and that our user may see."""
        wanted = tuple(dict.fromkeys(columns))
        for _ in range(len(wanted) + 1):
            usable = self.usable(kind, wanted)
            soql = f"SELECT {', '.join(usable)} FROM {kind}"  # noqa: S608 - names are ours, values are escaped
            soql += f" WHERE {where}" if where else ""
            pages = self.query(soql + (f" {tail}" if tail else ""), deleted=deleted)
            try:
                first = next(pages, None)
            except Rejected as error:
                if self._lacking(kind, error.message, usable):
                    continue
                raise
            if first is not None:
                yield first
                yield from pages
            return

    def all(
        self, kind: str, columns: Iterable[str], where: str = "", *, tail: str = ""
    ) -> list[dict[str, Any]]:
        """The records of all pages."""
        return [record for page in self.select(kind, columns, where, tail=tail) for record in page]

    def having(
        self, kind: str, columns: Sequence[str], column: str, values: Iterable[str]
    ) -> list[dict[str, Any]]:
        """The records whose column is one of the values, asked for in parts."""
        unique = sorted({value for value in values if value})
        found: list[dict[str, Any]] = []
        for start in range(0, len(unique), MANY):
            listed = ", ".join(literal(value) for value in unique[start : start + MANY])
            found += self.all(kind, columns, f"{column} IN ({listed})")
        return found

    def count(self, kind: str, where: str = "") -> int:
        """How many records there are, by Salesforce's own count."""
        soql = f"SELECT COUNT() FROM {kind}" + (f" WHERE {where}" if where else "")  # noqa: S608
        answer = self.calls.get("query", {"q": soql})
        return int(self._good(answer, "a query").object().get("totalSize") or 0)

    def get(self, path: str, what: str) -> Any:
        """Any other resource, as JSON."""
        answer = self._good(self.calls.get(path), what)
        found = answer.json()
        if found is None:
            raise self.calls.unclear(answer, what)
        return found

    def describe(self, kind: str) -> Mapping[str, Mapping[str, Any]] | None:
        """Every column our user may see, by name; None when Salesforce does not tell."""
        if kind not in self._columns:
            answer = self.calls.get(f"sobjects/{kind}/describe")
            found = answer.object().get("fields") if answer.ok else None
            if answer.status in (401, 403):
                self._good(answer, f"the columns of {kind}")
            self._columns[kind] = (
                {str(item["name"]): item for item in found if isinstance(item, dict) and "name" in item}
                if isinstance(found, list)
                else None
            )
        return self._columns[kind]

    def forget(self) -> None:
        """Ask anew what columns there are."""
        self._columns.clear()
        self._absent.clear()

    def usable(self, kind: str, columns: Iterable[str], *, right: str = "") -> list[str]:
        """Those of the columns that there are; with `right` (`createable`, `updateable`) that our user may so use."""
        known, absent = self.describe(kind), self._absent.get(kind, set())
        found = []
        for column in columns:
            about = known.get(column) if known is not None else {}
            if about is not None and column not in absent and (not right or about.get(right, True)):
                found.append(column)
        return found

    def _lacking(self, kind: str, message: str, columns: Collection[str]) -> str:
        """The column that Salesforce says it does not have, noted; empty when the message was about something else."""
        match = re.search(r"No such column '([^']+)'", message)
        if match is None or match[1] not in columns:
            return ""
        self._absent.setdefault(kind, set()).add(match[1])
        return match[1]

    # Writing.

    def upsert(self, kind: str, column: str, value: str, record: Mapping[str, Any]) -> tuple[str, bool]:
        """Make or change the one record whose external id this is: its id (empty when not told) and whether it is new."""
        path = f"sobjects/{kind}/{column}/{quote(value, safe='')}"
        body = dict(record)
        for _ in range(len(body) + 1):
            answer = self.calls.call("PATCH", path, json=body, headers=_ALLOW)
            if answer.status == 300:
                raise Rejected(
                    f"Salesforce has more than one {kind} with our key: none was changed",
                    service=NAME,
                    status=300,
                    hint=f"merge those records, and make {column} unique (`publish crm setup` does)",
                )
            try:
                found = self._good(answer, f"a {kind}", body).object()
            except Rejected as error:
                lacking = self._lacking(kind, error.message, body)
                if not lacking:
                    raise
                del body[lacking]
                continue
            return str(found.get("id") or ""), answer.status == 201 or bool(found.get("created"))
        raise AssertionError("each turn takes a column away")

    def put(
        self, kind: str, records: Sequence[Mapping[str, Any]], *, by: str = "", repeatable: bool = True
    ) -> list[Done]:
        """Many records in their order: by an external id, by `Id`, or new ones; an answer for each.

        New ones that nothing keeps from coming twice are not `repeatable`: a lost answer is OutcomeUnknown.
        """
        method = "PATCH" if by else "POST"
        path = f"composite/sobjects/{kind}/{by}" if by not in ("", "Id") else "composite/sobjects"
        sending = [dict(record) for record in records]
        found: dict[int, Done] = {}
        waiting = list(range(len(sending)))
        locked = 0
        while waiting:
            for start in range(0, len(waiting), MANY):
                part = waiting[start : start + MANY]
                rows = [{"attributes": {"type": kind}, **sending[n]} for n in part]
                body = {"allOrNone": False, "records": rows}
                answer = self.calls.call(method, path, json=body, headers=_ALLOW, repeatable=repeatable)
                told = self._good(answer, f"records of {kind}").json()
                if not isinstance(told, list) or len(told) != len(part):
                    raise self.calls.unclear(answer, f"records of {kind}")
                found.update((n, done(row, sending[n])) for n, row in zip(part, told, strict=True))
            busy = [n for n in waiting if found[n].has("UNABLE_TO_LOCK_ROW")]
            lacking = [
                n
                for n in waiting
                if found[n].has("INVALID_FIELD") and self._without(kind, sending[n], found[n])
            ]
            if busy and locked < EXCHANGES:
                locked += 1
                self._clock.sleep(float(locked))
            elif not lacking:
                break
            waiting = sorted({*(busy if locked <= EXCHANGES else ()), *lacking})
        return [found[n] for n in range(len(records))]

    def _without(self, kind: str, record: dict[str, Any], told: Done) -> bool:
        """Take the column out that Salesforce says it does not have; False when it was about something else."""
        lacking = self._lacking(kind, told.message, record)
        if lacking:
            del record[lacking]
        return bool(lacking)

    def delete(self, ids: Sequence[str]) -> list[Done]:
        """Delete records; one that is gone already is no failure."""
        found: list[Done] = []
        for start in range(0, len(ids), MANY):
            part = ids[start : start + MANY]
            path = f"composite/sobjects?ids={','.join(part)}&allOrNone=false"
            answer = self.calls.call("DELETE", path)
            rows = self._good(answer, "a deletion").json()
            if not isinstance(rows, list) or len(rows) != len(part):
                raise self.calls.unclear(answer, "a deletion")
            found += [done(row, {}) for row in rows]
        return found

    def make(self, path: str, record: Mapping[str, Any], what: str) -> tuple[str, bool]:
        """One record of the system itself (a field, a right): its id, and whether it is new. One that is there is not."""
        answer = self.calls.call("POST", path, json=dict(record))
        if answer.status == 400 and any(code.startswith("DUPLICATE") for code in codes(answer)):
            return "", False
        return str(self._good(answer, what).object().get("id") or ""), True

    def _good(self, answer: Response, what: str, record: Mapping[str, Any] | None = None) -> Response:
        """The answer, when it is a success; else the error that it tells."""
        if answer.ok and (not answer.body or answer.json() is not None):
            return answer
        told = refusal(answer, what, redact=self._http.redact, now=self._clock.now(), record=record or {})
        raise told or self.calls.unclear(answer, what)


def _dead(answer: Response) -> bool:
    return answer.status == 401
