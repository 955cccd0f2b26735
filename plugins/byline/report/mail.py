"""The report as a mail: its sentences and the table that was asked for, with the whole page attached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape

from byline.mail.headers import Attached, Letterhead, build
from byline.report import html, text
from byline.report.model import Report, Row, Table
from byline.report.words import NOUNS, between, money, number, plain

_FONT = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_CELL = (
    "padding:6px 14px 6px 0;border-bottom:1px solid #d5dade;text-align:left;vertical-align:top;font-size:14px"
)
MOST_ROWS = 12


def subject(report: Report) -> str:
    """What the inbox shows: the site, and how many enquiries and orders came."""
    total = report.table.total
    if total.few:
        return f"{report.site}: what the posts brought"
    orders = f", {number(total.orders)} orders" if total.orders else ""
    return f"{report.site}: {number(total.leads)} enquiries{orders}"


def mail(report: Report, *, sender: str, sender_name: str, to: str, message_id: str, at: datetime) -> bytes:
    """The whole mail. It holds what the report holds: ids of leads at most, and with `--share` not even these."""
    head = Letterhead(
        sender=sender,
        sender_name=sender_name or report.site,
        to=to,
        subject=subject(report),
        message_id=message_id,
        at=at,
        more={"Auto-Submitted": "auto-generated"},
    )
    page = Attached(name="report.html", kind="text/html", data=html.show(report).encode())
    return build(head, text=text.show(report), html="".join(_page(report)), files=(page,))


def _page(report: Report) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
    yield "<style>@media (prefers-color-scheme:dark){body,td,th,p,h1,h2{color:#e9ecef!important}}</style>"
    yield f"<title>{escape(subject(report))}</title></head>\n"
    yield f'<body style="margin:0;padding:20px;{_FONT};color:#1c2126;line-height:1.5">\n'
    yield f'<h1 style="font-size:20px;margin:0 0 4px 0">{escape(plain(report.site))}: what the posts brought</h1>\n'
    yield f'<p style="margin:0 0 16px 0">{report.begin:%-d %B %Y} to {report.made:%-d %B %Y}</p>\n'
    for sentence in report.sentences:
        yield f'<p style="margin:0 0 10px 0">{escape(sentence)}</p>\n'
    for warning in report.warnings:
        yield f'<p style="margin:0 0 10px 0"><b>Note:</b> {escape(warning)}</p>\n'
    yield from _table(report.table)
    yield '<p style="margin:16px 0 0 0;font-size:13px">Everything else is on the page that is attached. It opens without a network.</p>\n'
    yield "</body></html>\n"


def _table(table: Table) -> Iterator[str]:
    heads = (NOUNS[table.by], "Enquiries", "Orders", "Revenue", "Cost")
    yield f'<h2 style="font-size:17px;margin:20px 0 8px 0">By {NOUNS[table.by].lower()}</h2>\n'
    yield '<table cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse">\n<tr>'
    yield "".join(f'<th style="{_CELL}">{escape(head)}</th>' for head in heads) + "</tr>\n"
    busy = [row for row in table.rows if not row.idle]
    for row in (*busy[:MOST_ROWS], table.unattributed, table.total):
        yield _row(row, whole=row is table.total)
    yield "</table>\n"
    if len(busy) > MOST_ROWS:
        yield f'<p style="font-size:13px">And {len(busy) - MOST_ROWS} more on the page.</p>\n'


def _row(row: Row, *, whole: bool) -> str:
    span = (
        ""
        if whole or row.few or not row.leads
        else f"<br><small>{escape(between(row.low, row.high))}</small>"
    )
    leads = "few" if row.few and not row.leads else number(row.leads)
    orders = "" if row.few else number(row.orders)
    revenue = "" if row.few else "<br>".join(map(escape, money(row.revenue)))
    cells = (escape(row.label), leads + span, orders, revenue, "<br>".join(map(escape, money(row.cost))))
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>\n"
