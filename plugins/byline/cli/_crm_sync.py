"""`publish crm sync`, and what every command that speaks to a CRM shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from byline.cli._publishing import json_option, open_http
from byline.cli.common import DONE, FAILED, PARTLY, App, count, emit_json, progress

if TYPE_CHECKING:
    from byline.crm.base import Catalogue, CrmDriver, Totals
    from byline.http import Http
    from byline.settings import Settings
    from byline.syncing import Stream, Synced

_SHOWN = {
    "campaigns": ("campaigns", "campaign"),
    "handed": ("leads handed on", "lead"),
    "leads": ("leads", "lead"),
    "journeys": ("leads' visits", "lead"),
    "deals": ("opportunities", "opportunity"),
    "influence": ("parts of campaigns in opportunities", "part"),
}
_MOST = 20  # failures shown one by one


def open_driver(app: App, settings: Settings, http: Http, catalogue: Catalogue | None = None) -> CrmDriver:
    """The driver of the settings' CRM. UsageError when it has no interface."""
    from byline.crm import _opening

    return _opening.open_driver(
        settings, http=http, secrets=app.secrets(), clock=app.clock, catalogue=catalogue
    )


@click.command("sync")
@click.option("--full", is_flag=True, help="Read every record anew, and take out what is gone in the CRM.")
@json_option
@click.pass_obj
def sync(app: App, full: bool, as_json: bool) -> int:
    """Bring campaigns, posts, costs and the networks' numbers to the CRM; leads, visits and orders back.

    Posts stand in the CRM as campaigns below their campaign. Leads that came by the form or the telephone and are not
    in the CRM yet are handed on. What the CRM gives is kept in .byline/crm.db without names and addresses. A run that
    was cut off goes on where it was; a second run changes nothing. One record's failure stops nothing else.

    Ends with 3 when some records failed, with 1 when all did.
    """
    from byline import content, ledger, measuring, syncing
    from byline.attribution.touches import Directory
    from byline.crm import _opening

    settings = app.settings()
    read = content.read(settings)
    catalogue = syncing.catalogue(settings, read.posts, read.authors)
    snapshot = ledger.read_snapshot(settings, app.clock, app.environment)
    notes = ledger.read_notes(settings, app.clock, app.environment, kind=measuring.KIND, connect=True)
    known = measuring.known(notes)
    now = app.clock.now()
    public = {post.id: post for post in read.posts if not post.draft and post.published <= now}
    http = open_http(app, settings)
    try:
        driver = open_driver(app, settings, http, catalogue)
        store = _opening.open_store(settings, clock=app.clock, environment=app.environment)
        try:
            run = syncing.Sync(
                driver=driver,
                store=store,
                clock=app.clock,
                name=syncing.name_of(settings),
                catalogue=catalogue,
                later=lambda key: (
                    syncing.promotion(settings, public[key], (), known) if key in public else None
                ),
                directory=Directory(
                    read.posts,
                    {name: tuple(channel.accounts) for name, channel in settings.channels.items()},
                    snapshot.records,
                    settings.links.values(),
                ),
                progress=progress,
            )
            promotions = syncing.promotions(settings, public.values(), snapshot.records.values(), known)
            done = run.run(promotions, full=full)
        finally:
            store.close()
    finally:
        http.close()
    if as_json:
        emit_json(_as_json(settings.crm.type, done))
    else:
        _show(driver.caps.label, done)
    if not done.failed:
        return DONE
    return PARTLY if any(stream.done for stream in done.streams.values()) else FAILED


def _show(label: str, done: Synced) -> None:
    for name, stream in done.streams.items():
        shown, _ = _SHOWN[name]
        if stream.done or stream.failed or name in ("campaigns", "leads", "deals"):
            click.echo(f"{shown[:1].upper() + shown[1:]}: {_counted(stream)}")
    for name, stream in done.streams.items():
        for row in stream.failed[:_MOST]:
            click.echo(f"  {_SHOWN[name][1]} {row.key}: {row.message}", err=True)
            if row.fix:
                click.echo(f"    fix: {row.fix}", err=True)
        if len(stream.failed) > _MOST:
            click.echo(f"  and {len(stream.failed) - _MOST} more; --json lists all", err=True)
    if done.failed:
        progress(f"{count(done.failed, 'record')} failed; they are tried again with the next run.")
    for line in compared(label, done.totals, done.ours):
        click.echo(line)


def _counted(stream: Stream) -> str:
    words = {"added": "added", "changed": "changed", "same": "as before", "gone": "gone"}
    parts = [
        f"{stream.counts[key]} {word}" for key, word in words.items() if key != "gone" or stream.counts[key]
    ]
    parts += [f"{len(stream.failed)} failed"] if stream.failed else []
    return ", ".join(parts)


def compared(label: str, totals: Totals, ours: Totals) -> list[str]:
    """The CRM's own numbers beside ours, where they differ said so."""
    lines = []
    for what, theirs, mine in (
        ("leads", totals.leads, ours.leads),
        ("leads with a tag", totals.tracked, ours.tracked),
        ("opportunities", totals.deals, ours.deals),
        ("won", totals.won_deals, ours.won_deals),
    ):
        if theirs is not None:
            told = "the same here" if theirs == mine else f"{mine} here"
            lines.append(f"{label} itself counts {theirs} {what}: {told}")
    for currency in sorted({*(totals.won or {}), *(ours.won or {})}):
        if totals.won is None:
            break
        theirs_won, mine_won = totals.won.get(currency, 0), (ours.won or {}).get(currency, 0)
        told = "the same here" if theirs_won == mine_won else f"{mine_won:,.2f} here"
        lines.append(f"{label} itself sums {theirs_won:,.2f} {currency} won: {told}")
    return lines


def _as_json(name: str, done: Synced) -> dict[str, Any]:
    return {
        "crm": name,
        **{key: stream.as_json() for key, stream in done.streams.items()},
        "totals": {"crm": _totals(done.totals), "here": _totals(done.ours)},
    }


def _totals(totals: Totals) -> dict[str, Any]:
    won = None if totals.won is None else {key: float(value) for key, value in sorted(totals.won.items())}
    return {
        "leads": totals.leads,
        "tracked": totals.tracked,
        "deals": totals.deals,
        "won_deals": totals.won_deals,
        "won": won,
    }


COMMANDS = (sync,)
