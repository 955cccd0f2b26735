"""Names to drivers: files in the folders, then entry points of other packages. There is no central list.

A driver is imported when it is asked for. An outside package offers one in its entry point group
`byline.channels` (or `byline.crm`), whose name is the network's and whose value is the class.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

from byline.errors import UsageError
from byline.fields import did_you_mean

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from byline.channels.base import Channel

_ALSO_TYPED = {"x": "twitter"}  # people know the network by both names; everywhere inside it has one


def canonical_name(name: str) -> str:
    """The one name of a network that is used inside, whatever a person typed."""
    word = name.strip().lower()
    return _ALSO_TYPED.get(word, word)


def channels() -> tuple[str, ...]:
    """Every network there is a driver for, sorted."""
    return tuple(sorted({*_files("byline.channels"), *_points("byline.channels")}))


def crms() -> tuple[str, ...]:
    """Every CRM there is a driver for, sorted."""
    return tuple(sorted({*_files("byline.crm"), *_points("byline.crm")}))


def channel(name: str) -> type[Channel]:
    """The driver of the network; UsageError with the names there are when there is none."""
    found: type[Channel] = _load("byline.channels", canonical_name(name), "CHANNEL", "network")
    return found


def crm(name: str) -> Any:
    """The driver of the CRM; UsageError with the names there are when there is none."""
    return _load("byline.crm", name, "CRM", "CRM")


def label(name: str) -> str:
    """The name a person knows: `linkedin` is LinkedIn. A network without a driver keeps its own word."""
    name = canonical_name(name)
    return channel(name).caps.label if name in channels() else name


@cache
def _load(package: str, name: str, attribute: str, what: str) -> Any:
    if name in _files(package):
        return getattr(importlib.import_module(f"{package}.{name}"), attribute)
    point = _points(package).get(name)
    if point is not None:
        return point.load()
    known = sorted({*_files(package), *_points(package)})
    meant = did_you_mean(name, known)
    raise UsageError(
        f"there is no {what} `{name}`",
        hint=f"did you mean `{meant}`?" if meant else f"known are {', '.join(known)}",
    )


@cache
def _files(package: str) -> tuple[str, ...]:
    try:
        path = importlib.import_module(package).__path__
    except ModuleNotFoundError:
        return ()
    return tuple(
        sorted(
            found.name
            for found in pkgutil.iter_modules(path)
            if found.name != "base" and not found.name.startswith("_")
        )
    )


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in installed().select(group=group)}


@cache
def installed() -> Any:
    """What all installed packages offer, to `select` from; looking through them takes a while, and they stay as they are."""
    from importlib.metadata import entry_points

    return entry_points()
