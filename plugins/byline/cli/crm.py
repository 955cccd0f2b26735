"""`publish crm`: what the CRM holds and what we hold, brought together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli.common import STOPPED, App, count, emit_json, progress, say, show_problems

if TYPE_CHECKING:
    from byline.crm.base import Store
    from byline.crm.csv import Table

SHOWN = 20  # lines of a list that may be long


@click.group("crm")
def command() -> None:
    """Bring campaigns to the CRM, leads and orders back; bring files in; look after the persons."""


@command.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--dates", default="", metavar="FORM", help="How the files write dates, such as DD.MM.YYYY hh:mm."
)
@click.option(
    "--decimal",
    type=click.Choice(["point", "comma"]),
    default="point",
    show_default=True,
    help="1234.50 or 1.234,50.",
)
@click.option(
    "--mapping",
    "mapping_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="How to read another system's export, as `publish crm map` wrote it; else those of the settings are tried.",
)
@click.option("--skip-bad", is_flag=True, help="Keep the good lines and leave out those with a mistake.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def import_(
    app: App,
    files: tuple[Path, ...],
    dates: str,
    decimal: str,
    mapping_file: Path | None,
    skip_bad: bool,
    as_json: bool,
) -> None:
    """Import leads.csv, deals.csv and invoices.csv, or exports of another system; the header tells which one a file is.

    The same file again changes nothing. With a mistake in any line nothing at all is kept, unless --skip-bad is
    given; every mistake is shown at once.
    """
    from byline.crm import _opening, csv
    from byline.errors import ContentError, Problem

    settings = app.settings()
    form = csv.Form(zone=settings.zone, dates=dates, comma=decimal == "comma")
    mappings = (csv.mapping(mapping_file, settings),) if mapping_file else csv.saved_mappings(settings)
    tables: list[Table] = []
    problems: list[Problem] = []
    for path in files:
        try:
            table = csv.read(path.read_bytes(), file=path.name, form=form, mappings=mappings)
        except ContentError as error:
            problems += error.problems
            continue
        tables.append(table)
        problems += table.problems
    lost: list[dict[str, str]] = []
    keep = not problems or (skip_bad and tables)
    counts: list[Mapping[str, int]] = [{"added": 0, "changed": 0, "same": 0} for _ in tables]
    if keep:
        # Leads before deals and invoices, whatever the order of the files: they are joined by them.
        order = sorted(range(len(tables)), key=lambda n: ("leads", "deals", "invoices").index(tables[n].kind))
        store = _opening.open_store(settings, clock=app.clock, environment=app.environment)
        with closing(store), store.batch():
            for n in order:
                counts[n] = {str(change): number for change, number in csv.store(tables[n], store).items()}
            lost = _unmatched(tables, store)
    if as_json:
        emit_json(
            {
                "files": [
                    {
                        "file": table.file,
                        "kind": table.kind,
                        "rows": table.rows,
                        **counts[n],
                        "notes": table.notes,
                    }
                    for n, table in enumerate(tables)
                ],
                "unmatched": lost,
                "problems": [problem.as_json() for problem in problems],
            }
        )
    else:
        for n, table in enumerate(tables):
            for note in table.notes:
                progress(f"{table.file}: {note}")
            if keep:
                found = counts[n]
                say(
                    f"{table.file}: {count(table.rows, 'line')} of {table.kind}: {found['added']} added,"
                    f" {found['changed']} changed, {found['same']} as before"
                )
        _show_unmatched(lost)
        show_problems(problems, err=True)
        if problems:
            told = count(len(problems), "mistake")
            progress(
                f"{told}: those lines were left out."
                if keep
                else f"{told}: nothing was kept. Correct the files, or say --skip-bad to keep the good lines."
            )
    if problems and not keep:
        raise click.exceptions.Exit(STOPPED)


def _unmatched(tables: Sequence[Table], store: Store) -> list[dict[str, str]]:
    """Paid invoices of these files that no lead has, without an address in them."""
    from byline.crm import csv
    from byline.model import Invoice

    invoices = [item for table in tables for item in table.items if isinstance(item, Invoice)]
    found = csv.unmatched(invoices, tuple(store.leads())) if invoices else ()
    return [
        {
            "invoice_id": invoice.id,
            "amount": str(invoice.amount),
            "currency": invoice.currency,
            "company": invoice.company,
            "perhaps": meant,
        }
        for invoice, meant in found
    ]


def _show_unmatched(lost: Sequence[Mapping[str, str]]) -> None:
    from byline.crm.csv import clean

    if not lost:
        return
    say(f"{count(len(lost), 'paid invoice')} of nobody we know (they count as source unknown):")
    for one in lost[:SHOWN]:
        company = f"  {clean(one['company'])}" if one["company"] else ""
        perhaps = f"; is it {clean(one['perhaps'])}?" if one["perhaps"] else ""
        click.echo(f"  {clean(one['invoice_id'])}  {one['amount']} {one['currency']}{company}{perhaps}")
    if len(lost) > SHOWN:
        click.echo(f"  and {len(lost) - SHOWN} more; all of them with --json")


def _more() -> None:
    """The other commands of the group, each in a file of its own."""
    from byline.cli import _crm_map, _crm_person, _crm_setup, _crm_sync

    for module in (_crm_sync, _crm_setup, _crm_map, _crm_person):
        for found in module.COMMANDS:
            command.add_command(found)


_more()
