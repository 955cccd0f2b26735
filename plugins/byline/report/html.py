"""The report as one page that needs no network: style and drawing are inside, every value is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from html import escape
from importlib.resources import files

from byline.report.chart import MOST, bars
from byline.report.model import Journey, Money, Report, Row, Table
from byline.report.words import (
    COST_OF_NONE,
    NOUNS,
    UNKNOWN,
    Cents,
    between,
    counted,
    money,
    number,
    reached,
    with_cents,
)

WAYS = 12


def show(report: Report, *, tables: Iterable[str] = ()) -> str:
    """The whole page. `tables` are the names of the CSV files that lie beside it."""
    style = (files("byline.report") / "page.css").read_text(encoding="utf-8")
    return "".join(
        (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            # Nothing may be fetched and nothing may run, whatever a value from outside tries.
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n",
            '<meta name="robots" content="noindex">\n<link rel="icon" href="data:,">\n',
            f"<title>What the posts brought: {escape(report.site)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n",
            *_body(report, tuple(tables)),
            "</body>\n</html>\n",
        )
    )


def _body(report: Report, names: Sequence[str]) -> Iterator[str]:
    total = report.table.total
    yield f"<header>\n<p>{escape(report.site)}</p>\n<h1>What the posts brought</h1>\n"
    yield f"<p>{report.begin:%-d %B %Y} to {report.made:%-d %B %Y}</p>\n</header>\n<main>\n"
    yield '<section class="says" aria-label="In short">\n'
    yield from (f"<p>{escape(sentence)}</p>\n" for sentence in report.sentences)
    yield "</section>\n"
    yield from _figures(report, total)
    yield from (f'<p class="note">{escape(warning)}</p>\n' for warning in report.warnings)
    yield from _chart(report)
    yield '<h2 id="ways">What people read before they asked</h2>\n'
    yield from _ways(report.journeys)
    for by, table in report.tables.items():
        yield f'<h2 id="{by}">By {NOUNS[by].lower()}</h2>\n'
        yield from _table(table)
    yield from _stories(report)
    yield "</main>\n<footer>\n"
    yield from _method(report, names)
    yield "</footer>\n"


def _figures(report: Report, total: Row) -> Iterator[str]:
    def figure(name: str, values: Sequence[str], more: str = "") -> str:
        small = f"<small>{escape(more)}</small>" if more else ""
        return f"<div><dt>{escape(name)}</dt><dd>{'<br>'.join(map(escape, values))}{small}</dd></div>\n"

    tracked = f"{report.tracked} came by one of our links" if total.leads else ""
    yield '<dl class="figures">\n'
    yield figure("Enquiries", [number(total.leads)], tracked)
    yield figure(
        "Orders", [number(total.orders)], f"of {counted(total.opportunities, 'opportunity', 'opportunities')}"
    )
    yield figure("Revenue", money(total.revenue) or ["none yet"], f"from {report.revenue_from}")
    hours = counted(report.hours, "hour") + " of work" if report.hours else ""
    yield figure("Spent", money(total.cost) or ["not noted"], hours)
    yield "</dl>\n"


def _chart(report: Report) -> Iterator[str]:
    posts = report.tables["post"]
    title = "Enquiries by post, with a line from the lowest to the highest number that chance may explain"
    wide = bars(posts.rows, width=900, title=title)
    if not wide:
        return
    shown = [row for row in posts.rows if row.leads > 0]
    more = f" The {MOST} posts with most enquiries are drawn." if len(shown) > MOST else ""
    yield '<h2 id="chart">Which posts brought enquiries</h2>\n<figure>\n'
    yield f'<div class="wide">{wide}</div>\n<div class="narrow">{bars(posts.rows, width=358, title=title)}</div>\n'
    yield "<figcaption>The bar is what was counted; the thin line shows between how few and how many it may truly"
    yield f' be.{more} The same numbers are in <a href="#post">the table by post</a>.</figcaption>\n</figure>\n'


def _ways(journeys: Sequence[Journey]) -> Iterator[str]:
    if not journeys:
        yield "<p>No enquiry came through one of our links yet.</p>\n"
        return
    yield '<ol class="ways">\n'
    for way in journeys[:WAYS]:
        arrow = ' <span class="arrow" aria-label="then">→</span> '
        steps = arrow.join(
            f"<b>{escape(title)}</b>{escape(where)}" for title, where in map(_halves, way.steps)
        )
        order = f' <span class="order">{counted(way.orders, "order")}</span>' if way.orders else ""
        yield f'<li><span class="times">{len(way.leads)}×</span><div><p class="way">{steps}{arrow}asked{order}</p>'
        yield f"<details><summary>Show {'the enquiry' if len(way.leads) == 1 else f'the {len(way.leads)} enquiries'}</summary>"
        yield ", ".join(f"<code>{escape(key)}</code>" for key in way.leads)
        yield "</details></div></li>\n"
    yield "</ol>\n"
    rest = journeys[WAYS:]
    if rest:
        yield f"<p>And {counted(len(rest), 'other way', 'other ways')}, each seldom; all are in the CSV file.</p>\n"


def _halves(step: str) -> tuple[str, str]:
    title, dot, where = step.rpartition(" · ")
    return (title, f" on {where}") if dot else (step, "")


def _cell(name: str, lines: Sequence[str], *, small: Sequence[str] = ()) -> str:
    words = "<br>".join(escape(line) for line in lines if line)
    more = "".join(f"<small>{escape(line)}</small>" for line in small)
    zero = "" if words and words != "0" else ' class="zero"'
    return f'<td role="cell" data-name="{escape(name)}"{zero}><span>{words or "–"}{more}</span></td>'


def _table(table: Table) -> Iterator[str]:
    noun = NOUNS[table.by]
    clicks = any(row.clicks is not None for row in (*table.rows, table.total))
    heads = ["Enquiries", "Opportunities", "Orders", "Revenue", "Cost", *(["Clicks"] if clicks else [])]
    yield f'<table role="table" aria-labelledby="{table.by}">\n<thead role="rowgroup"><tr role="row">'
    yield f'<th role="columnheader" scope="col">{escape(noun)}</th>'
    yield "".join(f'<th role="columnheader" scope="col">{name}</th>' for name in heads)
    yield '</tr></thead>\n<tbody role="rowgroup">\n'
    everyone = (*table.rows, table.unattributed)
    cents = with_cents(row.revenue for row in everyone), with_cents(row.cost for row in everyone)
    for row in table.rows:
        yield _row(row, clicks, cents)
    yield _row(table.unattributed, clicks, cents, kind="unknown")
    yield _row(table.total, clicks, cents, kind="all")
    yield "</tbody></table>\n"
    if table.unattributed.cost:
        yield f'<p class="small">{escape(COST_OF_NONE)}</p>\n'


def _row(row: Row, clicks: bool, cents: Cents, kind: str = "") -> str:
    span = "" if kind == "all" or not row.leads else between(row.low, row.high)
    cells = [
        _cell("Enquiries", [number(row.leads)], small=[span] if span else []),
        _cell("Opportunities", [number(row.opportunities)]),
        _cell("Orders", [number(row.orders)]),
        _cell("Revenue", money(row.revenue, cents=cents[0]), small=_range(row.revenue_low, row.revenue_high)),
        _cell("Cost", money(row.cost, cents=cents[1])),
    ]
    if clicks:
        cells.append(_cell("Clicks", [] if row.clicks is None else [f"{row.clicks:,}"]))
    style = f' class="{kind}"' if kind else ""
    label = f'<th role="rowheader" scope="row">{escape(row.label)}</th>'
    return f'<tr role="row"{style}>{label}{"".join(cells)}</tr>\n'


def _range(low: Money | None, high: Money | None) -> list[str]:
    if not low or not high:
        return []
    parts = []
    for currency in sorted(low):
        least, most = (value.quantize(Decimal(1)) for value in (low[currency], high[currency]))
        mark = f"{currency} " if len(low) > 1 else ""
        parts.append(f"{mark}{least:,} to {most:,}" if least != most else f"{mark}{least:,}")
    return parts


def _stories(report: Report) -> Iterator[str]:
    if report.goals:
        yield '<h2 id="goals">Goals</h2>\n'
        yield from _words(
            "goals",
            ("Campaign", "Reached", "Goal", "Until"),
            (
                (
                    goal.campaign,
                    reached(goal),
                    f"{goal.target} {goal.goal}",
                    f"{goal.end:%-d %B %Y}" if goal.end else "",
                )
                for goal in report.goals
            ),
        )
    if len(report.compared) > 1:
        yield '<h2 id="compared">Does the way of counting change the picture?</h2>\n'
        yield "<p>Enquiries by post when the first, the last or every visit gets the credit.</p>\n"
        yield from _words(
            "compared",
            ("Post", "First visit", "Last visit", "Every visit"),
            ((row.label, number(row.first), number(row.last), number(row.linear)) for row in report.compared),
            style="",
        )
    if report.unknown:
        yield '<h2 id="unknown">Where the source is unknown</h2>\n'
        yield "<p>These visits carry none of our ids, so no post gets credit for them.</p>\n"
        yield from _words(
            "unknown",
            ("What they came with", "Enquiries", "Why it is unknown"),
            ((item.what, str(len(item.leads)), item.why) for item in report.unknown),
        )
    if report.heard:
        yield '<h2 id="heard">What people say brought them</h2>\n'
        yield "<p>Their own words beside what was tracked. Memory errs, and so do links: read both.</p>\n"
        yield from _words(
            "heard",
            ("They say", "Tracked", "Enquiries"),
            ((f"“{item.said}”", item.tracked, str(item.leads)) for item in report.heard),
        )


def _words(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[str]], style: str = "words"
) -> Iterator[str]:
    shown = f' class="{style}"' if style else ""
    yield f'<table role="table" aria-labelledby="{name}"{shown}><thead role="rowgroup"><tr role="row">'
    yield "".join(f'<th role="columnheader" scope="col">{escape(head)}</th>' for head in heads)
    yield '</tr></thead>\n<tbody role="rowgroup">\n'
    for row in rows:
        first, *rest = row
        cells = "".join(_cell(head, [value]) for head, value in zip(heads[1:], rest, strict=True))
        yield f'<tr role="row"><th role="rowheader" scope="row">{escape(first)}</th>{cells}</tr>\n'
    yield "</tbody></table>\n"


def _method(report: Report, names: Sequence[str]) -> Iterator[str]:
    yield '<h2 id="method">How this was counted</h2>\n<ul>\n'
    lines = [
        f"By {report.model.title}: {report.model.meaning}",
        f"Visits count for {report.window_days} days before an enquiry, an opportunity or an order. Direct visits take"
        " no credit; equal visits within 30 minutes are one.",
        f"Revenue is from {report.revenue_from}, each currency on its own. A post by two authors counts half for each.",
        f"“{UNKNOWN.capitalize()}” is what no link of ours explains: word of mouth, private messages, typed addresses,"
        " people who did not agree to be counted, and browsers that forget a visit after a week.",
        "“Between” is a 95 % interval of the enquiries (Wilson); for revenue 90 %, drawn over customers.",
        "That a visit came before an enquiry does not prove that it caused it.",
    ]
    yield from (f"<li>{escape(line)}</li>\n" for line in lines)
    yield "</ul>\n"
    if names:
        links = ", ".join(f'<a href="{escape(name)}">{escape(name)}</a>' for name in names)
        yield f'<p class="files">The same tables as files: {links}.</p>\n'
    yield f"<p>Made {report.made:%-d %B %Y, %H:%M}.</p>\n"
