"""The `- byline:` block of mkdocs.yml -> the parts of Settings that are Byline's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from urllib.parse import urlsplit

from byline.fields import Fields, did_you_mean, is_loopback, kind
from byline.reading import direct, forms, look, post_office
from byline.reading.accounts import read_channels
from byline.reading.campaigns import read_audiences, read_campaigns, read_heard_from
from byline.reading.crm import read_crm
from byline.reading.placed import read_links
from byline.settings import (
    ChannelSettings,
    Costs,
    LeadForm,
    LedgerSettings,
    LiveGate,
    Settings,
    Timeouts,
)
from byline.yamlread import Mapping_, Scalar, Sequence_

LOCAL_INTAKE = "http://127.0.0.1:8765/lead"  # where `publish intake` listens when it is told nothing else
_SECRET = re.compile(r"(^|_)(token|secret|password|passwd|api_?key|private_?key|client_id)(_|$)")
# Names that can never be reached from outside: RFC 2606 and 6761.
_RESERVED = re.compile(r"(.+\.)?(example|test|invalid|localhost|local|internal|example\.(com|net|org))")


def read_block(block: Fields, settings: Settings) -> Settings:
    """The settings with all of the block in them; mistakes are in `block.problems`. The zone is read already."""
    _no_secrets(block)
    if not _schema(block):
        for key in block.node.items:  # what they are called in another form is no mistake
            block.get(key)
        return settings
    ledger = _ledger(block)
    settings = replace(settings, ledger=ledger)
    channels = read_channels(block, settings.root, settings.site_key)
    campaigns = read_campaigns(block)
    costs = _costs(block)
    return replace(
        settings,
        channels=MappingProxyType(channels),
        share_by_default=_networks(block, "share_by_default", channels),
        profiles=_profiles(block, channels),
        late_limit=block.span("late_limit", settings.late_limit) or timedelta(0),
        max_per_run=block.integer("max_per_run", settings.max_per_run, low=1),
        audiences=read_audiences(block),
        heard_from=read_heard_from(block),
        timeouts=_timeouts(block),
        settle_waits=_waits(block, settings.settle_waits),
        live_gate=_live_gate(block),
        campaigns=campaigns,
        links=read_links(block, campaigns),
        costs=costs,
        feeds=look.read_feeds(block),
        pages=look.read_pages(block),
        editor=look.read_editor(block),
        lead_form=_lead_form(block, settings.site_url),
        signup=look.read_signup(block),
        crm=read_crm(block, costs.currency),
        mail=post_office.read_mail(block),
        intake=post_office.read_intake(block),
        brand=look.read_brand(block, settings),
    )


def _schema(block: Fields) -> bool:
    """Are the settings written in the form that this version reads? Any other cannot be read as meant."""
    found = block.integer("schema", 1, low=1)
    if found > forms.newest():
        block.problem(
            "schema",
            "newer-settings",
            f"these settings are of form {found}; this version of Byline knows up to {forms.newest()}",
            "install the version that stands in requirements.txt",
        )
    elif found < forms.newest():
        block.problem(
            "schema",
            "older-settings",
            f"these settings are of form {found}; this version of Byline reads form {forms.newest()}",
            "run `publish upgrade`: it shows what changes, and writes it with --apply",
        )
    return found == forms.newest()


def is_public(site_url: str) -> bool:
    """Can strangers reach this address? Not this machine, nor a name that is kept for examples and tests."""
    host = (urlsplit(site_url).hostname or "").lower()
    return bool(host) and not is_loopback(host) and not _RESERVED.fullmatch(host)


def _no_secrets(block: Fields) -> None:
    """A token in mkdocs.yml is in everybody's hands; say so without repeating it."""

    def look(node: object, path: str) -> None:
        if isinstance(node, Mapping_):
            for key, value in node.items.items():
                if _SECRET.search(key.lower()) and isinstance(value, Scalar) and value.value is not None:
                    block.problem(
                        path + key,
                        "secret-in-settings",
                        f"`{key}` looks like a secret; secrets come from the environment alone",
                        "delete the line, make a new secret, and store it in your CI's secrets",
                        line=node.key_lines[key],
                    )
                look(value, f"{path}{key}.")
        elif isinstance(node, Sequence_):
            for index, item in enumerate(node.items):
                look(item, f"{path}{index}.")

    for name in ("channels", "ledger", "crm", "lead_form"):
        look(block.node.items.get(name), f"{name}.")


def _ledger(block: Fields) -> LedgerSettings:
    stores = ("auto", "sqlite", "git", "postgresql")
    if not isinstance(block.node.items.get("ledger"), Mapping_):
        return LedgerSettings(store=block.choice("ledger", stores, "auto"))  # type: ignore[arg-type]
    section = block.section("ledger")
    assert section is not None
    url = section.text("url")
    if url and "@" in url and ":" in url.partition("://")[2].partition("@")[0]:
        section.problem(
            "url",
            "secret-in-settings",
            "`url` holds a password; secrets never stand in a file",
            "leave the password out; BYLINE_LEDGER_URL (the whole address) or PGPASSWORD in the environment gives it",
        )
    found = LedgerSettings(
        store=section.choice("store", stores, "auto"),  # type: ignore[arg-type]
        url=url,
        branch=section.text(
            "branch", "byline-ledger", pattern=r"[A-Za-z0-9][A-Za-z0-9._/-]*", expected="a branch's name"
        ),
        site=section.text("site"),
    )
    section.done()
    return found


def _networks(block: Fields, key: str, channels: Mapping[str, ChannelSettings]) -> tuple[str, ...]:
    """A list of networks, each of them set up."""
    from byline import registry

    found: list[str] = []
    for typed in block.texts(key, expected="a list of networks"):
        name = registry.canonical_name(typed)
        written = block.node.items.get("channels")
        if name not in channels and isinstance(written, Mapping_) and typed in written.items:
            continue  # what is wrong there is told there
        if name not in channels:
            meant = did_you_mean(typed, channels)
            block.problem(
                key,
                "unknown-network",
                f"`{typed}` in `{key}` is not among `channels`",
                f"did you mean `{meant}`?"
                if meant
                else f"add `{typed}:` below `channels:`, or take it out here",
            )
        elif name not in found:
            found.append(name)
    return tuple(found)


def _profiles(block: Fields, channels: Mapping[str, ChannelSettings]) -> Mapping[str, tuple[str, ...]]:
    section = block.section("profiles")
    if section is None:
        return MappingProxyType({})
    return MappingProxyType({name: _networks(section, name, channels) for name in section})


def _seconds(fields: Fields, key: str, default: float, *, low: str = "0") -> float:
    return float(fields.number(key, Decimal(str(default)), low=Decimal(low), high=Decimal(86_400)))


def _timeouts(block: Fields) -> Timeouts:
    section = block.section("timeouts")
    if section is None:
        return Timeouts()
    usual = Timeouts()
    found = Timeouts(
        connect=_seconds(section, "connect", usual.connect, low="0.1"),
        read=_seconds(section, "read", usual.read, low="0.1"),
    )
    section.done()
    return found


def _waits(block: Fields, usual: tuple[float, ...]) -> tuple[float, ...]:
    node = block.get("settle_waits")
    if node is None:
        return usual
    items = node.items if isinstance(node, Sequence_) else ()
    found = [
        float(item.value)
        for item in items
        if isinstance(item, Scalar)
        and isinstance(item.value, int | float)
        and not isinstance(item.value, bool)
        and 0 <= item.value <= 86_400
    ]
    if not items or len(found) != len(items):
        block.problem(
            "settle_waits",
            "wrong-kind",
            f"`settle_waits` is {kind(node)}; a list of seconds is expected",
            "write `settle_waits: [10, 30, 60]`",
        )
        return usual
    return tuple(found)


def _live_gate(block: Fields) -> LiveGate:
    section = block.section("live_gate")
    if section is None:
        return LiveGate()
    usual = LiveGate()
    found = LiveGate(
        wait=_seconds(section, "wait", usual.wait), every=_seconds(section, "every", usual.every, low="0.1")
    )
    section.done()
    return found


def _costs(block: Fields) -> Costs:
    section = block.section("costs")
    if section is None:
        return Costs()
    found = Costs(
        currency=section.text(
            "currency", "EUR", pattern=r"[A-Z]{3}", expected="a code such as EUR, USD or GBP"
        ),
        hour=section.number("hour", Decimal(0), low=Decimal(0)),
    )
    section.done()
    return found


def _lead_form(block: Fields, site_url: str) -> LeadForm:
    section = block.section("lead_form")
    if section is None:
        return LeadForm()
    options = ("off", "local", "url", "salesforce", "hubspot", "dynamics")
    url = section.url("url")
    node = section.get("to")
    if isinstance(node, Mapping_):  # `to: {url: https://…}`
        target = section.below(node, section.full("to"))
        to, url = "url", target.url("url", required=True)
        target.done()
    elif isinstance(node, Scalar) and node.value is False:  # YAML 1.1 reads `off` as false
        to = "off"
    else:
        to = section.choice("to", options, "url" if "url" in section else "off")
    if to == "url" and not url and "url" not in section and not isinstance(node, Mapping_):
        section.problem(
            "to", "missing", "`to: url` needs the address that takes the form", "add a line `url: https://…`"
        )
    if to == "local" and is_public(site_url):
        section.problem(
            "to",
            "local-lead-form",
            f"the form would be sent to the visitor's own machine: `to: local` cannot work on {site_url}",
            "write `url: https://…` with the address of your intake or form service, or `to: off`",
        )
    elif url and to != "off" and is_public(site_url) and is_loopback(urlsplit(url).hostname or ""):
        section.problem(
            "to" if isinstance(node, Mapping_) else "url",
            "local-lead-form",
            f"the form would be sent to the visitor's own machine: {url} cannot be reached from {site_url}",
            "write the address at which your intake can be reached from outside, `https://…`",
        )
    if to == "local" and not url:
        url = LOCAL_INTAKE
    if to == "dynamics" and not url and "url" not in section:
        section.problem(
            "to",
            "missing",
            "Dynamics takes no form from a page by itself",
            "run `publish intake` on a server and add a line `url: https://…` with its address",
        )
    url, more, fields = direct.read(section, to, url)
    found = LeadForm(
        to=to,  # type: ignore[arg-type]
        url=url,
        consent=section.choice("consent", ("required", "granted", "none"), "required"),  # type: ignore[arg-type]
        keep_days=section.integer("keep_days", 365, low=1, high=3650),
        domain=section.text(
            "domain",
            "",
            pattern=r"[a-z0-9-]+(\.[a-z0-9-]+)+",
            expected="a domain of your own such as acme.example, without https:// and without a path",
        ),
        options=MappingProxyType(more),
        fields=MappingProxyType(fields),
        line=section.line(),
    )
    section.done()
    return found
