"""`publish crm map`: how another system's export is read, proposed from a sample and saved for `crm import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byline.cli.common import App, count, emit_json, progress, say

if TYPE_CHECKING:
    from byline.crm.csv.proposing import Proposal


@click.command("map")
@click.option(
    "--sample",
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="An export of the other system, whole or its first lines.",
)
@click.option(
    "--kind", type=click.Choice(["leads", "deals", "invoices"]), help="What it holds, if that is not told."
)
@click.option("--dates", default="", metavar="FORM", help="How it writes dates, such as DD/MM/YYYY hh:mm.")
@click.option("--decimal", type=click.Choice(["point", "comma"]), help="1234.50 or 1.234,50.")
@click.option("--currency", default="", metavar="CODE", help="The currency, where no column says it.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Where to save it.")
@click.option("--replace", is_flag=True, help="Write over a mapping that stands there already.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def map_(
    app: App,
    sample: Path,
    kind: str | None,
    dates: str,
    decimal: str | None,
    currency: str,
    out: Path | None,
    replace: bool,
    as_json: bool,
) -> None:
    """Propose how an export of another CRM or accounting system is read, and save it for `publish crm import`.

    Exports of Salesforce, Dynamics, HubSpot, Zoho, Pipedrive, Constant Contact, QuickBooks and Xero are known by
    their columns; of any other system what has a usual name. Nothing of the sample but its column names is saved.
    """
    from byline.crm import _mapping, csv
    from byline.errors import UsageError

    settings = app.settings()
    if currency and not (len(currency) == 3 and currency.isalpha() and currency.isascii()):
        raise UsageError(
            f"`{currency[:20]}` is no currency", hint="write three letters, such as EUR, USD or GBP"
        )
    found = csv.propose(
        sample.read_bytes(),
        file=sample.name,
        kind=kind,  # type: ignore[arg-type]
        dates=dates,
        decimal=decimal or "",
        currency=(currency or settings.crm.currency).upper(),
    )
    path = out or settings.root / _mapping.FOLDER / f"{found.saved.name}.yml"
    system = f"as {found.system} exports them" if found.system else "recognised by usual names"
    about = f"How {found.saved.kind} are read, {system}. Written by `publish crm map`; change it as you like."
    text = _mapping.dump(found.saved, about=about)
    there = path.read_text(encoding="utf-8") if path.exists() else text
    saved = not found.questions and (there == text or replace)
    if saved:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    shown = path.relative_to(settings.root).as_posix() if path.is_relative_to(settings.root) else str(path)
    if as_json:
        emit_json(_as_json(found, shown if saved else ""))
    else:
        _show(found, sample.name)
    if found.questions:
        for question in found.questions:
            progress(f"? {csv.clean(question)}")
        progress("Nothing was saved: answer that, and run it again.")
        raise click.exceptions.Exit(2)
    if not saved:
        raise UsageError(
            f"{shown} stands there already and differs",
            hint="look at it; --replace writes over it, --out beside it",
        )
    if not as_json:
        click.echo(f"Saved as {shown}")
        click.echo(f"Next: publish crm import {sample}{f' --mapping {shown}' if out else ''}")


def _show(found: Proposal, file: str) -> None:
    from byline.crm.csv import clean

    saved = found.saved
    whose = f"{saved.kind} as {found.system} exports them" if found.system else saved.kind
    say(f"{file}: {whose}; header in line {found.line}, {count(found.rows, 'row')} looked at")
    width = max(len(name) for name in saved.columns)
    for name, ours in saved.columns.items():
        click.echo(f"  {clean(name):<{width}}  ->  {ours}")
    for ours, value in saved.values.items():
        click.echo(f"  {'(no column)':<{width}}  ->  {ours}: {value}")
    if found.left_out:
        click.echo(f"Not needed: {_list(found.left_out)}")
    if found.unmatched:
        click.echo(f"Not recognised: {_list(found.unmatched)}")
        click.echo("  To use one of them, name it under `columns` in the saved file.")
    example = {"point": "1234.50", "comma": "1234,50"}[saved.decimal]
    if saved.thousands:
        example = {"point": "1{}234.50", "comma": "1{}234,50"}[saved.decimal].format(saved.thousands)
    amounts = f", amounts {example}" if saved.kind != "leads" else ""
    click.echo(f"Dates {saved.dates or 'YYYY-MM-DD'}{amounts}")


def _list(names: tuple[str, ...]) -> str:
    from byline.crm.csv import clean

    return ", ".join(clean(name)[:60] for name in names)


def _as_json(found: Proposal, shown: str) -> dict[str, Any]:
    saved = found.saved
    return {
        "saved": shown,
        "kind": saved.kind,
        "system": found.system,
        "columns": dict(saved.columns),
        "values": dict(saved.values),
        "dates": saved.dates,
        "decimal": saved.decimal,
        "thousands": saved.thousands,
        "not_needed": list(found.left_out),
        "unmatched": list(found.unmatched),
        "questions": list(found.questions),
    }


COMMANDS: tuple[click.Command, ...] = (map_,)
