"""What this version of Byline would write for a site that an older one made, joined with what people changed since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

from byline import __version__
from byline.errors import UsageError
from byline.reading import forms
from byline.starter import Answers, engine, made, managed, merging, render
from byline.yamlread import YamlProblem
from byline.yamlread import read as read_yaml


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file: `after` is None for one that goes; `diff` shows what changes, with three lines around it."""

    path: str
    before: str | None
    after: str | None

    @property
    def diff(self) -> str:
        """As `diff -u`."""
        rows = unified_diff(
            (self.before or "").splitlines(keepends=True),
            (self.after or "").splitlines(keepends=True),
            f"a/{self.path}",
            f"b/{self.path}",
        )
        return "".join(row if row.endswith("\n") else f"{row}\n" for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is not done, since a person changed or deleted the same: where, why, and what Byline would write (may be empty)."""

    path: str
    line: int
    reason: str
    wanted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """`before` is the version that made the site, empty where nobody noted it; `wheel` the engine's file to put into it."""

    before: str
    after: str
    changes: tuple[Change, ...]
    left: tuple[Left, ...]
    record: made.Made
    wheel: tuple[str, bytes] | None = None
    old_wheel: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewForm:
    """The settings in the newest form: the forms' numbers, why each step is taken, the change to the file."""

    begin: int
    to: int
    why: tuple[str, ...]
    change: Change


def brought_up(file: Path) -> NewForm | None:
    """What the settings look like in the newest form; None where they are in it, or cannot be read (told elsewhere)."""
    text = _text(file)
    if not text:
        return None
    try:
        after, why = forms.brought_up(text)
        begin = forms.form_of(text)
    except YamlProblem:
        return None
    if not why:
        return None
    return NewForm(
        begin=begin,
        to=forms.newest(),
        why=tuple(why),
        change=Change(path=file.name, before=text, after=after),
    )


def _in_newest_form(path: str, text: str | None) -> str | None:
    """What init wrote, said in today's words: else every renamed line would look like a person's change."""
    if path != "mkdocs.yml" or text is None or text.startswith("sha256:"):
        return text
    try:
        return forms.brought_up(text)[0]
    except YamlProblem:
        return text


def plan(folder: Path, answers: Answers) -> Upgrade:
    """What would change. `answers` are used where the site has no record of those that were given to init.

    Reads files only. Raises UsageError for a record that cannot be read.
    """
    known = made.load(folder)
    if known is not None:
        try:
            answers = Answers.from_json(known.answers)
        except (KeyError, TypeError, ValueError):
            raise UsageError(
                f"{made.FILE} cannot be read, so nobody can tell your changes from ours",
                hint="take it from an older commit, or delete it: then nothing of yours is touched",
            ) from None
    old, wheel = answers.engine, None
    if not old or old.startswith(f"./{engine.FOLDER}/"):
        wheel = engine.wheel()
        answers = replace(answers, engine=engine.pinned(*wheel))
    wanted = managed(render(answers))
    base = {
        path: _in_newest_form(path, text) for path, text in (known.files if known is not None else {}).items()
    }
    changes, left = list[Change](), list[Left]()
    for path in sorted({*wanted, *base}):
        _one(path, base.get(path), wanted.get(path), _text(folder / path), changes, left)
    there = (
        wheel is not None
        and (folder / engine.FOLDER / wheel[0]).is_file()
        and (folder / engine.FOLDER / wheel[0]).read_bytes() == wheel[1]
    )
    return Upgrade(
        before=known.version if known is not None else "",
        after=__version__,
        changes=tuple(changes),
        left=tuple(left),
        record=made.Made(version=__version__, answers=answers.as_json(), files=wanted),
        wheel=None if there else wheel,
        old_wheel=old.partition(" ")[0].removeprefix("./") if wheel is not None else "",
    )


def apply(folder: Path, upgrade: Upgrade) -> None:
    """Write it. The engine's file comes first and the old one goes last, so that no moment is without one."""
    if upgrade.wheel is not None:
        (folder / engine.FOLDER).mkdir(exist_ok=True)
        (folder / engine.FOLDER / upgrade.wheel[0]).write_bytes(upgrade.wheel[1])
    for change in upgrade.changes:
        target = folder / change.path
        if change.after is None:
            target.unlink(missing_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(change.after, encoding="utf-8", newline="\n")
    (folder / made.FILE).write_text(made.dump(upgrade.record), encoding="utf-8", newline="\n")
    if (
        upgrade.wheel is not None
        and upgrade.old_wheel
        and upgrade.old_wheel != f"{engine.FOLDER}/{upgrade.wheel[0]}"
    ):
        (folder / upgrade.old_wheel).unlink(missing_ok=True)


def _text(path: Path) -> str | None:
    """The file's text; None where there is none. Line ends as written by init."""
    try:
        return path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except (OSError, UnicodeDecodeError):
        return ""


def _one(
    path: str, base: str | None, wanted: str | None, mine: str | None, changes: list[Change], left: list[Left]
) -> None:
    if wanted == mine or (base is not None and wanted is not None and base in (wanted, made.digest(wanted))):
        return
    untouched = mine is not None and base in (mine, made.digest(mine))
    if (mine is None and base is None) or untouched:
        changes.append(Change(path=path, before=mine, after=wanted))
    elif mine is None:
        left.append(Left(path=path, line=0, reason="you deleted this file; it stays away"))
    elif wanted is None:
        left.append(
            Left(
                path=path,
                line=0,
                reason="Byline does not need this file any more; you changed it, so it stays",
            )
        )
    elif base is None or base.startswith("sha256:"):
        left.append(
            Left(
                path=path,
                line=0,
                reason="you changed this file, and what was written at first is not known; compare it yourself",
                wanted=wanted,
            )
        )
    else:
        merged = merging.merge(base, mine, wanted)
        if merged.text != mine and _readable(path, merged.text):
            changes.append(Change(path=path, before=mine, after=merged.text))
        elif merged.text != mine:
            left.append(
                Left(
                    path=path,
                    line=0,
                    reason="the two changes together cannot be read; nothing of it was done",
                    wanted=wanted,
                )
            )
            return
        left += [
            Left(path=path, line=line, reason="you changed the same lines; yours stay", wanted=text)
            for line, text in merged.left
        ]


def _readable(path: str, text: str) -> bool:
    if not path.endswith((".yml", ".yaml")):
        return True
    try:
        read_yaml(text, opaque_tags=True)
    except YamlProblem:
        return False
    return True
