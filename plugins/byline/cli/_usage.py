"""A command that was typed wrongly, said as every other mistake is: what is wrong, and what to type instead."""

from __future__ import annotations

import re

import click

from byline.errors import UsageError

# What a person types where an argument is missing, and where it is found.
_WHAT = {
    "ID": "the word with two dots that `publish status` shows, such as hp7.linkedin.acme",
    "ID|PATH": "the file of a post, or the word with two dots that `publish status` shows",
    "PATH": "the file of a post, such as content/posts/my-post.md",
    "DIR": "a new folder, such as my-company",
    "CODE": "the word in brackets behind a message",
}


def said(error: click.ClickException, name: str = "") -> UsageError:
    """The mistake in our words; its hint ends with the command that shows what can be typed.

    `name` is the command that was typed, where the mistake itself does not know.
    """
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else f"publish {name}".strip()
    manual = f"`{command} --help` shows what can be typed"
    match error:
        case click.NoSuchOption():
            near = [f"`{one}`" for one in error.possibilities or ()]
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            return UsageError(
                f"`{command}` has no option `{error.option_name}`", hint=(meant + manual).strip()
            )
        case click.MissingParameter():
            wanted = error.param.make_metavar(context).strip("[].") if error.param and context else "more"
            what = _WHAT.get(wanted)
            return UsageError(
                f"`{command}` needs {wanted}{f': {what}' if what else ''}",
                hint=f"{command} {wanted}; {manual}",
            )
        case click.BadOptionUsage():
            return UsageError(f"`{error.option_name}` needs a value behind it", hint=manual)
        case click.BadParameter():
            return UsageError(_value(error), hint=manual)
    found = re.fullmatch(r"(There is no command `[^`]*`)\. (.*)", error.message)
    if found:
        return UsageError(f"t{found[1][1:]}", hint=found[2])
    none = re.match(r"No such command '(.*)'\.", error.message)
    if none:
        return UsageError(f"there is no command `{command} {none[1]}`", hint=manual)
    extra = re.search(r"unexpected extra arguments? \((.*)\)", error.message)
    if extra:
        return UsageError(f"`{command}` does not know what to do with `{extra[1]}`", hint=manual)
    return UsageError(error.format_message().rstrip("."), hint=manual)


def _value(error: click.BadParameter) -> str:
    """`--max` takes a whole number, and `x` is none."""
    name = error.param.opts[0] if error.param and error.param.opts else ""
    where = f"`{name}`: " if name.startswith("-") else ""
    found = re.match(
        r"'(.*)' is not a valid (integer|float|integer range|float range)\.", error.message, re.S
    )
    if found:
        return f"{where}`{found[1]}` is no {'whole number' if 'integer' in found[2] else 'number'}"
    return where + error.message.rstrip(".")
