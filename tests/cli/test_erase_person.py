"""`publish erase-person`: nothing of a person can be read anywhere afterwards; proven by the bytes of every file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from byline.cli import main
from byline.cli.common import App
from byline.crm.base import person_key
from byline.crm.hubspot import CRM as HubSpotCrm
from byline.crm.local import FILE, LocalCrm
from byline.intake.outbox import Outbox
from byline.mail import people
from byline.mail.people import Journal
from byline.model import Deal, Lead, Touch
from byline.private import open_store
from byline.testing.crm_contract import CrmWorld
from byline.testing.hubspot import CASES as HUBSPOT
from byline.times import FixedClock
from support import NOW, SETTINGS, make_site

ANN, BO = "Ann.Lee@firm.example", "bo@other.example"
SECRET_WORDS = "a very particular enquiry"


@dataclass
class Done:
    code: int
    out: str
    err: str


Publish = Callable[..., Done]


@pytest.fixture
def publish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Publish:
    def run(*words: str, **environment: str) -> Done:
        app = App(clock=FixedClock(NOW), environment=environment)
        with pytest.raises(SystemExit) as stop:
            main(["-f", str(tmp_path / "mkdocs.yml"), *words], app=app)
        assert isinstance(stop.value.code, int)
        return Done(stop.value.code, *capsys.readouterr())

    return run


def lead(address: str, key: str) -> Lead:
    return Lead(
        id=key, at=NOW, person=person_key(address), email=address, name=address.partition("@")[0], message=SECRET_WORDS,
        touches=(Touch(at=NOW, source="linkedin", medium="social", content="hp7.linkedin.company"),),
    )  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    """A site with both people in every place there is."""
    more = """\
      intake: {drop: .byline/drop}
      channels:
        newsletter:
          api: smtps://mail.acme.example
          accounts: {acme: {from_email: a@acme.example, address: x, recipients: private/people.csv}}
"""
    make_site(tmp_path, settings=SETTINGS.replace("      channels:\n", more))
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "people.csv").write_text(f"name,email\nAnn,{ANN.upper()}\nBo,{BO}\n")
    state = tmp_path / ".byline"
    with LocalCrm(state / FILE, clock=FixedClock(NOW)) as crm:
        for address, key in ((ANN, "lead-ann1"), (BO, "lead-bo22")):
            crm.add_lead(lead(address, key))
            crm.put_deal(
                Deal(
                    id=f"deal-{key[-3:]}",
                    lead_id=key,
                    created=NOW,
                    amount=Decimal("1000.00"),
                    currency="EUR",
                    won=True,
                    closed=NOW,
                    person=person_key(address),
                )
            )
        for number in range(40):  # rows that came and went leave pages behind
            crm.add_lead(lead(ANN, f"lead-x{number}"))
        crm.put_lead(lead(ANN, "lead-ann1"))
    with open_store(state) as store:
        outbox, journal = Outbox(store, clock=FixedClock(NOW), what=("crm",)), Journal(store)
        for address in (ANN, BO):
            outbox.add_lead(lead(address, ""))
            journal.begin("digest20261101.newsletter.acme@x", [people.person(address)], NOW)
            journal.unsubscribe(people.person(address), NOW)
    drop = state / "drop"
    drop.mkdir()
    (drop / "2026-11-24-lead-ann1.csv").write_text(f"lead_id,email\nlead-ann1,{ANN}\n")
    (drop / "2026-11-24-lead-bo22.csv").write_text(f"lead_id,email\nlead-bo22,{BO}\n")
    return tmp_path


def bytes_of(site: Path) -> bytes:
    """Every byte of every file that is ours, logs and spare pages of databases too."""
    folders = (site / ".byline", site / "private", site / "out")
    files = [path for folder in folders if folder.is_dir() for path in folder.rglob("*") if path.is_file()]
    return b"\0".join(path.read_bytes() for path in files).lower()


def traces(site: Path, address: str) -> list[str]:
    own = "lead-ann1" if address == ANN else "lead-bo22"
    marks = sorted({address, person_key(address), people.person(address), own})
    found = bytes_of(site)
    return [
        mark for mark in marks if mark.lower().encode() in found or mark.lower().encode("utf-16-le") in found
    ]


def test_nothing_is_left_of_one_and_everything_of_the_other(site: Path, publish: Publish) -> None:
    assert publish("report", "--html", str(site / "out")).code == 0
    assert len(traces(site, ANN)) == 3  # address, hash (one for both uses), id
    others = traces(site, BO)
    done = publish("erase-person", ANN.lower())
    assert done.code == 0, done.err
    assert traces(site, ANN) == []
    assert traces(site, BO) == others
    assert ANN.lower() not in (done.out + done.err).lower()
    with LocalCrm(site / ".byline" / FILE) as crm:
        assert [one.id for one in crm.leads()] == ["lead-bo22"]
        assert sum(deal.amount for deal in crm.deals()) == Decimal("2000.00")
    assert (site / "private" / "people.csv").read_text() == f"name,email\nBo,{BO}\n"
    with open_store(site / ".byline") as store:
        assert Journal(store).unsubscribed() == {people.person(BO)}
        outbox = Outbox(store, clock=FixedClock(NOW), what=())
        errand = outbox.take()
        assert errand is not None
        assert outbox.take() is None  # the other one's only
    again = publish("erase-person", ANN)
    assert (again.code, "Nobody has that address." in again.out) == (0, True)


def test_a_file_that_another_has_open_is_told(site: Path, publish: Publish) -> None:
    reader = sqlite3.connect(site / ".byline" / FILE)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM leads").fetchone()  # an intake, in the middle of something
    done = publish("erase-person", ANN)
    reader.rollback()
    reader.close()
    assert done.code == 3
    assert "still holds something" in done.err or "leads kept here" in done.err
    assert publish("erase-person", ANN).code == 0
    assert traces(site, ANN) == []


def test_the_crm_and_a_shared_database_too(
    site: Path, publish: Publish, request: pytest.FixtureRequest
) -> None:
    address = request.getfixturevalue("server").database()
    case = HUBSPOT[0]
    environment = {**case.environment, "BYLINE_PRIVATE_URL": address}
    with CrmWorld(HubSpotCrm, case) as world:
        text = (site / "mkdocs.yml").read_text()
        (site / "mkdocs.yml").write_text(
            text.replace(
                "      intake:", f"      crm: {{type: hubspot, api: '{world.fake.url}'}}\n      intake:"
            )
        )
        for one in (ANN, BO):
            world.fake.seed_lead(one.lower(), made=NOW)
        with open_store(site / ".byline", address) as store:
            for one in (ANN, BO):
                Outbox(store, clock=FixedClock(NOW), what=("crm",)).add_lead(lead(one, ""))
        found = json.loads(publish("erase-person", ANN, "--json", **environment).out)
        assert found["failed"] == []
        assert found["done"][0] == "HubSpot: 1 deleted"
        assert [one.email for one in world.fake.kept()] == [BO]
        with open_store(site / ".byline", address) as store:
            rows = store.run("SELECT person FROM intake_leads")
            assert rows == [(person_key(BO),)]
            store.run("CHECKPOINT")
            ((kept,),) = store.run("SELECT pg_read_binary_file(pg_relation_filepath('intake_leads'))")
            assert BO.encode() in bytes(kept)
            assert ANN.encode() not in bytes(
                kept
            )  # nor in what a deleted row leaves behind until it is written over


def test_a_crm_that_is_away_stops_nothing_here(site: Path, publish: Publish) -> None:
    text = (site / "mkdocs.yml").read_text()
    (site / "mkdocs.yml").write_text(
        text.replace("      intake:", "      crm: {type: hubspot, api: 'http://127.0.0.1:9'}\n      intake:")
    )
    done = publish("erase-person", ANN, HUBSPOT_ACCESS_TOKEN="pat-eu1-made-up-token")
    assert done.code == 3
    assert "NOT CLEARED  the CRM:" in done.err
    assert traces(site, ANN) == []


def test_a_list_in_a_secret_is_named_and_nothing_asks_for_a_name(site: Path, publish: Publish) -> None:
    done = publish("erase-person", ANN, NEWSLETTER_RECIPIENTS=f"{ANN}\n{BO}\n")
    assert "the secret NEWSLETTER_RECIPIENTS has the address" in done.out
    assert publish("erase-person", "Ann Lee").code == 2
