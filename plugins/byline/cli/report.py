"""`publish report`: which posts brought enquiries and revenue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.attribution.credit import BY
from byline.attribution.models import MODELS
from byline.cli._tables import width
from byline.cli.common import DONE, App, count, emit_json, progress

if TYPE_CHECKING:
    from byline.attribution.journeys import Credit
    from byline.crm._opening import Material as Leads
    from byline.crm.base import CrmDriver
    from byline.model import Lead
    from byline.report.model import Report


@click.command("report")
@click.option("--by", type=click.Choice(BY), default=None, help="What the rows are (default: post).")
@click.option(
    "--model",
    "name",
    type=click.Choice(tuple(MODELS)),
    default="last",
    show_default=True,
    help="How credit is shared.",
)
@click.option(
    "--window",
    type=click.IntRange(1, 3650),
    default=365,
    show_default=True,
    metavar="DAYS",
    help="How long a visit counts.",
)
@click.option(
    "--since",
    metavar="DATE",
    help="Only what came in on this day or later; 7d and 4w count back from today.",
)
@click.option(
    "--revenue",
    type=click.Choice(["deals", "invoices"]),
    default=None,
    help="Won deals or paid invoices (default: deals, where there are any).",
)
@click.option(
    "--people",
    type=click.Choice(["deal", "company"]),
    default="deal",
    show_default=True,
    help="Whose visits count for an order: all people on the deal, or of the firm.",
)
@click.option(
    "--share",
    is_flag=True,
    help="For showing to others: no person, no numbers of fewer than five.",
)
@click.option("--mail", is_flag=True, help="Mail it to those whom `mail: {to: …}` names, once a day each.")
@click.option("--to", "to", multiple=True, metavar="ADDRESS", help="With --mail: to this one instead.")
@click.option("--again", is_flag=True, help="With --mail: also to who has today's already.")
@click.option(
    "--journeys",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE.csv",
    help="Count a published data set of paths instead.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Count touches and conversions of Parquet or CSV files instead, millions of them (byline[scale]).",
)
@click.option(
    "--export",
    "export_to",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write touches and conversions as such files, without persons (byline[scale]).",
)
@click.option(
    "--html",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write a page, with its tables as CSV beside it.",
)
@click.option("--csv", "as_csv", is_flag=True, help="The table as CSV.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def command(
    app: App,
    by: str | None,
    name: str,
    window: int,
    since: str | None,
    revenue: str | None,
    people: str,
    share: bool,
    mail: bool,
    to: tuple[str, ...],
    again: bool,
    journeys: Path | None,
    data: Path | None,
    export_to: Path | None,
    folder: Path | None,
    as_csv: bool,
    as_json: bool,
) -> int:
    """Leads, orders, revenue and cost by post, network, author, campaign or audience.

    Shows ids of leads, never names or addresses. With --mail it ends with 1 when no mail could be handed over, 3 when
    some could, 4 when a server's answer was lost.
    """
    from byline.errors import UsageError

    if as_csv and as_json:
        raise UsageError("--csv and --json are two answers to one question", hint="give one of the two")
    if journeys is not None:
        _journeys(journeys, name, by, as_json=as_json)
        return DONE
    if data is not None or export_to is not None:
        from byline.cli import _report_data

        if data is not None:
            _report_data.count(app, data, by or "post", name, window, as_json=as_json)
        else:
            assert export_to is not None
            _report_data.write(app, _crm(app), export_to, people)
        return DONE
    report = _report(app, by or "post", name, window, _day(since, app), revenue, people)
    if share:
        from byline.report.share import shared

        report = shared(report)
    if folder is not None:
        _write(report, folder, app)
    if mail:
        from byline.cli._report_mail import send

        return send(app, report, to, again=again)
    from byline.report import export, text

    if as_json:
        emit_json(export.as_json(report))
    elif as_csv:
        click.echo(export.table_csv(report.table).decode("utf-8-sig").replace("\r\n", "\n"), nl=False)
    else:
        click.echo(text.show(report, width()), nl=False)
        if folder is not None:
            click.echo(f"\nReport: {folder / 'index.html'}")
    return DONE


def _day(raw: str | None, app: App) -> date | None:
    from byline.errors import UsageError
    from byline.fields import parse_span

    if not raw:
        return None
    span = parse_span(raw) if raw[-1:] in ("d", "w") else None
    if span is not None:
        return (app.clock.now().astimezone(app.settings().zone) - span).date()
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise UsageError(
            f"--since is `{raw}`; a day is expected", hint="write it as --since 2026-10-31, or --since 7d"
        ) from None


def _report(
    app: App, by: str, name: str, window: int, since: date | None, revenue: str | None, people: str
) -> Report:
    from byline import content, ledger, measuring, registry, syncing
    from byline.cli._crm_sync import open_driver
    from byline.cli._publishing import open_http
    from byline.crm import _opening
    from byline.report.build import build
    from byline.report.costs import Sent
    from byline.report.material import Material
    from byline.times import start_of_day
    from byline.traffic import store as traffic

    settings = app.settings()
    read = content.read(settings)
    if read.problems:
        errors = sum(problem.severity == "error" for problem in read.problems)
        if errors:
            progress(
                f"{count(errors, 'mistake')} in the content: see `publish check`. Posts that cannot be read are left out."
            )
    records = ledger.read_snapshot(settings, app.clock, app.environment).records.values()
    sent = [
        Sent(
            id=record.id,
            post=record.intent.post,
            channel=record.intent.channel,
            account=record.intent.account,
            title=record.intent.title,
            cost=record.intent.cost if record.state != "unknown" else Decimal(0),
            currency=record.intent.currency,
            out=record.state == "sent",
        )
        for record in records
        if record.state in ("sent", "retracted", "unknown")
    ]
    notes = ledger.read_notes(settings, app.clock, app.environment, kind=measuring.KIND, connect=True)
    http = open_http(app, settings)
    try:
        crm = _opening.read(
            settings,
            clock=app.clock,
            environment=app.environment,
            driver=lambda: open_driver(app, settings, http),
        )
        pages = _pages(open_driver(app, settings, http), crm.leads) if settings.crm.vendor else {}
    finally:
        http.close()
    then = syncing.read_totals(crm.totals_then) if crm.totals_then else None
    if crm.asked:
        progress(f"{count(len(crm.leads), 'lead')} and {count(len(crm.deals), 'deal')} read from {crm.asked}")
    return build(
        Material(
            settings=settings,
            posts=read.posts,
            authors=read.authors,
            leads=crm.leads,
            deals=crm.deals,
            invoices=crm.invoices,
            sent=sent,
            clicks=measuring.clicks(measuring.known(notes)),
            visits=traffic.known(settings.state / traffic.FILE, since),
            aside=crm.aside,
            crm=registry.crm(settings.crm.type).caps.label if settings.crm.vendor else "",
            totals=crm.totals or (then[1] if then else None),
            records=pages,
        ),
        now=app.clock.now(),
        model=MODELS[name],
        by=by,  # type: ignore[arg-type]  # click lets through what BY holds alone
        window_days=window,
        since=start_of_day(since, settings.zone) if since else None,
        revenue_from=revenue or "",
        people=people,  # type: ignore[arg-type]  # as above
    )


def _crm(app: App) -> Leads:
    """The leads and deals, from where the report takes them."""
    from byline.cli._crm_sync import open_driver
    from byline.cli._publishing import open_http
    from byline.crm import _opening

    settings = app.settings()
    http = open_http(app, settings)
    try:
        return _opening.read(
            settings,
            clock=app.clock,
            environment=app.environment,
            driver=lambda: open_driver(app, settings, http),
        )
    finally:
        http.close()


def _pages(driver: CrmDriver, leads: Sequence[Lead]) -> dict[str, str]:
    """Where the CRM shows each enquiry; none where its driver must ask for that and cannot."""
    from byline.errors import BylineError

    found: dict[str, str] = {}
    try:
        for lead in leads:
            record = lead.fields.get("record", "")
            url = driver.record_url("lead", record) if record else ""
            if url:
                found[lead.id] = url
    except BylineError:
        return {}
    return found


def _write(report: Report, folder: Path, app: App) -> None:
    """The page and its tables, each file whole or not at all. Where they lie is noted, for `publish erase-person`."""
    from byline.erasing import note_page
    from byline.report import export, html

    tables = export.tables_csv(report)
    folder.mkdir(parents=True, exist_ok=True)
    page = html.show(report, tables=tables).encode()
    for name, data in {**tables, "index.html": page}.items():
        fresh = folder / f".{name}.new"
        fresh.write_bytes(data)
        fresh.replace(folder / name)
    note_page(app.settings(), folder)
    progress(f"Written: {folder / 'index.html'} and {len(tables)} tables beside it")


def _journeys(file: Path, name: str, by: str | None, *, as_json: bool) -> None:
    from byline.attribution import journeys
    from byline.crm import csv
    from byline.report import export

    paths = journeys.read(csv.decode(file.read_bytes(), file.name), file.name)
    credit = journeys.credit(paths, MODELS[name])
    if as_json:
        emit_json(export.journeys_json(credit, MODELS[name], by or "channel"))
        return
    rows = sorted(
        ((key, item) for key, item in credit.items() if key is not None), key=lambda pair: -pair[1].leads
    )
    _show(name, {**dict(rows), None: credit.get(None)})


def _show(name: str, rows: Mapping[str | None, Credit | None]) -> None:
    from byline.report.words import UNKNOWN, plain

    model = MODELS[name]
    click.echo(f"Counted by {model.title}: {model.of_paths or model.meaning}\n")
    click.echo(f"{'step':<36} {'conversions':>20} {'value':>20}")
    for key, item in rows.items():
        shown = UNKNOWN if key is None else plain(key, 36)
        leads, value = (float(item.leads), float(item.revenue)) if item else (0.0, 0.0)
        click.echo(f"{shown:<36} {leads:>20,.6f} {value:>20,.6f}")
