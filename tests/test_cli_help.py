"""The table of commands, the files of the commands and what `--help` shows are one."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import byline.cli
from byline.cli import COMMANDS, cli

FOLDER = Path(byline.cli.__file__).parent
HEAVY = (
    "mkdocs",
    "material",
    "PIL",
    "altair",
    "vl_convert",
    "requests",
    "feedgen",
    "nh3",
    "twitter_text",
    "frontmatter",
)


def every_command() -> Iterator[tuple[str, click.Command]]:
    """All commands by the words that call them, those below a group too."""
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {below}", child) for below, child in command.commands.items())


def test_every_command_has_its_file_and_every_file_its_row() -> None:
    files = {path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_")} - {"common"}
    offered = {name for name in files if hasattr(importlib.import_module(f"byline.cli.{name}"), "command")}
    assert offered == {name.replace("-", "_") for name in COMMANDS}


def test_every_command_and_option_says_what_it_does() -> None:
    for name, command in every_command():
        assert command.help, name
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"{name} {option.opts}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_page_opens(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert f"publish {name}" in result.output.replace("cli ", "publish ")


def test_the_overview_shows_the_five_of_every_day_first() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    places = [shown.index(f"\n  {name} ") for name in ("new", "check", "send", "report")]
    assert places == sorted(places)
    assert shown.index("Every day:") < places[0]
    assert all(f"\n  {name} " in shown for name in COMMANDS)


def test_a_mistyped_command_gets_a_suggestion() -> None:
    result = CliRunner().invoke(cli, ["chek"])
    assert result.exit_code == 2
    assert "Did you mean `publish check`?" in result.output


@pytest.mark.parametrize("module", ["byline.cli", "byline.cli.check", "byline.cli.plan"])
def test_the_quick_commands_import_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
