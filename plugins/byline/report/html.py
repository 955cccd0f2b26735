"""The report as one page that needs no network: style and drawing are inside, every value is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from html import escape
from importlib.resources import files

from byline.report import parts
from byline.report.chart import MOST, bars
from byline.report.model import Report, Row
from byline.report.summary import minded
from byline.report.words import FEW, NOUNS, SMALL, UNDER, UNKNOWN, counted, listed, money, number

WAYS = 6


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
    yield from _mind(report)
    yield from parts.goals(report)
    yield from _chart(report)
    yield '<h2 id="ways">What people read before they asked</h2>\n'
    yield from _ways(report)
    for by, table in report.tables.items():
        yield f'<h2 id="{by}">By {NOUNS[by].lower()}</h2>\n'
        yield from parts.table(table)
        if by == "author":
            yield from parts.after_authors(report)
    yield from parts.age(report)
    yield from parts.unknown(report)
    yield from parts.heard(report)
    yield from parts.compared(report)
    yield from parts.reconciled(report)
    yield "</main>\n<footer>\n"
    yield from _method(report, names)
    yield "</footer>\n"


def _mind(report: Report) -> Iterator[str]:
    """What to keep in mind while reading, most important first; nothing when there is nothing."""
    lines = minded(report)
    if not lines:
        return
    yield '<section class="note" aria-label="Keep in mind">\n<ul>\n'
    yield from (f"<li>{escape(line)}</li>\n" for line in lines)
    yield "</ul>\n</section>\n"


def _figures(report: Report, total: Row) -> Iterator[str]:
    def figure(name: str, values: Sequence[str], more: str = "") -> str:
        small = f"<small>{escape(more)}</small>" if more else ""
        shown = "<br>".join(escape(value).replace(" ", "\u00a0") for value in values)
        return f"<div><dt>{escape(name)}</dt><dd>{shown}{small}</dd></div>\n"

    tracked = f"{report.tracked} came by one of our links" if total.leads and not report.shared else ""
    yield '<dl class="figures">\n'

    def few(value: Fraction) -> str:
        return UNDER if report.shared and 0 < value < SMALL else number(value)

    yield figure("Enquiries", [few(total.leads)], tracked)
    offers = Fraction(0) if report.shared and total.opportunities < SMALL else total.opportunities
    yield figure(
        "Orders",
        [few(total.orders)],
        f"of {counted(offers, 'opportunity', 'opportunities')}" if offers else "",
    )
    yield figure(
        "Revenue",
        money(total.revenue) or ["not shown" if report.shared and total.orders else "none yet"],
        f"from {report.revenue_from}",
    )
    hours = counted(report.hours, "hour") + " of work" if report.hours else ""
    each = total.cost_per_lead if total.leads >= FEW else None
    whole = {name: value.quantize(Decimal(1)) for name, value in (each or {}).items()}
    hours += f"{', ' if hours else ''}{listed(money(whole))} an enquiry" if whole else ""
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


def _ways(report: Report) -> Iterator[str]:
    journeys = report.journeys
    if not journeys:
        yield (
            f"<p>No way was gone by {SMALL} people or more.</p>\n"
            if report.shared
            else "<p>No enquiry came through one of our links yet.</p>\n"
        )
        return
    yield '<ol class="ways">\n'
    for way in journeys[:WAYS]:
        arrow = ' <span class="arrow" aria-label="then">→</span> '
        steps = arrow.join(
            f"<b>{escape(title)}</b>{escape(where)}" for title, where in map(_halves, way.steps)
        )
        order = f' <span class="order">{counted(way.orders, "order")}</span>' if way.orders else ""
        yield f'<li><span class="times">{len(way.leads)}×</span><div><p class="way">{steps}{arrow}asked{order}'
        if len(way.leads) == 1 and not report.shared:
            yield f" {_lead(way.leads[0], report.records.get(way.leads[0], ''))}"
        yield "</p>"
        if len(way.leads) > 1 and not report.shared:
            yield f"<details><summary>Show the {len(way.leads)} enquiries</summary>"
            yield ", ".join(_lead(key, report.records.get(key, "")) for key in way.leads)
            yield "</details>"
        yield "</div></li>\n"
    yield "</ol>\n"
    rest = journeys[WAYS:]
    if rest:
        yield f"<p>And {counted(len(rest), 'other way', 'other ways')}, each seldom; all are in the CSV file.</p>\n"


def _lead(key: str, url: str) -> str:
    """A lead's id, with a link to its record in the CRM where there is one; only http(s) may be a link."""
    shown = f"<code>{escape(key)}</code>"
    if not url.startswith(("https://", "http://")):
        return shown
    return f'<a href="{escape(url)}" rel="noreferrer noopener">{shown}</a>'


def _halves(step: str) -> tuple[str, str]:
    title, dot, where = step.rpartition(" · ")
    return (title, f" on {where}") if dot else (step, "")


def _method(report: Report, names: Sequence[str]) -> Iterator[str]:
    yield '<h2 id="method">How this was counted</h2>\n<ul>\n'
    lines = [
        f"By {report.model.title}: {report.model.meaning}",
        f"Visits count for {report.window_days} days before an enquiry, an opportunity or an order. Direct visits take"
        " no credit; equal visits within 30 minutes are one.",
        "For an order the visits of everybody count whom the CRM names on it"
        + (", and of everybody who asked from the same firm." if report.people == "company" else "."),
        f"Revenue is from {report.revenue_from}, each currency on its own. A post by two authors counts half for each.",
        f"“{UNKNOWN.capitalize()}” is what no link of ours explains: word of mouth, private messages, typed addresses,"
        " people who did not agree to be counted, and browsers that forget a visit after a week.",
        "“Between” is a 95 % interval of the enquiries (Wilson); for revenue 90 %, drawn over customers.",
        "That a visit came before an enquiry does not prove that it caused it.",
    ]
    if report.shared:
        lines.insert(
            0,
            f"Numbers of fewer than {SMALL} are not shown, so that nobody can be known by them; no person is named.",
        )
    yield from (f"<li>{escape(line)}</li>\n" for line in lines)
    yield "</ul>\n"
    if names:
        links = ", ".join(f'<a href="{escape(name)}">{escape(name)}</a>' for name in names)
        yield f'<p class="files">The same tables as files: {links}.</p>\n'
    yield f"<p>Made {report.made:%-d %B %Y, %H:%M}.</p>\n"
