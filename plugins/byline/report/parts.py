"""The tables of the page: every cell escaped, on a phone each row a small list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from html import escape

from byline.report.model import Money, Report, Row, Table
from byline.report.words import (
    COST_OF_NONE,
    NOUNS,
    UNDER,
    Cents,
    between,
    counted,
    each,
    money,
    number,
    reached,
    share_of,
    with_cents,
)

ROWS, LINES = 10, 6  # of a table, of a table of words: what is shown before one asks for more


def cell(name: str, lines: Sequence[str], *, small: Sequence[str] = ()) -> str:
    """One value, with what is to be said in small letters under it."""
    words = "<br>".join(escape(line) for line in lines if line)
    more = "".join(f"<small>{escape(line)}</small>" for line in small)
    zero = "" if words and words != "0" else ' class="zero"'
    return f'<td role="cell" data-name="{escape(name)}"{zero}><span>{words or "–"}{more}</span></td>'


def table(found: Table) -> Iterator[str]:
    """One table; of many rows those behind the first ones are folded away."""
    noun = NOUNS[found.by]
    clicks = any(row.clicks is not None for row in (*found.rows, found.total))
    heads = ["Enquiries", "Opportunities", "Orders", "Revenue", "Cost", *(["Clicks"] if clicks else [])]
    everyone = (*found.rows, found.unattributed)
    cents = with_cents(row.revenue for row in everyone), with_cents(row.cost for row in everyone)
    folded = found.rows[ROWS:] if len(found.rows) > ROWS + 3 else ()
    yield _head(found.by, (noun, *heads))
    tier = 1
    for row in found.rows[: len(found.rows) - len(folded)]:
        yield _row(row, clicks, cents, kind="next" if row.tier > tier and not row.few else "")
        tier = row.tier
    if folded:
        yield _row(_together(folded, noun), clicks, cents, kind="others")
    yield _row(found.unattributed, clicks, cents, kind="unknown")
    yield _row(found.total, clicks, cents, kind="all")
    yield "</tbody></table>\n"
    if folded:
        yield f"<details><summary>Show the {counted(len(folded), 'other ' + noun.lower())}</summary>\n"
        yield _head(found.by, (noun, *heads))
        for row in folded:
            yield _row(row, clicks, cents)
        yield "</tbody></table></details>\n"
    if max((row.tier for row in found.rows), default=1) > 1:
        yield '<p class="small">A line between rows means that those below it brought clearly fewer enquiries. Between rows'
        yield " without a line, the order may be chance.</p>\n"
    elif len([row for row in found.rows if row.leads]) > 1:
        yield '<p class="small">None of these rows is clearly ahead of the others: their order may be chance.</p>\n'
    if found.unattributed.cost:
        yield f'<p class="small">{escape(COST_OF_NONE)}</p>\n'


def _together(rows: Sequence[Row], noun: str) -> Row:
    """Many rows as one: what they brought and cost together, without an interval."""

    def money_of(values: Iterable[Money]) -> dict[str, Decimal]:
        found: dict[str, Decimal] = defaultdict(Decimal)
        for value in values:
            for currency, amount in value.items():
                found[currency] += amount
        return dict(found)

    few = any(row.few for row in rows)
    clicks = [row.clicks for row in rows if row.clicks is not None]
    leads = Fraction(0) if few else sum((row.leads for row in rows), Fraction(0))
    return Row(
        key="",
        label=f"{len(rows)} other {noun.lower()}s",
        leads=leads,
        low=float(leads),
        high=float(leads),
        opportunities=Fraction(0) if few else sum((row.opportunities for row in rows), Fraction(0)),
        orders=Fraction(0) if few else sum((row.orders for row in rows), Fraction(0)),
        revenue={} if few else money_of(row.revenue for row in rows),
        cost=money_of(row.cost for row in rows),
        clicks=sum(clicks) if clicks else None,
        few=few,
    )


def _head(name: str, heads: Sequence[str], *, style: str = "") -> str:
    shown = f' class="{style}"' if style else ""
    names = "".join(f'<th role="columnheader" scope="col">{escape(head)}</th>' for head in heads)
    return (
        f'<table role="table" aria-labelledby="{name}"{shown}>\n<thead role="rowgroup"><tr role="row">{names}'
        '</tr></thead>\n<tbody role="rowgroup">\n'
    )


def _row(row: Row, clicks: bool, cents: Cents, kind: str = "") -> str:
    span = "" if kind in ("all", "others") or not row.leads else between(row.low, row.high)
    if row.few and not row.leads:
        numbers = [
            cell("Enquiries", ["not shown" if kind == "others" else UNDER]),
            *(cell(name, []) for name in ("Opportunities", "Orders")),
        ]
    else:
        numbers = [
            cell("Enquiries", [number(row.leads)], small=[span] if span else []),
            cell("Opportunities", [number(row.opportunities)]),
            cell("Orders", [UNDER if row.few and not row.orders else number(row.orders)]),
        ]
    spread = _range(row.revenue_low, row.revenue_high)
    cells = [
        *numbers,
        cell("Revenue", money(row.revenue, cents=cents[0]), small=spread),
        cell(
            "Cost", money(row.cost, cents=cents[1]), small=() if kind in ("unknown", "others") else each(row)
        ),
    ]
    if clicks:
        cells.append(cell("Clicks", [] if row.clicks is None else [f"{row.clicks:,}"]))
    style = f' class="{kind}"' if kind else ""
    name = f'<th role="rowheader" scope="row">{escape(row.label)}</th>'
    return f'<tr role="row"{style}>{name}{"".join(cells)}</tr>\n'


def _range(low: Money | None, high: Money | None) -> list[str]:
    if not low or not high:
        return []
    found = []
    for currency in sorted(low):
        least, most = (value.quantize(Decimal(1)) for value in (low[currency], high[currency]))
        mark = f"{currency} " if len(low) > 1 else ""
        found.append(f"{mark}{least:,} to {most:,}" if least != most else f"{mark}{least:,}")
    return found


def words(
    name: str, heads: Sequence[str], rows: Iterable[Sequence[str]], style: str = "words"
) -> Iterator[str]:
    """A table of words; of many rows those behind the first ones are folded away."""
    found = list(rows)
    folded = found[LINES:] if len(found) > LINES + 2 else []
    yield _head(name, heads, style=style)
    yield from _lines(heads, found[: len(found) - len(folded)])
    yield "</tbody></table>\n"
    if folded:
        yield f"<details><summary>Show {len(folded)} more</summary>\n{_head(name, heads, style=style)}"
        yield from _lines(heads, folded)
        yield "</tbody></table></details>\n"


def _lines(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for first, *rest in rows:
        cells = "".join(cell(head, [value]) for head, value in zip(heads[1:], rest, strict=True))
        yield f'<tr role="row"><th role="rowheader" scope="row">{escape(first)}</th>{cells}</tr>\n'


def goals(report: Report) -> Iterator[str]:
    """What each campaign was to bring, and how much of it is there."""
    if not report.goals:
        return
    yield '<h2 id="goals">Goals</h2>\n<ul class="goals">\n'
    for goal in report.goals:
        until = f", until {goal.end:%-d %B %Y}" if goal.end else ""
        done = min(float(goal.reached or 0) / goal.target, 1.0)
        so_far = (
            f"{number(goal.reached)} of " if goal.reached is not None else f"{reached(goal)}; the goal is "
        )
        yield f"<li><b>{escape(goal.campaign)}</b> <span>{escape(so_far)}{goal.target} {escape(goal.goal)}{until}</span>"
        if goal.reached is not None:
            yield f'<span class="bar" aria-hidden="true"><span style="width:{done * 100:.0f}%"></span></span>'
        yield "</li>\n"
    yield "</ul>\n"


def after_authors(report: Report) -> Iterator[str]:
    """Authors by what their posts brought."""
    if len(report.standing) < 2:
        return
    yield '<h3 id="standing">How far an author’s posts carry</h3>\n'
    yield "<p>Measured by enquiries, not by followers. The likely number is drawn towards all authors’ mean while there are few posts.</p>\n"
    yield from words(
        "standing",
        ("Author", "Posts", "Enquiries", "Likely a post", "Between", "So far"),
        (
            (
                one.label,
                number(one.posts),
                number(one.leads),
                f"{one.likely:.1f}",
                f"{one.low:.1f} and {one.high:.1f}",
                one.verdict,
            )
            for one in report.standing
        ),
    )


def age(report: Report) -> Iterator[str]:
    """Posts by month, so that young ones are not judged by what they could not bring yet."""
    if not report.cohorts:
        return
    yield '<h2 id="age">Are the posts old enough to judge?</h2>\n'
    if report.usual_days:
        yield f"<p>From a first visit to an order it usually takes {counted(report.usual_days, 'day')}. What is younger will bring more.</p>\n"
    else:
        yield "<p>There is no order yet, so nobody knows how long it usually takes.</p>\n"
    yield from words(
        "age",
        ("Came out in", "Posts", "Enquiries", "Orders", "Age"),
        (
            (
                cohort.label,
                str(cohort.posts),
                UNDER if report.shared and not cohort.leads else number(cohort.leads),
                "" if report.shared and not cohort.orders else number(cohort.orders),
                (
                    f"{cohort.age} of usually {cohort.usual} days: too early to tell"
                    if cohort.young
                    else counted(cohort.age, "day")
                ),
            )
            for cohort in report.cohorts
        ),
    )


def unknown(report: Report) -> Iterator[str]:
    """What is not known: by month, by what people came with, and tags that are not ours."""
    if report.unknown or report.months:
        yield '<h2 id="unknown">Where the source is unknown</h2>\n'
        seen = report.coverage
        if seen.all and not report.shared:
            yield f"<p>{escape(covered(report))} {escape(report.trend)}</p>\n"
        elif report.trend:
            yield f"<p>{escape(report.trend)}</p>\n"
    if report.unknown:
        yield from words(
            "unknown",
            ("What they came with", "Enquiries", "Why it is unknown"),
            ((item.what, str(len(item.leads)), item.why) for item in report.unknown),
        )
    if len(report.months) > 1:
        yield '<h3 id="months">Month by month</h3>\n'
        yield from words(
            "months",
            ("Month", "Enquiries", "Source unknown"),
            (
                (row.label, str(row.leads), share_of(row.unknown, row.leads))
                for row in reversed(report.months)
            ),
        )
    if report.strange:
        yield '<h3 id="strange">Tags that are not yours</h3>\n'
        yield "<p>Someone typed a link by hand, copied it wrongly, or uses a tool of their own. No post gets credit for them.</p>\n"
        yield from words(
            "strange",
            ("Tag", "Enquiries", "Visits", "What may be meant"),
            (
                (row.tag, str(len(row.leads)), str(row.visits) if row.visits else "", row.meant)
                for row in report.strange
            ),
        )


def covered(report: Report) -> str:
    """How many enquiries came with a tag of ours, in one sentence."""
    seen = report.coverage
    said = f"{share_of(seen.ours, seen.all)} enquiries came with a tag of yours"
    if seen.strange:
        said += f", {seen.strange} only with tags that are not yours"
    return f"{said}, {seen.none} with none."


def heard(report: Report) -> Iterator[str]:
    """What people say, beside what was tracked."""
    if not report.heard:
        return
    both = [row for row in report.heard if row.agrees is not None]
    yield '<h2 id="heard">What people say brought them</h2>\n'
    yield "<p>Their own words beside what was tracked. Memory errs, and so do links: read both."
    if both:
        agree, whole = sum(row.leads for row in both if row.agrees), sum(row.leads for row in both)
        yield f" Where both name a source, they agree in {share_of(agree, whole)}."
    yield "</p>\n"
    yield from words(
        "heard",
        ("They say", "Which means", "Tracked", "Enquiries"),
        ((f"“{row.said}”", row.means, row.tracked, str(row.leads)) for row in report.heard),
    )
    if not all(row.means for row in report.heard):
        yield "<p>What no rule understands can be given a meaning under <code>heard_from</code> in the settings.</p>\n"


def compared(report: Report) -> Iterator[str]:
    """Each post by three ways of counting."""
    if len(report.compared) < 2:
        return
    yield '<h2 id="compared">Does the way of counting change the picture?</h2>\n'
    yield "<p>Enquiries by post when the first, the last or every visit gets the credit.</p>\n"
    yield from words(
        "compared",
        ("Post", "First visit", "Last visit", "Every visit"),
        ((row.label, number(row.first), number(row.last), number(row.linear)) for row in report.compared),
        style="",
    )


def reconciled(report: Report) -> Iterator[str]:
    """Our numbers beside the CRM's own."""
    if not report.reconciled:
        return
    yield '<h2 id="crm">Do these numbers agree with the CRM?</h2>\n'
    yield from words(
        "crm",
        ("What", "Here", "In the CRM", "Why they may differ"),
        ((row.what, row.ours, row.theirs, row.why or "they agree") for row in report.reconciled),
    )
