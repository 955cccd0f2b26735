"""Calls to Dataverse: signing in, its headers, batches with an answer for each row, pages, its form of error."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from byline.crm._http import Calls
from byline.errors import NotSent, Rejected, RemoteError
from byline.fields import is_loopback
from byline.http import Http, Response
from byline.settings import CrmSettings, Secrets
from byline.times import Clock
from byline.yamlread import Scalar

LABEL = "Dynamics 365"
LOGIN = "https://login.microsoftonline.com"
VERSION = "v9.2"
BATCH = 100  # of the thousand that are allowed: a batch of them answers within seconds
_HEADERS = {"OData-MaxVersion": "4.0", "OData-Version": "4.0", "If-None-Match": "null"}
Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One request of a batch: `path` below the interface's root, already encoded."""

    method: str
    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]


class DataverseCalls:
    """The way to one environment."""

    def __init__(self, options: CrmSettings, *, http: Http, secrets: Secrets, clock: Clock) -> None:
        self._options = options
        self._http = http
        self._secrets = secrets
        self._clock = clock
        # Dynamics shows its interface's address with this path behind it; people copy what they see.
        self._api = re.sub(r"/api/data(/v[\d.]+)?/?$", "", options.api)
        self._token = ""
        self._until: datetime | None = None
        self.root = f"api/data/{options.version or VERSION}"
        self._calls = Calls(http=http, clock=clock, service=LABEL, base=self._api, authorize=self._authorize)

    # Signing in.

    @property
    def resource(self) -> str:
        """The environment's own address, for which tokens are made: without the `.api` of its interface."""
        parts = urlsplit(self._api)
        return f"{parts.scheme}://{parts.netloc.replace('.api.crm', '.crm', 1)}"

    def _login(self) -> str:
        named = self._options.node.items.get("login")
        if isinstance(named, Scalar) and named.value:
            return self._options.login
        return self._api if is_loopback(urlsplit(self._api).hostname or "") else LOGIN

    def _authorize(self, fresh: bool) -> Mapping[str, str]:
        if fresh or not self._token or self._until is None or self._clock.now() >= self._until:
            self._token, self._until = self._granted()
        return {"Authorization": f"Bearer {self._token}"}

    def _granted(self) -> tuple[str, datetime]:
        form = {
            "client_id": self._http.secret(
                self._secrets, "", "DYNAMICS_CLIENT_ID", service=LABEL, shown=True
            ),
            "client_secret": self._http.secret(self._secrets, "", "DYNAMICS_CLIENT_SECRET", service=LABEL),
            "grant_type": "client_credentials",
            "scope": f"{self.resource}/.default",
        }
        url = f"{self._login()}/{quote(self._options.tenant, safe='')}/oauth2/v2.0/token"
        answer = self._http.request("POST", url, service=LABEL, data=form)
        found = answer.object()
        token = found.get("access_token")
        if answer.ok and isinstance(token, str) and token:
            self._http.protect("access token", token)
            seconds = found.get("expires_in")
            lives = timedelta(seconds=seconds if isinstance(seconds, int) else 300)
            return token, self._clock.now() + lives - timedelta(seconds=60)
        said = str(found.get("error_description") or found.get("error") or "")
        if not said:
            raise self._calls.unclear(answer, "signing in")
        code = re.match(r"AADSTS\d+", said)
        raise NotSent(
            f"{LABEL}: signing in was refused: {self._http.redact(said.partition(' Trace ID')[0])[:200]}",
            service=LABEL,
            cause="auth",
            status=answer.status,
            hint=_SIGN_IN.get(
                code[0] if code else "", "check `tenant`, DYNAMICS_CLIENT_ID and DYNAMICS_CLIENT_SECRET"
            ),
        )

    # Calls.

    def get(self, path: str, params: Mapping[str, str] | None = None, *, prefer: str = "") -> Response:
        """A reading call, `path` below the interface's root or a next link."""
        return self.call("GET", path, params=params, prefer=prefer)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        prefer: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Any call that may be repeated; a dead token or a missing right is an error, all else the answer."""
        where = path if "://" in path[:12] else f"{self.root}/{path}"
        more = {**_HEADERS, **({"Prefer": prefer} if prefer else {}), **(headers or {})}
        if params:
            where += "?" + "&".join(f"{name}={quote(value, safe='$,()')}" for name, value in params.items())
        answer = self._calls.call(method, where, json=body, headers=more)
        if answer.status in (401, 403):
            raise self.refused(answer, "the call")
        return answer

    def rows(
        self, table: str, params: Mapping[str, str], *, size: int, prefer: str = ""
    ) -> Iterator[list[dict[str, Any]]]:
        """All pages of a list. Raises for anything that is no page."""
        path, asked = table, dict(params)
        wanted = ",".join(filter(None, (f"odata.maxpagesize={size}", prefer)))
        while True:
            answer = self.get(path, asked, prefer=wanted)
            body = answer.object()
            if not answer.ok or not isinstance(body.get("value"), list):
                raise self.refused(answer, f"a list of {table}")
            yield [row for row in body["value"] if isinstance(row, dict)]
            path, asked = str(body.get("@odata.nextLink") or ""), {}
            if not path:
                return

    def batch(self, changes: Sequence[Change]) -> list[Response]:
        """Up to `BATCH` requests in one call, each with its own answer, in order; one's failure stops no other."""
        lines: list[str] = []
        boundary = f"batch_{uuid.uuid4().hex}"  # no value can hold it
        for one in changes:
            text = json.dumps(one.body, ensure_ascii=True, separators=(",", ":"))
            heads = {"Content-Type": "application/json", **one.headers}
            lines += [
                f"--{boundary}",
                "Content-Type: application/http",
                "Content-Transfer-Encoding: binary",
                "",
            ]
            lines.append(f"{one.method} /{self.root}/{one.path} HTTP/1.1")
            lines += [*(f"{name}: {value}" for name, value in heads.items()), "", text, ""]
        lines.append(f"--{boundary}--")
        answer = self._calls.call(
            "POST",
            f"{self.root}/$batch",
            data="\r\n".join([*lines, ""]).encode(),
            headers={
                **_HEADERS,
                "Content-Type": f"multipart/mixed; boundary={boundary}",
                "Prefer": "odata.continue-on-error",
            },
        )
        found = _answers(answer) if answer.ok else []
        if len(found) != len(changes):
            raise self.refused(answer, "a batch of changes")
        return found

    # What an answer says.

    def refused(self, answer: Response, what: str) -> RemoteError:
        """The error for an answer that is no success. Values that it repeats stay out: they may be a person's."""
        request_id = answer.headers.get("x-ms-service-request-id", "")
        found = answer.object().get("error")
        code, said = self.said(answer)
        if answer.status == 401:
            return NotSent(
                f"{LABEL}: the sign-in is not accepted by {urlsplit(self._api).hostname}",
                service=LABEL,
                cause="auth",
                status=401,
                request_id=request_id,
                hint="check `api` (the environment's address) and `tenant` under `crm` in mkdocs.yml",
            )
        if answer.status == 403:
            return NotSent(
                f"{LABEL}: the application user may not do this: {said or what}",
                service=LABEL,
                cause="auth",
                status=403,
                request_id=request_id,
                hint="give the application user its security role in the Power Platform admin centre (`publish manual dynamics`)",
            )
        if not isinstance(found, dict):
            return self._calls.unclear(answer, what)
        return Rejected(
            f"{LABEL} refused {what}: {said} ({code or answer.status})",
            service=LABEL,
            status=answer.status,
            request_id=request_id,
            hint=_FIX.get(code, "correct what it names, or its rule in Dynamics"),
        )

    def said(self, answer: Response) -> tuple[str, str]:
        """The error's code and words; the words of a rule or a plug-in could repeat a value, so only known ones pass."""
        found = answer.object().get("error")
        if not isinstance(found, dict):
            return "", ""
        code, raw = str(found.get("code") or ""), str(found.get("message") or "")
        names = re.findall(r"'([a-z_][a-z0-9_.@]{1,60})'", raw)
        if code in _PLAIN or re.fullmatch(r"0x8006088\w|0x8004\w{4}", code):
            kept = _PLAIN.get(code, "a rule of this environment" if not names else "the value of a column")
            return code, f"{kept}{': ' + ', '.join(dict.fromkeys(names)) if names else ''}"
        return code, self._http.redact(re.sub(r"\S+@\S+", "(an address)", raw))[:160]


_PLAIN = {
    "0x80048d19": "a column that it does not have, or a value of the wrong kind",
    "0x80060888": "a name that it does not know",
    "0x80060892": "our alternate key is not there or not active yet",
    "0x80044331": "a value is too long for its column",
    "0x80040217": "the record does not exist",
    "0x80040237": "a record with the same key exists",
    "0x80040220": "a privilege is missing",
    "0x80072560": "the application is no user of this environment",
}
_SETUP = "run `publish crm setup --plan`, then --apply"
_FIX = {
    "0x80048d19": _SETUP,
    "0x80060888": _SETUP,
    "0x80060892": f"{_SETUP}, and wait until the key is active",
}
_SIGN_IN = {
    "AADSTS7000215": "DYNAMICS_CLIENT_SECRET is wrong: it must be the secret's value, not its id",
    "AADSTS7000222": "the client secret has expired: make a new one in Entra and put it into DYNAMICS_CLIENT_SECRET",
    "AADSTS700016": "DYNAMICS_CLIENT_ID is no application of this tenant",
    "AADSTS90002": "`tenant` under `crm` in mkdocs.yml names no tenant",
    "AADSTS500011": "`api` under `crm` in mkdocs.yml is no environment of this tenant",
}


def _answers(whole: Response) -> list[Response]:
    """The answers of a batch."""
    given = re.search(r'boundary="?([^";]+)', whole.headers.get("content-type", ""))
    if given is None:
        return []
    out: list[Response] = []
    for part in whole.text.replace("\r\n", "\n").split(f"--{given[1]}")[1:]:
        found = re.search(r"HTTP/1\.1 (\d{3})[^\n]*\n(.*?)\n\n(.*)", part, re.DOTALL)
        if part.startswith("--") or found is None:
            continue
        heads = dict(line.partition(": ")[::2] for line in found[2].split("\n") if ": " in line)
        out.append(Response(status=int(found[1]), headers=_headers(heads), body=found[3].strip().encode()))
    return out


def _headers(items: Mapping[str, str]) -> Any:
    from byline.http import Headers

    return Headers(items)


def text(value: str) -> str:
    """A text inside a filter: quotes doubled."""
    return "'" + value.replace("'", "''") + "'"


def key_path(table: str, column: str, value: str) -> str:
    """`leads(acme_bylinekey='…')`, encoded for a path."""
    return f"{table}({column}={quote(text(value), safe='')})"


def chunks(items: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    """The items in parts of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
