"""The embedded CRM: idempotent by our keys, durable, forgets a person completely."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from byline.crm.base import person_key
from byline.crm.local import LocalCrm
from byline.errors import BylineError
from byline.model import Campaign, Deal, Invoice, Lead, Touch
from byline.times import FixedClock
from support import NOW

HOSTILE = "'; DROP TABLE leads; --\x1b[2J=cmd|'/C calc'!A0<script>"


def lead(key: str = "", *, email: str = "ann@firm.example", at: datetime = NOW, **more: object) -> Lead:
    touches = (
        Touch(at=at - timedelta(days=1), source="linkedin", content="hp7.linkedin.dana", click="li_fat_id=1"),
        Touch(at=at - timedelta(hours=1), referrer="https://www.google.com/"),
    )
    return Lead(id=key, at=at, person=person_key(email), email=email, touches=touches, **more)  # type: ignore[arg-type]


@pytest.fixture
def crm(tmp_path: Path, clock: FixedClock) -> Iterator[LocalCrm]:
    with LocalCrm(tmp_path / ".byline" / "crm.db", clock=clock) as found:
        yield found


def test_a_lead_comes_back_as_it_was(crm: LocalCrm) -> None:
    sent = lead(
        name="Ann", company=HOSTILE, message="Hi\nthere", heard_from="a fair", fields={"page": "/posts/x/"}
    )
    key = crm.add_lead(sent)
    found = crm.lead(key)
    assert found is not None
    assert (found.id, found.at, found.person) == (key, NOW, person_key("ANN@firm.example "))
    assert (found.company, found.message, found.heard_from) == (HOSTILE, "Hi\nthere", "a fair")
    assert found.touches == sent.touches
    assert found.fields == {"page": "/posts/x/"}
    assert list(crm.leads()) == [found]


def test_the_same_form_within_minutes_is_one_lead(crm: LocalCrm) -> None:
    first = crm.add_lead(lead(), fingerprint="f")
    assert crm.add_lead(lead(at=NOW + timedelta(minutes=2)), fingerprint="f") == first
    assert crm.add_lead(lead(at=NOW + timedelta(minutes=2)), fingerprint="other") != first
    assert crm.add_lead(lead(at=NOW + timedelta(hours=2)), fingerprint="f") != first
    assert len(list(crm.leads())) == 3


def test_a_double_click_in_two_threads_is_one_lead(crm: LocalCrm) -> None:
    start = threading.Barrier(8)
    found: list[str] = []

    def click() -> None:
        start.wait()
        found.append(crm.add_lead(lead(), fingerprint="f"))

    threads = [threading.Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(list(crm.leads())) == 1


def test_what_an_import_puts_twice_changes_nothing(crm: LocalCrm) -> None:
    deal = Deal(id="d1", lead_id="l1", created=NOW, amount=Decimal("10.50"), currency="EUR", stage="Open")
    invoice = Invoice(id="i1", issued=NOW, amount=Decimal(5), currency="EUR", company="Firm")
    campaign = Campaign(slug="q4", name="Q4", start=date(2026, 10, 1), cost=Decimal(400), target=12)
    for wanted in ("added", "same"):
        assert crm.put_lead(lead("l1")) == wanted
        assert crm.put_deal(deal) == wanted
        assert crm.put_invoice(invoice) == wanted
        assert crm.put_campaign(campaign) == wanted
    assert crm.put_lead(lead("l1", company="New")) == "changed"
    assert list(crm.deals()) == [deal]
    assert list(crm.invoices()) == [invoice]
    assert crm.campaigns() == (campaign,)


def test_stages_are_kept_beside_one_another(crm: LocalCrm, clock: FixedClock) -> None:
    deal = Deal(
        id="d1", lead_id="l1", created=NOW - timedelta(days=9), amount=Decimal(1), currency="EUR", stage="New"
    )
    crm.put_deal(deal)
    clock.move(timedelta(days=1))
    crm.put_deal(
        Deal(id="d1", lead_id="l1", created=deal.created, amount=Decimal(1), currency="EUR", stage="Offer")
    )
    closed = NOW + timedelta(days=5)
    crm.put_deal(
        Deal(
            id="d1", lead_id="l1", created=deal.created, closed=closed, won=True, amount=Decimal(1), currency="EUR",
            stage="Won",
        )
    )  # fmt: skip
    assert crm.stages("d1") == (
        (deal.created, "New"),
        (NOW + timedelta(days=1), "Offer"),
        (closed, "Won"),
    )


def test_a_deal_that_names_a_person_finds_the_latest_lead_of_its_time(crm: LocalCrm) -> None:
    early = crm.add_lead(lead(at=NOW - timedelta(days=30)))
    late = crm.add_lead(lead(at=NOW))
    person = person_key("ann@firm.example")

    def deal(key: str, created: datetime) -> None:
        crm.put_deal(
            Deal(id=key, lead_id="", person=person, created=created, amount=Decimal(1), currency="EUR")
        )

    deal("between", NOW - timedelta(days=3))
    deal("after", NOW + timedelta(days=3))
    deal("same day", NOW - timedelta(days=30, hours=10))
    deal("long before", NOW - timedelta(days=90))
    assert {found.id: found.lead_id for found in crm.deals()} == {
        "between": early,
        "after": late,
        "same day": early,
        "long before": "",
    }


def test_spam_is_kept_apart_and_counted(crm: LocalCrm) -> None:
    crm.add_lead(lead(), aside="the hidden field was filled in")
    assert list(crm.leads()) == []
    assert len(list(crm.leads(aside=True))) == 1
    assert crm.set_aside() == {"the hidden field was filled in": 1}


def test_an_erased_person_leaves_nothing_in_the_files(crm: LocalCrm) -> None:
    gone, stays = "zyx-unique@firm.example", "bob@firm.example"
    key = crm.add_lead(lead(email=gone, name="Zyxuniquename", message="Zyxmessage " * 500))
    crm.add_lead(lead(email=stays))
    crm.put_deal(
        Deal(id="d", lead_id=key, person=person_key(gone), created=NOW, amount=Decimal(9), currency="EUR")
    )
    crm.put_invoice(
        Invoice(
            id="i", person=person_key(gone), company="Zyxfirm", issued=NOW, amount=Decimal(9), currency="EUR"
        )
    )
    assert crm.erase(" ZYX-unique@firm.example ") == 1
    assert [found.email for found in crm.leads()] == [stays]
    assert [(found.lead_id, found.person, found.amount) for found in crm.deals()] == [("", "", Decimal(9))]
    left = b"".join(file.read_bytes() for file in crm.path.parent.iterdir())
    for trace in (b"zyx-unique", b"Zyxuniquename", b"Zyxmessage", b"Zyxfirm", person_key(gone).encode()):
        assert trace not in left
    assert crm.erase(gone) == 0


def test_the_file_is_the_owners_alone_and_safe_against_a_power_cut(crm: LocalCrm) -> None:
    crm.add_lead(lead())
    assert stat.S_IMODE(crm.path.stat().st_mode) == 0o600
    with closing(sqlite3.connect(crm.path)) as other, other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()


def test_a_batch_is_all_or_nothing(crm: LocalCrm) -> None:
    def fails_half_way() -> None:
        with crm.batch():
            crm.put_lead(lead("l1"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_half_way()
    assert list(crm.leads()) == []
    with crm.batch():
        crm.put_lead(lead("l1"))
    assert [found.id for found in crm.leads()] == ["l1"]


def test_a_newer_or_a_broken_file_is_told_in_words(tmp_path: Path) -> None:
    newer = tmp_path / "newer.db"
    LocalCrm(newer).close()
    with closing(sqlite3.connect(newer)) as db, db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(BylineError, match="newer Byline"):
        LocalCrm(newer)
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"not a database" * 500)
    with pytest.raises(BylineError, match="cannot be opened"):
        LocalCrm(broken)


def test_no_repr_shows_a_person() -> None:
    shown = repr(lead("l1", name="Ann Lee", message="secret"))
    assert shown == "Lead(l1)"


def test_since_limits_by_time(crm: LocalCrm) -> None:
    crm.add_lead(lead(at=NOW - timedelta(days=2)))
    late = crm.add_lead(lead(at=datetime(2026, 11, 24, 12, tzinfo=UTC)))
    assert [found.id for found in crm.leads(since=NOW)] == [late]


def before_the_third_form(db: sqlite3.Connection) -> None:
    db.execute("DROP VIEW leads_with_touches")
    db.execute("ALTER TABLE touches DROP COLUMN utm_id")
    db.execute(
        "CREATE VIEW leads_with_touches AS SELECT leads.*, (SELECT json_group_array(json_array(at, source, medium,"
        " campaign, content, term, page, referrer, click)) FROM (SELECT * FROM touches WHERE lead_id = leads.id"
        " ORDER BY n)) AS touches FROM leads"
    )


def test_a_file_of_the_second_form_keeps_its_visits(tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "crm.db"
    visit = Touch(at=NOW, source="linkedin", content="hp7.linkedin.dana", click="li_fat_id=1")
    with LocalCrm(path, clock=clock) as crm:
        crm.put_lead(replace(lead("old"), touches=(visit,)))
    with closing(sqlite3.connect(path)) as db, db:
        before_the_third_form(db)
        db.execute("PRAGMA user_version = 2")
    db.close()
    numbered = Touch(at=NOW, source="google", medium="cpc", utm_id="abc.123")
    with LocalCrm(path, clock=clock) as crm:
        assert crm.lead("old") == replace(lead("old"), touches=(visit,))
        crm.put_lead(replace(lead("new"), touches=(numbered,)))
        assert [one.touches for one in crm.leads()] == [(numbered,), (visit,)]


def test_a_file_of_the_first_form_is_brought_up_to_date(tmp_path: Path, clock: FixedClock) -> None:
    path = tmp_path / "crm.db"
    with LocalCrm(path, clock=clock) as crm:
        crm.put_deal(Deal(id="d", lead_id="", created=NOW, amount=Decimal(5), currency="EUR"))
    with closing(sqlite3.connect(path)) as db, db:
        for column in ("people", "account", "crm"):
            db.execute(f"ALTER TABLE deals DROP COLUMN {column}")
        before_the_third_form(db)
        db.execute("DROP TABLE marks")
        db.execute("PRAGMA user_version = 1")
    db.close()
    with LocalCrm(path, clock=clock) as crm:
        (deal,) = crm.deals()
        assert (deal.amount, deal.people, deal.account) == (Decimal(5), (), "")
        crm.set_mark("x", "1")
        assert (crm.mark("x"), crm.mark("y")) == ("1", "")


def test_who_took_part_is_kept_and_forgotten(crm: LocalCrm) -> None:
    people = (person_key("ann@firm.example"), person_key("bob@firm.example"))
    deal = Deal(
        id="d",
        lead_id="",
        created=NOW,
        amount=Decimal(5),
        currency="EUR",
        people=people,
        account="001",
        crm="x",
    )
    assert (crm.put_deal(deal), crm.put_deal(deal)) == ("added", "same")
    assert tuple(crm.deals()) == (deal,)
    crm.erase("Ann@firm.example")
    (kept,) = crm.deals()
    assert kept.people == people[1:]


def test_what_is_gone_at_its_source_goes(crm: LocalCrm) -> None:
    crm.put_lead(lead("l"))
    crm.put_deal(Deal(id="d", lead_id="l", created=NOW, amount=Decimal(5), currency="EUR"))
    assert crm.drop("lead", "l")
    assert not crm.drop("lead", "l")
    (deal,) = crm.deals()
    assert deal.lead_id == ""
    assert crm.drop("deal", "d")
    assert list(crm.deals()) == []
