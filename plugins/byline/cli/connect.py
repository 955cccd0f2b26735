"""`publish connect NET`: sign in, see who it was and what they may do, learn which secret to set where."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import click

from byline.cli._publishing import json_option, open_http
from byline.cli.common import DONE, FAILED, App, emit_json, progress, say, show_in_browser
from byline.errors import UsageError
from byline.fields import did_you_mean

if TYPE_CHECKING:
    from byline.settings import Account, Settings
    from byline.signin import Callback, Connected

DEFAULT_PORT = 8793


@click.command()
@click.argument("network", metavar="NET")
@click.option(
    "--as", "name", metavar="ACCOUNT", help="For this account of the settings, or a new one of this name."
)
@click.option(
    "--page", is_flag=True, help="For a company's page where a network has both, not for your own profile."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, show_default=True,
    help="The port of the callback address http://127.0.0.1:PORT/callback.",
)  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Only show the address; open it yourself on this machine.")
@click.option(
    "--elsewhere", is_flag=True,
    help="The browser is on another machine: copy the answer over by hand.",
)  # fmt: skip
@click.option(
    "--wait", type=click.FloatRange(min=0.1), default=300.0, metavar="SECONDS", help="Wait so long for you."
)
@click.option("--show-token", is_flag=True, help="Show the secrets on this screen.")
@click.option("--keyring", is_flag=True, help="Keep the secrets in this machine's keyring, for use here.")
@json_option
@click.pass_obj
def command(
    app: App, network: str, name: str | None, page: bool, port: int, no_browser: bool, elsewhere: bool,
    wait: float, show_token: bool, keyring: bool, as_json: bool,
) -> int:  # fmt: skip
    """Sign in to a network and learn which secret to set where.

    Opens the network's own page in the browser and takes the answer on this machine; with --elsewhere, for a server
    without a browser, you copy it over (Twitter shows a number for that). Shows who signed in, with which
    rights and until when. The token is shown with --show-token only, and is written nowhere but, with --keyring, in
    this machine's keyring. The app's own id and secret come from the environment, or are asked for.
    """
    from byline import keychain
    from byline.ledger import in_ci
    from byline.signin import connect

    settings = app.settings()
    account = _account(settings, network, name)
    if in_ci(app.environment):
        raise UsageError("signing in needs a person and a browser", hint="run it on your own machine")
    if not show_token and not keyring and (as_json or not sys.stdin.isatty()):
        raise UsageError(
            "what the sign-in gives would be lost: nobody is here to be shown it",
            hint="add --show-token (it is printed) or --keyring (it is kept on this machine)",
        )
    if keyring:
        keychain.check()
    http = open_http(app, settings)
    desk = _Desk(app, port, wait, _open(no_browser), page=page, elsewhere=elsewhere)
    try:
        done = connect(account, desk, http=http, secrets=app.secrets(), clock=app.clock)
    finally:
        desk.close()
        http.close()
    names = {
        secret: _variable(settings, account, secret, shared=secret in done.signed.shared)
        for secret in done.signed.secrets
    }
    if keyring:
        for secret, value in done.signed.secrets.items():
            keychain.write(settings.site_url, names[secret], value)
    if as_json:
        emit_json(_as_json(done, settings, names, kept=keyring, shown=show_token))
        return DONE if done.health.ok else FAILED
    for line in _lines(done, settings, names, kept=keyring):
        click.echo(line)
    if show_token or (not keyring and click.confirm("Show the secrets on this screen now?", err=True)):
        click.echo("")
        for secret, value in done.signed.secrets.items():
            click.echo(f"{names[secret]}={value}")
    elif not keyring:
        say("Nothing was shown or kept. To have the secrets, sign in again with --show-token or --keyring.")
    return DONE if done.health.ok else FAILED


def _account(settings: Settings, network: str, name: str | None) -> Account:
    """The account of the settings, or one that is not there yet."""
    from byline import registry
    from byline.settings import Account
    from byline.yamlread import Mapping_

    channel = registry.canonical_name(network)
    driver = registry.channel(channel)  # UsageError names the networks there are
    block = settings.channels.get(channel)
    if name is None and block is not None:
        name = next((item.name for item in block.accounts.values() if item.mode == "api"), None)
    name = (name or "company").strip()
    if block is not None and name in block.accounts:
        return block.accounts[name]
    meant = did_you_mean(name, block.accounts) if block is not None else ""
    if meant:
        progress(f"there is no account `{name}` yet; if you mean `{meant}`: --as {meant}")
    empty = Mapping_({}, {}, 0)
    api = getattr(driver, "api", "")
    if block is not None:
        api = next(iter(block.accounts.values())).api
    return Account(
        channel=channel, name=name, mode="api", api=api, node=empty,
        block=block.fields.node if block is not None else empty,
    )  # fmt: skip


def _open(no_browser: bool) -> Callable[[str], bool]:
    if no_browser:
        return lambda _address: False
    return show_in_browser


class _Desk:
    """A person at a terminal with a browser."""

    def __init__(
        self,
        app: App,
        port: int,
        wait: float,
        browse: Callable[[str], bool],
        *,
        page: bool,
        elsewhere: bool,
    ) -> None:
        self.page, self.elsewhere = page, elsewhere
        self._secrets = app.secrets()
        self._port, self._wait = port, wait
        self._browse = browse
        self._opened: Callback | None = None

    @property
    def _callback(self) -> Callback:
        """The server on this machine, from the first time it is needed: not every network has a sign-in page."""
        if self._opened is None:
            from byline.signin import Callback

            self._opened = Callback(self._port, wait=self._wait)
            self._opened.__enter__()
        return self._opened

    def close(self) -> None:
        if self._opened is not None:
            self._opened.__exit__()

    def ask(self, question: str, *, variable: str = "", hidden: bool = False) -> str:
        value = self._secrets.get(variable) if variable else ""
        if value:
            return value
        if not sys.stdin.isatty():
            where = f"set the environment variable {variable}" if variable else "run it in a terminal"
            raise UsageError(f"nobody is here to be asked for: {question}", hint=where)
        return str(click.prompt(question, hide_input=hidden, err=True)).strip()

    def redirect(self, host: str = "127.0.0.1") -> str:
        if self.elsewhere:
            from byline.signin import PATH

            return f"http://{host}:{self._port or DEFAULT_PORT}{PATH}"
        return self._callback.redirect(host)

    def copy(self, address: str, question: str, explained: str = "") -> str:
        progress("Open this address in a browser on any machine and sign in:")
        progress(f"  {address}")
        if explained:
            progress(explained)
        return self.ask(question)

    def _copied(self, address: str, accept: Callable[[Mapping[str, str]], bool]) -> Mapping[str, str]:
        """The answer out of the address that the browser elsewhere was sent to, which it cannot show."""
        pasted = self.copy(
            address,
            "The whole address (it begins with http://)",
            "At its end that browser says that it cannot reach 127.0.0.1 or localhost. This is right: the answer stands in\n"
            "its address bar. Copy all of it.",
        )
        found = dict(parse_qsl(urlsplit(pasted).query, keep_blank_values=True))
        if not accept(found):
            raise UsageError(
                "this is not the answer to the sign-in that is under way: nothing was changed",
                hint="begin again, and copy the whole address from the browser's address bar",
            )
        return found

    def visit(self, address: str, *, accept: Callable[[Mapping[str, str]], bool]) -> Mapping[str, str]:
        if self.elsewhere:
            return self._copied(address, accept)
        self._callback.expect(accept)
        if self._browse(address):
            progress(
                "Sign in in the browser window that opened. If none did, open this address on this machine:"
            )
        else:
            progress("Open this address in a browser on this machine and sign in:")
        progress(f"  {address}")
        return self._callback.take()


def _variable(settings: Settings, account: Account, secret: str, *, shared: bool) -> str:
    """The variable's name: with the account's own name where the network has several that need a token."""
    block = settings.channels.get(account.channel)
    names = {item.name for item in block.accounts.values() if item.mode == "api"} if block else set()
    several = len(names | {account.name}) > 1
    return f"{secret}__{account.name.upper()}" if several and not shared else secret


def _as_json(
    done: Connected, settings: Settings, names: Mapping[str, str], *, kept: bool, shown: bool
) -> dict[str, Any]:
    """What `_lines` tells; the secrets' values only where they were asked for."""
    signed, health = done.signed, done.health
    expires = signed.expires or health.expires
    return {
        "network": done.account.channel,
        "account": done.account.name,
        "ok": health.ok,
        "who": health.who,
        "message": health.message,
        "missing": list(health.missing),
        "next": health.fix,
        "rights": list(signed.rights),
        "expires": expires.astimezone(settings.zone).date().isoformat() if expires else None,
        "options": dict(signed.options),
        "secrets": list(names.values()),
        "values": {names[secret]: value for secret, value in signed.secrets.items()} if shown else {},
        "kept": kept,
        "note": signed.note,
    }


def _lines(done: Connected, settings: Settings, names: Mapping[str, str], *, kept: bool) -> Iterator[str]:
    from byline import keychain, registry

    label = registry.label(done.account.channel)
    signed, health = done.signed, done.health
    yield f"Signed in to {label} as {health.who or 'somebody whom ' + label + ' does not name to this app'}."
    if signed.rights:
        yield f"Rights: {', '.join(signed.rights)}"
    if not health.ok:
        missing = f" (missing: {', '.join(health.missing)})" if health.missing else ""
        yield click.style(f"But it will not do: {health.message}{missing}", fg="red")
        yield f"  Next: {health.fix}"
    expires = signed.expires or health.expires
    until = expires.astimezone(settings.zone).date() if expires else None
    yield f"Expires: {until}" if until else "Expires: never, until it is revoked"
    yield ""
    yield from _to_paste(done.account, signed.options, until, settings)
    if kept:
        yield f"Kept in this machine's keyring ({keychain.place()}); used here when BYLINE_KEYRING=1 is set."
        if not keychain.is_safe():
            yield click.style("This keyring is a file that anybody who can read it can open.", fg="yellow")
        yield ""
    yield f"Set {'this secret' if len(names) == 1 else 'these secrets'} where posts are sent from:"
    for variable in names.values():
        yield f"  {variable}"
        yield f"    GitHub Actions   gh secret set {variable}"
        yield f"    GitLab CI        {_glab(variable)}"
        yield f"    a shell here     {_shell(variable)}"
    if signed.note:
        yield f"Note: {signed.note}"
    yield f"Then: publish doctor --to {done.account.channel}.{done.account.name}"


def _to_paste(
    account: Account, options: Mapping[str, str], until: date | None, settings: Settings
) -> Iterator[str]:
    """The line for mkdocs.yml: what the sign-in told about the account, and the day on which the token dies."""
    rows: dict[str, Any] = {key: f'"{value}"' for key, value in options.items()}
    if until and until != account.expires:
        rows["expires"] = until
    if not rows:
        return
    known = settings.account(account.channel, account.name) is not None
    written = ", ".join(f"{key}: {value}" for key, value in rows.items())
    if known:
        place = f"line {account.line}" if 0 < account.line < 1_000_000 else "the settings"
        yield f"In {Path(settings.file).name}, add to the account `{account.name}` ({place}):"
        yield f"  {written}"
    else:
        yield f"In {Path(settings.file).name}, under channels: {account.channel}: accounts:"
        yield f"  {account.name}: {{{written}}}"
    yield ""


def _glab(variable: str) -> str:
    """GitLab's command asks for nothing on a terminal: the value is typed unseen and piped in.

    Protected, else every merge request's pipeline would have it; raw, since a `$` in a token is no other variable.
    """
    setting = f"glab variable set {variable} --masked --protected --raw"
    if os.name == "nt":
        return f"Read-Host -MaskInput | {setting}"
    return f'read -rs VALUE && printf %s "$VALUE" | {setting}; unset VALUE'


def _shell(variable: str) -> str:
    if os.name == "nt":
        return f"$env:{variable} = Read-Host -MaskInput"
    return f"read -rs {variable} && export {variable}"
