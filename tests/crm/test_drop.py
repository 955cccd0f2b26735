"""Leads as lines of a file, for a CRM that takes files alone."""

from __future__ import annotations

import csv as standard
import threading
from io import StringIO
from pathlib import Path

import pytest

from byline import registry
from byline.crm import csv
from byline.crm.csv.drop import COLUMNS, CsvCrm
from byline.errors import NotSent
from byline.settings import CrmSettings
from byline.testing.crm_contract import CATALOGUE, HOSTILE, lead
from byline.yamlread import Mapping_, Scalar


def crm(root: Path, drop: str = "") -> CsvCrm:
    node = Mapping_({"drop": Scalar(drop, drop, False, 1)} if drop else {}, {}, 1)
    return CsvCrm(CrmSettings(type="csv", node=node), catalogue=CATALOGUE, root=root)


def lines(folder: Path) -> list[dict[str, str]]:
    found = []
    for path in sorted(folder.glob("leads-*.csv")):
        text = path.read_bytes().decode("utf-8-sig")
        found += list(standard.DictReader(StringIO(text, newline="")))
    return found


def test_it_is_the_csv_crm() -> None:
    assert registry.crm("csv") is CsvCrm
    assert csv.CRM is CsvCrm


def test_each_lead_is_a_line_with_its_tags_and_what_it_read(tmp_path: Path) -> None:
    key = crm(tmp_path).add_lead(lead())
    crm(tmp_path).add_lead(lead("bob@firm.example", key="lead-2"))
    (path,) = (tmp_path / ".byline/leads-out").glob("leads-*.csv")
    assert path.name == "leads-2026-11-24.csv"
    assert path.stat().st_mode & 0o077 == 0
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert path.read_bytes().count(b"byline_key") == 1
    ann, bob = lines(path.parent)
    assert (ann["byline_key"], ann["email"], bob["email"]) == (key, "ann@firm.example", "bob@firm.example")
    assert (ann["utm_content"], ann["first_utm_content"]) == ("lt3.twitter.acme", "hp7.linkedin.dana")
    assert "Pricing, the honest version" in ann["read_before"]
    assert list(ann) == list(COLUMNS)


def test_the_same_lead_again_is_one_line(tmp_path: Path) -> None:
    assert crm(tmp_path).add_lead(lead()) == crm(tmp_path).add_lead(lead())
    assert crm(tmp_path).add_lead(lead(), aside="a link stands in the name") == ""
    assert len(lines(tmp_path / ".byline/leads-out")) == 1


def test_nothing_runs_in_a_spreadsheet(tmp_path: Path) -> None:
    crm(tmp_path).add_lead(lead(company="=1+1", message=f"@SUM(A1)\r\n{HOSTILE}", name="+49 30 1234"))
    (line,) = lines(tmp_path / ".byline/leads-out")
    assert (line["company"], line["name"]) == ("'=1+1", "'+49 30 1234")
    assert line["message"] == f"'@SUM(A1)\r\n{HOSTILE}"


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    crm(tmp_path).add_lead(lead())
    (path,) = (tmp_path / ".byline/leads-out").glob("leads-*.csv")
    with path.open("ab") as file:
        file.write(b"byline:lead:half,2026")
    crm(tmp_path).add_lead(lead("bob@firm.example", key="lead-2"))
    assert [line["email"] for line in lines(path.parent)][::2] == ["ann@firm.example", "bob@firm.example"]


def test_many_at_once(tmp_path: Path) -> None:
    def add(n: int) -> None:
        crm(tmp_path).add_lead(lead(f"p{n % 5}@firm.example", key=f"lead-{n % 5}"))

    threads = [threading.Thread(target=add, args=(n,)) for n in range(15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines(tmp_path / ".byline/leads-out")) == 5


def test_a_person_is_taken_out_of_every_file(tmp_path: Path) -> None:
    driver = crm(tmp_path, "../out")
    driver.add_lead(lead())
    driver.add_lead(lead("bob@firm.example", key="lead-2"))
    assert driver.erase("ANN@firm.example ") == 1
    assert [line["email"] for line in lines(driver.folder)] == ["bob@firm.example"]
    assert driver.erase("ann@firm.example") == 0
    assert b"ann@" not in b"".join(path.read_bytes() for path in driver.folder.iterdir())


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(NotSent) as info:
        crm(tmp_path, "taken").add_lead(lead())
    assert "ann@firm.example" not in info.value.message
    assert info.value.hint


def test_health_tells_how_many_wait(tmp_path: Path) -> None:
    driver = crm(tmp_path)
    assert driver.health()[0].message.endswith(": 0")
    driver.add_lead(lead())
    assert driver.health()[0].message.endswith(": 1")
