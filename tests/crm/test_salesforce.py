"""The Salesforce driver keeps the contract, and what is Salesforce's own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import certificates
from byline.attribution.touches import Directory
from byline.crm.base import person_key
from byline.crm.local import LocalCrm
from byline.crm.salesforce import Salesforce
from byline.crm.salesforce.soql import literal, long_id
from byline.errors import NotSent, Rejected, UsageError
from byline.settings import Secrets
from byline.syncing import Sync, hand_on
from byline.testing.crm_contract import (
    CAMPAIGNS,
    CATALOGUE,
    NOW,
    CrmCase,
    CrmContract,
    CrmWorld,
    every_deal,
    every_lead,
    lead,
    touches,
)
from byline.testing.salesforce import USERNAME, FakeSalesforce
from byline.testing.server import Answer
from byline.times import Clock, FixedClock

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = _KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
PUBLIC = (
    _KEY.public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
CLIENT, SECRET = "3MVG9.consumer", "the-client's/secret+of=ours"


def _fake(clock: Clock) -> FakeSalesforce:
    fake = FakeSalesforce(clock, client=(CLIENT, SECRET), public_key=PUBLIC)
    fake.page = 3
    return fake


CASES = (
    CrmCase(
        name="client-credentials",
        fake=_fake,
        environment={"SALESFORCE_CLIENT_ID": CLIENT, "SALESFORCE_CLIENT_SECRET": SECRET},
        block="type: salesforce\napi: {api}",
        public=frozenset({"SALESFORCE_CLIENT_ID"}),
    ),
    CrmCase(
        name="jwt",
        fake=_fake,
        environment={
            "SALESFORCE_CLIENT_ID": CLIENT,
            "SALESFORCE_USERNAME": USERNAME,
            "SALESFORCE_PRIVATE_KEY": PRIVATE,
        },
        block='type: salesforce\napi: {api}\nlogin: {api}\nversion: "61.0"',
        public=frozenset({"SALESFORCE_CLIENT_ID", "SALESFORCE_USERNAME"}),
    ),
)


@pytest.fixture(params=CASES, ids=str)
def world(request: pytest.FixtureRequest) -> Iterator[CrmWorld]:
    with CrmWorld(Salesforce, request.param) as world:
        yield world


class TestSalesforce(CrmContract):
    pass


def _fake_of(world: CrmWorld) -> FakeSalesforce:
    assert isinstance(world.fake, FakeSalesforce)
    return world.fake


@pytest.fixture
def org() -> Iterator[CrmWorld]:
    with CrmWorld(Salesforce, CASES[0]) as world:
        yield world


# Signing in.


def test_the_flow_with_a_secret_needs_the_companys_own_domain(org: CrmWorld) -> None:
    with pytest.raises(NotSent) as info:
        org.crm(block="type: salesforce\napi: {api}\nlogin: https://login.salesforce.com").add_lead(lead())
    assert "My Domain" in info.value.hint


def test_a_key_that_is_none_is_told(org: CrmWorld) -> None:
    environment = {**CASES[1].environment, "SALESFORCE_PRIVATE_KEY": "-----BEGIN nonsense"}
    with pytest.raises(NotSent, match="no private key that can be used"):
        org.crm(environment=environment).add_lead(lead())


def test_a_key_needs_a_package(org: CrmWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(UsageError) as info:
        org.crm(environment=CASES[1].environment).add_lead(lead())
    assert info.value.hint == "pip install 'PyJWT[crypto]>=2.10,<3'"


def test_a_key_on_one_line_is_read(org: CrmWorld) -> None:
    environment = {**CASES[1].environment, "SALESFORCE_PRIVATE_KEY": PRIVATE.replace("\n", "\\n")}
    assert org.crm(environment=environment).add_lead(lead())


@pytest.mark.parametrize(
    ("change", "words"),
    [({"approved": False}, "pre-authorized"), ({"public_key": ""}, "compare the consumer key")],
)
def test_what_salesforce_says_to_a_key_leads_to_a_step(
    org: CrmWorld, change: dict[str, object], words: str
) -> None:
    for name, value in change.items():
        setattr(org.fake, name, value)
    with pytest.raises(NotSent) as info:
        org.crm(environment=CASES[1].environment).add_lead(lead())
    assert words in info.value.hint


def test_a_clock_that_is_wrong_is_named(org: CrmWorld) -> None:
    crm = org.crm(environment=CASES[1].environment)
    org.fake.clock = FixedClock(NOW + timedelta(minutes=10))
    with pytest.raises(NotSent) as info:
        crm.add_lead(lead())
    assert "clock" in info.value.hint


def test_a_token_that_dies_on_the_way_is_renewed(org: CrmWorld) -> None:
    _fake_of(org).token_lasts = 3
    for n in range(8):
        org.fake.seed_lead(f"p{n}@firm.example", made=NOW - timedelta(hours=20 - n))
    found, _, _ = every_lead(org.crm())
    assert len(found) == 8
    assert org.fake.attempts("token") > 1


# What it answers.


@pytest.mark.parametrize("newer", [True, False])
def test_an_update_may_answer_with_a_body_or_with_none(org: CrmWorld, newer: bool) -> None:
    _fake_of(org).newer = newer
    crm = org.crm()
    assert isinstance(crm, Salesforce)
    first, fresh = crm.api.upsert("Campaign", "Byline_Key__c", "byline:post:a/b c?", {"Name": "One"})
    again, made = crm.api.upsert("Campaign", "Byline_Key__c", "byline:post:a/b c?", {"Name": "Two"})
    assert (fresh, made) == (True, False)
    assert again == (first if newer else "")
    (found,) = org.fake.campaigns()
    assert (found.name, found.key) == ("Two", "byline:post:a/b c?")


def test_a_key_that_is_there_twice_changes_nothing(org: CrmWorld) -> None:
    fake = _fake_of(org)
    for _ in range(2):
        fake._store("Campaign", {"Name": "x", "Byline_Key__c": "byline:post:hp7"})
    crm = org.crm()
    assert isinstance(crm, Salesforce)
    with pytest.raises(Rejected) as info:
        crm.api.upsert("Campaign", "Byline_Key__c", "byline:post:hp7", {"Name": "y"})
    assert info.value.status == 300
    (row,) = [row for row in crm.put_campaigns(CAMPAIGNS) if row.change == "failed"]
    assert row.key == "byline:post:hp7"
    assert {item.name for item in org.fake.campaigns() if item.key == row.key} == {"x"}


def test_the_days_calls_are_used_up(org: CrmWorld) -> None:
    _fake_of(org).daily = (1_000, 1_000)
    with pytest.raises(NotSent) as info:
        org.crm().add_lead(lead())
    assert (info.value.cause, info.value.retry_at) == ("limited", NOW + timedelta(hours=24))
    assert org.fake.attempts("read") + org.fake.attempts("write") == 1


def test_a_row_that_was_locked_is_sent_again(org: CrmWorld) -> None:
    _fake_of(org).locked = {"Three letters"}
    assert [row.change for row in org.crm().put_campaigns(CAMPAIGNS)] == ["added"] * 3


def test_without_its_columns_it_writes_what_there_is(org: CrmWorld) -> None:
    """An organisation that tells no columns and has none of ours but the key: nothing is lost, only left out."""
    fake = _fake_of(org)
    fake.describes = False
    for kind in fake.custom:
        fake.custom[kind] = {
            name: about for name, about in fake.custom[kind].items() if name == "Byline_Key__c"
        }
    crm = org.crm()
    crm.put_campaigns(CAMPAIGNS)
    crm.add_lead(lead())
    assert "Pricing, the honest version" in fake.by_email("ann@firm.example").description
    (found,), _, _ = every_lead(crm)
    assert (found.id, found.touches) == ("lead-1", ())


def test_a_next_page_elsewhere_is_not_followed(org: CrmWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = _fake_of(org)
    page = fake._page

    def elsewhere(locator: str, total: int | None = None) -> Answer:
        given = page(locator, total)
        body = json.loads(given.body)
        if "nextRecordsUrl" in body:
            body["nextRecordsUrl"] = "//evil.example" + body["nextRecordsUrl"]
        return replace(given, body=json.dumps(body).encode())

    monkeypatch.setattr(fake, "_page", elsewhere)
    for n in range(5):
        fake.seed_lead(f"p{n}@firm.example", made=NOW)
    with pytest.raises(Rejected, match="another address"):
        every_lead(org.crm())


# What people did there stays.


def test_what_people_wrote_at_a_campaign_stays(org: CrmWorld) -> None:
    crm = org.crm()
    crm.put_campaigns(CAMPAIGNS)
    fake = _fake_of(org)
    row = next(row for row in fake.records["Campaign"] if row["Byline_Key__c"] == "byline:post:hp7")
    row |= {"Description": "Talk to Lee first.\r\n\r\n" + row["Description"], "IsActive": False}
    changed = replace(CAMPAIGNS[1], text="LinkedIn (dana): 300 views")
    crm.put_campaigns((CAMPAIGNS[0], changed))
    assert row["Description"].startswith("Talk to Lee first.")
    assert "300 views" in row["Description"]
    assert "120 views" not in row["Description"]
    assert row["IsActive"] is False


def test_a_source_that_a_person_set_stays(org: CrmWorld) -> None:
    crm = org.crm()
    record = crm.add_lead(lead())
    assert org.fake.by_email("ann@firm.example").source == "Web"
    _fake_of(org).find("Lead", record)["LeadSource"] = "Trade Show"
    assert org.crm().add_lead(lead()) == record
    assert org.fake.by_email("ann@firm.example").source == "Trade Show"


def test_a_converted_lead_is_a_member_as_a_contact(org: CrmWorld) -> None:
    crm = org.crm()
    crm.put_campaigns(CAMPAIGNS)
    record = crm.add_lead(lead())
    contact = _fake_of(org).convert(record)
    (found,), _, _ = every_lead(crm)
    (row,) = crm.put_journeys([found])
    assert row.change == "changed"
    members = _fake_of(org).standing("CampaignMember")
    assert {member["ContactId"] for member in members} == {contact}
    assert {member["Status"] for member in members} == {"Responded"}
    assert all(member["HasResponded"] for member in members)
    assert {member["UTM_Content__c"] for member in members} == {"hp7.linkedin.dana", "lt3.twitter.acme"}
    assert [row.change for row in crm.put_journeys([found])] == ["same"]


def test_visits_of_members_are_read_where_the_lead_has_fewer(org: CrmWorld) -> None:
    crm = org.crm()
    crm.put_campaigns(CAMPAIGNS)
    record = crm.add_lead(lead())
    crm.put_journeys(every_lead(crm)[0])
    row = _fake_of(org).find("Lead", record)
    for name in [name for name in row if name.endswith("__c")]:
        row[name] = None
    (found,), _, _ = every_lead(org.crm())
    assert [touch.content for touch in found.touches] == ["hp7.linkedin.dana", "lt3.twitter.acme"]


def test_a_role_that_is_added_later_is_seen(org: CrmWorld) -> None:
    crm = org.crm()
    one = org.fake.seed_lead("one@firm.example", made=NOW)
    two = org.fake.seed_lead("two@firm.example", made=NOW)
    deal = org.fake.seed_deal([one], amount="5", made=NOW)
    _, mark = every_deal(crm)
    org.clock.move(timedelta(hours=2))
    contact = _fake_of(org).convert(two)
    _fake_of(org)._store(
        "OpportunityContactRole", {"OpportunityId": deal, "ContactId": contact, "IsPrimary": False}
    )
    (found,), _ = every_deal(crm, mark)
    assert set(found.people) == {person_key("one@firm.example"), person_key("two@firm.example")}


def test_money_of_several_currencies_is_not_mixed() -> None:
    case = replace(
        CASES[0], fake=lambda clock: FakeSalesforce(clock, client=(CLIENT, SECRET), currencies=True)
    )
    with CrmWorld(Salesforce, case) as world:
        record = world.fake.seed_lead("one@firm.example", made=NOW)
        for amount, currency in (("100.10", "EUR"), ("200.20", "USD"), ("0.30", "EUR")):
            world.fake.seed_deal([record], amount=amount, currency=currency, made=NOW, won=True)
        crm = world.crm()
        assert crm.totals().won == {"EUR": Decimal("100.40"), "USD": Decimal("200.20")}
        found, _ = every_deal(crm)
        assert sorted((str(deal.amount), deal.currency) for deal in found) == [
            ("0.3", "EUR"),
            ("100.1", "EUR"),
            ("200.2", "USD"),
        ]
        crm.put_campaigns(CAMPAIGNS)
        assert {row["CurrencyIsoCode"] for row in _fake_of(world).standing("Campaign")} == {"EUR"}


# Looking at it.


def test_health_names_what_wears_out(org: CrmWorld) -> None:
    fake = _fake_of(org)
    fake.daily = (1_000, 900)
    fake.marketing_user = False
    found = {
        item.about: item for item in org.crm(block='type: salesforce\napi: {api}\nversion: "61.0"').health()
    }
    assert found["Salesforce"].who == USERNAME
    assert (found["Salesforce calls"].level, "of today's 1,000" in found["Salesforce calls"].message) == (
        "warning",
        True,
    )
    assert found["Salesforce rights"].level == "red"
    assert "Marketing User" in found["Salesforce rights"].fix
    assert found["Salesforce version"].level == "ok"
    assert found["Salesforce fields"].level == "ok"


def test_a_conversion_that_loses_our_fields_is_found(org: CrmWorld) -> None:
    fake = _fake_of(org)
    fake.mapped = False
    crm = org.crm()
    fake.convert(crm.add_lead(lead()))
    found = {item.about: item for item in crm.health()}
    assert found["Salesforce fields"].level == "warning"
    assert "Map Lead Fields" in found["Salesforce fields"].fix
    assert [step.key for step in crm.missing()] == ["Lead field mapping"]
    fake.mapped = True
    record = crm.add_lead(lead("bob@firm.example", key="lead-2"))
    org.clock.move(timedelta(days=1))
    fake.convert(record)
    assert crm.missing() == ()


def test_a_version_that_is_gone_is_red(org: CrmWorld) -> None:
    crm = org.crm(block='type: salesforce\napi: {api}\nversion: "99.0"')
    with pytest.raises(Rejected, match="web page"):
        crm.add_lead(lead())


@pytest.mark.parametrize("version", ["40.0", "sixty"])
def test_a_version_that_is_too_old_is_a_mistake(org: CrmWorld, version: str) -> None:
    _, problems = org.options(f"type: salesforce\napi: {{api}}\nversion: {version}")
    assert [problem.key for problem in problems] == ["crm.version"]


def test_a_version_without_quotes_is_read(org: CrmWorld) -> None:
    options, problems = org.options("type: salesforce\napi: {api}\nversion: v63")
    assert not problems
    crm = Salesforce(options, http=org.http, secrets=Secrets({}), clock=org.clock, catalogue=CATALOGUE)
    assert crm.api.version == "63.0"
    _, problems = org.options("type: salesforce\nversion: 63.0")
    assert [problem.key for problem in problems] == ["crm.api"]


def test_ids_are_compared_in_their_long_form() -> None:
    # https://help.salesforce.com, "How to convert a 15 character ID to an 18 character ID": the rule, by hand.
    assert long_id("001A0000006Vm9r") == "001A0000006Vm9rIAC"
    assert long_id("001A0000006Vm9rIAC") == "001A0000006Vm9rIAC"


def test_texts_in_queries_are_text() -> None:
    assert literal("O'Brien \\ \n") == "'O\\'Brien \\\\ \\n'"


# An independent client finds the fake to be Salesforce.


def test_simple_salesforce_works_with_the_fake() -> None:
    simple = pytest.importorskip("simple_salesforce")
    fake = FakeSalesforce(client=(CLIENT, SECRET), public_key=PUBLIC)
    fake.tls = certificates.server_side()
    with fake:
        fake.made_ready()
        fake.page = 2
        session = requests.Session()
        session.trust_env = False  # REQUESTS_CA_BUNDLE of the machine would go first
        session.verify = str(certificates.bundle())
        token = session.post(
            f"{fake.url}/services/oauth2/token",
            data={"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET},
        ).json()
        client = simple.Salesforce(
            session_id=token["access_token"], instance_url=fake.url, session=session, version="62.0"
        )
        made = client.Lead.create({"LastName": "O'Brien", "Company": "Firm", "UTM_Source__c": "linkedin"})
        assert made["success"]
        assert client.Lead.upsert("Byline_Key__c/byline:lead:1", {"LastName": "B", "Company": "C"}) == 201
        assert client.Lead.upsert("Byline_Key__c/byline:lead:1", {"Company": "D"}) == 200
        assert client.Lead.update(made["id"], {"Company": "Other"}) == 204
        assert client.Lead.get(made["id"])["Company"] == "Other"
        for n in range(4):
            client.Lead.create({"LastName": str(n), "Company": "Firm"})
        found = client.query_all(
            simple.format_soql("SELECT Id, LastName FROM Lead WHERE Company = {}", "Firm")
        )
        assert (found["totalSize"], len(found["records"])) == (4, 4)
        quoted = client.query(simple.format_soql("SELECT Id FROM Lead WHERE LastName = {}", "O'Brien"))
        assert [row["Id"] for row in quoted["records"]] == [made["id"]]
        assert any(field["name"] == "UTM_Source__c" for field in client.Lead.describe()["fields"])
        assert client.limits()["DailyApiRequests"]["Max"] == 15_000
        with pytest.raises(simple.exceptions.SalesforceMalformedRequest):
            client.query("SELECT Nonsense__c FROM Lead")
        assert client.Lead.delete(made["id"]) == 204
        with pytest.raises(simple.exceptions.SalesforceResourceNotFound):
            client.Lead.get(made["id"])


# Which posts led to an opportunity.


def _company(org: CrmWorld, tmp_path: Path) -> tuple[Sync, LocalCrm, str]:
    """Two people of one firm read our posts; their opportunity is open. The run that syncs, its copy, the deal."""
    fake = _fake_of(org)
    store = LocalCrm(tmp_path / "crm.db", clock=org.clock)
    run = Sync(
        driver=org.crm(),
        store=store,
        clock=org.clock,
        name="test",
        catalogue=CATALOGUE,
        directory=Directory((), {}, ("hp7.linkedin.dana", "lt3.twitter.acme", "hp7.twitter.acme")),
    )
    ann = lead("ann@firm.example", key="ann")
    bob = lead("bob@firm.example", key="bob", touches=touches("hp7.twitter.acme", at=NOW - timedelta(days=9)))
    for one in (ann, bob):
        store.put_lead(one)
    records = [hand_on(org.crm(), store, one) for one in (ann, bob)]
    return run, store, fake.seed_deal(records, amount="30000", made=NOW + timedelta(hours=1))


def _shown(fake: FakeSalesforce) -> dict[tuple[str, str], float]:
    keys = {row["Id"]: row["Byline_Key__c"] for row in fake.records["Campaign"]}
    people = {row["Id"]: row["Email"] for row in fake.records["Contact"]}
    return {
        (keys[row["CampaignId"]], people[row["ContactId"]]): row["Influence"]
        for row in fake.standing("CampaignInfluence")
    }


def test_an_open_opportunity_shows_which_posts_led_to_it(org: CrmWorld, tmp_path: Path) -> None:
    fake = _fake_of(org)
    model = fake.switch_influence_on()
    run, store, deal = _company(org, tmp_path)
    done = run.run(CAMPAIGNS)
    assert (dict(done.influence.counts), done.influence.failed) == ({"added": 3}, [])
    third = {
        ("byline:post:hp7", "ann@firm.example"): 33.33,
        ("byline:post:lt3", "ann@firm.example"): 33.33,
        ("byline:post:hp7", "bob@firm.example"): 33.34,
    }
    found = _shown(fake)
    assert set(found) == set(third)
    assert sorted(found.values()) == sorted(third.values())
    assert sum(map(Decimal, map(str, found.values()))) == 100
    assert {row["ModelId"] for row in fake.standing("CampaignInfluence")} == {model}
    fake.writes.clear()
    again = run.run(CAMPAIGNS)
    assert (dict(again.influence.counts), fake.writes) == ({"same": 3}, [])
    # One more visit before it was opened is told by the CRM later: parts change, none comes twice.
    known = store.lead("ann")
    assert known is not None
    more = touches("hp7.twitter.acme", at=NOW - timedelta(days=30))
    store.put_lead(replace(known, touches=(*more, *known.touches)))
    run.run(CAMPAIGNS)
    assert _shown(fake) == {
        ("byline:post:hp7", "ann@firm.example"): 50.0,
        ("byline:post:lt3", "ann@firm.example"): 25.0,
        ("byline:post:hp7", "bob@firm.example"): 25.0,
    }
    # A person leaves it: what that person read is taken out, another program's rows stay.
    other = fake._store("CampaignInfluenceModel", {"DeveloperName": "Even", "IsDefaultModel": False})
    row = fake.standing("CampaignInfluence")[0]
    fake._store("CampaignInfluence", {**row, "Id": fake.new_id("CampaignInfluence"), "ModelId": other})
    for role in fake.records["OpportunityContactRole"]:
        role["IsDeleted"] = role["ContactId"] == next(
            item["Id"] for item in fake.records["Contact"] if item["Email"] == "bob@firm.example"
        )
    run.run(CAMPAIGNS)
    ours = [row for row in fake.standing("CampaignInfluence") if row["ModelId"] == model]
    assert len(ours) == 2
    assert len(fake.standing("CampaignInfluence")) == 3
    # Won: it stays as it stood.
    org.clock.move(timedelta(days=3))
    fake.win(deal, at=org.clock.now())
    fake.writes.clear()
    assert dict(run.run(CAMPAIGNS).influence.counts) == {}
    assert "CampaignInfluence" not in fake.writes
    store.close()


@pytest.mark.parametrize(
    ("model", "words", "step"),
    [
        (None, "not switched on Customizable Campaign Influence", False),
        ("", "no model Byline", True),
        ("Byline", "by the model Byline", False),
    ],
)
def test_without_the_feature_or_a_model_nothing_is_written_and_it_is_said(
    org: CrmWorld, tmp_path: Path, model: str | None, words: str, step: bool
) -> None:
    fake = _fake_of(org)
    if model is not None:
        fake.switch_influence_on(model=model)
    run, store, _ = _company(org, tmp_path)
    fake.writes.clear()
    done = run.run(CAMPAIGNS)
    assert not done.failed
    assert ("CampaignInfluence" in fake.writes) is (model == "Byline")
    (said,) = [item for item in org.crm().health() if item.about == "Salesforce influence"]
    assert said.level == "ok"
    assert words in said.message
    assert ("Campaign influence model" in [item.key for item in org.crm().missing()]) is step
    store.close()


def test_a_part_whose_answer_was_lost_is_there_once(org: CrmWorld, tmp_path: Path) -> None:
    fake = _fake_of(org)
    run, store, _ = _company(org, tmp_path)
    run.run(CAMPAIGNS)
    fake.switch_influence_on()
    fake.inject("lose", on="write")
    done = run.run(CAMPAIGNS)
    assert [row.key for row in done.influence.failed] == ["opportunities"]
    assert done.totals.deals == 1
    assert len(fake.standing("CampaignInfluence")) == 3
    assert dict(run.run(CAMPAIGNS).influence.counts) == {"same": 3}
    assert len(fake.standing("CampaignInfluence")) == 3
    store.close()
