"""Files from other systems in, safe files out."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byline.crm import csv
from byline.crm.base import person_key
from byline.crm.local import LocalCrm
from byline.errors import ContentError, UsageError
from byline.model import Deal, Invoice, Lead

FORM = csv.Form(zone=ZoneInfo("Europe/Berlin"))
LEADS = """\
lead_id,created_at,email,company,status,utm_source,utm_medium,utm_campaign,utm_content,first_utm_source,first_utm_content,landing_page,referrer,self_reported_source
L1,2026-11-20T10:00:00+01:00,Ann@Firm.example,Firm,New,LinkedIn,social,q4,hp7.linkedin.dana,twitter,hp7.twitter.acme,/posts/honest-pricing/,,a fair
L2,2026-11-21,bob@b.example,"Two
lines, Ltd",,,,,,,,/,https://www.google.com/,
"""
DEALS = """\
deal_id,lead_id,email,created_at,closed_at,stage,is_won,is_closed,amount,currency
D1,L1,,2026-11-20,2026-11-22,Closed Won,true,true,1234.50,EUR
D2,,bob@b.example,2026-11-22,,Offer,false,false,10,usd
D3,L1,,2026-11-23,2026-11-23,Refund,true,true,-34.50,EUR
"""
INVOICES = """\
invoice_id,customer_email,company,issued_at,paid_at,amount,currency
I1,ann@firm.example,,2026-11-22,2026-11-24,99.90,EUR
I2,,Firm,2026-11-22,,5,EUR
"""


def read(text: str, form: csv.Form = FORM) -> csv.Table:
    return csv.read(text.encode(), file="in.csv", form=form)


def test_leads_with_their_first_and_last_touch() -> None:
    table = read(LEADS)
    assert (table.kind, table.rows, table.problems, table.notes) == ("leads", 2, (), ())
    one, two = table.items
    assert isinstance(one, Lead)
    assert isinstance(two, Lead)
    assert one.at == datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert (one.person, one.email, one.company) == (person_key("ann@firm.example"), "", "Firm")
    assert [(touch.source, touch.content) for touch in one.touches] == [
        ("twitter", "hp7.twitter.acme"),
        ("linkedin", "hp7.linkedin.dana"),
    ]
    assert (one.heard_from, one.fields["page"]) == ("a fair", "/posts/honest-pricing/")
    assert two.at == datetime(2026, 11, 20, 23, tzinfo=UTC)  # midnight in Berlin
    assert (two.company, two.touches[0].referrer) == ("Two\nlines, Ltd", "https://www.google.com/")


def test_deals_and_invoices() -> None:
    won, loose, refund = read(DEALS).items
    assert isinstance(won, Deal)
    assert isinstance(loose, Deal)
    assert isinstance(refund, Deal)
    assert (won.won, won.amount, won.currency, won.lead_id) == (True, Decimal("1234.50"), "EUR", "L1")
    assert (loose.won, loose.currency, loose.person) == (False, "USD", person_key("BOB@b.example"))
    assert (refund.won, refund.amount) == (True, Decimal("-34.50"))
    paid, open_ = read(INVOICES).items
    assert isinstance(paid, Invoice)
    assert isinstance(open_, Invoice)
    assert (paid.person, paid.amount) == (person_key("ann@firm.example"), Decimal("99.90"))
    assert (open_.paid, open_.company) == (None, "Firm")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_way_in_which_programs_save(encoding: str, separator: str) -> None:
    rows = [["Lead ID", "Created At", "Company"], ["L1", "2026-11-20", "Müller & Söhne"]]
    text = "\r\n".join(separator.join(row) for row in rows) + "\r\n"
    table = csv.read(text.encode(encoding), file="in.csv", form=FORM)
    assert [item.company for item in table.items if isinstance(item, Lead)] == ["Müller & Söhne"]


def test_every_bad_line_is_told_at_once_with_its_number() -> None:
    table = read(
        "deal_id,lead_id,created_at,amount,currency,is_won,closed_at\n"
        'D1,L1,2026-11-20,"1,234.50",EUR,true,\n'
        '"D\n2",L1,24.11.2026,5,EURO,maybe,\n'
        ",,,,,,\n"
        ",L1,2026-11-20,5,EUR,,\n"
        "D4,,2026-11-20,5,EUR,,\n"
        "D5,L1,2026-11-20,5,EUR,true,2026-11-01\n"
        "D6,L1,2026-03-29T02:30,5,EUR,true,\n"
        "D7,L1,2026-11-20,5,EUR,true,,more\n"
    )
    assert [(problem.line, problem.key) for problem in table.problems] == [
        (2, "amount"),
        (3, "created_at"),
        (3, "currency"),
        (3, "is_won"),
        (6, "deal_id"),
        (7, "lead_id"),
        (8, "closed_at"),
        (9, "created_at"),
        (10, ""),
    ]
    assert "does not exist" in table.problems[7].message
    assert all(problem.fix for problem in table.problems)
    assert table.items == ()


def test_dates_and_commas_are_read_when_they_are_said() -> None:
    text = "deal_id;lead_id;created_at;amount;currency\nD1;L1;24.11.2026 09:30;1.234,50;EUR\n"
    assert len(read(text).problems) == 2
    form = csv.Form(zone=FORM.zone, dates="DD.MM.YYYY hh:mm", comma=True)
    (deal,) = read(text, form).items
    assert isinstance(deal, Deal)
    assert (deal.created, deal.amount) == (datetime(2026, 11, 24, 8, 30, tzinfo=UTC), Decimal("1234.50"))


@pytest.mark.parametrize("dates", ["DD.MM", "%d.%m.%Y", "DD/DD/YYYY", "yesterday"])
def test_a_form_of_dates_that_cannot_be_is_refused(dates: str) -> None:
    with pytest.raises(UsageError, match="does not say how dates are written"):
        csv.date_pattern(dates)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"a,b\n1,2\n", "none of `lead_id`"),
        (b"\x89PNG\x00\x00", "not a text file"),
        (b"lead_id\nL1\n", "no column `created_at`"),
        (b"lead_id,created_at,email,email\n", "stands there twice"),
        (b'lead_id,created_at\n"' + b"x" * 200_000, "cannot be read as CSV"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(data: bytes, words: str) -> None:
    with pytest.raises(ContentError) as caught:
        csv.read(data, file="in.csv", form=FORM)
    assert any(words in problem.message for problem in caught.value.problems)


def test_the_same_number_twice_with_other_values_is_a_mistake() -> None:
    table = read("lead_id,created_at\nL1,2026-11-20\nL1,2026-11-20\nL1,2026-11-21\n")
    assert [problem.line for problem in table.problems] == [4]


def test_unknown_columns_are_named_not_dropped_in_silence() -> None:
    assert "Shoe size" in read("lead_id,created_at,Shoe size\nL1,2026-11-20,44\n").notes[0]


def test_the_same_files_again_change_nothing(tmp_path: Path) -> None:
    with LocalCrm(tmp_path / "crm.db") as crm:
        for wanted in ("added", "same"):
            for text in (LEADS, DEALS, INVOICES):
                table = read(text)
                assert csv.store(table, crm) == {"added": 0, "changed": 0, "same": 0} | {wanted: table.rows}
        assert {deal.id: deal.lead_id for deal in crm.deals()} == {"D1": "L1", "D2": "L2", "D3": "L1"}
        assert csv.store(read(DEALS.replace("Offer", "Lost")), crm)["changed"] == 1


@given(st.text(max_size=30))
def test_no_value_runs_in_a_spreadsheet(value: str) -> None:
    shown = csv.neutral(value)
    number = shown.lstrip("-").replace(".", "", 1).isdigit()
    assert number or not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert shown in (value, "'" + value)


def test_a_table_reads_back_as_it_was_written() -> None:
    rows = [["L1", "2026-11-20", "=1+1"], ["L2", "2026-11-20", 'say "hi",\nthere']]
    data = csv.write(["lead_id", "created_at", "company"], rows)
    assert data.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in data
    assert b"'=1+1" in data
    table = csv.read(data, file="out.csv", form=FORM)
    assert [item.company for item in table.items if isinstance(item, Lead)] == ["=1+1", 'say "hi",\nthere']
