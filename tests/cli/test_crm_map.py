"""`publish crm map`, and `publish crm import` through what it saved."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.times import FixedClock
from support import NOW, SETTINGS, make_site

INVOICES = """\
ContactName,EmailAddress,InvoiceNumber,InvoiceDate,Total,InvoiceAmountPaid,InvoiceAmountDue,Currency,Type,Status,Region
Firm Ltd,ann@firm.example,INV-1,25/11/2026,"1,200.00","1,200.00",0.00,GBP,Sales invoice,Paid,North
Zebra \x1b[31mAG,,INV-2,25/11/2026,500.00,500.00,0.00,GBP,Sales invoice,Paid,South
"""
LEADS = "lead_id,created_at,email,company\nL1,2026-11-20,ann@firm.example,Firm Ltd\n"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    site = make_site(tmp_path, files={"xero.csv": INVOICES, "leads.csv": LEADS})

    def call(*args: str) -> tuple[int, str, str]:
        given = [str(tmp_path / arg) if (tmp_path / arg).is_file() else arg for arg in args]
        capsys.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main(["-f", str(site), *given], app=App(clock=FixedClock(NOW), environment={}))
        shown = capsys.readouterr()
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, shown.out, shown.err

    return call


def test_a_mapping_is_proposed_saved_and_used(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("crm", "map", "--sample", "xero.csv")
    assert code == 0
    assert "invoices as Xero exports them" in out
    assert "Not recognised: Region" in out
    assert "Saved as crm-mappings/xero-invoices.yml" in out
    saved = (tmp_path / "crm-mappings/xero-invoices.yml").read_text(encoding="utf-8")
    assert "ann@firm.example" not in saved
    assert run("crm", "import", "leads.csv")[0] == 0
    code, out, err = run("crm", "import", "xero.csv")
    assert code == 0
    assert "2 lines of invoices: 2 added" in out
    assert "1 paid invoice of nobody we know" in out
    assert "INV-2  500.00 GBP  Zebra" in out
    assert "\x1b" not in out + err
    assert "ann@firm.example" not in out + err
    assert "the day of the invoice stands for it" in err
    assert "2 as before" in run("crm", "import", "xero.csv")[1]


def test_the_same_proposal_again_is_no_quarrel_another_one_is(run: Run, tmp_path: Path) -> None:
    assert run("crm", "map", "--sample", "xero.csv")[0] == 0
    assert run("crm", "map", "--sample", "xero.csv")[0] == 0
    path = tmp_path / "crm-mappings/xero-invoices.yml"
    path.write_text(path.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    code, _, err = run("crm", "map", "--sample", "xero.csv")
    assert (code, "--replace" in err) == (2, True)
    assert path.read_text(encoding="utf-8").endswith("# mine\n")
    assert run("crm", "map", "--sample", "xero.csv", "--replace")[0] == 0
    assert "# mine" not in path.read_text(encoding="utf-8")


def test_a_question_saves_nothing_and_says_what_to_say(run: Run, tmp_path: Path) -> None:
    (tmp_path / "xero.csv").write_text(INVOICES.replace("25/11", "05/11"), encoding="utf-8")
    code, _, err = run("crm", "map", "--sample", "xero.csv")
    assert (code, "--dates DD/MM/YYYY" in err) == (2, True)
    assert not (tmp_path / "crm-mappings").exists()
    assert run("crm", "map", "--sample", "xero.csv", "--dates", "DD/MM/YYYY")[0] == 0


def test_as_json(run: Run) -> None:
    code, out, _ = run("crm", "map", "--sample", "xero.csv", "--json")
    found = json.loads(out)
    assert (code, found["saved"], found["system"]) == (0, "crm-mappings/xero-invoices.yml", "Xero")
    assert found["columns"]["InvoiceNumber"] == "invoice_id"
    assert found["unmatched"] == ["Region"]
    code, out, _ = run("crm", "import", "xero.csv", "--json")
    assert [one["invoice_id"] for one in json.loads(out)["unmatched"]] == ["INV-1", "INV-2"]


def test_the_settings_may_name_the_mappings(run: Run, tmp_path: Path) -> None:
    assert run("crm", "map", "--sample", "xero.csv", "--out", str(tmp_path / "ours.yml"))[0] == 0
    code, _, err = run("crm", "import", "xero.csv")
    assert (code, "invoice_id" in err) == (5, True)
    assert "publish crm map" in err
    assert run("crm", "import", "xero.csv", "--mapping", "ours.yml")[0] == 0
    (tmp_path / "mkdocs.yml").write_text(
        SETTINGS + "      crm: {type: csv, mappings: [ours.yml]}\n", encoding="utf-8"
    )
    assert run("crm", "import", "xero.csv")[0] == 0


def test_a_mapping_with_mistakes_stops_the_import_with_its_line(run: Run, tmp_path: Path) -> None:
    run("crm", "map", "--sample", "xero.csv")
    path = tmp_path / "crm-mappings/xero-invoices.yml"
    path.write_text(path.read_text(encoding="utf-8").replace(": amount", ": amuont"), encoding="utf-8")
    code, _, err = run("crm", "import", "xero.csv")
    assert (code, "crm-mappings/xero-invoices.yml" in err) == (5, True)


def test_a_currency_that_is_none_is_refused(run: Run) -> None:
    assert run("crm", "map", "--sample", "xero.csv", "--currency", "EURO")[0] == 2
