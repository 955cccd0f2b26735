"""What each word that Byline prints means, and what to do: codes of problems, exit codes, states of a post.

One source for `publish explain` and the manual's pages.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Kind = Literal["message", "exit code", "state"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """`names` are codes with one meaning; `advice`: it stops nothing; `page` is the manual's page, relative to `docs/`."""

    kind: Kind
    names: tuple[str, ...]
    group: str
    means: str
    do: str
    advice: bool = False
    page: str = "reference/messages.md"

    def as_json(self, name: str) -> dict[str, object]:
        """For `publish explain --json`."""
        return {
            "code": name,
            "kind": self.kind,
            "group": self.group,
            "severity": ("warning" if self.advice else "error") if self.kind == "message" else "",
            "means": self.means,
            "do": self.do,
            "page": self.page,
        }


EXIT_CODES: tuple[tuple[str, str, str], ...] = (
    ("0", "done, or nothing to do", "nothing"),
    (
        "1",
        "something failed, and nothing went out",
        "read the message; what is still due goes out with the next `publish send`",
    ),
    ("2", "the command was called wrongly, or a setting is wrong", "correct the line that the message names"),
    (
        "3",
        "part of it went out, part did not",
        "`publish status` shows which; the rest goes out with the next `publish send`",
    ),
    (
        "4",
        "a post may be out: please look",
        "`publish reconcile` looks on the network; `publish settle ID --not-sent` is your own word for it",
    ),
    (
        "5",
        "a check, a limit or the look at the live page stopped the run",
        "correct what is named; nothing went out",
    ),
    ("130", "stopped by you (Ctrl-C)", "call it again: the next run finds out what became of each post"),
)
STATES: tuple[tuple[str, str, str], ...] = (
    ("due", "to send now: its hour has come", "`publish send`"),
    ("later", "its hour is still to come", "nothing; `publish plan` shows when"),
    ("held", "it waits for a person: it is too late, or its post has a mistake", "`publish send --late ID`, or correct the post"),
    ("manual", "a person posts it by hand", "`publish kit` gives words and link; `publish record ID --url ADDRESS` notes that it is out"),
    ("sending", "a run that sent it broke off: it may be out", "`publish reconcile` looks on the network"),
    ("sent", "it is out", "nothing; `publish status` has its address"),
    ("failed", "the network rejected it; it is not out", "change its words, picture or link, or `publish send --retry`"),
    ("unknown", "it may be out: please look", "`publish reconcile`, or your own word: `publish record` or `publish settle ID --not-sent`"),
    ("skipped", "it is not sent: an old post from before sending began here, or a person said so", "nothing; `publish send --backfill` sends old ones after all"),
    ("retracted", "it was out and was taken back", "nothing; its record stays"),
)  # fmt: skip


@cache
def everything() -> tuple[Explained, ...]:
    """All of them, in the manual's order."""
    found = []
    data = tomllib.loads(files("byline").joinpath("messages.toml").read_text(encoding="utf-8"))
    for group in data["group"]:
        for code in group["code"]:
            found.append(
                Explained(
                    kind="message",
                    names=tuple(code["names"]),
                    group=group["name"],
                    means=code["means"],
                    do=code["do"],
                    advice=code.get("advice", False),
                )
            )
    found += _short("exit code", "Exit codes", EXIT_CODES, "reference/exit-codes.md")
    found += _short("state", "States of a post on a network", STATES, "reference/states.md")
    return tuple(found)


def _short(kind: Kind, group: str, rows: Iterable[tuple[str, str, str]], page: str) -> Iterator[Explained]:
    for name, means, do in rows:
        yield Explained(
            kind=kind, names=(name,), group=group, means=_sentence(means), do=_sentence(do), page=page
        )


def find(word: str) -> Explained | None:
    """What the word means; None where it is not one of ours."""
    word = word.strip().strip("()`").lower()
    return next((item for item in everything() if word in item.names), None)


def names() -> Sequence[str]:
    """Every word that can be explained."""
    return [name for item in everything() for name in item.names]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
