"""A command that was typed wrongly: what is wrong and what to type, in our words, never click's."""

from __future__ import annotations

import json

import pytest

from byline.cli import main
from byline.cli.common import App


def _typed(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(line.split(), app=App(environment={}))
    out, err = capsys.readouterr()
    assert isinstance(stop.value.code, int)
    return stop.value.code, out, err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("plam", "there is no command `plam`\n  Next: Did you mean `publish plan`?"),
        ("plan --alll", "`publish plan` has no option `--alll`\n  Next: did you mean `--all`?"),
        ("link --source", "`--source` needs a value behind it\n  Next: `publish link --help` shows"),
        ("settle", "`publish settle` needs ID: the word with two dots that `publish status` shows"),
        ("kit", "`publish kit` needs PATH: the file of a post, such as content/posts/my-post.md"),
        ("init", "`publish init` needs DIR: a new folder, such as my-company\n  Next: publish init DIR;"),
        ("send --max x", "`--max`: `x` is no whole number\n"),
        ("init a --crm q", "`--crm`: 'q' is not one of 'local'"),
        ("new a b", "`publish new` does not know what to do with `b`\n"),
        ("ledger foo", "there is no command `publish ledger foo`\n  Next: `publish ledger --help` shows"),
    ],
)
def test_what_was_typed_wrongly_is_said_in_our_words(
    line: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = _typed(capsys, line)
    assert (code, out) == (2, "")
    assert f"Stopped: {words}" in err
    assert "Usage:" not in err
    assert "Error:" not in err


def test_json_tells_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = _typed(capsys, "plan --alll --json")
    assert code == 2
    assert json.loads(out) == {
        "deliveries": [],
        "hash": "",
        "error": "`publish plan` has no option `--alll`",
        "problems": [],
    }


def test_a_group_alone_shows_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = _typed(capsys, "ledger")
    assert code == 2
    assert "verify" in err
    assert "Stopped" not in err
