"""The reference pages hold every code, every setting and every key of a post, and nothing that is not there."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from byline import explaining, planning, registry
from byline.cli import common
from byline.reading import post, share
from codes import PACKAGE, codes

DOCS = Path(__file__).parent.parent / "docs" / "reference"
_ASKING = {"text", "flag", "number", "integer", "span", "choice", "texts", "section", "get", "url", "day"}


def _told(page: str) -> set[str]:
    """What the first column of the page's tables names."""
    rows = re.findall(r"^\|([^|]*)\|", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def _asked(file: Path, function: str = "") -> Iterator[str]:
    """The keys that a file of the program (or one function in it) reads from settings or a post."""
    tree: ast.AST = ast.parse(file.read_text(encoding="utf-8"))
    if function:
        named = (
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == function
        )
        tree = next(named, ast.Module(body=[], type_ignores=[]))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        method = isinstance(node.func, ast.Attribute) and node.func.attr in _ASKING
        place = 0 if method else 1  # `words(fields, "text")`, `_seconds(section, "wait", …)`
        name = getattr(node.func, "id", "")
        if method or name in (
            "words",
            "_seconds",
            "_networks",
            "_folder",
            "needed",
            "_names",
            "hour_of",
            "picture",
        ):
            place = 0 if name == "needed" else 2 if name == "picture" else place
            if (
                len(node.args) > place
                and isinstance(found := node.args[place], ast.Constant)
                and isinstance(found.value, str)
            ):
                yield found.value


def test_every_code_is_explained_and_every_explained_code_exists() -> None:
    elsewhere = {"import"}  # told by the imports of a CRM
    assert _told("messages.md") == codes() | elsewhere


def test_every_state_of_the_program_is_explained() -> None:
    states = set(get_args(planning.State))
    assert {name for name, _, _ in explaining.STATES} == states
    assert _told("states.md") == states


def test_every_exit_code_of_the_program_is_explained() -> None:
    used = {common.DONE, common.FAILED, common.USAGE, common.PARTLY, common.UNKNOWN, common.STOPPED, 130}
    assert {int(code) for code, _, _ in explaining.EXIT_CODES} == used


def test_every_setting_is_explained() -> None:
    files = [
        PACKAGE / "reading" / name
        for name in ("accounts.py", "block.py", "campaigns.py", "look.py", "mkdocs.py", "placed.py")
    ]
    asked = {key for file in files for key in _asked(file) if "." not in key}
    assert {"budget", "timezone", "site_url"} <= asked
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"`([a-z_]+)`", "\n".join(re.findall(r"^#+ .*$", page, re.MULTILINE))))
    elsewhere = {"plugins", "name", "language"} | {
        "blog_dir",
        "post_dir",
        "post_url_format",
        "authors_file",
        "categories_allowed",
    }
    told = _told("settings.md") | headings
    assert asked - told - elsewhere == set()
    assert all(f"`{key}`" in page or f"{key}:" in page for key in elsewhere)


def test_every_setting_of_a_network_is_explained_on_its_page() -> None:
    for name in registry.channels():
        driver = Path(inspect.getfile(registry.channel(name)))
        asked = set(_asked(driver, "settings")) - {
            "mode",
            "api",
            "text",
            "accounts",
            "budget",
        }
        page = (DOCS.parent / "channels" / f"{name}.md").read_text(encoding="utf-8")
        assert asked, name
        assert {key for key in asked if f"`{key}`" not in page and f"{key}:" not in page} == set(), name


def test_every_key_of_a_post_is_explained() -> None:
    page = (DOCS / "front-matter.md").read_text(encoding="utf-8")
    told = _told("front-matter.md")
    for key in post.KEYS:
        assert f"`{key}`" in page, key
    assert set(post.KEYS) - set(post.PASSED_ON) - {"pin", "links", "readtime", "hide"} <= told
    assert set(share.NETWORK_KEYS) <= told
    asked = set(_asked(PACKAGE / "reading" / "authors.py")) - {"authors"}
    assert asked <= told
    assert {"at", "again", "after"} <= told
    known = {*post.KEYS, *share.NETWORK_KEYS, *asked, "at", "again", "after"}
    assert told <= known
