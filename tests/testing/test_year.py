"""The made-up year: the same each time, its truth adds up, and a company's own commands can live on it."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.testing.truth import BYS, misplaced, true_credit
from byline.testing.year import CHANNELS, Market, write_site, year
from byline.times import FixedClock

SMALL = Market(people=400)
ROOT = Path(__file__).parents[2]


def test_the_same_seed_lives_the_same_year() -> None:
    assert year(3, SMALL) == year(3, SMALL)
    assert year(3, SMALL).leads != year(4, SMALL).leads


def test_every_enquiry_has_one_cause_that_came_before_it() -> None:
    made = year(2, Market(people=900, lost=0))
    assert set(made.cause) == {lead.id for lead in made.leads}
    for lead in made.leads:
        why = made.cause[lead.id].partition("@")[0]
        assert not why or why in [touch.content for touch in lead.touches if touch.at <= lead.at]
    for by in BYS:
        assert sum(true_credit(made, by).values()) == len(made.leads)
    assert {
        touch.content.partition(".")[2] or touch.source for lead in made.leads for touch in lead.touches
    } <= set(CHANNELS)


def test_who_cannot_be_told_is_source_unknown_and_who_asks_anyway_has_no_cause() -> None:
    dark = year(2, Market(people=600, lost=1.0))
    assert dark.leads
    assert not any(lead.touches for lead in dark.leads)
    anyway = year(2, Market(people=600, pull=0, anyway=0.2))
    assert true_credit(anyway, "post") == {None: Fraction(len(anyway.leads))}


def test_where_visits_work_at_once_the_last_one_is_right_and_the_first_is_not() -> None:
    apart = misplaced(year(1, Market(people=800, lost=0, anyway=0, days=0.05)))
    assert apart["last", "post"] < 3
    assert apart["first", "post"] > 15
    assert all(apart["last", by] <= apart["linear", by] for by in BYS)


def test_the_manual_s_page_is_what_comes_out() -> None:
    done = subprocess.run([sys.executable, str(ROOT / "scripts" / "_truth.py"), "--check"], check=False)
    assert done.returncode == 0, "run scripts/truth and look at what changed"


def test_a_company_could_work_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = year(1, SMALL)
    file = write_site(made, tmp_path)
    clock = FixedClock(made.end)

    def run(*words: str) -> str:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(["-f", str(file), *words], app=App(clock=clock, environment={}))
        shown = capsys.readouterr()
        assert stopped.value.code == 0, shown
        return shown.out

    assert json.loads(run("check", "--json"))["posts"] == 40
    run("crm", "import", str(tmp_path / "leads.csv"), str(tmp_path / "deals.csv"))
    report = json.loads(run("report", "--json"))
    assert report["total"]["leads"] == len(made.leads)
    assert report["unattributed"]["leads"] == sum(not lead.touches for lead in made.leads)
    won = sum(round(deal.amount * 100) for deal in made.deals if deal.won and deal.currency == "EUR")
    assert round(report["total"]["revenue"].get("EUR", 0) * 100) == won
