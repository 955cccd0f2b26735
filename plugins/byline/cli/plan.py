"""`publish plan`: exactly what would go out, and why. Opens no connection, needs no token, writes no file but --out and --cards."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byline.cli._publishing import (
    json_option,
    make_drivers,
    month_fees,
    open_http,
    paths_argument,
    profile_option,
    read_scope,
    scope_json,
    to_option,
    write_out,
)
from byline.cli._tables import folded
from byline.cli.common import DONE, STOPPED, App, emit_json, show_problems
from byline.errors import UsageError

if TYPE_CHECKING:
    from byline.cli._cards import CardFiles
    from byline.content import Content
    from byline.gate import Look
    from byline.http import Http
    from byline.ledger.base import Info
    from byline.planning import Plan, Scope
    from byline.settings import Settings

_BY_ENDING = {".json": "json", ".md": "md", ".html": "html", ".htm": "html"}


@click.command()
@paths_argument
@to_option
@profile_option
@click.option("--all", "everything", is_flag=True, help="Also what is out, skipped or taken back.")
@json_option
@click.option("--format", "form", type=click.Choice(["text", "md", "html"]), help="How to show it.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write it to a file: plan.json, plan.md, plan.html.",
)
@click.option(
    "--cards",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the cards there as pictures; a plan in Markdown or HTML shows them, one in JSON names them.",
)
@click.option(
    "--cards-at",
    metavar="URL",
    help="The address at which readers of the plan reach that folder.",
)
@click.option("--live", is_flag=True, help="Look whether the pages are live.")
@click.pass_obj
def command(
    app: App,
    paths: Sequence[str],
    to: Sequence[str],
    profile: str | None,
    everything: bool,
    as_json: bool,
    form: str | None,
    out: Path | None,
    cards: Path | None,
    cards_at: str | None,
    live: bool,
) -> int:
    """See exactly what would go out: text, card, link, time, cost and reason.

    Opens no connection and needs no token. A plan kept with --out plan.json can be sent with
    `publish send --plan plan.json`, which refuses if anything differs.
    """
    from byline import content as contents
    from byline import planning
    from byline.ledger import read_snapshot

    if cards_at and cards is None:
        raise UsageError(
            "--cards-at says where a folder with cards is reached, and no folder was named",
            hint="name it as well: --cards FOLDER",
        )
    settings = app.settings()
    content = contents.read(settings)
    scope = read_scope(settings, content, paths, to, profile)
    history = read_snapshot(settings, app.clock, app.environment)
    http = open_http(app, settings)
    plan = planning.plan(
        content,
        settings,
        history,
        app.clock.now(),
        drivers=make_drivers(app, http),
        scope=scope,
        everything=everything,
        fees=month_fees(app, settings),
    )
    looks = _look(plan, content, settings, http) if live else {}
    files = _files(cards, cards_at, out)
    shown = "json" if as_json else form or "text"
    if out is not None:
        kept = "json" if as_json else form or _BY_ENDING.get(out.suffix.lower(), "text")
        write_out(out, click.unstyle(_render(kept, plan, settings, history.info, looks, scope, files)))
    if shown == "json":
        emit_json(_as_json(plan, settings, scope, looks, files))
    else:
        text = _render(shown, plan, settings, history.info, looks, scope, files)
        click.echo(folded(text) if shown == "text" else text)
        if plan.problems:
            show_problems(plan.problems, err=True)
    return STOPPED if plan.problems else DONE


def _look(plan: Plan, content: Content, settings: Settings, http: Http) -> Mapping[str, Look]:
    """One look at the page of each post that is due."""
    from byline import cards, gate

    due = {item.post for item in plan.deliveries if item.state in ("due", "manual", "held")}
    return {
        post.id: gate.look(post, cards.picture(post, settings, content.authors), settings.site_url, http)
        for post in content.posts
        if post.id in due
    }


def _files(folder: Path | None, address: str | None, out: Path | None) -> CardFiles | None:
    """Where the cards go. Without an address they are found beside the plan."""
    from byline.cli._cards import CardFiles

    if folder is None:
        return None
    beside = os.path.relpath(folder, out.parent if out is not None else Path())
    return CardFiles(folder, address or Path(beside).as_posix())


def _render(
    form: str,
    plan: Plan,
    settings: Settings,
    history: Info,
    looks: Mapping[str, Look],
    scope: Scope,
    files: CardFiles | None,
) -> str:
    from byline.cli import _shown

    match form:
        case "json":
            return json.dumps(_as_json(plan, settings, scope, looks, files), ensure_ascii=False, indent=2)
        case "md":
            return _shown.markdown(plan, settings, history, looks, files)
        case "html":
            return _shown.page(plan, settings, history, looks, files)
        case _:
            return _shown.plain(plan, settings, history, looks)


def _as_json(
    plan: Plan, settings: Settings, scope: Scope, looks: Mapping[str, Look], files: CardFiles | None
) -> dict[str, Any]:
    """The plan; each delivery also with `owner`, who looks after its account, empty when the settings do not say.

    With --cards also `pictures`: of each card and picture `kind`, `file` (its address) and `alt`.
    """
    from byline import times

    value = plan.as_json()
    for item in value["deliveries"]:
        account = settings.account(item["channel"], item["account"])
        item["owner"] = account.owner if account else ""
    if files is not None:
        from byline.cli import _shown

        for item, delivery in zip(value["deliveries"], plan.deliveries, strict=True):
            found = _shown.pictures(delivery, files)
            item["pictures"] = [{"kind": kind, "file": file, "alt": alt} for kind, alt, file in found]
    value |= {
        "at": times.iso(plan.now),
        "first_run": plan.first_run,
        "scope": scope_json(scope),
        "problems": [problem.as_json() for problem in plan.problems],
        "digests": dict(plan.digests),
    }
    if looks:
        value["live"] = {
            name: {"ok": look.ok, "url": look.url, "reason": look.reason} for name, look in looks.items()
        }
    return value
