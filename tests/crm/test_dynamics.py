"""Dynamics 365, against a Dataverse that behaves as it is described to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from byline.crm.base import campaign_key, person_key, post_key
from byline.crm.dynamics import DynamicsCrm
from byline.errors import NotSent, Rejected, RemoteError
from byline.testing.crm_contract import (
    CAMPAIGNS,
    NOW,
    CrmContract,
    CrmWorld,
    every_deal,
    every_lead,
    lead,
    touches,
)
from byline.testing.dataverse import CASES, CLIENT_ID, CLIENT_SECRET, TENANT, Dataverse


@pytest.fixture(params=CASES, ids=str)
def world(request: pytest.FixtureRequest) -> Iterator[CrmWorld]:
    with CrmWorld(DynamicsCrm, request.param) as world:
        yield world


def fake_of(world: CrmWorld) -> Dataverse:
    assert isinstance(world.fake, Dataverse)
    return world.fake


class TestDynamics(CrmContract):
    pass


def test_what_a_person_wrote_at_a_lead_stays(world: CrmWorld) -> None:
    crm = world.crm()
    record = crm.add_lead(lead(touches=()))
    row = fake_of(world).tables["leads"].rows[record]
    row |= {"leadsourcecode": 7, "subject": "Press for Leipzig", "description": "called twice"}
    crm.add_lead(lead())  # the same lead, with its journey this time
    assert (row["leadsourcecode"], row["subject"]) == (7, "Press for Leipzig")
    assert row["description"] == "called twice"
    assert row["acme_utmcontent"] == "lt3.twitter.acme"


def test_the_source_campaign_is_the_post_read_last(world: CrmWorld) -> None:
    crm = world.crm()
    crm.put_campaigns(CAMPAIGNS)
    record = crm.add_lead(lead())
    (found,), _, _ = every_lead(crm)
    assert [row.change for row in world.crm().put_journeys([found])] == ["changed"]
    tables = fake_of(world).tables
    campaign = tables["leads"].rows[record]["_campaignid_value"]
    assert tables["campaigns"].rows[campaign]["acme_bylinekey"] == post_key("lt3")


def test_a_source_campaign_that_a_person_chose_stays(world: CrmWorld) -> None:
    crm = world.crm()
    crm.put_campaigns(CAMPAIGNS)
    record = crm.add_lead(lead())
    theirs = fake_of(world).put("campaigns", name="The fair")
    fake_of(world).tables["leads"].rows[record]["_campaignid_value"] = theirs
    (found,), _, _ = every_lead(crm)
    assert [row.change for row in crm.put_journeys([found])] == ["same"]


def test_a_cost_in_a_currency_the_environment_does_not_know_stays_out(world: CrmWorld) -> None:
    yen = replace(CAMPAIGNS[0], currency="JPY")
    assert [row.change for row in world.crm().put_campaigns([yen])] == ["added"]
    (found,) = world.fake.campaigns()
    assert (found.key, found.cost) == (campaign_key("q4-renewals"), Decimal(0))


def test_rows_of_a_batch_that_fail_are_told_by_row(world: CrmWorld) -> None:
    crm = world.crm()
    tags = {"utm_source": "linkedin", "utm_content": "hp7.linkedin.dana"}
    good, bad = (
        world.fake.seed_lead(f"{name}@firm.example", made=NOW, fields={**tags, "utm_campaign": name})
        for name in ("good", "refused-word")
    )
    found, _, _ = every_lead(crm)
    world.fake.refuse("refused-word")
    rows = {row.record: (row.change, row.message) for row in crm.put_journeys(found)}
    assert rows[good] == ("changed", "")
    assert rows[bad][0] == "failed"
    assert "refused-word" not in rows[bad][1]


def test_retry_after_is_waited_for(world: CrmWorld) -> None:
    world.fake.inject("limited", on="write")
    world.crm().add_lead(lead())
    assert world.clock.slept == [7.0]


def test_a_token_that_runs_out_is_renewed_before_it_does(world: CrmWorld) -> None:
    crm = world.crm()
    crm.add_lead(lead())
    world.clock.move(timedelta(minutes=59, seconds=30))
    crm.add_lead(lead("bob@firm.example", key="lead-2"))
    assert (world.fake.attempts("write"), world.fake.attempts("token")) == (2, 2)  # none was refused


@pytest.mark.parametrize(
    ("environment", "block", "words"),
    [
        ({"DYNAMICS_CLIENT_SECRET": "wrong-secret"}, "", "AADSTS7000215"),
        ({"DYNAMICS_CLIENT_ID": "0b1e0000-0000-4000-8000-00000000dead"}, "", "AADSTS700016"),
        ({}, "other-tenant", "AADSTS90002"),
    ],
)
def test_signing_in_that_fails_says_what_to_change(
    world: CrmWorld, environment: dict[str, str], block: str, words: str
) -> None:
    usual = {"DYNAMICS_CLIENT_ID": CLIENT_ID, "DYNAMICS_CLIENT_SECRET": CLIENT_SECRET}
    changed = world.case.block.replace(TENANT, block) if block else ""
    crm = world.crm(environment=usual | environment, block=changed)
    with pytest.raises(NotSent) as info:
        crm.add_lead(lead())
    assert words in info.value.message
    assert info.value.hint
    assert "wrong-secret" not in info.value.message + info.value.hint


def test_an_application_that_is_no_user_of_the_environment(world: CrmWorld) -> None:
    fake_of(world).app_user = False
    (finding,) = world.crm().health()
    assert finding.level == "red"
    assert "security role" in finding.fix


def test_keys_that_become_active_late_are_waited_for() -> None:
    with CrmWorld(DynamicsCrm, CASES[0], set_up=False) as bare:
        fake_of(bare).key_delay = 3
        crm = bare.crm()
        crm.set_up(crm.missing())
        assert bare.clock.slept == [5.0] * 6  # three looks too early at each of two keys
        assert crm.add_lead(lead())


def test_a_prefix_of_nobodys_and_a_missing_right_are_told_by_step() -> None:
    with CrmWorld(DynamicsCrm, CASES[0], set_up=False) as bare:
        block = bare.case.block.replace("acme", "zzz")
        crm = bare.crm(block=block)
        rows = crm.set_up(crm.missing()[:1])
        assert (rows[0].change, "prefix" in rows[0].fix) == ("failed", True)
        fake_of(bare).may_customise = False
        crm = bare.crm()
        rows = crm.set_up(crm.missing()[:1])
        assert (rows[0].change, "security role" in rows[0].fix) == ("failed", True)


def test_a_lead_before_setup_is_refused_with_what_to_do() -> None:
    with CrmWorld(DynamicsCrm, CASES[0], set_up=False) as bare:
        with pytest.raises(Rejected) as info:
            bare.crm().add_lead(lead())
        assert "publish crm setup" in info.value.hint


def test_a_deal_whose_lead_only_its_contact_knows(world: CrmWorld) -> None:
    record = world.crm().add_lead(lead())
    fake = fake_of(world)
    contact = fake.put("contacts", emailaddress1="ann@firm.example", _originatingleadid_value=record)
    fake.put("opportunities", name="x", estimatedvalue=5, _parentcontactid_value=contact)
    (found,), _ = every_deal(world.crm())
    assert (found.lead_id, found.currency, len(found.people)) == ("lead-1", "EUR", 1)


def test_a_next_page_at_another_address_gets_no_token(world: CrmWorld) -> None:
    for n in range(5):
        world.fake.seed_lead(f"p{n}@firm.example", made=NOW)
    from byline.testing.server import Answer, Call

    whole = world.fake.handle

    def twisted(call: Call) -> Answer:
        given = whole(call)
        body = given.body.replace(b"http://127.0.0.1", b"https://elsewhere.example")
        return replace(given, body=body)

    world.fake.handle = twisted  # type: ignore[method-assign]
    with pytest.raises(RemoteError) as info:
        every_lead(world.crm())
    assert "elsewhere.example" in info.value.message


def test_settings_say_everything_that_is_missing(world: CrmWorld) -> None:
    _, problems = world.options("type: dynamics\nprefix: Not A Prefix")
    assert sorted(problem.key for problem in problems) == ["crm.api", "crm.prefix", "crm.tenant"]


def test_microsofts_own_sign_in_is_meant_where_none_is_named(world: CrmWorld) -> None:
    block = world.case.block.replace("{api}", "https://firm.api.crm4.dynamics.com")
    crm = world.crm(block=block)
    address = crm.record_url("deal", "1-2-3")
    assert (
        address == "https://firm.crm4.dynamics.com/main.aspx?pagetype=entityrecord&etn=opportunity&id=1-2-3"
    )
    assert isinstance(crm, DynamicsCrm)
    assert crm._calls._login() == "https://login.microsoftonline.com"


def test_the_address_may_be_copied_as_dynamics_shows_it(world: CrmWorld) -> None:
    crm = world.crm(block=world.case.block.replace("{api}", "{api}/api/data/v9.2/"))
    assert crm.add_lead(lead())


def test_breaks_and_boundaries_in_values_are_text(world: CrmWorld) -> None:
    odd = "x\r\n--batch\r\nContent-Type: application/http\r\n\r\nDELETE /leads HTTP/1.1\r\n"
    item = replace(CAMPAIGNS[0], key=f"byline:post:{odd}", name=f"Name {odd}", text=odd)
    assert [row.change for row in world.crm().put_campaigns([item, CAMPAIGNS[1]])] == ["added", "added"]
    assert world.fake.campaigns()[0].name == f"Name {odd}"[:128]
    world.crm().add_lead(lead(message=odd, company=odd[:100], key="a'b/c(d),e=f"))
    assert world.fake.by_email("ann@firm.example").company == odd[:100]


def test_only_touches_that_came_are_written(world: CrmWorld) -> None:
    record = world.crm().add_lead(lead(touches=touches("hp7.linkedin.dana")))
    row = fake_of(world).tables["leads"].rows[record]
    assert (row["acme_twclid"], row["leadsourcecode"]) == (None, 8)
    assert row["subject"] == "Enquiry: Pricing, the honest version"


def test_what_people_write_into_a_campaign_stays(world: CrmWorld) -> None:
    world.crm().put_campaigns(CAMPAIGNS)
    row = next(iter(fake_of(world).tables["campaigns"].rows.values()))
    row["description"] = f"Ask Lee first.\n{row['description'] or ''}".strip()
    assert [one.change for one in world.crm().put_campaigns(CAMPAIGNS)] == ["same"] * 3
    told = replace(CAMPAIGNS[0], text="Goal: 12 enquiries")
    assert [one.change for one in world.crm().put_campaigns([told])] == ["changed"]
    assert row["description"].startswith("Ask Lee first.\n")
    assert "Goal: 12 enquiries" in row["description"]


def test_a_clock_of_ours_that_is_ahead_loses_nothing(world: CrmWorld) -> None:
    world.fake.seed_lead("early@firm.example", made=NOW - timedelta(hours=9))
    _, _, mark = every_lead(world.crm())
    late = world.fake.seed_lead("late@firm.example", made=NOW - timedelta(hours=8))
    found, _, _ = every_lead(world.crm(), mark)
    assert late in {item.id for item in found}


def test_all_stakeholders_of_an_opportunity_come_back(world: CrmWorld) -> None:
    fake = fake_of(world)
    ann = world.crm().add_lead(lead())
    others = [
        fake.put("contacts", emailaddress1=f"{name}@firm.example", createdon="2026-11-20T08:00:00Z")
        for name in ("boss", "works", "buyer", "foreman")
    ]
    deal = fake.put("opportunities", name="x", estimatedvalue=5, _originatingleadid_value=ann)
    for one in others:
        fake.connect(deal, one)
    fake.connect(deal, fake.put("accounts", name="A rival"))
    fake.connect(deal, others[0])  # once more, in another role
    (found,), mark = every_deal(world.crm())
    everybody = [person_key(f"{name}@firm.example") for name in ("ann", "boss", "works", "buyer", "foreman")]
    assert list(found.people) == everybody
    # Somebody joins later: the opportunity itself did not change, and comes again all the same.
    world.clock.move(timedelta(hours=3))
    fake.connect(deal, fake.put("contacts", emailaddress1="late@firm.example"))
    (again,), _ = every_deal(world.crm(), mark)
    assert list(again.people) == [*everybody, person_key("late@firm.example")]


def test_a_deal_whose_lead_only_a_stakeholder_knows(world: CrmWorld) -> None:
    fake = fake_of(world)
    record = world.crm().add_lead(lead())
    deal = fake.put("opportunities", name="x", estimatedvalue=5)
    fake.connect(deal, fake.put("contacts", emailaddress1="boss@firm.example"))
    fake.connect(
        deal, fake.put("contacts", emailaddress1="ann@firm.example", _originatingleadid_value=record)
    )
    (found,), _ = every_deal(world.crm())
    assert (found.lead_id, len(found.people)) == ("lead-1", 2)


def test_without_the_right_to_read_connections_the_rest_is_read_and_doctor_says_so(world: CrmWorld) -> None:
    fake = fake_of(world)
    record = world.crm().add_lead(lead())
    deal = fake.put("opportunities", name="x", estimatedvalue=5, _originatingleadid_value=record)
    fake.connect(deal, fake.put("contacts", emailaddress1="boss@firm.example"))
    assert all("stakeholders" not in item.about for item in world.crm().health())
    fake.may_connect = False
    (found,), _ = every_deal(world.crm())
    assert list(found.people) == [person_key("ann@firm.example")]
    (said,) = [item for item in world.crm().health() if item.about == "Dynamics 365 stakeholders"]
    assert (said.level, "read connections" in said.fix) == ("warning", True)
