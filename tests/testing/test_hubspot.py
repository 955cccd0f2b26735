"""The fake HubSpot, seen through the client that HubSpot publishes, unchanged, over https on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from hubspot import HubSpot as Client
from hubspot.crm import contacts, deals, properties

from byline.testing.hubspot import PORTAL, TOKEN, HubSpot
from byline.times import FixedClock
from certificates import bundle, server_side
from support import NOW

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # the client's own
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def fake() -> Iterator[HubSpot]:
    found = HubSpot(FixedClock(NOW))
    found.tls = server_side()
    with found:
        yield found


def client(fake: HubSpot, token: str = TOKEN) -> Any:
    return Client(access_token=token, host=fake.url, ssl_ca_cert=str(bundle()))


def key_property(fake: HubSpot) -> None:
    client(fake).crm.properties.core_api.create(
        "contacts",
        property_create=properties.PropertyCreate(
            name="byline_key",
            label="Byline key",
            type="string",
            field_type="text",
            group_name="contactinformation",
            has_unique_value=True,
        ),
    )


def test_contacts_are_made_found_changed_and_listed(fake: HubSpot) -> None:
    api = client(fake).crm.contacts
    made = api.basic_api.create(
        simple_public_object_input_for_create=contacts.SimplePublicObjectInputForCreate(
            properties={"email": "Ann@Firm.example", "firstname": "Ann"}, associations=[]
        )
    )
    assert made.properties["email"] == "ann@firm.example"
    got = api.basic_api.get_by_id("ann@firm.example", id_property="email", properties=["firstname", "phone"])
    assert (got.id, got.properties["firstname"], got.properties["phone"]) == (made.id, "Ann", None)
    api.basic_api.update(
        made.id, simple_public_object_input=contacts.SimplePublicObjectInput(properties={"firstname": "Anna"})
    )
    for n in range(5):
        fake.add_contact(email=f"p{n}@firm.example")
    fake.page = 2
    assert len(api.get_all(properties=["email"])) == 6
    with pytest.raises(contacts.ApiException) as caught:
        api.basic_api.create(
            simple_public_object_input_for_create=contacts.SimplePublicObjectInputForCreate(
                properties={"email": "ann@firm.example"}, associations=[]
            )
        )
    assert caught.value.status == 409
    assert f"Existing ID: {made.id}" in caught.value.body


def test_a_batch_fails_in_part_and_says_which_row(fake: HubSpot) -> None:
    key_property(fake)
    inputs = [
        contacts.SimplePublicObjectBatchInputUpsert(
            id_property="byline_key",
            id=f"byline:lead:{n}",
            object_write_trace_id=f"row-{n}",
            properties={"email": address},
        )
        for n, address in enumerate(("a@b.example", "nobody", "c@d.example"))
    ]
    batch = contacts.BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)
    api = client(fake).crm.contacts.batch_api
    one = api.upsert(batch_input_simple_public_object_batch_input_upsert=batch)
    assert (one.num_errors, len(one.results), one.results[0].new) == (1, 2, True)
    assert one.errors[0].context == {"objectWriteTraceId": ["row-1"]}
    inputs[1].properties["email"] = "b@c.example"
    two = api.upsert(batch_input_simple_public_object_batch_input_upsert=batch)
    assert [row.new for row in two.results] == [False, True, False]
    assert len(fake.records["contacts"]) == 3


def test_a_property_must_be_unique_to_be_a_key(fake: HubSpot) -> None:
    batch = contacts.BatchInputSimplePublicObjectBatchInputUpsert(
        inputs=[contacts.SimplePublicObjectBatchInputUpsert(id_property="company", id="Firm", properties={})]
    )
    found = client(fake).crm.contacts.batch_api.upsert(
        batch_input_simple_public_object_batch_input_upsert=batch
    )
    assert (found.num_errors, fake.records["contacts"]) == (1, {})


def test_search_lags_and_ends_at_ten_thousand(fake: HubSpot) -> None:
    fake.search_delay = 1
    fake.search_cap = 20
    for n in range(12):
        fake.add_contact(email=f"p{n}@firm.example")
    api = client(fake).crm.contacts.search_api

    def ask(**more: Any) -> Any:
        request = contacts.PublicObjectSearchRequest(
            filter_groups=[
                contacts.FilterGroup(
                    filters=[
                        contacts.Filter(property_name="createdate", operator="GTE", value="1700000000000")
                    ]
                )
            ],
            sorts=[],
            properties=["email"],
            **more,
        )
        return api.do_search(public_object_search_request=request)

    assert ask(limit=5).total == 0
    found = ask(limit=5)
    assert (found.total, len(found.results), found.paging.next.after) == (12, 5, "5")
    with pytest.raises(contacts.ApiException) as caught:
        ask(limit=10, after="15")
    assert caught.value.status == 400


def test_deals_belong_to_contacts_and_know_when_they_are_won(fake: HubSpot) -> None:
    contact = fake.add_contact(email="ann@firm.example")
    deal = fake.add_deal(contact, dealname="Press", amount="1234.50", dealstage="closedwon")
    fake.tokens[TOKEN] |= {"crm.objects.deals.write"}
    api = client(fake).crm.deals.basic_api
    page = api.get_page(associations=["contacts"], properties=["amount", "hs_is_closed_won"])
    assert page.results[0].properties["hs_is_closed_won"] == "true"
    assert [one.id for one in page.results[0].associations["contacts"].results] == [contact]
    made = api.create(
        simple_public_object_input_for_create=deals.SimplePublicObjectInputForCreate(
            properties={"dealname": "Two"},
            associations=[
                deals.PublicAssociationsForObject(
                    to=deals.PublicObjectId(id=contact),
                    types=[
                        deals.AssociationSpec(association_category="HUBSPOT_DEFINED", association_type_id=3)
                    ],
                )
            ],
        )
    )
    from hubspot.crm.associations import v4

    linked = client(fake).crm.associations.v4.batch_api.get_page(
        from_object_type="contacts",
        to_object_type="deals",
        batch_input_public_fetch_associations_batch_request=v4.BatchInputPublicFetchAssociationsBatchRequest(
            inputs=[v4.PublicFetchAssociationsBatchRequest(id=contact)]
        ),
    )
    assert sorted(str(one.to_object_id) for one in linked.results[0].to) == sorted([deal, made.id])
    stages = client(fake).crm.pipelines.pipelines_api.get_all("deals").results[0].stages
    assert {stage.id: stage.metadata["isClosed"] for stage in stages}["closedwon"] == "true"


def test_a_person_is_erased_for_good(fake: HubSpot) -> None:
    fake.add_contact(email="ann@firm.example")
    client(fake).crm.contacts.basic_api.purge(
        public_gdpr_delete_input=contacts.PublicGdprDeleteInput(
            object_id="ann@firm.example", id_property="email"
        )
    )
    assert fake.records["contacts"] == {}
    assert fake.blocked == {"ann@firm.example"}


def test_dead_tokens_missing_rights_and_too_many_calls_speak_in_one_envelope(fake: HubSpot) -> None:
    fake.calls_left[TOKEN] = 1
    api = client(fake).crm.contacts.basic_api
    api.get_page()
    with pytest.raises(contacts.exceptions.UnauthorizedException):
        api.get_page()
    fake.calls_left.clear()
    fake.tokens["pat-eu1-read-only"] = frozenset({"crm.objects.contacts.read"})
    with pytest.raises(deals.exceptions.ForbiddenException) as refused:
        client(fake, "pat-eu1-read-only").crm.deals.basic_api.get_page()
    assert "crm.objects.deals.read" in refused.value.body
    fake.burst = 0
    with pytest.raises(contacts.ApiException) as limited:
        api.get_page()
    assert limited.value.status == 429
    assert "TEN_SECONDLY_ROLLING" in limited.value.body


def ask(fake: HubSpot, method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(
        method,
        fake.url + path,
        json=body,
        headers={"Authorization": f"Bearer {TOKEN}"},
        verify=str(bundle()),
        timeout=5,
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/crm/v3/objects/contacts", "/crm/objects/2026-03/contacts"),
        ("/crm/v3/properties/contacts", "/crm/properties/2026-03/contacts"),
        ("/crm/v3/pipelines/deals", "/crm/pipelines/2026-03/deals"),
        ("/marketing/v3/campaigns", "/marketing/campaigns/2026-03"),
        ("/account-info/v3/details", "/account-info/2026-03/details"),
    ],
)
def test_both_spellings_of_a_path(fake: HubSpot, old: str, new: str) -> None:
    fake.add_contact(email="ann@firm.example")
    assert ask(fake, "GET", old).json() == ask(fake, "GET", new).json()


def test_campaigns_need_the_product_and_know_no_names_twice(fake: HubSpot) -> None:
    made = ask(fake, "POST", "/marketing/v3/campaigns", {"properties": {"hs_name": "Q4"}})
    assert made.status_code == 201
    key = made.json()["id"]
    assert ask(fake, "PATCH", f"/marketing/v3/campaigns/{key}", {"properties": {"hs_notes": "x"}}).ok
    assert not ask(fake, "PATCH", f"/marketing/v3/campaigns/{key}", {"properties": {"mine": "x"}}).ok
    spent = ask(
        fake, "POST", f"/marketing/v3/campaigns/{key}/spend", {"name": "Ads", "amount": 12.5, "order": 0}
    )
    assert spent.status_code == 201
    assert ask(fake, "GET", f"/marketing/v3/campaigns/{key}/budget/totals").json()["spendTotal"] == 12.5
    fake.pro = False
    assert ask(fake, "GET", "/marketing/v3/campaigns").status_code == 403


def test_a_form_takes_what_it_knows_and_blanks_what_comes_empty(fake: HubSpot) -> None:
    fake.forms["f-1"] = frozenset({"email", "firstname", "company"})
    path = f"/submissions/v3/integration/submit/{PORTAL}/f-1"

    def fill(context: dict[str, Any] | None = None, **values: str) -> requests.Response:
        fields = [{"objectTypeId": "0-1", "name": name, "value": value} for name, value in values.items()]
        return ask(fake, "POST", path, {"fields": fields, "context": context or {}})

    assert fill(email="ann@firm.example", company="Firm").json()["inlineMessage"]
    assert fill(email="ann@firm.example", company="").ok
    assert "company" not in next(iter(fake.records["contacts"].values())).properties
    kinds = [one["errorType"] for one in fill({"hutk": ""}, email="nobody", shoe="44").json()["errors"]]
    assert kinds == ["FIELD_NOT_IN_FORM_DEFINITION", "INVALID_EMAIL", "INVALID_HUTK"]
    old = str(int((NOW - timedelta(days=40)).timestamp() * 1000))
    late = {"submittedAt": old, "fields": [{"name": "email", "value": "a@b.example"}]}
    assert ask(fake, "POST", path, late).status_code == 400
    fake.captcha.add("f-1")
    assert fill(email="ann@firm.example").json()["errors"][0]["errorType"] == "FORM_HAS_RECAPTCHA_ENABLED"
