"""The fake Dataverse, seen through Microsoft's own client, unchanged, over https on loopback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse.client import DataverseClient
from PowerPlatform.Dataverse.core.config import DataverseConfig
from PowerPlatform.Dataverse.core.errors import HttpError
from PowerPlatform.Dataverse.models.upsert import UpsertItem

from byline.testing import odata
from byline.testing.dataverse import API, CLIENT_ID, CLIENT_SECRET, TENANT, Dataverse
from byline.times import FixedClock
from certificates import bundle, server_side
from support import NOW


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dataverse]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle()))
    found = Dataverse(FixedClock(NOW))
    found.tls = server_side()
    with found:
        yield found


class Credential:
    """Signs in as an application does, once for all calls."""

    def __init__(self, fake: Dataverse, secret: str = CLIENT_SECRET) -> None:
        self.fake, self.secret, self.token = fake, secret, ""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        if not self.token:
            form = {"client_id": CLIENT_ID, "client_secret": self.secret, "scope": scopes[0]}
            answer = requests.post(
                f"{self.fake.url}/{TENANT}/oauth2/v2.0/token",
                data={**form, "grant_type": "client_credentials"},
                timeout=5,
            )
            answer.raise_for_status()
            self.token = answer.json()["access_token"]
        return AccessToken(self.token, int(time.time()) + 3000)


def client(fake: Dataverse) -> DataverseClient:
    return DataverseClient(fake.url, Credential(fake), config=DataverseConfig(http_retries=1))


def with_key(fake: Dataverse) -> None:
    fake.column("leads", "new_bylinekey")
    with client(fake) as api:
        api.tables.create_alternate_key("lead", "new_BylineKey", ["new_bylinekey"])


def test_rows_are_made_read_changed_and_deleted(fake: Dataverse) -> None:
    with client(fake) as api:
        key = api.records.create(
            "lead", {"subject": "A press", "lastname": "O'Brien", "leadsourcecode": "Web"}
        )
        assert fake.tables["leads"].rows[key]["leadsourcecode"] == 8  # the client read the labels
        api.records.update("lead", key, {"companyname": "Firm"})
        row = api.records.retrieve("lead", key, select=["lastname", "companyname"])
        assert (row["lastname"], row["companyname"]) == ("O'Brien", "Firm")
        api.records.delete("lead", key)
        assert api.records.retrieve("lead", key) is None
        keys = api.records.create("lead", [{"subject": "a"}, {"subject": "b"}])
        assert len(keys) == 2


def test_lists_come_in_pages_in_order_filtered(fake: Dataverse) -> None:
    for n in range(7):
        fake.put("leads", subject=f"It's {n}", estimatedamount=n)
    fake.page = 2
    with client(fake) as api:
        pages = api.records.list_pages(
            "lead",
            filter="startswith(subject,'It''s') and estimatedamount ge 2",
            orderby=["estimatedamount desc"],
            select=["subject"],
            page_size=3,
        )
        shown = [[row["subject"] for row in page] for page in pages]
    assert shown == [["It's 6", "It's 5"], ["It's 4", "It's 3"], ["It's 2"]]


def test_an_upsert_by_our_key_makes_one_row(fake: Dataverse) -> None:
    with_key(fake)
    with client(fake) as api:
        for company in ("Firm", "Firm Ltd"):
            item = UpsertItem(
                alternate_key={"new_bylinekey": "it's a key, (1)"}, record={"companyname": company}
            )
            api.records.upsert("lead", [item])
        more = [
            UpsertItem(alternate_key={"new_bylinekey": f"k{n % 2}"}, record={"companyname": f"c{n}"})
            for n in range(2)
        ]
        api.records.upsert("lead", more)
        assert [key.schema_name for key in api.tables.get_alternate_keys("lead")] == ["new_BylineKey"]
    rows = fake.tables["leads"].rows.values()
    assert sorted((row["new_bylinekey"], row["companyname"]) for row in rows) == [
        ("it's a key, (1)", "Firm Ltd"),
        ("k0", "c0"),
        ("k1", "c1"),
    ]


def test_a_key_is_of_no_use_before_it_is_active(fake: Dataverse) -> None:
    fake.key_delay = 1
    with_key(fake)
    item = UpsertItem(alternate_key={"new_bylinekey": "k"}, record={"companyname": "Firm"})
    with client(fake) as api:
        with pytest.raises(HttpError) as caught:
            api.records.upsert("lead", [item])
        assert caught.value.status_code == 400
        assert api.tables.get_alternate_keys("lead")[0].status == "Pending"
        api.records.upsert("lead", [item])


def test_columns_are_made_with_a_publishers_prefix_alone(fake: Dataverse) -> None:
    with client(fake) as api:
        api.tables.add_columns("lead", {"new_UtmSource": "string"})
        assert "new_utmsource" in fake.tables["leads"].columns
        with pytest.raises(HttpError):
            api.tables.add_columns("lead", {"zzz_Thing": "string"})


def test_a_batch_answers_each_row_and_a_change_set_is_one(fake: Dataverse) -> None:
    with client(fake) as api:
        batch = api.batch.new()
        batch.records.create("lead", {"subject": "good"})
        batch.records.create("lead", {"no_such_column": "bad"})
        batch.records.create("lead", {"subject": "also good"})
        found = batch.execute(continue_on_error=True)
        assert [one.status_code for one in found.responses] == [204, 400, 204]
        together = api.batch.new()
        with together.changeset() as change:
            change.records.create("lead", {"subject": "half"})
            change.records.create("lead", {"no_such_column": "bad"})
        together.execute(continue_on_error=True)
    assert sorted(row["subject"] for row in fake.tables["leads"].rows.values()) == ["also good", "good"]


def ask(fake: Dataverse, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    token = Credential(fake).get_token(f"{fake.url}/.default").token
    heads = {"Authorization": f"Bearer {token}", "OData-Version": "4.0", **headers}
    return requests.request(method, f"{fake.url}{API}/{path}", json=body, headers=heads, timeout=5)


def test_conditions_of_a_change(fake: Dataverse) -> None:
    key = fake.put("leads", subject="one")
    new = "11111111-2222-4333-8444-555555555555"
    assert ask(fake, "PATCH", f"leads({new})", {"subject": "x"}, **{"If-Match": "*"}).status_code == 404
    assert ask(fake, "PATCH", f"leads({key})", {"subject": "x"}, **{"If-None-Match": "*"}).status_code == 412
    stale = ask(fake, "PATCH", f"leads({key})", {"subject": "x"}, **{"If-Match": 'W/"1"'})
    assert stale.status_code == 412
    made = ask(fake, "PATCH", f"leads({new})", {"subject": "y"})
    assert (made.status_code, new in made.headers["OData-EntityId"]) == (204, True)
    shown = ask(fake, "PATCH", f"leads({new})", {"subject": "z"}, Prefer="return=representation")
    assert (shown.status_code, shown.json()["subject"]) == (200, "z")


def test_what_is_refused_says_why(fake: Dataverse) -> None:
    campaign = fake.put("campaigns", name="Q4")
    cases = [
        ({"no_such": "x"}, 400),
        ({"subject": 5}, 400),
        ({"subject": "x" * 301}, 400),
        ({"campaignid@odata.bind": f"/campaigns({campaign})"}, 204),
        ({"campaignid@odata.bind": "/campaigns(11111111-2222-4333-8444-555555555555)"}, 404),
        ({"nosuchid@odata.bind": f"/campaigns({campaign})"}, 400),
    ]
    for body, status in cases:
        answer = ask(fake, "POST", "leads", body)
        assert answer.status_code == status, body
        assert status == 204 or answer.json()["error"]["message"]
    deal = fake.seed_deal([], amount="10", made=NOW)
    fake.win(deal, at=NOW)
    assert ask(fake, "PATCH", f"opportunities({deal})", {"name": "x"}).status_code == 400


def test_signing_in_and_its_refusals(fake: Dataverse) -> None:
    with pytest.raises(requests.HTTPError) as caught:
        Credential(fake, "wrong").get_token(f"{fake.url}/.default")
    assert caught.value.response.json()["error_codes"] == [7000215]
    fake.calls_per_token = 1
    credential = Credential(fake)
    with DataverseClient(fake.url, credential, config=DataverseConfig(http_retries=1)) as api:
        with pytest.raises(HttpError) as dead:
            api.records.create("lead", {"subject": "x"})
        assert dead.value.status_code == 401
    fake.calls_per_token = 0
    fake.app_user = False
    with client(fake) as api, pytest.raises(HttpError) as stranger:
        api.records.create("lead", {"subject": "x"})
    assert (stranger.value.status_code, stranger.value.details["service_error_code"]) == (403, "0x80072560")


def test_a_token_lives_as_long_as_it_says(fake: Dataverse) -> None:
    token = Credential(fake).get_token(f"{fake.url}/.default").token
    heads = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{fake.url}{API}/WhoAmI", headers=heads, timeout=5).ok
    assert isinstance(fake.clock, FixedClock)
    fake.clock.move(timedelta(hours=1))
    assert requests.get(f"{fake.url}{API}/WhoAmI", headers=heads, timeout=5).status_code == 401
    assert fake.without_version  # a call that named no version: noted, not refused


def test_service_protection_says_when_to_come_back(fake: Dataverse) -> None:
    fake.burst = 0
    with client(fake) as api, pytest.raises(HttpError) as caught:
        api.records.create("lead", {"subject": "x"})
    assert caught.value.details["retry_after"] == 7
    assert caught.value.details["service_error_code"] == "0x80072322"


@pytest.mark.parametrize(
    ("source", "row", "holds"),
    [
        ("a eq 'O''Brien'", {"a": "o'brien"}, True),
        ("a eq null", {}, True),
        ("a ne null", {}, False),
        (
            "not (a gt 2 or b eq true) and c le 2026-01-01T00:00:00Z",
            {"a": 1, "b": False, "c": "2025-01-01"},
            True,
        ),
        ("contains(a,'X') and endswith(a,'z')", {"a": "axyz"}, True),
    ],
)
def test_filters(source: str, row: dict[str, Any], holds: bool) -> None:
    assert odata.test(source)(row) is holds


@pytest.mark.parametrize(
    "source", ["a eq", "a like 'x'", "a eq 'it's'", "(a eq 1", "a eq 1 b", "a eq 'x' or"]
)
def test_filters_that_no_server_takes(source: str) -> None:
    with pytest.raises(odata.Malformed):
        odata.test(source)
