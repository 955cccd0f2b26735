"""`publish status`: what went out where, and what needs a person. Opens no connection and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import (
    json_option,
    make_drivers,
    month_fees,
    open_http,
    paths_argument,
    profile_option,
    read_scope,
    to_option,
    write_out,
)
from byline.cli.common import DONE, UNKNOWN, App, count, emit_json, hanging

if TYPE_CHECKING:
    from byline.measuring import Known
    from byline.planning import Delivery, Plan
    from byline.settings import Settings

THREE_HOURS = timedelta(hours=3)
FOUR_WEEKS = timedelta(weeks=4)


@click.command()
@paths_argument
@to_option
@profile_option
@click.option(
    "--handover", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Also write what may be out, as Markdown for the people who can look; empty when nothing is unclear.",
)  # fmt: skip
@json_option
@click.pass_obj
def command(
    app: App,
    paths: Sequence[str],
    to: Sequence[str],
    profile: str | None,
    handover: Path | None,
    as_json: bool,
) -> int:
    """See what went out where, and what needs you: each such line ends with the next command.

    Ends with 4 as long as something may be out and a person must look.
    """
    from byline import content as contents
    from byline import measuring, planning
    from byline.ledger import read_notes, read_snapshot

    settings = app.settings()
    content = contents.read(settings)
    scope = read_scope(settings, content, paths, to, profile)
    history = read_snapshot(settings, app.clock, app.environment)
    plan = planning.plan(
        content,
        settings,
        history,
        app.clock.now(),
        drivers=make_drivers(app, open_http(app, settings)),
        scope=scope,
        everything=True,
        fees=month_fees(app, settings),
    )
    known = measuring.known(read_notes(settings, app.clock, app.environment, kind=measuring.KIND))
    quiet = "" if paths or to or profile else _quiet(plan, settings)
    asleep = _asleep(plan, history.info.store)
    rows = sorted(plan.deliveries, key=lambda item: _rank(item, plan.now))
    if handover is not None:
        from byline.cli import _handover

        write_out(handover, _handover.unclear(rows, settings, app.environment))
    if as_json:
        emit_json(
            {
                "deliveries": [item.as_json() | _numbers(known.get(item.id)) for item in rows],
                "hash": plan.hash,
                "warnings": [text for text in (asleep, quiet) if text],
            }
        )
    else:
        for line in _lines(rows, plan.now, settings, known):
            click.echo(line)
        for line in _comments(rows, known):
            click.echo(line)
        if asleep:
            click.echo(f"{asleep}   next: look at the runs of your CI, or: publish send")
        if quiet:
            click.echo(f'{quiet}   next: publish new "Title"')
    return UNKNOWN if any(item.state in ("unknown", "sending") for item in rows) else DONE


def _rank(item: Delivery, now: datetime) -> tuple[int, float, str]:
    """What may be out first, then what is overdue or needs a person, then what comes, then what is done (newest first)."""
    at = (item.record.sent_at if item.record and item.record.sent_at else item.due) or now
    match item.state:
        case "unknown" | "sending":
            return 0, at.timestamp(), item.id
        case "failed" | "held" | "due" | "manual":
            return 1, at.timestamp(), item.id
        case "later":
            return 2, at.timestamp(), item.id
        case "sent":
            return 3, -at.timestamp(), item.id
        case _:
            return 4, -at.timestamp(), item.id


def _asleep(plan: Plan, store: str) -> str:
    """A word when what CI should have sent hours ago is still due: hosts pause the schedules of quiet repositories."""
    late = [
        item
        for item in plan.ready()
        if item.due is not None
        and item.due + THREE_HOURS < plan.now
        and item.telling is not None
        and item.telling.explicit
    ]
    if store != "git" or not late:
        return ""
    return f"{count(len(late), 'post')} should be out for hours: is the schedule of your CI paused?"


def _quiet(plan: Plan, settings: Settings) -> str:
    """A word when nothing is planned for four weeks: readers forget a company that is silent."""
    until = plan.now + FOUR_WEEKS
    open_ones = (item for item in plan.deliveries if item.state in ("later", "due", "held", "manual"))
    if not settings.channels or any(item.due is not None and item.due <= until for item in open_ones):
        return ""
    return "nothing is planned for the next four weeks"


def _numbers(item: Known | None) -> dict[str, object]:
    """What the networks told, for JSON."""
    return {
        "metrics": item.figures.as_json() if item else None,
        "new_comments": item.new_comments if item else 0,
    }


def _comments(rows: Iterable[Delivery], known: Mapping[str, Known]) -> Iterator[str]:
    """Where people wait for an answer: a conversation that nobody answers is worse than none."""
    fresh = [item for item in rows if item.id in known and known[item.id].new_comments]
    if fresh:
        yield ""
        yield click.style("New comments since the reading before", bold=True)
    for item in fresh:
        yield f"  {item.id:<28} {count(known[item.id].new_comments, 'new comment')}   answer: {item.url}"


def _lines(
    rows: Iterable[Delivery], now: datetime, settings: Settings, known: Mapping[str, Known]
) -> Iterator[str]:
    from byline import measuring
    from byline.cli._shown import MARKS, WORDS, next_step, when
    from byline.cli._tables import fitted
    from byline.ledger.base import BASELINE

    headings = (
        "May be out: please look",
        "Needs you, or goes out with the next send",
        "Later",
        "Out",
        "Not sent",
    )
    last, old = -1, 0
    for item in rows:
        if item.reason == BASELINE:
            old += 1
            continue
        group = _rank(item, now)[0]
        if group != last:
            if last >= 0:
                yield ""
            yield click.style(headings[group], bold=True)
            last = group
        numbers = measuring.words(known[item.id]) if item.id in known else ""
        facts = [WORDS[item.state], *(more for more in (item.url, numbers, item.reason) if more)]
        step = next_step(item)
        if step and step not in "   ".join(facts):
            facts.append(f"next: {step}")
        head = f"  {MARKS[item.state]} {item.id:<28} {when(item, now, settings):<22} "
        yield from fitted(head, facts)
    if old:
        yield ""
        yield hanging(f"{count(old, 'old post')} from before sending began here: not sent")
    if last < 0 and not old:
        yield "nothing to show: no post asks for a network"
