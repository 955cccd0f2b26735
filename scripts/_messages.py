"""The pages docs/reference/messages.md, exit-codes.md and states.md, from what `publish explain` tells."""

from __future__ import annotations

from itertools import groupby

from byline import explaining

MESSAGES = """\
# What `publish check` says, and what to do

Every message names the file, the line, what was found, what was expected, and the step that mends it. The word in
brackets at its end is the code; this page has all of them, and `publish explain CODE` tells the same. An **error** in the settings stops everything (exit code 2),
one in a post's content keeps that post off the site, one under `share` keeps it from being sent (exit code 5 of the
check). **Advice** stops nothing.

With `--json` each problem has `file`, `line`, `key`, `code`, `severity` (`error`, or `warning` for advice), `message`
and `fix`. Codes keep their meaning from version to version; the words may become better.

This page is written by `scripts/docs`.
"""
EXIT_CODES = """\
# Exit codes

A run in CI can tell what happened without reading a line. When several are true at once, 4 outranks 3, and 3
outranks 1.
"""
FOUR = """\
Code 4 stays, run after run, as long as any post may be out. That is on purpose: sending it again on a guess is how a
company posts twice."""
STATES = """\
# States of a post on a network

Each post is in one state for each account that shares it. `publish status` and `publish plan --all` show them in plain
words; in JSON they stand under `state`. `publish explain STATE` tells the same as this page.
"""


def messages() -> str:
    """The page of codes."""
    parts = [MESSAGES]
    found = [item for item in explaining.everything() if item.kind == "message"]
    for group, items in groupby(found, key=lambda item: item.group):
        parts += [f"## {group}\n", "| code | means | do |", "| --- | --- | --- |"]
        parts += [
            f"| {', '.join(f'`{name}`' for name in item.names)} | {item.means}{' Advice.' if item.advice else ''} | {item.do} |"
            for item in items
        ]
        parts.append("")
    return "\n".join(parts).rstrip()


def exit_codes() -> str:
    """The page of exit codes."""
    rows = [f"| {code} | {means} | {do} |" for code, means, do in explaining.EXIT_CODES]
    return "\n".join([EXIT_CODES, "| code | means | what to do |", "| --- | --- | --- |", *rows, "", FOUR])


def states() -> str:
    """The page of states."""
    rows = [f"| `{state}` | {means} | {do} |" for state, means, do in explaining.STATES]
    return "\n".join([STATES, "| state | means | what to do |", "| --- | --- | --- |", *rows])
