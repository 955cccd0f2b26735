"""The share of changes that tests noticed, with what a sample can tell: the figures of the manual."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parent.parent.parent / "scripts"


@pytest.fixture(scope="module")
def mutate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("_mutate", SCRIPTS / "_mutate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["_mutate"] = module  # its dataclasses look it up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("noticed", "tried", "whole", "said"),
    [
        (0, 0, 9, "–"),
        (9, 10, 10, "90.0 %"),
        (270, 300, 10**9, "90.0 % (86–93)"),  # Wilson's interval: 0.861 to 0.929
        (270, 300, 600, "90.0 % (87–92)"),  # half of all is known: what is left to guess is less
        (300, 300, 10**9, "100.0 % (99–100)"),
    ],
)
def test_the_share(mutate: ModuleType, noticed: int, tried: int, whole: int, said: str) -> None:
    assert mutate.share_of(noticed, tried, whole) == said


def test_every_group_names_files_that_are_there(mutate: ModuleType) -> None:
    for group in mutate.GROUPS.values():
        for module in group.modules:
            assert list((SCRIPTS.parent / "plugins" / "byline").glob(module)), module
        for test in group.tests:
            assert (SCRIPTS.parent / test).is_file(), test


def test_the_table_counts_each_outcome(
    mutate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "links" / "mutants" / "src" / "byline"
    folder.mkdir(parents=True)
    codes = '{"a": 1, "b": 0, "c": 33, "d": 36, "e": null}'
    (folder / "links.py.meta").write_text(f'{{"exit_code_by_key": {codes}}}', encoding="utf-8")
    monkeypatch.setattr(mutate, "FOLDER", tmp_path)
    assert mutate.page(["links"]).splitlines()[2:] == [
        "|  | `links.py` | 5 | 4 | 1 | 1 | 2 | 50.0 % (28–72) |",
        "| **links** | all | 5 | 4 | 1 | 1 | 2 | 50.0 % (28–72) |",
    ]


def test_what_was_not_noticed_is_tried_again(mutate: ModuleType, tmp_path: Path) -> None:
    """And counts again in another sample: it must not fall out of the share."""
    folder = tmp_path / "mutants" / "src" / "byline"
    folder.mkdir(parents=True)
    codes = '{"a": 1, "b": 0, "c": 33, "d": 36, "e": null}'
    (folder / "links.py.meta").write_text(f'{{"exit_code_by_key": {codes}}}', encoding="utf-8")
    assert mutate.forget_survivors(tmp_path) == {"b", "c"}
    assert {change: outcome for _, change, outcome in mutate.outcomes(tmp_path)} == {
        "a": "killed", "b": "not tried", "c": "not tried", "d": "timed out", "e": "not tried"
    }  # fmt: skip
    assert mutate.forget_survivors(tmp_path) == set()
