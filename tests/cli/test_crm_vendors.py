"""From an empty CRM to the report and back to nobody, by the command, over HubSpot and Dynamics alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.testing import dataverse, hubspot
from byline.testing.crm_contract import CrmCase, CrmFake
from byline.times import FixedClock
from support import NOW, POST, SETTINGS, make_site

CASES = (hubspot.CASES[0], dataverse.CASES[0])
Run = Callable[..., tuple[int, str, str]]


class Company:
    """A site whose CRM is the fake."""

    def __init__(
        self, root: Path, case: CrmCase, fake: CrmFake, clock: FixedClock, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.case, self.fake, self.clock, self.capsys = case, fake, clock, capsys
        settings = SETTINGS.replace("https://insights.acme.example/", f"{fake.url}/").rstrip()
        block = indent(case.block.replace("{api}", fake.url), " " * 8)
        post = POST.replace("slug: honest", "campaign: q4-renewals\neffort: 5h\nslug: honest")
        text = f"{settings}\n      costs: {{currency: EUR, hour: 60}}\n      crm:\n{block}\n"
        self.file = make_site(root, settings=text, posts={"pricing.md": post})

    def run(self, *words: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        app = App(clock=self.clock, environment=dict(self.case.environment))
        with pytest.raises(SystemExit) as stopped:
            main(["-f", str(self.file), *words], app=app)
        shown = self.capsys.readouterr()
        assert isinstance(stopped.value.code, int)
        for name, value in self.case.environment.items():
            assert name in self.case.public or value not in shown.out + shown.err
        return stopped.value.code, shown.out, shown.err

    def json(self, *words: str) -> Any:
        code, out, err = self.run(*words, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture(params=CASES, ids=lambda case: "hubspot" if "hubspot" in case.block else "dynamics")
def company(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Company]:
    clock = FixedClock(NOW)
    fake = request.param.fake(clock)
    with fake:
        yield Company(tmp_path, request.param, fake, clock, capsys)


def test_from_setting_up_to_the_report_and_to_being_forgotten(company: Company) -> None:
    code, out, _ = company.run("crm", "setup")
    assert (code, company.fake.writes) == (0, [])
    assert "utm" in out
    assert company.run("crm", "setup", "--apply")[0] == 0
    code, out, _ = company.run(
        *("crm", "add", "--email", "ann@firm.example", "--name", "Ann Example", "--company", "Firm"),
        *("--message", "A machine", "--id", "hp7.linkedin.dana"),
    )
    assert code == 0
    kept = company.fake.by_email("ann@firm.example")
    assert kept.fields["utm_content"] == "hp7.linkedin.dana"
    assert "Pricing, the honest version" in kept.description
    company.clock.move(timedelta(days=20))
    deal = company.fake.seed_deal([kept.record], amount="12000.50", made=company.clock.now())
    company.clock.move(timedelta(days=20))
    company.fake.win(deal, at=company.clock.now())
    found = company.json("crm", "sync")
    assert [found[stream]["failed"] for stream in ("campaigns", "leads", "journeys", "deals")] == [[]] * 4
    assert (found["campaigns"]["added"], found["deals"]["added"]) == (2, 1)
    assert {item.key for item in company.fake.campaigns()} == {
        "byline:campaign:q4-renewals",
        "byline:post:hp7",
    }
    company.fake.writes.clear()
    again = company.json("crm", "sync")
    assert company.fake.writes == []
    for stream in ("campaigns", "leads", "journeys", "deals"):
        assert (again[stream]["added"], again[stream]["changed"], again[stream]["failed"]) == (0, 0, [])
    assert again["totals"]["crm"]["won"] == again["totals"]["here"]["won"] == {"EUR": 12000.5}
    report = company.json("report", "--by", "post")
    (row,) = [row for row in report["rows"] if row["key"] == "hp7"]
    assert (row["leads"], row["revenue"]) == (1, {"EUR": 12000.5})
    assert company.run("crm", "erase", "ann@firm.example")[0] == 0
    assert company.fake.kept() == ()


def test_doctor_asks_the_crm(company: Company) -> None:
    company.run("crm", "setup", "--apply")
    _, out, _ = company.run("doctor", "--json")
    findings = [one for one in json.loads(out)["checks"] if "can be read" in one["message"]]
    assert [one["level"] for one in findings] == ["ok"]


def test_a_lead_waits_when_the_crm_cannot_be_reached(company: Company) -> None:
    company.run("crm", "setup", "--apply")
    company.fake.inject("limited_bare", on="any", times=99)
    assert company.run("crm", "add", "--email", "ann@firm.example")[0] == 3
    company.fake.mend()
    assert company.run("crm", "sync")[0] == 0
    assert [kept.email for kept in company.fake.kept()] == ["ann@firm.example"]
