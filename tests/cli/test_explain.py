"""`publish explain`: every word that the program prints is explained, in any width, without colour."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from byline import explaining
from byline.cli import _tables, cli
from byline.cli.common import App
from codes import codes


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["explain", *arguments], obj=App(environment={}), standalone_mode=False)


def test_every_code_of_the_program_can_be_explained() -> None:
    for code in sorted(codes()):
        done = explain(code)
        assert done.exception is None, code
        assert code in done.stdout
        assert "What to do: " in done.stdout


@pytest.mark.parametrize("code", ["0", "4", "held", "(unknown-author)", "`UNKNOWN-AUTHOR`"])
def test_exit_codes_states_and_copied_words(code: str) -> None:
    assert "What to do: " in explain(code).stdout


def test_a_misspelt_code_gets_the_command_to_type() -> None:
    done = explain("unknwon-author")
    assert "publish explain unknown-author" in getattr(done.exception, "hint", "")


def test_json() -> None:
    found = json.loads(explain("no-description", "--json").stdout)
    assert (found["code"], found["severity"], found["kind"]) == ("no-description", "warning", "message")
    told = {item["code"] for item in json.loads(explain("--json").stdout)["codes"]}
    assert told == set(explaining.names())


def test_no_name_is_explained_twice() -> None:
    assert len(explaining.names()) == len(set(explaining.names()))


@pytest.mark.parametrize("width", [40, 80])
def test_tables_fit(width: int) -> None:
    rows = [
        (
            "due",
            "linkedin.company",
            "A long sentence that says why, and goes on for a while, over more than one line.",
        ),
        ("später", "配送", "x"),
    ]
    for line in _tables.table(rows, wide=width):
        assert _tables.columns_of(line) <= width, line
