"""What an old blog holds, whatever program it was kept in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")
_SPACED_ZONE = re.compile(r"\s+(?=(?:[+-]\d{2}:?\d{2}|Z)$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An author. `picture` is a portrait as the source names it; no mail address is ever kept."""

    name: str
    bio: str = ""
    url: str = ""
    twitter: str = ""
    picture: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One post or page.

    `source` is where a person finds it again; `published` is an aware moment, a day, or None; `authors` are keys of
    `Blog.people`; `picture` is the cover as the source names it; `urls` are former addresses, whole or as a path, the
    usual one first; `path` is the entry's file in its source, for links between files.
    """

    source: str
    title: str
    slug: str = ""
    published: datetime | date | None = None
    updated: datetime | date | None = None
    draft: bool = False
    page: bool = False
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    description: str = ""
    picture: str = ""
    picture_alt: str = ""
    series: str = ""
    body: str = ""
    form: Literal["html", "markdown"] = "html"
    urls: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What could not be carried, or not as it was: where, and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blog:
    """A whole blog. `url` is its former address; `roots` are folders in which its files lie; `alts` are words for pictures by address."""

    title: str = ""
    url: str = ""
    entries: tuple[Entry, ...] = ()
    people: Mapping[str, Person] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[Note, ...] = ()
    roots: tuple[Path, ...] = ()
    alts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def clean(text: object) -> str:
    """Text without characters that no file may hold; anything but text is nothing."""
    if not isinstance(text, str):
        return ""
    return (
        _CONTROL.sub("", text.encode("utf-8", "replace").decode()).replace("\r\n", "\n").replace("\r", "\n")
    )


def line(text: object) -> str:
    """The text as one line."""
    return " ".join(clean(text).split())


def moment(value: object, zone: ZoneInfo) -> datetime | date | None:
    """A day or an aware moment out of what a program wrote; None for what is neither. A bare hour is on `zone`'s clock."""
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=zone)
    if isinstance(value, date):
        return value
    text = _SPACED_ZONE.sub("", line(value))
    if not text or text.startswith("0000"):
        return None
    try:
        return date.fromisoformat(text) if len(text) <= 10 else moment(datetime.fromisoformat(text), zone)
    except ValueError:
        pass
    try:
        return moment(parsedate_to_datetime(text), zone)
    except (ValueError, TypeError, IndexError):
        return None


def names(value: object, *, split: str = "") -> tuple[str, ...]:
    """A list of words however it was written: a list, one text, or (with `split`) several in one text."""
    if isinstance(value, str) and split:
        value = re.split(split, value)
    items = value if isinstance(value, list | tuple) else [value]
    found = (
        line(str(item))
        for item in items
        if isinstance(item, str | int | float) and not isinstance(item, bool)
    )
    return tuple(dict.fromkeys(item for item in found if item))
