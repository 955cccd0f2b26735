"""Write the generated pages of docs/reference, and this repository's own workflows from the starter's.

`--check` only says whether they are up to date; `--site [ADDRESS]` makes a site of the manual (see byline.manual).
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import click

import _messages
import _networks
import _schemas
from byline import starter
from byline.cli import COMMANDS, cli
from byline.manual.site import ManualProblem, make

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
TEMPLATES = Path(starter.__file__).parent / "ci" / "github" / "dot-github"
INTRO = """\
# The command `publish`

`byline` is the same command. Run it in the folder that holds `mkdocs.yml`, or name the file with `-f FILE` before
the command's name. Results go to standard output, progress to standard error. Nothing asks a question when standard
input is not a terminal. What the exit codes mean is in [exit codes](exit-codes.md).

This page is written from the commands' own help by `scripts/docs`.
"""


def text() -> str:
    """The whole page."""
    there = [name for name in COMMANDS if importlib.util.find_spec(f"byline.cli.{name.replace('-', '_')}")]
    parts = [INTRO, "| command | does |\n| --- | --- |"]
    parts[-1] += "".join(f"\n| [`publish {name}`](#publish-{name}) | {COMMANDS[name][0]} |" for name in there)
    context = click.Context(cli, info_name="publish")
    for name in there:
        command = cli.get_command(context, name)
        assert command is not None
        parts.append(section(name, command, context))
    return "\n".join(parts)


def workflows() -> dict[Path, str]:
    """All that `publish init` writes for GitHub, with the engine from this repository.

    The company here is made up, so it publishes only where somebody says so: the variable PUBLISH is `on`.
    """
    words = starter.ci_words(
        install=(
            "pip install --quiet --require-hashes --no-deps -r requirements/run.txt",
            "pip install --quiet --no-deps --no-build-isolation --editable .",
        ),
        more=("LINKEDIN_ACCESS_TOKEN__HENRIKE", "LINKEDIN_ACCESS_TOKEN__JONAS"),
        switch="== 'on'",
    )
    return {
        ROOT / ".github" / template.relative_to(TEMPLATES): starter.filled(
            template.read_text(encoding="utf-8"), words
        )
        for template in sorted(TEMPLATES.rglob("*.yml"))
    }


def section(name: str, command: click.Command, above: click.Context) -> str:
    """One command: what it does, how it is called, its options; then the commands below it."""
    context = click.Context(command, info_name=name.split()[-1], parent=above)
    lines = [f"\n## publish {name}\n", "\n\n".join(paragraphs(command.help or "")), ""]
    lines += ["```", f"publish {name} " + " ".join(command.collect_usage_pieces(context)), "```"]
    options = [option for option in command.get_params(context) if "--help" not in option.opts]
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
    """Write the files, or with --check tell whether they are what would be written."""
    if "--site" in sys.argv:
        return site(sys.argv[sys.argv.index("--site") + 1 :])
    stale = 0
    made = {
        REFERENCE / "commands.md": text() + "\n",
        REFERENCE / "networks.md": _networks.text() + "\n",
        REFERENCE / "messages.md": _messages.messages() + "\n",
        REFERENCE / "exit-codes.md": _messages.exit_codes() + "\n",
        REFERENCE / "states.md": _messages.states() + "\n",
        **workflows(),
        **{Path(starter.__file__).parent / "schemas" / name: text for name, text in _schemas.texts().items()},
    }
    for file, wanted in made.items():
        if "--check" in sys.argv:
            stale += not (file.exists() and file.read_text(encoding="utf-8") == wanted)
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(wanted, encoding="utf-8")
        print(f"wrote {file}")
    return 1 if stale else 0


def site(address: list[str]) -> int:
    """Build the manual's site and say where it is."""
    try:
        print(f"Site: {make(ROOT / '.cache' / 'manual', address[0] if address else '') / 'index.html'}")
    except ManualProblem as problem:
        print(problem.message, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
