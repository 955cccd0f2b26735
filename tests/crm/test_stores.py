"""The private database keeps leads and money exactly as the embedded file does; several writers at once, too."""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from byline import private
from byline.crm._shared import SharedCrm
from byline.crm.base import person_key
from byline.crm.local import LocalCrm
from byline.errors import BylineError, UsageError
from byline.model import Campaign, Deal, Invoice, Lead, Touch
from byline.times import FixedClock
from support import NOW

HOSTILE = "'; DROP TABLE crm_leads; --\x1b[2J=cmd|'/C calc'!A0<script> %s ? \\u0000 \\"
SITE = "insights.acme.example"
Open = Callable[[], LocalCrm | SharedCrm]


@pytest.fixture(params=["file", "sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[Open]:
    made: list[LocalCrm | SharedCrm] = []
    address = request.getfixturevalue("server").database() if request.param == "postgresql" else ""

    def open_one() -> LocalCrm | SharedCrm:
        if request.param == "file":
            made.append(LocalCrm(tmp_path / "crm.db", clock=clock))
        else:
            made.append(SharedCrm(private.open_store(tmp_path, address, site=SITE), clock=clock))
        return made[-1]

    yield open_one
    for one in made:
        one.close()


def lead(key: str = "", *, email: str = "ann@firm.example", **more: Any) -> Lead:
    touches = (
        Touch(at=NOW - timedelta(hours=1), referrer="https://www.google.com/"),
        Touch(
            at=NOW - timedelta(days=1),
            source="linkedin",
            content="hp7.linkedin.dana",
            click="li_fat_id=1",
            utm_id="abc.123",
        ),
    )
    given: dict[str, Any] = {"at": NOW, "touches": touches, "person": person_key(email), "email": email}
    return Lead(id=key, **(given | more))


def deal(key: str = "d", **more: Any) -> Deal:
    given: dict[str, Any] = {
        "lead_id": "l",
        "created": NOW,
        "amount": Decimal("1000.10"),
        "currency": "EUR",
        "stage": "Open",
    }
    return Deal(id=key, **(given | more))


def test_a_lead_comes_back_as_it_was(opened: Open) -> None:
    crm = opened()
    sent = lead(
        company=HOSTILE,
        message="Hi\nthere",
        name="Zoë 👩‍👩‍👧",
        heard_from="x",
        consent="Yes.",
        fields={"page": "/x/"},
    )
    key = crm.add_lead(sent)
    (found,) = opened().leads()
    assert found == replace(sent, id=key, touches=sent.touches[::-1])
    assert crm.lead(key) == found
    assert crm.lead("nobody") is None
    assert crm.put_lead(found) == "same"
    assert crm.put_lead(replace(found, company="Other")) == "changed"
    assert crm.put_lead(lead("new")) == "added"
    assert [one.id for one in crm.leads(NOW + timedelta(seconds=1))] == []


def test_the_same_form_within_minutes_is_one_lead(opened: Open) -> None:
    crm = opened()
    first = crm.add_lead(lead(), fingerprint="f")
    assert crm.add_lead(lead(at=NOW + timedelta(minutes=2)), fingerprint="f") == first
    assert crm.add_lead(lead(at=NOW + timedelta(hours=2)), fingerprint="f") != first
    crm.add_lead(lead(), fingerprint="s", aside="a link stands in the name")
    assert len(list(crm.leads())) == 2
    assert len(list(crm.leads(aside=True))) == 1
    assert crm.set_aside() == {"a link stands in the name": 1}
    spam = next(iter(crm.leads(aside=True)))
    crm.put_lead(replace(spam, company="x"))
    assert len(list(crm.leads(aside=True))) == 1


def test_deals_stages_and_whose_they_are(opened: Open, clock: FixedClock) -> None:
    crm = opened()
    crm.put_lead(lead("early", at=NOW - timedelta(days=5)))
    crm.put_lead(lead("late", at=NOW - timedelta(days=1)))
    crm.put_lead(lead("spam", at=NOW))
    person = person_key("ann@firm.example")
    given = deal(lead_id="", person=person, people=(person, "x"), account="001", crm="salesforce")
    assert (crm.put_deal(given), crm.put_deal(given)) == ("added", "same")
    clock.move(timedelta(days=3))
    won = replace(
        given, stage="Won", won=True, closed=NOW + timedelta(days=2), created=NOW - timedelta(hours=30)
    )
    assert crm.put_deal(won) == "changed"
    (found,) = crm.deals()
    assert found == replace(won, lead_id="early")
    crm.put_deal(replace(won, created=NOW - timedelta(days=5, hours=5)))
    assert [one.lead_id for one in crm.deals()] == ["early"]
    crm.put_deal(replace(won, created=NOW - timedelta(days=9)))
    assert [one.lead_id for one in crm.deals()] == [""]
    assert [stage for _, stage in crm.stages("d")] == ["Open", "Won"]
    assert crm.stages("d")[0][0] == NOW


def test_money_and_campaigns_to_the_cent(opened: Open) -> None:
    crm = opened()
    invoice = Invoice(id="i", issued=NOW, amount=Decimal("-10.05"), currency="EUR", company=HOSTILE)
    assert (crm.put_invoice(invoice), crm.put_invoice(invoice)) == ("added", "same")
    assert crm.put_invoice(replace(invoice, paid=NOW)) == "changed"
    assert tuple(crm.invoices()) == (replace(invoice, paid=NOW),)
    campaign = Campaign(
        slug="q4", name="Q4", start=date(2026, 10, 1), cost=Decimal("400.00"), goal="enquiries", target=12
    )
    assert (crm.put_campaign(campaign), crm.put_campaign(campaign)) == ("added", "same")
    assert crm.campaigns() == (campaign,)


def test_a_person_is_forgotten_and_amounts_stay(opened: Open) -> None:
    crm = opened()
    crm.put_lead(lead("l"))
    crm.put_lead(lead("other", email="bob@firm.example"))
    person = person_key("ann@firm.example")
    crm.put_deal(deal(person=person, people=(person, "x")))
    crm.put_invoice(
        Invoice(id="i", issued=NOW, amount=Decimal(5), currency="EUR", person=person, company="Ann")
    )
    assert crm.erase(" Ann@Firm.example") == 1
    assert crm.erase("") == crm.erase("ann@firm.example") == 0
    assert [one.id for one in crm.leads()] == ["other"]
    (left,) = crm.deals()
    assert (left.lead_id, left.person, left.people, left.amount) == ("", "", ("x",), Decimal("1000.10"))
    (bare,) = crm.invoices()
    assert (bare.person, bare.company, bare.amount) == ("", "", Decimal(5))


def test_what_is_gone_goes_and_marks_are_kept(opened: Open) -> None:
    crm = opened()
    crm.put_lead(lead("l"))
    crm.put_deal(deal())
    assert (crm.drop("lead", "l"), crm.drop("lead", "l")) == (True, False)
    assert [one.lead_id for one in crm.deals()] == [""]
    assert crm.drop("deal", "d")
    crm.set_mark("x", "1")
    crm.set_mark("x", "2")
    assert (opened().mark("x"), crm.mark("y")) == ("2", "")


def test_a_batch_that_fails_keeps_nothing(opened: Open) -> None:
    crm = opened()

    def put() -> None:
        with crm.batch():
            crm.put_lead(lead("l"))
            crm.put_deal(deal())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        put()
    assert list(crm.leads()) == []
    assert list(crm.deals()) == []


def test_several_writers_at_once_lose_nothing(opened: Open) -> None:
    stores = [opened() for _ in range(4)]
    keys: list[str] = []

    def write(n: int) -> None:
        for m in range(10):
            keys.append(stores[n].add_lead(lead(email=f"p{m}@firm.example"), fingerprint=f"f{m}"))
            stores[n].put_lead(lead(f"own-{n}-{m}"))
            stores[n].put_deal(deal(f"d{m}", stage=f"s{n}"))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys)) == 10
    assert len(list(stores[0].leads())) == 50
    assert len(list(stores[0].deals())) == 10


# One database, several sites.


def _database(request: pytest.FixtureRequest) -> str:
    """The address of a database of its own, with nothing in it."""
    server = request.getfixturevalue("server")
    name = f"d{uuid.uuid4().hex[:12]}"
    server.sql(f"CREATE DATABASE {name}", server.address())
    return str(server.address(name=name))


def test_sites_that_share_a_database_never_meet(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock
) -> None:
    address = _database(request)
    sites = ("insights.acme.example", "acme.example/insights", "insights-acme.example")
    stores = [private.open_store(tmp_path, address, site=site) for site in sites]
    ours = [SharedCrm(store, clock=clock) for store in stores]
    for crm, site in zip(ours, sites, strict=True):
        crm.put_lead(lead("l", email=f"ann@{site}", company=site))
        crm.set_mark("x", site)
    for crm, site in zip(ours, sites, strict=True):
        assert [one.company for one in crm.leads()] == [site]
        assert crm.mark("x") == site
    assert ours[0].erase(f"ann@{sites[0]}") == 1  # its own rows are cleared out of its own schema
    assert [len(list(crm.leads())) for crm in ours] == [0, 1, 1]
    assert sites[0].replace(".", "_") in stores[0].place
    for crm in ours:
        crm.close()


def test_what_an_earlier_version_kept_goes_to_the_first_site(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock
) -> None:
    address = _database(request)
    with SharedCrm(private.open_store(tmp_path, address), clock=clock) as before:
        before.put_lead(lead("old"))
    found: list[list[str]] = []
    opened = [threading.Thread(target=_leads_of, args=(tmp_path, address, clock, found)) for _ in range(3)]
    for thread in opened:
        thread.start()
    for thread in opened:
        thread.join()
    assert found == [["old"]] * 3
    assert _leads_of(tmp_path, address, clock, [], site="other.example") == []
    named = f"{address}{'&' if '?' in address else '?'}options=-csearch_path%3Dpublic"
    with private.open_store(tmp_path, named, site=SITE) as store:
        assert (store.schema, store.has("crm_leads")) == ("", False)


def _leads_of(
    folder: Path, address: str, clock: FixedClock, found: list[list[str]], *, site: str = SITE
) -> list[str]:
    with SharedCrm(private.open_store(folder, address, site=site), clock=clock) as crm:
        found.append([one.id for one in crm.leads()])
    return found[-1]


def test_a_user_who_may_make_no_schema_is_told_the_line(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    address = _database(request)
    with private.open_store(tmp_path, address) as store:
        store.run("CREATE ROLE poor LOGIN")
    poor = address.replace("byline@", "poor@")
    with pytest.raises(BylineError) as info:
        private.open_store(tmp_path, poor, site=SITE)
    assert 'CREATE SCHEMA "byline_insights_acme_example" AUTHORIZATION' in info.value.hint
    assert address not in info.value.message + info.value.hint


def test_a_file_that_another_site_uses_is_refused(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'shared.db'}"
    for _ in range(2):
        private.open_store(tmp_path, address, site=SITE).close()
    with pytest.raises(UsageError) as info:
        private.open_store(tmp_path, address, site="other.example")
    assert SITE in info.value.message
    assert f"site: {SITE}" in info.value.hint


@pytest.mark.parametrize("site", ["a" * 80 + ".example", "bücher.example", 'x"; DROP SCHEMA public; --', ""])
def test_a_schema_is_a_name_whatever_the_site_is_called(site: str) -> None:
    name = private.schema_of(site)
    assert re.fullmatch(r"byline_[a-z0-9_]{1,56}", name)
    assert name != private.schema_of(site + "x")
