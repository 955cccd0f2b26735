"""A made-up company's year in which the cause of every enquiry is known, the same each time for the same seed.

Every visit through a link may make a person ask: it starts a clock that rings with a certain chance, some days later.
Some people would have asked anyway; they have a clock of their own. The first clock that rings is the enquiry, and what
started it is its cause. So truth is no model: it is noted when it happens. `cause` holds it, by enquiry; what the company
sees (tags, forms, deals) is what a real one would see, with people who refuse to be counted, links that are sent on
privately, several people behind one order, and orders months later.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from byline.crm.base import person_key
from byline.model import Deal, Lead, Post, Touch

BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
DAYS = 364
AUTHORS = ("henrike", "jonas", "milena")
CAMPAIGNS = ("spare-spindle", "condition-check")
AUDIENCES = ("job-shops", "toolmakers")
# Through which account people come: how many see it, how much it moves one who does.
CHANNELS: Mapping[str, tuple[float, float]] = {
    "linkedin.company": (3.0, 0.6),
    "linkedin.henrike": (2.5, 1.4),
    "twitter.tannhoff": (1.5, 0.3),
    "newsletter": (1.2, 2.0),
    "rss": (0.4, 1.0),
}
HEARD = {"linkedin": "LinkedIn", "twitter": "Twitter", "newsletter": "your newsletter", "rss": "your blog"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What this market is like. The defaults are a small firm that sells machines."""

    people: int = 4_000
    visits: float = 1.8  # on average, of those who come at all
    pull: float = 0.05  # chance that an average visit makes a person ask
    anyway: float = 0.01  # chance to ask without any visit
    lost: float = 0.35  # of the people, whose visits cannot be told (no consent, sent on privately)
    days: float = 6.0  # from a visit to the enquiry that it causes


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """What the company sees, and what only we know. `cause` is the delivery id behind each enquiry; empty: none."""

    posts: tuple[Post, ...]
    leads: tuple[Lead, ...]
    deals: tuple[Deal, ...]
    sent: tuple[str, ...]
    cause: Mapping[str, str]
    end: datetime
    visits: int = 0
    silent: tuple[Lead, ...] = field(default=(), repr=False)  # people who came and never asked


def year(seed: int = 1, market: Market = Market()) -> Year:
    """Live through it."""
    dice = Random(seed)
    posts = _posts(dice)
    strength = {post.id: dice.lognormvariate(0, 0.8) for post in posts}
    reach = {post.id: dice.lognormvariate(0, 0.7) for post in posts}
    end = BEGIN + timedelta(days=DAYS)
    leads: list[Lead] = []
    silent: list[Lead] = []
    deals: list[Deal] = []
    cause: dict[str, str] = {}
    visits = 0
    for number in range(market.people):
        taste = dice.choice(AUDIENCES)
        touches = _visits(dice, posts, reach, taste, market, end)
        visits += len(touches)
        rung = _first_ring(dice, touches, strength, market, end)
        person = person_key(f"p{number}@firm{number % 700}.example")
        told = dice.random() >= market.lost
        if rung is None:
            if told and touches:
                silent.append(Lead(id=f"N{number}", at=end, person=person, touches=tuple(touches)))
            continue
        at, why = rung
        seen = tuple(touch for touch in touches if touch.at <= at) if told else ()
        lead = Lead(
            id=f"L{number:05}",
            at=at,
            person=person,
            company=f"Firm {number % 700}",
            heard_from=_heard(dice, why),
            touches=seen,
            fields={"record": f"00Q{number:012}"},
        )
        leads.append(lead)
        cause[lead.id] = why
        deals.extend(_deals(dice, lead, end))
    leads.sort(key=lambda lead: (lead.at, lead.id))
    return Year(
        posts=posts,
        leads=tuple(leads),
        deals=tuple(deals),
        sent=tuple(_id(post.id, channel) for post in posts for channel in CHANNELS if "." in channel),
        cause=cause,
        end=end,
        visits=visits,
        silent=tuple(silent),
    )


def _posts(dice: Random) -> tuple[Post, ...]:
    subjects = [
        *("What a spare on the shelf costs", "Forty repairs, counted", "The noise before the failure"),
        *("A price list for condition contracts", "When grinding pays", "The week without a spindle"),
        *("What we learned from a wrong bearing", "A dealer asks, we answer", "How long a spindle lives"),
        *(
            "Five questions before you send it in",
            "The letter that kept a customer",
            "Vibration, in plain words",
        ),
    ]
    found = []
    for number in range(40):
        title = f"{subjects[number % len(subjects)]}{f', part {number // len(subjects) + 1}' if number >= len(subjects) else ''}"
        at = BEGIN + timedelta(days=9 * number, hours=dice.randrange(9))
        found.append(
            Post(
                id=f"post{number:02}",
                path=f"content/posts/{number:02}.md",
                src_uri=f"posts/{number:02}.md",
                url=f"posts/post{number:02}/",
                slug=f"post{number:02}",
                title=title,
                description=title,
                excerpt="",
                body="",
                hash="",
                published=at,
                authors=(AUTHORS[number % 3],) if number % 7 else (AUTHORS[0], AUTHORS[1]),
                campaign=("", CAMPAIGNS[0], CAMPAIGNS[1])[number % 3],
                audience=(AUDIENCES[number % 2],),
                effort=timedelta(hours=2 + number % 4),
            )
        )
    return tuple(found)


def _id(post: str, channel: str) -> str:
    return f"{post}.{channel}" if "." in channel else post


def _visits(
    dice: Random, posts: Sequence[Post], reach: Mapping[str, float], taste: str, market: Market, end: datetime
) -> list[Touch]:
    """A person's visits in order of time: mostly soon after a post, mostly what they care for, mostly one channel."""
    times = 0
    while dice.random() < market.visits / (1 + market.visits):
        times += 1
    liked = dice.choices([*CHANNELS], weights=[seen for seen, _ in CHANNELS.values()])[0]
    weights = [reach[post.id] * (2.0 if taste in post.audience else 1.0) for post in posts]
    found = []
    for post in dice.choices(posts, weights=weights, k=times):
        channel = liked
        if dice.random() < 0.4:
            channel = dice.choices([*CHANNELS], weights=[seen for seen, _ in CHANNELS.values()])[0]
        at = (post.published + timedelta(days=dice.expovariate(1 / 4), minutes=5)).replace(microsecond=0)
        if at >= end:
            continue
        source = channel.partition(".")[0]
        found.append(
            Touch(
                at=at,
                source=source,
                medium={"newsletter": "email", "rss": "referral"}.get(source, "social"),
                campaign=post.campaign or post.slug,
                content=_id(post.id, channel),
                page=f"/{post.url}",
            )
        )
    return sorted(found, key=lambda touch: (touch.at, touch.content))


def _first_ring(
    dice: Random, touches: Sequence[Touch], strength: Mapping[str, float], market: Market, end: datetime
) -> tuple[datetime, str] | None:
    """When the first clock rings, and the delivery that started it; an empty id for one who would have asked anyway."""
    rings: list[tuple[datetime, str]] = []
    for touch in touches:
        post, _, account = touch.content.partition(".")
        _, moves = CHANNELS[account or touch.source]
        chance = min(market.pull * strength[post] * moves, 0.9)
        wait = timedelta(days=dice.expovariate(1 / market.days), minutes=3)
        if dice.random() < chance:
            rings.append((touch.at + wait, touch.content + (f"@{touch.source}" if not account else "")))
    anyway, when = dice.random() < market.anyway, dice.random()
    if anyway:
        rings.append((BEGIN + (end - BEGIN) * when, ""))
    rings = [(at.replace(microsecond=0), why) for at, why in rings if at < end]
    return min(rings, default=None)


def _heard(dice: Random, why: str) -> str:
    """What people write when they are asked: often nothing, often right, sometimes not."""
    if dice.random() < 0.55:
        return ""
    if dice.random() < 0.25:
        return dice.choice(("recommended", "a search engine", "a fair"))
    source = (why.partition("@")[2] or why.partition(".")[2].partition(".")[0]) if why else ""
    return HEARD.get(source, "recommended")


def _deals(dice: Random, lead: Lead, end: datetime) -> list[Deal]:
    created = lead.at + timedelta(days=dice.randint(2, 30))
    closed = created + timedelta(days=dice.randint(30, 200))
    becomes, wins, size = dice.random() < 0.45, dice.random() < 0.5, dice.lognormvariate(9.2, 0.9)
    foreign, several = dice.random() < 0.1, dice.random() < 0.2
    if not becomes or created >= end:
        return []
    done = closed < end
    others = (person_key(f"colleague.{lead.id}@x.example"),) if several else ()
    return [
        Deal(
            id=f"D{lead.id[1:]}",
            lead_id=lead.id,
            person=lead.person,
            people=others,
            created=created,
            closed=closed if done else None,
            won=wins and done,
            stage=("Won" if wins else "Lost") if done else "Offer",
            amount=Decimal(round(size * 100)).scaleb(-2),
            currency="CHF" if foreign else "EUR",
        )
    ]


SETTINGS = """\
site_name: Tannhoff Notes
site_url: https://insights.tannhoff.example/
docs_dir: content
theme: {name: material, font: false}
plugins:
  - blog: {blog_dir: ., post_dir: posts, post_url_format: "posts/{slug}"}
  - byline:
      timezone: Europe/Berlin
      ledger: sqlite
      share_by_default: [linkedin, twitter]
      audiences: {job-shops: Contract machining shops, toolmakers: Mould and tool makers}
      campaigns:
        spare-spindle: {name: A spare on the shelf, start: 2026-01-01, end: 2026-12-31, cost: 1400, goal: enquiries, target: 60}
        condition-check: {name: Condition contracts, start: 2026-01-01, end: 2026-12-31, cost: 600, goal: orders, target: 10}
      costs: {currency: EUR, hour: 60}
      channels:
        linkedin: {accounts: {company: {urn: "urn:li:organization:1"}, henrike: {urn: "urn:li:person:h"}}}
        twitter: {accounts: {tannhoff: {}}}
"""


def write_site(made: Year, folder: Path) -> Path:
    """The year as a company's own repository, with `leads.csv` and `deals.csv` to import; returns mkdocs.yml."""
    posts = folder / "content" / "posts"
    posts.mkdir(parents=True, exist_ok=True)
    (folder / "content" / "face.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"/>'
    )
    authors = "".join(
        f"  {name}: {{name: {name.title()} Tannhoff, description: Writes, avatar: face.svg}}\n"
        for name in AUTHORS
    )
    (folder / "content" / ".authors.yml").write_text(f"authors:\n{authors}", encoding="utf-8")
    file = folder / "mkdocs.yml"
    file.write_text(SETTINGS, encoding="utf-8")
    for post in made.posts:
        effort = int(post.effort.total_seconds() // 3600) if post.effort else 0
        campaign = f"campaign: {post.campaign}\n" if post.campaign else ""
        (posts / f"{post.slug}.md").write_text(
            f"---\ntitle: {post.title}\ndescription: {post.description}.\ndate: {post.published:%Y-%m-%d}\nid: {post.id}\n"
            f"slug: {post.slug}\nauthors: [{', '.join(post.authors)}]\n{campaign}audience: [{post.audience[0]}]\n"
            f"effort: {effort}h\n---\nOpening.\n\n<!-- more -->\n\nThe rest.\n",
            encoding="utf-8",
        )
    _table(folder / "leads.csv", _lead_rows(made.leads))
    _table(folder / "deals.csv", _deal_rows(made.deals))
    return file


def _lead_rows(leads: Iterable[Lead]) -> Iterable[Mapping[str, str]]:
    for lead in leads:
        row = {
            "lead_id": lead.id,
            "created_at": lead.at.isoformat(),
            "email_hash": lead.person,
            "company": lead.company,
            "self_reported_source": lead.heard_from,
        }
        for prefix, touch in (("first_utm_", lead.touches[:1]), ("utm_", lead.touches[-1:])):
            for name in ("source", "medium", "campaign", "content"):
                row[prefix + name] = getattr(touch[0], name) if touch else ""
        yield row


def _deal_rows(deals: Iterable[Deal]) -> Iterable[Mapping[str, str]]:
    for deal in deals:
        yield {
            "deal_id": deal.id,
            "lead_id": deal.lead_id,
            "created_at": deal.created.isoformat(),
            "closed_at": deal.closed.isoformat() if deal.closed else "",
            "stage": deal.stage,
            "is_won": "true" if deal.won else "false",
            "is_closed": "true" if deal.closed else "false",
            "amount": str(deal.amount),
            "currency": deal.currency,
        }


def _table(file: Path, rows: Iterable[Mapping[str, str]]) -> None:
    found = list(rows)
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(found[0]) if found else [])
        writer.writeheader()
        writer.writerows(found)
