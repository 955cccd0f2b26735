"""Who has to renew which token, and how, as an issue for people who have no command line.

Everything in it is ours or the settings': a network's own words could call people or end a block, so none are in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from byline import registry

if TYPE_CHECKING:
    from byline.channels.base import Renewal
    from byline.doctor.findings import Finding
    from byline.settings import Account, Settings

_HANDLE = re.compile(r"@?[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,60}[A-Za-z0-9])?")
_NAME = re.compile(r"[^\W_][\w .'’-]{0,60}")
NOBODY = "Whoever holds these accounts (`owner` in the settings names them)"
_PLACES = {
    "github": "In this repository: Settings, Environments, `networks`, then the pencil beside {secrets}: paste it, *Update secret*.",
    "gitlab": "In this project: Settings, CI/CD, Variables, {secrets}: *Edit*, paste it into *Value*, *Save changes*.",
}


def markdown(findings: Sequence[Finding], settings: Settings, *, within: int, host: str = "github") -> str:
    """For each person whose token is dead or dies within so many days: a heading that calls them, numbered steps.

    `host` is where the secrets are kept, github or gitlab. Empty when nobody has anything to renew.
    """
    by: dict[str, list[str]] = {}
    for item in findings:
        channel, _, name = item.about.partition(".")
        account = settings.account(channel, name)
        if account is not None and (item.renew or (item.days is not None and item.days < within)):
            person = called(account.owner) or NOBODY
            by.setdefault(person, []).append(_one(item, account, settings, host))
    return "\n".join(f"### {person}\n\n" + "\n".join(parts) for person, parts in sorted(by.items()))


def called(owner: str) -> str:
    """The owner as an issue may name them: `@dana` is called by the code host, any other name is only shown.

    Empty for no owner, and for what is neither: it could hold markup.
    """
    return owner if _HANDLE.fullmatch(owner) or _NAME.fullmatch(owner) else ""


def _one(item: Finding, account: Account, settings: Settings, host: str) -> str:
    label = registry.label(account.channel)
    whose = f" ({item.who})" if _NAME.fullmatch(item.who) else ""
    if item.days is None:
        state = "The token is refused, so nothing goes out there until it is renewed."
    elif item.days < 0:
        state = "The token is dead, so nothing goes out there until it is renewed."
    else:
        state = f"The token dies in {item.days} {'day' if item.days == 1 else 'days'}; after that nothing goes out there."
    steps = steps_for(account, settings, host)
    rows = "".join(f"{number}. {step}\n" for number, step in enumerate(steps, 1))
    return f"**{label}, `{account.name}`**{whose}. {state}\n\n{rows}"


def steps_for(account: Account, settings: Settings, host: str = "github") -> tuple[str, ...]:
    """What a person does, in order, from the network's own page to the run that sends again."""
    renewal: Renewal | None = getattr(registry.channel(account.channel), "renewal", None)
    place = (
        f"line {account.line} of `{settings.file.name}`"
        if 0 < account.line < 1_000_000
        else f"`{settings.file.name}`"
    )
    command = f"publish connect {account.channel} --as {account.name}"
    last = (
        f"If the network told a day: write it into {place}, `expires: YYYY-MM-DD`, by a pull request.",
        "The next hourly run uses it. This issue closes itself with the next weekly look.",
    )
    if renewal is None:
        return (f"On a machine with this repository: `{command}`. It says which secret to set.", *last)
    secrets = " and ".join(f"`{_variable(name, account, settings)}`" for name in renewal.secrets)
    put = _PLACES.get(host, _PLACES["github"]).format(secrets=secrets)
    return (*renewal.steps, put, *last, f"With a command line it is one step: `{command}`.")


def _variable(secret: str, account: Account, settings: Settings) -> str:
    """The secret's name, with the account's where the network has several that need one."""
    block = settings.channels[account.channel]
    several = sum(item.mode == "api" for item in block.accounts.values()) > 1
    return f"{secret}__{account.name.upper()}" if several else secret
