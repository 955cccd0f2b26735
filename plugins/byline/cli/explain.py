"""`publish explain`: what a code means, and what to do."""

from __future__ import annotations

import click

from byline.cli._publishing import json_option
from byline.cli._tables import flowing, width, wrapped
from byline.cli.common import App, emit_json
from byline.errors import UsageError


def _begun(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """For the shell's Tab."""
    from byline import explaining

    return [name for name in explaining.names() if name.startswith(begun)]


@click.command(short_help="What a code, an exit code or a state means, and what to do.")
@click.argument("code", required=False, default="", shell_complete=_begun)
@json_option
@click.pass_obj
def command(app: App, code: str, as_json: bool) -> None:
    """Explain CODE: the word in brackets after a message (`unknown-author`), an exit code (`4`), or a state (`held`).

    Without CODE it lists them all.
    """
    from byline import explaining
    from byline.fields import did_you_mean

    if not code:
        _all(as_json)
        return
    found = explaining.find(code)
    if found is None:
        meant = did_you_mean(code, explaining.names())
        raise UsageError(
            f"there is no code `{code}`",
            hint=f"did you mean `publish explain {meant}`?" if meant else "`publish explain` lists them all",
        )
    name = code.strip().strip("()`").lower()
    if as_json:
        emit_json(found.as_json(name))
        return
    about = f"{found.kind}, advice: it stops nothing" if found.advice else found.kind
    click.echo(click.style(name, bold=True) + f"   {found.group} ({about})")
    click.echo()
    click.echo(wrapped(found.means))
    click.echo()
    click.echo(wrapped(found.do, first="What to do: ", other="  "))
    click.echo(wrapped(f"More: publish manual {found.page.removesuffix('.md')}"))


def _all(as_json: bool) -> None:
    from byline import explaining

    items = explaining.everything()
    if as_json:
        emit_json({"codes": [item.as_json(name) for item in items for name in item.names]})
        return
    last = ""
    for item in items:
        if item.group != last:
            click.echo(("\n" if last else "") + click.style(item.group, bold=True))
            last = item.group
        click.echo(flowing(f"  {', '.join(item.names)}: {item.means}", wide=width()))
