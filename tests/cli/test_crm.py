"""`publish crm` against a stateful fake of a CRM: set up, hand on, bring back, report, forget."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from byline.cli import cli
from byline.cli.common import App, exit_code
from byline.errors import BylineError
from byline.testing.salesforce import FakeSalesforce
from byline.times import FixedClock
from support import NOW, POST, SETTINGS, make_site

ENVIRONMENT = {"SALESFORCE_CLIENT_ID": "the-client", "SALESFORCE_CLIENT_SECRET": "the-secret-of-ours"}


class Company:
    """A site whose CRM is the fake."""

    def __init__(self, root: Path, fake: FakeSalesforce, capsys: pytest.CaptureFixture[str]) -> None:
        self.fake, self.capsys = fake, capsys
        self.clock = FixedClock(NOW)
        self.environment = dict(ENVIRONMENT)
        extra = f"      crm: {{type: salesforce, api: '{fake.url}'}}\n"
        extra += "      costs: {currency: EUR, hour: 60}\n"
        settings = SETTINGS.replace("https://insights.acme.example/", f"{fake.url}/").rstrip()
        post = POST.replace("slug: honest", "campaign: q4-renewals\neffort: 5h\nslug: honest")
        self.file = make_site(root, settings=f"{settings}\n{extra}", posts={"pricing.md": post})
        self.state = root / ".byline"

    def run(self, *arguments: str) -> int:
        app = App(clock=self.clock, environment=self.environment)
        context = cli.make_context("publish", ["-f", str(self.file), *arguments], obj=app)
        with context:
            try:
                code = cli.invoke(context)
            except BylineError as error:
                print(error.message, error.hint)  # noqa: T201 - the command shows it; here the test reads it
                return exit_code(error)
        return int(code or 0)

    def told(self) -> str:
        return self.capsys.readouterr().out

    def json(self, *arguments: str) -> Any:
        self.capsys.readouterr()
        assert self.run(*arguments, "--json") == 0
        return json.loads(self.told())


@pytest.fixture
def company(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Company]:
    fake = FakeSalesforce(FixedClock(NOW), client=("the-client", "the-secret-of-ours"))
    fake.page = 3
    with fake:
        yield Company(tmp_path, fake, capsys)


@pytest.fixture
def ready(company: Company) -> Company:
    company.fake.made_ready()
    return company


def test_setup_shows_what_is_missing_and_makes_it_when_told(company: Company) -> None:
    assert company.run("crm", "setup") == 0
    shown = company.told()
    assert "Lead: make the field UTM_Content__c “UTM content” (Text, 255 characters)" in shown
    assert (
        "Campaign: make the field Byline_Key__c “Byline key” (Text, 255 characters, unique, external id)"
        in shown
    )
    assert "Map Lead Fields" in shown
    assert company.fake.writes == []
    assert company.run("crm", "setup", "--plan", "--apply") == 2
    assert company.run("crm", "setup", "--apply") == 0
    assert "UTM_Content__c" in company.fake.visible("Lead")
    company.fake.writes.clear()
    assert company.run("crm", "setup", "--apply") == 0
    assert company.fake.writes == []


def test_a_lead_from_the_telephone_is_kept_here_and_there(ready: Company) -> None:
    code = ready.run(
        *("crm", "add", "--email", "ann@firm.example", "--name", "Ann Example", "--company", "Firm"),
        *("--message", "A machine", "--heard-from", "a colleague", "--id", "hp7.linkedin.dana"),
    )
    assert code == 0
    kept = ready.fake.by_email("ann@firm.example")
    assert f"/lightning/r/Lead/{kept.record}/view" in ready.told()
    assert "Pricing, the honest version" in kept.description
    assert ready.run("crm", "sync") == 0
    assert len(ready.fake.kept()) == 1
    assert ready.fake.by_email("ann@firm.example").campaigns == {"byline:post:hp7"}


def test_a_lead_waits_when_the_crm_cannot_be_reached(ready: Company) -> None:
    ready.fake.inject("limited_bare", on="any", times=99)
    assert ready.run("crm", "add", "--email", "ann@firm.example") == 3
    assert ready.fake.kept() == ()
    ready.fake.mend()
    assert ready.run("crm", "sync") == 0
    assert "Leads handed on: 1 added" in ready.told()
    assert [kept.email for kept in ready.fake.kept()] == ["ann@firm.example"]


def test_sync_brings_campaigns_and_leads_and_a_second_run_changes_nothing(ready: Company) -> None:
    tags = {"utm_source": "linkedin", "utm_medium": "social", "utm_content": "hp7.linkedin.dana"}
    lead = ready.fake.seed_lead("ann@firm.example", made=NOW, fields=tags, company="Firm")
    deal = ready.fake.seed_deal([lead], amount="12000.50", made=NOW)
    ready.fake.win(deal, at=NOW)
    found = ready.json("crm", "sync")
    assert (found["crm"], found["campaigns"]["added"], found["leads"]["added"], found["deals"]["added"]) == (
        "salesforce",
        2,
        1,
        1,
    )
    assert found["totals"]["crm"]["won"] == found["totals"]["here"]["won"] == {"EUR": 12000.5}
    campaigns = {item.key: item for item in ready.fake.campaigns()}
    assert campaigns["byline:post:hp7"].parent == "byline:campaign:q4-renewals"
    assert campaigns["byline:post:hp7"].cost == Decimal(300)
    ready.fake.writes.clear()
    again = ready.json("crm", "sync")
    assert ready.fake.writes == []
    for stream in ("campaigns", "leads", "journeys", "deals"):
        assert (again[stream]["added"], again[stream]["changed"], again[stream]["failed"]) == (0, 0, [])
    assert ready.run("crm", "sync") == 0
    assert "Salesforce itself sums 12,000.50 EUR won: the same here" in ready.told()
    for path in ready.state.rglob("*"):
        if path.is_file():
            assert b"ann@firm.example" not in path.read_bytes()


def test_a_record_that_fails_is_told_and_tried_again(ready: Company) -> None:
    ready.fake.refuse("Pricing, the honest")
    assert ready.run("crm", "sync") == 3
    ready.fake._refused.clear()
    assert ready.run("crm", "sync") == 0
    assert len(ready.fake.campaigns()) == 2


def test_the_report_is_the_same_from_the_copy_and_from_the_crm_itself(ready: Company) -> None:
    tags = {"utm_source": "linkedin", "utm_medium": "social", "utm_content": "hp7.linkedin.company"}
    for n in range(7):
        lead = ready.fake.seed_lead(f"p{n}@firm.example", made=NOW + timedelta(hours=n), fields=tags)
        if n < 2:
            ready.fake.seed_deal([lead], amount="1000", made=NOW + timedelta(days=1), closed=NOW, won=True)
    ready.clock.move(timedelta(days=3))
    direct = ready.json("report")
    assert not (ready.state / "crm.db").exists()
    (row,) = [row for row in direct["rows"] if row["key"] == "hp7"]
    assert (row["leads"], row["revenue"]) == (7, {"EUR": 2000.0})
    assert {line["what"]: (line["ours"], line["theirs"]) for line in direct["crm"]} == {
        "Enquiries": ("7", "7"),
        "with a tag of ours": ("7", "7"),
        "Orders": ("2", "2"),
        "Revenue in EUR": ("EUR 2,000", "EUR 2,000"),
    }
    assert len(direct["records"]) == 7
    assert all(url.startswith(f"{ready.fake.url}/lightning/r/Lead/") for url in direct["records"].values())
    assert ready.run("crm", "sync") == 0
    assert ready.json("report") == direct


def test_forgetting_a_person_leaves_nothing_here_or_there(ready: Company) -> None:
    ready.run("crm", "add", "--email", "ann@firm.example", "--name", "Ann Example")
    lead = ready.fake.by_email("ann@firm.example").record
    ready.fake.win(ready.fake.seed_deal([lead], amount="10", made=NOW), at=NOW)
    ready.run("crm", "sync")
    assert ready.run("crm", "erase", "Ann@firm.example") == 0
    assert ready.fake.kept() == ()
    assert ready.fake.standing("Contact") == []
    assert len(ready.fake.standing("Opportunity")) == 1
    assert ready.run("crm", "sync") == 0
    shutil.copytree(ready.state, ready.state.parent / "looked")
    for path in (ready.state.parent / "looked").rglob("*"):
        if path.is_file():
            assert b"Ann Example" not in path.read_bytes()
    assert ready.json("report")["total"]["leads"] == 0


def test_doctor_looks_at_the_crm(company: Company) -> None:
    company.run("doctor", "--json")
    found = {item["about"]: item for item in json.loads(company.told())["checks"]}
    assert found["Salesforce"]["who"] == "byline@acme.example"
    assert found["Salesforce fields"]["next"].startswith("publish crm setup")
    company.environment["SALESFORCE_CLIENT_SECRET"] = "another-secret"
    company.run("doctor", "--json")
    shown = company.told()
    found = {item["about"]: item for item in json.loads(shown)["checks"]}
    assert found["Salesforce"]["level"] == "red"
    assert "another-secret" not in shown


def test_a_crm_without_an_interface_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = make_site(tmp_path)
    app = App(clock=FixedClock(NOW), environment={})
    context = cli.make_context("publish", ["-f", str(file), "crm", "sync"], obj=app)
    with context, pytest.raises(BylineError) as info:
        cli.invoke(context)
    assert exit_code(info.value) == 2
    assert "publish crm import" in info.value.hint


def test_one_private_database_serves_a_machine_that_keeps_nothing(
    ready: Company, request: pytest.FixtureRequest
) -> None:
    text = ready.file.read_text(encoding="utf-8")
    ready.file.write_text(
        text.replace("{type: salesforce,", "{type: salesforce, store: postgresql,"), encoding="utf-8"
    )
    assert ready.run("crm", "sync") == 2
    assert "BYLINE_PRIVATE_URL" in ready.told()
    ready.environment["BYLINE_PRIVATE_URL"] = request.getfixturevalue("server").database()
    tags = {"utm_source": "linkedin", "utm_medium": "social", "utm_content": "hp7.linkedin.company"}
    ready.fake.seed_lead("ann@firm.example", made=NOW, fields=tags)
    assert ready.run("crm", "add", "--email", "bob@firm.example") == 0
    assert ready.run("crm", "sync") == 0
    assert not (ready.state / "crm.db").exists()
    before = len(ready.fake.calls)
    assert ready.json("report")["total"]["leads"] == 2
    assert len(ready.fake.calls) == before
    assert ready.run("crm", "erase", "bob@firm.example") == 0
    assert ready.json("report")["total"]["leads"] == 1
