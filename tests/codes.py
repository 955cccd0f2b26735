"""Every code of a problem that the program can tell, taken from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import byline

PACKAGE = Path(byline.__file__).parent
# Calls whose last three arguments are code, message and fix (a severity may follow).
_TELLING = {"problem", "_problem", "_note", "_at", "note", "YamlProblem"}


def codes() -> set[str]:
    """All of them."""
    found: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        if {"starter", "testing", "crm"} & set(
            file.relative_to(PACKAGE).parts
        ):  # crm tells of columns of an import, not of codes
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            found.update(_in(node))
    return found


def _in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        arguments = list(node.args)
        if arguments and name in _TELLING:
            if isinstance(arguments[-1], ast.Constant) and arguments[-1].value in ("warning", "error"):
                arguments.pop()
            if len(arguments) >= 3:
                yield from _words(arguments[-3])
        if name == "_doubles":
            yield from _words(arguments[4])
        if name == "address" and len(arguments) == 4:
            yield from _words(arguments[0])
        for keyword in node.keywords:
            if keyword.arg == "code" and name in ("Problem", "Address"):
                yield from _words(keyword.value)
    if isinstance(node, ast.Tuple) and len(node.elts) in (3, 4):  # (code, message, fix), a key may come first
        code = node.elts[-3]
        if isinstance(code, ast.Constant) and re.fullmatch(r"[a-z]+(-[a-z]+)+", str(code.value)):
            yield from _words(code)
    if isinstance(node, ast.Assign):
        for target in node.targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for one, value in zip(names, values, strict=False):
                if isinstance(one, ast.Name) and one.id == "code":
                    yield from _words(value)


def _words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _words(node.body)
        yield from _words(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
