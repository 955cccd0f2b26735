"""The five questions of `publish init`. An answer that cannot be is said at once and asked for again, with nothing lost."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import click

from byline.cli.common import say
from byline.errors import UsageError

NETWORKS = ("linkedin", "twitter", "facebook", "mastodon", "bluesky")
CRMS = ("local", "salesforce", "dynamics", "hubspot", "csv")
_PLACES = {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
EXAMPLE = "https://www.example.com/"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the options said; None or an empty text where they said nothing."""

    name: str
    site_url: str
    timezone: str
    networks: str | None
    crm: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The answers: `site_url` ends in a stroke, `timezone` is a name of the IANA's database."""

    name: str
    site_url: str
    timezone: str
    networks: tuple[str, ...]
    crm: str


def settled(given: Given, usual: Asked) -> Asked:
    """The answers without asking: what was given, sensible values for the rest. Raises UsageError for what cannot be."""
    return Asked(
        name=" ".join(given.name.split()) or usual.name,
        site_url=address(given.site_url) if given.site_url else usual.site_url,
        timezone=zone(given.timezone) if given.timezone else usual.timezone,
        networks=usual.networks if given.networks is None else chosen(given.networks),
        crm=given.crm or usual.crm,
    )


def ask(given: Given, usual: Asked) -> Asked:
    """Ask the person what the options did not say. Raises UsageError for an option that cannot be."""
    known = settled(given, usual)
    say("Five questions. Enter takes what stands in brackets; all of it can be changed later.\n")
    networks = ",".join(usual.networks) or "none"
    return Asked(
        name=known.name if given.name else _asked("1 of 5  The company's name", usual.name, _words),
        site_url=known.site_url
        if given.site_url
        else _asked("2 of 5  The address of the site (not known yet: Enter)", usual.site_url, address),
        timezone=known.timezone
        if given.timezone
        else _asked("3 of 5  Its time zone, or the nearest large city", usual.timezone, zone),
        networks=known.networks
        if given.networks is not None
        else _asked(f"4 of 5  Networks: {', '.join(NETWORKS)}, or none", networks, chosen),
        crm=known.crm
        if given.crm
        else _asked(
            "5 of 5  Where enquiries go: local (a file here), salesforce, dynamics,\n        hubspot, csv",
            usual.crm,
            _crm,
        ),
    )


def _asked(question: str, usual: str, read: Callable[[str], _T]) -> _T:
    while True:
        answer = click.prompt(f"{question}\n       ", default=usual)
        try:
            return read(answer)
        except UsageError as error:
            hint = re.sub(r"`?--[a-z-]+ ([^`]*)`?", r"\1", error.hint)
            say("        " + click.style(error.message, fg="red") + (f"; {hint}" if hint else ""))


def _words(text: str) -> str:
    found = " ".join(text.split())
    if not found:
        raise UsageError("a company has a name", hint="it can be changed later")
    return found


def _crm(text: str) -> str:
    from byline.fields import did_you_mean

    word = text.strip().lower()
    if word in CRMS:
        return word
    meant = did_you_mean(word, CRMS)
    raise UsageError(
        f"`{text}` is not one of {', '.join(CRMS)}",
        hint=f"did you mean `{meant}`?" if meant else "another CRM takes the file of csv",
    )


def chosen(text: str) -> tuple[str, ...]:
    """The networks in a list of words, `x` for Twitter; `none` is no network. Raises UsageError."""
    from byline.fields import did_you_mean

    found: list[str] = []
    for word in re.split(r"[\s,]+", text.strip().lower()):
        name = "twitter" if word == "x" else word
        if name in ("", "none"):
            continue
        if name not in NETWORKS:
            meant = did_you_mean(name, (*NETWORKS, "x"))
            raise UsageError(
                f"there is no network `{word}`; known are {', '.join(NETWORKS)}",
                hint=f"did you mean `{meant}`?"
                if meant
                else "write, for example, --networks linkedin,mastodon",
            )
        found.append(name)
    return tuple(dict.fromkeys(found))


def is_address(text: str) -> bool:
    """Whether `address` takes it."""
    try:
        address(text)
    except UsageError:
        return False
    return True


def address(text: str) -> str:
    """The site's address, with a stroke at its end; `www.acme.com` becomes `https://www.acme.com/`. Raises UsageError."""
    from byline.fields import Fields
    from byline.yamlread import Mapping_, Scalar

    text = text.strip()
    if re.fullmatch(r"(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?:/[!-~]*)?", text):
        text = f"https://{text}"
    node = Mapping_({"site_url": Scalar(text, text, True, 1)}, {"site_url": 1}, 1)
    fields = Fields(node, file="", problems=[])
    found = fields.url("site_url")
    if fields.problems or not re.fullmatch(r"[!-~]+", found) or re.search(r"[\"'#?]", found):
        hint = fields.problems[0].fix if fields.problems else f"write --site-url {EXAMPLE}"
        raise UsageError(
            f"`{text}` cannot be the address of the site", hint=hint.replace("`site_url: ", "`--site-url ")
        )
    return found if found.endswith("/") else f"{found}/"


def zone(name: str) -> str:
    """The time zone of that name, `Europe/Berlin`, or of that city, `Berlin`. Raises UsageError."""
    from byline.fields import did_you_mean

    name = name.strip()
    try:
        if re.fullmatch(r"[A-Za-z0-9+_/-]+", name):
            return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        pass
    from zoneinfo import available_timezones

    known = available_timezones()
    cities: dict[str, list[str]] = {}
    for one in sorted(known):
        if one.partition("/")[0] in _PLACES:
            cities.setdefault(one.lower().rpartition("/")[2], []).append(one)
    city = name.replace(" ", "_").lower()
    if len(cities.get(city, ())) == 1:
        return cities[city][0]
    lower = {one.lower(): one for one in known}
    near = cities.get(city) or cities.get(did_you_mean(city, cities))
    meant = near[0] if near else lower.get(did_you_mean(name, lower), "")
    raise UsageError(
        f"there is no time zone `{name}`",
        hint=f"did you mean {meant}?" if meant else "write, for example, Europe/Berlin",
    )


def this_zone(named: str) -> str:
    """The zone of this machine, or UTC; `named` is the variable TZ."""
    linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    for candidate in (named.lstrip(":"), linked):
        try:
            if candidate and re.fullmatch(r"[A-Za-z0-9+_/-]+", candidate):
                return ZoneInfo(candidate).key
        except (ValueError, OSError, KeyError):
            continue
    return "UTC"


def usual_name(folder: Path) -> str:
    """A company's name out of its folder's."""
    return " ".join(re.findall(r"\w+", folder.absolute().name)).title() or "Example Company"
