"""How far each model is from the truth, in a made-up world in which every cause is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from statistics import mean, median

from byline.attribution.credit import By, Key, conversions, keys, table
from byline.attribution.models import MODELS
from byline.attribution.touches import Directory
from byline.testing.year import Market, Year, year

WINDOW = timedelta(days=365)
SEEDS = tuple(range(1, 6))
ACCOUNTS = {"linkedin": ("company", "henrike"), "twitter": ("tannhoff",)}
SOON, LATE, DARK = "asking within days", "asking after months", "as a company sees it"
WORLDS: Mapping[str, Market] = {
    SOON: Market(people=2_500, lost=0, anyway=0, days=6),
    LATE: Market(people=2_500, lost=0, anyway=0, days=75),
    DARK: Market(people=2_500, days=75),
}
BYS: tuple[By, ...] = ("post", "channel", "author")


def directory(made: Year) -> Directory:
    """The ids of this year's links."""
    return Directory(made.posts, ACCOUNTS, made.sent)


def true_credit(made: Year, by: By) -> dict[Key, Fraction]:
    """How many enquiries each key caused; under None those that would have come anyway."""
    ours = directory(made)
    found: dict[Key, Fraction] = defaultdict(Fraction)
    for why in made.cause.values():
        content, _, source = why.partition("@")
        origin = ours.find(content, source) if why else None
        for key, part in keys(origin, by):
            found[key] += part
    return dict(found)


def misplaced(made: Year) -> dict[tuple[str, By], float]:
    """Of 100 enquiries, how many each model gives to another key than the one that caused them, on balance."""
    found = conversions(made.leads, (), directory(made), WINDOW)
    apart: dict[tuple[str, By], float] = {}
    for by in BYS:
        true = true_credit(made, by)
        for name, model in MODELS.items():
            counted = {key: cell.leads for key, cell in table(found, model, by).items()}
            wrong = sum(
                abs(counted.get(key, Fraction(0)) - true.get(key, Fraction(0))) for key in {*counted, *true}
            )
            apart[name, by] = float(wrong / 2 / len(made.leads) * 100)
    return apart


def page(seeds: Sequence[int] = SEEDS) -> str:
    """The manual's page, from so many years in each of the worlds."""
    years = {world: [year(seed, market) for seed in seeds] for world, market in WORLDS.items()}
    apart = {world: [misplaced(made) for made in lived] for world, lived in years.items()}

    def middle(world: str, model: str, by: By = "post") -> float:
        return median(one[model, by] for one in apart[world])

    def cell(world: str, model: str, by: By) -> str:
        values = [one[model, by] for one in apart[world]]
        return f"{median(values):.0f} ({min(values):.0f} to {max(values):.0f})"

    def ranking(world: str) -> list[str]:
        return sorted(MODELS, key=lambda model: (middle(world, model), model))

    def shown(world: str) -> str:
        rows = [
            f"| `{model}` | {' | '.join(cell(world, model, by) for by in BYS)} |" for model in ranking(world)
        ]
        return "\n".join(
            ["| `--model` | by post | by network | by author |", "| --- | --- | --- | --- |", *rows]
        )

    leads = [len(made.leads) for lived in years.values() for made in lived]
    none = mean(sum(not lead.touches for lead in made.leads) / len(made.leads) for made in years[DARK])
    gap = {world: middle(world, ranking(world)[-1]) - middle(world, ranking(world)[0]) for world in WORLDS}
    unseen = middle(DARK, ranking(DARK)[0]) - middle(LATE, ranking(LATE)[0])
    return f"""# How far is each model from the truth?

In real life nobody knows which post caused an enquiry, so no one can say which way of counting is right. In a made-up
company we know, because we made it up. Here each model counts such companies, and the page says how far off it is.

## The made-up company

`byline.testing.year` lives through a year of a firm that sells machines: 40 posts, five ways to readers, 2,500 people.
Each visit starts a clock that rings with a certain chance, some time later; a good post and a trusted account make it
likelier. The first clock that rings is the enquiry, and what started it is its cause. The models never see the causes.
They see what a company sees: the visits before the enquiry.

In each of three worlds the company lives through {len(seeds)} years, with {min(leads)} to {max(leads)} enquiries each. The number in the
tables is: *of 100 enquiries, how many does the model give to another post (network, author) than the one that caused
them*, on balance. First stands the median year, in brackets the best and the worst. Nought would be perfect.

## When people ask within days

Everybody agrees to be counted, nobody asks without having read something, and a visit works within a week or never.

{shown(SOON)}

## When people ask after months

The same, but what a visit set off shows {WORLDS[LATE].days:.0f} days later on average: they read on in between, and the last thing they read is
often not what moved them.

{shown(LATE)}

## As a company sees it

As before, but a third of the people cannot be told (they did not agree, or a colleague sent them the link), and a few would
have asked anyway. {none * 100:.0f} of 100 enquiries come with no visit at all and stand under “source unknown”.

{shown(DARK)}

## What these numbers say

- Where people ask within days, `{ranking(SOON)[0]}` is the closest by post ({middle(SOON, ranking(SOON)[0]):.0f} of 100 misplaced) and `{ranking(SOON)[-1]}` the farthest
  ({middle(SOON, ranking(SOON)[-1]):.0f}). Where they ask after months, `{ranking(LATE)[0]}` is the closest ({middle(LATE, ranking(LATE)[0]):.0f}), and `last` misplaces {middle(LATE, "last"):.0f} instead of {middle(SOON, "last"):.0f}.
  Nobody knows in advance which market is theirs: that is why the report shows first, last and every visit side by side.
- People who cannot be told cost {unseen:.0f} of 100 by post on top, whatever the model; between the closest and the farthest
  model lie {gap[DARK]:.0f}. “Source unknown” stands in every table because it is that large.
- By network `last` misplaces {middle(LATE, "last", "channel"):.0f} of 100 in the second world, by author {middle(LATE, "last", "author"):.0f}, by post {middle(LATE, "last"):.0f}. The coarser the question, the safer
  the answer.
- `markov` misplaces {middle(LATE, "markov"):.0f} of 100 by post there and `shapley` {middle(LATE, "shapley"):.0f}, `linear` {middle(LATE, "linear"):.0f}. More arithmetic is not more knowledge.

This is one made-up market. Change it (`byline.testing.year.Market`) and count again; `scripts/truth` writes this page.
"""
