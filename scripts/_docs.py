"""Write docs/reference/commands.md from the help of the commands. `--check` only says whether it is up to date."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import click

from byline.cli import COMMANDS, cli

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "commands.md"
INTRO = """\
# The command `publish`

`byline` is the same command. Run it in the folder that holds `mkdocs.yml`, or name the file with `-f FILE` before
the command's name. Results go to standard output, progress to standard error. Nothing asks a question when standard
input is not a terminal. What the exit codes mean is in [exit codes](exit-codes.md).

This page is written from the commands' own help by `scripts/docs`.
"""


def text() -> str:
    """The whole page."""
    there = [name for name in COMMANDS if importlib.util.find_spec(f"byline.cli.{name}")]
    parts = [INTRO, "| command | does |\n| --- | --- |"]
    parts[-1] += "".join(f"\n| [`publish {name}`](#publish-{name}) | {COMMANDS[name][0]} |" for name in there)
    context = click.Context(cli, info_name="publish")
    for name in there:
        command = cli.get_command(context, name)
        assert command is not None
        parts.append(section(name, command, context))
    return "\n".join(parts)


def section(name: str, command: click.Command, above: click.Context) -> str:
    """One command: what it does, how it is called, its options; then the commands below it."""
    context = click.Context(command, info_name=name.split()[-1], parent=above)
    lines = [f"\n## publish {name}\n", "\n\n".join(paragraphs(command.help or "")), ""]
    lines += ["```", f"publish {name} " + " ".join(command.collect_usage_pieces(context)), "```"]
    options = [option for option in command.get_params(context) if option.name != "help"]
    rows = [row for option in options if (row := option.get_help_record(context)) and row[1]]
    if rows:
        lines += ["", "| option | meaning |", "| --- | --- |"]
        lines += [f"| `{option.replace('|', chr(92) + '|')}` | {help_} |" for option, help_ in rows]
    if isinstance(command, click.Group):
        lines += [section(f"{name} {below}", child, context) for below, child in command.commands.items()]
    return "\n".join(lines)


def paragraphs(help_: str) -> list[str]:
    """The paragraphs of a docstring, each on one line."""
    clean = click.unstyle(help_).replace("\b", "").partition("\f")[0]
    return [" ".join(part.split()) for part in clean.split("\n\n") if part.strip()]


def main() -> int:
    """Write the page, or with --check tell whether it is what would be written."""
    wanted = text() + "\n"
    if "--check" in sys.argv:
        return 0 if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted else 1
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(wanted, encoding="utf-8")
    print(f"wrote {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
