"""`publish traffic`: visits through our links, from the logs of the site's own server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli.common import App, count, emit_json, progress

if TYPE_CHECKING:
    from datetime import datetime

    from byline.traffic.count import File
    from byline.traffic.store import Tag


@click.group("traffic")
def command() -> None:
    """Count visits through our links without cookies, from the server's own logs."""


@command.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def import_(app: App, files: tuple[Path, ...], as_json: bool) -> None:
    """Count the visits in access logs (combined, CloudFront, Cloudflare, Netlify) or in Plausible's export.

    Packed files (.gz, .zip) are read as they are. The same log again, or one that has grown since, changes nothing that
    was counted. No address of a visitor is kept, not even as a hash.
    """
    from byline.traffic import count as counting
    from byline.traffic import store

    settings = app.settings()
    read = counting.read(files, sent=_sent(app), zone=settings.zone)
    fresh, same = store.put(settings.state / store.FILE, read)
    seen = store.known(settings.state / store.FILE)
    if as_json:
        emit_json(
            {
                "files": [_file_json(file) for file in read.files],
                "new": fresh,
                "same": same,
                "tags": [_json(tag) for tag in seen],
            }
        )
        return
    for file in read.files:
        about = f"{file.name}: {file.form}, {count(file.lines, 'line')}, {file.tagged:,} with a tag"
        click.echo(about)
        if file.bad:
            progress(
                f"{file.name}:{file.first_bad}: {count(file.bad, 'line')} could not be read and "
                f"{'was' if file.bad == 1 else 'were'} left out; this is the first"
            )
    click.echo(f"{fresh:,} new, {same:,} were counted before\n")
    for line in _lines(seen):
        click.echo(line)


@command.command("show")
@click.option("--since", metavar="DATE", help="Only visits of this day or later.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def show(app: App, since: str | None, as_json: bool) -> None:
    """Show what was counted: visits, requests, and what was left out by which rule."""
    from byline.errors import UsageError
    from byline.traffic import store

    try:
        begin = date.fromisoformat(since) if since else None
    except ValueError:
        raise UsageError(
            f"--since is `{since}`; a day is expected", hint="write it as --since 2026-10-31"
        ) from None
    seen = store.known(app.settings().state / store.FILE, begin)
    if as_json:
        emit_json({"tags": [_json(tag) for tag in seen]})
        return
    for line in _lines(seen):
        click.echo(line)


def _sent(app: App) -> dict[str, datetime]:
    """When each delivery went out, by its id."""
    from byline import ledger

    records = ledger.read_snapshot(app.settings(), app.clock, app.environment).records.values()
    return {record.id: record.head.at for record in records if record.head is not None}


def _file_json(file: File) -> dict[str, object]:
    return {
        "file": file.name,
        "form": file.form,
        "lines": file.lines,
        "tagged": file.tagged,
        "unreadable": file.bad,
    }


def _json(tag: Tag) -> dict[str, object]:
    return {
        "content": tag.content,
        "source": tag.source,
        "medium": tag.medium,
        "campaign": tag.campaign,
        "visits": tag.visits,
        "requests": tag.requests,
        "left_out": dict(sorted(tag.left_out.items())),
    }


def _lines(seen: Sequence[Tag]) -> Iterator[str]:
    from byline.report.words import plain
    from byline.traffic.rules import RULES

    if not seen:
        yield "No visit through a tagged link was counted yet."
        return
    yield f"{'link (utm_content, else its other tags)':<44} {'visits':>8} {'requests':>9} {'machines':>9}"
    for tag in seen:
        name = plain(tag.content or " ".join(filter(None, (tag.source, tag.campaign))), 43) or "?"
        requests, machines = ("", "") if tag.from_sums and not tag.requests else (tag.requests, tag.machines)
        yield f"{name:<44} {tag.visits:>8,} {requests:>9} {machines:>9}"
    left: Counter[str] = Counter()
    for tag in seen:
        left.update(tag.left_out)
    if left:
        yield ""
        yield "Left out, and why:"
        for rule in RULES:
            if left[rule.code]:
                yield f"{left[rule.code]:>8,}  {rule.words}"
