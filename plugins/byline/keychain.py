"""Secrets in the operating system's keyring, for a person's own machine (the extra `keyring`).

A secret stands there under the site's address and the variable's name. The library is imported only when it is used.
"""

from __future__ import annotations

import importlib
from typing import Any

from byline.errors import BylineError, UsageError


def read(site: str, name: str) -> str:
    """The secret, or an empty string. Raises BylineError when there is no keyring to ask."""
    found = _call("get_password", _service(site), name)
    return found if isinstance(found, str) else ""


def write(site: str, name: str, value: str) -> None:
    """Keep the secret. Raises BylineError when there is no keyring to keep it in."""
    _call("set_password", _service(site), name, value)


def place() -> str:
    """What the library calls the keyring that it uses here, such as `SecretService Keyring`."""
    return str(getattr(_call("get_keyring"), "name", "of an unknown kind"))


def is_safe() -> bool:
    """Does the library recommend the keyring that it uses here? A plain file it does not."""
    return float(getattr(_call("get_keyring"), "priority", 1)) >= 1


def check() -> None:
    """Raise now, rather than after a sign-in, when nothing can be kept here."""
    read("https://nowhere.invalid/", "NOTHING")


def _service(site: str) -> str:
    return f"byline {site}"


def _call(what: str, *values: str) -> Any:
    try:
        keyring = importlib.import_module("keyring")
    except ModuleNotFoundError:
        raise UsageError(
            "the library `keyring` is not installed",
            hint="pip install 'keyring>=25,<26', or unset BYLINE_KEYRING",
        ) from None
    try:
        return getattr(keyring, what)(*values)
    except keyring.errors.NoKeyringError:
        raise UsageError(
            "this machine has no keyring that can be used",
            hint="on a server there is none: set the secrets in the environment and leave BYLINE_KEYRING unset; on a "
            "desktop install its keyring (Linux: gnome-keyring or KWallet) and sign in to it",
        ) from None
    except keyring.errors.KeyringError as error:
        raise BylineError(
            f"this machine's keyring cannot be used ({type(error).__name__})",
            hint="unlock it, or set the secrets in the environment and leave BYLINE_KEYRING unset",
        ) from None
