"""`channels` of the settings -> every network with its accounts."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from byline.fields import Fields, did_you_mean
from byline.model import ACCOUNT_NAME, Mode
from byline.settings import Account, ChannelSettings
from byline.yamlread import Sequence_


def read_channels(block: Fields, home: Path, site: str) -> dict[str, ChannelSettings]:
    """Every network that can be used, in the order written; one with a mistake is left out and told."""
    from byline import registry

    found: dict[str, ChannelSettings] = {}
    section = block.section("channels")
    if section is None:
        return found
    known = registry.channels()
    for typed, fields in section.sections():
        name = registry.canonical_name(typed)
        if name not in known:
            meant = did_you_mean(typed, (*known, "x"))
            section.problem(
                typed,
                "unknown-network",
                f"there is no network `{typed}`; known are {', '.join(known)}",
                f"did you mean `{meant}`?" if meant else f"write one of {', '.join(known)}",
            )
        elif name in found:
            section.problem(
                typed, "duplicate-key", f"`{typed}` and `{name}` are the same network", f"keep `{name}` alone"
            )
        else:
            channel = _channel(name, fields, home, site)
            if channel is not None:
                found[name] = channel
    return found


def _channel(name: str, block: Fields, home: Path, site: str) -> ChannelSettings | None:
    from byline import registry

    driver = registry.channel(name)
    mode = block.choice("mode", ("api", "manual"), "api")
    schemes = getattr(driver, "schemes", ("http", "https"))
    api = block.url("api", getattr(driver, "api", ""), schemes=schemes)
    texts = words(block, "text")
    budget = block.number("budget", Decimal(0), low=Decimal(0)) if block.get("budget") is not None else None
    section = block.section("accounts")
    accounts: dict[str, Account] = {}
    fields: list[Fields] = []
    for account, own in section.sections() if section is not None else ():
        if not re.fullmatch(ACCOUNT_NAME, account):
            block.problem(
                f"accounts.{account}",
                "wrong-form",
                f"`{account}` cannot be an account's name; small letters, digits and _ are expected, a letter first",
                f"write `{re.sub(r'[^a-z0-9_]+', '_', account.lower()).strip('_') or 'company'}:`",
                line=own.line() if section is None else section.line(account),
            )
            own.done(also=own.node.items)
            continue
        fields.append(own)
        accounts[account] = Account(
            channel=name,
            name=account,
            mode=_mode(own, mode),
            api=own.url("api", api, schemes=schemes).rstrip("/"),
            node=own.node,
            block=block.node,
            texts=words(own, "text") or texts,
            expires=own.day("expires"),
            owner=own.text("owner"),
            home=home,
            site=site,
            line=own.line() if section is None else section.line(account),
        )
    if not accounts and not (section is not None and section.node.items):
        block.problem(
            "accounts" if "accounts" in block else "",
            "no-account",
            f"{registry.label(name)} has no account to post from",
            "add `accounts: {company: {}}` below the network's name",
        )
    driver.settings(block, tuple(fields))
    for one in (block, *fields):
        one.done()
    if not accounts:
        return None
    return ChannelSettings(
        name=name,
        mode="manual" if mode == "manual" else "api",
        accounts=MappingProxyType(accounts),
        fields=block,
        budget=budget,
        line=block.line(),
    )


def _mode(fields: Fields, default: str) -> Mode:
    return "manual" if fields.choice("mode", ("api", "manual"), default) == "manual" else "api"


def words(fields: Fields, key: str) -> tuple[str, ...]:
    """One text, or a list of texts for a thread."""
    if isinstance(fields.node.items.get(key), Sequence_):
        return fields.texts(key)
    text = fields.text(key)
    return (text,) if text.strip() else ()
