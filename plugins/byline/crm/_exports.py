"""The column names of other systems' exports, as data. Names are compared without case and punctuation.

Of the six CRMs none exports the tags of a link by itself: they are fields that somebody made, named as they liked.
Labels are those of the systems' help pages and of exports that people published; where a system lets its users
rename a column, the mapping that is proposed shows what was recognised, and a person may change it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Kind = Literal["leads", "deals", "invoices"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One system's form of one kind of table. `columns`: its names (normal form) -> ours.

    `signs` are names that only this form has. `words` tell what the values of a status mean. `ids` says how record
    numbers are written: `salesforce` (15 or 18 letters), `first` (several in a cell, the first counts).
    """

    system: str
    kind: Kind
    columns: Mapping[str, str]
    signs: frozenset[str]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    ids: str = ""


# Columns about a person or of no use here: they are left out on purpose, and are told apart from unknown ones.
NOT_NEEDED = re.compile(
    r"(first|last|full|middle)_?name|name|salutation|title|job_title|(mobile_)?phone(_number)?|mobile|fax|street|city"
    r"|state(_province)?|zip(_code)?|postal_code|country(_region)?|(po|sa)(address_?line\d|city|region|postalcode|country)"
    r"|owner|(lead|deal|opportunity|contact|record)_owner|owner_(id|name)|created_by(_id)?|modified_by|last_modified_by"
    r"|do_not_modify_(row_checksum|modified_on)|modified_(on|time)|last_(modified|activity)(_date|_time)?|tag|email_lists"
    r"|description|memo|notes?|memo_description|account_?code|tax_?(type|amount|total)|quantity|unit_?amount|discount"
    r"|line_?amount|inventory_?item_?code|tracking_?(name|option)\d|planned_?date|reference|sent|terms|service_date"
    r"|(opportunity|deal)_name|topic|pipeline|probability|(potential_)?customer_type|est_revenue_base|rating|industry"
    r"|(original|latest)(_traffic)?_source\w*|(lead|source_campaign|campaign|primary_campaign)_source|source_campaign"
    r"|lead_source_channel|converted|invoice_?amount_?paid|last_?updated"
    r"|deal_title|person_name|deal_organization|organization_name|type_of_business|due_?date|fiscal_period|age"
)

_TAG = re.compile(
    r"(?:(?:person|lead|deal|contact|organization)_)?(?:(?P<which>first|last|latest)_(?:touch_)?)?"
    r"utm_?(?P<tag>source|medium|campaign|content|term|id)(?:_c)?"
)
_CLICK = re.compile(
    r"(?:(?:person|lead|deal|contact)_)?(?P<name>gclid|fbclid|li_fat_id|twclid|msclkid)(?:_c)?"
)


def of_lead(name: str) -> str:
    """Our column for a lead's column whose name says it in any system: tags, click ids, the person's own word."""
    tag = _TAG.fullmatch(name)
    if tag is not None:
        return f"{'first_' if tag['which'] == 'first' else ''}utm_{tag['tag']}"
    click = _CLICK.fullmatch(name)
    if click is not None:
        return click["name"]
    told = r"(how_did_you_hear(_about_us)?|self_reported(_source)?|heard_(about_us|from))(_c)?"
    return "self_reported_source" if re.fullmatch(told, name) else ""


def _form(
    system: str,
    kind: Kind,
    signs: str,
    columns: Mapping[str, str],
    *,
    ids: str = "",
    **words: tuple[str, ...],
) -> Export:
    return Export(
        system=system,
        kind=kind,
        columns=MappingProxyType(dict(columns)),
        signs=frozenset(signs.split()),
        words=MappingProxyType(words),
        ids=ids,
    )


_PAID = ("paid", "closed", "deposited")
_NO_INVOICE = (
    "draft",
    "voided",
    "void",
    "deleted",
    "estimate",
    "payment",
    "bill",
    "purchase order",
    "submitted",
)
_CREDIT = ("credit note", "sales credit note", "credit memo", "refund", "accreccredit")

EXPORTS: tuple[Export, ...] = (
    _form(
        "Salesforce",
        "leads",
        "lead_status create_date converted_date company_account",
        {
            "lead_id": "lead_id",
            "create_date": "created_at",
            "email": "email",
            "company_account": "company",
            "company": "company",
            "lead_status": "status",
            "converted_date": "converted_at",
            "converted_opportunity_id": "opportunity_id",
        },
        ids="salesforce",
    ),
    _form(
        "Salesforce Data Loader",
        "leads",
        "leadsource createddate isconverted convertedopportunityid",
        {
            "id": "lead_id",
            "createddate": "created_at",
            "email": "email",
            "company": "company",
            "status": "status",
            "converteddate": "converted_at",
            "convertedopportunityid": "opportunity_id",
            "landing_page_c": "landing_page",
            "referrer_c": "referrer",
        },
        ids="salesforce",
    ),
    _form(
        "Salesforce",
        "deals",
        "opportunity_id stage close_date primary_campaign_source amount_currency",
        {
            "opportunity_id": "deal_id",
            "lead_id": "lead_id",
            "stage": "stage",
            "amount": "amount",
            "amount_currency": "currency",
            "close_date": "closed_at",
            "created_date": "created_at",
            "won": "is_won",
            "closed": "is_closed",
            "email": "email",
            "primary_contact_email": "email",
        },
        ids="salesforce",
        won=("closed won",),
    ),
    _form(
        "Salesforce Data Loader",
        "deals",
        "stagename closedate iswon isclosed currencyisocode",
        {
            "id": "deal_id",
            "stagename": "stage",
            "amount": "amount",
            "currencyisocode": "currency",
            "closedate": "closed_at",
            "createddate": "created_at",
            "iswon": "is_won",
            "isclosed": "is_closed",
        },
        ids="salesforce",
        won=("closed won",),
    ),
    _form(
        "Dynamics",
        "leads",
        "do_not_modify_lead source_campaign created_on",
        {
            "do_not_modify_lead": "lead_id",
            "created_on": "created_at",
            "email": "email",
            "company_name": "company",
            "status": "status",
            "qualified_opportunity": "opportunity_id",
        },
    ),
    _form(
        "Dynamics",
        "deals",
        "do_not_modify_opportunity est_revenue actual_revenue actual_close_date originating_lead",
        {
            "do_not_modify_opportunity": "deal_id",
            "originating_lead": "lead_id",
            "created_on": "created_at",
            "actual_close_date": "closed_at",
            "actual_revenue": "amount",
            "est_revenue": "expected",
            "status": "stage",
            "currency": "currency",
            "email": "email",
        },
        won=("won",),
        lost=("lost", "canceled", "out sold"),
    ),
    _form(
        "HubSpot",
        "leads",
        "record_id lifecycle_stage original_source original_traffic_source first_page_seen first_referring_site",
        {
            "record_id": "lead_id",
            "create_date": "created_at",
            "email": "email",
            "company_name": "company",
            "lifecycle_stage": "status",
            "first_page_seen": "landing_page",
            "first_referring_site": "referrer",
            "byline_key": "",
        },
    ),
    _form(
        "HubSpot",
        "deals",
        "record_id deal_stage associated_contact_ids is_closed_won",
        {
            "record_id": "deal_id",
            "associated_contact_ids": "lead_id",
            "associated_contact_id": "lead_id",
            "create_date": "created_at",
            "close_date": "closed_at",
            "amount": "amount",
            "deal_stage": "stage",
            "is_closed_won": "is_won",
            "currency": "currency",
        },
        ids="first",
        won=("closed won",),
        lost=("closed lost",),
    ),
    _form(
        "Zoho CRM",
        "leads",
        "record_id lead_status created_time first_page_visited",
        {
            "record_id": "lead_id",
            "created_time": "created_at",
            "email": "email",
            "company": "company",
            "lead_status": "status",
            "first_page_visited": "landing_page",
            "referrer": "referrer",
            "gclid": "gclid",
        },
    ),
    _form(
        "Zoho CRM",
        "deals",
        "record_id closing_date campaign_source contact_name stage",
        {
            "record_id": "deal_id",
            "contact_name_id": "lead_id",
            "created_time": "created_at",
            "closing_date": "closed_at",
            "amount": "amount",
            "stage": "stage",
            "currency": "currency",
            "email": "email",
        },
        won=("closed won",),
        lost=("closed lost", "closed lost to competition"),
    ),
    _form(
        "Pipedrive",
        "leads",
        "person_id person_email person_created person_person_created",
        {
            "person_id": "lead_id",
            "person_created": "created_at",
            "person_person_created": "created_at",
            "person_email": "email",
            "person_email_work": "email",
            "person_organization": "company",
        },
    ),
    _form(
        "Pipedrive",
        "deals",
        "deal_id deal_title deal_value deal_status deal_deal_created deal_won_time",
        {
            "deal_id": "deal_id",
            "deal_person_id": "lead_id",
            "deal_contact_person_id": "lead_id",
            "person_email": "email",
            "deal_deal_created": "created_at",
            "deal_created": "created_at",
            "deal_won_time": "closed_at",
            "deal_value": "amount",
            "deal_currency_of_value": "currency",
            "currency_of_value": "currency",
            "deal_currency": "currency",
            "deal_status": "stage",
        },
        won=("won",),
        lost=("lost", "deleted"),
    ),
    _form(
        "Constant Contact",
        "leads",
        "email_address source_name email_lists",
        {"email_address": "email", "created_at": "created_at", "company": "company", "source_name": "status"},
        ids="email",
    ),
    _form(
        "Xero",
        "invoices",
        "contactname emailaddress invoicenumber invoicedate invoiceamountpaid invoiceamountdue",
        {
            "invoicenumber": "invoice_id",
            "contactname": "company",
            "emailaddress": "customer_email",
            "invoicedate": "issued_at",
            "fully_paid_on_date": "paid_at",
            "fullypaidondate": "paid_at",
            "total": "amount",
            "invoiceamountdue": "balance",
            "currency": "currency",
            "status": "state",
            "type": "type",
        },
        paid=_PAID,
        left_out=_NO_INVOICE,
        credit=_CREDIT,
    ),
    _form(
        "QuickBooks Online",
        "invoices",
        "transaction_type no num customer open_balance balance invoice_no",
        {
            "no": "invoice_id",
            "num": "invoice_id",
            "invoice_no": "invoice_id",
            "customer": "company",
            "customer_full_name": "company",
            "name": "company",
            "customer_email": "customer_email",
            "email": "customer_email",
            "date": "issued_at",
            "invoice_date": "issued_at",
            "date_paid": "paid_at",
            "paid_date": "paid_at",
            "payment_date": "paid_at",
            "amount": "amount",
            "total": "amount",
            "total_amount": "amount",
            "open_balance": "balance",
            "balance": "balance",
            "currency": "currency",
            "status": "state",
            "transaction_type": "type",
            "type": "type",
        },
        paid=_PAID,
        left_out=_NO_INVOICE,
        credit=_CREDIT,
    ),
    # Any other system, by names that many of them use.
    _form(
        "",
        "leads",
        "",
        {
            "lead_id": "lead_id",
            "id": "lead_id",
            "record_id": "lead_id",
            "lead_number": "lead_id",
            "created_at": "created_at",
            "created": "created_at",
            "created_on": "created_at",
            "date_created": "created_at",
            "create_date": "created_at",
            "created_date": "created_at",
            "created_time": "created_at",
            "email": "email",
            "e_mail": "email",
            "email_address": "email",
            "company": "company",
            "company_name": "company",
            "account_name": "company",
            "organization": "company",
            "status": "status",
            "lead_status": "status",
            "landing_page": "landing_page",
            "referrer": "referrer",
        },
    ),
    _form(
        "",
        "deals",
        "",
        {
            "deal_id": "deal_id",
            "opportunity_id": "deal_id",
            "order_id": "deal_id",
            "order_number": "deal_id",
            "id": "deal_id",
            "lead_id": "lead_id",
            "contact_id": "lead_id",
            "email": "email",
            "contact_email": "email",
            "customer_email": "email",
            "created_at": "created_at",
            "created": "created_at",
            "created_on": "created_at",
            "created_date": "created_at",
            "date_created": "created_at",
            "order_date": "created_at",
            "closed_at": "closed_at",
            "close_date": "closed_at",
            "closing_date": "closed_at",
            "won_date": "closed_at",
            "stage": "stage",
            "status": "stage",
            "won": "is_won",
            "is_won": "is_won",
            "amount": "amount",
            "value": "amount",
            "total": "amount",
            "revenue": "amount",
            "currency": "currency",
        },
        won=("won", "closed won"),
        lost=("lost", "closed lost"),
    ),
    _form(
        "",
        "invoices",
        "",
        {
            "invoice_id": "invoice_id",
            "invoice": "invoice_id",
            "invoice_no": "invoice_id",
            "invoice_number": "invoice_id",
            "customer": "company",
            "customer_name": "company",
            "company": "company",
            "customer_email": "customer_email",
            "email": "customer_email",
            "date": "issued_at",
            "issued_at": "issued_at",
            "invoice_date": "issued_at",
            "issue_date": "issued_at",
            "paid_at": "paid_at",
            "paid_on": "paid_at",
            "paid_date": "paid_at",
            "payment_date": "paid_at",
            "amount": "amount",
            "total": "amount",
            "balance": "balance",
            "amount_due": "balance",
            "open_balance": "balance",
            "currency": "currency",
            "currency_code": "currency",
            "status": "state",
            "type": "type",
        },
        paid=_PAID,
        left_out=_NO_INVOICE,
        credit=_CREDIT,
    ),
)
