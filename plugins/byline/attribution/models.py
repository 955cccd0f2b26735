"""The models, each with its one definition. A manager's page of them: docs/explanation/attribution.md.

A model shares one conversion (an enquiry, an order) over the touches that came before it. Shares are fractions,
never negative, and sum to exactly 1. `markov` alone looks at all conversions together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Generic, TypeVar

from byline.attribution.chains import Chain, solve

HALF_LIFE_DAYS = 7.0

Shares = tuple[Fraction, ...]
K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """The touches before one conversion, oldest first; never empty.

    `keys` name them as the report counts them (post, channel …). `ages` are days before the conversion; without
    them `decay` goes by rank. `lead`, `opportunity` and `close` are the positions of the touches that led to these
    milestones (the last one at or before it); None: not reached, or no touch before it.
    """

    keys: tuple[Hashable, ...]
    ages: tuple[float, ...] = ()
    lead: int | None = None
    opportunity: int | None = None
    close: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model. `title` is its name in a heading, `meaning` one sentence for a plain person.

    `of_paths` says it for a published set of paths where that differs: there is no time, and every step counts.
    `share` is None where all conversions are looked at together. `hungry` models need many conversions.
    """

    name: str
    title: str
    meaning: str
    share: Callable[[Walk], Shares] | None
    hungry: bool = False
    of_paths: str = ""


def _first(walk: Walk) -> Shares:
    return _at(len(walk.keys), {0: Fraction(1)})


def _last(walk: Walk) -> Shares:
    return _at(len(walk.keys), {len(walk.keys) - 1: Fraction(1)})


def _linear(walk: Walk) -> Shares:
    count = len(walk.keys)
    return (Fraction(1, count),) * count


def _position(walk: Walk) -> Shares:
    last = len(walk.keys) - 1
    return _milestones(walk, (0, last), Fraction(2, 5), range(1, last))


def _decay(walk: Walk) -> Shares:
    count = len(walk.keys)
    if not walk.ages:
        return _to_one([Fraction(1, 2 ** (count - 1 - n)) for n in range(count)])
    newest = min(walk.ages)
    return _to_one([Fraction(2.0 ** -((age - newest) / HALF_LIFE_DAYS)) for age in walk.ages])


def _u_milestone(walk: Walk) -> Shares:
    return _milestones(walk, (0, walk.lead), Fraction(2, 5), range(len(walk.keys)))


def _w(walk: Walk) -> Shares:
    reached = [n for n in (walk.lead, walk.opportunity) if n is not None]
    return _milestones(
        walk, (0, walk.lead, walk.opportunity), Fraction(3, 10), range(max(reached, default=0))
    )


def _full_path(walk: Walk) -> Shares:
    marks = (0, walk.lead, walk.opportunity, walk.close)
    return _milestones(walk, marks, Fraction(9, 40), range(len(walk.keys)))


def _shapley(walk: Walk) -> Shares:
    """The sum game in closed form: each conversion equally over its distinct keys, a key's part over its touches."""
    times: dict[Hashable, int] = defaultdict(int)
    for key in walk.keys:
        times[key] += 1
    return tuple(Fraction(1, len(times) * times[key]) for key in walk.keys)


def _milestones(walk: Walk, marks: Sequence[int | None], each: Fraction, between: range) -> Shares:
    """`each` for every milestone that was reached, the rest of 1 equally over the other touches of `between`.

    A touch that is several milestones gets the sum. Where a milestone was not reached, or no other touch is there
    for the rest, the shares are scaled up to 1.
    """
    found: dict[int, Fraction] = defaultdict(Fraction)
    for mark in marks:
        if mark is not None:
            found[mark] += each
    others = [n for n in between if n not in found]
    for n in others:
        found[n] = (1 - each * len(marks)) / len(others)
    return _to_one([found.get(n, Fraction(0)) for n in range(len(walk.keys))])


def _at(count: int, found: Mapping[int, Fraction]) -> Shares:
    return tuple(found.get(n, Fraction(0)) for n in range(count))


def _to_one(weights: Sequence[Fraction]) -> Shares:
    total = sum(weights)
    return tuple(weight / total for weight in weights)


MODELS: Mapping[str, Model] = {
    model.name: model
    for model in (
        Model(
            name="first", title="first touch", meaning="The first visit gets all the credit.", share=_first
        ),
        Model(
            name="last",
            title="last touch",
            meaning="The last visit before it gets all the credit; direct visits do not count as visits here.",
            share=_last,
            of_paths="The last step gets all the credit.",
        ),
        Model(name="linear", title="linear", meaning="Every visit gets the same credit.", share=_linear),
        Model(
            name="position",
            title="by position (40/20/40)",
            meaning="The first and the last visit get 40 % each, those between share 20 %.",
            share=_position,
        ),
        Model(
            name="decay",
            title="time decay",
            meaning="A visit gets half the credit of one that came a week later.",
            share=_decay,
            of_paths="A step gets half the credit of the one after it.",
        ),
        Model(
            name="u_milestone",
            title="U by milestones (40/40/20)",
            meaning="The first visit and the one that led to the enquiry get 40 % each, the others share 20 %.",
            share=_u_milestone,
            of_paths="The first step and the last one get 40 % each, the others share 20 %.",
        ),
        Model(
            name="w",
            title="W (30/30/30/10)",
            meaning="The first visit, the one before the enquiry and the one before the opportunity get 30 % each, "
            "those between share 10 %.",
            share=_w,
            of_paths="The first step gets 30 %, the last one 60 %, those between share 10 %.",
        ),
        Model(
            name="full_path",
            title="full path (22.5 % each of four, 10 % the rest)",
            meaning="The first visit and those before the enquiry, the opportunity and the order get 22.5 % each, "
            "the others share 10 %.",
            share=_full_path,
            of_paths="The first step gets 22.5 %, the last one 67.5 %, the others share 10 %.",
        ),
        Model(
            name="markov",
            title="Markov chain, order 1",
            meaning="Credit by how many conversions would be lost without it, by the paths of all people.",
            share=None,
            hungry=True,
        ),
        Model(
            name="shapley",
            title="Shapley, sum game",
            meaning="Every different source on the way gets the same credit, however often it was visited.",
            share=_shapley,
            hungry=True,
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(Generic[K]):
    """One path with the number of people who converted after it and who did not."""

    keys: tuple[K, ...]
    conversions: Fraction = Fraction(1)
    others: Fraction = Fraction(0)


@dataclass(slots=True, kw_only=True)
class Moves(Generic[K]):
    """How often journeys began at a key, went on from one to another, and ended at one with and without conversion."""

    start: dict[K, Fraction] = field(default_factory=dict)
    on: dict[tuple[K, K], Fraction] = field(default_factory=dict)
    ends: dict[K, Fraction] = field(default_factory=dict)
    lost: dict[K, Fraction] = field(default_factory=dict)


def moves(flows: Sequence[Flow[K]]) -> Moves[K]:
    """The moves of all paths; empty ones are left out, and staying in place is no move."""
    found: Moves[K] = Moves(
        start=defaultdict(Fraction),
        on=defaultdict(Fraction),
        ends=defaultdict(Fraction),
        lost=defaultdict(Fraction),
    )
    for flow in flows:
        weight = flow.conversions + flow.others
        if not flow.keys or weight <= 0:
            continue
        here = flow.keys[0]
        found.start[here] += weight
        for there in flow.keys[1:]:
            if there != here:  # staying changes neither where one goes next nor what removal costs
                found.on[here, there] += weight
                here = there
        found.ends[here] += flow.conversions
        found.lost[here] += flow.others
    return found


def removal_effects(flows: Sequence[Flow[K]]) -> tuple[dict[K, float], float]:
    """How much of P(conversion) goes with each key, and P(conversion) itself, of the order-1 chain.

    Solved exactly by linear algebra, not simulated: with N = (I - Q)^-1 the chance to come to a key is
    N[start, key] / N[key, key], and what is lost without the key is that chance times the key's own chance to end
    in a conversion; `chains` has how. Empty paths are left out. With no conversions every effect is 0.
    """
    return effects_of_moves(moves(flows))


def effects_of_moves(found: Moves[K]) -> tuple[dict[K, float], float]:
    """`removal_effects` from the moves."""
    order = list(
        dict.fromkeys([*found.start, *(key for pair in found.on for key in pair), *found.ends, *found.lost])
    )
    if not order:
        return {}, 0.0
    place = {key: n for n, key in enumerate(order)}
    zero = Fraction(0)
    counts: list[dict[int, Fraction]] = [{} for _ in order]
    for (here, there), count in found.on.items():
        counts[place[here]][place[there]] = count
    ends = [found.ends.get(key, zero) for key in order]
    lost = [found.lost.get(key, zero) for key in order]
    everyone = sum(found.start.values(), zero)
    leaving = [sum(row.values(), end + loss) for row, end, loss in zip(counts, ends, lost, strict=True)]
    solved = solve(
        Chain(
            size=len(order),
            start=[float(found.start.get(key, zero) / everyone) for key in order],
            out=[
                {there: float(count / left) for there, count in row.items()}
                for row, left in zip(counts, leaving, strict=True)
            ],
            ends=[float(end / left) for end, left in zip(ends, leaving, strict=True)],
            lost=[float(loss / left) for loss, left in zip(lost, leaving, strict=True)],
        )
    )
    effects = {
        key: solved.met[n] * solved.converts[n] / solved.whole if solved.whole else 0.0
        for key, n in place.items()
    }
    return effects, solved.whole


def markov_shares(flows: Sequence[Flow[K]]) -> dict[K, Fraction]:
    """Each key's part of all conversions: its removal effect over the sum of all; sums to exactly 1, or is empty."""
    return shares_of_effects(removal_effects(flows)[0])


def shares_of_effects(effects: Mapping[K, float]) -> dict[K, Fraction]:
    """Effects as parts of 1; empty when all are nought."""
    exact = {key: Fraction(max(effect, 0.0)) for key, effect in effects.items()}
    total = sum(exact.values())
    return {key: effect / total for key, effect in exact.items()} if total else {}
