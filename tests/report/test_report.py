"""The report from files to numbers, through the command, as a company would run it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from byline.attribution.credit import BY
from byline.attribution.models import MODELS
from byline.cli import main
from byline.cli.common import App
from byline.times import FixedClock
from support import NOW, POST, SETTINGS, make_site

MORE = """\
      audiences: {makers: Machine makers}
      costs: {currency: EUR, hour: 60}
"""
COSTED = (
    SETTINGS.replace("end: 2026-12-31}", "end: 2026-12-31, cost: 400, goal: enquiries, target: 12}") + MORE
)
DUO = POST.replace("hp7", "duo").replace("slug: honest-pricing", "slug: duo").replace(
    "authors: [dana]", "authors: [dana, lee]\ncampaign: q4-renewals\naudience: [makers]\neffort: 5h"
).replace("Pricing, the honest version", "Two voices")  # fmt: skip
HEAD = "lead_id,created_at,email,utm_source,utm_medium,utm_content,first_utm_source,first_utm_content,referrer,self_reported_source"
HOSTILE = "=cmd|'/C calc'!A0\x1b[31m<script>fetch('http://evil.example')</script>"
LEADS = f"""{HEAD}
L1,2026-11-20T10:00:00+01:00,zed@firm.example,linkedin,social,hp7.linkedin.dana,,,,a fair
L2,2026-11-20T11:00:00+01:00,b@b.example,linkedin,social,duo.linkedin.company,twitter,hp7.twitter.acme,,
L3,2026-11-20T12:00:00+01:00,c@c.example,,,,,,https://www.google.com/,
L4,2026-11-20T13:00:00+01:00,d@d.example,linkedin,social,"{HOSTILE}",,,,"{HOSTILE}"
L5,2026-11-20T14:00:00+01:00,e@e.example,rss,referral,duo,,,,
"""
DEALS = """deal_id,lead_id,email,created_at,closed_at,stage,is_won,is_closed,amount,currency
D1,L1,,2026-11-20,2026-11-22,Won,true,true,1234.50,EUR
D2,,b@b.example,2026-11-21,2026-11-23,Won,true,true,0.01,EUR
D3,L5,,2026-11-21,2026-11-23,Won,true,true,99.99,USD
D4,L1,,2026-11-21,,Offer,false,false,5000,EUR
D5,L3,,2026-11-21,2026-11-23,Won,true,true,10,EUR
D6,L1,,2026-11-21,2026-11-23,Refund,true,true,-34.50,EUR
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, clock: FixedClock, capsys: pytest.CaptureFixture[str]) -> Run:
    file = make_site(
        tmp_path / "site",
        posts={"pricing.md": POST.replace("categories", "effort: 90m\ncategories"), "duo.md": DUO},
        settings=COSTED,
        files={"leads.csv": LEADS, "deals.csv": DEALS},
    )

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(["-f", str(file), *words], app=App(clock=clock, environment={}))
        shown = capsys.readouterr()
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, shown.out, shown.err

    return call


@pytest.fixture
def loaded(run: Run, tmp_path: Path) -> Run:
    code, _, _ = run("crm", "import", str(tmp_path / "site/deals.csv"), str(tmp_path / "site/leads.csv"))
    assert code == 0
    return run


def report(run: Run, *words: str) -> dict[str, Any]:
    code, out, err = run("report", "--json", *words)
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


def rows(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in found["rows"]}


def test_the_import_tells_what_it_did_and_changes_nothing_twice(run: Run, tmp_path: Path) -> None:
    files = [str(tmp_path / "site/leads.csv"), str(tmp_path / "site/deals.csv")]
    for added, same in ((1, 0), (0, 1)):
        code, out, _ = run("crm", "import", *files, "--json")
        assert code == 0
        found = json.loads(out)
        assert found["problems"] == []
        assert [(item["kind"], item["rows"], item["added"], item["same"]) for item in found["files"]] == [
            ("leads", 5, 5 * added, 5 * same),
            ("deals", 6, 6 * added, 6 * same),
        ]


def test_a_bad_line_keeps_everything_out_unless_it_is_said_otherwise(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(f"{HEAD}\nL9,24.11.2026,a@b.example,,,,,,,\nL8,2026-11-20,b@b.example,,,,,,,\n")
    code, out, err = run("crm", "import", str(bad))
    assert (code, out.count("added")) == (5, 1 - 1)
    assert "bad.csv:2" in err
    assert "--dates" in err
    assert report(run)["total"]["leads"] == 0
    code, out, err = run("crm", "import", "--skip-bad", str(bad))
    assert code == 0
    assert "1 added" in out
    assert report(run)["total"]["leads"] == 1


def test_the_fixed_shape_by_post(loaded: Run) -> None:
    found = report(loaded)
    assert (found["model"], found["by"], found["window_days"]) == ("last", "post", 365)
    for row in (*found["rows"], found["total"], found["unattributed"]):
        assert {"leads", "leads_low", "leads_high", "opportunities", "revenue", "cost", "clicks"} <= set(row)
        assert row["leads_low"] <= row["leads"] <= row["leads_high"]
    by = rows(found)
    assert {key: row["leads"] for key, row in by.items()} == {"hp7": 1, "duo": 2}
    assert by["hp7"]["revenue"] == {"EUR": 1200.00}
    assert by["duo"]["revenue"] == {"EUR": 0.01, "USD": 99.99}
    assert (by["hp7"]["opportunities"], by["hp7"]["orders"]) == (2, 1)
    assert found["unattributed"]["leads"] == 2
    assert found["unattributed"]["revenue"] == {"EUR": 10}
    assert found["total"]["revenue"] == {"EUR": 1210.01, "USD": 99.99}
    assert by["hp7"]["cost"] == {"EUR": 90}
    assert by["duo"]["cost"] == {"EUR": 700}
    assert found["total"]["clicks"] is None


def test_each_way_of_looking(loaded: Run) -> None:
    authors = rows(report(loaded, "--by", "author"))
    assert {key: row["leads"] for key, row in authors.items()} == {"dana": 2, "lee": 1}
    assert authors["lee"]["revenue"] == {"EUR": 0.01, "USD": 50.0} or authors["lee"]["revenue"]["USD"] in (
        49.99,
        50.0,
    )
    assert authors["lee"]["cost"] == {"EUR": 350}
    channels = rows(report(loaded, "--by", "channel"))
    assert {key: row["leads"] for key, row in channels.items()} == {"linkedin": 2, "rss": 1}
    campaigns = rows(report(loaded, "--by", "campaign"))
    assert {key: row["leads"] for key, row in campaigns.items()} == {"q4-renewals": 2, "(none)": 1}
    assert campaigns["q4-renewals"]["cost"] == {"EUR": 700}
    audiences = rows(report(loaded, "--by", "audience"))
    assert {key: row["leads"] for key, row in audiences.items()} == {"makers": 2, "(none)": 1}
    assert rows(report(loaded, "--model", "first"))["hp7"]["leads"] == 2


@pytest.mark.parametrize("model", sorted(MODELS))
@pytest.mark.parametrize("by", BY)
def test_rows_are_the_total_without_the_unknown_to_the_cent(loaded: Run, model: str, by: str) -> None:
    found = report(loaded, "--model", model, "--by", by)
    for field in ("leads", "opportunities"):
        parts = sum(row[field] for row in found["rows"])
        assert parts == pytest.approx(found["total"][field] - found["unattributed"][field], abs=1e-9)
    for field in ("revenue", "cost"):
        for currency, whole in found["total"][field].items():
            parts = sum(round(row[field].get(currency, 0) * 100) for row in found["rows"])
            assert parts == round(whole * 100) - round(found["unattributed"][field].get(currency, 0) * 100)


def test_what_is_not_ours_is_listed(loaded: Run) -> None:
    found = report(loaded)["unknown"]
    assert {(item["tag"].split(" ")[0], tuple(item["ids"])) for item in found} == {
        ("utm_source=linkedin", ("L4",)),
        ("www.google.com", ("L3",)),
    }
    assert "one of ours" in next(item["why"] for item in found if item["ids"] == ["L4"])


def test_a_window_and_a_first_day(loaded: Run) -> None:
    assert report(loaded, "--since", "2026-11-22")["total"]["leads"] == 0
    assert report(loaded, "--since", "2026-11-22")["total"]["revenue"] == {"EUR": 1210.01, "USD": 99.99}
    short = report(loaded, "--window", "1")
    assert rows(short)["hp7"]["leads"] == 1
    assert short["unattributed"]["revenue"] == {"EUR": 1210.01, "USD": 99.99}
    assert "--window" in short["warnings"][0]


def test_a_hungry_model_says_that_it_is_hungry(loaded: Run) -> None:
    assert "needs 300" in report(loaded, "--model", "markov")["warnings"][0]


def test_paid_invoices_can_be_the_revenue(loaded: Run, tmp_path: Path) -> None:
    file = tmp_path / "invoices.csv"
    file.write_text(
        "invoice_id,customer_email,company,issued_at,paid_at,amount,currency\n"
        "I1,ZED@firm.example,,2026-11-22,2026-11-23,1000.10,EUR\n"
        "I2,zed@firm.example,,2026-11-22,,77,EUR\n"
        "I3,nobody@else.example,,2026-11-22,2026-11-23,5,EUR\n"
    )
    assert loaded("crm", "import", str(file))[0] == 0
    found = report(loaded, "--revenue", "invoices")
    assert rows(found)["hp7"]["revenue"] == {"EUR": 1000.10}
    assert found["unattributed"]["revenue"] == {"EUR": 5}
    assert (found["revenue_from"], found["total"]["opportunities"]) == ("paid invoices", 5)
    assert "1 paid invoice could not be joined" in " ".join(found["warnings"])
    assert report(loaded)["revenue_from"] == "won deals"


def test_the_text_fits_a_terminal_and_is_safe_there(loaded: Run) -> None:
    code, out, _ = loaded("report")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out
    words = " ".join(out.split())
    assert "You spent 6.5 hours of work (worth EUR 390) and EUR 400 on campaigns." in words
    assert "In that time came 5 enquiries and 4 orders worth EUR 1,210.01 and USD 99.99" in words
    assert "Of 2 enquiries the source is unknown." in words
    assert "too early to tell" in words
    assert "%" not in words.split("Where the source")[0]
    assert "q4" not in words.split("Goals")[0].lower() or "Q4 renewals" in words


def test_no_name_and_no_address_leaves_the_crm(loaded: Run, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    shown = [
        loaded("report", "--html", str(folder))[1],
        loaded("report", "--json")[1],
        loaded("report", "--csv")[1],
    ]
    shown += [file.read_text(encoding="utf-8-sig") for file in folder.iterdir()]
    assert not [text for text in shown if "@firm.example" in text or "zed" in text]
    assert "L1" in (folder / "index.html").read_text()


def test_without_any_lead_it_says_so(run: Run) -> None:
    code, out, _ = run("report")
    assert code == 0
    assert "No enquiry has come in yet." in " ".join(out.split())
    found = report(run)
    assert found["total"]["leads"] == 0
    assert found["total"]["cost"] == {"EUR": 790}


def test_the_tables_as_files_hold_no_formula(loaded: Run, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert loaded("report", "--html", str(folder))[0] == 0
    names = {file.name for file in folder.iterdir()}
    assert names == {
        "index.html", "journeys.csv", "unknown.csv", "months.csv", "age.csv", "authors.csv", "tags.csv",
        *(f"{by}.csv" for by in BY),
    }  # fmt: skip
    for file in folder.glob("*.csv"):
        for row in csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"))):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@", "\t"))]
    header, *lines = csv.reader(io.StringIO((folder / "post.csv").read_text(encoding="utf-8-sig")))
    assert header[:3] == ["key", "post", "enquiries"]
    assert lines[-1][1:3] == ["all", "5"]


def test_published_paths_can_be_checked(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "paths.csv"
    file.write_text("path,conversions,value,non_conversions\na > b,2,30,1\n,1,5,0\nb,0,0,3\n")
    found = report(run, "--journeys", str(file), "--model", "linear")
    assert (found["model"], found["window_days"]) == ("linear", None)
    assert {key: (row["leads"], row["revenue"]) for key, row in rows(found).items()} == {
        "a": (1, 15),
        "b": (1, 15),
    }
    assert (found["unattributed"]["leads"], found["total"]["revenue"]) == (1, 35)
    code, out, _ = run("report", "--journeys", str(file))
    assert code == 0
    assert "source unknown" in out
    file.write_text("path,conversions\na,x\n")
    code, _, err = run("report", "--journeys", str(file))
    assert (code, "paths.csv:2" in err) == (5, True)


def test_a_lead_from_the_telephone_and_a_person_who_leaves(run: Run) -> None:
    code, out, _ = run("crm", "add", "--email", "zed@firm.example", "--id", "hp7.linkedin.dana")
    assert (code, out[:14]) == (0, "Noted as lead-")
    assert rows(report(run))["hp7"]["leads"] == 1
    code, out, _ = run("crm", "erase", "ZED@firm.example")
    assert (code, out[:14]) == (0, "1 lead deleted")
    assert report(run)["total"]["leads"] == 0
    assert run("crm", "add")[0] == 2


def test_now_is_the_clocks(run: Run) -> None:
    assert report(run)["made"].startswith(NOW.strftime("%Y-%m-%dT11:00"))


def test_a_goal_that_no_report_can_count_is_not_reached_by_enquiries(loaded: Run, tmp_path: Path) -> None:
    file = tmp_path / "site/mkdocs.yml"
    assert (
        report(loaded)["goals"][0]["reached"]
        == rows(report(loaded, "--by", "campaign"))["q4-renewals"]["leads"]
    )
    file.write_text(file.read_text().replace("goal: enquiries", "goal: first measurements"))
    [goal] = report(loaded)["goals"]
    assert (goal["goal"], goal["target"], goal["reached"], goal["counted"]) == (
        "first measurements",
        12,
        None,
        "",
    )
    code, out, _ = loaded("report", "--html", str(tmp_path / "out"))
    assert code == 0
    assert "Q4 renewals: not counted here; the goal is 12 first measurements" in " ".join(out.split())
    assert ">not counted here; the goal is 12 first measurements" in (tmp_path / "out/index.html").read_text()


@pytest.mark.parametrize("day", ["x", "2026-02-30", "31.10.2026"])
def test_a_day_that_is_none_is_said_in_words(run: Run, day: str) -> None:
    code, _, err = run("report", "--since", day)
    assert code == 2
    assert f"--since is `{day}`; a day is expected" in err
    assert "--since 2026-10-31" in err


def test_paths_from_a_spreadsheet_and_in_words_of_steps(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "paths.csv"
    file.write_text("\ufeffpath;conversions;value;non_conversions\r\nx, y  > b;2;30;1\r\n;1;5;0\r\n")
    found = report(run, "--journeys", str(file))
    assert {key: row["leads"] for key, row in rows(found).items()} == {"b": 2, "x, y": 0}
    assert found["unattributed"]["leads"] == 1
    _, out, _ = run("report", "--journeys", str(file), "--model", "decay")
    assert "A step gets half the credit of the one after it." in out
    _, out, _ = run("report", "--journeys", str(file))
    assert "direct visits" not in out
