"""Who comes, who asks, who buys: a small made-up market for the demo, the same every time for the same posts.

Pure: it decides everything beforehand from a seed, the demo then acts it out over real HTTP. People, firms and
sums are invented; addresses end in `.example`, which belongs to nobody. A whole company's year in which the cause of
every enquiry is known is in `byline.testing.year`, here by the same name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from byline.testing.year import Market, Year, year

__all__ = ["Market", "Order", "Person", "Seen", "Visit", "Year", "people", "year"]

SEED = 20

FIRST = [
    "Anke",
    "Birgit",
    "Carlo",
    "Dirk",
    "Esra",
    "Fabian",
    "Greta",
    "Hakan",
    "Ines",
    "Jan",
    "Katja",
    "Lars",
    "Meike",
    "Nuri",
    "Oda",
    "Peer",
    "Renate",
    "Sven",
    "Tomke",
    "Ute",
    "Volker",
    "Wiebke",
    "Yusuf",
    "Zoe",
]
LAST = [
    "Albers",
    "Brockmann",
    "Cordes",
    "Dreyer",
    "Ehlers",
    "Feddersen",
    "Gräf",
    "Holthaus",
    "Isensee",
    "Jansen",
    "Kruse",
    "Lindner",
    "Mertens",
    "Nowak",
    "Ohlsen",
    "Petersen",
    "Quast",
    "Rieken",
    "Sommer",
    "Thiel",
    "Ulrich",
    "Vogt",
    "Winkler",
    "Zander",
]
FIRMS = [
    "Aller Precision",
    "Bode Gears",
    "Cuxland Mouldings",
    "Deister Tools",
    "Eider Castings",
    "Fulda Fittings",
    "Gande Turning",
    "Harz Hydraulics",
    "Innerste Metal",
    "Jade Milling",
    "Krummhörn Pumps",
    "Leine Drives",
    "Mulde Optics",
    "Nette Machining",
    "Oker Bearings",
    "Pader Frames",
    "Rhume Castings",
    "Saale Valves",
    "Tollense Parts",
    "Unstrut Gearboxes",
    "Vechte Steel",
    "Werra Components",
    "Ybbs Forgings",
    "Zschopau Presses",
]
MESSAGES = (
    "Could you call me about this? Mornings suit me best.",
    "We read your article and have the same problem here. What would it cost us?",
    "Please send me an offer. Two machines, one of them urgent.",
    "Do you also do this for a firm of our size?",
    "Your figures look familiar. I would like to compare them with ours.",
)
# What people say when they are asked, beside what their link says.
HEARD = ("", "", "", "LinkedIn", "a post by a colleague of yours", "recommended", "a search engine")
AMOUNTS = (2_812, 3_450, 5_900, 7_480, 8_900, 10_700, 14_250, 21_400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A post that stands in a network's timeline, with the tagged link as readers get it."""

    id: str  # the network's own id
    channel: str
    personal: bool  # from a person's own account, not from a company's page
    at: datetime
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit: through a post, or direct (`seen` is None: the address was typed in)."""

    at: datetime
    seen: Seen | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What became of an enquiry. `closed` is None while it is open at the end of the story."""

    created: datetime
    amount: Decimal
    closed: datetime | None
    won: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One visitor. `asks` at the last visit; `scripts` off: the browser runs no JavaScript."""

    name: str
    company: str
    email: str
    visits: tuple[Visit, ...]
    asks: bool
    message: str
    heard_from: str
    newsletter: bool
    agrees: bool
    scripts: bool
    order: Order | None


def people(seen: Sequence[Seen], end: datetime, *, seed: int = SEED) -> tuple[Person, ...]:
    """Everybody who comes between the first post and `end`, in order of their last visit."""
    if not seen:
        return ()
    dice = Random(seed)
    posts = sorted(seen, key=lambda one: (one.at, one.channel, one.id))
    found = [_person(dice, number, posts, end) for number in range(20 + 5 * len(posts))]
    found.sort(key=lambda person: person.visits[-1].at)
    # Of those whose last link could tell something, some run no scripts and some agree to nothing being kept.
    telling = [place for place, person in enumerate(found) if person.asks and person.visits[-1].seen]
    for place in telling[1::7]:
        found[place] = replace(found[place], scripts=False)
    for place in telling[3::5]:
        found[place] = replace(found[place], agrees=False)
    return tuple(found)


def _person(dice: Random, number: int, posts: Sequence[Seen], end: datetime) -> Person:
    kind = dice.random()
    times = 0 if kind < 0.12 else 1 if kind < 0.62 else 2 if kind < 0.88 else 3
    visits = _visits(dice, posts, end, times)
    asks = dice.random() < 0.15
    order = _order(dice, visits[-1].at, end) if asks else None
    first, last = FIRST[number % len(FIRST)], LAST[(number * 7 + number // len(FIRST)) % len(LAST)]
    firm = FIRMS[(number * 5 + number // len(FIRMS)) % len(FIRMS)]
    return Person(
        name=f"{first} {last}",
        company=firm,
        email=f"{_ascii(first)}.{_ascii(last)}{number}@{_ascii(firm)}.example",
        visits=visits,
        asks=asks,
        message=dice.choice(MESSAGES),
        heard_from=dice.choice(HEARD),
        newsletter=dice.random() < 0.3,
        agrees=True,
        scripts=True,
        order=order,
    )


def _visits(dice: Random, posts: Sequence[Seen], end: datetime, times: int) -> tuple[Visit, ...]:
    """Visits in order of time, each a while after the post it came through; 0 times is one direct visit."""
    found: list[Visit] = []
    for _ in range(times):
        one = dice.choices(posts, weights=[_pull(post) for post in posts])[0]
        at = one.at + timedelta(minutes=3 + dice.expovariate(1 / (36 * 60)))
        if at < end:
            found.append(Visit(at=_second(at), seen=one))
    if not found:
        span = (end - posts[0].at).total_seconds()
        found.append(
            Visit(at=_second(posts[0].at + timedelta(seconds=span * dice.uniform(0.1, 0.9))), seen=None)
        )
    elif times == 3 and found[-1].at + timedelta(days=2) < end:
        found.append(Visit(at=found[-1].at + timedelta(days=1, minutes=dice.randrange(600)), seen=None))
    return tuple(sorted(found, key=lambda visit: visit.at))


def _pull(post: Seen) -> float:
    """How much a post draws in this market: LinkedIn more than Twitter, people more than pages."""
    return (3.0 if post.channel == "linkedin" else 1.2) * (1.8 if post.personal else 1.0)


def _order(dice: Random, asked: datetime, end: datetime) -> Order | None:
    created = asked + timedelta(days=dice.randint(1, 12), minutes=dice.randrange(480))
    takes = timedelta(days=dice.randint(10, 55))
    amount = Decimal(dice.choice(AMOUNTS))
    becomes, wins = dice.random() < 0.6, dice.random() < 0.55
    if not becomes or created >= end:
        return None
    closed = _second(created + takes)
    return Order(
        created=_second(created),
        amount=amount,
        closed=closed if closed < end else None,
        won=wins and closed < end,
    )


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _ascii(text: str) -> str:
    table = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "č": "c", " ": "-"})
    return text.lower().translate(table).encode("ascii", "ignore").decode()
