"""The forms of the settings: an older one is brought up in the file itself, with its comments, and read only then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from byline import settings, starter
from byline.errors import SettingsError
from byline.reading import forms
from byline.reading.forms import Step, Text, brought_up, form_of
from byline.yamlread import read
from support import SETTINGS, make_site

OLD = SETTINGS.replace(
    "      settle_waits: [0]\n",
    "      settle_waits: [0]   # in tests\n      max_run: 20         # one a working day\n      obsolete:\n        deep: 1\n\n        deeper: [2]\n",
).replace("acme: {}", "acme: {handle: x, 'max_run': 3}")


def to_second(text: Text) -> None:
    text.rename("max_run", "max_per_run")
    text.value("late_limit", lambda hours: f"{hours}h")
    text.remove("obsolete")
    text.rename("never.there", "x")


def to_third(text: Text) -> None:
    text.value("max_per_run", lambda number: str(int(number) + 1))


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Step, ...]]:
    """As if two forms came after the first."""
    found = (Step("`max_run` is called `max_per_run`", to_second), Step("it counts from one", to_third))
    monkeypatch.setattr(forms, "STEPS", found)
    return found


def test_today_there_is_one_form_and_init_writes_it(tmp_path: Path) -> None:
    assert forms.newest() == 1 + len(forms.STEPS)
    wanted = starter.render(
        starter.Answers(
            name="A", site_url="http://127.0.0.1/", timezone="UTC", today=_today(), local=True, ci="none"
        )
    )["mkdocs.yml"]
    assert form_of(wanted) == forms.newest()
    assert brought_up(wanted) == (wanted, ())


def _today() -> object:
    from datetime import date

    return date(2026, 11, 24)


def test_each_step_changes_the_lines_it_names_and_no_other(steps: tuple[Step, ...]) -> None:
    after, why = brought_up(OLD)
    assert why == tuple(step.why for step in steps)
    assert "      max_per_run: 21         # one a working day\n" in after
    assert "      settle_waits: [0]   # in tests\n" in after
    assert "obsolete" not in after
    assert "deep" not in after
    assert "acme: {handle: x, 'max_run': 3}" in after  # another group's word of the same name
    assert form_of(after) == 3
    changed = {line for line in after.splitlines() if line not in OLD.splitlines()}
    assert changed == {"      max_per_run: 21         # one a working day", "      schema: 3"}
    assert brought_up(after) == (after, ())
    read(after)


def test_only_the_steps_that_are_missing_are_taken(steps: tuple[Step, ...]) -> None:
    second = OLD.replace("      ledger:", "      schema: 2   # mine\n      ledger:").replace(
        "max_run: 20", "max_per_run: 20"
    )
    after, why = brought_up(second)
    assert why == ("it counts from one",)
    assert "      schema: 3   # mine\n" in after
    assert "max_per_run: 21" in after
    assert "obsolete" in after


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("byline: {max_run: 20, timezone: UTC}", "byline: {max_per_run: 20, timezone: UTC}"),
        ('byline: {"max_run": 20}', "byline: {max_per_run: 20}"),
        ("byline: {timezone: UTC}", "byline: {timezone: UTC}"),
    ],
)
def test_within_braces_a_name_is_changed_where_it_stands(row: str, wanted: str) -> None:
    text = Text(f"plugins:\n  - {row}\n")
    text.rename("max_run", "max_per_run")
    text.remove("timezone")
    text.form(2)
    assert str(text) == f"plugins:\n  - {wanted}\n"


def test_an_older_form_is_one_message_with_the_way_out(steps: tuple[Step, ...], tmp_path: Path) -> None:
    file = make_site(tmp_path, settings=OLD)
    with pytest.raises(SettingsError) as stop:
        settings.load(file, {})
    (problem,) = stop.value.problems
    assert problem.code == "older-settings"
    assert "publish upgrade" in problem.fix
    file.write_text(brought_up(OLD)[0].replace("acme: {handle: x, 'max_run': 3}", "acme: {}"))
    assert settings.load(file, {}).max_per_run == 21
