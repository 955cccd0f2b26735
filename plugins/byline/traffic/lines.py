"""One line of a server's log to one hit, whatever server wrote it. Pure.

Understood, told by the first line:

- *combined* (Apache, nginx, Caddy's and others' writer of it), with or without the host's name in front;
- *CloudFront* standard logs and everything in the W3C form, by their `#Fields:` line (AWS, "Standard logging reference",
  read 2026-11-22): times are UTC, values are percent-encoded once;
- *Cloudflare* Logpush `http_requests`, one JSON object a line (field list read 2026-11-22): times RFC 3339, or UNIX time in
  seconds or nanoseconds, whatever the job is set to;
- *Netlify* log drains, JSON or NDJSON ("Log Drains", docs.netlify.com, read 2026-11-22); other services that write one JSON
  object a request with these names are read too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

Form = Literal["combined", "W3C", "Cloudflare", "JSON"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hit:
    """One request. `address` and `agent` tell visitors apart while a file is read and are kept nowhere.

    `target` is path and query as asked for; `request` the server's own number of the request, where it has one;
    `score` is Cloudflare's from 1 (a machine) to 99, 0 when it is not told.
    """

    at: datetime
    address: str
    agent: str
    method: str
    target: str
    status: int
    size: str = ""
    request: str = ""
    score: int = 0


_COMBINED = re.compile(
    # An address, or a name with an address behind it (the host that was asked), or a name that is the visitor's own.
    r"(?:(?!\S+ [\da-fA-F:.]*[.:][\da-fA-F:.]+ )|\S+ )(?P<address>\S+) [^\[\"]*\[(?P<at>[^\]]{10,40})\] "
    r'"(?P<method>[A-Z]{1,20}) (?P<target>\S+)(?: [^"]*)?" (?P<status>\d{3}) (?P<size>\S+)'
    r'(?: "(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)")?'
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1
    )
}
_AT = re.compile(r"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-]\d{4})")
# What a value is called: Cloudflare, Netlify, and what others write.
_JSON = {
    "at": ("EdgeStartTimestamp", "timestamp", "time", "@timestamp", "ts", "date"),
    "address": ("ClientIP", "client_ip", "clientIp", "remote_addr", "ip", "remote_ip"),
    "agent": ("ClientRequestUserAgent", "user_agent", "userAgent", "http_user_agent", "agent"),
    "method": ("ClientRequestMethod", "method", "request_method", "http_method"),
    "target": ("ClientRequestURI", "url", "request_uri", "uri", "path"),
    "status": ("EdgeResponseStatus", "status_code", "statusCode", "status"),
    "request": ("RayID", "request_id", "requestId", "id"),
    "size": ("EdgeResponseBytes", "bytes", "body_bytes_sent"),
}


class Reader:
    """Reads the lines of one file in order; the first tells the form. `form` is empty before it."""

    def __init__(self) -> None:
        self.form: Form | Literal[""] = ""
        self._fields: list[str] = []

    def hits(self, line: str) -> Iterator[Hit]:
        """The hits of a line (none for a comment). Raises ValueError for a line that is none of a log."""
        line = line.strip()
        if not line:
            return
        if line.startswith("#"):
            if line.startswith("#Fields:"):
                self.form, self._fields = "W3C", line.removeprefix("#Fields:").split()
            return
        if line[0] in "{[":
            found = json.loads(line.removesuffix(","))
            for item in found if isinstance(found, list) else [found]:
                if not isinstance(item, dict):
                    raise ValueError("not an object")
                self.form = self.form or ("Cloudflare" if "EdgeStartTimestamp" in item else "JSON")
                if item.get("log_type", "traffic") in ("traffic", ""):
                    yield _json(item)
        elif self._fields:
            yield _w3c(dict(zip(self._fields, re.split(r"\t" if "\t" in line else " ", line), strict=False)))
        else:
            self.form = self.form or "combined"
            yield _combined(line)


def _combined(line: str) -> Hit:
    match = _COMBINED.match(line)
    if match is None:
        raise ValueError("not a line of the combined form")
    agent = match["agent"] or ""
    return Hit(
        at=_clf_time(match["at"]),
        address=match["address"],
        agent="" if agent == "-" else agent,
        method=match["method"],
        target=_target(match["target"]),
        status=int(match["status"]),
        size=match["size"],
    )


def _clf_time(text: str) -> datetime:
    match = _AT.fullmatch(text)
    if match is None:
        return _time(text)
    day, month, year, hour, minute, second, offset = match.groups()
    return datetime.fromisoformat(
        f"{year}-{_MONTHS[month]:02}-{day}T{hour}:{minute}:{second}{offset[:3]}:{offset[3:]}"
    ).astimezone(UTC)


def _w3c(row: Mapping[str, str]) -> Hit:
    def value(*names: str) -> str:
        found = next((row[name] for name in names if row.get(name, "-") != "-"), "")
        return unquote(found.replace("+", " ")) if "Agent" in names[0] else found

    if "timestamp" in row and "date" not in row:  # CloudFront's newer logs may have one number
        at = _time(row["timestamp"])
    else:
        at = datetime.fromisoformat(f"{row['date']}T{row['time']}+00:00").astimezone(UTC)
    query = value("cs-uri-query")
    return Hit(
        at=at,
        address=value("c-ip"),
        agent=value("cs(User-Agent)"),
        method=value("cs-method"),
        target=value("cs-uri-stem") + (f"?{query}" if query else ""),
        status=int(value("sc-status") or 0),
        size=value("sc-bytes"),
        request=value("x-edge-request-id"),
    )


def _json(item: Mapping[str, Any]) -> Hit:
    def value(name: str) -> str:
        found = next((item[key] for key in _JSON[name] if item.get(key) not in (None, "")), "")
        return str(found)

    if not value("target"):
        raise ValueError("no address of a page")
    score = item.get("BotScore")
    return Hit(
        at=_time(value("at")),
        address=value("address"),
        agent=value("agent"),
        method=value("method") or "GET",
        target=_target(value("target")),
        status=int(value("status") or 0),
        size=value("size"),
        request=value("request"),
        score=score if isinstance(score, int) else 0,
    )


def _target(raw: str) -> str:
    """Path and query; some servers write the whole address."""
    if raw.startswith(("http://", "https://")):
        parts = urlsplit(raw)
        return parts.path + (f"?{parts.query}" if parts.query else "")
    return raw


def _time(raw: str) -> datetime:
    """RFC 3339, or UNIX time in seconds, milliseconds, microseconds or nanoseconds."""
    if re.fullmatch(r"\d{9,20}(\.\d+)?", raw):
        number = float(raw)
        while number > 1e11:
            number /= 1000
        return datetime.fromtimestamp(number, UTC)
    found = datetime.fromisoformat(raw)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


Parse = Callable[[str], Iterator[Hit]]
