"""`publish ledger`: look after the sending history: check it, move it, bring it back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byline.cli._publishing import json_option
from byline.cli.common import DONE, STOPPED, App, count, emit_json, say
from byline.errors import UsageError

if TYPE_CHECKING:
    from byline.ledger.base import Ledger
    from byline.ledger.choosing import Store
    from byline.ledger.moving import Whole
    from byline.settings import Settings

STORES = ("sqlite", "git", "postgresql")
from_option = click.option(
    "--from", "origin", type=click.Choice(STORES), help="This store, whatever the settings choose."
)


@click.group()
def command() -> None:
    """Check the sending history, move it to another store, or bring it back.

    The store is the one that the settings choose: a file (sqlite), a branch of the repository (git) or a database
    (postgresql).
    """


@command.command()
@from_option
@json_option
@click.pass_obj
def verify(app: App, origin: Store | None, as_json: bool) -> int:
    """Play every event again and tell all that does not fit.

    Ends with 0 when all is well, with 5 when anything is wrong.
    """
    from byline.ledger.checking import verify as look

    settings = app.settings()
    found = look(_store(app, settings, origin), settings, app.environment, app.clock)
    if as_json:
        emit_json(
            {
                "place": found.place,
                "deliveries": found.deliveries,
                "events": found.events,
                "defects": list(found.defects),
            }
        )
        return STOPPED if found.defects else DONE
    told = f"{count(found.deliveries, 'delivery', 'deliveries')}, {count(found.events, 'event')}"
    if not found.defects:
        click.echo(f"✓ {found.place}: {told}; everything fits")
        return DONE
    click.echo(f"✗ {found.place}: {told}; {count(len(found.defects), 'defect')}")
    for defect in found.defects:
        click.echo(f"  {defect}")
    return STOPPED


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@from_option
@json_option
@click.pass_obj
def export(app: App, file: Path, origin: Store | None, as_json: bool) -> int:
    """Write the whole history to a file of JSON lines (- for standard output)."""
    from byline.ledger.moving import dump

    settings = app.settings()
    whole = _taken(app, settings, _store(app, settings, origin))
    text = "".join(f"{line}\n" for line in dump(whole, app.clock.now()))
    if str(file) == "-":
        if as_json:
            raise UsageError(
                "the history and the answer cannot both go to standard output", hint="name a file"
            )
        click.echo(text, nl=False)
        return DONE
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}", hint="name another file") from error
    if as_json:
        emit_json({"file": str(file), **_counted(whole)})
    else:
        click.echo(f"✓ {_told(whole)} written to {file}")
    return DONE


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False)
@click.option("--from", "origin", type=click.Choice(STORES), help="Straight from this store of the site.")
@json_option
@click.pass_obj
def import_(app: App, file: Path | None, origin: Store | None, as_json: bool) -> int:
    """Take a history over into the store that the settings choose, which must be empty: all of it or nothing.

    From a file that `publish ledger export` wrote, or straight from another store: publish ledger import --from sqlite
    """
    from byline.ledger import open_store
    from byline.ledger.moving import load, put

    if (file is None) == (origin is None):
        raise UsageError(
            "name a file, or the store that the history is in", hint="publish ledger import --from sqlite"
        )
    settings = app.settings()
    store = _store(app, settings, None)
    if origin is not None:
        if origin == store:
            raise UsageError(
                f"the settings choose {store} itself",
                hint=f"set `ledger` in {settings.file_name} to the store that it is to move to",
            )
        whole = _taken(app, settings, origin)
    else:
        assert file is not None
        try:
            lines = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}", hint="name an export's file") from error
        whole = load(lines, str(file))
    if not (whole.events or whole.accounts):
        raise UsageError(
            "there is nothing to import: that history is empty", hint="`publish send` begins one"
        )
    ledger = open_store(store, settings, app.environment, app.clock)
    try:
        put(ledger, whole)
        place = ledger.info.place
    finally:
        ledger.close()
    if as_json:
        emit_json({"place": place, **_counted(whole)})
        return DONE
    click.echo(f"✓ {_told(whole)} imported into {place}")
    if origin == "sqlite":
        say("  The old file .byline/ledger.db is no longer read; keep it as a backup or delete it.")
    return DONE


@command.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def restore(app: App, yes: bool, as_json: bool) -> int:
    """Bring back the branch of the git store after it was deleted, put back or overwritten.

    What holds most is taken: the anchor beside the branch, or what this clone has seen.
    """
    from byline.ledger.choosing import open_remote
    from byline.ledger.git.commits import Commits
    from byline.ledger.git.mending import restore as bring_back

    settings = app.settings()
    if _store(app, settings, None) != "git":
        raise UsageError(
            "only the git store can be restored from itself", hint="restore the others from a backup"
        )
    remote = open_remote(settings)
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError("restoring needs your word", hint="publish ledger restore --yes")
        click.confirm(f"Put {remote.place} back to the newest state that is known?", abort=True, err=True)
    commits = Commits(remote.git)
    try:
        done = bring_back(remote, commits, app.clock)
        if as_json:
            emit_json({"place": remote.place, "done": str(done)})
        else:
            click.echo(f"✓ {done}")
    finally:
        commits.close()
    return DONE


@command.command()
@json_option
@click.pass_obj
def fetch(app: App, as_json: bool) -> int:
    """Fetch the history of a remote store, so that `plan` and `status` show what other runs did."""
    from byline.ledger import open_ledger

    settings = app.settings()
    ledger = open_ledger(settings, app.environment, app.clock)
    try:
        snapshot = ledger.snapshot()
    finally:
        ledger.close()
    if as_json:
        emit_json({"place": snapshot.info.place, "deliveries": len(snapshot.records)})
        return DONE
    click.echo(f"✓ {snapshot.info.place}: {count(len(snapshot.records), 'delivery', 'deliveries')}")
    return DONE


def _store(app: App, settings: Settings, origin: Store | None) -> Store:
    from byline.ledger.choosing import chosen

    return origin or chosen(settings, app.environment, ask=True)


def _taken(app: App, settings: Settings, store: Store) -> Whole:
    from byline.ledger import open_store
    from byline.ledger.choosing import file_of
    from byline.ledger.moving import taken

    if store == "sqlite" and not file_of(settings).exists():
        raise UsageError(f"there is no history in {file_of(settings)}", hint="--from names another store")
    ledger: Ledger | None = None
    try:
        ledger = open_store(store, settings, app.environment, app.clock)
        return taken(ledger, settings.site_url)
    finally:
        if ledger is not None:
            ledger.close()


def _counted(whole: Whole) -> dict[str, int]:
    return {
        "deliveries": whole.deliveries,
        "events": len(whole.events),
        "accounts": len(whole.accounts),
    }


def _told(whole: Whole) -> str:
    return (
        f"{count(whole.deliveries, 'delivery', 'deliveries')} with {count(len(whole.events), 'event')}, "
        f"{count(len(whole.accounts), 'account')}"
    )
