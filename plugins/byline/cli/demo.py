"""`publish demo`: everything on this machine against local fakes, with no account.

The steps are the real commands, run in this process with a clock of their own, so that months pass in seconds.
"""

from __future__ import annotations

import contextlib
import io
import json
import shlex
import shutil
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from byline.cli._publishing import json_option
from byline.cli.common import App, count, emit_json, until_stopped
from byline.errors import BylineError, UsageError
from byline.times import Clock, FixedClock

if TYPE_CHECKING:
    from byline.testing.demo import Stage
    from byline.testing.story import Outcome

READING = timedelta(minutes=5)  # from the hour at which a post is due to the run that sends it


class DemoFailed(BylineError):
    """A step of the demo did not do what it shows; the text holds what the command said."""


@click.command()
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Put all that the demo makes into this folder, which must be new or empty.",
)
@click.option(
    "--serve", is_flag=True, help="Leave site, timelines and report open in the browser until Ctrl-C."
)
@click.option(
    "--stand-ins",
    "bare",
    is_flag=True,
    help="Only start the stand-ins, until Ctrl-C: nothing is built, sent or visited but by you.",
)
@json_option
@click.pass_obj
def command(app: App, keep: Path | None, serve: bool, bare: bool, as_json: bool) -> None:
    """Everything on this machine, with no account needed.

    Takes a copy of the site of this folder (or of a fresh one, when there is none), points it at stand-ins for the
    networks, a local web server and a local lead intake, then runs the real commands: check, build, plan, send,
    send again, report. Made-up visitors follow the posts' links and fill the site's form in. Nothing leaves this
    machine, and your own site stays as it is.
    """
    from byline.testing import demo

    began = time.monotonic()
    folder = _folder(keep)
    with contextlib.ExitStack() as stack:
        with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
            click.secho(
                "Byline, from a Markdown file to the order it brought. Nothing leaves this machine.",
                bold=True,
            )
            with _step("Copied the site and pointed it at stand-ins on this machine", "Copying the site"):
                stage = demo.set_up(_source(app, folder), folder, stack)
            outcome = None if bare else _play(stage, began)
            urls = _open(stage) if serve or bare else {}
            if not urls:
                click.echo("With --serve, site, timelines and report stay open in your browser.")
        if as_json:
            emit_json(_as_json(stage, outcome, urls))
        if urls:
            _wait(sys.stderr if as_json else sys.stdout)


def _play(stage: Stage, began: float) -> Outcome:
    """The whole story, step by step."""
    _check(stage)
    _build(stage)
    _send(stage)
    _send_again(stage)
    outcome = _visit(stage)
    _enquiry(stage)
    _report(stage)
    _conclude(stage, outcome, time.monotonic() - began)
    return outcome


def _as_json(stage: Stage, outcome: Outcome | None, urls: Mapping[str, str]) -> dict[str, Any]:
    """`addresses` are open as long as the command runs; the numbers are null where only the stand-ins were started."""
    return {
        "folder": str(stage.folder),
        "settings": str(stage.file),
        "site": str(stage.site / "index.html"),
        "timelines": {label: str(path) for label, path in stage.timelines().items()},
        "report": str(stage.report / "index.html") if outcome else None,
        "addresses": dict(urls),
        "posts": stage.posted() if outcome else None,
        "visitors": outcome.visitors if outcome else None,
        "leads": outcome.asked if outcome else None,
        "orders": outcome.won if outcome else None,
    }


def _folder(keep: Path | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="byline-demo-"))
    folder = keep.resolve()
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(
            f"the folder {folder} is not empty, and the demo overwrites nothing",
            hint="name a new folder, or an empty one, with --keep",
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _source(app: App, folder: Path) -> Path:
    """The settings file of this folder's site, else of a fresh one."""
    if app.file.is_file():
        return app.file
    fresh = folder / "fresh"
    _run(
        fresh / "mkdocs.yml",
        FixedClock(app.clock.now()),
        {},
        "init",
        str(fresh),
        "--yes",
        "--name",
        "Your Company",
    )
    return fresh / "mkdocs.yml"


# -- the steps ------------------------------------------------------------------------------------------------


def _check(stage: Stage) -> None:
    with _step("Checked {}", "Checking every post") as done:
        found = json.loads(_publish(stage, stage.end, "check", "--json"))
        warnings = count(len(found["problems"]), "remark")
        done.append(f"{count(found['posts'], 'post')}: no mistakes, {warnings}")


def _build(stage: Stage) -> None:
    with _step("Built {}", "Building the site, its feeds and its cards") as done:
        _publish(stage, stage.end, "build")
        pages = sum(1 for _ in stage.site.rglob("*.html"))
        manifest = json.loads((stage.site / "byline.json").read_text(encoding="utf-8"))
        feeds = sum(1 for path in stage.site.rglob("*") if path.name.startswith("feed") and path.is_file())
        done.append(
            f"{count(pages, 'page')} with {count(len(manifest['posts']), 'public post')}, {count(feeds, 'feed')}"
        )


def _send(stage: Stage) -> None:
    """Day by day: the clock goes to the next hour at which something is due, then `send` runs."""
    clock = stage.clock
    with _step("Planned {}", "Planning") as done:
        due = _due(stage, clock)
        done.append(
            f"{count(len(due), 'post')} on {stage.networks}, from {_day(stage, _moment(due[0]))} on. The first one:"
        )
    first = due[0]
    for line in [line for line in first["text"].splitlines() if line.strip()][:3]:
        click.echo(click.style("      │ ", dim=True) + _cut(line, 8))
    page, _, tags = first["link"].partition("?")
    click.secho(f"      └ {page}\n        ?{tags}", dim=True)
    click.echo("  Sending day by day, by the demo's own clock:")
    sent: dict[str, str] = {}
    with _step("Sent {}") as done:
        while due and _moment(due[0]) < stage.end:
            clock.move(max(_moment(due[0]) + READING, clock.now()) - clock.now())
            answer = json.loads(_publish(stage, clock, "send", "--yes", "--json"))
            fresh = {
                item["id"]: item
                for item in answer["deliveries"]
                if item["state"] == "sent" and item["id"] not in sent
            }
            if not fresh:
                raise DemoFailed(
                    f"nothing went out at {clock.now():%Y-%m-%d %H:%M} although {due[0]['id']} was due"
                )
            sent |= {key: item["channel"] for key, item in fresh.items()}
            for channel in dict.fromkeys(item["channel"] for item in fresh.values()):
                here = [item for item in fresh.values() if item["channel"] == channel]
                who = f"{stage.label(channel)}, {', '.join(item['account'] for item in here)}"
                title = here[0].get("title") or here[0]["post"]
                line = f"{_day(stage, clock.now()):>13}  {who:<22}  "
                click.echo(click.style(line, dim=True) + _cut(title, len(line)))
            due = _due(stage, clock)
        each = [
            f"{sum(1 for name in sent.values() if name == fake.name)} on {fake.label}" for fake in stage.fakes
        ]
        done.append(f"{count(len(sent), 'post')} ({', '.join(each)}), each link with its own tags")


def _send_again(stage: Stage) -> None:
    """The same command once more; what stands in the networks is counted, not what the command says of itself."""
    before = stage.made()
    _publish(stage, stage.clock, "send", "--yes")
    after = stage.made()
    if after != before:
        raise DemoFailed(
            f"the second send posted again: {before} posts stood in the networks before, {after} after"
        )
    click.secho("Second send: nothing to send", bold=True)


def _visit(stage: Stage) -> Outcome:
    with _step("Visitors: {}", "Visitors follow the links and fill the form in") as done:
        outcome = stage.play()
        done.append(
            f"{outcome.visitors} people followed the links they saw there, or came by themselves;"
            f" {outcome.asked} filled the form in"
        )
    return outcome


def _enquiry(stage: Stage) -> None:
    """One of the leads as a sales person meets it: the question, and what was read before it."""
    shown = stage.enquiry()
    if shown:
        click.echo("  One enquiry, as sales gets it by mail and finds it in the CRM:")
        width = shutil.get_terminal_size((110, 24)).columns - 9
        for line in [line for line in shown.splitlines() if line.strip()]:
            indent = " " * (len(line) - len(line.lstrip()) + 2)
            for part in textwrap.wrap(line, max(width, 30), subsequent_indent=indent, break_long_words=False):
                click.echo(click.style("      │ ", dim=True) + part)


def _report(stage: Stage) -> None:
    with _step("Reported, as text, HTML and CSV", "Counting"):
        shown = _publish(stage, stage.end, "report")
        _publish(stage, stage.end, "report", "--html", str(stage.report))
    click.echo()
    click.echo(shown.rstrip())
    click.echo()


def _conclude(stage: Stage, outcome: Outcome, seconds: float) -> None:
    money = f"{outcome.revenue:,.0f} {stage.settings.costs.currency}"
    posts = stage.posted()
    click.secho(
        f"Done in {seconds:.0f} s: {count(posts, 'post')} went out once each; {outcome.visitors} people came,"
        f" {outcome.asked} asked ({outcome.untold} of them of unknown source), {outcome.opportunities} got an offer,"
        f" {outcome.won} ordered for {money}.",
        bold=True,
    )
    click.echo(f"Site: {stage.site / 'index.html'}")
    for label, path in stage.timelines().items():
        click.echo(f"Timeline of {label}: {path}")
    click.echo(f"Report: {stage.report / 'index.html'}")
    click.echo(f"All of it, settings and databases too, is in {stage.folder}")


def _open(stage: Stage) -> Mapping[str, str]:
    """Serve everything, say where; name -> address."""
    urls = stage.open()
    secrets = stage.secrets_file()
    click.echo()
    for name, url in urls.items():
        click.echo(f"{name + ':':<10} {url}")
    if (stage.site / "index.html").is_file():
        click.echo("Fill the site's form in yourself, or work on:")
    click.echo(f"In a second terminal: cd {shlex.quote(str(stage.file.parent))} && . ./{secrets.name}")
    click.echo("There every command talks to these stand-ins.")
    return urls


def _wait(stream: TextIO) -> None:
    click.secho("Open until you press Ctrl-C.", bold=True, file=stream)
    with until_stopped():
        threading.Event().wait()
    click.echo("Closed.", file=stream)


def _cut(text: str, before: int) -> str:
    """The text, ended so that it fits one line of the terminal behind so many characters."""
    width = shutil.get_terminal_size((110, 24)).columns - before
    return text if len(text) <= width else text[: max(10, width - 1)].rstrip() + "…"


# -- running the real command ------------------------------------------------------------------------------


def _publish(stage: Stage, at: datetime | Clock, *words: str) -> str:
    clock = FixedClock(at) if isinstance(at, datetime) else at
    return _run(stage.file, clock, stage.environment, *words)


def _run(file: Path, clock: Clock, environment: Any, *words: str) -> str:
    """What the command printed; DemoFailed with all it said when its exit code is not 0."""
    from byline.cli import main

    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main(["--file", str(file), *words], app=App(clock=clock, environment=environment))
        except SystemExit as stop:
            code = stop.code or 0
    if code:
        said = (err.getvalue().strip() or out.getvalue().strip())[-2000:]
        raise DemoFailed(f"`publish {' '.join(words)}` ended with {code}. It said:\n{said}")
    return out.getvalue()


def _due(stage: Stage, clock: Clock) -> list[dict[str, Any]]:
    """What is still to go out by itself, the next one first."""
    plan = json.loads(_publish(stage, clock, "plan", "--json"))
    found = [item for item in plan["deliveries"] if item["state"] in ("later", "due") and item["due"]]
    return sorted(found, key=lambda item: (_moment(item), item["id"]))


def _moment(delivery: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(delivery["due"])


def _day(stage: Stage, moment: datetime) -> str:
    local = moment.astimezone(stage.settings.zone)
    return f"{local.day} {local:%b %Y}"


@contextlib.contextmanager
def _step(text: str, doing: str = "") -> Iterator[list[str]]:
    """One line when the step is done: a tick, what it did, how long it took. `{}` is what the step appends.

    A person at a terminal sees `doing` until then.
    """
    began = time.monotonic()
    done: list[str] = []
    waiting = doing and sys.stdout.isatty()
    if waiting:
        click.secho(f"  {doing} …", dim=True, nl=False)
    try:
        yield done
    finally:
        if waiting:
            click.echo("\r\x1b[K", nl=False)
    seconds = click.style(f"({time.monotonic() - began:.1f} s)", dim=True)
    click.echo(f"{click.style('✓', fg='green', bold=True)} {text.format(*done)} {seconds}")
