"""A plan as people read it: text for a terminal, Markdown for a pull request's comment, a page that opens alone."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from byline import links, registry, times
from byline.ledger.base import BASELINE, Info
from byline.planning import Delivery, Plan, State, money
from byline.settings import Settings

if TYPE_CHECKING:
    from byline.cli._cards import CardFiles
    from byline.gate import Look
    from byline.model import Message

MARKS: Mapping[State, str] = {
    "due": "+", "later": "~", "held": "!", "manual": "*", "sending": "?", "unknown": "?", "failed": "!",
    "sent": "=", "skipped": "-", "retracted": "-",
}  # fmt: skip
WORDS: Mapping[State, str] = {
    "due": "to send now", "later": "later", "held": "held", "manual": "to post by hand", "sending": "may be out",
    "unknown": "may be out", "failed": "rejected", "sent": "out", "skipped": "not sent", "retracted": "taken back",
}  # fmt: skip
_COLOURS: Mapping[str, str] = {"+": "green", "!": "red", "?": "yellow", "*": "cyan", "~": "blue"}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FROM = {
    "default": "from the description",
    "site": "the site's words",
    "network": "written for this network",
    "account": "written for this account",
}


def moment(at: datetime) -> str:
    """`Tue 24 Nov 2026 11:00`, whatever the machine's language."""
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M}"


def when(item: Delivery, now: datetime, settings: Settings) -> str:
    """The hour in the site's zone as a person would say it."""
    if item.state == "due" and item.ready:
        return "now"
    if item.state == "sent" and item.record is not None and item.record.sent_at is not None:
        return moment(item.record.sent_at.astimezone(settings.zone))
    if item.due is None:
        return "later"
    due, today = item.due.astimezone(settings.zone), now.astimezone(settings.zone)
    if due.date() == today.date():
        return f"today {due:%H:%M}"
    if due.date() == today.date() + timedelta(days=1):
        return f"tomorrow {due:%H:%M}"
    return moment(due)


def _state(item: Delivery) -> str:
    if item.reason == BASELINE:
        return "old post, not sent"
    return "waits" if item.state == "due" and not item.ready else WORDS[item.state]


def used(item: Delivery) -> str:
    """`61 of 280 characters`, `thread of 2, 241 + 188 of 280 characters`."""
    message = item.message
    if message is None:
        return ""
    counts = " + ".join(str(number) for number in message.used)
    thread = f"thread of {len(message.parts)}, " if len(message.parts) > 1 else ""
    return f"{thread}{counts} of {message.limit} {registry.channel(item.channel).caps.unit}"


def next_step(item: Delivery) -> str:
    """The command that this delivery waits for; empty when it needs none."""
    match item.state:
        case "unknown" | "sending":
            return f"publish reconcile {item.id}"
        case "held" if item.blocked:
            return f"publish check {item.path}"
        case "held":
            return f"publish send --late {item.id}"
        case "failed":
            return "change the text, image or link, or: publish send --retry"
        case "manual":
            return f"publish record {item.id} --url ADDRESS"
        case "due" if not item.over_budget:
            return "publish send"
        case _:
            return ""


def plain(plan: Plan, settings: Settings, history: Info, live: Mapping[str, Look]) -> str:
    """The plan for a terminal."""
    return "\n".join(_plain(plan, settings, history, live))


def _plain(plan: Plan, settings: Settings, history: Info, live: Mapping[str, Look]) -> Iterator[str]:
    now = plan.now.astimezone(settings.zone)
    yield (
        _bold(f"Plan for {settings.site_name}")
        + f"   {moment(now)} {settings.zone.key}   {_history(history, plan)}"
    )
    for path, items in _by_file(plan.deliveries):
        first = items[0]
        yield ""
        yield _bold(path) + f"   “{first.title}”" + _campaign(first)
        if first.telling is not None:
            page = _page(first, settings)
            yield f"  page {page}" + (f"   {_live(live[first.post])}" if first.post in live else "")
        for item in items:
            yield ""
            yield from _entry(item, plan, settings)
    yield ""
    yield from _summary(plan, settings)


def _entry(item: Delivery, plan: Plan, settings: Settings) -> Iterator[str]:
    mark = MARKS[item.state]
    head = f"  {mark} {registry.label(item.channel):<10} {item.account:<10} {when(item, plan.now, settings)}"
    facts = [used(item), f"about {money(item.cost, item.currency)}" if item.cost else ""]
    if item.state != "due" or not item.ready:
        facts.insert(0, _state(item))
    yield click.style(f"{head:<46}", fg=_COLOURS.get(mark)) + "   " + ", ".join(filter(None, facts))
    rows: list[str] = []
    for number, part in enumerate(item.text, 1):
        lead = f"{number}  " if len(item.text) > 1 else ""
        rows += [
            (lead if not index else " " * len(lead)) + line for index, line in enumerate(part.split("\n"))
        ]
    for row in rows:
        yield f"      │ {row}".rstrip()
    yield from _below(item)
    if item.reason and item.reason != BASELINE:
        yield f"      {item.reason}"
    step = next_step(item)
    if step and item.state not in ("due", "failed") and step not in item.reason:
        yield f"      next: {step}"


def _below(item: Delivery) -> Iterator[str]:
    """Card, picture, link and where the words came from, under the bar."""
    message, telling = item.message, item.telling
    rows: list[str] = []
    if message is not None and message.card is not None:
        rows.append(f"card: {message.card.title}")
        if message.card.picture.url:
            rows.append(f"      {message.card.picture.url}")
    if message is not None and message.image is not None:
        rows.append(
            f"picture: {telling.image if telling else ''}"
            + (f" ({message.image.alt})" if message.image.alt else "")
        )
    if (
        item.link
        and item.state not in ("skipped", "retracted")
        and not any(item.link in t for t in item.text)
    ):
        rows.append(f"link: {item.link}")
    if item.url:
        rows.append(f"out at: {item.url}")
    if telling is not None and message is not None:
        words = _FROM.get(telling.origin.get("text", ""), "")
        cut = f"; left out: {_short(message.cut)}" if message.cut else ""
        rows.append(f"words: {words}{cut}")
    if message is not None:
        rows += told(message)
    for index, row in enumerate(rows):
        yield f"      {'└' if index == len(rows) - 1 else '├'} {row}"


def told(message: Message) -> list[str]:
    """Whom the words will call, and what a person should know before they go out."""
    rows = [f"mentions: {', '.join(message.mentions)}, who will be told so"] if message.mentions else []
    return rows + [f"note: {warning}" for warning in message.warnings]


def _summary(plan: Plan, settings: Settings) -> Iterator[str]:
    parts = [text for _, text in _counts(plan)]
    yield _bold("Plan   ") + (", ".join(parts) if parts else "nothing to send") + f".   hash {plan.hash[:12]}"
    yield from (f"Cost   {line}" for line in _costs(plan))
    if plan.old:
        yield (
            f"Old    {_count(len(plan.old), 'old post')} will not be sent: sending begins with what is at most "
            f"{times.words(settings.late_limit)} past (on purpose: publish send --backfill --max 5)"
        )
    yield _bold("Next   ") + _next(plan)


def _counts(plan: Plan) -> Iterator[tuple[State, str]]:
    order: tuple[State, ...] = (
        "due", "manual", "later", "held", "failed", "unknown", "sending", "sent", "skipped", "retracted"
    )  # fmt: skip
    for state in order:
        number = sum(1 for item in plan.deliveries if item.state == state)
        waiting = sum(1 for item in plan.deliveries if item.state == state == "due" and not item.ready)
        if number - waiting:
            yield state, f"{number - waiting} {WORDS[state]}"
        if waiting:
            yield state, f"{waiting} waiting"


def _costs(plan: Plan) -> Iterator[str]:
    totals: dict[str, Decimal] = {}
    for item in plan.deliveries:
        if item.ready and item.cost:
            totals[item.currency] = totals.get(item.currency, Decimal(0)) + item.cost
    for currency, total in totals.items():
        yield f"about {money(total, currency)} for what goes out now"
    for channel, (spent, budget) in plan.budgets.items():
        paid = [item for item in plan.deliveries if item.channel == channel and item.cost]
        currency = next((item.currency for item in paid), "USD")
        line = f"{registry.label(channel)}: {money(spent, currency)} of {money(budget, currency)} used this month"
        if fees := plan.fees.get(channel):
            line += f" ({money(fees, currency)} of it for reading and deleting)"
        if now := sum((item.cost for item in paid if item.ready), Decimal(0)):
            line += f", {money(spent + now, currency)} after this run"
        if held := [item for item in paid if item.over_budget]:
            total = sum((item.cost for item in held), Decimal(0))
            line += f"; the budget keeps back {_count(len(held), 'post')} for {money(total, currency)}"
        yield line


def _next(plan: Plan) -> str:
    if plan.problems:
        return f"mend {_count(len(plan.problems), 'mistake')} (publish check), then: publish plan"
    if any(item.state in ("unknown", "sending") for item in plan.deliveries):
        return "publish reconcile"
    if plan.ready():
        return "publish send        (exactly this plan: publish plan --out plan.json, then publish send --plan plan.json)"
    if any(item.state == "manual" for item in plan.deliveries):
        return "post by hand what is marked *, then publish record"
    return "nothing to do now"


def markdown(
    plan: Plan, settings: Settings, history: Info, live: Mapping[str, Look], files: CardFiles | None = None
) -> str:
    """The plan for a comment on a pull request; with `files`, the cards are pictures in it."""
    return "\n".join(_markdown(plan, settings, history, live, files))


def _markdown(
    plan: Plan, settings: Settings, history: Info, live: Mapping[str, Look], files: CardFiles | None
) -> Iterator[str]:
    now = plan.now.astimezone(settings.zone)
    counts = ", ".join(text for _, text in _counts(plan)) or "nothing to send"
    yield f"### What goes out: {counts}"
    yield ""
    yield f"{moment(now)} {settings.zone.key} · {_history(history, plan)} · hash `{plan.hash[:12]}`"
    for path, items in _by_file(plan.deliveries):
        yield ""
        yield f"#### {_inline(items[0].title)}"
        yield ""
        look = f" · {_inline(_live(live[items[0].post]))}" if items[0].post in live else ""
        campaign = _inline(_campaign(items[0]))
        yield f"`{path}`{f' · {campaign}' if campaign else ''}{look}"
        for item in items:
            yield ""
            facts = [when(item, plan.now, settings), used(item)]
            facts += [f"about {money(item.cost, item.currency)}"] if item.cost else []
            yield f"**{registry.label(item.channel)}, {item.account}** · {_state(item)} · " + ", ".join(
                filter(None, facts)
            )
            yield from _quoted(item, files)
            if item.reason and item.reason != BASELINE:
                yield ""
                yield f"{_inline(item.reason)}"
    if plan.problems:
        yield ""
        yield "#### To mend first"
        yield ""
        for problem in plan.problems:
            yield f"- `{problem.file}:{problem.line}` {_inline(problem.message)} Fix: {_inline(problem.fix)}"
    yield ""
    for line in _costs(plan):
        yield f"Cost: {line}"


def _quoted(item: Delivery, files: CardFiles | None) -> Iterator[str]:
    """The exact text in a fence that it cannot close, then card and link."""
    for part in item.text:
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", part)), default=0))
        yield ""
        yield f"{fence}text"
        yield part
        yield fence
    if item.message is not None and item.message.card is not None and item.message.card.picture.url:
        yield ""
        yield f"Card: {_inline(item.message.card.title)}, <{item.message.card.picture.url}>"
    for image in _images(item, files):
        yield ""
        yield image
    if item.link:
        yield ""
        yield f"Link: <{item.link}>"
    for row in told(item.message) if item.message is not None else ():
        yield ""
        yield _inline(row[0].upper() + row[1:])
    if item.message is not None and item.message.cut:
        yield ""
        yield f"Left out: {_inline(_short(item.message.cut))}"


def pictures(item: Delivery, files: CardFiles) -> Iterator[tuple[str, str, str]]:
    """Card and picture as readers will see them: `card` or `picture`, its words, the address of its file."""
    message = item.message
    if message is None:
        return
    if message.card is not None and (address := files.show(message.card.picture)):
        yield "card", message.card.title, address
    if message.image is not None and (address := files.show(message.image, whole=True)):
        yield "picture", message.image.alt, address


def _images(item: Delivery, files: CardFiles | None) -> Iterator[str]:
    """Card and picture as one line of HTML each, which Markdown takes as well."""
    for kind, words, address in pictures(item, files) if files is not None else ():
        alt = html.escape(f"{kind.capitalize()}: {' '.join(words.split())}")
        yield f'<img src="{html.escape(address)}" alt="{alt}" width="400">'


def page(
    plan: Plan, settings: Settings, history: Info, live: Mapping[str, Look], files: CardFiles | None = None
) -> str:
    """The plan as a page that opens alone; with `files`, the cards are pictures in it, which lie beside it."""
    return "\n".join(_html(plan, settings, history, live, files))


_STYLE = (
    ":root{--ink:#1c1c1c;--quiet:#595959;--ground:#fff;--raised:#f5f6f8;--line:#d9dce1;--why:#8a3b00}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8e8e8;--quiet:#a8a8a8;--ground:#16181b;--raised:#22262b;--line:#3a4048;"
    "--why:#ffb37a}}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:var(--ink);"
    "background:var(--ground)}h1{margin:0 0 .25rem;font-size:1.6rem;line-height:1.2}h2{margin:2.5rem 0 .15rem;padding-top:1rem;"
    "border-top:2px solid var(--ink);font-size:1.2rem;line-height:1.3}h3{margin:1.2rem 0 .4rem;font-size:1rem;line-height:1.4}"
    "h3 span{font-weight:400;color:var(--quiet)}pre{white-space:pre-wrap;overflow-wrap:anywhere;font:inherit;margin:.5rem 0;"
    "padding:.6rem 1rem;background:var(--raised);border-left:3px solid var(--line)}img{max-width:100%;height:auto;"
    "border-radius:4px}p{margin:.15rem 0;overflow-wrap:anywhere}.why{color:var(--why)}small{color:var(--quiet)}"
)


def _html(
    plan: Plan, settings: Settings, history: Info, live: Mapping[str, Look], files: CardFiles | None
) -> Iterator[str]:
    now = plan.now.astimezone(settings.zone)
    counts = ", ".join(text for _, text in _counts(plan)) or "nothing to send"
    title = html.escape(f"Plan for {settings.site_name}")
    yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head><body>'
    yield f"<h1>{title}</h1><p>{html.escape(counts)}</p>"
    yield f"<p><small>{html.escape(f'{moment(now)} {settings.zone.key} · {_history(history, plan)} · hash {plan.hash}')}</small></p>"
    for path, items in _by_file(plan.deliveries):
        look = f" · {_live(live[items[0].post])}" if items[0].post in live else ""
        yield f"<h2>{html.escape(items[0].title)}</h2>"
        yield f"<p><small>{html.escape(path + _campaign(items[0]) + look)}</small></p>"
        for item in items:
            facts = [_state(item), when(item, plan.now, settings), used(item)]
            facts += [f"about {money(item.cost, item.currency)}"] if item.cost else []
            head = html.escape(f"{registry.label(item.channel)}, {item.account}: ")
            yield f"<h3>{head}<span>{html.escape(', '.join(filter(None, facts)))}</span></h3>"
            for part in item.text:
                yield f"<pre>{html.escape(part)}</pre>"
            yield from (f"<p>{image}</p>" for image in _images(item, files))
            for row in _below(item):
                yield f"<p><small>{html.escape(row.strip(' ├└'))}</small></p>"
            if item.reason and item.reason != BASELINE:  # that one stands in the line above
                yield f'<p class="why">{html.escape(item.reason)}</p>'
    yield "</body></html>"


def _by_file(deliveries: Iterable[Delivery]) -> Iterator[tuple[str, Sequence[Delivery]]]:
    groups: dict[str, list[Delivery]] = {}
    for item in deliveries:
        groups.setdefault(item.path or item.post, []).append(item)
    yield from groups.items()


def _history(info: Info, plan: Plan) -> str:
    if info.store in ("git", "postgresql") and info.read is None and info.written is None:
        return "sending history: not fetched yet (publish ledger fetch)"
    if info.store == "none" or plan.first_run:
        return "sending history: empty, this is the first run"
    told = [f"sending history: {info.store}"]
    if info.written:
        told.append(f"last written {times.words(plan.now - info.written)} ago")
    if info.store != "sqlite" and info.read:
        told.append(f"fetched {times.words(plan.now - info.read)} ago")
    return ", ".join(told)


def _campaign(item: Delivery) -> str:
    word = links.tags(item.link).get("utm_campaign", "") if item.link else ""
    return f"   campaign {word}" if word else ""


def _page(item: Delivery, settings: Settings) -> str:
    return item.link.partition("?")[0] if item.link else settings.site_url


def _live(look: Look) -> str:
    return f"live: {look.reason}" if look.ok else f"not live: {look.reason}"


def _inline(text: str) -> str:
    """Words of a post inside Markdown: nothing in them may become markup, a mention or a link of the comment's."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~@])", r"\\\1", " ".join(text.split()))


def _short(text: str, limit: int = 80) -> str:
    text = " ".join(text.split())
    return f"“{text}”" if len(text) <= limit else f"“{text[: limit - 1]}…”"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _bold(text: str) -> str:
    return click.style(text, bold=True)
