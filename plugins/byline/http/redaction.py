"""Secrets: read from the environment, and never shown."""

from __future__ import annotations

import base64
import json
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from byline.errors import NotSent

if TYPE_CHECKING:
    from byline.settings import Secrets


class Redaction:
    """The secrets that are known so far, and texts without them."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def protect(self, name: str, value: str) -> None:
        """From now on this value, in every usual spelling, is written as `name`."""
        if len(value) >= 4:
            for form in _forms(value):
                self._names[form] = name

    def redact(self, text: str) -> str:
        """The text without secrets."""
        for form in sorted(self._names, key=len, reverse=True):
            text = text.replace(form, f"[{self._names[form]}]")
        return text

    def secret(
        self,
        secrets: Secrets,
        account: str,
        name: str,
        *,
        service: str,
        aliases: tuple[str, ...] = (),
        shown: bool = False,
    ) -> str:
        """The secret, protected from being shown; NotSent (auth) that names the variable when it is not set.

        `shown` is for a value that stands with the secrets but is public, such as an account's name.
        """
        value = secrets.get(name, account, aliases=aliases)
        if not value:
            own = f"{name}__{account.upper()}" if account else name
            raise NotSent(
                f"{service}: the secret {name} is not set, so nothing can be sent from the account {account or service}",
                service=service,
                cause="auth",
                hint=f"set the environment variable {own} (this account alone) or {name} (every account)",
            )
        if not shown:
            self.protect(name, value)
        return value


def _forms(value: str) -> tuple[str, ...]:
    """The spellings in which a secret could be met: as it is, percent-encoded, in JSON, in HTML, in hexadecimal, in base64 at any offset."""
    forms = {value, quote(value, safe=""), quote_plus(value), quote(value), json.dumps(value)[1:-1]}
    forms |= {escape(value), value.encode().hex()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            encoded = encode(b"\0" * shift + value.encode()).decode().rstrip("=")
            whole = encoded[(0, 2, 3)[shift] :]
            spare = (shift + len(value.encode())) % 3  # the last letter mixes with whatever comes after
            core = whole[:-1] if spare else whole
            if len(core) >= 6:
                forms.add(core)
    return tuple(forms)
