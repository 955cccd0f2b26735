"""The `mail` and `intake` groups of mkdocs.yml: who writes to whom, and what becomes of a lead that came in."""

from __future__ import annotations

import re

from byline.fields import Fields
from byline.settings import IntakeSettings, MailSettings

_SHAPE = r"[^\s@<>,;]+@[^\s@<>,;]+"


def read_mail(block: Fields) -> MailSettings:
    """The server and the addresses; mistakes are in `block.problems`. User name and password are secrets."""
    section = block.section("mail")
    if section is None:
        return MailSettings()
    given = "server" in section
    found = MailSettings(
        server=section.url("server", schemes=("smtp", "smtps")).rstrip("/"),
        sender=section.text("from", pattern=_SHAPE, expected="a mail address", required=given),
        sender_name=section.text("from_name"),
        to=_addresses(section, "to"),
    )
    section.done()
    return found


def read_intake(block: Fields) -> IntakeSettings:
    """Who in sales is told, where files are dropped, whose forms are taken, beside the site's own."""
    section = block.section("intake")
    if section is None:
        return IntakeSettings()
    found = IntakeSettings(
        sales=_addresses(section, "sales"),
        drop=section.text("drop"),
        origins=tuple(_origin(section, one) for one in section.texts("origins", expected="a list of sites")),
        spam=section.integer("spam_points", IntakeSettings().spam, low=1, high=100),
    )
    mail = block.node.items.get("mail")
    if found.sales and mail is None:
        section.problem(
            "sales",
            "missing",
            "`sales` wants mails, but no mail server is set up",
            "add `mail: {server: smtps://…, from: …}` under `- byline:`",
        )
    section.done()
    return found


def _addresses(section: Fields, key: str) -> tuple[str, ...]:
    found = section.texts(key, expected="a list of mail addresses")
    for one in found:
        if not re.fullmatch(_SHAPE, one):
            section.problem(
                key,
                "not-an-address",
                f"`{one}` in `{key}` is no mail address",
                "write it as name@your-company.example",
            )
    return tuple(one for one in found if re.fullmatch(_SHAPE, one))


def _origin(section: Fields, one: str) -> str:
    if not one.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        section.problem(
            "origins",
            "not-a-url",
            f"`{one}` in `origins` is no site's address",
            "write it as https://www.your-company.example",
        )
    return one
