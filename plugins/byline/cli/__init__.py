"""The command `publish` (`byline` is the same command). The only package that knows click.

One file for each command, imported when that command is asked for, so that `publish --help` stays quick. A
command parses, builds objects, calls one function, prints its result and chooses the exit code; it holds no rule
of the product. Errors become messages and exit codes here, in one place.
"""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from byline import __version__
from byline.cli.common import App, emit_json, error_json, exit_code, show_error
from byline.errors import BylineError

# name -> (help in one line, group). A command `crm` lives in `cli/crm.py` as `command`.
COMMANDS: dict[str, tuple[str, str]] = {
    "new": ("Start a post: front matter filled in, a fresh id.", "Every day"),
    "check": ("Find every mistake, offline, all at once.", "Every day"),
    "preview": ("See a post as each network will show it.", "Every day"),
    "send": ("Send what is due, each post once.", "Every day"),
    "report": ("See which posts brought enquiries and revenue.", "Every day"),
    "plan": ("See exactly what would go out, and why.", "Posts"),
    "status": ("See what went out where, and what needs you.", "Posts"),
    "record": ("Note a post that a person made by hand.", "Posts"),
    "retract": ("Delete a post from the networks, keeping its record.", "Posts"),
    "edit": ("Change the words of a post that is out.", "Posts"),
    "kit": ("Ready words and links for colleagues who share by hand.", "Posts"),
    "link": ("A tagged link for a fair, a flyer, a signature.", "Posts"),
    "newsletter": ("One mail about the posts since the last one.", "Posts"),
    "reconcile": ("Look on the networks for posts that may be out.", "When something is unclear"),
    "settle": ("Tell that a post that may be out is not out.", "When something is unclear"),
    "doctor": ("See tokens, rights, costs and connections at a glance.", "When something is unclear"),
    "explain": ("What a code, an exit code or a state means.", "When something is unclear"),
    "manual": ("Read the manual; it comes with the program.", "When something is unclear"),
    "build": ("Build the site, its feeds and its cards.", "Site"),
    "serve": ("Show the site while you write.", "Site"),
    "init": ("Start a company's own site.", "Set-up"),
    "completion": ("Let the shell complete commands and options.", "Set-up"),
    "upgrade": ("Bring settings and workflows up to this version.", "Set-up"),
    "connect": ("Sign in to a network and learn which secret to set.", "Set-up"),
    "gitlab": ("What GitLab's CI calls: notes on merge requests, and issues.", "Set-up"),
    "intake": ("Take leads from the site's form.", "Leads"),
    "crm": ("Bring campaigns to the CRM, leads and orders back.", "Leads"),
    "traffic": ("Count visits through our links from the server's logs.", "Leads"),
    "erase-person": ("Take a person out of everything, and look whether anything is left.", "Leads"),
    "metrics": ("Read views, clicks and comments from the networks.", "Leads"),
    "ledger": ("Check the sending history, or move it elsewhere.", "Set-up"),
    "demo": ("Everything on this machine, with no account needed.", "Set-up"),
}


class LazyGroup(click.Group):
    """Imports a command's file when it is asked for; lists all of them without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found = importlib.import_module(f"byline.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(found, click.Command)
        _take_file(found)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        from byline.fields import did_you_mean

        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            meant = did_you_mean(name, COMMANDS)
            hint = f"Did you mean `publish {meant}`?" if meant else "See `publish --help`."
            raise click.UsageError(f"There is no command `{name}`. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for name, (summary, group) in COMMANDS.items():
            groups.setdefault(group, []).append((name, summary))
        for group, rows in groups.items():
            with formatter.section(group):
                formatter.write_dl(rows)


def _take_file(command: click.Command) -> None:
    """Let `-f FILE` stand after the command too, where people type it first."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _take_file(below)
    elif not any("-f" in option.opts for option in command.params):
        command.params.append(
            click.Option(
                ["-f", "--file", "settings_file"],
                type=click.Path(path_type=Path, dir_okay=False),
                expose_value=False,
                hidden=True,
                callback=_set_file,
                help="The settings file (default: mkdocs.yml in this folder).",
            )
        )


def _set_file(ctx: click.Context, _option: click.Parameter, value: Path | None) -> None:
    app = ctx.find_object(App)
    if value is not None and app is not None:
        app.file = value


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Run a command in the folder that holds mkdocs.yml, or name the file with -f.",
)
@click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("mkdocs.yml"),
    help="The settings file (default: mkdocs.yml in this folder).",
)
@click.option("--debug", is_flag=True, help="Show where in the program an error arose.")
@click.option(
    "--json", "as_json", is_flag=True, help="Without a command: where things stand, as one JSON object."
)
@click.version_option(__version__, prog_name="publish")
@click.pass_context
def cli(ctx: click.Context, file: Path, debug: bool, as_json: bool) -> int | None:
    """Write a post once; it becomes a page, a post on each network, and enquiries you can count.

    Without a command it shows where things stand and the next step.
    """
    app = ctx.obj if isinstance(ctx.obj, App) else App()
    app.file = file
    app.debug = debug
    ctx.obj = app
    if ctx.invoked_subcommand is None:
        from byline.cli import _standing

        return _standing.show(app, as_json=as_json)
    return None


def main(argv: Sequence[str] | None = None, *, app: App | None = None) -> Any:
    """Run one command and leave with its exit code. Bad input never gives a traceback."""
    # A command keeps nearly everything it makes until it ends: looking for rubbish among it is mostly in vain.
    gc.set_threshold(100_000)
    if app is None:
        sys.excepthook = _show_crash
        app = App()
    words = sys.argv[1:] if argv is None else list(argv)
    # No colour where the person wants none (no-color.org) or the terminal cannot: all signs are readable without it.
    plain = bool(app.environment.get("NO_COLOR")) or app.environment.get("TERM") == "dumb"
    try:
        with click.Context(cli, color=False if plain else None, obj=app):
            _run(words, app, False if plain else None)
    finally:
        if argv is None:
            # Python looks for rubbish once more when it ends, among all that a build has made: a tenth of a quick one.
            gc.freeze()


def _run(words: Sequence[str], app: App, color: bool | None) -> Any:
    try:
        code = cli.main(
            args=words,
            prog_name="publish",
            complete_var="_PUBLISH_COMPLETE",
            standalone_mode=False,
            obj=app,
            color=color,
        )
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:  # a group of commands, alone: its commands
        error.show()
        code = error.exit_code
    except click.ClickException as error:
        from byline.cli._usage import said

        wrong = said(error, next((word for word in words if word in COMMANDS), ""))
        show_error(wrong)
        _answer(words, app, wrong)
        code = exit_code(wrong)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped by you.", err=True)
        code = 130
    except BylineError as error:
        if app.debug:
            raise
        show_error(error)
        _answer(words, app, error)
        code = exit_code(error)
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)


def _show_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    from byline.cli import _crash

    _crash.show(kind, error, trace)


def _answer(words: Sequence[str], app: App, error: BylineError) -> None:
    """Whoever asked for JSON gets JSON, whatever happened."""
    options = words[: words.index("--")] if "--" in words else words
    if "--json" in options and not app.answered:
        emit_json(error_json(next((word for word in words if word in COMMANDS), ""), error))
