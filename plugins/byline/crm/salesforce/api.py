"""Salesforce's REST interface: signing in, queries, writes by our key, and what its errors mean.

Facts: REST API Developer Guide (upsert by external id, sObject collections, status codes, query), OAuth 2.0 JWT bearer
and client credentials flows, the package simple-salesforce 1.12 (read July 2026).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from byline.crm._http import Calls
from byline.errors import NotSent, Rejected, RemoteError, UsageError
from byline.http import Http, Response
from byline.settings import CrmSettings, Secrets
from byline.times import Clock

NAME = "Salesforce"
DEFAULT_VERSION = "62.0"  # any from 61.0 on will do; three come a year, each lives for at least three years
MANY = 200  # records of one call, ids of one `IN (…)`
EXCHANGES = 3  # how often rows that were locked are sent again
GENERAL = ("login.salesforce.com", "test.salesforce.com")

_WORDS = {
    "DUPLICATES_DETECTED": "a duplicate rule of your Salesforce refuses it",
    "DUPLICATE_VALUE": "another record has the same unique value",
    "REQUIRED_FIELD_MISSING": "a field that your Salesforce requires is empty",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "a validation rule of your Salesforce refuses it",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "a value is not in the list that your Salesforce allows",
    "STRING_TOO_LONG": "a value is longer than its field",
    "UNABLE_TO_LOCK_ROW": "somebody else was changing the same record",
    "INVALID_EMAIL_ADDRESS": "Salesforce does not take the address for one",
    "INSUFFICIENT_ACCESS_OR_READONLY": "Byline's user may not change this record",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "Byline's user may not use a record that this one names",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "Byline's user may not write one of the fields",
    "CANNOT_UPDATE_CONVERTED_LEAD": "the lead was converted and cannot be changed any more",
    "ENTITY_IS_DELETED": "the record was deleted",
}
_STEPS = {
    "DUPLICATES_DETECTED": "let Byline's user pass that rule, or merge the records in Salesforce",
    "REQUIRED_FIELD_MISSING": "give the field a default value, or do not require it of Byline's user",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "let the rule pass records that Byline's user makes",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "add the value to the list, or unrestrict it",
    "STRING_TOO_LONG": "make the field longer, or leave it out under `crm.fields`",
    "UNABLE_TO_LOCK_ROW": "run it again",
    "INSUFFICIENT_ACCESS_OR_READONLY": "give Byline's user the right to edit it",
    "INVALID_FIELD_FOR_INSERT_UPDATE": "run `publish crm setup`, which shows what is missing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What signing in gave. `user` and `org` are ids, empty when the answer named none."""

    value: str
    user: str = ""
    org: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The answer about one row of a bulk call. `codes` are Salesforce's own; `fields` those it complains about."""

    ok: bool
    id: str = ""
    created: bool = False
    codes: tuple[str, ...] = ()
    message: str = ""

    def has(self, code: str) -> bool:
        """Is this among its reasons?"""
        return code in self.codes


class Api:
    """One organisation. Made without touching the network."""

    def __init__(self, options: CrmSettings, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._options = options
        self._http = http
        self._secrets = secrets
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

    # Signing in.

    @property
    def token(self) -> Token:
        """The present token, fetched when there is none."""
        if self._token is None:
            self._token = self._sign_in()
        return self._token

    def _authorize(self, fresh: bool) -> dict[str, str]:
        if fresh:
            self._token = None
        return {"Authorization": f"Bearer {self.token.value}"}

    def _sign_in(self) -> Token:
        get = self._secrets.get
        client = self._http.secret(self._secrets, "", "SALESFORCE_CLIENT_ID", service=NAME, shown=True)
        if get("SALESFORCE_PRIVATE_KEY"):
            form, headers = self._by_key(client), dict[str, str]()
        elif get("SALESFORCE_CLIENT_SECRET"):
            form, headers = self._by_secret(client)
        else:
            raise NotSent(
                "Salesforce: neither SALESFORCE_CLIENT_SECRET nor SALESFORCE_PRIVATE_KEY is set, so nobody can sign in",
                service=NAME,
                cause="auth",
                hint="set SALESFORCE_CLIENT_SECRET, or SALESFORCE_USERNAME and SALESFORCE_PRIVATE_KEY, in the environment",
            )
        url = f"{self._options.login}/services/oauth2/token"
        answer = self._http.request(
            "POST", url, service=NAME, headers={"Accept": "application/json", **headers}, data=form
        )
        found = answer.object()
        value = found.get("access_token")
        if not answer.ok or not isinstance(value, str) or not value:
            raise self._not_signed_in(answer)
        self._http.protect("the Salesforce token", value)
        parts = urlsplit(str(found.get("id", ""))).path.split("/")
        org, user = (parts[-2], parts[-1]) if len(parts) >= 4 else ("", "")
        return Token(value=value, org=org, user=user)

    def _by_secret(self, client: str) -> tuple[dict[str, str], dict[str, str]]:
        secret = self._http.secret(self._secrets, "", "SALESFORCE_CLIENT_SECRET", service=NAME)
        if urlsplit(self._options.login).hostname in GENERAL:
            raise NotSent(
                "Salesforce takes a client's id and secret at your own domain alone, not at login.salesforce.com",
                service=NAME,
                cause="auth",
                hint="write your My Domain address (https://acme.my.salesforce.com) as `api` and leave `login` out",
            )
        basic = base64.b64encode(f"{quote(client, safe='')}:{quote(secret, safe='')}".encode()).decode()
        self._http.protect("SALESFORCE_CLIENT_SECRET", basic)
        return {"grant_type": "client_credentials"}, {"Authorization": f"Basic {basic}"}

    def _by_key(self, client: str) -> dict[str, str]:
        name = self._http.secret(self._secrets, "", "SALESFORCE_USERNAME", service=NAME, shown=True)
        key = self._secrets.get("SALESFORCE_PRIVATE_KEY").replace("\\n", "\n")
        for line in key.splitlines():
            self._http.protect("SALESFORCE_PRIVATE_KEY", line)
        try:
            import jwt
        except ImportError:
            raise UsageError(
                "signing in to Salesforce with a private key needs a package that is not installed here",
                hint="pip install 'PyJWT[crypto]>=2.10,<3'",
            ) from None
        claims = {
            "iss": client,
            "sub": name,
            "aud": self._options.login,
            "exp": int((self._clock.now() + timedelta(minutes=3)).timestamp()),
        }
        try:
            assertion = jwt.encode(claims, key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise NotSent(
                "Salesforce: SALESFORCE_PRIVATE_KEY holds no private key that can be used",
                service=NAME,
                cause="auth",
                hint="store the whole file of the RSA key, from -----BEGIN to END-----, without a pass phrase",
            ) from None
        self._http.protect("the Salesforce assertion", assertion)
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}

    def _not_signed_in(self, answer: Response) -> RemoteError:
        found = answer.object()
        code, words = str(found.get("error", "")), str(found.get("error_description", ""))
        if not code:
            return self.calls.unclear(answer, "signing in")
        step = "compare the consumer key, the secret or certificate, and the user in Salesforce's External Client App"
        if "approved" in words:
            step = "let Byline's user use the app: its policy “Admin approved users are pre-authorized”, with a permission set"
        elif "client credentials user" in words or code == "unsupported_grant_type":
            step = "switch the flow on in the External Client App's policies, and name the user it runs as"
        elif "audience" in words:
            step = "`login` must be the address of your Salesforce: your My Domain, or https://login.salesforce.com"
        elif "expired" in words:
            step = "compare this machine's clock with the true time"
        return NotSent(
            f"Salesforce did not let Byline sign in: {self._http.redact(words or code)[:200]} ({code})",
            service=NAME,
            cause="auth",
            status=answer.status,
            hint=step,
        )

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
                if self._learn(kind, error.message, usable):
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
        self, kind: str, columns: Sequence[str], column: str, values: Iterable[str], more: str = ""
    ) -> list[dict[str, Any]]:
        """The records whose column is one of the values, asked for in parts."""
        unique = sorted({value for value in values if value})
        found: list[dict[str, Any]] = []
        for start in range(0, len(unique), MANY):
            listed = ", ".join(literal(value) for value in unique[start : start + MANY])
            found += self.all(kind, columns, f"{column} IN ({listed})" + (f" AND {more}" if more else ""))
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

    def _learn(self, kind: str, message: str, columns: Sequence[str]) -> bool:
        """Note a column that Salesforce says it does not have; False when it was about something else."""
        match = re.search(r"No such column '([^']+)'", message)
        if match is None or match[1] not in columns:
            return False
        self._absent.setdefault(kind, set()).add(match[1])
        return True

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
                name = re.search(r"No such column '([^']+)'", error.message)
                if name is None or body.pop(name[1], None) is None:
                    raise
                self._absent.setdefault(kind, set()).add(name[1])
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
                found.update((n, _done(row, sending[n])) for n, row in zip(part, told, strict=True))
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

    def _without(self, kind: str, record: dict[str, Any], done: Done) -> bool:
        """Take the column out that Salesforce says it does not have; False when it was about something else."""
        match = re.search(r"No such column '([^']+)'", done.message)
        if match is None or record.pop(match[1], None) is None:
            return False
        self._absent.setdefault(kind, set()).add(match[1])
        return True

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
            found += [_done(row, {}) for row in rows]
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
        told = codes(answer)
        message = scrub(self._http.redact(_message(answer)), record or {})
        message = message[max(0, message.find("No such column")) :][:300]
        if not told:
            raise self.calls.unclear(answer, what)
        shown = f"{'; '.join(_WORDS.get(code, code) for code in told)}: {message}"
        if "REQUEST_LIMIT_EXCEEDED" in told:
            raise NotSent(
                "Salesforce takes no more calls today: your organisation has used up its daily number",
                service=NAME,
                cause="limited",
                status=answer.status,
                retry_at=self._clock.now() + timedelta(hours=24),
                hint="run it again tomorrow; `publish doctor` shows how many calls are left",
            )
        if answer.status in (401, 403):
            raise NotSent(
                f"Salesforce refuses {what}: {shown}",
                service=NAME,
                cause="auth",
                status=answer.status,
                hint="give Byline's user the rights that the manual lists, then `publish doctor`",
            )
        if "NOT_FOUND" in told and "external" in message.lower():
            raise Rejected(
                f"Salesforce has no field for our key: {message}",
                service=NAME,
                status=answer.status,
                hint="run `publish crm setup`, which shows what is missing and makes it",
            )
        if answer.status >= 500:
            raise self.calls.unclear(answer, what)
        hint = next((_STEPS[code] for code in told if code in _STEPS), "")
        raise Rejected(
            f"Salesforce refuses {what}: {shown}",
            service=NAME,
            status=answer.status,
            hint=hint or "run `publish doctor`; if nothing is found there, report this",
        )


_ALLOW = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}


def _dead(answer: Response) -> bool:
    return answer.status == 401


def codes(answer: Response) -> tuple[str, ...]:
    """Salesforce's own codes in an answer that is an error."""
    found = answer.json()
    items = found if isinstance(found, list) else []
    return tuple(
        str(item.get("errorCode")) for item in items if isinstance(item, dict) and item.get("errorCode")
    )


def _message(answer: Response) -> str:
    found = answer.json()
    items = found if isinstance(found, list) else []
    return " ".join(
        " ".join(str(item.get("message", "")).split()) for item in items if isinstance(item, dict)
    )


def _done(row: Any, record: Mapping[str, Any]) -> Done:
    if not isinstance(row, dict):
        return Done(ok=False, message="Salesforce said nothing about it")
    errors = [item for item in row.get("errors") or () if isinstance(item, dict)]
    named = tuple(str(item.get("statusCode") or item.get("errorCode") or "") for item in errors)
    words = [
        f"{_WORDS.get(code, code)} ({scrub(' '.join(str(item.get('message', '')).split()), record)[:200]})"
        for code, item in zip(named, errors, strict=True)
    ]
    return Done(
        ok=bool(row.get("success")),
        id=str(row.get("id") or ""),
        created=bool(row.get("created")),
        codes=named,
        message="; ".join(words),
    )


def step_for(done: Done) -> str:
    """What a person can do about a row that failed."""
    return next((_STEPS[code] for code in done.codes if code in _STEPS), "look at the record in Salesforce")


def scrub(message: str, record: Mapping[str, Any]) -> str:
    """The message without the record's own values: Salesforce repeats addresses and names in some."""
    lines = {line.strip() for value in record.values() if value for line in str(value).splitlines()}
    for line in sorted(lines, key=len, reverse=True):
        for piece in (line, " ".join(line.split())):
            if len(piece) >= 3:
                message = message.replace(piece, "…")
    return re.sub(r"[^\s@:<(]+@[^\s@>)]+\.[^\s@>)]+", "…", message)


def literal(value: str) -> str:
    """A text as SOQL writes it."""
    for plain, written in (("\\", "\\\\"), ("'", "\\'"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        value = value.replace(plain, written)
    return f"'{value}'"


def long_id(record: str) -> str:
    """The 18 letters of an id that may be written with 15: only those can be compared whatever the case."""
    if len(record) != 15:
        return record
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    return record + "".join(
        letters[sum(1 << n for n, letter in enumerate(record[start : start + 5]) if "A" <= letter <= "Z")]
        for start in (0, 5, 10)
    )
