"""Exports of other systems, recognised by their columns and read through a saved mapping."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from byline.crm import _mapping, csv
from byline.crm.base import person_key
from byline.crm.local import LocalCrm
from byline.errors import ContentError
from byline.model import Deal, Invoice, Lead

FORM = csv.Form(zone=ZoneInfo("Europe/Berlin"))
XERO = """\
*ContactName,EmailAddress,POCity,*InvoiceNumber,*InvoiceDate,*DueDate,Total,InvoiceAmountPaid,InvoiceAmountDue,*Description,Currency,Type,Status
Firm Ltd,ann@firm.example,Leeds,INV-1,05/11/2026,05/12/2026,"1,200.00","1,200.00",0.00,Press,GBP,Sales invoice,Paid
Firm Ltd,ann@firm.example,Leeds,INV-1,05/11/2026,05/12/2026,"1,200.00","1,200.00",0.00,Tools,GBP,Sales invoice,Paid
Other GmbH,,,INV-2,24/11/2026,24/12/2026,500.00,100.00,400.00,Press,GBP,Sales invoice,Awaiting Payment
Odd Inc,,,INV-3,25/11/2026,24/12/2026,500.00,0.00,500.00,Press,GBP,Sales invoice,Draft
Firm Ltd,,,CN-1,25/11/2026,24/12/2026,50.00,50.00,0.00,Back,GBP,Sales credit note,Paid
"""
QUICKBOOKS = """\
Acme Inc,,,,,,,
Invoice List,,,,,,,
"January - December, 2026",,,,,,,
,,,,,,,
Date,Transaction type,Num,Name,Memo/Description,Due date,Amount,Open balance
11/24/2026,Invoice,1001,Firm Ltd,press,12/24/2026,"$1,234.50",0.00
11/25/2026,Invoice,1002,Nobody LLC,press,12/24/2026,"2,000.00","2,000.00"
11/26/2026,Credit Memo,1003,Firm Ltd,back,12/24/2026,(100.00),0.00
11/27/2026,Payment,1004,Firm Ltd,,,50.00,0.00
Total,,,,,,"$3,134.50",
"""
SAMPLES: dict[str, tuple[str, str, str, set[str]]] = {  # file -> system, kind, text, columns of ours that must be found
    "salesforce-report": (
        "Salesforce",
        "leads",
        "Lead ID,First Name,Last Name,Company / Account,Email,Lead Source,Lead Status,Create Date,Converted,Converted Date,UTM Content\n"
        "00Q5g00000AbCdEFGH,Ann,E,Firm,ann@firm.example,Web,New,24/11/2026,0,,hp7.linkedin.dana\n",
        {"lead_id", "company", "email", "status", "created_at", "converted_at", "utm_content"},
    ),
    "data-loader": (
        "Salesforce Data Loader",
        "leads",
        "ID,LEADSOURCE,CREATEDDATE,ISCONVERTED,CONVERTEDOPPORTUNITYID,EMAIL,UTM_SOURCE__C,FIRST_UTM_SOURCE__C\n"
        "00Q5g00000AbCdEFGH,Web,2026-11-24T09:30:00.000Z,true,0065g00000XyZabIJK,a@b.example,linkedin,twitter\n",
        {"lead_id", "created_at", "opportunity_id", "email", "utm_source", "first_utm_source"},
    ),
    "salesforce-deals": (
        "Salesforce",
        "deals",
        "Opportunity ID,Opportunity Name,Stage,Amount,Amount Currency,Close Date,Created Date,Lead Source,Primary Campaign Source,Won\n"
        "0065g00000XyZab,Press,Closed Won,12000.50,EUR,24/11/2026,01/10/2026,Web,Q4,1\n",
        {"deal_id", "stage", "amount", "currency", "closed_at", "created_at", "is_won"},
    ),
    "dynamics-leads": (
        "Dynamics",
        "leads",
        "(Do Not Modify) Lead,(Do Not Modify) Row Checksum,(Do Not Modify) Modified On,Topic,Name,Email,Lead Source,Source Campaign,Status,Created On\n"
        "5e1a0000-0000-4000-8000-00000000cafe,x,,Press,Ann,a@b.example,Web,Q4,New,24.11.2026 09:30\n",
        {"lead_id", "email", "status", "created_at"},
    ),
    "dynamics-deals": (
        "Dynamics",
        "deals",
        "(Do Not Modify) Opportunity,Topic,Potential Customer,Est. Revenue,Actual Revenue,Actual Close Date,Status,Source Campaign,Originating Lead,Created On\n"
        "5e1a0000-0000-4000-8000-00000000dea1,Press,Firm,€5.000,,,Open,Q4,L1,24.11.2026\n"
        '5e1a0000-0000-4000-8000-00000000dea2,Press,Firm,"€5.000,00","€4.800,50",25.11.2026,Won,Q4,L1,24.11.2026\n',
        {"deal_id", "lead_id", "expected", "amount", "closed_at", "stage", "created_at"},
    ),
    "hubspot-contacts": (
        "HubSpot",
        "leads",
        "Record ID,First Name,Last Name,Email,Create Date,Lifecycle Stage,Original Source,Original Source Drill-Down 1,First Page Seen,First Referring Site\n"
        "101,Ann,E,a@b.example,2026-11-24 09:30,lead,Organic Social,LinkedIn,https://x.example/,https://www.linkedin.com/\n",
        {"lead_id", "email", "created_at", "status", "landing_page", "referrer"},
    ),
    "hubspot-deals": (
        "HubSpot",
        "deals",
        "Record ID,Deal Name,Amount,Deal Stage,Pipeline,Close Date,Create Date,Associated Contact IDs,Is Closed Won\n"
        "9,Press,1200.50,Closed won,Sales,2026-11-24 10:00,2026-10-01 10:00,101;102,true\n",
        {"deal_id", "lead_id", "amount", "stage", "closed_at", "created_at", "is_won"},
    ),
    "zoho-deals": (
        "Zoho CRM",
        "deals",
        "Record Id,Deal Name,Amount,Stage,Closing Date,Lead Source,Campaign Source,Contact Name,Contact Name.id,Created Time\n"
        "zcrm_1,Press,900.50,Closed Won,2026-11-24,Web,Q4,Ann,zcrm_7,2026-10-01 10:00:00\n",
        {"deal_id", "amount", "stage", "closed_at", "lead_id", "created_at"},
    ),
    "zoho-leads": (
        "Zoho CRM",
        "leads",
        "Record Id,First Name,Last Name,Email,Company,Lead Source,Lead Status,Created Time,Referrer,First Page Visited,GCLID\n"
        "zcrm_1,Ann,E,a@b.example,Firm,Web,New,2026-11-24 10:00:00,https://x.example,/p/,abc\n",
        {"lead_id", "email", "company", "status", "created_at", "referrer", "landing_page", "gclid"},
    ),
    "pipedrive-people": (
        "Pipedrive",
        "leads",
        "Person - ID,Person - Name,Person - Email - Work,Person - Person created,Person - UTM source\n"
        "77,Ann,a@b.example,2026-11-24 10:00:00,linkedin\n",
        {"lead_id", "email", "created_at", "utm_source"},
    ),
    "pipedrive-deals": (
        "Pipedrive",
        "deals",
        "Deal - ID;Deal - Title;Deal - Value;Deal - Currency of Value;Deal - Status;Deal - Won time;Deal - Deal created;Deal - Person ID\n"
        "1;Press;1.234,50;EUR;won;2026-11-24 10:00:00;2026-10-01 09:00:00;77\n",
        {"deal_id", "amount", "currency", "stage", "closed_at", "created_at", "lead_id"},
    ),
    "constant-contact": (
        "Constant Contact",
        "leads",
        "Email address,First name,Last name,Source name,Created At,Email lists\na@b.example,Ann,E,Form,2026-11-24,News\n",
        {"email", "created_at", "status"},
    ),
    "xero": ("Xero", "invoices", XERO, {"invoice_id", "customer_email", "company", "amount", "balance", "state"}),
    "quickbooks": ("QuickBooks Online", "invoices", QUICKBOOKS, {"invoice_id", "company", "amount", "balance", "type"}),
    "mosaic": (
        "",
        "deals",
        "Deal ID,Contact Email,Created,Won Date,Status,Value,Currency,Colour\n1,a@b.example,2026-10-01,2026-11-24,Won,5.50,EUR,red\n",
        {"deal_id", "email", "created_at", "closed_at", "stage", "amount", "currency"},
    ),
}  # fmt: skip


def propose(text: str, **more: Any) -> Any:
    return csv.propose(text.encode(), file="in.csv", currency="EUR", **more)


def read(text: str, saved: _mapping.Saved) -> csv.Table:
    return csv.read(text.encode(), file="in.csv", form=FORM, mappings=(saved,))


@pytest.mark.parametrize("name", SAMPLES)
def test_each_system_is_known_by_its_columns(name: str, tmp_path: Path) -> None:
    system, kind, text, wanted = SAMPLES[name]
    found = propose(text)
    assert (found.system, found.saved.kind, found.questions) == (system, kind, ())
    assert wanted <= set(found.saved.columns.values())
    path = tmp_path / "saved.yml"
    path.write_text(_mapping.dump(found.saved, about="x"), encoding="utf-8")
    again = _mapping.load(path, shown="saved.yml", known=csv.COLUMNS)
    assert {**dict(again.columns), "": again.dates} == {**dict(found.saved.columns), "": found.saved.dates}
    table = read(text, again)
    assert table.problems == ()
    assert table.items


def first(name: str) -> Lead | Deal | Invoice:
    text = SAMPLES[name][2]
    return read(text, propose(text).saved).items[0]


def test_what_the_exports_say_is_what_is_kept() -> None:
    lead = first("data-loader")
    assert isinstance(lead, Lead)
    assert (lead.id, lead.fields["opportunity_id"]) == ("00Q5g00000AbCdE", "0065g00000XyZab")
    assert [touch.source for touch in lead.touches] == ["twitter", "linkedin"]
    deal = first("pipedrive-deals")
    assert isinstance(deal, Deal)
    assert (deal.amount, deal.won, deal.lead_id) == (Decimal("1234.50"), True, "77")
    hubspot = first("hubspot-deals")
    assert isinstance(hubspot, Deal)
    assert (hubspot.lead_id, hubspot.won) == ("101", True)
    dynamics = first("dynamics-leads")
    assert isinstance(dynamics, Lead)
    assert dynamics.at == datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
    contact = first("constant-contact")
    assert isinstance(contact, Lead)
    assert contact.id == person_key("a@b.example")[:20]
    expected, won = read(SAMPLES["dynamics-deals"][2], propose(SAMPLES["dynamics-deals"][2]).saved).items
    assert isinstance(expected, Deal)
    assert isinstance(won, Deal)
    assert (expected.amount, expected.won, won.amount, won.won) == (
        Decimal("5000"),
        False,
        Decimal("4800.50"),
        True,
    )


def test_an_open_deals_hoped_for_day_is_no_close() -> None:
    text = (
        "Opportunity ID,Stage,Amount,Amount Currency,Close Date,Created Date,Won\n"
        "0065g00000XyZab,Prospecting,1,EUR,2026-12-24,2026-10-01,0\n"
    )
    (deal,) = read(text, propose(text).saved).items
    assert isinstance(deal, Deal)
    assert (deal.closed, deal.won) == (None, False)


def test_invoices_of_xero() -> None:
    table = read(XERO, propose(XERO).saved)
    found = {item.id: item for item in table.items if isinstance(item, Invoice)}
    assert set(found) == {"INV-1", "INV-2", "CN-1"}  # one row a line of the invoice; the draft is none
    assert (found["INV-1"].amount, found["INV-1"].person) == (
        Decimal("1200.00"),
        person_key("ann@firm.example"),
    )
    assert found["INV-1"].paid == found["INV-1"].issued
    assert found["INV-2"].paid is None  # a part of it is not all of it
    assert found["CN-1"].amount == Decimal("-50.00")
    assert any("does not say when" in note and note.endswith("2") for note in table.notes)


def test_invoices_of_quickbooks_below_a_title_and_above_a_total() -> None:
    table = read(QUICKBOOKS, propose(QUICKBOOKS).saved)
    found = {item.id: item for item in table.items if isinstance(item, Invoice)}
    assert {key: item.amount for key, item in found.items()} == {
        "1001": Decimal("1234.50"),
        "1002": Decimal("2000.00"),
        "1003": Decimal("-100.00"),
    }
    assert found["1001"].issued == datetime(2026, 11, 23, 23, tzinfo=UTC)  # midnight in Berlin
    assert (found["1002"].paid, found["1001"].currency) == (None, "EUR")
    assert len(table.notes) == 3


def test_nothing_is_guessed_between_day_and_month() -> None:
    text = "Deal ID,Contact Email,Created,Status,Value\n1,a@b.example,01/10/2026,Won,5.50\n"
    (question,) = propose(text).questions
    assert "--dates DD/MM/YYYY" in question
    assert "--dates MM/DD/YYYY" in question
    assert propose(text, dates="MM/DD/YYYY").saved.dates == "MM/DD/YYYY"
    assert propose(text.replace("01/10", "25/10")).saved.dates == "DD/MM/YYYY"


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("25/11/2026, 3:45 PM", "DD/MM/YYYY, hh:mm AM"),
        ("11/25/2026 03:45", "MM/DD/YYYY hh:mm"),
        ("25.11.26", "DD.MM.YY"),
        ("2026/11/25", "YYYY/MM/DD"),
        ("2026-11-25T10:00:00+01:00", ""),
    ],
)
def test_ways_to_write_a_date(written: str, form: str) -> None:
    text = f'Deal ID,Contact Email,Created,Status,Value\n1,a@b.example,"{written}",Won,5.50\n'
    found = propose(text)
    assert (found.saved.dates, found.questions) == (form, ())
    (deal,) = read(text, found.saved).items
    assert isinstance(deal, Deal)
    assert deal.created.astimezone(FORM.zone).date().isoformat() == "2026-11-25"
    if "3:45 PM" in written:
        assert deal.created.astimezone(FORM.zone).hour == 15


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("€ 1 234,50", "1234.50"),
        ("CHF 1'234.50", "1234.50"),
        ("(1,234.50)", "-1234.50"),
        ("-1234.5", "-1234.5"),
        ("US$1,234,567.00", "1234567.00"),
        ("1234,5-", "-1234.5"),
    ],
)
def test_ways_to_write_an_amount(written: str, amount: str) -> None:
    text = f'Deal ID,Contact Email,Created,Status,Value\n1,a@b.example,2026-11-24,Won,"{written}"\n'
    found = propose(text)
    assert found.questions == ()
    (deal,) = read(text, found.saved).items
    assert isinstance(deal, Deal)
    assert deal.amount == Decimal(amount)


def test_an_amount_that_can_be_two_is_asked_about() -> None:
    text = 'Deal ID,Contact Email,Created,Status,Value\n1,a@b.example,2026-11-24,Won,"1,234"\n'
    assert "two ways" in propose(text).questions[0]
    for decimal, amount in (("point", "1234"), ("comma", "1.234")):
        (deal,) = read(text, propose(text, decimal=decimal).saved).items
        assert isinstance(deal, Deal)
        assert deal.amount == Decimal(amount)


def test_an_amount_not_written_as_the_mapping_says_is_a_mistake_with_its_line() -> None:
    saved = propose(XERO).saved
    table = read(XERO.replace('"1,200.00","1,200.00",0.00,Tools', '"1.200,00","1,200.00",0.00,Tools'), saved)
    assert [problem.line for problem in table.problems] == [3]


def test_the_mapping_that_fits_best_is_taken_and_our_own_header_needs_none() -> None:
    xero, quickbooks = propose(XERO).saved, propose(QUICKBOOKS).saved
    table = csv.read(QUICKBOOKS.encode(), file="in.csv", form=FORM, mappings=(xero, quickbooks))
    assert len(table.items) == 3
    own = "invoice_id,company,issued_at,amount,currency\nI1,Firm,2026-11-24,5,EUR\n"
    assert csv.read(own.encode(), file="in.csv", form=FORM, mappings=(xero, quickbooks)).items


def test_a_column_that_the_mapping_names_and_the_file_lacks_is_told() -> None:
    with pytest.raises(ContentError) as caught:
        csv.read(b"Date,Num\n2026-11-24,1\n", file="in.csv", form=FORM, mappings=(propose(QUICKBOOKS).saved,))
    assert caught.value.problems


def test_a_file_of_which_nothing_is_known() -> None:
    with pytest.raises(ContentError) as caught:
        propose("Fruit,Colour\napple,red\n")
    assert "--kind" in caught.value.problems[0].fix


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: leads\ncolumns: {Number: lead_idd}\n", "no column of leads"),
        ("kind: loads\ncolumns: {Number: lead_id}\n", "`kind` is `loads`"),
        ("kind: leads\n", "no column is named"),
        ("kind: leads\ncolumns: {Number: lead_id}\nthousands: '#'\n", "one of , . '"),
        ("kind: leads\ncolumns: {Number: lead_id}\ncolour: red\n", "`colour` is not known"),
        ("kind: [", "in.yml"),
        ("- a\n", "no column is named"),
    ],
)
def test_mistakes_in_a_mapping_are_told(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "in.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        _mapping.load(path, shown="in.yml", known=csv.COLUMNS)
    assert any(
        words in f"{problem.file}: {problem.message} {problem.fix}" for problem in caught.value.problems
    )


def test_a_deal_that_names_nobody_belongs_to_the_lead_that_names_it(tmp_path: Path) -> None:
    deals = SAMPLES["salesforce-deals"][2]
    with LocalCrm(tmp_path / "crm.db") as crm:
        for text in (SAMPLES["data-loader"][2], deals):
            csv.store(read(text, propose(text).saved), crm)
        (deal,) = crm.deals()
    assert deal.lead_id == "00Q5g00000AbCdE"


def test_invoices_that_nobody_has_are_listed_with_who_was_perhaps_meant() -> None:
    leads = [
        Lead(
            id="1",
            at=datetime(2026, 1, 1, tzinfo=UTC),
            person=person_key("ann@firm.example"),
            company="Firm Ltd",
        ),
    ]
    paid = {"issued": datetime(2026, 2, 1, tzinfo=UTC), "paid": datetime(2026, 2, 2, tzinfo=UTC)}
    money = {"amount": Decimal(1), "currency": "EUR"}
    invoices = [
        Invoice(id="by person", person=person_key("ann@firm.example"), **paid, **money),
        Invoice(id="by company", company="FIRM LTD", **paid, **money),
        Invoice(id="nearly", company="Firm Limited", **paid, **money),
        Invoice(id="nobody", company="Zebra AG", **paid, **money),
        Invoice(id="not paid", company="Zebra AG", issued=paid["issued"], **money),
    ]
    assert [(one.id, meant) for one, meant in csv.unmatched(invoices, leads)] == [
        ("nearly", "Firm Ltd"),
        ("nobody", ""),
    ]


HOSTILE = "=cmd|'/C calc'!A0 <script>alert(1)</script> \x1b[31m'; DROP TABLE leads;-- \r\nBcc: x@y.example"


def test_hostile_values_are_text(tmp_path: Path) -> None:
    cell = HOSTILE.replace('"', '""')
    text = f'Record Id,Email,Company,Lead Status,Created Time,Lead Source\n"{cell}",a@b.example,"{cell}","{cell}",2026-11-24,x\n'
    (lead,) = read(text, propose(text).saved).items
    assert isinstance(lead, Lead)
    assert lead.company.startswith("=cmd|'/C calc'!A0 <script>")
    assert "\x1b" not in lead.company + lead.id
    with LocalCrm(tmp_path / "crm.db") as crm:
        csv.store(read(text, propose(text).saved), crm)
        assert [one.company for one in crm.leads()] == [lead.company]
    assert csv.neutral(lead.company).startswith("'=")


def test_a_hostile_header_stays_a_name(tmp_path: Path) -> None:
    odd = 'x": evil\\n\u202e{{}} #'
    text = f'Record Id,Email,Company,Lead Status,Created Time,"{odd.replace(chr(34), chr(34) * 2)}"\n1,a@b.example,F,New,2026-11-24,y\n'
    found = propose(text)
    columns = {**found.saved.columns, odd: "utm_term"}
    saved = _mapping.Saved(name="x", kind="leads", columns=columns)
    path = tmp_path / "x.yml"
    path.write_text(_mapping.dump(saved, about="x"), encoding="utf-8")
    again = _mapping.load(path, shown="x.yml", known=csv.COLUMNS)
    assert dict(again.columns) == columns
    (lead,) = read(text, again).items
    assert isinstance(lead, Lead)
    assert lead.touches[0].term == "y"


@example([["", "\r"]])
@given(st.lists(st.lists(st.text(max_size=12), min_size=1, max_size=6), min_size=1, max_size=6))
def test_any_table_is_proposed_or_refused_in_words(rows: list[list[str]]) -> None:
    data = csv.write(rows[0], rows[1:])
    try:
        found = csv.propose(data, file="in.csv")
    except ContentError:
        return
    assert found.saved.columns
