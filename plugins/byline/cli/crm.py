"""`publish crm`: what the CRM holds and what we hold, brought together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli.common import STOPPED, App, count, emit_json, progress, show_problems

if TYPE_CHECKING:
    from byline.crm.csv import Table


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
@click.option("--skip-bad", is_flag=True, help="Keep the good lines and leave out those with a mistake.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def import_(
    app: App, files: tuple[Path, ...], dates: str, decimal: str, skip_bad: bool, as_json: bool
) -> None:
    """Import leads.csv, deals.csv and invoices.csv; the header tells which one a file is.

    The same file again changes nothing. With a mistake in any line nothing at all is kept, unless --skip-bad is
    given; every mistake is shown at once.
    """
    from byline.crm import csv
    from byline.crm.local import FILE, LocalCrm
    from byline.errors import ContentError, Problem

    settings = app.settings()
    form = csv.Form(zone=settings.zone, dates=dates, comma=decimal == "comma")
    tables: list[Table] = []
    problems: list[Problem] = []
    for path in files:
        try:
            table = csv.read(path.read_bytes(), file=path.name, form=form)
        except ContentError as error:
            problems += error.problems
            continue
        tables.append(table)
        problems += table.problems
    keep = not problems or (skip_bad and tables)
    counts: list[Mapping[str, int]] = [{"added": 0, "changed": 0, "same": 0} for _ in tables]
    if keep:
        # Leads before deals and invoices, whatever the order of the files: they are joined by them.
        order = sorted(range(len(tables)), key=lambda n: ("leads", "deals", "invoices").index(tables[n].kind))
        with LocalCrm(settings.state / FILE, clock=app.clock) as crm, crm.batch():
            for n in order:
                counts[n] = {str(change): number for change, number in csv.store(tables[n], crm).items()}
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
                "problems": [problem.as_json() for problem in problems],
            }
        )
    else:
        for n, table in enumerate(tables):
            for note in table.notes:
                progress(f"{table.file}: columns {note}")
            if keep:
                found = counts[n]
                click.echo(
                    f"{table.file}: {count(table.rows, 'line')} of {table.kind}: {found['added']} added,"
                    f" {found['changed']} changed, {found['same']} as before"
                )
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


def _more() -> None:
    """The other commands of the group, each in a file of its own."""
    from byline.cli import _crm_person, _crm_setup, _crm_sync

    for module in (_crm_sync, _crm_setup, _crm_person):
        for found in module.COMMANDS:
            command.add_command(found)


_more()
