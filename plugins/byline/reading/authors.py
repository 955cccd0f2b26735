"""`.authors.yml` -> the authors by id."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from byline.errors import Problem
from byline.fields import Fields, kind
from byline.model import Author
from byline.reading.tree import Tree
from byline.settings import Settings
from byline.yamlread import Mapping_, YamlProblem, decode, read

FILE = ".authors.yml"
ID = r"[a-z0-9][a-z0-9_-]*"
_ADDRESSES = ("url", "linkedin")
_HANDLES = ("twitter", "mastodon", "bluesky")


def read_authors(settings: Settings, tree: Tree, problems: list[Problem]) -> dict[str, Author]:
    """Every author that could be made; mistakes go into `problems`. No file: no authors."""
    path = settings.docs / FILE
    file = tree.shown(FILE)

    def problem(line: int, code: str, message: str, fix: str) -> None:
        problems.append(Problem(file=file, line=line, key="", code=code, message=message, fix=fix))

    if not path.exists():
        return {}
    found: list[YamlProblem] = []
    try:
        node = read(decode(path.read_bytes()), problems=found)
    except OSError as error:
        problem(0, "unreadable", f"the authors cannot be read: {error.strerror}", "mend the file's rights")
        return {}
    except YamlProblem as error:
        problem(error.line, error.code, error.message, error.fix)
        return {}
    for value in found:
        problem(value.line, value.code, value.message, value.fix)
    if node is None:
        return {}
    if not isinstance(node, Mapping_):
        problem(
            node.line,
            "wrong-kind",
            f"the file holds {kind(node)}; `authors:` and below it one entry for each author is expected",
            "begin the file with `authors:`",
        )
        return {}
    top = Fields(node, file=file, problems=problems)
    section = top.section("authors")
    top.done()
    authors: dict[str, Author] = {}
    for name, fields in section.sections() if section is not None else ():
        assert section is not None
        author = read_author(name, fields, section.line(name), settings, tree)
        if re.fullmatch(ID, name):
            authors[name] = author
        else:
            section.problem(
                name,
                "wrong-form",
                f"`{name}` cannot be an author's short name; small letters, digits, - and _ are expected",
                f"write `{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-') or 'dana'}:`, also in the posts",
            )
    return authors


def read_author(name: str, fields: Fields, line: int, settings: Settings, tree: Tree) -> Author:
    """One author; what is missing is noted."""

    def needed(key: str, what: str, example: str) -> str:
        if fields.get(key) is None:
            fields.problem(
                key if key in fields else "",
                "missing",
                f"the author `{name}` has no `{key}`; {what} is expected",
                f"add below `{name}:` the line `{key}: {example}`",
                line=line,
            )
        return fields.text(key)

    author = Author(
        id=name,
        name=needed("name", "the name as readers see it", "Dana Reyes"),
        description=needed("description", "a word on who this is", "Founder"),
        avatar=needed("avatar", "a portrait", "assets/dana.png"),
        slug=fields.text(
            "slug", pattern=r"[a-z0-9]+(-[a-z0-9]+)*", expected="small letters, digits and hyphens"
        ),
        role=fields.text("role"),
        bio=fields.text("bio"),
        url=fields.url("url"),
        linkedin=fields.url("linkedin"),
        twitter=fields.text("twitter"),
        mastodon=fields.text("mastodon"),
        bluesky=fields.text("bluesky"),
        line=line,
    )
    _avatar(name, author.avatar, fields, settings, tree)
    fields.done()
    return author


def _avatar(name: str, avatar: str, fields: Fields, settings: Settings, tree: Tree) -> None:
    if not avatar:
        return
    if avatar.startswith(("http://", "https://", "//")):
        fields.problem(
            "avatar",
            "remote-image",
            f"the portrait of `{name}` lies on another server, which would learn of every visitor",
            f"save it under {settings.docs.name}/assets/ and write `avatar: assets/{name}.png`",
            severity="warning",
        )
        return
    path = PurePosixPath(avatar.lstrip("/")).as_posix()
    if path not in tree.files:
        meant = tree.meant(path)
        fields.problem(
            "avatar",
            "missing-file",
            f"the portrait of `{name}`, {settings.docs.name}/{path}, is not there",
            f"did you mean `{meant}`?" if meant else "put the picture there, or correct its name",
        )
