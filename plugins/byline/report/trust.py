"""How far the numbers can be trusted: what came with a tag, how old posts are, one large order, the CRM's own count."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from statistics import median
from zoneinfo import ZoneInfo

from byline.attribution.credit import Conversion, shares
from byline.attribution.intervals import wilson
from byline.attribution.models import MODELS, Model
from byline.attribution.touches import Directory
from byline.crm.base import Totals
from byline.model import Post, Touch
from byline.report.model import Cohort, Coverage, Largest, Month, Reconciled, Row, Standing, Strange, Table
from byline.report.words import FEW, UNKNOWN, amount, label, plain
from byline.traffic.store import Tag

ENOUGH_POSTS = 3  # below, nothing is said about an author
_NEAR = 0.92  # of two ids: one letter, not another post
_PRIOR = 3  # posts' worth of everybody's mean that an author begins with
_SPELLINGS: Mapping[str, str] = {
    "linked-in": "linkedin",
    "linkedin.com": "linkedin",
    "lnkd.in": "linkedin",
    "li": "linkedin",
    "x": "twitter",
    "x.com": "twitter",
    "t.co": "twitter",
    "twitter.com": "twitter",
    "fb": "facebook",
    "facebook.com": "facebook",
    "bsky": "bluesky",
    "bsky.app": "bluesky",
    "email": "newsletter",
    "e-mail": "newsletter",
    "mail": "newsletter",
    "feed": "rss",
}


def coverage(leads: Sequence[Conversion]) -> Coverage:
    """What the enquiries came with."""
    ours = sum(any(step.origin for step in item.steps) for item in leads)
    none = sum(not item.steps for item in leads)
    return Coverage(ours=ours, strange=len(leads) - ours - none, none=none)


def strange(
    leads: Sequence[Conversion], visits: Iterable[Tag], directory: Directory, known: Collection[str]
) -> tuple[Strange, ...]:
    """Every tag that is not ours, with how many enquiries and visits came with it, and what may be meant by it."""
    found: dict[tuple[str, str, str], dict[str, None]] = defaultdict(dict)
    for item in leads:
        for step in item.steps:
            if step.origin is None:
                found[_tag(step.touch)][item.lead] = None
    seen: Counter[tuple[str, str, str]] = Counter()
    for tag in visits:
        if tag.visits and directory.find(tag.content, tag.source) is None:
            seen[tag.source, tag.campaign, tag.content] += tag.visits
    rows = [
        Strange(
            tag=shown(key),
            leads=tuple(found.get(key, ())),
            visits=seen[key],
            meant=_meant(key, known),
        )
        for key in {*found, *seen}
    ]
    return tuple(sorted(rows, key=lambda row: (-len(row.leads), -row.visits, row.tag)))


def _tag(touch: Touch) -> tuple[str, str, str]:
    return touch.source, touch.campaign, touch.content


def shown(key: tuple[str, str, str], utm_id: str = "") -> str:
    """The tags of a link as they stand in it, without what it has not."""
    names = ("utm_source", "utm_campaign", "utm_content", "utm_id")
    values = zip(names, (*key, utm_id), strict=True)
    return plain(" ".join(f"{name}={value}" for name, value in values if value))


def _meant(key: tuple[str, str, str], known: Collection[str]) -> str:
    source, _, content = key
    if content:
        near = get_close_matches(content.strip().lower(), sorted(known), n=1, cutoff=_NEAR)
        if near:
            return f"utm_content={near[0]}"
    folded = _SPELLINGS.get(source.strip().lower(), "")
    if folded:
        return f"utm_source={folded}, with the link that `publish plan` shows"
    return ""


def months(leads: Sequence[Conversion], model: Model, zone: ZoneInfo) -> tuple[tuple[Month, ...], str]:
    """Enquiries by month with those of unknown source; and in words whether that part grows."""
    counts: Counter[date] = Counter()
    unknown: dict[date, Fraction] = defaultdict(Fraction)
    for item in leads:
        day = item.at.astimezone(zone).date().replace(day=1)
        counts[day] += 1
        unknown[day] += not_known(item, model)
    days = sorted(counts)
    rows = tuple(Month(label=f"{day:%B %Y}", leads=counts[day], unknown=unknown[day]) for day in days)
    return rows, _trend(rows)


def not_known(item: Conversion, model: Model) -> Fraction:
    """The part of an enquiry that no id of ours explains."""
    if not any(step.origin for step in item.steps):
        return Fraction(1)
    if model.share is None:
        return Fraction(0)
    return shares(item, model, "post", {}).get(None, Fraction(0))


def _trend(rows: Sequence[Month]) -> str:
    """Both halves of the months beside each other; only a difference that is not chance is called one."""
    if len(rows) < 2 or sum(row.leads for row in rows) < 2 * FEW:
        return ""
    halves = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    counts = [(float(sum(row.unknown for row in half)), sum(row.leads for row in half)) for half in halves]
    (early, of_early), (late, of_late) = counts
    if min(of_early, of_late) < FEW:
        return ""
    low, high = wilson(early, of_early), wilson(late, of_late)
    said = "it has grown" if high[0] > low[1] else "it has shrunk" if high[1] < low[0] else "no clear change"
    first, last = (f"{number:.0f} of {whole}" for number, whole in counts)
    return f"Source unknown: {first} in the first half of the months, {last} in the second: {said}."


def cohorts(
    posts: Sequence[Post], table: Table, usual: float | None, now: datetime, zone: ZoneInfo
) -> tuple[Cohort, ...]:
    """Posts by the month in which they came out, newest first, with how much of the usual time has passed."""
    groups: dict[date, list[Post]] = defaultdict(list)
    for post in posts:
        groups[post.published.astimezone(zone).date().replace(day=1)].append(post)
    rows = {row.key: row for row in table.rows}
    found = []
    for day in sorted(groups, reverse=True):
        theirs = [rows[post.id] for post in groups[day] if post.id in rows]
        middle = median((now - post.published).total_seconds() for post in groups[day])
        found.append(
            Cohort(
                label=f"{day:%B %Y}",
                posts=len(groups[day]),
                leads=sum((row.leads for row in theirs), Fraction(0)),
                orders=sum((row.orders for row in theirs), Fraction(0)),
                age=int(middle // 86_400),
                usual=round(usual or 0),
            )
        )
    return tuple(found)


def standing(posts: Sequence[Post], authors: Table, labels: Mapping[str, str]) -> tuple[Standing, ...]:
    """Authors by what their posts brought, never by followers; alphabetical, for a ranking would claim too much."""
    written: dict[str, Fraction] = defaultdict(Fraction)
    for post in posts:
        for author in dict.fromkeys(post.authors):
            written[author] += Fraction(1, len(dict.fromkeys(post.authors)))
    rows = {row.key: row for row in authors.rows}
    whole = sum((rows[name].leads for name in written if name in rows), Fraction(0))
    every = sum(written.values(), Fraction(0))
    if not every:
        return ()
    mean = float(whole / every)
    found = []
    for name, count in written.items():
        row = rows.get(name)
        leads, low, high = (row.leads, row.low, row.high) if row else (Fraction(0), 0.0, 0.0)
        found.append(
            Standing(
                label=label(name, "author", labels),
                posts=count,
                leads=leads,
                orders=row.orders if row else Fraction(0),
                likely=(float(leads) + mean * _PRIOR) / (float(count) + _PRIOR),
                low=low / float(count),
                high=high / float(count),
                verdict=_verdict(float(count), float(whole), low, high, mean, len(written)),
            )
        )
    return tuple(sorted(found, key=lambda item: item.label.casefold()))


def _verdict(posts: float, leads: float, low: float, high: float, mean: float, authors: int) -> str:
    if authors < 2:
        return "the only author"
    if posts < ENOUGH_POSTS or leads < FEW:
        return "too early to tell"
    if low / posts > mean:
        return "more than the others"
    if high / posts < mean:
        return "less than the others"
    return "like the others"


def apart(more: Row, less: Row) -> bool:
    """Is the first clearly ahead of the second? Their intervals may touch by half an arm's length at most.

    That is about what a test at 5 % would say of two 95 % intervals (Cumming and Finch 2005, rule of eye 4).
    """
    arms = (float(more.leads) - more.low + less.high - float(less.leads)) / 2
    return more.leads > less.leads and less.high - more.low <= arms / 2


def tiers(rows: Sequence[Row]) -> list[int]:
    """Which rows may be told apart: a new tier begins with the first row that the head of the one before is ahead of."""
    found: list[int] = []
    head: Row | None = None
    for row in rows:
        if head is None or apart(head, row):
            head = row
            found.append((found[-1] if found else 0) + 1)
        else:
            found.append(found[-1])
    return found


def largest(found: Sequence[Conversion], model: Model, labels: Mapping[str, str]) -> tuple[Largest, ...]:
    """For each currency with two orders or more: the largest, and the revenue without it."""
    orders: dict[str, list[Conversion]] = defaultdict(list)
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for item in found:
        if item.kind == "order":
            totals[item.currency] += item.amount
            if item.amount > 0:
                orders[item.currency].append(item)
    shown = []
    for currency, items in sorted(orders.items()):
        if len(items) < 2:
            continue
        top = max(items, key=lambda item: (item.amount, item.id))
        how = model if model.share else MODELS["last"]
        parts = shares(top, how, "post", {})
        key = max(parts, key=lambda name: (parts[name], name or ""))
        shown.append(
            Largest(
                currency=currency,
                amount=top.amount,
                total=totals[currency],
                median=Decimal(median(item.amount for item in items)).quantize(Decimal("0.01")),
                orders=len(items),
                after=UNKNOWN if key is None else label(key, "post", labels),
            )
        )
    return tuple(shown)


def reconciled(
    crm: str, theirs: Totals | None, leads: int, tracked: int, orders: int, revenue: Mapping[str, Decimal]
) -> tuple[Reconciled, ...]:
    """Our numbers beside the CRM's own; nothing where the CRM tells none."""
    if theirs is None:
        return ()
    rows: list[Reconciled] = []

    def row(what: str, ours: int, count: int | None, why: str) -> None:
        if count is not None:
            rows.append(
                Reconciled(what=what, ours=f"{ours:,}", theirs=f"{count:,}", why="" if ours == count else why)
            )

    row(
        "Enquiries",
        leads,
        theirs.leads,
        f"{crm} also counts leads that were entered by hand or bought; forms set aside as spam and leads that were"
        " merged are counted by one side only; what came in since `publish crm sync` is missing here",
    )
    row(
        "with a tag of ours",
        tracked,
        theirs.tracked,
        "we count a tag only when its id is one of ours, within the time that visits count",
    )
    row(
        "Orders",
        orders,
        theirs.won_deals,
        "refunds are no orders here; deals won since the last `publish crm sync` are missing",
    )
    won = theirs.won
    for currency in sorted({*revenue, *won}) if won is not None else ():
        ours, other = revenue.get(currency, Decimal(0)), (won or {}).get(currency, Decimal(0))
        rows.append(
            Reconciled(
                what=f"Revenue in {currency}",
                ours=amount(ours, currency),
                theirs=amount(other, currency),
                why=""
                if ours == other
                else "refunds, invoices instead of deals, other currencies converted by the CRM, or later changes",
            )
        )
    return tuple(rows)
