"""A whole answer and its header fields, as plain values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_REQUEST_IDS = ("x-request-id", "x-li-uuid", "x-fb-request-id", "x-fb-trace-id", "x-transaction-id", "cf-ray")


class Headers(Mapping[str, str]):
    """Header fields; names are found whatever their case."""

    def __init__(self, items: Mapping[str, str] | None = None) -> None:
        self._items = {name.lower(): value for name, value in (items or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._items[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Response:
    """A whole answer, whatever its status. `url` is the address that gave it, after redirects."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    url: str = ""

    @property
    def ok(self) -> bool:
        """A status of 200 to 299."""
        return 200 <= self.status < 300

    @property
    def text(self) -> str:
        """The body as UTF-8; what is not becomes a replacement character."""
        return self.body.decode("utf-8", "replace")

    @property
    def request_id(self) -> str:
        """The service's own id of the call, for its support; empty when it gave none."""
        return next((self.headers[name] for name in _REQUEST_IDS if name in self.headers), "")

    def json(self) -> Any:
        """The body as JSON; None when it is not (a proxy's HTML page, a torn answer)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def object(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one when it is anything else."""
        found = self.json()
        return found if isinstance(found, dict) else {}

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.body)} bytes)"
