"""DuckDB counts what the built-in way counts, to 1e-9, for every model and every way of looking."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from byline.attribution import data, scale
from byline.attribution.credit import BY, By, Cell, Key, conversions, table
from byline.attribution.models import MODELS
from byline.cli import main
from byline.cli.common import App
from byline.testing.truth import directory
from byline.testing.year import Market, Year, write_site, year
from byline.times import FixedClock

ibis = pytest.importorskip("ibis")
_NUMBERS = count()
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")  # ibis asks DuckDB so


@pytest.fixture(scope="module")
def connection() -> Iterator[Any]:
    made = ibis.duckdb.connect()
    yield made
    made.disconnect()


def same(one: Mapping[Key, Cell], other: Mapping[Key, Cell]) -> float:
    """The largest difference between two tables, relative for money."""
    worst = 0.0
    empty = Cell()
    for key in {*one, *other}:
        first, second = one.get(key, empty), other.get(key, empty)
        for name in ("leads", "opportunities", "orders"):
            worst = max(worst, abs(float(getattr(first, name) - getattr(second, name))))
        for currency in {*first.revenue, *second.revenue}:
            a, b = (float(cell.revenue.get(currency, 0)) for cell in (first, second))
            worst = max(worst, abs(a - b) / max(abs(a), abs(b), 1.0))
    return worst


def both(
    connection: Any, made: Year, model: str, by: By, window: int
) -> tuple[dict[Key, Cell], dict[Key, Cell]]:
    touches, converted = data.rows(made.leads, made.deals)
    ours = directory(made)

    def run(expression: Any) -> Iterable[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = connection.to_pyarrow(expression).to_pylist()
        return found

    fast = scale.table(
        ibis.memtable(touches, schema=data.touches_schema()),
        ibis.memtable(converted, schema=data.conversions_schema()),
        ours,
        MODELS[model],
        by,
        window_days=window,
        run=run,
        keep=lambda found: connection.create_table(f"kept{next(_NUMBERS)}", found, temp=True),
    )
    found = conversions(made.leads, made.deals, ours, timedelta(days=window))
    return fast, table(found, MODELS[model], by)


@pytest.fixture(scope="module")
def random_year() -> Year:
    """A year with what is awkward: equal times, doubled visits, foreign tags, bare click ids, refunds, orphans."""
    from dataclasses import replace
    from decimal import Decimal

    dice = Random(7)
    made = year(5, Market(people=500, days=60, visits=3.0, lost=0.1))
    leads = []
    for lead in made.leads:
        touches = list(lead.touches)
        for touch in lead.touches:
            if dice.random() < 0.3:
                touches.append(replace(touch, at=touch.at + timedelta(minutes=dice.randint(0, 40))))
            if dice.random() < 0.2:
                touches.append(
                    replace(touch, content="zzz.else.where", source=dice.choice(["x", "LinkedIn", ""]))
                )
            if dice.random() < 0.2:
                touches.append(
                    replace(touch, source="google", medium="", campaign="", content="", click="gclid=1")
                )
        touches = [touch for touch in touches if touch.at <= lead.at]
        leads.append(replace(lead, touches=tuple(sorted(touches, key=lambda touch: touch.at))))
    deals = list(made.deals)
    deals += [replace(deal, id=f"{deal.id}r", amount=-deal.amount / 2) for deal in made.deals if deal.won][:5]
    deals += [replace(made.deals[0], id="orphan", lead_id="", person="", won=True, amount=Decimal("3.33"))]
    deals += [
        replace(deal, id=f"{deal.id}p", people=(dice.choice(leads).person,)) for deal in made.deals[:20]
    ]
    return replace(made, leads=tuple(leads), deals=tuple(deals))


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_model_is_the_same_by_channel(connection: Any, random_year: Year, model: str) -> None:
    fast, slow = both(connection, random_year, model, "channel", 365)
    assert same(fast, slow) < 1e-9
    assert sum(cell.leads for cell in slow.values()) == len(random_year.leads)


@pytest.mark.parametrize("by", [by for by in BY if by != "channel"])
def test_every_way_of_looking_is_the_same(connection: Any, random_year: Year, by: By) -> None:
    fast, slow = both(connection, random_year, "w", by, 45)
    assert same(fast, slow) < 1e-9


def test_without_any_touch_everything_is_unknown(connection: Any) -> None:
    fast, slow = both(connection, year(1, Market(people=80, lost=1.0)), "linear", "post", 365)
    assert same(fast, slow) < 1e-9
    assert set(fast) == {None}


def as_sheets(folder: Path) -> None:
    """The same tables as a spreadsheet would write them: semicolons, a mark, other order, one column more."""
    other = ibis.duckdb.connect()
    for name in ("touches", "conversions"):
        text = folder / f"{name}.csv"
        other.raw_sql(
            f"COPY (SELECT person, * EXCLUDE person, 'x' AS note FROM '{folder}/{name}*.parquet')"
            f" TO '{text}' (HEADER, DELIMITER ';')"
        )
        text.write_text("\ufeff" + text.read_text())
    other.disconnect()
    for file in folder.glob("*.parquet"):
        file.unlink()


def test_the_command_counts_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = year(1, Market(people=300))
    file = write_site(made, tmp_path)

    def run(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(["-f", str(file), *words], app=App(clock=FixedClock(made.end), environment={}))
        shown = capsys.readouterr()
        assert stopped.value.code == code, shown
        return shown.out if code == 0 else shown.err

    run("crm", "import", str(tmp_path / "leads.csv"), str(tmp_path / "deals.csv"))
    folder = tmp_path / "flat"
    run("report", "--export", str(folder))
    assert {path.name for path in folder.iterdir()} == {"touches.parquet", "conversions.parquet"}
    assert made.leads[0].person.encode() not in b"".join(path.read_bytes() for path in folder.iterdir())
    narrow = ibis.duckdb.connect()  # as another tool may write it: in smaller numbers, in several files
    narrow.raw_sql(
        f"COPY (SELECT * EXCLUDE counts, counts::TINYINT AS counts FROM '{folder}/conversions.parquet')"
        f" TO '{folder}/conversions-1.parquet'"
    )
    narrow.disconnect()
    (folder / "conversions.parquet").unlink()
    for by, model in (("post", "last"), ("author", "linear")):
        fast = json.loads(run("report", "--data", str(folder), "--by", by, "--model", model, "--json"))
        slow = json.loads(run("report", "--by", by, "--model", model, "--json"))
        assert (fast["model"], fast["by"], fast["window_days"]) == (model, by, 365)
        earned = {row["key"]: row for row in slow["rows"] if row["leads"] or row["revenue"]}
        assert {row["key"] for row in fast["rows"]} == set(earned)
        for row in fast["rows"]:
            assert row["leads"] == pytest.approx(earned[row["key"]]["leads"], abs=1e-9)
            assert row["revenue"] == {
                name: value for name, value in earned[row["key"]]["revenue"].items() if value
            }
        assert fast["total"]["revenue"] == slow["total"]["revenue"]
    assert "source unknown" in run("report", "--data", str(folder))
    as_sheets(folder)
    sheets = json.loads(run("report", "--data", str(folder), "--by", by, "--model", model, "--json"))
    assert sheets["total"]["revenue"] == fast["total"]["revenue"]
    assert sheets["total"]["orders"] == pytest.approx(fast["total"]["orders"])
    assert [row["key"] for row in sheets["rows"]] == [row["key"] for row in fast["rows"]]
    for wrong, words in (("at", "touches.csv lacks the column `at`"), ("then", "cannot be counted")):
        text = (folder / "touches.csv").read_text()
        (folder / "touches.csv").write_text(
            text.replace(";at;", ";on;", 1) if wrong == "at" else text + "p1;yesterday;0;x;y;z;a;\n"
        )
        assert words in run("report", "--data", str(folder), code=2)
        (folder / "touches.csv").write_text(text)
    (folder / "touches.parquet").write_bytes(b"")
    assert "touches.parquet and touches.csv" in run("report", "--data", str(folder), code=2)
    (folder / "touches.parquet").unlink()
    (folder / "touches.csv").unlink()
    assert "--export" in run("report", "--data", str(folder), code=2)
